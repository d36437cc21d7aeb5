//! What becomes of records that leave. A record is orphaned only on its own word or on the word of the PSA about it: what
//! a listing lacks is asked for by id first. So many that it looks like a mistake wait for a person. Nothing is deleted,
//! save tickets: they are read-only copies of what the PSA has, and expire.

use std::collections::BTreeMap;

use dovetail_domain::{AssetId, Cause, Code, Kind, Record, SourceId, SyncState, Trouble, orphan};
use dovetail_store::{Archive, Named, Run, Step, StoreError, table};

use crate::apply::Pass;
use crate::error::SyncError;
use crate::leaving::{Leaving, Reason};
use crate::psa::Psa;

/// Records a step.
const STEP: usize = 500;
/// Records asked for by id in one call of the connector.
const ASKED: usize = 200;
/// Records looked through at a time.
const READ_AHEAD: usize = 1_000;

/// Everything that leaves, by kind and record.
type AllLeaving = BTreeMap<(Kind, AssetId), Leaving>;

/// Settles what leaves at the end of a run. `listed` are the kinds of which a complete listing was read, `unwanted`
/// those of which a person wants nothing any more, `chosen_anew` whether a person chose since everything was read last.
/// True where a person has to be asked; then nothing is orphaned.
pub(crate) async fn settle(
    pass: &mut Pass,
    psa: &mut Psa,
    listed: &[Kind],
    unwanted: &[Kind],
    chosen_anew: bool,
) -> Result<bool, SyncError> {
    let mut leaving = pass.attendance.take();
    if listed.is_empty() {
        carry_over(pass, &mut leaving)?;
    }
    for kind in unwanted {
        each_enabled(pass, *kind, None, |asset, source| {
            let reason = Reason::Unwanted;
            leaving.insert(
                (*kind, asset),
                Leaving {
                    asset,
                    source,
                    reason,
                },
            );
        })?;
    }
    for kind in listed {
        let mut unlisted = Vec::new();
        each_enabled(pass, *kind, None, |asset, source| {
            if !pass.attendance.has_seen(asset) && !leaving.contains_key(&(*kind, asset)) {
                let reason = Reason::Unlisted;
                unlisted.push(Leaving {
                    asset,
                    source,
                    reason,
                });
            }
        })?;
        let mut settled = Vec::with_capacity(unlisted.len());
        for one in unlisted {
            // What stands under an organization that leaves goes with it and need not be asked for.
            if follows(&pass.archive, *kind, one.asset, &leaving)? {
                settled.push(Leaving {
                    reason: Reason::Follows,
                    ..one
                });
            } else {
                settled.push(one);
            }
        }
        let inferred = settled
            .iter()
            .filter(|one| one.reason == Reason::Unlisted)
            .count();
        // Asking for thousands that a narrowed permission hides would take hours and say nothing new.
        let too_many = orphan::brakes(inferred as u64, enabled(pass, *kind)?) && !chosen_anew;
        if !too_many {
            settled = confirm(&pass.archive, psa, *kind, settled).await?;
        }
        leaving.extend(settled.into_iter().map(|one| ((*kind, one.asset), one)));
    }
    for kind in Kind::ALL {
        let inferred = leaving
            .iter()
            .filter(|((of, _), one)| *of == kind && one.reason.is_inferred(chosen_anew))
            .count();
        let enabled = enabled(pass, kind)?;
        if orphan::brakes(inferred as u64, enabled) {
            hold_back(pass, &leaving)?;
            pass.run.trouble = Some(braked(&pass.run, kind, inferred, enabled));
            return Ok(true);
        }
    }
    forget_held(pass)?;
    orphan_all(pass, &leaving)?;
    Ok(false)
}

