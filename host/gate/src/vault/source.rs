//! Where master keys come from, in order: the environment, the system's keyring where it was chosen, the key file.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::file;
use super::key::{self, MasterKey};
use super::{KeyId, VaultError};

/// The name of the environment's variable.
const VARIABLE: &str = "DOVETAIL_KEY";

/// Where the current key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// `DOVETAIL_KEY`.
    Environment,
    /// The system's keyring.
    Keyring,
    /// The file beside the home.
    File,
}

/// Where to look for keys. It has no `Debug`, for it may hold one.
pub struct VaultPlace {
    home: PathBuf,
    given: Option<Zeroizing<String>>,
    keyring: bool,
}

impl VaultPlace {
    /// A home, and what `DOVETAIL_KEY` holds in this process. An empty variable counts as none.
    pub fn of_home(home: impl Into<PathBuf>) -> Self {
        let given = std::env::var(VARIABLE)
            .ok()
            .filter(|text| !text.trim().is_empty());
        VaultPlace {
            home: home.into(),
            given: given.map(Zeroizing::new),
            keyring: false,
        }
    }

    /// With these keys in place of the environment's: Base64, separated by commas, the current one first.
    #[must_use]
    pub fn with_keys(mut self, given: Option<String>) -> Self {
        self.given = given.map(Zeroizing::new);
        self
    }

    /// With the system's keyring in place of the key file.
    #[must_use]
    pub fn with_keyring(mut self, chosen: bool) -> Self {
        self.keyring = chosen;
        self
    }

    /// All keys that can be found, the current one first.
    pub(super) fn keys(&self) -> Result<(KeySource, Vec<MasterKey>), VaultError> {
        let mut found: Vec<(KeySource, Vec<MasterKey>)> = Vec::new();
        if let Some(given) = &self.given {
            found.push((KeySource::Environment, key::read(VARIABLE, given)?));
        }
        if self.keyring {
            match self.read(KeySource::Keyring)? {
                Some(keys) => found.push((KeySource::Keyring, keys)),
                None if found.is_empty() => {
                    let keys = vec![MasterKey::generate()?];
                    self.store(KeySource::Keyring, &keys)?;
                    found.push((KeySource::Keyring, keys));
                }
                None => {}
            }
        }
        match self.read(KeySource::File)? {
            Some(keys) => found.push((KeySource::File, keys)),
            None if found.is_empty() => {
                let path = file::path_beside(&self.home)?;
                found.push((
                    KeySource::File,
                    file::create(&path, vec![MasterKey::generate()?])?,
                ));
            }
            None => {}
        }
        let source = found
            .first()
            .map(|(source, _)| *source)
            .expect("a key was found or made");
        let mut keys: Vec<MasterKey> = Vec::new();
        for key in found.into_iter().flat_map(|(_, keys)| keys) {
            if keys.iter().all(|known| known.id() != key.id()) {
                keys.push(key);
            }
        }
        Ok((source, keys))
    }

    /// Whether a key is there, in the environment or the key file. None is made.
    pub fn holds(&self, id: KeyId) -> Result<bool, VaultError> {
        Ok(self.found()?.iter().any(|key| key.id() == id))
    }

    /// All keys that are there already. None is made.
    pub(super) fn found(&self) -> Result<Vec<MasterKey>, VaultError> {
        let mut found = self.stored(KeySource::Environment)?;
        if self.keyring {
            found.append(&mut self.stored(KeySource::Keyring)?);
        }
        found.append(&mut self.stored(KeySource::File)?);
        Ok(found)
    }

    /// The keys a source holds.
    pub(super) fn stored(&self, source: KeySource) -> Result<Vec<MasterKey>, VaultError> {
        Ok(self.read(source)?.unwrap_or_default())
    }

    fn read(&self, source: KeySource) -> Result<Option<Vec<MasterKey>>, VaultError> {
        match source {
            KeySource::Environment => self
                .given
                .as_deref()
                .map(|given| key::read(VARIABLE, given))
                .transpose(),
            KeySource::File => file::read(&file::path_beside(&self.home)?),
            #[cfg(feature = "keyring")]
            KeySource::Keyring => super::ring::read(&self.home),
            #[cfg(not(feature = "keyring"))]
            KeySource::Keyring => Err(VaultError::KeyringNotBuilt),
        }
    }

    /// Puts keys into a source.
    pub(super) fn store(&self, source: KeySource, keys: &[MasterKey]) -> Result<(), VaultError> {
        match source {
            KeySource::Environment => Err(VaultError::RotateByHand),
            KeySource::File => file::replace(&file::path_beside(&self.home)?, keys),
            #[cfg(feature = "keyring")]
            KeySource::Keyring => super::ring::replace(&self.home, keys),
            #[cfg(not(feature = "keyring"))]
            KeySource::Keyring => Err(VaultError::KeyringNotBuilt),
        }
    }
}
