//! Sending: what waits in the outbox goes to the PSA, parents first, records of a kind at once, each record's edits in order.
//!
//! What it guarantees:
//!
//! - What is sent is on disk as sent before it is sent. Whatever the process dies in, the next run hands an update in once
//!   more, which changes nothing where it was applied, and looks for the record a create may have made before it makes one.
//! - The PSA's answer is the truth: what it cut or wrote differently stands here and is agreed upon. What was edited here
//!   meanwhile stays, and is sent next.
//! - What somebody changed in the PSA meanwhile is never written over unseen: the record is planned again first, and nothing
//!   is sent that the planner would not send.
//! - An edit that is refused is kept, with the reason, and is not tried again until a person does something about it.

use std::collections::BTreeSet;
use std::sync::Arc;

use dovetail_domain::connector::Change;
use dovetail_domain::{AssetId, Code, Kind, Outgoing, Sending};
use dovetail_store::{Named, Run, RunMode, Step, StoreError, table};

use crate::apply::Pass;
use crate::error::SyncError;
use crate::map::{NotBrought, Stack};
use crate::progress::{Cancel, Event, Progress};
use crate::psa::Psa;
use crate::run::{Ended, Order, finish, under_watch};
use crate::setup::Setup;
use crate::stall::Pulse;

mod agreed;
mod backfill;
mod doubt;
mod eligible;
mod prepare;
mod settle;
mod waiting;

pub use backfill::{Backfill, backfill, preview_push};
pub use eligible::Eligible;
pub use waiting::Waiting as WaitingEdits;
pub(crate) use waiting::waiting;

/// Records sent in one call of the connector.
const BATCH: usize = 50;
/// Notes of the loop brake looked at in a step.
const MOTIONS: usize = 500;
/// How often a record is planned and sent again in one run because it moved meanwhile.
const ROUNDS: usize = 3;

/// A change ready to be sent, or sent.
struct Sent {
    kind: Kind,
    asset: AssetId,
    sending: Sending,
    change: Change,
}

/// Sends what waits and reads nothing else.
pub async fn push(
    setup: &Setup,
    order: Order,
    progress: Arc<dyn Progress>,
    cancel: &Cancel,
) -> Result<Run, StoreError> {
    let run = order.begin(setup, RunMode::Push, (setup.clock)());
    let mut pass = Pass::begin(setup, run)?;
    let mut psa = Psa::of(setup);
    let session = psa.session().clone();
    let pulse = Pulse::default();
    let mut stack = Stack::new(&setup.layers);
    let watched = (&*progress, &pulse);
    let stages = async {
        settle_doubts(setup, &mut pass, &mut psa, &mut stack).await?;
        deliver(setup, &mut pass, &mut psa, &mut stack, watched).await
    };
    let outcome = under_watch(setup, &session, watched, cancel, stages).await;
    finish(pass, &session, outcome)
}

/// Finds out what became of what an earlier run sent, before anything is read: a record that a create made must not come in
/// as another one.
pub(crate) async fn settle_doubts(
    setup: &Setup,
    pass: &mut Pass,
    psa: &mut Psa,
    stack: &mut Stack,
) -> Result<(), SyncError> {
    if setup.dry {
        return Ok(());
    }
    for kind in Kind::ALL {
        let mut after = None;
        while let Some((rows, last)) = page(pass, kind, after)? {
            after = Some(last);
            let doubtful: Vec<AssetId> = rows
                .into_iter()
                .filter(|(_, entry)| entry.sending.is_some() && entry.refused.is_none())
                .map(|(asset, _)| asset)
                .collect();
            if !doubtful.is_empty() {
                doubt::settle(pass, psa, stack, kind, &doubtful).await?;
            }
        }
    }
    Ok(())
}

/// Sends what waits. Where an answer is lost it is found out what became of what was sent, and what is then known not to
/// have arrived is sent once more; a second answer that is lost is left to the next run.
pub(crate) async fn deliver(
    setup: &Setup,
    pass: &mut Pass,
    psa: &mut Psa,
    stack: &mut Stack,
    watched: (&dyn Progress, &Pulse),
) -> Result<Ended, SyncError> {
    if setup.dry || is_empty(pass)? {
        return Ok(Ended::Whole);
    }
    pass.rules = setup.proved().await?;
    forget_motions(pass)?;
    let eligible = Eligible::of(setup)?;
    send_all(pass, psa, stack, &eligible, watched).await?;
    let doubts = std::mem::take(&mut pass.doubts);
    if doubts.is_empty() {
        return Ok(Ended::Whole);
    }
    for kind in Kind::ALL {
        let doubtful = doubts.iter().filter(|(of, _)| *of == kind);
        let doubtful: Vec<AssetId> = doubtful.map(|(_, asset)| *asset).collect();
        doubt::settle(pass, psa, stack, kind, &doubtful).await?;
    }
    send_all(pass, psa, stack, &eligible, watched).await?;
    Ok(match pass.doubts.is_empty() {
        true => Ended::Whole,
        false => Ended::InDoubt,
    })
}

