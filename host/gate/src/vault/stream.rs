//! A stream at rest: what was written into [`Sealing`] comes out of [`Opening`], whole and in order, or an error does.
//!
//! A head says how the key is found: the home's key by its id, or a passphrase with what Argon2 needs to make a key of
//! it. Each stream has a key of its own, made of that one and a salt. Behind the head stand chunks of 1 MiB, each sealed
//! by XChaCha20-Poly1305 and bound to the head, to its place and to whether it is the last: one that is changed, missing,
//! moved or taken from another stream does not open, and neither does what stands behind the last.

use std::io::{self, Read, Write};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::key::{self, KeyId, MasterKey};
use super::{Content, Vault, VaultError, VaultPlace};
use crate::Secret;

const VERSION: u8 = 1;

/// Bytes of a chunk before it is sealed.
const CHUNK: usize = 1 << 20;
const TAG: usize = 16;

/// How much work a passphrase is: the second recommendation of RFC 9106, with one lane.
const WORK: Work = Work {
    kibibytes: 64 << 10,
    passes: 3,
    lanes: 1,
};

/// The most work a stream may ask for: whoever wrote it is not known before it opens.
const MOST_WORK: Work = Work {
    kibibytes: 256 << 10,
    passes: 16,
    lanes: 16,
};

#[derive(Clone, Copy, PartialEq, Eq)]
struct Work {
    kibibytes: u32,
    passes: u32,
    lanes: u32,
}

/// Which key a stream is sealed under, as its head numbers it.
const HOME: u8 = 1;
const PASSPHRASE: u8 = 2;

/// What stands in front of the chunks.
struct Head {
    content: Content,
    by: u8,
    id: KeyId,
    salt: [u8; 16],
    nonce: [u8; 16],
    work: Work,
}

impl Head {
    const BYTES: usize = 16 + 2 + 8 + 16 + 16 + 12;

    fn new(content: Content, by: u8, salt: [u8; 16], id: KeyId, work: Work) -> Result<Head, VaultError> {
        let mut nonce = [0; 16];
        key::fill(&mut nonce)?;
        Ok(Head {
            content,
            by,
            id,
            salt,
            nonce,
            work,
        })
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Head::BYTES);
        bytes.extend(self.content.magic());
        bytes.extend([VERSION, self.by]);
        bytes.extend(self.id.0);
        bytes.extend(self.salt);
        bytes.extend(self.nonce);
        for number in [self.work.kibibytes, self.work.passes, self.work.lanes] {
            bytes.extend(number.to_be_bytes());
        }
        bytes
    }

    fn read(content: Content, input: &mut impl Read) -> Result<Head, VaultError> {
        let cut = || VaultError::NotOne {
            wanted: content,
            found: None,
        };
        let magic = take::<16>(input).ok_or_else(cut)?;
        if magic != *content.magic() {
            return Err(VaultError::NotOne {
                wanted: content,
                found: Content::ALL.into_iter().find(|other| *other.magic() == magic),
            });
        }
        let [version, by] = take(input).ok_or_else(cut)?;
        if version != VERSION {
            return Err(VaultError::BackupNewer { version });
        }
        let id = KeyId(take(input).ok_or_else(cut)?);
        let (salt, nonce) = (take(input).ok_or_else(cut)?, take(input).ok_or_else(cut)?);
        let mut number = || take(input).map(u32::from_be_bytes).ok_or_else(cut);
        let work = Work {
            kibibytes: number()?,
            passes: number()?,
            lanes: number()?,
        };
        Ok(Head {
            content,
            by,
            id,
            salt,
            nonce,
            work,
        })
    }
}

/// The next bytes; none where there are not so many.
fn take<const BYTES: usize>(input: &mut impl Read) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    input.read_exact(&mut bytes).ok().map(|()| bytes)
}

/// Makes a key of a passphrase.
fn key_of(passphrase: &Secret, salt: &[u8; 16], work: Work) -> Result<MasterKey, VaultError> {
    let bearable = work.kibibytes <= MOST_WORK.kibibytes
        && work.passes <= MOST_WORK.passes
        && work.lanes <= MOST_WORK.lanes;
    let params = Params::new(work.kibibytes, work.passes, work.lanes, None)
        .ok()
        .filter(|_| bearable)
        .ok_or(VaultError::BackupDamaged)?;
    let mut bytes = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose().as_bytes(), salt, bytes.as_mut_slice())
        .map_err(|_| VaultError::BackupDamaged)?;
    Ok(MasterKey::new(bytes))
}

/// What seals and opens the chunks of one stream.
struct Chunks {
    cipher: XChaCha20Poly1305,
    head: Vec<u8>,
    nonce: [u8; 16],
    next: u64,
}

impl Chunks {
    fn new(head: &Head, key: &MasterKey) -> Chunks {
        let mut digest = Sha256::new();
        digest.update(b"dovetail backup stream\0");
        digest.update(key.bytes());
        digest.update(head.salt);
        let own = Zeroizing::new(<[u8; 32]>::from(digest.finalize()));
        Chunks {
            cipher: XChaCha20Poly1305::new((&*own).into()),
            head: head.bytes(),
            nonce: head.nonce,
            next: 0,
        }
    }

    /// The nonce of the next chunk and what it is bound to.
    fn place(&mut self, last: bool) -> (XNonce, Vec<u8>) {
        let number = self.next.to_be_bytes();
        self.next += 1;
        let mut nonce = [0; 24];
        nonce
            .iter_mut()
            .zip(self.nonce.iter().chain(&number))
            .for_each(|(to, from)| *to = *from);
        let bound = [self.head.as_slice(), &number, &[u8::from(last)]].concat();
        (XNonce::from(nonce), bound)
    }

