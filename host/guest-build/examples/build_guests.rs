//! Builds guests of the workspace by hand: `cargo run -p dovetail-guest-build --example build_guests -- PACKAGE…`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let packages: Vec<String> = std::env::args().skip(1).collect();
    let names: Vec<&str> = packages.iter().map(String::as_str).collect();
    match dovetail_guest_build::build_workspace_guests(&root, &names, &mut |line| eprintln!("{line}")) {
        Ok(built) => {
            for component in built {
                println!(
                    "{} {} {} bytes",
                    component.path.display(),
                    component.digest,
                    component.size
                );
            }
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
