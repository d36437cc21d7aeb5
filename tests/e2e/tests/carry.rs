//! The way to the PSA changes and the links stay.

use connectwise_simulator::{Config, Credentials, Kind, Simulator};
use e2e::{Home, KINDS, Ran, simulator};
use serde_json::{Value, json};

mod file;

/// A simulator with the records of a seed.
async fn seeded(seed: u64, port: u16, credentials: Credentials) -> Simulator {
    let config = Config {
        seed,
        port,
        credentials,
        ..Config::default()
    };
    Simulator::start(config).await.expect("the simulator starts")
}

/// Keys that were made anew.
fn new_keys() -> Credentials {
    Credentials {
        public_key: "N3wPubl1cKey0000".to_owned(),
        private_key: "N3wPr1vateKey000".to_owned(),
        ..Credentials::default()
    }
}

/// The words that lead an integration to a simulator, with its keys.
fn to(home: &Home, simulator: &Simulator) -> Vec<String> {
    let credentials = simulator.credentials();
    let key = home.file("new-key", &format!("{}\n", credentials.private_key));
    let authority = home.file("new-ca.pem", simulator.ca_pem());
    [
        "integration",
        "update",
        "acme",
        "--set",
        &format!("site={}", simulator.address()),
        "--set",
        &format!("company={}", credentials.company_id),
        "--set",
        &format!("public-key={}", credentials.public_key),
        "--secret",
        &format!("private-key=file:{key}"),
        "--ca-file",
        &authority,
        "--format",
        "json",
    ]
    .map(str::to_owned)
    .to_vec()
}

