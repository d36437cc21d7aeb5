//! `asset create`, `edit`, `delete` and `undelete`: what a person does to records here.
//!
//! A record that is kept in step with a PSA follows it. What goes both ways can be changed and waits in the outbox then;
//! what comes in only is refused with the layer that decides it; everything else is the documentation's own. What the PSA
//! would not take, as far as its connector says, is refused while the person who writes it is there. Such a record is not
//! deleted; its connection can be let go.

use std::sync::Arc;

use dovetail_domain::conflict;
use dovetail_domain::mapping::Direction;
use dovetail_domain::{AssetId, Code, Kind, Part, Record, SyncState, Wanted};
use dovetail_store::{Change, Step, differences, table};
use dovetail_sync::{Edit, Misread, read_edit};

use crate::Problem;
use crate::answer::Answer;
use crate::assets;
use crate::host::Host;
use crate::problem::{Result, sentence};
use crate::two_way::{Shared, send_soon};

/// What a person says of a record: names of fields with values.
pub(crate) type Words = [(String, String)];

pub(crate) async fn create(host: &Arc<Host>, kind: Kind, words: &Words) -> Result<Answer> {
    refuse_tickets(kind)?;
    let planned = dovetail_sync::made(&read(host, kind, None, words)?, kind, AssetId(0), host.now());
    let shared = Shared::concerning(host, &planned).await?;
    let id = {
        let _changing = host.changing();
        let edit = read(host, kind, None, words)?;
        let mut step = host.step();
        let id = host.archive().next_asset();
        let record = dovetail_sync::made(&edit, kind, id, step.at());
        if let Some(shared) = &shared {
            refuse_unfit_to_make(host, shared, &record)?;
            shared.mark(host, &mut step, &record, None)?;
        }
        step.create(record)?;
        host.archive().commit(step)?;
        id
    };
    if let Some(shared) = &shared {
        send_soon(host, &shared.integration)?;
    }
    assets::show(host, kind, id)
}

pub(crate) async fn edit(host: &Arc<Host>, kind: Kind, id: AssetId, words: &Words) -> Result<Answer> {
    refuse_tickets(kind)?;
    // Starting the plugins of a stack takes its time; the record is read again once they say what is theirs.
    let before = known(host, kind, id)?;
    let shared = Shared::concerning(host, &before).await?;
    {
        let _changing = host.changing();
        let before = known(host, kind, id)?;
        let edit = read(host, kind, Some(&before), words)?;
        let mut after = match &shared {
            Some(shared) => edit.shared(&before, &shared.rules).map_err(|error| {
                Problem::value(error.to_string(), "Give a value that the field can hold.")
            })?,
            None => edit.of(&before),
        };
        if let Some(shared) = &shared {
            refuse_unfit(shared, &before, &after, &edit)?;
            if after.link.is_none() {
                refuse_unfit_to_make(host, shared, &after)?;
            }
        }
        if after != before {
            let mut step = host.step();
            after.updated = step.at();
            if let Some(shared) = &shared {
                shared.mark(host, &mut step, &after, None)?;
                settle_conflicts(host, &mut step, shared, &after)?;
            }
            step.update(&before, after)?;
            host.archive().commit(step)?;
        }
    }
    if let Some(shared) = &shared {
        send_soon(host, &shared.integration)?;
    }
    assets::show(host, kind, id)
}

/// Refuses what the PSA decides, and what it would not take.
fn refuse_unfit(shared: &Shared, before: &Record, after: &Record, edit: &Edit) -> Result<()> {
    let mut sent = Vec::new();
    for change in differences(before, after) {
        let part = part_of(&change);
        let rule = shared.rules.of(before, (&part).into());
        if is_kept_in_step(before) && rule.can_send() {
            sent.push(part);
        } else {
            refuse_one_way(before, &part, shared)?;
        }
    }
    let sent_of = |wanted: &Wanted| sent.iter().any(|part| wanted.part().is(part));
    let wanted: Vec<Wanted> = edit.wanted().into_iter().filter(sent_of).collect();
    match shared.connector.ability(before.kind) {
        Some(ability) => refuse_misread(dovetail_sync::unfit(ability, &wanted)),
        None => Ok(()),
    }
}

