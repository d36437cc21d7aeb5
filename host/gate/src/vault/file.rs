//! The key file beside the home: `<home>.key`, readable by its owner only, one key a line.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::VaultError;
use super::key::{self, MasterKey};

/// A key file is never larger.
const MOST_BYTES: u64 = 64 * 1024;

/// Where the key file of a home stands.
pub(super) fn path_beside(home: &Path) -> Result<PathBuf, VaultError> {
    let no_place = || VaultError::NoPlace {
        path: home.display().to_string(),
    };
    let name = home.file_name().ok_or_else(no_place)?;
    let mut name = name.to_owned();
    name.push(".key");
    Ok(home.with_file_name(name))
}

/// Reads the keys; none where there is no file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<MasterKey>>, VaultError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(trouble) if trouble.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(trouble) => return Err(failed(path, &trouble)),
    };
    refuse_if_open(path, &file)?;
    let mut text = Zeroizing::new(String::new());
    file.take(MOST_BYTES)
        .read_to_string(&mut text)
        .map_err(|trouble| failed(path, &trouble))?;
    key::read(&path.display().to_string(), &text).map(Some)
}

/// Makes the file, whole or not at all; if another process was faster, its keys are the ones.
pub(super) fn create(path: &Path, keys: Vec<MasterKey>) -> Result<Vec<MasterKey>, VaultError> {
    let next = aside(path);
    let step = || {
        write_anew(&next, &keys)?;
        // Unlike a rename this takes no other file's place.
        fs::hard_link(&next, path).or_else(|trouble| match trouble.kind() {
            io::ErrorKind::AlreadyExists => Err(trouble),
            // Not every file system knows links.
            _ if path.exists() => Err(io::ErrorKind::AlreadyExists.into()),
            _ => fs::rename(&next, path),
        })?;
        sync_folder(path)
    };
    let made = step();
    // What cannot be taken away is written over when a key is made next.
    let _ = fs::remove_file(&next);
    match made {
        Ok(()) => Ok(keys),
        Err(trouble) if trouble.kind() == io::ErrorKind::AlreadyExists => {
            read(path)?.ok_or_else(|| failed(path, &trouble))
        }
        Err(trouble) => Err(failed(path, &trouble)),
    }
}

/// Puts other keys into the file: the old ones or the new ones are there, never half of them.
pub(super) fn replace(path: &Path, keys: &[MasterKey]) -> Result<(), VaultError> {
    let next = aside(path);
    let step = || {
        write_anew(&next, keys)?;
        fs::rename(&next, path)?;
        sync_folder(path)
    };
    step().map_err(|trouble| failed(path, &trouble))
}

/// Where keys stand until the file is whole.
fn aside(path: &Path) -> PathBuf {
    let mut next = path.as_os_str().to_owned();
    next.push(".new");
    PathBuf::from(next)
}

/// Writes a file in the place of one that was left behind.
fn write_anew(path: &Path, keys: &[MasterKey]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(trouble) if trouble.kind() != io::ErrorKind::NotFound => return Err(trouble),
        _ => {}
    }
    write_new(path, keys)
}

fn write_new(path: &Path, keys: &[MasterKey]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(key::written(keys).as_bytes())?;
    file.sync_all()?;
    sync_folder(path)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        #[cfg(unix)]
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn refuse_if_open(path: &Path, file: &File) -> Result<(), VaultError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file
        .metadata()
        .map_err(|trouble| failed(path, &trouble))?
        .permissions()
        .mode();
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(VaultError::KeyFileOpen {
            path: path.display().to_string(),
        })
    }
}

#[cfg(not(unix))]
fn refuse_if_open(_path: &Path, _file: &File) -> Result<(), VaultError> {
    Ok(())
}

fn failed(path: &Path, trouble: &io::Error) -> VaultError {
    VaultError::KeyFile {
        path: path.display().to_string(),
        reason: trouble.to_string(),
    }
}
