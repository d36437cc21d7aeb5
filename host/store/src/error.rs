//! What can go wrong in the store. Every trouble of the storage itself stops the process: what is on disk is whole at
//! each step, so the next start goes on from the last one, while going on after a failed write could lose data.

use std::borrow::Cow;

use dovetail_domain::{Code, Explained};

/// A trouble of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The bytes of a value are not those that were written.
    #[error("the value at {key} in the store is damaged: its checksum does not fit")]
    Corrupt {
        /// The key, as text.
        key: String,
    },
    /// A value was written by a version of the program that this one does not know.
    #[error(
        "the value at {key} in the store has format {version}, which this version of dovetail does not know"
    )]
    Newer {
        /// The key, as text.
        key: String,
        /// The format's number.
        version: u8,
    },
    /// A value's checksum fits, but it is not what is kept at such a key.
    #[error("the value at {key} in the store cannot be read: {reason}")]
    Unreadable {
        /// The key, as text.
        key: String,
        /// What does not fit.
        reason: String,
    },
    /// Reading or writing failed. Nothing more can be done with this store until it is opened again.
    #[error("the store failed to {what}: {cause}")]
    Fatal {
        /// What was being done.
        what: &'static str,
        /// The storage's own words.
        cause: String,
    },
    /// What is on disk is no store any more.
    #[error("the store is damaged: {cause}")]
    Damaged {
        /// The storage's own words.
        cause: String,
    },
    /// What is on disk was whole once and is older than what was there.
    #[error(
        "the store in {folder} is not what it was: the last {lost} steps that were written are not in it"
    )]
    Behind {
        /// Its folder.
        folder: String,
        /// How many steps are missing.
        lost: u64,
        /// The file that knows of them.
        witness: String,
    },
    /// Something is larger than what is kept. Nothing was written.
    #[error("{what} has {bytes} bytes, at most {limit} can be kept")]
    TooLarge {
        /// What is too large.
        what: String,
        /// Its size.
        bytes: usize,
        /// The most there may be.
        limit: usize,
    },
}

impl StoreError {
    /// Whether the process has to stop.
    pub fn is_fatal(&self) -> bool {
        !matches!(self, StoreError::TooLarge { .. })
    }

    pub(crate) fn fatal(what: &'static str, cause: impl std::fmt::Display) -> StoreError {
        StoreError::Fatal {
            what,
            cause: cause.to_string(),
        }
    }

    pub(crate) fn unreadable(key: &[u8], reason: impl std::fmt::Display) -> StoreError {
        StoreError::Unreadable {
            key: show_key(key),
            reason: reason.to_string(),
        }
    }
}

impl Explained for StoreError {
    fn code(&self) -> Code {
        match self {
            StoreError::TooLarge { .. } => Code::RecordInvalid,
            _ => Code::StorageFailed,
        }
    }

    fn hint(&self) -> Cow<'static, str> {
        if let StoreError::Behind { witness, .. } = self {
            let hint = format!(
                "Put back the file that was replaced or cut off, or restore the latest backup into a new home; to go on \
                 with what is left, take away {witness}."
            );
            return hint.into();
        }
        Cow::Borrowed(match self {
            StoreError::Corrupt { .. } | StoreError::Unreadable { .. } => {
                "Keep a copy of the home, check the disk, and restore the latest backup."
            }
            StoreError::Newer { .. } => "Use the version of dovetail that wrote this home, or a later one.",
            StoreError::Fatal { .. } => {
                "Check that the disk has room and can be written, then start again: it goes on from the last whole step. If \
                 it stays, restore the latest backup into a new home."
            }
            StoreError::Damaged { .. } | StoreError::Behind { .. } => {
                "Keep a copy of the home, check the disk, and restore the latest backup into a new home."
            }
            StoreError::TooLarge { .. } => "Shorten the record at its source.",
        })
    }
}

/// A key as people can read it: printable bytes as they are, others in hexadecimal.
pub(crate) fn show_key(key: &[u8]) -> String {
    use std::fmt::Write;
    let mut shown = String::new();
    for byte in key {
        if byte.is_ascii_graphic() {
            shown.push(char::from(*byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\{byte:02x}");
        }
    }
    shown
}
