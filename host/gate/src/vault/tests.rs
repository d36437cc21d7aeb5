use std::collections::HashSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dovetail_domain::{Code, Explained};

use super::*;

const OWNER: Owner<'_> = Owner {
    integration: "int-1",
    key: "private-key",
};

fn place(home: &Path) -> VaultPlace {
    VaultPlace::of_home(home).with_keys(None)
}

fn open(home: &Path, given: Option<&str>) -> Vault {
    Vault::open(place(home).with_keys(given.map(str::to_owned))).unwrap_or_else(|error| panic!("{error}"))
}

fn secret() -> Secret {
    Secret::new("private-key", "hidden-words ü".into()).expect("long enough")
}

fn key(byte: u8) -> String {
    STANDARD.encode([byte; 32])
}

#[test]
fn what_is_sealed_opens_for_its_owner_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let vault = open(&folder.path().join("home"), None);
    let sealed = vault.encrypt(OWNER, &secret()).expect("seals");
    assert_eq!(
        vault.decrypt(OWNER, &sealed).expect("opens").expose(),
        "hidden-words ü"
    );
    assert_eq!(sealed.key_id().expect("has one"), vault.current());
    assert!(!sealed.as_bytes().windows(6).any(|part| part == b"hidden"));
    for other in [
        Owner {
            integration: "int-2",
            ..OWNER
        },
        Owner {
            key: "other",
            ..OWNER
        },
        Owner {
            integration: "int-1private-key",
            key: "",
        },
        Owner {
            integration: "int-",
            key: "1private-key",
        },
    ] {
        assert_eq!(
            vault.decrypt(other, &sealed).err().expect("refused").code(),
            Code::KeyMissing
        );
    }
}

#[test]
fn any_changed_bit_is_noticed_and_nonces_differ() {
    let folder = tempfile::tempdir().expect("a folder");
    let vault = open(&folder.path().join("home"), None);
    let sealed = vault.encrypt(OWNER, &secret()).expect("seals");
    for at in 0..sealed.as_bytes().len() {
        let mut bytes = sealed.as_bytes().to_vec();
        bytes[at] ^= 1;
        assert!(
            vault.decrypt(OWNER, &Sealed::from_bytes(bytes)).is_err(),
            "byte {at}"
        );
        let cut = Sealed::from_bytes(sealed.as_bytes()[..at].to_vec());
        assert!(vault.decrypt(OWNER, &cut).is_err(), "cut at {at}");
    }
    let again: HashSet<Vec<u8>> = (0..100)
        .map(|_| vault.encrypt(OWNER, &secret()).expect("seals").as_bytes()[9..33].to_vec())
        .collect();
    assert_eq!(again.len(), 100);
}

#[test]
fn the_environment_comes_first_and_makes_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    let vault = open(&home, Some(&key(7)));
    assert_eq!(vault.source(), KeySource::Environment);
    assert!(!folder.path().join("home.key").exists());
    let by_file = open(&home, None);
    assert_eq!(by_file.source(), KeySource::File);
    let sealed = by_file.encrypt(OWNER, &secret()).expect("seals");
    // What the file sealed can still be read, and is taken over to the new key.
    let vault = open(&home, Some(&key(7)));
    let moved = vault
        .reencrypt(OWNER, &sealed)
        .expect("opens")
        .expect("another key");
    assert_eq!(moved.key_id().expect("has one"), vault.current());
    assert_eq!(vault.reencrypt(OWNER, &moved), Ok(None));
    let missing = by_file.decrypt(OWNER, &moved).err().expect("unknown key");
    assert_eq!(missing, VaultError::KeyMissing { id: vault.current() });
    assert_eq!((missing.code(), missing.code().exit()), (Code::KeyMissing, 3));
}

