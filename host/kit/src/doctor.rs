//! `plugin doctor`: for each language which tools are there, which way a build would go, and what is missing with the
//! command that brings it. Nothing is fetched or installed.

use std::path::Path;

use dovetail_guest_build::{BuildError, Outlook, outlook};

use crate::command::{find, version};
use crate::{Language, javascript, python};

/// What a language has on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The language.
    pub language: Language,
    /// Whether `plugin build` can start.
    pub usable: bool,
    /// The tools that were found: program, place, version.
    pub tools: Vec<(String, String, String)>,
    /// Which way a build goes.
    pub way: String,
    /// What is missing and how to get it.
    pub todo: Option<String>,
}

/// Looks at every language, in the folder that builds would be called from.
pub fn doctor(here: &Path) -> Vec<Finding> {
    vec![rust(here), javascript_(), python_()]
}

fn tools(programs: &[(&str, &[&str])]) -> Vec<(String, String, String)> {
    let look = |(program, words): &(&str, &[&str])| {
        let path = find(program)?;
        let version = version(&path, words).unwrap_or_else(|| "it does not say its version".to_owned());
        Some(((*program).to_owned(), path.display().to_string(), version))
    };
    programs.iter().filter_map(look).collect()
}

fn rust(here: &Path) -> Finding {
    let rustup = "Install Rust with rustup: https://rustup.rs".to_owned();
    let (usable, way, todo) = match outlook(here) {
        Ok(Outlook::Ready { sysroot }) => {
            let way = format!(
                "the toolchain in {} has wasm32-unknown-unknown",
                sysroot.display()
            );
            (true, way, None)
        }
        Ok(Outlook::FromSource { cargo }) => {
            let way = format!(
                "{} makes the standard library for wasm32-unknown-unknown from source",
                cargo.display()
            );
            (true, way, None)
        }
        Ok(Outlook::ToFetch { command }) => {
            let way = "wasm32-unknown-unknown is not there; the first build fetches it".to_owned();
            (true, way, Some(command))
        }
        Ok(Outlook::Missing { todo }) => (false, "none".to_owned(), Some(todo)),
        Err(BuildError::NoProgram { .. }) => (false, "none".to_owned(), Some(rustup)),
        Err(why) => (false, "none".to_owned(), Some(why.to_string())),
    };
    Finding {
        language: Language::Rust,
        usable,
        tools: tools(&[("cargo", &["--version"]), ("rustc", &["--version"])]),
        way,
        todo,
    }
}

fn javascript_() -> Finding {
    let tools = tools(&[("node", &["--version"]), ("npm", &["--version"])]);
    let usable = tools.len() == 2;
    let way = if usable {
        format!(
            "npm fetches {} into the project, node runs it",
            javascript::COMPILER
        )
    } else {
        "none".to_owned()
    };
    Finding {
        language: Language::JavaScript,
        usable,
        tools,
        way,
        todo: (!usable).then(|| javascript::TODO.to_owned()),
    }
}

fn python_() -> Finding {
    let tools = tools(&[("python3", &["--version"])]);
    // Debian keeps venv in a package of its own; without it `ensurepip` cannot be imported.
    let venv =
        find("python3").and_then(|python| version(&python, &["-c", "import ensurepip, venv; print(1)"]));
    let usable = venv.is_some();
    let way = if usable {
        "pip fetches componentize-py into the project's .venv".to_owned()
    } else if tools.is_empty() {
        "none".to_owned()
    } else {
        "none: this Python has no venv".to_owned()
    };
    Finding {
        language: Language::Python,
        usable,
        tools,
        way,
        todo: (!usable).then(|| python::TODO.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_says_what_to_do() {
        let found = doctor(Path::new("."));
        assert_eq!(found.len(), 3);
        for finding in found {
            assert!(finding.usable || finding.todo.is_some(), "{finding:?}");
            assert!(!finding.way.is_empty());
        }
    }
}
