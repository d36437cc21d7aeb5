//! Records brought in from files: each kind, refused as a whole, imported once however often, taken back, and taken over
//! by the first sync that finds them in the PSA.

use connectwise_simulator::Kind;
use e2e::{Home, Signal, simulator};
use serde_json::{Value, json};

const ORGANIZATIONS: &str = "Name,Short Name,Type,Status,Parent,Phone,traits.Since\n\
                             Alder & Ash,AA,Client;Partner,Active,Ash Holding,555-0100,2019\n\
                             Ash Holding,,Client,Active,,,\n";
const LOCATIONS: &str = "organization,name,address-1,city,postal_code,primary\n\
                         Alder & Ash,Main,1 Alder St,Tampa,33601,yes\n\
                         Ash Holding,Main,2 Ash St,Tampa,33602,true\n";
const CONTACTS: &str = "organization,first_name,last_name,title,type,location,emails,phones,active\n\
                        Alder & Ash,Ada,Lovelace,Countess,Owner,Main,\
                        ada@alder.example.com;Home=ada@home.example.com,Direct=555-0101,yes\n";
const CONFIGURATIONS: &str = "organization;name;type;status;serial number;contact;location;purchased_at;notes;traits.Rack\n\
                              Alder & Ash;SRV-1;Server;Active;S1;Ada Lovelace;Main;2024-05-01;\"first;\nsecond\";R1\n\
                              Alder & Ash;SRV-2;Server;Active;S2;;;;;\n";

/// Writes a file and imports it: the run's document.
async fn import(home: &Home, kind: &str, text: &str) -> Value {
    let file = home.file(&format!("{kind}.csv"), text);
    home.json(&["import", "csv", kind, &file]).await
}

/// Imports a file of each kind.
async fn all_kinds(home: &Home) -> Vec<Value> {
    let mut runs = Vec::new();
    for (kind, text) in [
        ("organization", ORGANIZATIONS),
        ("location", LOCATIONS),
        ("contact", CONTACTS),
        ("configuration", CONFIGURATIONS),
    ] {
        runs.push(import(home, kind, text).await);
    }
    runs
}

