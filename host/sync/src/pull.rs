//! Reading a kind page by page, while the pages before are mapped and stored.

use dovetail_domain::connector::{KindAbility, Listing, Page};
use dovetail_domain::{AssetId, IntegrationId, Kind, SourceId, SyncState, Timestamp};
use dovetail_store::{Archive, StoreError};
use tokio::sync::mpsc::Sender;

use crate::checkpoint::OVERLAP_SECONDS;
use crate::error::SyncError;
use crate::psa::Psa;

/// Parents a listing names at once.
const PARENTS: usize = 200;

/// Parents read from the store at once.
const READ_AHEAD: usize = 1_000;

/// How far a run looks.
pub(crate) enum Reach<'a> {
    /// At everything.
    Everything,
    /// At what changed.
    Changes {
        /// From this time on, by the PSA's clock.
        since: Timestamp,
        /// Organizations that came in during the run: everything under them is looked at.
        newcomers: &'a [SourceId],
        /// Organizations whose records are listed one organization at a time and are looked at again.
        again: &'a [SourceId],
    },
}

/// What to list of a kind. Kinds that are listed under their parents are listed some parents at a time.
pub(crate) fn listings(
    archive: &Archive,
    integration: IntegrationId,
    ability: &KindAbility,
    reach: &Reach<'_>,
) -> Result<Vec<Listing>, StoreError> {
    let kind = ability.kind;
    let listing = |since: Option<Timestamp>, parents: &[SourceId]| Listing {
        kind,
        since,
        parents: parents.to_vec(),
    };
    let under = |parents: &[SourceId]| -> Vec<Listing> {
        parents.chunks(PARENTS).map(|some| listing(None, some)).collect()
    };
    let per_parent = ability.parent.filter(|_| ability.per_parent);
    Ok(match (reach, per_parent) {
        (Reach::Everything, None) => vec![listing(None, &[])],
        (Reach::Everything, Some(parent)) => under(&enabled(archive, integration, parent)?),
        // Of a kind whose changes cannot be listed everything is read.
        (Reach::Changes { .. }, None) if !ability.lists_changes => vec![listing(None, &[])],
        (Reach::Changes { since, newcomers, .. }, None) => {
            let mut all = vec![listing(Some(since.minus_seconds(OVERLAP_SECONDS)), &[])];
            if ability.parent.is_some() {
                all.extend(under(newcomers));
            }
            all
        }
        (Reach::Changes { again, .. }, Some(_)) => under(again),
    })
}

/// The PSA's ids of all records of a kind that are kept in step.
fn enabled(archive: &Archive, integration: IntegrationId, kind: Kind) -> Result<Vec<SourceId>, StoreError> {
    let mut ids = Vec::new();
    let mut after: Option<SourceId> = None;
    loop {
        let page = archive.linked(integration, kind, after.as_ref(), READ_AHEAD)?;
        let Some((last, _)) = page.last() else {
            return Ok(ids);
        };
        after = Some(last.clone());
        for (source, id) in page {
            if is_enabled(archive, kind, id)? {
                ids.push(source);
            }
        }
    }
}

fn is_enabled(archive: &Archive, kind: Kind, id: AssetId) -> Result<bool, StoreError> {
    let state = archive
        .brief(kind, id)?
        .and_then(|brief| brief.link)
        .map(|(_, state)| state);
    Ok(state == Some(SyncState::Enabled))
}

/// Organizations to look at again: those the PSA told something of, and the next `share` of all in their turn. Also gives
/// the one the turn has come to.
pub(crate) fn again(
    archive: &Archive,
    integration: IntegrationId,
    told: &[SourceId],
    share: usize,
    turn: Option<&SourceId>,
) -> Result<(Vec<SourceId>, Option<SourceId>), StoreError> {
    let mut next = archive.linked(integration, Kind::Organization, turn, share)?;
    if next.len() < share && turn.is_some() {
        let left = share - next.len();
        next.extend(archive.linked(integration, Kind::Organization, None, left)?);
    }
    let turn = next.last().map(|(source, _)| source.clone());
    let mut wanted: Vec<SourceId> = Vec::new();
    for (source, id) in next {
        if is_enabled(archive, Kind::Organization, id)? {
            wanted.push(source);
        }
    }
    for source in told {
        let known = archive.by_source(integration, Kind::Organization, source)?;
        if let Some(id) = known
            && is_enabled(archive, Kind::Organization, id)?
        {
            wanted.push(source.clone());
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    Ok((wanted, turn))
}

/// Reads listings to their ends and hands on each page. Ends early where nobody takes the pages any more.
pub(crate) async fn pull(psa: &mut Psa, listings: &[Listing], pages: Sender<Page>) -> Result<(), SyncError> {
    for listing in listings {
        let mut cursor: Option<String> = None;
        loop {
            let page = psa.pull(listing, cursor.as_deref()).await?;
            let next = page.next.clone();
            if pages.send(page).await.is_err() {
                return Ok(());
            }
            // A cursor that does not move would never end; the connector's makers have to hear of it.
            if next.is_some() && next == cursor {
                return Err(SyncError::stuck(listing.kind));
            }
            match next {
                Some(_) => cursor = next,
                None => break,
            }
        }
    }
    Ok(())
}
