//! Projects in Rust: cargo and a standard library for the guests' target.

use std::path::Path;

use dovetail_guest_build::GuestSpec;

use crate::KitError;

/// The package's name.
pub(crate) fn name(dir: &Path) -> Result<String, KitError> {
    let file = dir.join("Cargo.toml");
    let text = std::fs::read_to_string(&file).map_err(|why| KitError::file("read", &file, why))?;
    crate::python::string_at(&text, &["package", "name"]).map_err(|what| KitError::Manifest { file, what })
}

/// Builds the component at `out`.
pub(crate) fn build(dir: &Path, out: &Path, report: &mut dyn FnMut(&str)) -> Result<(), KitError> {
    let spec = GuestSpec {
        root: dir.to_owned(),
        packages: Vec::new(),
        target: None,
    };
    for built in dovetail_guest_build::build(&spec, report)? {
        std::fs::copy(&built.path, out).map_err(|why| KitError::file("write", out, why))?;
    }
    Ok(())
}
