//! Homes of every format that was ever released stay readable: each is kept as a fixture, made by the binary of its time
//! under a fixed key, and the present binary opens it, finds everything in it and goes on from there.
//!
//! `cargo test --workspace --test e2e -- --ignored writes_the_fixture` writes the one of the present format.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::{Home, Ran, ran, root};
use serde_json::{Value, json};

use crate::kills::scene::{change, small};

/// The key its secrets are sealed under.
const KEY: &str = "Zml4dHVyZSBrZXkgb2YgZG92ZXRhaWwsIDMyIGJ5dGU=";

/// Another one.
const NEXT_KEY: &str = "QW5vdGhlciBrZXkgb2YgZG92ZXRhaWwgMzIgYnl0ZXM=";

/// The formats that were released; a number is added with each, and none is taken away.
const FORMATS: [u32; 2] = [1, 2];

/// What is known of a fixture.
const COMMANDS: [&[&str]; 7] = [
    &["asset", "list", "organization"],
    &["asset", "list", "location"],
    &["asset", "list", "contact"],
    &["asset", "list", "configuration"],
    &["asset", "list", "ticket"],
    &["quarantine", "list"],
    &["run", "list"],
];

fn place(format: u32, end: &str) -> PathBuf {
    root().join(format!("tests/e2e/fixtures/home-{format}.{end}"))
}

async fn run(home: &Home, words: &[&str]) -> Ran {
    run_under(home, KEY, words).await
}

async fn run_under(home: &Home, keys: &str, words: &[&str]) -> Ran {
    let mut command = home.command(words);
    command.env("DOVETAIL_KEY", keys).args(["--format", "json"]);
    ran(&command.output().await.expect("the binary can be started"))
}

/// What the commands print, by their words.
async fn known(home: &Home) -> Value {
    let mut known = serde_json::Map::new();
    for words in COMMANDS {
        known.insert(words.join(" "), run(home, words).await.exits(0).json());
    }
    known.into()
}

/// Every member that the fixture knows is there with the same value; later versions may tell more.
fn holds(found: &Value, fixture: &Value, at: &str) {
    match (found, fixture) {
        (Value::Object(found), Value::Object(fixture)) => {
            for (name, value) in fixture {
                holds(
                    found.get(name).unwrap_or(&Value::Null),
                    value,
                    &format!("{at}/{name}"),
                );
            }
        }
        (Value::Array(found), Value::Array(fixture)) => {
            assert_eq!(found.len(), fixture.len(), "{at}");
            for (place, (found, fixture)) in found.iter().zip(fixture).enumerate() {
                holds(found, fixture, &format!("{at}/{place}"));
            }
        }
        _ => assert_eq!(found, fixture, "{at}"),
    }
}

/// The files of a folder below it, without what belongs to a process that is on.
fn files(folder: &Path, below: &Path, into: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        let name = path
            .strip_prefix(below)
            .expect("it is below")
            .display()
            .to_string();
        if path.is_dir() {
            files(&path, below, into);
        } else if path.is_file() && name != "lock" {
            into.insert(name, STANDARD.encode(fs::read(&path).expect("it can be read")));
        }
    }
}

/// A home of a format, as it was released.
fn unpacked(format: u32) -> Home {
    let packed = fs::read(place(format, "json.zst")).expect("the fixture is there");
    let text = zstd::decode_all(packed.as_slice()).expect("it can be unpacked");
    let files: BTreeMap<String, String> = serde_json::from_slice(&text).expect("it is a list of files");
    let home = Home::new();
    let make = |folder: &Path| {
        let mut builder = fs::DirBuilder::new();
        builder
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .expect("a folder can be made");
    };
    for (name, content) in files {
        let path = home.path().join(name);
        make(path.parent().expect("it stands in a folder"));
        fs::write(&path, STANDARD.decode(content).expect("it is Base64")).expect("it can be written");
    }
    home
}

