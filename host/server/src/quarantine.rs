//! The quarantine: records of the PSA that could not be taken over, and edits that the PSA or a mapping did not take. Each is
//! kept with its reason until a person tries it again.

use std::collections::BTreeMap;
use std::sync::Arc;

use dovetail_domain::{
    AssetId, IntegrationId, IntegrationName, Kind, Outgoing, QuarantineId, Refused, RunId, SourceId,
};
use dovetail_store::{QuarantineEntry, RunTrigger, table};
use dovetail_sync::{Cancel, Order, Unwatched};

use crate::answer::{Answer, QuarantineRow, Quarantined};
use crate::host::Host;
use crate::problem::Result;
use crate::request::Unfit;
use crate::runs::ready;
use crate::{Problem, integrations};

/// What is in the quarantine, of an integration or of all.
pub(crate) fn list(host: &Host, name: Option<&IntegrationName>) -> Result<Answer> {
    let integration = match name {
        Some(name) => Some(integrations::find_id(host.archive(), name)?),
        None => None,
    };
    let names = integrations::names(host.archive())?;
    let entries = host.archive().quarantine(integration, None, usize::MAX)?;
    let mut rows: Vec<QuarantineRow> = entries.into_iter().map(|entry| row(&names, entry)).collect();
    for (integration, kind, asset, refused) in refused(host, integration)? {
        rows.push(row_of_edit(host, &names, integration, (kind, asset), &refused)?);
    }
    Ok(Answer::Quarantine(rows))
}

type RefusedEdit = (IntegrationId, Kind, AssetId, Refused);

/// Edits that were refused, of an integration or of all.
fn refused(host: &Host, only: Option<IntegrationId>) -> Result<Vec<RefusedEdit>> {
    let archive = host.archive();
    let mut found = Vec::new();
    for integration in integrations::names(archive)?.into_keys() {
        if only.is_some_and(|only| only != integration) {
            continue;
        }
        for ((_, kind, asset), entry) in table::OUTBOX.list_under(archive.store(), &integration)? {
            found.extend(entry.refused.map(|refused| (integration, kind, asset, refused)));
        }
    }
    Ok(found)
}

type Names = BTreeMap<IntegrationId, IntegrationName>;

