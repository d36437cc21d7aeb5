//! A documentation record as it is kept: one envelope with everything that belongs to it, so that a step of a sync
//! writes one value a record.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{AssetId, Field, IntegrationId, Kind, Reference, SourceId, Timestamp, Value};

/// How a record stands towards the PSA it is connected with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SyncState {
    /// It is kept in step.
    Enabled,
    /// A person took it out.
    Disabled,
    /// It is gone from the PSA or no longer selected.
    Orphaned,
    /// It is live although the PSA says that it is gone: a person took back the run that orphaned it. It stays so until
    /// it is released or the PSA has it again. To people it is enabled, with `sync` among what is held.
    #[serde(rename(serialize = "enabled"))]
    Held,
}

/// A part of a record that follows the PSA. The order of the variants is written to disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Part {
    /// A standard field.
    Field(Field),
    /// Something beyond, by its name.
    Trait(String),
    /// The organization it belongs to.
    Organization,
}

impl Part {
    /// The part that JSON and commands call so.
    pub fn named(text: &str) -> Option<Part> {
        match (text, text.strip_prefix("traits.")) {
            ("organization", _) => Some(Part::Organization),
            (_, Some(name)) => Some(Part::Trait(name.to_owned())),
            (field, None) => Field::named(field).map(Part::Field),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Field(field) => f.write_str(field.as_str()),
            Part::Trait(name) => write!(f, "traits.{name}"),
            Part::Organization => f.write_str("organization"),
        }
    }
}

/// A part of a record by a name that stands elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartRef<'a> {
    /// A standard field.
    Field(Field),
    /// Something beyond, by its name.
    Trait(&'a str),
    /// The organization it belongs to.
    Organization,
}

impl PartRef<'_> {
    /// The part itself.
    pub fn to_part(self) -> Part {
        match self {
            PartRef::Field(field) => Part::Field(field),
            PartRef::Trait(name) => Part::Trait(name.to_owned()),
            PartRef::Organization => Part::Organization,
        }
    }

    /// Whether it is the part.
    pub fn is(self, part: &Part) -> bool {
        PartRef::from(part) == self
    }
}

impl<'a> From<&'a Part> for PartRef<'a> {
    fn from(part: &'a Part) -> PartRef<'a> {
        match part {
            Part::Field(field) => PartRef::Field(*field),
            Part::Trait(name) => PartRef::Trait(name),
            Part::Organization => PartRef::Organization,
        }
    }
}

/// Something of a record that stays as a person wants it, whatever the PSA says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// What stands in a part of it.
    Part(Part),
    /// That it is live: [`SyncState::Held`].
    Live,
}

impl Hold {
    /// The hold that JSON and commands call so.
    pub fn named(text: &str) -> Option<Hold> {
        match text {
            "sync" => Some(Hold::Live),
            part => Part::named(part).map(Hold::Part),
        }
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hold::Part(part) => part.fmt(f),
            Hold::Live => f.write_str("sync"),
        }
    }
}

/// What was agreed upon last with the PSA, of those parts of a record where something else stands here.
///
/// An entry that equals what stands here says that nothing was ever agreed upon: the two sides differed when they were
/// connected, and both were left as they are. Of such a part nothing is overwritten unasked and nothing is sent by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Fields, sorted.
    pub fields: Vec<(Field, Value)>,
    /// Traits by name, sorted, each with its JSON; none is one that was not there.
    pub traits: Vec<(String, Option<String>)>,
    /// The organization.
    pub organization: Option<AssetId>,
}

