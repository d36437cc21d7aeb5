//! Looking at everything that is kept: whether each value is the one that was written, whether it is what belongs at its
//! key, and whether what is kept twice agrees.
//!
//! Nothing is changed and one damaged value does not hide the next. Nothing is written meanwhile, so what is found is the
//! state of one moment.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::hash::{BuildHasher, RandomState};

use dovetail_domain::{AssetId, IntegrationId, Kind, QuarantineId, Record, RunId, SourceId};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::archive::{AUDIT, Archive, COUNTS, HISTORY, QUARANTINE_INDEX};
use crate::bytes::{Pair, Store};
use crate::entry::Sketcher;
use crate::envelope;
use crate::error::show_key;
use crate::index::{Counts, Index};
use crate::keys::{Key, Space};
use crate::sequence::Sequence;
use crate::table::{
    CHOICES, CONFIG, CONFLICTS, DELETED, IMPORTS, INTEGRATIONS, MOTIONS, OUTBOX, POLICIES, QUARANTINE, RUNS,
    SECRETS,
};

/// Values read at a time.
const PAGE: usize = 256;

/// What was looked at, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// Records.
    pub records: u64,
    /// Values of every sort, records among them.
    pub checked: u64,
    /// What is wrong: the first [`Findings::NAMED`] of it.
    pub problems: Vec<Wrong>,
    /// How much more is wrong.
    pub more: u64,
}

/// Something that is not as it has to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrong {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Findings {
    /// How much of what is wrong is named one by one.
    pub const NAMED: usize = 1_000;

    /// Notes something that is wrong.
    pub fn note(&mut self, what: impl Into<String>, why: impl ToString) {
        if self.problems.len() < Findings::NAMED {
            let (what, why) = (what.into(), why.to_string());
            self.problems.push(Wrong { what, why });
        } else {
            self.more += 1;
        }
    }

    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

impl Archive {
    /// Looks at everything. An error is a storage that cannot be read at all; what is wrong with single values is among
    /// the findings.
    pub fn verify(&self) -> Result<Findings, StoreError> {
        // Nobody writes meanwhile.
        let _writer = self.writing();
        let built = self.built();
        let mut look = Look {
            store: self.store(),
            index: built.as_deref(),
            sketcher: Sketcher::default(),
            hasher: RandomState::new(),
            found: Findings::default(),
            counts: Counts::default(),
            sources: HashMap::new(),
            greatest: HashMap::new(),
        };
        look.at_everything()?;
        look.at_what_is_kept_twice()?;
        Ok(look.found)
    }
}

struct Look<'a> {
    store: &'a dyn Store,
    /// The index in memory, where there is one.
    index: Option<&'a Index>,
    sketcher: Sketcher,
    hasher: RandomState,
    found: Findings,
    /// The records as they were counted here.
    counts: Counts,
    /// Which record is connected with what, by a hash of it.
    sources: HashMap<u64, AssetId>,
    /// The greatest number in use of each sequence.
    greatest: HashMap<u8, u64>,
}

