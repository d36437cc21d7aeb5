//! Reading what stands beside the records: tables, runs, the quarantine, and what happened to records.

use dovetail_domain::{AssetId, IntegrationId, Kind, QuarantineId, RunId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::archive::{AUDIT, Archive, HISTORY, READ_AHEAD};
use crate::bytes::{scan, scan_back};
use crate::history::{AuditEntry, Change, Past, Touched};
use crate::keys::{Key, Space};
use crate::quarantine::QuarantineEntry;
use crate::run::Run;
use crate::table::{IMPORTS, QUARANTINE, RUNS, Table};

impl Archive {
    /// A value of a table.
    pub fn get<K: Key, V: Serialize + DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        key: &K,
    ) -> Result<Option<V>, StoreError> {
        table.get(self.store(), key)
    }

    /// All of a small table, in the order of its keys.
    pub fn rows<K: Key, V: Serialize + DeserializeOwned>(
        &self,
        table: &Table<K, V>,
    ) -> Result<Vec<(K, V)>, StoreError> {
        table.list(self.store())
    }

    /// A run.
    pub fn run(&self, id: RunId) -> Result<Option<Run>, StoreError> {
        RUNS.get(self.store(), &id)
    }

    /// Up to `limit` runs, newest first, of one integration where one is given.
    pub fn runs(&self, integration: Option<IntegrationId>, limit: usize) -> Result<Vec<Run>, StoreError> {
        scan_back(self.store(), Space::Run.key(&()))
            .map(|pair| RUNS.row(pair?).map(|(_, run)| run))
            .filter(|run| match run {
                Ok(run) => integration.is_none_or(|wanted| run.integration == wanted),
                Err(_) => true,
            })
            .take(limit)
            .collect()
    }

    /// The latest import that changed something and was not taken back.
    pub fn last_import(&self) -> Result<Option<RunId>, StoreError> {
        let last = IMPORTS.page_back(self.store(), &(), None, 1)?;
        Ok(last.first().map(|(run, _)| *run))
    }

    /// Up to `limit` entries of the quarantine behind one of them, of one integration where one is given.
    pub fn quarantine(
        &self,
        integration: Option<IntegrationId>,
        after: Option<QuarantineId>,
        limit: usize,
    ) -> Result<Vec<QuarantineEntry>, StoreError> {
        let mut found = Vec::new();
        let mut after = after;
        while found.len() < limit {
            let page = QUARANTINE.page(self.store(), &(), after.as_ref(), READ_AHEAD)?;
            let ended = page.len() < READ_AHEAD;
            after = page.last().map(|(id, _)| *id);
            let wanted = page
                .into_iter()
                .map(|(_, entry)| entry)
                .filter(|entry| integration.is_none_or(|wanted| entry.integration == wanted));
            found.extend(wanted.take(limit - found.len()));
            if ended {
                break;
            }
        }
        Ok(found)
    }

    /// An entry of the quarantine.
    pub fn quarantined(&self, id: QuarantineId) -> Result<Option<QuarantineEntry>, StoreError> {
        QUARANTINE.get(self.store(), &id)
    }

    /// What happened to a record, the oldest first. The creation is looked for in the audit: one entry a page that was
    /// created.
    pub fn history(&self, kind: Kind, id: AssetId) -> Result<Vec<Past>, StoreError> {
        let mut past = Vec::new();
        for pair in scan(self.store(), Space::Audit.key(&())) {
            let (_, entry) = AUDIT.row(pair?)?;
            if entry.created.contains(&(kind, id)) {
                past.push(Past {
                    at: entry.at,
                    cause: entry.cause,
                    change: Change::Created,
                    plugin: None,
                });
            }
        }
        past.extend(self.changes(kind, id)?);
        Ok(past)
    }

    /// The same without its creation: one look at the record's own chapters.
    pub fn changes(&self, kind: Kind, id: AssetId) -> Result<Vec<Past>, StoreError> {
        let mut past = Vec::new();
        for (_, chapter) in HISTORY.list_under(self.store(), &(kind, id))? {
            past.extend(chapter.rows());
        }
        Ok(past)
    }

    /// What a run did, step by step: up to `limit` entries behind one, each with its number.
    pub fn audit(
        &self,
        run: RunId,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
        let after = after.map(|number| (run, number));
        let rows = AUDIT.page(self.store(), &run, after.as_ref(), limit)?;
        Ok(rows
            .into_iter()
            .map(|((_, number), entry)| (number, entry))
            .collect())
    }

    /// The records that one step of the audit touched, with what it did to each.
    pub fn touched(&self, number: u64, entry: &AuditEntry) -> Result<Vec<Touched>, StoreError> {
        let touched = |kind, id, changes| Touched {
            kind,
            id,
            at: entry.at,
            cause: entry.cause.clone(),
            changes,
        };
        let mut all: Vec<Touched> = entry
            .created
            .iter()
            .map(|(kind, id)| touched(*kind, *id, vec![Change::Created]))
            .collect();
        for (kind, id) in entry.changed.iter().chain(&entry.removed) {
            if let Some(chapter) = HISTORY.get(self.store(), &(*kind, (*id, number)))? {
                all.push(touched(*kind, *id, chapter.changes));
            }
        }
        Ok(all)
    }
}
