//! Plugins and connectors: listed, inspected, added; and a connector's guide to its PSA's side.

use std::fs;
use std::path::Path;

use dovetail_domain::Code;

use crate::answer::{Answer, ConnectorRow, Guide};
use crate::host::Host;
use crate::shelf::{Granted, Plugin, Shelved, is_its_own};
use crate::{Problem, problem::Result};

mod changing;
mod shown;

pub(crate) use changing::{add, grant, remove, rollback};
use shown::{broken_row, row, shown};

/// The most bytes of a file that is read: what a component may have, and one more to see that it is too large.
const MAX_BYTES: u64 = (32 << 20) + 1;

fn from(shelved: &Shelved) -> String {
    if shelved.stock { "stock" } else { "added" }.to_owned()
}

pub(crate) async fn connectors(host: &Host) -> Result<Answer> {
    let all = host.shelf().all(host.archive()).await?;
    let rows = all.iter().filter_map(|shelved| match &shelved.plugin {
        Plugin::Mapping(_) => None,
        Plugin::Connector(connector) => {
            let description = connector.description();
            Some(ConnectorRow {
                name: description.name.clone(),
                title: description.title.clone(),
                version: description.version.clone(),
                from: from(shelved),
                kinds: description.kinds.iter().map(|ability| ability.kind).collect(),
            })
        }
    });
    Ok(Answer::Connectors(rows.collect()))
}

pub(crate) async fn guide(host: &Host, name: &str) -> Result<Answer> {
    let connector = host.shelf().connector(host.archive(), name).await?;
    let description = connector.description();
    Ok(Answer::Guide(Guide {
        connector: description.name.clone(),
        title: description.title.clone(),
        sections: description.guide.clone(),
        permissions: description.permissions.clone(),
        setup: description.setup.clone(),
    }))
}

pub(crate) async fn list(host: &Host) -> Result<Answer> {
    let (working, broken) = host.shelf().sorted(host.archive()).await?;
    let rows = working.iter().map(row).chain(broken.iter().map(broken_row));
    Ok(Answer::Plugins(rows.collect()))
}

pub(crate) async fn inspect(host: &Host, what: &str) -> Result<Answer> {
    let shelf = host.shelf();
    if Path::new(what).is_absolute() {
        let shelved = shelf
            .load(&read(Path::new(what))?, false, &Granted::default())
            .await?;
        let before = installed(host, shelved.plugin.name()).await?;
        return Ok(Answer::Plugin(shown(host, &shelved, before.as_ref())?));
    }
    let found = named(host, what).await?;
    Ok(Answer::Plugin(shown(host, &found, Some(&found))?))
}

/// What is installed under a name, as far as it works: one that does not is nothing to compare with.
async fn installed(host: &Host, name: &str) -> Result<Option<Shelved>> {
    match host.shelf().find(host.archive(), name).await {
        Err(problem) if is_its_own(&problem) => Ok(None),
        found => found,
    }
}

/// The plugin of that name, stock or added.
pub(crate) async fn named(host: &Host, name: &str) -> Result<Shelved> {
    let found = host.shelf().find(host.archive(), name).await?;
    found.ok_or_else(|| {
        Problem::not_found(
            format!("There is no plugin `{name}`, and no file of that name."),
            "`dovetail plugin list` lists those there are.",
        )
    })
}

/// The bytes of a component's file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let refused = |what: String| Problem::value(what, "Name a component's file, which ends in .wasm.");
    let about =
        fs::metadata(path).map_err(|error| refused(format!("{} cannot be read: {error}", path.display())))?;
    if !about.is_file() {
        return Err(refused(format!("{} is no file", path.display())));
    }
    if about.len() >= MAX_BYTES {
        return Err(Problem::new(
            Code::PluginLimit,
            format!(
                "{} is larger than 32 MiB, which is what a plugin may have.",
                path.display()
            ),
            "Build it with optimisation for size and without debug information.",
        ));
    }
    fs::read(path).map_err(|error| refused(format!("{} cannot be read: {error}", path.display())))
}
