//! Every two-way field of a contact, set and emptied. Their addresses and numbers are further looked at in
//! `communications`.

use dovetail_domain::{Cause, Entry, Field, Kind, Value};

use super::law::{are_about_every_row, comes_true, each_comes_true, field, supplement};
use super::psa::{Psa, Wish, link, text};

const KIND: Kind = Kind::Contact;

/// A contact of an organization, with a site, an address and a number.
pub(super) fn contact(psa: &Psa) -> u64 {
    psa.find(KIND, |contact| {
        let items = contact["communicationItems"].as_array();
        let has =
            |way: &str| items.is_some_and(|all| all.iter().any(|item| item["communicationType"] == way));
        contact["company"]["id"].is_u64()
            && contact["site"]["id"].is_u64()
            && contact["inactiveFlag"] == false
            && has("Email")
            && has("Phone")
    })
}

pub(super) fn entry(value: &str, label: &str, primary: bool) -> Entry {
    Entry {
        value: value.to_owned(),
        label: label.to_owned(),
        primary,
        extension: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_comes_true() {
    for mut psa in Psa::each().await {
        every_field(&mut psa).await;
    }
}

async fn every_field(psa: &mut Psa) {
    let id = contact(psa);
    let company = psa.stored(KIND, id)["company"]["id"].clone();
    let site = psa.find(Kind::Location, |site| site["company"]["id"] == company);
    let site_name = psa.stored(Kind::Location, site)["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let emails = vec![entry("zoë@harbour.example.com", "Email", true)];
    let phones = vec![entry("555 0100", "Direct", true)];
    let cases = [
        field(Field::FirstName, text("Zoë"), "firstName"),
        field(Field::LastName, text("O'Neill"), "lastName"),
        field(Field::Title, text("Head of \"Operations\""), "title"),
        field(
            Field::Type,
            Value::texts(["Billing", "End User", "Approver"].map(str::to_owned)),
            "types",
        ),
        field(Field::Location, Value::Absent, "site"),
        field(Field::Location, link(Kind::Location, site, &site_name), "site"),
        field(Field::Emails, Value::Entries(emails), "communicationItems"),
        field(Field::Phones, Value::Entries(phones), "communicationItems"),
        field(Field::Active, Value::Flag(false), "inactiveFlag"),
        supplement("custom_fields.VIP", "true", "customFields"),
    ];
    are_about_every_row(KIND, &cases).await;
    let vip = psa.stored(KIND, id)["customFields"][0]["value"] == true;
    if vip {
        comes_true(
            psa,
            KIND,
            id,
            &Wish::of_trait("custom_fields.VIP", "false"),
            &["customFields"],
        )
        .await;
    }
    each_comes_true(psa, KIND, id, &cases).await;
    let emptied = [
        field(Field::LastName, Value::Absent, "lastName"),
        field(Field::Title, Value::Absent, "title"),
        field(Field::Type, Value::Absent, "types"),
        field(Field::Location, Value::Absent, "site"),
        field(Field::Emails, Value::Absent, "communicationItems"),
        field(Field::Phones, Value::Absent, "communicationItems"),
        field(Field::Active, Value::Flag(true), "inactiveFlag"),
    ];
    each_comes_true(psa, KIND, id, &emptied).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_name_is_not_emptied() {
    let mut psa = Psa::new().await;
    let id = contact(&psa);
    let source = psa.fetch(KIND, id).await;
    let change = psa
        .change(&source, &Wish::of(Field::FirstName, Value::Absent))
        .await;
    let fault = psa.push_one(&change).await.unwrap_err();
    assert_eq!(fault.cause, Cause::Data("first_name".to_owned()), "{fault}");
    assert!(fault.message.contains("firstName"), "{fault}");
    assert_eq!(psa.fetch(KIND, id).await, source);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_is_not_there_is_told_before_anything_is_sent() {
    let mut psa = Psa::new().await;
    let id = contact(&psa);
    let source = psa.fetch(KIND, id).await;
    let wish = Wish::of(Field::Type, Value::texts(["Janitor".to_owned()]));
    let change = psa
        .change(&source, &wish.and(Field::Title, text("Janitor")))
        .await;
    let fault = psa.push_one(&change).await.unwrap_err();
    assert_eq!(fault.cause, Cause::Data("type".to_owned()), "{fault}");
    assert!(
        fault.message.contains("Janitor") && fault.message.contains("Decision Maker"),
        "{fault}"
    );
    assert_eq!(psa.writes(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_of_another_organization_is_told_by_its_field() {
    let mut psa = Psa::new().await;
    let id = contact(&psa);
    let company = psa.stored(KIND, id)["company"]["id"].clone();
    let site = psa.find(Kind::Location, |site| site["company"]["id"] != company);
    let source = psa.fetch(KIND, id).await;
    let wish = Wish::of(Field::Location, link(Kind::Location, site, "Elsewhere"));
    let change = psa.change(&source, &wish).await;
    let fault = psa.push_one(&change).await.unwrap_err();
    assert_eq!(fault.cause, Cause::Data("location".to_owned()), "{fault}");
}
