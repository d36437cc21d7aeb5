//! Which documentation record a record of the PSA is: the link first, then the standard rule of its kind.

use std::collections::HashMap;

use dovetail_domain::mapping::Draft;
use dovetail_domain::matching::{self, Match, MatchKey};
use dovetail_domain::{AssetId, Kind};
use dovetail_store::{Archive, StoreError};

/// How many records of a page that have no link the rule holds equal: those are rivals for what is already there.
#[derive(Default)]
pub(crate) struct Rivals(HashMap<MatchKey, usize>);

impl Rivals {
    /// Notes a record without a link.
    pub(crate) fn note(&mut self, kind: Kind, organization: Option<AssetId>, draft: &Draft) {
        if let Some(key) = key(kind, organization, draft) {
            *self.0.entry(key).or_default() += 1;
        }
    }
}

fn key(kind: Kind, organization: Option<AssetId>, draft: &Draft) -> Option<MatchKey> {
    matching::key(kind, organization, |field| draft.get(field))
}

/// Decides what a record without a link is.
pub(crate) fn recognise(
    archive: &Archive,
    rivals: &Rivals,
    kind: Kind,
    organization: Option<AssetId>,
    draft: &Draft,
) -> Result<Match, StoreError> {
    let Some(key) = key(kind, organization, draft) else {
        return Ok(Match::New);
    };
    let candidates = archive.candidates(kind, key, |record| {
        record.link.is_none() && matching::same(record, organization, |field| draft.get(field))
    })?;
    let candidates: Vec<AssetId> = candidates.iter().map(|record| record.id).collect();
    Ok(matching::decide(
        &candidates,
        rivals.0.get(&key).copied().unwrap_or(1),
    ))
}
