//! What mappings cost: each as a component against the same mapping compiled natively, and how long it takes to start with
//! ten plugins, compiled for the first time and found in the cache, against starting without any.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::bench::{fresh, released};
use crate::command::{Outcome, root, run, target};

/// Added plugins at a start.
const PLUGINS: usize = 10;

/// The overlay that the ten are made of.
const OVERLAY: &str = "rename_configurations";

/// Measures every mapping that is built, on the home of a sync.
pub(crate) fn mappings(home: &Path) -> Outcome {
    let folder = fresh("mappings")?;
    let guests = target().join("guests").join("components");
    let mut words = vec![
        home.display().to_string(),
        folder.join("cache").display().to_string(),
        released("dovetail-compiler").display().to_string(),
    ];
    let component = |name: &str, file: PathBuf| format!("{name}={}", file.display());
    words.push(component("standard", guests.join("connectwise_mapping.wasm")));
    let rules = folder.join("rules.json");
    let text = fs::read_to_string(root().join("plugins/rules/examples/hd-configurations.toml"))
        .map_err(|error| error.to_string())?;
    let config = serde_json::json!({ "rules": text }).to_string();
    fs::write(&rules, config).map_err(|error| error.to_string())?;
    let of_rules = guests.join("dovetail_rules.wasm");
    words.push(format!("rules={}={}", of_rules.display(), rules.display()));
    let configured = |name: &str, file: &Path, config: &str| -> Outcome<String> {
        let settings = folder.join(format!("{name}.json"));
        fs::write(&settings, config).map_err(|error| error.to_string())?;
        Ok(format!("{name}={}={}", file.display(), settings.display()))
    };
    let overlay = guests.join(format!("{OVERLAY}.wasm"));
    words.push(configured("rust overlay", &overlay, r#"{"prefix": "HD"}"#)?);
    for (name, example, config) in [
        (
            "javascript overlay",
            "rack-notes",
            r#"{"questions": ["What is its role?"]}"#,
        ),
        ("python overlay", "warranty-by-age", r#"{"years": 3}"#),
    ] {
        let file = folder.join(format!("{example}.wasm"));
        // Built in a copy: what its tools fetch is none of the checkout's.
        let copy = folder.join(example);
        run(Command::new("cp")
            .arg("-r")
            .arg(root().join("plugins/examples").join(example))
            .arg(&copy))?;
        let mut build = Command::new(released("dovetail"));
        match run(build.args(["plugin", "build"]).arg(&copy).arg("-o").arg(&file)) {
            Ok(()) => words.push(configured(name, &file, config)?),
            Err(why) => println!("{name}: not measured: {why}"),
        }
    }
    let output = Command::new(released("mappings"))
        .args(&words)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err("the mappings could not be measured".to_owned());
    }
    println!("\nmapping               records/s  of native  a call");
    let mut native = None;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let row: serde_json::Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let number = |name: &str| row.get(name).and_then(serde_json::Value::as_f64);
        let rate = number("records").unwrap_or_default() / number("seconds").unwrap_or(f64::NAN);
        let native = *native.get_or_insert(rate);
        let call = number("call_us").map_or_else(|| "-".to_owned(), |call| format!("{call:.0} us"));
        println!(
            "{:<20} {rate:>10.0} {:>9.2}x {call:>8}",
            row.get("name").and_then(|name| name.as_str()).unwrap_or_default(),
            native / rate
        );
    }
    startup(&folder)
}

/// Starts with ten plugins, and with none of them.
fn startup(folder: &Path) -> Outcome {
    let none = folder.join("home-without");
    let ten = folder.join("home-with-ten");
    let cache = folder.join("start-cache");
    let dovetail = |home: &Path, words: &[&str]| {
        let mut command = Command::new(released("dovetail"));
        command
            .args(words)
            .env("DOVETAIL_HOME", home)
            .env("DOVETAIL_CACHE", &cache)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    };
    let bytes = fs::read(target().join(format!("guests/components/{OVERLAY}.wasm")))
        .map_err(|error| error.to_string())?;
    for number in 0..PLUGINS {
        // The same overlay under another name of the same length is another plugin.
        let file = folder.join(format!("overlay-{number}.wasm"));
        let name = OVERLAY.replace('_', "-");
        let other = format!("{}{number}", &name[..name.len() - 1]);
        fs::write(&file, renamed(&bytes, name.as_bytes(), other.as_bytes()))
            .map_err(|error| error.to_string())?;
        run(&mut dovetail(
            &ten,
            &["plugin", "add", &file.display().to_string(), "--yes"],
        ))?;
    }
    run(&mut dovetail(&none, &["plugin", "list"]))?;
    let started = |home: &Path| -> Outcome<f64> {
        let begun = Instant::now();
        run(&mut dovetail(home, &["plugin", "list"]))?;
        Ok(begun.elapsed().as_secs_f64() * 1e3)
    };
    fs::remove_dir_all(&cache).map_err(|error| error.to_string())?;
    let cold = started(&ten)?;
    let middle = |home: &Path| -> Outcome<f64> {
        let mut times = (0..5).map(|_| started(home)).collect::<Outcome<Vec<f64>>>()?;
        times.sort_by(f64::total_cmp);
        Ok(times.get(times.len() / 2).copied().unwrap_or_default())
    };
    let (cached, without) = (middle(&ten)?, middle(&none)?);
    println!(
        "\nstart with {PLUGINS} added plugins: {cold:.0} ms compiling them, {cached:.0} ms from the cache (without them \
         {without:.0} ms)"
    );
    Ok(())
}

fn renamed(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut place = 0;
    while let Some(found) = bytes
        .get(place..)
        .and_then(|rest| rest.windows(old.len()).position(|some| some == old))
    {
        let at = place + found;
        if let Some(slot) = bytes.get_mut(at..at + new.len()) {
            slot.copy_from_slice(new);
        }
        place = at + old.len();
    }
    bytes
}
