//! The server: what is queued runs, in the order in which it should, and others can work meanwhile.

use connectwise_simulator::Simulator;
use e2e::{Home, simulator};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn saved_settings_queue_a_run_that_the_server_starts() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::new();
    home.add("acme", &simulator).await.exits(0);
    assert_eq!(home.integration("acme").await["status"], "new");
    let saved = home
        .run(&[
            "settings",
            "set",
            "acme",
            "--select",
            "company-types=all",
            "--select",
            "company-statuses=all",
        ])
        .await;
    assert!(saved.exits(0).stdout.contains("dovetail sync acme"));
    assert_eq!(home.integration("acme").await["status"], "queued");

    let hold = control.hold("/company/companies");
    let server = home.serve().await;
    hold.wait_until_held(1).await;
    let row = home.integration("acme").await;
    assert_eq!(row["status"], "syncing");
    assert_eq!(row["last_run"]["status"], "running");
    assert_eq!(row["last_run"]["trigger"], "settings");
    assert_eq!(
        (server.get("/healthz").await, server.get("/readyz").await),
        (200, 200)
    );
    assert_eq!(server.get("/").await, 404);
    hold.release();
    let row = home.settled("acme").await;
    assert_eq!(row["status"], "ok", "{row:#}");
    assert!(row["counts"]["organization"].as_u64() > Some(0), "{row}");
    // The next one is due by the interval.
    assert!(row["next_run"].is_string(), "{row}");
    assert_eq!(
        home.json(&["run", "list"]).await.as_array().map(Vec::len),
        Some(1)
    );
    server.stop().await.exits(0);
    assert_eq!(
        home.integration("acme").await["next_run"],
        Value::Null,
        "without a server nothing runs by itself"
    );
}

