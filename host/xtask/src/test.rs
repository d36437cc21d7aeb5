//! Every test: guests are built once, then the binary and the simulator that the end-to-end tests run, then the tests.

use crate::build::build;
use crate::command::{Outcome, cargo, run};

/// Runs every test; words after `test` go to `cargo test`.
pub(crate) fn test(rest: &[String]) -> Outcome {
    build()?;
    let mut command = cargo(&["test", "--workspace"]);
    run(command.args(rest))
}
