//! Changing the mapping stack: what is stored is mapped again without asking the PSA for it, as a run like any other, and
//! can be looked at beforehand.

use std::collections::BTreeMap;

use connectwise_simulator::Simulator;
use e2e::{Home, component, simulator};
use serde_json::{Value, json};

/// A home that is synced, with the overlay of the examples installed, and the id of the organization with the most
/// configurations.
async fn synced(simulator: &Simulator) -> (Home, String, u64) {
    let home = Home::connected("acme", simulator).await;
    home.run(&["settings", "set", "acme", "--reread", "0"])
        .await
        .exits(0);
    home.run(&["sync", "acme"]).await.exits(0);
    let file = component("rename-configurations").display().to_string();
    home.run(&["plugin", "add", &file, "--yes"]).await.exits(0);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for record in home.records("configuration").await {
        let organization = record["organization"]["id"].as_str().unwrap().to_owned();
        *counts.entry(organization).or_default() += 1;
    }
    let (organization, count) = counts.into_iter().max_by_key(|(_, count)| *count).unwrap();
    (home, organization, count)
}

/// The records of every kind in one list.
fn flat(kinds: Vec<Value>) -> Vec<Value> {
    let lists = kinds.into_iter().map(|list| list.as_array().unwrap().clone());
    lists.flatten().collect()
}

