//! Promises of the guide that no other module is about.

use connectwise_simulator::{Kind, Level, Module};
use e2e::{Home, simulator};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn contacts_off_and_no_board_bring_neither_contacts_nor_tickets() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.run(&[
        "settings",
        "set",
        "acme",
        "--contacts",
        "off",
        "--select",
        "ticket-boards=none",
    ])
    .await
    .exits(0);
    let run = home.json(&["sync", "acme"]).await;
    for (kind, comes) in [
        ("organization", true),
        ("configuration", true),
        ("contact", false),
        ("ticket", false),
    ] {
        assert_eq!(
            run["entities"][kind]["created"].as_u64() > Some(0),
            comes,
            "{kind}: {run:#}"
        );
    }
    assert_eq!(
        simulator.control().count("/company/contacts"),
        0,
        "contacts are not even asked for"
    );
    home.run(&[
        "settings",
        "set",
        "acme",
        "--contacts",
        "on",
        "--select",
        "ticket-boards=recommended",
    ])
    .await
    .exits(0);
    let run = home.json(&["sync", "acme"]).await;
    assert!(
        run["entities"]["contact"]["created"].as_u64() > Some(0),
        "{run:#}"
    );
    assert!(run["entities"]["ticket"]["created"].as_u64() > Some(0), "{run:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_way_is_off_until_a_person_switches_it_on() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let switches = async || {
        let shown = home.json(&["settings", "show", "acme"]).await;
        let kinds = shown["two_way"].as_object().expect("a switch a kind").clone();
        let on = kinds.into_iter().filter(|(_, on)| *on == true);
        on.map(|(kind, _)| kind).collect::<Vec<String>>()
    };
    assert_eq!(switches().await, Vec::<String>::new());
    // What a PSA takes no edits of cannot be switched on.
    let error = home
        .fails(&["settings", "set", "acme", "--two-way", "ticket=on"], 3)
        .await;
    assert_eq!(error["code"], "value-refused");
    home.run(&["settings", "set", "acme", "--two-way", "contact=on"])
        .await
        .exits(0);
    assert_eq!(switches().await, ["contact"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_got_shorter_removes_nothing() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let first = home.json(&["sync", "acme"]).await;
    let before = home.json(&["asset", "list", "configuration"]).await;
    // The role sees its own records only: ConnectWise says nothing and lists fewer.
    simulator.control().set_inquire(Module::Configurations, Level::My);
    let second = home
        .run(&["sync", "acme", "--full", "--format", "json"])
        .await
        .exits(8)
        .json();
    let read = |run: &serde_json::Value| run["entities"]["configuration"]["read"].as_u64();
    assert!(read(&second) < read(&first), "the list is no shorter: {second:#}");
    assert_eq!(home.json(&["asset", "list", "configuration"]).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_got_lost_loses_nothing() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let contact = home.records("contact").await.remove(0);
    let id = contact["source"]["id"].as_str().expect("an id");
    let number = id.parse().expect("a number");
    // Nobody is told of it.
    control
        .edit(Kind::Contact, number, json!({"title": "Keeper of the Keys"}))
        .expect("it is there");
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["entities"]["contact"]["updated"], 1, "{run:#}");
    let shown = home
        .json(&["asset", "show", "contact", contact["id"].as_str().expect("an id")])
        .await;
    assert_eq!(shown["fields"]["title"], "Keeper of the Keys");
    // No callback was ever asked for: what changed was found by asking.
    let log = control.log();
    assert!(log.iter().any(|entry| entry.endpoint() == "/company/contacts"));
    for entry in log {
        assert!(
            entry.method == "GET" && !entry.path.contains("callback"),
            "{entry:?}"
        );
    }
}
