//! An integration goes into a file and out of it again, in its home and in another.

use std::path::{Path, PathBuf};

use connectwise_simulator::Credentials;
use e2e::crash::Crash;
use e2e::{Home, KINDS, component, simulator};
use serde_json::{Value, json};

use super::{full, seeded, synced};

/// A file beside a home.
fn beside(home: &Home, name: &str) -> PathBuf {
    home.path().with_file_name(name)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary folder has a plain name")
}

/// A passphrase in a file, as words.
fn sealed(home: &Home, phrase: &str) -> [String; 2] {
    let file = home.file("passphrase.txt", &format!("{phrase}\n"));
    ["--passphrase".to_owned(), format!("file:{file}")]
}

/// Exports `acme` into a file beside the home: the file, and what was said.
async fn exported(home: &Home) -> (PathBuf, Value) {
    let file = beside(home, "acme.dovetail");
    let [flag, source] = sealed(home, "correct horse battery");
    let said = home
        .json(&["integration", "export", "acme", text(&file), &flag, &source])
        .await;
    (file, said)
}

/// The words of an import.
fn import(home: &Home, file: &Path, more: &[&str]) -> Vec<String> {
    let [flag, source] = sealed(home, "correct horse battery");
    let words = ["integration", "import", text(file), &flag, &source];
    let secret = ["--secret", "private-key=env:PRIVATE_KEY", "--format", "json"];
    let words = words.iter().chain(&secret).chain(more);
    words.map(|word| (*word).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integration_goes_into_a_file_and_comes_back() {
    let simulator = simulator().await;
    let home = synced(&simulator).await;
    let plugin = component("rename-configurations");
    home.run(&["plugin", "add", text(&plugin), "--yes"])
        .await
        .exits(0);
    let config = home.file("rename.json", r#"{"prefix":"HD "}"#);
    let organization = home.records("organization").await[0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let layer = [
        "mapping",
        "set",
        "acme",
        "--organization",
        &organization,
        "--use",
        "rename-configurations",
        "--config",
        &config,
    ];
    home.run(&layer).await.exits(0);
    let ignored = home.records("contact").await[3]["source"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    home.run(&["match", "ignore", "acme", "contact", &ignored])
        .await
        .exits(0);
    home.run(&["sync", "acme"]).await.exits(0);
    let (records, settings) = (
        home.content().await,
        home.json(&["settings", "show", "acme"]).await,
    );
    let layers = home
        .json(&["mapping", "show", "acme", "--organization", &organization])
        .await;
    let counts = home.integration("acme").await["counts"].clone();

    let (file, said) = exported(&home).await;
    assert_eq!((&said["layers"], &said["choices"]), (&json!(1), &json!(1)));
    assert_eq!(said["secrets"], json!(["private-key"]));
    let bytes = std::fs::read(&file).expect("there is a file");
    assert_eq!(said["bytes"], bytes.len());
    for word in [
        simulator.credentials().private_key.as_str(),
        "Montessori",
        "company-types",
    ] {
        assert!(!holds(&bytes, word), "{word} stands in the file as it is");
    }
    // A name that is taken, and nothing to write over.
    let error = home.run_words(&import(&home, &file, &[])).await.exits(3).error();
    assert_eq!(error["code"], "already-exists");
    let [flag, source] = sealed(&home, "correct horse battery");
    let error = home
        .fails(&["integration", "export", "acme", text(&file), &flag, &source], 3)
        .await;
    assert_eq!(error["code"], "already-exists");

    home.run(&["integration", "remove", "acme", "--keep-data"])
        .await
        .exits(0);
    simulator.control().reset_log();
    let imported = home.run_words(&import(&home, &file, &[])).await.exits(0).json();
    assert!(simulator.control().log().is_empty(), "the PSA was asked");
    assert_eq!(
        (&imported["by_name"], &imported["not_attached"]),
        (&json!(0), &json!([]))
    );
    assert_eq!(
        (&imported["layers"], &imported["choices"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(imported["links"], said["links"]);
    assert_eq!(home.json(&["settings", "show", "acme"]).await, settings);
    assert_eq!(home.integration("acme").await["counts"], counts);
    assert_eq!(home.json(&["verify"]).await["ok"], true);

    let report = home.json(&["integration", "connect", "acme"]).await;
    let checks = report["checks"].as_array().expect("checks");
    let database = checks.iter().find(|check| check["id"] == "database");
    assert_eq!(database.expect("it is checked")["ok"], true, "{report:#}");
    let (created, _) = full(&home, "acme").await;
    assert_eq!(created, 0, "the links were not used");
    assert_eq!(home.content().await, records);
    assert_eq!(
        home.json(&["mapping", "show", "acme", "--organization", &organization])
            .await,
        layers
    );
    assert_eq!(full(&home, "acme").await, (0, 0));
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn in_another_home_links_find_their_records_by_name() {
    let simulator = simulator().await;
    let home = synced(&simulator).await;
    let (file, said) = exported(&home).await;

    // The same documentation with ids of its own.
    let new = Home::new();
    new.run(&["asset", "create", "organization", "--set", "name=Harbour Bakery"])
        .await
        .exits(0);
    new.add("elsewhere", &simulator).await.exits(0);
    new.choose("elsewhere").await;
    new.run(&["sync", "elsewhere"]).await.exits(0);
    let organizations = new.records("organization").await.len();
    new.run(&["integration", "remove", "elsewhere", "--keep-data"])
        .await
        .exits(0);

    let table: Vec<String> = import(&new, &file, &["--name", "again"])
        .into_iter()
        .map(|word| match word.as_str() {
            "json" => "table".to_owned(),
            _ => word,
        })
        .collect();
    let told = new.run_words(&table).await.exits(0).stdout;
    assert!(told.contains("Imported `again`"), "{told}");
    assert!(told.contains("were found by name"), "{told}");
    assert!(told.contains("integration connect again"), "{told}");
    let row = new.integration("again").await;
    assert_eq!(row["counts"]["organization"], said["links"]["organization"]);
    // Records of one organization that are called the same are told apart by the run's matching, or by a person.
    let several = told.matches("several records here are called so").count();
    let run = new.json(&["sync", "again", "--full"]).await;
    assert_eq!(run["status"], "succeeded", "{run:#}");
    let mut waiting = 0;
    for kind in KINDS {
        let counted = &run["entities"][kind];
        assert_eq!(counted["created"], 0, "{kind}s were made again");
        waiting += counted["waiting"].as_u64().expect("a count");
    }
    assert!(
        waiting <= several as u64,
        "{waiting} wait, {several} were not attached: {told}"
    );
    let counts = new.integration("again").await["counts"].clone();
    for kind in ["organization", "location", "ticket"] {
        assert_eq!(counts[kind], said["links"][kind], "{kind}");
    }
    assert_eq!(new.records("organization").await.len(), organizations);
}

#[tokio::test(flavor = "multi_thread")]
async fn before_links_from_a_file_are_followed_the_database_is_looked_at() {
    let old = simulator().await;
    let home = synced(&old).await;
    let (file, _) = exported(&home).await;
    home.run(&["integration", "remove", "acme", "--keep-data"])
        .await
        .exits(0);
    home.run_words(&import(&home, &file, &[])).await.exits(0);
    let before = home.everything().await;
    // Behind the same address stands another database.
    let port = old.address().port();
    old.stop().await;
    let other = seeded(2, port, Credentials::default()).await;
    let authority = home.file("authority.pem", other.ca_pem());
    home.run(&["integration", "update", "acme", "--ca-file", &authority])
        .await
        .exits(0);
    assert_eq!(home.fails(&["sync", "acme"], 3).await["code"], "other-database");
    assert_eq!(
        home.fails(&["sync", "acme", "--dry-run"], 3).await["code"],
        "other-database"
    );
    assert_eq!(home.integration("acme").await["status"], "error");
    let ran = home
        .run(&["integration", "connect", "acme", "--format", "json"])
        .await
        .exits(3);
    assert_eq!(ran.error()["code"], "other-database");
    let checks = ran.json()["checks"].clone();
    let last = checks.as_array().and_then(|checks| checks.last()).cloned();
    assert_eq!(last.expect("a check")["id"], "database");
    assert_eq!(home.everything().await, before);
    other.stop().await;

    let right = seeded(1, port, Credentials::default()).await;
    let authority = home.file("authority.pem", right.ca_pem());
    home.run(&["integration", "update", "acme", "--ca-file", &authority])
        .await
        .exits(0);
    assert_eq!(full(&home, "acme").await.0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_right_is_refused_and_nothing_changes() {
    let simulator = simulator().await;
    let home = synced(&simulator).await;
    home.rename_configurations("acme", "HD ").await;
    let (file, _) = exported(&home).await;
    let whole = std::fs::read(&file).expect("there is a file");

    let new = Home::new();
    let bad = beside(&new, "bad.dovetail");
    let backup = beside(&home, "home.backup");
    let [flag, source] = sealed(&home, "correct horse battery");
    home.run(&["backup", text(&backup), &flag, &source])
        .await
        .exits(0);
    let flip = |place: usize| {
        let mut flipped = whole.clone();
        flipped[place] ^= 1;
        flipped
    };
    let last = whole.len() - 1;
    for (what, bytes) in [
        ("cut off", whole[..whole.len() / 2].to_vec()),
        ("cut at its end", whole[..last].to_vec()),
        ("altered at its end", flip(last)),
        ("altered in the middle", flip(whole.len() / 2)),
        ("of a later version", flip(16)),
        ("longer", [whole.as_slice(), b"x"].concat()),
        ("no file of ours", b"PK and more of another file".to_vec()),
        ("a backup", std::fs::read(&backup).expect("there is a backup")),
    ] {
        std::fs::write(&bad, bytes).expect("a file can be written");
        let error = new.run_words(&import(&new, &bad, &[])).await.exits(3).error();
        assert_eq!(error["code"], "backup-refused", "{what}: {error}");
    }
    let error = Home::new()
        .fails(&["restore", text(&file), &flag, &source], 3)
        .await;
    assert_eq!(error["code"], "backup-refused", "{error}");

    let wrong = new.file("wrong.txt", "correct horse batterz\n");
    let wrong = format!("file:{wrong}");
    let error = new
        .fails(&["integration", "import", text(&file), "--passphrase", &wrong], 3)
        .await;
    assert_eq!(error["code"], "key-missing");
    // Neither passphrase nor secret is a word of the command line, and nobody is there to ask.
    let error = new.fails(&["integration", "import", text(&file)], 3).await;
    assert_eq!(error["code"], "secret-refused");
    let error = new
        .fails(
            &[
                "integration",
                "import",
                text(&file),
                "--passphrase",
                "correct horse battery",
            ],
            3,
        )
        .await;
    assert_eq!(error["code"], "secret-refused");
    let short = new.file("short.txt", "short\n");
    let (short, none) = (format!("file:{short}"), beside(&home, "none.dovetail"));
    let words = [
        "integration",
        "export",
        "acme",
        text(&none),
        "--passphrase",
        &short,
    ];
    let error = home.fails(&words, 3).await;
    assert_eq!(error["code"], "secret-refused");
    assert!(!none.exists());

    // What it maps with is not here.
    let error = new.run_words(&import(&new, &file, &[])).await.exits(3).error();
    assert_eq!(error["code"], "not-found");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("`rename-configurations` (version ")),
        "{error}"
    );
    let plugin = component("rename-configurations");
    new.run(&["plugin", "add", text(&plugin), "--yes"]).await.exits(0);
    let [flag, source] = sealed(&new, "correct horse battery");
    let error = new
        .fails(&["integration", "import", text(&file), &flag, &source], 3)
        .await;
    assert_eq!(error["code"], "secret-refused");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("private-key")),
        "{error}"
    );
    assert_eq!(new.json(&["integration", "list"]).await, json!([]));

    // No record is here: the links are said, and the integration is taken up.
    let imported = new.run_words(&import(&new, &file, &[])).await.exits(0).json();
    assert_eq!(imported["links"], json!({}));
    assert_eq!(imported["not_attached"].as_array().map(Vec::len), Some(100));
    assert!(imported["more"].as_u64() > Some(0), "{imported}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_dies_is_finished_by_the_same_import() {
    let simulator = simulator().await;
    let home = synced(&simulator).await;
    let (file, said) = exported(&home).await;
    home.run(&["integration", "remove", "acme", "--keep-data"])
        .await
        .exits(0);
    let words = import(&home, &file, &[]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut died = 0;
    for moment in (1..).step_by(3) {
        let trial = Home::new();
        e2e::copy_folder(&home.path(), &trial.path());
        std::fs::copy(beside(&home, "home.key"), beside(&trial, "home.key")).expect("the key can be copied");
        let mut command = trial.command(&words);
        Crash::Dies(moment).befall(&mut command, &trial.path());
        let ended = command.output().await.expect("it can be started");
        if !ended.status.success() {
            died += 1;
            let again = trial.run_words(&import(&trial, &file, &[])).await;
            // Where it died after its last step, the integration is there.
            assert!(
                again.code == 0 || again.error()["code"] == "already-exists",
                "moment {moment}: {again:?}"
            );
        }
        assert_eq!(trial.json(&["verify"]).await["ok"], true, "moment {moment}");
        let row = trial.integration("acme").await;
        assert_eq!(
            row["counts"]["contact"], said["links"]["contact"],
            "moment {moment}"
        );
        if ended.status.success() {
            break;
        }
    }
    assert!(died > 2, "it died {died} times");
}