async fn synced(simulator: &Simulator) -> Home {
    let home = Home::connected("acme", simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    home
}

/// Of a run over everything: how many records it made and changed.
async fn full(home: &Home, name: &str) -> (u64, u64) {
    let run = home.json(&["sync", name, "--full"]).await;
    assert_eq!(run["status"], "succeeded", "{run:#}");
    let sum = |what: &str| {
        let counted = KINDS.iter().map(|kind| run["entities"][kind][what].as_u64());
        counted.map(|count| count.expect("a count")).sum()
    };
    (sum("created"), sum("updated"))
}

/// What an integration was told to be, apart from how it stands.
async fn shown(home: &Home) -> Value {
    let mut shown = home.json(&["integration", "show", "acme"]).await;
    for passing in ["last_run", "said", "next_run"] {
        shown[passing].take();
    }
    shown
}

fn said(ran: &Ran) -> String {
    ran.json()["said"].to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_change_and_every_link_stays() {
    let simulator = simulator().await;
    let home = synced(&simulator).await;
    let before = home.everything().await;
    let port = simulator.address().port();
    simulator.stop().await;
    let simulator = seeded(1, port, new_keys()).await;
    // The keys that were are refused now.
    let authority = home.file("authority.pem", simulator.ca_pem());
    home.run(&["integration", "update", "acme", "--ca-file", &authority])
        .await
        .exits(0);
    home.run(&["sync", "acme"]).await.exits(4);
    let updated = home.run_words(&to(&home, &simulator)).await.exits(0);
    assert!(said(&updated).contains("20 of 20 known records"), "{updated:?}");
    assert!(said(&updated).contains("Every link is kept"), "{updated:?}");
    assert_eq!(full(&home, "acme").await, (0, 0));
    assert_eq!(home.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_database_under_another_name_is_taken() {
    let old = simulator().await;
    let home = synced(&old).await;
    let before = home.everything().await;
    old.stop().await;
    let moved = Credentials {
        company_id: "acmemoved".to_owned(),
        ..new_keys()
    };
    let simulator = seeded(1, 0, moved).await;
    // People go on working meanwhile: some records are called differently, some are gone.
    let control = simulator.control();
    let companies = control.ids(Kind::Company);
    for id in companies.iter().step_by(9) {
        control
            .edit(Kind::Company, *id, json!({"name": format!("Renamed {id}")}))
            .expect("it is there");
    }
    for id in control.ids(Kind::Configuration).iter().step_by(30) {
        control.delete(Kind::Configuration, *id).expect("it is there");
    }
    home.run_words(&to(&home, &simulator)).await.exits(0);
    let shown = shown(&home).await;
    assert_eq!(shown["settings"]["company"], "acmemoved");
    let (created, _) = full(&home, "acme").await;
    assert_eq!(created, 0, "links were lost");
    let ids = |all: &[Value]| -> Vec<Value> {
        let records = all.iter().flat_map(|list| list.as_array().expect("a list"));
        records.map(|record| record["id"].clone()).collect()
    };
    assert_eq!(ids(&home.everything().await), ids(&before));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_database_is_refused_with_what_differs() {
    let simulator = simulator().await;
    let home = synced(&simulator).await;
    let (before, records) = (shown(&home).await, home.everything().await);
    let other = seeded(2, 0, new_keys()).await;
    let refused = home.run_words(&to(&home, &other)).await.exits(3);
    let error = refused.error();
    assert_eq!(error["code"], "other-database");
    let message = error["message"].as_str().expect("a text");
    let known = home.records("organization").await;
    let name = known[0]["fields"]["name"].as_str().expect("a name");
    assert!(message.contains("20 records that are known"), "{message}");
    assert!(
        message.contains("organization ") && message.contains("it was \""),
        "{message}"
    );
    assert!(message.contains(&format!("\"{name}\"")), "{message} names {name}");
    assert!(message.contains("entered 20"), "{message}");
    // For people it is two sentences.
    let words: Vec<String> = to(&home, &other)
        .into_iter()
        .filter(|word| word != "--format" && word != "json")
        .collect();
    let told = home.run_words(&words).await.exits(3);
    assert!(told.stderr.contains("other-database"), "{told:?}");
    // Nothing was changed: the keys, too, are the old ones.
    assert_eq!(shown(&home).await, before);
    assert_eq!(home.everything().await, records);
    assert_eq!(full(&home, "acme").await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_psa_that_cannot_be_asked_refuses_the_change_with_its_own_cause() {
    let simulator = simulator().await;
    let home = Home::new();
    home.add("acme", &simulator).await.exits(0);
    // Before anything is connected through it there is nothing to compare, and nothing is sent.
    let wrong = home.file("wrong", "Wr0ngKey00000000\n");
    let wrong = format!("private-key=file:{wrong}");
    let early = home
        .json(&["integration", "update", "acme", "--secret", &wrong])
        .await;
    assert!(
        early["said"].to_string().contains("nothing to compare"),
        "{early}"
    );
    assert!(simulator.control().log().is_empty());
    home.json(&[
        "integration",
        "update",
        "acme",
        "--secret",
        "private-key=env:PRIVATE_KEY",
    ])
    .await;
    home.choose("acme").await;
    home.run(&["sync", "acme"]).await.exits(0);
    let before = shown(&home).await;

    let update = |change: &'static str, value: String, code| {
        let home = &home;
        async move {
            home.fails(&["integration", "update", "acme", change, &value], code)
                .await["code"]
                .clone()
        }
    };
    assert_eq!(update("--secret", wrong.clone(), 4).await, "auth-failed");
    assert_eq!(
        update("--set", "company=nobody".to_owned(), 4).await,
        "auth-failed"
    );
    assert_eq!(
        update("--set", "site=127.0.0.1:1".to_owned(), 5).await,
        "unreachable"
    );
    assert_eq!(shown(&home).await, before);
    assert_eq!(full(&home, "acme").await, (0, 0));

    // What does not lead anywhere else needs no PSA.
    simulator.stop().await;
    let site = before["settings"]["site"].as_str().expect("a site");
    let site = format!("site={site}");
    let words = [
        "integration",
        "update",
        "acme",
        "--set",
        &site,
        "--requests-per-minute",
        "100",
    ];
    assert_eq!(home.json(&words).await["requests_per_minute"], 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_waited_are_followed_into_their_own_database_only() {
    let old = simulator().await;
    let home = synced(&old).await;
    let before = home.everything().await;
    let remove = ["integration", "remove", "acme", "--keep-data-and-links"];
    home.run(&remove).await.exits(0);
    let other = seeded(2, 0, Credentials::default()).await;
    home.add("acme", &other).await.exits(0);
    home.choose("acme").await;
    assert_eq!(home.fails(&["sync", "acme"], 3).await["code"], "other-database");
    home.run(&remove).await.exits(0);
    home.add("acme", &old).await.exits(0);
    home.choose("acme").await;
    assert_eq!(full(&home, "acme").await, (0, 0));
    assert_eq!(home.everything().await, before);
}
