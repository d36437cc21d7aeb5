//! Finding records: by id, PSA id, match key, name or filter. The index says which may be meant, the envelope whether
//! they are.

use dovetail_domain::matching::MatchKey;
use dovetail_domain::{AssetId, IntegrationId, Kind, Record, SourceId, SyncState};

use crate::StoreError;
use crate::archive::{Archive, COUNTS, READ_AHEAD};
use crate::entry::Entry;
use crate::envelope;
use crate::filter::{Filter, Wanted};
use crate::index::{Counts, Probe};

/// What the index knows of a record without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brief {
    /// Its id.
    pub id: AssetId,
    /// The organization it belongs to.
    pub organization: Option<AssetId>,
    /// The integration it is connected through and how it stands; none where it is not connected.
    pub link: Option<(IntegrationId, SyncState)>,
}

/// A page of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Records in the order of their ids.
    pub records: Vec<Record>,
    /// Where the next page begins behind; none where this was the last.
    pub next: Option<AssetId>,
}

impl Archive {
    /// A record by id.
    pub fn record(&self, kind: Kind, id: AssetId) -> Result<Option<Record>, StoreError> {
        let bytes = self.store().get(&envelope::key(kind, id))?;
        bytes.map(|bytes| envelope::decode(kind, id, &bytes)).transpose()
    }

