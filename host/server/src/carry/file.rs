//! The file: entries as JSON, one a line, compressed and sealed under a passphrase. It stands under its name once it is
//! whole. One that was changed, is cut off, comes from a later version or opens with another passphrase is refused whole.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use dovetail_domain::Code;
use dovetail_gate::Secret;
use dovetail_gate::vault::{Content as Sort, Opening, Sealing, VaultError, VaultPlace};
use dovetail_store::BackupError;

use super::content::{Content, Entry, FORMAT, Head};
use crate::upkeep::{part_of, problem_of, publish, refuse_existing, unwritable};
use crate::{Problem, problem::Result};

/// The level of compression.
const LEVEL: i32 = 3;

/// A file in the making.
pub(super) struct Writer {
    out: zstd::Encoder<'static, Sealing<BufWriter<File>>>,
}

impl Writer {
    fn line(&mut self, line: &impl serde::Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        self.out.write_all(b"\n")
    }

    /// Adds an entry.
    pub(super) fn entry(&mut self, entry: &Entry) -> Result<()> {
        let failed = |error: io::Error| problem_of(BackupError::Io(error));
        self.line(entry).map_err(failed)
    }
}

/// Writes a file of the entries that `fill` gives: its bytes. There must be none of that name.
pub(super) fn write(
    file: &Path,
    passphrase: &Secret,
    fill: impl FnOnce(&mut Writer) -> Result<()>,
) -> Result<u64> {
    refuse_existing(file)?;
    let aside = part_of(file);
    let written = write_aside(&aside, passphrase, fill).and_then(|bytes| {
        publish(&aside, file)?;
        Ok(bytes)
    });
    if written.is_err() {
        // What cannot be taken away is written over by the next file of that name.
        let _ = std::fs::remove_file(&aside);
    }
    written
}

fn write_aside(
    aside: &Path,
    passphrase: &Secret,
    fill: impl FnOnce(&mut Writer) -> Result<()>,
) -> Result<u64> {
    let unwritable = |error: io::Error| unwritable(aside, &error);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let out = BufWriter::new(options.open(aside).map_err(unwritable)?);
    let sealing = Sealing::under_passphrase(Sort::Integration, passphrase, out)?;
    let mut writer = Writer {
        out: zstd::Encoder::new(sealing, LEVEL).map_err(unwritable)?,
    };
    writer.line(&Head { format: FORMAT }).map_err(unwritable)?;
    fill(&mut writer)?;
    let sealing = writer.out.finish().map_err(unwritable)?;
    let out = sealing.finish().map_err(unwritable)?;
    let out = out
        .into_inner()
        .map_err(|error| unwritable(io::Error::other(error.to_string())))?;
    out.sync_all().map_err(unwritable)?;
    Ok(out.metadata().map_err(unwritable)?.len())
}

/// Reads a file to its end.
pub(super) fn read(file: &Path, place: &VaultPlace, passphrase: &Secret) -> Result<Content> {
    let opened = File::open(file).map_err(|error| {
        Problem::value(
            format!("the file {} cannot be read: {error}", file.display()),
            "Name a file that `dovetail integration export` wrote.",
        )
    })?;
    let opening = Opening::new(Sort::Integration, BufReader::new(opened), place, Some(passphrase))?;
    let failed = |error: io::Error| problem_of(BackupError::Io(error));
    let mut lines = BufReader::new(zstd::Decoder::new(opening).map_err(failed)?).lines();
    let head = lines.next().transpose().map_err(failed)?.unwrap_or_default();
    let head: Head = serde_json::from_str(&head).map_err(|_| Problem::from(VaultError::BackupDamaged))?;
    if head.format != FORMAT {
        return Err(later());
    }
    let mut entries: Vec<Entry> = Vec::new();
    for line in lines {
        // It was written whole and by whoever has the passphrase: what cannot be read is not known here.
        entries.push(serde_json::from_str(&line.map_err(failed)?).map_err(|_| later())?);
    }
    Content::of(entries).ok_or_else(later)
}

fn later() -> Problem {
    Problem::new(
        Code::BackupRefused,
        "The file holds something that this version of dovetail does not know.",
        "Use the version of dovetail that wrote it, or a later one.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase() -> Secret {
        Secret::new("passphrase", "correct horse battery".to_owned()).unwrap()
    }

    /// What comes of a file of these lines that is whole and opens.
    fn told(lines: &[&str]) -> Option<Code> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let out = File::create(&path).unwrap();
        let sealing = Sealing::under_passphrase(Sort::Integration, &passphrase(), out).unwrap();
        let mut out = zstd::Encoder::new(sealing, LEVEL).unwrap();
        out.write_all(lines.join("\n").as_bytes()).unwrap();
        out.finish().unwrap().finish().unwrap();
        let place = VaultPlace::of_home(folder.path().join("home"));
        read(&path, &place, &passphrase())
            .err()
            .map(|problem| problem.code)
    }

    #[test]
    fn what_a_later_version_wrote_is_refused() {
        let integration = r#"{"integration":{"name":"acme","connector":"other","settings":{},"defaults":{},"network":{"ca_pem":null,"allow_private_network":false,"proxy":null,"requests_per_minute":null},"sync":{"selections":{},"contacts":true,"tickets":"Open","two_way":{},"interval":3600,"full_every":86400,"contact_email_type":null,"contact_phone_type":null,"saved":false},"paused":false,"witnesses":[]}}"#;
        let refused = Some(Code::BackupRefused);
        assert_eq!(told(&[r#"{"format":1}"#, integration]), None);
        for lines in [
            vec![r#"{"format":2}"#, integration],
            vec![r#"{"format":1}"#, integration, r#"{"wish":{}}"#],
            vec![r#"{"format":1}"#],
            vec!["no JSON", integration],
            vec![],
        ] {
            assert_eq!(told(&lines), refused, "{lines:?}");
        }
    }
}
