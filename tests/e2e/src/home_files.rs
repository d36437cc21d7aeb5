//! A home as files: copied as it stands, so that many fates can be tried from the same beginning.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use crate::Home;

impl Home {
    /// The same home in another place, its key beside it. No process may have it.
    pub fn copy(&self) -> Home {
        let copy = Home::new();
        let from = self.path();
        if from.is_dir() {
            copy_folder(&from, &copy.path());
        }
        let key = from.with_file_name("home.key");
        if key.is_file() {
            fs::copy(&key, copy.path().with_file_name("home.key")).expect("a key can be copied");
        }
        copy
    }

    /// The folder in which the home and its key stand.
    pub fn around(&self) -> &Path {
        self.folder.path()
    }
}

/// Copies a folder with the modes of what is in it. A socket that somebody left behind is no part of it.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::DirBuilder::new()
        .mode(0o700)
        .create(to)
        .expect("a folder can be made");
    let mode = fs::metadata(from).expect("it is there").permissions().mode();
    fs::set_permissions(to, fs::Permissions::from_mode(mode)).expect("it is ours");
    for entry in fs::read_dir(from).expect("it can be read") {
        let entry = entry.expect("it can be read");
        let (kind, target) = (
            entry.file_type().expect("it is there"),
            to.join(entry.file_name()),
        );
        if kind.is_dir() {
            copy_folder(&entry.path(), &target);
        } else if kind.is_file() {
            fs::copy(entry.path(), &target).expect("a file can be copied");
        }
    }
}
