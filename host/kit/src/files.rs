//! Everything a project is made of, inside the binary: templates, SDK sources, contract.

use std::path::Path;

use crate::KitError;

/// Where each file stands, and its text.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The files below a folder, by their path in it.
pub(crate) fn below(folder: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().filter_map(move |(place, text)| {
        let rest = place.strip_prefix(folder)?.strip_prefix('/')?;
        Some((rest, *text))
    })
}

/// One file.
pub(crate) fn one(place: &str) -> &'static str {
    let found = FILES.iter().find(|(known, _)| *known == place);
    found.map(|(_, text)| *text).unwrap_or_default()
}

/// Writes a file and the folders above it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), KitError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|why| KitError::file("create", folder, why))?;
    }
    std::fs::write(path, text).map_err(|why| KitError::file("write", path, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_stands_alone() {
        let manifest = one("vendor/dovetail-sdk/Cargo.toml");
        assert!(
            manifest.contains("wit-bindgen") && !manifest.contains("workspace"),
            "{manifest}"
        );
        let sources: Vec<_> = below("vendor/dovetail-sdk/src").collect();
        assert!(sources.iter().any(|(name, _)| *name == "lib.rs"));
        let reads = |path| sources.iter().filter(|(_, text)| text.contains(path)).count();
        assert_eq!((reads("path: \"../wit\""), reads("../../wit")), (2, 0));
        assert!(below("vendor/wit").any(|(name, _)| name == "mapping.wit"));
    }

    #[test]
    fn what_an_author_depends_on_is_locked() {
        let lock = one("lock/Cargo.lock");
        for name in ["wit-bindgen", "serde", "serde_json", "dovetail-sdk"] {
            assert!(lock.contains(&format!("name = \"{name}\"")), "{name}");
        }
        assert!(!lock.contains("name = \"wasmtime\""));
    }
}
