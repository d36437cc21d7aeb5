//! What a person changes of a record: what stands here changes, and what was agreed upon with the PSA is kept as the base
//! for as long as it is something else.

use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::policy::Rule;
use crate::{AssetId, Field, Kind, Part, PartRef, Record, Shape, Value};

/// What a part is to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    /// A field; absent empties it.
    Field(Field, Value),
    /// A trait by its name with its compact JSON; none and `null` take it out.
    Trait(String, Option<String>),
    /// The organization it belongs to.
    Organization(Option<AssetId>),
}

impl Wanted {
    /// The part.
    pub fn part(&self) -> PartRef<'_> {
        match self {
            Wanted::Field(field, _) => PartRef::Field(*field),
            Wanted::Trait(name, _) => PartRef::Trait(name),
            Wanted::Organization(_) => PartRef::Organization,
        }
    }

    /// What it is to hold, as JSON for people and programs.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Wanted::Field(_, value) => value.to_json(),
            Wanted::Trait(_, json) => {
                let json = json.as_deref().map(serde_json::from_str);
                json.and_then(Result::ok).unwrap_or_default()
            }
            Wanted::Organization(id) => id.map(|id| id.to_string()).into(),
        }
    }
}

/// Why an edit was refused. The record is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditRefused {
    /// The kind has no such field.
    #[error("a record of kind {kind} has no field {field}")]
    NoSuchField {
        /// The record's kind.
        kind: Kind,
        /// The field.
        field: Field,
    },
    /// The field holds something else.
    #[error("{field} of a {kind} holds {}, which `{value}` is not", in_words(*.shape))]
    NotOfShape {
        /// The record's kind.
        kind: Kind,
        /// The field.
        field: Field,
        /// What it holds.
        shape: Shape,
        /// What was wanted.
        value: Value,
    },
    /// What a trait is to hold is no JSON.
    #[error("traits.{name} holds JSON, which `{json}` is not")]
    NotJson {
        /// The trait.
        name: String,
        /// What was wanted.
        json: String,
    },
    /// An organization belongs to no other: that is its field `parent`.
    #[error("an organization belongs to no organization; the one above it is its field parent")]
    NoOwner,
    /// A conflict about one part cannot be settled with something for another.
    #[error("the conflict is about {asked}, and what was given is for {given}")]
    AnotherPart {
        /// What the conflict is about.
        asked: Part,
        /// What was given.
        given: Part,
    },
}

fn in_words(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "a text",
        Shape::Flag => "yes or no",
        Shape::Date => "a date",
        Shape::Texts => "a list of texts",
        Shape::Entries => "a list of labelled values",
        Shape::Reference => "a link to another record",
    }
}

/// Edits a part of a record. What was agreed upon becomes the base of the part unless it has an older one; where the edit
/// goes back to it there is no base any more. A record that is not connected has none. Wanting what stands already is no
/// edit.
///
/// A trait that was not there becomes the documentation's own where it comes in only; one that goes both ways is the PSA's
/// too and is sent. What is held stays held.
pub fn edit(record: &mut Record, wanted: Wanted, rule: Rule) -> Result<(), EditRefused> {
    let connected = record.link.is_some();
    match wanted {
        Wanted::Field(field, value) => {
            check(record.kind, field, &value)?;
            let stood = record.get(field).clone();
            if stood == value {
                return Ok(());
            }
            let agreed = agreed(record.base.of_field(field), &stood, &Value::Absent);
            let base = (connected && !agreed.same(&value)).then_some(agreed);
            record.base.set_field(field, base);
            record.set(field, value);
        }
        Wanted::Trait(name, json) => {
            let json = json.filter(|json| json != "null");
            if let Some(json) = &json
                && serde_json::from_str::<serde::de::IgnoredAny>(json).is_err()
            {
                let json = json.clone();
                return Err(EditRefused::NotJson { name, json });
            }
            if record.get_trait(&name) != json.as_deref() {
                edit_trait(record, &name, json, rule);
            }
        }
        Wanted::Organization(_) if record.kind == Kind::Organization => return Err(EditRefused::NoOwner),
        Wanted::Organization(id) if record.organization == id => {}
        Wanted::Organization(id) => {
            let entry = record.base.organization.map(Some);
            let agreed = agreed(entry.as_ref(), &record.organization, &None);
            record.base.organization = agreed.filter(|_| connected && agreed != id);
            record.organization = id;
        }
    }
    Ok(())
}

