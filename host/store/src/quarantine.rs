//! The quarantine: records of the PSA that could not be taken over, each with its reason, each once.

use dovetail_domain::{IntegrationId, IntegrationName, Kind, QuarantineId, RunId, SourceId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What names a record of the PSA in the quarantine.
pub type QuarantineKey = (IntegrationId, Kind, SourceId);

/// A record that could not be taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Through which integration it was read.
    pub integration: IntegrationId,
    /// Its kind.
    pub kind: Kind,
    /// Its id.
    pub source: SourceId,
    /// What a person calls it; may be empty.
    pub name: String,
    /// The run that met it.
    pub run: RunId,
    /// The reason as a code.
    pub code: String,
    /// The reason in words, the PSA's or the mapping's own.
    pub message: String,
    /// The PSA's record as JSON, where it was read and is not too large.
    pub record: Option<String>,
}

/// An entry of the quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineEntry {
    /// Its id; a record that comes back keeps it.
    pub id: QuarantineId,
    /// The run that met it last.
    pub run: RunId,
    /// Through which integration it was read.
    pub integration: IntegrationId,
    /// Its kind.
    pub kind: Kind,
    /// Its id.
    pub source: SourceId,
    /// What a person calls it; may be empty.
    #[serde(default)]
    pub name: String,
    /// The latest reason as a code.
    pub code: String,
    /// The latest reason in words.
    pub message: String,
    /// When it was met first.
    pub first_seen: Timestamp,
    /// When it was met last.
    pub last_seen: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// The PSA's record as JSON as it was met last, where it was read and is not too large.
    #[serde(default)]
    pub record: Option<String>,
}

impl QuarantineEntry {
    /// What it is filed under.
    pub fn key(&self) -> QuarantineKey {
        (self.integration, self.kind, self.source.clone())
    }

    /// The entry for a record met now, going on from the one that is there.
    pub(crate) fn met(
        id: QuarantineId,
        met: Quarantined,
        at: Timestamp,
        known: Option<&QuarantineEntry>,
    ) -> QuarantineEntry {
        QuarantineEntry {
            id,
            run: met.run,
            integration: met.integration,
            kind: met.kind,
            source: met.source,
            name: met.name,
            code: met.code,
            message: met.message,
            first_seen: known.map_or(at, |known| known.first_seen),
            last_seen: at,
            record: met.record,
            attempts: known.map_or(0, |known| known.attempts).saturating_add(1),
        }
    }

    /// As JSON, with the integration's name as it is now.
    pub fn to_json(&self, integration: &IntegrationName) -> serde_json::Value {
        json!({"id": self.id.to_string(), "run": self.run.to_string(), "integration": integration.as_str(),
               "kind": self.kind, "source_id": self.source.as_str(), "name": self.name, "code": self.code,
               "message": self.message, "first_seen": self.first_seen.to_string(),
               "last_seen": self.last_seen.to_string(), "attempts": self.attempts})
    }
}
