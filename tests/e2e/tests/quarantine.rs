//! A record that cannot be mapped stands alone with its reason; the others come in.

use connectwise_simulator::Kind;
use e2e::{Home, simulator};
use serde_json::{Value, json};

async fn some_configuration(home: &Home) -> (Value, u64) {
    let record = home
        .records("configuration")
        .await
        .into_iter()
        .next()
        .expect("a configuration");
    let id = record["source"]["id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("a number");
    (record, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_makes_no_sense_waits_until_it_does() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let before = home.content().await;
    let (record, id) = some_configuration(&home).await;
    let good = simulator
        .control()
        .record(Kind::Configuration, id)
        .expect("it is there")["installationDate"]
        .clone();
    let edit = json!({"installationDate": "the day before yesterday", "notes": "new"});
    simulator
        .control()
        .edit(Kind::Configuration, id, edit)
        .expect("it is there");

    let ran = home.run(&["sync", "acme", "--format", "json"]).await.exits(6);
    let run = ran.json();
    assert_eq!(
        (&run["status"], &run["reason"]),
        (&"partial".into(), &"records-quarantined".into())
    );
    assert_eq!(run["entities"]["configuration"]["quarantined"], 1, "{run:#}");
    assert_eq!(ran.error()["code"], "records-quarantined");
    assert_eq!(home.integration("acme").await["status"], "partial");
    // What was there stays as it was.
    assert_eq!(home.content().await, before);

    let listed = home.json(&["quarantine", "list"]).await;
    let rows = listed.as_array().expect("a list");
    assert_eq!(rows.len(), 1, "{listed:#}");
    let row = &rows[0];
    assert_eq!(row["integration"], "acme");
    assert_eq!(row["kind"], "configuration");
    assert_eq!(row["source_id"], id.to_string());
    assert_eq!(row["run"], run["run"]);
    assert_eq!(row["code"], "record-invalid");
    assert_eq!(row["attempts"], 1);
    assert!(
        row["message"]
            .as_str()
            .is_some_and(|text| text.contains("installed_at")),
        "{row}"
    );
    assert!(
        row["id"].is_string() && row["first_seen"].is_string() && row["last_seen"].is_string(),
        "{row}"
    );

    let again = home
        .run(&["sync", "acme", "--format", "json"])
        .await
        .exits(6)
        .json();
    let rows = home.json(&["quarantine", "list", "acme"]).await;
    assert_eq!(
        (&rows[0]["attempts"], &rows[0]["run"], &rows[0]["id"]),
        (&2.into(), &again["run"], &row["id"])
    );
    assert_eq!(rows[0]["first_seen"], row["first_seen"]);

    let repaired = json!({"installationDate": good});
    simulator
        .control()
        .edit(Kind::Configuration, id, repaired)
        .expect("it is there");
    assert_eq!(home.json(&["sync", "acme"]).await["status"], "succeeded");
    assert_eq!(home.json(&["quarantine", "list"]).await, json!([]));
    let shown = home
        .json(&[
            "asset",
            "show",
            "configuration",
            record["id"].as_str().expect("an id"),
        ])
        .await;
    assert_eq!(shown["fields"]["notes"], "new");
    assert_eq!(home.integration("acme").await["status"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_too_large_does_not_keep_the_others_out() {
    let simulator = simulator().await;
    let control = simulator.control();
    let calm = Home::connected("acme", &simulator).await;
    calm.run(&["sync", "acme"]).await.exits(0);
    let (_, id) = some_configuration(&calm).await;
    let mut expected = calm.content().await;
    expected
        .remove(&("configuration".to_owned(), id.to_string()))
        .expect("it was there");
    control
        .edit(Kind::Configuration, id, json!({"notes": "x".repeat(3 << 20)}))
        .expect("it is there");
    let home = Home::connected("acme", &simulator).await;
    let run = home
        .run(&["sync", "acme", "--format", "json"])
        .await
        .exits(6)
        .json();
    assert_eq!(run["entities"]["configuration"]["quarantined"], 1, "{run:#}");
    assert_eq!(home.content().await, expected);
    assert_eq!(
        home.json(&["quarantine", "list"]).await[0]["source_id"],
        id.to_string()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_from_the_quarantine_list_of_one_integration_stays_in_anothers() {
    let (one, two) = (simulator().await, simulator().await);
    let home = Home::connected("one", &one).await;
    home.add("two", &two).await.exits(0);
    home.choose("two").await;
    for (name, simulator) in [("one", &one), ("two", &two)] {
        let company = simulator.control().ids(Kind::Company)[0];
        simulator
            .control()
            .edit(Kind::Company, company, json!({"name": null}))
            .expect("it is there");
        home.run(&["sync", name]).await.exits(6);
    }
    assert_eq!(
        home.json(&["quarantine", "list"]).await.as_array().map(Vec::len),
        Some(2)
    );
    let company = one.control().ids(Kind::Company)[0];
    one.control()
        .edit(Kind::Company, company, json!({"name": "Named again"}))
        .expect("it is there");
    home.run(&["sync", "one"]).await.exits(0);
    assert_eq!(home.json(&["quarantine", "list", "one"]).await, json!([]));
    assert_eq!(
        home.json(&["quarantine", "list", "two"])
            .await
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}
