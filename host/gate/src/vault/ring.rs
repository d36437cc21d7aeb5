//! The master key in the system's keyring: one entry a home.

use std::path::Path;

use keyring::{Entry, Error};
use zeroize::Zeroizing;

use super::VaultError;
use super::key::{self, MasterKey};

fn entry(home: &Path) -> Result<Entry, VaultError> {
    Entry::new("dovetail", &home.display().to_string()).map_err(failed)
}

/// Reads the keys; none where there is no entry.
pub(super) fn read(home: &Path) -> Result<Option<Vec<MasterKey>>, VaultError> {
    match entry(home)?.get_password() {
        Ok(text) => key::read("the system's keyring", &Zeroizing::new(text)).map(Some),
        Err(Error::NoEntry) => Ok(None),
        Err(trouble) => Err(failed(trouble)),
    }
}

/// Puts keys there.
pub(super) fn replace(home: &Path, keys: &[MasterKey]) -> Result<(), VaultError> {
    entry(home)?.set_password(&key::written(keys)).map_err(failed)
}

fn failed(trouble: Error) -> VaultError {
    VaultError::Keyring {
        reason: trouble.to_string(),
    }
}
