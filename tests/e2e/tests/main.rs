//! The binary against the simulator; and, in `pushing`, what the binary does not do yet: the plugins sending changes.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that does not find what it looks for has failed"
)]

mod addresses;
mod adopt;
mod authors;
mod both_sides;
mod by_hand;
mod carry;
mod certificates;
mod clock;
mod connect;
mod disk_full;
mod documents;
mod edits;
mod errors;
mod explain;
mod faults;
mod formats;
mod history;
mod import;
mod increments;
mod kill;
mod kills;
mod main_job;
mod mapping;
mod matches;
mod model;
mod orphans;
mod overlay;
mod people;
mod promises;
mod pushing;
mod quarantine;
mod rules;
mod secrets;
mod serve;
mod stalled;
mod trust;
mod two_way;
mod upkeep;
