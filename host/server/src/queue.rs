//! Which run comes next. Everything here is decided from what it is given: no clock, no store.
//!
//! An integration has at most one entry. A run a person asked for goes ahead of those that were queued by themselves;
//! among equals the one that has waited longest comes first, so no integration starves another. An integration runs
//! once at a time, and not at all while it is paused.

use dovetail_domain::integration::Integration;
use dovetail_domain::{IntegrationId, Timestamp};
use dovetail_store::{Run, RunTrigger as Trigger};
use serde::{Deserialize, Serialize};

/// How many runs go on at once.
pub const RUNS_AT_ONCE: usize = 2;

/// A run that is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Of which integration.
    pub integration: IntegrationId,
    /// What asked for it.
    pub trigger: Trigger,
    /// Since when it waits.
    pub since: Timestamp,
    /// Whether it reads everything, due or not.
    #[serde(default)]
    pub full: bool,
    /// Whether it stops before anything is written, for a person to look.
    #[serde(default)]
    pub review: bool,
    /// Whether it only sends what waits, and reads nothing else.
    #[serde(default)]
    pub push: bool,
}

/// The entries, at most one an integration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue(Vec<Entry>);

impl Queue {
    /// Its entries, in no order that matters.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The entry of an integration.
    pub fn entry(&self, integration: IntegrationId) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.integration == integration)
    }

    /// Puts a run in. Where one waits already, it keeps its place, takes over the stronger trigger, reads everything
    /// where either does, stops for a look where either does, and only sends where both do.
    pub fn put(&mut self, entry: Entry) {
        let waiting = self
            .0
            .iter_mut()
            .find(|known| known.integration == entry.integration);
        let Some(known) = waiting else {
            self.0.push(entry);
            return;
        };
        known.push &= entry.push;
        known.full |= entry.full;
        known.review |= entry.review;
        if rank(entry.trigger) < rank(known.trigger) {
            known.trigger = entry.trigger;
        }
    }

    /// Takes the entry of an integration out.
    pub fn take(&mut self, integration: IntegrationId) -> Option<Entry> {
        let place = self.0.iter().position(|entry| entry.integration == integration)?;
        Some(self.0.remove(place))
    }
}

fn rank(trigger: Trigger) -> u8 {
    match trigger {
        Trigger::Manual => 0,
        Trigger::Edit => 1,
        Trigger::Settings => 2,
        Trigger::Schedule => 3,
        // A file is never queued; it would come after what is.
        Trigger::Import => 4,
    }
}

/// The entry that begins next, or none where nothing may. `may_run` says which integrations a run may begin for at all.
pub fn next<'a>(
    queue: &'a Queue,
    running: &[IntegrationId],
    may_run: impl Fn(&Entry) -> bool,
) -> Option<&'a Entry> {
    if running.len() >= RUNS_AT_ONCE {
        return None;
    }
    let free = queue
        .0
        .iter()
        .filter(|entry| !running.contains(&entry.integration) && may_run(entry));
    free.min_by_key(|entry| (entry.trigger != Trigger::Manual, entry.since, entry.integration))
}

