//! Walls that are held by reading sources: where `unsafe` may stand, and what the host may not name.

use std::path::{Path, PathBuf};

use crate::support::workspace;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn unsafe_stands_in_one_file() {
    let mut found = Vec::new();
    sources(&workspace().join("host"), &mut found);
    assert!(found.len() > 20, "the sources are there");
    // Put together here, so that this file does not find itself.
    let words: [String; 4] = ["{", "fn ", "impl ", "extern "].map(|rest| format!("{} {rest}", "unsafe"));
    let with: Vec<PathBuf> = found
        .into_iter()
        .filter(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            words.iter().any(|word| text.contains(word.as_str()))
        })
        .collect();
    let names: Vec<_> = with
        .iter()
        .map(|path| path.strip_prefix(workspace()).unwrap())
        .collect();
    assert_eq!(names, [Path::new("host/runtime/src/load.rs")]);
}
