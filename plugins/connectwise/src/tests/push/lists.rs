//! Custom fields and questions: whole lists as just read, with the changed values put in.

use super::*;

fn custom(id: u64, caption: &str, kind: &str, value: Json) -> Json {
    json!({"id": id, "caption": caption, "type": kind, "entryMethod": "EntryField", "numberOfDecimals": 0, "value": value})
}

fn question(id: u64, question: &str, kind: &str, answer: Json) -> Json {
    json!({"answerId": id * 10, "questionId": id, "question": question, "fieldType": kind, "answer": answer, "sequenceNumber": 1.0})
}

/// A configuration with custom fields and questions, passwords and texts of several lines among them.
fn device() -> Json {
    let mut record = server();
    record["customFields"] = json!([
        custom(1, "Rack", "Text", json!("A")),
        custom(2, "Units", "Number", json!(4)),
        custom(3, "Key", "Password", json!("hunter2")),
        custom(4, "Pin", "Password", Json::Null),
        custom(5, "Mask", "Password", json!("****")),
        custom(6, "Story", "TextArea", json!("one\r\ntwo")),
        custom(7, "Leased", "Checkbox", Json::Null),
    ]);
    record["questions"] = json!([
        question(1, "Where?", "Text", json!("here")),
        question(2, "PIN", "Password", Json::Null),
        question(3, "Key", "Password", json!("s3cret")),
        question(4, "Story", "TextArea", json!("one\r\ntwo")),
        question(5, "IP", "IPAddress", json!("10.0.0.1")),
    ]);
    record
}

fn room() -> Room {
    Room::new(Psa::default().with("/company/configurations", device()))
}

/// A change of one custom field, as a mapping gives it: whole lists without passwords.
fn rack(from: &str, to: &str) -> Change {
    let list = |value: &str| {
        json!({"customFields": [custom(1, "Rack", "Text", json!(value)), custom(2, "Units", "Number", json!(4)),
                                custom(6, "Story", "TextArea", json!("one\r\ntwo"))]})
    };
    update("configuration", 7, list(from), list(to))
}

#[test]
fn a_changed_custom_field_goes_in_the_whole_list() {
    let mut room = room();
    let outcome = room.push_one(&rack("A", "B"));
    assert_eq!(
        room.body(),
        json!([{"op": "replace", "path": "/customFields", "value": [
            custom(1, "Rack", "Text", json!("B")),
            custom(2, "Units", "Number", json!(4)),
            // A password that is shown goes back; those that are not, and a text that would come back flattened, stay out.
            custom(3, "Key", "Password", json!("hunter2")),
            custom(7, "Leased", "Checkbox", Json::Null),
        ]}])
    );
    assert_eq!(
        room.kept("/company/configurations/7", "customFields")[5]["value"],
        "one\r\ntwo"
    );
    assert!(!applied(&outcome).json.contains("hunter2"));
}

