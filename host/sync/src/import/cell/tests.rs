use serde_json::json;

use super::*;

fn said(shape: Shape, text: &str) -> Value {
    match from_text(shape, text).unwrap() {
        Some(Said::Value(value)) => value,
        other => panic!("{text}: {other:?}"),
    }
}

fn entry(value: &str, label: &str, primary: bool, extension: Option<&str>) -> Entry {
    Entry {
        value: value.to_owned(),
        label: label.to_owned(),
        primary,
        extension: extension.map(str::to_owned),
    }
}

#[test]
fn cells_are_read_by_the_shape_of_their_field() {
    assert_eq!(said(Shape::Text, "  a b "), Value::text("a b"));
    for (text, flag) in [
        ("true", true),
        ("YES", true),
        ("1", true),
        ("False", false),
        ("no", false),
        ("0", false),
    ] {
        assert_eq!(said(Shape::Flag, text), Value::Flag(flag), "{text}");
    }
    assert_eq!(said(Shape::Date, "2026-02-28").to_string(), "2026-02-28");
    assert_eq!(
        said(Shape::Date, "2026-02-28T10:00:00+01:00").to_string(),
        "2026-02-28T09:00:00Z"
    );
    assert_eq!(
        said(Shape::Texts, "Client; Prospect;;Client"),
        Value::texts(["Client".to_owned(), "Prospect".to_owned()])
    );
    assert_eq!(
        said(Shape::Entries, "a@x.example; Work = b@x.example"),
        Value::entries(vec![
            entry("a@x.example", "", true, None),
            entry("b@x.example", "Work", false, None)
        ])
    );
    let link = from_text(Shape::Reference, " 7 ").unwrap();
    assert_eq!(link, Some(Said::Link(Pointer::Either("7".to_owned()))));
    for shape in [
        Shape::Text,
        Shape::Flag,
        Shape::Date,
        Shape::Texts,
        Shape::Entries,
        Shape::Reference,
    ] {
        assert_eq!(from_text(shape, "  "), Ok(None), "an empty cell says nothing");
    }
}

#[test]
fn refusals_of_cells() {
    let long = "x".repeat(70_000);
    for (shape, text, what, expected) in [
        (
            Shape::Flag,
            "maybe",
            "`maybe` is neither yes nor no",
            "true, false, yes, no, 1 or 0",
        ),
        (
            Shape::Date,
            "28.02.2026",
            "`28.02.2026` is no date",
            "YYYY-MM-DD, or a time as 2026-11-01T09:30:00Z",
        ),
        (
            Shape::Date,
            "2026-02-30",
            "`2026-02-30` is no date",
            "YYYY-MM-DD, or a time as 2026-11-01T09:30:00Z",
        ),
        (
            Shape::Text,
            &long,
            "a text of 70000 bytes; 65536 are allowed",
            "less than that",
        ),
        (
            Shape::Text,
            "a\0b",
            "a text with a NUL character",
            "less than that",
        ),
        (
            Shape::Entries,
            "Work=",
            "`Work=` has a label and no value",
            "VALUE or LABEL=VALUE",
        ),
        (
            Shape::Reference,
            long.get(..1_001).unwrap(),
            "a text of 1001 bytes; 1000 are allowed",
            "less than that",
        ),
    ] {
        let wrong = from_text(shape, text).unwrap_err();
        assert_eq!((wrong.what.as_str(), wrong.expected.as_str()), (what, expected));
    }
}

