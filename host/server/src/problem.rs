//! What a person is told when a command fails: a stable code, what is wrong, and what to do. Every room's error becomes
//! one here and nowhere else.

use std::fmt;

use dovetail_domain::integration::Trouble;
use dovetail_domain::{Code, Explained};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A failure as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The stable code; it decides the exit code.
    #[serde(serialize_with = "write_code", deserialize_with = "read_code")]
    pub code: Code,
    /// One sentence: what is wrong.
    pub message: String,
    /// One sentence: what to do.
    pub hint: String,
}

/// What a command ends with.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

impl Problem {
    /// A problem in its three parts.
    pub fn new(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Problem {
        let (message, hint) = (message.into(), hint.into());
        Problem { code, message, hint }
    }

    /// A value that is not acceptable.
    pub fn value(message: impl fmt::Display, hint: impl Into<String>) -> Problem {
        Problem::new(Code::ValueRefused, sentence(&message.to_string()), hint)
    }

    /// Something that is not there.
    pub fn not_found(message: impl Into<String>, hint: impl Into<String>) -> Problem {
        Problem::new(Code::NotFound, message, hint)
    }

    /// A case that the program was not written for.
    pub fn internal(message: impl Into<String>) -> Problem {
        Problem::new(
            Code::Internal,
            message,
            "This is a fault of dovetail's own: run it again with -vv and report what it says.",
        )
    }

    /// The code a process ends with that fails with this.
    pub fn exit(&self) -> u8 {
        self.code.exit()
    }
}

/// Any room's error that explains itself.
impl<E: Explained> From<E> for Problem {
    fn from(error: E) -> Problem {
        Problem::new(
            error.code(),
            sentence(&error.to_string()),
            sentence(&error.hint()),
        )
    }
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Trouble {
        Trouble {
            code: problem.code.to_string(),
            message: problem.message,
            hint: problem.hint,
        }
    }
}

/// A text as a sentence: it begins with a capital letter where it begins with a plain word, and ends with a full stop.
/// A host or a code in front stays as it is.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let end = if text.is_empty() || text.ends_with(['.', '!', '?', ':']) {
        ""
    } else {
        "."
    };
    let word = text.split_whitespace().next().unwrap_or_default();
    let plain = word.trim_end_matches([',', ':']).chars().all(char::is_alphabetic);
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if plain => format!("{}{}{end}", first.to_uppercase(), letters.as_str()),
        _ => format!("{text}{end}"),
    }
}

fn write_code<S: Serializer>(code: &Code, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(code.as_str())
}

fn read_code<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Code, D::Error> {
    String::deserialize(deserializer).map(|text| Code::parse(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_crosses_as_json() {
        let problem = Problem::new(Code::TlsUntrusted, "Who is that?", "Name a --ca-file.");
        let text = serde_json::to_string(&problem).unwrap();
        assert_eq!(
            text,
            r#"{"code":"tls-untrusted","message":"Who is that?","hint":"Name a --ca-file."}"#
        );
        assert_eq!(serde_json::from_str::<Problem>(&text).unwrap(), problem);
    }

    #[test]
    fn sentences() {
        assert_eq!(sentence("no such thing"), "No such thing.");
        assert_eq!(sentence("`x` is odd"), "`x` is odd.");
        assert_eq!(sentence("What?"), "What?");
        assert_eq!(sentence("psa.example.com is gone"), "psa.example.com is gone.");
        assert_eq!(sentence("bundle-missing: run it"), "bundle-missing: run it.");
        assert_eq!(sentence(" "), "");
    }
}
