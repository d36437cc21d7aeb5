//! Entries of one kind in the order of their ids, packed: a list of short sorted rows. Ids grow, so almost every new
//! entry goes to the end; nothing is ever copied as a whole, which a single growing list would do.

use dovetail_domain::AssetId;

use crate::entry::Entry;

/// The most entries a row has.
const ROW: usize = 1_024;

#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// None is empty.
    rows: Vec<Vec<Entry>>,
    entries: usize,
}

impl Shelf {
    pub(crate) fn get(&self, id: AssetId) -> Option<&Entry> {
        let row = self.rows.get(self.row_of(id))?;
        let place = row.binary_search_by_key(&id, |entry| entry.id).ok()?;
        row.get(place)
    }

    /// Puts an entry; the one it replaces comes back.
    pub(crate) fn put(&mut self, entry: Entry) -> Option<Entry> {
        let number = self.row_of(entry.id);
        let full_end = number + 1 >= self.rows.len()
            && self
                .rows
                .last()
                .is_none_or(|row| row.len() >= ROW && row.last().is_none_or(|last| last.id < entry.id));
        if full_end {
            let mut row = Vec::with_capacity(ROW);
            row.push(entry);
            self.rows.push(row);
            self.entries += 1;
            return None;
        }
        let row = self.rows.get_mut(number)?;
        match row.binary_search_by_key(&entry.id, |known| known.id) {
            Ok(place) => row.get_mut(place).map(|slot| std::mem::replace(slot, entry)),
            Err(place) => {
                row.insert(place, entry);
                self.entries += 1;
                if row.len() > ROW {
                    let mut upper = Vec::with_capacity(ROW);
                    upper.extend(row.drain(ROW / 2..));
                    row.shrink_to(ROW);
                    self.rows.insert(number + 1, upper);
                }
                None
            }
        }
    }

    pub(crate) fn remove(&mut self, id: AssetId) -> Option<Entry> {
        let number = self.row_of(id);
        let row = self.rows.get_mut(number)?;
        let place = row.binary_search_by_key(&id, |entry| entry.id).ok()?;
        let removed = row.remove(place);
        if row.is_empty() {
            self.rows.remove(number);
        }
        self.entries -= 1;
        Some(removed)
    }

    /// Entries behind an id, ascending.
    pub(crate) fn after(&self, after: Option<AssetId>) -> impl Iterator<Item = &Entry> {
        let number = after.map_or(0, |id| self.row_of(id));
        let rows = self.rows.get(number..).unwrap_or_default();
        let skipped = rows.first().map_or(0, |row| {
            after.map_or(0, |after| row.partition_point(|entry| entry.id <= after))
        });
        rows.iter().flatten().skip(skipped)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries
    }

    /// Bytes taken.
    pub(crate) fn bytes(&self) -> usize {
        self.rows
            .iter()
            .map(|row| row.capacity() * size_of::<Entry>())
            .sum::<usize>()
            + self.rows.capacity() * size_of::<Vec<Entry>>()
    }

    /// The row that holds an id or would: the last that begins at or before it, else the first.
    fn row_of(&self, id: AssetId) -> usize {
        self.rows
            .partition_point(|row| row.first().is_some_and(|entry| entry.id <= id))
            .saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn entry(id: u64, mark: u32) -> Entry {
        Entry {
            id: AssetId(id),
            name: mark,
            ..Entry::default()
        }
    }

    proptest! {
        #[test]
        fn it_is_an_ordered_map(actions in prop::collection::vec((0u64..3_000, any::<bool>()), 0..400), filled in 0u64..5_000) {
            let mut shelf = Shelf::default();
            let mut model = BTreeMap::new();
            for id in 0..filled {
                shelf.put(entry(id * 2, 0));
                model.insert(id * 2, 0);
            }
            for (mark, (id, put)) in (1u32..).zip(actions) {
                if put {
                    prop_assert_eq!(shelf.put(entry(id, mark)).map(|old| old.name), model.insert(id, mark));
                } else {
                    prop_assert_eq!(shelf.remove(AssetId(id)).map(|old| old.name), model.remove(&id));
                }
            }
            prop_assert_eq!(shelf.len(), model.len());
            for after in [0, 7, 1_500, 2_999, 20_000] {
                let found: Vec<_> = shelf.after(Some(AssetId(after))).map(|entry| (entry.id.0, entry.name)).collect();
                let wanted: Vec<_> = model.range(after + 1..).map(|(id, mark)| (*id, *mark)).collect();
                prop_assert_eq!(found, wanted);
                prop_assert_eq!(shelf.get(AssetId(after)).map(|entry| entry.name), model.get(&after).copied());
            }
            let all: Vec<_> = shelf.after(None).map(|entry| entry.id.0).collect();
            prop_assert_eq!(all, model.keys().copied().collect::<Vec<_>>());
        }
    }
}
