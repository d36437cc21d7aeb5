//! The store's upkeep: `verify`, `backup`, `restore`, `compact`, and what is kept for a time only.
//!
//! A backup holds the whole store and the files of added plugins, sealed under the home's key or a passphrase. It stands
//! under its name once it is whole and was read back. A home is restored once all of it is there: before, no command
//! takes the folder for one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dovetail_domain::integration::Interval;
use dovetail_domain::{Code, Kind, Timestamp};
use dovetail_gate::Secret;
use dovetail_gate::vault::{Content, Opening, Sealed, Sealing, VaultError, VaultPlace};
use dovetail_store::{Archive, BackupError, BackupReader, BackupWriter, Kept, Retention, table};
use sha2::{Digest, Sha256};

use crate::answer::{Answer, BackedUp, Compacted, Restored, Verified};
use crate::home::{HeldHome, HomeFolder, NewHome};
use crate::host::Host;
use crate::shelf::Installed;
use crate::{Problem, SecretText, problem::Result};

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Settings that say how long something is kept, with the seconds where nothing is set.
const RETENTION: [(&str, Option<u64>); 4] = [
    ("retention.audit", Some(365 * DAY)),
    ("retention.runs", Some(90 * DAY)),
    ("retention.quarantine", None),
    ("retention.deleted", Some(30 * DAY)),
];

/// How a setting says that something is never dropped.
const FOREVER: &str = "forever";

/// Runs work that reads or writes much where it keeps nobody else waiting.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(Problem::internal(format!(
            "The work ended with a fault: {error}."
        ))),
    }
}

// Verify.

/// Looks at everything that is kept.
pub(crate) async fn verify(host: &Arc<Host>) -> Result<Answer> {
    let host = Arc::clone(host);
    aside(move || {
        let mut found = host.archive().verify()?;
        // Where their table is damaged that was found, and which files there have to be is not known.
        for (name, installed) in host
            .archive()
            .rows(&table::plugins::<Installed>())
            .unwrap_or_default()
        {
            for digest in installed.files() {
                found.checked += 1;
                let path = host.shelf().file(digest);
                match fs::read(&path) {
                    Ok(bytes) if hex::encode(Sha256::digest(&bytes)) == *digest => {}
                    Ok(_) => found.note(format!("plugin {name}"), "its file is not what was installed"),
                    Err(error) => found.note(
                        format!("plugin {name}"),
                        format!("{} cannot be read: {error}", path.display()),
                    ),
                }
            }
        }
        Ok(Answer::Verified(Verified {
            ok: found.is_sound(),
            records: found.records,
            checked: found.checked,
            problems: found.problems,
            more: found.more,
        }))
    })
    .await
}

/// What a command ends with that found something wrong.
pub(crate) fn unsound(found: &Verified) -> Option<Problem> {
    let wrong = found.problems.len() as u64 + found.more;
    (!found.ok).then(|| {
        Problem::new(
            Code::StorageFailed,
            format!("Of what is kept, {wrong} things are not as they have to be."),
            "Keep a copy of the home, check the disk, and restore the latest backup into a new home.",
        )
    })
}

// Backup.

/// Writes everything into a file.
pub(crate) async fn backup(
    host: &Arc<Host>,
    file: PathBuf,
    passphrase: Option<SecretText>,
) -> Result<Answer> {
    let host = Arc::clone(host);
    aside(move || {
        let passphrase = passphrase.map(crate::passphrase::secret).transpose()?;
        refuse_existing(&file)?;
        let aside = part_of(&file);
        let written = write(&host, &aside, passphrase.as_ref()).and_then(|backed_up| {
            check(&host, &aside, passphrase.as_ref(), &backed_up)?;
            publish(&aside, &file)?;
            Ok(backed_up)
        });
        if written.is_err() {
            // What cannot be taken away is written over by the next backup of that name.
            let _ = fs::remove_file(&aside);
        }
        let backed_up = written?;
        Ok(Answer::BackedUp(BackedUp { file, ..backed_up }))
    })
    .await
}

