//! A step: everything that belongs together, collected first and written at once by
//! [`Archive::commit`](crate::Archive::commit).

use dovetail_domain::{AssetId, IntegrationId, Kind, Open, Record, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::bytes::{Batch, Store};
use crate::envelope;
use crate::history::{AuditEntry, Change, ChangeCause, Decision, differences};
use crate::keys::Key;
use crate::quarantine::{QuarantineKey, Quarantined};
use crate::run::Run;
use crate::table::{CONFLICTS, RUNS, Table};

/// What is to be written together.
#[derive(Debug)]
pub struct Step {
    pub(crate) batch: Batch,
    /// Records as they will stand; none: taken out. Of several to one id the last counts.
    pub(crate) records: Vec<(Kind, AssetId, Option<Record>)>,
    pub(crate) audit: AuditEntry,
    /// What changed in records that were there.
    pub(crate) changes: Vec<(Kind, AssetId, Vec<Decision>)>,
    pub(crate) quarantined: Vec<Quarantined>,
    pub(crate) lifted: Vec<QuarantineKey>,
}

impl Step {
    /// A step at a time and for a reason.
    pub fn new(at: Timestamp, cause: ChangeCause) -> Step {
        Step {
            batch: Batch::new(),
            records: Vec::new(),
            audit: AuditEntry {
                at,
                cause,
                created: Vec::new(),
                changed: Vec::new(),
                removed: Vec::new(),
            },
            changes: Vec::new(),
            quarantined: Vec::new(),
            lifted: Vec::new(),
        }
    }

    /// When it was begun: what it changes was changed then.
    pub fn at(&self) -> Timestamp {
        self.audit.at
    }

    /// A record that was not there. Its id comes from [`Archive::next_asset`](crate::Archive::next_asset). Refused where
    /// it is too large; the step is then as before.
    pub fn create(&mut self, record: Record) -> Result<(), StoreError> {
        let bytes = envelope::encode(&record)?;
        self.audit.created.push((record.kind, record.id));
        self.put_envelope(record, bytes);
        Ok(())
    }

    /// A record that was there. What differs goes into its history; where only the link's version, shadow or source
    /// differ, nothing does. Both have the same kind and id.
    pub fn update(&mut self, before: &Record, after: Record) -> Result<(), StoreError> {
        self.update_as(before, after, |_| None)
    }

    /// The same where plugins decided: `by` names for each change the one that did, with its version.
    pub fn update_as<'a>(
        &mut self,
        before: &Record,
        after: Record,
        by: impl Fn(&Change) -> Option<&'a str>,
    ) -> Result<(), StoreError> {
        let bytes = envelope::encode(&after)?;
        let changes = differences(before, &after);
        if !changes.is_empty() {
            self.audit.changed.push((after.kind, after.id));
            let decision = |change| {
                let plugin = by(&change).map(str::to_owned);
                (change, plugin)
            };
            let decisions = changes.into_iter().map(decision).collect();
            self.changes.push((after.kind, after.id, decisions));
        }
        self.put_envelope(after, bytes);
        Ok(())
    }

    /// Notes what changed in the PSA's record that a record is connected with.
    pub fn note_in_psa(&mut self, kind: Kind, id: AssetId, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        self.audit.changed.push((kind, id));
        let in_psa = |change| (Change::InPsa(Box::new(change)), None);
        self.changes
            .push((kind, id, changes.into_iter().map(in_psa).collect()));
    }

    /// Takes a record out. What stood in it goes into its history.
    pub fn remove(&mut self, before: &Record) {
        let mut emptied = before.clone();
        emptied.fields.clear();
        emptied.traits.clear();
        let mut changes = differences(before, &emptied);
        changes.push(Change::Removed);
        self.audit.removed.push((before.kind, before.id));
        let decisions = changes.into_iter().map(|change| (change, None)).collect();
        self.changes.push((before.kind, before.id, decisions));
        self.batch.delete(envelope::key(before.kind, before.id));
        self.records.push((before.kind, before.id, None));
    }

    /// A record of the PSA that could not be taken over. One that is in the quarantine already keeps its entry.
    pub fn quarantine(&mut self, record: Quarantined) {
        self.quarantined.push(record);
    }

    /// A record of the PSA that is fine; if it was in the quarantine it leaves it. Costs nothing where it was not.
    pub fn lift_quarantine(&mut self, record: QuarantineKey) {
        self.lifted.push(record);
    }

    /// A run's document.
    pub fn put_run(&mut self, run: &Run) -> Result<(), StoreError> {
        self.put(&RUNS, &run.id, run)
    }

    /// What is open of a record; nothing takes the list away.
    pub fn put_conflicts(
        &mut self,
        record: &(IntegrationId, Kind, AssetId),
        open: &Vec<Open>,
    ) -> Result<(), StoreError> {
        if open.is_empty() {
            self.delete(&CONFLICTS, record);
            return Ok(());
        }
        self.put(&CONFLICTS, record, open)
    }

    /// A value of a table.
    pub fn put<K: Key, V: Serialize + DeserializeOwned>(
        &mut self,
        table: &Table<K, V>,
        key: &K,
        value: &V,
    ) -> Result<(), StoreError> {
        table.put(&mut self.batch, key, value)
    }

    /// Takes a value out of a table.
    pub fn delete<K: Key, V: Serialize + DeserializeOwned>(&mut self, table: &Table<K, V>, key: &K) {
        table.delete(&mut self.batch, key);
    }

    /// Takes everything out of a table whose key begins with these parts, as it stands in the store now.
    pub fn delete_under<K: Key, V: Serialize + DeserializeOwned>(
        &mut self,
        store: &dyn Store,
        table: &Table<K, V>,
        parts: &impl Key,
    ) -> Result<(), StoreError> {
        for (key, _) in table.list_under(store, parts)? {
            self.delete(table, &key);
        }
        Ok(())
    }

    /// How many records it creates, changes or removes.
    pub fn records(&self) -> usize {
        self.records.len()
    }

    fn put_envelope(&mut self, record: Record, bytes: Vec<u8>) {
        self.batch.put(envelope::key(record.kind, record.id), bytes);
        self.records.push((record.kind, record.id, Some(record)));
    }
}