/// Refuses what would be made in the PSA and cannot be.
fn refuse_unfit_to_make(host: &Host, shared: &Shared, record: &Record) -> Result<()> {
    let made = shared.eligible.admits(host.archive(), record)?;
    let Some(ability) = shared.connector.ability(record.kind).filter(|_| made) else {
        return Ok(());
    };
    let fields = record.fields.iter().cloned();
    let fields: Vec<Wanted> = fields.map(|(field, value)| Wanted::Field(field, value)).collect();
    refuse_misread(dovetail_sync::lacking(ability, record))?;
    refuse_misread(dovetail_sync::unfit(ability, &fields))
}

fn refuse_misread(misread: Option<Misread>) -> Result<()> {
    match misread {
        None => Ok(()),
        Some(Misread {
            field,
            what,
            expected,
        }) => Err(Problem::value(
            format!("`{field}`: {what}"),
            format!("Expected: {expected}."),
        )),
    }
}

/// A conflict of which a person let stand here what it is about is settled.
fn settle_conflicts(host: &Host, step: &mut Step, shared: &Shared, record: &Record) -> Result<()> {
    let key = (shared.integration.id, record.kind, record.id);
    let Some(open) = host.archive().get(&table::CONFLICTS, &key)? else {
        return Ok(());
    };
    let (left, _) = conflict::renew(open, Vec::new(), record, step.at());
    Ok(step.put_conflicts(&key, &left)?)
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
            if let Some(link) = &record.link {
                let key = (link.integration, kind, id);
                step.delete(&table::OUTBOX, &key);
                step.delete(&table::CONFLICTS, &key);
                step.delete(&table::MOTIONS, &key);
            }
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

pub(crate) fn read(host: &Host, kind: Kind, known: Option<&Record>, words: &Words) -> Result<Edit> {
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
pub(crate) fn is_kept_in_step(record: &Record) -> bool {
    record
        .link
        .as_ref()
        .is_some_and(|link| matches!(link.state, SyncState::Enabled | SyncState::Held))
}

fn part_of(change: &Change) -> Part {
    match change {
        Change::Field { field, .. } => Part::Field(*field),
        Change::Trait { name, .. } => Part::Trait(name.clone()),
        _ => Part::Organization,
    }
}

/// Refuses a change of what the PSA decides.
fn refuse_one_way(record: &Record, part: &Part, shared: &Shared) -> Result<()> {
    if !is_kept_in_step(record) {
        return Ok(());
    }
    // What is held has been taken from the PSA's say until it is let go.
    if record.holds_part(part.into()) {
        return Ok(());
    }
    let from_psa =
        |name: &String| record.get_trait(name).is_some() && record.own.binary_search(name).is_err();
    let organization = record.organization_or_itself();
    let row = shared.rules.row(record.kind, organization, &part.to_string());
    let mut hint = "Change it in the PSA; the next run brings it here.".to_owned();
    let decides = match part {
        Part::Organization => "where it belongs is the PSA's to say".to_owned(),
        Part::Field(_) | Part::Trait(_) => match (row, part) {
            (Some((layer, row)), _) => {
                let words = format!("the layer `{layer}` of its mapping decides it");
                match (
                    row.rule.direction(),
                    shared.rules.broken(record.kind, organization, &row.name),
                ) {
                    (Direction::Inward, _) => words,
                    (Direction::Both, Some(broken)) => {
                        format!("{words}, and it does not come back as it was: {broken}")
                    }
                    (Direction::Both, None) => {
                        let name = &shared.integration.name;
                        if shared
                            .connector
                            .ability(record.kind)
                            .is_some_and(|ability| ability.writes)
                        {
                            let kind = record.kind;
                            hint = format!(
                                "Change it in the PSA, or switch two-way on with `dovetail settings set {name} \
                                 --two-way {kind}=on`."
                            );
                        }
                        words
                    }
                }
            }
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
        hint,
    ))
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
