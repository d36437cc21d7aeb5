//! A full sync against its floor: the binary syncs a large database from the simulator over loopback TLS, then
//! `tests/floor` does the least that work can cost, against the same simulator. A ratio is reported, and beside it what
//! the process took.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::build::guests;
use crate::command::{Outcome, cargo, run, target};
use crate::mappings::mappings;
use crate::simulator::Simulator;

/// Requests a minute that an integration may send where nobody said otherwise.
const DEFAULT_BUDGET: f64 = 900.0;

/// Measures the size, or `--records N` in the usual proportions; `--runs N` repeats and takes the middle one.
pub(crate) fn bench(rest: &[String]) -> Outcome {
    let number = |flag: &str| -> Option<usize> {
        let place = rest.iter().position(|word| word == flag)?;
        rest.get(place + 1)?.parse().ok()
    };
    guests()?;
    // The release profile, in a folder of its own: what users run.
    run(&mut cargo(&["build", "--release", "--workspace", "--bins"]))?;
    let size: Vec<String> = match number("--records") {
        Some(records) => vec!["--records".into(), records.to_string()],
        None => [
            "--records",
            "112000",
            "--companies",
            "2000",
            "--contacts",
            "10000",
            "--configurations",
            "100000",
            "--tickets",
            "0",
        ]
        .map(str::to_owned)
        .to_vec(),
    };
    let mut ratios = Vec::new();
    for turn in 1..=number("--runs").unwrap_or(1) {
        let measured = product(&size)?;
        let least = floor(&size)?;
        report(turn, &measured, &least);
        ratios.push((measured.records as f64 / measured.seconds) / (least.records as f64 / least.seconds));
    }
    ratios.sort_by(f64::total_cmp);
    if let Some(middle) = ratios.get(ratios.len() / 2) {
        println!(
            "ratio to the floor: {:.0} % (the middle of {})",
            middle * 100.0,
            ratios.len()
        );
    }
    mappings(&target().join("bench").join("dovetail").join("home"))
}

/// What a full sync took.
struct Measured {
    records: u64,
    seconds: f64,
    requests: u64,
    peak_kib: u64,
    written: u64,
    on_disk: u64,
}

fn report(turn: usize, product: &Measured, floor: &Measured) {
    println!("\nrun {turn}      records   seconds  records/s  requests  peak MB  written MB  on disk MB");
    for (name, measured) in [("dovetail", product), ("floor", floor)] {
        println!(
            "{name:<10} {:>8} {:>9.2} {:>10.0} {:>9} {:>8.0} {:>11.0} {:>11.0}",
            measured.records,
            measured.seconds,
            measured.records as f64 / measured.seconds,
            measured.requests,
            measured.peak_kib as f64 / 1024.0,
            measured.written as f64 / 1e6,
            measured.on_disk as f64 / 1e6,
        );
    }
    println!(
        "the default budget of {DEFAULT_BUDGET} requests a minute would stretch it to at least {:.0} s",
        (product.requests as f64 / DEFAULT_BUDGET * 60.0).max(product.seconds)
    );
}

pub(crate) fn released(name: &str) -> std::path::PathBuf {
    target().join("release").join(name)
}

pub(crate) fn fresh(name: &str) -> Outcome<std::path::PathBuf> {
    let folder = target().join("bench").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
    }
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    Ok(folder)
}

fn simulator(size: &[String], authority: &Path) -> Outcome<Simulator> {
    let authority = authority.display().to_string();
    let words: Vec<&str> = size
        .iter()
        .map(String::as_str)
        .chain(["--ca-out", &authority])
        .collect();
    Simulator::start_from(&released("connectwise-simulator"), &words)
}

