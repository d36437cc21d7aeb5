//! What can go wrong with secrets at rest, in words that give nothing away.

use std::borrow::Cow;

use dovetail_domain::{Code, Explained};

use super::KeyId;

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
    /// The system gave no randomness.
    #[error("the system gave no random numbers: {reason}")]
    NoRandomness {
        /// What it said.
        reason: String,
    },
}

impl Explained for VaultError {
    fn code(&self) -> Code {
        match self {
            VaultError::NoRandomness { .. } => Code::Internal,
            VaultError::RotateByHand | VaultError::KeyringNotBuilt => Code::ValueRefused,
            _ => Code::KeyMissing,
        }
    }

    fn hint(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            VaultError::KeyMissing { .. } => {
                "bring back the key file or DOVETAIL_KEY that belongs to this home, or give the secrets again."
            }
            VaultError::Damaged { .. } | VaultError::UnknownForm => {
                "give the secret again with `dovetail integration update NAME --secret …`."
            }
            VaultError::KeyMalformed { .. } => {
                "a key is made by `openssl rand -base64 32`; several are separated by commas, the current one first."
            }
            VaultError::KeyFileOpen { .. } => {
                "take the rights away with `chmod 600` and consider the key as seen."
            }
            VaultError::KeyFile { .. } => {
                "check that the file and its folder belong to you and are not full."
            }
            VaultError::NoPlace { .. } => "choose a home with a name, or set DOVETAIL_KEY.",
            VaultError::Keyring { .. } => "unlock the keyring, or set DOVETAIL_KEY.",
            VaultError::KeyringNotBuilt => "build it with the feature `keyring`, or use the key file.",
            VaultError::RotateByHand => {
                "set DOVETAIL_KEY to a new key, a comma and the one it held, run this again, then drop the old one."
            }
            VaultError::NoRandomness { .. } => "report this together with the system's name and version.",
        })
    }
}
