//! What can go wrong while building a guest, in words that say what to do.

use std::path::{Path, PathBuf};

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A program could not be started.
    #[error("`{program}` could not be started: {why}. Install Rust with rustup, or put it on PATH")]
    NoProgram {
        /// What was called.
        program: String,
        /// The system's reason.
        why: std::io::Error,
    },
    /// A file or folder could not be used.
    #[error("could not {what} {}: {why}", path.display())]
    File {
        /// What was tried: `read`, `create`, `write`.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        why: std::io::Error,
    },
    /// The folder holds no package or workspace that cargo understands.
    #[error("cargo does not understand the package in {}:\n{words}", root.display())]
    NoPackage {
        /// The folder.
        root: PathBuf,
        /// Cargo's words.
        words: String,
    },
    /// The workspace has no such package.
    #[error("there is no package `{package}` in {}", root.display())]
    UnknownPackage {
        /// The package asked for.
        package: String,
        /// Where it was looked for.
        root: PathBuf,
    },
    /// The package makes no module.
    #[error(
        "package `{package}` makes no module: add `crate-type = [\"cdylib\", \"rlib\"]` under `[lib]` in its Cargo.toml"
    )]
    NotACdylib {
        /// The package.
        package: String,
    },
    /// No standard library for the target was found on this machine.
    #[error(
        "no standard library for wasm32-unknown-unknown was found.\n{tried}\nDo one of these and try again:\n{todo}"
    )]
    NoStandardLibrary {
        /// What was tried and how it went, a line each.
        tried: String,
        /// Commands that would help, a line each.
        todo: String,
    },
    /// Cargo failed.
    #[error("the guest does not compile ({packages}):\n{words}")]
    Compile {
        /// The packages asked for.
        packages: String,
        /// The last lines cargo wrote.
        words: String,
    },
    /// Cargo was content, yet a module is missing.
    #[error("cargo built package `{package}` but named no module for it")]
    NoModule {
        /// The package.
        package: String,
    },
    /// The module could not be made a component.
    #[error(
        "the module of package `{package}` cannot be made a component: {words}\nA plugin ends with \
         `dovetail_sdk::export_mapping!(Type)` or `dovetail_sdk::export_connector!(Type)` and links nothing else of the host"
    )]
    NotAComponent {
        /// The package.
        package: String,
        /// The encoder's words.
        words: String,
    },
}

impl BuildError {
    pub(crate) fn file(what: &'static str, path: &Path, why: std::io::Error) -> BuildError {
        BuildError::File {
            what,
            path: path.to_owned(),
            why,
        }
    }
}
