//! Draws from a seed: the same seed gives the same episode.

/// A small generator (splitmix64).
pub(crate) struct Dice(u64);

impl Dice {
    /// One that begins at a seed.
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    /// True in so many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of the items; none of none.
    pub(crate) fn pick<T: Clone>(&mut self, items: &[T]) -> Option<T> {
        let place = self.roll() as usize % items.len().max(1);
        items.get(place).cloned()
    }
}
