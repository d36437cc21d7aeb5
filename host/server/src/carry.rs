//! `integration export` and `integration import`: an integration in a file of its own, for another home or a later day.
//!
//! The file holds how it connects, what is synced, what is mapped with, what a person said of records, and its links by
//! the ids and names of both sides. It holds no secret, and no record: links attach to records that are there.

mod attach;
mod content;
mod export;
mod file;
mod import;

pub(crate) use export::export;
pub(crate) use import::import;
