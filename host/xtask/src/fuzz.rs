//! `cargo xtask fuzz [--seconds N] [TARGET…]`: feeds each fuzz target with what libFuzzer makes up, a minute each unless
//! told otherwise. It installs cargo-fuzz into target/tools where it is not there yet, and builds into target/fuzz.
//!
//! Targets stand in `fuzz/targets`; the properties they hold are in the rooms themselves, where ordinary tests hold them
//! too, over `fuzz/corpus` and by chance. What a run finds along the way is kept in target/fuzz/corpus; what breaks a
//! property is left in fuzz/artifacts: put it into `fuzz/corpus/TARGET`, and it is a test.

use std::process::Command;

use crate::command::{Outcome, cargo, root, run, target};

/// Each target and the feature that brings the room it is about.
const TARGETS: [(&str, &str); 5] = [
    ("address", "gate"),
    ("rules", "rules"),
    ("conditions", "connectwise"),
    ("conversion", "runtime"),
    ("component", "runtime"),
];
/// How long each target is fed.
const SECONDS: u32 = 60;
/// The version of cargo-fuzz that is installed.
const CARGO_FUZZ: &str = "cargo-fuzz@^0.13";

/// Runs the targets that are asked for; none means all.
pub(crate) fn fuzz(words: &[String]) -> Outcome {
    let (mut seconds, mut wanted) = (SECONDS, Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--seconds" {
            let number = words.next().and_then(|word| word.parse().ok());
            seconds = number.ok_or("--seconds is followed by a number")?;
        } else if TARGETS.iter().any(|(name, _)| name == word) {
            wanted.push(word.as_str());
        } else {
            let names = TARGETS.map(|(name, _)| name).join(", ");
            return Err(format!("`{word}` is no fuzz target: {names}"));
        }
    }
    let tools = target().join("tools");
    let program = tools.join("bin").join("cargo-fuzz");
    if !program.exists() {
        eprintln!("xtask: cargo-fuzz is installed into {}", tools.display());
        run(cargo(&["install", CARGO_FUZZ, "--locked", "--root"]).arg(&tools))?;
    }
    let folder = target().join("fuzz");
    for (name, feature) in TARGETS {
        if !wanted.is_empty() && !wanted.contains(&name) {
            continue;
        }
        let found = folder.join("corpus").join(name);
        std::fs::create_dir_all(&found).map_err(|why| format!("{}: {why}", found.display()))?;
        // No sanitizer: those need a nightly compiler, and the rooms have no unsafe code of their own here.
        let mut command = Command::new(&program);
        command
            .args([
                "fuzz",
                "run",
                "--sanitizer",
                "none",
                "--features",
                feature,
                "--target-dir",
            ])
            .arg(&folder)
            .arg(name)
            .arg(&found)
            .arg(root().join("fuzz/corpus").join(name))
            .args([
                "--",
                &format!("-max_total_time={seconds}"),
                "-timeout=30",
                "-print_final_stats=1",
            ])
            .current_dir(root());
        run(&mut command)?;
    }
    println!("nothing was found in {seconds} s a target");
    Ok(())
}
