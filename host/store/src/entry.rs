//! What the index knows of a record: 56 bytes. Texts are hashes, so an entry says "perhaps" and the envelope decides.
//! A PSA's id of usual length stands there as it is, so connections are found without reading anything.

use std::hash::{BuildHasher, Hash, RandomState};

use dovetail_domain::{AssetId, Field, IntegrationId, Kind, Record, SourceId, SyncState, matching};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: AssetId,
    /// 0: none.
    pub(crate) organization: AssetId,
    /// 0: none, here and below.
    pub(crate) name: u32,
    pub(crate) kind_of: u32,
    pub(crate) status: u32,
    pub(crate) serial: u32,
    pub(crate) matching: u32,
    pub(crate) source: Source,
    pub(crate) integration: IntegrationId,
    pub(crate) state: Option<SyncState>,
}

impl Default for Entry {
    fn default() -> Entry {
        Entry {
            id: AssetId(0),
            organization: AssetId(0),
            name: 0,
            kind_of: 0,
            status: 0,
            serial: 0,
            matching: 0,
            source: Source::default(),
            integration: IntegrationId::NONE,
            state: None,
        }
    }
}

/// A PSA's id: as it is where it is short, else a hash of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Source {
    bytes: [u8; Source::ROOM],
    length: u8,
}

impl Source {
    const ROOM: usize = 13;

    /// Stands for the length of an id that is only in the envelope.
    const LONG: u8 = u8::MAX;

    /// The id; none where only the envelope has it.
    pub(crate) fn id(&self) -> Option<SourceId> {
        let bytes = self.bytes.get(..usize::from(self.length))?;
        SourceId::new(std::str::from_utf8(bytes).ok()?)
    }
}

/// Makes entries. Its hashes differ from process to process, so nobody can prepare records that collide.
#[derive(Debug, Default)]
pub(crate) struct Sketcher {
    hasher: RandomState,
}

impl Sketcher {
    pub(crate) fn entry(&self, record: &Record) -> Entry {
        let text = |field| record.get(field).as_text().map_or(0, |text| self.text(text));
        let link = record.link.as_ref();
        Entry {
            id: record.id,
            organization: record.organization.unwrap_or(AssetId(0)),
            name: self.text(&record.name()),
            kind_of: text(Field::Type),
            status: text(Field::Status),
            serial: text(Field::SerialNumber),
            matching: matching::record_key(record).map_or(0, |key| self.matching(key)),
            source: link.map_or(Source::default(), |link| self.source(&link.source)),
            integration: link.map_or(IntegrationId::NONE, |link| link.integration),
            state: link.map(|link| link.state),
        }
    }

    /// Texts that differ in case or in the space around them are alike.
    pub(crate) fn text(&self, text: &str) -> u32 {
        let text = folded(text);
        if text.is_empty() { 0 } else { self.hash(text) }
    }

    pub(crate) fn source(&self, id: &SourceId) -> Source {
        let text = id.as_str().as_bytes();
        let mut bytes = [0; Source::ROOM];
        match bytes.get_mut(..text.len()) {
            Some(place) => {
                place.copy_from_slice(text);
                // It has at most 13 bytes.
                let length = text.len() as u8;
                Source { bytes, length }
            }
            None => {
                let hash = self.hasher.hash_one(text).to_ne_bytes();
                bytes.iter_mut().zip(hash).for_each(|(slot, byte)| *slot = byte);
                Source {
                    bytes,
                    length: Source::LONG,
                }
            }
        }
    }

    /// What a connection is filed under.
    pub(crate) fn connection(&self, integration: IntegrationId, kind: Kind, source: Source) -> u32 {
        self.hash((integration, kind, source))
    }

    pub(crate) fn matching(&self, key: matching::MatchKey) -> u32 {
        self.hash(key)
    }

    /// Never 0, which stands for none.
    fn hash(&self, what: impl Hash) -> u32 {
        ((self.hasher.hash_one(what) >> 32) as u32).max(1)
    }
}

/// A text as it is compared where people type it.
pub(crate) fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_stays_small() {
        assert_eq!(size_of::<Entry>(), 56);
    }

    #[test]
    fn short_ids_stand_there_as_they_are() {
        let sketcher = Sketcher::default();
        let id = |text: &str| SourceId::new(text).unwrap();
        for text in ["1", "1234567890123", "äöü"] {
            assert_eq!(sketcher.source(&id(text)).id(), Some(id(text)));
        }
        let long = sketcher.source(&id("12345678901234"));
        assert_eq!(long.id(), None);
        assert_eq!(long, sketcher.source(&id("12345678901234")));
        assert_ne!(long, sketcher.source(&id("12345678901235")));
    }
}
