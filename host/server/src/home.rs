//! The home: the folder in which everything is kept, and the lock that gives it to one process at a time.
//!
//! The folder is this user's and nobody else can look into it; a folder of which that cannot be said is refused and
//! nothing is changed about it. A home written by a newer version is refused too.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use dovetail_domain::{Code, Explained};

/// The version of the home's layout that this program writes.
pub const FORMAT: u32 = 2;

/// What the marker is called until it is whole.
const NEXT_MARKER: &str = "format.next";

/// Why a folder cannot be the home.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The platform names no data folder.
    #[error("this account has no data folder")]
    NoDefault,
    /// It is a file or something else.
    #[error("the home {0} is not a folder")]
    NotAFolder(PathBuf),
    /// Others can look into it.
    #[error("the home {path} can be read by others (mode {mode:03o})")]
    Open {
        /// The folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is somebody else's.
    #[error("the home {0} belongs to another user")]
    NotOurs(PathBuf),
    /// There is something else in it.
    #[error("the folder {0} holds other things and no home")]
    Strange(PathBuf),
    /// Something was to be restored into it and it is a home already.
    #[error("the home {0} is not empty")]
    Used(PathBuf),
    /// A newer version of the program wrote it.
    #[error("the home {path} has layout {found}, this version of dovetail knows {FORMAT}")]
    Newer {
        /// The folder.
        path: PathBuf,
        /// What its marker says.
        found: String,
    },
    /// What says which version wrote it is damaged.
    #[error("the file {0} does not say which layout the home has")]
    Marker(PathBuf),
    /// The system refused.
    #[error("cannot {what} {path}: {cause}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// To what.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
}

impl Explained for HomeError {
    fn code(&self) -> Code {
        Code::HomeUnusable
    }

    fn hint(&self) -> Cow<'static, str> {
        match self {
            HomeError::NoDefault => "Name a folder with --home or DOVETAIL_HOME.".into(),
            HomeError::NotAFolder(_) => "Name another folder with --home or DOVETAIL_HOME.".into(),
            HomeError::Open { path, .. } => format!(
                "Close it with `chmod 700 {}`, or name another with --home.",
                path.display()
            )
            .into(),
            HomeError::NotOurs(_) => {
                "Run the command as its owner, or name another folder with --home.".into()
            }
            HomeError::Strange(_) => {
                "Name an empty folder or one that is not there; it is made on first use.".into()
            }
            HomeError::Used(_) => {
                "Name a folder that is not there yet with --home: a backup is restored into a new home only."
                    .into()
            }
            HomeError::Marker(_) => format!(
                "Restore the latest backup into a new home; or, if this version of dovetail wrote the home, write the \
                 number {FORMAT} into that file."
            )
            .into(),
            HomeError::Newer { .. } => "Use the version of dovetail that wrote it, or a later one.".into(),
            HomeError::Io { .. } => "Check the folder's permissions and the room on its disk.".into(),
        }
    }
}

fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> HomeError {
    let path = path.to_owned();
    move |cause| HomeError::Io { what, path, cause }
}

/// A folder that can be the home. What is in it is not looked at before it is taken.
#[derive(Clone, Debug)]
pub struct HomeFolder {
    path: PathBuf,
}

/// Who has the home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// The command it runs, without its values.
    pub command: String,
}

/// What came of the attempt to take the home.
pub enum Taken {
    /// It is this process's until the value is dropped.
    Ours(HeldHome),
    /// Another process has it.
    Held(Holder),
}

/// The home while it belongs to this process.
pub struct HeldHome {
    folder: HomeFolder,
    // The lock goes with the file: the system lets go of it when the process ends, however it ends.
    _lock: File,
}

impl HomeFolder {
    /// The platform's folder for the home where none was named.
    pub fn default_path() -> Result<PathBuf, HomeError> {
        directories::ProjectDirs::from("", "", "dovetail")
            .map(|folders| folders.data_dir().to_owned())
            .ok_or(HomeError::NoDefault)
    }

