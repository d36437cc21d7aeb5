//! Which record is which: what waits is said by a person, what a person said stays, and nothing is written before a
//! person has looked where a look was asked for.

use connectwise_simulator::{Control, Kind, Simulator};
use e2e::{Home, simulator};
use serde_json::{Value, json};

fn text<'a>(record: &'a Value, pointer: &str) -> &'a str {
    record
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Rows of `match list`.
async fn listed(home: &Home, words: &[&str]) -> Vec<Value> {
    let words: Vec<&str> = ["match", "list", "acme"].iter().chain(words).copied().collect();
    home.json(&words).await.as_array().expect("a list").clone()
}

/// The row of one record of the PSA.
async fn row(home: &Home, kind: &str, source: &str) -> Value {
    let rows = listed(home, &["--kind", kind]).await;
    let found: Vec<&Value> = rows.iter().filter(|row| row["source_id"] == source).collect();
    assert_eq!(found.len(), 1, "{kind} {source}: {rows:#?}");
    found[0].clone()
}

/// The record of this id or PSA id.
async fn record(home: &Home, kind: &str, pointer: &str, id: &str) -> Value {
    let records = home.records(kind).await;
    let found: Vec<&Value> = records.iter().filter(|one| text(one, pointer) == id).collect();
    assert_eq!(found.len(), 1, "{kind} {pointer} {id}");
    found[0].clone()
}