fn write(host: &Host, aside: &Path, passphrase: Option<&Secret>) -> Result<BackedUp> {
    let unwritable = |error: io::Error| unwritable(aside, &error);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let out = BufWriter::new(options.open(aside).map_err(unwritable)?);
    let (sealing, key) = match passphrase {
        Some(passphrase) => (Sealing::under_passphrase(Content::Backup, passphrase, out)?, None),
        None => host.with_vault(|vault| {
            let key = vault.current().to_string();
            Ok((Sealing::under_key(vault, out)?, Some(key)))
        })?,
    };
    let failed = |error: BackupError| match error {
        BackupError::Io(error) => unwritable(error),
        other => problem_of(other),
    };
    let mut backup = BackupWriter::new(sealing).map_err(unwritable)?;
    host.archive().back_up(&mut backup).map_err(failed)?;
    let mut plugins = 0;
    for (name, installed) in host.archive().rows(&table::plugins::<Installed>())? {
        for digest in installed.files() {
            let path = host.shelf().file(digest);
            let content = fs::read(&path).map_err(|error| {
                Problem::new(
                    Code::StorageFailed,
                    format!(
                        "The file of the plugin `{name}` at {} cannot be read: {error}.",
                        path.display()
                    ),
                    "Add it again with `dovetail plugin add FILE`, then make the backup.",
                )
            })?;
            backup.file(&file_name(digest), &content).map_err(unwritable)?;
            plugins += 1;
        }
    }
    let (sealing, sum) = backup.finish().map_err(unwritable)?;
    let out = sealing.finish().map_err(unwritable)?;
    let out = out
        .into_inner()
        .map_err(|error| unwritable(io::Error::other(error.to_string())))?;
    out.sync_all().map_err(unwritable)?;
    Ok(BackedUp {
        file: aside.to_owned(),
        bytes: out.metadata().map_err(unwritable)?.len(),
        values: sum.pairs,
        plugins,
        key,
    })
}

/// Reads what was written back: a backup that cannot be read is none.
fn check(host: &Host, aside: &Path, passphrase: Option<&Secret>, written: &BackedUp) -> Result<()> {
    let place = VaultPlace::of_home(host.folder().path());
    let mut reader = reader(aside, &place, passphrase)?;
    let (mut values, mut plugins) = (0, 0);
    while let Some(kept) = reader.read().map_err(problem_of)? {
        match kept {
            Kept::Pair(..) => values += 1,
            Kept::File(..) => plugins += 1,
        }
    }
    if (values, plugins) == (written.values, written.plugins) {
        return Ok(());
    }
    Err(VaultError::BackupDamaged.into())
}

/// Gives a whole file its name, unless something has it.
pub(crate) fn publish(aside: &Path, file: &Path) -> Result<()> {
    let unwritable = |error: io::Error| unwritable(file, &error);
    match fs::hard_link(aside, file) {
        Ok(()) => fs::remove_file(aside).map_err(unwritable)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return refuse_existing(file),
        // Not every file system knows links.
        Err(_) => {
            refuse_existing(file)?;
            fs::rename(aside, file).map_err(unwritable)?;
        }
    }
    match file.parent() {
        Some(folder) => File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(unwritable),
        None => Ok(()),
    }
}

pub(crate) fn refuse_existing(file: &Path) -> Result<()> {
    if file.symlink_metadata().is_err() {
        return Ok(());
    }
    Err(Problem::new(
        Code::AlreadyExists,
        format!("There is something at {} already.", file.display()),
        "Name a file that is not there; nothing is written over.",
    ))
}

pub(crate) fn unwritable(file: &Path, error: &io::Error) -> Problem {
    Problem::value(
        format!("{} cannot be written: {error}", file.display()),
        "Name a file in a folder that you can write to and that has room.",
    )
}

/// The name a file has until it is whole.
pub(crate) fn part_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

fn file_name(digest: &str) -> String {
    format!("{digest}.wasm")
}

// Restore.

fn reader(
    file: &Path,
    place: &VaultPlace,
    passphrase: Option<&Secret>,
) -> Result<BackupReader<Opening<BufReader<File>>>> {
    let opened = File::open(file).map_err(|error| {
        Problem::value(
            format!("the backup {} cannot be read: {error}", file.display()),
            "Name a file that `dovetail backup` wrote.",
        )
    })?;
    let opening = Opening::new(Content::Backup, BufReader::new(opened), place, passphrase)?;
    BackupReader::new(opening).map_err(|error| problem_of(error.into()))
}

/// What a stream that cannot be read on means: whether it was sealed so, or the file or the store failed.
pub(crate) fn problem_of(error: BackupError) -> Problem {
    let sealed = |error: &io::Error| error.get_ref()?.downcast_ref::<VaultError>().cloned();
    match error {
        BackupError::Store(error) => error.into(),
        BackupError::Io(error) => match sealed(&error) {
            Some(error) => error.into(),
            None => Problem::new(
                Code::StorageFailed,
                format!("The file could not be read or written on: {error}."),
                "Check the disk and the room on it, then run the command again.",
            ),
        },
        BackupError::Damaged(_) => VaultError::BackupDamaged.into(),
    }
}

/// Puts a backup into a folder that has no home yet. Where this fails nothing of it stays.
pub(crate) fn restore(
    folder: &HomeFolder,
    new: NewHome,
    file: &Path,
    passphrase: Option<SecretText>,
) -> Result<Answer> {
    let restored = fill(folder, &new, file, passphrase);
    match restored {
        Ok(restored) => {
            new.publish()?;
            Ok(Answer::Restored(restored))
        }
        Err(problem) => {
            new.discard()?;
            Err(problem)
        }
    }
}

