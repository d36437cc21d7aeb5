//! Projects in Python: pip fetches componentize-py into the project's own environment, `.venv`, and it makes the
//! component out of `src/app.py`.

use std::path::Path;
use std::process::Command;

use toml::{Table, Value};

use crate::KitError;
use crate::command::{Fetched, fetch, find, run};

/// How to get Python.
pub(crate) const TODO: &str = "Install Python 3.10 or later with venv and pip: https://www.python.org, or `apt-get install python3-venv`";

/// A text in a TOML manifest.
pub(crate) fn string_at(text: &str, path: &[&str]) -> Result<String, String> {
    let table: Table = text.parse().map_err(|error| format!("is no TOML: {error}"))?;
    let mut value = &Value::Table(table);
    for key in path {
        value = value
            .get(key)
            .ok_or_else(|| format!("has no `{}`", path.join(".")))?;
    }
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| format!("has a `{}` that is no text", path.join(".")))
}

fn manifest(dir: &Path) -> Result<String, KitError> {
    let file = dir.join("pyproject.toml");
    std::fs::read_to_string(&file).map_err(|why| KitError::file("read", &file, why))
}

/// The project's name.
pub(crate) fn name(dir: &Path) -> Result<String, KitError> {
    let file = dir.join("pyproject.toml");
    string_at(&manifest(dir)?, &["project", "name"]).map_err(|what| KitError::Manifest { file, what })
}

/// What the project asks pip for.
fn dependencies(dir: &Path) -> Result<Vec<String>, KitError> {
    let table: Table = manifest(dir)?.parse().unwrap_or_default();
    let list = table
        .get("project")
        .and_then(|project| project.get("dependencies"));
    let list = list.and_then(Value::as_array).into_iter().flatten();
    Ok(list.filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Builds the component at `out`.
pub(crate) fn build(dir: &Path, out: &Path, report: &mut dyn FnMut(&str)) -> Result<(), KitError> {
    let environment = dir.join(".venv");
    let compiler = environment.join("bin/componentize-py");
    let dependencies = dependencies(dir)?;
    let fetched = Fetched::of(&environment, dependencies.join("\n"));
    if !compiler.is_file() || !fetched.is_there() {
        let python = find("python3").ok_or(KitError::MissingTool {
            tool: "python3",
            for_what: "a plugin in Python",
            todo: TODO,
        })?;
        fetch(
            Command::new(python).args(["-m", "venv"]).arg(&environment),
            report,
        )?;
        let mut install = Command::new(environment.join("bin/python"));
        install.args(["-m", "pip", "install", "--disable-pip-version-check", "--quiet"]);
        fetch(install.args(dependencies), report)?;
        if !compiler.is_file() {
            return Err(KitError::Manifest {
                file: dir.join("pyproject.toml"),
                what: "does not name componentize-py among its `dependencies`".to_owned(),
            });
        }
        fetched.note()?;
    }
    let mut build = Command::new(compiler);
    build
        .current_dir(dir)
        .env("VIRTUAL_ENV", &environment)
        .args([
            "--quiet",
            "--wit-path",
            "vendor/wit",
            "--world",
            "mapping-plugin",
            "componentize",
        ])
        // Without it the component would import WASI, which no plugin is given.
        .args([
            "--stub-wasi",
            "--python-path",
            "src",
            "--python-path",
            "vendor",
            "--output",
        ])
        .arg(out)
        .arg("app");
    run(&mut build, report)
}
