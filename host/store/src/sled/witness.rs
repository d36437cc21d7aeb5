//! A file beside sled's own that says that there is a store, and the number of the last batch that was on disk. sled takes
//! a log whose end is missing for one that was never longer, and opens what is before it; here it is told that something
//! is missing.
//!
//! The number is written after its batch is on disk and is not synced itself: it may be behind the store, never ahead.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Its name.
const FILE: &str = "dovetail-store-1";

/// The file, open.
pub(super) struct Witness(File);

/// Where the file of a store stands.
pub(super) fn place(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// The number it tells; none where there is no such file. One that holds no whole number tells of no batch.
pub(super) fn read(folder: &Path) -> io::Result<Option<u64>> {
    let mut file = match File::open(place(folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut bytes = Vec::new();
    file.by_ref().take(64).read_to_end(&mut bytes)?;
    Ok(Some(decode(&bytes).unwrap_or(0)))
}

impl Witness {
    /// Makes the file where it is not there.
    pub(super) fn open(folder: &Path) -> io::Result<Witness> {
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(false)
            .open(place(folder))?;
        file.sync_all()?;
        Ok(Witness(file))
    }

    /// Notes the number of a batch that is on disk.
    pub(super) fn note(&self, number: u64) -> io::Result<()> {
        self.0.write_all_at(&encode(number), 0)
    }
}

/// The number and its checksum, so that half of one is none.
fn encode(number: u64) -> [u8; 12] {
    let mut bytes = [0; 12];
    let (left, right) = bytes.split_at_mut(8);
    left.copy_from_slice(&number.to_be_bytes());
    right.copy_from_slice(&crc32fast::hash(&number.to_be_bytes()).to_be_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<u64> {
    let number = u64::from_be_bytes(*bytes.first_chunk()?);
    (encode(number) == bytes).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_leads_back_and_half_of_one_is_none() {
        for number in [0, 1, u64::from(u32::MAX), u64::MAX] {
            let bytes = encode(number);
            assert_eq!(decode(&bytes), Some(number));
            assert_eq!(decode(bytes.get(..8).unwrap()), None);
        }
        assert_eq!(decode(&[]), None);
        let mut mixed = encode(0x1_0000_0000);
        mixed[4..].copy_from_slice(&encode(0xFFFF_FFFF)[4..]);
        assert_eq!(decode(&mixed), None);
    }
}
