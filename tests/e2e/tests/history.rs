//! Preview, history, and taking back.

use connectwise_simulator::{Control, Kind};
use e2e::{Home, simulator};
use serde_json::{Value, json};

fn number(record: &Value) -> u64 {
    record["source"]["id"].as_str().unwrap().parse().unwrap()
}

/// What a preview and a run have to agree on: everything but the ids of records that are new.
fn told(document: &Value) -> Vec<Value> {
    let mut rows = document["changes"].as_array().unwrap().clone();
    for row in &mut rows {
        if row["field"].is_null() {
            row["id"] = Value::Null;
        }
    }
    rows.sort_by_key(Value::to_string);
    rows
}

/// Something of each sort happens in the PSA.
async fn stir(home: &Home, control: &Control) {
    let configurations = home.records("configuration").await;
    let contacts = home.records("contact").await;
    control
        .edit(
            Kind::Configuration,
            number(&configurations[0]),
            json!({"name": "renamed", "serialNumber": "S-1"}),
        )
        .unwrap();
    control
        .delete(Kind::Configuration, number(&configurations[1]))
        .unwrap();
    control
        .edit(Kind::Contact, number(&contacts[0]), json!({"title": "Keeper"}))
        .unwrap();
    control.soft_delete(Kind::Contact, number(&contacts[1])).unwrap();
    let company = control.record(Kind::Contact, number(&contacts[0])).unwrap()["company"].clone();
    let types = control.record(Kind::Contact, number(&contacts[0])).unwrap()["types"].clone();
    control
        .add(
            Kind::Contact,
            json!({"firstName": "New", "lastName": "Comer", "company": company, "types": types, "inactiveFlag": false}),
        )
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_says_what_the_next_run_does_and_writes_nothing() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    // Of a home that holds nothing, too.
    let first = home.json(&["sync", "acme", "--dry-run"]).await;
    assert_eq!(
        (&first["dry_run"], &first["status"]),
        (&json!(true), &json!("succeeded"))
    );
    assert!(home.records("organization").await.is_empty() && home.json(&["run", "list"]).await == json!([]));
    let run = home.json(&["sync", "acme"]).await;
    let shown = home
        .json(&["run", "show", run["run"].as_str().unwrap(), "--changes"])
        .await;
    assert_eq!(told(&first), told(&shown));

    let control = simulator.control();
    stir(&home, &control).await;
    for words in [&["sync", "acme"][..], &["sync", "acme", "--full"]] {
        let before = home.everything().await;
        let dry = home.json(&[words, &["--dry-run"]].concat()).await;
        assert_eq!(home.everything().await, before, "nothing was written");
        let run = home.json(words).await;
        let shown = home
            .json(&["run", "show", run["run"].as_str().unwrap(), "--changes"])
            .await;
        assert!(!told(&shown).is_empty());
        assert_eq!(told(&dry), told(&shown), "{words:?}");
        assert_eq!((&dry["mode"], &dry["entities"]), (&run["mode"], &run["entities"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_taken_back_and_stays_taken_back() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let configuration = home.records("configuration").await.remove(0);
    let id = configuration["id"].as_str().unwrap().to_owned();
    control
        .edit(
            Kind::Configuration,
            number(&configuration),
            json!({"name": "renamed", "serialNumber": "S-1"}),
        )
        .unwrap();
    let contact = home.records("contact").await.remove(0);
    let source = control.record(Kind::Contact, number(&contact)).unwrap();
    let added = json!({"firstName": "New", "lastName": "Comer", "company": source["company"], "types": source["types"],
                       "inactiveFlag": false});
    control.add(Kind::Contact, added).unwrap();
    let contacts = home.records("contact").await.len();
    let run = home.json(&["sync", "acme"]).await;
    let number = run["run"].as_str().unwrap().to_owned();
    assert_eq!(home.records("contact").await.len(), contacts + 1);

    // Said first, done then.
    let changed = home.everything().await;
    let dry = home.json(&["run", "revert", &number, "--dry-run"]).await;
    assert_eq!(home.everything().await, changed);
    let reverted = home.json(&["run", "revert", &number]).await;
    assert_eq!(dry["changes"], reverted["changes"]);
    assert_eq!(reverted["left"], json!([]), "{reverted:#}");
    let shown = home.json(&["asset", "show", "configuration", &id]).await;
    assert_eq!(shown["fields"], configuration["fields"]);
    assert_eq!(shown["held"], json!(["name", "serial_number"]));
    assert_eq!(
        home.records("contact").await.len(),
        contacts,
        "what it made is gone"
    );
    let error = home.fails(&["run", "revert", &number], 3).await;
    assert_eq!(error["code"], "value-refused");

    // The PSA still says otherwise, and it stays.
    for words in [&["sync", "acme", "--full"][..], &["sync", "acme"]] {
        home.run(words).await.exits(0);
        let shown = home.json(&["asset", "show", "configuration", &id]).await;
        assert_eq!(shown["fields"], configuration["fields"], "{words:?}");
        assert_eq!(home.records("contact").await.len(), contacts, "{words:?}");
    }

    // Every change is told with its cause.
    let history = home.json(&["asset", "history", "configuration", &id]).await;
    let rows: Vec<(&str, &str)> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["field"].as_str().unwrap_or("-"),
                row["cause"]["kind"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("-", "run"),
            ("name", "run"),
            ("serial_number", "run"),
            ("name", "revert"),
            ("serial_number", "revert")
        ]
    );

    // Let go, a field takes what the PSA says.
    let released = home
        .json(&["asset", "release", "configuration", &id, "name"])
        .await;
    assert_eq!(
        (&released["name"], &released["held"]),
        (&json!("renamed"), &json!(["serial_number"]))
    );
    let released = home.json(&["asset", "release", "configuration", &id]).await;
    assert_eq!(
        (&released["fields"]["serial_number"], &released["held"]),
        (&json!("S-1"), &json!([]))
    );
    let error = home.fails(&["asset", "release", "configuration", &id], 3).await;
    assert_eq!(error["code"], "value-refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn traits_and_where_a_record_belongs_are_taken_back_too() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let has_traits = |record: &Value| record["traits"].get("custom_fields.Rack position").is_some();
    let mut configurations = home.records("configuration").await.into_iter();
    let configuration = configurations
        .find(has_traits)
        .expect("one has such a custom field");
    let id = configuration["id"].as_str().unwrap();
    let organizations = home.records("organization").await;
    let other = organizations
        .iter()
        .find(|one| one["id"] != configuration["organization"]["id"])
        .unwrap();
    let mut fields = control
        .record(Kind::Configuration, number(&configuration))
        .unwrap()["customFields"]
        .clone();
    for field in fields.as_array_mut().unwrap() {
        if field["caption"] == "Rack position" {
            field["value"] = json!("elsewhere");
        }
    }
    let moved = json!({"customFields": fields, "company": {"id": number(other)}});
    control
        .edit(Kind::Configuration, number(&configuration), moved)
        .unwrap();
    let run = home.json(&["sync", "acme"]).await;
    let show = async || home.json(&["asset", "show", "configuration", id]).await;
    let taken_over = show().await;
    assert_eq!(taken_over["organization"]["id"], other["id"]);
    assert_eq!(taken_over["traits"]["custom_fields.Rack position"], "elsewhere");

    let reverted = home.json(&["run", "revert", run["run"].as_str().unwrap()]).await;
    assert_eq!(reverted["left"], json!([]), "{reverted:#}");
    let held = ["traits.custom_fields.Rack position", "organization"];
    let stands = async |when: &str| {
        let shown = show().await;
        for part in ["fields", "traits", "organization"] {
            assert_eq!(shown[part], configuration[part], "{when}: {part}");
        }
        let names = shown["held"].as_array().unwrap();
        assert!(
            held.iter().all(|name| names.contains(&json!(name))),
            "{when}: {names:?}"
        );
    };
    stands("taken back").await;
    home.run(&["sync", "acme", "--full"]).await.exits(0);
    stands("a full run").await;
    home.run(&["sync", "acme"]).await.exits(0);
    stands("an incremental run").await;
    // What it is held in may go; it is live as long as the one that the PSA has it in.
    let first = organizations
        .iter()
        .find(|one| one["id"] == configuration["organization"]["id"])
        .unwrap();
    control.soft_delete(Kind::Company, number(first)).unwrap();
    home.run(&["sync", "acme", "--full"]).await.exits(0);
    assert_eq!(show().await["sync"], "enabled");

    // Let go one by one, it is as the PSA has it.
    for name in show().await["held"].as_array().unwrap() {
        home.json(&["asset", "release", "configuration", id, name.as_str().unwrap()])
            .await;
    }
    let shown = show().await;
    for part in ["fields", "traits", "organization", "held"] {
        assert_eq!(shown[part], taken_over[part], "{part}");
    }
    let error = home
        .fails(&["asset", "release", "configuration", id, "organization"], 3)
        .await;
    assert_eq!(error["code"], "value-refused");
    home.run(&["verify"]).await.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_goes_only_with_what_belongs_to_it() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let known = home.records("organization").await.remove(0);
    let known = control.record(Kind::Company, number(&known)).unwrap();
    let company = json!({"name": "Late Comers", "identifier": "late", "types": known["types"], "status": known["status"]});
    let company = control.add(Kind::Company, company).unwrap();
    let made = home.json(&["sync", "acme"]).await;
    let contact = home.records("contact").await.remove(0);
    let types = control.record(Kind::Contact, number(&contact)).unwrap()["types"].clone();
    let contact = json!({"firstName": "Late", "lastName": "Comer", "company": {"id": company}, "types": types,
                         "inactiveFlag": false});
    control.add(Kind::Contact, contact).unwrap();
    let below = home.json(&["sync", "acme"]).await;
    let count = home.records("organization").await.len();
    let revert = async |run: &Value| home.json(&["run", "revert", run["run"].as_str().unwrap()]).await;

    let first = revert(&made).await;
    assert_eq!(first["left"][0]["name"], "Late Comers", "{first:#}");
    let why = first["left"][0]["why"].as_str().unwrap();
    assert!(why.contains("take back first what brought them in"), "{first:#}");
    assert_eq!(home.records("organization").await.len(), count);
    // As it was told: then it goes.
    assert_eq!(revert(&below).await["left"], json!([]));
    assert_eq!(revert(&made).await["left"], json!([]));
    assert_eq!(home.records("organization").await.len(), count - 1);
    home.fails(&["run", "revert", made["run"].as_str().unwrap()], 3)
        .await;
    home.run(&["verify"]).await.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_orphaned_is_live_again_and_stays_so() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let configuration = home.records("configuration").await.remove(3);
    let contact = home.records("contact").await.remove(3);
    control
        .delete(Kind::Configuration, number(&configuration))
        .unwrap();
    control.soft_delete(Kind::Contact, number(&contact)).unwrap();
    let run = home.json(&["sync", "acme", "--full"]).await;
    let id = run["run"].as_str().unwrap();
    let gone = [("configuration", &configuration), ("contact", &contact)];
    let show = async |kind: &str, record: &Value| {
        home.json(&["asset", "show", kind, record["id"].as_str().unwrap()])
            .await
    };
    for (kind, record) in gone {
        assert_eq!(show(kind, record).await["sync"], "orphaned", "{run:#}");
    }

    let dry = home.json(&["run", "revert", id, "--dry-run"]).await;
    let reverted = home.json(&["run", "revert", id]).await;
    assert_eq!(dry["changes"], reverted["changes"]);
    assert_eq!(reverted["left"], json!([]), "{reverted:#}");
    // The PSA still says that they are gone, and they stay.
    for words in [&["sync", "acme", "--full"][..], &["sync", "acme"]] {
        let run = home.json(words).await;
        for (kind, record) in gone {
            assert_eq!(run["entities"][kind]["orphaned"], 0, "{run:#}");
            let shown = show(kind, record).await;
            assert_eq!(shown["fields"], record["fields"]);
            assert_eq!(
                (&shown["sync"], &shown["held"]),
                (&json!("enabled"), &json!(["sync"]))
            );
        }
    }
    let source = configuration["source"]["id"].as_str().unwrap();
    let told = home.json(&["explain", "acme", "configuration", source]).await;
    assert_eq!(told["verdict"], "unchanged", "{told:#}");
    let release = format!(
        "dovetail asset release configuration {} sync",
        configuration["id"].as_str().unwrap()
    );
    assert_eq!(told["next"], json!(release));
    let history = home
        .json(&[
            "asset",
            "history",
            "configuration",
            configuration["id"].as_str().unwrap(),
        ])
        .await;
    let last = history.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["field"], &last["before"], &last["after"]),
        (&json!("sync"), &json!("orphaned"), &json!("enabled"))
    );

    // Let go, it is what the PSA said last; what the PSA has again is held no longer.
    let words: Vec<&str> = release.split(' ').skip(1).collect();
    let released = home.json(&words).await;
    assert_eq!(
        (&released["sync"], &released["held"]),
        (&json!("orphaned"), &json!([]))
    );
    let active = json!({"inactiveFlag": false});
    control.edit(Kind::Contact, number(&contact), active).unwrap();
    home.run(&["sync", "acme"]).await.exits(0);
    let shown = show("contact", &contact).await;
    assert_eq!((&shown["sync"], &shown["held"]), (&json!("enabled"), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_since_is_left_and_named() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let configuration = home.records("configuration").await.remove(0);
    let edit = |name: &str| {
        let fields = json!({"name": name});
        control
            .edit(Kind::Configuration, number(&configuration), fields)
            .unwrap();
    };
    edit("first");
    let run = home.json(&["sync", "acme"]).await;
    edit("second");
    home.run(&["sync", "acme"]).await.exits(0);
    let reverted = home.json(&["run", "revert", run["run"].as_str().unwrap()]).await;
    assert_eq!(reverted["changes"], json!([]));
    assert_eq!(reverted["left"][0]["field"], "name", "{reverted:#}");
    let id = configuration["id"].as_str().unwrap();
    let shown = home.json(&["asset", "show", "configuration", id]).await;
    assert_eq!((&shown["name"], &shown["held"]), (&json!("second"), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quarantined_record_is_shown_and_tried_again() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let record = home.records("configuration").await.remove(0);
    let good = control.record(Kind::Configuration, number(&record)).unwrap()["installationDate"].clone();
    let bad = json!({"installationDate": "the day before yesterday"});
    control.edit(Kind::Configuration, number(&record), bad).unwrap();
    home.run(&["sync", "acme"]).await.exits(6);
    let row = home.json(&["quarantine", "list"]).await[0].clone();
    let id = row["id"].as_str().unwrap();
    let shown = home.json(&["quarantine", "show", id]).await;
    assert_eq!(
        shown["record"]["installationDate"], "the day before yesterday",
        "{shown:#}"
    );
    // As it is it fails again; mended without a sign, it comes in.
    let runs = home.json(&["quarantine", "retry", id]).await;
    assert_eq!(
        (
            &runs[0]["status"],
            &home.json(&["quarantine", "list"]).await[0]["attempts"]
        ),
        (&json!("partial"), &json!(2))
    );
    control
        .edit_silently(
            Kind::Configuration,
            number(&record),
            json!({"installationDate": good}),
        )
        .unwrap();
    let runs = home.json(&["quarantine", "retry", "--all"]).await;
    assert_eq!(runs[0]["status"], "succeeded", "{runs:#}");
    assert_eq!(home.json(&["quarantine", "list"]).await, json!([]));
    let error = home.fails(&["quarantine", "show", id], 3).await;
    assert_eq!(error["code"], "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_names_the_mapping_that_decided_it() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    home.rename_configurations("acme", "HD").await;
    let configuration = home.records("configuration").await.remove(0);
    control
        .edit(
            Kind::Configuration,
            number(&configuration),
            json!({"serialNumber": "S-1"}),
        )
        .unwrap();
    let run = home.json(&["sync", "acme"]).await;
    let history = home
        .json(&[
            "asset",
            "history",
            "configuration",
            configuration["id"].as_str().unwrap(),
        ])
        .await;
    let version = |name: &str, plugins: &Value| {
        let known = plugins.as_array().unwrap().iter().find(|row| row["name"] == name);
        format!("{name} {}", known.unwrap()["version"].as_str().unwrap())
    };
    let plugins = home.json(&["plugin", "list"]).await;
    let cause = |field: &str| {
        let row = history
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["field"] == field);
        row.unwrap_or_else(|| panic!("{field}: {history:#}"))["cause"].clone()
    };
    for (field, plugin) in [
        ("name", version("rename-configurations", &plugins)),
        ("serial_number", version("connectwise-standard", &plugins)),
    ] {
        let expected = json!({"kind": "run", "id": run["run"], "plugin": plugin});
        assert_eq!(cause(field), expected, "{field}: {history:#}");
    }
}
