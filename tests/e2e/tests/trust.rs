//! Plugins let in, held to what was granted, replaced, taken back and removed; and one that does not start.

use e2e::{Home, component, simulator};
use serde_json::{Value, json};

const NAME: &str = "rename-configurations";

/// The overlay of the examples as it is built.
fn overlay() -> Vec<u8> {
    std::fs::read(component(NAME)).unwrap()
}

/// Another version: the same with something behind it that nobody reads.
fn another() -> Vec<u8> {
    let mut bytes = overlay();
    // A custom section: its id, its length, its name and nothing else.
    bytes.extend([0, 6, 5]);
    bytes.extend(b"extra");
    bytes
}

/// A version that understands another configuration.
fn incompatible() -> Vec<u8> {
    with_another_word(overlay(), b"prefix", b"prefux")
}

/// A component in which a word stands in place of another of its length.
fn with_another_word<const N: usize>(mut bytes: Vec<u8>, old: &[u8; N], new: &[u8; N]) -> Vec<u8> {
    let places: Vec<usize> = (0..bytes.len() - N)
        .filter(|place| bytes[*place..].starts_with(old))
        .collect();
    assert!(!places.is_empty());
    for place in places {
        bytes[place..place + N].copy_from_slice(new);
    }
    bytes
}

fn file(home: &Home, name: &str, bytes: &[u8]) -> String {
    let path = home.file(name, "");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Installs bytes as a plugin.
async fn add(home: &Home, bytes: &[u8]) {
    let path = file(home, "plugin.wasm", bytes);
    home.run(&["plugin", "add", &path, "--yes"]).await.exits(0);
}

/// Sets the overlay for the whole integration.
async fn set(home: &Home, more: &[&str]) {
    let config = home.file("rename.json", &json!({"prefix": "HD"}).to_string());
    let mut words = vec!["mapping", "set", "acme", "--use", NAME, "--config", &config];
    words.extend(more);
    home.run(&words).await.exits(0);
}

/// The row of the overlay in the list of plugins.
async fn row(home: &Home) -> Value {
    row_of(home, NAME).await
}

async fn row_of(home: &Home, name: &str) -> Value {
    let listed = home.json(&["plugin", "list"]).await;
    let rows = listed.as_array().unwrap().iter();
    let found: Vec<&Value> = rows.filter(|row| row["name"] == name).collect();
    assert_eq!(found.len(), 1, "{listed:#}");
    found[0].clone()
}

/// Whether every configuration has the overlay's prefix, or none has.
async fn renamed(home: &Home) -> bool {
    let names = home.records("configuration").await;
    let with = names
        .iter()
        .filter(|record| record["name"].as_str().unwrap().starts_with("HD "))
        .count();
    assert!(with == 0 || with == names.len(), "{with} of {}", names.len());
    with > 0
}

fn installed_files(home: &Home) -> usize {
    let files = std::fs::read_dir(home.path().join("plugins")).unwrap();
    files
        .filter(|file| {
            file.as_ref()
                .unwrap()
                .path()
                .extension()
                .is_some_and(|ending| ending == "wasm")
        })
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_in_use_stays_and_one_that_is_not_goes() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    add(&home, &overlay()).await;
    set(&home, &[]).await;
    let error = home.fails(&["plugin", "remove", NAME, "--yes"], 3).await;
    assert_eq!(error["code"], "in-use");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("the mapping of `acme`"),
        "{error}"
    );
    home.run(&["mapping", "unset", "acme", "--use", NAME])
        .await
        .exits(0);
    assert_eq!(
        home.fails(&["plugin", "remove", NAME], 3).await["code"],
        "confirmation-needed"
    );
    let left = home.json(&["plugin", "remove", NAME, "--yes"]).await;
    assert!(
        left.as_array().unwrap().iter().all(|row| row["from"] == "stock"),
        "{left:#}"
    );
    assert_eq!(installed_files(&home), 0);
    for stock in ["connectwise", "rules", "not-there"] {
        assert_eq!(
            home.fails(&["plugin", "remove", stock, "--yes"], 3).await["code"],
            "not-found"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_looked_at_swapped_in_and_taken_back() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    assert_eq!(
        home.fails(&["plugin", "rollback", NAME], 3).await["code"],
        "not-found"
    );
    add(&home, &overlay()).await;
    let first = row(&home).await["digest"].clone();
    assert_eq!(
        home.fails(&["plugin", "rollback", NAME], 3).await["code"],
        "not-found"
    );
    set(&home, &[]).await;
    home.run(&["sync", "acme"]).await.exits(0);
    assert!(renamed(&home).await);

    // A version that cannot work with what is set is not let in.
    let path = file(&home, "incompatible.wasm", &incompatible());
    let error = home.fails(&["plugin", "add", &path, "--yes"], 3).await;
    assert_eq!(error["code"], "value-refused");
    for words in ["the mapping of `acme`", "prefix"] {
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
    }
    assert_eq!(row(&home).await["digest"], first);

    // One that can is swapped in, and the version before is kept and can be taken back, and that again.
    add(&home, &another()).await;
    let second = row(&home).await["digest"].clone();
    assert_ne!(first, second);
    assert_eq!(installed_files(&home), 2);
    for wanted in [&first, &second, &first] {
        let shown = home.json(&["plugin", "rollback", NAME]).await;
        assert_eq!(&shown["digest"], wanted);
        assert_eq!(&row(&home).await["digest"], wanted);
        home.run(&["sync", "acme"]).await.exits(0);
        assert!(renamed(&home).await);
    }
    home.run(&["verify"]).await.exits(0);
    // A third one lets the oldest go.
    let mut third = another();
    third.extend([0, 2, 1, b'x']);
    add(&home, &third).await;
    assert_eq!(installed_files(&home), 2);
}

/// Spoils the file of an added plugin in the home.
async fn spoil(home: &Home, name: &str) {
    let digest = row_of(home, name).await["digest"].as_str().unwrap().to_owned();
    let path = home.path().join("plugins").join(format!("{digest}.wasm"));
    std::fs::write(path, b"\0asm").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_does_not_start_is_set_aside_and_nothing_is_half_mapped() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    add(&home, &overlay()).await;
    set(&home, &[]).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let before = home.everything().await;
    spoil(&home, NAME).await;
    for attempt in 1..=4 {
        let error = home.fails(&["sync", "acme", "--full"], 7).await;
        assert_eq!(error["code"], "plugin-refused");
        let set_aside = error["message"].as_str().unwrap().contains("is set aside");
        assert_eq!(set_aside, attempt >= 3, "{attempt}: {error}");
    }
    // Each of them is a run that failed.
    let runs = home.json(&["run", "list", "acme"]).await;
    let failed = |run: &&Value| run["status"] == "failed" && run["reason"] == "plugin-refused";
    assert_eq!(
        runs.as_array().unwrap().iter().filter(failed).count(),
        4,
        "{runs:#}"
    );
    assert_eq!(home.everything().await, before);
    // The others work, and the list says what is wrong with this one.
    let trouble = row(&home).await["trouble"].as_str().unwrap().to_owned();
    assert!(
        trouble.contains("is set aside") && trouble.contains("is not what was installed"),
        "{trouble}"
    );
    home.run(&["mapping", "preview", "acme", "--kind", "contact"])
        .await
        .exits(7);
    // Added again it is tried again.
    add(&home, &overlay()).await;
    assert_eq!(row(&home).await["trouble"], Value::Null);
    home.run(&["sync", "acme", "--full"]).await.exits(0);
    assert_eq!(home.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_go_on_without_a_layer_where_the_operator_lets_them() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    add(&home, &overlay()).await;
    set(&home, &["--optional"]).await;
    let run = home.json(&["sync", "acme"]).await;
    assert_eq!(run["without"], json!([]));
    assert!(renamed(&home).await);
    spoil(&home, NAME).await;
    let run = home.json(&["sync", "acme"]).await;
    let without = run["without"][0].as_str().unwrap();
    assert!(
        without.starts_with("the layer `rename-configurations`: "),
        "{run:#}"
    );
    assert!(!renamed(&home).await, "records are as without it");
    let shown = home.json(&["mapping", "show", "acme"]).await;
    assert!(shown["layers"][1]["missing"].is_string(), "{shown:#}");
    add(&home, &overlay()).await;
    home.run(&["sync", "acme"]).await.exits(0);
    assert!(renamed(&home).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_did_not_grant_a_plugin_does_not_get() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let limits = async |name: &str| -> String {
        let shown = home.json(&["plugin", "inspect", name]).await;
        shown["limits"][0].as_str().unwrap().to_owned()
    };
    assert!(limits("connectwise").await.ends_with("may have 256 MiB"));
    let granted = home
        .json(&["plugin", "grant", "connectwise", "--memory", "300"])
        .await;
    assert!(
        granted["limits"][0]
            .as_str()
            .unwrap()
            .ends_with("may have 300 MiB, as granted"),
        "{granted:#}"
    );
    // Less than the table gives takes nothing away.
    home.run(&["plugin", "grant", "connectwise", "--memory", "1"])
        .await
        .exits(0);
    assert!(limits("connectwise").await.ends_with("may have 256 MiB"));
    for memory in ["0", "4096"] {
        let words = ["plugin", "grant", "connectwise", "--memory", memory];
        assert_eq!(home.fails(&words, 3).await["code"], "value-refused");
    }

    // It reaches the site of its integration until the operator cuts that down.
    home.run(&["integration", "connect", "acme"]).await.exits(0);
    let words = ["plugin", "grant", "connectwise", "--host", "api.example.com"];
    assert_eq!(
        home.json(&words).await["granted_hosts"],
        json!(["api.example.com"])
    );
    let error = home.fails(&["sync", "acme"], 3).await;
    assert_eq!(error["code"], "origin-not-allowed");
    let site = simulator.address().to_string();
    assert!(error["message"].as_str().unwrap().contains(&site), "{error}");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("operator has not granted"),
        "{error}"
    );
    let words = [
        "plugin",
        "grant",
        "connectwise",
        "--host",
        "api.example.com",
        "--host",
        &site,
    ];
    home.run(&words).await.exits(0);
    home.run(&["sync", "acme"]).await.exits(0);
    let reset = home.json(&["plugin", "grant", "connectwise", "--reset"]).await;
    assert_eq!(reset["granted_hosts"], Value::Null);
    assert_eq!(
        home.fails(&["plugin", "grant", "not-there"], 3).await["code"],
        "not-found"
    );
}

const STANDARD: &str = "connectwise-standard";

/// The standard mapping as it is built, with `tail` behind it that nobody reads.
fn standard(tail: u8) -> Vec<u8> {
    let mut bytes = std::fs::read(component("connectwise-mapping")).unwrap();
    bytes.extend([0, 2, 1, tail]);
    bytes
}

/// What stands in for the standard mapping makes its records; where it does not start, no other does, and the reason is
/// told. There is always a way back.
#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_for_a_stock_plugin_fails_by_itself_and_can_be_taken_back() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let before = home.everything().await;
    add(&home, &standard(b'x')).await;
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(home.everything().await, before);

    assert_eq!(row_of(&home, STANDARD).await["from"], "added");
    spoil(&home, STANDARD).await;
    let error = home.fails(&["sync", "acme"], 7).await;
    assert_eq!(error["code"], "plugin-refused");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("is not what was installed"),
        "{error}"
    );
    assert_eq!(home.everything().await, before);

    // There is no version before, but there is the one that comes with the program.
    let error = home.fails(&["plugin", "rollback", STANDARD], 3).await;
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .contains("goes back to the one that comes with the program"),
        "{error}"
    );
    let left = home.json(&["plugin", "remove", STANDARD, "--yes"]).await;
    assert!(
        left.as_array().unwrap().iter().all(|row| row["from"] == "stock"),
        "{left:#}"
    );
    home.run(&["sync", "acme", "--full"]).await.exits(0);
    assert_eq!(home.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_has_one_mapping_that_makes_whole_records() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let other = with_another_word(standard(b'x'), b"connectwise-standard", b"connectwise-standart");
    let path = file(&home, "other.wasm", &other);
    let error = home.fails(&["plugin", "add", &path, "--yes"], 3).await;
    assert_eq!(error["code"], "already-exists");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("`connectwise-standard` makes the records of `connectwise` already"),
        "{error}"
    );
    assert_eq!(installed_files(&home), 0);
}

/// Whoever lets a version over another in sees how its table, its schema and its memory differ.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_version_does_otherwise_is_shown_before_it_is_let_in() {
    let home = Home::new();
    add(&home, &overlay()).await;
    let path = file(&home, "other.wasm", &incompatible());
    let shown = home.json(&["plugin", "inspect", &path]).await;
    let differences: Vec<&str> = shown["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap())
        .collect();
    assert!(
        differences
            .iter()
            .any(|line| line.starts_with("Takes another configuration: ") && line.contains("prefux")),
        "{differences:#?}"
    );
    let path = file(&home, "another.wasm", &another());
    let shown = home.json(&["plugin", "inspect", &path]).await;
    assert_eq!(shown["differences"].as_array().unwrap().len(), 1, "{shown:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_host_is_not_granted() {
    let home = Home::new();
    for host in ["https://api.example.com/path", "a b;c", ""] {
        let error = home
            .fails(&["plugin", "grant", "connectwise", "--host", host], 3)
            .await;
        assert_eq!(error["code"], "value-refused", "{host}: {error}");
    }
}
