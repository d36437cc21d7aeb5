//! What a run does, one file a stage: `pull`, `map`, `resolve`, `recognise`, `apply`, `bind`. It is where the
//! runtime and the gate meet.
//!
//! A page travels through the stages in one direction, and each page is one atomic step in the store. Nothing here
//! knows a particular PSA.

mod apply;
mod ask;
mod bind;
mod check;
mod error;
mod ledger;
mod map;
mod outbound;
mod progress;
mod pull;
mod recognise;
mod resolve;
mod run;
mod setup;

pub use ask::{members, options};
pub use check::{CheckReport, CheckReportLine, check};
pub use error::SyncError;
pub use ledger::{LeftOut, Waiting};
pub use progress::{Cancel, Event, Progress, Unwatched};
pub use run::{Order, full};
pub use setup::{Layer, Setup};
