//! A record as one value: a byte for the layout, everything that belongs to it in postcard, behind it the PSA's record as
//! it was handed over, compressed. Kind and id are in the key.
//!
//! Typically 1 to 2 KiB. The order of the parts is written to disk. Records of the first layout are read as they are and
//! get the present one when they are written next.

use std::cell::RefCell;

use dovetail_domain::record::MatchedBy;
use dovetail_domain::{
    AssetId, Base, Field, IntegrationId, Kind, Link, Part, Record, SourceId, SyncState, Timestamp, Value,
};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::keys::Space;

/// The most bytes an envelope may have: 2 MiB. A PSA's record alone has at most 1 MiB before it is compressed.
pub const MAX_ENVELOPE: usize = 2 << 20;

/// The most bytes a PSA's record may have once it is expanded: 1 MiB.
pub const MAX_SOURCE: usize = 1 << 20;

/// The byte before the present layout. The first layout has none: it begins with a 0 or a 1, which say whether there is a
/// link.
const LAYOUT: u8 = 2;

#[derive(Serialize)]
struct Written<'a> {
    link: Option<LinkHead<&'a SourceId>>,
    organization: Option<AssetId>,
    fields: &'a [(Field, Value)],
    traits: &'a [(String, String)],
    base: &'a Base,
    held: &'a [Part],
    own: &'a [String],
    updated: Timestamp,
}

#[derive(Deserialize)]
struct Read {
    link: Option<LinkHead<SourceId>>,
    organization: Option<AssetId>,
    fields: Vec<(Field, Value)>,
    traits: Vec<(String, String)>,
    base: Base,
    held: Vec<Part>,
    own: Vec<String>,
    updated: Timestamp,
}

/// The first layout: fields alone could be held, or be otherwise than agreed upon.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct ReadFirst {
    link: Option<LinkHead<SourceId>>,
    organization: Option<AssetId>,
    fields: Vec<(Field, Value)>,
    traits: Vec<(String, String)>,
    base: Vec<(Field, Value)>,
    held: Vec<Field>,
    own: Vec<String>,
    updated: Timestamp,
}

impl From<ReadFirst> for Read {
    fn from(read: ReadFirst) -> Read {
        Read {
            link: read.link,
            organization: read.organization,
            fields: read.fields,
            traits: read.traits,
            base: Base {
                fields: read.base,
                ..Base::default()
            },
            held: read.held.into_iter().map(Part::Field).collect(),
            own: read.own,
            updated: read.updated,
        }
    }
}

/// A link without the PSA's record, which stands behind everything else and is not copied where nobody asks for it.
#[derive(Serialize, Deserialize)]
struct LinkHead<S> {
    integration: IntegrationId,
    source: S,
    version: Option<Timestamp>,
    state: SyncState,
    by: MatchedBy,
    shadow: [u8; 16],
}

/// The key of a record.
pub(crate) fn key(kind: Kind, id: AssetId) -> Vec<u8> {
    Space::Record.key(&(kind, id))
}

/// A record as bytes.
pub fn encode(record: &Record) -> Result<Vec<u8>, StoreError> {
    let written = Written {
        link: record.link.as_ref().map(|link| LinkHead {
            integration: link.integration,
            source: &link.source,
            version: link.version,
            state: link.state,
            by: link.by,
            shadow: link.shadow,
        }),
        organization: record.organization,
        fields: &record.fields,
        traits: &record.traits,
        base: &record.base,
        held: &record.held,
        own: &record.own,
        updated: record.updated,
    };
    let mut start = Vec::with_capacity(1_024);
    start.push(LAYOUT);
    let mut bytes = postcard::to_extend(&written, start)
        .map_err(|error| StoreError::unreadable(&key(record.kind, record.id), error))?;
    if let Some(link) = &record.link {
        bytes.extend(&link.source_json);
    }
    if bytes.len() > MAX_ENVELOPE {
        return Err(StoreError::TooLarge {
            what: format!("the {} `{}`", record.kind, record.name()),
            bytes: bytes.len(),
            limit: MAX_ENVELOPE,
        });
    }
    Ok(bytes)
}

/// The record that bytes stand for.
pub fn decode(kind: Kind, id: AssetId, bytes: &[u8]) -> Result<Record, StoreError> {
    decode_parts(kind, id, bytes, true)
}

/// The same without the PSA's record, for whoever only looks at the rest.
pub(crate) fn decode_without_source(kind: Kind, id: AssetId, bytes: &[u8]) -> Result<Record, StoreError> {
    decode_parts(kind, id, bytes, false)
}

