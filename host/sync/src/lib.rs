//! What a run does, one file a stage: `pull`, `map`, `resolve`, `recognise`, `apply`, `bind`. It is where the
//! runtime and the gate meet.
//!
//! A page travels through the stages in one direction, and each page is one atomic step in the store. Nothing here
//! knows a particular PSA.

mod apply;
mod ask;
mod bind;
mod brake;
mod changes;
mod check;
mod checkpoint;
mod choice;
mod decided;
mod edit;
mod error;
mod explain;
mod hold;
pub mod import;
mod law;
mod leaving;
mod ledger;
mod map;
mod matches;
mod orphan;
mod outbound;
mod outbox;
mod preview;
mod progress;
mod psa;
mod pull;
mod push;
mod recognise;
mod remap;
mod resolve;
mod retry;
mod revert;
mod review;
mod rules;
mod run;
mod same;
mod setup;
mod stall;
mod trial;
mod verdict;

pub use ask::{members, options};
pub use changes::{ChangeRow, of_run};
pub use check::{CheckReport, CheckReportLine, check};
pub use checkpoint::forget;
pub use choice::ignore;
pub use edit::{Edit, Misread, lacking, made, read_edit, unfit};
pub use error::SyncError;
pub use explain::{Explanation, Look, Verdict, explain};
pub use hold::release;
pub use import::{import, preview_import};
pub use law::{Proof, prove};
pub use leaving::{Leaving, Reason};
pub use ledger::{LeftOut, Waiting};
pub use matches::{MatchAsset, MatchRow, MatchState, Suggestion, matches};
pub use outbound::Through;
pub use outbox::{mark, withhold_all};
pub use preview::preview;
pub use progress::{Cancel, Event, Progress, Unwatched};
pub use push::{Backfill, Eligible, WaitingEdits, backfill, preview_push, push};
pub use recognise::{is_free, parted};
pub use retry::retry;
pub use revert::{Reverted, SentBack, revert};
pub use review::{Review, Waits, agree, decline, reviewed, run_or_review};
pub use rules::Rules;
pub use run::{Order, run};
pub use same::{compare, other_database, witnesses};
pub use setup::{Layer, Setup};
pub use trial::{Refusal, TrialOf, Tried, TriedChange, TriedRecord, try_out};
pub use verdict::{approve, reject};
