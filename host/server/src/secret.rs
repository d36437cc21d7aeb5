//! Secrets on their way in: where one is taken from, and a text that nothing prints.
//!
//! A secret is never a command-line value. It is read from a variable, a file or standard input and loses one trailing
//! newline. What it is given for is looked at first, then it is held to a least length before anything is done with it.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::str::FromStr;

use dovetail_domain::Code;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::Problem;

/// A secret's text. It has no `Debug` and no `Display`, and is wiped when it is dropped. It is serialized in one place
/// only: on the way to the process that holds the home, over a socket nobody else can open.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// The fewest characters a secret has.
    pub const MIN_CHARACTERS: usize = 12;
    /// The most bytes a secret has.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// Takes over a text that can be a secret. `key` names the secret in messages.
    pub fn new(key: &str, text: Zeroizing<String>) -> Result<SecretText, Problem> {
        let secret = SecretText::taken(&text);
        secret.check(key).map(|()| secret)
    }

    /// Takes over a text as it came: one trailing newline goes.
    fn taken(text: &str) -> SecretText {
        let trimmed = text.strip_suffix('\n').unwrap_or(text);
        let trimmed = trimmed.strip_suffix('\r').unwrap_or(trimmed);
        SecretText(Zeroizing::new(trimmed.to_owned()))
    }

    /// Refuses a text that can be no secret, by its length and its characters. `key` names the secret in messages.
    pub(crate) fn check(&self, key: &str) -> Result<(), Problem> {
        let refuse = |what: &str| {
            Err(Problem::new(
                Code::SecretRefused,
                format!("The secret `{key}` {what}."),
                format!("Give it again, whole, as `--secret {key}=env:VAR`, `{key}=file:PATH` or `{key}=-`."),
            ))
        };
        if self.0.chars().count() < Self::MIN_CHARACTERS {
            return refuse("has fewer than 12 characters");
        }
        if self.0.len() > Self::MAX_BYTES {
            return refuse("is longer than 8 KiB");
        }
        if self.0.chars().any(char::is_control) {
            return refuse("holds control characters, a line break perhaps");
        }
        Ok(())
    }

    /// The text itself. Whoever calls this hands it on and prints it nowhere.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SecretText, D::Error> {
        String::deserialize(deserializer).map(|text| SecretText(Zeroizing::new(text)))
    }
}

/// Where a secret is taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// `env:VAR`
    Variable(String),
    /// `file:PATH`
    File(PathBuf),
    /// `-`
    StandardInput,
}

impl FromStr for SecretSource {
    type Err = Problem;

    fn from_str(text: &str) -> Result<SecretSource, Problem> {
        match (text.strip_prefix("env:"), text.strip_prefix("file:"), text) {
            (Some(name), _, _) if !name.is_empty() => Ok(SecretSource::Variable(name.to_owned())),
            (_, Some(path), _) if !path.is_empty() => Ok(SecretSource::File(PathBuf::from(path))),
            (_, _, "-") => Ok(SecretSource::StandardInput),
            // What was given may be the secret itself, so it is not repeated.
            _ => Err(Problem::new(
                Code::SecretRefused,
                "A secret is never given on the command line itself.",
                "Say where it is: `env:VAR`, `file:PATH` or `-` for standard input; left out, it is asked for.",
            )),
        }
    }
}

impl SecretSource {
    /// Reads what is given as the secret called `key` from here. `input` is read where this is standard input. Whether
    /// it can be a secret is not asked here: a key that has been retired is to be told first, whatever stands under it.
    pub fn read(&self, key: &str, input: &mut dyn Read) -> Result<SecretText, Problem> {
        let failed = |what: String, hint: &str| Problem::new(Code::SecretRefused, what, hint.to_owned());
        let text = match self {
            SecretSource::Variable(name) => std::env::var(name).map_err(|_| {
                failed(
                    format!("The secret `{key}` cannot be read: there is no variable `{name}`."),
                    "Set and export the variable, or name another source.",
                )
            })?,
            SecretSource::File(path) => File::open(path).and_then(text_of).map_err(|error| {
                failed(
                    format!(
                        "The secret `{key}` cannot be read from {}: {error}.",
                        path.display()
                    ),
                    "Name a text file that you can read.",
                )
            })?,
            SecretSource::StandardInput => text_of(input).map_err(|error| {
                failed(
                    format!("The secret `{key}` cannot be read from standard input: {error}."),
                    "Pipe it in as text.",
                )
            })?,
        };
        Ok(SecretText::taken(&Zeroizing::new(text)))
    }
}

/// A text, read as far as it takes to see that it is too long.
fn text_of(input: impl Read) -> io::Result<String> {
    let mut text = String::new();
    let most = SecretText::MAX_BYTES as u64 + 3;
    input.take(most).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, Problem> {
        let source: SecretSource = "-".parse()?;
        let secret = source.read("private-key", &mut text.as_bytes())?;
        secret.check("private-key")?;
        Ok(secret.expose().to_owned())
    }

    #[test]
    fn one_trailing_newline_is_trimmed_and_no_more() {
        assert_eq!(read("abcdefghijkl\n").unwrap(), "abcdefghijkl");
        assert_eq!(read("abcdefghijkl\r\n").unwrap(), "abcdefghijkl");
        assert_eq!(read(" abcdefghijkl ").unwrap(), " abcdefghijkl ");
        assert_eq!(read("abcdefghijkl\n\n").unwrap_err().code, Code::SecretRefused);
    }

    #[test]
    fn short_ones_are_refused_by_characters_not_bytes() {
        assert!(read("abcdefghijk").unwrap_err().message.contains("12 characters"));
        assert!(read("ääääääääääää").is_ok());
        assert!(read("äääääää").is_err());
        assert!(read(&"x".repeat(8 * 1024)).is_ok());
        assert!(read(&"x".repeat(9 * 1024)).unwrap_err().message.contains("8 KiB"));
    }

    #[test]
    fn a_source_is_never_the_secret_and_is_not_repeated() {
        let problem = "hunter2hunter2".parse::<SecretSource>().unwrap_err();
        assert_eq!(problem.code, Code::SecretRefused);
        assert!(!format!("{problem:?}").contains("hunter2"));
        assert!("env:".parse::<SecretSource>().is_err());
        assert_eq!(
            "env:KEY".parse::<SecretSource>().unwrap(),
            SecretSource::Variable("KEY".to_owned())
        );
    }

    #[test]
    fn files_and_missing_variables() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "0123456789ab\n").unwrap();
        let source: SecretSource = format!("file:{}", file.display()).parse().unwrap();
        let text = source
            .read("k", &mut std::io::empty())
            .map(|secret| secret.expose().to_owned());
        assert_eq!(text.unwrap(), "0123456789ab");
        let missing = SecretSource::Variable("DOVETAIL_TEST_NOT_SET".to_owned());
        assert!(missing.read("k", &mut std::io::empty()).is_err());
    }
}
