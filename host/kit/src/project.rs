//! A new project: the template with its name filled in, and `vendor/` with what it needs of this binary.

use std::path::Path;

use crate::files::{self, one, write};
use crate::{KitError, Language, PluginKind};

/// Makes a project in `dir`, which must be empty or not there yet. Its name is that of the folder where none is given.
/// Gives the name.
pub fn new(dir: &Path, kind: PluginKind, language: Language, name: Option<&str>) -> Result<String, KitError> {
    let of_folder = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let name = checked(name.unwrap_or(of_folder))?;
    let template = format!("templates/{}-{}", language.as_str(), kind.as_str());
    if files::below(&template).next().is_none() {
        return Err(KitError::NoTemplate {
            kind: kind.as_str(),
            language: language.as_str(),
        });
    }
    match std::fs::read_dir(dir).map(|mut entries| entries.next().is_some()) {
        Ok(true) => return Err(KitError::NotEmpty { dir: dir.to_owned() }),
        Ok(false) => {}
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => {}
        Err(why) => return Err(KitError::file("read", dir, why)),
    }
    for (place, text) in files::below(&template) {
        // A file that is hidden in a project would be obeyed in this one.
        let place = if place == "gitignore" { ".gitignore" } else { place };
        write(&dir.join(place), &filled(text, name))?;
    }
    vendor(dir, language)?;
    if language == Language::Rust {
        write(&dir.join("Cargo.lock"), one("lock/Cargo.lock"))?;
    }
    Ok(name.to_owned())
}

/// Writes `vendor/` where it is not there: a project is often kept without it.
pub(crate) fn vendor(dir: &Path, language: Language) -> Result<(), KitError> {
    let vendor = dir.join("vendor");
    let whole = |folder: &str, to: &Path| {
        if to.exists() {
            return Ok(());
        }
        files::below(folder).try_for_each(|(place, text)| write(&to.join(place), text))
    };
    // A Rust project inside a workspace that has the SDK takes it from there.
    let wants = |what: &str| {
        std::fs::read_to_string(dir.join("Cargo.toml")).is_ok_and(|manifest| manifest.contains(what))
    };
    match language {
        Language::Rust if !wants("vendor/dovetail-sdk") => Ok(()),
        Language::Rust => {
            whole("vendor/wit", &vendor.join("wit"))?;
            whole("vendor/dovetail-sdk", &vendor.join("dovetail-sdk"))
        }
        Language::JavaScript => {
            whole("vendor/wit", &vendor.join("wit"))?;
            let file = vendor.join("dovetail.js");
            if file.exists() {
                return Ok(());
            }
            write(&file, one("vendor/javascript/dovetail.js"))
        }
        Language::Python => {
            whole("vendor/wit", &vendor.join("wit"))?;
            let file = vendor.join("dovetail.py");
            if file.exists() {
                return Ok(());
            }
            write(&file, one("vendor/python/dovetail.py"))
        }
    }
}

fn checked(name: &str) -> Result<&str, KitError> {
    let letters = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    if letters && begins && name.len() <= 40 {
        Ok(name)
    } else {
        Err(KitError::Name {
            name: name.to_owned(),
        })
    }
}

/// The template with the project's name in it, and the versions this binary was locked to.
fn filled(text: &str, name: &str) -> String {
    let mut words = name.replace('-', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let mut text = text.replace("{{name}}", name).replace("{{title}}", &words);
    for line in one("lock/versions").lines() {
        if let Some((package, version)) = line.split_once(' ') {
            text = text.replace(&format!("{{{{version of {package}}}}}"), version);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_held_to_their_form() {
        for good in ["a", "names-of-acme", "x9"] {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "9x", "A", "a_b", "a.b", "ä", &"x".repeat(41)] {
            assert!(checked(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_project_has_everything_and_its_name() {
        let folder = tempfile::tempdir().unwrap();
        for (kind, language) in [
            (PluginKind::Mapping, Language::Rust),
            (PluginKind::Connector, Language::Rust),
            (PluginKind::Mapping, Language::JavaScript),
            (PluginKind::Mapping, Language::Python),
        ] {
            let dir = folder
                .path()
                .join(format!("{}-{}", language.as_str(), kind.as_str()));
            let name = new(&dir, kind, language, Some("of-acme")).unwrap();
            assert_eq!(name, "of-acme");
            assert!(dir.join("README.md").is_file() && dir.join(".gitignore").is_file());
            assert!(dir.join("vendor/wit/mapping.wit").is_file());
            for_each_file(&dir, &mut |path, text| {
                assert!(!text.contains("{{"), "{} has a place left open", path.display());
            });
            assert_eq!(Language::of(&dir).unwrap(), language);
        }
    }

    fn for_each_file(dir: &Path, look: &mut dyn FnMut(&Path, &str)) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("vendor") {
                    for_each_file(&path, look);
                }
            } else {
                look(&path, &std::fs::read_to_string(&path).unwrap());
            }
        }
    }

    #[test]
    fn nothing_is_written_where_something_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine"), "x").unwrap();
        let made = new(folder.path(), PluginKind::Mapping, Language::Rust, Some("a"));
        assert!(matches!(made, Err(KitError::NotEmpty { .. })));
        let made = new(
            &folder.path().join("b"),
            PluginKind::Connector,
            Language::Python,
            None,
        );
        assert!(matches!(made, Err(KitError::NoTemplate { .. })));
        assert!(!folder.path().join("b").exists());
    }
}