    /// The record connected with a record of the PSA. Costs one read where there is one and none where there is not.
    pub fn record_by_source(
        &self,
        integration: IntegrationId,
        kind: Kind,
        source: &SourceId,
    ) -> Result<Option<Record>, StoreError> {
        let (ids, _) = self.index()?.by_source(integration, kind, source);
        for id in ids {
            let found = self.record(kind, id)?.filter(|record| {
                record
                    .link
                    .as_ref()
                    .is_some_and(|link| link.integration == integration && link.source == *source)
            });
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The same, of which only the id is wanted. Reads nothing unless the PSA's id has more than 13 bytes.
    pub fn by_source(
        &self,
        integration: IntegrationId,
        kind: Kind,
        source: &SourceId,
    ) -> Result<Option<AssetId>, StoreError> {
        let (ids, certain) = self.index()?.by_source(integration, kind, source);
        if certain {
            return Ok(ids.first().copied());
        }
        Ok(self
            .record_by_source(integration, kind, source)?
            .map(|record| record.id))
    }

    /// The PSA's id of a record; none where it is not connected. Reads nothing unless that id has more than 13 bytes.
    pub fn source(&self, kind: Kind, id: AssetId) -> Result<Option<SourceId>, StoreError> {
        let known = self.index()?.get(kind, id).and_then(|entry| entry.source.id());
        match known {
            Some(source) => Ok(Some(source)),
            None => Ok(self
                .record(kind, id)?
                .and_then(|record| record.link)
                .map(|link| link.source)),
        }
    }

    /// Up to `limit` connections of an integration, in the order of the PSA's ids as text, behind one of them. Each call
    /// looks through all connections of the kind; for kinds with many records [`briefs`](Archive::briefs) is the way.
    pub fn linked(
        &self,
        integration: IntegrationId,
        kind: Kind,
        after: Option<&SourceId>,
        limit: usize,
    ) -> Result<Vec<(SourceId, AssetId)>, StoreError> {
        let probe = Probe {
            integration: Some(integration),
            ..Probe::default()
        };
        let known: Vec<(AssetId, Option<SourceId>)> = {
            let index = self.index()?;
            index
                .fitting(kind, &probe, None)
                .map(|entry| (entry.id, entry.source.id()))
                .collect()
        };
        let mut connections = Vec::with_capacity(known.len());
        for (id, source) in known {
            let source = match source {
                Some(source) => Some(source),
                None => self
                    .record(kind, id)?
                    .and_then(|record| record.link)
                    .map(|link| link.source),
            };
            connections.extend(
                source
                    .filter(|source| after.is_none_or(|after| source > after))
                    .map(|source| (source, id)),
            );
        }
        connections.sort_unstable();
        connections.truncate(limit);
        Ok(connections)
    }

    /// Records of a kind with a match key, the oldest first. Keys may collide: `same` has the last word.
    pub fn candidates(
        &self,
        kind: Kind,
        key: MatchKey,
        same: impl Fn(&Record) -> bool,
    ) -> Result<Vec<Record>, StoreError> {
        let ids = {
            let index = self.index()?;
            index.by_match(index.sketcher.matching(key))
        };
        let mut found = Vec::new();
        for id in ids {
            found.extend(self.record(kind, id)?.filter(&same));
        }
        Ok(found)
    }

    /// Records a person calls so, without regard to case, of one organization where one is given. Looks through the
    /// index of the kind: milliseconds at a million records.
    pub fn named(
        &self,
        kind: Kind,
        name: &str,
        organization: Option<AssetId>,
    ) -> Result<Vec<Record>, StoreError> {
        let filter = Filter {
            organization,
            wanted: vec![Wanted::Name(name.to_owned())],
            ..Filter::default()
        };
        self.list(kind, &filter, None, usize::MAX)
            .map(|listed| listed.records)
    }

    /// What is known of a record without reading it.
    pub fn brief(&self, kind: Kind, id: AssetId) -> Result<Option<Brief>, StoreError> {
        Ok(self.index()?.get(kind, id).map(brief))
    }

    /// What is known of up to `limit` records of a kind behind an id, of one integration and of one organization where
    /// one is given. Reads nothing.
    pub fn briefs(
        &self,
        kind: Kind,
        integration: Option<IntegrationId>,
        organization: Option<AssetId>,
        after: Option<AssetId>,
        limit: usize,
    ) -> Result<Vec<Brief>, StoreError> {
        let probe = Probe {
            integration,
            organization,
            ..Probe::default()
        };
        Ok(self
            .index()?
            .fitting(kind, &probe, after)
            .take(limit)
            .map(brief)
            .collect())
    }

    /// Up to `limit` records that are wanted, in the order of their ids, behind one of them.
    pub fn list(
        &self,
        kind: Kind,
        filter: &Filter,
        after: Option<AssetId>,
        limit: usize,
    ) -> Result<Listed, StoreError> {
        let mut records = Vec::new();
        let mut after = after;
        loop {
            let ids = {
                let index = self.index()?;
                index.ids(kind, &filter.probe(kind, &index.sketcher), after, READ_AHEAD)
            };
            for id in &ids {
                // One that went since the index was asked is passed over.
                let Some(record) = self.record(kind, *id)?.filter(|record| filter.accepts(record)) else {
                    continue;
                };
                if records.len() >= limit {
                    let next = records.last().map(|record: &Record| record.id);
                    return Ok(Listed { records, next });
                }
                records.push(record);
            }
            if ids.len() < READ_AHEAD {
                return Ok(Listed { records, next: None });
            }
            after = ids.last().copied();
        }
    }

    /// How many records are wanted. Reads them only where fields are asked for.
    pub fn count(&self, kind: Kind, filter: &Filter) -> Result<u64, StoreError> {
        if filter.is_exact() {
            let index = self.index()?;
            let probe = filter.probe(kind, &index.sketcher);
            return Ok(index.fitting(kind, &probe, None).count() as u64);
        }
        let mut counted = 0;
        let mut after = None;
        loop {
            let listed = self.list(kind, filter, after, READ_AHEAD)?;
            counted += listed.records.len() as u64;
            match listed.next {
                Some(next) => after = Some(next),
                None => return Ok(counted),
            }
        }
    }

    /// How many records there are by kind, integration and how they stand. Needs no index.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        match self.built() {
            Some(index) => Ok(index.counts().clone()),
            None => Ok(COUNTS.get(self.store(), &())?.unwrap_or_default()),
        }
    }
}

fn brief(entry: &Entry) -> Brief {
    Brief {
        id: entry.id,
        organization: (entry.organization.0 > 0).then_some(entry.organization),
        link: entry.state.map(|state| (entry.integration, state)),
    }
}
