//! `integration remove`: what becomes of the records, in steps of a thousand.
//!
//! Nothing is deleted before it stands in a file of the home. Links that are kept wait under the integration's name: an
//! integration of that name and connector that is added again takes them up.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use dovetail_domain::{Code, Integration, IntegrationId, IntegrationName, Kind, Record};
use dovetail_store::{Archive, Filter, Step, table};
use dovetail_sync::{Event, parted};
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Removed};
use crate::assets::{Showing, kind_below};
use crate::caller::{Caller, confirm};
use crate::config::NOTE;
use crate::dispatch::withdraw;
use crate::host::Host;
use crate::request::Fate;
use crate::{Problem, integrations, mappings, people, problem::Result, two_way};

/// Records a step.
const BATCH: usize = 1_000;

pub(crate) async fn remove(
    host: &Host,
    name: &IntegrationName,
    fate: Fate,
    yes: bool,
    caller: &dyn Caller,
) -> Result<Answer> {
    let integration = integrations::find(host.archive(), name)?;
    refuse_busy(host, &integration)?;
    let (records, edited) = count(host.archive(), integration.id)?;
    if fate == Fate::DeleteData {
        let mut about = vec![format!(
            "Removing `{name}` deletes these records, after they are written to a file:"
        )];
        about.extend(
            records
                .iter()
                .map(|(kind, count)| format!("  {count} {}", kind.plural())),
        );
        about.push(format!("  {edited} of them were edited here"));
        if yes {
            // Who confirmed beforehand is told what it came to be about.
            for line in &about {
                caller.event(Event::Note {
                    text: line.trim().to_owned(),
                });
            }
        }
        let otherwise = "Say it with --yes, or keep the records with --keep-data or --keep-data-and-links.";
        confirm(
            caller,
            yes,
            about,
            &format!("Delete the records of `{name}`?"),
            otherwise,
        )
        .await?;
        // Somebody may have taken their time.
        refuse_busy(host, &integration)?;
    }
    withdraw(host, integration.id)?;
    let file = match fate {
        Fate::DeleteData => {
            let file = export(host, &integration)?;
            each(host, integration.id, |step, record| {
                // What is still below an organization by then is not the integration's, and keeps it here.
                if record.kind == Kind::Organization && kind_below(host.archive(), record.id)?.is_some() {
                    return let_go(step, &record);
                }
                step.remove(&record);
                Ok(())
            })?;
            Some(file)
        }
        Fate::KeepData => {
            each(host, integration.id, |step, record| let_go(step, &record))?;
            None
        }
        Fate::KeepDataAndLinks => None,
    };
    forget(host, &integration, fate)?;
    Ok(Answer::Removed(Removed {
        name: name.to_string(),
        kept: match fate {
            Fate::KeepDataAndLinks => "data-and-links",
            Fate::KeepData => "data",
            Fate::DeleteData => "nothing",
        }
        .to_owned(),
        records,
        edited,
        file,
    }))
}

/// Leaves a record to the documentation alone: nothing is held against a PSA, or agreed upon with one, any more.
fn let_go(step: &mut Step, record: &Record) -> Result<()> {
    let mut after = parted(record);
    after.updated = step.at();
    Ok(step.update(record, after)?)
}

fn refuse_busy(host: &Host, integration: &Integration) -> Result<()> {
    let (running, _) = host.dispatch().standing(integration.id);
    if !running {
        return Ok(());
    }
    Err(Problem::new(
        Code::Busy,
        format!("A run of `{}` is on.", integration.name),
        "Wait for its end, or stop it with `dovetail run cancel`.",
    ))
}

/// Its records by kind, and how many of them were edited here.
fn count(archive: &Archive, integration: IntegrationId) -> Result<(BTreeMap<Kind, u64>, u64)> {
    let counts = archive.counts()?;
    let records = Kind::ALL
        .into_iter()
        .map(|kind| (kind, counts.linked(integration, kind, None)))
        .collect();
    let mut edited = 0;
    for kind in Kind::ALL {
        walk(archive, integration, kind, |record| {
            edited += u64::from(!record.base.is_empty() || record.holds().next().is_some());
            Ok(())
        })?;
    }
    Ok((records, edited))
}

