//! A full sync against its floor: the binary syncs a large database from the simulator over loopback TLS, then
//! `tests/floor` does the least that work can cost, against the same simulator. A ratio is reported, and beside it what
//! the process took.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::build::guests;
use crate::command::{Outcome, cargo, run, target};
use crate::edits::edits;
use crate::mappings::mappings;
use crate::simulator::Simulator;

/// Requests a minute that an integration may send where nobody said otherwise.
const DEFAULT_BUDGET: f64 = 900.0;

/// Measures the size, or `--records N` in the usual proportions; `--runs N` repeats and takes the middle one;
/// `--edits` measures what both directions cost and nothing else.
pub(crate) fn bench(rest: &[String]) -> Outcome {
    let number = |flag: &str| -> Option<usize> {
        let place = rest.iter().position(|word| word == flag)?;
        rest.get(place + 1)?.parse().ok()
    };
    guests()?;
    let only_edits = rest.iter().any(|word| word == "--edits");
    // The release profile, in a folder of its own: what users run.
    run(&mut cargo(&["build", "--release", "--workspace", "--bins"]))?;
    if only_edits {
        return edits();
    }
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
    mappings(&target().join("bench").join("dovetail").join("home"))?;
    edits()
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

pub(crate) fn released(name: &str) -> PathBuf {
    target().join("release").join(name)
}

pub(crate) fn fresh(name: &str) -> Outcome<PathBuf> {
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

/// An integration with a simulator that is set up and has not run yet, in a folder of its own.
pub(crate) struct Bench {
    folder: PathBuf,
    simulator: Simulator,
}

impl Bench {
    /// Sets one up and chooses everything.
    fn new(name: &str, size: &[String]) -> Outcome<Bench> {
        let folder = fresh(name)?;
        let simulator = simulator(size, &folder.join("ca.pem"))?;
        let bench = Bench { folder, simulator };
        let quiet = |mut command: Command| run(command.stdout(Stdio::null()));
        let set =
            |key: &str, pointer: &str| Ok::<_, String>(format!("{key}={}", bench.simulator.said(pointer)?));
        quiet(bench.dovetail(&[
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
            &bench.folder.join("ca.pem").display().to_string(),
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
        quiet(bench.dovetail(&settings))?;
        Ok(bench)
    }

    /// The same after its first run.
    pub(crate) fn synced(name: &str, size: &[String]) -> Outcome<Bench> {
        let bench = Bench::new(name, size)?;
        run(bench
            .dovetail(&["sync", "bench", "--quiet"])
            .stdout(Stdio::null()))?;
        Ok(bench)
    }

    /// Its home.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// The private key of its simulator.
    pub(crate) fn key(&self) -> Outcome<&str> {
        self.simulator.said("/credentials/private_key")
    }

    /// A command of the binary on its home.
    pub(crate) fn dovetail(&self, words: &[&str]) -> Command {
        let mut command = Command::new(released("dovetail"));
        command
            .args(words)
            .env("DOVETAIL_HOME", self.home())
            .env("PRIVATE_KEY", self.key().unwrap_or_default())
            .env("DOVETAIL_CACHE", self.folder.join("cache"))
            .stdin(Stdio::null());
        command
    }

    /// How the native programs are told where the PSA is.
    pub(crate) fn floor_words(&self) -> Outcome<Vec<String>> {
        let said = |pointer| self.simulator.said(pointer).map(str::to_owned);
        Ok(vec![
            said("/address")?,
            said("/credentials/company_id")?,
            said("/credentials/public_key")?,
            said("/credentials/client_id")?,
            self.folder.join("ca.pem").display().to_string(),
        ])
    }
}

/// The real thing: set up, then one full sync, measured.
fn product(size: &[String]) -> Outcome<Measured> {
    let bench = Bench::new("dovetail", size)?;
    let (home, dovetail) = (bench.home(), |words: &[&str]| bench.dovetail(words));
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
    let bench = Bench {
        simulator: simulator(size, &folder.join("ca.pem"))?,
        folder,
    };
    let home = bench.home();
    fs::create_dir_all(&home).map_err(|error| error.to_string())?;
    let mut command = Command::new(released("floor"));
    command
        .args(bench.floor_words()?)
        .arg(&home)
        .env("PRIVATE_KEY", bench.key()?)
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
pub(crate) fn followed(mut child: Child) -> Outcome<(String, u64, u64)> {
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
