//! Projects of plugin authors: made out of what is inside the binary, built with their language's usual tools, and a
//! look at which of those are there.
//!
//! A project stands alone: everything it needs of this one is in its `vendor/`, which is written when it is made and
//! wherever it is missing. No checkout is looked for and none above is seen.

mod command;
mod doctor;
mod error;
mod files;
mod javascript;
mod project;
mod python;
mod rust;

use std::path::{Path, PathBuf};

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

/// Builds the project in `dir` and puts its component at `out`, or at `DIR/NAME.wasm`. Gives where it stands. `report`
/// is given one line at a time of what is done, fetched and said.
pub fn build(dir: &Path, out: Option<&Path>, report: &mut dyn FnMut(&str)) -> Result<PathBuf, KitError> {
    let language = Language::of(dir)?;
    let dir = dir
        .canonicalize()
        .map_err(|why| KitError::file("read", dir, why))?;
    project::vendor(&dir, language)?;
    let name = match language {
        Language::Rust => rust::name(&dir)?,
        Language::JavaScript => javascript::name(&dir)?,
        Language::Python => python::name(&dir)?,
    };
    let out = out.map_or_else(|| dir.join(format!("{name}.wasm")), Path::to_owned);
    // Whoever reads the file sees the old component or the new one.
    let aside = out.with_extension("wasm.part");
    match language {
        Language::Rust => rust::build(&dir, &aside, report)?,
        Language::JavaScript => javascript::build(&dir, &aside, report)?,
        Language::Python => python::build(&dir, &aside, report)?,
    }
    std::fs::rename(&aside, &out).map_err(|why| KitError::file("write", &out, why))?;
    Ok(out)
}
