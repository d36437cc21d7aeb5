//! Plugins first, since the binary carries the stock ones; then the binary.

use dovetail_guest_build::{EXAMPLES, STOCK, build_workspace_guests};

use crate::command::{Outcome, cargo, root, run};

/// Builds plugins to components under `target/guests/components`.
pub(crate) fn guests(packages: &[&str]) -> Outcome {
    let built = build_workspace_guests(&root(), packages, &mut |line| eprintln!("xtask: {line}"))
        .map_err(|error| error.to_string())?;
    for component in built {
        eprintln!("xtask: {} sha256:{}", component.path.display(), component.digest);
    }
    Ok(())
}

/// Builds the plugins, the binary and the simulator.
pub(crate) fn build() -> Outcome {
    guests(&[STOCK, EXAMPLES].concat())?;
    binaries()
}

/// Builds the binary, the simulator and what else the workspace runs. The whole workspace is named so that its crates
/// agree on the features of what they share: the tests then find wasmtime built already.
pub(crate) fn binaries() -> Outcome {
    run(&mut cargo(&["build", "--workspace", "--bins"]))
}