fn decode_parts(kind: Kind, id: AssetId, bytes: &[u8], source: bool) -> Result<Record, StoreError> {
    let read = match bytes.split_first() {
        Some((&LAYOUT, bytes)) => postcard::take_from_bytes::<Read>(bytes),
        _ => postcard::take_from_bytes::<ReadFirst>(bytes).map(|(read, tail)| (read.into(), tail)),
    };
    let (read, tail) = read.map_err(|error| StoreError::unreadable(&key(kind, id), error))?;
    let link = read.link.map(|head| Link {
        integration: head.integration,
        source: head.source,
        version: head.version,
        state: head.state,
        by: head.by,
        shadow: head.shadow,
        source_json: if source { tail.to_vec() } else { Vec::new() },
    });
    Ok(Record {
        id,
        kind,
        organization: read.organization,
        fields: read.fields,
        traits: read.traits,
        link,
        base: read.base,
        held: read.held,
        own: read.own,
        updated: read.updated,
    })
}

thread_local! {
    // Both take some hundred kilobytes to set up: each thread keeps its own.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// A PSA's record as it is kept in [`Link::source_json`].
pub fn compress(json: &str) -> Result<Vec<u8>, StoreError> {
    let failed = |error: std::io::Error| StoreError::fatal("compress a record", error);
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            None => kept.insert(zstd::bulk::Compressor::new(1).map_err(failed)?),
        };
        compressor.compress(json.as_bytes()).map_err(failed)
    })
}

/// The PSA's record behind [`Link::source_json`]: at most [`MAX_SOURCE`] bytes.
pub fn decompress(compressed: &[u8]) -> Result<String, StoreError> {
    let unreadable = |reason: String| StoreError::Unreadable {
        key: "source".to_owned(),
        reason,
    };
    let failed = |error: std::io::Error| unreadable(error.to_string());
    let bytes = DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            None => kept.insert(zstd::bulk::Decompressor::new().map_err(failed)?),
        };
        decompressor.decompress(compressed, MAX_SOURCE).map_err(failed)
    })?;
    String::from_utf8(bytes).map_err(|error| unreadable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn records_lead_back() {
        for number in 1..200 {
            let record = sample::record(number);
            let bytes = encode(&record).unwrap();
            assert_eq!(decode(record.kind, record.id, &bytes).unwrap(), record);
            let mut bare = record.clone();
            if let Some(link) = &mut bare.link {
                link.source_json.clear();
            }
            assert_eq!(
                decode_without_source(record.kind, record.id, &bytes).unwrap(),
                bare
            );
        }
    }

    #[test]
    fn records_of_the_first_layout_are_read() {
        for number in 1..20 {
            let mut record = sample::record(number);
            record.base = Base {
                fields: vec![(Field::Phone, Value::text("1"))],
                ..Base::default()
            };
            record.held = vec![Part::Field(Field::Fax)];
            let first = ReadFirst {
                link: record.link.as_ref().map(|link| LinkHead {
                    integration: link.integration,
                    source: link.source.clone(),
                    version: link.version,
                    state: link.state,
                    by: link.by,
                    shadow: link.shadow,
                }),
                organization: record.organization,
                fields: record.fields.clone(),
                traits: record.traits.clone(),
                base: record.base.fields.clone(),
                held: vec![Field::Fax],
                own: record.own.clone(),
                updated: record.updated,
            };
            let mut bytes = postcard::to_allocvec(&first).unwrap();
            let source = record.link.iter().flat_map(|link| &link.source_json);
            bytes.extend(source);
            assert_eq!(decode(record.kind, record.id, &bytes).unwrap(), record);
        }
    }

    #[test]
    fn cut_bytes_are_an_error() {
        let mut record = sample::record(4);
        record.link = None;
        let bytes = encode(&record).unwrap();
        for short in 0..bytes.len() {
            assert!(
                decode(record.kind, record.id, &bytes[..short]).is_err(),
                "{short} bytes"
            );
        }
    }

    #[test]
    fn expansion_is_capped() {
        let json = format!("{{\"notes\":\"{}\"}}", "x".repeat(5_000));
        assert_eq!(decompress(&compress(&json).unwrap()).unwrap(), json);
        let bomb = compress(&"x".repeat(MAX_SOURCE + 1)).unwrap();
        assert!(bomb.len() < 1_000);
        assert!(decompress(&bomb).is_err());
        assert!(decompress(b"nonsense").is_err());
    }

    #[test]
    fn an_endless_note_is_refused() {
        let mut record = sample::record(4);
        record.set(Field::Notes, Value::text("x".repeat(MAX_ENVELOPE)));
        assert!(matches!(encode(&record), Err(StoreError::TooLarge { .. })));
    }
}
