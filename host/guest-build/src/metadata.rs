//! What cargo knows of a workspace: its target folder and which packages make a module.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

use crate::BuildError;
use crate::cargo::clean_environment;

/// A workspace as cargo sees it.
pub(crate) struct Project {
    /// The workspace's folder.
    pub(crate) root: PathBuf,
    /// The target folder cargo would use.
    pub(crate) target: PathBuf,
    packages: Vec<Package>,
}

struct Package {
    name: String,
    folder: PathBuf,
    cdylib: Option<String>,
}

/// A package that makes a module.
pub(crate) struct Guest {
    /// The package's name.
    pub(crate) package: String,
    /// The name of its cdylib.
    pub(crate) library: String,
}

/// Asks cargo about the workspace that `root` belongs to. `CARGO_TARGET_DIR` is obeyed.
pub(crate) fn read(root: &Path) -> Result<Project, BuildError> {
    let mut command = Command::new("cargo");
    clean_environment(&mut command, true);
    command
        .current_dir(root)
        .args(["metadata", "--format-version", "1", "--no-deps"]);
    let output = command.output().map_err(|why| BuildError::NoProgram {
        program: "cargo".to_owned(),
        why,
    })?;
    let unreadable = |words: String| BuildError::NoPackage {
        root: root.to_owned(),
        words,
    };
    if !output.status.success() {
        return Err(unreadable(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ));
    }
    let json: Json = serde_json::from_slice(&output.stdout).map_err(|why| unreadable(why.to_string()))?;
    project(&json).ok_or_else(|| unreadable("its metadata has another form than expected".to_owned()))
}

fn project(json: &Json) -> Option<Project> {
    let mut packages = Vec::new();
    for package in json.get("packages")?.as_array()? {
        let cdylib = package.get("targets")?.as_array()?.iter().find(|target| {
            let types = target.get("crate_types").and_then(Json::as_array);
            types.is_some_and(|types| types.iter().any(|kind| kind == "cdylib"))
        });
        packages.push(Package {
            name: package.get("name")?.as_str()?.to_owned(),
            folder: Path::new(package.get("manifest_path")?.as_str()?)
                .parent()?
                .to_owned(),
            cdylib: cdylib
                .and_then(|target| target.get("name"))
                .and_then(Json::as_str)
                .map(str::to_owned),
        });
    }
    let folder = |key: &str| json.get(key).and_then(Json::as_str).map(PathBuf::from);
    Some(Project {
        root: folder("workspace_root")?,
        target: folder("target_directory")?,
        packages,
    })
}

impl Project {
    /// The packages that make a module, by name: everything in the workspace that becomes a plugin.
    pub(crate) fn modules(&self) -> impl Iterator<Item = &str> {
        self.packages
            .iter()
            .filter(|package| package.cdylib.is_some())
            .map(|package| package.name.as_str())
    }

    /// The packages asked for, each with its module's name; the package in `root` where none is named.
    pub(crate) fn guests(&self, root: &Path, names: &[String]) -> Result<Vec<Guest>, BuildError> {
        if names.is_empty() {
            let here = root
                .canonicalize()
                .map_err(|why| BuildError::file("read", root, why))?;
            let found = self
                .packages
                .iter()
                .find(|package| package.folder.canonicalize().is_ok_and(|it| it == here));
            let package = found.ok_or_else(|| BuildError::NoPackage {
                root: root.to_owned(),
                words: "its Cargo.toml has no [package]".to_owned(),
            })?;
            return Ok(vec![package.guest()?]);
        }
        names
            .iter()
            .map(|name| {
                let found = self.packages.iter().find(|package| package.name == *name);
                found
                    .ok_or_else(|| BuildError::UnknownPackage {
                        package: name.clone(),
                        root: self.root.clone(),
                    })?
                    .guest()
            })
            .collect()
    }
}

impl Package {
    fn guest(&self) -> Result<Guest, BuildError> {
        let library = self.cdylib.clone().ok_or_else(|| BuildError::NotACdylib {
            package: self.name.clone(),
        })?;
        Ok(Guest {
            package: self.name.clone(),
            library,
        })
    }
}
