//! What a field holds, in one canonical form: two values are written the same exactly if they are equal. Lists and links
//! that are written differently may still mean the same: [`crate::content::Content::same`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AssetId, Kind, Shape, SourceId, Timestamp};

/// A field's value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Value {
    /// Nothing. A field that is not there and one that is absent mean the same in a record.
    Absent,
    /// A text, never empty.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A date.
    Date(Date),
    /// A set of texts: sorted, each once, never empty.
    Texts(Vec<String>),
    /// Labelled values in the PSA's order, never none.
    Entries(Vec<Entry>),
    /// A link.
    Reference(Reference),
}

impl Value {
    /// A text; the empty one is absent.
    pub fn text(text: impl Into<String>) -> Value {
        let text = text.into();
        if text.is_empty() {
            Value::Absent
        } else {
            Value::Text(text)
        }
    }

    /// A set of texts: sorted and each once; the empty set is absent.
    pub fn texts(texts: impl IntoIterator<Item = String>) -> Value {
        let mut texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        texts.sort_unstable();
        texts.dedup();
        if texts.is_empty() {
            Value::Absent
        } else {
            Value::Texts(texts)
        }
    }

    /// Labelled values; none is absent.
    pub fn entries(entries: Vec<Entry>) -> Value {
        if entries.is_empty() {
            Value::Absent
        } else {
            Value::Entries(entries)
        }
    }

    /// Whether there is nothing.
    pub fn is_absent(&self) -> bool {
        matches!(self, Value::Absent)
    }

    /// Whether a field of this shape may hold it.
    pub fn fits(&self, shape: Shape) -> bool {
        matches!(
            (self, shape),
            (Value::Absent, _)
                | (Value::Text(_), Shape::Text)
                | (Value::Flag(_), Shape::Flag)
                | (Value::Date(_), Shape::Date)
                | (Value::Texts(_), Shape::Texts)
                | (Value::Entries(_), Shape::Entries)
                | (Value::Reference(_), Shape::Reference)
        )
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value as JSON for people and programs. References show id and name, the id null while the target is not
    /// in the documentation.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::{Value as Json, json};
        match self {
            Value::Absent => Json::Null,
            Value::Text(text) => json!(text),
            Value::Flag(flag) => json!(flag),
            Value::Date(date) => json!(date.to_string()),
            Value::Texts(texts) => json!(texts),
            Value::Entries(entries) => Json::Array(
                entries
                    .iter()
                    .map(|entry| {
                        json!({"value": entry.value, "label": entry.label, "primary": entry.primary,
                               "extension": entry.extension})
                    })
                    .collect(),
            ),
            Value::Reference(link) => {
                json!({"id": link.asset.map(|id| id.to_string()), "name": link.name})
            }
        }
    }
}

/// One line, as tables and messages show it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Absent => f.write_str("-"),
            Value::Text(text) => f.write_str(text),
            Value::Flag(true) => f.write_str("yes"),
            Value::Flag(false) => f.write_str("no"),
            Value::Date(date) => write!(f, "{date}"),
            Value::Texts(texts) => f.write_str(&texts.join(", ")),
            Value::Entries(entries) => {
                for (position, entry) in entries.iter().enumerate() {
                    if position > 0 {
                        f.write_str(", ")?;
                    }
                    f.write_str(&entry.value)?;
                    if let Some(extension) = &entry.extension {
                        write!(f, " x{extension}")?;
                    }
                    if !entry.label.is_empty() {
                        write!(f, " ({})", entry.label)?;
                    }
                }
                Ok(())
            }
            Value::Reference(link) => f.write_str(&link.name),
        }
    }
}

/// A date, with or without a time of day. A date without one is written `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Date {
    /// Year, month, day.
    Day(i16, u8, u8),
    /// A point in time.
    Time(Timestamp),
}

impl Date {
    /// Reads `YYYY-MM-DD` or RFC 3339; `None` where it is neither or names no real day.
    pub fn parse(text: &str) -> Option<Date> {
        if text.len() == 10 {
            let day: jiff::civil::Date = text.parse().ok()?;
            let month = u8::try_from(day.month()).ok()?;
            return Some(Date::Day(day.year(), month, u8::try_from(day.day()).ok()?));
        }
        text.parse().ok().map(Date::Time)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Date::Day(year, month, day) => write!(f, "{year:04}-{month:02}-{day:02}"),
            Date::Time(time) => write!(f, "{time}"),
        }
    }
}

/// One labelled value: an e-mail address, a phone number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// The address or number.
    pub value: String,
    /// What it is for, in the PSA's words; may be empty.
    pub label: String,
    /// Whether it is the first choice.
    pub primary: bool,
    /// A phone's extension.
    pub extension: Option<String>,
}

/// A link to another record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// The kind it points at.
    pub kind: Kind,
    /// The documentation record, once it is there.
    pub asset: Option<AssetId>,
    /// The PSA's id, where the link came from the PSA.
    pub source: Option<SourceId>,
    /// What is shown.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_means_absent() {
        assert!(Value::text("").is_absent());
        assert!(Value::texts(vec![String::new()]).is_absent());
        assert!(Value::entries(vec![]).is_absent());
    }

    #[test]
    fn sets_have_no_order() {
        let one = Value::texts(["b".to_owned(), "a".to_owned(), "b".to_owned()]);
        assert_eq!(one, Value::texts(["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn dates_are_real_days() {
        assert_eq!(Date::parse("2026-02-28").unwrap().to_string(), "2026-02-28");
        assert_eq!(
            Date::parse("2026-11-01T09:30:00Z").unwrap().to_string(),
            "2026-11-01T09:30:00Z"
        );
        for bad in ["2026-02-30", "2026-2-3", "yesterday", "", "20260203"] {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
    }
}
