//! Several writers at once, and clocks that do not tell them apart.

use crate::http::{Answer, Api};
use connectwise_simulator::Kind;
use futures_util::future::join_all;
use serde_json::{Value, json};

const CONTACT: &str = "/company/contacts/310";

fn set(field: &str, value: &str) -> Value {
    json!([{"op": "replace", "path": field, "value": value}, {"op": "replace", "path": "customFields", "value": []}])
}

#[tokio::test]
async fn writers_of_different_fields_do_not_undo_each_other() {
    let api = Api::writable(100).await;
    let control = api.simulator.control();
    let now = control.now();
    let fields: Vec<String> = (1..=10)
        .map(|number| format!("userDefinedField{number}"))
        .collect();
    let writes = fields
        .iter()
        .map(|field| api.write("PATCH", CONTACT, set(field, field)));
    let answers: Vec<Answer> = join_all(writes).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let record = api.get(CONTACT).await.json();
    for field in &fields {
        assert_eq!(record[field], json!(field));
    }
    assert_eq!(control.now(), now + 600);
    let mut applied: Vec<Option<u64>> = control.writes().iter().map(|write| write.applied).collect();
    applied.sort();
    assert_eq!(applied, (1..=10).map(Some).collect::<Vec<_>>());
}

#[tokio::test]
async fn new_records_of_many_writers_are_all_there() {
    let api = Api::writable(100).await;
    let control = api.simulator.control();
    let before = control.ids(Kind::Contact);
    let items = json!([{"type": {"id": 1}, "value": "many@mail.example"}]);
    let bodies: Vec<Value> = (0..12)
        .map(|number| json!({"firstName": format!("W{number}"), "communicationItems": items}))
        .collect();
    let answers = join_all(
        bodies
            .iter()
            .map(|body| api.write("POST", "/company/contacts", body.clone())),
    )
    .await;
    let mut ids: Vec<u64> = answers
        .iter()
        .map(|answer| answer.json()["id"].as_u64().expect("an id"))
        .collect();
    ids.sort();
    assert_eq!(control.ids(Kind::Contact), [before, ids.clone()].concat());
    let mut items: Vec<u64> = answers
        .iter()
        .map(|answer| {
            answer.json()["communicationItems"][0]["id"]
                .as_u64()
                .expect("an id")
        })
        .collect();
    items.sort();
    items.dedup();
    assert_eq!(items.len(), ids.len(), "items have ids of their own");
    // One identifier is given to one company only.
    let company = json!({"identifier": "Once", "name": "Once", "city": "x"});
    let answers = join_all((0..4).map(|_| api.write("POST", "/company/companies", company.clone()))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort();
    assert_eq!(statuses, [201, 400, 400, 400]);
}

/// The last writer of a field wins: there is no version to compare with.
#[tokio::test]
async fn a_writer_that_was_held_overwrites_what_came_between() {
    let api = Api::writable(100).await;
    let control = api.simulator.control();
    let hold = control.hold(CONTACT);
    let mut late = std::pin::pin!(api.write("PATCH", CONTACT, set("title", "late")));
    tokio::select! {
        _ = &mut late => panic!("it was not held"),
        () = hold.wait_until_held(1) => {}
    }
    // Somebody edits in between; what is held is done afterwards and wins.
    control
        .edit(
            Kind::Contact,
            310,
            json!({"title": "between", "nickName": "kept"}),
        )
        .expect("it is there");
    hold.release();
    let answer = late.await.json();
    assert_eq!(
        (&answer["title"], &answer["nickName"]),
        (&json!("late"), &json!("kept"))
    );
    assert_eq!(answer["_info"]["updatedBy"], "Dovetail");
}

#[tokio::test]
async fn changes_within_a_second_look_the_same() {
    let api = Api::writable(100).await;
    let control = api.simulator.control();
    control.set_clock_step(0);
    let stamp = async || api.get(CONTACT).await.json()["_info"]["lastUpdated"].clone();
    api.write("PATCH", CONTACT, set("title", "one")).await;
    let first = stamp().await;
    control
        .edit(Kind::Contact, 310, json!({"title": "two"}))
        .expect("it is there");
    assert_eq!(stamp().await, first);
    api.write("PATCH", CONTACT, set("title", "three")).await;
    assert_eq!(stamp().await, first);
    control.set_clock_step(1);
    api.write("PATCH", CONTACT, set("title", "four")).await;
    assert_ne!(stamp().await, first);
}