fn edit_trait(record: &mut Record, name: &str, json: Option<String>, rule: Rule) {
    let stood = record.get_trait(name);
    let place = record.own.binary_search_by(|known| known.as_str().cmp(name));
    let owned = place.is_ok();
    // The PSA has nothing of what is the documentation's own.
    let agreed = match record.base.of_trait(name) {
        None if owned => None,
        entry => agreed(entry.as_ref(), &stood, &None),
    };
    let agreed = agreed.map(str::to_owned);
    let shared = record.link.is_some() && rule.can_send();
    let new = agreed.is_none() && stood.is_none();
    match place {
        Ok(place) if shared || json.is_none() => drop(record.own.remove(place)),
        Err(place) if !shared && new && json.is_some() => record.own.insert(place, name.to_owned()),
        _ => {}
    }
    let base = (record.link.is_some() && agreed != json).then_some(agreed);
    record.base.set_trait(name, base);
    record.set_trait(name, json);
}

/// What was agreed upon of a part: what its entry says, or what stood where it has none. An entry that equals what stood
/// says that nothing ever was: then the PSA is taken to have nothing, so that whatever it has is asked about.
fn agreed<T: Content>(entry: Option<&T>, stood: &T, nothing: &T) -> T {
    match entry {
        Some(entry) if entry == stood => nothing.clone(),
        Some(entry) => entry.clone(),
        None => stood.clone(),
    }
}

fn check(kind: Kind, field: Field, value: &Value) -> Result<(), EditRefused> {
    let Some(shape) = kind.shape(field) else {
        return Err(EditRefused::NoSuchField { kind, field });
    };
    if value.fits(shape) {
        return Ok(());
    }
    Err(EditRefused::NotOfShape {
        kind,
        field,
        shape,
        value: value.clone(),
    })
}

/// Has what stands in a part sent although nothing was ever agreed upon about it: what was offered is wanted now. False
/// where something was agreed upon, and so nothing changes.
pub fn push(record: &mut Record, part: PartRef<'_>) -> bool {
    let base = &record.base;
    match part {
        PartRef::Field(field) => {
            let never = base
                .of_field(field)
                .is_some_and(|entry| entry == record.get(field));
            if never {
                record.base.set_field(field, Some(Value::Absent));
            }
            never
        }
        PartRef::Trait(name) => {
            let never = base
                .of_trait(name)
                .is_some_and(|entry| entry == record.get_trait(name));
            if never {
                record.base.set_trait(name, Some(None));
            }
            never
        }
        // It is never sent.
        PartRef::Organization => false,
    }
}

/// Has what stands in a part not sent by itself although it was edited: the opposite of [`push`], for edits from a time when
/// the part did not go both ways. From here on nothing was ever agreed upon about it: it is offered where the PSA has
/// nothing and asked about where the PSA has something else. False where nothing was edited, or the part is held.
pub fn withhold(record: &mut Record, part: PartRef<'_>) -> bool {
    if record.holds_part(part) {
        return false;
    }
    match part {
        PartRef::Field(field) => {
            let stands = record.get(field);
            let edited = record.base.of_field(field).is_some_and(|entry| entry != stands);
            if edited {
                let stands = stands.clone();
                record.base.set_field(field, Some(stands));
            }
            edited
        }
        PartRef::Trait(name) => {
            let stands = record.get_trait(name);
            let edited = record.base.of_trait(name).is_some_and(|entry| entry != stands);
            if edited {
                let stands = stands.map(str::to_owned);
                record.base.set_trait(name, Some(stands));
            }
            edited
        }
        // It is never sent.
        PartRef::Organization => false,
    }
}

#[cfg(test)]
mod tests;