/// Does `each` with every record of a kind that is kept in step through the integration.
fn each_enabled(
    pass: &Pass,
    kind: Kind,
    organization: Option<AssetId>,
    mut each: impl FnMut(AssetId, SourceId),
) -> Result<(), StoreError> {
    let integration = pass.integration.id;
    let mut after = None;
    loop {
        let briefs = pass
            .archive
            .briefs(kind, Some(integration), organization, after, READ_AHEAD)?;
        let Some(last) = briefs.last() else { return Ok(()) };
        after = Some(last.id);
        for brief in &briefs {
            if brief.link == Some((integration, SyncState::Enabled))
                && let Some(source) = pass.archive.source(kind, brief.id)?
            {
                each(brief.id, source);
            }
        }
    }
}

fn enabled(pass: &Pass, kind: Kind) -> Result<u64, StoreError> {
    Ok(pass
        .archive
        .counts()?
        .linked(pass.integration.id, kind, Some(SyncState::Enabled)))
}

fn follows(archive: &Archive, kind: Kind, asset: AssetId, leaving: &AllLeaving) -> Result<bool, StoreError> {
    let Some(organization) = owner(archive, kind, asset)? else {
        return Ok(false);
    };
    if leaving.contains_key(&(Kind::Organization, organization)) {
        return Ok(true);
    }
    let state = archive
        .brief(Kind::Organization, organization)?
        .and_then(|brief| brief.link);
    Ok(!matches!(state, Some((_, SyncState::Enabled))))
}

/// Asks for each record by its id. Only the PSA's word about a record lets it go; whatever else comes back lets it stay.
pub(crate) async fn confirm(
    archive: &Archive,
    psa: &mut Psa,
    kind: Kind,
    candidates: Vec<Leaving>,
) -> Result<Vec<Leaving>, SyncError> {
    let (asked, mut settled): (Vec<_>, Vec<_>) = candidates
        .into_iter()
        .partition(|one| one.reason == Reason::Unlisted);
    for some in asked.chunks(ASKED) {
        let ids: Vec<SourceId> = some.iter().map(|one| one.source.clone()).collect();
        let parents = some
            .iter()
            .map(|one| parent(archive, kind, one.asset))
            .collect::<Result<Vec<_>, StoreError>>()?;
        for (one, answer) in some.iter().zip(psa.fetch(kind, &ids, &parents).await?) {
            let reason = match answer {
                Ok(pulled) if pulled.excluded.is_empty() => continue,
                Ok(pulled) => Reason::Excluded(pulled.excluded),
                Err(fault) if fault.cause == Cause::Gone => Reason::Gone,
                Err(fault) => {
                    tracing::warn!(%kind, source = %one.source, "it stays, since the PSA did not say: {}", fault.message);
                    continue;
                }
            };
            settled.push(Leaving {
                reason,
                ..one.clone()
            });
        }
    }
    Ok(settled)
}

/// The organization that the PSA has a record in, be it held in another one.
fn owner(archive: &Archive, kind: Kind, asset: AssetId) -> Result<Option<AssetId>, StoreError> {
    let record = archive.record(kind, asset)?;
    Ok(record.and_then(|record| record.base.organization.or(record.organization)))
}

/// The PSA's id of the organization a record belongs to.
pub(crate) fn parent(archive: &Archive, kind: Kind, asset: AssetId) -> Result<Option<SourceId>, StoreError> {
    match owner(archive, kind, asset)? {
        Some(organization) => archive.source(Kind::Organization, organization),
        None => Ok(None),
    }
}

fn braked(run: &Run, kind: Kind, inferred: usize, enabled: u64) -> Trouble {
    let id = run.id;
    Trouble {
        code: Code::OrphanBrake.as_str().to_owned(),
        message: format!(
            "{inferred} of {enabled} {} would be orphaned, which looks like a mistake; nothing was orphaned",
            kind.plural()
        ),
        hint: format!(
            "`dovetail run show {id}` names them; `dovetail run approve {id} --orphans` orphans them, `dovetail run reject \
             {id}` keeps them"
        ),
    }
}

