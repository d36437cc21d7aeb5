//! Every test: guests are built once, then the binary and the simulator that the end-to-end tests run, then the tests.

use dovetail_guest_build::{EXAMPLES, HOSTILE, STOCK};

use crate::build::{binaries, guests};
use crate::command::{Outcome, cargo, run};

/// Runs every test; words after `test` go to `cargo test`.
pub(crate) fn test(rest: &[String]) -> Outcome {
    guests(&[STOCK, EXAMPLES, HOSTILE].concat())?;
    binaries()?;
    let mut command = cargo(&["test", "--workspace"]);
    run(command.args(rest))
}
