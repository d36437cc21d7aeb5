//! The project's own commands. Each says what it does and what it installs.
//!
//! | command | what it does |
//! | --- | --- |
//! | `cargo xtask build` | builds the plugins and the binary |
//! | `cargo xtask demo` | builds everything, starts the simulator, connects, syncs, and shows what came of it |
//! | `cargo xtask test` | runs every test |
//! | `cargo xtask bench` | measures a full sync against its floor, mappings against native ones, and a start |
//! | `cargo xtask docs` | writes what `docs/plugins.md` says of the contract and the limits |
//! | `cargo xtask faults` | plants faults in a copy of the sources and shows that the tests notice them |
//! | `cargo xtask fuzz` | feeds each fuzz target for a minute; installs cargo-fuzz into target/tools |
//! | `cargo xtask soak MINUTES` | runs episodes of random changes, faults and kills, seed after seed, for so long |
//! | `cargo xtask soak --kills RECORDS TIMES` | kills a sync of so many records so many times |
//! | `cargo xtask lint` | fmt, clippy and docs with warnings denied; licences and bans where cargo-deny is installed |

mod bench;
mod build;
mod command;
mod demo;
mod edits;
mod faults;
mod fuzz;
mod languages;
mod lint;
mod mappings;
mod simulator;
mod soak;
mod test;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let done = match name.as_str() {
        "build" => build::build(),
        "demo" => demo::demo(&rest),
        "test" => test::test(&rest),
        "bench" => bench::bench(&rest),
        "faults" => faults::faults(&rest),
        "fuzz" => fuzz::fuzz(&rest),
        "soak" => soak::soak(&rest),
        "docs" => test::docs(),
        "lint" => lint::lint(),
        "ci" => test::test(&[]).and_then(|()| lint::lint()),
        other => Err(format!(
            "`{other}` is not one of build, demo, test, bench, faults, fuzz, soak, docs, lint, ci"
        )),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
