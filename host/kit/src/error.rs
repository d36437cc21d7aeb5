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
    /// A component is a file.
    #[error("{} names a folder", place.display())]
    OutIsFolder {
        /// Where the component was wanted.
        place: PathBuf,
    },
    /// The component's folder is not there.
    #[error("there is no folder {}", folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// A file or folder could not be used.
    #[error("could not {what} {}: {why}", path.display())]
    File {
        /// What was tried: `read`, `create`, `write`, `remove`.
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
    /// A tool of the language failed at fetching what the project asks for.
    #[error("`{command}` failed:\n{words}")]
    Fetch {
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
            KitError::OutIsFolder { place } => {
                let file = place.join("NAME.wasm");
                format!("Name the component's file with -o, such as {}.", file.display())
            }
            KitError::NoFolder { .. } => "Make it, or name a file in another folder with -o.".into(),
            KitError::File { .. } => "Name a folder that you can write to.".into(),
            KitError::MissingTool { todo, .. } => {
                format!("{todo}; `dovetail plugin doctor` shows what is there.")
            }
            KitError::Tool { .. } => {
                "Its words are above; `dovetail plugin doctor` shows which tools are used.".into()
            }
            KitError::Fetch { .. } => {
                "Its words are above. It fetches what the project asks for and needs the network the first time; \
                 `dovetail plugin doctor` shows which tools are used."
                    .into()
            }
            KitError::Rust(BuildError::Compile { words, .. }) if is_of_the_network(words) => {
                "The tools could not reach the registry; its words are above. Build again where the network is open: what \
                 was fetched once is not fetched again."
                    .into()
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

/// Whether cargo failed because it could not reach its registry. Where it went as far as to compile, the sources are at
/// fault, and a source may well speak of a network itself.
fn is_of_the_network(words: &str) -> bool {
    let has = |signs: &[&str]| {
        let words = words.to_lowercase();
        signs.iter().any(|sign| words.contains(sign))
    };
    // Said of a folder too, one that is not there.
    let of_a_folder = has(&["failed to read"]);
    let signs = [
        "failed to download",
        "could not resolve",
        "couldn't resolve",
        "could not connect",
        "network error",
        "network failure",
        "network is unreachable",
    ];
    !has(&["could not compile"]) && (has(&signs) || (has(&["failed to get"]) && !of_a_folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hint for a Rust build that ended with these words.
    fn told(words: &str) -> String {
        let error = BuildError::Compile {
            packages: "odd".to_owned(),
            words: words.to_owned(),
        };
        KitError::Rust(error).hint()
    }

    #[test]
    fn a_closed_network_is_not_blamed_on_the_sources() {
        for words in [
            "    Updating registry index\nwarning: spurious network error (3 tries remaining)",
            "error: failed to get `serde` as a dependency of package `odd`\n\nCaused by:\n  download of config.json \
             failed",
            "error: failed to download from `https://registry.example/config.json`",
            "Caused by:\n  [6] Could not resolve hostname (Could not resolve host: registry.example)",
        ] {
            let hint = told(words);
            assert!(hint.contains("could not reach the registry"), "{words}: {hint}");
        }
        for words in [
            "error[E0308]: mismatched types\n3 | let network = \"\";\nerror: could not compile `odd` (lib)",
            "error: failed to get `other` as a dependency of package `odd`\n\nCaused by:\n  unable to update \
             /x/other\n\nCaused by:\n  failed to read `/x/other/Cargo.toml`",
            "error: failed to parse manifest at `/x/network-notes/Cargo.toml`",
        ] {
            assert_eq!(told(words), "Correct the sources and build again.", "{words}");
        }
    }
}