impl Look<'_> {
    fn at_everything(&mut self) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let keys = match self.store.scan_page(&[], after.as_deref(), PAGE) {
                Ok(pairs) => {
                    let keys: Vec<_> = pairs.iter().map(|(key, _)| key.clone()).collect();
                    for pair in pairs {
                        self.at(pair)?;
                    }
                    keys
                }
                Err(error @ StoreError::Fatal { .. }) => return Err(error),
                // Something of this page cannot be read: one by one, to name it and to see the others.
                Err(_) => {
                    let keys = self.store.keys_page(&[], after.as_deref(), PAGE)?;
                    for key in &keys {
                        self.at_key(key)?;
                    }
                    keys
                }
            };
            if keys.len() < PAGE {
                return Ok(());
            }
            after = keys.into_iter().next_back();
        }
    }

    fn at_key(&mut self, key: &[u8]) -> Result<(), StoreError> {
        match self.store.get(key) {
            Ok(Some(value)) => self.at((key.to_vec(), value)),
            Ok(None) => Ok(()),
            Err(error) => {
                self.found.checked += 1;
                self.note(key, error)
            }
        }
    }

    fn at(&mut self, pair: Pair) -> Result<(), StoreError> {
        self.found.checked += 1;
        let key = pair.0.clone();
        let looked = match Space::of(&key) {
            None => Err(StoreError::unreadable(
                &key,
                "it is in no part of the store that this version knows",
            )),
            Some(space) => self.at_value(space, pair),
        };
        looked.or_else(|error| self.note(&key, error))
    }

    /// Notes what is wrong with a value. A storage that fails is no finding but the end.
    fn note(&mut self, key: &[u8], error: StoreError) -> Result<(), StoreError> {
        if matches!(error, StoreError::Fatal { .. }) {
            return Err(error);
        }
        self.found.note(in_words(key), error);
        Ok(())
    }

    /// Whether a value is what belongs at its key.
    fn at_value(&mut self, space: Space, pair: Pair) -> Result<(), StoreError> {
        let key = pair.0.clone();
        let odd = |reason: &str| Err(StoreError::unreadable(&key, reason));
        match space {
            Space::Record => return self.at_record(&pair),
            Space::Audit => {
                let ((run, number), entry) = AUDIT.row(pair)?;
                self.in_use(Sequence::Step, number);
                if entry.cause.run() != run {
                    return odd("it belongs to another run");
                }
            }
            Space::History => {
                let ((_, (_, number)), _) = HISTORY.row(pair)?;
                self.in_use(Sequence::Step, number);
            }
            Space::Run => {
                let (id, run) = RUNS.row(pair)?;
                self.in_use(Sequence::Run, id.0);
                if run.id != id {
                    return odd("it is another run's");
                }
            }
            Space::Import => {
                let (run, _) = IMPORTS.row(pair)?;
                self.in_use(Sequence::Run, run.0);
            }
            Space::Integration => {
                let (id, integration) = INTEGRATIONS.row(pair)?;
                self.in_use(Sequence::Integration, u64::from(id.0));
                if integration.id != id {
                    return odd("it is another integration's");
                }
            }
            Space::Quarantine => {
                let (id, entry) = QUARANTINE.row(pair)?;
                self.in_use(Sequence::Quarantine, id.0);
                if entry.id != id {
                    return odd("it is another entry's");
                }
                if QUARANTINE_INDEX.get(self.store, &entry.key())? != Some(id) {
                    return odd("it is not filed under the PSA's record");
                }
            }
            Space::QuarantineIndex => {
                let (filed, id) = QUARANTINE_INDEX.row(pair)?;
                if QUARANTINE.get(self.store, &id)?.map(|entry| entry.key()) != Some(filed) {
                    return odd("it names an entry of the quarantine that is not there or not its own");
                }
            }
            Space::Sequence => {
                if Space::Sequence.parts::<u8>(&key).is_none() || pair.1.len() != 8 {
                    return odd("a number of 8 bytes should stand here");
                }
            }
            Space::Deleted => {
                let ((kind, id), deleted) = DELETED.row(pair)?;
                self.in_use(Sequence::Asset, id.0);
                deleted.record(kind, id)?;
            }
            Space::Counts => drop(COUNTS.row(pair)?),
            Space::Config => drop(CONFIG.row(pair)?),
            Space::Secret => drop(SECRETS.row(pair)?),
            Space::LeftOut | Space::Waiting | Space::Leaving | Space::Reviewed => {
                json::<(IntegrationId, Kind, SourceId)>(space, &pair)?;
            }
            Space::Choice => drop(CHOICES.row(pair)?),
            Space::Outbox => drop(OUTBOX.row(pair)?),
            Space::Conflict => {
                let (_, open) = CONFLICTS.row(pair)?;
                if open.is_empty() {
                    return odd("it names no conflict");
                }
            }
            Space::Policy => drop(POLICIES.row(pair)?),
            Space::Motion => drop(MOTIONS.row(pair)?),
            Space::Options | Space::Person | Space::Checkpoint => {
                json::<(IntegrationId, String)>(space, &pair)?;
            }
            Space::Mapping => json::<(IntegrationId, Option<AssetId>)>(space, &pair)?,
            Space::Plugin | Space::Grant => json::<String>(space, &pair)?,
            Space::Queue | Space::Review | Space::Law => json::<IntegrationId>(space, &pair)?,
        }
        Ok(())
    }

    fn at_record(&mut self, (key, value): &Pair) -> Result<(), StoreError> {
        self.found.records += 1;
        let odd = |reason: String| Err(StoreError::unreadable(key, reason));
        let Some((kind, id)) = Space::Record.parts::<(Kind, AssetId)>(key) else {
            return odd("the key is not one of its space".to_owned());
        };
        self.in_use(Sequence::Asset, id.0);
        let record = envelope::decode(kind, id, value)?;
        let entry = self.sketcher.entry(&record);
        self.counts.replace(kind, None, Some(&entry));
        if let Some(index) = self.index
            && index.get(kind, id) != Some(&index.entry_of(&record))
        {
            self.found
                .note(in_words(key), "the index in memory says something else");
        }
        let fields = record.fields.iter().chain(&record.base.fields);
        for (field, value) in fields {
            match kind.shape(*field) {
                Some(shape) if value.is_absent() || value.fits(shape) => {}
                _ => return odd(format!("the field {field} of a {kind} cannot hold what it holds")),
            }
        }
        let Some(link) = &record.link else {
            return Ok(());
        };
        if !link.source_json.is_empty() {
            envelope::decompress(&link.source_json)?;
        }
        self.at_link(&record, link.integration, &link.source)
    }

    /// A record of the PSA is connected with one record at most.
    fn at_link(
        &mut self,
        record: &Record,
        integration: IntegrationId,
        source: &SourceId,
    ) -> Result<(), StoreError> {
        let place = self.hasher.hash_one((integration, record.kind, source.as_str()));
        let first = match self.sources.entry(place) {
            Slot::Vacant(slot) => {
                slot.insert(record.id);
                return Ok(());
            }
            Slot::Occupied(slot) => *slot.get(),
        };
        // Equal hashes are only a hint.
        let other = self.store.get(&envelope::key(record.kind, first))?;
        let other = other.map(|bytes| envelope::decode_without_source(record.kind, first, &bytes));
        let same = other.transpose()?.and_then(|other| other.link);
        if same.is_some_and(|link| link.integration == integration && link.source == *source) {
            let key = envelope::key(record.kind, record.id);
            let reason = format!(
                "{} {first} is connected with the same record of the PSA",
                record.kind
            );
            return Err(StoreError::unreadable(&key, reason));
        }
        Ok(())
    }

    fn in_use(&mut self, sequence: Sequence, number: u64) {
        let greatest = self.greatest.entry(sequence as u8).or_default();
        *greatest = number.max(*greatest);
    }

    /// The counts are those of the records, and no number that is in use is given out again.
    fn at_what_is_kept_twice(&mut self) -> Result<(), StoreError> {
        match COUNTS.get(self.store, &()) {
            // No record was ever written.
            Ok(None) if self.counts == Counts::default() => {}
            Ok(kept) if kept.as_ref() == Some(&self.counts) => {}
            Ok(_) => self.found.note(
                "the number of records",
                "the records that are there do not come to what was counted",
            ),
            Err(error @ StoreError::Fatal { .. }) => return Err(error),
            // It was named when it was looked at.
            Err(_) => {}
        }
        for (sequence, greatest) in &self.greatest {
            let key = Space::Sequence.key(sequence);
            let next = match self.store.get(&key) {
                Ok(next) => next,
                Err(error @ StoreError::Fatal { .. }) => return Err(error),
                Err(_) => continue,
            };
            let next = next
                .and_then(|bytes| bytes.try_into().ok())
                .map(u64::from_be_bytes);
            if next.is_none_or(|next| next <= *greatest) {
                self.found.note(
                    in_words(&key),
                    format!("the number {greatest} is in use and would be given out again"),
                );
            }
        }
        Ok(())
    }
}

