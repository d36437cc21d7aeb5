//! What a person says of a record in words: a field's name and its value, read as the cells of an imported file are, with
//! the records it names found. Nothing is written here.

use dovetail_domain::mapping::Draft;
use dovetail_domain::record::display_name;
use dovetail_domain::{AssetId, Kind, Record, Timestamp, Value};
use dovetail_runtime::acceptable;
use dovetail_store::{Archive, StoreError};

use crate::import::cell::{self, Pointer, Said};
use crate::import::column::{Column, ORGANIZATION, column};
use crate::import::fault::{Fault, Wrong};
use crate::import::find::{Directory, unclear};
use crate::import::resolve::{brought, place};
use crate::import::row::{Row, called};

/// What a record is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The organization it is to belong to; none for organizations.
    organization: Option<AssetId>,
    /// Its fields and traits that are mentioned.
    draft: Draft,
}

impl Edit {
    /// A record as it is afterwards. What is not mentioned stays.
    pub fn of(&self, record: &Record) -> Record {
        Record {
            organization: self.organization,
            ..brought(record, &self.draft)
        }
    }
}

/// A word that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    /// The field it is about.
    pub field: String,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub expected: String,
}

impl Misread {
    fn at(field: &str, wrong: Wrong) -> Misread {
        Misread {
            field: field.to_owned(),
            what: wrong.what,
            expected: wrong.expected,
        }
    }
}

/// Reads what is said of a record that is there, or of one that is to be made. An empty value empties a field.
pub fn read_edit(
    archive: &Archive,
    kind: Kind,
    known: Option<&Record>,
    words: &[(String, String)],
) -> Result<Result<Edit, Misread>, StoreError> {
    let row = match row(kind, known, words) {
        Ok(row) => row,
        Err(misread) => return Ok(Err(misread)),
    };
    let mut directory = Directory::new(archive);
    let placed = match place(&mut directory, kind, &row, known.map(|known| known.id))? {
        Ok(placed) => placed,
        Err(faults) => return Ok(Err(first(faults))),
    };
    // A file may name what comes later; a person names what is there.
    for (field, value) in &placed.draft.fields {
        if let Value::Reference(link) = value
            && link.asset.is_none()
        {
            let pointer = Pointer::Either(link.name.clone());
            let wrong = unclear(link.kind, Some(*field), &pointer, &[]);
            return Ok(Err(Misread::at(field.as_str(), wrong)));
        }
    }
    let edit = Edit {
        organization: placed.organization,
        draft: placed.draft,
    };
    let name = match known {
        Some(known) => edit.of(known).name(),
        None => display_name(kind, |field| edit.draft.get(field)),
    };
    if name.trim().is_empty() {
        let wrong = Wrong::new("it is empty", "a name");
        return Ok(Err(Misread::at(called(kind).as_str(), wrong)));
    }
    Ok(Ok(edit))
}

/// A record of the documentation's own that an edit makes.
pub fn made(edit: &Edit, kind: Kind, id: AssetId, at: Timestamp) -> Record {
    edit.of(&Record::empty(id, kind, None, at))
}

fn row(kind: Kind, known: Option<&Record>, words: &[(String, String)]) -> Result<Row, Misread> {
    let mut row = Row {
        line: 1,
        organization: known
            .and_then(|known| known.organization)
            .map(|id| Pointer::Either(id.to_string())),
        fields: Vec::new(),
        traits: Vec::new(),
    };
    let mut moved = false;
    for (name, text) in words {
        let wrong = |wrong| Misread::at(name, wrong);
        let twice = || wrong(Wrong::new("it stands twice", "each once"));
        match column(kind, name).map_err(wrong)? {
            Column::Organization if moved => return Err(twice()),
            Column::Organization => {
                moved = true;
                row.organization = Some(cell::pointer(text.trim().to_owned()).map_err(wrong)?);
            }
            Column::Field(field, _) if row.fields.iter().any(|(known, _)| *known == field) => {
                return Err(twice());
            }
            Column::Field(field, shape) => {
                let said = cell::from_text(shape, text).map_err(wrong)?;
                row.fields
                    .push((field, said.unwrap_or(Said::Value(Value::Absent))));
            }
            Column::Trait(known) if row.traits.iter().any(|(name, _)| *name == known) => return Err(twice()),
            Column::Trait(name) => {
                let json = match text.trim() {
                    "" => serde_json::Value::Null,
                    text => text.into(),
                };
                let json = acceptable::trait_value(json.to_string());
                let json = json.map_err(|why| wrong(Wrong::new(why.to_string(), "less than that")))?;
                row.traits.push((name, json));
            }
        }
    }
    if kind != Kind::Organization && row.organization.is_none() {
        let expected = "the name or the id of the organization it belongs to";
        return Err(Misread::at(ORGANIZATION, Wrong::new("it is missing", expected)));
    }
    row.fields.sort_unstable_by_key(|(field, _)| *field);
    row.traits.sort_unstable();
    Ok(row)
}

fn first(faults: Vec<Fault>) -> Misread {
    let fault = faults.into_iter().next();
    let (column, wrong) = fault.map_or_else(
        || (String::new(), Wrong::new("it cannot be taken", "another value")),
        |fault| (fault.column, fault.wrong),
    );
    Misread::at(&column, wrong)
}
