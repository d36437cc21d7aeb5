//! Whatever a sync dies in, the home is whole afterwards and the next sync comes to the same end.

use connectwise_simulator::{Config, Kind, Simulator, Size};
use e2e::{Home, KINDS, Signal, simulator};
use serde_json::json;

/// Requests in the order of a run: each is held, and the run killed while it waits.
const PLACES: [&str; 6] = [
    "/company/companies",
    "/company/companies/*/sites*",
    "/company/contacts",
    "/company/contacts/*",
    "/company/configurations",
    "/service/tickets",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_sync_is_taken_up_and_ends_the_same() {
    let simulator = simulator().await;
    let control = simulator.control();
    let undisturbed = Home::connected("acme", &simulator).await;
    control.reset_log();
    undisturbed.run(&["sync", "acme"]).await.exits(0);
    let expected = undisturbed.content().await;
    let places: Vec<&str> = PLACES
        .into_iter()
        .filter(|place| control.count(place) > 0)
        .collect();
    assert!(places.len() >= 4, "only {places:?} are asked for");

    let home = Home::connected("acme", &simulator).await;
    for place in places {
        let hold = control.hold(place);
        let sync = home.start(&["sync", "acme"]);
        hold.wait_until_held(1).await;
        sync.signal(Signal::KILL);
        let ran = sync.ended().await;
        assert_eq!(ran.code, -1, "{place}: it ended by itself: {ran:?}");
        hold.release();
        // Every command works, and the run that was lost is not told to be on.
        for words in [
            &["integration", "list"][..],
            &["quarantine", "list"],
            &["settings", "show", "acme"],
            &["user", "list"],
        ] {
            home.run(words).await.exits(0);
        }
        for kind in KINDS {
            home.run(&["asset", "list", kind]).await.exits(0);
        }
        let runs = home.json(&["run", "list", "acme"]).await;
        assert_eq!(runs[0]["status"], "stalled", "{place}: {runs:#}");
        assert_ne!(home.integration("acme").await["status"], "syncing", "{place}");
    }
    assert_eq!(home.json(&["sync", "acme"]).await["status"], "succeeded");
    assert_eq!(home.content().await, expected);
    assert_eq!(home.integration("acme").await["status"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_killed_between_pages_makes_nothing_twice() {
    let size = Size::records(4_000);
    let config = Config {
        size,
        ..Config::default()
    };
    let simulator = Simulator::start(config).await.expect("the simulator starts");
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    let hold = control.hold("/company/configurations?*pageId=*");
    let sync = home.start(&["sync", "acme"]);
    hold.wait_until_held(1).await;
    sync.signal(Signal::KILL);
    sync.ended().await;
    hold.release();
    let stored = home.content().await;
    assert!(
        stored.keys().any(|(kind, _)| kind == "contact"),
        "what came before stays"
    );
    let run = home.json(&["sync", "acme"]).await;
    let content = home.content().await;
    for kind in KINDS {
        let of_kind = |records: &e2e::Content| records.keys().filter(|(of, _)| of == kind).count();
        let (before, after) = (of_kind(&stored), of_kind(&content));
        assert_eq!(run["entities"][kind]["created"], after - before, "{kind}");
        // Links that the killed run left open are closed now.
        let count = |what: &str| run["entities"][kind][what].as_u64().unwrap_or_default();
        let known = usize::try_from(count("unchanged") + count("updated")).expect("a small number");
        assert_eq!(known, before, "{kind}");
    }
    assert!(content.keys().filter(|(kind, _)| kind == "configuration").count() > 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_killed_over_changes_ends_the_same() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    // The PSA changes, and the run that would bring it in dies between kinds.
    for id in control.ids(Kind::Contact) {
        control
            .edit(Kind::Contact, id, json!({"title": "Changed"}))
            .expect("it is there");
    }
    for id in control.ids(Kind::Configuration) {
        control
            .edit(Kind::Configuration, id, json!({"modelNumber": "Changed"}))
            .expect("it is there");
    }
    let hold = control.hold("/company/configurations*");
    let sync = home.start(&["sync", "acme"]);
    hold.wait_until_held(1).await;
    sync.signal(Signal::KILL);
    sync.ended().await;
    hold.release();
    home.run(&["sync", "acme"]).await.exits(0);
    let undisturbed = Home::connected("acme", &simulator).await;
    undisturbed.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(home.content().await, undisturbed.content().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_asked_to_stop_says_so_and_can_be_taken_up() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    for signal in [Signal::INT, Signal::TERM] {
        let hold = control.hold("/company/contacts*");
        let sync = home.start(&["sync", "acme", "--format", "json"]);
        hold.wait_until_held(1).await;
        sync.signal(signal);
        let ran = sync.ended().await.exits(8);
        assert_eq!(ran.error()["code"], "cancelled", "{ran:?}");
        hold.release();
        assert_eq!(home.json(&["run", "list"]).await[0]["status"], "cancelled");
        assert_eq!(home.integration("acme").await["status"], "queued");
    }
    assert_eq!(home.json(&["sync", "acme"]).await["status"], "succeeded");
}
