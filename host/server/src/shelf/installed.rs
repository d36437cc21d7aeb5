//! Added plugins as they are kept: by digest, the version before beside the one in use, and how often one failed to
//! start. A start is a command that loads it, and each run of a server. One that fails at three is set aside: it is not
//! started again until it is replaced.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use dovetail_domain::integration::Trouble;
use dovetail_domain::{Code, Timestamp};
use dovetail_store::{Archive, ChangeCause, Step, table};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Granted, Shelf, Shelved};
use crate::{Problem, problem::Result};

/// Starts that fail before a plugin is set aside.
pub(crate) const TRIES: u32 = 3;

/// One version of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    /// SHA-256 of its bytes, which stand in a file of that name.
    pub(crate) digest: String,
    /// When it was added.
    pub(crate) added: Timestamp,
}

/// An added plugin as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Installed {
    /// SHA-256 of its bytes.
    pub(crate) digest: String,
    /// When it was added.
    pub(crate) added: Timestamp,
    /// The version before.
    #[serde(default)]
    pub(crate) previous: Option<Version>,
    /// Set while it does not start.
    #[serde(default)]
    pub(crate) failing: Option<Failing>,
    /// The connectors whose records it makes into whole ones; kept so that it is known while it does not start.
    #[serde(default)]
    pub(crate) makes: Vec<String>,
}

/// A plugin that does not start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failing {
    /// How often it was tried.
    pub(crate) tries: u32,
    /// What was wrong the last time.
    pub(crate) trouble: Trouble,
}

/// An added plugin that does not work.
pub(crate) struct Broken {
    pub(crate) name: String,
    pub(crate) digest: String,
    pub(crate) problem: Problem,
}

impl Installed {
    /// The digests of every file that belongs to it.
    pub(crate) fn files(&self) -> impl Iterator<Item = &String> {
        let previous = self.previous.iter().map(|version| &version.digest);
        std::iter::once(&self.digest).chain(previous)
    }

    /// The same with the version before in use; none where there is none.
    pub(crate) fn rolled_back(&self) -> Option<Installed> {
        let before = self.previous.clone()?;
        Some(Installed {
            digest: before.digest,
            added: before.added,
            previous: Some(Version {
                digest: self.digest.clone(),
                added: self.added,
            }),
            failing: None,
            makes: self.makes.clone(),
        })
    }
}

impl Shelf {
    /// Starts an added plugin, unless it is set aside. A failure that is the plugin's own is counted.
    pub(super) async fn load_added(
        &self,
        archive: &Archive,
        name: &str,
        installed: &Installed,
    ) -> Result<Shelved> {
        if let Some(failing) = installed
            .failing
            .as_ref()
            .filter(|failing| failing.tries >= TRIES)
        {
            return Err(set_aside(name, failing));
        }
        let problem = match self.start(archive, name, installed).await {
            Ok(shelved) => {
                if installed.failing.is_some() {
                    self.note(archive, name, installed, None)?;
                }
                return Ok(shelved);
            }
            Err(problem) => problem,
        };
        if !is_its_own(&problem) || !self.counts(&installed.digest) {
            return Err(problem);
        }
        let failing = Failing {
            tries: installed.failing.as_ref().map_or(0, |failing| failing.tries) + 1,
            trouble: problem.clone().into(),
        };
        let problem = match failing.tries {
            TRIES.. => set_aside(name, &failing),
            _ => problem,
        };
        self.note(archive, name, installed, Some(failing))?;
        Err(problem)
    }

