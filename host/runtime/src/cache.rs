//! Compiled plugins on disk. What is in the folder is run as machine code, so only its user may write there: the folder
//! is theirs alone, files in it are theirs and no links, and whoever reads sees a whole file or none. A file's name is
//! made of what was compiled and of the engine's settings, so nothing in it is ever out of date.

use std::fs::File;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::PluginError;
use crate::compile::{self, Compiler};
use crate::limits::Limits;
use crate::load;

/// The folder.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    engine: String,
}

impl Cache {
    /// Opens or makes the folder. `why` it cannot be used is for people.
    pub(crate) fn open(folder: &Path, engine: &Engine) -> Result<Cache, String> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|why| why.to_string())?;
        let about = std::fs::symlink_metadata(folder).map_err(|why| why.to_string())?;
        if !about.is_dir() {
            return Err("it is a link or a file and has to be a folder".to_owned());
        }
        if about.uid() != rustix::process::geteuid().as_raw() {
            return Err("it belongs to another user, who could put code there".to_owned());
        }
        if about.mode() & 0o077 != 0 {
            let own = std::fs::Permissions::from_mode(0o700);
            std::fs::set_permissions(folder, own).map_err(|why| format!("others may write there: {why}"))?;
        }
        let mut hash = Hashed(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hash);
        let engine = hex::encode(hash.0.finalize());
        Ok(Cache {
            folder: folder.to_owned(),
            engine: engine.get(..16).unwrap_or(&engine).to_owned(),
        })
    }

    /// Where it stands.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The compiled form of a component, from the folder or compiled now. `digest` is the component's sha256 in hex.
    pub(crate) fn component(
        &self,
        engine: &Engine,
        compiler: &Compiler,
        plugin: &str,
        digest: &str,
        component: &[u8],
        limits: &Limits,
    ) -> Result<Component, PluginError> {
        let not_ready = |why: String| PluginError::NotReady {
            plugin: plugin.to_owned(),
            folder: self.folder.clone(),
            why,
        };
        let file = self.folder.join(format!("{digest}-{}.cwasm", self.engine));
        if own_file(&file).map_err(not_ready)?
            && let Ok(ready) = load::component(engine, &file)
        {
            return Ok(ready);
        }
        // It is not there, or was written on another processor or by half: it is made anew, by one at a time. Whoever
        // waited may find it done.
        let lock =
            File::create(self.folder.join("compiling.lock")).map_err(|why| not_ready(why.to_string()))?;
        lock.lock().map_err(|why| not_ready(why.to_string()))?;
        if own_file(&file).map_err(not_ready)?
            && let Ok(ready) = load::component(engine, &file)
        {
            return Ok(ready);
        }
        let (source, code) = (file.with_extension("wasm"), file.with_extension("part"));
        std::fs::write(&source, component).map_err(|why| not_ready(why.to_string()))?;
        let made = compile::run(compiler, plugin, &source, &code, &self.folder, limits)
            .and_then(|()| std::fs::rename(&code, &file).map_err(|why| not_ready(why.to_string())));
        let cleared = std::fs::remove_file(&source);
        if made.is_err() {
            // Where the compiler left nothing there is nothing to take away.
            drop(std::fs::remove_file(&code));
        }
        made?;
        cleared.map_err(|why| not_ready(why.to_string()))?;
        load::component(engine, &file).map_err(|why| not_ready(format!("{why:#}")))
    }
}

/// Whether the file is there. One that is a link, or another user's, or writable for others, is an error.
fn own_file(file: &Path) -> Result<bool, String> {
    let opened = rustix::fs::open(
        file,
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    );
    let opened = match opened {
        Ok(opened) => File::from(opened),
        Err(rustix::io::Errno::NOENT) => return Ok(false),
        Err(rustix::io::Errno::LOOP) => return Err(format!("{} is a link", file.display())),
        Err(why) => return Err(why.to_string()),
    };
    let about = opened.metadata().map_err(|why| why.to_string())?;
    if !about.is_file() || about.uid() != rustix::process::geteuid().as_raw() || about.mode() & 0o022 != 0 {
        return Err(format!(
            "{} is not a file that only its user can write",
            file.display()
        ));
    }
    Ok(true)
}

/// Feeds what is hashed to sha256: the standard hasher may change with the compiler.
struct Hashed(Sha256);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_becomes_its_users_alone_and_links_are_refused() {
        let place = tempfile::tempdir().unwrap();
        let engine = crate::engine::engine(&Limits::TABLE).unwrap();
        let folder = place.path().join("cache");
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        Cache::open(&folder, &engine).unwrap();
        assert_eq!(std::fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);

        let link = place.path().join("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        assert!(Cache::open(&link, &engine).unwrap_err().contains("a link"));

        let (real, linked) = (folder.join("real"), folder.join("linked"));
        std::fs::write(&real, b"x").unwrap();
        std::os::unix::fs::symlink(&real, &linked).unwrap();
        assert_eq!(own_file(&folder.join("none")), Ok(false));
        assert_eq!(own_file(&real), Ok(true));
        assert!(own_file(&linked).unwrap_err().ends_with("is a link"));
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert!(own_file(&real).is_err());
    }

    #[test]
    fn the_engines_hash_does_not_change_within_a_version() {
        let hash = |limits: &Limits| {
            let place = tempfile::tempdir().unwrap();
            Cache::open(place.path(), &crate::engine::engine(limits).unwrap())
                .unwrap()
                .engine
        };
        assert_eq!(hash(&Limits::TABLE), hash(&Limits::TABLE));
    }
}
