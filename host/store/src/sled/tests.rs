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
        Err(StoreError::Fatal { .. })
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
