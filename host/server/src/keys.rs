//! The key of the secrets at rest: where it is kept, and a new one in its place.
//!
//! Whatever is done, every secret opens afterwards: it is sealed anew and written in one step with what was decided, and
//! a key goes only when nothing needs it any more.

use std::collections::BTreeMap;

use dovetail_domain::IntegrationId;
use dovetail_gate::vault::{KeySource, Owner, Sealed};
use dovetail_store::{Archive, Step, table};

use crate::answer::{Answer, KeyRotated};
use crate::host::Host;
use crate::{Problem, problem::Result};

/// The setting that says where the key is kept where `DOVETAIL_KEY` gives none.
pub(crate) const SETTING: &str = "key-source";

/// The system's keyring, as the setting writes it.
const KEYRING: &str = "keyring";
/// The file beside the home, as the setting writes it; so it is where nothing is set.
const FILE: &str = "file";

/// Where the key is kept.
pub(crate) fn source(archive: &Archive) -> Result<KeySource> {
    let set = archive.get(&table::CONFIG, &SETTING.to_owned())?;
    Ok(match set.as_deref() {
        Some(KEYRING) => KeySource::Keyring,
        _ => KeySource::File,
    })
}

/// Moves the secrets to a key that is kept elsewhere; no value means the file. Where the other place does not answer,
/// nothing has changed.
pub(crate) fn choose(host: &Host, value: Option<&str>) -> Result<Answer> {
    let chosen = match value {
        None | Some(FILE) => KeySource::File,
        Some(KEYRING) => KeySource::Keyring,
        Some(other) => {
            return Err(Problem::value(
                format!("`{other}` is no place for the key."),
                format!("Choose `{FILE}` or `{KEYRING}`; a key in DOVETAIL_KEY stands before both."),
            ));
        }
    };
    let _changing = host.changing();
    host.replace_vault(chosen, |old, new| {
        let mut step = host.step();
        reseal(host, &mut step, |owner, sealed| {
            Ok(Some(new.encrypt(owner, &old.decrypt(owner, sealed)?)?))
        })?;
        match value {
            Some(value) => step.put(&table::CONFIG, &SETTING.to_owned(), &value.to_owned())?,
            None => step.delete(&table::CONFIG, &SETTING.to_owned()),
        }
        Ok(host.archive().commit(step)?)
    })?;
    let set = value.map(|value| (SETTING.to_owned(), value.to_owned()));
    Ok(Answer::Config(BTreeMap::from_iter(set)))
}

/// Seals every secret anew under a new key. The old key goes only when nothing needs it any more.
pub(crate) fn rotate(host: &Host) -> Result<Answer> {
    let _changing = host.changing();
    let (secrets, key) = host.with_vault(|vault| {
        vault.begin_rotation()?;
        let mut step = host.step();
        let secrets = reseal(host, &mut step, |owner, sealed| {
            Ok(vault.reencrypt(owner, sealed)?)
        })?;
        host.archive().commit(step)?;
        vault.finish_rotation()?;
        Ok((secrets, vault.current().to_string()))
    })?;
    let by_hand = std::env::var_os("DOVETAIL_KEY").is_some();
    let note = "Take the old key out of DOVETAIL_KEY: nothing is sealed under it any more.";
    Ok(Answer::KeyRotated(KeyRotated {
        key,
        secrets,
        note: by_hand.then(|| note.to_owned()),
    }))
}

/// Puts every secret that `seal` seals anew into the step; how many there are.
fn reseal(
    host: &Host,
    step: &mut Step,
    seal: impl Fn(Owner<'_>, &Sealed) -> Result<Option<Sealed>>,
) -> Result<u64> {
    let mut secrets = 0;
    for (place, sealed) in host.archive().rows(&table::SECRETS)? {
        let (integration, key): &(IntegrationId, String) = &place;
        let id = integration.to_string();
        let owner = Owner {
            integration: &id,
            key,
        };
        if let Some(anew) = seal(owner, &Sealed::from_bytes(sealed))? {
            step.put(&table::SECRETS, &place, &anew.as_bytes().to_vec())?;
            secrets += 1;
        }
    }
    Ok(secrets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SecretText;
    use crate::host::tests::home;

    fn keep_a_secret(host: &Host) {
        let secret = SecretText::new("private-key", "the-private-key-of-acme".to_owned().into()).unwrap();
        let mut step = host.step();
        host.seal(IntegrationId(1), "private-key", &secret, &mut step)
            .unwrap();
        host.archive().commit(step).unwrap();
    }

    #[test]
    fn the_file_can_be_chosen_and_everything_still_opens() {
        let home = home();
        keep_a_secret(&home.host);
        let before = home.host.archive().rows(&table::SECRETS).unwrap();
        choose(&home.host, Some("file")).unwrap();
        let after = home.host.archive().rows(&table::SECRETS).unwrap();
        assert_ne!(before, after, "it was sealed anew");
        assert!(home.host.secrets(IntegrationId(1)).unwrap().holds("private-key"));
        let kept = || {
            home.host
                .archive()
                .get(&table::CONFIG, &SETTING.to_owned())
                .unwrap()
        };
        assert_eq!(kept().as_deref(), Some("file"));
        choose(&home.host, None).unwrap();
        assert_eq!(kept(), None);
        assert!(home.host.secrets(IntegrationId(1)).unwrap().holds("private-key"));
    }

    #[cfg(not(feature = "keyring"))]
    #[test]
    fn a_keyring_that_cannot_be_used_changes_nothing() {
        let home = home();
        keep_a_secret(&home.host);
        let before = home.host.archive().rows(&table::SECRETS).unwrap();
        let problem = choose(&home.host, Some("keyring")).unwrap_err();
        assert_eq!(problem.message, "This binary cannot use the system's keyring.");
        assert_eq!(home.host.archive().rows(&table::SECRETS).unwrap(), before);
        assert_eq!(source(home.host.archive()).unwrap(), KeySource::File);
        assert!(home.host.secrets(IntegrationId(1)).unwrap().holds("private-key"));
    }

    #[test]
    fn another_place_is_refused() {
        let problem = choose(&home().host, Some("cloud")).unwrap_err();
        assert_eq!(problem.message, "`cloud` is no place for the key.");
    }
}
