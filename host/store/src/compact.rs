//! A store in a folder that grew, written anew: everything is copied into a store beside it, the copy is compared with
//! what was copied, and takes the other's place.
//!
//! There is a whole store at each moment, and opening finds it:
//!
//! | there is | what happened | what is opened |
//! | --- | --- | --- |
//! | `store` | | it |
//! | `store`, `store.new` | copying was broken off | `store`; the copy goes |
//! | `store.old`, `store.new` | the copy was about to take the place, and is whole | `store.new`, as `store` |
//! | `store`, `store.old` | it took the place | `store`; the old one goes once it is open |

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::StoreError;
use crate::backup::Sum;
use crate::bytes::{Batch, Store, scan};
use crate::sled::{Sled, wait_until_closed};

/// Bytes that are written at once.
const BATCH: usize = 1 << 20;

/// What came of writing a store anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Pairs of key and value.
    pub pairs: u64,
    /// Bytes on disk before.
    pub before: u64,
    /// Bytes on disk after, never more than before.
    pub after: u64,
}

/// Writes the store in a folder anew, unless that would give nothing back. Nobody else has it open; the caller holds the
/// home's lock. After an error the store is as it was.
pub fn compact(folder: &Path) -> Result<Compacted, StoreError> {
    let io = |error: io::Error| StoreError::fatal("write itself anew", error);
    let (new, old) = (beside(folder, "new"), beside(folder, "old"));
    drop(open(folder)?);
    let copied = copy(folder, &new).inspect_err(|_| {
        // What is left of it goes when the store is opened next.
        let _ = fs::remove_dir_all(&new);
    });
    let (pairs, before, after) = copied?;
    if after >= before {
        // There was nothing to give back.
        remove(&new).map_err(io)?;
        return Ok(Compacted {
            pairs,
            before,
            after: before,
        });
    }
    fs::rename(folder, &old).map_err(io)?;
    sync_parent(folder).map_err(io)?;
    fs::rename(&new, folder).map_err(io)?;
    sync_parent(folder).map_err(io)?;
    // Opening takes the old one away. It also writes a little, as it did to what was measured before: that is not counted.
    drop(open(folder)?);
    Ok(Compacted { pairs, before, after })
}

/// Returns once a store that was dropped has let go of its folder, which may then be moved.
pub fn closed(folder: &Path) -> Result<(), StoreError> {
    wait_until_closed(&folder.join("db")).map_err(|error| StoreError::fatal("close", error))
}

/// Opens the store in a folder, whatever writing it anew was broken off in.
pub(crate) fn open(folder: &Path) -> Result<Sled, StoreError> {
    recover(folder).map_err(|error| StoreError::fatal("find itself", error))?;
    let store = Sled::open(folder)?;
    // One that cannot be taken away takes room and no more; the next opening tries again.
    let _ = remove(&beside(folder, "old"));
    Ok(store)
}

/// Puts a whole store in the folder's place where there was one.
fn recover(folder: &Path) -> io::Result<()> {
    let (new, old) = (beside(folder, "new"), beside(folder, "old"));
    if old.try_exists()? {
        // The folder itself may have been made anew, with nothing in it.
        match fs::remove_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {
                let whole = if new.try_exists()? { &new } else { &old };
                fs::rename(whole, folder)?;
                sync_parent(folder)?;
            }
        }
    }
    remove(&new)
}

/// Copies a store into a new one and compares the two: how many pairs there are, and the room each takes. Both are closed
/// when this returns.
fn copy(from: &Path, to: &Path) -> Result<(u64, u64, u64), StoreError> {
    let io = |error: io::Error| StoreError::fatal("write itself anew", error);
    fs::create_dir(to).map_err(io)?;
    let permissions = fs::metadata(from).map_err(io)?.permissions();
    fs::set_permissions(to, permissions).map_err(io)?;
    let (source, target) = (Sled::open(from)?, Sled::open(to)?);
    let mut sum = Sum::default();
    let mut batch = Batch::new();
    let mut waiting = 0;
    for pair in scan(&source, []) {
        let (key, value) = pair?;
        sum.add(&key, &value);
        waiting += key.len() + value.len();
        batch.put(key, value);
        if waiting >= BATCH {
            target.apply(std::mem::take(&mut batch))?;
            waiting = 0;
        }
    }
    target.apply(batch)?;
    let before = source.size_on_disk()?;
    drop((source, target));
    wait_until_closed(&from.join("db")).map_err(io)?;
    // Compared as it is read back from the disk.
    let target = Sled::open(to)?;
    if Sum::of(&target)? != sum {
        return Err(StoreError::fatal(
            "write itself anew",
            "the copy is not what was copied",
        ));
    }
    let after = target.size_on_disk()?;
    drop(target);
    wait_until_closed(&to.join("db")).map_err(io)?;
    Ok((sum.pairs, before, after))
}

