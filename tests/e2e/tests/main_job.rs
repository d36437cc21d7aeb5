//! A ConnectWise database becomes documentation.

use connectwise_simulator::Kind;
use e2e::{Home, simulator};
use serde_json::Value;

fn ids(records: &Value, pointer: &str) -> Vec<String> {
    let of = |record: &Value| record.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    records.as_array().expect("a list").iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_selected_record_comes_in_once() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["status"], "succeeded", "{run:#}");
    for kind in ["organization", "location", "contact", "configuration", "ticket"] {
        let counts = &run["entities"][kind];
        assert!(counts["created"].as_u64() > Some(0), "{kind}: {counts}");
        let listed = home.json(&["asset", "list", kind]).await;
        let mut sources = ids(&listed, "/source/id");
        assert_eq!(Some(sources.len() as u64), counts["created"].as_u64(), "{kind}");
        sources.sort();
        sources.dedup();
        assert_eq!(sources.len(), listed.as_array().map_or(0, Vec::len), "{kind}: a PSA record twice");
    }
    // What is there is what the PSA has under the same id.
    for organization in home.json(&["asset", "list", "organization"]).await.as_array().expect("a list") {
        let id = organization["source"]["id"].as_str().expect("an id").parse().expect("a number");
        let company = simulator.control().record(Kind::Company, id).expect("the company is in the PSA");
        assert_eq!(organization["name"], company["name"]);
        assert_eq!(organization["fields"]["short_name"], company["identifier"]);
        assert_eq!(company["deletedFlag"], Value::Bool(false));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_pass_changes_nothing() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let first = home.json(&["sync", "acme"]).await;
    let second = home.json(&["sync", "acme", "--full"]).await;
    for kind in ["organization", "location", "contact", "configuration", "ticket"] {
        let (before, after) = (&first["entities"][kind], &second["entities"][kind]);
        assert_eq!(after["unchanged"], before["created"], "{kind}: {after}");
        assert_eq!((&after["created"], &after["updated"]), (&Value::from(0), &Value::from(0)), "{kind}");
    }
}
