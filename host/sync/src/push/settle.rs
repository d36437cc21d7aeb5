//! What came of what was sent, taken over in one step: the PSA's answer is the truth.

use std::sync::Arc;

use dovetail_domain::connector::PushOutcome;
use dovetail_domain::outgoing::{Altered, arrive};
use dovetail_domain::record::MatchedBy;
use dovetail_domain::{AssetId, Cause, Code, Fault, Kind, Record, SourceRecord, Value, Wanted};
use dovetail_gate::Session;
use dovetail_store::{Change, Named, Run, Step, StoreError};

use super::{Sent, drop_entry, entry, keep_refused, put_entry};
use crate::apply::Pass;
use crate::apply::both::Said;
use crate::error::{SyncError, from_fault};
use crate::map::{Fate, Mapped, NotBrought, Stack};
use crate::{remap, resolve};

/// An answer with the record the PSA has by now.
struct Answered {
    sent: Sent,
    /// Whether the change holds.
    applied: bool,
    source: SourceRecord,
}

/// What a change comes to that was not accepted.
enum NotAccepted {
    /// What is left of its edit is kept, until a person does something about it.
    Kept,
    /// Somebody has edited the same again meanwhile: that is sent next.
    Overtaken,
    /// It waits as it is, and nothing more is to be sent.
    Waits,
}

/// Takes over what came of changes. Records of which something is left to be sent are returned: they moved, or were edited,
/// meanwhile.
pub(super) async fn settle(
    pass: &mut Pass,
    stack: &mut Stack,
    session: &Arc<Session>,
    kind: Kind,
    sent: Vec<Sent>,
    outcomes: Vec<Result<PushOutcome, Fault>>,
) -> Result<Vec<AssetId>, SyncError> {
    let archive = Arc::clone(&pass.archive);
    let mut answered = Vec::new();
    let mut again = Vec::new();
    let mut fatal = None;
    {
        let _turn = archive.turn();
        let mut step = pass.step();
        for (sent, outcome) in sent.into_iter().zip(outcomes) {
            pass.run.edits(kind).sent += 1;
            match outcome {
                Ok(PushOutcome::Applied(source)) => answered.push(Answered {
                    sent,
                    applied: true,
                    source,
                }),
                Ok(PushOutcome::Moved(source)) => answered.push(Answered {
                    sent,
                    applied: false,
                    source,
                }),
                // It stays written down as sent.
                Ok(PushOutcome::InDoubt(why)) => {
                    tracing::warn!("what was sent of {kind} {} is in doubt: {why}", sent.asset);
                    pass.doubts.insert((kind, sent.asset));
                }
                Err(fault) => {
                    let asset = sent.asset;
                    match refuse(pass, &mut step, sent, &fault)? {
                        NotAccepted::Kept => {}
                        NotAccepted::Overtaken => again.push(asset),
                        NotAccepted::Waits => fatal = fatal.or(Some(fault)),
                    }
                }
            }
        }
        step.put_run(&pass.run)?;
        archive.commit(step)?;
    }
    again.extend(take_over(pass, stack, answered).await?);
    match fatal {
        Some(fault) => Err(from_fault(fault, session)),
        None => Ok(again),
    }
}

/// Notes that a change was not accepted.
fn refuse(pass: &mut Pass, step: &mut Step, sent: Sent, fault: &Fault) -> Result<NotAccepted, StoreError> {
    let Sent { kind, asset, .. } = sent;
    let (waits, part) = match &fault.cause {
        Cause::Data(part) => (false, Some(part.clone()).filter(|part| !part.is_empty())),
        Cause::Gone | Cause::TooLarge => (false, None),
        _ => (true, None),
    };
    let overtakes = |record: Record| sent.sending.is_overtaken(&record);
    let comes_to = if waits {
        NotAccepted::Waits
    } else if pass.archive.record(kind, asset)?.is_some_and(overtakes) {
        NotAccepted::Overtaken
    } else {
        NotAccepted::Kept
    };
    let Some(mut entry) = entry(pass, kind, asset)? else {
        // A person let go of it meanwhile.
        return Ok(comes_to);
    };
    entry.sending = None;
    match comes_to {
        NotAccepted::Kept => {
            let why = fault.message.clone();
            let refused = NotBrought { part, why };
            keep_refused(pass, step, (kind, asset), entry, &Code::PushRefused, refused)?;
        }
        NotAccepted::Waits | NotAccepted::Overtaken => put_entry(pass, step, (kind, asset), &entry)?,
    }
    Ok(comes_to)
}

/// Takes over records as the PSA has them by now.
async fn take_over(
    pass: &mut Pass,
    stack: &mut Stack,
    answered: Vec<Answered>,
) -> Result<Vec<AssetId>, SyncError> {
    if answered.is_empty() {
        return Ok(Vec::new());
    }
    let page = remap::come_in(answered.iter().map(|one| one.source.clone()).collect());
    let mapped = stack.map(&pass.archive, pass.integration.id, page).await?;
    let archive = Arc::clone(&pass.archive);
    let _turn = archive.turn();
    let mut step = pass.step();
    let mut again = Vec::new();
    for (Answered { sent, applied, .. }, mapped) in answered.into_iter().zip(mapped) {
        let asset = sent.asset;
        if take_one(pass, &mut step, sent, applied, mapped)? {
            again.push(asset);
        }
    }
    step.put_run(&pass.run)?;
    archive.commit(step)?;
    Ok(again)
}

