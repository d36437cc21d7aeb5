//! What the end-to-end tests stand on: the real binary in a home of its own, and the simulator beside it.
//!
//! The binary and the plugins have to be built: `cargo xtask test` does both before it runs the tests.

#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is the tests' own ground: a test that cannot go on has failed"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use connectwise_simulator::{Config, Simulator};
use rustix::process::{Pid, kill_process};
use serde_json::{Map, Value};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr};

pub use rustix::process::Signal;

pub mod crash;
mod home_files;

pub use home_files::copy_folder;

/// The workspace's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .expect("the package stands two folders below the root")
        .to_path_buf()
}

/// The folder this test was built into: the binary stands in it, plugins beside it.
pub fn target() -> PathBuf {
    let here = std::env::current_exe().expect("a running test has a path");
    let profile = here.ancestors().find(|folder| folder.join("deps").is_dir());
    profile
        .and_then(Path::parent)
        .expect("tests are built into a target folder")
        .to_path_buf()
}

/// The binary under test.
pub fn binary() -> PathBuf {
    let binary = target()
        .join("debug")
        .join(format!("dovetail{}", std::env::consts::EXE_SUFFIX));
    assert!(
        binary.is_file(),
        "{} is missing: run `cargo xtask build`",
        binary.display()
    );
    binary
}

/// A component built from a package of this workspace.
pub fn component(package: &str) -> PathBuf {
    let file = format!("{}.wasm", package.replace('-', "_"));
    let path = target().join("guests/components").join(file);
    assert!(
        path.is_file(),
        "{} is missing: run `cargo xtask build`",
        path.display()
    );
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

/// The row of a field in a table of fields, such as that of `mapping show`.
#[track_caller]
pub fn field_row<'t>(rows: &'t Value, kind: &str, field: &str) -> &'t Value {
    let mut rows = rows.as_array().expect("there are rows").iter();
    rows.find(|row| row["kind"] == kind && row["field"] == field)
        .unwrap_or_else(|| panic!("there is no row of {kind}.{field}"))
}

impl Ran {
    /// The output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON on stdout ({error}): {self:#?}"))
    }

    /// The code of the error document on stderr.
    pub fn error_code(&self) -> String {
        let line = self
            .stderr
            .lines()
            .find(|line| line.starts_with('{'))
            .unwrap_or_default();
        let document: Value = serde_json::from_str(line).unwrap_or_default();
        document
            .pointer("/error/code")
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{self:#?}"))
            .to_owned()
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
        Home {
            folder: TempDir::new().expect("a temporary folder can be made"),
        }
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
            .env(
                "PRIVATE_KEY",
                connectwise_simulator::Credentials::default().private_key,
            )
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, words: &[&str]) -> Ran {
        let output = self
            .command(words)
            .output()
            .await
            .expect("the binary can be started");
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
            "integration",
            "add",
            name,
            "--connector",
            "connectwise",
            "--set",
            &format!("site={}", simulator.address()),
            "--set",
            &format!("company={}", credentials.company_id),
            "--set",
            &format!("public-key={}", credentials.public_key),
            "--set",
            &format!("client-id={}", credentials.client_id),
            "--secret",
            "private-key=env:PRIVATE_KEY",
            "--ca-file",
            &authority,
            "--allow-private-network",
            "--requests-per-minute",
            "unlimited",
        ];
        words.map(str::to_owned).to_vec()
    }

    /// The same with other words in place of those that begin so.
    pub fn words_with(&self, name: &str, simulator: &Simulator, changes: &[(&str, &str)]) -> Vec<String> {
        let mut words = self.add_words(name, simulator);
        for (begins, to) in changes {
            let word = words.iter_mut().find(|word| word.starts_with(begins));
            *word.unwrap_or_else(|| panic!("no word begins with {begins}")) = (*to).to_owned();
        }
        words
    }

    /// Adds an integration with other words in place of those that begin so.
    pub async fn add_with(&self, name: &str, simulator: &Simulator, changes: &[(&str, &str)]) -> Ran {
        self.run_words(&self.words_with(name, simulator, changes)).await
    }

    /// Adds an integration and chooses everything that is recommended.
    pub async fn connected(name: &str, simulator: &Simulator) -> Home {
        let home = Home::new();
        home.add(name, simulator).await.exits(0);
        home.choose(name).await;
        home
    }

    /// Lays the overlay that puts a prefix before the names of configurations over all of an integration.
    pub async fn rename_configurations(&self, name: &str, prefix: &str) {
        let file = component("rename-configurations").display().to_string();
        self.run(&["plugin", "add", &file, "--yes"]).await.exits(0);
        let config = self.file(
            "rename.json",
            &serde_json::json!({ "prefix": prefix }).to_string(),
        );
        let overlay = ["--use", "rename-configurations", "--config", &config];
        self.run(&[&["mapping", "set", name], &overlay[..]].concat())
            .await
            .exits(0);
    }

    /// Lays rules over all of an integration: the stack as it is then.
    pub async fn rules(&self, name: &str, rules: &str) -> Value {
        let file = self.file("rules.toml", rules);
        self.json(&["mapping", "set", name, "--use", "rules", "--config", &file])
            .await
    }

    /// Chooses everything that is recommended.
    pub async fn choose(&self, name: &str) {
        self.run(&[
            "settings",
            "set",
            name,
            "--select",
            "company-types=recommended",
            "--select",
            "company-statuses=recommended",
            "--select",
            "configuration-types=recommended",
            "--select",
            "configuration-statuses=recommended",
            "--select",
            "contact-types=all",
            "--select",
            "ticket-boards=recommended",
        ])
        .await
        .exits(0);
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
    Simulator::start(Config::default())
        .await
        .expect("the simulator starts")
}

