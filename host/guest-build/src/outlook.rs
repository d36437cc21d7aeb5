//! Which way guests would be compiled, without fetching or installing anything.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::clean_environment;
use crate::toolchain::{
    DEBIAN_CARGO, DEBIAN_PACKAGES, debian_rust_is_new_enough, debian_sources, has_target, is_debian_12,
    linker, sysroot,
};
use crate::{BuildError, TARGET};

/// The way that `build` would go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// The toolchain in use has the standard library for the target.
    Ready {
        /// Its folder.
        sysroot: PathBuf,
    },
    /// Debian's compiler makes the standard library from source.
    FromSource {
        /// Its cargo.
        cargo: PathBuf,
    },
    /// It would be fetched or installed first, by this command.
    ToFetch {
        /// The command.
        command: String,
    },
    /// A person has to do this first.
    Missing {
        /// What.
        todo: String,
    },
}

/// Looks at what is there for a package in `root`.
pub fn outlook(root: &Path) -> Result<Outlook, BuildError> {
    let sysroot = sysroot(root)?;
    if has_target(&sysroot) {
        return Ok(Outlook::Ready { sysroot });
    }
    let debian = is_debian_12();
    if debian && debian_rust_is_new_enough() && debian_sources().exists() && linker(&sysroot).is_some() {
        let cargo = PathBuf::from(DEBIAN_CARGO);
        return Ok(Outlook::FromSource { cargo });
    }
    let mut rustup = Command::new("rustup");
    clean_environment(&mut rustup, false);
    let add = format!("rustup target add {TARGET}");
    Ok(
        if rustup
            .arg("--version")
            .output()
            .is_ok_and(|output| output.status.success())
        {
            Outlook::ToFetch { command: add }
        } else if debian {
            Outlook::ToFetch {
                command: format!("apt-get install {}", DEBIAN_PACKAGES.join(" ")),
            }
        } else {
            Outlook::Missing {
                todo: format!("install Rust with rustup, then `{add}`"),
            }
        },
    )
}
