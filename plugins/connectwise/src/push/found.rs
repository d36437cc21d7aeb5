//! A record as ConnectWise has it: as it is handed on, as it is compared, and letter by letter.

use dovetail_sdk::connector::types::{Fault, SourceRecord};
use serde_json::{Map, Value as Json};

use super::comparing::{is_nothing, member};
use super::wanted::{Members, Wanted};
use crate::api::{Api, Ask};
use crate::listing;
use crate::record::without_control_characters;

/// A record.
#[derive(Debug)]
pub(super) struct Found {
    /// As it is handed on.
    pub(super) source: SourceRecord,
    /// The same, taken apart: without links, nulls and passwords.
    members: Map<String, Json>,
    /// As the server wrote it.
    verbatim: Members,
}

impl Found {
    /// Reads an answer. Whatever is no record is a fault.
    pub(super) fn of(api: &mut Api<'_>, wanted: &Wanted, about: &str, body: &[u8]) -> Result<Self, Fault> {
        let parent = wanted.parent.map(|id| id.to_string());
        let kind = wanted.written.kind();
        let source = listing::single(api, kind, parent.as_deref(), about, body)?.record_found;
        let text = without_control_characters(&String::from_utf8_lossy(body));
        Ok(Found {
            members: serde_json::from_str(&source.json).unwrap_or_default(),
            verbatim: serde_json::from_str(&text).unwrap_or_default(),
            source,
        })
    }

    /// Reads the answer to a write where it is the whole record it should be.
    pub(super) fn whole(api: &mut Api<'_>, wanted: &Wanted, about: &str, body: &[u8]) -> Option<Self> {
        let found = Found::of(api, wanted, about, body).ok()?;
        let told = !found.source.version.is_empty() && !is_nothing(found.now(wanted.written.title()));
        let is_it = wanted.id.is_none_or(|id| found.source.id == id.to_string());
        (told && is_it).then_some(found)
    }

    /// A property.
    pub(super) fn now(&self, property: &str) -> &Json {
        member(&self.members, property)
    }

    /// The items of a list, each letter by letter, as the server has them in order.
    pub(super) fn list(&self, property: &str) -> Vec<&serde_json::value::RawValue> {
        let raw = self.verbatim.get(property).map(|raw| raw.get());
        raw.and_then(|raw| serde_json::from_str(raw).ok())
            .unwrap_or_default()
    }
}

/// The question for the record a change is about.
pub(super) fn question(wanted: &Wanted, id: u64) -> Result<Ask, Fault> {
    Ok(Ask::new(format!("{}/{id}", wanted.written.path(wanted.parent)?)))
}