impl Ran {
    /// The error document on stderr: `code`, `message` and `hint`.
    #[track_caller]
    pub fn error(&self) -> Value {
        let line = self
            .stderr
            .lines()
            .find(|line| line.starts_with("{\"error\""))
            .unwrap_or_default();
        let document: Value = serde_json::from_str(line).unwrap_or_default();
        assert!(document["error"].is_object(), "no error document: {self:#?}");
        document["error"].clone()
    }
}

impl Home {
    /// Runs a command that has to fail: its error document. With the words that were given and JSON output.
    pub async fn fails(&self, words: &[&str], code: i32) -> Value {
        let words: Vec<&str> = words.iter().copied().chain(["--format", "json"]).collect();
        self.run(&words).await.exits(code).error()
    }

    /// Runs a command given as texts.
    pub async fn run_words(&self, words: &[String]) -> Ran {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.run(&words).await
    }

    /// Every record as the PSA's content makes it: by kind and PSA id, without own ids and times.
    pub async fn content(&self) -> Content {
        let mut content = BTreeMap::new();
        for kind in KINDS {
            let listed = self.json(&["asset", "list", kind]).await;
            for mut record in listed.as_array().expect("a list").clone() {
                let source = record["source"]["id"].as_str().unwrap_or("none").to_owned();
                let parts = ["name", "organization", "fields", "traits", "sync"];
                let mut kept: Map<String, Value> = parts
                    .iter()
                    .map(|part| ((*part).to_owned(), record[*part].take()))
                    .collect();
                for part in ["organization", "fields"] {
                    kept.get_mut(part).into_iter().for_each(without_ids);
                }
                let before = content.insert((kind.to_owned(), source.clone()), Value::Object(kept));
                assert!(before.is_none(), "{kind} {source} is there twice");
            }
        }
        content
    }

    /// Every record as it is printed, ids and times too.
    pub async fn everything(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for kind in KINDS {
            all.push(self.json(&["asset", "list", kind]).await);
        }
        all
    }

    /// The integration's row in `integration list`.
    pub async fn integration(&self, name: &str) -> Value {
        let all = self.json(&["integration", "list"]).await;
        let found = all
            .as_array()
            .expect("a list")
            .iter()
            .find(|row| row["name"] == name);
        found.unwrap_or_else(|| panic!("{name} is not listed")).clone()
    }

