//! Projects in JavaScript: npm fetches componentize-js into the project, node runs its `build.mjs`.

use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

use crate::KitError;
use crate::command::{Fetched, fetch, find, run};

/// What makes a component of JavaScript, below `node_modules`.
pub(crate) const COMPILER: &str = "@bytecodealliance/componentize-js";

/// How to get node and npm.
pub(crate) const TODO: &str =
    "Install Node.js 20 or later, which has npm: https://nodejs.org, or your system's packages";

fn manifest(dir: &Path) -> Result<Json, KitError> {
    let file = dir.join("package.json");
    let text = std::fs::read_to_string(&file).map_err(|why| KitError::file("read", &file, why))?;
    serde_json::from_str(&text).map_err(|why| KitError::Manifest {
        file,
        what: format!("is no JSON: {why}"),
    })
}

/// The package's name.
pub(crate) fn name(dir: &Path) -> Result<String, KitError> {
    match manifest(dir)?.get("name").and_then(Json::as_str) {
        Some(name) => Ok(name.rsplit('/').next().unwrap_or(name).to_owned()),
        None => Err(KitError::Manifest {
            file: dir.join("package.json"),
            what: "has no `name`".to_owned(),
        }),
    }
}

/// Builds the component at `out`.
pub(crate) fn build(dir: &Path, out: &Path, report: &mut dyn FnMut(&str)) -> Result<(), KitError> {
    let tool = |tool| KitError::MissingTool {
        tool,
        for_what: "a plugin in JavaScript",
        todo: TODO,
    };
    let node = find("node").ok_or_else(|| tool("node"))?;
    let npm = find("npm").ok_or_else(|| tool("npm"))?;
    let manifest = manifest(dir)?;
    let wanted = ["dependencies", "devDependencies"].map(|key| manifest.get(key));
    let fetched = Fetched::of(&dir.join("node_modules"), format!("{wanted:?}"));
    if !fetched.is_there() {
        let mut install = Command::new(npm);
        install
            .current_dir(dir)
            .args(["install", "--no-audit", "--no-fund"]);
        fetch(&mut install, report)?;
        fetched.note()?;
    }
    let mut build = Command::new(node);
    build.current_dir(dir).arg("build.mjs").arg(out);
    run(&mut build, report)?;
    if out.is_file() {
        return Ok(());
    }
    Err(KitError::Manifest {
        file: dir.join("build.mjs"),
        what: "wrote no component to the path it was given".to_owned(),
    })
}