/// Keeps what leaves until a person has said yes or no.
fn hold_back(pass: &mut Pass, leaving: &AllLeaving) -> Result<(), StoreError> {
    forget_held(pass)?;
    let all: Vec<_> = leaving.iter().collect();
    for ((kind, asset), one) in all.iter().take(Run::NAMED) {
        let name = pass.archive.record(*kind, *asset)?.map(|record| record.name());
        pass.run.leaving.push(Named {
            kind: *kind,
            source_id: Some(one.source.clone()),
            name: name.unwrap_or_default(),
            why: one.reason.words(),
        });
    }
    for some in all.chunks(STEP) {
        let mut step = pass.step();
        for ((kind, _), one) in some {
            let key = (pass.integration.id, *kind, one.source.clone());
            step.put(&table::leaving(), &key, *one)?;
        }
        pass.archive.commit(step)?;
    }
    Ok(())
}

/// What an earlier run held back goes on waiting where this one, which did not read everything, has not seen it.
fn carry_over(pass: &Pass, leaving: &mut AllLeaving) -> Result<(), StoreError> {
    let integration = pass.integration.id;
    for ((_, kind, _), one) in table::leaving::<Leaving>().list_under(pass.archive.store(), &integration)? {
        let link = pass.archive.brief(kind, one.asset)?.and_then(|brief| brief.link);
        if link == Some((integration, SyncState::Enabled)) && !pass.attendance.has_seen(one.asset) {
            leaving.insert((kind, one.asset), one);
        }
    }
    Ok(())
}

/// What waited for a person belongs to an earlier run: the newer one has looked again.
fn forget_held(pass: &Pass) -> Result<(), StoreError> {
    let mut step = pass.step();
    release(&pass.archive, pass.integration.id, &mut step)?;
    pass.archive.commit(step)
}

/// Takes out everything of an integration that waits for a yes or no.
pub(crate) fn release(
    archive: &Archive,
    integration: dovetail_domain::IntegrationId,
    step: &mut Step,
) -> Result<(), StoreError> {
    step.delete_under(archive.store(), &table::leaving::<Leaving>(), &integration)
}

/// Orphans records, and with an organization what stands under it.
pub(crate) fn orphan_all(pass: &mut Pass, leaving: &AllLeaving) -> Result<(), StoreError> {
    let mut all: Vec<(Kind, AssetId)> = leaving.keys().copied().collect();
    for (kind, organization) in leaving.keys() {
        if *kind == Kind::Organization {
            for below in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Organization) {
                each_enabled(pass, below, Some(*organization), |asset, _| {
                    if !leaving.contains_key(&(below, asset)) {
                        all.push((below, asset));
                    }
                })?;
            }
        }
    }
    let archive = std::sync::Arc::clone(&pass.archive);
    for some in all.chunks(STEP) {
        let _turn = archive.turn();
        let mut step = pass.step();
        for (kind, id) in some {
            let Some(record) = pass.archive.record(*kind, *id)? else {
                continue;
            };
            // One that a person holds in an organization is in another one of the PSA's, and stays with that.
            if record.base.organization.is_some() && !leaving.contains_key(&(*kind, *id)) {
                continue;
            }
            orphan_one(pass, &mut step, &record)?;
        }
        step.put_run(&pass.run)?;
        pass.archive.commit(step)?;
    }
    Ok(())
}

fn orphan_one(pass: &mut Pass, step: &mut Step, record: &Record) -> Result<(), StoreError> {
    let enabled = record
        .link
        .as_ref()
        .is_some_and(|link| link.state == SyncState::Enabled);
    if !enabled {
        return Ok(());
    }
    if record.kind == Kind::Ticket {
        step.remove(record);
        return Ok(());
    }
    let mut after = record.clone();
    if let Some(link) = &mut after.link {
        link.state = SyncState::Orphaned;
    }
    after.updated = step.at();
    step.update(record, after)?;
    pass.run.tally(record.kind).orphaned += 1;
    Ok(())
}
