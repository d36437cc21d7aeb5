//! A module becomes a component: wrapped, validated, written in one step.

use std::path::Path;

use sha2::{Digest, Sha256};
use wit_component::ComponentEncoder;

use crate::cargo::Module;
use crate::{BuildError, BuiltComponent, component_file};

/// Changes whenever the same module would be wrapped differently.
const WRAPPING: &str = "wit-component 0.263";

/// Wraps `module` into `folder`. Where the component there was made of the same module, it stays.
pub(crate) fn wrap(
    module: &Module,
    folder: &Path,
    report: &mut dyn FnMut(&str),
) -> Result<BuiltComponent, BuildError> {
    let path = folder.join(component_file(&module.package));
    let stamp = path.with_extension("made-of");
    let bytes = std::fs::read(&module.path).map_err(|why| BuildError::file("read", &module.path, why))?;
    let made_of = format!("{WRAPPING} {}", hex::encode(Sha256::digest(&bytes)));
    let component = match std::fs::read(&path) {
        Ok(known) if std::fs::read_to_string(&stamp).is_ok_and(|told| told == written(&made_of, &known)) => {
            known
        }
        _ => {
            let component = encode(&module.package, &bytes)?;
            write(&path, &component)?;
            write(&stamp, written(&made_of, &component).as_bytes())?;
            report(&format!("{}: {} bytes", path.display(), component.len()));
            component
        }
    };
    Ok(BuiltComponent {
        package: module.package.clone(),
        digest: hex::encode(Sha256::digest(&component)),
        size: component.len() as u64,
        path,
    })
}

/// The stamp names both ends, so that a component changed by another hand is made anew.
fn written(made_of: &str, component: &[u8]) -> String {
    format!("{made_of} {}", hex::encode(Sha256::digest(component)))
}

fn encode(package: &str, module: &[u8]) -> Result<Vec<u8>, BuildError> {
    let refused = |why: &dyn std::fmt::Display| BuildError::NotAComponent {
        package: package.to_owned(),
        words: why.to_string(),
    };
    let mut encoder = ComponentEncoder::default();
    encoder
        .validate(true)
        .module(module)
        .map_err(|why| refused(&format!("{why:#}")))?;
    encoder.encode().map_err(|why| refused(&format!("{why:#}")))
}

/// Whoever reads the file sees the old content or the new one.
fn write(path: &Path, content: &[u8]) -> Result<(), BuildError> {
    let aside = path.with_extension(format!("{}.part", std::process::id()));
    std::fs::write(&aside, content).map_err(|why| BuildError::file("write", &aside, why))?;
    std::fs::rename(&aside, path).map_err(|why| BuildError::file("write", path, why))
}
