//! Somebody changed the record meanwhile: what they changed is never overwritten, and what they did not touch is
//! written all the same.

use dovetail_domain::connector::PushOutcome;
use dovetail_domain::{Cause, Field, Kind, Value};
use serde_json::json;

use super::contacts::{contact, entry};
use super::psa::{Psa, Wish, psa_kind, text};

/// For each kind a wish, what somebody does to the same property, and to another one.
fn meetings() -> [(Kind, Wish, serde_json::Value, serde_json::Value); 6] {
    let emails = Value::Entries(vec![entry("mine@example.com", "Email", true)]);
    let theirs = json!([{"id": 9001, "type": {"id": 1, "name": "Email"}, "value": "theirs@example.com",
                         "defaultFlag": true, "communicationType": "Email"}]);
    let types = Value::texts(["Billing".to_owned()]);
    [
        (
            Kind::Organization,
            Wish::of(Field::Phone, text("1")),
            json!({"phoneNumber": "2"}),
            json!({"website": "w"}),
        ),
        (
            Kind::Location,
            Wish::of(Field::City, text("A")),
            json!({"city": "B"}),
            json!({"zip": "1"}),
        ),
        (
            Kind::Contact,
            Wish::of(Field::Title, text("A")),
            json!({"title": "B"}),
            json!({"nickName": "C"}),
        ),
        (
            Kind::Contact,
            Wish::of(Field::Emails, emails),
            json!({"communicationItems": theirs}),
            json!({"title": "C"}),
        ),
        (
            Kind::Contact,
            Wish::of(Field::Type, types),
            json!({"types": [{"id": 8, "name": "Approver"}]}),
            json!({"title": "C"}),
        ),
        (
            Kind::Configuration,
            Wish::of(Field::Status, text("In Repair")),
            json!({"status": {"id": 3, "name": "In Stock"}}),
            json!({"tagNumber": "C"}),
        ),
    ]
}

fn some(psa: &Psa, kind: Kind) -> u64 {
    match kind {
        Kind::Contact => contact(psa),
        Kind::Configuration => psa.find(kind, |device| device["status"]["id"] == 1),
        _ => psa.find(kind, |_| true),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changed_is_left_to_a_person() {
    for (kind, wish, theirs, _) in meetings() {
        let mut psa = Psa::new().await;
        let id = some(&psa, kind);
        let source = psa.fetch(kind, id).await;
        let change = psa.change(&source, &wish).await;
        psa.control.edit(psa_kind(kind), id, theirs).unwrap();
        match psa.push_one(&change).await {
            Ok(PushOutcome::Moved(record)) => {
                assert_eq!(psa.writes(), Vec::<String>::new());
                assert_eq!(record, psa.fetch(kind, id).await);
            }
            other => panic!("{kind} {wish:?}: {other:#?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changed_beside_it_stays() {
    for (kind, wish, _, beside) in meetings() {
        let mut psa = Psa::new().await;
        let id = some(&psa, kind);
        let source = psa.fetch(kind, id).await;
        let change = psa.change(&source, &wish).await;
        psa.control.edit(psa_kind(kind), id, beside.clone()).unwrap();
        let between = psa.fetch(kind, id).await;
        let between = psa.map(&between).await;
        let outcome = psa.push_one(&change).await;
        let answer = psa.applied(outcome);
        assert_eq!(psa.map(&answer).await, wish.over(&between), "{kind}");
        let stored = psa.stored(kind, id);
        for (name, value) in beside.as_object().unwrap() {
            assert_eq!(&stored[name], value, "{kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_wanted_the_same() {
    let mut psa = Psa::new().await;
    let id = contact(&psa);
    let source = psa.fetch(Kind::Contact, id).await;
    let change = psa.change(&source, &Wish::of(Field::Title, text("Owner"))).await;
    psa.control
        .edit(psa_kind(Kind::Contact), id, json!({"title": "Owner"}))
        .unwrap();
    let outcome = psa.push_one(&change).await;
    let answer = psa.applied(outcome);
    assert_eq!(psa.writes(), Vec::<String>::new());
    assert_eq!(answer, psa.fetch(Kind::Contact, id).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_deleted_is_gone() {
    let mut psa = Psa::new().await;
    let id = contact(&psa);
    let source = psa.fetch(Kind::Contact, id).await;
    let change = psa.change(&source, &Wish::of(Field::Title, text("Owner"))).await;
    psa.control.delete(psa_kind(Kind::Contact), id).unwrap();
    let fault = psa.push_one(&change).await.unwrap_err();
    assert_eq!(fault.cause, Cause::Gone, "{fault}");
    assert_eq!(psa.writes(), Vec::<String>::new());
}
