//! Layers over the standard mapping bring edits back too, held to the law of there and back; lists are merged.

use super::*;

async fn ruled(home: &Home, rules: &str) -> Value {
    let shown = home.rules("acme", rules).await;
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
async fn the_policy_of_a_layer_decides_until_a_person_sets_another() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let rules = r#"
version = 1
[[rule]]
kind = "contact"
field = "title"
copy = "source.title"
direction = "both"
policy = "from-local"
"#;
    let shown = ruled(&home, rules).await;
    assert_eq!(
        field_row(&shown["table"], "contact", "title")["policy"],
        "from-local"
    );
    let policy = async |words: &[&str]| {
        let shown = home.json(&[&["policy"], words].concat()).await;
        let row = field_row(&shown["fields"], "contact", "title");
        (row["policy"].clone(), row["set_by"].clone(), row["layer"].clone())
    };
    let of_layer = (json!("from-local"), json!("mapping"), json!("rules"));
    assert_eq!(policy(&["show", "acme"]).await, of_layer);
    let contact = home.records("contact").await.remove(0);
    let both_sides = async |ours: &str, theirs: &str| {
        edited("contact", &contact)
            .set(&home, &format!("title={ours}"))
            .await;
        control
            .edit(Kind::Contact, number(&contact), json!({"title": theirs}))
            .unwrap();
        home.run(&["sync", "acme"]).await.exits(0);
        let here = edited("contact", &contact).shown(&home).await["fields"]["title"].clone();
        let there = control.record(Kind::Contact, number(&contact)).unwrap()["title"].clone();
        (here, there)
    };
    let stands = |value: &str| (json!(value), json!(value));
    assert_eq!(both_sides("ours", "theirs").await, stands("ours"));
    let set = policy(&["set", "acme", "contact.title", "from-psa"]).await;
    assert_eq!(set, (json!("from-psa"), json!("person"), json!("rules")));
    assert_eq!(
        both_sides("ours again", "theirs again").await,
        stands("theirs again")
    );
    assert_eq!(
        policy(&["set", "acme", "contact.title", "default"]).await,
        of_layer
    );
    assert_eq!(
        both_sides("ours at last", "theirs at last").await,
        stands("ours at last")
    );
    let text = home.run(&["mapping", "show", "acme"]).await.exits(0);
    assert!(text.stdout.contains("both ways, from-local"), "{}", text.stdout);
    quiet(&home, &control).await;
    // What nobody sends, nobody can win with.
    home.run(&["settings", "set", "acme", "--two-way", "off"])
        .await
        .exits(0);
    let off = (json!("from-psa"), json!("default"), json!("rules"));
    assert_eq!(policy(&["show", "acme"]).await, off);
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
    let row = field_row(&shown["table"], "configuration", "notes");
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
    let row = field_row(&policies["fields"], "configuration", "notes");
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
