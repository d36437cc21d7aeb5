//! The index in memory: built from the envelopes, changed in the same step as they are, about 110 bytes a record.
//!
//! It answers with ids that may fit. Names, types, serial numbers and match keys are kept as hashes, so whoever asks
//! compares with the envelope before believing it; [`Archive`](crate::Archive) does.

use std::collections::BTreeMap;

use dovetail_domain::{AssetId, IntegrationId, Kind, Record, SourceId, SyncState};
use serde::{Deserialize, Serialize};

use crate::entry::{Entry, Sketcher};
use crate::lookup::Lookup;
use crate::shelf::Shelf;

#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) sketcher: Sketcher,
    shelves: [Shelf; Kind::ALL.len()],
    sources: Lookup,
    matches: Lookup,
    counts: Counts,
}

/// What entries are asked for. An entry that does not fit cannot be meant; one that fits may be.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Probe {
    pub(crate) integration: Option<IntegrationId>,
    pub(crate) organization: Option<AssetId>,
    pub(crate) state: Option<SyncState>,
    pub(crate) name: Option<u32>,
    pub(crate) kind_of: Option<u32>,
    pub(crate) status: Option<u32>,
    pub(crate) serial: Option<u32>,
}

impl Probe {
    fn fits(&self, entry: &Entry) -> bool {
        self.integration
            .is_none_or(|wanted| entry.state.is_some() && entry.integration == wanted)
            && self
                .organization
                .is_none_or(|wanted| entry.organization == wanted)
            && self.state.is_none_or(|wanted| entry.state == Some(wanted))
            && self.name.is_none_or(|wanted| entry.name == wanted)
            && self.kind_of.is_none_or(|wanted| entry.kind_of == wanted)
            && self.status.is_none_or(|wanted| entry.status == wanted)
            && self.serial.is_none_or(|wanted| entry.serial == wanted)
    }
}

impl Index {
    pub(crate) fn entry_of(&self, record: &Record) -> Entry {
        self.sketcher.entry(record)
    }

    pub(crate) fn get(&self, kind: Kind, id: AssetId) -> Option<&Entry> {
        self.shelf(kind).get(id)
    }

    /// Sets or removes what is known of a record.
    pub(crate) fn set(&mut self, kind: Kind, id: AssetId, entry: Option<Entry>) {
        let old = match entry {
            Some(entry) => self.shelf_mut(kind).put(entry),
            None => self.shelf_mut(kind).remove(id),
        };
        self.counts.replace(kind, old.as_ref(), entry.as_ref());
        let source_of = |entry: Option<&Entry>| entry.map_or(0, |entry| self.connection(kind, entry));
        let match_of = |entry: Option<&Entry>| entry.map_or(0, |entry| entry.matching);
        let (old_source, source) = (source_of(old.as_ref()), source_of(entry.as_ref()));
        let (old_match, matching) = (match_of(old.as_ref()), match_of(entry.as_ref()));
        for (lookup, old, new) in [
            (&mut self.sources, old_source, source),
            (&mut self.matches, old_match, matching),
        ] {
            if old != new && old > 0 {
                lookup.remove(old, id);
            }
            if old != new && new > 0 {
                lookup.insert(new, id);
            }
        }
    }

    /// Records that may be connected with a record of the PSA, and whether that is certain.
    pub(crate) fn by_source(
        &self,
        integration: IntegrationId,
        kind: Kind,
        source: &SourceId,
    ) -> (Vec<AssetId>, bool) {
        let source = self.sketcher.source(source);
        let found = self
            .sources
            .get(self.sketcher.connection(integration, kind, source));
        let is_it = |id: &AssetId| {
            self.get(kind, *id).is_some_and(|entry| {
                entry.state.is_some() && entry.integration == integration && entry.source == source
            })
        };
        let mut ids: Vec<_> = found.filter(is_it).collect();
        ids.sort_unstable();
        (ids, source.id().is_some())
    }

    /// The hash a connection is filed under; 0 where there is none.
    fn connection(&self, kind: Kind, entry: &Entry) -> u32 {
        entry.state.map_or(0, |_| {
            self.sketcher.connection(entry.integration, kind, entry.source)
        })
    }

    /// Records that may have a match key, the oldest first.
    pub(crate) fn by_match(&self, hash: u32) -> Vec<AssetId> {
        let mut found: Vec<_> = self.matches.get(hash).collect();
        found.sort_unstable();
        found
    }

    /// Up to `limit` ids behind another whose entries fit, ascending.
    pub(crate) fn ids(
        &self,
        kind: Kind,
        probe: &Probe,
        after: Option<AssetId>,
        limit: usize,
    ) -> Vec<AssetId> {
        self.fitting(kind, probe, after)
            .map(|entry| entry.id)
            .take(limit)
            .collect()
    }

    pub(crate) fn fitting(
        &self,
        kind: Kind,
        probe: &Probe,
        after: Option<AssetId>,
    ) -> impl Iterator<Item = &Entry> {
        self.shelf(kind).after(after).filter(|entry| probe.fits(entry))
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.shelves.iter().map(Shelf::len).sum()
    }

