//! The PSA's people: who is suggested, and what an invitation is.

use std::collections::BTreeSet;

use connectwise_simulator::{Config, Kind, Simulator, Size};
use e2e::Home;
use serde_json::{Value, json};

async fn many_members() -> Simulator {
    let size = Size {
        members: 60,
        ..Size::demo()
    };
    Simulator::start(Config {
        size,
        ..Config::default()
    })
    .await
    .expect("the simulator starts")
}

fn ids(list: &Value) -> BTreeSet<String> {
    list.as_array()
        .expect("a list")
        .iter()
        .map(|row| row["id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn licensed_and_active_members_are_suggested_and_no_others() {
    let simulator = many_members().await;
    let control = simulator.control();
    let home = Home::new();
    home.add("acme", &simulator).await.exits(0);
    let suggested = home.json(&["user", "suggested", "acme"]).await;
    let members = control
        .ids(Kind::Member)
        .into_iter()
        .map(|id| control.record(Kind::Member, id).expect("it is listed"));
    let (mut expected, mut others) = (BTreeSet::new(), 0);
    for member in members {
        let licensed = member["licenseClass"]
            .as_str()
            .is_some_and(|class| ["F", "C", "X"].contains(&class));
        if licensed && member["inactiveFlag"] != true {
            expected.insert(member["id"].to_string());
        } else {
            others += 1;
        }
    }
    assert!(others > 1, "everybody is licensed and active: nothing is tested");
    assert_eq!(ids(&suggested), expected);
    for row in suggested.as_array().expect("a list") {
        let id = row["id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .expect("a number");
        let member = control.record(Kind::Member, id).expect("it is there");
        assert_eq!(row["identifier"], member["identifier"]);
        assert_eq!(row["email"], member["officeEmail"]);
        assert_eq!(row["selected"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_are_kept_and_pending() {
    let simulator = many_members().await;
    let home = Home::new();
    home.add("acme", &simulator).await.exits(0);
    assert_eq!(home.json(&["user", "list"]).await, json!([]));
    home.run(&["user", "skip", "acme"]).await.exits(0);
    assert_eq!(home.json(&["user", "list"]).await, json!([]));
    let all = ids(&home.json(&["user", "suggested", "acme"]).await);
    let mut some = all.iter().take(2).cloned();
    let (first, second) = (some.next().expect("one"), some.next().expect("another"));

    let only = home
        .json(&["user", "invite", "acme", "--only", &first, "--role", "reader"])
        .await;
    assert!(
        only["note"].as_str().is_some_and(|note| note.contains("14 days")),
        "{only}"
    );
    let listed = home.json(&["user", "list"]).await;
    assert_eq!(ids(&listed), BTreeSet::from([first.clone()]));
    let row = &listed[0];
    assert_eq!(
        (&row["role"], &row["state"], &row["integration"]),
        (&"reader".into(), &"pending".into(), &"acme".into())
    );

    home.json(&[
        "user",
        "invite",
        "acme",
        "--except",
        &format!("{first},{second}"),
        "--role",
        "editor",
    ])
    .await;
    let without: BTreeSet<String> = all.iter().filter(|id| **id != second).cloned().collect();
    assert_eq!(ids(&home.json(&["user", "list"]).await), without);
    home.json(&["user", "invite", "acme", "--all", "--role", "manager"])
        .await;
    let listed = home.json(&["user", "list"]).await;
    assert_eq!(ids(&listed), all);
    assert!(
        listed
            .as_array()
            .expect("a list")
            .iter()
            .all(|row| row["role"] == "manager")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_not_suggested_cannot_be_invited() {
    let simulator = many_members().await;
    let home = Home::new();
    home.add("acme", &simulator).await.exits(0);
    let error = home
        .fails(
            &["user", "invite", "acme", "--only", "999999", "--role", "reader"],
            3,
        )
        .await;
    assert_eq!(error["code"], "not-found");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("999999")),
        "{error}"
    );
    home.run(&["user", "invite", "acme", "--all", "--role", "owner"])
        .await
        .exits(2);
    assert_eq!(home.json(&["user", "list"]).await, json!([]));
}
