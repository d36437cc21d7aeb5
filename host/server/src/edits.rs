//! `asset create`, `edit`, `delete` and `undelete`: what a person does to records here.
//!
//! A record that is kept in step with a PSA follows it: what its mapping fills is refused with the layer that decides it,
//! everything else is the documentation's own and can be changed. Such a record is not deleted either; its connection can
//! be let go.

use std::sync::Arc;

use dovetail_domain::{AssetId, Code, Kind, Part, Record, SyncState};
use dovetail_store::{Change, differences, table};
use dovetail_sync::{Edit, Layer, Misread, read_edit};

use crate::answer::Answer;
use crate::assets;
use crate::host::Host;
use crate::problem::{Result, sentence};
use crate::{Problem, mappings};

/// What a person says of a record: names of fields with values.
pub(crate) type Words = [(String, String)];

pub(crate) fn create(host: &Host, kind: Kind, words: &Words) -> Result<Answer> {
    refuse_tickets(kind)?;
    let _changing = host.changing();
    let edit = read(host, kind, None, words)?;
    let mut step = host.step();
    let id = host.archive().next_asset();
    step.create(dovetail_sync::made(&edit, kind, id, step.at()))?;
    host.archive().commit(step)?;
    assets::show(host, kind, id)
}

pub(crate) async fn edit(host: &Arc<Host>, kind: Kind, id: AssetId, words: &Words) -> Result<Answer> {
    refuse_tickets(kind)?;
    // Starting the plugins of a stack takes its time; the record is read again once they say what is theirs.
    let before = known(host, kind, id)?;
    let layers = layers_of(host, &before).await?;
    let _changing = host.changing();
    let before = known(host, kind, id)?;
    let edit = read(host, kind, Some(&before), words)?;
    let mut after = edit.of(&before);
    for change in differences(&before, &after) {
        refuse_one_way(&before, &change, &layers)?;
    }
    if after != before {
        let mut step = host.step();
        after.updated = step.at();
        step.update(&before, after)?;
        host.archive().commit(step)?;
    }
    assets::show(host, kind, id)
}

pub(crate) fn delete(host: &Host, kind: Kind, id: AssetId, unlink: bool) -> Result<Answer> {
    let _changing = host.changing();
    let record = known(host, kind, id)?;
    let shown = assets::Showing::new(host.archive())?.asset(&record)?;
    match (is_kept_in_step(&record), unlink) {
        (true, true) => {
            let mut step = host.step();
            let why = format!("{kind} {id} was let go of");
            dovetail_sync::ignore(host.archive(), &mut step, &record, why)?;
            let mut after = dovetail_sync::parted(&record);
            after.updated = step.at();
            step.update(&record, after)?;
            host.archive().commit(step)?;
            return assets::show(host, kind, id);
        }
        (true, false) => {
            return Err(Problem::new(
                Code::InUse,
                format!("The {kind} {id} is kept in step with a PSA, where nothing is deleted from here."),
                "Delete it in the PSA, or let go of it with `--unlink`: it stays here and does not come in again.",
            ));
        }
        (false, true) => {
            return Err(Problem::value(
                format!("the {kind} {id} is not kept in step with a PSA"),
                "Leave `--unlink` out to delete it.",
            ));
        }
        (false, false) => {}
    }
    refuse_tickets(kind)?;
    if kind == Kind::Organization {
        refuse_with_others_below(host, id)?;
    }
    let mut step = host.step();
    step.delete_record(&record)?;
    host.archive().commit(step)?;
    Ok(Answer::Deleted(shown))
}

pub(crate) fn undelete(host: &Host, kind: Kind, id: AssetId) -> Result<Answer> {
    let _changing = host.changing();
    let archive = host.archive();
    let Some(mut record) = archive.deleted(kind, id)? else {
        return Err(Problem::not_found(
            format!("There is no deleted {kind} {id}."),
            "Deleted records are kept for the time that `dovetail config get retention.deleted` names.",
        ));
    };
    if let Some(organization) = record.organization
        && archive.brief(Kind::Organization, organization)?.is_none()
    {
        return Err(Problem::not_found(
            format!("The organization {organization} that the {kind} {id} belonged to is no longer there."),
            format!("Bring it back first with `dovetail asset undelete organization {organization}`."),
        ));
    }
    // What the PSA had come in anew meanwhile is another record.
    let taken = match &record.link {
        Some(link) => archive.by_source(link.integration, kind, &link.source)?.is_some(),
        None => false,
    };
    if taken {
        record.link = None;
    }
    let mut step = host.step();
    record.updated = step.at();
    step.bring_back(record)?;
    archive.commit(step)?;
    assets::show(host, kind, id)
}

