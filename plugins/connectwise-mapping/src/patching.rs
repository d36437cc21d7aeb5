//! A patch in the making: the properties of ConnectWise's record that an edit changes, and no others. Null empties a
//! property; references and lists stand whole. Where a wanted label is the one the record has, its reference is kept
//! with its id; another label is given by name alone.

use dovetail_sdk::mapping::exports::{Edit, Patch};
use dovetail_sdk::mapping::types::{Fault, Field, Supplement, Value};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::dates;
use crate::reading;
use crate::references::Ref;

/// A patch in the making.
pub(crate) struct Patching<'e> {
    edit: &'e Edit,
    source: Map<String, Json>,
    json: Map<String, Json>,
    refused: Vec<String>,
}

impl<'e> Patching<'e> {
    /// Starts with the record as it was in ConnectWise.
    pub(crate) fn new(edit: &'e Edit) -> Result<Patching<'e>, Fault> {
        let source = match &edit.source {
            Some(source) => reading::record(&source.json)?,
            None => Map::new(),
        };
        Ok(Patching {
            edit,
            source,
            json: Map::new(),
            refused: Vec::new(),
        })
    }

    /// The record as it was, typed; all of it empty where ConnectWise does not have it yet.
    pub(crate) fn was<T: Deserialize<'e>>(&self) -> Result<T, Fault> {
        reading::record(self.edit.source.as_ref().map_or("{}", |source| &source.json))
    }

    /// Whether ConnectWise does not have the record yet.
    pub(crate) fn is_new(&self) -> bool {
        self.edit.source.is_none()
    }

    /// A list of the record as it was, with all its properties.
    pub(crate) fn list(&self, property: &str) -> &[Json] {
        self.source
            .get(property)
            .and_then(Json::as_array)
            .map_or(&[], Vec::as_slice)
    }

    /// The fields as they should be.
    pub(crate) fn wanted(&self) -> &'e [Field] {
        &self.edit.wanted
    }

    /// The traits as they should be.
    pub(crate) fn traits(&self) -> &'e [Supplement] {
        &self.edit.traits
    }

    /// One wanted field, where the edit mentions it.
    pub(crate) fn field(&self, name: &str) -> Option<&'e Value> {
        self.edit
            .wanted
            .iter()
            .find(|field| field.name == name)
            .map(|field| &field.content)
    }

    /// One wanted trait, where the edit mentions it.
    pub(crate) fn supplement(&self, name: &str) -> Option<&'e str> {
        self.edit
            .traits
            .iter()
            .find(|known| known.name == name)
            .map(|known| known.json.as_str())
    }

    /// Sets a property.
    pub(crate) fn set(&mut self, property: &str, value: impl Into<Json>) {
        self.json.insert(property.to_owned(), value.into());
    }

    /// Says that a field cannot be brought back.
    pub(crate) fn refuse(&mut self, name: impl Into<String>) {
        self.refused.push(name.into());
    }

    /// A text that may be emptied.
    pub(crate) fn text(&mut self, property: &str, field: &Field) -> Result<(), Fault> {
        match &field.content {
            Value::Absent => self.set(property, Json::Null),
            Value::Text(text) => self.set(property, text.trim()),
            _ => return Err(misshapen(field, "a text")),
        }
        Ok(())
    }

    /// A text that must not be emptied.
    pub(crate) fn needed(&mut self, property: &str, field: &Field) -> Result<(), Fault> {
        match &field.content {
            Value::Text(text) if !text.trim().is_empty() => self.text(property, field),
            Value::Absent | Value::Text(_) => Err(Fault::data(
                &field.name,
                format!("`{}` must not be empty in ConnectWise", field.name),
            )),
            _ => Err(misshapen(field, "a text")),
        }
    }

    /// A text that stands in ConnectWise as a reference.
    pub(crate) fn label(&mut self, property: &str, was: &Ref<'_>, field: &Field) -> Result<(), Fault> {
        match &field.content {
            Value::Absent => self.set(property, Json::Null),
            Value::Text(label) => self.set(property, labelled(label, was)),
            _ => return Err(misshapen(field, "a text")),
        }
        Ok(())
    }

    /// Texts that stand in ConnectWise as references.
    pub(crate) fn labels(&mut self, property: &str, was: &[Ref<'_>], field: &Field) -> Result<(), Fault> {
        let labels = match &field.content {
            Value::Absent => &[][..],
            Value::Texts(labels) => labels,
            _ => return Err(misshapen(field, "several texts")),
        };
        let nowhere = Ref::default();
        let known = |label: &str| {
            was.iter()
                .find(|known| known.label() == label)
                .unwrap_or(&nowhere)
        };
        let references: Vec<Json> = labels.iter().map(|label| labelled(label, known(label))).collect();
        self.set(property, references);
        Ok(())
    }

    /// A link to another record.
    pub(crate) fn link(&mut self, property: &str, was: &Ref<'_>, field: &Field) -> Result<(), Fault> {
        match &field.content {
            Value::Absent => self.set(property, Json::Null),
            Value::Reference(link) => {
                let id: u64 = link.id.parse().map_err(|_| {
                    Fault::data(
                        &field.name,
                        format!(
                            "`{}` points at `{}`, which is no ConnectWise id",
                            field.name, link.id
                        ),
                    )
                })?;
                let whole = if was.id.0 == id {
                    was.to_json()
                } else if link.name.is_empty() {
                    json!({ "id": id })
                } else {
                    json!({ "id": id, "name": link.name })
                };
                self.set(property, whole);
            }
            // The host knows no id of it: the record it points at is not in ConnectWise.
            Value::Text(name) => {
                return Err(Fault::data(
                    &field.name,
                    format!(
                        "`{}` points at `{name}`, which ConnectWise does not have",
                        field.name
                    ),
                ));
            }
            _ => return Err(misshapen(field, "a link")),
        }
        Ok(())
    }

    /// Yes or no; `means` is what the property says for yes.
    pub(crate) fn flag(&mut self, property: &str, means: bool, field: &Field) -> Result<(), Fault> {
        match &field.content {
            Value::Flag(flag) => self.set(property, *flag == means),
            Value::Absent => self.refuse(&field.name),
            _ => return Err(misshapen(field, "yes or no")),
        }
        Ok(())
    }

    /// A date that may be emptied.
    pub(crate) fn date(&mut self, property: &str, field: &Field) -> Result<(), Fault> {
        match &field.content {
            Value::Absent => self.set(property, Json::Null),
            Value::Date(date) => {
                let whole = dates::outward(date)
                    .ok_or_else(|| Fault::data(&field.name, format!("`{}` is no date", field.name)))?;
                self.set(property, whole);
            }
            _ => return Err(misshapen(field, "a date")),
        }
        Ok(())
    }

    /// The patch.
    pub(crate) fn finish(self) -> Result<Patch, Fault> {
        Ok(Patch {
            json: Json::Object(self.json).to_string(),
            refused: self.refused,
        })
    }
}

/// A reference to what is called so: the one that was there where it is called so, else by name alone.
pub(crate) fn labelled(label: &str, was: &Ref<'_>) -> Json {
    if was.label() == label {
        was.to_json()
    } else {
        json!({ "name": label })
    }
}

/// The fault of a value of the wrong shape. The host checks shapes, so it is the caller's mistake.
pub(crate) fn misshapen(field: &Field, shape: &str) -> Fault {
    Fault::bug(format!(
        "`{}` was to be set to something that is not {shape}",
        field.name
    ))
}
