//! Puts into the binary what a project of an author's is made of: the templates, the SDKs' sources and the contract. The
//! SDK's manifest is written without what it inherits from the workspace, and the locked versions of what it depends on
//! come along, so that a project builds with what was tested here.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A folder of the workspace and where its files stand in the list.
const FOLDERS: [(&str, &str); 5] = [
    ("host/kit/templates", "templates"),
    ("wit/draft", "vendor/wit"),
    ("plugins/sdk/src", "vendor/dovetail-sdk/src"),
    ("plugins/sdk-javascript", "vendor/javascript"),
    ("plugins/sdk-python", "vendor/python"),
];

fn main() -> Outcome<()> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../..");
    let mut files = Vec::new();
    for (folder, place) in FOLDERS {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        collect(&root.join(folder), place, &mut files)?;
    }
    let manifest = read(&root, "Cargo.toml")?.parse::<Table>()?;
    files.push((
        "vendor/dovetail-sdk/Cargo.toml".to_owned(),
        sdk_manifest(&read(&root, "plugins/sdk/Cargo.toml")?.parse()?, &manifest)?,
    ));
    let (lock, versions) = locked(&read(&root, "Cargo.lock")?.parse()?)?;
    files.push(("lock/Cargo.lock".to_owned(), lock));
    files.push(("lock/versions".to_owned(), versions));
    files.sort();

    let mut list = String::from("&[\n");
    for (place, text) in &files {
        // The contract stands at another place in a project than in the workspace.
        let text = text.replace("path: \"../../wit/draft\"", "path: \"../wit\"");
        writeln!(list, "    ({place:?}, {text:?}),")?;
    }
    list.push(']');
    std::fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("files.rs"), list)?;
    Ok(())
}

fn read(root: &Path, file: &str) -> Outcome<String> {
    println!("cargo::rerun-if-changed={}", root.join(file).display());
    Ok(std::fs::read_to_string(root.join(file))?)
}

fn collect(folder: &Path, place: &str, files: &mut Vec<(String, String)>) -> Outcome<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or("a file has an odd name")?;
        let place = format!("{place}/{name}");
        if path.is_dir() {
            if name != "__pycache__" {
                collect(&path, &place, files)?;
            }
        } else {
            files.push((place, std::fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

/// The SDK's manifest with everything in it that it has from the workspace.
fn sdk_manifest(sdk: &Table, workspace: &Table) -> Outcome<String> {
    let inherited = |path: &[&str]| -> Outcome<Value> {
        let mut value = workspace
            .get("workspace")
            .ok_or("the workspace has no [workspace]")?;
        for key in path {
            value = value
                .get(key)
                .ok_or_else(|| format!("the workspace has no {key}"))?;
        }
        Ok(value.clone())
    };
    let from_workspace = |value: &Value| value.get("workspace").and_then(Value::as_bool) == Some(true);
    let mut out = Table::new();
    for (section, members) in sdk {
        let Some(members) = members.as_table().filter(|_| section != "lints") else {
            continue;
        };
        let mut kept = Table::new();
        for (name, value) in members {
            let value = match section.as_str() {
                "package" if from_workspace(value) => inherited(&["package", name])?,
                "dependencies" if from_workspace(value) => inherited(&["dependencies", name])?,
                _ => value.clone(),
            };
            kept.insert(name.clone(), value);
        }
        out.insert(section.clone(), Value::Table(kept));
    }
    Ok(toml::to_string(&out)?)
}

/// The packages of the lock file that the SDK needs, and the version of each that an author may depend on.
fn locked(lock: &Table) -> Outcome<(String, String)> {
    let packages = lock
        .get("package")
        .and_then(Value::as_array)
        .ok_or("the lock file has no packages")?;
    let text = |package: &Value, key: &str| {
        package
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let mut wanted = BTreeSet::from(["dovetail-sdk".to_owned()]);
    loop {
        let mut more = BTreeSet::new();
        for package in packages {
            let name = text(package, "name");
            let full = format!("{name} {}", text(package, "version"));
            if wanted.contains(&name) || wanted.contains(&full) {
                let needs = package.get("dependencies").and_then(Value::as_array);
                let needs = needs.into_iter().flatten().filter_map(Value::as_str);
                more.extend(needs.map(str::to_owned));
            }
        }
        let before = wanted.len();
        wanted.extend(more);
        if wanted.len() == before {
            break;
        }
    }
    let kept = packages.iter().filter(|package| {
        let name = text(package, "name");
        let full = format!("{name} {}", text(package, "version"));
        wanted.contains(&name) || wanted.contains(&full)
    });
    let kept: Vec<Value> = kept.cloned().collect();
    let versions = kept
        .iter()
        .map(|package| format!("{} {}", text(package, "name"), text(package, "version")));
    let versions = versions.collect::<Vec<_>>().join("\n");
    let version = lock.get("version").cloned().unwrap_or(Value::Integer(4));
    let out = Table::from_iter([
        ("version".to_owned(), version),
        ("package".to_owned(), Value::Array(kept)),
    ]);
    Ok((toml::to_string(&out)?, versions))
}