/// The real thing: set up, then one full sync, measured.
fn product(size: &[String]) -> Outcome<Measured> {
    let folder = fresh("dovetail")?;
    let authority = folder.join("ca.pem");
    let simulator = simulator(size, &authority)?;
    let home = folder.join("home");
    let key = simulator.said("/credentials/private_key")?.to_owned();
    let dovetail = |words: &[&str]| {
        let mut command = Command::new(released("dovetail"));
        command
            .args(words)
            .env("DOVETAIL_HOME", &home)
            .env("PRIVATE_KEY", &key)
            .stdin(Stdio::null());
        command.env("DOVETAIL_CACHE", folder.join("cache"));
        command
    };
    let quiet = |mut command: Command| run(command.stdout(Stdio::null()));
    let set = |key: &str, pointer: &str| Ok::<_, String>(format!("{key}={}", simulator.said(pointer)?));
    quiet(dovetail(&[
        "integration",
        "add",
        "bench",
        "--connector",
        "connectwise",
        "--set",
        &set("site", "/address")?,
        "--set",
        &set("company", "/credentials/company_id")?,
        "--set",
        &set("public-key", "/credentials/public_key")?,
        "--set",
        &set("client-id", "/credentials/client_id")?,
        "--secret",
        "private-key=env:PRIVATE_KEY",
        "--ca-file",
        &authority.display().to_string(),
        "--allow-private-network",
        "--requests-per-minute",
        "unlimited",
    ]))?;
    let every = [
        "company-types",
        "company-statuses",
        "configuration-types",
        "configuration-statuses",
        "contact-types",
        "ticket-boards",
    ]
    .map(|group| format!("{group}=all"));
    let mut settings = vec!["settings", "set", "bench"];
    settings.extend(every.iter().flat_map(|choice| ["--select", choice.as_str()]));
    quiet(dovetail(&settings))?;
    let begun = Instant::now();
    let child = dovetail(&["sync", "bench", "--format", "json", "--quiet"])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let (said, peak_kib, written) = followed(child)?;
    let seconds = begun.elapsed().as_secs_f64();
    let document: serde_json::Value =
        serde_json::from_str(&said).map_err(|error| format!("{error}: {said}"))?;
    let created = |kind: &str| {
        document
            .pointer(&format!("/entities/{kind}/created"))
            .and_then(|n| n.as_u64())
    };
    let kinds = ["organization", "location", "contact", "configuration", "ticket"];
    Ok(Measured {
        records: kinds.iter().filter_map(|kind| created(kind)).sum(),
        seconds,
        requests: document
            .pointer("/requests")
            .and_then(|n| n.as_u64())
            .unwrap_or_default(),
        peak_kib,
        written,
        on_disk: size_of_folder(&home),
    })
}

/// The least it can cost.
fn floor(size: &[String]) -> Outcome<Measured> {
    let folder = fresh("floor")?;
    let authority = folder.join("ca.pem");
    let simulator = simulator(size, &authority)?;
    let home = folder.join("home");
    fs::create_dir_all(&home).map_err(|error| error.to_string())?;
    let mut command = Command::new(released("floor"));
    command.args([
        simulator.said("/address")?,
        simulator.said("/credentials/company_id")?,
        simulator.said("/credentials/public_key")?,
        simulator.said("/credentials/client_id")?,
        &authority.display().to_string(),
        &home.display().to_string(),
    ]);
    command
        .env("PRIVATE_KEY", simulator.said("/credentials/private_key")?)
        .stdout(Stdio::piped());
    let begun = Instant::now();
    let (said, peak_kib, written) = followed(command.spawn().map_err(|error| error.to_string())?)?;
    let seconds = begun.elapsed().as_secs_f64();
    let line: serde_json::Value = serde_json::from_str(&said).map_err(|error| format!("{error}: {said}"))?;
    let number = |name: &str| {
        line.get(name)
            .and_then(serde_json::Value::as_u64)
            .unwrap_or_default()
    };
    Ok(Measured {
        records: number("records"),
        seconds,
        requests: number("requests"),
        peak_kib,
        written,
        on_disk: size_of_folder(&home),
    })
}

/// Follows a process to its end: what it printed, its peak memory in KiB, and the bytes it had written to disk.
fn followed(mut child: Child) -> Outcome<(String, u64, u64)> {
    let process = Path::new("/proc").join(child.id().to_string());
    let number = |file: &str, name: &str| -> Option<u64> {
        let text = fs::read_to_string(process.join(file)).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().find_map(|word| word.parse().ok())
    };
    let mut output = child.stdout.take().ok_or("the process has no output")?;
    let reader = std::thread::spawn(move || {
        let mut said = String::new();
        output.read_to_string(&mut said).map(|_| said)
    });
    let (mut peak, mut written) = (0, 0);
    let status = loop {
        // Both only grow, so the last look before the end is close to it.
        peak = number("status", "VmHWM:").unwrap_or(peak).max(peak);
        written = number("io", "write_bytes:").unwrap_or(written).max(written);
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let said = reader
        .join()
        .map_err(|_| "the reading thread broke")?
        .map_err(|error| error.to_string())?;
    if status.success() {
        Ok((said, peak, written))
    } else {
        Err(format!("it ended with {status}: {said}"))
    }
}

fn size_of_folder(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size_of_folder(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}
