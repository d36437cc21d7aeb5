//! What a person does to records here, while a PSA decides what its mapping fills.

use connectwise_simulator::Kind;
use e2e::{Home, simulator};
use serde_json::{Value, json};

fn id(record: &Value) -> &str {
    record["id"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_the_documentations_own_are_made_changed_deleted_and_brought_back() {
    let home = Home::new();
    let acme = home
        .json(&[
            "asset",
            "create",
            "organization",
            "--set",
            "name=Acme",
            "--set",
            "type=Customer; Partner",
        ])
        .await;
    assert_eq!((&acme["name"], &acme["sync"]), (&json!("Acme"), &Value::Null));
    assert_eq!(acme["fields"]["type"], json!(["Customer", "Partner"]));
    let office = home
        .json(&[
            "asset",
            "create",
            "location",
            "--set",
            "organization=Acme",
            "--set",
            "name=Office",
        ])
        .await;
    let words = [
        "asset",
        "create",
        "contact",
        "--set",
        "organization=Acme",
        "--set",
        "First Name=Ada",
    ];
    let set = [
        "--set",
        "location=Office",
        "--set",
        "emails=Work=ada@acme.example",
        "--set",
        "traits.desk=4 b",
    ];
    let ada = home.json(&[&words[..], &set].concat()).await;
    assert_eq!(
        ada["fields"]["location"],
        json!({"id": id(&office), "name": "Office"})
    );
    assert_eq!(ada["fields"]["emails"][0]["value"], "ada@acme.example");
    assert_eq!(ada["traits"], json!({"desk": "4 b"}));

    // What is not mentioned stays, an empty value empties.
    let edited = home
        .json(&[
            "asset",
            "edit",
            "contact",
            id(&ada),
            "--set",
            "title=CTO",
            "--set",
            "emails=",
            "--set",
            "traits.desk=",
        ])
        .await;
    assert_eq!(
        (&edited["fields"]["title"], &edited["fields"]["first_name"]),
        (&json!("CTO"), &json!("Ada"))
    );
    assert_eq!(
        (&edited["fields"].get("emails"), &edited["traits"]),
        (&None, &json!({}))
    );
    let history = home.json(&["asset", "history", "contact", id(&ada)]).await;
    let last = history.as_array().unwrap().last().unwrap();
    assert_eq!(last["cause"]["kind"], "person", "{history:#}");

    let other = home
        .json(&["asset", "create", "organization", "--set", "name=Other"])
        .await;
    let told = home
        .run(&["asset", "delete", "organization", id(&other)])
        .await
        .exits(0);
    let words = format!(
        "(Other) is deleted; `dovetail asset undelete organization {}`",
        id(&other)
    );
    assert!(told.stdout.contains(&words), "{told:?}");

    // An organization goes after what belongs to it, and comes back before it.
    let error = home
        .fails(&["asset", "delete", "organization", id(&acme)], 3)
        .await;
    assert_eq!(error["code"], "in-use");
    for (kind, record) in [("contact", &ada), ("location", &office), ("organization", &acme)] {
        home.json(&["asset", "delete", kind, id(record)]).await;
        let error = home.fails(&["asset", "show", kind, id(record)], 3).await;
        assert_eq!(error["code"], "not-found");
    }
    let error = home.fails(&["asset", "undelete", "contact", id(&ada)], 3).await;
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .contains("asset undelete organization"),
        "{error}"
    );
    for (kind, record) in [
        ("organization", &acme),
        ("location", &office),
        ("contact", &edited),
    ] {
        let back = home.json(&["asset", "undelete", kind, id(record)]).await;
        for part in ["id", "name", "organization", "fields", "traits"] {
            assert_eq!(back[part], record[part], "{kind} {part}");
        }
    }
    let error = home.fails(&["asset", "undelete", "contact", id(&ada)], 3).await;
    assert_eq!(error["code"], "not-found");
    home.run(&["verify"]).await.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_is_named_and_changes_nothing() {
    let home = Home::new();
    let acme = home
        .json(&["asset", "create", "organization", "--set", "name=Acme"])
        .await;
    let before = home.everything().await;
    let contact = ["asset", "create", "contact"];
    let cases: [(&[&str], &str); 9] = [
        (&["--set", "first_name=Ada"], "`organization`"),
        (
            &["--set", "organization=Nobody", "--set", "first_name=Ada"],
            "no organization `Nobody`",
        ),
        (&["--set", "organization=Acme"], "`first_name`"),
        (
            &["--set", "organization=Acme", "--set", "name=Ada"],
            "no field `name`",
        ),
        (
            &[
                "--set",
                "organization=Acme",
                "--set",
                "first_name=A",
                "--set",
                "first_name=B",
            ],
            "stands twice",
        ),
        (
            &[
                "--set",
                "organization=Acme",
                "--set",
                "first_name=A",
                "--set",
                "location=Moon",
            ],
            "no location `Moon`",
        ),
        (
            &[
                "--set",
                "organization=Acme",
                "--set",
                "first_name=A",
                "--set",
                "active=perhaps",
            ],
            "neither yes nor no",
        ),
        (
            &[
                "--set",
                "organization=Acme",
                "--set",
                "first_name=A",
                "--set",
                "emails=Work=",
            ],
            "no value",
        ),
        (&["--set", "first_name"], "no KEY=VALUE"),
    ];
    for (set, words) in cases {
        let error = home.fails(&[&contact, set].concat(), 3).await;
        assert_eq!(error["code"], "value-refused", "{set:?}");
        assert!(
            error["message"].as_str().unwrap().contains(words),
            "{set:?}: {error}"
        );
    }
    let error = home
        .fails(&["asset", "create", "ticket", "--set", "summary=x"], 3)
        .await;
    assert_eq!(error["code"], "field-one-way");
    let error = home
        .fails(&["asset", "edit", "organization", id(&acme), "--set", "name="], 3)
        .await;
    assert!(
        error["message"].as_str().unwrap().contains("it is empty"),
        "{error}"
    );
    let error = home
        .fails(&["asset", "delete", "organization", id(&acme), "--unlink"], 3)
        .await;
    assert_eq!(error["code"], "value-refused");
    assert_eq!(home.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_from_the_psa_is_refused_with_who_decides_it() {
    let simulator = simulator().await;
    let control = simulator.control();
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let configuration = home.records("configuration").await.remove(0);
    let words = ["asset", "edit", "configuration", id(&configuration), "--set"];
    let other = home.records("organization").await;
    let other = other
        .iter()
        .find(|one| one["id"] != configuration["organization"]["id"])
        .unwrap();
    let moved = format!("organization={}", id(other));
    for (set, decides) in [
        ("name=mine", "the layer `connectwise-standard`"),
        (
            "traits.custom_fields.Rack position=R9",
            "the layer `connectwise-standard`",
        ),
        (moved.as_str(), "the PSA's to say"),
    ] {
        let error = home.fails(&[&words[..], &[set]].concat(), 3).await;
        assert_eq!(error["code"], "field-one-way", "{set}");
        assert!(
            error["message"].as_str().unwrap().contains(decides),
            "{set}: {error}"
        );
    }
    // What no mapping fills is the documentation's own, and stays through every run.
    let edited = home.json(&[&words[..], &["traits.wall socket=7"]].concat()).await;
    assert_eq!(edited["traits"]["wall socket"], "7");
    let number = configuration["source"]["id"].as_str().unwrap().parse().unwrap();
    control
        .edit(Kind::Configuration, number, json!({"name": "renamed"}))
        .unwrap();
    home.run(&["sync", "acme", "--full"]).await.exits(0);
    let shown = home
        .json(&["asset", "show", "configuration", id(&configuration)])
        .await;
    assert_eq!(
        (&shown["traits"]["wall socket"], &shown["name"]),
        (&json!("7"), &json!("renamed"))
    );

    // It is not deleted from here; let go of, it stays, is the documentation's own and does not come in again.
    let delete = ["asset", "delete", "configuration", id(&configuration)];
    assert_eq!(home.fails(&delete, 3).await["code"], "in-use");
    let free = home.json(&[&delete[..], &["--unlink"]].concat()).await;
    assert_eq!((&free["source"], &free["sync"]), (&Value::Null, &Value::Null));
    let count = home.records("configuration").await.len();
    home.run(&["sync", "acme", "--full"]).await.exits(0);
    assert_eq!(home.records("configuration").await.len(), count);
    let edited = home.json(&[&words[..], &["name=mine"]].concat()).await;
    assert_eq!(edited["name"], "mine");
    home.json(&delete).await;
    home.run(&["sync", "acme", "--full"]).await.exits(0);
    assert_eq!(home.records("configuration").await.len(), count - 1);

    // An orphan can be deleted; what the PSA has again comes in as another record.
    let contact = home.records("contact").await.remove(0);
    let number = contact["source"]["id"].as_str().unwrap().parse().unwrap();
    control.soft_delete(Kind::Contact, number).unwrap();
    home.run(&["sync", "acme", "--full"]).await.exits(0);
    home.json(&["asset", "delete", "contact", id(&contact)]).await;
    control
        .edit(Kind::Contact, number, json!({"inactiveFlag": false}))
        .unwrap();
    home.run(&["sync", "acme", "--full"]).await.exits(0);
    let back = home.json(&["asset", "undelete", "contact", id(&contact)]).await;
    assert_eq!(back["source"], Value::Null, "another record stands for the PSA's");
    home.run(&["verify"]).await.exits(0);
}