impl Base {
    /// Whether everything stands as it was agreed upon.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.traits.is_empty() && self.organization.is_none()
    }

    /// The entry of a field; none where it stands as it was agreed upon.
    pub fn of_field(&self, field: Field) -> Option<&Value> {
        let place = self.fields.binary_search_by_key(&field, |(known, _)| *known);
        let (_, value) = place.ok().and_then(|place| self.fields.get(place))?;
        Some(value)
    }

    /// The entry of a trait; the inner none is one that was not there.
    pub fn of_trait(&self, name: &str) -> Option<Option<&str>> {
        let place = self
            .traits
            .binary_search_by(|(known, _)| known.as_str().cmp(name));
        let (_, json) = place.ok().and_then(|place| self.traits.get(place))?;
        Some(json.as_deref())
    }

    /// Sets the entry of a field; none drops it.
    pub fn set_field(&mut self, field: Field, agreed: Option<Value>) {
        let place = self.fields.binary_search_by_key(&field, |(known, _)| *known);
        if let Ok(place) = place {
            self.fields.remove(place);
        }
        if let (Ok(place) | Err(place), Some(agreed)) = (place, agreed) {
            self.fields.insert(place, (field, agreed));
        }
    }

    /// Sets the entry of a trait; the outer none drops it.
    pub fn set_trait(&mut self, name: &str, agreed: Option<Option<String>>) {
        let place = self
            .traits
            .binary_search_by(|(known, _)| known.as_str().cmp(name));
        if let Ok(place) = place {
            self.traits.remove(place);
        }
        if let (Ok(place) | Err(place), Some(agreed)) = (place, agreed) {
            self.traits.insert(place, (name.to_owned(), agreed));
        }
    }
}

/// By what a record was connected with the PSA's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchedBy {
    /// It was made from the PSA's record.
    Created,
    /// By the standard rule of its kind.
    Rule,
    /// By a person.
    Person,
}

/// The connection of a record with the PSA's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The integration.
    pub integration: IntegrationId,
    /// The PSA's id.
    pub source: SourceId,
    /// When the PSA says it changed last, as of the version taken over.
    pub version: Option<Timestamp>,
    /// How it stands.
    pub state: SyncState,
    /// By what it was connected.
    pub by: MatchedBy,
    /// The [`digest`] of the PSA's record as last taken over.
    pub shadow: [u8; 16],
    /// The PSA's record as last taken over, compressed.
    pub source_json: Vec<u8>,
}

impl Link {
    /// Whether nothing of the PSA's record was read yet: the link came in a file, and nothing was agreed upon through it.
    pub fn is_unread(&self) -> bool {
        self.source_json.is_empty()
    }
}

/// A documentation record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its id.
    pub id: AssetId,
    /// Its kind.
    pub kind: Kind,
    /// The organization it belongs to; none for organizations.
    pub organization: Option<AssetId>,
    /// Its standard fields, sorted by field, none of them absent.
    pub fields: Vec<(Field, Value)>,
    /// Everything beyond: name and JSON, sorted by name.
    pub traits: Vec<(String, String)>,
    /// The connection with the PSA; none for records of the documentation's own.
    pub link: Option<Link>,
    /// What was agreed upon last where something else stands here: the base of the three-way comparison is the record
    /// with this laid over.
    pub base: Base,
    /// Parts that are neither pulled nor pushed until released, sorted.
    pub held: Vec<Part>,
    /// Names of traits that are the documentation's own, sorted: a PSA's record that does not mention them leaves them.
    pub own: Vec<String>,
    /// When something about it changed here last.
    pub updated: Timestamp,
}

impl Record {
    /// A record of the documentation's own with nothing in it.
    pub fn empty(id: AssetId, kind: Kind, organization: Option<AssetId>, at: Timestamp) -> Record {
        Record {
            id,
            kind,
            organization,
            fields: Vec::new(),
            traits: Vec::new(),
            link: None,
            base: Base::default(),
            held: Vec::new(),
            own: Vec::new(),
            updated: at,
        }
    }

    /// The organization whose mapping layers and policies are for it: its own where it is one.
    pub fn organization_or_itself(&self) -> Option<AssetId> {
        match self.kind {
            Kind::Organization => Some(self.id),
            _ => self.organization,
        }
    }

    /// What a field holds; absent where it has nothing.
    pub fn get(&self, field: Field) -> &Value {
        value_of(&self.fields, field)
    }

    /// Sets a field; an absent value takes it out.
    pub fn set(&mut self, field: Field, value: Value) {
        match (
            self.fields.binary_search_by_key(&field, |(known, _)| *known),
            value,
        ) {
            (Ok(found), Value::Absent) => {
                self.fields.remove(found);
            }
            (Ok(found), value) => {
                if let Some(slot) = self.fields.get_mut(found) {
                    slot.1 = value;
                }
            }
            (Err(_), Value::Absent) => {}
            (Err(place), value) => self.fields.insert(place, (field, value)),
        }
    }

