//! Writes that the server refuses: what it says reaches the person who made the edit, under the field's own name, and
//! nothing of a refused write is stored.

use connectwise_simulator::{Action, Fault as Trouble, Level, Module, Response, Writes};
use dovetail_domain::{Cause, Field, Kind, Value};

use super::contacts::{contact, entry};
use super::creates::organization;
use super::psa::{Psa, Wish, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_field_is_told_by_its_standard_name() {
    for (kind, wish, property, field) in [
        (
            Kind::Organization,
            Wish::of(Field::ShortName, text("X")),
            "identifier",
            "short_name",
        ),
        (
            Kind::Organization,
            Wish::of(Field::Status, text("Imported")),
            "status",
            "status",
        ),
        (
            Kind::Organization,
            Wish::of(Field::Website, text("x.example.com")),
            "website",
            "website",
        ),
        (
            Kind::Location,
            Wish::of(Field::PostalCode, text("1")),
            "zip",
            "postal_code",
        ),
        (
            Kind::Location,
            Wish::of(Field::Region, text("Ohio")),
            "stateReference",
            "region",
        ),
        (Kind::Contact, Wish::of(Field::Title, text("X")), "title", "title"),
        (
            Kind::Configuration,
            Wish::of(Field::SerialNumber, text("X")),
            "serialNumber",
            "serial_number",
        ),
        (
            Kind::Configuration,
            Wish::of(Field::Notes, text("X")),
            "notes",
            "notes",
        ),
    ] {
        let mut psa = Psa::new().await;
        let id = psa.find(kind, |record| {
            kind == Kind::Organization || record["company"]["id"].is_u64()
        });
        psa.control.refuse_field(Writes::all(), property);
        let source = psa.fetch(kind, id).await;
        let change = psa.change(&source, &wish).await;
        let fault = psa.push_one(&change).await.unwrap_err();
        assert_eq!(fault.cause, Cause::Data(field.to_owned()), "{fault}");
        assert!(
            fault
                .message
                .contains(&format!("The field {property} is invalid.")),
            "{fault}"
        );
        assert_eq!(psa.fetch(kind, id).await, source);
        assert_eq!(psa.writes().len(), 1, "a refusal is not asked for twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_addresses_and_numbers_are_told_by_the_list_they_stand_in() {
    for (field, list) in [
        (Field::Emails, [entry("x@example.com", "Email", true)]),
        (Field::Phones, [entry("555 0133", "Direct", true)]),
    ] {
        let mut psa = Psa::new().await;
        let id = contact(&psa);
        psa.control.refuse_field(Writes::all(), "communicationItems");
        let source = psa.fetch(Kind::Contact, id).await;
        let wish = Wish::of(field, Value::Entries(list.into()));
        let change = psa.change(&source, &wish).await;
        let fault = psa.push_one(&change).await.unwrap_err();
        assert_eq!(fault.cause, Cause::Data(field.to_string()), "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_too_long_is_told_by_its_list() {
    let mut psa = Psa::new().await;
    let id = contact(&psa);
    let source = psa.fetch(Kind::Contact, id).await;
    let long = format!("{}@example.com", "x".repeat(250));
    let wish = Wish::of(Field::Emails, Value::Entries(vec![entry(&long, "Email", true)]));
    let change = psa.change(&source, &wish).await;
    let fault = psa.push_one(&change).await.unwrap_err();
    assert_eq!(fault.cause, Cause::Data("emails".to_owned()), "{fault}");
    assert!(fault.message.contains("maximum length of 250"), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_is_too_long_is_told_by_its_field() {
    let mut psa = Psa::new().await;
    let id = psa.find(Kind::Configuration, |_| true);
    let source = psa.fetch(Kind::Configuration, id).await;
    let long = "x".repeat(51);
    let change = psa.change(&source, &Wish::of(Field::Model, text(&long))).await;
    let fault = psa.push_one(&change).await.unwrap_err();
    assert_eq!(fault.cause, Cause::Data("model".to_owned()), "{fault}");
    assert!(fault.message.contains("maximum length of 50"), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_is_not_there_is_told_by_its_field() {
    let mut psa = Psa::new().await;
    for (kind, field) in [
        (Kind::Organization, Field::Status),
        (Kind::Configuration, Field::Status),
        (Kind::Configuration, Field::Type),
        (Kind::Configuration, Field::Manufacturer),
        (Kind::Configuration, Field::InstalledBy),
    ] {
        let id = psa.find(kind, |_| true);
        let source = psa.fetch(kind, id).await;
        let change = psa.change(&source, &Wish::of(field, text("Nowhere Man"))).await;
        let fault = psa.push_one(&change).await.unwrap_err();
        assert_eq!(
            fault.cause,
            Cause::Data(field.to_string()),
            "{kind} {field}: {fault}"
        );
        assert!(fault.message.contains("Nowhere Man"), "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_role_does_not_allow_names_the_permission() {
    for (module, kind, permission) in [
        (
            Module::CompanyMaintenance,
            Kind::Organization,
            "companies/company-maintenance",
        ),
        (
            Module::CompanyMaintenance,
            Kind::Location,
            "companies/company-maintenance",
        ),
        (Module::Contacts, Kind::Contact, "companies/contacts"),
        (
            Module::Configurations,
            Kind::Configuration,
            "companies/configurations",
        ),
    ] {
        let mut psa = Psa::new().await;
        psa.control.set_level(module, Action::Edit, Level::None);
        psa.control.set_level(module, Action::Add, Level::None);
        let id = psa.find(kind, |record| {
            kind == Kind::Organization || record["company"]["id"].is_u64()
        });
        let source = psa.fetch(kind, id).await;
        let (field, needed) = match kind {
            Kind::Contact => (Field::FirstName, Wish::of(Field::FirstName, text("X"))),
            Kind::Configuration => (
                Field::Name,
                Wish::of(Field::Name, text("X")).and(Field::Type, text("Printer")),
            ),
            Kind::Organization => (
                Field::Name,
                Wish::of(Field::Name, text("X")).and(Field::ShortName, text("X")),
            ),
            _ => (Field::Name, Wish::of(Field::Name, text("X"))),
        };
        let update = psa.change(&source, &Wish::of(field, text("X"))).await;
        let parent = (kind != Kind::Organization).then(|| organization(&psa).0);
        let create = psa.create(kind, parent, &needed).await;
        for change in [update, create] {
            let fault = psa.push_one(&change).await.unwrap_err();
            assert_eq!(
                fault.cause,
                Cause::Permission(permission.to_owned()),
                "{kind}: {fault}"
            );
        }
        assert_eq!(psa.fetch(kind, id).await, source);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_keys_end_all_changes_before_anything_is_written() {
    let mut psa = Psa::new().await;
    let id = contact(&psa);
    let source = psa.fetch(Kind::Contact, id).await;
    let one = psa.change(&source, &Wish::of(Field::Title, text("One"))).await;
    let other = psa.change(&source, &Wish::of(Field::LastName, text("Two"))).await;
    let body = br#"{"code":"Unauthorized","message":"The keys are not known."}"#;
    let refused = Response {
        status: 401,
        headers: Vec::new(),
        body: body.to_vec(),
    };
    psa.control.plan_response("/company/contacts/*", 0, refused);
    for end in psa.push(&[one, other]).await {
        assert_eq!(end.unwrap_err().cause, Cause::Auth);
    }
    assert_eq!(psa.writes(), Vec::<String>::new());
    assert_eq!(
        psa.control.log().len(),
        1,
        "the second change is not even read for"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_refused_for_its_rate_is_sent_again_and_done_once() {
    let mut psa = Psa::new().await;
    let (company, ..) = organization(&psa);
    let create = psa
        .create(
            Kind::Contact,
            Some(company),
            &Wish::of(Field::FirstName, text("Ben")),
        )
        .await;
    psa.control
        .fail_writes(Writes::all().next(1), Trouble::TooManyRequests { retry_after: 0 });
    let outcome = psa.push_one(&create).await;
    psa.applied(outcome);
    assert_eq!(
        psa.writes(),
        ["POST /company/contacts 429", "POST /company/contacts 201"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_more_patience_than_there_is_is_told() {
    let mut psa = Psa::new().await;
    let id = contact(&psa);
    let source = psa.fetch(Kind::Contact, id).await;
    let change = psa.change(&source, &Wish::of(Field::Title, text("One"))).await;
    let trouble = Trouble::TooManyRequests { retry_after: 3_600 };
    psa.control.fail_writes(Writes::all().next(1), trouble);
    let fault = psa.push_one(&change).await.unwrap_err();
    assert!(matches!(fault.cause, Cause::RateLimited(1..=3_600)), "{fault:?}");
    assert_eq!(psa.stored(Kind::Contact, id)["title"], title_in(&source.json));
}

fn title_in(json: &str) -> serde_json::Value {
    serde_json::from_str::<serde_json::Value>(json).unwrap()["title"].clone()
}
