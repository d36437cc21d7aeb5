//! Integrations that go and come back: what becomes of their records, and how they are recognised again.

use std::collections::BTreeMap;

use connectwise_simulator::{Control, Kind};
use e2e::{Home, KINDS, simulator};
use serde_json::{Value, json};

/// Everything but tickets, which no rule recognises.
const RECOGNISED: [&str; 4] = ["organization", "location", "contact", "configuration"];

fn text<'a>(record: &'a Value, pointer: &str) -> &'a str {
    record
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Own id to PSA id, by kind.
async fn links(home: &Home, kinds: &[&str]) -> BTreeMap<(String, String), String> {
    let mut links = BTreeMap::new();
    for kind in kinds {
        for record in home.records(kind).await {
            let key = ((*kind).to_owned(), text(&record, "/id").to_owned());
            links.insert(key, text(&record, "/source/id").to_owned());
        }
    }
    links
}

async fn choose(home: &Home) {
    home.choose("acme").await;
    home.run(&["settings", "set", "acme", "--select", "ticket-boards=none"])
        .await
        .exits(0);
}

/// Gives every contact and configuration a name of its own, so that each can be recognised.
fn name_apart(control: &Control) {
    for id in control.ids(Kind::Contact) {
        control
            .edit(Kind::Contact, id, json!({"lastName": format!("Number {id}")}))
            .expect("it is there");
    }
    for id in control.ids(Kind::Configuration) {
        control
            .edit(Kind::Configuration, id, json!({"name": format!("Device {id}")}))
            .expect("it is there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_records_are_recognised_and_keep_their_ids() {
    let simulator = simulator().await;
    name_apart(&simulator.control());
    let home = Home::new();
    home.add("acme", &simulator).await.exits(0);
    choose(&home).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let before = links(&home, &RECOGNISED).await;
    let removed = home.json(&["integration", "remove", "acme", "--keep-data"]).await;
    assert_eq!(removed["kept"], "data");
    let kept = links(&home, &RECOGNISED).await;
    assert!(kept.keys().eq(before.keys()) && kept.values().all(String::is_empty));

    home.add("acme", &simulator).await.exits(0);
    choose(&home).await;
    let run = home.json(&["sync", "acme"]).await;
    for kind in RECOGNISED {
        let counts = &run["entities"][kind];
        assert_eq!(
            (&counts["created"], &counts["waiting"]),
            (&0.into(), &0.into()),
            "{kind}: {run:#}"
        );
    }
    assert_eq!(links(&home, &RECOGNISED).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_could_be_waits_and_nothing_is_overwritten() {
    let simulator = simulator().await;
    let control = simulator.control();
    name_apart(&control);
    let home = Home::new();
    home.add("acme", &simulator).await.exits(0);
    choose(&home).await;
    home.run(&["sync", "acme"]).await.exits(0);
    home.run(&["integration", "remove", "acme", "--keep-data"])
        .await
        .exits(0);
    // Two companies of the PSA now have the name of one organization here.
    let first = control.ids(Kind::Company)[0];
    let company = control.record(Kind::Company, first).expect("it is there");
    let mut twin = company.clone();
    twin["identifier"] = "Twin".into();
    twin["phoneNumber"] = "0000000000".into();
    let twin = control.add(Kind::Company, twin).expect("it is an object");
    control
        .edit(Kind::Company, first, json!({"phoneNumber": "1111111111"}))
        .expect("it is there");
    let of_that_name = |records: Vec<Value>| {
        records
            .into_iter()
            .filter(|record| record["name"] == company["name"])
            .collect::<Vec<_>>()
    };
    let before = of_that_name(home.records("organization").await);
    assert_eq!(before.len(), 1);
    let children = home
        .records("location")
        .await
        .into_iter()
        .filter(|one| one["organization"]["id"] == before[0]["id"]);
    let children: Vec<Value> = children.collect();
    assert!(!children.is_empty());

    home.add("acme", &simulator).await.exits(0);
    choose(&home).await;
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["entities"]["organization"]["waiting"], 2, "{run:#}");
    let named: Vec<&str> = run["waiting"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|row| row["kind"] == "organization")
        .filter_map(|row| row["source_id"].as_str())
        .collect();
    assert!(
        named.contains(&first.to_string().as_str()) && named.contains(&twin.to_string().as_str()),
        "{run:#}"
    );
    // Neither it nor what stands under it was touched, and no second one was made.
    assert_eq!(of_that_name(home.records("organization").await), before);
    for child in children {
        assert_eq!(
            home.json(&["asset", "show", "location", text(&child, "/id")])
                .await,
            child
        );
    }
    assert!(
        run["entities"]["contact"]["waiting"].as_u64() > Some(0),
        "{run:#}"
    );
    // With one of them gone the other is the one; who reads only what changed does not see that it is gone.
    control.delete(Kind::Company, twin).expect("it is there");
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["entities"]["organization"]["waiting"], 1, "{run:#}");
    let run = home.json(&["sync", "acme", "--full"]).await;
    assert_eq!(run["entities"]["organization"]["waiting"], 0, "{run:#}");
    let after = of_that_name(home.records("organization").await);
    assert_eq!(after.len(), 1);
    assert_eq!(after[0]["id"], before[0]["id"]);
    assert_eq!(text(&after[0], "/source/id"), first.to_string());
    assert_eq!(after[0]["fields"]["phone"], "1111111111");
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_links_are_taken_up_as_they_were() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let before = links(&home, &KINDS).await;
    let content = home.content().await;
    let removed = home
        .json(&["integration", "remove", "acme", "--keep-data-and-links"])
        .await;
    assert_eq!(removed["kept"], "data-and-links");
    assert_eq!(home.json(&["integration", "list"]).await, json!([]));
    assert_eq!(links(&home, &KINDS).await, before);
    home.add("acme", &simulator).await.exits(0);
    home.choose("acme").await;
    let run = home.json(&["sync", "acme"]).await;
    for kind in KINDS {
        let counts = &run["entities"][kind];
        assert_eq!(
            (&counts["created"], &counts["updated"]),
            (&0.into(), &0.into()),
            "{kind}: {run:#}"
        );
        assert!(counts["unchanged"].as_u64() > Some(0), "{kind}");
    }
    assert_eq!(links(&home, &KINDS).await, before);
    assert_eq!(home.content().await, content);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_deleted_only_by_somebody_who_says_so() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let run = home.json(&["sync", "acme"]).await;
    let before = home.content().await;
    let ran = home
        .run(&[
            "integration",
            "remove",
            "acme",
            "--delete-data",
            "--format",
            "json",
        ])
        .await
        .exits(3);
    assert_eq!(ran.error()["code"], "confirmation-needed");
    let created = run["entities"]["organization"]["created"]
        .as_u64()
        .unwrap_or_default();
    let counted = format!("{created} organizations");
    assert!(ran.error()["message"].to_string().contains(&counted), "{ran:#?}");
    assert_eq!(home.content().await, before);
    let removed = home
        .json(&["integration", "remove", "acme", "--delete-data", "--yes"])
        .await;
    assert_eq!(home.content().await.len(), 0);
    assert_eq!(
        removed["records"]["organization"],
        run["entities"]["organization"]["created"]
    );
    // They stand in a file first.
    let file = std::fs::read_to_string(text(&removed, "/file")).expect("the file is there");
    assert_eq!(file.lines().count(), before.len());
    for line in file.lines() {
        let record: Value = serde_json::from_str(line).expect("JSON lines");
        let key = (
            text(&record, "/kind").to_owned(),
            text(&record, "/source/id").to_owned(),
        );
        assert_eq!(record["name"], before[&key]["name"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_fate_has_to_be_chosen() {
    let simulator = simulator().await;
    let home = Home::new();
    home.add("acme", &simulator).await.exits(0);
    home.run(&["integration", "remove", "acme"]).await.exits(2);
    home.run(&["integration", "remove", "acme", "--keep-data", "--delete-data"])
        .await
        .exits(2);
    assert_eq!(home.integration("acme").await["status"], "new");
}
