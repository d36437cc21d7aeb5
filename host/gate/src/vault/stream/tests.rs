use super::*;

fn place(folder: &tempfile::TempDir) -> VaultPlace {
    VaultPlace::of_home(folder.path().join("home")).with_keys(None)
}

fn passphrase(text: &str) -> Secret {
    Secret::new("passphrase", text.to_owned()).unwrap()
}

fn sealed(mut sealing: Sealing<Vec<u8>>, content: &[u8]) -> Vec<u8> {
    sealing.write_all(content).unwrap();
    sealing.finish().unwrap()
}

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place / 7 % 251) as u8).collect()
}

fn opened(bytes: &[u8], place: &VaultPlace, passphrase: Option<&Secret>) -> Result<Vec<u8>, VaultError> {
    let mut content = Vec::new();
    Opening::new(Content::Backup, bytes, place, passphrase)?
        .read_to_end(&mut content)
        .map(|_| content)
        .map_err(|error| {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
            VaultError::clone(inner.expect("a damaged stream says so"))
        })
}

#[test]
fn every_length_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(place(&folder)).unwrap();
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
        let content = content(length);
        let bytes = sealed(Sealing::under_key(&vault, Vec::new()).unwrap(), &content);
        assert_eq!(
            opened(&bytes, &place(&folder), None).unwrap(),
            content,
            "{length}"
        );
    }
}

#[test]
fn what_is_changed_cut_moved_or_added_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(place(&folder)).unwrap();
    let seal = |length| sealed(Sealing::under_key(&vault, Vec::new()).unwrap(), &content(length));
    let short = seal(100);
    for bit in 0..short.len() * 8 {
        let mut bad = short.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(opened(&bad, &place(&folder), None).is_err(), "bit {bit}");
    }
    for end in 0..short.len() {
        assert!(
            opened(&short[..end], &place(&folder), None).is_err(),
            "{end} bytes"
        );
    }
    let refused = |bytes: Vec<u8>| opened(&bytes, &place(&folder), None).unwrap_err();
    assert_eq!(
        refused([short.as_slice(), b"x"].concat()),
        VaultError::BackupDamaged
    );

    let long = seal(3 * CHUNK);
    let frame = 5 + CHUNK + TAG;
    let (head, chunks) = long.split_at(Head::BYTES);
    let (one, two) = (&chunks[..frame], &chunks[frame..2 * frame]);
    let rest = &chunks[2 * frame..];
    for (what, bytes) in [
        ("swapped", [head, two, one, rest].concat()),
        ("left out", [head, two, rest].concat()),
        ("twice", [head, one, one, two, rest].concat()),
        ("without its end", [head, one, two].concat()),
        ("without its middle", [head, one, rest].concat()),
        ("ended early", [head, &one[..0], &[1], &one[1..]].concat()),
        (
            "of another stream",
            [head, &seal(3 * CHUNK)[Head::BYTES..]].concat(),
        ),
    ] {
        assert_eq!(refused(bytes), VaultError::BackupDamaged, "{what}");
    }
}

#[test]
fn the_key_has_to_be_the_one() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let vault = Vault::open(place(&ours)).unwrap();
    let bytes = sealed(Sealing::under_key(&vault, Vec::new()).unwrap(), b"content");
    let missing = VaultError::BackupKeyMissing { id: vault.current() };
    assert_eq!(opened(&bytes, &place(&theirs), None).unwrap_err(), missing);
    assert!(
        !theirs.path().join("home.key").exists(),
        "looking for a key made one"
    );
    Vault::open(place(&theirs)).unwrap();
    assert_eq!(opened(&bytes, &place(&theirs), None).unwrap_err(), missing);
    // A key that was replaced can still be among those that are known.
    let key = std::fs::read_to_string(ours.path().join("home.key")).unwrap();
    let known = place(&theirs).with_keys(Some(key));
    assert_eq!(opened(&bytes, &known, None).unwrap(), b"content");
}

#[test]
fn a_passphrase_needs_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let right = passphrase("correct horse battery");
    let bytes = sealed(
        Sealing::under_passphrase(Content::Backup, &right, Vec::new()).unwrap(),
        b"content",
    );
    let open = |given| opened(&bytes, &place(&folder), given);
    assert_eq!(open(Some(&right)).unwrap(), b"content");
    assert_eq!(open(None).unwrap_err(), VaultError::PassphraseMissing);
    let wrong = passphrase("correct horse batterz");
    assert_eq!(open(Some(&wrong)).unwrap_err(), VaultError::PassphraseWrong);
    // A file that asks for more work than is bearable is refused before the work is done.
    let mut greedy = bytes.clone();
    greedy[Head::BYTES - 12] = 0xff;
    assert_eq!(
        opened(&greedy, &place(&folder), Some(&right)).unwrap_err(),
        VaultError::BackupDamaged
    );
}

#[test]
fn other_files_and_later_versions_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let open = |bytes: &[u8]| opened(bytes, &place(&folder), None).unwrap_err();
    let no = |found| VaultError::NotOne {
        wanted: Content::Backup,
        found,
    };
    assert_eq!(open(b""), no(None));
    assert_eq!(open(b"PK\x03\x04 and more of another file"), no(None));
    let other = [Content::Integration.magic().as_slice(), &[0; 60]].concat();
    assert_eq!(open(&other), no(Some(Content::Integration)));
    let later = [Content::Backup.magic().as_slice(), &[2, 1], &[0; 60]].concat();
    assert_eq!(open(&later), VaultError::BackupNewer { version: 2 });
}
