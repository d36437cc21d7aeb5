//! What the end-to-end tests stand on: the real binary in a home of its own, and the simulator beside it.
//!
//! The binary and the plugins have to be built: `cargo xtask test` does both before it runs the tests.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use connectwise_simulator::{Config, Simulator};
use serde_json::Value;
use tempfile::TempDir;

/// The workspace's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("the package stands two folders below the root").to_path_buf()
}

/// The folder this test was built into: the binary stands in it, plugins beside it.
pub fn target() -> PathBuf {
    let here = std::env::current_exe().expect("a running test has a path");
    let profile = here.ancestors().find(|folder| folder.join("deps").is_dir());
    profile.and_then(Path::parent).expect("tests are built into a target folder").to_path_buf()
}

/// The binary under test.
pub fn binary() -> PathBuf {
    let binary = target().join("debug").join(format!("dovetail{}", std::env::consts::EXE_SUFFIX));
    assert!(binary.is_file(), "{} is missing: run `cargo xtask build`", binary.display());
    binary
}

/// A component built from a package of this workspace.
pub fn component(package: &str) -> PathBuf {
    let file = format!("{}.wasm", package.replace('-', "_"));
    let path = target().join("guests/components").join(file);
    assert!(path.is_file(), "{} is missing: run `cargo xtask build`", path.display());
    path
}

/// A home of its own, gone with the test.
pub struct Home {
    folder: TempDir,
}

/// How a command ended and what it printed.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Its output.
    pub stdout: String,
    /// What it said beside it.
    pub stderr: String,
}

impl Ran {
    /// The output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON on stdout ({error}): {self:#?}"))
    }

    /// The code of the error document on stderr.
    pub fn error_code(&self) -> String {
        let line = self.stderr.lines().find(|line| line.starts_with('{')).unwrap_or_default();
        let document: Value = serde_json::from_str(line).unwrap_or_default();
        document.pointer("/error/code").and_then(Value::as_str).unwrap_or_else(|| panic!("{self:#?}")).to_owned()
    }

    /// The run itself, where it ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }
}

impl Home {
    /// A new one.
    pub fn new() -> Home {
        Home { folder: TempDir::new().expect("a temporary folder can be made") }
    }

    /// Its folder; it need not be there before the first command.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A file beside the home.
    pub fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("a file can be written into the temporary folder");
        path.display().to_string()
    }

    /// A command on this home. Compiled plugins are shared by all tests, as they are by a user's homes.
    pub fn command(&self, words: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(binary());
        command
            .args(words)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("DOVETAIL_HOME", self.path())
            .env("DOVETAIL_CACHE", target().join("e2e-cache"))
            .env("PRIVATE_KEY", connectwise_simulator::Credentials::default().private_key)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, words: &[&str]) -> Ran {
        let output = self.command(words).output().await.expect("the binary can be started");
        ran(&output)
    }

    /// Runs a command with JSON output to its end.
    pub async fn json(&self, words: &[&str]) -> Value {
        let words: Vec<&str> = words.iter().copied().chain(["--format", "json"]).collect();
        self.run(&words).await.exits(0).json()
    }

    /// Adds an integration with the simulator, without connecting it.
    pub async fn add(&self, name: &str, simulator: &Simulator) -> Ran {
        let words = self.add_words(name, simulator);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.run(&words).await
    }

    /// The words with which an integration with the simulator is added.
    pub fn add_words(&self, name: &str, simulator: &Simulator) -> Vec<String> {
        let credentials = simulator.credentials();
        let authority = self.file(&format!("{name}-ca.pem"), simulator.ca_pem());
        let words = [
            "integration", "add", name, "--connector", "connectwise", "--set",
            &format!("site={}", simulator.address()), "--set", &format!("company={}", credentials.company_id),
            "--set", &format!("public-key={}", credentials.public_key), "--set",
            &format!("client-id={}", credentials.client_id), "--secret", "private-key=env:PRIVATE_KEY", "--ca-file",
            &authority, "--allow-private-network", "--requests-per-minute", "unlimited",
        ];
        words.map(str::to_owned).to_vec()
    }

    /// Adds an integration and chooses everything that is recommended.
    pub async fn connected(name: &str, simulator: &Simulator) -> Home {
        let home = Home::new();
        home.add(name, simulator).await.exits(0);
        home.choose(name).await;
        home
    }

    /// Chooses everything that is recommended.
    pub async fn choose(&self, name: &str) {
        self.run(&["settings", "set", name, "--select", "company-types=recommended", "--select",
            "company-statuses=recommended", "--select", "configuration-types=recommended", "--select",
            "configuration-statuses=recommended", "--select", "contact-types=all", "--select",
            "ticket-boards=recommended"]).await.exits(0);
    }
}

impl Default for Home {
    fn default() -> Home {
        Home::new()
    }
}

/// How a process ended.
pub fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A simulator with the demo's records, strict.
pub async fn simulator() -> Simulator {
    Simulator::start(Config::default()).await.expect("the simulator starts")
}
