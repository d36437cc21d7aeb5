//! Members: the people who log in to ConnectWise, licensed or not, and the API members apart from them.

use super::names::{FAMILY, GIVEN, slug};
use crate::dice::Dice;
use crate::kind::Kind;

/// How other records name a member.
#[derive(Debug, Clone, Default)]
pub(crate) struct Name {
    pub(crate) id: u64,
    pub(crate) identifier: String,
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
}

impl Name {
    pub(crate) fn full(&self) -> String {
        format!("{} {}", self.first, self.last)
    }
}

/// The members' names. Identifiers are at most 15 characters and never the same.
pub(crate) fn names(seed: u64, count: u64) -> Vec<Name> {
    (0..count)
        .map(|place| {
            let dice = Dice::new(seed, Kind::Member.number(), place);
            let (first, last) = (dice.pick(1, GIVEN), dice.pick(2, FAMILY));
            let letters: String = slug(first)
                .chars()
                .take(1)
                .chain(slug(last).chars().take(9))
                .collect();
            Name {
                id: 101 + place + place / 7,
                identifier: format!("{letters}{}", place + 1),
                first,
                last,
            }
        })
        .collect()
}
