//! A store in memory, for tests and for runs that must leave nothing behind.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

use crate::StoreError;
use crate::bytes::{Batch, Pair, Store, end_of};
use crate::error::show_key;
use crate::frame::{self, Framed};

/// A store in memory. Clones share what is in it. Values are framed and checked as on disk.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    pairs: Arc<RwLock<BTreeMap<Vec<u8>, Vec<u8>>>>,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// Flips a bit in the stored value at a key. Whether there was one.
    #[cfg(any(test, feature = "conformance"))]
    pub fn damage(&self, key: &[u8]) -> bool {
        let mut pairs = self.pairs.write().unwrap_or_else(PoisonError::into_inner);
        let byte = pairs.get_mut(key).and_then(|value| value.last_mut());
        byte.map(|byte| *byte ^= 1).is_some()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<Vec<u8>, Vec<u8>>> {
        // A writer that panicked had not begun to change the map: `apply` only inserts and removes.
        self.pairs.read().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn content(key: &[u8], framed: &[u8]) -> Result<Vec<u8>, StoreError> {
    match frame::open(key, framed)? {
        Framed::Whole(content) => Ok(content.to_vec()),
        Framed::Cut { .. } => Err(StoreError::Corrupt { key: show_key(key) }),
    }
}

/// Where a page of a prefix begins.
pub(crate) fn start<'a>(prefix: &'a [u8], after: Option<&'a [u8]>) -> Bound<&'a [u8]> {
    match after {
        Some(after) if after >= prefix => Bound::Excluded(after),
        _ => Bound::Included(prefix),
    }
}

impl Store for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.read()
            .get(key)
            .map(|framed| content(key, framed))
            .transpose()
    }

    fn scan_page(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        self.read()
            .range::<[u8], _>((start(prefix, after), Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(limit)
            .map(|(key, framed)| Ok((key.clone(), content(key, framed)?)))
            .collect()
    }

    fn keys_page(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let pairs = self.read();
        let keys = pairs
            .range::<[u8], _>((start(prefix, after), Bound::Unbounded))
            .map(|(key, _)| key)
            .take_while(|key| key.starts_with(prefix));
        Ok(keys.take(limit).cloned().collect())
    }

    fn scan_page_back(
        &self,
        prefix: &[u8],
        before: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let end = end_of(prefix);
        let to = match (before, end.as_deref()) {
            (Some(before), Some(end)) => Bound::Excluded(before.min(end)),
            (Some(bound), None) | (None, Some(bound)) => Bound::Excluded(bound),
            (None, None) => Bound::Unbounded,
        };
        self.read()
            .range::<[u8], _>((Bound::Unbounded, to))
            .rev()
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(limit)
            .map(|(key, framed)| Ok((key.clone(), content(key, framed)?)))
            .collect()
    }

    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        let writes = batch.into_writes()?;
        let mut pairs = self.pairs.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in writes {
            match value {
                Some(value) => {
                    let framed = frame::seal(&key, &value);
                    pairs.insert(key, framed);
                }
                None => {
                    pairs.remove(&key);
                }
            }
        }
        Ok(())
    }

    /// What keys and values come to.
    fn size_on_disk(&self) -> Result<u64, StoreError> {
        let pairs = self.read();
        Ok(pairs
            .iter()
            .map(|(key, value)| (key.len() + value.len()) as u64)
            .sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{self, Place};

    impl Place for Memory {
        fn open(&self) -> Box<dyn Store> {
            Box::new(self.clone())
        }

        fn damage(&self, key: &[u8]) {
            assert!(Memory::damage(self, key));
        }
    }

    #[test]
    fn it_conforms() {
        conformance::check(&|| Box::new(Memory::new()));
    }
}
