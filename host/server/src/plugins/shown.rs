//! A plugin as an operator sees it before letting it in: what it is, what it asks for, what it may use, and how that
//! differs from the version that is there.

use dovetail_domain::connector::{ConnectorDescription, OriginRule, SetupFormat};
use dovetail_domain::mapping::TableRow;
use dovetail_runtime::{Limits, TICK, World};
use serde_json::Value as Json;

use super::from;
use crate::answer::{PluginRow, PluginShown};
use crate::host::Host;
use crate::problem::Result;
use crate::shelf::{Broken, Granted, Plugin, Shelved};

/// A plugin's line in the list.
pub(super) fn row(shelved: &Shelved) -> PluginRow {
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
        trouble: None,
    }
}

/// The line of a plugin that does not start.
pub(super) fn broken_row(broken: &Broken) -> PluginRow {
    PluginRow {
        name: broken.name.clone(),
        kind: "unknown".to_owned(),
        version: String::new(),
        from: "added".to_owned(),
        size: 0,
        digest: broken.digest.clone(),
        trouble: Some(broken.problem.message.clone()),
    }
}

/// What it may use, in words. What it asks for without being run is the memory it begins with.
fn limits(table: &Limits, shelved: &Shelved, granted: &Granted) -> Vec<String> {
    let guest = match shelved.inspection.world {
        World::Connector => &table.connector,
        World::Mapping => &table.mapping,
    };
    let mib = |bytes: usize| bytes / (1024 * 1024);
    let begins = memory(shelved);
    let memory = granted
        .memory_bytes()
        .map_or(guest.memory, |granted| granted.max(guest.memory));
    let by = if memory > guest.memory { ", as granted" } else { "" };
    vec![
        format!(
            "memory: begins with {begins} KiB, may have {} MiB{by}",
            mib(memory)
        ),
        format!(
            "computing: {} ms a call and {} ms a record",
            TICK.as_millis() * u128::from(guest.ticks),
            TICK.as_millis() * u128::from(guest.ticks_a_record)
        ),
        format!("time: {} s a call", guest.elapsed.as_secs()),
        format!("calls into the host: {} a call", guest.host_calls),
    ]
}

/// What a plugin is and asks for, and how that differs from what is installed.
pub(super) fn shown(host: &Host, shelved: &Shelved, before: Option<&Shelved>) -> Result<PluginShown> {
    let granted = Granted::to(host.archive(), shelved.plugin.name())?;
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
    Ok(PluginShown {
        row: row(shelved),
        title,
        world: shelved.inspection.world.as_str().to_owned(),
        imports: shelved.inspection.imports.clone(),
        hosts,
        secrets,
        limits: limits(host.shelf().runtime()?.limits(), shelved, &granted),
        granted_hosts: granted.hosts,
        config_schema: config_schema(&shelved.plugin),
        installed: before.is_some_and(|before| before.inspection.digest == shelved.inspection.digest),
        differences: before
            .map(|before| differences(before, shelved))
            .unwrap_or_default(),
    })
}

/// What a mapping's configuration has to look like. A text that is no JSON is shown as it is.
fn config_schema(plugin: &Plugin) -> Option<Json> {
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
        if let Plugin::Mapping(mapping) = &shelved.plugin {
            asks.extend(mapping.description().table.iter().map(fills));
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
    let (old, new) = (memory(before), memory(after));
    if old != new {
        lines.push(format!("Begins with {new} KiB of memory, and not with {old}."));
    }
    let (old, new) = (config_schema(&before.plugin), config_schema(&after.plugin));
    if old != new {
        lines.push(match new {
            Some(schema) => format!("Takes another configuration: {schema}."),
            None => "Takes no configuration any more.".to_owned(),
        });
    }
    lines
}

/// What a row of a mapping's table does, in words.
fn fills(row: &TableRow) -> String {
    let way = if row.rule.can_send() { ", both ways" } else { "" };
    format!("fills `{}` of a {} from `{}`{way}", row.name, row.kind, row.path)
}

/// KiB of memory it begins with.
fn memory(shelved: &Shelved) -> u64 {
    shelved.inspection.memory.div_ceil(64 * 1024) * 64
}
