//! What an overlay says of a record, put together call by call. A field said twice holds what was said last.

use serde::Serialize;

use crate::mapping::exports::{Draft, Outcome};
use crate::mapping::types::{Entry, Field, Reference, Supplement, Value};

/// The changes of one record. What is not mentioned stays as the layers before made it.
///
/// ```
/// use dovetail_sdk::overlay::{Change, Fault, Record};
///
/// fn change(record: &Record, change: &mut Change) -> Result<(), Fault> {
///     change.text("notes", "Rack A3").flag("active", true).empty("asset_tag");
///     change.put_trait("rack", 17).drop_trait("custom_fields.Rack");
///     if record.text("status") == Some("Retired") {
///         change.skip("it is retired");
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug, Default)]
pub struct Change {
    organization: Option<Reference>,
    fields: Vec<Field>,
    traits: Vec<Supplement>,
    skipped: Option<String>,
}

impl Change {
    /// Sets a field to any value.
    pub fn set(&mut self, field: &str, content: Value) -> &mut Change {
        match self.fields.iter_mut().find(|known| known.name == field) {
            Some(known) => known.content = content,
            None => self.fields.push(Field::new(field, content)),
        }
        self
    }

    /// Sets a text.
    pub fn text(&mut self, field: &str, text: impl Into<String>) -> &mut Change {
        self.set(field, Value::Text(text.into()))
    }

    /// Sets a flag.
    pub fn flag(&mut self, field: &str, flag: bool) -> &mut Change {
        self.set(field, Value::Flag(flag))
    }

    /// Sets a date: `YYYY-MM-DD`, or RFC 3339 in UTC with whole seconds.
    pub fn date(&mut self, field: &str, date: impl Into<String>) -> &mut Change {
        self.set(field, Value::Date(date.into()))
    }

    /// Sets several texts.
    pub fn texts<T: Into<String>>(&mut self, field: &str, texts: impl IntoIterator<Item = T>) -> &mut Change {
        self.set(field, Value::Texts(texts.into_iter().map(Into::into).collect()))
    }

    /// Sets labelled values, such as e-mail addresses.
    pub fn entries(&mut self, field: &str, entries: Vec<Entry>) -> &mut Change {
        self.set(field, Value::Entries(entries))
    }

    /// Sets a link to the record of `kind` that the PSA knows by `id`; `shown` is its name.
    pub fn reference(
        &mut self,
        field: &str,
        kind: impl Into<String>,
        id: impl Into<String>,
        shown: impl Into<String>,
    ) -> &mut Change {
        let content = Field::reference(field, kind, id, shown).content;
        self.set(field, content)
    }

    /// Empties a field.
    pub fn empty(&mut self, field: &str) -> &mut Change {
        self.set(field, Value::Absent)
    }

    /// Sets a trait to a value that becomes JSON. What cannot become JSON, such as a map whose keys are no texts, empties it.
    pub fn put_trait(&mut self, name: &str, value: impl Serialize) -> &mut Change {
        let json = serde_json::to_string(&value).unwrap_or_else(|_| "null".into());
        match self.traits.iter_mut().find(|known| known.name == name) {
            Some(known) => known.json = json,
            None => self.traits.push(Supplement::new(name, json)),
        }
        self
    }

    /// Takes a trait away.
    pub fn drop_trait(&mut self, name: &str) -> &mut Change {
        self.put_trait(name, ())
    }

    /// Gives the record to the organization that the PSA knows by `id`.
    pub fn organization(&mut self, id: impl Into<String>, shown: impl Into<String>) -> &mut Change {
        self.organization = Some(Reference {
            kind: "organization".into(),
            id: id.into(),
            name: shown.into(),
        });
        self
    }

    /// Leaves the record out, whatever else was said of it.
    pub fn skip(&mut self, reason: impl Into<String>) {
        self.skipped = Some(reason.into());
    }

    pub(super) fn outcome(self) -> Outcome {
        match self.skipped {
            Some(reason) => Outcome::Skipped(reason),
            None => Outcome::Mapped(Draft {
                organization: self.organization,
                fields: self.fields,
                traits: self.traits,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_last_holds() {
        let mut change = Change::default();
        change
            .text("name", "a")
            .text("name", "b")
            .put_trait("x", 1)
            .drop_trait("x");
        let Outcome::Mapped(draft) = change.outcome() else {
            panic!("it is mapped");
        };
        assert_eq!(draft.fields, [Field::text("name", "b")]);
        assert_eq!(draft.traits, [Supplement::new("x", "null")]);
    }

    #[test]
    fn a_record_left_out_is_nothing_else() {
        let mut change = Change::default();
        change.text("name", "a").skip("retired");
        assert_eq!(change.outcome(), Outcome::Skipped("retired".into()));
    }
}
