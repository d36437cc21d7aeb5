//! A mapping that misbehaves on purpose. What it does with a record stands in the record's JSON, `{"do":"WORD"}`, what it
//! does when it is configured in its configuration; where nothing of the kind is said it does its work. What `describe`
//! cannot be told, for it is given nothing, is done by modules written by hand in the runtime's own tests.

#![allow(clippy::panic, reason = "that is what it is for")]

mod deeds;

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use dovetail_sdk::mapping::exports::{
    Context, Description, Direction, Draft, Edit, Input, Outcome, Patch, Policy, TableRow,
};
use dovetail_sdk::mapping::log::{self, Level};
use dovetail_sdk::mapping::types::{Cause, Fault, Field, SourceRecord, Supplement, Value};

use crate::deeds::{HUGE, deeper};

struct Hostile;

/// Calls of this instance.
static CALLS: AtomicU32 = AtomicU32::new(0);

impl dovetail_sdk::Mapping for Hostile {
    fn describe() -> Description {
        Description {
            name: "hostile".to_owned(),
            title: "Hostile".to_owned(),
            version: "1.0.0".to_owned(),
            connectors: vec![],
            overlay: false,
            table: vec![],
            config_schema: String::new(),
        }
    }

    fn configure(context: Context) -> Result<Vec<TableRow>, Fault> {
        let row = |name: &str| TableRow {
            kind: "configuration".to_owned(),
            name: name.to_owned(),
            path: name.to_owned(),
            flow: Direction::Inward,
            policy: None,
            identifies: false,
        };
        let deed = told(&context.config);
        perform(&deed);
        match deed.as_str() {
            "huge" => Err(huge()),
            "too-many" => Ok((0..2_001).map(|_| row("name")).collect()),
            "panic" => panic!("no sense in \u{1b}[31mit"),
            "unknown-field" => Ok(vec![row("serial")]),
            "duplicate-field" => Ok(vec![row("name"), row("name")]),
            "inward-that-sends" => Ok(vec![TableRow {
                policy: Some(Policy::FromLocal),
                ..row("name")
            }]),
            "fault" => Err(Fault {
                cause: Cause::InvalidConfig("do".to_owned()),
                message: format!("\u{7}line 1{}", "!".repeat(10_000)),
            }),
            _ => Ok(vec![row("name")]),
        }
    }

    fn convert(_: Context, records: Vec<Input>) -> Vec<Result<Outcome, Fault>> {
        CALLS.fetch_add(1, Relaxed);
        let whole: Vec<String> = records.iter().map(|input| deed(&input.source)).collect();
        let mut answers: Vec<_> = records.into_iter().map(|input| one(&input.source)).collect();
        if whole.iter().any(|deed| deed == "one-too-few") {
            answers.pop();
        }
        if whole.iter().any(|deed| deed == "one-too-many") {
            answers.push(Ok(Outcome::Skipped("nobody asked".to_owned())));
        }
        answers
    }

    fn to_source(_: Context, edits: Vec<Edit>) -> Vec<Result<Patch, Fault>> {
        let patch = |edit: Edit| {
            let deed = edit.source.as_ref().map(deed).unwrap_or_default();
            perform(&deed);
            if deed == "huge" {
                return Err(huge());
            }
            if deed == "panic" {
                panic!("no way back");
            }
            let refused = if deed == "too-many" { 1_001 } else { 0 };
            Ok(Patch {
                json: match deed.as_str() {
                    "no-object" => "[1]".to_owned(),
                    _ => "{\"name\":\"back\"}".to_owned(),
                },
                refused: vec!["name".to_owned(); refused],
            })
        };
        let short = edits.iter().any(|edit| {
            edit.source
                .as_ref()
                .is_some_and(|source| deed(source) == "one-too-few")
        });
        let mut answers: Vec<_> = edits.into_iter().map(patch).collect();
        if short {
            answers.pop();
        }
        answers
    }
}

dovetail_sdk::export_mapping!(Hostile);

fn deed(source: &SourceRecord) -> String {
    told(&source.json)
}

/// The word after `"do":` in some JSON.
fn told(json: &str) -> String {
    let told = json
        .split("\"do\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    told.unwrap_or_default().to_owned()
}

fn perform(deed: &str) {
    deeds::perform(deed, |line| log::write(Level::Info, line));
}

fn huge() -> Fault {
    Fault {
        cause: Cause::Bug,
        message: "x".repeat(HUGE),
    }
}

fn one(source: &SourceRecord) -> Result<Outcome, Fault> {
    let name = text("name", &source.name);
    let deed = deed(source);
    perform(&deed);
    match deed.as_str() {
        "huge" => Err(huge()),
        "too-many" => fields(vec![name; 200]),
        "bounded-recursion" => fields(vec![text("notes", &deeper(1, 3_000).to_string())]),
        "count" => fields(vec![text("name", &CALLS.load(Relaxed).to_string())]),
        "oversized" => traits(vec![("big".to_owned(), "x".repeat(64 * 1024 * 1024))]),
        "panic" => panic!("cannot read \u{1b}[31m{}", source.id),
        "log-and-panic" => {
            log::write(Level::Info, "looking at the rack");
            fields(vec![text("notes", &rack_of(source))])
        }
        "fault" => Err(Fault {
            cause: Cause::Data("name".to_owned()),
            message: format!("\u{7}the name is missing{}", "!".repeat(10_000)),
        }),
        "skip" => Ok(Outcome::Skipped("a spare part".to_owned())),
        "unknown-field" => fields(vec![text("serial", "1")]),
        "duplicate-field" => fields(vec![name.clone(), name]),
        "invalid-date" => fields(vec![Field {
            name: "installed_at".to_owned(),
            content: Value::Date("2026-02-30".to_owned()),
        }]),
        "wrong-shape" => fields(vec![text("active", "yes")]),
        "long-text" => fields(vec![text("notes", &"x".repeat(64 * 1024 + 1))]),
        "nul" => fields(vec![text("notes", "a\0b")]),
        "many-texts" => fields(vec![Field {
            name: "type".to_owned(),
            content: Value::Texts(vec!["x".to_owned(); 201]),
        }]),
        "broken-trait" => traits(vec![("rack".to_owned(), "{\"unit\":".to_owned())]),
        "deep-trait" => traits(vec![(
            "rack".to_owned(),
            format!("{}1{}", "[".repeat(9), "]".repeat(9)),
        )]),
        _ => fields(vec![name]),
    }
}

fn text(name: &str, content: &str) -> Field {
    Field {
        name: name.to_owned(),
        content: Value::Text(content.to_owned()),
    }
}

fn fields(fields: Vec<Field>) -> Result<Outcome, Fault> {
    Ok(Outcome::Mapped(Draft {
        organization: None,
        fields,
        traits: vec![],
    }))
}

fn traits(traits: Vec<(String, String)>) -> Result<Outcome, Fault> {
    let traits = traits
        .into_iter()
        .map(|(name, json)| Supplement { name, json })
        .collect();
    Ok(Outcome::Mapped(Draft {
        organization: None,
        fields: vec![],
        traits,
    }))
}

/// Has a frame of its own, so that a trap names it.
#[inline(never)]
fn rack_of(source: &SourceRecord) -> String {
    log::write(Level::Warn, "the rack has no unit");
    assert!(source.json.is_empty(), "no rack in {}", source.name);
    std::hint::black_box(source.id.clone())
}
