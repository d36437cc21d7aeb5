//! `docs/promises.toml`: everything that is promised has a test, or stands among what is unheld with the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dovetail_domain::{Code, Kind};
use e2e::root;
use toml::{Table, Value};

use crate::documents::{command_lines, every_command};

mod held;
mod planted;

/// What a promise can be about.
const KINDS: [&str; 9] = [
    "seed",
    "itglue_row",
    "quirk",
    "limit",
    "error_code",
    "command",
    "contract",
    "trust",
    "hostile",
];
/// The test that runs the documents' command lines.
const OF_THE_DOCUMENTS: &str = "documents.rs::every_command_line_of_the_documents_runs";
/// Steps of the setup guide.
const SEED_STEPS: usize = 27;
/// Quirks of the ConnectWise API that clients broke on.
const QUIRKS: usize = 16;

/// The ids that have to be there.
fn wanted() -> BTreeSet<String> {
    let mut wanted: BTreeSet<String> = (1..=SEED_STEPS)
        .map(|step| format!("seed_step_{step:02}"))
        .collect();
    wanted.extend((1..=QUIRKS).map(|quirk| format!("quirk_{quirk:02}")));
    wanted.extend(
        Code::TABLE
            .iter()
            .map(|(code, ..)| format!("code_{}", code.replace('-', "_"))),
    );
    for kind in Kind::ALL {
        wanted.extend(
            kind.fields()
                .iter()
                .map(|(field, _)| format!("itglue_row_{kind}_{field}")),
        );
    }
    wanted.extend(
        every_command()
            .iter()
            .map(|words| format!("command_{}", words.join("_").replace('-', "_"))),
    );
    wanted.extend(limits("limit_plugin", "host/runtime/src/limits.rs"));
    wanted.extend(limits("limit_gate", "host/gate/src/limits.rs"));
    wanted.extend(hostile_cases());
    wanted
}

/// The cases of misbehaviour, as the table beside their tests names them.
fn hostile_cases() -> Vec<String> {
    let text = read(&root().join("host/runtime/tests/hostile/cases.rs"));
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `hostile_"));
    let names: Vec<String> = rows
        .filter_map(|row| row.split_once('`'))
        .map(|(name, _)| format!("hostile_{name}"))
        .collect();
    assert!(names.len() > 50, "the table is read wrongly: {names:?}");
    names
}

/// The limits of a file: its constants and the members of its tables.
fn limits(prefix: &str, file: &str) -> Vec<String> {
    let text = read(&root().join(file));
    let names = text.lines().filter_map(|line| {
        let line = line.trim_start();
        let constant = line
            .strip_prefix("pub const ")
            .filter(|_| !line.contains(": Limits ="));
        let member = line
            .strip_prefix("pub ")
            .filter(|_| line.ends_with(',') && !line.contains("GuestLimits"));
        constant
            .or(member)?
            .split_once(':')
            .map(|(name, _)| name.to_lowercase())
    });
    // A tick is the unit time is counted in and bounds nothing.
    let names: Vec<String> = names
        .filter(|name| name != "tick")
        .map(|name| format!("{prefix}_{name}"))
        .collect();
    assert!(names.len() > 5, "{file} is read wrongly: {names:?}");
    names
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file of the workspace can be read")
}

/// Whether a file holds a test of that name: a function under a test attribute, or a row of a table of tests.
fn holds(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let function = [format!("fn {name}("), format!("async fn {name}(")];
    lines.iter().enumerate().any(|(place, line)| {
        let above = lines
            .iter()
            .take(place)
            .rev()
            .take_while(|line| line.starts_with('#') || line.starts_with("//"));
        let is_test = || {
            above
                .clone()
                .any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
        };
        let is_row = || line.starts_with(&format!("{name}: \"")) && text.contains("macro_rules! rows");
        function.iter().any(|function| line.starts_with(function)) && is_test() || is_row()
    })
}

fn entries<'a>(document: &'a Table, list: &str) -> Vec<&'a Table> {
    let list = document.get(list).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_table).collect()
}

fn word<'a>(entry: &'a Table, key: &str) -> &'a str {
    entry.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// What is wrong with a list of promises, where files are read by `file`.
