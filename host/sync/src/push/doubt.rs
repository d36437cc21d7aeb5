//! What was sent and whose answer is not known, settled by reading. An update is handed in once more as it is: it changes
//! nothing where it was applied. A create is looked for, and is never sent again before that.

use std::sync::Arc;

use dovetail_domain::connector::PushOutcome;
use dovetail_domain::{AssetId, Code, Kind, SourceRecord};
use dovetail_store::StoreError;

use super::settle::settle as take_over;
use super::{Sent, entry, hand_in, keep_refused, put_entry};
use crate::apply::Pass;
use crate::error::SyncError;
use crate::map::{NotBrought, Stack};
use crate::psa::Psa;

/// Finds out what became of what was sent of some records.
pub(super) async fn settle(
    pass: &mut Pass,
    psa: &mut Psa,
    stack: &mut Stack,
    kind: Kind,
    assets: &[AssetId],
) -> Result<(), SyncError> {
    let mut updates = Vec::new();
    let mut creates = Vec::new();
    for asset in assets {
        let Some(sending) = entry(pass, kind, *asset)?.and_then(|entry| entry.sending) else {
            continue;
        };
        let sent = Sent::of(kind, *asset, sending);
        if sent.makes() && is_connected(pass, kind, *asset)? {
            // A person said which record it is.
            forget(pass, kind, *asset)?;
            continue;
        }
        match sent.makes() {
            true => creates.push(sent),
            false => updates.push(sent),
        }
    }
    if !updates.is_empty() {
        hand_in(pass, psa, stack, kind, updates).await?;
    }
    for sent in creates {
        look_for(pass, psa, stack, kind, sent).await?;
    }
    Ok(())
}

/// Looks for the record that a create may have made.
async fn look_for(
    pass: &mut Pass,
    psa: &mut Psa,
    stack: &mut Stack,
    kind: Kind,
    sent: Sent,
) -> Result<(), SyncError> {
    let mut found: Vec<SourceRecord> = Vec::new();
    for source in psa.seek(&sent.change, sent.sending.since).await? {
        let known = pass.archive.by_source(pass.integration.id, kind, &source.id)?;
        // A person may have connected it meanwhile.
        if known.is_none_or(|known| known == sent.asset) {
            found.push(source);
        }
    }
    match found.len() {
        0 => forget(pass, kind, sent.asset)?,
        1 => {
            let session = psa.session().clone();
            let outcomes = found
                .into_iter()
                .map(|source| Ok(PushOutcome::Applied(source)))
                .collect();
            take_over(pass, stack, &session, kind, vec![sent], outcomes).await?;
        }
        _ => {
            let ids: Vec<&str> = found.iter().map(|source| source.id.as_str()).collect();
            let why = format!(
                "its answer was lost, and {} records of the PSA may be it: {}; `dovetail match set {} {kind} PSA-ID {}` \
                 says which one",
                ids.len(),
                ids.join(", "),
                pass.integration.name,
                sent.asset,
            );
            let archive = Arc::clone(&pass.archive);
            let _turn = archive.turn();
            let mut step = pass.step();
            let Some(mut entry) = entry(pass, kind, sent.asset)? else {
                return Ok(());
            };
            // Tried again it is looked for again, and not made anew.
            entry.sending = Some(sent.sending);
            let refused = NotBrought { part: None, why };
            keep_refused(
                pass,
                &mut step,
                (kind, sent.asset),
                entry,
                &Code::Ambiguous,
                refused,
            )?;
            step.put_run(&pass.run)?;
            archive.commit(step)?;
        }
    }
    Ok(())
}

/// Notes that nothing of a record is on its way.
fn forget(pass: &Pass, kind: Kind, asset: AssetId) -> Result<(), StoreError> {
    let archive = Arc::clone(&pass.archive);
    let _turn = archive.turn();
    let mut step = pass.step();
    if let Some(mut entry) = entry(pass, kind, asset)? {
        entry.sending = None;
        put_entry(pass, &mut step, (kind, asset), &entry)?;
    }
    archive.commit(step)
}

fn is_connected(pass: &Pass, kind: Kind, asset: AssetId) -> Result<bool, StoreError> {
    Ok(pass.archive.source(kind, asset)?.is_some())
}
