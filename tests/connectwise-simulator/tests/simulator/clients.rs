//! Independent clients read everything, unmodified, over the listener without TLS.
//!
//! They are installed from their registries into the target folder: `connectpyse` (PyPI) into a virtual
//! environment, `connectwise-rest` (npm) into a folder of its own. Without Python or npm the tests fail and say so.

use crate::http::{CLIENT_ID, USER};
use base64::Engine as _;
use connectwise_simulator::{Config, Control, Kind, Simulator, Size, endpoints};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn run(command: &mut Command, input: &str, needs: &str) -> String {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| {
        panic!("{command:?} does not start ({error}): this test needs {needs}; install it")
    });
    child
        .stdin
        .take()
        .expect("it was piped")
        .write_all(input.as_bytes())
        .expect("it reads its input");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}\n{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/clients")
        .join(name)
}

/// A path bound to one parent where it has one.
fn bound(path: &str) -> String {
    let parent = match path {
        path if path.starts_with("/company/companies") => "250",
        path if path.starts_with("/company/contacts") => "310",
        _ => "1",
    };
    path.replace("{parentId}", parent)
}

/// Every list.
fn lists() -> Vec<String> {
    endpoints()
        .into_iter()
        .filter(|path| !path.contains("{id}") && !path.contains("/count") && *path != "/system/info")
        .map(bound)
        .collect()
}

/// The lists that also have a count and single records.
fn counted() -> Vec<String> {
    endpoints()
        .into_iter()
        .filter_map(|path| path.strip_suffix("/count"))
        .map(bound)
        .collect()
}

async fn simulator() -> Simulator {
    let config = Config {
        plain_http: Some(0),
        loose: true,
        size: Size::demo(),
        ..Config::default()
    };
    Simulator::start(config).await.expect("the simulator starts")
}

fn url(simulator: &Simulator) -> String {
    format!(
        "http://{}/v4_6_release/apis/3.0",
        simulator.plain_address().expect("it was asked for")
    )
}

/// What a client found has to be what is there.
fn compare(found: &Value, path: &str, control: &Control) {
    let ids: Vec<u64> = found[path]["ids"]
        .as_array()
        .unwrap_or_else(|| panic!("{path} was not read"))
        .iter()
        .map(|id| id.as_u64().expect("an id"))
        .collect();
    assert_eq!(found[path]["count"].as_u64(), Some(ids.len() as u64), "{path}");
    assert!(!ids.is_empty(), "{path}");
    for (list, kind) in [
        ("/company/companies", Kind::Company),
        ("/company/contacts", Kind::Contact),
        ("/company/configurations", Kind::Configuration),
        ("/service/tickets", Kind::Ticket),
        ("/system/members", Kind::Member),
        ("/service/boards", Kind::Board),
        ("/company/companies/types", Kind::CompanyType),
    ] {
        if path == list {
            assert_eq!(ids, control.ids(kind), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connectpyse_reads_everything() {
    let simulator = simulator().await;
    let venv = folder("connectpyse");
    let python = venv.join("bin/python");
    if !venv.join("ready").exists() {
        run(
            Command::new("python3").args(["-m", "venv"]).arg(&venv),
            "",
            "python3 with its venv module",
        );
        run(
            Command::new(&python).args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "connectpyse==0.8.1",
                "requests",
            ]),
            "",
            "pip and a way to PyPI",
        );
        std::fs::write(venv.join("ready"), "").expect("the target folder can be written");
    }
    let basic = base64::engine::general_purpose::STANDARD.encode(USER);
    let plan = json!({
        "url": url(&simulator), "page_size": 20, "paths": lists(), "counted": counted(),
        "headers": {"Authorization": format!("Basic {basic}"), "clientId": CLIENT_ID},
    });
    let script = script("connectpyse_read.py");
    let text = tokio::task::spawn_blocking(move || {
        run(
            Command::new(&python).arg(script).env("NO_PROXY", "*"),
            &plan.to_string(),
            "python3",
        )
    });
    let answer: Value = serde_json::from_str(&text.await.expect("it ran")).expect("JSON");
    for path in lists() {
        compare(&answer["found"], &path, &simulator.control());
    }
    assert!(answer["version"].is_string());
    println!("connectpyse 0.8.1 read {} lists", lists().len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connectwise_rest_reads_everything() {
    let simulator = simulator().await;
    let modules = folder("connectwise-rest");
    if !modules.join("ready").exists() {
        std::fs::create_dir_all(&modules).expect("the target folder can be written");
        run(
            Command::new("npm")
                .args([
                    "install",
                    "--no-save",
                    "--no-audit",
                    "--no-fund",
                    "connectwise-rest@1.3.0",
                ])
                .current_dir(&modules),
            "",
            "npm and a way to its registry",
        );
        std::fs::write(modules.join("ready"), "").expect("the target folder can be written");
    }
    let (user, private) = USER.split_once(':').expect("it has both");
    let (company, public) = user.split_once('+').expect("it has both");
    let plan = json!({
        "url": url(&simulator), "page_size": 20, "paths": lists(),
        "company": company, "public": public, "private": private, "client": CLIENT_ID,
    });
    let script = script("connectwise_rest_read.js");
    let path = modules.join("node_modules");
    let text = tokio::task::spawn_blocking(move || {
        run(
            Command::new("node")
                .arg(script)
                .env("NODE_PATH", path)
                .env("NO_PROXY", "*"),
            &plan.to_string(),
            "node",
        )
    });
    let answer: Value = serde_json::from_str(&text.await.expect("it ran")).expect("JSON");
    let missing: Vec<&str> = answer["missing"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    // The client is older than these two spellings of lists it reads under others.
    assert_eq!(
        missing,
        ["/company/companies/types/info", "/service/info/boards/active"]
    );
    for path in lists().iter().filter(|path| !missing.contains(&path.as_str())) {
        compare(&answer["found"], path, &simulator.control());
    }
    assert!(answer["version"].is_string());
    println!(
        "connectwise-rest 1.3.0 read {} lists",
        lists().len() - missing.len()
    );
}
