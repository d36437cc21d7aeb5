//! The standard mapping from ConnectWise records to documentation records and back.
//!
//! It is a pure function of the record's JSON: the same record gives the same draft. A record that cannot be read or
//! lacks what is essential is answered with a fault of its own and leaves the others alone. Each kind has a file with
//! its table, its reading and its way back; what they share stands under telling names beside them.
//!
//! Traits: a custom field stands under `custom_fields.CAPTION`, a configuration question under `questions.QUESTION`,
//! each with its value as JSON. Those of type Password never appear. Where a caption occurs twice, the one with the
//! smaller id keeps the plain name and the others carry their id: `custom_fields.Rack #17`.

mod communication;
mod configuration;
mod contact;
mod custom_fields;
mod dates;
mod drafting;
mod location;
mod mac;
mod organization;
mod patching;
mod reading;
mod references;
mod table;
mod ticket;

#[cfg(test)]
mod itglue_rows;
#[cfg(test)]
mod there_and_back;

use dovetail_sdk::Mapping;
use dovetail_sdk::mapping::exports::{Context, Description, Draft, Edit, Input, Outcome, Patch, TableRow};
use dovetail_sdk::mapping::types::Fault;

use crate::patching::Patching;

/// A record as ConnectWise gave it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The documentation kind: `organization`, `location`, `contact`, `configuration`, `ticket`.
    pub kind: &'a str,
    /// When ConnectWise says it changed last; may be empty.
    pub version: &'a str,
    /// The record's JSON.
    pub json: &'a str,
}

/// Converts records natively, without a component around it: as many answers as records, in their order. This is the
/// code that runs inside the component.
pub fn convert_records<'a>(records: impl IntoIterator<Item = Source<'a>>) -> Vec<Result<Outcome, Fault>> {
    records.into_iter().map(convert_record).collect()
}

/// Converts one record.
///
/// # Errors
/// The JSON cannot be read, or something essential is missing or makes no sense: the field and words for people.
pub fn convert_record(source: Source<'_>) -> Result<Outcome, Fault> {
    let draft: Result<Draft, Fault> = match source.kind {
        "organization" => organization::convert(source.json),
        "location" => location::convert(source.json),
        "contact" => contact::convert(source.json),
        "configuration" => configuration::convert(source.json),
        "ticket" => ticket::convert(source.json, source.version),
        other => return Ok(Outcome::Skipped(unknown(other))),
    };
    draft.map(Outcome::Mapped)
}

/// What ConnectWise's record should hold after an edit.
///
/// # Errors
/// The source record cannot be read, or a wanted value cannot stand in its field.
pub fn edit_to_source(edit: &Edit) -> Result<Patch, Fault> {
    let mut patching = Patching::new(edit)?;
    match edit.kind.as_str() {
        "organization" => organization::to_source(&mut patching)?,
        "location" => location::to_source(&mut patching)?,
        "contact" => contact::to_source(&mut patching)?,
        "configuration" => configuration::to_source(&mut patching)?,
        "ticket" => ticket::to_source(&mut patching),
        other => return Err(Fault::bug(unknown(other))),
    }
    patching.finish()
}

fn unknown(kind: &str) -> String {
    format!("the standard mapping knows no records of kind `{kind}`")
}

/// The mapping as a plugin.
pub struct StandardMapping;

impl Mapping for StandardMapping {
    fn describe() -> Description {
        Description {
            name: "connectwise-standard".to_owned(),
            title: "ConnectWise, standard".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            connectors: vec!["connectwise".to_owned()],
            overlay: false,
            table: table::rows(),
            config_schema: String::new(),
        }
    }

    /// It takes no configuration.
    fn configure(_: Context) -> Result<Vec<TableRow>, Fault> {
        Ok(table::rows())
    }

    fn convert(_: Context, records: Vec<Input>) -> Vec<Result<Outcome, Fault>> {
        convert_records(records.iter().map(|Input { source, .. }| Source {
            kind: &source.kind,
            version: &source.version,
            json: &source.json,
        }))
    }

    fn to_source(_: Context, edits: Vec<Edit>) -> Vec<Result<Patch, Fault>> {
        edits.iter().map(edit_to_source).collect()
    }
}

dovetail_sdk::export_mapping!(StandardMapping);
