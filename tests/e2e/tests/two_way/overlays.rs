//! Layers over the standard mapping bring edits back too, held to the law of there and back; lists are merged.

use super::*;

async fn ruled(home: &Home, rules: &str) -> Value {
    let file = home.file("rules.toml", rules);
    let shown = home
        .json(&["mapping", "set", "acme", "--use", "rules", "--config", &file])
        .await;
    home.run(&["sync", "acme"]).await.exits(0);
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_layer_makes_is_brought_back_by_it() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let rules = r#"
version = 1
[[rule]]
kind = "configuration"
field = "notes"
template = "Note: {{ source.notes }}"
direction = "both"
"#;
    ruled(&home, rules).await;
    assert_eq!(writes(&control), 0, "mapping anew sends nothing");
    let configuration = home.records("configuration").await.remove(0);
    let one = edited("configuration", &configuration);
    one.set(&home, "notes=Note: under the desk").await;
    one.set(&home, "serial_number=BOTH-LAYERS").await;
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(pushed(&run, "configuration"), [1, 1, 0, 0], "{run:#}");
    let psa = control
        .record(Kind::Configuration, number(&configuration))
        .unwrap();
    assert_eq!(
        (&psa["notes"], &psa["serialNumber"]),
        (&json!("under the desk"), &json!("BOTH-LAYERS"))
    );
    assert_eq!(one.shown(&home).await["fields"]["notes"], "Note: under the desk");
    quiet(&home, &control).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_come_back_as_it_was_goes_one_way() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    // It says that it goes both ways; brought back, it would leave the configuration's company without its id.
    let rules = r#"
version = 1
[[rule]]
kind = "configuration"
field = "notes"
template = "At {{ source.company.name }}"
direction = "both"
"#;
    let shown = ruled(&home, rules).await;
    let row = shown["table"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["kind"] == "configuration" && row["field"] == "notes")
        .unwrap();
    assert_eq!(row["direction"], "inward", "{row:#}");
    assert!(row["one_way_because"].is_string(), "{row:#}");
    let configuration = home.records("configuration").await.remove(0);
    let words = [
        "asset",
        "edit",
        "configuration",
        id(&configuration),
        "--set",
        "notes=mine",
    ];
    let error = home.fails(&words, 3).await;
    assert_eq!(error["code"], "field-one-way");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("`rules`") && message.contains("does not come back as it was"),
        "{message}"
    );
    let policies = home.json(&["policy", "show", "acme"]).await;
    let row = policies["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["kind"] == "configuration" && row["field"] == "notes")
        .unwrap();
    assert_eq!(
        (&row["direction"], &row["policy"]),
        (&json!("inward"), &json!("from-psa"))
    );
    assert_eq!(writes(&control), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_both_sides_changed_are_merged() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let contacts = home.records("contact").await;
    let has_emails = |one: &&Value| {
        one["fields"]["emails"]
            .as_array()
            .is_some_and(|list| !list.is_empty())
    };
    let contact = contacts.iter().find(has_emails).unwrap();
    let one = edited("contact", contact);
    let known = &contact["fields"]["emails"][0];
    let (label, value) = (known["label"].as_str().unwrap(), known["value"].as_str().unwrap());
    let here = format!("emails={label}={value}; {label}=added.here@acme.example");
    one.set(&home, &here).await;
    let psa = control.record(Kind::Contact, number(contact)).unwrap();
    let mut items = psa["communicationItems"].as_array().unwrap().clone();
    let mut added = items
        .iter()
        .find(|item| item["value"] == known["value"])
        .unwrap()
        .clone();
    added["id"] = json!(987_654);
    added["value"] = json!("added.there@acme.example");
    added["defaultFlag"] = json!(false);
    items.push(added);
    control
        .edit(
            Kind::Contact,
            number(contact),
            json!({"communicationItems": items}),
        )
        .unwrap();
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(pushed(&run, "contact")[2], 0, "no conflict: {run:#}");
    let shown = one.shown(&home).await;
    let psa = control
        .record(Kind::Contact, number(contact))
        .unwrap()
        .to_string();
    for address in [value, "added.here@acme.example", "added.there@acme.example"] {
        assert!(
            shown["fields"]["emails"].to_string().contains(address),
            "{shown:#}"
        );
        assert!(psa.contains(address), "{psa}");
    }
    quiet(&home, &control).await;
}