    /// Looks at an integration until none of its runs waits or is on: its row then.
    pub async fn settled(&self, name: &str) -> Value {
        loop {
            let row = self.integration(name).await;
            if row["status"] != "queued" && row["status"] != "syncing" {
                return row;
            }
        }
    }

    /// The records of a kind.
    pub async fn records(&self, kind: &str) -> Vec<Value> {
        self.json(&["asset", "list", kind])
            .await
            .as_array()
            .expect("a list")
            .clone()
    }

    /// Starts a command that is watched while it runs.
    pub fn start(&self, words: &[&str]) -> Started {
        Started::of(self.command(words))
    }

    /// Starts `serve` on a free port and waits until it listens.
    pub async fn serve(&self) -> Server {
        let mut process = self.start(&["serve", "--listen", "127.0.0.1:0"]);
        let line = process.line_with("serving").await;
        let address = line
            .split_once("http://")
            .and_then(|(_, rest)| rest.split_once('/'))
            .expect("an address")
            .0;
        Server {
            process,
            address: address.parse().expect("an address"),
        }
    }
}

/// The kinds of records, parents first.
pub const KINDS: [&str; 5] = ["organization", "location", "contact", "configuration", "ticket"];

/// Records by kind and PSA id.
pub type Content = BTreeMap<(String, String), Value>;

/// References keep the name of what they mean; own ids go.
pub fn without_ids(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("id");
            members.values_mut().for_each(without_ids);
        }
        Value::Array(items) => items.iter_mut().for_each(without_ids),
        _ => {}
    }
}

/// A process that is on.
pub struct Started {
    child: Child,
    errors: Lines<BufReader<ChildStderr>>,
    said: String,
}

impl Started {
    /// Starts a command and watches it.
    pub fn of(mut command: tokio::process::Command) -> Started {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary can be started");
        let errors = child.stderr.take().expect("stderr is piped");
        Started {
            child,
            errors: BufReader::new(errors).lines(),
            said: String::new(),
        }
    }

    /// Waits for a line on stderr that holds a text.
    pub async fn line_with(&mut self, text: &str) -> String {
        while let Some(line) = self.errors.next_line().await.expect("stderr is text") {
            self.said.push_str(&line);
            self.said.push('\n');
            if line.contains(text) {
                return line;
            }
        }
        panic!("it ended without saying `{text}`; it said: {}", self.said)
    }

    /// The next line on stderr; none once it ended.
    pub async fn line(&mut self) -> Option<String> {
        let line = self.errors.next_line().await.expect("stderr is text")?;
        self.said.push_str(&line);
        self.said.push('\n');
        Some(line)
    }

    /// Waits for something to happen while it is on: false where it ended first.
    pub async fn until(&mut self, event: impl Future<Output = ()>) -> bool {
        tokio::select! {
            () = event => true,
            _ = self.child.wait() => false,
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let id = self
            .child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        kill_process(id.expect("it is running"), signal).expect("it is ours");
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id().expect("it is running")
    }

    /// Waits for its end.
    pub async fn ended(mut self) -> Ran {
        let mut stdout = String::new();
        let output = async {
            if let Some(mut out) = self.child.stdout.take() {
                out.read_to_string(&mut stdout).await.expect("stdout is text");
            }
        };
        let errors = async {
            while let Some(line) = self.errors.next_line().await.expect("stderr is text") {
                self.said.push_str(&line);
                self.said.push('\n');
            }
        };
        tokio::join!(output, errors);
        let status = self.child.wait().await.expect("it was started");
        Ran {
            code: status.code().unwrap_or(-1),
            stdout,
            stderr: self.said,
        }
    }
}

/// A `serve` that is on.
pub struct Server {
    /// Its process.
    pub process: Started,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// The status of a GET.
    pub async fn get(&self, path: &str) -> u16 {
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it answers");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.unwrap_or_else(|| panic!("no status: {answer}"))
    }

    /// Stops it in good order.
    pub async fn stop(self) -> Ran {
        self.process.signal(Signal::TERM);
        self.process.ended().await
    }
}