fn complaints(
    document: &Table,
    wanted: &BTreeSet<String>,
    file: &dyn Fn(&str) -> Option<String>,
) -> Vec<String> {
    let (mut found, mut known) = (Vec::new(), BTreeMap::new());
    for list in ["promise", "unheld"] {
        for entry in entries(document, list) {
            let id = word(entry, "id");
            if known.insert(id, list).is_some() {
                found.push(format!("`{id}` stands twice"));
            }
            if id.is_empty() || !KINDS.contains(&word(entry, "kind")) {
                found.push(format!(
                    "`{id}` has no id or a kind that is none: `{}`",
                    word(entry, "kind")
                ));
            }
            let told = word(entry, if list == "promise" { "says" } else { "why" });
            if told.len() < 20 || !told.ends_with('.') {
                found.push(format!("`{id}` says too little: `{told}`"));
            }
        }
    }
    for entry in entries(document, "promise") {
        let (id, test) = (word(entry, "id"), word(entry, "test"));
        let (path, name) = test.split_once("::").unwrap_or_default();
        match file(path) {
            Some(text) if holds(&text, name) => {}
            Some(_) => found.push(format!("`{id}`: there is no test `{name}` in {path}")),
            None => found.push(format!("`{id}`: there is no file `{path}`")),
        }
    }
    found.extend(
        wanted
            .iter()
            .filter(|id| !known.contains_key(id.as_str()))
            .map(|id| format!("`{id}` is missing")),
    );
    found
}

fn document() -> Table {
    read(&root().join("docs/promises.toml"))
        .parse()
        .expect("docs/promises.toml is TOML")
}

#[test]
fn every_promise_has_its_test() {
    let document = document();
    let file = |path: &str| std::fs::read_to_string(root().join(path)).ok();
    let complaints = complaints(&document, &wanted(), &file);
    assert!(
        complaints.is_empty(),
        "{} complaints:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
    // The test of the documents holds a command only where a document has it.
    let lines = command_lines();
    for entry in entries(&document, "promise")
        .iter()
        .filter(|entry| word(entry, "test").ends_with(OF_THE_DOCUMENTS))
    {
        let words = word(entry, "id").trim_start_matches("command_").replace('_', " ");
        let begins = format!("dovetail {words}");
        assert!(
            lines.iter().any(|line| line.starts_with(&begins)),
            "no document has a line `{begins}`"
        );
    }
    let (held, unheld) = (entries(&document, "promise").len(), entries(&document, "unheld"));
    println!("{held} promises are held by a test, {} are not:", unheld.len());
    for entry in unheld {
        println!("  {}: {}", word(entry, "id"), word(entry, "why"));
    }
}

/// Every test of the workspace's own code, by name.
fn tests_below(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the workspace can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("target") {
            tests_below(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = read(&path);
            let names = text.lines().filter_map(|line| {
                let line = line.trim_start().trim_start_matches("async ");
                let function = line.strip_prefix("fn ").and_then(|rest| rest.split_once('('));
                function
                    .or_else(|| line.split_once(": \""))
                    .map(|(name, _)| name.to_owned())
            });
            found.extend(names);
        }
    }
}

#[test]
fn what_is_unheld_has_no_test() {
    let mut tests = BTreeSet::new();
    for folder in ["host", "plugins", "tests"] {
        tests_below(&root().join(folder), &mut tests);
    }
    for entry in entries(&document(), "unheld") {
        let id = word(entry, "id");
        assert!(
            !tests.contains(id),
            "there is a test called `{id}`: it holds the promise"
        );
        assert!(!entry.contains_key("test"), "`{id}` names a test and is unheld");
    }
}

/// The checker itself notices what is wrong.
#[test]
fn a_promise_that_is_broken_is_noticed() {
    let good = r#"
        [[promise]]
        id = "quirk_01"
        kind = "quirk"
        says = "A page is never taken for the whole."
        test = "a.rs::works"
        [[unheld]]
        id = "quirk_02"
        kind = "quirk"
        why = "There is nothing here that could hold it."
    "#;
    let file = |path: &str| {
        (path == "a.rs").then(|| "#[test]\nfn works() {}\nfn helps() {}\n// fn gone()\n".to_owned())
    };
    let wanted: BTreeSet<String> = ["quirk_01", "quirk_02"].map(str::to_owned).into();
    let told = |text: &str| complaints(&text.parse().expect("TOML"), &wanted, &file).join("; ");
    assert_eq!(told(good), "");
    for (from, to, complaint) in [
        ("::works", "::gone", "no test `gone`"),
        ("::works", "::helps", "no test `helps`"),
        ("::works", "::work", "no test `work`"),
        ("a.rs::", "b.rs::", "no file `b.rs`"),
        ("quirk_01", "quirk_03", "`quirk_01` is missing"),
        ("quirk_02", "quirk_01", "`quirk_01` stands twice"),
        ("\"quirk\"", "\"whim\"", "a kind that is none"),
        ("A page is never taken for the whole.", "True.", "says too little"),
    ] {
        let broken = good.replace(from, to);
        assert!(
            told(&broken).contains(complaint),
            "{complaint}: {}",
            told(&broken)
        );
    }
}
