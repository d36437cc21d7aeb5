//! Runs that read what changed.

use connectwise_simulator::Kind;
use e2e::{Home, simulator};
use serde_json::{Value, json};

/// The PSA's id of a record, as a number.
fn number(record: &Value) -> u64 {
    record["source"]["id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_increment_takes_few_requests_and_changes_nothing() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.run(&["settings", "set", "acme", "--reread", "0"])
        .await
        .exits(0);
    let first = home.json(&["sync", "acme"]).await;
    assert_eq!(first["mode"], "full");
    let before = home.everything().await;
    let second = home.json(&["sync", "acme"]).await;
    assert_eq!(second["mode"], "incremental");
    assert!(second["requests"].as_u64() < Some(10), "{second:#}");
    for (kind, tally) in second["entities"].as_object().unwrap() {
        for what in ["created", "updated", "orphaned", "quarantined"] {
            assert_eq!(tally[what], 0, "{kind} {what}: {second:#}");
        }
    }
    assert_eq!(home.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_comes_in_and_nothing_else_is_read() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    let first = home.json(&["sync", "acme"]).await;
    // What was made long before the changes lies behind the overlap.
    control.advance(3_600);
    let configuration = home.records("configuration").await.remove(0);
    control
        .edit(
            Kind::Configuration,
            number(&configuration),
            json!({"name": "renamed"}),
        )
        .unwrap();
    let second = home.json(&["sync", "acme"]).await;
    assert_eq!(second["entities"]["configuration"]["updated"], 1, "{second:#}");
    let read = |run: &Value| run["entities"]["configuration"]["read"].as_u64().unwrap();
    assert!(read(&second) < read(&first) / 2, "{second:#}");
    let id = configuration["id"].as_str().unwrap();
    let shown = home.json(&["asset", "show", "configuration", id]).await;
    assert_eq!(shown["name"], "renamed");
    // The checkpoint moved on: the next run reads the change once more at most, and changes nothing.
    let third = home.json(&["sync", "acme"]).await;
    assert_eq!(third["entities"]["configuration"]["updated"], 0, "{third:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_comes_in_brings_what_stands_under_it() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    // A company leaves by its own doing and comes back: what stands under it has not changed meanwhile.
    let contact = home.records("contact").await.remove(0);
    let owner = contact["organization"]["id"].as_str().unwrap().to_owned();
    let organization = home.json(&["asset", "show", "organization", &owner]).await;
    let company = number(&organization);
    let below = |records: Vec<Value>, state: &str| {
        let of = |record: &&Value| record["organization"]["id"] == owner && record["sync"] == state;
        records.iter().filter(of).count()
    };
    let contacts = below(home.records("contact").await, "enabled");
    let locations = below(home.records("location").await, "enabled");
    assert!(contacts > 0 && locations > 0);

    control.soft_delete(Kind::Company, company).unwrap();
    let gone = home.json(&["sync", "acme"]).await;
    assert_eq!(
        (&gone["mode"], &gone["entities"]["organization"]["orphaned"]),
        (&json!("incremental"), &json!(1))
    );
    assert_eq!(below(home.records("contact").await, "orphaned"), contacts);
    assert_eq!(below(home.records("location").await, "orphaned"), locations);

    control.advance(3_600);
    control
        .edit(Kind::Company, company, json!({"deletedFlag": false}))
        .unwrap();
    let back = home.json(&["sync", "acme"]).await;
    assert_eq!(back["mode"], "incremental");
    assert_eq!(
        below(home.records("contact").await, "enabled"),
        contacts,
        "{back:#}"
    );
    assert_eq!(
        below(home.records("location").await, "enabled"),
        locations,
        "{back:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn locations_that_changed_silently_come_in_in_their_turn() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["settings", "set", "acme", "--reread", "5"])
        .await
        .exits(0);
    home.run(&["sync", "acme"]).await.exits(0);
    let organizations = home.records("organization").await.len();
    for location in home.records("location").await {
        control
            .edit_silently(
                Kind::Site,
                number(&location),
                json!({"addressLine2": "changed in silence"}),
            )
            .unwrap();
    }
    control.advance(3_600);
    // After as many runs as it takes to go round once, each has had its turn.
    for _ in 0..organizations.div_ceil(5) {
        let run = home.json(&["sync", "acme"]).await;
        assert_eq!(run["mode"], "incremental");
    }
    for location in home.records("location").await {
        assert_eq!(
            location["fields"]["address_2"], "changed in silence",
            "{location:#}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_read_where_the_choices_changed_and_where_it_is_asked_for() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let mode = async |words: &[&str]| home.json(words).await["mode"].clone();
    assert_eq!(mode(&["sync", "acme"]).await, "incremental");
    assert_eq!(mode(&["sync", "acme", "--full"]).await, "full");
    assert_eq!(mode(&["sync", "acme"]).await, "incremental");
    home.run(&["settings", "set", "acme", "--tickets", "all"])
        .await
        .exits(0);
    assert_eq!(mode(&["sync", "acme"]).await, "full");
    assert_eq!(mode(&["sync", "acme"]).await, "incremental");
    // How often a run is due decides nothing about what it reads.
    home.run(&["settings", "set", "acme", "--interval", "2h"])
        .await
        .exits(0);
    assert_eq!(mode(&["sync", "acme"]).await, "incremental");
}
