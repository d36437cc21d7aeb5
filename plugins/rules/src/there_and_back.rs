//! What goes both ways leads back: an edit brought back to the PSA's record is what the rules make of that record from
//! then on, and nothing else of it changes.

use dovetail_sdk::mapping::exports::{Draft, Edit, Input, Outcome};
use dovetail_sdk::mapping::types::{Field, SourceRecord, Supplement, Value};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value as Json, json};

use crate::rule::RuleBook;

/// Every way a rule can go both ways.
const RULES: &str = r#"
version = 1

[[rule]]
kind = "configuration"
field = "notes"
copy = "source.notes"
direction = "both"

[[rule]]
kind = "configuration"
field = "status"
copy = "source.status.name"
direction = "both"

[[rule]]
kind = "configuration"
field = "active"
copy = "source.activeFlag"
direction = "both"

[[rule]]
kind = "configuration"
field = "purchased_at"
copy = "source['purchase date'].at"
direction = "both"

[[rule]]
kind = "configuration"
field = "type"
lookup = { of = "source.type.name", table = { Srv = "Server", WS = "Workstation", 7 = "Printer" } }
direction = "both"

[[rule]]
kind = "configuration"
field = "name"
template = "HD {{ source.name }}!"
direction = "both"

[[rule]]
kind = "configuration"
when = "source.company.id == 7"
trait = "rack"
copy = "source.place.rack"
direction = "both"
"#;

fn record(json: &Json) -> SourceRecord {
    SourceRecord {
        kind: "configuration".into(),
        id: "1".into(),
        version: String::new(),
        name: String::new(),
        json: json.to_string(),
    }
}

fn convert(book: &RuleBook, json: &Json) -> Draft {
    let input = Input {
        source: record(json),
        so_far: Draft::empty(),
    };
    match book.convert(&input, None) {
        Ok(Outcome::Mapped(draft)) => draft,
        other => panic!("{json}: {other:?}"),
    }
}

