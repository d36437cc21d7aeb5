//! Finds a standard library for the guests' target: the one that is installed, else the one rustup can fetch, else one
//! made from the sources that Debian 12 packages. What it does is reported before it is done.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cargo::clean_environment;
use crate::{BuildError, TARGET};

/// How long `rustup target add` may take. Where the network is closed it would try for many minutes.
const RUSTUP_PATIENCE: Duration = Duration::from_secs(60);

/// The packages of Debian 12 that hold a newer Rust and its sources.
pub(crate) const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// The oldest minor version of Rust 1 that the workspace takes.
const OLDEST_MINOR: u32 = 95;

/// A way to compile guests.
#[derive(Debug)]
pub(crate) enum Toolchain {
    /// The toolchain in use has the standard library.
    Ready {
        /// Its folder.
        sysroot: PathBuf,
    },
    /// Debian's compiler makes the standard library from source and links with a given linker.
    FromSource {
        /// A linker for WebAssembly.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// Cargo, set up for this way.
    pub(crate) fn cargo(&self) -> Command {
        match self {
            Toolchain::Ready { sysroot } => {
                let own = sysroot.join("bin").join("cargo");
                let mut command = Command::new(if own.exists() { own } else { PathBuf::from("cargo") });
                clean_environment(&mut command, false);
                let rustc = sysroot.join("bin").join("rustc");
                if rustc.exists() {
                    command.env("RUSTC", rustc);
                }
                command
            }
            Toolchain::FromSource { linker } => {
                let mut command = Command::new(DEBIAN_CARGO);
                clean_environment(&mut command, false);
                command.env_remove("RUSTUP_TOOLCHAIN");
                // The full names: rustup's shims stand before these on PATH.
                command.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
                command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                command.arg("-Zbuild-std=std,panic_abort");
                command
            }
        }
    }
}

pub(crate) const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Looks in order; `memory` is the folder in which a failed fetch is remembered.
pub(crate) fn find(
    root: &Path,
    memory: &Path,
    report: &mut dyn FnMut(&str),
) -> Result<Toolchain, BuildError> {
    let sysroot = sysroot(root)?;
    if has_target(&sysroot) {
        return Ok(Toolchain::Ready { sysroot });
    }
    let mut tried = vec![format!("- {} has none installed", sysroot.display())];
    match fetch(root, &sysroot, memory, report) {
        Ok(()) if has_target(&sysroot) => return Ok(Toolchain::Ready { sysroot }),
        Ok(()) => tried.push("- `rustup target add` ended well but brought none".to_owned()),
        Err(why) => tried.push(format!("- `rustup target add {TARGET}`: {why}")),
    }
    match debian(&sysroot, report) {
        Ok(toolchain) => Ok(toolchain),
        Err((why, todo)) => {
            tried.push(format!("- {why}"));
            let mut ways = vec![format!("- rustup target add {TARGET}")];
            ways.extend(todo.map(|command| format!("- {command}")));
            Err(BuildError::NoStandardLibrary {
                tried: tried.join("\n"),
                todo: ways.join("\n"),
            })
        }
    }
}

/// The folder of the toolchain in use in `root`.
pub(crate) fn sysroot(root: &Path) -> Result<PathBuf, BuildError> {
    let mut command = Command::new("rustc");
    clean_environment(&mut command, false);
    let output = command
        .current_dir(root)
        .args(["--print", "sysroot"])
        .output()
        .map_err(|why| BuildError::NoProgram {
            program: "rustc".to_owned(),
            why,
        })?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

pub(crate) fn has_target(sysroot: &Path) -> bool {
    let folder = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    std::fs::read_dir(folder).is_ok_and(|mut files| {
        files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd-")))
    })
}

/// Asks rustup for the target, once: that it failed is remembered in a file which can be deleted.
fn fetch(root: &Path, sysroot: &Path, memory: &Path, report: &mut dyn FnMut(&str)) -> Result<(), String> {
    let note = memory.join("rustup-target-add.failed");
    if let Ok(earlier) = std::fs::read_to_string(&note)
        && let Some((place, why)) = earlier.split_once('\n')
        && Path::new(place) == sysroot
    {
        return Err(format!("{} (delete {} to try again)", why.trim(), note.display()));
    }
    report(&format!(
        "guests need the target {TARGET}: running `rustup target add {TARGET}` (at most 60 s)"
    ));
    let outcome = rustup(root);
    if let Err(why) = &outcome {
        report(&format!("rustup could not add it: {why}"));
        let words = format!("{}\n{why}\n", sysroot.display());
        std::fs::write(&note, words)
            .map_err(|error| format!("{why}; and that could not be noted: {error}"))?;
    }
    outcome
}

fn rustup(root: &Path) -> Result<(), String> {
    let mut command = Command::new("rustup");
    clean_environment(&mut command, false);
    let mut child = command
        .current_dir(root)
        .args(["target", "add", TARGET])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|why| format!("rustup is not there ({why})"))?;
    let end = Instant::now() + RUSTUP_PATIENCE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("it failed ({status})")),
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(100)),
            Ok(None) => {
                let stopped = child.kill().and_then(|()| child.wait());
                return Err(match stopped {
                    Ok(_) => "it did not end within 60 s".to_owned(),
                    Err(why) => format!("it did not end within 60 s and could not be stopped: {why}"),
                });
            }
            Err(why) => return Err(why.to_string()),
        }
    }
}

