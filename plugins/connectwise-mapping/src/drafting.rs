//! A draft in the making. What ConnectWise leaves empty is not mentioned; the first trouble is kept and is the answer.

use dovetail_sdk::mapping::exports::Draft;
use dovetail_sdk::mapping::types::{Entry, Fault, Field, Reference, Supplement};

use crate::dates;
use crate::reading::Text;
use crate::references::Ref;

const MOST_TEXT: usize = 64 * 1024;
const MOST_TRAIT: usize = 16 * 1024;

/// A draft in the making.
pub(crate) struct Drafting {
    draft: Draft,
    fault: Option<Fault>,
}

impl Drafting {
    /// An empty draft with room for so many fields.
    pub(crate) fn with_room(fields: usize) -> Drafting {
        let draft = Draft {
            organization: None,
            fields: Vec::with_capacity(fields),
            traits: Vec::new(),
        };
        Drafting { draft, fault: None }
    }

    /// Keeps the first trouble.
    pub(crate) fn fail(&mut self, field: &str, message: impl Into<String>) {
        if self.fault.is_none() {
            self.fault = Some(Fault::data(field, message));
        }
    }

    /// A text that may be missing.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        if text.len() > MOST_TEXT {
            self.fail(
                name,
                format!(
                    "`{name}` holds {} bytes of text; a field holds 65536 at most",
                    text.len()
                ),
            );
        } else if !text.is_empty() {
            self.draft.fields.push(Field::text(name, text));
        }
    }

    /// A text without which the record makes no sense.
    pub(crate) fn needed(&mut self, name: &str, text: &str, message: &str) {
        if text.is_empty() {
            self.fail(name, message);
        }
        self.text(name, text);
    }

    /// The names of several things, as a set.
    pub(crate) fn labels(&mut self, name: &str, references: &[Ref<'_>]) {
        let mut labels: Vec<&str> = references
            .iter()
            .map(Ref::label)
            .filter(|label| !label.is_empty())
            .collect();
        labels.sort_unstable();
        labels.dedup();
        if !labels.is_empty() {
            self.draft.fields.push(Field::texts(name, labels));
        }
    }

    /// A link to another record.
    pub(crate) fn link(&mut self, name: &str, kind: &str, reference: &Ref<'_>) {
        if !reference.id.is_none() {
            let (id, label) = (reference.id.to_string(), reference.label());
            self.draft.fields.push(Field::reference(name, kind, id, label));
        }
    }

    /// Yes or no.
    pub(crate) fn flag(&mut self, name: &str, flag: bool) {
        self.draft.fields.push(Field::flag(name, flag));
    }

    /// A date that may be missing.
    pub(crate) fn date(&mut self, name: &str, text: &Text<'_>) {
        if text.is_empty() {
            return;
        }
        match dates::inward(text.as_str()) {
            Some(date) => self.draft.fields.push(Field::date(name, date)),
            None => {
                let shown: String = text.as_str().chars().take(100).collect();
                self.fail(name, format!("`{name}` is `{shown}`, which is no date"));
            }
        }
    }

    /// Labelled values.
    pub(crate) fn entries(&mut self, name: &str, entries: Vec<Entry>) {
        if !entries.is_empty() {
            self.draft.fields.push(Field::entries(name, entries));
        }
    }

    /// A trait.
    pub(crate) fn supplement(&mut self, name: String, json: String) {
        if json.len() > MOST_TRAIT {
            let words = format!(
                "`{name}` holds {} bytes; a custom field or an answer holds 16384 at most",
                json.len()
            );
            self.fail(&format!("traits.{name}"), words);
        } else {
            self.draft.traits.push(Supplement { name, json });
        }
    }

    /// The organization the record belongs to.
    pub(crate) fn belongs_to(&mut self, company: &Ref<'_>) {
        if company.id.is_none() {
            self.fail("organization", "the record names no company that it belongs to");
        }
        self.draft.organization = Some(Reference {
            kind: "organization".to_owned(),
            id: company.id.to_string(),
            name: company.label().to_owned(),
        });
    }

    /// The draft, or the first trouble.
    pub(crate) fn finish(self) -> Result<Draft, Fault> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.draft),
        }
    }
}
