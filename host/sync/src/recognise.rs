//! Which documentation record a record of the PSA is: what a person said first, then the link, then the standard rule of
//! its kind.

use std::collections::HashMap;

use dovetail_domain::mapping::Draft;
use dovetail_domain::matching::{self, Match, MatchKey};
use dovetail_domain::record::MatchedBy;
use dovetail_domain::{AssetId, Base, Choice, Kind, Record, SourceId, SyncState};
use dovetail_store::{Archive, StoreError};

use crate::choice::Choices;

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

/// What a record of the PSA is.
pub(crate) enum Recognised {
    /// The record it is connected with.
    Known(Record),
    /// A record it is not connected with yet. A person may have said so of one that is connected with another record,
    /// which is then parted from it.
    Found {
        record: Record,
        by: MatchedBy,
        parted: Option<Box<Record>>,
    },
    /// Nothing in the documentation; a person may have said so of one that is connected.
    New { parted: Option<Box<Record>> },
    /// A person has to say.
    Waits { candidates: Vec<AssetId>, why: String },
}

/// A record of the PSA that is mapped and has its place.
pub(crate) struct Placing<'a> {
    pub(crate) kind: Kind,
    pub(crate) source: &'a SourceId,
    pub(crate) organization: Option<AssetId>,
    pub(crate) draft: &'a Draft,
    /// Whether another record of the PSA waits because it could be this one of the documentation.
    pub(crate) is_claimed: &'a dyn Fn(AssetId) -> bool,
}

/// Decides what a record is. `known` is the one it is connected with.
pub(crate) fn recognise(
    archive: &Archive,
    choices: &Choices,
    rivals: &Rivals,
    placing: &Placing<'_>,
    known: Option<Record>,
) -> Result<Recognised, StoreError> {
    let kind = placing.kind;
    match (choices.of(kind, placing.source), known) {
        (Some(Choice::Asset(wanted)), known) => {
            if let Some(known) = known.as_ref().filter(|known| known.id == wanted) {
                return Ok(Recognised::Known(known.clone()));
            }
            let why = match archive.record(kind, wanted)? {
                Some(record) if is_free(&record) => {
                    let by = MatchedBy::Person;
                    return Ok(Recognised::Found {
                        record,
                        by,
                        parted: known.map(Box::new),
                    });
                }
                Some(_) => format!("{kind} {wanted}, which a person chose, is connected with another record"),
                None => format!("{kind} {wanted}, which a person chose, is no longer there"),
            };
            Ok(Recognised::Waits {
                candidates: vec![wanted],
                why,
            })
        }
        (Some(Choice::New), known) => Ok(match known {
            Some(known) if is_own(&known) => Recognised::Known(known),
            parted => Recognised::New {
                parted: parted.map(Box::new),
            },
        }),
        (_, Some(known)) => Ok(Recognised::Known(known)),
        (_, None) => by_rule(archive, choices, rivals, placing),
    }
}

/// Whether a record can be connected with another of the PSA's: it is connected with none, or with one that is gone.
pub fn is_free(record: &Record) -> bool {
    record
        .link
        .as_ref()
        .is_none_or(|link| link.state == SyncState::Orphaned)
}

/// Whether a record was made from the PSA's record it is connected with.
fn is_own(record: &Record) -> bool {
    record
        .link
        .as_ref()
        .is_some_and(|link| link.by == MatchedBy::Created)
}

fn by_rule(
    archive: &Archive,
    choices: &Choices,
    rivals: &Rivals,
    placing: &Placing<'_>,
) -> Result<Recognised, StoreError> {
    let (kind, organization, draft) = (placing.kind, placing.organization, placing.draft);
    let Some(key) = key(kind, organization, draft) else {
        return Ok(Recognised::New { parted: None });
    };
    let mut candidates = archive.candidates(kind, key, |record| {
        record.link.is_none()
            && !choices.has_given(kind, record.id)
            && matching::same(record, organization, |field| draft.get(field))
    })?;
    let ids: Vec<AssetId> = candidates.iter().map(|record| record.id).collect();
    let claimed = usize::from(ids.iter().any(|id| (placing.is_claimed)(*id)));
    let of_page = rivals.0.get(&key).copied().unwrap_or(1);
    Ok(match matching::decide(&ids, of_page + claimed) {
        Match::New => Recognised::New { parted: None },
        Match::Adopt(id) => match candidates.pop().filter(|record| record.id == id) {
            Some(record) => Recognised::Found {
                record,
                by: MatchedBy::Rule,
                parted: None,
            },
            None => Recognised::New { parted: None },
        },
        Match::Ambiguous(candidates) => {
            let ids: Vec<String> = candidates.iter().map(ToString::to_string).collect();
            let why = format!("it could be {kind} {}", ids.join(" or "));
            Recognised::Waits { candidates, why }
        }
    })
}

/// A record that is no longer connected: it stays as the documentation's own, with what it holds.
pub fn parted(record: &Record) -> Record {
    Record {
        link: None,
        base: Base::default(),
        held: Vec::new(),
        ..record.clone()
    }
}
