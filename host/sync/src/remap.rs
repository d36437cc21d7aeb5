//! What is stored, mapped again: where the mapping stack changed and nothing else did, the PSA's records as they were last
//! taken over go through the new stack, and the PSA is not asked for them again. Only what is not stored is read by its
//! id: records in quarantine, and those that wait for a person.
//!
//! It is part of a run like any other: previewed, told in its changes, taken back. A run that dies in it begins it anew.

use dovetail_domain::{AssetId, IntegrationId, Kind, Link, Pulled, SourceId, SourceRecord, SyncState};
use dovetail_store::{Archive, StoreError, decompress, table};

use dovetail_domain::connector::Page;

use crate::apply::Pass;
use crate::choice::Wanted;
use crate::error::SyncError;
use crate::ledger::{LeftOut, Waiting};
use crate::map::Stack;
use crate::progress::{Event, Progress};
use crate::psa::Psa;
use crate::retry;
use crate::run::map_page;
use crate::stall::Pulse;

/// Records a step.
const STEP: usize = 500;

/// Whether a layer of an earlier stack left records out.
pub(crate) fn has_left_out(archive: &Archive, integration: IntegrationId) -> Result<bool, StoreError> {
    let rows = table::left_out::<LeftOut>().list_under(archive.store(), &integration)?;
    Ok(rows.iter().any(|(_, row)| row.layer.is_some()))
}

/// Maps again what is stored of the kinds that are wanted, parents first.
pub(crate) async fn remap(
    pass: &mut Pass,
    psa: &mut Psa,
    stack: &mut Stack,
    wanted: &[Kind],
    (progress, pulse): (&dyn Progress, &Pulse),
) -> Result<(), SyncError> {
    what_is_stored(pass, stack, wanted, None, (progress, pulse)).await?;
    for kind in wanted {
        let unstored = unstored(pass, *kind)?;
        retry::read_again(pass, psa, stack, *kind, unstored).await?;
        pulse.beat();
    }
    Ok(())
}

/// Maps again what is stored, parents first: all of it, or one organization and what belongs to it.
pub(crate) async fn what_is_stored(
    pass: &mut Pass,
    stack: &mut Stack,
    wanted: &[Kind],
    organization: Option<AssetId>,
    (progress, pulse): (&dyn Progress, &Pulse),
) -> Result<(), SyncError> {
    // The PSA told nothing of these organizations: what stands under them need not be read again.
    let told = std::mem::take(&mut pass.told);
    for kind in wanted {
        let mut after = None;
        loop {
            let integration = pass.integration.id;
            let (items, last) = stored(&pass.archive, integration, *kind, organization, after, STEP)?;
            if let Some(last) = last {
                after = Some(last);
            } else {
                break;
            }
            let page = Page {
                items: come_in(items),
                refused: Vec::new(),
                next: None,
            };
            let page = map_page(stack, &pass.archive, integration, *kind, page).await?;
            tokio::task::block_in_place(|| pass.store(page))?;
            pulse.beat();
            let tally = *pass.run.tally(*kind);
            progress.event(Event::Stored { kind: *kind, tally });
        }
    }
    pass.told = told;
    Ok(())
}

/// Stored records as a page that comes in: the selection let them in when they were stored.
pub(crate) fn come_in(records: Vec<SourceRecord>) -> Vec<Pulled> {
    let comes_in = |record| Pulled {
        record,
        excluded: Vec::new(),
        parent: None,
    };
    records.into_iter().map(comes_in).collect()
}

/// The PSA's records behind what is kept in step, behind `after` and at most `most`, and the last record looked at; none
/// where there is nothing more. An organization belongs to itself. They have no name of their own: the first layer finds
/// it.
pub(crate) fn stored(
    archive: &Archive,
    integration: IntegrationId,
    kind: Kind,
    organization: Option<AssetId>,
    after: Option<AssetId>,
    most: usize,
) -> Result<(Vec<SourceRecord>, Option<AssetId>), StoreError> {
    let ids: Vec<AssetId> = match (kind, organization) {
        (Kind::Organization, Some(id)) => std::iter::once(id).filter(|_| after.is_none()).collect(),
        _ => {
            let briefs = archive.briefs(kind, Some(integration), organization, after, most)?;
            briefs.iter().map(|brief| brief.id).collect()
        }
    };
    let last = ids.last().copied();
    Ok((records(archive, integration, kind, ids)?, last))
}

/// The PSA's records behind these, as far as they are kept in step.
fn records(
    archive: &Archive,
    integration: IntegrationId,
    kind: Kind,
    ids: impl IntoIterator<Item = AssetId>,
) -> Result<Vec<SourceRecord>, StoreError> {
    let mut records = Vec::new();
    for id in ids {
        if let Some(link) = archive.record(kind, id)?.and_then(|record| record.link)
            && (link.integration, link.state) == (integration, SyncState::Enabled)
            && !link.is_unread()
        {
            records.push(taken_over(kind, &link)?);
        }
    }
    Ok(records)
}

/// The PSA's record behind a link as it was last taken over. It has no name of its own: the first layer finds it.
pub(crate) fn taken_over(kind: Kind, link: &Link) -> Result<SourceRecord, StoreError> {
    Ok(SourceRecord {
        kind,
        id: link.source.clone(),
        version: link.version,
        name: String::new(),
        json: decompress(&link.source_json)?,
    })
}

/// Records of the PSA that are known and not stored: those in quarantine before this run, and those that wait.
fn unstored(pass: &Pass, kind: Kind) -> Result<Vec<Wanted>, StoreError> {
    let (archive, integration) = (&pass.archive, pass.integration.id);
    let quarantined = archive.quarantine(Some(integration), None, usize::MAX)?;
    let mut unstored: Vec<(SourceId, Option<SourceId>)> = quarantined
        .into_iter()
        .filter(|entry| entry.kind == kind && entry.run != pass.run.id)
        .map(|entry| (entry.source, None))
        .collect();
    for ((_, of, source), row) in table::waiting::<Waiting>().list_under(archive.store(), &integration)? {
        if of == kind {
            unstored.push((source, row.parent));
        }
    }
    unstored.sort_unstable();
    unstored.dedup_by(|one, other| one.0 == other.0);
    Ok(unstored)
}
