//! Form, warnings, documentation, licences.

use std::process::{Command, Stdio};

use crate::command::{Outcome, cargo, run};

/// Fmt, clippy and docs with warnings denied; cargo-deny's licence and ban checks where it is installed.
pub(crate) fn lint() -> Outcome {
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))?;
    run(
        cargo(&["doc", "--workspace", "--no-deps", "--document-private-items"])
            .env("RUSTDOCFLAGS", "--deny warnings"),
    )?;
    let mut probe = Command::new("cargo-deny");
    let installed = probe
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if installed.is_ok_and(|status| status.success()) {
        run(&mut cargo(&["deny", "check", "licenses", "bans", "sources"]))
    } else {
        eprintln!("xtask: cargo-deny is not installed; licences and bans were not checked");
        Ok(())
    }
}
