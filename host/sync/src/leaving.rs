//! Records that seem to leave: what a run notes on the way, to be settled once everything is read. Noting changes
//! nothing; `orphan` decides.

use std::collections::BTreeMap;

use dovetail_domain::{AssetId, Exclusion, Kind, SourceId};
use serde::{Deserialize, Serialize};

/// Why a record seems to leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The PSA's record was read and the selection, or what it says of itself, does not let it in.
    Excluded(Vec<Exclusion>),
    /// The PSA, asked for this record, said that it is not there.
    Gone,
    /// A person does not want it.
    Ignored,
    /// Its organization leaves or belongs to nobody who is synced.
    Follows,
    /// A person no longer wants any record of its kind.
    Unwanted,
    /// A complete listing did not have it. That alone orphans nothing: it has to be asked for by its id.
    Unlisted,
}

/// Reasons the connector gives that lie in what a person chose, and not in the record.
const CHOSEN: &str = "not-selected";
/// The reason a connector gives for records that are outside of the chosen window.
const OUTSIDE: &str = "outside-window";

impl Reason {
    /// Whether the program infers it. What a person chose since everything was read last, and what follows from another
    /// record, is not inferred.
    pub(crate) fn is_inferred(&self, chosen_anew: bool) -> bool {
        match self {
            Reason::Excluded(excluded) => {
                let lies_in_choice =
                    |one: &Exclusion| one.reason == CHOSEN && chosen_anew || one.reason == OUTSIDE;
                !excluded.iter().any(lies_in_choice)
            }
            Reason::Gone | Reason::Unlisted => true,
            Reason::Ignored | Reason::Follows | Reason::Unwanted => false,
        }
    }

    /// For people.
    pub fn words(&self) -> String {
        match self {
            Reason::Excluded(excluded) => {
                let words: Vec<String> = excluded.iter().map(crate::apply::in_words).collect();
                words.join("; ")
            }
            Reason::Gone => "the PSA says that it is not there".to_owned(),
            Reason::Ignored => "a person does not want it".to_owned(),
            Reason::Follows => "its organization is not synced".to_owned(),
            Reason::Unwanted => "no record of its kind is wanted any more".to_owned(),
            Reason::Unlisted => "the PSA no longer lists it".to_owned(),
        }
    }
}

/// A record that leaves, and why. What waits for a person is kept so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaving {
    /// The record of the documentation.
    pub asset: AssetId,
    /// The PSA's id.
    pub source: SourceId,
    /// Why.
    pub reason: Reason,
}

/// Which records a run saw, and which of them leave.
#[derive(Default)]
pub(crate) struct Attendance {
    /// A bit a record.
    seen: Vec<u64>,
    leaving: BTreeMap<(Kind, AssetId), Leaving>,
}

impl Attendance {
    /// A record was read and stays.
    pub(crate) fn see(&mut self, id: AssetId) {
        let Ok(word) = usize::try_from(id.0 / 64) else {
            return;
        };
        if self.seen.len() <= word {
            self.seen.resize(word + 1, 0);
        }
        if let Some(bits) = self.seen.get_mut(word) {
            *bits |= 1 << (id.0 % 64);
        }
    }

    /// Whether it was read.
    pub(crate) fn has_seen(&self, id: AssetId) -> bool {
        let word = usize::try_from(id.0 / 64)
            .ok()
            .and_then(|word| self.seen.get(word));
        word.is_some_and(|bits| bits & (1 << (id.0 % 64)) != 0)
    }

    /// A record leaves. It counts as read.
    pub(crate) fn leave(&mut self, kind: Kind, leaving: Leaving) {
        self.see(leaving.asset);
        self.leaving.insert((kind, leaving.asset), leaving);
    }

    /// A record that was noted as leaving stays after all: a listing may show it twice.
    pub(crate) fn stay(&mut self, kind: Kind, id: AssetId) {
        self.see(id);
        self.leaving.remove(&(kind, id));
    }

    /// Everything that leaves, and nothing noted any more.
    pub(crate) fn take(&mut self) -> BTreeMap<(Kind, AssetId), Leaving> {
        std::mem::take(&mut self.leaving)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_record_has_its_bit() {
        let mut attendance = Attendance::default();
        for id in [0, 1, 63, 64, 1_000_000] {
            assert!(!attendance.has_seen(AssetId(id)));
            attendance.see(AssetId(id));
            assert!(attendance.has_seen(AssetId(id)));
        }
        assert!(!attendance.has_seen(AssetId(65)) && !attendance.has_seen(AssetId(u64::MAX)));
    }

    #[test]
    fn what_a_person_chose_is_not_inferred() {
        let excluded = |reason: &str| {
            Reason::Excluded(vec![Exclusion {
                reason: reason.to_owned(),
                group: None,
                labels: vec![],
            }])
        };
        for (reason, chosen_anew, wanted) in [
            (excluded("not-selected"), true, false),
            (excluded("not-selected"), false, true),
            (excluded("inactive"), true, true),
            (excluded("outside-window"), false, false),
            (Reason::Gone, true, true),
            (Reason::Unlisted, true, true),
            (Reason::Ignored, false, false),
            (Reason::Follows, false, false),
            (Reason::Unwanted, false, false),
        ] {
            assert_eq!(reason.is_inferred(chosen_anew), wanted, "{reason:?}");
        }
    }
}
