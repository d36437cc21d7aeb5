//! Why a record is missing, different or not moving: what is said is what the next run does.

use std::collections::BTreeMap;

use connectwise_simulator::Kind;
use e2e::{Home, simulator};
use serde_json::{Value, json};

/// Records here by the PSA's id.
async fn by_source(home: &Home, kind: &str) -> BTreeMap<String, Value> {
    let records = home.records(kind).await.into_iter();
    records
        .map(|record| {
            (
                record["source"]["id"].as_str().unwrap_or_default().to_owned(),
                record,
            )
        })
        .collect()
}

/// What became of a record, in the words of a verdict.
fn became(before: Option<&Value>, after: Option<&Value>, quarantined: bool, waits: bool) -> &'static str {
    match (before, after) {
        _ if quarantined => "quarantined",
        _ if waits => "waiting",
        (_, Some(after)) if after["sync"] == "orphaned" => "orphaned",
        (None, None) => "left-out",
        (None, Some(_)) | (Some(_), None) => "changes",
        (Some(before), Some(after))
            if before["fields"] == after["fields"] && before["sync"] == after["sync"] =>
        {
            "unchanged"
        }
        (Some(_), Some(_)) => "changes",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_is_what_the_next_run_does() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    // Of everything something: changed, gone, inactive, of a type that is not selected, senseless, new.
    let configurations: Vec<u64> = by_source(&home, "configuration")
        .await
        .keys()
        .map(|id| id.parse().unwrap())
        .collect();
    let edits = [
        json!({"name": "renamed"}),
        json!({"activeFlag": false}),
        json!({"installationDate": "the day before yesterday"}),
        json!({"company": {"id": 999_999, "name": "Nobody"}}),
    ];
    for (id, fields) in configurations.iter().zip(edits) {
        control.edit(Kind::Configuration, *id, fields).unwrap();
    }
    control.delete(Kind::Configuration, configurations[5]).unwrap();
    let model = control.record(Kind::Configuration, configurations[6]).unwrap();
    let mut added = model.clone();
    added["name"] = json!("brand new");
    let new = control.add(Kind::Configuration, added).unwrap();

    let kinds = [
        ("organization", control.ids(Kind::Company)),
        (
            "contact",
            control.ids(Kind::Contact).into_iter().step_by(3).collect(),
        ),
        (
            "configuration",
            configurations
                .iter()
                .copied()
                .take(8)
                .chain([new])
                .chain(control.ids(Kind::Configuration).into_iter().step_by(9))
                .collect(),
        ),
    ];
    let mut said = Vec::new();
    for (kind, ids) in &kinds {
        for id in ids {
            let told = home.json(&["explain", "acme", kind, &id.to_string()]).await;
            said.push((*kind, id.to_string(), told));
        }
    }
    let mut before = BTreeMap::new();
    for (kind, _) in &kinds {
        before.insert(*kind, by_source(&home, kind).await);
    }
    home.run(&["sync", "acme", "--full"]).await.exits(6);
    let quarantine = home.json(&["quarantine", "list"]).await;
    let quarantined = |kind: &str, id: &str| {
        let is_it = |row: &Value| row["kind"] == kind && row["source_id"] == id;
        quarantine.as_array().unwrap().iter().any(is_it)
    };
    let mut seen = BTreeMap::new();
    for (kind, _) in &kinds {
        let after = by_source(&home, kind).await;
        for (_, id, told) in said.iter().filter(|(of, ..)| of == kind) {
            let did = became(before[kind].get(id), after.get(id), quarantined(kind, id), false);
            assert_eq!(told["verdict"], did, "{kind} {id}: {told:#}");
            let stops = told["looks"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|look| look["passes"] == false)
                .count();
            let moves = ["changes", "unchanged"].contains(&did);
            assert_eq!(stops, usize::from(!moves), "one thing stops it: {told:#}");
            *seen.entry(did).or_insert(0) += 1;
        }
    }
    for verdict in ["changes", "unchanged", "left-out", "orphaned", "quarantined"] {
        assert!(seen.contains_key(verdict), "nothing was {verdict}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_found_by_its_name_and_one_that_is_none_is_told() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let record = home.records("organization").await.remove(0);
    let name = record["name"].as_str().unwrap();
    let told = home.json(&["explain", "acme", "organization", name]).await;
    assert_eq!(
        (&told["source_id"], &told["verdict"]),
        (&record["source"]["id"], &json!("unchanged"))
    );
    let told = home.json(&["explain", "acme", "contact", "999999"]).await;
    assert_eq!(told["verdict"], "left-out", "{told:#}");
    home.run(&["settings", "set", "acme", "--contacts", "off"])
        .await
        .exits(0);
    let told = home.json(&["explain", "acme", "contact", "1"]).await;
    assert_eq!(told["looks"][0]["at"], "selection", "{told:#}");
    let shown = home
        .run(&["explain", "acme", "organization", name])
        .await
        .exits(0);
    assert!(
        shown.stdout.contains("it is as the PSA has it"),
        "{}",
        shown.stdout
    );
}
