use dovetail_domain::IntegrationId;
use dovetail_store::{Pair, scan};

use super::*;
use crate::home::Taken;
use crate::host::tests::{TestHome, home, noon};
use crate::keys;

/// A home with a secret, a setting and an added plugin's file.
fn filled() -> TestHome {
    let home = home();
    let host = &home.host;
    let text = SecretText::new("private-key", "the-private-key-of-acme".to_owned().into()).unwrap();
    let mut step = host.step();
    host.seal(IntegrationId(1), "private-key", &text, &mut step)
        .unwrap();
    step.put(&table::CONFIG, &"retention.audit".to_owned(), &FOREVER.to_owned())
        .unwrap();
    let content = b"\0asm of a plugin";
    let digest = hex::encode(Sha256::digest(content));
    fs::write(host.shelf().file(&digest), content).unwrap();
    let installed = Installed {
        digest,
        added: noon(),
        previous: None,
        failing: None,
        makes: Vec::new(),
    };
    step.put(&table::plugins(), &"rename".to_owned(), &installed)
        .unwrap();
    host.archive().commit(step).unwrap();
    home
}

fn everything(archive: &Archive) -> Vec<Pair> {
    scan(archive.store(), []).map(Result::unwrap).collect()
}

fn passphrase(text: &str) -> Option<SecretText> {
    Some(SecretText::new("passphrase", text.to_owned().into()).unwrap())
}

