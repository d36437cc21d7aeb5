//! Everything that is kept, with its types: a store, the numbers it gives out, the index, and the one way to write, a
//! step as a whole. Reading records is in `find.rs`, reading what stands beside them in `ledger.rs`.
//!
//! One writer at a time, readers at any time. The index over the records is built when it is first needed, so that
//! commands which only look at a run or a setting start at once.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};

use dovetail_domain::{AssetId, IntegrationId, Kind, QuarantineId, Record, RunId, Timestamp};

use crate::StoreError;
use crate::bytes::{Batch, Store, scan};
use crate::compact;
use crate::entry::Entry;
use crate::envelope;
use crate::history::{AuditEntry, Chapter, Decision};
use crate::index::{Counts, Index};
use crate::keys::Space;
use crate::memory::Memory;
use crate::quarantine::{QuarantineEntry, QuarantineKey, Quarantined};
use crate::sequence::{Kept, Sequence, Sequences};
use crate::step::Step;
use crate::table::{QUARANTINE, Table};

pub(crate) const AUDIT: Table<(RunId, u64), AuditEntry> = Table::postcard(Space::Audit);
pub(crate) const HISTORY: Table<(Kind, (AssetId, u64)), Chapter> = Table::postcard(Space::History);
pub(crate) const QUARANTINE_INDEX: Table<QuarantineKey, QuarantineId> =
    Table::postcard(Space::QuarantineIndex);
pub(crate) const COUNTS: Table<(), Counts> = Table::postcard(Space::Counts);

/// Records read at a time while filtering.
pub(crate) const READ_AHEAD: usize = 256;

/// Everything that is kept.
pub struct Archive {
    store: Arc<dyn Store>,
    sequences: Sequences,
    index: OnceLock<RwLock<Index>>,
    writer: Mutex<Writer>,
    turn: Mutex<()>,
}

/// What only the one who writes needs.
pub(crate) struct Writer {
    kept: Kept,
    /// Steps that were written since this was opened.
    written: u64,
    quarantined: Option<HashMap<QuarantineKey, QuarantineId>>,
}

impl Archive {
    /// Opens what is kept in a folder, making it where there is nothing. The caller holds the home's lock.
    pub fn open(folder: &Path) -> Result<Archive, StoreError> {
        Archive::over(Arc::new(compact::open(folder)?))
    }

    /// What is kept in a store.
    pub fn over(store: Arc<dyn Store>) -> Result<Archive, StoreError> {
        let (sequences, kept) = Sequences::read(&*store)?;
        Ok(Archive {
            store,
            sequences,
            index: OnceLock::new(),
            writer: Mutex::new(Writer {
                kept,
                written: 0,
                quarantined: None,
            }),
            turn: Mutex::new(()),
        })
    }

    /// An archive in memory, for tests.
    pub fn in_memory() -> Archive {
        Archive::over(Arc::new(Memory::new()))
            .expect("an empty store in memory holds nothing that cannot be read")
    }

    /// Held while records are read, changed and written back, so that nobody else changes them in between: a page of a
    /// run, an import's step, what a person does.
    pub fn turn(&self) -> MutexGuard<'_, ()> {
        // It guards nothing that a panic could leave half done: what is written is written by one step.
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store below, for tables and measuring.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The same to lay another store over.
    pub fn shared_store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// Builds the index now rather than when it is first needed.
    pub fn warm(&self) -> Result<(), StoreError> {
        self.index().map(drop)
    }

    /// Bytes the index takes; 0 while it is not built.
    pub fn index_bytes(&self) -> usize {
        self.built().map_or(0, |index| index.bytes())
    }

    // Numbers.

    /// The id of a new record.
    pub fn next_asset(&self) -> AssetId {
        AssetId(self.sequences.next(Sequence::Asset))
    }

    /// The id of a new run.
    pub fn next_run(&self) -> RunId {
        RunId(self.sequences.next(Sequence::Run))
    }

    /// The id of a new integration; none after the four billionth.
    pub fn next_integration(&self) -> Option<IntegrationId> {
        u32::try_from(self.sequences.next(Sequence::Integration))
            .ok()
            .map(IntegrationId)
    }

    // Steps.

    /// Writes a step: all of it or nothing, on disk when this returns. After an error that
    /// [`is_fatal`](StoreError::is_fatal) the process has to stop; the index is as before.
    pub fn commit(&self, step: Step) -> Result<(), StoreError> {
        self.write(self.writing(), step)
    }

    /// How many steps were written since this was opened: whoever reads first and writes later sees by it whether
    /// somebody wrote in between.
    pub fn written(&self) -> u64 {
        self.writing().written
    }

    /// Writes a step unless others were written since there were so many; says whether it was.
    pub fn commit_since(&self, written: u64, step: Step) -> Result<bool, StoreError> {
        let writer = self.writing();
        if writer.written != written {
            return Ok(false);
        }
        self.write(writer, step).map(|()| true)
    }

    fn write(&self, mut writer: MutexGuard<'_, Writer>, step: Step) -> Result<(), StoreError> {
        let Step {
            mut batch,
            records,
            audit,
            changes,
            quarantined,
            lifted,
        } = step;
        let at = audit.at;
        let entries = self.entries(&writer, records)?;
        if !entries.is_empty() {
            COUNTS.put(&mut batch, &(), &self.counts_after(&entries)?)?;
        }
        if !audit.is_empty() {
            self.write_down(&mut batch, audit, changes)?;
        }
        let filed = self.file_quarantine(&mut writer, &mut batch, at, quarantined, lifted)?;
        let kept = self.sequences.keep(&mut batch, &writer.kept);
        self.store.apply(batch)?;

        writer.kept = kept;
        writer.written += 1;
        if let Some(known) = &mut writer.quarantined {
            for (key, id) in filed {
                match id {
                    Some(id) => known.insert(key, id),
                    None => known.remove(&key),
                };
            }
        }
        if let Some(index) = self.index.get().filter(|_| !entries.is_empty()) {
            let mut index = index.write().unwrap_or_else(PoisonError::into_inner);
            for ((kind, id), entry) in entries {
                index.set(kind, id, entry);
            }
        }
        Ok(())
    }

