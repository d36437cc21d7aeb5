//! Values: from the contract's forms to the domain's canonical ones.

use dovetail_domain::{Date, Entry, Reference, Shape, SourceRef, Value};

use crate::bindings::returned;
use crate::checked::{Checked, id, kind, line, list, no, text, words};
use crate::limits::{LABEL, TEXT, VALUES};

/// A value in its canonical form. Texts are kept as they are, white space too.
pub(crate) fn value(value: returned::Value) -> Checked<Value> {
    match value {
        returned::Value::Absent => Ok(Value::Absent),
        returned::Value::Text(content) => plain(content),
        returned::Value::Number(digits) => number(&digits).map(Value::text),
        returned::Value::Flag(flag) => Ok(Value::Flag(flag)),
        returned::Value::Date(text) => date(&text),
        returned::Value::Texts(texts) => set(texts),
        returned::Value::Entries(entries) => labelled(entries.into_iter().map(entry).collect()),
        returned::Value::Reference(link) => {
            let link = reference(link)?;
            Ok(Value::Reference(Reference {
                kind: link.kind,
                asset: None,
                source: Some(link.id),
                name: link.name,
            }))
        }
    }
}

/// A text.
pub fn plain(content: String) -> Checked<Value> {
    text(content, TEXT).map(Value::text)
}

/// A date, with or without a time of day.
pub fn date(text: &str) -> Checked<Value> {
    match Date::parse(text) {
        Some(date) => Ok(Value::Date(date)),
        None => no(format!(
            "`{}` is no date: YYYY-MM-DD or RFC 3339",
            words(text, 40)
        )),
    }
}

/// A set of texts, held as a whole to what one text may have.
pub fn set(texts: Vec<String>) -> Checked<Value> {
    let size: usize = texts.iter().map(String::len).sum();
    if size > TEXT {
        return no(format!("texts of {size} bytes together; {TEXT} are allowed"));
    }
    list(texts, VALUES, "texts", |content| text(content, TEXT)).map(Value::texts)
}

/// Labelled values, at most one of them the primary one.
pub fn labelled(entries: Vec<Entry>) -> Checked<Value> {
    let entries = list(entries, VALUES, "entries", measured)?;
    if entries.iter().filter(|entry| entry.primary).count() > 1 {
        return no("several entries are the primary one");
    }
    Ok(Value::entries(entries))
}

/// What a person calls a record that is linked with.
pub fn label(content: String) -> Checked<String> {
    text(content, LABEL)
}

/// A record of the PSA, named by id.
pub(crate) fn reference(link: returned::Reference) -> Checked<SourceRef> {
    Ok(SourceRef {
        kind: kind(&link.kind)?,
        id: id(link.id)?,
        name: text(link.name, LABEL)?,
    })
}

fn entry(entry: returned::Entry) -> Entry {
    Entry {
        value: entry.value,
        label: entry.label,
        primary: entry.primary,
        extension: entry.extension,
    }
}

fn measured(entry: Entry) -> Checked<Entry> {
    Ok(Entry {
        value: text(entry.value, LABEL)?,
        label: text(entry.label, LABEL)?,
        primary: entry.primary,
        extension: entry
            .extension
            .map(|extension| line(extension, LABEL))
            .transpose()?,
    })
}

/// A decimal number with neither needless zeros nor a negative zero: `-12.50` becomes `-12.5`.
pub(crate) fn number(text: &str) -> Checked<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if text.len() > LABEL || !all_digits(whole) || !all_digits(fraction) {
        return no(format!("`{}` is no decimal number", words(text, 40)));
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    };
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    let sign = if whole == "0" && fraction.is_empty() {
        ""
    } else {
        sign
    };
    Ok(format!("{sign}{whole}{dot}{fraction}"))
}

/// What a shape is called in messages.
pub(crate) fn shape_words(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "a text",
        Shape::Flag => "a flag",
        Shape::Date => "a date",
        Shape::Texts => "texts",
        Shape::Entries => "entries",
        Shape::Reference => "a reference",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form() {
        for (given, kept) in [
            ("-12.50", "-12.5"),
            ("007", "7"),
            ("-0.0", "0"),
            ("0.10", "0.1"),
            ("5", "5"),
        ] {
            assert_eq!(number(given).unwrap(), kept);
        }
        for bad in ["", "-", ".5", "5.", "1e3", "+1", "1,5", "--1", "NaN"] {
            assert!(number(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_are_counted_and_measured() {
        let one = |value_: &str, primary| returned::Entry {
            value: value_.to_owned(),
            label: String::new(),
            primary,
            extension: None,
        };
        assert!(value(returned::Value::Entries(vec![one("a", true), one("b", false)])).is_ok());
        assert!(value(returned::Value::Entries(vec![one("a", true), one("b", true)])).is_err());
        let labelled = |size| value(returned::Value::Entries(vec![one(&"x".repeat(size), true)]));
        assert!(labelled(LABEL).is_ok() && labelled(LABEL + 1).is_err());
        let entries = |count| value(returned::Value::Entries(vec![one("a", false); count]));
        assert!(entries(VALUES).is_ok() && entries(VALUES + 1).is_err());
        let texts = |count| value(returned::Value::Texts(vec!["x".to_owned(); count]));
        assert!(texts(VALUES).is_ok() && texts(VALUES + 1).is_err());
        assert!(value(returned::Value::Texts(vec!["x".repeat(TEXT); 2])).is_err());
        let written = |size| value(returned::Value::Text("x".repeat(size)));
        assert!(written(TEXT).is_ok() && written(TEXT + 1).is_err());
        assert!(value(returned::Value::Date("2026-02-30".to_owned())).is_err());
        assert_eq!(
            value(returned::Value::Text(" a ".to_owned())).unwrap(),
            Value::Text(" a ".to_owned())
        );
        let link = |id: &str| {
            returned::Value::Reference(returned::Reference {
                kind: "contact".to_owned(),
                id: id.to_owned(),
                name: String::new(),
            })
        };
        assert!(value(link("7")).is_ok() && value(link("")).is_err());
    }
}
