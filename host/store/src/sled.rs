//! sled 0.34.7 behind [`Store`], by rules that make up for what that version does not do itself:
//!
//! - its flush does not reach the disk, so each batch is followed by an fsync of our own, and by one of the folder
//!   whenever the file grew;
//! - a `snap.*.generating` file left by a crash while opening would be read as the newest snapshot; it is never the only
//!   copy and is removed before opening;
//! - pages that outgrow a quarter of a segment go to files of their own, written without any sync. A page holds up to 17
//!   values, so values over [`PART`] are cut and no page gets that large;
//! - it takes a damaged file for an empty store, and one whose end is missing for one that was never longer: a key of
//!   its own numbers the batches, and a file beside it witnesses the last number;
//! - what it is cut off in while making a store it cannot open again: where there is no store yet, that goes first;
//! - its cache counts a page only after 64 uses of pages that share a list with it, of which there are 256: reading a
//!   page here and a page there keeps up to 16,384 of them in memory beyond the limit. So each page that was read is used
//!   some more times at once, which costs a microsecond and made 60 MiB of 178 in a scan;
//! - it lets go of its file a little after it was closed: opening waits for that;
//! - it may panic on damaged data: panics are caught and are errors like any other;
//! - after an error nothing more is written or read: the process is to stop and open the store again.
//!
//! One tree, one writer, one batch a step. The lock that keeps other processes out is the home's, not this room's.

use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use self::witness::Witness;
use crate::StoreError;
use crate::bytes::{Batch, Pair, Store, end_of};
use crate::error::show_key;
use crate::frame::{self, Framed};

/// Bytes of a value that stay together. 17 of these and their keys stay under sled's threshold of 128 KiB a page.
pub(crate) const PART: usize = 6 << 10;

/// Bytes of pages sled may keep in memory. What the process takes beyond this is measured by `examples/fill.rs`.
pub(crate) const CACHE: u64 = 32 << 20;

/// How often a page is used again after a value was read from it. A scan does so once a value, of which a page has many.
const TOUCHES: usize = 3;

/// The first byte of a value's key and of a part's.
const VALUES: u8 = 1;
const PARTS: u8 = 2;

/// The key that says that there is a store here: the number of the last batch, or nothing where no batch was numbered
/// yet. It is on disk before the witness is.
const NUMBER_KEY: &[u8] = &[0];

/// What is being done when the store is opened.
const OPEN: &str = "open";

/// How long opening waits for the file of a store that was closed just now.
const PATIENCE: Duration = Duration::from_secs(10);

/// sled in a folder.
pub struct Sled {
    db: sled::Db,
    folder: PathBuf,
    writer: Mutex<Writer>,
    /// Set by the first error: from then on everything is refused.
    stopped: AtomicBool,
    /// Whether there are parts at all; without any, writing need not look for old ones.
    cut: AtomicBool,
}

struct Writer {
    file: File,
    /// The file's size when the folder was synced last.
    synced: u64,
    /// The number of the last batch.
    number: u64,
    witness: Witness,
}

impl Sled {
    /// Opens the store in a folder, making it where there is none. The caller holds the home's lock.
    pub fn open(folder: &Path) -> Result<Sled, StoreError> {
        Sled::open_with(folder, CACHE, Some(500))
    }

