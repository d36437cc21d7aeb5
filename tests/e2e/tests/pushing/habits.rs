//! Servers that store other values than they were given, and servers of looser habits: the answer is what was kept, and
//! it counts as done.

use connectwise_simulator::{Config, Habits};
use dovetail_domain::{Field, Kind, Value};

use super::contacts::{contact, entry};
use super::law::comes_true;
use super::psa::{Psa, Wish, text};

async fn server(habits: Habits) -> Psa {
    Psa::with(Config {
        habits,
        ..Config::default()
    })
    .await
}

/// Sends a wish and gives the field as the server kept it.
async fn kept(psa: &mut Psa, kind: Kind, id: u64, field: Field, wanted: Value) -> Value {
    let source = psa.fetch(kind, id).await;
    let change = psa.change(&source, &Wish::of(field, wanted)).await;
    let outcome = psa.push_one(&change).await;
    let answer = psa.applied(outcome);
    assert_eq!(psa.writes().len(), 1);
    assert_eq!(psa.fetch(kind, id).await, answer);
    psa.map(&answer).await.get(field).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_what_the_server_kept() {
    let mut psa = server(Habits::meddling()).await;
    let company = psa.find(Kind::Organization, |company| company["deletedFlag"] == false);
    let device = psa.find(Kind::Configuration, |device| device["serialNumber"].is_string());
    let person = contact(&psa);
    let number = kept(
        &mut psa,
        Kind::Organization,
        company,
        Field::Phone,
        text("(813) 555-0177"),
    )
    .await;
    assert_eq!(number, text("8135550177"));
    let long = "x".repeat(60);
    let model = kept(&mut psa, Kind::Configuration, device, Field::Model, text(&long)).await;
    assert_eq!(model, text(&long[..50]));
    let serial = kept(
        &mut psa,
        Kind::Configuration,
        device,
        Field::SerialNumber,
        text("abc-1"),
    )
    .await;
    assert_eq!(serial, text("ABC-1"));
    let phones = Value::Entries(vec![entry("(813) 555-0178", "Direct", true)]);
    let phones = kept(&mut psa, Kind::Contact, person, Field::Phones, phones).await;
    assert_eq!(phones, Value::Entries(vec![entry("8135550178", "Direct", true)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_in_the_servers_spelling_is_not_written_again() {
    let mut psa = server(Habits::meddling()).await;
    let company = psa.find(Kind::Organization, |company| company["deletedFlag"] == false);
    let source = psa.fetch(Kind::Organization, company).await;
    let change = psa
        .change(&source, &Wish::of(Field::Phone, text("(813) 555-0177")))
        .await;
    for writes in [1, 0] {
        let outcome = psa.push_one(&change).await;
        psa.applied(outcome);
        assert_eq!(psa.writes().len(), writes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looser_servers_take_the_same_changes() {
    let looser = Habits {
        custom_fields_needed: false,
        quiet_children: true,
        line_breaks: true,
        ..Habits::default()
    };
    let mut psa = Psa::with(Config {
        habits: looser,
        loose: true,
        ..Config::default()
    })
    .await;
    let person = contact(&psa);
    let billing = Wish::of(
        Field::Type,
        Value::texts(["Billing".to_owned(), "Approver".to_owned()]),
    );
    let emails = Value::Entries(vec![entry("zoe@example.com", "Email", true)]);
    for (kind, id, wish, property) in [
        (
            Kind::Contact,
            person,
            Wish::of(Field::Title, text("Owner (acting)")),
            "title",
        ),
        (Kind::Contact, person, billing, "types"),
        (
            Kind::Contact,
            person,
            Wish::of(Field::Emails, emails),
            "communicationItems",
        ),
    ] {
        comes_true(&mut psa, kind, id, &wish, &[property]).await;
    }
    let company = psa.find(Kind::Organization, |company| company["deletedFlag"] == false);
    let types = Value::texts(["Hosting".to_owned(), "Partner".to_owned(), "Client".to_owned()]);
    comes_true(
        &mut psa,
        Kind::Organization,
        company,
        &Wish::of(Field::Type, types),
        &["types"],
    )
    .await;
    let site = psa.find(Kind::Location, |site| site["primaryAddressFlag"] == false);
    comes_true(
        &mut psa,
        Kind::Location,
        site,
        &Wish::of(Field::City, text("Göteborg")),
        &["city"],
    )
    .await;
    let device = psa.find(Kind::Configuration, |device| {
        device["type"]["name"] == "Managed Server"
    });
    let tag = Wish::of(Field::AssetTag, text("AT-loose"));
    comes_true(&mut psa, Kind::Configuration, device, &tag, &["tagNumber"]).await;
    let role = Wish::of_trait("questions.What is its role?", "\"Print server\"");
    comes_true(&mut psa, Kind::Configuration, device, &role, &["questions"]).await;
}
