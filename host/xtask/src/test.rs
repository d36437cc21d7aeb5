//! Every test: guests are built once, then the binary and the simulator that the end-to-end tests run, then the tests.

use crate::build::guests;
use crate::command::{Outcome, cargo, run};
use crate::languages::languages;

/// Runs every test; words after `test` go to `cargo test`.
pub(crate) fn test(rest: &[String]) -> Outcome {
    languages()?;
    guests()?;
    // All targets at once: what tests need beside the binary then has the same features, and nothing is built twice.
    run(&mut cargo(&["build", "--workspace", "--all-targets"]))?;
    let mut command = cargo(&["test", "--workspace"]);
    run(command.args(rest))
}

/// Writes what documents say of the code, by the test that holds them to it.
pub(crate) fn docs() -> Outcome {
    let mut command = cargo(&["test", "--workspace", "--test", "hostile", "--", "page::"]);
    run(command.env("DOVETAIL_WRITE_DOCS", "1"))
}
