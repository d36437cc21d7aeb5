//! From a 32-bit hash to the records that may be meant. Twelve bytes a record; the few wrong answers are sorted out by
//! whoever reads the record.

use dovetail_domain::AssetId;
use hashbrown::HashTable;

/// A table of its own for each value of a hash's first bits, so that growing never doubles everything at once.
const SHARDS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    hash: u32,
    /// The id in two halves: whole, it would make a slot of 16 bytes.
    id: [u32; 2],
}

impl Slot {
    fn new(hash: u32, AssetId(id): AssetId) -> Slot {
        Slot {
            hash,
            id: [(id >> 32) as u32, id as u32],
        }
    }

    fn id(self) -> AssetId {
        let [high, low] = self.id;
        AssetId(u64::from(high) << 32 | u64::from(low))
    }
}

#[derive(Debug)]
pub(crate) struct Lookup {
    shards: Vec<HashTable<Slot>>,
}

impl Default for Lookup {
    fn default() -> Lookup {
        Lookup {
            shards: (0..SHARDS).map(|_| HashTable::new()).collect(),
        }
    }
}

impl Lookup {
    pub(crate) fn insert(&mut self, hash: u32, id: AssetId) {
        if let Some(shard) = self.shards.get_mut(shard_of(hash)) {
            shard.insert_unique(spread(hash), Slot::new(hash, id), |slot| spread(slot.hash));
        }
    }

    pub(crate) fn remove(&mut self, hash: u32, id: AssetId) {
        let slot = Slot::new(hash, id);
        if let Some(shard) = self.shards.get_mut(shard_of(hash))
            && let Ok(found) = shard.find_entry(spread(hash), |known| *known == slot)
        {
            found.remove();
        }
    }

    /// All ids put in under a hash, in no order.
    pub(crate) fn get(&self, hash: u32) -> impl Iterator<Item = AssetId> {
        let shard = self.shards.get(shard_of(hash));
        let slots = shard.map(|shard| shard.iter_hash(spread(hash)));
        slots
            .into_iter()
            .flatten()
            .filter(move |slot| slot.hash == hash)
            .map(|slot| slot.id())
    }

    /// Bytes taken.
    pub(crate) fn bytes(&self) -> usize {
        self.shards.iter().map(HashTable::allocation_size).sum()
    }
}

fn shard_of(hash: u32) -> usize {
    // 64 shards: the first six bits.
    (hash >> 26) as usize
}

/// A hash as the table wants it: all 64 bits in use.
fn spread(hash: u32) -> u64 {
    let product = u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    product ^ (product >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_records_share_a_hash() {
        let mut lookup = Lookup::default();
        for (hash, id) in [(7, 1), (7, 2), (8, 3), (u32::MAX, u64::MAX)] {
            lookup.insert(hash, AssetId(id));
        }
        lookup.remove(7, AssetId(3));
        let mut found: Vec<_> = lookup.get(7).collect();
        found.sort();
        assert_eq!(found, [AssetId(1), AssetId(2)]);
        lookup.remove(7, AssetId(1));
        assert_eq!(lookup.get(7).collect::<Vec<_>>(), [AssetId(2)]);
        assert_eq!(lookup.get(u32::MAX).collect::<Vec<_>>(), [AssetId(u64::MAX)]);
        assert_eq!(lookup.get(9).count(), 0);
    }
}
