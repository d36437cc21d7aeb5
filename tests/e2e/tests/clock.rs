//! The machine's clock was ahead and is set back: checkpoints are the PSA's own times, so nothing is missed and nothing
//! comes twice, and nothing waits for a time that was never there.

#![cfg(target_os = "linux")]

use connectwise_simulator::{Kind, Simulator};
use e2e::{Home, Ran, crash, ran, simulator};
use serde_json::json;

/// Seconds by which the clock was ahead: more than any interval.
const AHEAD: i64 = 400 * 86_400;

async fn ahead(home: &Home, words: &[&str]) -> Ran {
    let mut command = home.command(words);
    crash::clock_ahead(&mut command, AHEAD);
    ran(&command.output().await.expect("the binary can be started"))
}

/// A home that was synced while the clock was ahead.
async fn synced_ahead(simulator: &Simulator) -> Home {
    let home = Home::connected("acme", simulator).await;
    let run = ahead(&home, &["sync", "acme", "--format", "json"])
        .await
        .exits(0)
        .json();
    let started: dovetail_domain::Timestamp =
        run["started"].as_str().expect("a time").parse().expect("a time");
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("it is later than 1970");
    assert!(
        started.seconds() > now.as_secs() as i64 + AHEAD / 2,
        "the clock is not ahead: {run:#}"
    );
    home
}

fn rename(simulator: &Simulator, place: usize, name: &str) {
    let control = simulator.control();
    let id = control.ids(Kind::Configuration)[place];
    control
        .edit(Kind::Configuration, id, json!({"name": name}))
        .expect("it is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_set_back_misses_and_doubles_nothing() {
    let simulator = simulator().await;
    let home = synced_ahead(&simulator).await;
    let mut runs = vec![home.json(&["run", "list"]).await[0]["run"].clone()];
    for (round, name) in ["First", "Second", "Third"].into_iter().enumerate() {
        simulator.control().advance(3_600);
        rename(&simulator, round * 5, name);
        let run = home.json(&["sync", "acme"]).await;
        assert_eq!(run["status"], "succeeded");
        // The full pass lies in a time that has not come yet: once everything is read again, then changes only.
        let mode = if round == 0 { "full" } else { "incremental" };
        assert_eq!(run["mode"], mode, "{run:#}");
        runs.push(run["run"].clone());
        let undisturbed = Home::connected("acme", &simulator).await;
        undisturbed.run(&["sync", "acme"]).await.exits(0);
        assert_eq!(home.content().await, undisturbed.content().await, "{name}");
    }
    let ids: Vec<u64> = runs
        .iter()
        .map(|run| run.as_str().and_then(|id| id.parse().ok()).expect("a number"))
        .collect();
    assert!(ids.is_sorted_by(|one, other| one < other), "{ids:?}");
    let listed = home.json(&["run", "list"]).await;
    let newest: Vec<&serde_json::Value> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|run| &run["run"])
        .collect();
    assert_eq!(newest, runs.iter().rev().collect::<Vec<_>>());
    assert_eq!(home.json(&["verify"]).await["ok"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_does_not_wait_for_a_time_before_the_clock_was_set_back() {
    let simulator = simulator().await;
    let home = synced_ahead(&simulator).await;
    rename(&simulator, 0, "Renamed");
    simulator.control().reset_log();
    // It is due at once, not an interval after the run that lies ahead.
    let server = home.serve().await;
    let control = simulator.control();
    let begun = control.wait_for("/company/configurations*", 1);
    let patience = std::time::Duration::from_secs(60);
    let begun = tokio::time::timeout(patience, begun).await;
    assert!(
        begun.is_ok(),
        "no run was due: {:#}",
        home.integration("acme").await
    );
    home.settled("acme").await;
    let runs = home.json(&["run", "list"]).await;
    assert_eq!(
        (&runs[0]["trigger"], &runs[0]["status"]),
        (&json!("schedule"), &json!("succeeded")),
        "{runs:#}"
    );
    assert!(
        home.content()
            .await
            .values()
            .any(|record| record["name"] == "Renamed")
    );
    server.stop().await.exits(0);
}