fn known(host: &Host, kind: Kind, id: AssetId) -> Result<Record> {
    let record = host.archive().record(kind, id)?;
    record.ok_or_else(|| assets::unknown(kind, id))
}

fn read(host: &Host, kind: Kind, known: Option<&Record>, words: &Words) -> Result<Edit> {
    let edit = read_edit(host.archive(), kind, known, words)?;
    edit.map_err(
        |Misread {
             field,
             what,
             expected,
         }| { Problem::value(format!("`{field}`: {what}"), format!("Expected: {expected}.")) },
    )
}

fn refuse_tickets(kind: Kind) -> Result<()> {
    if kind == Kind::Ticket {
        return Err(Problem::new(
            Code::FieldOneWay,
            "Tickets are copies of what the PSA has.",
            "Change them there.",
        ));
    }
    Ok(())
}

/// Whether a PSA has a say in a record.
fn is_kept_in_step(record: &Record) -> bool {
    record
        .link
        .as_ref()
        .is_some_and(|link| matches!(link.state, SyncState::Enabled | SyncState::Held))
}

/// The mapping layers that a record goes through; none where no PSA has a say in it.
async fn layers_of(host: &Arc<Host>, record: &Record) -> Result<Vec<Layer>> {
    let Some(link) = record.link.as_ref().filter(|_| is_kept_in_step(record)) else {
        return Ok(Vec::new());
    };
    let Some(integration) = host.archive().get(&table::INTEGRATIONS, &link.integration)? else {
        return Ok(Vec::new());
    };
    let organization = match record.kind {
        Kind::Organization => Some(record.id),
        _ => record.organization,
    };
    let mut layers = mappings::stack(host, &integration).await?.layers;
    layers.retain(|layer| match &layer.organization {
        Some((id, _)) => Some(*id) == organization,
        None => true,
    });
    Ok(layers)
}

/// Refuses a change of what the PSA decides.
fn refuse_one_way(record: &Record, change: &Change, layers: &[Layer]) -> Result<()> {
    if !is_kept_in_step(record) {
        return Ok(());
    }
    let part = match change {
        Change::Field { field, .. } => Part::Field(*field),
        Change::Trait { name, .. } => Part::Trait(name.clone()),
        _ => Part::Organization,
    };
    // What is held has been taken from the PSA's say until it is let go.
    if record.holds_part((&part).into()) {
        return Ok(());
    }
    let from_psa =
        |name: &String| record.get_trait(name).is_some() && record.own.binary_search(name).is_err();
    let decides = match &part {
        Part::Organization => "where it belongs is the PSA's to say".to_owned(),
        Part::Field(_) | Part::Trait(_) => match (decided_by(layers, record.kind, &part), &part) {
            (Some(layer), _) => format!("the layer `{layer}` of its mapping decides it"),
            (None, Part::Trait(name)) if from_psa(name) => "its mapping decides it".to_owned(),
            (None, _) => return Ok(()),
        },
    };
    Err(Problem::new(
        Code::FieldOneWay,
        format!(
            "`{part}` of the {} {} comes from the PSA: {decides}.",
            record.kind, record.id
        ),
        "Change it in the PSA; the next run brings it here.",
    ))
}

/// The layer that decides a part, as far as its table says.
fn decided_by<'a>(layers: &'a [Layer], kind: Kind, part: &Part) -> Option<&'a str> {
    let wanted = part.to_string();
    let decides = |layer: &&Layer| {
        let mut rows = layer.table.iter().filter(|row| row.kind == kind);
        rows.any(|row| row.is_about(&wanted))
    };
    layers.iter().rev().find(decides).map(|layer| layer.name.as_str())
}

fn refuse_with_others_below(host: &Host, id: AssetId) -> Result<()> {
    match assets::kind_below(host.archive(), id)? {
        Some(kind) => Err(Problem::new(
            Code::InUse,
            sentence(&format!("{} belong to the organization {id}", kind.plural())),
            format!("Delete them first; `dovetail asset list {kind} --organization {id}` lists them."),
        )),
        None => Ok(()),
    }
}
