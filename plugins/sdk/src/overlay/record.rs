//! One record as an overlay sees it: the PSA's own JSON, and what the layers before made of it.

use std::cell::OnceCell;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use crate::mapping::exports::{Draft, Input};
use crate::mapping::types::{Fault, Field, SourceRecord, Supplement, Value};

/// A record.
///
/// ```
/// use dovetail_sdk::connectwise::Configuration;
/// use dovetail_sdk::overlay::{Field, Record};
///
/// let record = Record::of("configuration")
///     .json(r#"{"serialNumber": 4711, "status": {"id": 2, "name": "Active"}}"#)
///     .with(Field::text("name", "DC-01"));
/// assert_eq!(record.text("name"), Some("DC-01"));
/// assert_eq!(record.at("status/name").and_then(|name| name.as_str()), Some("Active"));
///
/// let device: Configuration = record.read();
/// assert_eq!(device.serial_number.as_deref(), Some("4711"));
/// ```
#[derive(Debug)]
pub struct Record {
    input: Input,
    /// Read when it is first asked for: many overlays look only at what the layers before made.
    source: OnceCell<Json>,
    organization: Option<String>,
}

impl Record {
    pub(super) fn new(input: Input, organization: Option<String>) -> Record {
        Record {
            input,
            source: OnceCell::new(),
            organization,
        }
    }

    /// An empty record of a kind, for tests.
    pub fn of(kind: &str) -> Record {
        let source = SourceRecord {
            kind: kind.into(),
            id: "1".into(),
            version: String::new(),
            name: String::new(),
            json: "{}".into(),
        };
        let so_far = Draft::empty();
        Record::new(Input { source, so_far }, None)
    }

    /// The same record with this JSON in the PSA, for tests.
    pub fn json(mut self, json: &str) -> Record {
        self.input.source.json = json.into();
        Record::new(self.input, self.organization)
    }

    /// The same record with this field so far, for tests.
    pub fn with(mut self, field: Field) -> Record {
        self.input.so_far.fields.push(field);
        self
    }

    /// The same record with this trait so far, for tests.
    pub fn with_trait(mut self, name: &str, json: impl Into<Json>) -> Record {
        let json = json.into().to_string();
        self.input.so_far.traits.push(Supplement::new(name, json));
        self
    }

    /// `organization`, `location`, `contact`, `configuration` or `ticket`.
    pub fn kind(&self) -> &str {
        &self.input.source.kind
    }

    /// The PSA's id.
    pub fn id(&self) -> &str {
        &self.input.source.id
    }

    /// The name of the organization the layer is set for; none where it is set for all.
    pub fn organization(&self) -> Option<&str> {
        self.organization.as_deref()
    }

    /// The record as the PSA gave it.
    pub fn source(&self) -> &Json {
        // The host promises one object; what is none reads as one without properties.
        let read = || serde_json::from_str(&self.input.source.json).unwrap_or_default();
        self.source.get_or_init(read)
    }

    /// What stands in the PSA's record at a path of property names and places in lists: `status/name`, `types/0`.
    pub fn at(&self, path: &str) -> Option<&Json> {
        self.source().pointer(&format!("/{path}"))
    }

    /// The PSA's record as a type that takes whatever comes, such as those of [`crate::connectwise`].
    pub fn read<T: DeserializeOwned + Default>(&self) -> T {
        T::deserialize(self.source()).unwrap_or_default()
    }

    /// The PSA's record as a type of your own; a record that does not fit is one whose data is at fault.
    pub fn try_read<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        T::deserialize(self.source())
            .map_err(|error| Fault::data("", format!("the PSA's record has another form: {error}")))
    }

    /// What the layers before made of it.
    pub fn so_far(&self) -> &Draft {
        &self.input.so_far
    }

    /// What a field holds so far; nothing where it is not mentioned or empty.
    pub fn get(&self, field: &str) -> Option<&Value> {
        let value = self.input.so_far.get(field);
        value.filter(|value| !matches!(value, Value::Absent))
    }

    /// A field's text so far; nothing where it is empty or no text.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.input.so_far.text(field)
    }

    /// A trait so far: `custom_fields.Rack`, `questions.Asset owner`.
    pub fn supplement(&self, name: &str) -> Option<Json> {
        let json = self.input.so_far.supplement(name)?;
        serde_json::from_str(json)
            .ok()
            .filter(|value: &Json| !value.is_null())
    }

    /// A trait so far as a person would write it; nothing where it is a list or an object.
    pub fn supplement_text(&self, name: &str) -> Option<String> {
        match self.supplement(name)? {
            Json::String(text) => Some(text).filter(|text| !text.is_empty()),
            scalar @ (Json::Number(_) | Json::Bool(_)) => Some(scalar.to_string()),
            _ => None,
        }
    }

    /// The PSA's properties.
    pub fn properties(&self) -> Option<&Map<String, Json>> {
        self.source().as_object()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_nothing() {
        let record = Record::of("contact").json("no JSON").with(Field::absent("title"));
        assert_eq!((record.get("title"), record.text("name")), (None, None));
        assert_eq!((record.at("a/b"), record.supplement("x")), (None, None));
        assert!(record.properties().is_none());
    }

    #[test]
    fn traits_as_a_person_would_write_them() {
        let record = Record::of("configuration")
            .with_trait("a", 42)
            .with_trait("b", "B")
            .with_trait("c", vec![1]);
        let text = |name| record.supplement_text(name);
        assert_eq!(text("a").as_deref(), Some("42"));
        assert_eq!(text("b").as_deref(), Some("B"));
        assert_eq!(text("c"), None);
    }
}
