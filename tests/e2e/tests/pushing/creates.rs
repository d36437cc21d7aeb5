//! New records: each kind that can be made, under its organization, with what the mapping can say of it.

use dovetail_domain::{Cause, Date, Entry, Field, Kind, Value};

use super::contacts::entry;
use super::law::changed;
use super::psa::{Psa, Wish, link, text};

/// A client in use, and one of its sites with the site's name.
pub(super) fn organization(psa: &Psa) -> (u64, u64, String) {
    let company = psa.find(Kind::Organization, |company| {
        company["deletedFlag"] == false && company["status"]["id"] == 1
    });
    let site = psa.find(Kind::Location, |site| site["company"]["id"] == company);
    let name = psa.stored(Kind::Location, site)["name"]
        .as_str()
        .unwrap()
        .to_owned();
    (company, site, name)
}

/// Makes a record and holds it against the wish: it says what was wanted, and what is read again is the same.
async fn is_made(psa: &mut Psa, kind: Kind, parent: Option<u64>, wish: &Wish) -> u64 {
    let change = psa.create(kind, parent, wish).await;
    let outcome = psa.push_one(&change).await;
    let answer = psa.applied(outcome);
    assert_eq!(psa.writes().len(), 1, "{:#?}", psa.control.writes());
    let id: u64 = answer.id.as_str().parse().unwrap();
    assert_eq!(psa.fetch(kind, id).await, answer);
    let made = psa.map(&answer).await;
    for (field, value) in &wish.fields {
        assert_eq!(made.get(*field), value, "{field} of a new {kind}");
    }
    assert_eq!(
        made.organization.map(|of| of.id),
        parent.map(super::psa::source_id)
    );
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_location() {
    let mut psa = Psa::new().await;
    let (company, ..) = organization(&psa);
    let wish = Wish::of(Field::Name, text("Tampa Depot"))
        .and(Field::Address1, text("1 Bay Street"))
        .and(Field::City, text("Tampa"))
        .and(Field::Region, text("Florida"))
        .and(Field::PostalCode, text("33602"))
        .and(Field::Country, text("United States"))
        .and(Field::Primary, Value::Flag(false));
    is_made(&mut psa, Kind::Location, Some(company), &wish).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_with_types_addresses_and_numbers() {
    let mut psa = Psa::new().await;
    let (company, site, site_name) = organization(&psa);
    let phone = Entry {
        extension: Some("17".to_owned()),
        ..entry("555 0100", "Direct", true)
    };
    let wish = Wish::of(Field::FirstName, text("Zoë"))
        .and(Field::LastName, text("Ångström"))
        .and(Field::Title, text("Owner"))
        .and(
            Field::Type,
            Value::texts(["Billing".to_owned(), "Approver".to_owned()]),
        )
        .and(Field::Location, link(Kind::Location, site, &site_name))
        .and(
            Field::Emails,
            Value::Entries(vec![entry("zoe@example.com", "Email", true)]),
        )
        .and(
            Field::Phones,
            Value::Entries(vec![phone, entry("555 0199", "Fax", false)]),
        )
        .and(Field::Active, Value::Flag(true));
    is_made(&mut psa, Kind::Contact, Some(company), &wish).await;
    // A name alone is enough.
    is_made(
        &mut psa,
        Kind::Contact,
        Some(company),
        &Wish::of(Field::FirstName, text("Ben")),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_whose_addresses_are_called_by_nothing() {
    for (options, wanted) in [
        (None, ["Email", "Direct"]),
        (Some(["Email 2", "Cell"]), ["Email 2", "Cell"]),
        (Some(["6", "4"]), ["Email 2", "Cell"]),
    ] {
        let mut psa = Psa::new().await;
        let (company, ..) = organization(&psa);
        if let Some([email, phone]) = options {
            psa.set_option("contact-email-type", email);
            psa.set_option("contact-phone-type", phone);
        }
        let wish = Wish::of(Field::FirstName, text("Ben"))
            .and(
                Field::Emails,
                Value::Entries(vec![entry("ben@example.com", "", true)]),
            )
            .and(Field::Phones, Value::Entries(vec![entry("555 0100", "", true)]));
        let change = psa.create(Kind::Contact, Some(company), &wish).await;
        let outcome = psa.push_one(&change).await;
        let answer = psa.applied(outcome);
        let made = psa.map(&answer).await;
        let [email, phone] = wanted;
        assert_eq!(
            made.get(Field::Emails),
            &Value::Entries(vec![entry("ben@example.com", email, true)])
        );
        assert_eq!(
            made.get(Field::Phones),
            &Value::Entries(vec![entry("555 0100", phone, true)])
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_of_addresses_that_is_not_there_is_a_setting_to_change() {
    let mut psa = Psa::new().await;
    let (company, ..) = organization(&psa);
    psa.set_option("contact-email-type", "Pigeon");
    let wish = Wish::of(Field::FirstName, text("Ben")).and(
        Field::Emails,
        Value::Entries(vec![entry("ben@example.com", "", true)]),
    );
    let change = psa.create(Kind::Contact, Some(company), &wish).await;
    let fault = psa.push_one(&change).await.unwrap_err();
    assert_eq!(
        fault.cause,
        Cause::InvalidConfig("contact-email-type".to_owned()),
        "{fault}"
    );
    assert!(
        fault.message.contains("Pigeon") && fault.message.contains("Email 2"),
        "{fault}"
    );
    assert_eq!(psa.writes(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration() {
    let mut psa = Psa::new().await;
    let (company, site, site_name) = organization(&psa);
    let day = |text: &str| Value::Date(Date::parse(text).unwrap());
    let wish = Wish::of(Field::Name, text("SRV-NEW"))
        .and(Field::Type, text("Managed Server"))
        .and(Field::Status, text("In Stock"))
        .and(Field::Location, link(Kind::Location, site, &site_name))
        .and(Field::Manufacturer, text("Lenovo"))
        .and(Field::Model, text("SR630"))
        .and(Field::SerialNumber, text("J300XYZ"))
        .and(Field::AssetTag, text("AT-1"))
        .and(Field::PrimaryIp, text("192.0.2.17"))
        .and(Field::MacAddress, text("00:1A:2B:3C:4D:5E"))
        .and(Field::DefaultGateway, text("192.0.2.1"))
        .and(Field::OperatingSystem, text("Windows Server 2025"))
        .and(Field::Notes, text("Bought second-hand."))
        .and(Field::PurchasedAt, day("2026-11-01"))
        .and(Field::WarrantyExpiresAt, day("2029-11-01"))
        .and(Field::Active, Value::Flag(true));
    let id = is_made(&mut psa, Kind::Configuration, Some(company), &wish).await;
    // Its questions are there from now on and are answered by a change of their own.
    let answer = Wish::of_trait("questions.What is its role?", "\"Backup\"");
    super::law::comes_true(&mut psa, Kind::Configuration, id, &answer, &["questions"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_wherever_the_server_asks_for_no_address() {
    let mut psa = Psa::new().await;
    let (_, parent_site, _) = organization(&psa);
    let wish = Wish::of(Field::Name, text("Brand New Bakery"))
        .and(Field::ShortName, text("BrandNew"))
        .and(
            Field::Type,
            Value::texts(["Client".to_owned(), "Hosting".to_owned()]),
        )
        .and(Field::Status, text("Active"))
        .and(Field::Phone, text("555 0100"))
        .and(Field::Website, text("https://bakery.example.com"));
    let mut change = psa.create(Kind::Organization, None, &wish).await;
    // An organization has no address of its own here, and ConnectWise wants one of a new company.
    let fault = psa.push_one(&change).await.unwrap_err();
    assert_eq!(fault.cause, Cause::Data("primary_location".to_owned()), "{fault}");
    assert!(
        fault.message.contains("At least one address field is required"),
        "{fault}"
    );
    // A layer over the standard mapping can give one.
    change.desired = change.desired.replacen('{', "{\"city\":\"Tampa\",", 1);
    let outcome = psa.push_one(&change).await;
    let answer = psa.applied(outcome);
    let made = psa.map(&answer).await;
    for (field, value) in &wish.fields {
        assert_eq!(made.get(*field), value, "{field}");
    }
    assert!(
        matches!(made.get(Field::PrimaryLocation), Value::Reference(_)),
        "its main site came with it"
    );
    assert!(
        psa.control
            .ids(connectwise_simulator::Kind::Site)
            .iter()
            .any(|site| *site > parent_site)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_new_record_lacks_is_told_before_anything_is_sent() {
    let mut psa = Psa::new().await;
    let (company, ..) = organization(&psa);
    for (kind, wish, field) in [
        (Kind::Location, Wish::of(Field::City, text("Tampa")), "name"),
        (Kind::Contact, Wish::of(Field::LastName, text("Ng")), "first_name"),
        (Kind::Configuration, Wish::of(Field::Name, text("X")), "type"),
        (Kind::Organization, Wish::of(Field::Name, text("X")), "short_name"),
    ] {
        let parent = (kind != Kind::Organization).then_some(company);
        let change = psa.create(kind, parent, &wish).await;
        let fault = psa.push_one(&change).await.unwrap_err();
        assert_eq!(fault.cause, Cause::Data(field.to_owned()), "{kind}: {fault}");
        assert_eq!(psa.writes(), Vec::<String>::new(), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_is_gone_is_told_as_such() {
    let mut psa = Psa::new().await;
    for (kind, wish) in [
        (Kind::Location, Wish::of(Field::Name, text("Depot"))),
        (Kind::Contact, Wish::of(Field::FirstName, text("Ben"))),
        (
            Kind::Configuration,
            Wish::of(Field::Name, text("X")).and(Field::Type, text("Printer")),
        ),
    ] {
        let change = psa.create(kind, Some(999_999), &wish).await;
        let fault = psa.push_one(&change).await.unwrap_err();
        assert_eq!(
            fault.cause,
            Cause::Data("organization".to_owned()),
            "{kind}: {fault}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_twin_is_refused_by_the_server_with_its_own_words() {
    let mut psa = Psa::new().await;
    let (company, ..) = organization(&psa);
    let there = psa.stored(Kind::Organization, company);
    let wish = Wish::of(Field::Name, text("Twin"))
        .and(Field::ShortName, text(there["identifier"].as_str().unwrap()));
    let mut change = psa.create(Kind::Organization, None, &wish).await;
    change.desired = change.desired.replacen('{', "{\"city\":\"Tampa\",", 1);
    let fault = psa.push_one(&change).await.unwrap_err();
    assert_eq!(fault.cause, Cause::Data("short_name".to_owned()), "{fault}");
    assert!(fault.message.contains("ObjectExists"), "{fault}");
    assert_eq!(
        changed(&there, &psa.stored(Kind::Organization, company)),
        Vec::<String>::new()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_record_that_is_there_has_is_refused_by_the_mapping() {
    let mut psa = Psa::new().await;
    let mut wish = Wish::of_trait("custom_fields.VIP", "true").and(Field::FirstName, text("Ben"));
    wish.traits.push(("shoe_size".to_owned(), "44".to_owned()));
    let patch = psa.bring_back(Kind::Contact, None, &wish).await.unwrap();
    assert_eq!(patch.json, "{\"firstName\":\"Ben\"}");
    assert_eq!(patch.refused, ["traits.custom_fields.VIP", "traits.shoe_size"]);
}
