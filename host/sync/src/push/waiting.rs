//! What waits in the outbox, as people are shown it before it is sent: counted to its end, named as far as somebody reads.

use dovetail_domain::outgoing::pending;
use dovetail_domain::{AssetId, Outgoing, PartRef, Record, Wanted};
use dovetail_store::{StoreError, table};
use serde_json::Value as Json;

use crate::changes::{ChangeRow, fields};
use crate::rules::Rules;
use crate::setup::Setup;

/// Entries read at a time.
const PAGE: usize = 500;

/// What waits to be sent.
#[derive(Clone, Debug, Default)]
pub struct Waiting {
    /// The first changes, a row a field; a record that is to be made is one row.
    pub changes: Vec<ChangeRow>,
    /// How many there are in all.
    pub all: usize,
}

/// What waits, as far as what the PSA said last shows; at most so many changes by themselves.
pub(crate) fn waiting(setup: &Setup, most: usize) -> Result<Waiting, StoreError> {
    let archive = &setup.archive;
    let rules = setup.rules()?;
    let mut found = Waiting::default();
    let mut after = None;
    loop {
        let store = archive.store();
        let rows = table::OUTBOX.page(store, &setup.integration.id, after.as_ref(), PAGE)?;
        let Some((last, _)) = rows.last() else {
            return Ok(found);
        };
        after = Some(*last);
        for ((_, kind, asset), entry) in rows {
            let Some(record) = archive.record(kind, asset)? else {
                continue;
            };
            let changes = of_record(asset, &record, &entry, &rules);
            found.all += changes.len();
            let room = most.saturating_sub(found.changes.len());
            found.changes.extend(changes.into_iter().take(room));
        }
    }
}

fn of_record(asset: AssetId, record: &Record, entry: &Outgoing, rules: &Rules) -> Vec<ChangeRow> {
    let row = |field: Option<String>, before: Json, after: Json, why: &str| ChangeRow {
        kind: record.kind,
        id: asset,
        source_id: record.link.as_ref().map(|link| link.source.to_string()),
        name: record.name(),
        field,
        before,
        after,
        why: why.to_owned(),
    };
    if record.link.is_none() {
        return vec![row(None, Json::Null, fields(record), "to be made in the PSA")];
    }
    let parts = pending(record, |part| entry.rule(part, rules.of(record, part)));
    let changes = parts.iter().map(|part| {
        let field = part.part().to_part().to_string();
        row(
            Some(field),
            agreed(record, part),
            part.to_json(),
            "to be sent to the PSA",
        )
    });
    changes.collect()
}

fn agreed(record: &Record, part: &Wanted) -> Json {
    match part.part() {
        PartRef::Field(field) => record
            .base
            .of_field(field)
            .map_or(Json::Null, |value| value.to_json()),
        PartRef::Trait(name) => {
            let json = record.base.of_trait(name).flatten();
            json.and_then(|json| serde_json::from_str(json).ok())
                .unwrap_or_default()
        }
        PartRef::Organization => Json::Null,
    }
}
