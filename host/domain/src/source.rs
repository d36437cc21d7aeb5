//! Records as the PSA gave them, and what a connector says about their coming in.

use serde::{Deserialize, Serialize};

use crate::{Kind, SourceId, Timestamp};

/// A record of the PSA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRecord {
    /// The documentation kind it belongs to.
    pub kind: Kind,
    /// The PSA's id, unique within the kind.
    pub id: SourceId,
    /// When the PSA says it changed last.
    pub version: Option<Timestamp>,
    /// What a person calls it, used in messages.
    pub name: String,
    /// The record's own JSON: one object, at most 1 MiB. The host hands it on and does not read it.
    pub json: String,
}

/// A record of the PSA, named by id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SourceRef {
    /// Its kind.
    pub kind: Kind,
    /// Its id.
    pub id: SourceId,
    /// What a person calls it.
    pub name: String,
}

/// A record of a listing and whether the selection lets it in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// The record.
    pub record: SourceRecord,
    /// Why it does not come in; empty: it does.
    pub excluded: Vec<Exclusion>,
    /// The parent's id for kinds that have one.
    pub parent: Option<SourceId>,
}

/// A reason for which a record does not come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// `not-selected`, `inactive`, `deleted`, `outside-window`.
    pub reason: String,
    /// The settings group whose options are missing.
    pub group: Option<String>,
    /// Labels of the options that are not selected.
    pub labels: Vec<String>,
}
