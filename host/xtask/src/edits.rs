//! What both directions cost: planning, sending through the binary against the same requests sent by the connector compiled
//! natively, and the memory it takes while few and while many edits wait.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::bench::{Bench, followed, released};
use crate::command::{Outcome, run};

/// Edits that wait, fewer and more.
const FEW: u64 = 1_000;
const MANY: u64 = 100_000;

/// Measures on a database of its own, of as many configurations as there are edits.
pub(crate) fn edits() -> Outcome {
    let told = output(Command::new(released("edits")).arg("plan"))?;
    let number = |document: &serde_json::Value, name: &str| {
        document
            .get(name)
            .and_then(serde_json::Value::as_f64)
            .unwrap_or_default()
    };
    println!(
        "\nplanning both ways: {:.1} million fields a second; comparing inward only, the least: {:.1} million",
        number(&told, "fields_a_second") / 1e6,
        number(&told, "inward_fields_a_second") / 1e6
    );
    let size: Vec<String> = [
        "--records",
        "103000",
        "--companies",
        "1000",
        "--contacts",
        "1000",
        "--configurations",
    ]
    .into_iter()
    .chain(["100000", "--tickets", "0", "--writes"])
    .map(str::to_owned)
    .collect();
    println!("\nedits     waiting   seconds  edits/s  requests  peak MB");
    for waiting in [FEW, MANY] {
        let bench = Bench::synced(&format!("edits-{waiting}"), &size)?;
        run(bench
            .dovetail(&["settings", "set", "bench", "--two-way", "on"])
            .stdout(Stdio::null()))?;
        let home = bench.home().display().to_string();
        run(bench
            .dovetail(&["sync", "bench", "--quiet"])
            .stdout(Stdio::null()))?;
        let count = waiting.to_string();
        let made = output(Command::new(released("edits")).args(["make", &home, &count]))?;
        let waiting = number(&made, "edits");
        let begun = Instant::now();
        let child = bench
            .dovetail(&["push", "bench", "--format", "json", "--quiet"])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let (said, peak_kib, _) = followed(child)?;
        let seconds = begun.elapsed().as_secs_f64();
        let document: serde_json::Value =
            serde_json::from_str(&said).map_err(|error| format!("{error}: {said}"))?;
        let confirmed = document.pointer("/pushed/configuration/confirmed");
        let confirmed = confirmed.and_then(serde_json::Value::as_f64).unwrap_or_default();
        if confirmed < waiting {
            return Err(format!("of {waiting} edits {confirmed} arrived"));
        }
        row(
            "dovetail",
            confirmed,
            seconds,
            number(&document, "requests"),
            Some(peak_kib),
        );
        if waiting >= MANY as f64 * 0.5 {
            let least = bench.floor_words()?;
            let mut floor = Command::new(released("edits"));
            floor
                .args(["send", &home, "10000"])
                .args(&least)
                .env("PRIVATE_KEY", bench.key()?);
            let told = output(&mut floor)?;
            row(
                "floor",
                number(&told, "edits"),
                number(&told, "seconds"),
                number(&told, "requests"),
                None,
            );
            let ratio = (confirmed / seconds) / (number(&told, "edits") / number(&told, "seconds"));
            println!("ratio to the floor: {:.0} %", ratio * 100.0);
        }
    }
    Ok(())
}

fn row(name: &str, edits: f64, seconds: f64, requests: f64, peak_kib: Option<u64>) {
    let peak = peak_kib.map_or_else(|| "-".to_owned(), |kib| (kib / 1024).to_string());
    println!(
        "{name:<9} {edits:>7} {seconds:>9.2} {:>8.0} {requests:>9} {peak:>8}",
        edits / seconds
    );
}

fn output(command: &mut Command) -> Outcome<serde_json::Value> {
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}
