//! A row of a file: what it says, checked, with the names it uses still to be found.

use dovetail_domain::{Field, Kind, Shape, Value};
use dovetail_runtime::acceptable;

use super::cell::{Pointer, Said};
use super::column::{Column, ORGANIZATION};
use super::fault::{Fault, Wrong};

/// The most bytes the texts of a row may have together: half of what is kept of a record, so that it fits beside what is
/// there already.
const ROOM: usize = dovetail_store::envelope::MAX_ENVELOPE / 2;

/// What a file says of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Where it begins.
    pub(crate) line: u64,
    /// The organization it belongs to; none for organizations.
    pub(crate) organization: Option<Pointer>,
    /// The fields that are mentioned, sorted.
    pub(crate) fields: Vec<(Field, Said)>,
    /// The traits that are mentioned, sorted: JSON, `null` takes one out.
    pub(crate) traits: Vec<(String, String)>,
}

/// A row while its columns are read, with what is wrong with it.
pub(crate) struct Draft {
    kind: Kind,
    row: Row,
    faults: Vec<Fault>,
    bytes: usize,
}

impl Draft {
    pub(crate) fn new(kind: Kind, line: u64) -> Draft {
        let row = Row {
            line,
            organization: None,
            fields: Vec::new(),
            traits: Vec::new(),
        };
        Draft {
            kind,
            row,
            faults: Vec::new(),
            bytes: 0,
        }
    }

    /// Notes what is wrong with a column, or with the row where the column has no name.
    pub(crate) fn wrong(&mut self, column: &str, wrong: Wrong) {
        self.faults.push(wrong.at(self.row.line, column));
    }

    /// Counts what was read of the file for this row.
    pub(crate) fn weigh(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    pub(crate) fn belongs(&mut self, organization: Result<Option<Pointer>, Wrong>) {
        match organization {
            Ok(organization) => self.row.organization = organization,
            Err(wrong) => self.wrong(ORGANIZATION, wrong),
        }
    }

    pub(crate) fn field(&mut self, name: &str, field: Field, said: Result<Option<Said>, Wrong>) {
        match said {
            Ok(Some(_)) if self.row.fields.iter().any(|(known, _)| *known == field) => self.twice(name),
            Ok(Some(said)) => self.row.fields.push((field, said)),
            Ok(None) => {}
            Err(wrong) => self.wrong(name, wrong),
        }
    }

    /// A trait by its name, as JSON.
    pub(crate) fn keep(&mut self, column: &str, name: String, json: &str) {
        match acceptable::trait_value(json) {
            Ok(_) if self.row.traits.iter().any(|(known, _)| *known == name) => self.twice(column),
            Ok(json) => self.row.traits.push((name, json)),
            Err(why) => self.wrong(column, Wrong::new(why.to_string(), "less than that")),
        }
    }

    fn twice(&mut self, column: &str) {
        self.wrong(column, Wrong::new("it stands twice", "each once"));
    }

    /// The row, where nothing is wrong with it.
    pub(crate) fn done(mut self) -> Result<Row, Vec<Fault>> {
        if let Err(why) = acceptable::trait_count(self.row.traits.len()) {
            self.wrong("", Wrong::new(why.to_string(), "fewer"));
        }
        if self.bytes > ROOM {
            let wrong = Wrong::new(
                format!("a record of {} bytes", self.bytes),
                format!("at most {ROOM}"),
            );
            self.wrong("", wrong);
        }
        let unread = |column: &str| self.faults.iter().any(|fault| fault.column == column);
        if self.kind != Kind::Organization && self.row.organization.is_none() && !unread(ORGANIZATION) {
            let expected = "the name or the id of the organization it belongs to";
            self.wrong(ORGANIZATION, Wrong::new("it is empty", expected));
        }
        if !self.is_called_something() {
            self.wrong(called(self.kind).as_str(), Wrong::new("it is empty", "a name"));
        }
        self.row.fields.sort_unstable_by_key(|(field, _)| *field);
        self.row.traits.sort_unstable();
        match self.faults.is_empty() {
            true => Ok(self.row),
            false => Err(self.faults),
        }
    }

    fn is_called_something(&self) -> bool {
        let names = [Field::Name, Field::FirstName, Field::LastName];
        let spoiled = |fault: &Fault| {
            names
                .iter()
                .any(|name| Field::named(&fault.column) == Some(*name))
        };
        self.faults.iter().any(spoiled)
            || self.row.fields.iter().any(|(field, said)| {
                let text = match said {
                    Said::Value(Value::Text(text)) => text.trim(),
                    _ => "",
                };
                names.contains(field) && !text.is_empty()
            })
    }
}

/// The column that says what a person calls a record of the kind.
pub(crate) fn called(kind: Kind) -> Field {
    match kind.shape(Field::Name) {
        Some(Shape::Text) => Field::Name,
        _ => Field::FirstName,
    }
}

/// What the columns of a file are, and what is missing among them.
pub(crate) fn missing(kind: Kind, columns: &[Column]) -> Vec<Wrong> {
    let has = |field: Field| {
        columns
            .iter()
            .any(|column| matches!(column, Column::Field(known, _) if *known == field))
    };
    let mut wrong = Vec::new();
    if kind != Kind::Organization && !columns.contains(&Column::Organization) {
        wrong.push(Wrong::new(
            "there is no column `organization`",
            format!("one, since {} belong to organizations", kind.plural()),
        ));
    }
    if !has(called(kind)) && !has(Field::LastName) {
        let expected = match kind {
            Kind::Contact => "`first_name` and `last_name`",
            _ => "one",
        };
        wrong.push(Wrong::new(
            format!("there is no column `{}`", called(kind)),
            expected,
        ));
    }
    wrong
}