    /// Whether it is live because a person holds it so.
    pub fn is_held_live(&self) -> bool {
        self.link
            .as_ref()
            .is_some_and(|link| link.state == SyncState::Held)
    }

    /// What of it is held.
    pub fn holds(&self) -> impl Iterator<Item = Hold> {
        let live = self.is_held_live().then_some(Hold::Live);
        self.held.iter().cloned().map(Hold::Part).chain(live)
    }

    /// Whether a part of it is held.
    pub fn holds_part(&self, part: PartRef<'_>) -> bool {
        self.held.iter().any(|held| part.is(held))
    }

    /// The JSON of a trait; none where it has none of that name.
    pub fn get_trait(&self, name: &str) -> Option<&str> {
        let found = self
            .traits
            .binary_search_by(|(known, _)| known.as_str().cmp(name));
        let (_, json) = found.ok().and_then(|found| self.traits.get(found))?;
        Some(json)
    }

    /// Sets a trait; none takes it out.
    pub fn set_trait(&mut self, name: &str, json: Option<String>) {
        let place = self
            .traits
            .binary_search_by(|(known, _)| known.as_str().cmp(name));
        match (place, json) {
            (Ok(found), Some(json)) => {
                if let Some(slot) = self.traits.get_mut(found) {
                    slot.1 = json;
                }
            }
            (Ok(found), None) => {
                self.traits.remove(found);
            }
            (Err(place), Some(json)) => self.traits.insert(place, (name.to_owned(), json)),
            (Err(_), None) => {}
        }
    }

    /// What a person calls it.
    pub fn name(&self) -> String {
        display_name(self.kind, |field| self.get(field))
    }

    /// Links of this record whose target is not in the documentation.
    pub fn unresolved(&self) -> impl Iterator<Item = (Field, &Reference)> {
        self.fields.iter().filter_map(|(field, value)| match value {
            Value::Reference(link) if link.asset.is_none() => Some((*field, link)),
            _ => None,
        })
    }
}

/// What a field holds among fields that are sorted; absent where it is not there.
pub fn value_of(fields: &[(Field, Value)], field: Field) -> &Value {
    static ABSENT: Value = Value::Absent;
    fields
        .binary_search_by_key(&field, |(known, _)| *known)
        .ok()
        .and_then(|found| fields.get(found))
        .map_or(&ABSENT, |(_, value)| value)
}

/// The first 16 bytes of the SHA-256 of a PSA record's JSON: equal records have equal ones.
pub fn digest(source_json: &str) -> [u8; 16] {
    let whole: [u8; 32] = Sha256::digest(source_json.as_bytes()).into();
    let (head, _) = whole
        .split_first_chunk::<16>()
        .expect("a SHA-256 has more than 16 bytes");
    *head
}

/// What a person calls a record of a kind with these fields: its name, a contact's first and last name, a ticket's
/// summary.
pub fn display_name<'a>(kind: Kind, get: impl Fn(Field) -> &'a Value) -> String {
    let text = |field| get(field).as_text().unwrap_or_default();
    match kind {
        Kind::Contact => format!("{} {}", text(Field::FirstName), text(Field::LastName))
            .trim()
            .to_owned(),
        Kind::Ticket => text(Field::Summary).to_owned(),
        Kind::Organization | Kind::Location | Kind::Configuration => text(Field::Name).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_keeps_order_and_drops_absent() {
        let mut record = Record {
            id: AssetId(1),
            kind: Kind::Contact,
            organization: None,
            fields: vec![],
            traits: vec![],
            link: None,
            base: Base::default(),
            held: vec![],
            own: vec![],
            updated: Timestamp::from_seconds(0).unwrap(),
        };
        record.set(Field::LastName, Value::text("Lovelace"));
        record.set(Field::FirstName, Value::text("Ada"));
        record.set(Field::Title, Value::text("Countess"));
        record.set(Field::Title, Value::Absent);
        assert!(record.fields.is_sorted_by_key(|(field, _)| *field));
        assert_eq!(record.fields.len(), 2);
        assert_eq!(record.name(), "Ada Lovelace");
    }
}