    /// The same with a cache of so many bytes and a background flush of so many milliseconds, for measuring.
    pub fn open_with(folder: &Path, cache: u64, flush_every_ms: Option<u64>) -> Result<Sled, StoreError> {
        let io = |error: io::Error| StoreError::fatal("open its folder", error);
        fs::create_dir_all(folder).map_err(io)?;
        let witnessed = witness::read(folder).map_err(io)?;
        let is_there = folder.join("db").try_exists().map_err(io)?;
        match (is_there, witnessed) {
            (false, Some(_)) => return Err(damaged("its file `db` is gone")),
            (false, None) => remove_unfinished_beginning(folder).map_err(io)?,
            (true, _) => wait_until_closed(&folder.join("db")).map_err(io)?,
        }
        remove_unfinished_snapshots(folder).map_err(io)?;
        let config = sled::Config::new()
            .path(folder)
            .cache_capacity(cache)
            .flush_every_ms(flush_every_ms)
            .use_compression(false);
        let db = guarded(OPEN, || config.open())?;
        let file = File::open(folder.join("db")).map_err(io)?;
        let number = match (guarded(OPEN, || db.get(NUMBER_KEY))?, witnessed) {
            (Some(kept), _) => kept.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)),
            (None, Some(_)) => return Err(damaged("what was kept is not in its file")),
            (None, None) => {
                guarded(OPEN, || {
                    db.insert(NUMBER_KEY, &[])?;
                    db.flush()
                })?;
                0
            }
        };
        let lost = witnessed.unwrap_or(0).saturating_sub(number);
        if lost > 0 {
            return Err(StoreError::Behind {
                folder: folder.display().to_string(),
                lost,
                witness: witness::place(folder).display().to_string(),
            });
        }
        file.sync_all().map_err(io)?;
        sync_folder(folder).map_err(io)?;
        let witness = Witness::open(folder).map_err(io)?;
        sync_folder(folder).map_err(io)?;
        let synced = file.metadata().map_err(io)?.len();
        let cut = guarded(OPEN, || db.scan_prefix([PARTS]).next().transpose())?.is_some();
        Ok(Sled {
            db,
            folder: folder.to_owned(),
            writer: Mutex::new(Writer {
                file,
                synced,
                number,
                witness,
            }),
            stopped: AtomicBool::new(false),
            cut: AtomicBool::new(cut),
        })
    }

    /// Runs something on the database unless it has failed before; a failure is the last thing that happens.
    fn run<T>(
        &self,
        what: &'static str,
        act: impl FnOnce() -> Result<T, sled::Error>,
    ) -> Result<T, StoreError> {
        if self.stopped.load(Ordering::Acquire) {
            return Err(StoreError::fatal(
                what,
                "it failed before and has to be opened again",
            ));
        }
        guarded(what, act).inspect_err(|_| self.stopped.store(true, Ordering::Release))
    }

    /// Flips a bit in the stored value at a key, which is there.
    #[cfg(test)]
    pub(crate) fn damage(&self, key: &[u8]) {
        let mut framed = self.db.get(value_key(key)).unwrap().unwrap().to_vec();
        *framed.last_mut().unwrap() ^= 1;
        self.db.insert(value_key(key), framed).unwrap();
    }

    /// Uses a page once more, so that sled's cache takes notice of it.
    fn touch(&self, stored: &[u8]) -> Result<(), StoreError> {
        self.run("read", || self.db.contains_key(stored)).map(drop)
    }

    /// What a framed value holds, its parts put together.
    fn content(&self, key: &[u8], framed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (parts, sum) = match frame::open(key, framed)? {
            Framed::Whole(content) => return Ok(content.to_vec()),
            Framed::Cut { parts, sum } => (parts, sum),
        };
        if let Some(whole) = self.join(key, parts, sum)? {
            return Ok(whole);
        }
        // The value may have been replaced between reading the head and the parts. With the writer held it cannot.
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let corrupt = || StoreError::Corrupt { key: show_key(key) };
        let framed = self
            .run("read", || self.db.get(value_key(key)))?
            .ok_or_else(corrupt)?;
        match frame::open(key, &framed)? {
            Framed::Whole(content) => Ok(content.to_vec()),
            Framed::Cut { parts, sum } => self.join(key, parts, sum)?.ok_or_else(corrupt),
        }
    }

    /// The parts of a value together; none where they are not those of this value.
    fn join(&self, key: &[u8], parts: u32, sum: u32) -> Result<Option<Vec<u8>>, StoreError> {
        let mut whole = Vec::new();
        for number in 0..parts {
            let part_key = part_key(key, number);
            let Some(part) = self.run("read", || self.db.get(&part_key))? else {
                return Ok(None);
            };
            match frame::open(&part_key, &part)? {
                Framed::Whole(content) => whole.extend(content),
                Framed::Cut { .. } => return Ok(None),
            }
        }
        Ok((crc32fast::hash(&whole) == sum).then_some(whole))
    }

    /// Adds a write to sled's batch: the value whole or in parts, and the removal of parts it leaves behind.
    fn add(&self, batch: &mut sled::Batch, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<(), sled::Error> {
        if self.cut.load(Ordering::Acquire) {
            for old in self.db.scan_prefix(part_prefix(&key)).keys() {
                batch.remove(old?);
            }
        }
        match value {
            None => batch.remove(value_key(&key)),
            Some(value) if value.len() <= PART => batch.insert(value_key(&key), frame::seal(&key, &value)),
            Some(value) => {
                self.cut.store(true, Ordering::Release);
                let mut parts = 0;
                for content in value.chunks(PART) {
                    let part_key = part_key(&key, parts);
                    let framed = frame::seal(&part_key, content);
                    batch.insert(part_key, framed);
                    parts += 1;
                }
                batch.insert(
                    value_key(&key),
                    frame::seal_cut(&key, parts, crc32fast::hash(&value)),
                );
            }
        }
        Ok(())
    }

    fn collect(
        &self,
        pairs: impl Iterator<Item = sled::Result<(sled::IVec, sled::IVec)>>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let mut pairs = pairs;
        let mut page = Vec::new();
        while page.len() < limit {
            let Some((key, framed)) = self.run("read", || pairs.next().transpose())? else {
                break;
            };
            self.touch(&key)?;
            let key = key.get(1..).unwrap_or_default().to_vec();
            let value = self.content(&key, &framed)?;
            page.push((key, value));
        }
        Ok(page)
    }
}

