//! Every quirk and every limit has a planted fault (`docs/faults`), and it can still be planted. That the tests notice
//! them is shown by `cargo xtask faults`, which takes longer than a test may.

use std::collections::BTreeSet;

use e2e::root;
use toml::Table;

use super::{document, entries, read, word};

/// Every fault of every file.
fn planted() -> Vec<Table> {
    let folder = std::fs::read_dir(root().join("docs/faults")).expect("the folder is there");
    let documents: Vec<Table> = folder
        .map(|file| read(&file.expect("an entry").path()).parse().expect("TOML"))
        .collect();
    let faults = documents.iter().flat_map(|document| entries(document, "fault"));
    faults.cloned().collect()
}

/// What is wrong with the faults, where `wanted` promises have to have one, those of `may_have` may have one, and files
/// are read by `file`.
fn complaints(
    faults: &[Table],
    wanted: &BTreeSet<String>,
    may_have: &BTreeSet<String>,
    file: &dyn Fn(&str) -> Option<String>,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut known = BTreeSet::new();
    for fault in faults {
        let (promise, path) = (word(fault, "promise"), word(fault, "file"));
        let (find, plant) = (word(fault, "find"), word(fault, "plant"));
        known.insert(promise.to_owned());
        if !wanted.contains(promise) && !may_have.contains(promise) {
            found.push(format!(
                "`{promise}` is no quirk, no limit and no misbehaviour that a test holds"
            ));
        }
        let of_the_product = ["host/", "plugins/"].iter().any(|room| path.starts_with(room));
        if !of_the_product || path.contains("/tests") {
            found.push(format!("`{promise}`: {path} is no file of the product"));
        }
        let times = file(path).map_or(0, |text| text.matches(find).count());
        if find.is_empty() || times != 1 {
            found.push(format!("`{promise}`: `{find}` stands {times} times in {path}"));
        }
        if find.trim() == plant.trim() {
            found.push(format!("`{promise}`: the fault changes nothing"));
        }
    }
    found.extend(
        wanted
            .difference(&known)
            .map(|id| format!("`{id}` has no planted fault")),
    );
    found
}

#[test]
fn every_quirk_and_limit_has_a_fault_that_can_be_planted() {
    let document = document();
    let held = entries(&document, "promise");
    let of = |kinds: &[&str]| {
        held.iter()
            .filter(|entry| kinds.contains(&word(entry, "kind")))
            .map(|entry| word(entry, "id").to_owned())
            .collect()
    };
    // Misbehaviour that a number bounds has a twin in place of a fault, and some is held by wasmtime itself.
    let (wanted, may_have) = (of(&["quirk", "limit"]), of(&["hostile"]));
    let file = |path: &str| std::fs::read_to_string(root().join(path)).ok();
    let complaints = complaints(&planted(), &wanted, &may_have, &file);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// The checker itself notices what is wrong.
#[test]
fn a_fault_that_cannot_be_planted_is_noticed() {
    let good = r#"
        [[fault]]
        promise = "quirk_01"
        file = "host/a.rs"
        find = "if full {"
        plant = "if false {"
    "#;
    let wanted: BTreeSet<String> = ["quirk_01".to_owned()].into();
    let file = |path: &str| {
        path.ends_with("a.rs")
            .then(|| "if full {}\nelse {} else {}\n".to_owned())
    };
    let told = |text: &str| {
        let document: Table = text.parse().expect("TOML");
        let faults: Vec<Table> = entries(&document, "fault").into_iter().cloned().collect();
        complaints(&faults, &wanted, &BTreeSet::new(), &file).join("; ")
    };
    assert_eq!(told(good), "");
    for (from, to, complaint) in [
        ("if full {", "if empty {", "stands 0 times"),
        ("if full {", "else {", "stands 2 times"),
        ("host/a.rs", "host/b.rs", "stands 0 times"),
        ("host/a.rs", "host/tests/a.rs", "no file of the product"),
        ("host/a.rs", "tests/a.rs", "no file of the product"),
        ("if false {", "if full {", "changes nothing"),
        ("quirk_01", "quirk_02", "`quirk_01` has no planted fault"),
        ("quirk_01", "seed_01", "`seed_01` is no quirk"),
    ] {
        let broken = good.replace(from, to);
        assert!(
            told(&broken).contains(complaint),
            "{complaint}: {}",
            told(&broken)
        );
    }
}
