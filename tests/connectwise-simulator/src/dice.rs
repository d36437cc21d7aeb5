//! Draws that depend on nothing but a seed and a record's number, so that any record can be made at any time.

/// A well-mixed number from two others (the finalizer of splitmix64).
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let mut z = a
        .wrapping_add(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(b.wrapping_mul(0xd6e8_feb8_6659_fd93));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number for a text (FNV-1a), the same on every machine.
pub(crate) fn text_number(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The draws of one record. Each draw is named by a salt, so a field's value does not depend on which other
/// fields were asked for.
#[derive(Clone, Copy)]
pub(crate) struct Dice {
    key: u64,
}

impl Dice {
    /// Dice for record `number` of the kind with `kind_number`.
    pub(crate) fn new(seed: u64, kind_number: u64, number: u64) -> Self {
        Self {
            key: mix(mix(seed, kind_number), number),
        }
    }

    /// A number of 64 random bits.
    pub(crate) fn roll(self, salt: u64) -> u64 {
        mix(self.key, salt)
    }

    /// A number in `0..limit`; 0 when the limit is 0.
    pub(crate) fn below(self, salt: u64, limit: u64) -> u64 {
        if limit == 0 {
            0
        } else {
            ((u128::from(self.roll(salt)) * u128::from(limit)) >> 64) as u64
        }
    }

    /// A number in `0..limit` that prefers small ones: a few companies have most of the devices.
    pub(crate) fn skewed(self, salt: u64, limit: u64) -> u64 {
        let unit = self.roll(salt) >> 44;
        let squared = (unit * unit) >> 20;
        ((u128::from(squared) * u128::from(limit)) >> 20) as u64
    }

    /// True in `per_thousand` of 1,000 cases.
    pub(crate) fn chance(self, salt: u64, per_thousand: u64) -> bool {
        self.below(salt, 1_000) < per_thousand
    }

    /// One of the items; the type's default when there is none.
    pub(crate) fn pick<T: Copy + Default>(self, salt: u64, items: &[T]) -> T {
        let place = self.below(salt, items.len() as u64) as usize;
        items.get(place).copied().unwrap_or_default()
    }
}