fn called(names: &Names, integration: IntegrationId) -> String {
    names
        .get(&integration)
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn row(names: &Names, entry: QuarantineEntry) -> QuarantineRow {
    QuarantineRow {
        id: entry.id.to_string(),
        run: entry.run.to_string(),
        integration: called(names, entry.integration),
        kind: entry.kind,
        source_id: entry.source.to_string(),
        name: entry.name,
        code: entry.code,
        message: entry.message,
        first_seen: entry.first_seen,
        last_seen: entry.last_seen,
        attempts: u64::from(entry.attempts),
    }
}

fn row_of_edit(
    host: &Host,
    names: &Names,
    integration: IntegrationId,
    (kind, asset): (Kind, AssetId),
    refused: &Refused,
) -> Result<QuarantineRow> {
    let record = host.archive().record(kind, asset)?;
    let link = record.as_ref().and_then(|record| record.link.as_ref());
    let of = refused
        .part
        .as_ref()
        .map(|part| format!("{part}: "))
        .unwrap_or_default();
    Ok(QuarantineRow {
        id: Unfit::Edit(kind, asset).to_string(),
        run: RunId(0).to_string(),
        integration: called(names, integration),
        kind,
        source_id: link.map(|link| link.source.to_string()).unwrap_or_default(),
        name: record.as_ref().map(|record| record.name()).unwrap_or_default(),
        code: refused.code.clone(),
        message: format!("{of}{}", refused.message),
        first_seen: refused.first_seen,
        last_seen: refused.last_seen,
        attempts: u64::from(refused.attempts),
    })
}

/// One of the quarantine, with the PSA's record where it is one.
pub(crate) fn show(host: &Host, id: Unfit) -> Result<Answer> {
    let names = integrations::names(host.archive())?;
    let (row, record) = match id {
        Unfit::Record(id) => {
            let mut entry = entry(host, id)?;
            let record = entry.record.take();
            (
                row(&names, entry),
                record.and_then(|json| serde_json::from_str(&json).ok()),
            )
        }
        Unfit::Edit(kind, asset) => {
            let (integration, refused) = edit(host, kind, asset)?;
            (
                row_of_edit(host, &names, integration, (kind, asset), &refused)?,
                None,
            )
        }
    };
    Ok(Answer::Quarantined(Box::new(Quarantined { row, record })))
}

fn entry(host: &Host, id: QuarantineId) -> Result<QuarantineEntry> {
    let found = host.archive().quarantined(id)?;
    found.ok_or_else(|| nothing(Unfit::Record(id)))
}

fn edit(host: &Host, kind: Kind, asset: AssetId) -> Result<(IntegrationId, Refused)> {
    for integration in integrations::names(host.archive())?.into_keys() {
        let entry = host.archive().get(&table::OUTBOX, &(integration, kind, asset))?;
        if let Some(refused) = entry.and_then(|entry| entry.refused) {
            return Ok((integration, refused));
        }
    }
    Err(nothing(Unfit::Edit(kind, asset)))
}

fn nothing(id: Unfit) -> Problem {
    Problem::not_found(
        format!("There is nothing in the quarantine with the id {id}."),
        "`dovetail quarantine list` lists what is there.",
    )
}

/// What is to be tried again of an integration.
#[derive(Default)]
struct Again {
    records: Vec<(Kind, SourceId)>,
    edits: Vec<(Kind, AssetId)>,
}

/// Tries what is in the quarantine once more; that of one integration in one run, its edits in another.
pub(crate) async fn retry(host: &Arc<Host>, ids: &[Unfit]) -> Result<Answer> {
    let (mut records, mut edits) = (Vec::new(), Vec::new());
    if ids.is_empty() {
        records = host.archive().quarantine(None, None, usize::MAX)?;
        edits = refused(host, None)?;
    }
    for id in ids {
        match id {
            Unfit::Record(id) => records.push(entry(host, *id)?),
            Unfit::Edit(kind, asset) => {
                let (integration, refused) = edit(host, *kind, *asset)?;
                edits.push((integration, *kind, *asset, refused));
            }
        }
    }
    let mut wanted: BTreeMap<IntegrationId, Again> = BTreeMap::new();
    for entry in records {
        let again = wanted.entry(entry.integration).or_default();
        again.records.push((entry.kind, entry.source));
    }
    for (integration, kind, asset, _) in edits {
        wanted.entry(integration).or_default().edits.push((kind, asset));
    }
    let mut runs = Vec::new();
    for (id, again) in wanted {
        let Some(found) = host.archive().get(&table::INTEGRATIONS, &id)? else {
            continue;
        };
        let integration = ready(host, &found.name)?;
        let setup = host.setup_for(&integration).await?;
        let order = |push| Order {
            run: host.archive().next_run(),
            trigger: RunTrigger::Manual,
            full: false,
            review: false,
            push,
        };
        if !again.records.is_empty() {
            runs.push(dovetail_sync::retry(&setup, order(false), &again.records).await?);
        }
        if !again.edits.is_empty() {
            forgive(host, id, &again.edits)?;
            let (progress, cancel) = (Arc::new(Unwatched), Cancel::default());
            runs.push(dovetail_sync::push(&setup, order(true), progress, &cancel).await?);
        }
    }
    Ok(Answer::Runs(runs))
}

/// Has edits tried again that were refused.
fn forgive(host: &Host, integration: IntegrationId, edits: &[(Kind, AssetId)]) -> Result<()> {
    let _changing = host.changing();
    let mut step = host.step();
    for (kind, asset) in edits {
        let key = (integration, *kind, *asset);
        if let Some(entry) = host.archive().get(&table::OUTBOX, &key)? {
            let entry = Outgoing {
                refused: None,
                ..entry
            };
            step.put(&table::OUTBOX, &key, &entry)?;
        }
    }
    Ok(host.archive().commit(step)?)
}
