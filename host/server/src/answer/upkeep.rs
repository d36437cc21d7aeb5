//! Answers about the store's upkeep.

use std::path::PathBuf;

use dovetail_store::{Dropped, Wrong};
use serde::{Deserialize, Serialize};

/// What was found when everything that is kept was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Whether nothing is wrong.
    pub ok: bool,
    /// Records that were looked at.
    pub records: u64,
    /// Values of every sort and files that were looked at.
    pub checked: u64,
    /// What is wrong.
    pub problems: Vec<Wrong>,
    /// How much more is wrong than is named.
    #[serde(default, skip_serializing_if = "none")]
    pub more: u64,
}

fn none(number: &u64) -> bool {
    *number == 0
}

/// A backup that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedUp {
    /// The file.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Values it holds.
    pub values: u64,
    /// Files of added plugins it holds.
    pub plugins: u64,
    /// The id of the home's key it is sealed under; null where it is a passphrase.
    pub key: Option<String>,
}

/// A backup that was put into a new home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// The home.
    pub home: PathBuf,
    /// Records in it.
    pub records: u64,
    /// Values in it.
    pub values: u64,
    /// Files of added plugins in it.
    pub plugins: u64,
    /// What a person has to do, where something is left.
    pub note: Option<String>,
}

/// What came of writing the store anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compacted {
    /// Values it holds.
    pub values: u64,
    /// Bytes on disk before.
    pub before: u64,
    /// Bytes on disk after.
    pub after: u64,
    /// What was older than it is to be kept.
    pub dropped: Dropped,
}
