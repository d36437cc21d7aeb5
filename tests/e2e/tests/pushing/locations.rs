//! Every two-way field of a location, set and emptied. Its phone and fax come in only.

use dovetail_domain::{Field, Kind, Value};
use serde_json::json;

use super::law::{are_about_every_row, each_comes_true, field};
use super::psa::{Psa, Wish, text};

const KIND: Kind = Kind::Location;

/// A location that is not its organization's primary one.
fn location(psa: &Psa) -> u64 {
    psa.find(KIND, |site| {
        site["primaryAddressFlag"] == false && site["inactiveFlag"] == false
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_comes_true() {
    for mut psa in Psa::each().await {
        every_field(&mut psa).await;
    }
}

async fn every_field(psa: &mut Psa) {
    let id = location(psa);
    let mut cases = vec![
        field(Field::Name, text("Överby Depot"), "name"),
        field(Field::Address1, text("12 Quay Street"), "addressLine1"),
        field(Field::Address2, text("Gate 4, second floor"), "addressLine2"),
        field(Field::City, text("Göteborg"), "city"),
        field(Field::Region, text("Västra Götaland"), "stateReference"),
        field(Field::PostalCode, text("411 06"), "zip"),
        field(Field::Country, text("Sweden"), "country"),
        field(Field::Primary, Value::Flag(true), "primaryAddressFlag"),
    ];
    each_comes_true(psa, KIND, id, &cases).await;
    let emptied = [
        field(Field::Address1, Value::Absent, "addressLine1"),
        field(Field::Address2, Value::Absent, "addressLine2"),
        field(Field::City, Value::Absent, "city"),
        field(Field::Region, Value::Absent, "stateReference"),
        field(Field::PostalCode, Value::Absent, "zip"),
        field(Field::Country, Value::Absent, "country"),
        field(Field::Primary, Value::Flag(false), "primaryAddressFlag"),
    ];
    each_comes_true(psa, KIND, id, &emptied).await;
    // The demo's sites have no custom fields; a site of a server that has some is given one.
    let fields = json!([{"id": 31, "caption": "Alarm company", "type": "Text", "entryMethod": "EntryField",
                         "numberOfDecimals": 0, "value": "Ever Vigilant"}]);
    psa.control
        .edit(
            connectwise_simulator::Kind::Site,
            id,
            json!({"customFields": fields}),
        )
        .unwrap();
    let custom = super::law::supplement("custom_fields.Alarm company", "\"Nightwatch\"", "customFields");
    cases.push(custom);
    are_about_every_row(KIND, &cases).await;
    each_comes_true(psa, KIND, id, &cases[cases.len() - 1..]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_country_that_is_not_there_is_told_by_its_field() {
    let mut psa = Psa::new().await;
    let id = location(&psa);
    let source = psa.fetch(KIND, id).await;
    let change = psa
        .change(&source, &Wish::of(Field::Country, text("Atlantis")))
        .await;
    let fault = psa.push_one(&change).await.unwrap_err();
    assert_eq!(
        fault.cause,
        dovetail_domain::Cause::Data("country".to_owned()),
        "{fault}"
    );
    assert!(fault.message.contains("Atlantis"), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn phone_and_fax_are_not_brought_back() {
    let mut psa = Psa::new().await;
    let id = location(&psa);
    let source = psa.fetch(KIND, id).await;
    let wish = Wish::of(Field::Phone, text("1")).and(Field::Fax, text("2"));
    let patch = psa.bring_back(KIND, Some(&source), &wish).await.unwrap();
    assert_eq!(
        (patch.json.as_str(), patch.refused),
        ("{}", vec!["phone".to_owned(), "fax".to_owned()])
    );
}
