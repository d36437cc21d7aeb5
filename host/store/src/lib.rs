//! The Store trait, its conformance suite, and what is kept in it.
//!
//! Two layers. Below, [`Store`] holds ordered bytes and applies batches: all or nothing, on disk when it returns.
//! [`Sled`] is the embedded default, [`Memory`] serves tests. Above, [`Archive`] keeps records, runs, quarantine,
//! history and small tables, with an index in memory. Keys are laid out in [`keys`].
//!
//! # How it is used
//!
//! ```
//! use dovetail_domain::{Base, Kind, Record, RunId, Timestamp, matching};
//! use dovetail_store::{Archive, ChangeCause, Filter, Step, StoreError, table};
//!
//! fn page(archive: &Archive, now: Timestamp, run: RunId, new: Record) -> Result<(), StoreError> {
//!     // Everything of a page goes into one step, the checkpoint included.
//!     let mut step = Step::new(now, ChangeCause::Run(run));
//!     step.create(Record { id: archive.next_asset(), ..new })?;
//!     let checkpoint = (dovetail_domain::IntegrationId(1), "organization".to_owned());
//!     step.put(&table::checkpoints(), &checkpoint, &"cursor".to_owned())?;
//!     archive.commit(step)?;
//!
//!     let first = archive.list(Kind::Organization, &Filter::default(), None, 100)?;
//!     assert_eq!(first.records.len(), 1);
//!     Ok(())
//! }
//!
//! let new = Record {
//!     id: dovetail_domain::AssetId(0),
//!     kind: Kind::Organization,
//!     organization: None,
//!     fields: vec![],
//!     traits: vec![],
//!     link: None,
//!     base: Base::default(),
//!     held: vec![],
//!     own: vec![],
//!     updated: Timestamp::from_seconds(0).unwrap(),
//! };
//! page(&Archive::in_memory(), new.updated, RunId(1), new).unwrap();
//! ```
//!
//! An error that [`is_fatal`](StoreError::is_fatal) ends the process: the next start goes on from the last whole step.
//! [`StoreError::TooLarge`] from [`Step::create`] or [`Step::update`] concerns one record and leaves the step as it was.

mod archive;
mod backup;
mod bytes;
mod compact;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod deleted;
mod entry;
pub mod envelope;
mod error;
mod filter;
mod find;
mod frame;
mod history;
mod index;
pub mod keys;
#[cfg(test)]
mod kill;
mod ledger;
mod lookup;
mod memory;
mod overlay;
mod quarantine;
mod retention;
mod run;
#[cfg(test)]
mod sample;
mod sequence;
mod shelf;
mod sled;
mod step;
pub mod table;
mod verify;

pub use archive::Archive;
pub use backup::{BackupError, BackupReader, BackupWriter, Kept, Sum};
pub use bytes::{Batch, MAX_KEY, MAX_VALUE, Pair, Store, scan, scan_back};
pub use compact::{Compacted, closed, compact};
pub use deleted::Deleted;
pub use envelope::{compress, decompress};
pub use error::StoreError;
pub use filter::{Filter, NotACondition, Wanted};
pub use find::{Brief, Listed};
pub use history::{AuditEntry, Change, ChangeCause, Past, Touched, differences, mapped_differences};
pub use index::Counts;
pub use keys::Space;
pub use memory::Memory;
pub use overlay::Overlay;
pub use quarantine::{QuarantineEntry, QuarantineKey, Quarantined};
pub use retention::{Dropped, Retention};
pub use run::{Named, Pushed, Run, RunMode, RunStatus, RunTrigger, Tally};
pub use sled::Sled;
pub use step::Step;
pub use table::Table;
pub use verify::{Findings, Wrong};
