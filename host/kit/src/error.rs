//! What can go wrong with a project of an author's: what happened, to what, and what to do.

use std::path::{Path, PathBuf};

use dovetail_guest_build::BuildError;

/// Why there is no project, or no component.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// The name is none for a plugin.
    #[error("`{name}` is no plugin's name: 1 to 40 of a-z, 0-9 and -, beginning with a letter")]
    Name {
        /// The name.
        name: String,
    },
    /// A project is made in a folder of its own.
    #[error("{} is not empty", dir.display())]
    NotEmpty {
        /// The folder.
        dir: PathBuf,
    },
    /// There is no template for this.
    #[error("there is no template for a {kind} in {language}")]
    NoTemplate {
        /// `connector` or `mapping`.
        kind: &'static str,
        /// The language.
        language: &'static str,
    },
    /// The folder holds no project that is known.
    #[error("{} holds no Cargo.toml, package.json or pyproject.toml", dir.display())]
    NoProject {
        /// The folder.
        dir: PathBuf,
    },
    /// The project's manifest says too little.
    #[error("{} {what}", file.display())]
    Manifest {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
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
    /// A tool of the language is not there.
    #[error("`{tool}` is needed to build {for_what} and was not found")]
    MissingTool {
        /// The program.
        tool: &'static str,
        /// What for.
        for_what: &'static str,
        /// How to get it.
        todo: &'static str,
    },
    /// A tool of the language failed.
    #[error("`{command}` failed:\n{words}")]
    Tool {
        /// What was called.
        command: String,
        /// The last lines it wrote.
        words: String,
    },
    /// The Rust build failed.
    #[error(transparent)]
    Rust(#[from] BuildError),
}

impl KitError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            KitError::Name { .. } => "Choose another, or name the folder so and give no --name.".into(),
            KitError::NotEmpty { .. } => "Name a folder that is empty, or one that is not there yet.".into(),
            KitError::NoTemplate { .. } => {
                "Connectors are written in Rust, mappings in rust, javascript or python.".into()
            }
            KitError::NoProject { .. } => "`dovetail plugin new mapping DIR` makes a project.".into(),
            KitError::Manifest { .. } => "Correct it; `dovetail plugin new` shows how it looks.".into(),
            KitError::File { .. } => "Name a folder that you can write to.".into(),
            KitError::MissingTool { todo, .. } => {
                format!("{todo}; `dovetail plugin doctor` shows what is there.")
            }
            KitError::Tool { .. } => {
                "Its words are above; `dovetail plugin doctor` shows which tools are used.".into()
            }
            KitError::Rust(BuildError::Compile { .. }) => "Correct the sources and build again.".into(),
            KitError::Rust(_) => "`dovetail plugin doctor` shows what is missing and how to get it.".into(),
        }
    }

    pub(crate) fn file(what: &'static str, path: &Path, why: std::io::Error) -> KitError {
        let path = path.to_owned();
        KitError::File { what, path, why }
    }
}
