//! Short lists of records of the PSA that a person should see: those left out, those that wait. What is listed is what
//! the latest full pass found, and only what differs from the pass before is written.

use std::collections::{HashMap, HashSet};

use dovetail_domain::{Exclusion, IntegrationId, Kind, SourceId};
use dovetail_store::{Archive, Step, StoreError, Table};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A record that the selection does not let in although part of it is selected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// What a person calls it.
    pub name: String,
    /// Why.
    pub excluded: Vec<Exclusion>,
    /// The mapping layer that leaves it out; none where the selection does.
    #[serde(default)]
    pub layer: Option<String>,
}

/// A record that waits until a person says which one it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// What a person calls it.
    pub name: String,
    /// Records of the documentation it could be.
    pub candidates: Vec<dovetail_domain::AssetId>,
    /// Why it waits, in words.
    #[serde(default)]
    pub why: String,
    /// The PSA's id of the organization it stands under, where it names one.
    #[serde(default)]
    pub parent: Option<SourceId>,
}

type Row<V> = Table<(IntegrationId, Kind, SourceId), V>;

/// The list of one integration while a pass is on.
pub(crate) struct Ledger<V> {
    table: Row<V>,
    integration: IntegrationId,
    known: HashMap<(Kind, SourceId), V>,
    seen: HashSet<(Kind, SourceId)>,
}

impl<V: Serialize + DeserializeOwned + PartialEq + Clone> Ledger<V> {
    /// Reads what the pass before left.
    pub(crate) fn open(
        archive: &Archive,
        table: Row<V>,
        integration: IntegrationId,
    ) -> Result<Self, StoreError> {
        let rows = table.list_under(archive.store(), &integration)?;
        let known = rows
            .into_iter()
            .map(|((_, kind, source), row)| ((kind, source), row))
            .collect();
        Ok(Ledger {
            table,
            integration,
            known,
            seen: HashSet::new(),
        })
    }

    /// Lists a record.
    pub(crate) fn put(
        &mut self,
        step: &mut Step,
        kind: Kind,
        source: &SourceId,
        row: V,
    ) -> Result<(), StoreError> {
        let key = (kind, source.clone());
        if self.known.get(&key) != Some(&row) {
            step.put(&self.table, &(self.integration, kind, source.clone()), &row)?;
            self.known.insert(key.clone(), row);
        }
        self.seen.insert(key);
        Ok(())
    }

    /// Whether the record is listed. In a pass over everything that is certain once its kind is closed.
    pub(crate) fn has(&self, kind: Kind, source: &SourceId) -> bool {
        self.known.contains_key(&(kind, source.clone()))
    }

    /// Rows of a kind; where `seen` is set only those this pass has listed itself.
    pub(crate) fn rows(&self, kind: Kind, seen: bool) -> impl Iterator<Item = (&SourceId, &V)> {
        self.known
            .iter()
            .filter(move |(key, _)| key.0 == kind && (!seen || self.seen.contains(*key)))
            .map(|(key, row)| (&key.1, row))
    }

    /// Takes out a record that came in after all. Costs nothing where it was not listed.
    pub(crate) fn clear(&mut self, step: &mut Step, kind: Kind, source: &SourceId) {
        if self.known.is_empty() {
            return;
        }
        let key = (kind, source.clone());
        if self.known.remove(&key).is_some() {
            step.delete(&self.table, &(self.integration, key.0, key.1));
        }
    }

    /// Takes out what a pass over the whole of a kind did not list again.
    pub(crate) fn close(&mut self, step: &mut Step, kind: Kind) {
        let gone: Vec<_> = self
            .known
            .keys()
            .filter(|key| key.0 == kind && !self.seen.contains(*key))
            .cloned()
            .collect();
        for key in gone {
            step.delete(&self.table, &(self.integration, key.0, key.1.clone()));
            self.known.remove(&key);
        }
    }
}
