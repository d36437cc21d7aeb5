//! Every two-way field of an organization, set and emptied.

use dovetail_domain::{Field, Kind, Value};

use super::law::{Case, are_about_every_row, comes_true, each_comes_true, field, supplement};
use super::psa::{Psa, Wish, link, text};

const KIND: Kind = Kind::Organization;

/// An organization with several sites and a type.
fn organization(psa: &Psa) -> u64 {
    let sites_of = |company: u64| {
        let ids = psa.control.ids(connectwise_simulator::Kind::Site).into_iter();
        ids.filter(|site| psa.stored(Kind::Location, *site)["company"]["id"] == company)
            .count()
    };
    psa.find(KIND, |company| {
        company["types"].as_array().is_some_and(|types| types.len() == 1)
            && company["deletedFlag"] == false
            && company["status"]["name"] == "Active"
            && company["id"].as_u64().is_some_and(|id| sites_of(id) > 1)
    })
}

fn types(names: &[&str]) -> Value {
    Value::texts(names.iter().map(|name| (*name).to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_comes_true() {
    for mut psa in Psa::each().await {
        every_field(&mut psa).await;
    }
}

async fn every_field(psa: &mut Psa) {
    let id = organization(psa);
    let parent = psa.find(KIND, |company| {
        company["id"] != id && company["deletedFlag"] == false
    });
    let parent_name = psa.stored(KIND, parent)["name"].as_str().unwrap().to_owned();
    let main = psa.stored(KIND, id)["site"]["id"].clone();
    let site = psa.find(Kind::Location, |site| {
        site["company"]["id"] == id && site["id"] != main
    });
    let site_name = psa.stored(Kind::Location, site)["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let cases = [
        field(Field::Name, text("Ångström & Söhne \"West\""), "name"),
        field(Field::ShortName, text("AngstromWest"), "identifier"),
        field(Field::Type, types(&["Client", "Hosting", "Partner"]), "types"),
        field(Field::Status, text("Credit Hold"), "status"),
        field(Field::Parent, link(KIND, parent, &parent_name), "parentCompany"),
        field(
            Field::PrimaryLocation,
            link(Kind::Location, site, &site_name),
            "site",
        ),
        field(Field::Phone, text("+44 117 496 0000"), "phoneNumber"),
        field(Field::Fax, text("(813) 555-0100"), "faxNumber"),
        field(
            Field::Website,
            text("https://angstrom.example.com/west?a=1&b=2"),
            "website",
        ),
        supplement("custom_fields.Region", "\"Overseas\"", "customFields"),
        supplement(
            "custom_fields.Contract ends",
            "\"2027-01-31T00:00:00Z\"",
            "customFields",
        ),
    ];
    are_about_every_row(KIND, &cases).await;
    each_comes_true(psa, KIND, id, &cases).await;
    let emptied = [
        field(Field::Parent, Value::Absent, "parentCompany"),
        field(Field::Phone, Value::Absent, "phoneNumber"),
        field(Field::Fax, Value::Absent, "faxNumber"),
        field(Field::Website, Value::Absent, "website"),
        supplement("custom_fields.Region", "null", "customFields"),
        supplement("custom_fields.Contract ends", "null", "customFields"),
    ];
    each_comes_true(psa, KIND, id, &emptied).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn types_are_added_before_others_are_removed_and_may_all_go() {
    let mut psa = Psa::new().await;
    let id = organization(&psa);
    let old = psa.stored(KIND, id)["types"][0]["id"].as_u64().unwrap();
    let path = format!("/company/companies/{id}/typeAssociations");
    comes_true(
        &mut psa,
        KIND,
        id,
        &Wish::of(Field::Type, types(&["Hosting", "Partner"])),
        &["types"],
    )
    .await;
    let record = psa.fetch(KIND, id).await;
    let change = psa
        .change(&record, &Wish::of(Field::Type, types(&["Managed Services"])))
        .await;
    let outcome = psa.push_one(&change).await;
    psa.applied(outcome);
    let writes = psa.writes();
    let methods: Vec<&str> = writes
        .iter()
        .filter_map(|write| write.split(' ').next())
        .collect();
    assert_eq!(methods, ["POST", "DELETE", "DELETE"], "{writes:#?}");
    assert!(writes.iter().all(|write| write.contains(&path)), "{writes:#?}");
    assert_ne!(psa.stored(KIND, id)["types"][0]["id"], old);
    comes_true(
        &mut psa,
        KIND,
        id,
        &Wish::of(Field::Type, Value::Absent),
        &["types"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn types_and_a_field_go_together() {
    let mut psa = Psa::new().await;
    let id = organization(&psa);
    let wish = Wish::of(Field::Type, types(&["Hosting"])).and(Field::Phone, text("555 0100"));
    let source = psa.fetch(KIND, id).await;
    let before = psa.map(&source).await;
    let change = psa.change(&source, &wish).await;
    let outcome = psa.push_one(&change).await;
    let answer = psa.applied(outcome);
    assert_eq!(psa.map(&answer).await, wish.over(&before));
    let patch = format!("PATCH /company/companies/{id} 200");
    assert_eq!(
        psa.writes().first(),
        Some(&patch),
        "the record first, then its types"
    );
}

/// Emptying a status is asked of the server as it is; what it makes of that is the server's.
#[tokio::test(flavor = "multi_thread")]
async fn a_status_may_be_emptied() {
    let mut psa = Psa::new().await;
    let id = organization(&psa);
    let case = Case {
        wish: Wish::of(Field::Status, Value::Absent),
        properties: vec!["status"],
    };
    each_comes_true(&mut psa, KIND, id, &[case]).await;
}