    /// A run of a server begins: what fails to start in it is counted, as it is in each command of its own.
    pub(crate) fn counts_anew(&self) {
        self.counted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Whether a failure of this version is the first of this process, or of the run a server is at.
    fn counts(&self, digest: &str) -> bool {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.insert(digest.to_owned())
    }

    /// Starts an added plugin once.
    pub(crate) async fn start(
        &self,
        archive: &Archive,
        name: &str,
        installed: &Installed,
    ) -> Result<Shelved> {
        let granted = Granted::to(archive, name)?;
        self.load(&self.read(installed)?, false, &granted).await
    }

    /// Keeps how starting went, unless the plugin was replaced meanwhile.
    fn note(&self, archive: &Archive, name: &str, of: &Installed, failing: Option<Failing>) -> Result<()> {
        let _turn = archive.turn();
        let key = name.to_owned();
        let Some(now) = archive.get(&table::plugins::<Installed>(), &key)? else {
            return Ok(());
        };
        if now.digest != of.digest {
            return Ok(());
        }
        let after = Installed { failing, ..now };
        let mut step = Step::new((self.clock)(), ChangeCause::Person("dovetail".to_owned()));
        step.put(&table::plugins(), &key, &after)?;
        Ok(archive.commit(step)?)
    }

    fn read(&self, installed: &Installed) -> Result<Vec<u8>> {
        let path = self.file(&installed.digest);
        let refused = |what: String| {
            Problem::new(
                Code::PluginRefused,
                format!("The installed plugin at {} {what}.", path.display()),
                "Add it again with `dovetail plugin add FILE`.",
            )
        };
        let bytes = fs::read(&path).map_err(|error| refused(format!("cannot be read: {error}")))?;
        if hex::encode(Sha256::digest(&bytes)) != installed.digest {
            return Err(refused("is not what was installed".to_owned()));
        }
        Ok(bytes)
    }

    /// Puts a component's bytes into the home and its name into a step. The version it replaces is kept.
    pub(crate) fn install(
        &self,
        archive: &Archive,
        shelved: &Shelved,
        bytes: &[u8],
        step: &mut Step,
    ) -> Result<()> {
        let digest = &shelved.inspection.digest;
        let path = self.file(digest);
        write_whole(&path, bytes).map_err(|error| {
            Problem::new(
                Code::StorageFailed,
                format!("The plugin cannot be written to {}: {error}.", path.display()),
                "Make room on the disk, then add it again.",
            )
        })?;
        let name = shelved.plugin.name().to_owned();
        let before = archive.get(&table::plugins::<Installed>(), &name)?;
        let previous = before.and_then(|before| match before.digest == *digest {
            true => before.previous,
            false => Some(Version {
                digest: before.digest,
                added: before.added,
            }),
        });
        let installed = Installed {
            digest: digest.clone(),
            added: step.at(),
            previous,
            failing: None,
            makes: shelved.makes().to_vec(),
        };
        Ok(step.put(&table::plugins(), &name, &installed)?)
    }

    /// Takes away files that no plugin needs any more. What cannot be taken away is left for the next time.
    pub(crate) fn sweep(&self, archive: &Archive) -> Result<()> {
        let installed = archive.rows(&table::plugins::<Installed>())?;
        let needed: Vec<PathBuf> = installed
            .iter()
            .flat_map(|(_, installed)| installed.files())
            .map(|digest| self.file(digest))
            .collect();
        let Ok(files) = fs::read_dir(&self.folder) else {
            return Ok(());
        };
        for file in files.flatten() {
            let path = file.path();
            let is_component = path.extension().is_some_and(|ending| ending == "wasm");
            if is_component && !needed.contains(&path) && fs::remove_file(&path).is_err() {
                tracing::warn!("{} is not needed and cannot be removed", path.display());
            }
        }
        Ok(())
    }
}

/// Whether a plugin that does not start is at fault, and not this machine.
pub(crate) fn is_its_own(problem: &Problem) -> bool {
    matches!(
        problem.code,
        Code::PluginRefused | Code::PluginTrapped | Code::PluginLimit | Code::PluginAnswer
    )
}

fn set_aside(name: &str, failing: &Failing) -> Problem {
    let reason = failing.trouble.message.trim_end_matches('.');
    Problem::new(
        Code::PluginRefused,
        format!("The plugin `{name}` is set aside: it failed at {TRIES} starts, at last so: {reason}."),
        format!(
            "`dovetail plugin rollback {name}` takes the version before, `dovetail plugin add FILE` another one; adding the \
             same file again tries it again."
        ),
    )
}

/// Writes a file so that it is there whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let aside = path.with_extension("part");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)
}
