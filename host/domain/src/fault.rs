//! A plugin's trouble after the host took it over: what kind it is, which the scheduler acts on, and words for people.

use serde::{Deserialize, Serialize};

/// What kind of trouble it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// A setting has to be changed; carries its key.
    InvalidConfig(String),
    /// The PSA refused the credentials.
    Auth,
    /// The PSA refused this part; carries the permission's id.
    Permission(String),
    /// The PSA asks for patience, in seconds; 0 where it did not say.
    RateLimited(u32),
    /// It may work later.
    Transient,
    /// The answer is too large even for the smallest page.
    TooLarge,
    /// The PSA says that the record does not exist.
    Gone,
    /// The record's data is at fault; carries the field, empty for the whole record.
    Data(String),
    /// The plugin met a case it was not written for.
    Bug,
}

/// A trouble with its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// What kind it is.
    pub cause: Cause,
    /// What happened and to what, at most 2 KiB, without control characters.
    pub message: String,
}