#[cfg(unix)]
#[test]
fn the_key_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    let first = open(&home, None).current();
    let file = folder.path().join("home.key");
    let mode =
        |bits: u32| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(bits)).expect("sets");
    assert_eq!(
        std::fs::metadata(&file).expect("is there").permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(open(&home, None).current(), first, "made once");
    for bits in [0o640, 0o604, 0o660, 0o620, 0o601] {
        mode(bits);
        let error = Vault::open(place(&home)).err().expect("refused");
        assert_eq!(
            error,
            VaultError::KeyFileOpen {
                path: file.display().to_string()
            },
            "{bits:o}"
        );
    }
    mode(0o400);
    assert_eq!(open(&home, None).current(), first);
    mode(0o600);
    std::fs::write(&file, "not a key\n").expect("writes");
    assert_eq!(
        Vault::open(place(&home)).err().expect("refused").code(),
        Code::KeyMissing
    );
    assert!(Vault::open(place(Path::new("/"))).is_err());
}

#[test]
fn a_key_is_rotated_without_a_moment_of_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    let mut vault = open(&home, None);
    let old = vault.current();
    let sealed = vault.encrypt(OWNER, &secret()).expect("seals");
    vault.begin_rotation().expect("rotates");
    assert_ne!(vault.current(), old);
    // A process that dies here finds both keys.
    let halfway = open(&home, None);
    assert_eq!(halfway.current(), vault.current());
    assert!(halfway.decrypt(OWNER, &sealed).is_ok());
    let moved = vault
        .reencrypt(OWNER, &sealed)
        .expect("opens")
        .expect("another key");
    vault.finish_rotation().expect("finishes");
    for vault in [vault, open(&home, None)] {
        assert!(vault.decrypt(OWNER, &moved).is_ok());
        assert_eq!(
            vault.decrypt(OWNER, &sealed).err(),
            Some(VaultError::KeyMissing { id: old })
        );
    }
}

#[test]
fn keys_of_the_environment_are_rotated_by_hand() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    let mut one = open(&home, Some(&key(1)));
    let sealed = one.encrypt(OWNER, &secret()).expect("seals");
    assert_eq!(one.begin_rotation(), Err(VaultError::RotateByHand));
    let mut two = open(&home, Some(&format!("{},{}", key(2), key(1))));
    assert_eq!(two.begin_rotation(), Ok(()));
    let moved = two
        .reencrypt(OWNER, &sealed)
        .expect("opens")
        .expect("another key");
    two.finish_rotation().expect("finishes");
    assert!(open(&home, Some(&key(2))).decrypt(OWNER, &moved).is_ok());
    for bad in ["", " , ", "AAAA", "no base64 at all!", &STANDARD.encode([1; 31])] {
        let error = Vault::open(place(&home).with_keys(Some(bad.to_owned())))
            .err()
            .expect(bad);
        assert_eq!(error.code(), Code::KeyMissing, "{bad}");
    }
}

#[cfg(not(feature = "keyring"))]
#[test]
fn without_the_keyring_choosing_it_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Vault::open(place(&folder.path().join("home")).with_keyring(true)).err();
    assert_eq!(error, Some(VaultError::KeyringNotBuilt));
}

#[test]
fn errors_say_what_to_do() {
    let said: Vec<String> = [
        VaultError::KeyMissing {
            id: KeyId([1, 2, 3, 4, 5, 6, 7, 8]),
        },
        VaultError::Damaged {
            owner: OWNER.in_words(),
        },
        VaultError::UnknownForm,
        VaultError::KeyMalformed {
            place: "DOVETAIL_KEY".into(),
        },
        VaultError::KeyFileOpen {
            path: "/srv/dovetail.key".into(),
        },
        VaultError::KeyFile {
            path: "/srv/dovetail.key".into(),
            reason: "permission denied".into(),
        },
        VaultError::NoPlace { path: "/".into() },
        VaultError::Keyring {
            reason: "locked".into(),
        },
        VaultError::KeyringNotBuilt,
        VaultError::RotateByHand,
        VaultError::NoRandomness {
            reason: "none".into(),
        },
    ]
    .iter()
    .map(|error| format!("{}: {error}\n  {}", error.code(), error.hint()))
    .collect();
    insta::assert_snapshot!(said.join("\n"));
}
