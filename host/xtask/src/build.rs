//! Plugins first, since the binary carries the stock ones; then the binary.

use dovetail_guest_build::build_all;

use crate::command::{Outcome, cargo, root, run};

/// Builds every plugin of the workspace to a component under `target/guests/components`.
pub(crate) fn guests() -> Outcome {
    let built =
        build_all(&root(), &mut |line| eprintln!("xtask: {line}")).map_err(|error| error.to_string())?;
    for component in built {
        eprintln!("xtask: {} sha256:{}", component.path.display(), component.digest);
    }
    Ok(())
}

/// Builds the plugins, the binary and the simulator.
pub(crate) fn build() -> Outcome {
    guests()?;
    binaries()
}

/// Builds the binary, the simulator and what else the workspace runs. The whole workspace is named so that its crates
/// agree on the features of what they share: the tests then find wasmtime built already.
pub(crate) fn binaries() -> Outcome {
    run(&mut cargo(&["build", "--workspace", "--bins"]))
}