/// Debian's compiler and sources; installs them where this may be done. Else says why not and the command to run.
fn debian(sysroot: &Path, report: &mut dyn FnMut(&str)) -> Result<Toolchain, (String, Option<String>)> {
    if !is_debian_12() {
        return Err((
            "this is not Debian 12, whose packages could be used".to_owned(),
            None,
        ));
    }
    let mut wanted: Vec<&str> = Vec::new();
    if !debian_rust_is_new_enough() {
        wanted.extend(DEBIAN_PACKAGES.iter().take(2));
    }
    if !debian_sources().exists() {
        wanted.push(DEBIAN_PACKAGES[2]);
    }
    if linker(sysroot).is_none() {
        wanted.push("lld-19");
    }
    if !wanted.is_empty() {
        let command = format!(
            "apt-get install --yes --no-install-recommends {}",
            wanted.join(" ")
        );
        if !rustix::process::geteuid().is_root() {
            return Err((
                format!("the Debian packages {} are missing", wanted.join(", ")),
                Some(format!("sudo {command}")),
            ));
        }
        report(&format!(
            "guests need a standard library made from source: running `apt-get update` and `{command}`"
        ));
        if let Err(why) = apt(&["update"]).and_then(|()| {
            apt(&[
                &["install", "--yes", "--no-install-recommends"],
                wanted.as_slice(),
            ]
            .concat())
        }) {
            return Err((
                format!("`{command}` failed: {why}"),
                Some(format!("apt-get update && {command}")),
            ));
        }
    }
    let found = linker(sysroot).filter(|_| debian_rust_is_new_enough() && debian_sources().exists());
    let linker = found.ok_or_else(|| {
        (
            "the Debian packages are installed but hold no Rust that is new enough".to_owned(),
            None,
        )
    })?;
    report(&format!(
        "guests are built with {DEBIAN_CARGO} and a standard library made from source; the linker is {}",
        linker.display()
    ));
    Ok(Toolchain::FromSource { linker })
}

fn apt(words: &[&str]) -> Result<(), String> {
    let mut command = Command::new("apt-get");
    command
        .args(words)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null());
    let output = command.output().map_err(|why| why.to_string())?;
    let failed = || String::from_utf8_lossy(&output.stderr).trim().to_owned();
    output.status.success().then_some(()).ok_or_else(failed)
}

pub(crate) fn is_debian_12() -> bool {
    std::fs::read_to_string("/etc/os-release").is_ok_and(|text| {
        let has = |line: &str| text.lines().any(|known| known.replace('"', "") == line);
        has("ID=debian") && has("VERSION_ID=12")
    })
}

pub(crate) fn debian_rust_is_new_enough() -> bool {
    Path::new(DEBIAN_CARGO).exists()
        && Command::new(DEBIAN_RUSTC)
            .arg("--version")
            .output()
            .is_ok_and(|output| {
                minor(&String::from_utf8_lossy(&output.stdout)).is_some_and(|it| it >= OLDEST_MINOR)
            })
}

/// The minor version out of `rustc 1.96.0 (…)`.
fn minor(version: &str) -> Option<u32> {
    version.strip_prefix("rustc 1.")?.split('.').next()?.parse().ok()
}

/// The lock file of the standard library's sources, without which it cannot be built.
pub(crate) fn debian_sources() -> PathBuf {
    PathBuf::from("/usr/lib/rustlib/src/rust/library/Cargo.lock")
}

/// The toolchain's own linker, else Debian's.
pub(crate) fn linker(sysroot: &Path) -> Option<PathBuf> {
    let own = std::fs::read_dir(sysroot.join("lib/rustlib"))
        .ok()
        .and_then(|hosts| {
            hosts
                .filter_map(Result::ok)
                .map(|host| host.path().join("bin/rust-lld"))
                .find(|path| path.exists())
        });
    own.or_else(|| Some(PathBuf::from("/usr/bin/wasm-ld-19")).filter(|path| path.exists()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(minor("rustc 1.96.0 (ac68faa20 2026-05-25)"), Some(96));
        assert_eq!(minor("rustc 2.0.0"), None);
        assert_eq!(minor(""), None);
    }

    #[test]
    fn a_failed_fetch_is_not_tried_again() {
        let memory = std::env::temp_dir().join(format!("dovetail-fetch-{}", std::process::id()));
        std::fs::create_dir_all(&memory).unwrap();
        let sysroot = Path::new("/nowhere/toolchain");
        std::fs::write(
            memory.join("rustup-target-add.failed"),
            "/nowhere/toolchain\nit failed\n",
        )
        .unwrap();
        let mut lines = Vec::new();
        let why = fetch(Path::new("/"), sysroot, &memory, &mut |line| {
            lines.push(line.to_owned())
        })
        .unwrap_err();
        assert!(why.starts_with("it failed (delete "), "{why}");
        assert!(lines.is_empty(), "{lines:?}");
        std::fs::remove_dir_all(&memory).unwrap();
    }
}
