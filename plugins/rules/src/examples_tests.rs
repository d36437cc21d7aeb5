//! The example files: their own tests pass, and their rows say what they do.

use dovetail_sdk::mapping::exports::{Context, Direction, Policy, TableRow};
use serde_json::json;

use crate::{RulesFromAFile, run_tests};
use dovetail_sdk::Mapping as _;

const HD: &str = include_str!("../examples/hd-configurations.toml");
const TIDY: &str = include_str!("../examples/tidy-records.toml");

fn rows(file: &str) -> Vec<TableRow> {
    let context = Context {
        config: json!({ "rules": file }).to_string(),
        organization: None,
    };
    RulesFromAFile::configure(context).unwrap()
}

#[test]
fn their_tests_pass() {
    for file in [HD, TIDY] {
        assert_eq!(run_tests(file), Ok(vec![]));
    }
}

#[test]
fn their_rows_say_what_they_do() {
    let shown = |row: TableRow| {
        let way = if row.flow == Direction::Both { "<->" } else { "<-" };
        let mark = if row.identifies { " !" } else { "" };
        format!("{} {} {way} {}{mark}", row.kind, row.name, row.path)
    };
    let hd: Vec<String> = rows(HD).into_iter().map(shown).collect();
    assert_eq!(
        hd,
        [
            "configuration asset_tag <- traits.custom_fields.Rack position",
            "configuration name <- HD {{ value }} !",
            "configuration traits.custom_fields.Owner <- moved",
            "configuration traits.owner <- traits.custom_fields.Owner",
        ]
    );
    let tidy: Vec<String> = rows(TIDY).into_iter().map(shown).collect();
    assert_eq!(
        tidy,
        [
            "organization phone <- value",
            "location phone <- value",
            "contact phones <- value",
            "configuration mac_address <- macAddress !",
            "configuration primary_ip <- ipAddress",
            "configuration traits.importance <- \"critical\" or \"high\" or \"normal\"",
            "configuration type <-> type/name !",
        ]
    );
}

#[test]
fn a_row_has_one_line() {
    let file = r#"
version = 1
[[rule]]
kind = "configuration"
field = "model"
template = """
{{ source.a }}
	{{ source.b }}"""
[[rule]]
kind = "configuration"
field = "notes"
copy = """
source.a
  ~ source.b"""
[[rule]]
kind = "configuration"
field = "status"
copy = "source['a\nb']"
[[rule]]
kind = "configuration"
trait = "long"
template = "LONG"
"#
    .replace("LONG", &"ä ".repeat(3_000));
    let paths: Vec<String> = rows(&file).into_iter().map(|row| row.path).collect();
    let long = format!("{}…", "ä ".repeat(50));
    assert_eq!(
        paths,
        [
            "{{ source.a }} {{ source.b }}",
            "source.a ~ source.b",
            "a b",
            &long
        ]
    );
}

#[test]
fn a_rule_says_who_wins() {
    let file = r#"
version = 1
[[rule]]
kind = "configuration"
field = "model"
copy = "source.a"
direction = "both"
policy = "from-local"
[[rule]]
kind = "configuration"
field = "notes"
when = "source.x"
constant = "x"
[[rule]]
kind = "configuration"
field = "notes"
copy = "traits.y"
move = true
policy = "fill-empty"
"#;
    let policies: Vec<_> = rows(file).into_iter().map(|row| (row.name, row.policy)).collect();
    let expected = [
        ("model", Some(Policy::FromLocal)),
        ("notes", Some(Policy::FillEmpty)),
        ("traits.y", None),
    ];
    assert_eq!(policies, expected.map(|(name, policy)| (name.to_owned(), policy)));
}
