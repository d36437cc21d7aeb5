//! What the standard mapping makes of an edit is what the connector takes: brought to the stand-in and read back, the
//! record says what was wanted.

use connectwise_mapping::{Source, convert_record, edit_to_source};
use dovetail_sdk::mapping::exports::{Draft, Edit, Outcome as Mapped};
use dovetail_sdk::mapping::types::{Entry, Field, SourceRecord as MappingSource, Supplement};

use super::*;

fn converted(kind: &str, json: &str) -> Draft {
    let source = Source {
        kind,
        version: "",
        json,
    };
    match convert_record(source) {
        Ok(Mapped::Mapped(draft)) => draft,
        other => panic!("{kind} {json}: {other:?}"),
    }
}

/// The change a mapping and the host make of an edit of a record as it was pulled; none is a new record.
fn edited(kind: &str, source: Option<&SourceRecord>, wanted: &[Field], traits: &[Supplement]) -> Change {
    let edit = Edit {
        kind: kind.into(),
        source: source.map(|source| MappingSource {
            kind: kind.into(),
            id: source.id.clone(),
            version: String::new(),
            name: String::new(),
            json: source.json.clone(),
        }),
        wanted: wanted.to_vec(),
        traits: traits.to_vec(),
    };
    let patch = edit_to_source(&edit).unwrap();
    assert_eq!(patch.refused, [""; 0]);
    let desired: Json = serde_json::from_str(&patch.json).unwrap();
    let mut before = source.map_or(json!({}), json_of);
    before
        .as_object_mut()
        .unwrap()
        .retain(|name, _| desired.get(name).is_some());
    Change {
        kind: kind.into(),
        id: source.map(|source| source.id.clone()),
        parent: Some("250".into()),
        expected: before.to_string(),
        desired: desired.to_string(),
    }
}

fn entry(value: &str, label: &str, primary: bool) -> Entry {
    Entry {
        value: value.into(),
        label: label.into(),
        primary,
        extension: None,
    }
}

/// Brings an edit to a room and says that the record then holds it, that nothing else changed, and that a second time
/// writes nothing.
fn arrives(mut room: Room, kind: &str, path: &str, wanted: &[Field], traits: &[Supplement]) {
    let read = room.push_one(&Change {
        kind: kind.into(),
        id: Some(path.rsplit('/').next().unwrap().into()),
        parent: Some("250".into()),
        expected: "{}".into(),
        desired: "{}".into(),
    });
    let source = applied(&read).clone();
    let change = edited(kind, Some(&source), wanted, traits);
    let outcome = room.push_one(&change);
    let (before, after) = (
        converted(kind, &source.json),
        converted(kind, &applied(&outcome).json),
    );
    assert!(!room.writes().is_empty());
    for field in wanted {
        assert_eq!(after.get(&field.name), Some(&field.content), "{}", change.desired);
    }
    for supplement in traits {
        assert_eq!(after.supplement(&supplement.name), Some(supplement.json.as_str()));
    }
    for field in &before.fields {
        let edited = wanted.iter().any(|wanted| wanted.name == field.name);
        assert!(
            edited || after.get(&field.name) == Some(&field.content),
            "{}",
            field.name
        );
    }
    let writes = room.writes().len();
    applied(&room.push_one(&change));
    assert_eq!(room.writes().len(), writes);
}

#[test]
fn edits_of_a_contact() {
    let emails = Field::entries(
        "emails",
        vec![
            entry("byron@x.example", "Email", true),
            entry("home@x.example", "Private", false),
        ],
    );
    let phones = Field::entries(
        "phones",
        vec![
            entry("5550101", "Direct", false),
            entry("5550199", "Mobile", true),
            entry("5550103", "Fax", false),
        ],
    );
    let types = Field::texts("type", ["Owner", "User"]);
    let name = Field::text("last_name", "Lovelace");
    let all = [emails, phones, types, name];
    for one in &all {
        arrives(
            Room::with_ada(),
            "contact",
            "/company/contacts/9",
            std::slice::from_ref(one),
            &[],
        );
    }
    arrives(Room::with_ada(), "contact", "/company/contacts/9", &all, &[]);
}

#[test]
fn edits_of_a_configuration() {
    let mut record = server();
    record["customFields"] = json!([
        {"id": 1, "caption": "Rack", "type": "Text", "value": "A"},
        {"id": 2, "caption": "Units", "type": "Number", "value": 4.5},
        {"id": 3, "caption": "Key", "type": "Password", "value": "hunter2"},
    ]);
    record["questions"] = json!([
        {"answerId": 1, "questionId": 1, "question": "Where?", "fieldType": "Text", "answer": "here"},
        {"answerId": 2, "questionId": 2, "question": "PIN", "fieldType": "Password", "answer": null},
    ]);
    let room = || Room::new(Psa::default().with("/company/configurations", record.clone()));
    let wanted = [
        Field::text("name", "DC-02"),
        Field::text("status", "Retired"),
        Field::reference("location", "location", "77", "Head office"),
        Field::date("purchased_at", "2026-05-01"),
        Field::text("mac_address", "00:1A:2B:3C:4D:5E"),
    ];
    let traits = [
        Supplement::new("custom_fields.Rack", "\"B\""),
        Supplement::new("custom_fields.Units", "5.25"),
        Supplement::new("questions.Where?", "\"there\""),
    ];
    let path = "/company/configurations/7";
    for one in &wanted {
        arrives(room(), "configuration", path, std::slice::from_ref(one), &[]);
    }
    for one in &traits {
        arrives(room(), "configuration", path, &[], std::slice::from_ref(one));
    }
    arrives(room(), "configuration", path, &wanted, &traits);
}

#[test]
fn new_records() {
    let table = [
        (
            "organization",
            vec![
                Field::text("name", "Acme"),
                Field::text("short_name", "ACME"),
                Field::text("website", "https://acme.example"),
            ],
        ),
        (
            "location",
            vec![
                Field::text("name", "Main"),
                Field::text("city", "Tampa"),
                Field::flag("primary", true),
            ],
        ),
        (
            "contact",
            vec![
                Field::text("first_name", "Eve"),
                Field::texts("type", ["User"]),
                Field::entries("emails", vec![entry("eve@x.example", "Email", true)]),
                Field::entries("phones", vec![entry("5550100", "Mobile", true)]),
            ],
        ),
        (
            "configuration",
            vec![
                Field::text("name", "SRV-9"),
                Field::text("type", "Server"),
                Field::date("purchased_at", "2026-05-01"),
            ],
        ),
    ];
    for (kind, wanted) in table {
        let mut room = Room::with_ada();
        let outcome = room.push_one(&edited(kind, None, &wanted, &[]));
        let mut json = json_of(applied(&outcome));
        // A real server tells the company of everything that stands under one.
        json["company"] = json!({"id": 250, "name": "Northwind"});
        let after = converted(kind, &json.to_string());
        for field in wanted {
            assert_eq!(after.get(&field.name), Some(&field.content), "{kind}");
        }
    }
}