fn fill(folder: &HomeFolder, new: &NewHome, file: &Path, passphrase: Option<SecretText>) -> Result<Restored> {
    let passphrase = passphrase.map(crate::passphrase::secret).transpose()?;
    let place = VaultPlace::of_home(folder.path());
    let reader = reader(file, &place, passphrase.as_ref())?;
    let (store, shelf) = (new.room("store")?, new.room("plugins")?);
    let archive = Archive::open(&store)?;
    let mut plugins = 0;
    let sum = reader
        .restore(archive.store(), |name, content| {
            let digest = hex::encode(Sha256::digest(&content));
            if name != file_name(&digest) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    VaultError::BackupDamaged,
                ));
            }
            plugins += 1;
            let mut options = OpenOptions::new();
            let mut out = options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(shelf.join(name))?;
            out.write_all(&content)?;
            out.sync_all()
        })
        .map_err(problem_of)?;
    let counts = archive.counts()?;
    let records = Kind::ALL.into_iter().map(|kind| counts.total(kind)).sum();
    let note = locked(&archive, &place)?.map(|secrets| {
        format!(
            "{secrets} secrets in it do not open here: put the key file of the home it was made of at {}.key, or give \
             them again with `dovetail integration update`.",
            folder.path().display()
        )
    });
    drop(archive);
    dovetail_store::closed(&store)?;
    Ok(Restored {
        home: folder.path().to_owned(),
        records,
        values: sum.pairs,
        plugins,
        note,
    })
}

/// How many secrets no key is here for; none where that is none.
fn locked(archive: &Archive, place: &VaultPlace) -> Result<Option<usize>> {
    let mut locked = 0;
    for (_, sealed) in archive.rows(&table::SECRETS)? {
        if !place.holds(Sealed::from_bytes(sealed).key_id()?)? {
            locked += 1;
        }
    }
    Ok((locked > 0).then_some(locked))
}

/// `restore` in a home that is there.
pub(crate) fn refuse_restore(host: &Host) -> Problem {
    crate::home::HomeError::Used(host.folder().path().to_owned()).into()
}

// Compact.

/// Drops what is older than it is to be kept and writes the store anew.
pub(crate) fn compact(home: &HeldHome, now: Timestamp) -> Result<Answer> {
    let store = home.room("store")?;
    let archive = Archive::open(&store)?;
    let dropped = archive.retain(now, &retention(&archive)?)?;
    drop(archive);
    let compacted = dovetail_store::compact(&store)?;
    Ok(Answer::Compacted(Compacted {
        values: compacted.pairs,
        before: compacted.before,
        after: compacted.after,
        dropped,
    }))
}

/// `compact` in a home that another command works with.
pub(crate) fn refuse_compact() -> Problem {
    Problem::new(
        Code::Busy,
        "The store is in use by the process that has the home.",
        "Wait for the end of its runs or stop the server, then run `dovetail compact` again.",
    )
}

// Retention.

/// The names of the settings about it.
pub(crate) fn settings() -> impl Iterator<Item = &'static str> {
    RETENTION.iter().map(|(key, _)| *key)
}

/// A value of such a setting as it is kept.
pub(crate) fn setting(value: &str) -> Result<String> {
    if value == FOREVER {
        return Ok(FOREVER.to_owned());
    }
    let interval: Result<Interval, _> = value.parse();
    match interval {
        Ok(interval) => Ok(interval.to_string()),
        Err(error) => Err(Problem::value(
            error,
            format!("Give such a length of time, or `{FOREVER}`."),
        )),
    }
}

/// How long things are kept in this home.
pub(crate) fn retention(archive: &Archive) -> Result<Retention> {
    let [audit, runs, quarantine, deleted] = RETENTION.map(|(key, default)| -> Result<Option<u64>> {
        let set = archive.get(&table::CONFIG, &key.to_owned())?;
        Ok(match set.as_deref() {
            None => default,
            Some(FOREVER) => None,
            // What was set was checked; what another version set and this one cannot read drops nothing.
            Some(text) => text.parse::<Interval>().ok().map(Interval::seconds),
        })
    });
    Ok(Retention {
        audit: audit?,
        runs: runs?,
        quarantine: quarantine?,
        deleted: deleted?,
    })
}

/// Drops what is older than it is to be kept, beside everything else that goes on.
pub(crate) async fn tidy(host: &Arc<Host>) -> Result<()> {
    let host = Arc::clone(host);
    aside(move || {
        let archive = host.archive();
        let dropped = archive.retain(host.now(), &retention(archive)?)?;
        tracing::debug!(?dropped, "what is older than it is to be kept was dropped");
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests;
