//! Where runs go on: for each kind the time from which the PSA is asked for changes, and under which choices everything
//! was read last. What is decided from it is decided without a clock and without the store.
//!
//! Times are the PSA's own. A listing takes a while, and what changes behind its back in that while may bear a time
//! before the last one it shows; so the greatest time seen is taken back by as long as the listing took, and each
//! increment asks a little earlier still.

use std::time::Duration;

use dovetail_domain::{IntegrationId, Kind, SourceId, Timestamp};
use dovetail_store::{Archive, RunMode, Step, StoreError, table};
use serde::{Deserialize, Serialize};

/// How much earlier than the checkpoint an increment asks: rows are written late, and several share a second.
pub(crate) const OVERLAP_SECONDS: u64 = 300;

/// A time that lies so far ahead of this machine's is no time to go on from.
const AHEAD_SECONDS: u64 = 86_400;

/// Everything was read and stored once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Passed {
    /// When, by this machine's clock.
    pub(crate) at: Timestamp,
    /// The digest of what was chosen.
    pub(crate) under: String,
    /// The digest of the mapping stack that made what is stored.
    #[serde(default)]
    pub(crate) mapped: String,
}

/// What is kept of one integration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checkpoints {
    /// The last time everything was read.
    pub(crate) passed: Option<Passed>,
    /// From when on each kind's changes are unknown.
    since: Vec<(Kind, Timestamp)>,
}

const FULL: &str = "full";
const ROTATION: &str = "rotation";
const NEWCOMERS: &str = "newcomers";

fn stream(kind: Kind) -> String {
    format!("since/{kind}")
}

impl Checkpoints {
    pub(crate) fn read(archive: &Archive, integration: IntegrationId) -> Result<Checkpoints, StoreError> {
        let mut since = Vec::new();
        for kind in Kind::ALL {
            let time = archive.get(&table::checkpoints::<Timestamp>(), &(integration, stream(kind)))?;
            since.extend(time.map(|time| (kind, time)));
        }
        Ok(Checkpoints {
            passed: archive.get(&table::checkpoints::<Passed>(), &(integration, FULL.to_owned()))?,
            since,
        })
    }

    /// The checkpoint of a kind.
    pub(crate) fn of(&self, kind: Kind) -> Option<Timestamp> {
        self.since
            .iter()
            .find(|(known, _)| *known == kind)
            .map(|(_, time)| *time)
    }
}

/// The checkpoint of one kind.
pub(crate) fn of(
    archive: &Archive,
    integration: IntegrationId,
    kind: Kind,
) -> Result<Option<Timestamp>, StoreError> {
    archive.get(&table::checkpoints::<Timestamp>(), &(integration, stream(kind)))
}

/// Puts a kind's checkpoint into a step.
pub(crate) fn put(
    step: &mut Step,
    integration: IntegrationId,
    kind: Kind,
    since: Timestamp,
) -> Result<(), StoreError> {
    step.put(&table::checkpoints(), &(integration, stream(kind)), &since)
}

/// Notes in a step that everything was read.
pub(crate) fn pass(step: &mut Step, integration: IntegrationId, passed: &Passed) -> Result<(), StoreError> {
    step.put(&table::checkpoints(), &(integration, FULL.to_owned()), passed)
}

/// Has the next run read everything.
pub fn forget(step: &mut Step, integration: IntegrationId) {
    step.delete(&table::checkpoints::<Passed>(), &(integration, FULL.to_owned()));
}

/// Organizations that came in during a run which did not come to its end: what stands under them is still to be read.
pub(crate) fn newcomers(archive: &Archive, integration: IntegrationId) -> Result<Vec<SourceId>, StoreError> {
    let known = archive.get(&table::checkpoints(), &(integration, NEWCOMERS.to_owned()))?;
    Ok(known.unwrap_or_default())
}

/// Puts the organizations that came in into a step; none once a run came to its end.
pub(crate) fn put_newcomers(
    step: &mut Step,
    integration: IntegrationId,
    newcomers: &Vec<SourceId>,
) -> Result<(), StoreError> {
    step.put(
        &table::checkpoints(),
        &(integration, NEWCOMERS.to_owned()),
        newcomers,
    )
}

