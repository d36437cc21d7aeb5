//! Plugins and connectors: listed, inspected, added; and a connector's guide to its PSA's side.

use std::fs;
use std::path::Path;

use dovetail_domain::Code;
use dovetail_domain::connector::{ConnectorDescription, OriginRule, SetupFormat};
use dovetail_runtime::World;

use crate::answer::{Answer, ConnectorRow, Guide, PluginRow, PluginShown};
use crate::caller::{Caller, confirm};
use crate::host::Host;
use crate::shelf::{Plugin, Shelved};
use crate::{Problem, problem::Result};

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
    let all = host.shelf().all(host.archive()).await?;
    Ok(Answer::Plugins(all.iter().map(row).collect()))
}

fn row(shelved: &Shelved) -> PluginRow {
    PluginRow {
        name: shelved.plugin.name().to_owned(),
        kind: match shelved.plugin {
            Plugin::Connector(_) => "connector",
            Plugin::Mapping(_) => "mapping",
        }
        .to_owned(),
        version: shelved.plugin.version().to_owned(),
        from: from(shelved),
        size: shelved.inspection.size as u64,
        digest: shelved.inspection.digest.clone(),
    }
}

pub(crate) async fn inspect(host: &Host, what: &str) -> Result<Answer> {
    let shelf = host.shelf();
    if Path::new(what).is_absolute() {
        let shelved = shelf.load(&read(Path::new(what))?, false).await?;
        let before = shelf.find(host.archive(), shelved.plugin.name()).await?;
        return Ok(Answer::Plugin(shown(&shelved, before.as_ref())));
    }
    let found = installed(host, what).await?;
    Ok(Answer::Plugin(shown(&found, Some(&found))))
}

/// The plugin of that name, stock or added.
pub(crate) async fn installed(host: &Host, name: &str) -> Result<Shelved> {
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

fn shown(shelved: &Shelved, before: Option<&Shelved>) -> PluginShown {
    let (title, hosts, secrets) = match &shelved.plugin {
        Plugin::Connector(connector) => {
            let description = connector.description();
            (
                description.title.clone(),
                hosts(description),
                secrets(description),
            )
        }
        Plugin::Mapping(mapping) => (mapping.description().title.clone(), Vec::new(), Vec::new()),
    };
    PluginShown {
        row: row(shelved),
        title,
        world: shelved.inspection.world.as_str().to_owned(),
        imports: shelved.inspection.imports.clone(),
        hosts,
        secrets,
        config_schema: config_schema(&shelved.plugin),
        installed: before.is_some_and(|before| before.inspection.digest == shelved.inspection.digest),
        differences: before
            .map(|before| differences(before, shelved))
            .unwrap_or_default(),
    }
}

/// What a mapping's configuration has to look like. A text that is no JSON is shown as it is.
fn config_schema(plugin: &Plugin) -> Option<serde_json::Value> {
    let Plugin::Mapping(mapping) = plugin else {
        return None;
    };
    let text = mapping.description().config_schema.trim();
    let schema = || serde_json::from_str(text).unwrap_or_else(|_| text.into());
    (!text.is_empty()).then(schema)
}

/// The rules of where a connector may go, in words.
fn hosts(description: &ConnectorDescription) -> Vec<String> {
    description.origins.iter().map(host).collect()
}

fn host(rule: &OriginRule) -> String {
    let mut words = format!("the host in `{}`", rule.setting);
    if let Some(ending) = &rule.when_ends_with {
        words = format!("{words}, where it ends in {ending}");
    }
    if let Some(prefix) = &rule.strip_prefix {
        words = format!("{words}, without {prefix} in front");
    }
    if let Some(prefix) = &rule.add_prefix {
        words = format!("{words}, with {prefix} in front");
    }
    match &rule.credential {
        Some(credential) => format!("{words}; with the credential `{credential}`"),
        None => format!("{words}; without a credential"),
    }
}

fn secrets(description: &ConnectorDescription) -> Vec<String> {
    let secret = description
        .setup
        .iter()
        .filter(|field| field.format == SetupFormat::Secret);
    secret.map(|field| field.key.clone()).collect()
}

/// What a version asks for that the other does not, line by line.
fn differences(before: &Shelved, after: &Shelved) -> Vec<String> {
    if before.inspection.digest == after.inspection.digest {
        return Vec::new();
    }
    let (old, new) = (before.plugin.version(), after.plugin.version());
    let mut lines = vec![format!("Installed is version {old}, this is {new}.")];
    let asks = |shelved: &Shelved| {
        let mut asks: Vec<String> = shelved
            .inspection
            .imports
            .iter()
            .map(|import| format!("imports {import}"))
            .collect();
        if let Plugin::Connector(connector) = &shelved.plugin {
            let description = connector.description();
            asks.extend(
                hosts(description)
                    .into_iter()
                    .map(|host| format!("reaches {host}")),
            );
            asks.extend(
                secrets(description)
                    .into_iter()
                    .map(|key| format!("uses the secret `{key}`")),
            );
        }
        asks
    };
    let (old, new) = (asks(before), asks(after));
    lines.extend(
        new.iter()
            .filter(|ask| !old.contains(ask))
            .map(|ask| format!("New: {ask}.")),
    );
    lines.extend(
        old.iter()
            .filter(|ask| !new.contains(ask))
            .map(|ask| format!("No longer: {ask}.")),
    );
    lines
}

pub(crate) async fn add(host: &Host, file: &Path, yes: bool, caller: &dyn Caller) -> Result<Answer> {
    let bytes = read(file)?;
    let shelved = host.shelf().load(&bytes, false).await?;
    let before = host.shelf().find(host.archive(), shelved.plugin.name()).await?;
    check_same_world(before.as_ref(), &shelved)?;
    let mut shown = shown(&shelved, before.as_ref());
    let asks = |words: &[String]| {
        if words.is_empty() {
            "nothing".to_owned()
        } else {
            words.join("; ")
        }
    };
    let mut about = vec![
        format!(
            "{} {} ({}), {} bytes",
            shown.row.name, shown.row.version, shown.title, shown.row.size
        ),
        format!("  imports: {}", asks(&shown.imports)),
        format!("  reaches: {}", asks(&shown.hosts)),
        format!("  secrets: {}", asks(&shown.secrets)),
    ];
    about.extend(shown.differences.iter().map(|line| format!("  {line}")));
    let otherwise = "Look at it with `dovetail plugin inspect`, then say it with --yes.";
    confirm(caller, yes, about, "Install it?", otherwise).await?;
    let _changing = host.changing();
    let mut step = host.step();
    host.shelf().install(&shelved, &bytes, host.now(), &mut step)?;
    host.archive().commit(step)?;
    host.forget_gates(None);
    shown.installed = true;
    Ok(Answer::Plugin(shown))
}

/// A name that stands for a connector is never taken over by a mapping, nor the other way round.
fn check_same_world(before: Option<&Shelved>, after: &Shelved) -> Result<()> {
    let Some(before) = before.filter(|before| before.inspection.world != after.inspection.world) else {
        return Ok(());
    };
    let word = |world| match world {
        World::Connector => "connector",
        World::Mapping => "mapping",
    };
    Err(Problem::new(
        Code::AlreadyExists,
        format!(
            "`{}` is a {} already, and this is a {}.",
            before.plugin.name(),
            word(before.inspection.world),
            word(after.inspection.world)
        ),
        "Give it another name in its description.",
    ))
}
