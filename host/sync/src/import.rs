//! Records that exist elsewhere are brought in from a file, as one run that can be taken back. The file is read twice: once
//! to find everything that is wrong with it, when nothing is written, and once to write, so that what is kept in memory
//! meanwhile is the file and little more.
//!
//! Bytes become rows in `csv`, `jsonl`, `column`, `cell` and `row`, which know no store; `find` and `resolve` look names
//! up; `write` recognises records and writes them.

pub(crate) mod cell;
pub(crate) mod column;
mod csv;
pub(crate) mod fault;
pub(crate) mod find;
mod jsonl;
pub(crate) mod resolve;
pub(crate) mod row;
mod write;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use dovetail_domain::{Code, Explained, Field, Kind, RunId, Timestamp, Trouble};
use dovetail_store::{Archive, Overlay, Run, RunStatus, StoreError};
use serde::{Deserialize, Serialize};

pub use self::fault::Faults;
use self::fault::{Fault, Wrong};
use self::find::Directory;
use self::resolve::{Parent, Placed, place};
use self::row::Row;
use self::write::{STEP, Writing};
use crate::changes::{ChangeRow, of_run};
use crate::progress::{Cancel, Event, Progress};

/// The most bytes a file may have. It is held in memory while it is imported.
pub const MAX_FILE: u64 = 256 << 20;

/// The most rows a file may have: what is remembered of each adds up.
pub const MAX_ROWS: u64 = 2_000_000;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// A header and a row a record.
    Csv,
    /// A JSON object a line.
    Jsonl,
}

/// A file to be imported.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// How it is written.
    pub format: Format,
    /// What its records are.
    pub kind: Kind,
    /// What it is called.
    pub name: &'a str,
    /// What stands in it.
    pub bytes: &'a [u8],
}

/// Why a file was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Some of it cannot be taken; nothing was written.
    #[error("`{file}` cannot be imported as it is; nothing was written:\n{faults}")]
    Invalid {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        faults: Faults,
    },
    /// Tickets are the PSA's alone.
    #[error("tickets cannot be imported: they are read-only copies of the PSA's")]
    Tickets,
    /// The store failed: whoever holds it has to stop.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explained for ImportError {
    fn code(&self) -> Code {
        match self {
            ImportError::Invalid { .. } => Code::ImportInvalid,
            ImportError::Tickets => Code::ValueRefused,
            ImportError::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Cow<'static, str> {
        match self {
            ImportError::Invalid { .. } => {
                "Mend these in the file and import it again; a file comes in as a whole or not at all.".into()
            }
            ImportError::Tickets => "Import organizations, locations, contacts or configurations.".into(),
            ImportError::Store(error) => error.hint(),
        }
    }
}

