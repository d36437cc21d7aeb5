//! The made-up database. The large kinds are pure functions of seed and number; the small ones are tables.

pub(crate) mod company;
pub(crate) mod configuration;
pub(crate) mod contact;
pub(crate) mod members;
pub(crate) mod names;
pub(crate) mod setup;
pub(crate) mod site;
pub(crate) mod ticket;

use crate::config::Size;
use crate::dice::Dice;
use crate::kind::Kind;
use crate::moment::DAY;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// A small table: records by id.
pub(crate) type Table = BTreeMap<u64, Value>;

/// Everything that does not change: the seed, the numbers, the small tables.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) size: Size,
    pub(crate) loose: bool,
    pub(crate) base: i64,
    tables: HashMap<Kind, Table>,
    members: Vec<members::Name>,
}

impl World {
    /// A world from a seed. `links` begins the links in `_info` of the small tables.
    pub(crate) fn new(seed: u64, size: Size, loose: bool, base: i64) -> Self {
        let size = Size {
            companies: size.companies.max(1),
            members: size.members.clamp(1, 500),
            ..size
        };
        let members = members::names(seed, size.members);
        let tables = setup::tables(seed, base, &members);
        Self {
            seed,
            size,
            loose,
            base,
            tables,
            members,
        }
    }

    /// The small table of a kind, if it has one.
    pub(crate) fn table(&self, kind: Kind) -> Option<&Table> {
        self.tables.get(&kind)
    }

    /// The name of an entry of a small table.
    pub(crate) fn name(&self, kind: Kind, id: u64) -> &str {
        self.table(kind)
            .and_then(|table| table.get(&id))
            .and_then(|entry| entry.get("name").or_else(|| entry.get("description")))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// A member by any number; there is always one.
    pub(crate) fn member(&self, draw: u64) -> members::Name {
        let place = (draw % self.members.len().max(1) as u64) as usize;
        self.members.get(place).cloned().unwrap_or_default()
    }

    pub(crate) fn dice(&self, kind: Kind, number: u64) -> Dice {
        Dice::new(self.seed, kind.number(), number)
    }

    /// How many places a large kind has: one a record, three a company for sites.
    pub(crate) fn places(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Company => self.size.companies,
            Kind::Site => self.size.companies * site::MOST,
            Kind::Contact => self.size.contacts,
            Kind::Configuration => self.size.configurations,
            Kind::Ticket => self.size.tickets,
            _ => 0,
        }
    }

    /// The first place whose id is greater than `after`.
    pub(crate) fn place_after(&self, kind: Kind, after: u64) -> u64 {
        let mut place = after.saturating_sub(first_id(kind)) / 8 * 7;
        while place < self.places(kind) && id_at(kind, place) <= after {
            place += 1;
        }
        place
    }

    /// The place of an id, if the made-up data has a record there.
    pub(crate) fn place_of(&self, kind: Kind, id: u64) -> Option<u64> {
        let place = self.place_after(kind, id.checked_sub(1)?);
        (place < self.places(kind) && id_at(kind, place) == id && self.is_taken(kind, place)).then_some(place)
    }

    /// Whether there is a record at a place: always, but for the sites a company does not have.
    pub(crate) fn is_taken(&self, kind: Kind, place: u64) -> bool {
        kind != Kind::Site || place % site::MOST < self.sites_of(place / site::MOST)
    }

    /// When a record was entered and last changed.
    pub(crate) fn times(&self, dice: Dice) -> (i64, i64) {
        let age = dice.below(901, 4 * 365 * DAY as u64) as i64 + 3_600;
        let entered = self.base - age;
        // Most records were touched lately, whatever their age.
        let since = dice.skewed(902, age as u64) as i64;
        (entered, self.base - since - 60)
    }
}

/// The id of the first record of a large kind.
pub(crate) const fn first_id(kind: Kind) -> u64 {
    match kind {
        Kind::Company => 250,
        Kind::Site => 400,
        Kind::Contact => 310,
        Kind::Configuration => 501,
        Kind::Ticket => 5_000,
        _ => 1,
    }
}

/// The id at a place of a large kind; every eighth id is free, so that nobody counts on ids without gaps.
pub(crate) const fn id_at(kind: Kind, place: u64) -> u64 {
    first_id(kind) + place + place / 7
}
