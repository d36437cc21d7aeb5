//! A file of the home that somebody cut off, replaced or took away: the home opens with everything in it, or it is
//! refused with what to do. It is never taken for an empty or a smaller one.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::{Home, copy_folder, simulator};
use serde_json::Value;

/// A home that was synced, and its records.
async fn synced() -> (connectwise_simulator::Simulator, Home, e2e::Content) {
    let simulator = simulator().await;
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    let content = home.content().await;
    assert!(content.len() > 100);
    (simulator, home, content)
}

fn db(home: &Home) -> PathBuf {
    home.path().join("store/db")
}

/// The error of a command that is refused because of the store.
async fn refused(home: &Home) -> Value {
    let error = home.fails(&["asset", "list", "organization"], 1).await;
    assert_eq!(error["code"], "storage-failed", "{error:#}");
    error
}

fn says(error: &Value, part: &str, words: &str) {
    let said = error[part].as_str().expect("words");
    assert!(said.contains(words), "{part}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_cut_off_is_not_taken_for_a_smaller_one() {
    let (_simulator, home, content) = synced().await;
    let whole = fs::read(db(&home)).expect("it can be read");
    let mut refusals = 0;
    for part in [0, 1, 5, 9, 13, 17, 19] {
        let home = home.copy();
        let length = whole.len() * part / 20;
        fs::write(db(&home), &whole[..length]).expect("it can be written");
        let ran = home
            .run(&["asset", "list", "organization", "--format", "json"])
            .await;
        if ran.code == 0 {
            // What was cut off held nothing.
            assert_eq!(home.content().await, content, "cut to {length}");
            continue;
        }
        refusals += 1;
        let error = refused(&home).await;
        says(&error, "hint", "restore the latest backup");
        for words in [&["sync", "acme"][..], &["verify"], &["integration", "list"]] {
            home.run(words).await.exits(1);
        }
    }
    assert!(refusals >= 4, "only {refusals} were refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_whose_file_is_gone_is_refused() {
    let (_simulator, home, content) = synced().await;
    let aside = home.around().join("db");
    fs::rename(db(&home), &aside).expect("it can be moved");
    let error = refused(&home).await;
    says(&error, "message", "`db` is gone");
    says(&error, "hint", "restore the latest backup");
    assert!(!db(&home).exists(), "something was put in its place");
    fs::rename(&aside, db(&home)).expect("it can be moved back");
    assert_eq!(home.content().await, content);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_of_the_store_is_refused_until_a_person_takes_it() {
    let (simulator, home, content) = synced().await;
    let control = simulator.control();
    let older = home.copy();
    for contact in control.ids(connectwise_simulator::Kind::Contact) {
        control
            .edit(
                connectwise_simulator::Kind::Contact,
                contact,
                serde_json::json!({"title": "Changed"}),
            )
            .expect("it is there");
    }
    home.run(&["sync", "acme"]).await.exits(0);
    let newer = home.content().await;
    assert_ne!(newer, content);
    let witness = home.path().join("store/dovetail-store-1");
    let kept = fs::read(&witness).expect("it can be read");
    fs::remove_dir_all(home.path().join("store")).expect("it can be removed");
    copy_folder(&older.path().join("store"), &home.path().join("store"));
    fs::write(&witness, kept).expect("it can be written");

    let error = refused(&home).await;
    says(&error, "message", "steps that were written are not in it");
    says(&error, "hint", &witness.display().to_string());
    fs::remove_file(&witness).expect("it can be removed");
    assert_eq!(home.content().await, content, "what is left is what there was");
    assert_eq!(home.json(&["verify"]).await["ok"], true);
    home.run(&["sync", "acme", "--full"]).await.exits(0);
    assert_eq!(home.content().await, newer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_was_never_finished_is_in_nobodys_way() {
    let (_simulator, home, content) = synced().await;
    for garbage in [&b""[..], b"half of a snapshot"] {
        let planted = home.path().join("store/snap.00000000000FFFFF.generating");
        fs::write(&planted, garbage).expect("it can be written");
        assert_eq!(home.content().await, content);
        assert_eq!(home.json(&["verify"]).await["ok"], true);
        assert!(!planted.exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_was_cut_off_loses_nothing() {
    let (_simulator, home, content) = synced().await;
    let is_snapshot = |path: &Path| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        name.starts_with("snap.")
    };
    let entries = fs::read_dir(home.path().join("store")).expect("it can be read");
    let snapshots: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| is_snapshot(path))
        .collect();
    assert!(!snapshots.is_empty(), "there is no snapshot to cut");
    for snapshot in snapshots {
        let bytes = fs::read(&snapshot).expect("it can be read");
        fs::write(&snapshot, &bytes[..bytes.len() / 2]).expect("it can be written");
    }
    let ran = home
        .run(&["asset", "list", "organization", "--format", "json"])
        .await;
    match ran.code {
        0 => assert_eq!(home.content().await, content),
        _ => says(&refused(&home).await, "hint", "restore the latest backup"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marker_that_says_nothing_or_too_much_is_refused() {
    let home = Home::new();
    home.run(&["integration", "list"]).await.exits(0);
    let marker = home.path().join("format");
    for (text, message, hint) in [
        ("", "does not say which layout", "write the number 2"),
        ("one\n", "does not say which layout", "restore the latest backup"),
        ("3\n", "has layout 3", "the version of dovetail that wrote it"),
    ] {
        fs::write(&marker, text).expect("it can be written");
        let error = home.fails(&["integration", "list"], 3).await;
        assert_eq!(error["code"], "home-unusable");
        says(&error, "message", message);
        let said = error["hint"].as_str().expect("words").to_lowercase();
        assert!(said.contains(hint), "{said}");
        assert_eq!(fs::read_to_string(&marker).expect("it can be read"), text);
    }
    fs::write(&marker, "1\n").expect("it can be written");
    home.run(&["integration", "list"]).await.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_that_was_cut_off_is_refused_and_left_alone() {
    let (_simulator, home, content) = synced().await;
    let key = home.path().with_file_name("home.key");
    let whole = fs::read(&key).expect("it can be read");
    for length in [0, whole.len() / 2] {
        fs::write(&key, &whole[..length]).expect("it can be written");
        let error = home.fails(&["sync", "acme"], 3).await;
        assert_eq!(error["code"], "key-missing", "{error:#}");
        assert_eq!(fs::read(&key).expect("it can be read").len(), length);
        // Records are no secrets.
        assert_eq!(home.content().await, content);
    }
    fs::write(&key, &whole).expect("it can be written");
    home.run(&["sync", "acme"]).await.exits(0);
}
