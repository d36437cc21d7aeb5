use super::*;
use crate::conformance::{self, Place};

struct Folder(tempfile::TempDir);

fn folder() -> Folder {
    Folder(tempfile::tempdir().unwrap())
}

impl Place for Folder {
    fn open(&self) -> Box<dyn Store> {
        Box::new(Sled::open(self.0.path()).unwrap())
    }

    fn damage(&self, key: &[u8]) {
        Sled::open(self.0.path()).unwrap().damage(key);
    }
}

#[test]
fn it_conforms() {
    conformance::check(&|| Box::new(folder()));
}

#[test]
fn an_unfinished_snapshot_does_not_keep_it_from_opening() {
    for garbage in [&b""[..], b"garbage that is longer than a checksum and a length"] {
        let place = folder();
        let mut batch = Batch::new();
        batch.put(*b"key", *b"value");
        place.open().apply(batch).unwrap();
        let planted = place.0.path().join("snap.00000000000FFFFF.generating");
        fs::write(&planted, garbage).unwrap();
        // The fault this guards against is real: without the removal sled reads the file and refuses.
        assert!(sled::Config::new().path(place.0.path()).open().is_err());
        assert_eq!(place.open().get(b"key").unwrap().unwrap(), b"value");
        assert!(!planted.exists());
    }
}

#[test]
fn nothing_goes_to_files_that_are_not_synced() {
    let place = folder();
    let store = place.open();
    for round in 0..4u8 {
        let mut batch = Batch::new();
        for number in 0..200u8 {
            // As large as stays whole, and some that are cut.
            let length = if number % 50 == 0 { 300_000 } else { PART };
            let noise = (0..length).map(|byte| (byte * 7 + usize::from(number ^ round)) as u8);
            batch.put([number], noise.collect::<Vec<_>>());
        }
        store.apply(batch).unwrap();
    }
    let blobs: Vec<_> = fs::read_dir(place.0.path().join("blobs")).unwrap().collect();
    assert!(blobs.is_empty(), "{blobs:?}");
}

#[test]
fn parts_that_are_no_longer_needed_go() {
    let place = folder();
    let store = Sled::open(place.0.path()).unwrap();
    let parts = |store: &Sled| store.db.scan_prefix([PARTS]).count();
    for (length, wanted) in [
        (PART * 3, 3),
        (PART * 2 + 1, 3),
        (PART + 1, 2),
        (PART, 0),
        (PART * 2, 2),
    ] {
        let mut batch = Batch::new();
        batch.put(*b"k", vec![7; length]);
        store.apply(batch).unwrap();
        assert_eq!(parts(&store), wanted, "{length} bytes");
    }
    let mut batch = Batch::new();
    batch.delete(*b"k");
    store.apply(batch).unwrap();
    assert_eq!(parts(&store), 0);
}

#[test]
fn a_missing_or_foreign_part_is_damage() {
    let place = folder();
    let store = Sled::open(place.0.path()).unwrap();
    let mut batch = Batch::new();
    batch.put(*b"k", vec![7; PART * 2]);
    batch.put(*b"l", vec![8; PART * 2]);
    store.apply(batch).unwrap();
    let foreign = store.db.get(part_key(b"l", 1)).unwrap().unwrap();
    store.db.insert(part_key(b"k", 1), foreign).unwrap();
    assert!(matches!(store.get(b"k"), Err(StoreError::Corrupt { .. })));
    store.db.remove(part_key(b"k", 1)).unwrap();
    assert!(matches!(store.get(b"k"), Err(StoreError::Corrupt { .. })));
    assert_eq!(store.get(b"l").unwrap().unwrap(), vec![8; PART * 2]);
}

#[test]
fn a_folder_that_is_none_is_an_error_and_no_panic() {
    let place = folder();
    let file = place.0.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(matches!(Sled::open(&file), Err(StoreError::Fatal { .. })));
}

#[test]
fn a_damaged_file_is_no_empty_store() {
    let place = folder();
    let mut batch = Batch::new();
    batch.put(*b"k", *b"v");
    place.open().apply(batch).unwrap();
    drop(place.open());
    for entry in fs::read_dir(place.0.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("snap.") {
            fs::remove_file(path).unwrap();
        }
    }
    wait_until_closed(&place.0.path().join("db")).unwrap();
    fs::write(place.0.path().join("db"), vec![0xAA; 1 << 20]).unwrap();
    // The fault this guards against is real: sled alone opens it, empty.
    assert!(
        sled::Config::new()
            .path(place.0.path())
            .open()
            .unwrap()
            .is_empty()
    );
    assert!(matches!(
        Sled::open(place.0.path()),
        Err(StoreError::Damaged { .. })
    ));
}

