//! The languages of plugin authors beside Rust. The tests build overlays in JavaScript and Python with the usual tools;
//! where those are missing they are installed from the system's packages, and what is installed is said. Without root the
//! command is printed and nothing is installed.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::command::{Outcome, run};

/// Debian's packages with Node.js, npm, and Python that can make environments of its own.
const PACKAGES: [&str; 4] = ["nodejs", "npm", "python3", "python3-venv"];

/// How each tool shows that it is there.
const SIGNS: [(&str, &[&str]); 3] = [
    ("node", &["--version"]),
    ("npm", &["--version"]),
    ("python3", &["-c", "import venv, ensurepip"]),
];

/// Makes sure that the tools are there.
pub(crate) fn languages() -> Outcome {
    let missing: Vec<&str> = SIGNS
        .iter()
        .filter(|(tool, words)| !works(tool, words))
        .map(|(tool, _)| *tool)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let install = format!("apt-get install -y {}", PACKAGES.join(" "));
    eprintln!(
        "xtask: {} missing for the tests of plugin authors",
        missing.join(", ")
    );
    let apt = Path::new("/usr/bin/apt-get");
    if !apt.exists() || !rooted() {
        return Err(format!(
            "run as root, or with this system's own package manager: {install}"
        ));
    }
    eprintln!("xtask: installing them: {install}");
    let mut command = Command::new(apt);
    command.args(["install", "-y"]).args(PACKAGES);
    run(command.env("DEBIAN_FRONTEND", "noninteractive"))
}

fn works(tool: &str, words: &[&str]) -> bool {
    let mut command = Command::new(tool);
    command
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Whether this is root: only root may install packages.
fn rooted() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
