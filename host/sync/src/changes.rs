//! What a run changed, or would change, one row a field: read from the audit, so that it says what was written and
//! nothing else.

use dovetail_domain::{AssetId, Kind, Record, RunId, SyncState};
use dovetail_store::{Archive, Change, ChangeCause, StoreError, Touched};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Audit entries read at a time.
const READ_AHEAD: usize = 100;

/// One change: of a field, or of a record as a whole where `field` is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRow {
    /// The record's kind.
    pub kind: Kind,
    /// Its id. A preview's new records have ids that the next run need not give them.
    pub id: AssetId,
    /// The PSA's id.
    pub source_id: Option<String>,
    /// What a person calls it.
    pub name: String,
    /// What changed; none where the record as a whole came or left.
    pub field: Option<String>,
    /// What stood before.
    pub before: Value,
    /// What stands after.
    pub after: Value,
    /// Why.
    pub why: String,
}

impl ChangeRow {
    /// As a line that a person reads.
    pub fn in_words(&self) -> String {
        let ChangeRow { kind, name, .. } = self;
        match &self.field {
            Some(field) => format!("{kind} `{name}`: {field}: {} becomes {}", self.before, self.after),
            None => format!("{kind} `{name}`: {}", self.why),
        }
    }
}

/// What a run changed, in the order in which it did. What a person took back of it is not counted.
pub fn of_run(archive: &Archive, run: RunId) -> Result<Vec<ChangeRow>, StoreError> {
    let mut rows = Vec::new();
    each_touched(archive, run, |touched| {
        rows.extend(rows_of(archive, touched)?);
        Ok(())
    })?;
    Ok(rows)
}

/// Does `each` with every record a run touched, step by step.
pub(crate) fn each_touched(
    archive: &Archive,
    run: RunId,
    mut each: impl FnMut(Touched) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let entries = archive.audit(run, after, READ_AHEAD)?;
        let Some((last, _)) = entries.last() else {
            return Ok(());
        };
        after = Some(*last);
        for (number, entry) in entries {
            if entry.cause.is_work() {
                for touched in archive.touched(number, &entry)? {
                    each(touched)?;
                }
            }
        }
    }
}

/// The rows of one touched record.
pub(crate) fn rows_of(archive: &Archive, touched: Touched) -> Result<Vec<ChangeRow>, StoreError> {
    let record = archive.record(touched.kind, touched.id)?;
    let adopted = touched
        .changes
        .iter()
        .any(|change| matches!(change, Change::Link { before: None, .. }));
    // A record that was made in the PSA is connected with what was made.
    let made = touched
        .changes
        .iter()
        .any(|change| matches!(change, Change::InPsa(change) if **change == Change::Created));
    let row = |change: &Change| {
        let (before, after, field) = match (change, &record) {
            (Change::Created, Some(record)) => (Value::Null, fields(record), None),
            (Change::InPsa(change), Some(record)) if **change == Change::Created => {
                (Value::Null, fields(record), None)
            }
            (
                Change::State {
                    after: Some(SyncState::Orphaned),
                    ..
                },
                _,
            ) => {
                let (before, after) = change.values();
                (before, after, None)
            }
            (change, _) => {
                let (before, after) = change.values();
                (before, after, change.field())
            }
        };
        ChangeRow {
            kind: touched.kind,
            id: touched.id,
            source_id: record
                .as_ref()
                .and_then(|record| record.link.as_ref())
                .map(|link| link.source.to_string()),
            name: record.as_ref().map(Record::name).unwrap_or_default(),
            field,
            before,
            after,
            why: match (change, made) {
                (Change::Link { .. } | Change::State { .. }, true) => "made in the PSA".to_owned(),
                _ => why(change, adopted, &touched.cause).to_owned(),
            },
        }
    };
    Ok(touched.changes.iter().map(row).collect())
}

fn why(change: &Change, adopted: bool, cause: &ChangeCause) -> &'static str {
    match (change, cause) {
        (Change::Created, ChangeCause::Import(..)) => return "new in the file",
        (_, ChangeCause::Import(..)) => return "so the file says",
        _ => {}
    }
    match change {
        Change::InPsa(change) if **change == Change::Created => "made in the PSA",
        Change::InPsa(_) => "sent to the PSA",
        Change::Created => "new in the PSA",
        Change::Removed => "it expired",
        Change::Link { .. } => "the standard rule holds them for the same",
        Change::State {
            after: Some(SyncState::Orphaned),
            ..
        } => "it is gone from the PSA or no longer selected",
        Change::State {
            after: Some(SyncState::Held),
            ..
        } => "the run that orphaned it was taken back; it is held so",
        Change::State { .. } if adopted => "it is connected now",
        Change::State { .. } => "it is back",
        Change::Field { .. } | Change::Trait { .. } | Change::Organization { .. } => {
            "so the PSA's record is mapped now"
        }
    }
}

pub(crate) fn fields(record: &Record) -> Value {
    let fields: Map<String, Value> = record
        .fields
        .iter()
        .map(|(field, value)| (field.to_string(), value.to_json()))
        .collect();
    json!(fields)
}
