//! The store's upkeep: what is kept is looked at, put into a file and back, and written anew in less room.

use std::path::{Path, PathBuf};

use e2e::{Home, Signal, component, simulator};
use serde_json::json;

/// A file beside a home.
fn beside(home: &Home, name: &str) -> PathBuf {
    home.path().with_file_name(name)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary folder has a plain name")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_becomes_a_home_that_syncs() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let plugin = component("rename-configurations");
    home.run(&["plugin", "add", text(&plugin), "--yes"])
        .await
        .exits(0);
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(home.json(&["verify"]).await["ok"], true);

    let file = beside(&home, "acme.backup");
    let made = home.json(&["backup", text(&file)]).await;
    assert_eq!(made["plugins"], 1);
    assert!(made["values"].as_u64() > Some(100), "{made}");
    let error = home.fails(&["backup", text(&file)], 3).await;
    assert_eq!(error["code"], "already-exists");

    let new = Home::new();
    let key = beside(&new, "home.key");
    // Without the key it stays closed, and nothing is there.
    let error = new.fails(&["restore", text(&file)], 3).await;
    assert_eq!(error["code"], "key-missing");
    assert!(!key.exists(), "restoring made a key");
    std::fs::copy(beside(&home, "home.key"), &key).expect("the key can be copied");
    let restored = new.json(&["restore", text(&file)]).await;
    assert_eq!(restored["note"], json!(null));
    assert_eq!(new.everything().await, home.everything().await);
    assert_eq!(
        new.json(&["plugin", "list"]).await,
        home.json(&["plugin", "list"]).await
    );
    assert_eq!(new.json(&["verify"]).await["ok"], true);
    let run = new.json(&["sync", "acme", "--full"]).await;
    assert_eq!(run["status"], "succeeded");
    for kind in e2e::KINDS {
        assert_eq!(run["entities"][kind]["created"], 0, "{kind}");
    }
    assert_eq!(new.content().await, home.content().await);
    let error = new.fails(&["restore", text(&file)], 3).await;
    assert_eq!(error["code"], "home-unusable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_backup_is_refused_and_leaves_no_home() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let file = beside(&home, "acme.backup");
    let phrase = home.file("passphrase.txt", "correct horse battery\n");
    let source = format!("file:{phrase}");
    let sealed = ["backup", text(&file), "--passphrase", &source];
    assert_eq!(home.json(&sealed).await["key"], json!(null));
    let whole = std::fs::read(&file).expect("there is a backup");
    let new = Home::new();
    let bad = beside(&home, "bad.backup");
    let restore = ["restore", text(&bad), "--passphrase", &source];
    let mut flipped = whole.clone();
    *flipped.last_mut().expect("it is not empty") ^= 1;
    for bytes in [&whole[..whole.len() / 2], &flipped, b"no backup"] {
        std::fs::write(&bad, bytes).expect("a file can be written");
        assert_eq!(new.fails(&restore, 3).await["code"], "backup-refused");
    }
    std::fs::write(&bad, &whole).expect("a file can be written");
    assert_eq!(
        new.fails(&["restore", text(&bad)], 3).await["code"],
        "key-missing",
        "without the passphrase"
    );
    // The secrets are sealed under the home's key all the same.
    let restored = new.json(&restore).await;
    let note = restored["note"].as_str().expect("something is left to do");
    assert!(note.contains("home.key"), "{note}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_on_disk_is_named() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    let plugin = component("rename-configurations");
    home.run(&["plugin", "add", text(&plugin), "--yes"])
        .await
        .exits(0);
    let folder = std::fs::read_dir(home.path().join("plugins")).expect("there are plugins");
    let added = folder.last().expect("one was added").expect("an entry").path();
    std::fs::write(&added, "another").expect("it can be written");
    let ran = home.run(&["verify", "--format", "json"]).await.exits(1);
    assert_eq!(ran.error()["code"], "storage-failed");
    let found = ran.json();
    assert_eq!(found["ok"], false);
    let problems = found["problems"].as_array().expect("a list");
    assert_eq!(problems.len(), 1, "{found}");
    assert_eq!(problems[0]["what"], "plugin rename-configurations");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compacted_home_holds_the_same() {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    for _ in 0..3 {
        home.run(&["sync", "acme", "--full"]).await.exits(0);
    }
    let before = home.everything().await;
    for key in ["retention.audit", "retention.runs", "retention.quarantine"] {
        home.run(&["config", "set", key, "30d"]).await.exits(0);
    }
    let error = home.fails(&["config", "set", "retention.runs", "soon"], 3).await;
    assert_eq!(error["code"], "value-refused");
    // A server has the store open.
    let server = home.serve().await;
    assert_eq!(home.fails(&["compact"], 3).await["code"], "busy");
    server.process.signal(Signal::TERM);
    server.process.ended().await;
    let compacted = home.json(&["compact"]).await;
    assert_eq!(
        compacted["dropped"],
        json!({"audit": 0, "history": 0, "runs": 0, "quarantine": 0, "deleted": 0})
    );
    assert!(compacted["after"].as_u64() <= compacted["before"].as_u64());
    assert_eq!(home.everything().await, before);
    assert_eq!(
        home.json(&["run", "list"]).await.as_array().map(Vec::len),
        Some(3)
    );
    assert_eq!(home.json(&["verify"]).await["ok"], true);
    home.run(&["sync", "acme"]).await.exits(0);
}
