//! The envelope of a sealed secret: a version byte, the key's id, the nonce, then ciphertext and tag. Version, key id
//! and owner are authenticated with it.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::key::{self, KeyId, MasterKey};
use super::{Owner, VaultError};

const VERSION: u8 = 1;
const NONCE: usize = 24;
const TAG: usize = 16;
const HEAD: usize = 1 + 8 + NONCE;

/// A secret as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Takes stored bytes over; they are looked at when the secret is opened.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Sealed(bytes)
    }

    /// The id of the key it was sealed under.
    pub fn key_id(&self) -> Result<KeyId, VaultError> {
        match self.0.as_slice() {
            [VERSION, a, b, c, d, e, f, g, h, rest @ ..] if rest.len() >= NONCE + TAG => {
                Ok(KeyId([*a, *b, *c, *d, *e, *f, *g, *h]))
            }
            _ => Err(VaultError::UnknownForm),
        }
    }
}

pub(super) fn seal(key: &MasterKey, owner: Owner<'_>, secret: &[u8]) -> Result<Sealed, VaultError> {
    let mut nonce = [0; NONCE];
    key::fill(&mut nonce)?;
    let mut bytes = Vec::with_capacity(HEAD + secret.len() + TAG);
    bytes.push(VERSION);
    bytes.extend_from_slice(&key.id().0);
    bytes.extend_from_slice(&nonce);
    let aad = bound_to(key.id(), owner);
    let payload = Payload {
        msg: secret,
        aad: &aad,
    };
    let sealed = cipher(key)
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| VaultError::Damaged {
            owner: owner.in_words(),
        })?;
    bytes.extend_from_slice(&sealed);
    Ok(Sealed(bytes))
}

pub(super) fn open(
    key: &MasterKey,
    owner: Owner<'_>,
    sealed: &Sealed,
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (nonce, ciphertext) = sealed
        .0
        .split_at_checked(HEAD)
        .and_then(|(head, ciphertext)| Some((head.last_chunk::<NONCE>()?, ciphertext)))
        .ok_or(VaultError::UnknownForm)?;
    let aad = bound_to(key.id(), owner);
    cipher(key)
        .decrypt(
            &XNonce::from(*nonce),
            Payload {
                msg: ciphertext,
                aad: &aad,
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| VaultError::Damaged {
            owner: owner.in_words(),
        })
}

fn cipher(key: &MasterKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.bytes().into())
}

/// What is authenticated besides the secret. Lengths stand first, so that no two owners read the same.
fn bound_to(id: KeyId, owner: Owner<'_>) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&id.0);
    for part in [owner.integration, owner.key] {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}
