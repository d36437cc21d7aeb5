//! What is kept for a time only: what was done to records, documents of runs, the quarantine, and records that were
//! deleted.
//!
//! What a person still has to see to is kept however old it is: the history of a record with fields that are held or not
//! agreed upon, a run that waits, and the last run of each integration. Records themselves are never touched.

use std::collections::BTreeSet;

use dovetail_domain::{AssetId, Kind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::archive::{AUDIT, Archive, HISTORY};
use crate::bytes::{scan, scan_back};
use crate::envelope;
use crate::history::ChangeCause;
use crate::keys::Space;
use crate::run::RunStatus;
use crate::step::Step;
use crate::table::{DELETED, QUARANTINE, RUNS};

/// What goes in one step.
const BATCH: usize = 1_000;

/// How long things are kept, in seconds; none is for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// What was done to records: the audit and their histories.
    pub audit: Option<u64>,
    /// Documents of runs.
    pub runs: Option<u64>,
    /// Records of the PSA that could not be taken over, since they were met last.
    pub quarantine: Option<u64>,
    /// Records that were deleted.
    pub deleted: Option<u64>,
}

/// How much was dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// Entries of the audit: what one step did.
    pub audit: u64,
    /// Entries in the histories of records.
    pub history: u64,
    /// Documents of runs.
    pub runs: u64,
    /// Entries of the quarantine.
    pub quarantine: u64,
    /// Deleted records, which cannot be brought back any more.
    #[serde(default)]
    pub deleted: u64,
}

/// A step that is written whenever it is full.
struct Drops<'a> {
    archive: &'a Archive,
    now: Timestamp,
    step: Step,
    waiting: usize,
}

impl Drops<'_> {
    fn add(&mut self, drop: impl FnOnce(&mut Step)) -> Result<(), StoreError> {
        drop(&mut self.step);
        self.waiting += 1;
        if self.waiting >= BATCH {
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), StoreError> {
        self.waiting = 0;
        let next = empty(self.now);
        self.archive.commit(std::mem::replace(&mut self.step, next))
    }
}

/// A step that changes no record, so that the audit says nothing of it.
fn empty(now: Timestamp) -> Step {
    Step::new(now, ChangeCause::Person("retention".to_owned()))
}

impl Archive {
    /// Drops what is older than it is to be kept.
    pub fn retain(&self, now: Timestamp, retention: &Retention) -> Result<Dropped, StoreError> {
        let mut drops = Drops {
            archive: self,
            now,
            step: empty(now),
            waiting: 0,
        };
        let mut dropped = Dropped::default();
        if let Some(seconds) = retention.audit {
            let before = now.minus_seconds(seconds);
            dropped.history = self.drop_history(&mut drops, before)?;
            dropped.audit = self.drop_audit(&mut drops, before)?;
        }
        if let Some(seconds) = retention.runs {
            dropped.runs = self.drop_runs(&mut drops, now.minus_seconds(seconds))?;
        }
        if let Some(seconds) = retention.quarantine {
            dropped.quarantine = self.drop_quarantine(&mut drops, now.minus_seconds(seconds))?;
        }
        if let Some(seconds) = retention.deleted {
            dropped.deleted = self.drop_deleted(&mut drops, now.minus_seconds(seconds))?;
        }
        drops.write()?;
        Ok(dropped)
    }

    fn drop_deleted(&self, drops: &mut Drops<'_>, before: Timestamp) -> Result<u64, StoreError> {
        let mut dropped = 0;
        for pair in scan(self.store(), Space::Deleted.key(&())) {
            let (key, deleted) = DELETED.row(pair?)?;
            if deleted.at < before {
                dropped += 1;
                drops.add(|step| step.delete(&DELETED, &key))?;
            }
        }
        Ok(dropped)
    }

    fn drop_history(&self, drops: &mut Drops<'_>, before: Timestamp) -> Result<u64, StoreError> {
        let mut dropped = 0;
        // Chapters of one record stand together.
        let mut last: Option<((Kind, AssetId), bool)> = None;
        for pair in scan(self.store(), Space::History.key(&())) {
            let ((kind, (id, number)), chapter) = HISTORY.row(pair?)?;
            if chapter.at >= before {
                continue;
            }
            let open = match last {
                Some((record, open)) if record == (kind, id) => open,
                _ => self.is_open(kind, id)?,
            };
            last = Some(((kind, id), open));
            if !open {
                dropped += 1;
                drops.add(|step| step.delete(&HISTORY, &(kind, (id, number))))?;
            }
        }
        Ok(dropped)
    }