    /// Adds the audit entry and a chapter to the history of each record that changed.
    fn write_down(
        &self,
        batch: &mut Batch,
        mut audit: AuditEntry,
        changes: Vec<(Kind, AssetId, Vec<Decision>)>,
    ) -> Result<(), StoreError> {
        let number = self.sequences.next(Sequence::Step);
        // A record that a step changes twice is one that it changed.
        audit.changed.sort_unstable();
        audit.changed.dedup();
        let mut chapters: BTreeMap<(Kind, AssetId), Vec<Decision>> = BTreeMap::new();
        for (kind, id, changes) in changes {
            chapters.entry((kind, id)).or_default().extend(changes);
        }
        for ((kind, id), decisions) in chapters {
            let chapter = Chapter::new(audit.at, audit.cause.clone(), decisions);
            HISTORY.put(batch, &(kind, (id, number)), &chapter)?;
        }
        AUDIT.put(batch, &(audit.cause.run(), number), &audit)
    }

    /// What the index will know of a step's records.
    fn entries(
        &self,
        writer: &MutexGuard<'_, Writer>,
        records: Vec<(Kind, AssetId, Option<Record>)>,
    ) -> Result<BTreeMap<(Kind, AssetId), Option<Entry>>, StoreError> {
        if records.is_empty() {
            return Ok(BTreeMap::new());
        }
        let index = self.index_while(writer)?;
        let entry = |record: Option<Record>| record.map(|record| index.entry_of(&record));
        Ok(records
            .into_iter()
            .map(|(kind, id, record)| ((kind, id), entry(record)))
            .collect())
    }

    fn counts_after(&self, entries: &BTreeMap<(Kind, AssetId), Option<Entry>>) -> Result<Counts, StoreError> {
        let index = self.built();
        let mut counts = index
            .as_ref()
            .map(|index| index.counts().clone())
            .unwrap_or_default();
        for ((kind, id), entry) in entries {
            let old = index.as_ref().and_then(|index| index.get(*kind, *id));
            counts.replace(*kind, old, entry.as_ref());
        }
        Ok(counts)
    }

    /// Adds what a step says about the quarantine; what the writer is to remember once it is written.
    fn file_quarantine(
        &self,
        writer: &mut Writer,
        batch: &mut Batch,
        at: Timestamp,
        quarantined: Vec<Quarantined>,
        lifted: Vec<QuarantineKey>,
    ) -> Result<HashMap<QuarantineKey, Option<QuarantineId>>, StoreError> {
        let mut filed = HashMap::new();
        if quarantined.is_empty() && lifted.is_empty() {
            return Ok(filed);
        }
        let known = match &mut writer.quarantined {
            Some(known) => known,
            none => none.insert(QUARANTINE_INDEX.list(self.store())?.into_iter().collect()),
        };
        for key in lifted {
            if let Some(id) = known.get(&key) {
                QUARANTINE.delete(batch, id);
                QUARANTINE_INDEX.delete(batch, &key);
                filed.insert(key, None);
            }
        }
        for record in quarantined {
            let key = (record.integration, record.kind, record.source.clone());
            // Lifted or met before in the same step: the later word counts.
            let id = match filed.get(&key) {
                Some(id) => *id,
                None => known.get(&key).copied(),
            };
            let before = match id {
                Some(id) => QUARANTINE.get(self.store(), &id)?,
                None => None,
            };
            let id = id.unwrap_or_else(|| QuarantineId(self.sequences.next(Sequence::Quarantine)));
            let entry = QuarantineEntry::met(id, record, at, before.as_ref());
            QUARANTINE.put(batch, &id, &entry)?;
            QUARANTINE_INDEX.put(batch, &key, &id)?;
            filed.insert(key, Some(id));
        }
        Ok(filed)
    }

    // The index.

    pub(crate) fn writing(&self) -> MutexGuard<'_, Writer> {
        // A commit that panicked has either not applied its batch or is followed by the process's end.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn index(&self) -> Result<RwLockReadGuard<'_, Index>, StoreError> {
        match self.built() {
            Some(index) => Ok(index),
            None => self.index_while(&self.writing()),
        }
    }

    /// The index, built if need be. The writer is held, so nothing changes meanwhile.
    fn index_while(&self, _: &MutexGuard<'_, Writer>) -> Result<RwLockReadGuard<'_, Index>, StoreError> {
        if let Some(index) = self.built() {
            return Ok(index);
        }
        let mut index = Index::default();
        for pair in scan(self.store(), Space::Record.key(&())) {
            let (key, bytes) = pair?;
            let (kind, id) = Space::Record
                .parts(&key)
                .ok_or_else(|| StoreError::unreadable(&key, "the key is not one of its space"))?;
            let entry = index.entry_of(&envelope::decode_without_source(kind, id, &bytes)?);
            index.set(kind, id, Some(entry));
        }
        Ok(read(self.index.get_or_init(|| RwLock::new(index))))
    }

    /// The index where it is built.
    pub(crate) fn built(&self) -> Option<RwLockReadGuard<'_, Index>> {
        self.index.get().map(read)
    }
}

fn read(index: &RwLock<Index>) -> RwLockReadGuard<'_, Index> {
    index.read().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
