//! PATCH of the lists in a record: communication items by index, custom fields and questions whole.

use crate::http::Api;
use crate::scene::{reachable, refused, server};
use connectwise_simulator::{Habits, Kind};
use serde_json::{Value, json};

#[tokio::test]
async fn items_are_written_by_index_one_operation_after_the_other() {
    let api = Api::writable(300).await;
    let id = reachable(&api);
    let path = format!("/company/contacts/{id}");
    let items = async || api.get(&path).await.json()["communicationItems"].clone();
    let values = async || -> Vec<(String, bool)> {
        let items = items().await;
        let one = |item: &Value| {
            let value = item["value"].as_str().expect("a value").to_owned();
            (value, item["defaultFlag"] == true)
        };
        items.as_array().expect("a list").iter().map(one).collect()
    };
    let before = items().await;
    let (mail, direct) = (
        before[0]["value"].as_str().expect("mail"),
        before[1]["value"].as_str().expect("phone"),
    );
    let cell = before[2]["value"].as_str().expect("phone");
    let pairs = |expected: &[(&str, bool)]| -> Vec<(String, bool)> {
        expected
            .iter()
            .map(|(value, default)| ((*value).to_owned(), *default))
            .collect()
    };
    assert_eq!(
        values().await,
        pairs(&[(mail, true), (direct, true), (cell, false)])
    );

    api.patch(
        &path,
        &[("replace", "/communicationItems/1/value", json!("555 0101"))],
    )
    .await;
    assert_eq!(
        values().await,
        pairs(&[(mail, true), ("555 0101", true), (cell, false)])
    );
    assert_eq!(
        items().await[1]["id"],
        before[1]["id"],
        "an item that is changed keeps its id"
    );
    assert_eq!(api.get(&path).await.json()["defaultPhoneNbr"], "555 0101");

    // The new default takes the place of the old one, in its own class.
    let fax = json!({"type": {"id": "3"}, "value": "555 0102", "communicationType": "Phone"});
    let work = json!({"type": {"id": 4}, "value": "555 0103", "defaultFlag": true});
    api.patch(
        &path,
        &[
            ("add", "/communicationItems/-", fax),
            ("add", "/communicationItems/0", work),
        ],
    )
    .await;
    assert_eq!(
        values().await,
        pairs(&[
            ("555 0103", true),
            (mail, true),
            ("555 0101", false),
            (cell, false),
            ("555 0102", true)
        ])
    );
    let now = items().await;
    assert_eq!(
        now[4]["communicationType"], "Fax",
        "the class follows from the type"
    );
    assert_eq!(now[4]["type"], json!({"id": 3, "name": "Fax"}));
    assert_ne!(now[0]["id"], now[4]["id"], "new items have ids of their own");

    // What is made the default is it, wherever it stands; what is no longer leaves the first.
    for (index, flag, defaults) in [
        (2, true, [false, true, true, false, true]),
        (3, true, [false, true, false, true, true]),
        (3, false, [true, true, false, false, true]),
    ] {
        let path_of_flag = format!("/communicationItems/{index}/defaultFlag");
        api.patch(&path, &[("replace", &path_of_flag, json!(flag))]).await;
        let found: Vec<bool> = values().await.into_iter().map(|(_, default)| default).collect();
        assert_eq!(found, defaults, "{index} {flag}");
    }

    // From low to high, the second removal meets another item than was meant.
    api.patch(
        &path,
        &[
            ("remove", "/communicationItems/0", Value::Null),
            ("remove", "/communicationItems/1", Value::Null),
        ],
    )
    .await;
    assert_eq!(
        values().await,
        pairs(&[(mail, true), (cell, true), ("555 0102", true)])
    );
    let high_to_low = [
        ("remove", "/communicationItems/2", Value::Null),
        ("remove", "/communicationItems/1", Value::Null),
    ];
    api.patch(&path, &high_to_low).await;
    assert_eq!(values().await, pairs(&[(mail, true)]));
    assert_eq!(api.get(&path).await.json().get("defaultPhoneNbr"), None);

    // The whole list: an item keeps the id it names.
    let whole = json!([
        {"type": {"id": 2}, "value": "555 0104", "extension": "12"},
        {"id": before[0]["id"], "type": {"id": 6}, "value": "new@mail.example"},
        {"id": 7, "type": {"id": 1}, "value": "second@mail.example"},
    ]);
    api.patch(&path, &[("replace", "/communicationItems", whole)])
        .await;
    let now = items().await;
    assert_eq!(
        (&now[1]["id"], &now[1]["domain"]),
        (&before[0]["id"], &json!("@mail.example"))
    );
    assert_ne!(now[2]["id"], 7, "an id that is not known is not taken");
    assert_eq!(now[0]["extension"], "12");
    assert_eq!(
        values().await,
        pairs(&[
            ("555 0104", true),
            ("new@mail.example", true),
            ("second@mail.example", false)
        ])
    );
    let listed = api.get(&format!("{path}/communications")).await.ids();
    assert_eq!(listed.len(), 3, "and the communications are the items");
    api.patch(&path, &[("remove", "/communicationItems", Value::Null)])
        .await;
    assert_eq!(values().await, []);
}

