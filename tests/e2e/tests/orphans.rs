//! What becomes of records that left.

use connectwise_simulator::{Kind, Level, Module};
use e2e::{Home, simulator};
use serde_json::{Value, json};

fn number(record: &Value) -> u64 {
    record["source"]["id"].as_str().unwrap().parse().unwrap()
}

fn orphaned(records: &[Value]) -> usize {
    records
        .iter()
        .filter(|record| record["sync"] == "orphaned")
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_psa_says_is_gone_is_orphaned_and_revived_when_it_returns() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let configuration = home.records("configuration").await.remove(3);
    let location = home.records("location").await.remove(3);
    let contact = home.records("contact").await.remove(3);
    // One is deleted for good, one is gone under its company, one is only inactive.
    control
        .delete(Kind::Configuration, number(&configuration))
        .unwrap();
    control.delete(Kind::Site, number(&location)).unwrap();
    control.soft_delete(Kind::Contact, number(&contact)).unwrap();
    let run = home.json(&["sync", "acme", "--full"]).await;
    for kind in ["configuration", "location", "contact"] {
        assert_eq!(run["entities"][kind]["orphaned"], 1, "{kind}: {run:#}");
    }
    let shown = home
        .json(&[
            "asset",
            "show",
            "configuration",
            configuration["id"].as_str().unwrap(),
        ])
        .await;
    assert_eq!(shown["sync"], "orphaned");
    assert_eq!(shown["fields"], configuration["fields"], "nothing of it is lost");

    control
        .edit(Kind::Contact, number(&contact), json!({"inactiveFlag": false}))
        .unwrap();
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["entities"]["contact"]["updated"], 1, "{run:#}");
    let shown = home
        .json(&["asset", "show", "contact", contact["id"].as_str().unwrap()])
        .await;
    assert_eq!(
        shown["sync"], "enabled",
        "the record that was there is linked again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn companies_that_merged_are_found_when_everything_is_read() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let contact = home.records("contact").await.remove(0);
    let from = home
        .json(&[
            "asset",
            "show",
            "organization",
            contact["organization"]["id"].as_str().unwrap(),
        ])
        .await;
    let into = home
        .records("organization")
        .await
        .into_iter()
        .find(|one| one["id"] != from["id"])
        .unwrap();
    control.merge_companies(number(&from), number(&into)).unwrap();
    let run = home.json(&["sync", "acme", "--full"]).await;
    assert_eq!(run["entities"]["organization"]["orphaned"], 1, "{run:#}");
    let moved = home
        .json(&["asset", "show", "contact", contact["id"].as_str().unwrap()])
        .await;
    assert_eq!(
        moved["organization"]["id"], into["id"],
        "what stood under it moved"
    );
    assert_eq!(moved["sync"], "enabled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrowed_permission_stops_at_the_brake() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let before = home.everything().await;
    simulator.control().set_inquire(Module::Configurations, Level::My);
    let ran = home
        .run(&["sync", "acme", "--full", "--format", "json"])
        .await
        .exits(8);
    let run = ran.json();
    assert_eq!(
        (&run["status"], &run["reason"]),
        (&json!("waiting"), &json!("orphan-brake"))
    );
    assert_eq!(ran.error_code(), "orphan-brake");
    assert_eq!(home.everything().await, before, "nothing was orphaned");
    let id = run["run"].as_str().unwrap();
    let shown = home.json(&["run", "show", id]).await;
    assert!(!shown["leaving"].as_array().unwrap().is_empty(), "{shown:#}");

    // A yes is no order to believe a list: each is asked for, and what is only hidden stays.
    simulator
        .control()
        .set_inquire(Module::Configurations, Level::All);
    let approved = home.json(&["run", "approve", id, "--orphans"]).await;
    assert_eq!(approved["status"], "succeeded", "{approved:#}");
    assert_eq!(home.everything().await, before);
    let error = home.fails(&["run", "approve", id, "--orphans"], 3).await;
    assert_eq!(error["code"], "value-refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_wait_for_a_yes_or_a_no() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let configurations = home.records("configuration").await;
    for record in configurations.iter().take(12) {
        control.delete(Kind::Configuration, number(record)).unwrap();
    }
    let run = home
        .run(&["sync", "acme", "--full", "--format", "json"])
        .await
        .exits(8)
        .json();
    let id = run["run"].as_str().unwrap();
    assert_eq!(orphaned(&home.records("configuration").await), 0);
    // No: they stay as they are.
    let kept = home.json(&["run", "reject", id]).await;
    assert_eq!(kept["status"], "succeeded");
    assert_eq!(orphaned(&home.records("configuration").await), 0);

    let run = home
        .run(&["sync", "acme", "--full", "--format", "json"])
        .await
        .exits(8)
        .json();
    let id = run["run"].as_str().unwrap();
    // What is approved has to be said.
    home.run(&["run", "approve", id]).await.exits(2);
    // Yes to one: the others wait on.
    let one = configurations[0]["id"].as_str().unwrap();
    let after = home.json(&["run", "approve", id, "--orphans", one]).await;
    assert_eq!(
        (&after["status"], &after["entities"]["configuration"]["orphaned"]),
        (&json!("waiting"), &json!(1))
    );
    // Yes to all.
    let after = home.json(&["run", "approve", id, "--orphans"]).await;
    assert_eq!(
        (&after["status"], &after["entities"]["configuration"]["orphaned"]),
        (&json!("succeeded"), &json!(12))
    );
    assert_eq!(orphaned(&home.records("configuration").await), 12);
    assert_eq!(
        home.json(&["sync", "acme", "--full"]).await["status"],
        "succeeded"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_deselects_is_orphaned_without_the_brake_and_revived_when_selected_again() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let all = home.records("configuration").await;
    home.run(&[
        "settings",
        "set",
        "acme",
        "--select",
        "configuration-types=Managed Server",
    ])
    .await
    .exits(0);
    let run = home.json(&["sync", "acme"]).await;
    let left = run["entities"]["configuration"]["orphaned"].as_u64().unwrap();
    assert!(left > 10, "{run:#}");
    let records = home.records("configuration").await;
    assert_eq!(
        (records.len(), orphaned(&records) as u64),
        (all.len(), left),
        "nothing is deleted"
    );
    for record in &records {
        assert_eq!(
            record["sync"] == "enabled",
            record["fields"]["type"] == "Managed Server",
            "{record:#}"
        );
    }
    home.run(&[
        "settings",
        "set",
        "acme",
        "--select",
        "configuration-types=recommended",
    ])
    .await
    .exits(0);
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(orphaned(&home.records("configuration").await), 0);

    home.run(&["settings", "set", "acme", "--contacts", "off"])
        .await
        .exits(0);
    home.run(&["sync", "acme"]).await.exits(0);
    let contacts = home.records("contact").await;
    assert!(!contacts.is_empty() && orphaned(&contacts) == contacts.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_that_leave_their_window_expire_and_are_no_orphans() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let tickets = home.records("ticket").await;
    control
        .edit(Kind::Ticket, number(&tickets[0]), json!({"closedFlag": true}))
        .unwrap();
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["entities"]["ticket"]["orphaned"], 0, "{run:#}");
    let left = home.records("ticket").await;
    assert_eq!((left.len(), orphaned(&left)), (tickets.len() - 1, 0));
    assert!(left.iter().all(|ticket| ticket["id"] != tickets[0]["id"]));
}