#[test]
fn entries_go_back_letter_by_letter() {
    let mut room = room();
    let raw = r#"{"id":7,"name":"DC-01","_info":{"lastUpdated":"2026-01-01T00:00:00Z"},"customFields":[{"value":4.50,"id":2,"caption":"Units"},{"id":1,"caption":"Rack","value":"\u0041"}]}"#;
    let (mut connection, log) = connection(move |seen| (!seen.path.starts_with("/login")).then(|| ok(raw)));
    let change = update(
        "configuration",
        7,
        json!({"name": "DC-01"}),
        json!({"name": "DC-02"}),
    );
    connection.push(&context(), &[change]);
    let log = log.borrow();
    let write = log.iter().find(|seen| seen.method == "PATCH").unwrap();
    assert!(
        write.body.contains(
            r#"[{"value":4.50,"id":2,"caption":"Units"},{"id":1,"caption":"Rack","value":"\u0041"}]"#
        ),
        "{}",
        write.body
    );
    // The same through a value that is desired.
    let mut change = rack("A", "B");
    change.desired = change.desired.replace("\"B\"", "12.30");
    applied(&room.push_one(&change));
    assert!(room.writes()[0].body.contains(r#""value":12.30"#));
}

#[test]
fn custom_fields_go_with_every_patch_of_a_record_that_has_some() {
    let mut room = room();
    let change = update(
        "configuration",
        7,
        json!({"name": "DC-01"}),
        json!({"name": "DC-02"}),
    );
    applied(&room.push_one(&change));
    let body = room.body();
    let paths: Vec<&str> = body
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["/name", "/customFields"]);
    assert_eq!(body[1]["value"][0], custom(1, "Rack", "Text", json!("A")));
    assert_eq!(body[1]["value"].as_array().unwrap().len(), 4);

    let mut record = server();
    record["customFields"] = json!([custom(4, "Pin", "Password", Json::Null)]);
    let mut hidden = Room::new(Psa::default().with("/company/configurations", record));
    let change = update(
        "configuration",
        7,
        json!({"name": "DC-01"}),
        json!({"name": "DC-02"}),
    );
    applied(&hidden.push_one(&change));
    assert_eq!(
        hidden.body()[1],
        json!({"op": "replace", "path": "/customFields", "value": []})
    );

    for none in [json!([]), Json::Null] {
        let mut record = server();
        record["customFields"] = none;
        let mut without = Room::new(Psa::default().with("/company/configurations", record));
        let change = update(
            "configuration",
            7,
            json!({"name": "DC-01"}),
            json!({"name": "DC-02"}),
        );
        applied(&without.push_one(&change));
        assert_eq!(without.body().as_array().unwrap().len(), 1);
    }
}

#[test]
fn what_somebody_else_changed_beside_it_stays_theirs() {
    let mut room = room();
    room.psa
        .borrow_mut()
        .records
        .get_mut("/company/configurations/7")
        .unwrap()["customFields"][1]["value"] = json!(9);
    let outcome = room.push_one(&rack("A", "B"));
    let fields = json_of(applied(&outcome))["customFields"].clone();
    assert_eq!(
        (&fields[0]["value"], &fields[1]["value"]),
        (&json!("B"), &json!(9))
    );
}

#[test]
fn the_entry_itself_moves_holds_or_is_gone() {
    let mut room = room();
    moved(&room.push_one(&rack("Z", "B")));
    applied(&room.push_one(&rack("Z", "A")));
    assert!(room.writes().is_empty());
    let entry = |value: &str| json!({"customFields": [custom(44, "Removed", "Text", json!(value))]});
    let outcome = room.push_one(&update("configuration", 7, entry("x"), entry("y")));
    assert_eq!(field_at_fault(&outcome), "traits.custom_fields.Removed");
    applied(&room.push_one(&update("configuration", 7, entry("x"), entry(""))));
    assert!(room.writes().is_empty());
}

#[test]
fn passwords_are_not_written() {
    let mut room = room();
    let list = |value: &str| json!({"customFields": [custom(3, "Key", "Password", json!(value))]});
    let outcome = room.push_one(&update("configuration", 7, list(""), list("open")));
    assert_eq!(field_at_fault(&outcome), "traits.custom_fields.Key");
    assert!(room.writes().is_empty());
}

#[test]
fn a_value_is_emptied_with_null() {
    let mut room = room();
    let list = |value: Json| json!({"customFields": [custom(1, "Rack", "Text", value)]});
    applied(&room.push_one(&update("configuration", 7, list(json!("A")), list(Json::Null))));
    assert_eq!(room.body()[0]["value"][0], custom(1, "Rack", "Text", Json::Null));
}

fn without_answer(mut question: Json) -> Json {
    question.as_object_mut().unwrap().remove("answer");
    question
}

#[test]
fn a_refusal_names_the_entry_the_change_is_about() {
    let answers = |from: &str, to: &str| {
        let list = |answer: &str| {
            json!({"questions": [question(1, "Where?", "Text", json!("here")),
                                 question(5, "IP", "IPAddress", json!(answer))]})
        };
        update("configuration", 7, list(from), list(to))
    };
    for (change, named, field) in [
        (rack("A", "B"), "value", "traits.custom_fields.Rack"),
        (
            rack("A", "B"),
            "customFields[0].value",
            "traits.custom_fields.Rack",
        ),
        (rack("A", "B"), "serialNumber", "serial_number"),
        (answers("10.0.0.1", "x"), "answer", "traits.questions.IP"),
        (
            answers("10.0.0.1", "x"),
            "questions/answer",
            "traits.questions.IP",
        ),
    ] {
        let mut room = room();
        let words = json!({"code": "InvalidObject", "message": "configuration object is invalid",
                           "errors": [{"code": "InvalidField", "message": "No.", "field": named}]});
        let refused = status(400, &words.to_string());
        room.psa.borrow_mut().refused.insert(0, refused);
        assert_eq!(field_at_fault(&room.push_one(&change)), field, "{named}");
    }
}

#[test]
fn a_changed_answer_goes_with_all_questions() {
    let mut room = room();
    let list = |answer: &str| {
        json!({"questions": [question(1, "Where?", "Text", json!("here")), question(4, "Story", "TextArea", json!("one\r\ntwo")),
                             question(5, "IP", "IPAddress", json!(answer))]})
    };
    applied(&room.push_one(&update("configuration", 7, list("10.0.0.1"), list("10.0.0.2"))));
    let body = room.body();
    assert_eq!(
        body[0],
        json!({"op": "replace", "path": "/questions", "value": [
            question(1, "Where?", "Text", json!("here")),
            // A password that is not shown stays out, its question does not.
            without_answer(question(2, "PIN", "Password", Json::Null)),
            question(3, "Key", "Password", json!("s3cret")),
            // Of questions nobody knows that those left out stay, so a text goes back as it was read.
            question(4, "Story", "TextArea", json!("one\r\ntwo")),
            question(5, "IP", "IPAddress", json!("10.0.0.2")),
        ]})
    );
    assert_eq!(body[1]["path"], "/customFields");
    let refused = room.push_one(&update("configuration", 7, list("10.0.0.2"), list("a\nb")));
    assert_eq!(field_at_fault(&refused), "traits.questions.IP");
}
