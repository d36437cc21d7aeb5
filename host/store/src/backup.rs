//! Everything that is kept as one stream of bytes, which is the same whatever the store: each pair of key and value, then
//! files that belong to them, then how much that was with a checksum, the whole compressed.
//!
//! Whoever reads a stream to its end has read what was written: one that is cut off or does not come to its checksum
//! ends with an error. Who may read it is not decided here.

use std::io::{self, Read, Write};

use crate::StoreError;
use crate::archive::Archive;
use crate::bytes::{Batch, MAX_KEY, MAX_VALUE, Store, scan};

/// The first byte of each entry of the stream.
const END: u8 = 0;
const PAIR: u8 = 1;
const FILE: u8 = 2;

/// The most bytes a file may have: 64 MiB.
const MAX_FILE: usize = 64 << 20;

/// The level of compression: a tenth of the room for little time.
const LEVEL: i32 = 3;

/// Bytes that are written to a store at once.
const BATCH: usize = 1 << 20;

/// What can go wrong with a stream.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Where the stream comes from or goes.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The stream can be read and is not what is written here.
    #[error("the backup is not whole: {0}")]
    Damaged(&'static str),
}

/// How much there is and what it comes to. Two stores with equal sums hold the same.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    /// Pairs of key and value.
    pub pairs: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
    hasher: crc32fast::Hasher,
}

impl Sum {
    /// What a store comes to.
    pub fn of(store: &dyn Store) -> Result<Sum, StoreError> {
        let mut sum = Sum::default();
        for pair in scan(store, []) {
            let (key, value) = pair?;
            sum.add(&key, &value);
        }
        Ok(sum)
    }

    /// Adds a pair.
    pub(crate) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.pairs += 1;
        self.bytes += (key.len() + value.len()) as u64;
        self.count(key);
        self.count(value);
    }

    /// Adds bytes behind their length, so that none passes from one to the next unnoticed.
    fn count(&mut self, bytes: &[u8]) {
        self.hasher.update(&(bytes.len() as u64).to_be_bytes());
        self.hasher.update(bytes);
    }

    fn checksum(&self) -> u32 {
        self.hasher.clone().finalize()
    }
}

impl PartialEq for Sum {
    fn eq(&self, other: &Sum) -> bool {
        (self.pairs, self.bytes, self.checksum()) == (other.pairs, other.bytes, other.checksum())
    }
}

impl Eq for Sum {}

/// Writes the stream. It is whole only once [`finish`](BackupWriter::finish) has returned.
pub struct BackupWriter<W: Write> {
    out: zstd::Encoder<'static, W>,
    sum: Sum,
    files: Sum,
}

impl<W: Write> BackupWriter<W> {
    /// Begins a stream.
    pub fn new(out: W) -> io::Result<BackupWriter<W>> {
        Ok(BackupWriter {
            out: zstd::Encoder::new(out, LEVEL)?,
            sum: Sum::default(),
            files: Sum::default(),
        })
    }

    /// Adds everything in a store.
    pub(crate) fn store(&mut self, store: &dyn Store) -> Result<(), BackupError> {
        for pair in scan(store, []) {
            let (key, value) = pair?;
            self.entry(PAIR, &key, &value)?;
            self.sum.add(&key, &value);
        }
        Ok(())
    }

    /// Adds a file.
    pub fn file(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        if name.len() > MAX_KEY || content.len() > MAX_FILE {
            return Err(io::Error::other(format!("the file {name} is too large")));
        }
        self.entry(FILE, name.as_bytes(), content)?;
        self.files.add(name.as_bytes(), content);
        Ok(())
    }

    fn entry(&mut self, tag: u8, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.out.write_all(&[tag])?;
        // Both are bounded far below.
        self.out.write_all(&(key.len() as u32).to_be_bytes())?;
        self.out.write_all(&(value.len() as u32).to_be_bytes())?;
        self.out.write_all(key)?;
        self.out.write_all(value)
    }

    /// Ends the stream: where it went, and what the pairs came to.
    pub fn finish(mut self) -> io::Result<(W, Sum)> {
        self.out.write_all(&[END])?;
        for sum in [&self.sum, &self.files] {
            self.out.write_all(&written(sum))?;
        }
        Ok((self.out.finish()?, self.sum))
    }
}