/// Imports a file: its run, as it ended. The archive's turn is held while a step is made and written, and let go between
/// steps; the file's steps stay whole whenever it is cancelled or killed, and importing it again does what is left.
pub fn import(
    archive: &Archive,
    file: &File<'_>,
    run: RunId,
    clock: fn() -> Timestamp,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Run, ImportError> {
    let text = look(file)?;
    let kind = file.kind;
    let total = check(archive, file, text)?;
    progress.event(Event::Started {
        kind,
        total: Some(total),
    });
    let mut directory = Directory::new(archive);
    let run = Run::import(run, file.name.to_owned(), clock());
    let mut writing = Writing::begin(archive, kind, run, clock);
    let mut rows = rows(file, text).map_err(|faults| invalid(file, faults.into()))?;
    loop {
        if cancel.is_cancelled() {
            return Ok(writing.finish(RunStatus::Cancelled, Some(Code::Cancelled.as_str()))?);
        }
        let some: Result<Vec<Row>, Vec<Fault>> = rows.by_ref().take(STEP).collect();
        let _turn = archive.turn();
        let stored = match some {
            Ok(some) if some.is_empty() => break,
            Ok(some) => store(archive, &mut directory, &mut writing, &some)?,
            Err(faults) => Err(faults),
        };
        if let Err(faults) = stored {
            writing.run.trouble = Some(went(&faults));
            return Ok(writing.finish(RunStatus::Failed, Some(Code::ImportInvalid.as_str()))?);
        }
        let tally = *writing.run.tally(kind);
        progress.event(Event::Stored { kind, tally });
    }
    let _turn = archive.turn();
    writing.link(&mut directory)?;
    Ok(writing.finish(RunStatus::Succeeded, None)?)
}

/// Stores some rows in one step. Whatever is written meanwhile, by a run that is on, may be what they are compared with:
/// then they are looked at again. What was fine before may name a record that went since.
fn store(
    archive: &Archive,
    directory: &mut Directory<'_>,
    writing: &mut Writing<'_>,
    rows: &[Row],
) -> Result<Result<(), Vec<Fault>>, StoreError> {
    loop {
        let written = archive.written();
        let mut placed: Vec<Placed> = Vec::with_capacity(rows.len());
        for row in rows {
            match place(directory, writing.kind, row, None)? {
                Ok(one) => placed.push(one),
                Err(faults) => return Ok(Err(faults)),
            }
        }
        if writing.write(directory, &placed, written)? {
            return Ok(Ok(()));
        }
    }
}

/// The same on a copy that is thrown away: what the import would do, and what it would change.
pub fn preview_import(
    archive: &Archive,
    file: &File<'_>,
    clock: fn() -> Timestamp,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<(Run, Vec<ChangeRow>), ImportError> {
    let overlay = Archive::over(Arc::new(Overlay::over(archive.shared_store())))?;
    let mut run = import(&overlay, file, RunId(0), clock, progress, cancel)?;
    run.dry_run = true;
    let changes = of_run(&overlay, run.id)?;
    Ok((run, changes))
}

/// What is said where something the file names went while it was being written.
fn went(faults: &[Fault]) -> Trouble {
    let told = faults.first().map(ToString::to_string).unwrap_or_default();
    Trouble {
        code: Code::ImportInvalid.to_string(),
        message: format!(
            "something changed while the file was written: {told}; what was written before stays"
        ),
        hint: "Import the file again: what is there already stays as it is.".to_owned(),
    }
}

fn invalid(file: &File<'_>, faults: Faults) -> ImportError {
    ImportError::Invalid {
        file: file.name.to_owned(),
        faults,
    }
}

/// The text of a file, without the mark that some programs put before it.
fn look<'a>(file: &File<'a>) -> Result<&'a str, ImportError> {
    if file.kind == Kind::Ticket {
        return Err(ImportError::Tickets);
    }
    let bytes = file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file.bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64;
        let wrong = Wrong::new("it is no UTF-8", "a file saved as UTF-8");
        invalid(file, vec![wrong.at(line, "")].into())
    })
}

type Rows<'a> = Box<dyn Iterator<Item = Result<Row, Vec<Fault>>> + 'a>;

fn rows<'a>(file: &File<'_>, text: &'a str) -> Result<Rows<'a>, Vec<Fault>> {
    Ok(match file.format {
        Format::Csv => Box::new(csv::rows(file.kind, text)?),
        Format::Jsonl => Box::new(jsonl::rows(file.kind, text)),
    })
}

/// Goes through a file once without writing: how many rows it has, or everything that is wrong with it.
fn check(archive: &Archive, file: &File<'_>, text: &str) -> Result<u64, ImportError> {
    let mut directory = Directory::new(archive);
    let mut faults = Faults::default();
    let mut awaited: Vec<(u64, Parent)> = Vec::new();
    let mut coming: HashSet<String> = HashSet::new();
    let mut count = 0;
    for row in rows(file, text).map_err(|faults| invalid(file, faults.into()))? {
        count += 1;
        if count > MAX_ROWS {
            let wrong = Wrong::new(format!("more than {MAX_ROWS} rows"), "a file of fewer");
            return Err(invalid(file, vec![wrong.at(0, "")].into()));
        }
        let placed = match row {
            Ok(row) => place(&mut directory, file.kind, &row, None)?,
            Err(faults) => Err(faults),
        };
        match placed {
            Ok(placed) => {
                if file.kind == Kind::Organization {
                    coming.insert(placed.name(file.kind).trim().to_owned());
                }
                awaited.extend(placed.parent.map(|parent| (placed.line, parent)));
            }
            Err(found) => found.into_iter().for_each(|fault| faults.note(fault)),
        }
    }
    for (line, parent) in awaited {
        if parent.needed && !coming.contains(&parent.name) {
            let pointer = cell::Pointer::Either(parent.name);
            let wrong = find::unclear(Kind::Organization, Some(Field::Parent), &pointer, &[]);
            faults.note(wrong.at(line, Field::Parent.as_str()));
        }
    }
    match faults.is_empty() {
        true => Ok(count),
        false => Err(invalid(file, faults)),
    }
}

#[cfg(test)]
mod tests;
