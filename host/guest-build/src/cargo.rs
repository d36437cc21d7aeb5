//! One call of cargo for all guests wanted, with an environment that holds nothing of an outer cargo.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;

use crate::metadata::{Guest, Project};
use crate::toolchain::Toolchain;
use crate::{BuildError, TARGET};

/// Lines of cargo's kept for the error.
const LINES_KEPT: usize = 120;

/// A module cargo made.
pub(crate) struct Module {
    pub(crate) package: String,
    pub(crate) path: PathBuf,
}

/// Takes away what an outer cargo, rustup or developer's shell put into the environment and what would change how
/// guests are built. `CARGO_HOME` stays; `CARGO_TARGET_DIR` where `keep_target` says so; `RUSTUP_TOOLCHAIN` stays, for
/// it tells which toolchain is in use.
pub(crate) fn clean_environment(command: &mut Command, keep_target: bool) {
    for (name, _) in std::env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        let keep =
            matches!(name, "CARGO_HOME") || (keep_target && name == "CARGO_TARGET_DIR") || network(name);
        let cargos = name == "CARGO" || name.starts_with("CARGO_") || name.starts_with("DEP_");
        let rustcs = name.starts_with("RUSTC") || name.starts_with("RUSTDOC") || name == "RUSTFLAGS";
        let builds = matches!(
            name,
            "OUT_DIR" | "TARGET" | "HOST" | "PROFILE" | "OPT_LEVEL" | "LD_LIBRARY_PATH"
        );
        if (cargos || rustcs || builds) && !keep {
            command.env_remove(name);
        }
    }
}

/// Settings of how cargo reaches the registry.
fn network(name: &str) -> bool {
    [
        "CARGO_HTTP_",
        "CARGO_NET_",
        "CARGO_REGISTRIES_",
        "CARGO_REGISTRY_",
        "CARGO_SOURCE_",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

/// Compiles all guests and names their modules, in the order asked for.
pub(crate) fn compile(
    toolchain: &Toolchain,
    project: &Project,
    guests: &[Guest],
    target: &Path,
    report: &mut dyn FnMut(&str),
) -> Result<Vec<Module>, BuildError> {
    let mut command = toolchain.cargo();
    command.current_dir(&project.root);
    command.args([
        "build",
        "--target",
        TARGET,
        "--profile",
        "guest",
        "--message-format",
    ]);
    command
        .arg("json-render-diagnostics")
        .arg("--target-dir")
        .arg(target);
    command.env(
        "CARGO_ENCODED_RUSTFLAGS",
        without_local_paths(&project.root).join("\u{1f}"),
    );
    if !names_the_profile(&project.root) {
        for setting in PROFILE {
            command.args(["--config", setting]);
        }
    }
    for guest in guests {
        command.args(["--package", &guest.package]);
    }
    let names: Vec<&str> = guests.iter().map(|guest| guest.package.as_str()).collect();
    let (made, words) = run(command, report)?;
    let Some(made) = made else {
        return Err(BuildError::Compile {
            packages: names.join(", "),
            words,
        });
    };
    guests
        .iter()
        .map(|guest| {
            let found = made.iter().find(|(library, _)| *library == guest.library);
            let (_, path) = found.ok_or_else(|| BuildError::NoModule {
                package: guest.package.clone(),
            })?;
            Ok(Module {
                package: guest.package.clone(),
                path: path.clone(),
            })
        })
        .collect()
}

/// The profile for packages whose workspace does not name it. It says the same as the workspace's own.
const PROFILE: &[&str] = &[
    "profile.guest.inherits=\"release\"",
    "profile.guest.panic=\"abort\"",
    "profile.guest.lto=true",
    "profile.guest.opt-level=3",
    "profile.guest.codegen-units=1",
    "profile.guest.strip=\"debuginfo\"",
];

fn names_the_profile(root: &Path) -> bool {
    std::fs::read_to_string(root.join("Cargo.toml"))
        .is_ok_and(|manifest| manifest.contains("[profile.guest]"))
}

/// Panic messages hold paths of sources: the machine's own folders are cut from them, so that a component says
/// nothing of the machine and comes out the same on every one.
fn without_local_paths(root: &Path) -> Vec<String> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let cargo = std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    [(root, "plugin"), (cargo, "cargo")]
        .into_iter()
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()))
        .collect()
}

type Made = Vec<(String, PathBuf)>;

/// Runs cargo; gives the modules it made, or none where it failed, and the last lines it wrote.
fn run(mut command: Command, report: &mut dyn FnMut(&str)) -> Result<(Option<Made>, String), BuildError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |why| BuildError::NoProgram {
        program: program.clone(),
        why,
    };
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let messages = child.stdout.take();
    let reader = std::thread::spawn(move || messages.map(artifacts).unwrap_or_default());
    let mut last = VecDeque::new();
    if let Some(lines) = child.stderr.take() {
        for line in BufReader::new(lines).lines().map_while(Result::ok) {
            report(&line);
            if last.len() == LINES_KEPT {
                last.pop_front();
            }
            last.push_back(line);
        }
    }
    let status = child.wait().map_err(failed)?;
    let made = reader.join().unwrap_or_default();
    Ok((status.success().then_some(made), Vec::from(last).join("\n")))
}

/// Reads cargo's messages: the library's name and file of each module.
fn artifacts(messages: impl Read) -> Made {
    let mut made = Vec::new();
    for line in BufReader::new(messages).lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<Json>(&line) else {
            continue;
        };
        let Some(name) = message.pointer("/target/name").and_then(Json::as_str) else {
            continue;
        };
        let Some(files) = message.get("filenames").and_then(Json::as_array) else {
            continue;
        };
        for file in files
            .iter()
            .filter_map(Json::as_str)
            .filter(|file| file.ends_with(".wasm"))
        {
            made.push((name.to_owned(), PathBuf::from(file)));
        }
    }
    made
}
