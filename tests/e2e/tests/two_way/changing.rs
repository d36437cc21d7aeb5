//! Fields that are changed on one side, on both, and who wins.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_travels_each_way_and_comes_back_as_no_echo() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let contact = home.records("contact").await.remove(0);
    let ada = edited("contact", &contact);
    let shown = ada.set(&home, "title=Head of Engines").await;
    assert_eq!(
        (&shown["pending"], &shown["fields"]["title"]),
        (&json!(true), &json!("Head of Engines"))
    );
    assert_eq!(writes(&control), 0, "without a server the next run sends it");

    let preview = home.json(&["sync", "acme", "--dry-run"]).await;
    let row = &preview["changes"][0];
    assert_eq!(
        (&row["field"], &row["after"], &row["why"]),
        (
            &json!("title"),
            &json!("Head of Engines"),
            &json!("to be sent to the PSA")
        )
    );
    assert_eq!(writes(&control), 0, "a preview sends nothing");

    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(pushed(&run, "contact"), [1, 1, 0, 0], "{run:#}");
    let psa = control.record(Kind::Contact, number(&contact)).unwrap();
    assert_eq!(psa["title"], "Head of Engines");
    assert_eq!(writes(&control), 1, "one request, for what changed");
    assert_eq!(ada.shown(&home).await["pending"], json!(false));
    let history = home.json(&["asset", "history", "contact", id(&contact)]).await;
    let sent = history.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&sent["in_psa"], &sent["after"]),
        (&json!(true), &json!("Head of Engines"))
    );
    assert_eq!(sent["before"], contact["fields"]["title"]);
    quiet(&home, &control).await;

    // The other way.
    control
        .edit(Kind::Contact, number(&contact), json!({"title": "Countess"}))
        .unwrap();
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(ada.shown(&home).await["fields"]["title"], "Countess");
    quiet(&home, &control).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_that_is_written_takes_edits() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let cases = [
        (
            "organization",
            "website=https://new.example",
            Kind::Company,
            "website",
            "https://new.example",
        ),
        (
            "location",
            "address_1=1 New Street",
            Kind::Site,
            "addressLine1",
            "1 New Street",
        ),
        (
            "contact",
            "first_name=Augusta",
            Kind::Contact,
            "firstName",
            "Augusta",
        ),
        (
            "configuration",
            "serial_number=SN-NEW-1",
            Kind::Configuration,
            "serialNumber",
            "SN-NEW-1",
        ),
    ];
    let mut records = Vec::new();
    for (kind, words, ..) in cases {
        let record = home.records(kind).await.remove(0);
        edited(kind, &record).set(&home, words).await;
        records.push(record);
    }
    let run = home.json(&["sync", "acme"]).await;
    for ((kind, _, of, field, value), record) in cases.into_iter().zip(&records) {
        assert_eq!(pushed(&run, kind), [1, 1, 0, 0], "{kind}: {run:#}");
        let psa = control.record(of, number(record)).unwrap();
        assert_eq!(psa[field], value, "{kind}");
    }
    quiet(&home, &control).await;
    home.run(&["verify"]).await.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_keeps_both_values_until_a_person_chooses() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let contacts = home.records("contact").await;
    let choices = [
        ("psa", "theirs"),
        ("local", "ours"),
        ("something else", "something else"),
    ];
    for (contact, _) in contacts.iter().zip(choices) {
        edited("contact", contact).set(&home, "title=ours").await;
        control
            .edit(Kind::Contact, number(contact), json!({"title": "theirs"}))
            .unwrap();
    }
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(pushed(&run, "contact"), [0, 0, 3, 0], "{run:#}");
    assert_eq!(writes(&control), 0);
    let open = home.json(&["conflict", "list", "acme"]).await;
    assert_eq!(open.as_array().unwrap().len(), 3);
    for ((contact, (take, stands)), row) in contacts.iter().zip(choices).zip(open.as_array().unwrap()) {
        assert_eq!(row["id"], format!("contact.{}.title", id(contact)));
        assert_eq!(
            (&row["base"], &row["psa"], &row["local"]),
            (&contact["fields"]["title"], &json!("theirs"), &json!("ours"))
        );
        let one = edited("contact", contact);
        let shown = one.shown(&home).await;
        assert_eq!(
            (&shown["fields"]["title"], &shown["conflict"]),
            (&json!("theirs"), &json!(true))
        );
        let shown = home
            .json(&["conflict", "resolve", row["id"].as_str().unwrap(), "--take", take])
            .await;
        assert_eq!(
            (&shown["fields"]["title"], &shown["conflict"]),
            (&json!(stands), &json!(false))
        );
    }
    assert_eq!(home.json(&["conflict", "list"]).await, json!([]));
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(pushed(&run, "contact"), [2, 2, 0, 0]);
    for (contact, (_, stands)) in contacts.iter().zip(choices) {
        assert_eq!(
            control.record(Kind::Contact, number(contact)).unwrap()["title"],
            stands
        );
    }
    quiet(&home, &control).await;
    let error = home
        .fails(&["conflict", "resolve", "contact.1.title", "--take", "psa"], 3)
        .await;
    assert_eq!(error["code"], "not-found");
    let error = home
        .fails(&["conflict", "resolve", "title", "--take", "psa"], 3)
        .await;
    assert_eq!(error["code"], "value-refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_of_a_record_that_left_can_be_settled_and_counts_when_it_comes_back() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let contact = home.records("contact").await.remove(0);
    let one = edited("contact", &contact);
    one.set(&home, "title=ours").await;
    let there = |fields| {
        control
            .edit(Kind::Contact, number(&contact), fields)
            .expect("it is there");
    };
    there(json!({"title": "theirs"}));
    home.run(&["sync", "acme"]).await.exits(0);
    there(json!({"inactiveFlag": true}));
    home.run(&["sync", "acme", "--full"]).await.exits(0);
    let open = home.json(&["conflict", "list"]).await;
    let shown = one.shown(&home).await;
    assert_eq!(
        (&shown["sync"], open.as_array().unwrap().len()),
        (&json!("orphaned"), 1)
    );
    let shown = home
        .json(&[
            "conflict",
            "resolve",
            open[0]["id"].as_str().unwrap(),
            "--take",
            "local",
        ])
        .await;
    assert_eq!(
        (&shown["fields"]["title"], &shown["conflict"], &shown["pending"]),
        (&json!("ours"), &json!(false), &json!(false))
    );
    home.run(&["sync", "acme", "--full"]).await.exits(0);
    assert_eq!(writes(&control), 0, "nothing is sent to what is gone");
    there(json!({"inactiveFlag": false}));
    home.run(&["sync", "acme"]).await.exits(0);
    let psa = control.record(Kind::Contact, number(&contact)).unwrap();
    assert_eq!(psa["title"], "ours");
    quiet(&home, &control).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_here_before_is_sent_only_when_a_person_pushes() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    // An edit that was made while it was on, then it goes off and on again.
    let contacts = home.records("contact").await;
    let contact = contacts
        .iter()
        .find(|one| one["fields"]["title"].is_string())
        .unwrap();
    home.run(&["settings", "set", "acme", "--two-way", "organization=off"])
        .await
        .exits(0);
    control
        .edit(Kind::Contact, number(contact), json!({"title": null}))
        .unwrap();
    home.run(&["sync", "acme"]).await.exits(0);
    edited("contact", contact).set(&home, "title=kept here").await;
    home.run(&["settings", "set", "acme", "--two-way", "contact=off"])
        .await
        .exits(0);
    let told = home
        .run(&["settings", "set", "acme", "--two-way", "contact=on"])
        .await
        .exits(0);
    assert!(told.stdout.contains("dovetail push acme"), "{told:?}");
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(writes(&control), 0, "nothing is sent by itself");

    let preview = home.json(&["push", "acme", "--dry-run"]).await;
    assert_eq!(preview["changes"].as_array().unwrap().len(), 1, "{preview:#}");
    assert_eq!(preview["changes"][0]["after"], "kept here");
    assert_eq!(preview["dry_run"], true);
    assert_eq!(writes(&control), 0);
    let none = home
        .json(&["push", "acme", "--kind", "configuration", "--dry-run"])
        .await;
    assert_eq!(none["changes"], json!([]));
    let run = home.json(&["push", "acme"]).await;
    assert_eq!(
        (&run["mode"], pushed(&run, "contact")),
        (&json!("push"), [1, 1, 0, 0])
    );
    assert_eq!(
        control.record(Kind::Contact, number(contact)).unwrap()["title"],
        "kept here"
    );
    control.reset_log();
    home.run(&["push", "acme"]).await.exits(0);
    assert_eq!(writes(&control), 0, "there is nothing more");
    let error = home.fails(&["push", "acme", "--kind", "organization"], 3).await;
    assert_eq!(error["code"], "field-one-way");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wins_is_set_by_field_and_organization() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let contacts = home.records("contact").await;
    let first = &contacts[0];
    let other = contacts
        .iter()
        .find(|one| one["organization"] != first["organization"])
        .unwrap();
    let error = home
        .fails(&["policy", "set", "acme", "location.phone", "from-local"], 3)
        .await;
    assert!(
        error["message"].as_str().unwrap().contains("goes both ways"),
        "{error}"
    );
    for bad in ["title", "contact.", "contact.serial_number", "ticket.summary"] {
        home.fails(&["policy", "set", "acme", bad, "manual"], 3).await;
    }
    home.fails(&["policy", "set", "acme", "contact.title", "newest"], 3)
        .await;
    home.run(&["policy", "set", "acme", "contact.title", "from-psa"])
        .await
        .exits(0);
    let organization = first["organization"]["id"].as_str().unwrap();
    let words = [
        "policy",
        "set",
        "acme",
        "contact.title",
        "from-local",
        "--organization",
        organization,
    ];
    let shown = home.json(&words).await;
    let rows: Vec<&Value> = shown["fields"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["kind"] == "contact" && row["field"] == "title")
        .collect();
    assert_eq!(
        (&rows[0]["policy"], &rows[0]["set_by"]),
        (&json!("from-psa"), &json!("person"))
    );
    assert_eq!(
        (&rows[1]["policy"], &rows[1]["organization"]["id"]),
        (&json!("from-local"), &json!(organization))
    );
    for contact in [first, other] {
        edited("contact", contact).set(&home, "title=ours").await;
        control
            .edit(Kind::Contact, number(contact), json!({"title": "theirs"}))
            .unwrap();
    }
    home.run(&["sync", "acme"]).await.exits(0);
    for (contact, stands) in [(first, "ours"), (other, "theirs")] {
        assert_eq!(
            edited("contact", contact).shown(&home).await["fields"]["title"],
            stands
        );
        assert_eq!(
            control.record(Kind::Contact, number(contact)).unwrap()["title"],
            stands
        );
    }
    // Both values that lost are in the histories.
    for (contact, lost) in [(first, "theirs"), (other, "ours")] {
        let history = home.json(&["asset", "history", "contact", id(contact)]).await;
        let told = history
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["before"] == lost);
        assert!(told, "{history:#}");
    }
    home.run(&["policy", "set", "acme", "contact.title", "default"])
        .await
        .exits(0);
    quiet(&home, &control).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_empty_no_more_is_not_filled_over() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let contact = home.records("contact").await.remove(0);
    let there = |title: Value| {
        control
            .edit(Kind::Contact, number(&contact), json!({ "title": title }))
            .expect("it is there");
    };
    let title = || control.record(Kind::Contact, number(&contact)).unwrap()["title"].clone();
    there(Value::Null);
    home.run(&["sync", "acme"]).await.exits(0);
    home.run(&["policy", "set", "acme", "contact.title", "fill-empty"])
        .await
        .exits(0);
    let one = edited("contact", &contact);
    there(json!("theirs"));
    one.set(&home, "title=ours").await;
    // Whether it is read before it is sent or not, and when it is edited once more.
    for words in [&["push", "acme"][..], &["sync", "acme"]] {
        home.run(words).await.exits(0);
        assert_eq!(title(), "theirs", "{words:?}");
        assert_eq!(one.shown(&home).await["pending"], json!(false), "{words:?}");
        one.set(&home, "title=ours again").await;
    }
    assert_eq!(title(), "theirs");
    home.run(&["policy", "set", "acme", "contact.title", "default"])
        .await
        .exits(0);
    home.run(&["sync", "acme", "--full"]).await.exits(0);
    let open = home.json(&["conflict", "list"]).await;
    assert_eq!(
        (&open[0]["psa"], &open[0]["local"]),
        (&json!("theirs"), &json!("ours again"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_server_an_edit_is_sent_at_once() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let contact = home.records("contact").await.remove(0);
    let server = home.serve().await;
    edited("contact", &contact).set(&home, "title=at once").await;
    home.settled("acme").await;
    assert_eq!(
        control.record(Kind::Contact, number(&contact)).unwrap()["title"],
        "at once"
    );
    let runs = home.json(&["run", "list", "acme"]).await;
    assert_eq!(
        (&runs[0]["mode"], &runs[0]["trigger"]),
        (&json!("push"), &json!("edit"))
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_taken_back_in_the_psa_too_when_a_person_says_so() {
    let (simulator, home) = in_step().await;
    let control = simulator.control();
    let contacts = home.records("contact").await;
    let titled: Vec<&Value> = contacts
        .iter()
        .filter(|one| one["fields"]["title"].is_string())
        .collect();
    let (theirs, ours) = (titled[0], titled[1]);
    // One run takes over a change of the PSA's and sends one of ours.
    control
        .edit(Kind::Contact, number(theirs), json!({"title": "wrong there"}))
        .unwrap();
    edited("contact", ours).set(&home, "title=wrong here").await;
    let run = home.json(&["sync", "acme"]).await;
    let id = run["run"].as_str().unwrap();
    let preview = home.json(&["run", "revert", id, "--in-psa", "--dry-run"]).await;
    assert_eq!(preview["changes"].as_array().unwrap().len(), 2, "{preview:#}");
    for row in preview["changes"].as_array().unwrap() {
        assert_eq!(row["why"], "restored, and to be sent to the PSA");
    }
    control.reset_log();
    home.run(&["run", "revert", id, "--in-psa"]).await.exits(0);
    assert_eq!(writes(&control), 0, "it waits in the outbox as any edit does");
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(pushed(&run, "contact"), [2, 2, 0, 0], "{run:#}");
    for contact in [theirs, ours] {
        let title = &contact["fields"]["title"];
        assert_eq!(
            &control.record(Kind::Contact, number(contact)).unwrap()["title"],
            title
        );
        let shown = edited("contact", contact).shown(&home).await;
        assert_eq!((&shown["fields"]["title"], &shown["held"]), (title, &json!([])));
    }
    quiet(&home, &control).await;
}
