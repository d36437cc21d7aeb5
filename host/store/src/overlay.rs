//! A store on top of another: what is written stays in memory, what is read is both together. The store below is never
//! written to, so whatever works on the overlay can be looked at and thrown away.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

use crate::StoreError;
use crate::bytes::{Batch, Pair, Store, end_of};
use crate::frame;
use crate::memory::{content, start};

/// What was written over a key; none: it was taken out.
type Layer = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// A store on top of another. Clones share what was written.
#[derive(Clone)]
pub struct Overlay {
    below: Arc<dyn Store>,
    above: Arc<RwLock<Layer>>,
}

impl Overlay {
    /// Nothing written yet.
    pub fn over(below: Arc<dyn Store>) -> Overlay {
        Overlay {
            below,
            above: Arc::default(),
        }
    }

    fn above(&self) -> std::sync::RwLockReadGuard<'_, Layer> {
        // A writer that panicked had not begun to change the map: `apply` only inserts.
        self.above.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Up to `limit` entries of two sources in one order, the upper one going before where both have a key. `page` gives the
/// lower one's entries behind a key; it is asked again when a page is used up. `open` makes an entry of what was written
/// above.
fn merge<'a, T>(
    limit: usize,
    mut page: impl FnMut(Option<&[u8]>) -> Result<Vec<(Vec<u8>, T)>, StoreError>,
    above: impl Iterator<Item = (&'a Vec<u8>, &'a Option<Vec<u8>>)>,
    open: fn(&[u8], &[u8]) -> Result<T, StoreError>,
    order: fn(&[u8], &[u8]) -> Ordering,
) -> Result<Vec<(Vec<u8>, T)>, StoreError> {
    let mut above = above.peekable();
    let mut below = page(None)?;
    let mut more = below.len() >= limit;
    below.reverse();
    let mut last: Option<Vec<u8>> = None;
    let mut out = Vec::new();
    while out.len() < limit {
        if below.is_empty() && more {
            below = page(last.as_deref())?;
            more = below.len() >= limit;
            below.reverse();
        }
        let first = match (below.last(), above.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((lower, _)), Some((upper, _))) => order(lower, upper),
        };
        let lower = if first.is_le() { below.pop() } else { None };
        if let Some((key, _)) = &lower {
            last = Some(key.clone());
        }
        if first.is_lt() {
            out.extend(lower);
        } else if let Some((key, Some(framed))) = above.next() {
            out.push((key.clone(), open(key, framed)?));
        }
    }
    Ok(out)
}

/// What was written under a prefix behind a key, in order.
fn written<'a>(
    layer: &'a Layer,
    prefix: &'a [u8],
    after: Option<&'a [u8]>,
) -> impl Iterator<Item = (&'a Vec<u8>, &'a Option<Vec<u8>>)> {
    layer
        .range::<[u8], _>((start(prefix, after), Bound::Unbounded))
        .take_while(move |(key, _)| key.starts_with(prefix))
}

impl Store for Overlay {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.above().get(key) {
            Some(written) => written.as_deref().map(|framed| content(key, framed)).transpose(),
            None => self.below.get(key),
        }
    }

    fn scan_page(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        let layer = self.above();
        let page = |last: Option<&[u8]>| self.below.scan_page(prefix, last.or(after), limit);
        let above = written(&layer, prefix, after);
        merge(limit, page, above, content, |one, other| one.cmp(other))
    }

    fn keys_page(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let layer = self.above();
        let page = |last: Option<&[u8]>| {
            let keys = self.below.keys_page(prefix, last.or(after), limit)?;
            Ok(keys.into_iter().map(|key| (key, ())).collect())
        };
        let above = written(&layer, prefix, after);
        let keys = merge(limit, page, above, |_, _| Ok(()), |one, other| one.cmp(other))?;
        Ok(keys.into_iter().map(|(key, ())| key).collect())
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
        let layer = self.above();
        let above = layer
            .range::<[u8], _>((Bound::Unbounded, to))
            .rev()
            .take_while(|(key, _)| key.starts_with(prefix));
        let page = |last: Option<&[u8]>| self.below.scan_page_back(prefix, last.or(before), limit);
        merge(limit, page, above, content, |one, other| other.cmp(one))
    }

    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        let writes = batch.into_writes()?;
        let mut above = self.above.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in writes {
            let framed = value.map(|value| frame::seal(&key, &value));
            above.insert(key, framed);
        }
        Ok(())
    }

    /// What lies below and what keys and values above come to.
    fn size_on_disk(&self) -> Result<u64, StoreError> {
        let bytes =
            |(key, value): (&Vec<u8>, &Option<Vec<u8>>)| key.len() + value.as_ref().map_or(0, Vec::len);
        let above: usize = self.above().iter().map(bytes).sum();
        Ok(self.below.size_on_disk()?.saturating_add(above as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;
    use crate::conformance::{self, Place};

    impl Place for Overlay {
        fn open(&self) -> Box<dyn Store> {
            Box::new(self.clone())
        }

        fn damage(&self, key: &[u8]) {
            let mut above = self.above.write().unwrap();
            let byte = above
                .get_mut(key)
                .and_then(Option::as_mut)
                .and_then(|value| value.last_mut());
            *byte.expect("a value that was written") ^= 1;
        }
    }

    #[test]
    fn it_conforms() {
        conformance::check(&|| Box::new(Overlay::over(Arc::new(Memory::new()))));
    }

    fn keys(pairs: Vec<Pair>) -> Vec<String> {
        pairs
            .into_iter()
            .map(|(key, value)| {
                format!(
                    "{}={}",
                    String::from_utf8_lossy(&key),
                    String::from_utf8_lossy(&value)
                )
            })
            .collect()
    }

    #[test]
    fn both_are_read_and_only_one_is_written() {
        let below = Memory::new();
        let mut batch = Batch::new();
        for key in ["a1", "a2", "a3", "a4", "b1"] {
            batch.put(key, "old");
        }
        below.apply(batch).unwrap();
        let overlay = Overlay::over(Arc::new(below.clone()));
        let mut batch = Batch::new();
        batch.put("a0", "new");
        batch.put("a2", "new");
        batch.delete("a3");
        batch.put("a5", "new");
        overlay.apply(batch).unwrap();
        for limit in 1..7 {
            let mut walked = Vec::new();
            let mut after: Option<Vec<u8>> = None;
            loop {
                let page = overlay.scan_page(b"a", after.as_deref(), limit).unwrap();
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
                walked.extend(keys(page));
            }
            assert_eq!(
                walked,
                ["a0=new", "a1=old", "a2=new", "a4=old", "a5=new"],
                "pages of {limit}"
            );
            let back = keys(overlay.scan_page_back(b"a", None, limit).unwrap());
            let only_keys = overlay.keys_page(b"a", None, limit).unwrap();
            assert_eq!(
                only_keys,
                [b"a0", b"a1", b"a2", b"a4", b"a5"][..limit.min(5)],
                "pages of {limit}, keys"
            );
            walked.reverse();
            assert_eq!(back, walked[..limit.min(5)], "pages of {limit}, back");
        }
        assert_eq!(overlay.get(b"a3").unwrap(), None);
        assert_eq!(
            keys(below.scan_page(b"", None, 9).unwrap()),
            ["a1=old", "a2=old", "a3=old", "a4=old", "b1=old"]
        );
    }
}
