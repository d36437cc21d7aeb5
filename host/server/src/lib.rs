//! Every command as a request value and the one function that executes it.
//!
//! - [`request`], [`answer`], [`problem`]: what goes in and what comes out.
//! - [`home`]: the folder everything is kept in, and its lock. [`socket`]: how a command reaches a busy home.
//!   [`session`]: the two behind one door.
//! - `execute`: request to answer; one file a family of commands.
//! - [`queue`]: which run comes next. `dispatch`: the runs of this process. [`scheduler`]: `serve`.
//! - [`authors`]: what plugin authors do; it needs no home. `cases`: a mapping held to a file of cases.
//! - [`status`], [`outcome`]: how an integration stands and how a run's end becomes an exit code, as tables.

pub mod answer;
mod assets;
pub mod authors;
pub mod caller;
mod carry;
mod cases;
pub mod choose;
mod config;
mod conflicts;
mod database;
mod dispatch;
mod edits;
mod execute;
mod form;
mod history;
pub mod home;
mod host;
mod import;
mod integrations;
mod keys;
mod mappings;
mod matches;
pub mod outcome;
mod passphrase;
mod people;
mod plugins;
mod policies;
pub mod problem;
mod pushes;
mod quarantine;
pub mod queue;
mod removal;
pub mod request;
mod runs;
pub mod scheduler;
mod schema;
pub mod secret;
pub mod session;
mod settings;
mod shelf;
pub mod socket;
mod stall;
pub mod status;
mod two_way;
mod upkeep;

pub use answer::Answer;
pub use caller::{Caller, NoCaller, Question, Reply};
pub use dovetail_store::{Named, Pushed, Run, RunMode, RunStatus, RunTrigger, Tally};
pub use dovetail_sync::{ChangeRow, Event, Explanation, MatchRow, MatchState, Progress, Verdict};
pub use home::HomeFolder;
pub use problem::Problem;
pub use request::Request;
pub use secret::SecretText;
pub use session::Session;

/// What the binary's first argument asks for where it is the child that compiles a plugin: it does that and nothing
/// else, and this gives what it ends with. None: it is the program itself.
pub fn compile_child() -> Option<std::process::ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let asked = arguments
        .next()
        .is_some_and(|first| first == dovetail_runtime::CHILD_ARGUMENT);
    asked.then(|| dovetail_runtime::compile_child_main(arguments))
}
