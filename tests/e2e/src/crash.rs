//! The binary under test with something loaded before the C library that counts what it writes around its home: at the
//! n-th moment it dies, or finds the disk full from there on. So every write of the real binary to the real store can be
//! its last, whole or half, on any Linux machine with a Rust compiler.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What happens at the n-th moment of writing around the home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// The process is killed.
    Dies(u64),
    /// From then on the disk is full.
    Full(u64),
}

/// Lets a command take the machine's clock to be ahead by so many seconds.
pub fn clock_ahead(command: &mut tokio::process::Command, seconds: i64) {
    command
        .env("LD_PRELOAD", interposer())
        .env("CRASH_CLOCK", seconds.to_string());
}

impl Crash {
    /// Lets a command on a home meet its fate.
    pub fn befall(self, command: &mut tokio::process::Command, home: &Path) {
        let (how, at) = match self {
            Crash::Dies(at) => ("kill", at),
            Crash::Full(at) => ("full", at),
        };
        command
            .env("LD_PRELOAD", interposer())
            .env("CRASH_UNDER", home)
            .env("CRASH_AT", at.to_string())
            .env("CRASH_HOW", how);
    }
}

/// The library, compiled once a process.
fn interposer() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let source = crate::root().join("tests/e2e/interposer/crash.rs");
        let library = crate::target().join("e2e-cache").join("crash.so");
        std::fs::create_dir_all(library.parent().expect("it has a folder")).expect("it can be made");
        // Built aside, so that another process never loads half of it, nor comes upon its object files.
        let folder = library.with_extension(std::process::id().to_string());
        std::fs::create_dir_all(&folder).expect("it can be made");
        let aside = folder.join("crash.so");
        let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let built = Command::new(compiler)
            .args([
                "--edition",
                "2024",
                "--crate-type",
                "cdylib",
                "-O",
                "-C",
                "panic=abort",
                "-o",
            ])
            .arg(&aside)
            .arg(&source)
            .status()
            .expect("a Rust compiler can be started");
        assert!(built.success(), "{} does not compile", source.display());
        std::fs::rename(&aside, &library).expect("it can be moved");
        std::fs::remove_dir_all(&folder).expect("it is ours");
        library
    })
}
