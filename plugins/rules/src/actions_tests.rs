//! Each action on a record, in a line or two of a file.

use dovetail_sdk::Mapping;
use dovetail_sdk::mapping::exports::{Context, Draft, Input, Outcome};
use dovetail_sdk::mapping::types::{Cause, Entry, Fault, Field, SourceRecord, Supplement, Value};
use serde_json::json;

use crate::RulesFromAFile;

fn outcome(rules: &str) -> Result<Outcome, Fault> {
    let source = SourceRecord {
        kind: "configuration".into(),
        id: "17".into(),
        version: String::new(),
        name: String::new(),
        json: json!({"name": " dc  01 ", "type": {"name": "Srv"}, "ip": "10.0.0.1; 10.0.0.2", "flag": true,
                     "number": 4.5, "gone": null, "date": "2026-11-01T00:00:00Z", "mac": "001a2b3c4d5e"})
        .to_string(),
    };
    let so_far = Draft {
        fields: vec![
            Field::text("name", "DC-01"),
            Field::flag("active", true),
            Field::reference("location", "location", "5", "Head office"),
            Field::text("notes", ""),
        ],
        traits: vec![
            Supplement::new("custom_fields.Rack position", "\"A3\""),
            Supplement::new("units", "[1,2]"),
        ],
        ..Draft::empty()
    };
    let context = Context {
        config: json!({ "rules": format!("version = 1\ncountry = \"US\"\n{rules}") }).to_string(),
        organization: Some("Northwind".into()),
    };
    RulesFromAFile::convert(context, vec![Input { source, so_far }]).remove(0)
}

fn changes(rule: &str) -> Draft {
    match outcome(&format!("[[rule]]\nkind = \"configuration\"\n{rule}")) {
        Ok(Outcome::Mapped(draft)) => draft,
        other => panic!("{rule}: {other:?}"),
    }
}

/// What a rule sets a field to; nothing where it does not mention it.
fn field(name: &str, rule: &str) -> Option<Value> {
    changes(&format!("field = \"{name}\"\n{rule}")).get(name).cloned()
}

fn text(rule: &str) -> Option<String> {
    match field("model", rule)? {
        Value::Text(text) => Some(text),
        Value::Absent => Some(String::new()),
        other => panic!("{rule}: {other:?}"),
    }
}

#[test]
fn each_origin_makes_a_text() {
    for (rule, wanted) in [
        ("constant = 'x'", "x"),
        ("constant = 7", "7"),
        (
            "template = 'HD {{ fields.name }}{{ source.gone }}{{ source.none.at.all }}'",
            "HD DC-01",
        ),
        (
            "template = '{{ source.flag }} {{ source.number }} {{ id }} {{ kind }}'",
            "true 4.5 17 configuration",
        ),
        (
            "template = '{% if source.flag %}yes{% else %}no{% endif %} {{ organization | upper }}'",
            "yes NORTHWIND",
        ),
        (
            "template = '{{ source.mac | mac }} {{ \"813 555 0100\" | phone }}'",
            "00:1A:2B:3C:4D:5E +18135550100",
        ),
        ("copy = \"traits['custom_fields.Rack position']\"", "A3"),
        ("copy = 'source.type.name'", "Srv"),
        ("copy = 'source.type.name | lower ~ id'", "srv17"),
        ("copy = 'source.gone'", ""),
        (
            "lookup = { of = 'source.type.name', table = { Srv = 'Server' } }",
            "Server",
        ),
        (
            "lookup = { of = 'source.gone', table = { Srv = 'Server' }, otherwise = 'Other' }",
            "Other",
        ),
        ("split = { of = 'source.ip', at = ';', take = 2 }", "10.0.0.2"),
        ("split = { of = 'source.ip', at = ';', take = -2 }", "10.0.0.1"),
        ("split = { of = 'source.ip', at = ';', take = 3 }", ""),
        (
            "pick = [{ when = 'source.gone', value = 'a' }, { when = 'source.flag', template = '{{ id }}' }]",
            "17",
        ),
        (
            "pick = [{ when = 'source.gone', value = 'a' }, { copy = 'id' }]",
            "17",
        ),
        (
            "copy = 'source.name'\nthen = ['collapse-space', 'upper']",
            "DC 01",
        ),
        ("copy = 'source.mac'\nthen = 'mac'", "00:1A:2B:3C:4D:5E"),
    ] {
        assert_eq!(text(rule).as_deref(), Some(wanted), "{rule}");
    }
}

#[test]
fn a_rule_may_have_nothing_to_say() {
    for rule in [
        "when = 'source.gone'\nconstant = 'x'",
        "lookup = { of = 'source.gone', table = { Srv = 'Server' } }",
        "pick = [{ when = 'source.gone', value = 'a' }]",
    ] {
        assert_eq!(text(rule), None, "{rule}");
    }
    assert_eq!(field("name", "constant = 'x'\noverwrite = 'empty'"), None);
    assert_eq!(field("active", "constant = false\noverwrite = 'empty'"), None);
    assert_eq!(
        field("notes", "constant = 'x'\noverwrite = 'empty'"),
        Some(Value::Text("x".into()))
    );
    assert_eq!(
        field("model", "constant = 'x'\noverwrite = 'empty'"),
        Some(Value::Text("x".into()))
    );
}