fn beside(folder: &Path, end: &str) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(end);
    folder.with_file_name(name)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn sync_parent(folder: &Path) -> io::Result<()> {
    match folder.parent() {
        #[cfg(unix)]
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pair;

    fn all(store: &dyn Store) -> Vec<Pair> {
        scan(store, []).map(Result::unwrap).collect()
    }

    /// A store that was written over and over; what it holds.
    fn grown(folder: &Path) -> Vec<Pair> {
        let store = open(folder).unwrap();
        for round in 0..30u8 {
            let mut batch = Batch::new();
            for number in 0..300u16 {
                let length = if number % 60 == 0 { 20_000 } else { 900 };
                let value = (0..length).map(|place| (place as u8).wrapping_mul(round));
                batch.put(number.to_be_bytes(), value.collect::<Vec<_>>());
            }
            batch.delete(u16::from(round).to_be_bytes());
            store.apply(batch).unwrap();
        }
        all(&store)
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder.parent().unwrap()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn it_holds_the_same_in_less_room() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("store");
        let content = grown(&folder);
        let done = compact(&folder).unwrap();
        assert_eq!(done.pairs, content.len() as u64);
        assert!(done.after < done.before, "{done:?}");
        assert_eq!(names(&folder), ["store"]);
        let store = open(&folder).unwrap();
        assert_eq!(all(&store), content);
        // It is a store like any other.
        let mut batch = Batch::new();
        batch.put(*b"k", *b"v");
        store.apply(batch).unwrap();
        drop(store);
        assert_eq!(open(&folder).unwrap().get(b"k").unwrap().unwrap(), b"v");
    }

    #[test]
    fn one_that_would_not_get_smaller_is_left_as_it_is() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("store");
        let content = grown(&folder);
        let first = compact(&folder).unwrap();
        let again = compact(&folder).unwrap();
        assert!(again.after <= again.before, "{again:?}");
        assert!(again.after <= first.before, "{again:?}");
        assert_eq!(names(&folder), ["store"]);
        assert_eq!(all(&open(&folder).unwrap()), content);
    }

    #[test]
    fn an_empty_store_stays_empty() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("store");
        assert_eq!(compact(&folder).unwrap().pairs, 0);
        assert_eq!(all(&open(&folder).unwrap()), []);
    }

    /// The folders as a kill leaves them, from which opening has to come to the one whole store.
    #[test]
    fn whatever_it_is_killed_in_nothing_is_lost() {
        type Break = fn(&Path, &Path, &Path);
        let cases: [(&str, Break); 6] = [
            ("while copying", |_, new, _| fs::create_dir(new).unwrap()),
            ("with a copy that has something in it", |store, new, _| {
                copy(store, new).unwrap();
                let half = Sled::open(new).unwrap();
                let mut batch = Batch::new();
                batch.delete(5u16.to_be_bytes());
                half.apply(batch).unwrap();
            }),
            ("between the two renames", |store, new, old| {
                copy(store, new).unwrap();
                fs::rename(store, old).unwrap();
            }),
            (
                "between the two renames, its folder made anew",
                |store, new, old| {
                    copy(store, new).unwrap();
                    fs::rename(store, old).unwrap();
                    fs::create_dir(store).unwrap();
                },
            ),
            ("behind the second rename", |store, new, old| {
                copy(store, new).unwrap();
                fs::rename(store, old).unwrap();
                fs::rename(new, store).unwrap();
            }),
            ("with the old one half gone", |store, new, old| {
                copy(store, new).unwrap();
                fs::rename(store, old).unwrap();
                fs::rename(new, store).unwrap();
                fs::remove_file(old.join("db")).unwrap();
            }),
        ];
        for (what, break_off) in cases {
            let outer = tempfile::tempdir().unwrap();
            let folder = outer.path().join("store");
            let content = grown(&folder);
            wait_until_closed(&folder.join("db")).unwrap();
            break_off(&folder, &beside(&folder, "new"), &beside(&folder, "old"));
            assert_eq!(all(&open(&folder).unwrap()), content, "{what}");
            assert_eq!(names(&folder), ["store"], "{what}");
        }
    }

    #[test]
    fn a_damaged_store_is_not_replaced() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("store");
        grown(&folder);
        let store = Sled::open(&folder).unwrap();
        store.damage(&200u16.to_be_bytes());
        drop(store);
        assert!(matches!(compact(&folder), Err(StoreError::Corrupt { .. })));
        let store = open(&folder).unwrap();
        assert_eq!(names(&folder), ["store"]);
        assert!(store.get(&200u16.to_be_bytes()).is_err());
        assert!(store.get(&201u16.to_be_bytes()).unwrap().is_some());
    }
}