/// Holds a value to being JSON at a key of its space.
fn json<K: Key>(space: Space, pair: &Pair) -> Result<(), StoreError> {
    let (key, value) = pair;
    if space.parts::<K>(key).is_none() {
        return Err(StoreError::unreadable(key, "the key is not one of its space"));
    }
    serde_json::from_slice::<IgnoredAny>(value)
        .map(drop)
        .map_err(|error| StoreError::unreadable(key, error))
}

/// A key as a person may know it.
fn in_words(key: &[u8]) -> String {
    let named = match Space::of(key) {
        Some(Space::Record) => Space::Record
            .parts::<(Kind, AssetId)>(key)
            .map(|(kind, id)| format!("{kind} {id}")),
        Some(Space::History) => Space::History
            .parts::<(Kind, (AssetId, u64))>(key)
            .map(|(kind, (id, _))| format!("history of {kind} {id}")),
        Some(Space::Run) => Space::Run.parts::<RunId>(key).map(|run| format!("run {run}")),
        Some(Space::Quarantine) => Space::Quarantine
            .parts::<QuarantineId>(key)
            .map(|id| format!("quarantine {id}")),
        _ => None,
    };
    named.unwrap_or_else(|| format!("value {}", show_key(key)))
}

#[cfg(test)]
mod tests;
