//! A component on its way to its place. It is built beside it, as `….part`, and takes the place only when it is told to:
//! until then what stands there stays as it is. A part that is not kept is removed.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::KitError;

/// A component that was built and has not taken its place yet. Dropped, it is gone.
#[derive(Debug)]
pub struct Built {
    part: PathBuf,
    place: PathBuf,
}

impl Built {
    /// Looks at the place before anything is built: nobody waits for a build that has nowhere to go.
    pub(crate) fn at(place: PathBuf) -> Result<Built, KitError> {
        let named_as_folder = place.as_os_str().as_encoded_bytes().ends_with(b"/");
        let Some(name) = place.file_name().filter(|_| !named_as_folder && !place.is_dir()) else {
            return Err(KitError::OutIsFolder { place });
        };
        let mut part = name.to_owned();
        part.push(".part");
        let part = place.with_file_name(part);
        let folder = match place.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            let folder = folder.to_owned();
            return Err(KitError::NoFolder { folder });
        }
        // One that a broken build left is not what this build makes.
        match fs::remove_file(&part) {
            Err(why) if why.kind() != ErrorKind::NotFound => Err(KitError::file("remove", &part, why)),
            _ => Ok(Built { part, place }),
        }
    }

    /// Where it stands until it is kept.
    pub fn part(&self) -> &Path {
        &self.part
    }

    /// Where it will stand.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Puts it at its place in one step: whoever reads the file sees the old component or the new one. Gives the place.
    pub fn keep(self) -> Result<PathBuf, KitError> {
        fs::rename(&self.part, &self.place).map_err(|why| KitError::file("write", &self.place, why))?;
        Ok(self.place.clone())
    }
}

impl Drop for Built {
    fn drop(&mut self) {
        // It is not there where it was kept, or where the build made none.
        let _ = fs::remove_file(&self.part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_there_stays_until_the_new_one_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("odd.wasm");
        fs::write(&place, "old").unwrap();
        fs::write(folder.path().join("odd.wasm.part"), "left over").unwrap();
        let built = Built::at(place.clone()).unwrap();
        assert!(!built.part().exists());
        assert_eq!(built.part(), folder.path().join("odd.wasm.part"));
        fs::write(built.part(), "refused").unwrap();
        drop(built);
        assert_eq!(fs::read_to_string(&place).unwrap(), "old");

        let built = Built::at(place.clone()).unwrap();
        fs::write(built.part(), "new").unwrap();
        assert_eq!(built.keep().unwrap(), place);
        assert_eq!(fs::read_to_string(&place).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_place_that_cannot_be_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().to_owned();
        let none = there.join("none");
        for place in [there.clone(), there.join("none/"), there.join(".."), "/".into()] {
            let refused = Built::at(place.clone()).unwrap_err();
            assert!(
                matches!(refused, KitError::OutIsFolder { .. }),
                "{place:?}: {refused}"
            );
        }
        let refused = Built::at(none.join("odd.wasm")).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("there is no folder {}", none.display())
        );
        assert_eq!(fs::read_dir(&there).unwrap().count(), 0);
    }
}
