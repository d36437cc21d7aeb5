//! What dovetail is about: records, fields, values, what a connector and a mapping say of themselves, matching and
//! planning. Everything here is pure: no I/O, no async, no clock. The other rooms know this one; it knows none of them.

pub mod choice;
pub mod code;
pub mod conflict;
pub mod connector;
pub mod content;
pub mod decide;
pub mod edit;
pub mod fault;
pub mod field;
pub mod ids;
pub mod integration;
pub mod kind;
pub mod likeness;
pub mod mapping;
pub mod matching;
mod merge;
pub mod motion;
pub mod orphan;
pub mod outgoing;
pub mod plan;
pub mod policy;
pub mod reconcile;
pub mod record;
#[cfg(test)]
mod sample;
pub mod showable;
pub mod source;
pub mod time;
pub mod value;
pub mod witness;

pub use choice::{Choice, Chosen};
pub use code::{Code, Explained};
pub use conflict::{Conflict, ConflictId, Open, Sides, Take};
pub use edit::Wanted;
pub use fault::{Cause, Fault};
pub use field::{Field, Shape};
pub use ids::{AssetId, IntegrationId, IntegrationName, QuarantineId, RunId, SourceId};
pub use integration::{Integration, Trouble};
pub use kind::Kind;
pub use outgoing::{Outgoing, Refused, Sending};
pub use policy::{Policy, Rule};
pub use record::{Base, Hold, Link, Part, PartRef, Record, SyncState};
pub use source::{Exclusion, Pulled, SourceRecord, SourceRef};
pub use time::Timestamp;
pub use value::{Date, Entry, Reference, Value};
pub use witness::{Marks, Witness};
