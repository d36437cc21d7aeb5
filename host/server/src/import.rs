//! `import`: a file of records, read and handed on. It needs no integration, and a run of one may be on meanwhile.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dovetail_domain::Kind;
use dovetail_sync::Cancel;
use dovetail_sync::import::{self, File, Format, MAX_FILE};

use crate::answer::{Answer, Changed};
use crate::caller::{Caller, Relay};
use crate::host::Host;
use crate::upkeep::aside;
use crate::{Problem, problem::Result};

/// The longest name of a file that is kept with what came of it, in letters.
const NAME: usize = 100;

/// Imports a file, or says what importing it would change. Whoever gives up waiting stops it at the end of a step.
pub(crate) async fn import(
    host: &Arc<Host>,
    format: Format,
    kind: Kind,
    path: PathBuf,
    dry_run: bool,
    caller: &dyn Caller,
) -> Result<Answer> {
    let (relay, mut events) = Relay::new();
    let given_up = GivenUp(Cancel::default());
    let (host, cancel) = (Arc::clone(host), given_up.0.clone());
    let work = aside(move || {
        let bytes = read(&path)?;
        let name = name(&path);
        let file = File {
            format,
            kind,
            name: &name,
            bytes: &bytes,
        };
        work(&host, &file, dry_run, &relay, &cancel)
    });
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => {
                while let Ok(event) = events.try_recv() {
                    caller.event(event);
                }
                return done;
            }
            Some(event) = events.recv() => caller.event(event),
        }
    }
}

fn work(host: &Host, file: &File<'_>, dry_run: bool, relay: &Relay, cancel: &Cancel) -> Result<Answer> {
    let (archive, clock) = (host.archive(), host.clock());
    if dry_run {
        let (run, changes) = import::preview_import(archive, file, clock, relay, cancel)?;
        return Ok(Answer::Changed(Box::new(Changed {
            run,
            changes,
            left: None,
        })));
    }
    let run = archive.next_run();
    let run = import::import(archive, file, run, clock, relay, cancel)?;
    Ok(Answer::Run(Box::new(run)))
}

/// A file's bytes, where it is not too large.
fn read(path: &Path) -> Result<Vec<u8>> {
    let refused = |error: std::io::Error| {
        Problem::value(
            format!("`{}` cannot be read: {error}", path.display()),
            "Name a file that you can read.",
        )
    };
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(refused)?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Problem::value(
            format!("`{}` has more than {} MiB", path.display(), MAX_FILE >> 20),
            "Split it into several files.",
        ));
    }
    Ok(bytes)
}

/// What the file is called in its run and in the history of what it changed.
fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.chars()
        .filter(|letter| !letter.is_control())
        .take(NAME)
        .collect()
}

/// Stops the work when nobody waits for it any more.
struct GivenUp(Cancel);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[cfg(test)]
mod tests;
