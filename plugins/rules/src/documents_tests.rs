//! The reference tells the truth: each file in it is taken and passes its own tests, and every name is in it.

use crate::expression::{FILTERS, TESTS};
use crate::phone::countries;
use crate::run_tests;
use crate::scope::VARIABLES;
use crate::shape;
use crate::steps::Step;

const REFERENCE: &str = include_str!("../../../docs/rules.md");

/// The blocks of TOML, whatever the name of their file.
fn files() -> Vec<String> {
    let mut found = Vec::new();
    let mut inside: Option<String> = None;
    for line in REFERENCE.lines() {
        match inside.as_mut() {
            None if line.starts_with("```") => inside = Some(format!("# {line}\n")),
            None => {}
            Some(_) if line == "```" => found.extend(inside.take()),
            Some(block) => {
                block.push_str(line);
                block.push('\n');
            }
        }
    }
    found.retain(|block| block.starts_with("# ```toml"));
    found
}

#[test]
fn each_file_of_the_reference_passes_its_tests() {
    let files = files();
    assert!(files.len() > 5, "{} files", files.len());
    for file in files {
        assert_eq!(run_tests(&file), Ok(vec![]), "{file}");
    }
}

#[test]
fn the_reference_has_every_name() {
    let fields = shape::KINDS.iter().flat_map(|kind| shape::fields(kind));
    let names = fields
        .map(|field| field.name)
        .chain(shape::KINDS)
        .chain(FILTERS)
        .chain(TESTS)
        .chain(VARIABLES)
        .chain(Step::names())
        .chain(countries());
    let words: Vec<&str> = REFERENCE
        .split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-')
        .collect();
    let missing: Vec<&str> = names.filter(|name| !words.contains(name)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
