//! Reading a kind page by page, while the pages before are mapped and stored.

use dovetail_domain::connector::{ConnectorContext, Listing, Page};
use dovetail_domain::{IntegrationId, Kind, SourceId, SyncState};
use dovetail_gate::Session;
use dovetail_runtime::ConnectorSession;
use dovetail_store::{Archive, StoreError};
use tokio::sync::mpsc::Sender;

use crate::error::{SyncError, from_call};

/// Parents a listing names at once.
const PARENTS: usize = 200;

/// Parents read from the store at once.
const READ_AHEAD: usize = 1_000;

/// What to list of a kind: everything, or what stands under the given parents, some at a time.
pub(crate) fn listings(
    archive: &Archive,
    integration: IntegrationId,
    kind: Kind,
    parent: Option<Kind>,
) -> Result<Vec<Listing>, StoreError> {
    let listing = |parents: Vec<SourceId>| Listing {
        kind,
        since: None,
        parents,
    };
    let Some(parent) = parent else {
        return Ok(vec![listing(Vec::new())]);
    };
    let mut ids = Vec::new();
    let mut after: Option<SourceId> = None;
    loop {
        let page = archive.linked(integration, parent, after.as_ref(), READ_AHEAD)?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        for (source, id) in page {
            let state = archive
                .brief(parent, id)?
                .and_then(|brief| brief.link)
                .map(|(_, state)| state);
            if state == Some(SyncState::Enabled) {
                ids.push(source);
            }
        }
    }
    Ok(ids
        .chunks(PARENTS)
        .map(|parents| listing(parents.to_vec()))
        .collect())
}

/// Reads listings to their ends and hands on each page. Ends early where nobody takes the pages any more.
pub(crate) async fn pull(
    connector: &mut ConnectorSession,
    context: &ConnectorContext,
    session: &Session,
    listings: &[Listing],
    pages: Sender<Page>,
) -> Result<(), SyncError> {
    for listing in listings {
        let mut cursor: Option<String> = None;
        loop {
            // What failed and was got over earlier says nothing about this call.
            session.forget_failure();
            let page = connector
                .pull(context, listing, cursor.as_deref())
                .await
                .map_err(|error| from_call(error, session))?;
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