#[test]
fn json_is_read_as_it_is_listed() {
    let value = |shape, json: Json| match from_json(shape, &json).unwrap() {
        Said::Value(value) => value,
        Said::Link(link) => panic!("{json}: {link:?}"),
    };
    assert_eq!(value(Shape::Text, json!(" a ")), Value::text(" a "));
    assert_eq!(value(Shape::Text, json!(1234)), Value::text("1234"));
    assert_eq!(value(Shape::Flag, json!(false)), Value::Flag(false));
    assert_eq!(value(Shape::Flag, json!("yes")), Value::Flag(true));
    assert_eq!(value(Shape::Flag, json!(0)), Value::Flag(false));
    assert_eq!(value(Shape::Date, json!("2026-02-28")).to_string(), "2026-02-28");
    assert_eq!(
        value(Shape::Texts, json!(["b", "a;c"])),
        Value::texts(["a;c".to_owned(), "b".to_owned()])
    );
    let entries = json!([{"value": "1", "label": "Direct", "primary": true, "extension": "22"}, "2"]);
    assert_eq!(
        value(Shape::Entries, entries),
        Value::entries(vec![
            entry("1", "Direct", true, Some("22")),
            entry("2", "", false, None)
        ])
    );
    for shape in [
        Shape::Text,
        Shape::Flag,
        Shape::Date,
        Shape::Texts,
        Shape::Entries,
        Shape::Reference,
    ] {
        assert_eq!(value(shape, Json::Null), Value::Absent);
        assert_eq!(value(shape, json!("")), Value::Absent);
    }
    let link = |json| match from_json(Shape::Reference, &json).unwrap() {
        Said::Link(link) => link,
        Said::Value(value) => panic!("{value}"),
    };
    let listed = |id: Option<u64>, name: &str| Pointer::Listed {
        id: id.map(AssetId),
        name: name.to_owned(),
    };
    assert_eq!(link(json!({"id": "7", "name": "Main"})), listed(Some(7), "Main"));
    assert_eq!(link(json!({"id": null, "name": "Main"})), listed(None, "Main"));
    assert_eq!(link(json!({"id": 7})), Pointer::Either("7".to_owned()));
    assert_eq!(link(json!("Main")), Pointer::Either("Main".to_owned()));
    assert_eq!(link(json!(7)), Pointer::Either("7".to_owned()));
}

#[test]
fn refusals_of_json() {
    let entry_form = "a list of {\"value\", \"label\", \"primary\", \"extension\"}";
    let link_form = "an id, a name, or {\"id\", \"name\"}";
    for (shape, json, what, expected) in [
        (Shape::Text, json!(["a"]), "`[\"a\"]` does not fit", "a text"),
        (Shape::Text, json!(true), "`true` does not fit", "a text"),
        (Shape::Flag, json!([]), "`[]` does not fit", "true or false"),
        (
            Shape::Flag,
            json!(2),
            "`2` is neither yes nor no",
            "true, false, yes, no, 1 or 0",
        ),
        (
            Shape::Date,
            json!(2026),
            "`2026` does not fit",
            "a text: YYYY-MM-DD, or a time as 2026-11-01T09:30:00Z",
        ),
        (Shape::Texts, json!([1]), "`[1]` does not fit", "a list of texts"),
        (
            Shape::Entries,
            json!([{"value": 1}]),
            "`{\"value\":1}` does not fit",
            entry_form,
        ),
        (
            Shape::Entries,
            json!([{"label": "x"}]),
            "`{\"label\":\"x\"}` does not fit",
            entry_form,
        ),
        (
            Shape::Entries,
            json!([{"value": "x", "kind": "y"}]),
            "`{\"kind\":\"y\",\"value\":\"x\"}` does not fit",
            entry_form,
        ),
        (
            Shape::Entries,
            json!([{"value": "x", "primary": true}, {"value": "y", "primary": true}]),
            "several entries are the primary one",
            "less than that",
        ),
        (Shape::Reference, json!({}), "`{}` does not fit", link_form),
        (
            Shape::Reference,
            json!({"id": "x"}),
            "`{\"id\":\"x\"}` does not fit",
            link_form,
        ),
        (Shape::Reference, json!([7]), "`[7]` does not fit", link_form),
    ] {
        let wrong = from_json(shape, &json).unwrap_err();
        assert_eq!(
            (wrong.what.as_str(), wrong.expected.as_str()),
            (what, expected),
            "{json}"
        );
    }
}
