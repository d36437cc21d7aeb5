//! What is to be planted, and which test is to notice it.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use toml::Table;

use crate::command::{Outcome, root};

/// A fault and the test that has to notice it.
pub(crate) struct Fault {
    /// The id of the promise.
    pub(crate) promise: String,
    /// The file it is planted in, from the root.
    pub(crate) file: String,
    /// What stands there once.
    pub(crate) find: String,
    /// What stands there instead.
    pub(crate) plant: String,
    /// The test, as `docs/promises.toml` names it: `path::name`.
    pub(crate) test: String,
}

/// Every fault of `docs/faults`, in the order of the files and their entries.
pub(crate) fn read() -> Outcome<Vec<Fault>> {
    let docs = root().join("docs");
    let promises = entries(&docs.join("promises.toml"), "promise")?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(docs.join("faults"))
        .and_then(|files| files.map(|file| Ok(file?.path())).collect())
        .map_err(|error| format!("docs/faults: {error}"))?;
    files.sort();
    let mut faults = Vec::new();
    for file in files {
        for entry in entries(&file, "fault")? {
            let promise = word(&entry, "promise")?;
            let held = promises
                .iter()
                .find(|held| word(held, "id").is_ok_and(|id| id == promise));
            let held = held.ok_or_else(|| format!("there is no promise `{promise}`"))?;
            faults.push(Fault {
                file: word(&entry, "file")?,
                find: word(&entry, "find")?,
                plant: word(&entry, "plant")?,
                test: word(held, "test")?,
                promise,
            });
        }
    }
    Ok(faults)
}

fn entries(file: &Path, list: &str) -> Outcome<Vec<Table>> {
    let told = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
    let text = std::fs::read_to_string(file).map_err(|why| told(&why))?;
    let document: Table = text.parse().map_err(|why: toml::de::Error| told(&why))?;
    let list = document.get(list).and_then(|list| list.as_array());
    Ok(list
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.as_table().cloned())
        .collect())
}

fn word(entry: &Table, key: &str) -> Outcome<String> {
    let found = entry.get(key).and_then(|word| word.as_str());
    found
        .map(str::to_owned)
        .ok_or_else(|| format!("an entry without `{key}`: {entry}"))
}

/// The program a test is part of, and its name in there.
pub(crate) struct Place {
    /// The words that choose the program for `cargo test`.
    pub(crate) selection: Vec<String>,
    /// The function's name, with `::` before it so that no longer name ends the same way.
    pub(crate) name: String,
    /// Whether the test runs the built binary and the built plugins.
    pub(crate) end_to_end: bool,
}

impl Place {
    /// Finds the target of cargo's that holds the file: the one whose own file stands in the nearest folder above it.
    pub(crate) fn of(test: &str, metadata: &Json) -> Outcome<Place> {
        let lost = || format!("no program holds the test {test}");
        let (file, name) = test.split_once("::").ok_or_else(lost)?;
        let folder = metadata
            .get("workspace_root")
            .and_then(Json::as_str)
            .ok_or_else(lost)?;
        let file = Path::new(folder).join(file);
        let mut best: Option<(usize, Vec<String>, bool)> = None;
        for package in list(metadata, "packages") {
            for target in list(package, "targets") {
                let source = Path::new(text(target, "src_path"));
                let Some(above) = source.parent().filter(|above| file.starts_with(above)) else {
                    continue;
                };
                let is_it = source == file;
                let depth = above.components().count() + usize::from(is_it);
                let kind = list(target, "kind")
                    .filter_map(Json::as_str)
                    .next()
                    .unwrap_or_default();
                let (package, name) = (text(package, "name"), text(target, "name"));
                let words = match kind {
                    // Naming the whole workspace keeps the features of what is shared, and so wasmtime as it was built.
                    "test" => vec!["--workspace", "--test", name],
                    "bin" => vec!["--package", package, "--bin", name],
                    "custom-build" | "example" | "bench" => continue,
                    _ => vec!["--package", package, "--lib"],
                };
                if best.as_ref().is_none_or(|(deepest, ..)| depth > *deepest) {
                    let words = words.into_iter().map(str::to_owned).collect();
                    best = Some((depth, words, package == "e2e"));
                }
            }
        }
        let (_, selection, end_to_end) = best.ok_or_else(lost)?;
        Ok(Place {
            selection,
            name: name.to_owned(),
            end_to_end,
        })
    }
}

fn list<'a>(value: &'a Json, key: &str) -> impl Iterator<Item = &'a Json> {
    value.get(key).and_then(Json::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Json, key: &str) -> &'a str {
    value.get(key).and_then(Json::as_str).unwrap_or_default()
}