impl Store for Sled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let stored = value_key(key);
        let framed = self.run("read", || self.db.get(&stored))?;
        for _ in 0..TOUCHES {
            self.touch(&stored)?;
        }
        framed.map(|framed| self.content(key, &framed)).transpose()
    }

    fn scan_page(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        match bounds(prefix, after) {
            Some(bounds) => self.collect(self.db.range(bounds), limit),
            None => Ok(Vec::new()),
        }
    }

    fn keys_page(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let Some(bounds) = bounds(prefix, after) else {
            return Ok(Vec::new());
        };
        let mut keys = self.db.range(bounds).keys();
        let mut page = Vec::new();
        while page.len() < limit {
            let Some(key) = self.run("read", || keys.next().transpose())? else {
                break;
            };
            page.push(key.get(1..).unwrap_or_default().to_vec());
        }
        Ok(page)
    }

    fn scan_page_back(
        &self,
        prefix: &[u8],
        before: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let prefix = value_key(prefix);
        let end = end_of(&prefix).unwrap_or_default();
        let to = before
            .map(value_key)
            .map_or(end.clone(), |before| before.min(end));
        if to <= prefix {
            return Ok(Vec::new());
        }
        self.collect(self.db.range(prefix..to).rev(), limit)
    }

    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        let writes = batch.into_writes()?;
        if writes.is_empty() {
            return Ok(());
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.run("write", || {
            let mut batch = sled::Batch::default();
            for (key, value) in writes {
                self.add(&mut batch, key, value)?;
            }
            let number = writer.number + 1;
            batch.insert(NUMBER_KEY, &number.to_be_bytes());
            self.db.apply_batch(batch)?;
            self.db.flush()?;
            writer.file.sync_all()?;
            let size = writer.file.metadata()?.len();
            if size != writer.synced {
                sync_folder(&self.folder)?;
                writer.synced = size;
            }
            writer.number = number;
            Ok(writer.witness.note(number)?)
        })
    }

    fn size_on_disk(&self) -> Result<u64, StoreError> {
        folder_size(&self.folder).map_err(|error| StoreError::fatal("measure its folder", error))
    }
}

/// Runs something that may panic; a panic is an error with its text. What is not there, or not what was written, is
/// damage; everything else is the disk's or the system's word of the moment.
fn guarded<T>(what: &'static str, act: impl FnOnce() -> Result<T, sled::Error>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(sled::Error::Io(error))) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(damaged(error))
        }
        Ok(Err(error @ sled::Error::Io(_))) => Err(StoreError::fatal(what, error)),
        Ok(Err(error)) => Err(damaged(error)),
        Err(panic) => {
            let words = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            let words = words.unwrap_or("the storage panicked");
            // While opening it panics on what makes no sense; later a disk that fails may be behind it.
            Err(if what == OPEN {
                damaged(words)
            } else {
                StoreError::fatal(what, words)
            })
        }
    }
}

/// Waits until nobody has the file locked. Within the home's lock that can only be this process, where sled's threads
/// keep the file for a moment after the store was closed.
pub(crate) fn wait_until_closed(path: &Path) -> io::Result<()> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let start = Instant::now();
    loop {
        match file.try_lock() {
            // Closing it unlocks it.
            Ok(()) => return Ok(()),
            Err(fs::TryLockError::Error(error)) => return Err(error),
            Err(fs::TryLockError::WouldBlock) if start.elapsed() > PATIENCE => {
                return Err(io::Error::new(
                    io::ErrorKind::WouldBlock,
                    "another process has the store open",
                ));
            }
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

fn damaged(cause: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged {
        cause: cause.to_string(),
    }
}

/// sled writes its settings before its file: those of a store whose making was cut off may be half of them.
fn remove_unfinished_beginning(folder: &Path) -> io::Result<()> {
    match fs::remove_file(folder.join("conf")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn remove_unfinished_snapshots(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Makes the folder's entries durable. Windows neither needs nor allows this.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

fn folder_size(folder: &Path) -> io::Result<u64> {
    let mut size = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // sled removes old snapshots at any time: what is gone takes no room.
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size += folder_size(&entry.path())?,
            Ok(metadata) => size += metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(size)
}

fn value_key(key: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(1 + key.len());
    stored.push(VALUES);
    stored.extend(key);
    stored
}

/// What a page of a prefix covers, ascending; none where that is nothing.
fn bounds(prefix: &[u8], after: Option<&[u8]>) -> Option<std::ops::Range<Vec<u8>>> {
    let prefix = value_key(prefix);
    let end = end_of(&prefix).unwrap_or_default();
    let from = match after.map(value_key) {
        // The first key behind another is that one with a zero byte added.
        Some(mut after) if after >= prefix => {
            after.push(0);
            after
        }
        _ => prefix,
    };
    (from < end).then_some(from..end)
}

/// What all parts of a key's value begin with. The length keeps a key's parts apart from those of longer keys.
fn part_prefix(key: &[u8]) -> Vec<u8> {
    let mut stored = vec![PARTS];
    stored.extend((key.len() as u32).to_be_bytes());
    stored.extend(key);
    stored
}

fn part_key(key: &[u8], number: u32) -> Vec<u8> {
    let mut stored = part_prefix(key);
    stored.extend(number.to_be_bytes());
    stored
}

mod witness;

#[cfg(test)]
mod tests;