/// The words that name the overlay and its place.
fn words<'a>(verb: &'a str, organization: &'a str, config: &'a str) -> Vec<&'a str> {
    let mut words = vec!["mapping", verb, "acme", "--organization", organization];
    words.extend(["--use", "rename-configurations", "--config", config]);
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_mapped_again_without_asking_for_it() {
    let simulator = simulator().await;
    let (home, organization, count) = synced(&simulator).await;
    let unchanged = home.json(&["sync", "acme"]).await;
    let before = home.everything().await;
    let config = home.file("rename.json", &json!({"prefix": "HD"}).to_string());
    let set = home.json(&words("set", &organization, &config)).await;
    assert_eq!(
        set["queued"],
        json!({"server": false, "start": "dovetail sync acme"})
    );
    assert_eq!(home.everything().await, before, "nothing changes before the run");

    // What is said is what is done.
    let dry = home.json(&["sync", "acme", "--dry-run"]).await;
    assert_eq!(home.everything().await, before);
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["mode"], "incremental", "{run:#}");
    assert_eq!(
        run["requests"], unchanged["requests"],
        "the PSA is asked what changed and nothing else"
    );
    assert_eq!(run["entities"]["configuration"]["updated"], count, "{run:#}");
    let id = run["run"].as_str().unwrap();
    let done = home.json(&["run", "show", id, "--changes"]).await;
    assert_eq!(dry["changes"], done["changes"]);
    let (was, is) = (flat(before.clone()), flat(home.everything().await));
    assert_eq!(was.len(), is.len());
    for (was, is) in was.iter().zip(is) {
        let renamed = is["kind"] == "configuration" && is["organization"]["id"] == *organization;
        let name = was["name"].as_str().unwrap();
        match renamed {
            true => assert_eq!(is["name"], json!(format!("HD {name}"))),
            false => assert_eq!(&is, was),
        }
    }
    let again = home.json(&["sync", "acme"]).await;
    assert_eq!(again["entities"]["configuration"]["updated"], 0, "{again:#}");
    assert_eq!(
        again["entities"], unchanged["entities"],
        "it is mapped again once"
    );

    // A run like any other: it can be taken back, and what it restored stays.
    home.run(&["run", "revert", id]).await.exits(0);
    home.run(&["sync", "acme"]).await.exits(0);
    let names = |records: Vec<Value>| -> Vec<Value> {
        let records = flat(records).into_iter();
        records.map(|record| record["name"].clone()).collect()
    };
    assert_eq!(names(home.everything().await), names(before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_is_looked_at_before_it_is_set_and_after() {
    let simulator = simulator().await;
    let (home, organization, count) = synced(&simulator).await;
    let before = home.everything().await;
    let config = home.file("rename.json", &json!({"prefix": "HD"}).to_string());
    let mut preview = words("preview", &organization, &config);
    preview.extend(["--kind", "configuration", "--limit", "2"]);
    let shown = home.json(&preview).await;
    assert_eq!(
        (
            &shown["looked_at"],
            &shown["differ"],
            shown["records"].as_array().map(Vec::len)
        ),
        (&json!(count), &json!(count), Some(2)),
        "{shown:#}"
    );
    let record = &shown["records"][0];
    let name = record["name"].as_str().unwrap();
    assert_eq!(
        record["changes"],
        json!([{"field": "name", "before": name, "after": format!("HD {name}"),
                "layer": record["changes"][0]["layer"]}])
    );
    assert!(
        record["changes"][0]["layer"]
            .as_str()
            .is_some_and(|layer| layer.starts_with("rename-configurations ")),
        "{record:#}"
    );
    assert_eq!(record["source"]["name"], json!(name), "the PSA's record is shown");
    assert_eq!(home.everything().await, before, "nothing is written");
    let listed = home
        .json(&["mapping", "show", "acme", "--organization", &organization])
        .await;
    assert_eq!(
        listed["layers"].as_array().map(Vec::len),
        Some(1),
        "nothing is set"
    );

    home.run(&words("set", &organization, &config)).await.exits(0);
    let after = home
        .json(&[
            "mapping",
            "preview",
            "acme",
            "--organization",
            &organization,
            "--kind",
            "configuration",
        ])
        .await;
    assert_eq!(after["differ"], json!(count), "{after:#}");
    // Another organization's records are none of this layer's.
    let all = home
        .json(&[
            "mapping",
            "preview",
            "acme",
            "--kind",
            "configuration",
            "--limit",
            "1000",
        ])
        .await;
    assert_eq!(all["differ"], json!(count));
    assert!(all["looked_at"].as_u64() > Some(count));
    let contacts = home
        .json(&["mapping", "preview", "acme", "--kind", "contact"])
        .await;
    assert_eq!(contacts["differ"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_configuration_comes_to_is_in_the_table() {
    let simulator = simulator().await;
    let (home, organization, _) = synced(&simulator).await;
    let config = json!({"prefix": "HD", "copy": {"from": "custom_fields.Rack position", "to": "asset_tag"}});
    let config = home.file("both.json", &config.to_string());
    let shown = home.json(&words("set", &organization, &config)).await;
    let of_layer: Vec<(&str, &str)> = shown["table"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["layer"] == "rename-configurations")
        .map(|row| (row["field"].as_str().unwrap(), row["path"].as_str().unwrap()))
        .collect();
    assert_eq!(
        of_layer,
        [
            ("name", "name"),
            ("asset_tag", "traits.custom_fields.Rack position")
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_way_fields_come_back_as_they_were() {
    let simulator = simulator().await;
    let (home, ..) = synced(&simulator).await;
    let shown = home.json(&["mapping", "show", "acme"]).await;
    let rows = shown["table"].as_array().unwrap();
    let both: Vec<&Value> = rows.iter().filter(|row| row["direction"] == "both").collect();
    let tried: u64 = both.iter().filter_map(|row| row["tried"].as_u64()).sum();
    assert!(both.len() > 20 && tried > 500, "{} {tried}", both.len());
    let custom = both
        .iter()
        .find(|row| row["field"] == "traits.custom_fields.*" && row["kind"] == "configuration");
    assert!(custom.unwrap()["tried"].as_u64() > Some(0), "{custom:#?}");
    for row in rows {
        assert_eq!(row["one_way_because"], Value::Null, "{row:#}");
        if row["direction"] == "inward" {
            assert_eq!(row["tried"], Value::Null, "{row:#}");
        }
    }
}
