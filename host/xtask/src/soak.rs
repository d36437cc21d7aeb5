//! The model tests for as long as one likes: seed after seed, each an episode of changes, faults and kills; of a PSA that is
//! only read, and of two sides that people edit. And a sync of as many records as one likes, killed again and again.

use std::time::{Duration, Instant};

use crate::build::build;
use crate::command::{Outcome, cargo, run};

/// Seeds that one start of a test runs.
const SEEDS: u64 = 24;

/// Seeds below belong to the suite.
const FIRST: u64 = 1_000;

/// The tests, as `cargo test` names them.
const TESTS: [&str; 2] = [
    "model::whatever_happens_it_ends_as_a_new_home_would",
    "both_sides::whatever_people_do_on_both_sides_nothing_is_lost",
];

/// The series of kills.
const KILLS: &str = "kills::long::a_long_series_of_kills_loses_nothing";

/// Runs episodes for so many minutes, from a seed on where one is given, and says which seeds went well.
pub(crate) fn soak(rest: &[String]) -> Outcome {
    const USAGE: &str = "say for how many minutes: cargo xtask soak MINUTES [--from SEED], or how many records and kills: \
                         cargo xtask soak --kills RECORDS TIMES [--from SEED]";
    if let [word, records, times, from @ ..] = rest
        && word == "--kills"
    {
        let seed = match from {
            [] => "1",
            [word, seed] if word == "--from" => seed,
            _ => return Err(USAGE.to_owned()),
        };
        return kills(records, times, seed);
    }
    let number = |word: &String| word.parse::<u64>().map_err(|_| USAGE.to_owned());
    let (minutes, first) = match rest {
        [minutes] => (number(minutes)?, FIRST),
        [minutes, word, seed] if word == "--from" => (number(minutes)?, number(seed)?),
        _ => return Err(USAGE.to_owned()),
    };
    build()?;
    let started = Instant::now();
    let long = Duration::from_secs(minutes * 60);
    let mut next = first;
    while next == first || started.elapsed() < long {
        let range = format!("{next}..{}", next + SEEDS);
        for name in TESTS {
            let mut test = cargo(&["test", "--workspace", "--test", "e2e", "--", "--exact", name]);
            run(test.env("DOVETAIL_SEEDS", &range)).map_err(|error| {
                format!(
                    "an episode of the seeds {range} failed; above stand its seed and how to replay it ({error})"
                )
            })?;
        }
        next += SEEDS;
        println!(
            "{} episodes of each model in {} s, seeds {first}..{next}: each came to quiet",
            next - first,
            started.elapsed().as_secs()
        );
    }
    Ok(())
}

/// Kills a sync of so many records so many times.
fn kills(records: &str, times: &str, seed: &str) -> Outcome {
    build()?;
    let mut test = cargo(&[
        "test",
        "--workspace",
        "--test",
        "e2e",
        "--",
        "--exact",
        KILLS,
        "--nocapture",
    ]);
    run(test
        .env("DOVETAIL_KILL_RECORDS", records)
        .env("DOVETAIL_KILLS", times)
        .env("DOVETAIL_SEED", seed))
}
