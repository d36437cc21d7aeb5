//! A row's names become links, so that what it says can be compared with a record.

use dovetail_domain::mapping::Draft;
use dovetail_domain::{AssetId, Field, Kind, Record, Reference, Value};
use dovetail_store::StoreError;

use super::cell::{Pointer, Said};
use super::column::ORGANIZATION;
use super::fault::Fault;
use super::find::{Directory, Found, unclear};
use super::row::Row;

/// A row whose names are found.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    /// Where it begins in the file.
    pub(crate) line: u64,
    /// The organization it belongs to.
    pub(crate) organization: Option<AssetId>,
    /// Its fields and traits; the draft's own organization is a PSA's and stays empty.
    pub(crate) draft: Draft,
    /// Its parent where that is not there yet.
    pub(crate) parent: Option<Parent>,
}

/// A parent that is not there yet: it may come with the same file.
#[derive(Clone, Debug)]
pub(crate) struct Parent {
    /// What it is called.
    pub(crate) name: String,
    /// Whether it has to come. One that a listing itself knew by name only need not.
    pub(crate) needed: bool,
}

impl Placed {
    /// What a person calls it.
    pub(crate) fn name(&self, kind: Kind) -> String {
        dovetail_domain::record::display_name(kind, |field| self.draft.get(field))
    }
}

/// Finds what a row names, or says what of it cannot be found. `known` is the record it is about, where that is known; an
/// organization is found by its name else.
pub(crate) fn place(
    directory: &mut Directory<'_>,
    kind: Kind,
    row: &Row,
    known: Option<AssetId>,
) -> Result<Result<Placed, Vec<Fault>>, StoreError> {
    let mut faults = Vec::new();
    let organization = match &row.organization {
        None => None,
        Some(pointer) => match directory.find(Kind::Organization, None, pointer)? {
            Found::One(id, _) => Some(id),
            other => {
                let wrong = unclear(Kind::Organization, None, pointer, &ids(other));
                // Where it belongs decides what its other names mean.
                return Ok(Err(vec![wrong.at(row.line, ORGANIZATION)]));
            }
        },
    };
    let itself = match (kind, known) {
        (Kind::Organization, None) => itself(directory, row)?,
        _ => known,
    };
    let mut fields = Vec::with_capacity(row.fields.len());
    let mut parent = None;
    for (field, said) in &row.fields {
        let field = *field;
        let (pointer, target) = match (said, field.target()) {
            (Said::Value(value), _) => {
                fields.push((field, value.clone()));
                continue;
            }
            (Said::Link(pointer), target) => (pointer, target.unwrap_or(kind)),
        };
        let within = match (kind, target) {
            (_, Kind::Organization) => None,
            (Kind::Organization, _) => itself,
            _ => organization,
        };
        let found = match (within, target) {
            // What would belong to an organization that is not there yet is not there either.
            (None, Kind::Location | Kind::Contact | Kind::Configuration) => Found::None,
            _ => directory.find(target, within, pointer)?,
        };
        let asset = match found {
            Found::One(id, name) => Some((id, name)),
            Found::None if field == Field::Parent => {
                parent = Some(Parent {
                    name: pointer.name().trim().to_owned(),
                    needed: !is_open(pointer),
                });
                None
            }
            Found::None if target > kind || is_open(pointer) => None,
            other => {
                let wrong = unclear(target, Some(field), pointer, &ids(other));
                faults.push(wrong.at(row.line, field.as_str()));
                continue;
            }
        };
        let (asset, name) = match asset {
            Some((id, name)) => (Some(id), name),
            None => (None, pointer.name().to_owned()),
        };
        let link = Reference {
            kind: target,
            asset,
            source: None,
            name,
        };
        fields.push((field, Value::Reference(link)));
    }
    if !faults.is_empty() {
        return Ok(Err(faults));
    }
    let draft = Draft {
        organization: None,
        fields,
        traits: row.traits.clone(),
    };
    Ok(Ok(Placed {
        line: row.line,
        organization,
        draft,
        parent,
    }))
}

/// The organization a row of organizations is about, where it is there already: the rule knows it by its name.
fn itself(directory: &mut Directory<'_>, row: &Row) -> Result<Option<AssetId>, StoreError> {
    let name = row.fields.iter().find_map(|(field, said)| match (field, said) {
        (Field::Name, Said::Value(Value::Text(name))) => Some(name.clone()),
        _ => None,
    });
    let pointer = Pointer::Listed {
        id: None,
        name: name.unwrap_or_default(),
    };
    match directory.find(Kind::Organization, None, &pointer)? {
        Found::One(id, _) => Ok(Some(id)),
        Found::None | Found::Several(_) => Ok(None),
    }
}

/// Whether a listing said itself that the link leads to no record.
fn is_open(pointer: &Pointer) -> bool {
    matches!(pointer, Pointer::Listed { id: None, .. })
}

fn ids(found: Found) -> Vec<AssetId> {
    match found {
        Found::Several(ids) => ids,
        Found::One(..) | Found::None => Vec::new(),
    }
}

/// A record as it is once it says what a row says. What the row does not mention stays.
pub(crate) fn brought(record: &Record, draft: &Draft) -> Record {
    let mut after = record.clone();
    for (field, value) in &draft.fields {
        if !leads_there(record.get(*field), value) {
            after.set(*field, value.clone());
        }
    }
    for (name, json) in &draft.traits {
        let place = after.traits.binary_search_by(|(known, _)| known.cmp(name));
        let owned = after.own.binary_search(name);
        if json == "null" {
            place
                .into_iter()
                .for_each(|found| drop(after.traits.remove(found)));
            owned.into_iter().for_each(|found| drop(after.own.remove(found)));
            continue;
        }
        match place.map(|found| after.traits.get_mut(found)) {
            Ok(Some(slot)) => slot.1.clone_from(json),
            Ok(None) => {}
            Err(place) => after.traits.insert(place, (name.clone(), json.clone())),
        }
        if let Err(place) = owned {
            after.own.insert(place, name.clone());
        }
    }
    after
}

/// Whether a link that is there already is the one that is said: it may know more, such as the PSA's id.
fn leads_there(known: &Value, said: &Value) -> bool {
    match (known, said) {
        (Value::Reference(known), Value::Reference(said)) => {
            known.name == said.name && (said.asset.is_none() || known.asset == said.asset)
        }
        _ => false,
    }
}