async fn called(home: &Home, kind: &str, name: &str) -> Value {
    let mut found: Vec<Value> = home.records(kind).await;
    found.retain(|record| record["name"] == name);
    assert_eq!(found.len(), 1, "{kind} {name}: {found:#?}");
    found.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_of_each_kind_comes_in() {
    let home = Home::new();
    let runs = all_kinds(&home).await;
    for (run, (kind, created)) in runs.iter().zip([
        ("organization", 2),
        ("location", 2),
        ("contact", 1),
        ("configuration", 2),
    ]) {
        assert_eq!(run["entities"][kind]["created"], created, "{run:#}");
        assert_eq!(
            (&run["status"], &run["trigger"], &run["mode"]),
            (&json!("succeeded"), &json!("import"), &json!("full"))
        );
        assert_eq!(
            (&run["integration"], &run["file"]),
            (&Value::Null, &json!(format!("{kind}.csv")))
        );
    }
    let organization = called(&home, "organization", "Alder & Ash").await;
    let holding = called(&home, "organization", "Ash Holding").await;
    assert_eq!(
        organization["fields"],
        json!({"name": "Alder & Ash", "short_name": "AA", "type": ["Client", "Partner"], "status": "Active",
               "parent": {"id": holding["id"], "name": "Ash Holding"}, "phone": "555-0100"})
    );
    assert_eq!(organization["traits"], json!({"Since": "2019"}));
    assert_eq!(
        (&organization["sync"], &organization["source"]),
        (&Value::Null, &Value::Null)
    );
    let contact = called(&home, "contact", "Ada Lovelace").await;
    let location = contact["fields"]["location"].clone();
    let main = home
        .json(&["asset", "show", "location", location["id"].as_str().unwrap()])
        .await;
    assert_eq!(main["organization"]["name"], "Alder & Ash");
    assert_eq!(
        contact["fields"]["emails"],
        json!([{"value": "ada@alder.example.com", "label": "", "primary": true, "extension": null},
               {"value": "ada@home.example.com", "label": "Home", "primary": false, "extension": null}])
    );
    let server = called(&home, "configuration", "SRV-1").await;
    assert_eq!(
        server["fields"],
        json!({"name": "SRV-1", "type": "Server", "status": "Active", "serial_number": "S1",
               "contact": {"id": contact["id"], "name": "Ada Lovelace"}, "location": location,
               "purchased_at": "2024-05-01", "notes": "first;\nsecond"})
    );
    // Each change names its run.
    let history = home
        .json(&[
            "asset",
            "history",
            "configuration",
            server["id"].as_str().unwrap(),
        ])
        .await;
    assert_eq!(
        history[0]["cause"],
        json!({"kind": "import", "id": runs[3]["run"], "plugin": null})
    );
    // And the commands for runs know imports.
    let listed = home.json(&["run", "list"]).await;
    assert_eq!(listed.as_array().unwrap().len(), 4);
    assert_eq!(listed[0], runs[3]);
    let shown = home
        .json(&["run", "show", runs[3]["run"].as_str().unwrap(), "--changes"])
        .await;
    assert_eq!(shown["changes"][0]["why"], "new in the file");
    let table = home.run(&["run", "list"]).await.exits(0).stdout;
    assert!(table.contains("import"), "{table}");
    let table = home.run(&["run", "show", "4"]).await.exits(0).stdout;
    assert!(
        table.starts_with("Run 4 of configuration.csv: succeeded\n"),
        "{table}"
    );
    home.run(&["verify"]).await.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_home_lists_another_takes() {
    let (home, other) = (Home::new(), Home::new());
    all_kinds(&home).await;
    for kind in ["organization", "location", "contact", "configuration"] {
        let listed = home
            .run(&["asset", "list", kind, "--format", "jsonl"])
            .await
            .exits(0);
        let file = other.file(&format!("{kind}.jsonl"), &listed.stdout);
        let run = other.json(&["import", "jsonl", kind, &file]).await;
        assert_eq!(
            run["entities"][kind]["read"], run["entities"][kind]["created"],
            "{run:#}"
        );
    }
    let names = |records: Vec<Value>| -> Vec<Value> {
        records
            .into_iter()
            .map(|record| json!([record["name"], record["fields"]["serial_number"]]))
            .collect()
    };
    for kind in ["organization", "location", "contact", "configuration"] {
        assert_eq!(names(home.records(kind).await), names(other.records(kind).await));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_bad_row_is_refused_as_a_whole() {
    let home = Home::new();
    import(&home, "organization", ORGANIZATIONS).await;
    let before = (home.everything().await, home.json(&["run", "list"]).await);
    let good: String = (0..600)
        .map(|number| format!("Alder & Ash,SRV-{number},yes\n"))
        .collect();
    let bad: String = (0..25)
        .map(|number| format!("Alder & Ash,SRV-{number},maybe\n"))
        .collect();
    let file = home.file("bad.csv", &format!("organization,name,active\n{good}{bad}"));
    for words in [
        &["import", "csv", "configuration", &file][..],
        &["import", "csv", "configuration", &file, "--dry-run"],
    ] {
        let error = home.fails(words, 3).await;
        assert_eq!(error["code"], "import-invalid");
        let message = error["message"].as_str().unwrap();
        let first =
            "line 602, column `active`: `maybe` is neither yes nor no; expected true, false, yes, no, 1 or 0";
        assert!(message.contains(first), "{message}");
        assert_eq!(message.matches("neither yes nor no").count(), 20, "{message}");
        assert!(message.ends_with("and 5 more."), "{message}");
    }
    assert_eq!(
        (home.everything().await, home.json(&["run", "list"]).await),
        before
    );
    let unknown = home.file("unknown.csv", "organization,name,serial\nAlder & Ash,SRV-1,S1\n");
    let error = home.fails(&["import", "csv", "configuration", &unknown], 3).await;
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("`serial_number`, which is nearest, or `traits.serial`, which keeps it as a trait"),
        "{message}"
    );
    let error = home.fails(&["import", "csv", "ticket", &unknown], 3).await;
    assert_eq!(error["code"], "value-refused");
    let error = home.fails(&["import", "csv", "contact", "nowhere.csv"], 3).await;
    assert_eq!(error["code"], "value-refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_imported_twice_changes_nothing_the_second_time() {
    let home = Home::new();
    all_kinds(&home).await;
    let before = home.everything().await;
    for run in all_kinds(&home).await {
        let entities = run["entities"].as_object().unwrap();
        for (kind, counts) in entities {
            assert_eq!(counts["unchanged"], counts["read"], "{kind}: {run:#}");
        }
    }
    assert_eq!(home.everything().await, before);
}

/// What a preview and a run have to agree on: everything but the ids of records that are new.
fn told(document: &Value) -> Vec<Value> {
    let mut rows = document["changes"].as_array().unwrap().clone();
    for row in rows.iter_mut().filter(|row| row["field"].is_null()) {
        row["id"] = Value::Null;
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_previewed_and_taken_back() {
    let home = Home::new();
    all_kinds(&home).await;
    let before = home.everything().await;
    let text = CONFIGURATIONS
        .replace("2024-05-01", "2025-06-02")
        .replace("R1", "R2")
        + "Alder & Ash;SRV-3;Server;Active;S3;;;;;\n";
    let file = home.file("configuration.csv", &text);
    let dry = home
        .json(&["import", "csv", "configuration", &file, "--dry-run"])
        .await;
    assert_eq!(
        (&dry["dry_run"], &dry["status"]),
        (&json!(true), &json!("succeeded"))
    );
    assert_eq!(home.everything().await, before, "nothing was written");
    let run = home.json(&["import", "csv", "configuration", &file]).await;
    let number = run["run"].as_str().unwrap();
    let did = home.json(&["run", "show", number, "--changes"]).await;
    assert_eq!(told(&dry), told(&did));
    assert_eq!(told(&did).len(), 3, "{did:#}");
    assert_eq!(dry["entities"], run["entities"]);

    let changed = home.everything().await;
    let foreseen = home.json(&["run", "revert", number, "--dry-run"]).await;
    assert_eq!(home.everything().await, changed);
    let reverted = home.json(&["run", "revert", number]).await;
    assert_eq!(
        (&foreseen["changes"], &reverted["left"]),
        (&reverted["changes"], &json!([]))
    );
    let as_content = |everything: Vec<Value>| -> Vec<Value> {
        let records = everything
            .into_iter()
            .flat_map(|kind| kind.as_array().unwrap().clone());
        records
            .map(|mut record| {
                record["updated"] = Value::Null;
                record
            })
            .collect()
    };
    assert_eq!(as_content(home.everything().await), as_content(before));
    home.fails(&["run", "revert", number], 3).await;
    // Everything else goes too, what belongs to an organization before it.
    for number in ["4", "3", "2", "1"] {
        home.run(&["run", "revert", number]).await.exits(0);
    }
    assert_eq!(home.records("location").await, Vec::<Value>::new());
    assert_eq!(home.records("organization").await, Vec::<Value>::new());
    home.run(&["verify"]).await.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_import_is_whole_and_can_be_done_again() {
    let home = Home::new();
    import(&home, "organization", ORGANIZATIONS).await;
    let count: usize = 30_000;
    let rows: String = (0..count)
        .map(|number| format!("Alder & Ash,SRV-{number}\n"))
        .collect();
    let file = home.file("many.csv", &format!("organization,name\n{rows}"));
    let mut first = home.start(&["import", "csv", "configuration", &file]);
    first.line_with("configurations: 500 read").await;
    first.signal(Signal::KILL);
    assert_eq!(first.ended().await.code, -1, "it was killed in the middle");
    let runs = home.json(&["run", "list"]).await;
    assert_eq!(
        (&runs[0]["status"], &runs[0]["reason"]),
        (&json!("stalled"), &json!("process-ended"))
    );
    let hint = runs[0]["error"]["hint"].as_str().unwrap();
    assert!(hint.starts_with("Import many.csv again"), "{hint}");
    let stored = home.records("configuration").await.len();
    assert!(stored >= 500 && stored < count, "{stored}");
    assert_eq!(stored % 500, 0, "only whole steps stay");
    assert_eq!(runs[0]["entities"]["configuration"]["created"], stored);
    home.run(&["verify"]).await.exits(0);
    let run = home.json(&["import", "csv", "configuration", &file]).await;
    let counts = &run["entities"]["configuration"];
    assert_eq!(
        (&counts["created"], &counts["unchanged"]),
        (&json!(count - stored), &json!(stored))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_sync_takes_over_what_was_imported() {
    let simulator = simulator().await;
    let control = simulator.control();
    // As the PSA has them; a sync of another home says how they are mapped.
    let other = Home::connected("acme", &simulator).await;
    other.run(&["sync", "acme"]).await.exits(0);
    let synced = other.records("configuration").await;
    let serial = |record: &&Value| record["fields"]["serial_number"].is_string();
    let device = synced
        .iter()
        .find(serial)
        .expect("one with a serial number")
        .clone();
    let organization = device["organization"]["name"].as_str().unwrap();
    let text = |field: &str| device["fields"][field].as_str().unwrap_or_default().to_owned();

    let home = Home::new();
    let organizations = home.file(
        "organizations.jsonl",
        &json!({"name": organization, "fax": "old"}).to_string(),
    );
    home.json(&["import", "jsonl", "organization", &organizations])
        .await;
    let row = json!({"organization": organization, "name": text("name"), "type": text("type"),
                     "serial_number": text("serial_number"), "mac_address": text("mac_address"), "notes": "old",
                     "traits": {"Rack": "R1"}});
    let devices = home.file("devices.jsonl", &row.to_string());
    home.json(&["import", "jsonl", "configuration", &devices]).await;
    let imported = called(&home, "organization", organization).await;
    let own = home.records("configuration").await.remove(0);

    home.add("acme", &simulator).await.exits(0);
    home.choose("acme").await;
    // It stops for a person to look before it writes.
    let looked = home
        .run(&["sync", "acme", "--format", "json"])
        .await
        .exits(8)
        .json();
    let looked = looked["run"].as_str().unwrap();
    let run = home.json(&["run", "approve", looked, "--matches"]).await;
    let companies = control.ids(Kind::Company).len() as u64;
    assert!(run["entities"]["organization"]["created"].as_u64().unwrap() < companies);
    let adopted = called(&home, "organization", organization).await;
    assert_eq!(adopted["id"], imported["id"]);
    assert_eq!(adopted["sync"], "enabled");
    let taken = home
        .json(&["asset", "show", "configuration", own["id"].as_str().unwrap()])
        .await;
    assert_eq!(taken["source"]["id"], device["source"]["id"]);
    assert_eq!(
        taken["traits"]["Rack"], "R1",
        "what the PSA says nothing of stays"
    );
    assert_eq!(
        home.records("configuration").await.len(),
        synced.len(),
        "none was made twice"
    );
    // From now on the PSA has the say: the file changes nothing of them and says so.
    let again = home.json(&["import", "jsonl", "configuration", &devices]).await;
    assert_eq!(again["entities"]["configuration"]["skipped"], 1, "{again:#}");
    let why = again["left_out"][0]["why"].as_str().unwrap();
    assert!(
        why.starts_with("line 1: configuration") && why.ends_with("is kept in step with a PSA"),
        "{why}"
    );
    assert_eq!(
        home.json(&["asset", "show", "configuration", own["id"].as_str().unwrap()])
            .await,
        taken
    );
    // What the sync took over is no longer the import's to take back.
    let reverted = home.json(&["run", "revert", "2"]).await;
    assert_eq!(reverted["left"][0]["why"], "it was changed since", "{reverted:#}");
}

/// Whatever a record holds, a terminal is told nothing by it; programs get it as it is.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_a_record_holds_commands_a_terminal() {
    let home = Home::new();
    let name = "one\u{1b}[2Jtwo\u{1b}]0;owned\u{7}\u{9b}1m\u{202e}three";
    let file = home.file("odd.jsonl", &json!({"name": name}).to_string());
    home.run(&["import", "jsonl", "organization", &file])
        .await
        .exits(0);
    let record = called(&home, "organization", name).await;
    let id = record["id"].as_str().unwrap();
    for words in [
        vec!["asset", "list", "organization"],
        vec!["asset", "show", "organization", id],
        vec!["run", "list"],
        vec!["asset", "show", "organization", "\u{1b}[31m"],
    ] {
        let shown = home.run(&words).await;
        let told = format!("{}{}", shown.stdout, shown.stderr);
        let commands = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!told.contains(commands), "{words:?}: {told:?}");
    }
    let listed = home.run(&["asset", "list", "organization"]).await.exits(0);
    assert!(listed.stdout.contains("one\u{fffd}[2Jtwo"), "{:?}", listed.stdout);
}