    fn seal(&mut self, content: &[u8], last: bool) -> io::Result<Vec<u8>> {
        let (nonce, aad) = self.place(last);
        let payload = Payload {
            msg: content,
            aad: &aad,
        };
        let sealed = self.cipher.encrypt(&nonce, payload);
        sealed.map_err(|_| io::Error::other("a chunk could not be sealed"))
    }

    fn open(&mut self, sealed: &[u8], last: bool) -> io::Result<Vec<u8>> {
        let (nonce, aad) = self.place(last);
        let payload = Payload {
            msg: sealed,
            aad: &aad,
        };
        self.cipher.decrypt(&nonce, payload).map_err(|_| damaged())
    }
}

/// The error of a stream that is not as it was written: a [`VaultError`] in an [`io::Error`].
fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, VaultError::BackupDamaged)
}

/// Seals what is written into it. It is whole only once [`finish`](Sealing::finish) has returned.
pub struct Sealing<W: Write> {
    out: W,
    chunks: Chunks,
    waiting: Vec<u8>,
}

impl<W: Write> Sealing<W> {
    /// A backup under the current key of a home.
    pub fn under_key(vault: &Vault, out: W) -> Result<Sealing<W>, VaultError> {
        let key = vault.current_key();
        let mut salt = [0; 16];
        key::fill(&mut salt)?;
        let none = Work {
            kibibytes: 0,
            passes: 0,
            lanes: 0,
        };
        let head = Head::new(Content::Backup, HOME, salt, key.id(), none)?;
        Ok(Sealing::new(&head, key, out))
    }

    /// Under a passphrase.
    pub fn under_passphrase(content: Content, passphrase: &Secret, out: W) -> Result<Sealing<W>, VaultError> {
        let mut salt = [0; 16];
        key::fill(&mut salt)?;
        let key = key_of(passphrase, &salt, WORK)?;
        let head = Head::new(content, PASSPHRASE, salt, key.id(), WORK)?;
        Ok(Sealing::new(&head, &key, out))
    }

    fn new(head: &Head, key: &MasterKey, out: W) -> Sealing<W> {
        let chunks = Chunks::new(head, key);
        // The head goes out with the first chunk.
        Sealing {
            out,
            chunks,
            waiting: Vec::with_capacity(CHUNK),
        }
    }

    fn send(&mut self, last: bool) -> io::Result<()> {
        if self.chunks.next == 0 {
            self.out.write_all(&self.chunks.head)?;
        }
        let sealed = self.chunks.seal(&self.waiting, last)?;
        self.waiting.clear();
        self.out.write_all(&[u8::from(last)])?;
        // At most a chunk and its tag.
        self.out.write_all(&(sealed.len() as u32).to_be_bytes())?;
        self.out.write_all(&sealed)
    }

    /// Ends the stream.
    pub fn finish(mut self) -> io::Result<W> {
        self.send(true)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.waiting.len() == CHUNK {
            self.send(false)?;
        }
        let fits = bytes.len().min(CHUNK - self.waiting.len());
        self.waiting.extend(bytes.iter().take(fits));
        Ok(fits)
    }

    /// A chunk goes out when it is full, not before.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Opens a sealed stream. Whoever reads on to its end knows that it was whole.
pub struct Opening<R: Read> {
    input: R,
    chunks: Chunks,
    content: Vec<u8>,
    read: usize,
    ended: bool,
}

impl<R: Read> std::fmt::Debug for Opening<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opening").finish_non_exhaustive()
    }
}

impl<R: Read> Opening<R> {
    /// Reads the head and finds the key: among those that a place holds, of which none is made, or from a passphrase.
    pub fn new(
        content: Content,
        mut input: R,
        place: &VaultPlace,
        passphrase: Option<&Secret>,
    ) -> Result<Opening<R>, VaultError> {
        let head = Head::read(content, &mut input)?;
        let key = match (head.by, passphrase) {
            (HOME, _) => place
                .found()?
                .into_iter()
                .find(|key| key.id() == head.id)
                .ok_or(VaultError::BackupKeyMissing { id: head.id })?,
            (PASSPHRASE, None) => return Err(VaultError::PassphraseMissing),
            (PASSPHRASE, Some(passphrase)) => {
                let key = key_of(passphrase, &head.salt, head.work)?;
                if key.id() != head.id {
                    return Err(VaultError::PassphraseWrong);
                }
                key
            }
            _ => return Err(VaultError::BackupDamaged),
        };
        Ok(Opening {
            chunks: Chunks::new(&head, &key),
            input,
            content: Vec::new(),
            read: 0,
            ended: false,
        })
    }

    fn next(&mut self) -> io::Result<()> {
        let cut = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged(),
            _ => error,
        };
        let mut before = [0; 5];
        self.input.read_exact(&mut before).map_err(cut)?;
        let [last, length @ ..] = before;
        let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| damaged())?;
        if last > 1 || length > CHUNK + TAG {
            return Err(damaged());
        }
        let mut sealed = vec![0; length];
        self.input.read_exact(&mut sealed).map_err(cut)?;
        self.content = self.chunks.open(&sealed, last == 1)?;
        self.read = 0;
        self.ended = last == 1;
        if self.ended && self.input.read(&mut [0])? > 0 {
            return Err(damaged());
        }
        Ok(())
    }
}

impl<R: Read> Read for Opening<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.read == self.content.len() && !self.ended {
            self.next()?;
        }
        let mut left = self.content.get(self.read..).unwrap_or_default();
        let read = left.read(into)?;
        self.read += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