/// A sum as it stands at the end of a stream.
fn written(sum: &Sum) -> [u8; 20] {
    let mut bytes = [0; 20];
    let parts = sum.pairs.to_be_bytes().into_iter();
    let parts = parts
        .chain(sum.bytes.to_be_bytes())
        .chain(sum.checksum().to_be_bytes());
    bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
    bytes
}

impl Archive {
    /// Adds everything that is kept, as it stands at one moment: nothing is written until this returns.
    pub fn back_up<W: Write>(&self, backup: &mut BackupWriter<W>) -> Result<(), BackupError> {
        let _writer = self.writing();
        backup.store(self.store())
    }
}

/// Something a stream holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Kept {
    /// A key and its value.
    Pair(Vec<u8>, Vec<u8>),
    /// A file's name and content.
    File(String, Vec<u8>),
}

/// Reads a stream.
pub struct BackupReader<R: Read> {
    input: zstd::Decoder<'static, io::BufReader<R>>,
    sum: Sum,
    files: Sum,
}

impl<R: Read> BackupReader<R> {
    /// Begins to read.
    pub fn new(input: R) -> io::Result<BackupReader<R>> {
        Ok(BackupReader {
            input: zstd::Decoder::new(input)?,
            sum: Sum::default(),
            files: Sum::default(),
        })
    }

    /// The next thing in the stream; none at its end, once it is certain that it was whole.
    pub fn read(&mut self) -> Result<Option<Kept>, BackupError> {
        let [tag] = self.take()?;
        if tag == END {
            return self.end().map(|()| None);
        }
        let key = u32::from_be_bytes(self.take()?) as usize;
        let value = u32::from_be_bytes(self.take()?) as usize;
        let most = match tag {
            PAIR => MAX_VALUE,
            FILE => MAX_FILE,
            _ => return Err(BackupError::Damaged("it holds something unknown")),
        };
        if key > MAX_KEY || value > most {
            return Err(BackupError::Damaged("something in it is too large"));
        }
        let (key, value) = (self.bytes(key)?, self.bytes(value)?);
        if tag == PAIR {
            self.sum.add(&key, &value);
            return Ok(Some(Kept::Pair(key, value)));
        }
        self.files.add(&key, &value);
        let name = String::from_utf8(key).map_err(|_| BackupError::Damaged("a file's name is no text"))?;
        Ok(Some(Kept::File(name, value)))
    }

    /// Reads everything into an empty store, and hands the files over: what the pairs came to. Where this ends with an
    /// error, what the store then holds is to be thrown away.
    pub fn restore(
        mut self,
        store: &dyn Store,
        mut file: impl FnMut(String, Vec<u8>) -> io::Result<()>,
    ) -> Result<Sum, BackupError> {
        let mut batch = Batch::new();
        let mut waiting = 0;
        while let Some(kept) = self.read()? {
            match kept {
                Kept::File(name, content) => file(name, content)?,
                Kept::Pair(key, value) => {
                    waiting += key.len() + value.len();
                    batch.put(key, value);
                }
            }
            if waiting >= BATCH {
                store.apply(std::mem::take(&mut batch))?;
                waiting = 0;
            }
        }
        store.apply(batch)?;
        if Sum::of(store)? != self.sum {
            return Err(BackupError::Damaged(
                "the store does not hold what was put into it",
            ));
        }
        Ok(self.sum)
    }

    fn end(&mut self) -> Result<(), BackupError> {
        let (pairs, files) = (self.take()?, self.take()?);
        if pairs != written(&self.sum) || files != written(&self.files) {
            return Err(BackupError::Damaged("it does not come to its checksum"));
        }
        // Reading on to the end of what lies below makes that say whether it was whole.
        match self.input.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(BackupError::Damaged("something stands behind its end")),
        }
    }

    fn take<const BYTES: usize>(&mut self) -> Result<[u8; BYTES], BackupError> {
        let mut bytes = [0; BYTES];
        self.input.read_exact(&mut bytes).map_err(cut)?;
        Ok(bytes)
    }

    fn bytes(&mut self, length: usize) -> Result<Vec<u8>, BackupError> {
        let mut bytes = vec![0; length];
        self.input.read_exact(&mut bytes).map_err(cut)?;
        Ok(bytes)
    }
}