    /// Whether something about a record is still for a person to decide.
    fn is_open(&self, kind: Kind, id: AssetId) -> Result<bool, StoreError> {
        let Some(bytes) = self.store().get(&envelope::key(kind, id))? else {
            return Ok(false);
        };
        let record = envelope::decode_without_source(kind, id, &bytes)?;
        Ok(record.holds().next().is_some() || !record.base.is_empty())
    }

    fn drop_audit(&self, drops: &mut Drops<'_>, before: Timestamp) -> Result<u64, StoreError> {
        let mut dropped = 0;
        for pair in scan(self.store(), Space::Audit.key(&())) {
            let (key, entry) = AUDIT.row(pair?)?;
            if entry.at < before && !self.is_about_open(&entry)? {
                dropped += 1;
                drops.add(|step| step.delete(&AUDIT, &key))?;
            }
        }
        Ok(dropped)
    }

    /// Whether an entry of the audit is part of what is kept of a record. What it created needs no look: a creation says
    /// nothing about a field.
    fn is_about_open(&self, entry: &crate::AuditEntry) -> Result<bool, StoreError> {
        for (kind, id) in &entry.changed {
            if self.is_open(*kind, *id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn drop_runs(&self, drops: &mut Drops<'_>, before: Timestamp) -> Result<u64, StoreError> {
        let mut dropped = 0;
        let mut seen = BTreeSet::new();
        // Newest first: the first of an integration is its last.
        for pair in scan_back(self.store(), Space::Run.key(&())) {
            let (id, run) = RUNS.row(pair?)?;
            let latest = seen.insert(run.integration);
            let waits = matches!(run.status, RunStatus::Running | RunStatus::Waiting);
            if !latest && !waits && run.finished.is_some_and(|finished| finished < before) {
                dropped += 1;
                drops.add(|step| step.delete(&RUNS, &id))?;
            }
        }
        Ok(dropped)
    }

    fn drop_quarantine(&self, drops: &mut Drops<'_>, before: Timestamp) -> Result<u64, StoreError> {
        let mut dropped = 0;
        for pair in scan(self.store(), Space::Quarantine.key(&())) {
            let (_, entry) = QUARANTINE.row(pair?)?;
            if entry.last_seen < before {
                dropped += 1;
                drops.add(|step| step.lift_quarantine(entry.key()))?;
            }
        }
        Ok(dropped)
    }
}

#[cfg(test)]
mod tests {
    use dovetail_domain::{Base, Field, IntegrationId, Part, RunId, SourceId, Value};

    use super::*;
    use crate::{Quarantined, Run, RunMode, RunTrigger, sample};

    const DAY: u64 = 86_400;

    fn now() -> Timestamp {
        Timestamp::from_seconds(1_800_000_000).unwrap()
    }

    fn days_ago(days: u64) -> Timestamp {
        now().minus_seconds(days * DAY)
    }

    fn run(archive: &Archive, integration: u32, status: RunStatus, days: u64) -> RunId {
        let mut run = Run::begin(
            archive.next_run(),
            IntegrationId(integration),
            "acme".parse().unwrap(),
            RunMode::Full,
            RunTrigger::Manual,
            days_ago(days),
        );
        run.status = status;
        run.finished = (status != RunStatus::Running).then(|| days_ago(days));
        let mut step = empty(days_ago(days));
        step.put_run(&run).unwrap();
        archive.commit(step).unwrap();
        run.id
    }

    #[test]
    fn runs_go_by_age_but_the_last_of_each_and_what_waits() {
        use RunStatus as S;
        // Integration, status, age in days, whether it stays with 90 days.
        let table = [
            (1, S::Succeeded, 400, false),
            (1, S::Waiting, 300, true),
            (1, S::Failed, 91, false),
            (2, S::Stalled, 200, false),
            (1, S::Succeeded, 90, true),
            (2, S::Partial, 120, true),
            (1, S::Running, 80, true),
            (3, S::Cancelled, 4_000, true),
            (1, S::Succeeded, 100, true),
        ];
        let archive = Archive::in_memory();
        let ids: Vec<RunId> = table
            .iter()
            .map(|(integration, status, days, _)| run(&archive, *integration, *status, *days))
            .collect();
        let kept = |seconds: Option<u64>| {
            let retention = Retention {
                runs: seconds,
                ..Retention::default()
            };
            let dropped = archive.retain(now(), &retention).unwrap();
            let kept: Vec<bool> = ids.iter().map(|id| archive.run(*id).unwrap().is_some()).collect();
            (kept, dropped.runs)
        };
        assert_eq!(kept(None), (vec![true; table.len()], 0));
        assert_eq!(kept(Some(90 * DAY)), (table.map(|row| row.3).to_vec(), 3));
        assert_eq!(kept(Some(90 * DAY)).1, 0, "what is gone goes once");
        assert!(archive.verify().unwrap().is_sound());
    }

    #[test]
    fn history_goes_by_age_but_that_of_what_is_held_or_not_agreed_upon() {
        // Whether a field is held, whether one is not agreed upon, age in days, whether it stays with 365 days.
        let table = [
            (false, false, 10, true),
            (false, false, 365, true),
            (false, false, 366, false),
            (true, false, 366, true),
            (false, true, 900, true),
            (false, false, 900, false),
        ];
        let archive = Archive::in_memory();
        let mut records = Vec::new();
        for (held, pending, days, _) in table {
            let mut record = sample::record(1);
            record.id = archive.next_asset();
            record.link = None;
            record.held = if held {
                vec![Part::Field(Field::Fax)]
            } else {
                vec![]
            };
            record.base = Base::default();
            if pending {
                record.base.fields = vec![(Field::Fax, Value::text("1"))];
            }
            let mut step = Step::new(days_ago(1_000), ChangeCause::Person("ada".to_owned()));
            step.create(record.clone()).unwrap();
            archive.commit(step).unwrap();
            let mut after = record.clone();
            after.set(Field::Name, Value::text("other"));
            let mut step = Step::new(days_ago(days), ChangeCause::Person("ada".to_owned()));
            step.update(&record, after).unwrap();
            archive.commit(step).unwrap();
            records.push((record.kind, record.id));
        }
        let changes = |archive: &Archive| -> Vec<bool> {
            let changed = |(kind, id): &(Kind, AssetId)| {
                let past = archive.history(*kind, *id).unwrap();
                past.iter().any(|past| past.change.field().is_some())
            };
            records.iter().map(changed).collect()
        };
        let retention = Retention {
            audit: Some(365 * DAY),
            ..Retention::default()
        };
        assert_eq!(changes(&archive), [true; 6]);
        let dropped = archive.retain(now(), &retention).unwrap();
        assert_eq!(changes(&archive), table.map(|row| row.3));
        // Six creations of a thousand days ago and two changes.
        assert_eq!((dropped.history, dropped.audit), (2, 8));
        assert_eq!(archive.audit(RunId(0), None, 100).unwrap().len(), 4);
        // The records are as they were.
        for (kind, id) in &records {
            assert!(archive.record(*kind, *id).unwrap().is_some());
        }
        assert!(archive.verify().unwrap().is_sound());
    }

    #[test]
    fn the_quarantine_goes_by_when_it_was_met_last() {
        let archive = Archive::in_memory();
        let met = |source: u64, days: u64| {
            let mut step = empty(days_ago(days));
            step.quarantine(Quarantined {
                integration: IntegrationId(1),
                kind: Kind::Contact,
                source: SourceId::new(source.to_string()).unwrap(),
                name: String::new(),
                run: RunId(1),
                code: "record-invalid".to_owned(),
                message: "odd".to_owned(),
                record: None,
            });
            archive.commit(step).unwrap();
        };
        for number in 0..2_500 {
            met(number, 40);
        }
        met(7, 5);
        let left = |seconds| {
            let retention = Retention {
                quarantine: seconds,
                ..Retention::default()
            };
            let dropped = archive.retain(now(), &retention).unwrap().quarantine;
            (dropped, archive.quarantine(None, None, 9_999).unwrap().len())
        };
        assert_eq!(left(None), (0, 2_500));
        assert_eq!(left(Some(40 * DAY)), (0, 2_500));
        assert_eq!(left(Some(30 * DAY)), (2_499, 1));
        // One that comes back is a new entry.
        met(8, 0);
        assert_eq!(left(Some(30 * DAY)), (0, 2));
        assert!(archive.verify().unwrap().is_sound());
    }
}
