//! What can go wrong with secrets at rest, in words that give nothing away.

use std::borrow::Cow;

use dovetail_domain::{Code, Explained};

use super::{Content, KeyId};

/// Why a secret could not be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// A secret was sealed under a key nobody has.
    #[error("the key {id} a secret was stored under was not found")]
    KeyMissing {
        /// The key's id.
        id: KeyId,
    },
    /// A sealed secret was changed, or belongs to something else.
    #[error("the stored secret {owner} does not open with its key: it was changed or moved")]
    Damaged {
        /// What it belongs to.
        owner: String,
    },
    /// A stored secret is no sealed secret.
    #[error("a stored secret has a form this version does not know")]
    UnknownForm,
    /// A key is no key.
    #[error("{place} does not hold keys of 32 bytes in Base64")]
    KeyMalformed {
        /// Where it stands.
        place: String,
    },
    /// Others could read the key file.
    #[error("the key file {path} can be read by others than its owner")]
    KeyFileOpen {
        /// The file.
        path: String,
    },
    /// The key file could not be read or written.
    #[error("the key file {path} could not be used: {reason}")]
    KeyFile {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The home has no place beside it.
    #[error("no key file can stand beside the home {path}")]
    NoPlace {
        /// The home.
        path: String,
    },
    /// The system's keyring did not answer.
    #[error("the system's keyring could not be used: {reason}")]
    Keyring {
        /// What it said.
        reason: String,
    },
    /// This binary was built without the keyring.
    #[error("this binary cannot use the system's keyring")]
    KeyringNotBuilt,
    /// The key comes from the environment.
    #[error("the key comes from DOVETAIL_KEY and cannot be changed from here")]
    RotateByHand,
    /// A file is something else.
    #[error("the file is {}", not_one(*wanted, *found))]
    NotOne {
        /// What was to be read.
        wanted: Content,
        /// What it is, where it is one of dovetail's.
        found: Option<Content>,
    },
    /// A newer version of the program wrote a file.
    #[error("the file has format {version}, which this version of dovetail does not know")]
    BackupNewer {
        /// Its format's number.
        version: u8,
    },
    /// A file is not as it was written.
    #[error("the file is damaged or cut off")]
    BackupDamaged,
    /// A backup was sealed under a key nobody has here.
    #[error("the backup was sealed under the key {id}, which was not found")]
    BackupKeyMissing {
        /// The key's id.
        id: KeyId,
    },
    /// A file asks for a passphrase.
    #[error("the file was sealed under a passphrase and none was given")]
    PassphraseMissing,
    /// It is another passphrase.
    #[error("the passphrase is not the one the file was sealed under")]
    PassphraseWrong,
    /// The system gave no randomness.
    #[error("the system gave no random numbers: {reason}")]
    NoRandomness {
        /// What it said.
        reason: String,
    },
}

fn not_one(wanted: Content, found: Option<Content>) -> String {
    match found {
        Some(found) => format!("of another sort: {found}, no {wanted}"),
        None => format!("no {wanted} of dovetail, or it is cut off in its first bytes"),
    }
}

impl Explained for VaultError {
    fn code(&self) -> Code {
        match self {
            VaultError::NoRandomness { .. } => Code::Internal,
            VaultError::RotateByHand | VaultError::KeyringNotBuilt => Code::ValueRefused,
            VaultError::NotOne { .. } | VaultError::BackupNewer { .. } | VaultError::BackupDamaged => {
                Code::BackupRefused
            }
            _ => Code::KeyMissing,
        }
    }

    fn hint(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            VaultError::KeyMissing { .. } => {
                "Bring back the key file or DOVETAIL_KEY that belongs to this home, or give the secrets again."
            }
            VaultError::Damaged { .. } | VaultError::UnknownForm => {
                "Give the secret again with `dovetail integration update NAME --secret …`."
            }
            VaultError::KeyMalformed { .. } => {
                "A key is made by `openssl rand -base64 32`; several are separated by commas, the current one first."
            }
            VaultError::KeyFileOpen { .. } => {
                "Take the rights away with `chmod 600` and consider the key as seen."
            }
            VaultError::KeyFile { .. } => {
                "Check that the file and its folder belong to you and are not full."
            }
            VaultError::NoPlace { .. } => "Choose a home with a name, or set DOVETAIL_KEY.",
            VaultError::Keyring { .. } => "Unlock the keyring, or set DOVETAIL_KEY.",
            VaultError::KeyringNotBuilt => "Build it with the feature `keyring`, or use the key file.",
            VaultError::RotateByHand => {
                "Set DOVETAIL_KEY to a new key, a comma and the one it held, run this again, then drop the old one."
            }
            VaultError::NotOne {
                wanted: Content::Backup,
                ..
            } => "Name a file that `dovetail backup` wrote.",
            VaultError::NotOne {
                wanted: Content::Integration,
                ..
            } => "Name a file that `dovetail integration export` wrote.",
            VaultError::BackupNewer { .. } => "Use the version of dovetail that wrote it, or a later one.",
            VaultError::BackupDamaged => "Take another copy of it, or an earlier one.",
            VaultError::BackupKeyMissing { .. } => {
                "Put the key file of the home it was made of beside this home (`<home>.key`), or set DOVETAIL_KEY."
            }
            VaultError::PassphraseMissing => {
                "Say where it is with --passphrase env:VAR, file:PATH or - for standard input."
            }
            VaultError::PassphraseWrong => "Give the passphrase it was made with.",
            VaultError::NoRandomness { .. } => "Report this together with the system's name and version.",
        })
    }
}