    /// Bytes taken.
    pub(crate) fn bytes(&self) -> usize {
        self.shelves.iter().map(Shelf::bytes).sum::<usize>() + self.sources.bytes() + self.matches.bytes()
    }

    fn shelf(&self, kind: Kind) -> &Shelf {
        let [organizations, locations, contacts, configurations, tickets] = &self.shelves;
        match kind {
            Kind::Organization => organizations,
            Kind::Location => locations,
            Kind::Contact => contacts,
            Kind::Configuration => configurations,
            Kind::Ticket => tickets,
        }
    }

    fn shelf_mut(&mut self, kind: Kind) -> &mut Shelf {
        let [organizations, locations, contacts, configurations, tickets] = &mut self.shelves;
        match kind {
            Kind::Organization => organizations,
            Kind::Location => locations,
            Kind::Contact => contacts,
            Kind::Configuration => configurations,
            Kind::Ticket => tickets,
        }
    }
}

/// How many records there are, by kind, integration and how they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// No integration and state 0 are records of the documentation's own. None is 0.
    records: BTreeMap<(Kind, IntegrationId, u8), u64>,
}

impl Counts {
    /// Records of a kind that are connected through an integration and stand so; all of them where no state is named.
    pub fn linked(&self, integration: IntegrationId, kind: Kind, state: Option<SyncState>) -> u64 {
        let wanted = state.map(|state| state_number(Some(state)));
        self.records
            .range((kind, integration, 1)..=(kind, integration, u8::MAX))
            .filter(|((_, _, state), _)| wanted.is_none_or(|wanted| wanted == *state))
            .map(|(_, records)| records)
            .sum()
    }

    /// Records of a kind that are not connected.
    pub fn unlinked(&self, kind: Kind) -> u64 {
        self.records
            .get(&(kind, IntegrationId::NONE, 0))
            .copied()
            .unwrap_or(0)
    }

    /// All records of a kind.
    pub fn total(&self, kind: Kind) -> u64 {
        let first = (kind, IntegrationId::NONE, 0);
        self.records
            .range(first..=(kind, IntegrationId(u32::MAX), u8::MAX))
            .map(|(_, records)| records)
            .sum()
    }

    pub(crate) fn replace(&mut self, kind: Kind, old: Option<&Entry>, new: Option<&Entry>) {
        let place = |entry: &Entry| (kind, entry.integration, state_number(entry.state));
        if let Some(new) = new.map(place) {
            *self.records.entry(new).or_default() += 1;
        }
        if let Some(old) = old.map(place)
            && let Some(records) = self.records.get_mut(&old)
        {
            *records -= 1;
            if *records == 0 {
                self.records.remove(&old);
            }
        }
    }
}

fn state_number(state: Option<SyncState>) -> u8 {
    match state {
        None => 0,
        Some(SyncState::Enabled) => 1,
        Some(SyncState::Disabled) => 2,
        Some(SyncState::Orphaned) => 3,
        Some(SyncState::Held) => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn changes_are_followed() {
        let mut index = Index::default();
        for number in 1..=50 {
            let record = sample::record(number);
            let entry = index.entry_of(&record);
            index.set(record.kind, record.id, Some(entry));
        }
        let mut record = sample::record(10);
        let old = index.entry_of(&record);
        let source = record.link.as_ref().unwrap().source.clone();
        let by_source = |index: &Index| index.by_source(old.integration, Kind::Organization, &source);
        assert_eq!(by_source(&index), (vec![record.id], true));
        assert_eq!(index.by_match(old.matching), [record.id]);
        assert_eq!(index.counts().total(Kind::Organization), 10);

        record.link = None;
        record.set(
            dovetail_domain::Field::Name,
            dovetail_domain::Value::text("other"),
        );
        let entry = index.entry_of(&record);
        let unlinked = index.counts().unlinked(Kind::Organization);
        index.set(record.kind, record.id, Some(entry));
        assert!(by_source(&index).0.is_empty());
        assert!(index.by_match(old.matching).is_empty());
        assert_eq!(index.by_match(entry.matching), [record.id]);
        assert_eq!(index.counts().unlinked(Kind::Organization), unlinked + 1);

        index.set(record.kind, record.id, None);
        assert!(index.by_match(entry.matching).is_empty());
        assert_eq!(index.counts().total(Kind::Organization), 9);
        assert_eq!(index.len(), 49);
    }

    #[test]
    fn a_record_takes_at_most_120_bytes() {
        let mut index = Index::default();
        for number in 1..=60_000 {
            let mut entry = index.entry_of(&sample::record(4));
            entry.id = AssetId(number);
            // Any different hashes will do.
            entry.source = index.sketcher.source(&SourceId::new(number.to_string()).unwrap());
            entry.matching = u32::try_from(number).unwrap().wrapping_mul(2_654_435_761).max(1);
            index.set(Kind::Configuration, entry.id, Some(entry));
        }
        assert!(
            index.bytes() / index.len() <= 120,
            "{} bytes a record",
            index.bytes() / index.len()
        );
    }
}