#[test]
fn values_take_the_shape_of_their_field() {
    assert_eq!(field("active", "copy = 'source.flag'"), Some(Value::Flag(true)));
    assert_eq!(
        field("active", "copy = \"source.type.name == 'WS'\""),
        Some(Value::Flag(false))
    );
    assert_eq!(
        field("installed_at", "copy = 'source.date'"),
        Some(Value::Date("2026-11-01".into()))
    );
    assert_eq!(
        field("installed_at", "constant = 2026-11-01"),
        Some(Value::Date("2026-11-01".into()))
    );
    let location = field("location", "copy = 'fields.location'").unwrap();
    assert_eq!(
        Field::new("location", location),
        Field::reference("location", "location", "5", "Head office")
    );
}

#[test]
fn traits_hold_any_json() {
    let traits = |rule: &str| {
        let draft = changes(&format!("trait = 'rack'\n{rule}"));
        draft
            .traits
            .into_iter()
            .map(|one| (one.name, one.json))
            .collect::<Vec<_>>()
    };
    let one = |json: &str| vec![("rack".to_owned(), json.to_owned())];
    assert_eq!(traits("copy = 'traits.units'"), one("[1,2]"));
    assert_eq!(traits("constant = { a = [1, true] }"), one("{\"a\":[1,true]}"));
    assert_eq!(traits("copy = 'source.gone'"), one("null"));
    let moved = traits("copy = \"traits['custom_fields.Rack position']\"\nmove = true");
    assert_eq!(
        moved[0],
        ("custom_fields.Rack position".to_owned(), "null".to_owned())
    );
    assert_eq!(moved[1], ("rack".to_owned(), "\"A3\"".to_owned()));
}

#[test]
fn entries_are_copied_with_steps() {
    let rules = "[[rule]]\nkind = 'contact'\nfield = 'phones'\ncopy = 'value'\nthen = ['phone']";
    let phone = |value: &str| Entry {
        value: value.into(),
        label: "Work".into(),
        primary: true,
        extension: Some("7".into()),
    };
    let input = Input {
        source: SourceRecord {
            kind: "contact".into(),
            id: "1".into(),
            version: String::new(),
            name: String::new(),
            json: "not read".into(),
        },
        so_far: Draft {
            fields: vec![Field::entries("phones", vec![phone("813-555-0100")])],
            ..Draft::empty()
        },
    };
    let context = Context {
        config: json!({ "rules": format!("version = 1\ncountry = 'US'\n{rules}") }).to_string(),
        organization: None,
    };
    let Ok(Outcome::Mapped(draft)) = RulesFromAFile::convert(context, vec![input]).remove(0) else {
        panic!("not mapped");
    };
    assert_eq!(
        draft.fields,
        [Field::entries("phones", vec![phone("+18135550100")])]
    );
}

#[test]
fn rules_see_what_the_ones_before_made() {
    let rules = "
        [[rule]]\nkind = ['configuration', 'ticket']\nfield = 'status'\nconstant = 'New'
        [[rule]]\nkind = 'configuration'\nfield = 'name'\ntemplate = '{{ value }} {{ fields.status }}'
        [[rule]]\nkind = 'configuration'\nfield = 'name'\ntemplate = '<{{ value }}>'";
    let Ok(Outcome::Mapped(draft)) = outcome(rules) else {
        panic!("not mapped")
    };
    assert_eq!(
        draft.fields,
        [Field::text("name", "<DC-01 New>"), Field::text("status", "New")]
    );
}

#[test]
fn a_record_is_left_out_with_a_reason() {
    let skipped = "[[rule]]\nkind = 'configuration'\nwhen = 'source.flag'\nskip = '{{ fields.name }} is old'";
    assert_eq!(outcome(skipped), Ok(Outcome::Skipped("DC-01 is old".into())));
    let silent = "[[rule]]\nname = 'Old'\nkind = 'configuration'\nskip = '{{ source.gone }}'";
    let reason = "rule `Old` (line 3) leaves it out";
    assert_eq!(outcome(silent), Ok(Outcome::Skipped(reason.into())));
}

#[test]
fn a_record_at_fault_names_rule_and_place() {
    let fault = |rule: &str| outcome(&format!("[[rule]]\nkind = 'configuration'\n{rule}")).unwrap_err();
    let found = fault("name = 'Dates'\nfield = 'installed_at'\ncopy = 'source.name'");
    assert_eq!(found.cause, Cause::Data("installed_at".into()));
    let words = "rule `Dates` (line 3): `installed_at` takes a date such as `2026-11-01` or `2026-11-01T09:30:00Z`, not ` dc  01 `";
    assert_eq!(found.message, words);
    let found = fault("field = 'model'\ncopy = 'source.name + 1'");
    assert!(
        found
            .message
            .starts_with("the rule in line 3: line 6, column 9: "),
        "{}",
        found.message
    );
    let loops = "{% for a in range(9) %}{% endfor %}";
    assert!(
        fault(&format!("field = 'model'\ntemplate = '{loops}'"))
            .message
            .contains("no function `range`")
    );
    let long = "{% set a = 'aaaaaaaaaaaaaaaaaaaa' * 9999 %}{{ a }}";
    let found = fault(&format!("field = 'model'\ntemplate = \"{long}\""));
    assert!(
        found.message.ends_with("it gives more than 64 KiB of text"),
        "{}",
        found.message
    );
    let long = "{% for a in 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' * 999 %}{% for b in value * 9 %}{{ b }}{% endfor %}{% endfor %}";
    let found = fault(&format!("field = 'name'\ntemplate = \"{long}\""));
    assert!(
        found.message.ends_with("it takes too many steps"),
        "{}",
        found.message
    );
}
