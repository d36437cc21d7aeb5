//! Where untrusted becomes trusted: the only way from what a guest returned to a type of the domain. Everything is
//! counted and measured here; what breaks a limit is refused, never cut, save for messages and log lines, which are cut
//! and cleaned so that they can be shown anywhere.
//!
//! A record that does not pass is refused by itself; an answer that does not pass as a whole ends the call.

pub(crate) mod answers;
pub(crate) mod connector;
pub(crate) mod json;
pub(crate) mod mapping;
pub(crate) mod values;

use std::fmt;

use dovetail_domain::showable::is_showable;
use dovetail_domain::{Cause, Fault, Kind, SourceId, Timestamp};

use crate::bindings::types;
use crate::limits::{self, LABEL, MESSAGE};

/// Why something was not taken over, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unacceptable(pub(crate) String);

impl Unacceptable {
    /// Says where it stands.
    pub(crate) fn at(self, place: impl fmt::Display) -> Unacceptable {
        Unacceptable(format!("{place}: {}", self.0))
    }
}

impl fmt::Display for Unacceptable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) type Checked<T> = Result<T, Unacceptable>;

pub(crate) fn no<T>(why: impl Into<String>) -> Checked<T> {
    Err(Unacceptable(why.into()))
}

/// Text for people: what cannot be shown becomes spaces, and it is cut to `most` bytes.
pub(crate) fn words(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len().min(most));
    for c in text.chars() {
        let c = if is_showable(c) { c } else { ' ' };
        if out.len() + c.len_utf8() > most {
            break;
        }
        out.push(c);
    }
    out
}

/// A text of at most `most` bytes without NUL.
pub(crate) fn text(text: String, most: usize) -> Checked<String> {
    fits(&text, most).map(|()| text)
}

fn fits(text: &str, most: usize) -> Checked<()> {
    if text.len() > most {
        return no(format!("a text of {} bytes; {most} are allowed", text.len()));
    }
    if text.contains('\0') {
        return no("a text with a NUL character");
    }
    Ok(())
}

/// A text of one line: no control characters at all.
pub(crate) fn line(content: String, most: usize) -> Checked<String> {
    is_line(&content, most).map(|()| content)
}

pub(crate) fn is_line(content: &str, most: usize) -> Checked<()> {
    fits(content, most)?;
    if content.chars().any(char::is_control) {
        return no("a text with control characters where one line is wanted");
    }
    Ok(())
}

pub(crate) fn optional<T, U>(value: Option<T>, check: impl FnOnce(T) -> Checked<U>) -> Checked<Option<U>> {
    value.map(check).transpose()
}

/// A list of at most `most` items, each checked; errors say which.
pub(crate) fn list<T, U>(
    items: Vec<T>,
    most: usize,
    what: &str,
    check: impl FnMut(T) -> Checked<U>,
) -> Checked<Vec<U>> {
    if items.len() > most {
        return no(format!("{} {what}; {most} are allowed", items.len()));
    }
    let mut check = check;
    items
        .into_iter()
        .enumerate()
        .map(|(place, item)| check(item).map_err(|why| why.at(format_args!("{what}, number {}", place + 1))))
        .collect()
}

/// A name of the alphabet that plugins, settings and groups are named with.
pub(crate) fn name(text: String) -> Checked<String> {
    let fits = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_'));
    if fits {
        Ok(text)
    } else {
        no(format!(
            "`{}` is no name: 1 to 64 of a-z 0-9 - . _",
            words(&text, 80)
        ))
    }
}

pub(crate) fn id(text: String) -> Checked<SourceId> {
    SourceId::try_from(text).map_err(|text| {
        Unacceptable(format!(
            "`{}` is no id: 1 to {} bytes without control characters",
            words(&text, 40),
            SourceId::MAX_BYTES
        ))
    })
}

pub(crate) fn kind(text: &str) -> Checked<Kind> {
    text.parse()
        .map_err(|_| Unacceptable(format!("`{}` is no kind of record", words(text, 80))))
}

pub(crate) fn cursor(text: String) -> Checked<String> {
    line(text, limits::CURSOR).map_err(|why| why.at("the cursor"))
}

/// A time that may be left empty.
pub(crate) fn version(text: &str) -> Checked<Option<Timestamp>> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| Unacceptable(format!("`{}` is no time", words(text, 40))))
}

pub(crate) fn cause(cause: types::Cause) -> Cause {
    match cause {
        types::Cause::InvalidConfig(key) => Cause::InvalidConfig(words(&key, LABEL)),
        types::Cause::Auth => Cause::Auth,
        types::Cause::Permission(id) => Cause::Permission(words(&id, LABEL)),
        types::Cause::RateLimited(seconds) => Cause::RateLimited(seconds),
        types::Cause::Transient => Cause::Transient,
        types::Cause::TooLarge => Cause::TooLarge,
        types::Cause::Gone => Cause::Gone,
        types::Cause::Data(field) => Cause::Data(words(&field, LABEL)),
        types::Cause::Bug => Cause::Bug,
    }
}

/// A fault is always taken over: its words are cleaned.
pub(crate) fn fault(fault: types::Fault) -> Fault {
    Fault {
        cause: cause(fault.cause),
        message: words(&fault.message, MESSAGE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_can_be_shown_anywhere() {
        assert_eq!(words("a\u{1b}[2Jb\u{202e}c\nd", 100), "a [2Jb c d");
        assert_eq!(words("äöü", 3), "ä");
    }

    #[test]
    fn texts_lines_and_names_are_held_to_their_forms() {
        assert!(text("a\nb".to_owned(), 3).is_ok());
        assert!(text("abcd".to_owned(), 3).is_err());
        assert!(text("a\0".to_owned(), 9).is_err());
        assert!(line("a\nb".to_owned(), 9).is_err());
        assert!(name("company-types".to_owned()).is_ok());
        for bad in ["", "A", "a b", &"x".repeat(65)] {
            assert!(name(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_cursor_has_its_length() {
        assert!(cursor("x".repeat(limits::CURSOR)).is_ok());
        assert_eq!(
            cursor("x".repeat(limits::CURSOR + 1)).unwrap_err().0,
            "the cursor: a text of 4097 bytes; 4096 are allowed"
        );
    }

    #[test]
    fn lists_say_which_item_is_wrong() {
        let why = list(vec!["a", ""], 2, "names", |text| name(text.to_owned())).unwrap_err();
        assert_eq!(why.0, "names, number 2: `` is no name: 1 to 64 of a-z 0-9 - . _");
        assert_eq!(
            list(vec![1, 2], 1, "names", Ok).unwrap_err().0,
            "2 names; 1 are allowed"
        );
    }
}