fn cut(error: io::Error) -> BackupError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => BackupError::Damaged("it is cut off"),
        _ => BackupError::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::{Memory, Pair};

    fn filled(pairs: &[Pair]) -> Memory {
        let store = Memory::new();
        let mut batch = Batch::new();
        for (key, value) in pairs {
            batch.put(key.clone(), value.clone());
        }
        store.apply(batch).unwrap();
        store
    }

    fn stream(store: &Memory, files: &[(&str, &[u8])]) -> Vec<u8> {
        let archive = Archive::over(Arc::new(store.clone())).unwrap();
        let mut backup = BackupWriter::new(Vec::new()).unwrap();
        archive.back_up(&mut backup).unwrap();
        for (name, content) in files {
            backup.file(name, content).unwrap();
        }
        let (bytes, sum) = backup.finish().unwrap();
        assert_eq!(sum, Sum::of(store).unwrap());
        bytes
    }

    fn all(store: &dyn Store) -> Vec<Pair> {
        scan(store, []).map(Result::unwrap).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_comes_back(
            pairs in prop::collection::vec(
                (prop::collection::vec(any::<u8>(), 1..9), prop::collection::vec(any::<u8>(), 0..300)),
                0..600,
            ),
        ) {
            // Some keys would be read as numbers when an archive is opened.
            let pairs: Vec<Pair> = pairs.into_iter().filter(|(key, _)| key[0] != b't').collect();
            let store = filled(&pairs);
            let files: [(&str, &[u8]); 2] = [("a.wasm", b"content"), ("b.wasm", b"")];
            let bytes = stream(&store, &files);
            let (new, mut found) = (Memory::new(), Vec::new());
            let reader = BackupReader::new(bytes.as_slice()).unwrap();
            let sum = reader
                .restore(&new, |name, content| {
                    found.push((name, content));
                    Ok(())
                })
                .unwrap();
            prop_assert_eq!(all(&new), all(&store));
            prop_assert_eq!(sum, Sum::of(&store).unwrap());
            let found: Vec<_> = found.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
            prop_assert_eq!(found, files);
        }
    }

    #[test]
    fn large_values_and_many_batches_come_back() {
        let pairs: Vec<Pair> = (0..400u32)
            .map(|number| {
                let noise = (0..10_000).map(|place: u32| (place.wrapping_mul(2_654_435_761) >> 24) as u8);
                (number.to_be_bytes().to_vec(), noise.collect())
            })
            .collect();
        let store = filled(&pairs);
        let folder = tempfile::tempdir().unwrap();
        let new = crate::Sled::open(folder.path()).unwrap();
        let bytes = stream(&store, &[]);
        let reader = BackupReader::new(bytes.as_slice()).unwrap();
        reader.restore(&new, |_, _| Ok(())).unwrap();
        assert_eq!(all(&new), pairs);
    }

    #[test]
    fn a_stream_that_is_cut_off_or_goes_on_is_refused() {
        let store = filled(&[(b"ra".to_vec(), vec![1; 50]), (b"rb".to_vec(), vec![2; 50])]);
        let bytes = stream(&store, &[("a", b"b")]);
        let read = |bytes: &[u8]| {
            let mut reader = BackupReader::new(bytes)?;
            while reader.read()?.is_some() {}
            Ok::<_, BackupError>(())
        };
        read(&bytes).unwrap();
        // What is lacking may be the compression's own end, behind the last byte of content.
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).is_err(), "{end} bytes of {}", bytes.len());
        }
        assert!(read(&[bytes.as_slice(), b"x"].concat()).is_err());
        assert!(read(&[bytes.as_slice(), &bytes].concat()).is_err());
    }

    #[test]
    fn sums_tell_stores_apart() {
        let pair = |key: &str, value: &str| (key.as_bytes().to_vec(), value.as_bytes().to_vec());
        let sum = |pairs: &[Pair]| Sum::of(&filled(pairs)).unwrap();
        let one = sum(&[pair("ab", "c"), pair("b", "")]);
        assert_eq!(one, sum(&[pair("b", ""), pair("ab", "c")]));
        for other in [
            sum(&[pair("a", "bc"), pair("b", "")]),
            sum(&[pair("ab", "d"), pair("b", "")]),
            sum(&[pair("ab", "c")]),
        ] {
            assert_ne!(one, other);
        }
    }
}