#[tokio::test(flavor = "multi_thread")]
async fn homes_of_every_released_format_open_with_everything_in_them() {
    for format in FORMATS {
        let home = unpacked(format);
        let text = fs::read(place(format, "known.json")).expect("the fixture is there");
        let fixture: Value = serde_json::from_slice(&text).expect("it is JSON");
        let verified = run(&home, &["verify"]).await.exits(0).json();
        assert_eq!(verified["ok"], true, "{verified:#}");
        assert!(verified["records"].as_u64() > Some(10), "{verified:#}");
        holds(&known(&home).await, &fixture, "");
        // The secret opens: it can be sealed under another key.
        let keys = format!("{NEXT_KEY},{KEY}");
        let rotated = run_under(&home, &keys, &["config", "rotate-key"]).await;
        let rotated = rotated.exits(0).json();
        assert_eq!(rotated["secrets"], 1, "{rotated:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_of_an_older_version_goes_on_from_where_it_was() {
    for format in FORMATS {
        let home = unpacked(format);
        let simulator = small(1).await;
        change(&simulator.control());
        let authority = home.file("ca.pem", simulator.ca_pem());
        let site = format!("site={}", simulator.address());
        run(
            &home,
            &[
                "integration",
                "update",
                "acme",
                "--set",
                &site,
                "--ca-file",
                &authority,
            ],
        )
        .await
        .exits(0);
        let ran = run(&home, &["sync", "acme", "--full"]).await.exits(6);
        for kind in e2e::KINDS {
            let tally = &ran.json()["entities"][kind];
            // A later mapping may make something else of them; they are the same records.
            for what in ["created", "orphaned"] {
                assert_eq!(tally[what], 0, "{kind} {what}: {tally:#}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_released_format_has_its_fixture() {
    let home = Home::new();
    home.run(&["integration", "list"]).await.exits(0);
    let written = fs::read_to_string(home.path().join("format")).expect("it can be read");
    assert_eq!(
        written.trim().parse(),
        Ok(*FORMATS.last().expect("there is one")),
        "the present format has no fixture"
    );
    for format in FORMATS {
        for end in ["json.zst", "known.json"] {
            let size = fs::metadata(place(format, end))
                .expect("the fixture is there")
                .len();
            assert!(size < 200 * 1024, "home-{format}.{end} has {size} bytes");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes the fixture of the present format, once for each release that has another"]
async fn writes_the_fixture() {
    let simulator = small(1).await;
    let home = Home::new();
    let words = home.add_words("acme", &simulator);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    run(&home, &words).await.exits(0);
    let choose = |group: &str| ["--select".to_owned(), format!("{group}=recommended")];
    let groups = [
        "company-types",
        "company-statuses",
        "configuration-types",
        "configuration-statuses",
        "ticket-boards",
    ];
    let mut words = vec!["settings".to_owned(), "set".to_owned(), "acme".to_owned()];
    words.extend(groups.into_iter().flat_map(choose));
    words.extend(["--select".to_owned(), "contact-types=all".to_owned()]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    run(&home, &words).await.exits(0);
    run(&home, &["sync", "acme"]).await.exits(0);
    change(&simulator.control());
    run(&home, &["sync", "acme", "--full"]).await.exits(6);
    run(&home, &["sync", "acme"]).await.exits(6);
    // What was taken back is held.
    run(&home, &["run", "revert", "2"]).await.exits(0);
    let format = *FORMATS.last().expect("there is one");
    let known = serde_json::to_vec_pretty(&known(&home).await).expect("it is JSON");
    fs::write(place(format, "known.json"), known).expect("it can be written");
    let mut packed = BTreeMap::new();
    files(&home.path(), &home.path(), &mut packed);
    let text = json!(packed).to_string();
    let packed = zstd::encode_all(text.as_bytes(), 19).expect("it can be packed");
    fs::write(place(format, "json.zst"), packed).expect("it can be written");
}
