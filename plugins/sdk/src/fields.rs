//! Short ways to make and to read what a mapping handles: fields, values, traits and drafts.
//!
//! ```
//! use dovetail_sdk::mapping::exports::Draft;
//! use dovetail_sdk::mapping::types::{Field, Supplement};
//!
//! let draft = Draft {
//!     fields: vec![
//!         Field::text("name", "DC-01"),
//!         Field::flag("active", true),
//!         Field::date("purchased_at", "2026-02-28"),
//!         Field::reference("location", "location", "17", "Head office"),
//!         Field::absent("notes"),
//!     ],
//!     traits: vec![Supplement::new("rack", "\"A3\"")],
//!     ..Draft::empty()
//! };
//! assert_eq!(draft.text("name"), Some("DC-01"));
//! assert_eq!(draft.text("notes"), None);
//! assert_eq!(draft.supplement("rack"), Some("\"A3\""));
//! ```

use crate::mapping::exports::Draft;
use crate::mapping::types::{Entry, Field, Reference, Supplement, Value};

impl Field {
    /// A field with any value.
    pub fn new(name: impl Into<String>, content: Value) -> Field {
        Field {
            name: name.into(),
            content,
        }
    }

    /// A text of at most 64 KiB. The empty text is [`Field::absent`] to the host.
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Field {
        Field::new(name, Value::Text(text.into()))
    }

    /// Yes or no.
    pub fn flag(name: impl Into<String>, flag: bool) -> Field {
        Field::new(name, Value::Flag(flag))
    }

    /// A date: `YYYY-MM-DD`, or RFC 3339 in UTC with whole seconds.
    pub fn date(name: impl Into<String>, date: impl Into<String>) -> Field {
        Field::new(name, Value::Date(date.into()))
    }

    /// Several texts, at most 200. Their order carries no meaning.
    pub fn texts<T: Into<String>>(name: impl Into<String>, texts: impl IntoIterator<Item = T>) -> Field {
        Field::new(name, Value::Texts(texts.into_iter().map(Into::into).collect()))
    }

    /// Labelled values, at most 200, one of them the primary one at most.
    pub fn entries(name: impl Into<String>, entries: Vec<Entry>) -> Field {
        Field::new(name, Value::Entries(entries))
    }

    /// A link to the record of `kind` that the PSA knows by `id`; `shown` is its name.
    pub fn reference(
        name: impl Into<String>,
        kind: impl Into<String>,
        id: impl Into<String>,
        shown: impl Into<String>,
    ) -> Field {
        Field::new(
            name,
            Value::Reference(Reference {
                kind: kind.into(),
                id: id.into(),
                name: shown.into(),
            }),
        )
    }

    /// A field that is emptied.
    pub fn absent(name: impl Into<String>) -> Field {
        Field::new(name, Value::Absent)
    }
}

impl Supplement {
    /// A trait: its name, at most 200 bytes, and one JSON value of at most 16 KiB.
    pub fn new(name: impl Into<String>, json: impl Into<String>) -> Supplement {
        Supplement {
            name: name.into(),
            json: json.into(),
        }
    }
}

impl Draft {
    /// A draft that mentions nothing; as the answer of an overlay it changes nothing.
    pub fn empty() -> Draft {
        Draft {
            organization: None,
            fields: Vec::new(),
            traits: Vec::new(),
        }
    }

    /// What a field holds; nothing where it is not mentioned.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.fields
            .iter()
            .find(|known| known.name == field)
            .map(|known| &known.content)
    }

    /// A field's text; nothing where it is not mentioned, empty, or not a text.
    pub fn text(&self, field: &str) -> Option<&str> {
        match self.get(field)? {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// A trait's JSON; nothing where it is not mentioned.
    pub fn supplement(&self, name: &str) -> Option<&str> {
        self.traits
            .iter()
            .find(|known| known.name == name)
            .map(|known| known.json.as_str())
    }
}