    /// Takes the folder as a home: makes it, for this user alone, where it is not there, and checks it where it is.
    pub fn open(path: &Path) -> Result<HomeFolder, HomeError> {
        let path = std::path::absolute(path).map_err(io("find", path))?;
        match fs::metadata(&path) {
            Ok(found) => check(&path, &found)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(&path)
                    .map_err(io("make", &path))?;
                // The mode is subject to the umask, which can only take away; what is left has to be usable.
                fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).map_err(io("close", &path))?;
            }
            Err(error) => return Err(io("look at", &path)(error)),
        }
        Ok(HomeFolder { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The socket on which the holder answers.
    pub fn socket(&self) -> PathBuf {
        self.path.join("socket")
    }

    /// Takes the home for this process, which runs `command`, or says who has it.
    pub fn take(&self, command: &str) -> Result<Taken, HomeError> {
        let lock = match self.lock(command)? {
            Ok(lock) => lock,
            Err(holder) => return Ok(Taken::Held(holder)),
        };
        self.check_format()?;
        Ok(Taken::Ours(HeldHome {
            folder: self.clone(),
            _lock: lock,
        }))
    }

    /// Takes a folder in which there is no home yet, for one that is to be put there whole. What an earlier attempt left
    /// behind goes.
    pub(crate) fn take_new(&self, command: &str) -> Result<Result<NewHome, Holder>, HomeError> {
        let lock = match self.lock(command)? {
            Ok(lock) => lock,
            Err(holder) => return Ok(Err(holder)),
        };
        if self.path.join("format").symlink_metadata().is_ok() {
            return Err(HomeError::Used(self.path.clone()));
        }
        let new = NewHome {
            folder: self.clone(),
            _lock: lock,
        };
        if new.place().symlink_metadata().is_ok() {
            new.discard()?;
        }
        self.refuse_strange()?;
        fs::DirBuilder::new()
            .mode(0o700)
            .create(new.place())
            .map_err(io("make", &new.place()))?;
        Ok(Ok(new))
    }

    /// Locks the folder, or says who has it.
    fn lock(&self, command: &str) -> Result<Result<File, Holder>, HomeError> {
        let place = self.path.join("lock");
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&place)
            .map_err(io("open", &place))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Ok(Err(read_holder(&mut lock))),
            Err(fs::TryLockError::Error(error)) => return Err(io("lock", &place)(error)),
        }
        let write = |lock: &mut File| {
            lock.set_len(0)?;
            lock.rewind()?;
            lock.write_all(format!("{}\n{command}\n", std::process::id()).as_bytes())
        };
        write(&mut lock).map_err(io("write", &place))?;
        Ok(Ok(lock))
    }

    /// Whether there is anything in the folder but the lock and a marker.
    fn is_strange(&self) -> Result<bool, HomeError> {
        for entry in fs::read_dir(&self.path).map_err(io("read", &self.path))? {
            let name = entry.map_err(io("read", &self.path))?.file_name();
            if name != "lock" && name != "format" && name != NEXT_MARKER {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Refuses a folder that has something else in it.
    fn refuse_strange(&self) -> Result<(), HomeError> {
        match self.is_strange()? {
            true => Err(HomeError::Strange(self.path.clone())),
            false => Ok(()),
        }
    }

    /// Reads the marker, or writes it in a folder that has nothing else.
    fn check_format(&self) -> Result<(), HomeError> {
        let marker = self.path.join("format");
        match fs::read_to_string(&marker) {
            Ok(text) => match text.trim().parse::<u32>() {
                Ok(FORMAT) => Ok(()),
                // What an older version wrote is read as it is; from now on there is in it what that version cannot read.
                Ok(1..FORMAT) => self.mark(),
                Ok(found) if found > FORMAT => Err(HomeError::Newer {
                    path: self.path.clone(),
                    found: found.to_string(),
                }),
                // It was about to be written when the process was killed: there is nothing else yet.
                _ if text.is_empty() && !self.is_strange()? => self.mark(),
                _ => Err(HomeError::Marker(marker)),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.refuse_strange()?;
                self.mark()
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(HomeError::Marker(marker)),
            Err(error) => Err(io("read", &marker)(error)),
        }
    }

    /// Writes the marker, whole or not at all. It is on disk before anything else is.
    fn mark(&self) -> Result<(), HomeError> {
        let next = self.path.join(NEXT_MARKER);
        File::create(&next)
            .and_then(|mut file| {
                writeln!(file, "{FORMAT}")?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&next, self.path.join("format")))
            .map_err(io("write", &next))?;
        sync(&self.path)
    }
}

impl HeldHome {
    /// The folder.
    pub fn folder(&self) -> &HomeFolder {
        &self.folder
    }

    /// A folder in the home, made where it is not there.
    pub fn room(&self, name: &str) -> Result<PathBuf, HomeError> {
        let path = self.folder.path.join(name);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(io("make", &path))?;
        Ok(path)
    }
}

/// A folder that is to become a home. What it will hold is put into a folder in it first, and moved when all of it is
/// there; the marker that makes it a home is written last.
pub(crate) struct NewHome {
    folder: HomeFolder,
    _lock: File,
}

impl NewHome {
    /// Rooms that can be restored.
    const ROOMS: [&str; 2] = ["store", "plugins"];

    fn place(&self) -> PathBuf {
        self.folder.path.join("restoring")
    }

    /// A folder of the home to be.
    pub(crate) fn room(&self, name: &str) -> Result<PathBuf, HomeError> {
        let path = self.place().join(name);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(io("make", &path))?;
        Ok(path)
    }

    /// Makes the folder a home.
    pub(crate) fn publish(self) -> Result<(), HomeError> {
        let home = &self.folder.path;
        for room in NewHome::ROOMS {
            let from = self.place().join(room);
            fs::rename(&from, home.join(room)).map_err(io("move", &from))?;
        }
        sync(home)?;
        self.folder.mark()?;
        fs::remove_dir(self.place()).map_err(io("remove", &self.place()))?;
        sync(home)
    }

    /// Takes away what was put there.
    pub(crate) fn discard(&self) -> Result<(), HomeError> {
        // The folder that says that the others are no home's goes last.
        let rooms = NewHome::ROOMS.map(|room| self.folder.path.join(room));
        for path in rooms.into_iter().chain([self.place()]) {
            match fs::remove_dir_all(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(io("remove", &path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn sync(folder: &Path) -> Result<(), HomeError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(io("write", folder))
}

fn check(path: &Path, found: &fs::Metadata) -> Result<(), HomeError> {
    if !found.is_dir() {
        return Err(HomeError::NotAFolder(path.to_owned()));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(HomeError::NotOurs(path.to_owned()));
    }
    let mode = found.mode() & 0o777;
    if mode & 0o077 != 0 {
        let path = path.to_owned();
        return Err(HomeError::Open { path, mode });
    }
    Ok(())
}

/// Who wrote into the lock's file. The holder may be just about to write: then there is no name yet.
fn read_holder(lock: &mut File) -> Holder {
    let mut text = String::new();
    // What cannot be read is the same as what is not written yet.
    let _ = lock.take(4_096).read_to_string(&mut text);
    let mut lines = text.lines();
    Holder {
        pid: lines.next().and_then(|line| line.parse().ok()).unwrap_or(0),
        command: lines
            .next()
            .unwrap_or("a command that is just starting")
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(path: &Path) -> String {
        HomeFolder::open(path)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn made_on_first_use_for_this_user_alone() {
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("a/home");
        let home = HomeFolder::open(&path).unwrap();
        assert_eq!(fs::metadata(home.path()).unwrap().mode() & 0o777, 0o700);
        assert!(HomeFolder::open(&path).is_ok());
    }

    #[test]
    fn open_folders_and_files_are_refused_and_left_alone() {
        let outer = tempfile::tempdir().unwrap();
        for mode in [0o750, 0o705, 0o770, 0o711] {
            fs::set_permissions(outer.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert!(
                refused(outer.path()).contains("can be read by others"),
                "{mode:o}"
            );
            assert_eq!(fs::metadata(outer.path()).unwrap().mode() & 0o777, mode);
        }
        fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let file = outer.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(refused(&file).contains("is not a folder"));
    }

    #[test]
    fn one_process_at_a_time_and_the_holder_is_named() {
        let outer = tempfile::tempdir().unwrap();
        let home = HomeFolder::open(&outer.path().join("home")).unwrap();
        let Taken::Ours(held) = home.take("sync").unwrap() else {
            panic!("a new home is free");
        };
        let Taken::Held(holder) = home.take("asset list").unwrap() else {
            panic!("it was taken twice");
        };
        assert_eq!(
            (holder.pid, holder.command.as_str()),
            (std::process::id(), "sync")
        );
        drop(held);
        assert!(matches!(home.take("asset list").unwrap(), Taken::Ours(_)));
    }

    #[test]
    fn homes_of_newer_versions_and_other_folders_are_refused() {
        let outer = tempfile::tempdir().unwrap();
        let home = HomeFolder::open(&outer.path().join("home")).unwrap();
        drop(home.take("x").unwrap());
        assert_eq!(fs::read_to_string(home.path().join("format")).unwrap(), "2\n");
        fs::write(home.path().join("format"), "3\n").unwrap();
        let error = home.take("x").err().unwrap();
        assert!(error.to_string().contains("has layout 3"), "{error}");
        for torn in ["", "x", "0"] {
            fs::write(home.path().join("format"), torn).unwrap();
            fs::write(home.path().join("socket"), "").unwrap();
            let error = home.take("x").err().unwrap();
            assert!(matches!(error, HomeError::Marker(_)), "{torn:?}: {error}");
        }
        // Its making was cut off: there is nothing else yet.
        fs::remove_file(home.path().join("socket")).unwrap();
        fs::write(home.path().join("format"), "").unwrap();
        drop(home.take("x").unwrap());
        assert_eq!(fs::read_to_string(home.path().join("format")).unwrap(), "2\n");

        // A home of an older version is one of this version from now on, which that version refuses.
        fs::write(home.path().join("format"), "1\n").unwrap();
        fs::write(home.path().join("format.next"), "").unwrap();
        fs::write(home.path().join("socket"), "").unwrap();
        drop(home.take("x").unwrap());
        assert_eq!(fs::read_to_string(home.path().join("format")).unwrap(), "2\n");
        assert!(!home.path().join("format.next").exists());

        let other = outer.path().join("photos");
        let folder = HomeFolder::open(&other).unwrap();
        fs::write(other.join("cat.jpg"), "").unwrap();
        assert!(matches!(folder.take("x").err().unwrap(), HomeError::Strange(_)));
    }
}
