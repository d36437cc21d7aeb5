//! Master keys: 32 bytes, told apart by a short id that gives nothing away of them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::VaultError;

/// A key's id: the first eight bytes of a digest of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(pub(super) [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A key. It has no `Debug`.
pub(super) struct MasterKey {
    id: KeyId,
    bytes: Zeroizing<[u8; 32]>,
}

impl MasterKey {
    pub(super) fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"dovetail master key id\0");
        digest.update(bytes.as_slice());
        let mut id = [0; 8];
        id.iter_mut()
            .zip(digest.finalize())
            .for_each(|(to, from)| *to = from);
        MasterKey { id: KeyId(id), bytes }
    }

    pub(super) fn generate() -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; 32]);
        fill(bytes.as_mut_slice())?;
        Ok(MasterKey::new(bytes))
    }

    pub(super) fn id(&self) -> KeyId {
        self.id
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

/// Random bytes of the system.
pub(super) fn fill(bytes: &mut [u8]) -> Result<(), VaultError> {
    getrandom::fill(bytes).map_err(|trouble| VaultError::NoRandomness {
        reason: trouble.to_string(),
    })
}

/// Reads keys: Base64, one a line or separated by commas, the current one first. At least one.
pub(super) fn read(place: &str, text: &str) -> Result<Vec<MasterKey>, VaultError> {
    let malformed = || VaultError::KeyMalformed {
        place: place.to_owned(),
    };
    let mut keys: Vec<MasterKey> = Vec::new();
    for piece in text
        .split([',', '\n', '\r'])
        .map(str::trim)
        .filter(|piece| !piece.is_empty())
    {
        let decoded = Zeroizing::new(STANDARD.decode(piece).map_err(|_| malformed())?);
        let bytes = <[u8; 32]>::try_from(decoded.as_slice()).map_err(|_| malformed())?;
        let key = MasterKey::new(Zeroizing::new(bytes));
        if keys.iter().all(|known| known.id() != key.id()) {
            keys.push(key);
        }
    }
    if keys.is_empty() {
        Err(malformed())
    } else {
        Ok(keys)
    }
}

/// Writes keys as they are read.
pub(super) fn written(keys: &[MasterKey]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(keys.len() * 45));
    for key in keys {
        STANDARD.encode_string(key.bytes(), &mut text);
        text.push('\n');
    }
    text
}