/// A home with records of its own, as an integration that was removed left them, and the same integration anew.
async fn with_own_records(simulator: &Simulator, change: impl FnOnce(&Control)) -> Home {
    let home = Home::connected("acme", simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    home.run(&["integration", "remove", "acme", "--keep-data"])
        .await
        .exits(0);
    change(&simulator.control());
    home.add("acme", simulator).await.exits(0);
    home.choose("acme").await;
    home
}

/// A company with contacts and configurations.
async fn company_with_children(home: &Home) -> (String, String) {
    let contacts = home.records("contact").await;
    let with_contacts = contacts.iter().map(|one| text(one, "/organization/id"));
    let organization = with_contacts.max_by_key(|id| {
        contacts
            .iter()
            .filter(|one| text(one, "/organization/id") == *id)
            .count()
    });
    let asset = organization.expect("there is a contact").to_owned();
    let found = record(home, "organization", "/id", &asset).await;
    (asset, text(&found, "/source/id").to_owned())
}

/// Ids of an organization's contacts.
async fn contacts_of(home: &Home, organization: &str) -> Vec<String> {
    let contacts = home.records("contact").await.into_iter();
    contacts
        .filter(|one| text(one, "/organization/id") == organization && one["sync"] == "enabled")
        .map(|one| text(&one, "/id").to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ambiguous_is_said_and_comes_in_with_what_stands_under_it() {
    let simulator = simulator().await;
    let control = simulator.control();
    let first = control.ids(Kind::Company)[0];
    let mut twin_id = 0;
    let home = with_own_records(&simulator, |control| {
        let mut twin = control.record(Kind::Company, first).expect("it is there");
        twin["identifier"] = "Twin".into();
        twin_id = control.add(Kind::Company, twin).expect("it is an object");
    })
    .await;
    let (first, twin) = (first.to_string(), twin_id.to_string());
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["entities"]["organization"]["waiting"], 2, "{run:#}");

    let waiting = listed(&home, &["--state", "ambiguous", "--kind", "organization"]).await;
    assert_eq!(waiting.len(), 2, "{waiting:#?}");
    let suggestion = waiting[0]["suggestions"][0].clone();
    assert_eq!(suggestion["score"], 100, "{waiting:#?}");
    assert_eq!(waiting[1]["suggestions"][0], suggestion);
    let own = text(&suggestion, "/asset/id").to_owned();
    // Explained as it is, with the command that helps.
    let explained = home.json(&["explain", "acme", "organization", &first]).await;
    assert_eq!(explained["verdict"], "waiting");
    assert!(
        text(&explained, "/next").contains("match set acme organization"),
        "{explained:#}"
    );

    let said = home
        .json(&["match", "set", "acme", "organization", &first, &own])
        .await;
    assert_eq!(
        (&said["state"], &said["by"], &said["pending"]),
        (&json!("matched"), &json!("person"), &json!(true))
    );
    // One record of the documentation is one record of the PSA.
    let refused = home
        .fails(&["match", "set", "acme", "organization", &twin, &own], 3)
        .await;
    assert_eq!(refused["code"], "value-refused", "{refused:#}");
    home.json(&["match", "set", "acme", "organization", &twin, "new"])
        .await;

    // The next run does it, although nothing changed in the PSA; what waited below comes with it.
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["mode"], "incremental", "{run:#}");
    assert_eq!(run["entities"]["organization"]["waiting"], 0, "{run:#}");
    assert_eq!(run["entities"]["organization"]["created"], 1, "{run:#}");
    let matched = record(&home, "organization", "/source/id", &first).await;
    assert_eq!(text(&matched, "/id"), own);
    assert!(!contacts_of(&home, &own).await.is_empty());
    let made = record(&home, "organization", "/source/id", &twin).await;
    assert_ne!(text(&made, "/id"), own);
    for (source, state) in [(&first, "matched"), (&twin, "new")] {
        let row = row(&home, "organization", source).await;
        assert_eq!(
            (&row["state"], &row["by"], &row["pending"]),
            (&json!(state), &json!("person"), &json!(false)),
            "{row:#}"
        );
    }
    // It stays so, whatever is read later, and costs nothing.
    let before = home.everything().await;
    for words in [&["sync", "acme"][..], &["sync", "acme", "--full"]] {
        let run = home.json(words).await;
        assert_eq!(run["entities"]["organization"]["updated"], 0, "{run:#}");
        assert_eq!(home.everything().await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_like_a_new_record_is_suggested_and_a_person_can_say_it_is_the_same() {
    let simulator = simulator().await;
    // The PSA calls it with its legal form now, so that the rule does not know it.
    let company = simulator.control().ids(Kind::Company)[0];
    let home = with_own_records(&simulator, |control| {
        let name = control.record(Kind::Company, company).expect("it is there")["name"].clone();
        let name = format!("{}, Inc.", name.as_str().expect("a name"));
        control
            .edit(Kind::Company, company, json!({"name": name}))
            .expect("it is there");
    })
    .await;
    let company = company.to_string();
    home.run(&["sync", "acme"]).await.exits(0);
    let made = record(&home, "organization", "/source/id", &company).await;
    let made_id = text(&made, "/id").to_owned();
    let new = row(&home, "organization", &company).await;
    assert_eq!((&new["state"], &new["by"]), (&json!("new"), &json!("created")));
    let likeliest = &new["suggestions"][0];
    assert!(likeliest["score"].as_u64() >= Some(85), "{new:#}");
    let own = text(likeliest, "/asset/id").to_owned();
    assert_ne!(own, made_id);
    assert_eq!(
        record(&home, "organization", "/id", &own).await["sync"],
        Value::Null
    );
    let below = contacts_of(&home, &made_id).await;
    assert!(!below.is_empty());
    // Rows that need a person stand first.
    let first = &listed(&home, &[]).await[0];
    assert!(
        !first["suggestions"].as_array().expect("a list").is_empty(),
        "{first:#}"
    );

    home.json(&["match", "set", "acme", "organization", &company, &own])
        .await;
    let preview = home.json(&["sync", "acme", "--dry-run"]).await;
    let connected = preview["changes"]
        .as_array()
        .expect("a list")
        .iter()
        .any(|change| change["id"] == *own && change["field"] == "source" && change["after"] == *company);
    assert!(connected, "{preview:#}");
    let explained = home.json(&["explain", "acme", "organization", &company]).await;
    assert_eq!(explained["verdict"], "changes", "{explained:#}");

    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["status"], "succeeded", "{run:#}");
    let connected = record(&home, "organization", "/source/id", &company).await;
    assert_eq!(text(&connected, "/id"), own);
    assert!(text(&connected, "/name").ends_with(", Inc."));
    // What stood under the one now stands under the other; the one that was made stays, connected with nothing.
    assert_eq!(contacts_of(&home, &own).await, below);
    let parted = record(&home, "organization", "/id", &made_id).await;
    assert_eq!((&parted["sync"], &parted["source"]), (&Value::Null, &Value::Null));
    let verified = home.json(&["verify"]).await;
    assert_eq!(verified["ok"], true, "{verified:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_wanted_leaves_and_comes_back_when_it_is() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let (asset, company) = company_with_children(&home).await;
    let before = home.content().await;
    let said = home
        .json(&["match", "ignore", "acme", "organization", &company])
        .await;
    assert_eq!(said["state"], "ignored", "{said:#}");
    let explained = home.json(&["explain", "acme", "organization", &company]).await;
    assert_eq!(explained["verdict"], "orphaned", "{explained:#}");
    for words in [
        &["sync", "acme"][..],
        &["sync", "acme"],
        &["sync", "acme", "--full"],
    ] {
        let run = home.json(words).await;
        assert_eq!(run["status"], "succeeded", "{run:#}");
        assert_eq!(
            record(&home, "organization", "/id", &asset).await["sync"],
            "orphaned",
            "{words:?}"
        );
        assert!(contacts_of(&home, &asset).await.is_empty(), "{words:?}");
    }
    assert_eq!(row(&home, "organization", &company).await["state"], "ignored");
    home.json(&["match", "set", "acme", "organization", &company, "new"])
        .await;
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(
        home.content().await,
        before,
        "it is back with everything below it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_writes_nothing_until_a_person_says_yes() {
    let simulator = simulator().await;
    let home = with_own_records(&simulator, |_| {}).await;
    let before = home.everything().await;
    let ran = home.run(&["sync", "acme", "--review", "--format", "json"]).await;
    assert_eq!(
        (ran.code, ran.error_code().as_str()),
        (8, "match-review"),
        "{ran:#?}"
    );
    let review = ran.json();
    assert_eq!(
        (&review["status"], &review["reason"], &review["dry_run"]),
        (&json!("waiting"), &json!("match-review"), &json!(true))
    );
    assert_eq!(home.everything().await, before, "nothing is written");
    let shown = review["matches"].as_array().expect("a list");
    let matched = |rows: &[Value]| {
        rows.iter()
            .filter(|row| row["state"] == "matched" && row["by"] == "rule")
            .count()
    };
    assert!(matched(shown) > 10, "{shown:#?}");
    assert_eq!(
        &listed(&home, &[]).await,
        shown,
        "what was shown can be seen again"
    );
    let integration = home.json(&["integration", "show", "acme"]).await;
    assert_eq!(integration["status"], "waiting", "{integration:#}");
    // A choice made on the way shows at once.
    let one = shown
        .iter()
        .find(|row| row["kind"] == "organization" && row["state"] == "matched")
        .expect("an organization is matched");
    let company = text(one, "/source_id");
    home.json(&["match", "ignore", "acme", "organization", company])
        .await;
    assert_eq!(row(&home, "organization", company).await["state"], "ignored");

    // A server leaves it alone, and so does a no.
    let run = text(&review, "/run").to_owned();
    let server = home.serve().await;
    let told = home.json(&["integration", "show", "acme"]).await;
    assert_eq!(told["status"], "waiting", "{told:#}");
    server.stop().await.exits(0);
    assert_eq!(home.everything().await, before);
    home.fails(&["run", "approve", "999", "--matches"], 3).await;

    let ran = home
        .run(&["run", "approve", &run, "--matches", "--format", "json"])
        .await
        .exits(0);
    let done = ran.json();
    assert_ne!(text(&done, "/run"), run);
    assert_eq!(done["status"], "succeeded", "{done:#}");
    // What was said of it is what was done.
    assert!(listed(&home, &[]).await.iter().all(|row| row["pending"] == false));
    for kind in ["organization", "location", "contact", "configuration"] {
        let would = |of: &str| {
            shown
                .iter()
                .filter(|row| row["kind"] == kind && row["state"] == of)
                .count()
        };
        let is_below = |row: &&Value| row["kind"] == kind;
        assert!(shown.iter().any(|row| is_below(&row)), "{kind}");
        let made = done["entities"][kind]["created"].as_u64();
        // What stands under the one that is not wanted does not come in.
        assert!(made <= Some(would("new") as u64), "{kind}: {done:#}");
    }
    let adopted = record(&home, "organization", "/id", text(one, "/asset/id")).await;
    assert_eq!(adopted["sync"], Value::Null, "it was not wanted: {adopted:#}");
    // The review is over: the next run is an ordinary one.
    home.run(&["sync", "acme"]).await.exits(0);
    home.fails(&["run", "approve", &run, "--matches"], 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_ends_a_review() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let ran = home
        .run(&["sync", "acme", "--review", "--format", "json"])
        .await
        .exits(8);
    let run = text(&ran.json(), "/run").to_owned();
    assert!(home.content().await.is_empty());
    let rejected = home.json(&["run", "reject", &run]).await;
    assert_eq!(rejected["status"], "cancelled", "{rejected:#}");
    let told = home.json(&["integration", "show", "acme"]).await;
    assert!(text(&told, "/detail").contains("a person said no"), "{told:#}");
    assert!(listed(&home, &[]).await.is_empty());
    assert!(home.content().await.is_empty());
    home.fails(&["run", "reject", &run], 3).await;
    home.run(&["sync", "acme"]).await.exits(0);
    assert!(!home.content().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let organizations = home.records("organization").await;
    let (one, other) = (&organizations[0], &organizations[1]);
    let source = text(one, "/source/id");
    let tickets = home.records("ticket").await;
    let ticket = text(&tickets[0], "/source/id");
    let before = listed(&home, &[]).await;
    for (words, code) in [
        (["organization", "987654", "new"], "not-found"),
        (["organization", source, "987654"], "not-found"),
        (["organization", source, text(other, "/id")], "value-refused"),
        (["organization", source, "perhaps"], "value-refused"),
        (["ticket", ticket, text(one, "/id")], "value-refused"),
    ] {
        let words: Vec<&str> = ["match", "set", "acme"].into_iter().chain(words).collect();
        assert_eq!(home.fails(&words, 3).await["code"], code, "{words:?}");
    }
    assert_eq!(listed(&home, &[]).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_run_after_an_import_is_a_review() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let control = simulator.control();
    let companies = control.ids(Kind::Company);
    let name = |id: u64| {
        let company = control.record(Kind::Company, id).expect("it is there");
        company["name"].as_str().expect("a name").to_owned()
    };
    let (same, alike) = (companies[0], companies[1]);
    let file = home.file(
        "organizations.csv",
        &format!(
            "name,short_name\n\"{}\",Known\n\"{}, Inc.\",Alike\n",
            name(same),
            name(alike)
        ),
    );
    home.run(&["import", "csv", "organization", &file]).await.exits(0);
    let before = home.everything().await;

    // Whoever starts it, a person or a server, nothing is written before somebody has looked.
    let ran = home.run(&["sync", "acme", "--format", "json"]).await;
    assert_eq!(
        (ran.code, ran.error_code().as_str()),
        (8, "match-review"),
        "{ran:#?}"
    );
    assert_eq!(home.everything().await, before);
    let review = ran.json();
    let rows = review["matches"].as_array().expect("a list").clone();
    let found = |id: u64| {
        rows.iter()
            .find(|row| row["kind"] == "organization" && text(row, "/source_id") == id.to_string())
            .unwrap_or_else(|| panic!("{id}: {rows:#?}"))
    };
    assert_eq!(
        (&found(same)["state"], &found(same)["by"]),
        (&json!("matched"), &json!("rule"))
    );
    let one = found(alike);
    assert_eq!(one["state"], "new");
    let explained = home
        .json(&["explain", "acme", "organization", &alike.to_string()])
        .await;
    assert!(
        explained["looks"]
            .to_string()
            .contains("(85: the same name but for spelling)"),
        "{explained:#}"
    );
    assert_eq!(
        (&explained["verdict"], &explained["next"]),
        (&json!("waiting"), &json!("dovetail match list acme")),
        "the next run writes nothing: {explained:#}"
    );
    assert_eq!(one["asset"], Value::Null, "what is not written has no id");
    let own = text(&one["suggestions"][0], "/asset/id").to_owned();
    home.json(&["match", "set", "acme", "organization", &alike.to_string(), &own])
        .await;
    // A person who starts it again is asked again, about what there is then.
    control
        .edit(Kind::Company, companies[4], json!({"name": "Renamed Meanwhile"}))
        .expect("it is there");
    let again = home
        .run(&["sync", "acme", "--format", "json"])
        .await
        .exits(8)
        .json();
    let names: Vec<&str> = again["matches"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|row| row["kind"] == "organization" && text(row, "/source_id") == companies[4].to_string())
        .map(|row| text(row, "/source_name"))
        .collect();
    assert_eq!(names, ["Renamed Meanwhile"], "{again:#}");
    assert_eq!(home.everything().await, before);
    home.fails(&["run", "approve", text(&review, "/run"), "--matches"], 3)
        .await;
    home.run(&["run", "approve", text(&again, "/run"), "--matches"])
        .await
        .exits(0);
    for (id, short) in [(same, "Known"), (alike, "Alike")] {
        let adopted = record(&home, "organization", "/source/id", &id.to_string()).await;
        let history = home
            .json(&["asset", "history", "organization", text(&adopted, "/id")])
            .await;
        let causes: Vec<&str> = history
            .as_array()
            .expect("a list")
            .iter()
            .map(|row| text(row, "/cause/kind"))
            .collect();
        assert_eq!(causes.first(), Some(&"import"), "{short}: {history:#}");
        assert!(causes.contains(&"run"), "{short}: {history:#}");
    }
    home.run(&["sync", "acme"]).await.exits(0);

    // Another import, another look, unless there is nothing to look at or the import is taken back.
    let other = home.file("other.csv", "name\nNobody the PSA knows\n");
    let imported = home.json(&["import", "csv", "organization", &other]).await;
    home.run(&["run", "revert", text(&imported, "/run")])
        .await
        .exits(0);
    home.run(&["sync", "acme", "--full"]).await.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_comes_in_again_when_a_person_says_so() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let run = home.json(&["sync", "acme"]).await;
    let before = home.content().await;
    home.run(&["run", "revert", text(&run, "/run")]).await.exits(0);
    assert!(home.content().await.is_empty());
    home.run(&["sync", "acme", "--full"]).await.exits(0);
    assert!(home.content().await.is_empty(), "it stays taken back");
    let ignored = listed(&home, &["--state", "ignored"]).await;
    for kind in e2e::KINDS {
        for row in ignored.iter().filter(|row| row["kind"] == kind) {
            home.json(&["match", "set", "acme", kind, text(row, "/source_id"), "new"])
                .await;
        }
    }
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(home.content().await, before);
}
