//! The lower layer: ordered keys and values, changed in atomic, durable batches. Everything above sees only [`Store`].

use crate::StoreError;

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// A key and what is to stand there; none: nothing.
pub(crate) type Write = (Vec<u8>, Option<Vec<u8>>);

/// Ordered bytes. Keys are 1 to 1,024 bytes long and ordered byte by byte; values have at most [`MAX_VALUE`] bytes.
///
/// Every value is checked on each read: what comes back is what was written, or an error. An error that
/// [`is_fatal`](StoreError::is_fatal) means that the process has to stop.
pub trait Store: Send + Sync {
    /// The value at a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Up to `limit` pairs whose keys begin with `prefix`, ascending, beginning behind the key `after`. Each pair is
    /// whole, but pages are no snapshot: a batch applied between two pages shows in the second.
    fn scan_page(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError>;

    /// The same descending, beginning before the key `before`.
    fn scan_page_back(
        &self,
        prefix: &[u8],
        before: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError>;

    /// Up to `limit` keys alone, as [`scan_page`](Store::scan_page) orders them. Values are not looked at, so this gets
    /// past one that is damaged.
    fn keys_page(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let pairs = self.scan_page(prefix, after, limit)?;
        Ok(pairs.into_iter().map(|(key, _)| key).collect())
    }

    /// Applies a batch: all of it or nothing, and on disk when this returns.
    fn apply(&self, batch: Batch) -> Result<(), StoreError>;

    /// Bytes used on disk.
    fn size_on_disk(&self) -> Result<u64, StoreError>;
}

/// The most bytes a value may have: 16 MiB.
pub const MAX_VALUE: usize = 16 << 20;

/// The most bytes a key may have.
pub const MAX_KEY: usize = 1_024;

/// Writes that are applied together. Of several to one key the last counts.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    writes: Vec<Write>,
}

impl Batch {
    /// Nothing to write.
    pub fn new() -> Batch {
        Batch::default()
    }

    /// Puts a value at a key.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.writes.push((key.into(), Some(value.into())));
    }

    /// Takes a key out; it need not be there.
    pub fn delete(&mut self, key: impl Into<Vec<u8>>) {
        self.writes.push((key.into(), None));
    }

    /// How many writes there are.
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// The writes: for each key the last one, keys ascending. Keys and values out of bounds are refused.
    pub(crate) fn into_writes(self) -> Result<Vec<Write>, StoreError> {
        let mut writes = self.writes;
        // A stable sort keeps the order of writes to one key; reversed, the last one is the one that stays.
        writes.reverse();
        writes.sort_by(|one, other| one.0.cmp(&other.0));
        writes.dedup_by(|later, kept| later.0 == kept.0);
        for (key, value) in &writes {
            let bytes = value.as_ref().map_or(0, Vec::len);
            if bytes > MAX_VALUE {
                let what = format!("the value for {}", crate::error::show_key(key));
                return Err(StoreError::TooLarge {
                    what,
                    bytes,
                    limit: MAX_VALUE,
                });
            }
            if key.is_empty() || key.len() > MAX_KEY {
                return Err(StoreError::TooLarge {
                    what: "a key".to_owned(),
                    bytes: key.len(),
                    limit: MAX_KEY,
                });
            }
        }
        Ok(writes)
    }
}

/// Pairs a page of a scan has while iterating.
const SCAN_PAGE: usize = 256;

/// Walks all pairs under a prefix in pages, holding nothing between them. Ends after the first error.
pub fn scan<'a>(
    store: &'a dyn Store,
    prefix: impl Into<Vec<u8>>,
) -> impl Iterator<Item = Result<Pair, StoreError>> + 'a {
    walk(prefix.into(), move |prefix, after| {
        store.scan_page(prefix, after, SCAN_PAGE)
    })
}

/// The same, descending.
pub fn scan_back<'a>(
    store: &'a dyn Store,
    prefix: impl Into<Vec<u8>>,
) -> impl Iterator<Item = Result<Pair, StoreError>> + 'a {
    walk(prefix.into(), move |prefix, before| {
        store.scan_page_back(prefix, before, SCAN_PAGE)
    })
}

fn walk<'a>(
    prefix: Vec<u8>,
    page: impl Fn(&[u8], Option<&[u8]>) -> Result<Vec<Pair>, StoreError> + 'a,
) -> impl Iterator<Item = Result<Pair, StoreError>> + 'a {
    let mut waiting = Vec::new().into_iter();
    let mut last: Option<Vec<u8>> = None;
    let mut ended = false;
    std::iter::from_fn(move || {
        if let Some(pair) = waiting.next() {
            return Some(Ok(pair));
        }
        if ended {
            return None;
        }
        match page(&prefix, last.as_deref()) {
            Ok(pairs) => {
                ended = pairs.len() < SCAN_PAGE;
                last = pairs.last().map(|(key, _)| key.clone());
                waiting = pairs.into_iter();
                waiting.next().map(Ok)
            }
            Err(error) => {
                ended = true;
                Some(Err(error))
            }
        }
    })
}

/// The first key behind all that begin with a prefix; none where there is no such key.
pub(crate) fn end_of(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix.get(..=kept)?.to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_behind_it() {
        assert_eq!(end_of(b"ab").unwrap(), b"ac");
        assert_eq!(end_of(&[1, 255, 255]).unwrap(), [2]);
        assert_eq!(end_of(&[255]), None);
        assert_eq!(end_of(&[]), None);
    }

    #[test]
    fn the_last_write_to_a_key_counts() {
        let mut batch = Batch::new();
        batch.put(*b"b", *b"1");
        batch.put(*b"a", *b"1");
        batch.delete(*b"b");
        batch.put(*b"a", *b"2");
        let writes = batch.into_writes().unwrap();
        assert_eq!(
            writes,
            [(b"a".to_vec(), Some(b"2".to_vec())), (b"b".to_vec(), None)]
        );
    }
}
