//! What `integration export` and `integration import` answer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use dovetail_domain::Kind;
use serde::{Deserialize, Serialize};

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// The integration.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Links in it by kind.
    pub links: BTreeMap<Kind, u64>,
    /// Mapping layers in it.
    pub layers: u64,
    /// Policies in it.
    pub policies: u64,
    /// What persons said of records, in it.
    pub choices: u64,
    /// Keys of the secrets, which are not in it.
    pub secrets: Vec<String>,
}

/// What was taken up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Its name here.
    pub name: String,
    /// Links that are attached, by kind.
    pub links: BTreeMap<Kind, u64>,
    /// How many of them were found by name, their ids being others here.
    pub by_name: u64,
    /// Links that found no record; the next run matches the PSA's records as it does any.
    pub not_attached: Vec<NotAttached>,
    /// How many more of those there are.
    pub more: u64,
    /// Mapping layers.
    pub layers: u64,
    /// Policies.
    pub policies: u64,
    /// What persons said of records.
    pub choices: u64,
    /// Keys of the secrets that were given.
    pub secrets: Vec<String>,
    /// Lines a person should read.
    pub notes: Vec<String>,
}

/// A link that found no record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "names say it")]
pub struct NotAttached {
    pub kind: Kind,
    pub source_id: String,
    pub name: String,
    pub why: String,
}
