//! What a person says of a record in words: a field's name and its value, read as the cells of an imported file are, with
//! the records it names found. Nothing is written here.

use dovetail_domain::connector::{FieldRule, KindAbility};
use dovetail_domain::edit::{EditRefused, edit};
use dovetail_domain::mapping::Draft;
use dovetail_domain::record::display_name;
use dovetail_domain::{AssetId, Kind, PartRef, Record, Timestamp, Value, Wanted};
use dovetail_runtime::acceptable;
use dovetail_store::{Archive, StoreError};

use crate::import::cell::{self, Pointer, Said};
use crate::import::column::{Column, ORGANIZATION, column};
use crate::import::fault::{Fault, Wrong};
use crate::import::find::{Directory, unclear};
use crate::import::resolve::{brought, place};
use crate::import::row::{Row, called};
use crate::rules::Rules;

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

    /// The same where parts go both ways: of those what was agreed upon with the PSA is kept as their base.
    pub fn shared(&self, record: &Record, rules: &Rules) -> Result<Record, EditRefused> {
        let sent = |part: PartRef<'_>| record.link.is_some() && rules.of(record, part).can_send();
        let mut own = self.clone();
        own.draft
            .fields
            .retain(|(field, _)| !sent(PartRef::Field(*field)));
        own.draft.traits.retain(|(name, _)| !sent(PartRef::Trait(name)));
        let mut after = own.of(record);
        for wanted in self.wanted() {
            let part = wanted.part();
            if sent(part) && !self.is_as_said(record, part) {
                let rule = rules.of(record, part);
                edit(&mut after, wanted, rule)?;
            }
        }
        Ok(after)
    }

    /// What it wants of fields and traits.
    pub fn wanted(&self) -> Vec<Wanted> {
        let fields = self.draft.fields.iter().cloned();
        let fields = fields.map(|(field, value)| Wanted::Field(field, value));
        let traits = self.draft.traits.iter().cloned();
        let traits = traits.map(|(name, json)| Wanted::Trait(name, Some(json).filter(|json| json != "null")));
        fields.chain(traits).collect()
    }

    /// Whether a record already is as the edit says about a part: a link may be said in fewer words than it is kept in.
    fn is_as_said(&self, record: &Record, part: PartRef<'_>) -> bool {
        let whole = self.of(record);
        match part {
            PartRef::Field(field) => whole.get(field) == record.get(field),
            PartRef::Trait(name) => whole.get_trait(name) == record.get_trait(name),
            PartRef::Organization => whole.organization == record.organization,
        }
    }
}

/// What a PSA would not take of a record, in words: the part, what is wrong and what would be right. None where it would,
/// as far as its connector says.
pub fn unfit(ability: &KindAbility, parts: &[Wanted]) -> Option<Misread> {
    let wrong = |field: &str, what: String, expected: String| {
        Some(Misread {
            field: field.to_owned(),
            what,
            expected,
        })
    };
    for part in parts {
        let Wanted::Field(field, value) = part else {
            continue;
        };
        let Some(rule) = ability.rules.iter().find(|rule| rule.field == *field) else {
            continue;
        };
        if rule.required && value.is_absent() {
            let what = format!("a {} of the PSA has to have one", ability.label);
            return wrong(field.as_str(), what, "a value".to_owned());
        }
        let Some(longest) = rule.longest else { continue };
        if let Some(text) = texts(value)
            .into_iter()
            .find(|text| text.chars().count() > longest as usize)
        {
            let what = format!(
                "it has {} characters, and the PSA takes {longest}",
                text.chars().count()
            );
            return wrong(field.as_str(), what, format!("at most {longest} characters"));
        }
    }
    None
}

/// The fields without which the PSA makes no record, where one has none of it.
pub fn lacking(ability: &KindAbility, record: &Record) -> Option<Misread> {
    let lacks = |rule: &&FieldRule| rule.required && record.get(rule.field).is_absent();
    let rule = ability.rules.iter().find(lacks)?;
    Some(Misread {
        field: rule.field.to_string(),
        what: format!("a {} is not made in the PSA without it", ability.label),
        expected: "a value".to_owned(),
    })
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Text(text) => vec![text.as_str()],
        Value::Texts(texts) => texts.iter().map(String::as_str).collect(),
        Value::Entries(entries) => entries.iter().map(|entry| entry.value.as_str()).collect(),
        _ => Vec::new(),
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
                let stands = known.and_then(|known| known.get_trait(&name));
                let json = match text.trim() {
                    "" => serde_json::Value::Null,
                    text => in_kind(text, stands),
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

/// A trait's text as the sort of value that stands there: a number stays one, and so does yes or no.
fn in_kind(text: &str, stands: Option<&str>) -> serde_json::Value {
    use serde_json::Value as Json;
    let read = |json: &str| serde_json::from_str::<Json>(json).ok();
    match (stands.and_then(read), read(text)) {
        (Some(Json::Number(_)), Some(number @ Json::Number(_))) => number,
        (Some(Json::Bool(_)), Some(flag @ Json::Bool(_))) => flag,
        (Some(Json::Array(_) | Json::Object(_)), Some(whole @ (Json::Array(_) | Json::Object(_)))) => whole,
        _ => text.into(),
    }
}

fn first(faults: Vec<Fault>) -> Misread {
    let fault = faults.into_iter().next();
    let (column, wrong) = fault.map_or_else(
        || (String::new(), Wrong::new("it cannot be taken", "another value")),
        |fault| (fault.column, fault.wrong),
    );
    Misread::at(&column, wrong)
}
