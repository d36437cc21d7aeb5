//! CSV in UTF-8, as spreadsheets write it: a header, then a row a record, separated by commas, or by semicolons where the
//! header has no comma.

use csv::{ReaderBuilder, StringRecord};
use dovetail_domain::Kind;

use super::cell;
use super::column::{Column, column};
use super::fault::{Fault, Wrong};
use super::row::{Draft, Row, missing};

/// The rows of a CSV file. Where the header cannot be taken the rows are not looked at.
pub(crate) fn rows(
    kind: Kind,
    text: &str,
) -> Result<impl Iterator<Item = Result<Row, Vec<Fault>>> + '_, Vec<Fault>> {
    let mut reader = ReaderBuilder::new()
        .delimiter(separator(text))
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader
        .headers()
        .cloned()
        .map_err(|error| vec![unreadable(&error)])?;
    let columns = columns(kind, &header)?;
    let records = reader.into_records();
    let mut lines = Lines::of(text);
    Ok(records.filter_map(move |record| match record {
        // A row without anything in it is how spreadsheets end a sheet.
        Ok(record) if record.iter().all(|cell| cell.trim().is_empty()) => None,
        Ok(record) => Some(row(kind, &columns, &record, lines.at(record.position()))),
        Err(error) => Some(Err(vec![unreadable(&error)])),
    }))
}

/// Finds the lines on which records begin, one after the other. The reader's own count of lines is that of where the record
/// before ended, which is one too few where lines end with a carriage return or stand empty.
struct Lines<'a> {
    text: &'a [u8],
    place: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Lines<'a> {
        Lines {
            text: text.as_bytes(),
            place: 0,
            line: 1,
        }
    }

    /// The line of a record that begins behind the one before.
    fn at(&mut self, position: Option<&csv::Position>) -> u64 {
        let begins = position.and_then(|position| usize::try_from(position.byte()).ok());
        let behind = self.text.get(begins.unwrap_or(self.place)..).unwrap_or_default();
        let ends = behind
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        let begins = self.text.len() - behind.len() + ends;
        let between = self.text.get(self.place..begins).unwrap_or_default();
        self.line += between.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.place = begins;
        self.line
    }
}

/// What separates cells: a comma, unless the header has none and has semicolons.
fn separator(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    match header.contains(';') && !header.contains(',') {
        true => b';',
        false => b',',
    }
}

fn unreadable(error: &csv::Error) -> Fault {
    let line = error.position().map_or(1, csv::Position::line);
    Wrong::new(format!("it cannot be read ({error})"), "CSV").at(line, "")
}

/// The columns by the header, each with its name there.
fn columns(kind: Kind, header: &StringRecord) -> Result<Vec<(String, Column)>, Vec<Fault>> {
    let mut columns: Vec<(String, Column)> = Vec::new();
    let mut faults = Vec::new();
    for (place, name) in header.iter().enumerate() {
        match column(kind, name) {
            Ok(column) if columns.iter().any(|(_, known)| *known == column) => {
                faults.push(Wrong::new("it stands twice", "each column once").at(1, name));
            }
            Ok(column) => columns.push((name.trim().to_owned(), column)),
            // One without a name is told by its place.
            Err(wrong) if name.trim().is_empty() => faults.push(wrong.at(1, &(place + 1).to_string())),
            Err(wrong) => faults.push(wrong.at(1, name)),
        }
    }
    let known: Vec<Column> = columns.iter().map(|(_, column)| column.clone()).collect();
    // What was meant by a column that is not known may be what is missing.
    if faults.is_empty() {
        faults.extend(missing(kind, &known).into_iter().map(|wrong| wrong.at(1, "")));
    }
    match faults.is_empty() {
        true => Ok(columns),
        false => Err(faults),
    }
}

fn row(
    kind: Kind,
    columns: &[(String, Column)],
    record: &StringRecord,
    line: u64,
) -> Result<Row, Vec<Fault>> {
    let mut draft = Draft::new(kind, line);
    if record.len() != columns.len() {
        let wrong = Wrong::new(
            format!("it has {} cells and the header {}", record.len(), columns.len()),
            "as many, with quotes around a cell that holds the separator",
        );
        return Err(vec![wrong.at(line, "")]);
    }
    for ((name, column), text) in columns.iter().zip(record) {
        draft.weigh(text.len());
        match column {
            Column::Organization => {
                let named = text.trim();
                let organization = (!named.is_empty()).then(|| cell::pointer(named.to_owned()));
                draft.belongs(organization.transpose());
            }
            Column::Field(field, shape) => draft.field(name, *field, cell::from_text(*shape, text)),
            Column::Trait(kept) if !text.trim().is_empty() => {
                draft.keep(
                    name,
                    kept.clone(),
                    &serde_json::Value::from(text.trim()).to_string(),
                );
            }
            Column::Trait(_) => {}
        }
    }
    draft.done()
}

#[cfg(test)]
mod tests;
