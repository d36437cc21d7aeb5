//! Secrets at rest. Each is sealed by XChaCha20-Poly1305 under the current key, bound to the integration and the
//! setting it belongs to and marked with its key's id; several keys may be known at once, so that a key can be changed
//! without a moment in which a secret cannot be read. Nothing here is ever printed.

mod content;
mod envelope;
mod error;
mod file;
mod key;
#[cfg(feature = "keyring")]
mod ring;
mod source;
mod stream;

pub use content::Content;
pub use envelope::Sealed;
pub use error::VaultError;
pub use key::KeyId;
pub use source::{KeySource, VaultPlace};
pub use stream::{Opening, Sealing};

use crate::Secret;
use key::MasterKey;

/// What a secret belongs to. A ciphertext opens under no other owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'a> {
    /// The integration's id.
    pub integration: &'a str,
    /// The setting's key.
    pub key: &'a str,
}

/// The keys, and what they can do. It has no `Debug`.
pub struct Vault {
    /// The first is the current one.
    keys: Vec<MasterKey>,
    place: VaultPlace,
    source: KeySource,
}

impl Vault {
    /// Opens the vault: `DOVETAIL_KEY` where the place holds one, else the system's keyring where it was chosen, else
    /// the key file beside the home, which is made on first use. Keys of the other sources that are there already can
    /// still be read with.
    pub fn open(place: VaultPlace) -> Result<Vault, VaultError> {
        let (source, keys) = place.keys()?;
        Ok(Vault { keys, place, source })
    }

    /// Where the current key comes from.
    pub fn source(&self) -> KeySource {
        self.source
    }

    /// The current key's id.
    pub fn current(&self) -> KeyId {
        self.current_key().id()
    }

    /// Seals a secret under the current key.
    pub fn encrypt(&self, owner: Owner<'_>, secret: &Secret) -> Result<Sealed, VaultError> {
        envelope::seal(self.current_key(), owner, secret.expose().as_bytes())
    }

    /// Opens a sealed secret with whichever key it was sealed under.
    pub fn decrypt(&self, owner: Owner<'_>, sealed: &Sealed) -> Result<Secret, VaultError> {
        let id = sealed.key_id()?;
        let key = self
            .keys
            .iter()
            .find(|key| key.id() == id)
            .ok_or(VaultError::KeyMissing { id })?;
        let opened = envelope::open(key, owner, sealed)?;
        let text = std::str::from_utf8(&opened).map_err(|_| VaultError::Damaged {
            owner: owner.in_words(),
        })?;
        Secret::new(owner.key, text.to_owned()).map_err(|_| VaultError::Damaged {
            owner: owner.in_words(),
        })
    }

    /// Seals a secret again under the current key; none where it is already.
    pub fn reencrypt(&self, owner: Owner<'_>, sealed: &Sealed) -> Result<Option<Sealed>, VaultError> {
        if sealed.key_id()? == self.current() {
            return Ok(None);
        }
        self.encrypt(owner, &self.decrypt(owner, sealed)?).map(Some)
    }

    /// Makes a new key the current one and keeps the old ones for reading. The new key is safe on disk when this
    /// returns. A key from the environment is the person's to change: with several in it the first is current already
    /// and this does nothing; with one it is refused with the words what to do.
    pub fn begin_rotation(&mut self) -> Result<(), VaultError> {
        match self.source {
            KeySource::Environment if self.keys.len() > 1 => return Ok(()),
            KeySource::Environment => return Err(VaultError::RotateByHand),
            KeySource::File | KeySource::Keyring => {}
        }
        let mut keys = vec![MasterKey::generate()?];
        keys.append(&mut self.place.stored(self.source)?);
        self.place.store(self.source, &keys)?;
        let known = std::mem::take(&mut self.keys);
        let others: Vec<MasterKey> = known
            .into_iter()
            .filter(|key| keys.iter().all(|kept| kept.id() != key.id()))
            .collect();
        keys.extend(others);
        self.keys = keys;
        Ok(())
    }

    /// Drops all keys but the current one, once nothing is sealed under them. Keys in the environment are the
    /// person's to drop.
    pub fn finish_rotation(&mut self) -> Result<(), VaultError> {
        self.keys.truncate(1);
        match self.source {
            KeySource::Environment => Ok(()),
            KeySource::File | KeySource::Keyring => self.place.store(self.source, &self.keys),
        }
    }

    fn current_key(&self) -> &MasterKey {
        self.keys.first().expect("a vault opens with at least one key")
    }
}

impl Owner<'_> {
    fn in_words(&self) -> String {
        format!("`{}` of {}", self.key, self.integration)
    }
}

#[cfg(test)]
mod tests;