fn laid_over(json: &Json, patch: &str) -> Json {
    let mut laid = json.as_object().unwrap().clone();
    laid.extend(serde_json::from_str::<Map<String, Json>>(patch).unwrap());
    Json::Object(laid)
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[A-Za-zäß漢{}%'\" ]{1,12}", 2 => "[0-9.e-]{1,6}", 1 => select(vec!["true".to_owned(), "null".to_owned()])]
}

/// A property as a PSA has it: missing, null, a text, a number, a flag.
fn loose() -> impl Strategy<Value = Option<Json>> {
    of(prop_oneof![
        4 => words().prop_map(Json::from),
        1 => any::<i32>().prop_map(Json::from),
        1 => any::<i32>().prop_map(|cents| Json::from(f64::from(cents) / 100.0)),
        1 => any::<bool>().prop_map(Json::from),
        1 => Just(Json::Null),
    ])
}

fn object(named: Vec<(&str, Option<Json>)>) -> Json {
    named
        .into_iter()
        .filter_map(|(name, json)| Some((name.to_owned(), json?)))
        .collect::<Map<_, _>>()
        .into()
}

fn records() -> impl Strategy<Value = Json> {
    let date = of(select(vec![
        json!("2026-11-01"),
        json!("2026-11-01T00:00:00Z"),
        json!("2020-02-29T10:00:00Z"),
        Json::Null,
    ]));
    let flag = of(select(vec![json!(true), json!("false"), json!(1), Json::Null]));
    let kind = of(select(vec![
        json!("Srv"),
        json!("WS"),
        json!(7),
        json!("Else"),
        Json::Null,
    ]));
    (
        loose(),
        loose(),
        loose(),
        loose(),
        date,
        flag,
        kind,
        (of(1..9u32), of(1..9u32), 6..8u32),
    )
        .prop_map(
            |(notes, status, name, rack, date, flag, kind, (status_id, kind_id, company))| {
                let id = |id: Option<u32>| id.map(Json::from);
                object(vec![
                    ("notes", notes),
                    (
                        "status",
                        Some(object(vec![
                            ("id", id(status_id)),
                            ("name", status),
                            ("_info", Some(json!({}))),
                        ])),
                    ),
                    ("name", name),
                    (
                        "place",
                        Some(object(vec![
                            ("id", id(kind_id)),
                            ("rack", rack),
                            ("room", Some(json!("R"))),
                        ])),
                    ),
                    ("purchase date", Some(object(vec![("at", date)]))),
                    ("activeFlag", flag),
                    ("type", Some(object(vec![("id", id(kind_id)), ("name", kind)]))),
                    ("company", Some(json!({"id": company}))),
                    ("other", Some(json!([1, {"a": null}]))),
                ])
            },
        )
}

fn text() -> impl Strategy<Value = Value> {
    prop_oneof![5 => words().prop_map(Value::Text), 1 => Just(Value::Absent)]
}

/// Edits of some of the fields, in values that the rules can make.
fn edits() -> impl Strategy<Value = (Vec<Field>, Option<Json>)> {
    let dates = vec![
        Value::Date("2026-11-01".into()),
        Value::Date("2026-11-01T09:30:00Z".into()),
        Value::Absent,
    ];
    let kinds = ["Server", "Workstation", "Printer"]
        .map(|name| Value::Text(name.into()))
        .to_vec();
    let flags = vec![Value::Flag(true), Value::Flag(false), Value::Absent];
    let name = prop_oneof![5 => words(), 1 => Just(String::new())]
        .prop_map(|name| Value::Text(format!("HD {name}!")));
    let fields = (
        of(text()),
        of(text()),
        of(select(flags)),
        of(select(dates)),
        of(select(kinds)),
        of(name),
    );
    let fields = fields.prop_map(|(notes, status, active, purchased, kind, name)| {
        let named = [
            ("notes", notes),
            ("status", status),
            ("active", active),
            ("purchased_at", purchased),
            ("type", kind),
            ("name", name),
        ];
        named
            .into_iter()
            .filter_map(|(name, value)| Some(Field::new(name, value?)))
            .collect()
    });
    (fields, loose())
}

fn law<S: Strategy>(strategy: S, law: impl Fn(S::Value)) {
    let config = Config {
        cases: 500,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&strategy, |value| {
        law(value);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn what_is_brought_back_stays_and_leaves_the_rest_alone() {
    let book = RuleBook::read(RULES).unwrap();
    law((records(), edits()), |(json, (wanted, rack))| {
        let before = convert(&book, &json);
        let applies = json["company"]["id"] == 7;
        let traits: Vec<Supplement> = rack
            .iter()
            .map(|rack| Supplement::new("rack", rack.to_string()))
            .collect();
        let edit = Edit {
            kind: "configuration".into(),
            source: Some(record(&json)),
            wanted: wanted.clone(),
            traits: traits.clone(),
        };
        let patch = book.bring_back(&edit, None).unwrap();
        assert_eq!(patch.refused, Vec::<String>::new());
        let laid = laid_over(&json, &patch.json);
        let after = convert(&book, &laid);
        for field in &wanted {
            assert_eq!(
                after.get(&field.name),
                Some(&field.content),
                "{}: {}",
                field.name,
                patch.json
            );
        }
        let edited = |name: &str| wanted.iter().any(|field| field.name == name);
        for field in before.fields.iter().filter(|field| !edited(&field.name)) {
            assert_eq!(
                after.get(&field.name),
                Some(&field.content),
                "{}: {}",
                field.name,
                patch.json
            );
        }
        match traits.first() {
            Some(rack) if applies => assert_eq!(after.supplement("rack"), Some(rack.json.as_str())),
            _ => assert_eq!(after.supplement("rack"), before.supplement("rack")),
        }
        assert_eq!(laid["other"], json["other"]);
    });
}

#[test]
fn a_record_that_the_psa_does_not_have_yet_is_made() {
    let book = RuleBook::read(RULES).unwrap();
    law(edits(), |(wanted, _)| {
        let edit = Edit {
            kind: "configuration".into(),
            source: None,
            wanted: wanted.clone(),
            traits: vec![Supplement::new("rack", "\"A\"")],
        };
        let patch = book.bring_back(&edit, None).unwrap();
        assert_eq!(patch.refused, ["traits.rack"], "its condition is not known yet");
        let after = convert(&book, &laid_over(&json!({}), &patch.json));
        for field in &wanted {
            assert_eq!(
                after.get(&field.name),
                Some(&field.content),
                "{}: {}",
                field.name,
                patch.json
            );
        }
    });
}

fn patched(source: Json, wanted: Vec<Field>) -> Result<(Json, Vec<String>), String> {
    let book = RuleBook::read(RULES).unwrap();
    let edit = Edit {
        kind: "configuration".into(),
        source: Some(record(&source)),
        wanted,
        traits: vec![],
    };
    let patch = book.bring_back(&edit, None).map_err(|fault| fault.message)?;
    Ok((serde_json::from_str(&patch.json).unwrap(), patch.refused))
}

#[test]
fn a_patch_holds_what_changes_and_no_more() {
    let source = json!({"status": {"id": 4, "name": "Active", "_info": {}}, "type": {"id": 1, "name": "Srv"},
                        "notes": 41, "purchase date": {"at": "2020-01-01", "by": "Ada"}});
    let wanted = vec![
        Field::text("status", "Active"),
        Field::text("type", "Workstation"),
        Field::text("notes", "42"),
        Field::date("purchased_at", "2026-11-01"),
        Field::text("asset_tag", "not ours"),
    ];
    let (patch, refused) = patched(source, wanted).unwrap();
    assert_eq!(
        patch,
        json!({"status": {"id": 4, "name": "Active", "_info": {}}, "type": {"name": "WS"}, "notes": 42,
               "purchase date": {"at": "2026-11-01", "by": "Ada"}})
    );
    assert!(refused.is_empty());
}

#[test]
fn what_a_rule_could_not_have_made_is_told() {
    for (field, words) in [
        (
            Field::text("type", "Switch"),
            "the rule in line 28: `Switch` cannot be brought back; it takes `Printer`, `Server`, `Workstation`",
        ),
        (
            Field::text("name", "DC-01"),
            "the rule in line 34: `DC-01` cannot be brought back; it has to be like `HD …!`",
        ),
        (
            Field::absent("name"),
            "the rule in line 34: nothing cannot be brought back; it has to be like `HD …!`",
        ),
    ] {
        assert_eq!(patched(json!({}), vec![field]).unwrap_err(), words);
    }
}

#[test]
fn what_goes_inward_is_refused_where_its_rule_applies() {
    let file = r#"
version = 1
[[rule]]
kind = "configuration"
when = "source.type.name == 'Srv'"
field = "name"
template = "HD {{ value }}"
[[rule]]
kind = "configuration"
when = "fields.notes"
field = "asset_tag"
constant = "T"
[[rule]]
kind = "configuration"
trait = "a"
copy = "traits.b"
move = true
"#;
    let book = RuleBook::read(file).unwrap();
    for (kind, wanted) in [
        ("Srv", vec!["name", "asset_tag", "traits.a", "traits.b"]),
        ("WS", vec!["asset_tag", "traits.a", "traits.b"]),
    ] {
        let edit = Edit {
            kind: "configuration".into(),
            source: Some(record(&json!({"type": {"name": kind}}))),
            wanted: vec![
                Field::text("name", "X"),
                Field::text("asset_tag", "Y"),
                Field::text("notes", "Z"),
            ],
            traits: ["a", "b", "c"].map(|name| Supplement::new(name, "1")).to_vec(),
        };
        let patch = book.bring_back(&edit, None).unwrap();
        assert_eq!(
            (patch.json.as_str(), patch.refused),
            ("{}", wanted.into_iter().map(str::to_owned).collect())
        );
    }
}