/// Takes over one record as the PSA has it by now. Says whether something of it is left to be sent.
fn take_one(
    pass: &mut Pass,
    step: &mut Step,
    sent: Sent,
    applied: bool,
    mapped: Mapped,
) -> Result<bool, StoreError> {
    let (kind, asset, makes) = (sent.kind, sent.asset, sent.makes());
    let Some(before) = pass.archive.record(kind, asset)? else {
        // It was deleted here meanwhile; what the PSA has comes in with the next run.
        drop_entry(pass, step, kind, asset);
        return Ok(false);
    };
    let Mapped {
        record: source,
        fate,
        decided,
    } = mapped;
    let Some(mut entry) = entry(pass, kind, asset)? else {
        // A person let go of it meanwhile.
        return Ok(false);
    };
    let readable = match fate {
        Fate::Draft(draft) => Ok(draft),
        Fate::Skipped { layer, reason } => Err(format!("{layer} leaves out what came of it: {reason}")),
        Fate::Refused { layer, error } => Err(format!("{layer} cannot map what came of it: {error}")),
    };
    let mut draft = match readable {
        Ok(draft) => draft,
        Err(why) => {
            // A record that was made stays written down as sent: tried again it is looked for, and not made a second time.
            entry.sending = entry.sending.filter(|sending| sending.id.is_none());
            let refused = NotBrought { part: None, why };
            keep_refused(pass, step, (kind, asset), entry, &Code::PushRefused, refused)?;
            return Ok(false);
        }
    };
    entry.sending = None;
    let organization = match resolve::owner(&pass.archive, pass.integration.id, &draft)? {
        resolve::Owner::Asset(id) => Some(id),
        resolve::Owner::Nobody | resolve::Owner::Unknown(_) => before.organization,
    };
    let within = resolve::within(organization, Some(&before));
    resolve::references(&pass.archive, pass.integration.id, within, &mut draft)?;
    let mut after = before.clone();
    let mut written = Vec::new();
    if applied {
        written = in_psa(&before, &sent.sending.parts, makes);
        let altered = arrive(&mut after, &sent.sending.parts, &draft, makes);
        note_altered(&mut pass.run, &before, &source, &altered);
        pass.run.edits(kind).confirmed += 1;
        entry.chosen.retain(|part| !sent.sending.carries(part));
    }
    // Put first, so that the planner's word on whether something is left to be sent is the last.
    put_entry(pass, step, (kind, asset), &entry)?;
    let said = Said {
        organization,
        draft: &draft,
        decided: &decided,
    };
    let both = pass.reconcile(step, &mut after, &said, makes)?;
    let by = before.link.as_ref().map_or(MatchedBy::Person, |link| link.by);
    after.link = Some(pass.link(&source, by)?);
    if both.changed || after.fields != before.fields || after.traits != before.traits || makes {
        after.updated = step.at();
    }
    pass.note_unbound(&after);
    // The entry stands where something is left to be sent, and only there.
    let left = !pass.pending(&after, Some(&entry)).is_empty();
    if !left {
        drop_entry(pass, step, kind, asset);
    }
    step.note_in_psa(kind, asset, written);
    step.update_as(&before, after, |change| decided.of(change))?;
    Ok(left)
}

/// What changed in the PSA's record, as the history tells it: from what was agreed upon to what was sent.
fn in_psa(record: &Record, parts: &[Wanted], makes: bool) -> Vec<Change> {
    if makes {
        return vec![Change::Created];
    }
    let change = |part: &Wanted| match part {
        Wanted::Field(field, value) => Some(Change::Field {
            field: *field,
            before: record.base.of_field(*field).cloned().unwrap_or(Value::Absent),
            after: value.clone(),
        }),
        Wanted::Trait(name, json) => Some(Change::Trait {
            name: name.clone(),
            before: record.base.of_trait(name).flatten().map(str::to_owned),
            after: json.clone(),
        }),
        Wanted::Organization(_) => None,
    };
    parts.iter().filter_map(change).collect()
}

/// Names in the run's document what the PSA cut or wrote differently.
fn note_altered(run: &mut Run, record: &Record, source: &SourceRecord, altered: &[Altered]) {
    for Altered { sent, kept } in altered {
        if run.altered.len() < Run::NAMED {
            run.altered.push(Named {
                kind: record.kind,
                source_id: Some(source.id.clone()),
                name: record.name(),
                why: format!(
                    "{}: {} was sent, and the PSA has {}",
                    sent.part().to_part(),
                    sent.to_json(),
                    kept.to_json()
                ),
            });
        }
    }
}