/// An integration with settings saved, whose simulator has counted nothing yet.
async fn joined(home: &Home, name: &str) -> Simulator {
    let simulator = simulator().await;
    home.add(name, &simulator).await.exits(0);
    home.choose(name).await;
    simulator.control().reset_log();
    simulator
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manual_run_overtakes_a_queued_one() {
    let home = Home::new();
    let (first, second) = (joined(&home, "first").await, joined(&home, "second").await);
    let (queued, urgent) = (joined(&home, "queued").await, joined(&home, "urgent").await);
    home.run(&["integration", "pause", "urgent"]).await.exits(0);
    // Two runs go on at once; these two are held.
    let hold_first = first.control().hold("/company/companies");
    let hold_second = second.control().hold("/company/companies");
    let hold_urgent = urgent.control().hold("/company/companies");
    let server = home.serve().await;
    hold_first.wait_until_held(1).await;
    hold_second.wait_until_held(1).await;
    assert_eq!(home.integration("queued").await["status"], "queued");
    home.run(&["integration", "resume", "urgent"]).await.exits(0);
    let sync = home.start(&["sync", "urgent", "--format", "json"]);
    // It waits as well, until one of the two ends; then it is its turn and not the one that waited longer.
    while home.json(&["run", "list", "urgent"]).await != serde_json::json!([])
        || home.integration("urgent").await["status"] != "queued"
    {}
    hold_first.release();
    hold_urgent.wait_until_held(1).await;
    assert_eq!(queued.control().count("/company/companies"), 0);
    assert_eq!(home.integration("queued").await["status"], "queued");
    hold_urgent.release();
    let run = sync.ended().await.exits(0).json();
    assert_eq!(
        (&run["status"], &run["trigger"]),
        (&"succeeded".into(), &"manual".into())
    );
    hold_second.release();
    for name in ["first", "second", "queued", "urgent"] {
        assert_eq!(home.settled(name).await["status"], "ok", "{name}");
    }
    server.stop().await.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_can_be_listed_while_a_sync_runs() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let hold = simulator.control().hold("/company/configurations");
    let sync = home.start(&["sync", "acme", "--format", "json"]);
    hold.wait_until_held(1).await;
    // The holder is the sync itself; the list goes there.
    assert_eq!(home.integration("acme").await["status"], "syncing");
    assert!(!home.records("organization").await.is_empty());
    assert!(!home.records("contact").await.is_empty());
    assert!(home.records("configuration").await.is_empty(), "they are held");
    let error = home.fails(&["sync", "acme"], 3).await;
    assert_eq!(error["code"], "busy");
    let error = home
        .fails(&["integration", "remove", "acme", "--keep-data"], 3)
        .await;
    assert_eq!(error["code"], "busy");
    hold.release();
    assert_eq!(sync.ended().await.exits(0).json()["status"], "succeeded");
    assert!(!home.records("configuration").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_does_not_answer_is_named() {
    use e2e::Signal;
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let server = home.serve().await;
    server.process.signal(Signal::STOP);
    let error = home.fails(&["asset", "list", "organization"], 9).await;
    assert_eq!(error["code"], "home-in-use");
    let message = error["message"].as_str().expect("a message");
    assert!(
        message.contains(&server.process.id().to_string()) && message.contains("serve"),
        "{message}"
    );
    server.process.signal(Signal::CONT);
    assert_eq!(home.settled("acme").await["status"], "ok");
    server.stop().await.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_ends_and_can_be_taken_up() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let hold = simulator.control().hold("/company/contacts");
    let sync = home.start(&["sync", "acme", "--format", "json"]);
    hold.wait_until_held(1).await;
    let on = home.json(&["run", "list", "acme"]).await[0].clone();
    assert_eq!(on["status"], "running");
    let id = on["run"].as_str().expect("an id");
    let cancelled = home.json(&["run", "cancel", id]).await;
    assert_eq!(cancelled["status"], "cancelled", "{cancelled:#}");
    let ran = sync.ended().await.exits(8);
    assert_eq!(
        (&ran.json()["status"], &ran.error()["code"]),
        (&"cancelled".into(), &"cancelled".into())
    );
    hold.release();
    assert_eq!(home.integration("acme").await["status"], "waiting");
    // What was stored before stays.
    assert!(!home.records("organization").await.is_empty());
    assert_eq!(home.json(&["sync", "acme"]).await["status"], "succeeded");
    let error = home.fails(&["run", "cancel", id], 3).await;
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("was cancelled")),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_integration_waits_until_it_is_resumed() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let other = joined(&home, "other").await;
    home.run(&["integration", "pause", "acme"]).await.exits(0);
    assert_eq!(home.integration("acme").await["status"], "paused");
    simulator.control().reset_log();
    let server = home.serve().await;
    // The other one's run came and went; the paused one has not been asked a thing.
    assert_eq!(home.settled("other").await["status"], "ok");
    assert!(other.control().count("*") > 0);
    assert_eq!(simulator.control().count("*"), 0);
    assert_eq!(home.integration("acme").await["status"], "paused");
    home.run(&["integration", "resume", "acme"]).await.exits(0);
    simulator.control().wait_for("/company/companies", 1).await;
    assert_eq!(home.settled("acme").await["status"], "ok");
    server.stop().await.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_leaves_its_run_queued() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let hold = simulator.control().hold("/company/contacts");
    let server = home.serve().await;
    hold.wait_until_held(1).await;
    server.stop().await.exits(0);
    hold.release();
    assert_eq!(home.integration("acme").await["status"], "queued");
    let server = home.serve().await;
    assert_eq!(home.settled("acme").await["status"], "ok");
    server.stop().await.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_go_to_the_server() {
    let simulator = simulator().await;
    let home = Home::new();
    let server = home.serve().await;
    home.add("acme", &simulator).await.exits(0);
    assert_eq!(home.json(&["integration", "connect", "acme"]).await["ok"], true);
    let saved = home
        .run(&[
            "settings",
            "set",
            "acme",
            "--select",
            "company-types=all",
            "--select",
            "company-statuses=all",
        ])
        .await;
    saved.exits(0);
    // The server takes it up by itself.
    simulator.control().wait_for("/company/companies", 1).await;
    assert_eq!(home.settled("acme").await["status"], "ok");
    let followed = home.json(&["sync", "acme"]).await;
    assert_eq!(
        (&followed["status"], &followed["trigger"]),
        (&"succeeded".into(), &"manual".into())
    );
    let second = home.fails(&["serve", "--listen", "127.0.0.1:0"], 9).await;
    assert_eq!(second["code"], "home-in-use");
    server.stop().await.exits(0);
    assert!(!home.records("organization").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_this_machine_is_listened_to() {
    let home = Home::new();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let error = home.fails(&["serve", "--listen", address], 3).await;
        assert_eq!(error["code"], "address-not-allowed", "{address}");
    }
    for address in ["nonsense", "127.0.0.1:99999", "example.com:80"] {
        assert_eq!(
            home.fails(&["serve", "--listen", address], 3).await["code"],
            "value-refused",
            "{address}"
        );
    }
}