/// Looks at every record of an integration.
fn walk(
    archive: &Archive,
    integration: IntegrationId,
    kind: Kind,
    mut look: impl FnMut(Record) -> Result<()>,
) -> Result<()> {
    let filter = Filter {
        integration: Some(integration),
        ..Filter::default()
    };
    let mut after = None;
    loop {
        let listed = archive.list(kind, &filter, after, BATCH)?;
        listed.records.into_iter().try_for_each(&mut look)?;
        match listed.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// Changes every record of an integration, children before parents, so that no step leaves one without its parent.
fn each(
    host: &Host,
    integration: IntegrationId,
    change: impl Fn(&mut Step, Record) -> Result<()>,
) -> Result<()> {
    let filter = Filter {
        integration: Some(integration),
        ..Filter::default()
    };
    for kind in Kind::ALL.into_iter().rev() {
        loop {
            // What is changed drops out of the filter, so the first page is always the next.
            let listed = host.archive().list(kind, &filter, None, BATCH)?;
            if listed.records.is_empty() {
                break;
            }
            let mut step = host.step();
            listed
                .records
                .into_iter()
                .try_for_each(|record| change(&mut step, record))?;
            host.archive().commit(step)?;
        }
    }
    Ok(())
}

/// Writes an integration's records as JSON lines into the home. They are on disk when this returns.
fn export(host: &Host, integration: &Integration) -> Result<PathBuf> {
    let time = host.now().to_string().replace(':', "");
    let path = host
        .room("removed")?
        .join(format!("{}-{time}.jsonl", integration.name));
    let failed = |error: std::io::Error| {
        Problem::new(
            Code::StorageFailed,
            format!(
                "The records cannot be written to {}: {error}; nothing was deleted.",
                path.display()
            ),
            "Make room on the disk, then run the command again.",
        )
    };
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    let mut writer = BufWriter::new(file);
    let mut showing = Showing::new(host.archive())?;
    for kind in Kind::ALL {
        walk(host.archive(), integration.id, kind, |record| {
            let asset = showing.asset(&record)?;
            serde_json::to_writer(&mut writer, &asset).map_err(|error| failed(error.into()))?;
            writer.write_all(b"\n").map_err(failed)
        })?;
    }
    let file = writer.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    Ok(path)
}

/// Takes the integration itself away, with everything that is kept for it alone.
fn forget(host: &Host, integration: &Integration, fate: Fate) -> Result<()> {
    let archive = host.archive();
    let id = integration.id;
    let mut step = host.step();
    let store = archive.store();
    step.delete_under(store, &table::SECRETS, &id)?;
    step.delete_under(store, &table::options::<serde_json::Value>(), &id)?;
    step.delete_under(store, &table::checkpoints::<serde_json::Value>(), &id)?;
    // What waits for a person, and what a person said, is about records of a PSA that is no longer there.
    for listed in [
        table::left_out::<serde_json::Value>(),
        table::waiting(),
        table::leaving(),
        table::reviewed(),
    ] {
        step.delete_under(store, &listed, &id)?;
    }
    step.delete_under(store, &table::CHOICES, &id)?;
    step.delete(&table::reviews::<serde_json::Value>(), &id);
    for entry in archive.quarantine(Some(id), None, usize::MAX)? {
        step.lift_quarantine(entry.key());
    }
    two_way::forget(host, id, &mut step)?;
    mappings::forget(host, id, &mut step)?;
    people::forget(host, id, &mut step)?;
    if fate == Fate::KeepDataAndLinks {
        keep(integration, &mut step)?;
    }
    step.delete(&table::INTEGRATIONS, &id);
    archive.commit(step)?;
    host.forget_gates(Some(id));
    Ok(())
}

/// Dovetail's own notes stand beside the settings of the house.
const NOTES: dovetail_store::Table<String, String> = table::CONFIG;

/// An integration that was removed and whose links wait.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: IntegrationId,
    connector: String,
}

/// Notes under an integration's name that its links wait for it.
pub(crate) fn keep(integration: &Integration, step: &mut Step) -> Result<()> {
    let kept = Kept {
        id: integration.id,
        connector: integration.connector.clone(),
    };
    let text = serde_json::to_string(&kept).unwrap_or_default();
    Ok(step.put(&NOTES, &note(&integration.name), &text)?)
}

fn note(name: &IntegrationName) -> String {
    format!("{NOTE}links/{name}")
}

/// The id under which links wait for an integration of this name; none where there are none. A connector that knows
/// other ids must not take them up.
pub(crate) fn take_up(archive: &Archive, integration: &Integration) -> Result<Option<IntegrationId>> {
    let Some(kept) = archive
        .get(&NOTES, &note(&integration.name))?
        .and_then(|text| read(&text))
    else {
        return Ok(None);
    };
    if kept.connector == integration.connector {
        return Ok(Some(kept.id));
    }
    Err(Problem::new(
        Code::AlreadyExists,
        format!(
            "Records wait for an integration `{}` of the connector {}.",
            integration.name, kept.connector
        ),
        "Choose another name for this one.",
    ))
}

/// Takes the note away once an integration took the links up.
pub(crate) fn forget_kept(name: &IntegrationName, step: &mut Step) {
    step.delete(&NOTES, &note(name));
}

/// Names of removed integrations whose links were kept.
pub(crate) fn kept_names(archive: &Archive) -> Result<BTreeMap<IntegrationId, IntegrationName>> {
    let prefix = format!("{NOTE}links/");
    let mut names = BTreeMap::new();
    for (key, text) in archive.rows(&NOTES)? {
        let name = key.strip_prefix(&prefix).and_then(|name| name.parse().ok());
        if let (Some(name), Some(kept)) = (name, read(&text)) {
            names.insert(kept.id, name);
        }
    }
    Ok(names)
}

fn read(text: &str) -> Option<Kept> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests;
