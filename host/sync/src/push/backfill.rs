//! What could be sent and is not by itself: values that were here before two-way was on, and records of the documentation's
//! own. A person asks for it; before that it is shown.

use std::sync::Arc;

use dovetail_domain::edit::push;
use dovetail_domain::mapping::Draft;
use dovetail_domain::reconcile::{Past, plan};
use dovetail_domain::{AssetId, IntegrationId, Kind, Link, Outgoing, Record, SyncState};
use dovetail_store::{Archive, ChangeCause, Filter, Step, StoreError, table};

use super::Eligible;
use super::waiting::{Waiting, waiting};
use crate::error::SyncError;
use crate::map::{Fate, Stack};
use crate::preview::laid_over;
use crate::rules::Rules;
use crate::setup::Setup;
use crate::{remap, resolve};

/// Records looked at in a step.
const STEP: usize = 200;

/// Which records a person wants sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backfill {
    /// Of this kind only.
    pub kind: Option<Kind>,
    /// Of this organization only.
    pub organization: Option<AssetId>,
}

/// What would be sent if everything were that could be, with what waits already. Nothing is written.
pub async fn preview_push(setup: &Setup, wanted: Backfill, most: usize) -> Result<Waiting, SyncError> {
    let over = laid_over(setup)?;
    backfill(&over, wanted).await?;
    Ok(waiting(&over, most)?)
}

/// Has everything sent that could be: it waits in the outbox afterwards.
pub async fn backfill(setup: &Setup, wanted: Backfill) -> Result<(), SyncError> {
    let rules = setup.proved().await?;
    let eligible = Eligible::of(setup)?;
    let mut stack = Stack::new(&setup.layers);
    for kind in Kind::ALL {
        if !rules.sends(kind) || wanted.kind.is_some_and(|wanted| wanted != kind) {
            continue;
        }
        let filter = Filter {
            organization: wanted.organization.filter(|_| kind != Kind::Organization),
            ..Filter::default()
        };
        let mut after = None;
        loop {
            let listed = setup.archive.list(kind, &filter, after, STEP)?;
            let concerns = |record: &Record| match (kind, wanted.organization) {
                (Kind::Organization, Some(organization)) => record.id == organization,
                _ => true,
            };
            let records: Vec<Record> = listed.records.into_iter().filter(concerns).collect();
            some(setup, &rules, &eligible, &mut stack, records).await?;
            match listed.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    Ok(())
}

async fn some(
    setup: &Setup,
    rules: &Rules,
    eligible: &Eligible,
    stack: &mut Stack,
    records: Vec<Record>,
) -> Result<(), SyncError> {
    let integration = setup.integration.id;
    let (linked, own): (Vec<Record>, Vec<Record>) =
        records.into_iter().partition(|record| record.link.is_some());
    // Nothing differs from what was agreed upon where there is no base, and nothing is offered.
    let differs = |record: &Record| !record.base.is_empty() || !record.own.is_empty();
    let is_here = |link: &Link| {
        link.integration == integration && link.state == SyncState::Enabled && !link.is_unread()
    };
    let concerns = |record: &Record| differs(record) && record.link.as_ref().is_some_and(is_here);
    let linked: Vec<Record> = linked.into_iter().filter(concerns).collect();
    let drafts = stored_drafts(&setup.archive, integration, stack, &linked).await?;
    let archive = Arc::clone(&setup.archive);
    let _turn = archive.turn();
    let mut step = Step::new((setup.clock)(), ChangeCause::Person(String::new()));
    for (seen, draft) in linked.iter().zip(drafts) {
        // It may have been edited while the mapping worked.
        let Some(before) = archive
            .record(seen.kind, seen.id)?
            .filter(|record| record.link == seen.link)
        else {
            continue;
        };
        let Some(draft) = draft else { continue };
        let planned = plan(
            &before,
            before.base.organization.or(before.organization),
            &draft,
            Past::Known,
            |part| rules.of(&before, part),
        );
        if planned.offer.is_empty() && planned.send.is_empty() {
            continue;
        }
        let mut after = before.clone();
        for change in planned.offer.iter().chain(&planned.send) {
            push(&mut after, change.part());
        }
        queue(&archive, &mut step, integration, &after)?;
        if after != before {
            step.update(&before, after)?;
        }
    }
    for record in own {
        if eligible.admits(&archive, &record)? {
            queue(&archive, &mut step, integration, &record)?;
        }
    }
    archive.commit(step)?;
    Ok(())
}

/// Puts a record into the outbox, unless it is there.
fn queue(
    archive: &Archive,
    step: &mut Step,
    integration: IntegrationId,
    record: &Record,
) -> Result<(), StoreError> {
    let key = (integration, record.kind, record.id);
    let entry = match archive.get(&table::OUTBOX, &key)? {
        Some(entry) if entry.refused.is_none() => return Ok(()),
        // A person asks for it: what was refused is tried again.
        Some(entry) => Outgoing {
            refused: None,
            ..entry
        },
        None => Outgoing::since(step.at()),
    };
    step.put(&table::OUTBOX, &key, &entry)
}

/// What the stack makes of the PSA's records as they were taken over last; none where it leaves one out.
pub(super) async fn stored_drafts(
    archive: &Archive,
    integration: IntegrationId,
    stack: &mut Stack,
    records: &[Record],
) -> Result<Vec<Option<Draft>>, SyncError> {
    let mut sources = Vec::with_capacity(records.len());
    for record in records {
        if let Some(link) = &record.link {
            sources.push(remap::taken_over(record.kind, link)?);
        }
    }
    let mapped = stack.map(archive, integration, remap::come_in(sources)).await?;
    let mut drafts = Vec::with_capacity(records.len());
    for (record, mapped) in records.iter().zip(mapped) {
        drafts.push(match mapped.fate {
            Fate::Draft(mut draft) => {
                let within = resolve::within(record.organization, Some(record));
                resolve::references(archive, integration, within, &mut draft)?;
                Some(draft)
            }
            Fate::Skipped { .. } | Fate::Refused { .. } => None,
        });
    }
    Ok(drafts)
}
