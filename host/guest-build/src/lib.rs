//! Sources of a plugin to a checked component.
//!
//! A guest is compiled for `wasm32-unknown-unknown`, in a target folder of its own and with an environment cleaned of
//! what an outer cargo left there, and wrapped into a component that is validated before it is written. What is being
//! done, installed or fetched is reported as it happens. Nothing is done twice: cargo compiles what changed, and a
//! component is written again only where its module changed.

mod cargo;
mod component;
mod error;
mod metadata;
mod outlook;
mod toolchain;

use std::path::{Path, PathBuf};

pub use error::BuildError;
pub use outlook::{Outlook, outlook};

/// The target that guests are compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// What to build.
#[derive(Clone, Debug)]
pub struct GuestSpec {
    /// The folder with the `Cargo.toml` of the package or of its workspace.
    pub root: PathBuf,
    /// The packages; empty: the package that stands in `root` itself.
    pub packages: Vec<String>,
    /// The folder for everything built; none is `guests` in the target folder that cargo would use in `root`.
    pub target: Option<PathBuf>,
}

/// A component on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltComponent {
    /// The package it was made from.
    pub package: String,
    /// Where it stands.
    pub path: PathBuf,
    /// The sha256 of its bytes, in hex.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Builds all packages of `spec` in one call of cargo and wraps each into a component at
/// `<target>/components/<package, with _ for ->.wasm`. `report` is given one line at a time.
pub fn build(spec: &GuestSpec, report: &mut dyn FnMut(&str)) -> Result<Vec<BuiltComponent>, BuildError> {
    let project = metadata::read(&spec.root)?;
    let guests = project.guests(&spec.root, &spec.packages)?;
    let target = spec
        .target
        .clone()
        .unwrap_or_else(|| project.target.join("guests"));
    std::fs::create_dir_all(&target).map_err(|why| BuildError::file("create", &target, why))?;
    let toolchain = toolchain::find(&spec.root, &target, report)?;
    let modules = cargo::compile(&toolchain, &project, &guests, &target, report)?;
    let components = target.join("components");
    std::fs::create_dir_all(&components).map_err(|why| BuildError::file("create", &components, why))?;
    modules
        .iter()
        .map(|module| component::wrap(module, &components, report))
        .collect()
}

/// Builds packages of the workspace at `root` into [`components_dir`].
pub fn build_workspace_guests(
    root: &Path,
    packages: &[&str],
    report: &mut dyn FnMut(&str),
) -> Result<Vec<BuiltComponent>, BuildError> {
    let packages = packages.iter().map(|name| (*name).to_owned()).collect();
    build(
        &GuestSpec {
            root: root.to_owned(),
            packages,
            target: None,
        },
        report,
    )
}

/// Builds every guest of the workspace at `root`: stock, examples and hostile ones.
pub fn build_all(root: &Path, report: &mut dyn FnMut(&str)) -> Result<Vec<BuiltComponent>, BuildError> {
    let project = metadata::read(root)?;
    let packages: Vec<&str> = project.modules().collect();
    build_workspace_guests(root, &packages, report)
}

/// The folder in which components of the workspace at `root` are put: `guests/components` in its target folder.
pub fn components_dir(root: &Path) -> Result<PathBuf, BuildError> {
    Ok(metadata::read(root)?.target.join("guests").join("components"))
}

/// The file name of a package's component.
pub fn component_file(package: &str) -> String {
    format!("{}.wasm", package.replace('-', "_"))
}