/// The organization up to which the rotation has come.
pub(crate) fn rotation(
    archive: &Archive,
    integration: IntegrationId,
) -> Result<Option<SourceId>, StoreError> {
    archive.get(&table::checkpoints(), &(integration, ROTATION.to_owned()))
}

/// Puts the place of the rotation into a step.
pub(crate) fn rotate(step: &mut Step, integration: IntegrationId, to: &SourceId) -> Result<(), StoreError> {
    step.put(&table::checkpoints(), &(integration, ROTATION.to_owned()), to)
}

/// How much the next run reads: everything where a person asks for it, where it was never done under these choices, where
/// a wanted kind has no checkpoint, and once every `full_every`. A clock that was set back counts as that time gone by.
pub(crate) fn mode(
    asked: bool,
    known: &Checkpoints,
    wanted: &[Kind],
    under: &str,
    full_every: Duration,
    now: Timestamp,
) -> RunMode {
    let Some(passed) = known
        .passed
        .as_ref()
        .filter(|passed| !asked && passed.under == under)
    else {
        return RunMode::Full;
    };
    let due = passed.at > now || now.minus_seconds(full_every.as_secs()) >= passed.at;
    let known_all = wanted.iter().all(|kind| known.of(*kind).is_some());
    if due || !known_all {
        RunMode::Full
    } else {
        RunMode::Incremental
    }
}

/// The checkpoint after a listing that took `took` and saw `greatest`. It never goes back, and a time far ahead of `now`
/// does not count.
pub(crate) fn after(
    before: Option<Timestamp>,
    greatest: Option<Timestamp>,
    took: Duration,
    now: Timestamp,
) -> Timestamp {
    let begin = Timestamp::from_seconds(0).expect("1970 is a time that can be written");
    let sane = greatest.filter(|time| time.minus_seconds(AHEAD_SECONDS) <= now);
    // Whole seconds: a listing of half a second may hide a change of the second before.
    let seen = sane.map(|time| time.minus_seconds(took.as_secs() + 1));
    before.max(seen).unwrap_or(begin).max(begin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds).unwrap()
    }

    #[test]
    fn a_checkpoint_goes_on_and_never_back() {
        let took = Duration::from_secs(30);
        let now = at(1_000_000);
        for (before, greatest, wanted) in [
            (None, None, 0),
            (None, Some(at(5_000)), 4_969),
            (Some(at(5_000)), Some(at(5_010)), 5_000),
            (Some(at(5_000)), Some(at(6_000)), 5_969),
            (Some(at(5_000)), None, 5_000),
            // Somebody's clock is wrong: the time counts for nothing.
            (Some(at(5_000)), Some(at(1_000_000 + 86_401)), 5_000),
            (None, Some(at(10)), 0),
        ] {
            assert_eq!(
                after(before, greatest, took, now),
                at(wanted),
                "{before:?} {greatest:?}"
            );
        }
    }

    #[test]
    fn everything_is_read_when_it_has_to_be() {
        let known = Checkpoints {
            passed: Some(Passed {
                at: at(10_000),
                under: "a".to_owned(),
                mapped: String::new(),
            }),
            since: vec![(Kind::Organization, at(9_000)), (Kind::Contact, at(9_000))],
        };
        let day = Duration::from_secs(86_400);
        let both = [Kind::Organization, Kind::Contact];
        let of = |asked, known: &Checkpoints, wanted: &[Kind], under: &str, now| {
            mode(asked, known, wanted, under, day, at(now))
        };
        assert_eq!(of(false, &known, &both, "a", 20_000), RunMode::Incremental);
        assert_eq!(of(true, &known, &both, "a", 20_000), RunMode::Full, "asked for");
        assert_eq!(
            of(false, &known, &both, "b", 20_000),
            RunMode::Full,
            "other choices"
        );
        assert_eq!(
            of(false, &known, &[Kind::Ticket], "a", 20_000),
            RunMode::Full,
            "a kind that is new"
        );
        assert_eq!(of(false, &known, &both, "a", 96_399), RunMode::Incremental);
        assert_eq!(
            of(false, &known, &both, "a", 96_400),
            RunMode::Full,
            "a day has passed"
        );
        assert_eq!(
            of(false, &known, &both, "a", 9_999),
            RunMode::Full,
            "the clock was set back"
        );
        assert_eq!(
            of(false, &Checkpoints::default(), &[], "a", 20_000),
            RunMode::Full,
            "never yet"
        );
    }
}