async fn send_all(
    pass: &mut Pass,
    psa: &mut Psa,
    stack: &mut Stack,
    eligible: &Eligible,
    (progress, pulse): (&dyn Progress, &Pulse),
) -> Result<(), SyncError> {
    for kind in Kind::ALL {
        let mut again = BTreeSet::new();
        let mut after = None;
        while let Some((rows, last)) = page(pass, kind, after)? {
            after = Some(last);
            let waiting: Vec<AssetId> = rows.into_iter().map(|(asset, _)| asset).collect();
            again.extend(round(pass, psa, stack, eligible, kind, &waiting).await?);
            pulse.beat();
            let edits = *pass.run.edits(kind);
            progress.event(Event::Pushed { kind, edits });
        }
        for _ in 1..ROUNDS {
            let moved: Vec<AssetId> = std::mem::take(&mut again).into_iter().collect();
            for some in moved.chunks(BATCH) {
                again.extend(round(pass, psa, stack, eligible, kind, some).await?);
                pulse.beat();
            }
        }
    }
    Ok(())
}

/// Sends what waits of some records of a kind, once. Those that moved meanwhile are returned.
async fn round(
    pass: &mut Pass,
    psa: &mut Psa,
    stack: &mut Stack,
    eligible: &Eligible,
    kind: Kind,
    assets: &[AssetId],
) -> Result<Vec<AssetId>, SyncError> {
    let sent = prepare::prepare(pass, stack, eligible, kind, assets).await?;
    if sent.is_empty() {
        return Ok(Vec::new());
    }
    hand_in(pass, psa, stack, kind, sent).await
}

/// Hands changes in and takes over what came of them. Those of which the record moved are returned.
async fn hand_in(
    pass: &mut Pass,
    psa: &mut Psa,
    stack: &mut Stack,
    kind: Kind,
    sent: Vec<Sent>,
) -> Result<Vec<AssetId>, SyncError> {
    let changes: Vec<Change> = sent.iter().map(|sent| sent.change.clone()).collect();
    let outcomes = psa.push(&changes).await?;
    let session = psa.session().clone();
    settle::settle(pass, stack, &session, kind, sent, outcomes).await
}

type Row = (AssetId, Outgoing);

/// Entries of a kind behind one, and the last of them; none where there are no more.
fn page(pass: &Pass, kind: Kind, after: Option<AssetId>) -> Result<Option<(Vec<Row>, AssetId)>, StoreError> {
    let integration = pass.integration.id;
    let behind = after.map(|asset| (integration, kind, asset));
    let store = pass.archive.store();
    let rows = table::OUTBOX.page(store, &(integration, kind), behind.as_ref(), BATCH)?;
    let last = rows.last().map(|((_, _, asset), _)| *asset);
    let rows = rows.into_iter().map(|((_, _, asset), entry)| (asset, entry));
    Ok(last.map(|last| (rows.collect(), last)))
}

fn is_empty(pass: &Pass) -> Result<bool, StoreError> {
    let store = pass.archive.store();
    let first = table::OUTBOX.page(store, &pass.integration.id, None, 1)?;
    Ok(first.is_empty())
}

/// The entry of a record as it stands by now: while something of it was sent, a person may have edited the record, chosen
/// something about it, or let it go. Then there is none.
fn entry(pass: &Pass, kind: Kind, asset: AssetId) -> Result<Option<Outgoing>, StoreError> {
    pass.archive
        .get(&table::OUTBOX, &(pass.integration.id, kind, asset))
}

/// Takes an entry out of the outbox.
fn drop_entry(pass: &Pass, step: &mut Step, kind: Kind, asset: AssetId) {
    step.delete(&table::OUTBOX, &(pass.integration.id, kind, asset));
}

/// Puts an entry of the outbox.
fn put_entry(
    pass: &Pass,
    step: &mut Step,
    (kind, asset): (Kind, AssetId),
    entry: &Outgoing,
) -> Result<(), StoreError> {
    step.put(&table::OUTBOX, &(pass.integration.id, kind, asset), entry)
}

/// Keeps an edit that was not taken, with the reason, counts it and names it in the run's document.
fn keep_refused(
    pass: &mut Pass,
    step: &mut Step,
    (kind, asset): (Kind, AssetId),
    mut entry: Outgoing,
    code: &Code,
    NotBrought { part, why }: NotBrought,
) -> Result<(), StoreError> {
    entry.refuse(step.at(), code.as_str(), part, why.clone());
    pass.run.edits(kind).failed += 1;
    if pass.run.refused.len() < Run::NAMED
        && let Some(record) = pass.archive.record(kind, asset)?
    {
        pass.run.refused.push(Named {
            kind,
            source_id: record.link.as_ref().map(|link| link.source.clone()),
            name: record.name(),
            why,
        });
    }
    put_entry(pass, step, (kind, asset), &entry)
}

/// Forgets writes that lie so far back that the loop brake does not count them any more.
fn forget_motions(pass: &Pass) -> Result<(), StoreError> {
    let now = (pass.clock)();
    let since = now.minus_seconds(dovetail_domain::motion::WITHIN);
    let mut after = None;
    loop {
        let store = pass.archive.store();
        let rows = table::MOTIONS.page(store, &pass.integration.id, after.as_ref(), MOTIONS)?;
        let Some((last, _)) = rows.last() else {
            return Ok(());
        };
        after = Some(*last);
        let mut step = pass.step();
        for (key, motions) in rows {
            if motions.iter().all(|motion| motion.at < since || motion.at > now) {
                step.delete(&table::MOTIONS, &key);
            }
        }
        pass.archive.commit(step)?;
    }
}