/// When the next run of an integration is due by its interval, and not before the PSA lets it: none where nobody saved
/// settings, it is paused, or it waits for a person. A last run that lies ahead was before the clock was set back: then
/// how long it has been is not known, and the next is due at once.
pub fn due(integration: &Integration, last: Option<&Run>, now: Timestamp) -> Option<Timestamp> {
    if !integration.sync.saved || integration.paused || integration.trouble.is_some() {
        return None;
    }
    let from = last.map_or(integration.created, |run| run.started);
    if from > now {
        return Some(now);
    }
    let due = from.plus_seconds(integration.sync.interval.seconds());
    let patience = last
        .filter(|run| run.finished <= Some(now))
        .and_then(|run| run.until);
    Some(patience.map_or(due, |until| due.max(until)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(integration: u32, trigger: Trigger, since: i64) -> Entry {
        Entry {
            integration: IntegrationId(integration),
            trigger,
            since: Timestamp::from_seconds(since).unwrap(),
            full: false,
            review: false,
            push: false,
        }
    }

    fn queue(entries: &[(u32, Trigger, i64)]) -> Queue {
        let mut queue = Queue::default();
        for (integration, trigger, since) in entries {
            queue.put(entry(*integration, *trigger, *since));
        }
        queue
    }

    #[test]
    fn who_comes_next() {
        use Trigger::{Manual, Schedule, Settings};
        type Case<'a> = (
            &'a str,
            &'a [(u32, Trigger, i64)],
            &'a [u32],
            &'a [u32],
            Option<u32>,
        );
        let table: &[Case<'_>] = &[
            ("nothing waits", &[], &[], &[], None),
            ("the only one", &[(1, Schedule, 5)], &[], &[], Some(1)),
            (
                "the longest wait first",
                &[(1, Schedule, 5), (2, Schedule, 3)],
                &[],
                &[],
                Some(2),
            ),
            (
                "settings and schedule are equals",
                &[(1, Settings, 5), (2, Schedule, 3)],
                &[],
                &[],
                Some(2),
            ),
            (
                "manual overtakes",
                &[(1, Settings, 1), (2, Manual, 9)],
                &[],
                &[],
                Some(2),
            ),
            (
                "manual by wait too",
                &[(1, Manual, 8), (2, Manual, 7)],
                &[],
                &[],
                Some(2),
            ),
            (
                "a tie goes to the older integration",
                &[(2, Schedule, 3), (1, Schedule, 3)],
                &[],
                &[],
                Some(1),
            ),
            (
                "one run an integration",
                &[(1, Manual, 1), (2, Schedule, 9)],
                &[1],
                &[],
                Some(2),
            ),
            ("and none twice", &[(1, Manual, 1)], &[1], &[], None),
            ("two at once", &[(3, Manual, 1)], &[1, 2], &[], None),
            (
                "paused ones wait",
                &[(1, Settings, 1), (2, Settings, 2)],
                &[],
                &[1],
                Some(2),
            ),
        ];
        for (what, entries, running, paused, expected) in table {
            let running: Vec<_> = running.iter().copied().map(IntegrationId).collect();
            let queue = queue(entries);
            let found = next(&queue, &running, |entry| !paused.contains(&entry.integration.0));
            assert_eq!(found.map(|entry| entry.integration.0), *expected, "{what}");
        }
    }

    #[test]
    fn an_integration_waits_once_and_keeps_its_place() {
        let mut queue = queue(&[
            (1, Trigger::Schedule, 3),
            (1, Trigger::Manual, 9),
            (1, Trigger::Settings, 10),
        ]);
        assert_eq!(queue.entries(), [entry(1, Trigger::Manual, 3)]);
        assert_eq!(queue.take(IntegrationId(1)), Some(entry(1, Trigger::Manual, 3)));
        assert_eq!(queue.take(IntegrationId(1)), None);
    }

    #[test]
    fn when_the_next_run_is_due() {
        let at = |seconds| Timestamp::from_seconds(seconds).unwrap();
        let ran = |started| {
            let mut run = crate::status::tests::run(dovetail_store::RunStatus::Succeeded);
            (run.started, run.finished) = (at(started), Some(at(started + 60)));
            run
        };
        let (last, now) = (ran(10_000), at(10_100));
        let mut acme = crate::status::tests::integration();
        assert_eq!(
            due(&acme, None, now),
            None,
            "before settings are saved nothing is due"
        );
        acme.sync.saved = true;
        assert_eq!(
            due(&acme, None, now),
            Some(at(3_600)),
            "the first is an interval after it was added"
        );
        assert_eq!(due(&acme, Some(&last), now), Some(at(13_600)));
        acme.sync.interval = "30m".parse().unwrap();
        assert_eq!(due(&acme, Some(&last), now), Some(at(11_800)));
        acme.paused = true;
        assert_eq!(due(&acme, Some(&last), now), None);
        acme.paused = false;
        acme.trouble = Some(crate::Problem::internal("x").into());
        assert_eq!(
            due(&acme, Some(&last), now),
            None,
            "what needs a person waits for one"
        );
        acme.trouble = None;

        let mut patient = ran(10_000);
        patient.until = Some(at(20_000));
        assert_eq!(
            due(&acme, Some(&patient), now),
            Some(at(20_000)),
            "as the PSA asks"
        );
        patient.until = Some(at(10_200));
        assert_eq!(due(&acme, Some(&patient), now), Some(at(11_800)));
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_no_run_from_being_due() {
        let at = |seconds| Timestamp::from_seconds(seconds).unwrap();
        let mut acme = crate::status::tests::integration();
        acme.sync.saved = true;
        let mut last = crate::status::tests::run(dovetail_store::RunStatus::Waiting);
        (last.started, last.finished) = (at(90_000), Some(at(91_000)));
        last.until = Some(at(95_000));
        let now = at(10_000);
        assert_eq!(due(&acme, Some(&last), now), Some(now));
        acme.created = at(90_000);
        assert_eq!(due(&acme, None, now), Some(now));
        // Set back while the run was on: it ended before now and began before it.
        (last.started, acme.created) = (at(9_000), at(0));
        assert_eq!(
            due(&acme, Some(&last), now),
            Some(at(12_600)),
            "what it asked for is void"
        );
    }

    #[test]
    fn nobody_starves() {
        // Three integrations that are due again the moment they ended share two places in turns.
        let mut queue = queue(&[
            (1, Trigger::Schedule, 0),
            (2, Trigger::Schedule, 0),
            (3, Trigger::Schedule, 0),
        ]);
        let mut runs = std::collections::BTreeMap::new();
        let mut running: Vec<IntegrationId> = Vec::new();
        for now in 1..=300 {
            if running.len() == RUNS_AT_ONCE {
                let ended = running.remove(0);
                queue.put(entry(ended.0, Trigger::Schedule, now));
            }
            while let Some(begins) = next(&queue, &running, |_| true).map(|entry| entry.integration) {
                queue.take(begins);
                running.push(begins);
                *runs.entry(begins).or_insert(0) += 1;
            }
        }
        let (least, most) = (runs.values().min().unwrap(), runs.values().max().unwrap());
        assert_eq!(runs.len(), 3);
        assert!(most - least <= 1, "{runs:?}");
    }
}
