//! A sync of many records is killed again and again, at moments drawn from a seed: as it says that a page is stored, or
//! in the middle of a write. Each time the home opens, is sound, and holds every page that was said to be stored; in the
//! end it has what an undisturbed one has, and nothing twice.
//!
//! `DOVETAIL_KILL_RECORDS=200000 DOVETAIL_KILLS=100 DOVETAIL_SEED=7` say how long; `cargo xtask soak --kills` sets them.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Instant;

use connectwise_simulator::{Config, Simulator, Size};
use e2e::crash::Crash;
use e2e::{Home, KINDS, Signal, Started};
use serde_json::Value;

use crate::model::dice::Dice;

fn number(name: &str, unless: u64) -> u64 {
    std::env::var(name).map_or(unless, |text| text.parse().expect("a number"))
}

/// How many records of a kind were read and created when a page was said to be stored.
type Said = BTreeMap<String, (u64, u64)>;

/// The counts in a line of progress, such as `contacts: 2000 read, 1800 created, 200 left out`.
fn counts(line: &str) -> Option<(String, (u64, u64))> {
    let (kind, rest) = line.split_once(": ")?;
    let kind = KINDS.into_iter().find(|known| format!("{known}s") == kind)?;
    let count = |what: &str| {
        let part = rest.split(", ").find_map(|part| part.strip_suffix(what))?;
        part.trim().parse::<u64>().ok()
    };
    Some((kind.to_owned(), (count("read")?, count("created").unwrap_or(0))))
}

/// A fingerprint of each record, without its own ids and times.
async fn fingerprints(home: &Home) -> BTreeMap<(&'static str, String), u64> {
    let mut found = BTreeMap::new();
    for kind in KINDS {
        let ran = home
            .run(&["asset", "list", kind, "--format", "jsonl"])
            .await
            .exits(0);
        for line in ran.stdout.lines() {
            let mut record: Value = serde_json::from_str(line).expect("a record");
            let source = record["source"]["id"].as_str().expect("a source").to_owned();
            let mut hasher = DefaultHasher::new();
            for part in ["name", "organization", "fields", "traits", "sync"] {
                let mut part = record[part].take();
                e2e::without_ids(&mut part);
                part.to_string().hash(&mut hasher);
            }
            let twin = found.insert((kind, source), hasher.finish());
            assert_eq!(twin, None, "{kind} is there twice: {line}");
        }
    }
    found
}

/// How many records of each kind all runs together made.
fn made(runs: &Value) -> BTreeMap<&'static str, u64> {
    let runs = runs.as_array().expect("a list");
    let of = |kind: &str| {
        runs.iter()
            .filter_map(|run| run["entities"][kind]["created"].as_u64())
            .sum()
    };
    KINDS.into_iter().map(|kind| (kind, of(kind))).collect()
}

/// The home is sound, and holds what was said to be stored.
async fn is_whole(home: &Home, said: &Said, what: &str) {
    let verified = home.json(&["verify"]).await;
    assert_eq!(verified["ok"], true, "{what}: {verified:#}");
    let runs = home.json(&["run", "list", "acme"]).await;
    let latest = &runs[0];
    assert_ne!(latest["status"], "running", "{what}");
    for (kind, (read, created)) in said {
        let tally = &latest["entities"][kind];
        let count = |what: &str| tally[what].as_u64().expect("a count");
        assert!(
            count("read") >= *read && count("created") >= *created,
            "{what}: {kind}: {read} read and {created} created were said to be stored: {tally:#}"
        );
    }
    let counts = &home.integration("acme").await["counts"];
    for (kind, made) in made(&runs) {
        assert_eq!(counts[kind], made, "{what}: {kind}: made by runs, and there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_series_of_kills_loses_nothing() {
    let (records, kills, seed) = (
        number("DOVETAIL_KILL_RECORDS", 2_000),
        number("DOVETAIL_KILLS", 16),
        number("DOVETAIL_SEED", 1),
    );
    println!(
        "replay: DOVETAIL_SEED={seed} DOVETAIL_KILL_RECORDS={records} DOVETAIL_KILLS={kills} cargo test --workspace --test \
         e2e -- a_long_series_of_kills_loses_nothing"
    );
    let mut dice = Dice::new(seed);
    let simulator = Simulator::start(Config {
        seed,
        size: Size::records(records),
        ..Config::default()
    })
    .await
    .expect("the simulator starts");
    let calm = Home::connected("acme", &simulator).await;
    let begun = Instant::now();
    let mut sync = calm.start(&["sync", "acme"]);
    let mut pages = 0;
    while let Some(line) = sync.line().await {
        pages += u64::from(counts(&line).is_some());
    }
    sync.ended().await.exits(0);
    println!(
        "an undisturbed sync stored {pages} pages in {} s",
        begun.elapsed().as_secs()
    );

    let home = Home::connected("acme", &simulator).await;
    let (mut done, mut pages_kept) = (0, 0);
    for round in 0..kills {
        let mut command = home.command(&["sync", "acme", "--full"]);
        let mut pages_left = u64::MAX;
        let fate = match dice.below(10) {
            // While the store is opened, or begun to be written.
            0 => Some(1 + dice.below(40)),
            1..=5 => Some(1 + dice.below(pages * 16)),
            _ => None,
        };
        match fate {
            Some(moment) => Crash::Dies(moment).befall(&mut command, home.around()),
            None => pages_left = 1 + dice.below(pages),
        }
        let mut sync = Started::of(command);
        let mut said = Said::new();
        while let Some(line) = sync.line().await {
            let Some((kind, stored)) = counts(&line) else {
                continue;
            };
            said.insert(kind, stored);
            pages_left = pages_left.saturating_sub(1);
            if pages_left == 0 {
                sync.signal(Signal::KILL);
                pages_left = u64::MAX;
            }
        }
        let ended = sync.ended().await;
        let what = format!(
            "seed {seed}, round {round}, at moment {fate:?} or after {} kinds",
            said.len()
        );
        assert!([-1, 0].contains(&ended.code), "{what}: {ended:?}");
        done += u64::from(ended.code == -1);
        pages_kept += said.len();
        is_whole(&home, &said, &what).await;
    }
    println!(
        "{done} of {kills} runs were killed, after {} s",
        begun.elapsed().as_secs()
    );
    assert!(done * 2 > kills, "only {done} of {kills} runs were killed");
    assert!(pages_kept > 0, "no page was said to be stored before a kill");
    home.run(&["sync", "acme", "--full"]).await.exits(0);
    is_whole(&home, &Said::new(), "in the end").await;
    assert!(
        fingerprints(&home).await == fingerprints(&calm).await,
        "it does not end the same"
    );
}

#[test]
fn progress_is_read() {
    let line = "contacts: 2000 read, 1800 created, 200 left out";
    assert_eq!(counts(line), Some(("contact".to_owned(), (2_000, 1_800))));
    assert_eq!(counts("tickets: 5 read"), Some(("ticket".to_owned(), (5, 0))));
    assert_eq!(counts("tickets: reading up to 9"), None);
}
