//! Projects of plugin authors: made out of what is inside the binary, built with their language's usual tools, and a
//! look at which of those are there.
//!
//! A project stands alone: everything it needs of this one is in its `vendor/`, which is written when it is made and
//! wherever it is missing. No checkout is looked for and none above is seen.

mod built;
mod command;
mod doctor;
mod error;
mod files;
mod javascript;
mod project;
mod python;
mod rust;

use std::path::Path;

pub use built::Built;
pub use doctor::{Finding, doctor};
pub use error::KitError;
pub use project::new;

/// A language that plugins are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust, with cargo.
    Rust,
    /// JavaScript, with npm and componentize-js.
    JavaScript,
    /// Python, with pip and componentize-py.
    Python,
}

impl Language {
    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Language::Rust => "rust",
            Language::JavaScript => "javascript",
            Language::Python => "python",
        }
    }

    /// The language of the project in a folder, told by its manifest.
    pub fn of(dir: &Path) -> Result<Language, KitError> {
        let has = |file: &str| dir.join(file).is_file();
        if has("Cargo.toml") {
            Ok(Language::Rust)
        } else if has("package.json") {
            Ok(Language::JavaScript)
        } else if has("pyproject.toml") {
            Ok(Language::Python)
        } else {
            Err(KitError::NoProject { dir: dir.to_owned() })
        }
    }
}

/// What a project becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PluginKind {
    /// It knows a PSA's API.
    Connector,
    /// It turns records into others.
    Mapping,
}

impl PluginKind {
    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            PluginKind::Connector => "connector",
            PluginKind::Mapping => "mapping",
        }
    }
}

/// Builds the project in `dir` into a component that can take its place at `out`, or at `DIR/NAME.wasm`: what stands there
/// stays until [`Built::keep`]. A place that cannot be is told before anything is built. `report` is given one line at a
/// time of what is done, fetched and said.
pub fn build(dir: &Path, out: Option<&Path>, report: &mut dyn FnMut(&str)) -> Result<Built, KitError> {
    let language = Language::of(dir)?;
    let dir = dir
        .canonicalize()
        .map_err(|why| KitError::file("read", dir, why))?;
    let name = match language {
        Language::Rust => rust::name(&dir)?,
        Language::JavaScript => javascript::name(&dir)?,
        Language::Python => python::name(&dir)?,
    };
    let built = Built::at(out.map_or_else(|| dir.join(format!("{name}.wasm")), Path::to_owned))?;
    project::vendor(&dir, language)?;
    match language {
        Language::Rust => rust::build(&dir, built.part(), report)?,
        Language::JavaScript => javascript::build(&dir, built.part(), report)?,
        Language::Python => python::build(&dir, built.part(), report)?,
    }
    Ok(built)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_cannot_be_is_told_before_anything_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = "[project]\nname = \"of-acme\"\ndependencies = []\n";
        std::fs::write(folder.path().join("pyproject.toml"), manifest).unwrap();
        let refused =
            |out: Option<&Path>| build(folder.path(), out, &mut |line| panic!("it ran {line}")).unwrap_err();
        let error = refused(Some(folder.path()));
        assert!(matches!(error, KitError::OutIsFolder { .. }), "{error}");
        let error = refused(Some(&folder.path().join("none/made.wasm")));
        assert!(matches!(error, KitError::NoFolder { .. }), "{error}");
        std::fs::create_dir(folder.path().join("of-acme.wasm")).unwrap();
        let error = refused(None);
        assert!(matches!(error, KitError::OutIsFolder { .. }), "{error}");
        assert!(!folder.path().join("vendor").exists());
    }
}