#[test]
fn after_a_failure_everything_is_refused() {
    let place = folder();
    let store = Sled::open(place.0.path()).unwrap();
    let failed: Result<(), _> = store.run("write", || panic!("as sled does on damaged data"));
    assert!(failed.unwrap_err().to_string().contains("as sled does"));
    assert!(matches!(store.get(b"k"), Err(StoreError::Fatal { .. })));
    let mut batch = Batch::new();
    batch.put(*b"k", *b"v");
    assert!(matches!(store.apply(batch), Err(StoreError::Fatal { .. })));
}

/// Writes some batches, each of a value of so many bytes, and closes the store.
fn fill(place: &Folder, batches: std::ops::Range<u8>, bytes: usize) {
    let store = place.open();
    for number in batches {
        let mut batch = Batch::new();
        batch.put([number], vec![number; bytes]);
        store.apply(batch).unwrap();
    }
    drop(store);
    wait_until_closed(&place.0.path().join("db")).unwrap();
}

fn refusal(place: &Folder) -> StoreError {
    Sled::open(place.0.path()).err().unwrap()
}

#[test]
fn a_store_whose_making_was_cut_off_is_made_anew() {
    let settings = b"segment_size: 524288\nuse_compression: false\nversion: 0.34\n";
    for length in [29, 40, settings.len() - 1] {
        let half = &settings[..length];
        let place = folder();
        fs::write(place.0.path().join("conf"), half).unwrap();
        // The fault this guards against is real: sled refuses what it was cut off in.
        assert!(sled::Config::new().path(place.0.path()).open().is_err());
        fs::remove_file(place.0.path().join("db")).unwrap_or_default();
        fill(&place, 0..2, 10);
        assert_eq!(place.open().get(&[1]).unwrap().unwrap(), [1; 10]);
    }
}

#[test]
fn a_file_that_is_gone_is_no_empty_store_and_nothing_is_put_in_its_place() {
    let place = folder();
    fill(&place, 0..2, 10);
    let db = place.0.path().join("db");
    fs::remove_file(&db).unwrap();
    assert!(matches!(refusal(&place), StoreError::Damaged { .. }));
    assert!(!db.exists());
}

#[test]
fn an_older_copy_is_refused_until_a_person_takes_it() {
    let place = folder();
    fill(&place, 0..3, 10);
    let older = tempfile::tempdir().unwrap();
    let names = |folder: &Path| -> Vec<_> {
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        entries
            .filter(|entry| entry.path().is_file())
            .map(|entry| entry.file_name())
            .collect()
    };
    for name in names(place.0.path()) {
        fs::copy(place.0.path().join(&name), older.path().join(&name)).unwrap();
    }
    fill(&place, 3..7, 10);
    let witness = witness::place(place.0.path());
    for name in names(place.0.path()) {
        if place.0.path().join(&name) != witness {
            fs::remove_file(place.0.path().join(&name)).unwrap();
        }
    }
    for name in names(older.path()) {
        if place.0.path().join(&name) != witness {
            fs::copy(older.path().join(&name), place.0.path().join(&name)).unwrap();
        }
    }
    let error = refusal(&place);
    assert!(matches!(error, StoreError::Behind { lost: 4, .. }), "{error}");
    wait_until_closed(&place.0.path().join("db")).unwrap();
    fs::remove_file(witness).unwrap();
    assert_eq!(place.open().get(&[2]).unwrap().unwrap(), [2; 10]);
}

#[test]
fn a_file_that_was_cut_off_is_refused_wherever_it_was() {
    let place = folder();
    fill(&place, 0..40, 30_000);
    let db = place.0.path().join("db");
    let whole = fs::read(&db).unwrap();
    let mut refused = 0;
    let cuts = (0..=20).map(|part| whole.len() * part / 20);
    for length in cuts {
        let place = {
            let copy = folder();
            for entry in fs::read_dir(place.0.path()).unwrap().map(Result::unwrap) {
                if entry.path().is_file() {
                    fs::copy(entry.path(), copy.0.path().join(entry.file_name())).unwrap();
                }
            }
            fs::write(copy.0.path().join("db"), &whole[..length]).unwrap();
            copy
        };
        match Sled::open(place.0.path()) {
            Err(error) => {
                let said = matches!(error, StoreError::Damaged { .. } | StoreError::Behind { .. });
                assert!(said, "cut to {length}: {error}");
                refused += 1;
            }
            // What was cut off held nothing, or values that are told to be damaged: none is missing.
            Ok(store) => {
                for number in 0..40 {
                    let value = store.get(&[number]);
                    let whole = matches!(&value, Ok(Some(value)) if value == &vec![number; 30_000]);
                    assert!(whole || value.is_err(), "cut to {length}: {number} is missing");
                }
            }
        }
    }
    assert!(refused >= 15, "only {refused} were refused");
}