/// Makes a new home of a backup beside the one it was made of, with its key where `key` says so.
fn restored(
    home: &TestHome,
    file: &Path,
    name: &str,
    key: bool,
    passphrase: Option<SecretText>,
) -> (PathBuf, Result<Restored>) {
    let path = home.outer.path().join(name);
    if key {
        let ours = home.outer.path().join("home.key");
        fs::copy(ours, home.outer.path().join(format!("{name}.key"))).unwrap();
    }
    let folder = HomeFolder::open(&path).unwrap();
    let new = match folder.take_new("restore") {
        Ok(taken) => taken.unwrap_or_else(|holder| panic!("{holder:?} has it")),
        Err(error) => return (path, Err(error.into())),
    };
    let answer = restore(&folder, new, file, passphrase).map(|answer| match answer {
        Answer::Restored(restored) => restored,
        other => panic!("{other:?}"),
    });
    (path, answer)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn opened(path: &Path) -> Arc<Host> {
    let Taken::Ours(held) = HomeFolder::open(path).unwrap().take("a test").unwrap() else {
        panic!("a restored home is free");
    };
    Host::open(held, noon).unwrap()
}

async fn made(home: &TestHome, name: &str, passphrase: Option<SecretText>) -> PathBuf {
    let file = home.outer.path().join(name);
    let answer = backup(&home.host, file.clone(), passphrase).await.unwrap();
    let Answer::BackedUp(made) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(made.bytes, fs::metadata(&file).unwrap().len());
    assert_eq!(made.plugins, 1);
    file
}

#[tokio::test]
async fn a_restored_home_is_the_one_that_was_backed_up() {
    use std::os::unix::fs::MetadataExt;
    let home = filled();
    let file = made(&home, "backup", None).await;
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let (path, answer) = restored(&home, &file, "new", true, None);
    let answer = answer.unwrap();
    assert_eq!((answer.note, answer.plugins), (None, 1));
    assert_eq!(names(&path), ["format", "lock", "plugins", "store"]);
    let host = opened(&path);
    assert_eq!(everything(host.archive()), everything(home.host.archive()));
    assert!(host.secrets(IntegrationId(1)).unwrap().holds("private-key"));
    let Answer::Verified(found) = verify(&host).await.unwrap() else {
        panic!("another answer");
    };
    assert!(found.ok, "{found:?}");
}

#[tokio::test]
async fn a_passphrase_opens_it_anywhere_and_says_what_is_missing() {
    let home = filled();
    let file = made(&home, "backup", passphrase("correct horse battery")).await;
    let (path, answer) = restored(&home, &file, "a", false, passphrase("correct horse battery"));
    let note = answer.unwrap().note.unwrap();
    assert!(note.starts_with("1 secrets in it do not open here"), "{note}");
    assert!(
        !home.outer.path().join("a.key").exists(),
        "restoring made a key of its own"
    );
    assert_eq!(
        everything(opened(&path).archive()),
        everything(home.host.archive())
    );
    for (given, code) in [
        (None, Code::KeyMissing),
        (passphrase("wrong horse battery"), Code::KeyMissing),
    ] {
        let (path, answer) = restored(&home, &file, "b", true, given);
        assert_eq!(answer.unwrap_err().code, code);
        assert_eq!(names(&path), ["lock"]);
    }
    let short = SecretText::new("passphrase", "twelve chars".to_owned().into()).unwrap();
    assert!(crate::passphrase::secret(short).is_ok());
}

#[tokio::test]
async fn what_is_damaged_cut_off_or_sealed_under_another_key_leaves_nothing() {
    let home = filled();
    let file = made(&home, "backup", None).await;
    let whole = fs::read(&file).unwrap();
    let bad = home.outer.path().join("bad");
    let last = whole.len() - 1;
    let mut number = 0;
    let mut refused = |bytes: &[u8], key: bool, code: Code| {
        number += 1;
        fs::write(&bad, bytes).unwrap();
        let (path, answer) = restored(&home, &bad, &format!("new-{number}"), key, None);
        let problem = answer.unwrap_err();
        assert_eq!(problem.code, code, "{number}: {problem:?}");
        assert_eq!(names(&path), ["lock"], "{number}");
    };
    for place in [75, whole.len() / 2, last] {
        let mut flipped = whole.clone();
        flipped[place] ^= 4;
        refused(&flipped, true, Code::BackupRefused);
    }
    for end in [0, 30, 70, 80, whole.len() / 2, last] {
        refused(&whole[..end], true, Code::BackupRefused);
    }
    refused(b"something else altogether", true, Code::BackupRefused);
    refused(&whole, false, Code::KeyMissing);
}

#[tokio::test]
async fn only_a_new_home_is_restored_into() {
    let home = filled();
    let file = made(&home, "backup", None).await;
    let (path, answer) = restored(&home, &file, "new", true, None);
    answer.unwrap();
    let before = everything(opened(&path).archive());
    let (_, again) = restored(&home, &file, "new", true, None);
    assert_eq!(again.unwrap_err().code, Code::HomeUnusable);
    assert_eq!(everything(opened(&path).archive()), before);

    // A folder with other things in it is left alone.
    let other = home.outer.path().join("photos");
    HomeFolder::open(&other).unwrap();
    fs::write(other.join("cat.jpg"), "").unwrap();
    let (_, answer) = restored(&home, &file, "photos", true, None);
    assert_eq!(answer.unwrap_err().code, Code::HomeUnusable);
    assert_eq!(names(&other), ["cat.jpg", "lock"]);

    // What an attempt left that was killed is no home, and no hindrance.
    let killed = home.outer.path().join("killed");
    let folder = HomeFolder::open(&killed).unwrap();
    for name in ["restoring", "store"] {
        fs::create_dir(killed.join(name)).unwrap();
        fs::write(killed.join(name).join("half"), "").unwrap();
    }
    assert!(folder.take("sync").is_err());
    let (_, answer) = restored(&home, &file, "killed", true, None);
    answer.unwrap();
    assert_eq!(everything(opened(&killed).archive()), before);
}

#[tokio::test]
async fn a_backup_is_written_over_nothing() {
    let home = filled();
    let file = home.outer.path().join("backup");
    fs::write(&file, "mine").unwrap();
    let problem = backup(&home.host, file.clone(), None).await.unwrap_err();
    assert_eq!(problem.code, Code::AlreadyExists);
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    fs::remove_file(&file).unwrap();
    // What an attempt left that was killed is its own.
    fs::write(part_of(&file), "half of one").unwrap();
    made(&home, "backup", None).await;
    assert!(!part_of(&file).exists());
    let nowhere = home.outer.path().join("no/such/folder");
    let problem = backup(&home.host, nowhere, None).await.unwrap_err();
    assert_eq!(problem.code, Code::ValueRefused);
}

#[tokio::test]
async fn a_plugin_that_was_changed_is_named_and_not_backed_up_as_whole() {
    let home = filled();
    let host = &home.host;
    let (_, installed) = host
        .archive()
        .rows(&table::plugins::<Installed>())
        .unwrap()
        .remove(0);
    let path = host.shelf().file(&installed.digest);
    fs::write(&path, "another").unwrap();
    let answer = verify(host).await.unwrap();
    let Answer::Verified(found) = &answer else {
        panic!("{answer:?}");
    };
    assert_eq!(found.problems.len(), 1);
    assert_eq!(found.problems[0].what, "plugin rename");
    assert_eq!(answer.problem(false).unwrap().code, Code::StorageFailed);
    fs::remove_file(&path).unwrap();
    let file = home.outer.path().join("backup");
    let problem = backup(host, file.clone(), None).await.unwrap_err();
    assert_eq!(problem.code, Code::StorageFailed);
    assert!(!file.exists() && !part_of(&file).exists());
}

#[tokio::test]
async fn compacting_drops_by_age_and_keeps_the_rest() {
    let home = filled();
    let before = everything(home.host.archive());
    let TestHome { outer, host } = home;
    drop(host);
    let folder = HomeFolder::open(&outer.path().join("home")).unwrap();
    let Taken::Ours(held) = folder.take("compact").unwrap() else {
        panic!("it is free");
    };
    let Answer::Compacted(compacted) = compact(&held, noon()).unwrap() else {
        panic!("another answer");
    };
    assert_eq!(compacted.values, before.len() as u64);
    drop(held);
    let host = opened(folder.path());
    assert_eq!(everything(host.archive()), before);
    assert!(host.secrets(IntegrationId(1)).unwrap().holds("private-key"));
    keys::rotate(&host).unwrap();
}

#[test]
fn lengths_of_time_are_settings() {
    let home = home();
    let archive = home.host.archive();
    let day = |days: u64| Some(days * DAY);
    let set = |audit: Option<u64>, runs, quarantine| Retention {
        audit,
        runs,
        quarantine,
        deleted: day(30),
    };
    assert_eq!(retention(archive).unwrap(), set(day(365), day(90), None));
    for (key, value, wanted) in [
        ("retention.audit", "30d", set(day(30), day(90), None)),
        ("retention.runs", "forever", set(day(30), None, None)),
        ("retention.quarantine", "48h", set(day(30), None, day(2))),
        ("retention.audit", "forever", set(None, None, day(2))),
    ] {
        let mut step = home.host.step();
        step.put(&table::CONFIG, &key.to_owned(), &setting(value).unwrap())
            .unwrap();
        archive.commit(step).unwrap();
        assert_eq!(retention(archive).unwrap(), wanted, "{key} {value}");
    }
    for wrong in ["", "soon", "2y", "0d", "9999d"] {
        assert_eq!(setting(wrong).unwrap_err().code, Code::ValueRefused, "{wrong}");
    }
}