#[tokio::test]
async fn custom_fields_are_needed_and_what_is_left_out_stays() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let id = server(&api);
    let path = format!("/company/configurations/{id}");
    let value = async |field: u64| {
        let record = api.get(&path).await.json();
        let fields = record["customFields"].as_array().expect("fields").clone();
        fields
            .iter()
            .find(|known| known["id"] == field)
            .unwrap_or_else(|| panic!("no field {field}"))
            .get("value")
            .cloned()
            .unwrap_or_default()
    };
    let bare = json!([{"op": "replace", "path": "notes", "value": "x"}]);
    let answer = api.write("PATCH", &path, bare.clone()).await;
    refused(&answer, "MissingRequiredField", "customFields", &path);
    let set = |value: Value| [("replace", "/customFields", value)];
    let answer = api
        .patch(
            &path,
            &set(
                json!([{"id": 3, "value": "R9-U9"}, {"id": 4, "value": true}, {"id": "6", "value": "12.5"}]),
            ),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        [value(3).await, value(4).await, value(6).await],
        [json!("R9-U9"), json!(true), json!(12.5)]
    );
    for (sent, expected) in [
        (json!([]), json!("R9-U9")),
        (json!([{"id": 4, "value": false}]), json!("R9-U9")),
        (json!([{"id": 3, "caption": "Rack position"}]), json!("R9-U9")),
        (json!([{"id": 3, "value": null}]), Value::Null),
        (json!([{"id": 3, "value": 7}]), json!("7")),
    ] {
        assert_eq!(api.patch(&path, &set(sent.clone())).await.status, 200, "{sent}");
        assert_eq!(value(3).await, expected, "{sent}");
    }
    // Sites have no custom fields here, and some servers do not ask for them.
    let site = json!([{"op": "replace", "path": "name", "value": "x"}]);
    assert_eq!(
        api.write("PATCH", "/company/companies/250/sites/400", site)
            .await
            .status,
        200
    );
    control.set_habits(Habits {
        custom_fields_needed: false,
        ..Habits::default()
    });
    assert_eq!(api.write("PATCH", &path, bare).await.status, 200);
}

#[tokio::test]
async fn questions_are_replaced_whole() {
    let api = Api::writable(300).await;
    let control = api.simulator.control();
    let id = server(&api);
    let path = format!("/company/configurations/{id}");
    let answers = || {
        let record = control.record(Kind::Configuration, id).expect("it is there");
        let questions = record["questions"].as_array().expect("questions").clone();
        questions
            .iter()
            .map(|question| question.get("answer").cloned().unwrap_or_default())
            .collect::<Vec<_>>()
    };
    let put = async |questions: Value| {
        let answer = api.patch(&path, &[("replace", "/questions", questions)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    };
    let whole = json!([
        {"questionId": 101, "answer": "Print server"}, {"questionId": 102, "answer": "64"},
        {"answerId": id * 16 + 2, "answer": "secret"}, {"questionId": 104, "answer": true},
        {"questionId": 105, "answer": "203.0.113.9"},
    ]);
    put(whole).await;
    let all = [
        json!("Print server"),
        json!(64),
        json!("secret"),
        json!(true),
        json!("203.0.113.9"),
    ];
    assert_eq!(answers(), all);
    // The array as it was read goes back and changes nothing.
    let read = api.get(&path).await.json()["questions"].clone();
    put(read).await;
    assert_eq!(answers(), all);
    // Where a number is read as text, it stays so.
    let mut questions = control.record(Kind::Configuration, id).expect("it is there")["questions"].clone();
    questions[1]["answer"] = json!("64");
    control
        .edit(Kind::Configuration, id, json!({"questions": questions}))
        .expect("it is edited");
    let read = api.get(&path).await.json()["questions"].clone();
    put(read).await;
    assert_eq!(answers()[1], json!("64"));
    put(json!(
        all.iter()
            .zip(101..)
            .map(|(answer, id)| json!({"questionId": id, "answer": answer}))
            .collect::<Vec<_>>()
    ))
    .await;
    assert_eq!(answers(), all);
    // Who cannot see passwords does not erase them by that.
    let module = connectwise_simulator::Module::DisplayPasswords;
    control.set_inquire(module, connectwise_simulator::Level::None);
    let read = api.get(&path).await.json()["questions"].clone();
    assert_eq!(
        read[2].get("answer"),
        None,
        "an edited record hides passwords too"
    );
    put(read).await;
    assert_eq!(answers(), all);
    control.set_inquire(module, connectwise_simulator::Level::All);
    put(json!([{"questionId": 102, "answer": 65}])).await;
    assert_eq!(
        answers(),
        [Value::Null, json!(65), Value::Null, Value::Null, Value::Null],
        "what is left out loses its answer"
    );
    // Another type has other questions.
    api.patch(&path, &[("replace", "/type", json!({"name": "UPS"}))])
        .await;
    let record = api.get(&path).await.json();
    assert_eq!(record["type"], json!({"id": 8, "name": "UPS"}));
    assert_eq!(record["questions"][0]["question"], "Battery replaced on");
    assert_eq!(record["questions"].as_array().map(Vec::len), Some(2));
    put(json!([{"questionId": 801, "answer": "2026-11-23T00:00:00Z"}])).await;
    assert_eq!(answers(), [json!("2026-11-23T00:00:00Z"), Value::Null]);
}
