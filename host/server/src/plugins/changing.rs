//! Plugins let in, replaced, taken back, granted and removed. Nothing takes effect that was not looked at: a version that
//! cannot work with what is set is not swapped in, and one that is in use is not taken away. Runs that are on keep the
//! version they began with.

use std::path::Path;

use dovetail_domain::Code;
use dovetail_gate::Host as HostName;
use dovetail_runtime::World;
use dovetail_store::table;

use super::{installed, read, shown};
use crate::answer::{Answer, PluginShown};
use crate::caller::{Caller, confirm};
use crate::host::Host;
use crate::request::GrantChange;
use crate::shelf::{Granted, Installed, MAX_MEMORY, Plugin, Shelved};
use crate::{Problem, mappings, problem::Result};

pub(crate) async fn add(host: &Host, file: &Path, yes: bool, caller: &dyn Caller) -> Result<Answer> {
    let bytes = read(file)?;
    let shelved = host
        .shelf()
        .load_as_granted(host.archive(), &bytes, false)
        .await?;
    let before = installed(host, shelved.plugin.name()).await?;
    check_same_world(before.as_ref(), &shelved)?;
    check_only_maker(host, &shelved).await?;
    check_uses(host, &shelved).await?;
    let mut shown = shown(host, &shelved, before.as_ref())?;
    let otherwise = "Look at it with `dovetail plugin inspect`, then say it with --yes.";
    confirm(caller, yes, about(&shown), "Install it?", otherwise).await?;
    {
        let _changing = host.changing();
        let mut step = host.step();
        host.shelf()
            .install(host.archive(), &shelved, &bytes, &mut step)?;
        host.archive().commit(step)?;
        host.shelf().sweep(host.archive())?;
    }
    host.forget_gates(None);
    shown.installed = true;
    Ok(Answer::Plugin(shown))
}

/// What an operator reads before saying yes.
fn about(shown: &PluginShown) -> Vec<String> {
    let asks = |words: &[String]| match words {
        [] => "nothing".to_owned(),
        words => words.join("; "),
    };
    let row = &shown.row;
    let mut about = vec![
        format!(
            "{} {} ({}), {} bytes",
            row.name, row.version, shown.title, row.size
        ),
        format!("  sha256:  {}", row.digest),
        format!("  world:   {}", shown.world),
        format!("  imports: {}", asks(&shown.imports)),
        format!("  reaches: {}", asks(&shown.hosts)),
        format!("  secrets: {}", asks(&shown.secrets)),
        format!("  limits:  {}", asks(&shown.limits)),
    ];
    about.extend(shown.differences.iter().map(|line| format!("  {line}")));
    about
}

/// Takes back the version before.
pub(crate) async fn rollback(host: &Host, name: &str) -> Result<Answer> {
    let key = name.to_owned();
    let kept = find(host, name)?;
    let Some(mut before) = kept.rolled_back() else {
        let hint = match host.shelf().stock(host.archive(), name).await? {
            Some(_) => {
                format!("`dovetail plugin remove {name}` goes back to the one that comes with the program.")
            }
            None => {
                "One version before is kept from the second `dovetail plugin add` of a name on.".to_owned()
            }
        };
        let what = format!("There is no version of `{name}` before this one.");
        return Err(Problem::not_found(what, hint));
    };
    // It is started before it is swapped in, as if it were new.
    let shelved = host.shelf().start(host.archive(), name, &before).await?;
    check_only_maker(host, &shelved).await?;
    check_uses(host, &shelved).await?;
    before.makes = shelved.makes().to_vec();
    {
        let _changing = host.changing();
        if find(host, name)?.digest != kept.digest {
            return Err(Problem::value(
                format!("`{name}` was replaced meanwhile"),
                "Look at it with `dovetail plugin inspect`, then do it again.",
            ));
        }
        let mut step = host.step();
        step.put(&table::plugins(), &key, &before)?;
        host.archive().commit(step)?;
    }
    host.forget_gates(None);
    Ok(Answer::Plugin(shown(host, &shelved, Some(&shelved))?))
}

/// Takes an added plugin away that nothing uses, or in whose place the one that comes with the program can work.
pub(crate) async fn remove(host: &Host, name: &str, yes: bool, caller: &dyn Caller) -> Result<Answer> {
    find(host, name)?;
    let mut about = vec![format!(
        "The plugin `{name}` and the version kept before it are taken away."
    )];
    let otherwise = "Say it with --yes.";
    let behind = host.shelf().stock(host.archive(), name).await?;
    match &behind {
        Some(stock) => {
            check_uses(host, stock).await?;
            about.push("The one that comes with the program takes its place.".to_owned());
        }
        None => refuse_in_use(host, name)?,
    }
    confirm(caller, yes, about, "Remove it?", otherwise).await?;
    {
        let _changing = host.changing();
        if behind.is_none() {
            refuse_in_use(host, name)?;
        }
        let mut step = host.step();
        step.delete(&table::plugins::<Installed>(), &name.to_owned());
        step.delete(&table::grants::<Granted>(), &name.to_owned());
        host.archive().commit(step)?;
        host.shelf().sweep(host.archive())?;
    }
    host.forget_gates(None);
    super::list(host).await
}

fn find(host: &Host, name: &str) -> Result<Installed> {
    kept(host, name)?.ok_or_else(|| {
        Problem::not_found(
            format!("No added plugin is called `{name}`."),
            "`dovetail plugin list` lists the plugins; stock ones come with the program and stay.",
        )
    })
}

/// An added plugin as it is kept.
fn kept(host: &Host, name: &str) -> Result<Option<Installed>> {
    let key = name.to_owned();
    Ok(host.archive().get(&table::plugins::<Installed>(), &key)?)
}

/// The connectors whose records the plugin of that name makes into whole ones as it is now, whether it starts or not.
async fn made_by(host: &Host, name: &str) -> Result<Vec<String>> {
    if let Some(kept) = kept(host, name)? {
        return Ok(kept.makes);
    }
    let stock = host.shelf().stock(host.archive(), name).await?;
    Ok(stock.map(|stock| stock.makes().to_vec()).unwrap_or_default())
}

/// Who uses a plugin, in words.
fn users(host: &Host, name: &str) -> Result<Vec<String>> {
    let makes = kept(host, name)?.map(|kept| kept.makes).unwrap_or_default();
    let mut users: Vec<String> = host
        .archive()
        .rows(&table::INTEGRATIONS)?
        .iter()
        .map(|(_, integration)| integration)
        .filter(|integration| integration.connector == name || makes.contains(&integration.connector))
        .map(|integration| format!("the integration `{}`", integration.name))
        .collect();
    users.extend(mappings::uses(host, name)?.iter().map(mappings::Use::words));
    Ok(users)
}

fn refuse_in_use(host: &Host, name: &str) -> Result<()> {
    let users = users(host, name)?;
    if users.is_empty() {
        return Ok(());
    }
    Err(Problem::new(
        Code::InUse,
        format!("`{name}` is in use by {}; nothing was removed.", users.join(", ")),
        "Take it out first with `dovetail mapping unset`, or remove the integration.",
    ))
}

/// Two mappings that make whole records of a connector's are one too many: nobody could say which of them does.
async fn check_only_maker(host: &Host, shelved: &Shelved) -> Result<()> {
    let name = shelved.plugin.name();
    for connector in shelved.makes() {
        let maker = host.shelf().maker(host.archive(), connector).await?;
        if let Some(maker) = maker.filter(|maker| maker != name) {
            return Err(Problem::new(
                Code::AlreadyExists,
                format!(
                    "`{maker}` makes the records of `{connector}` already; a second mapping would make none."
                ),
                format!(
                    "Make it an overlay, which changes what `{maker}` makes, or give it that name, so that it stands in \
                     for it."
                ),
            ));
        }
    }
    Ok(())
}

/// A version that cannot work with a configuration that is set is not let in, nor one that leaves an integration without
/// whole records.
async fn check_uses(host: &Host, shelved: &Shelved) -> Result<()> {
    let name = shelved.plugin.name();
    let made = made_by(host, name).await?;
    for (_, integration) in host.archive().rows(&table::INTEGRATIONS)? {
        let connector = &integration.connector;
        if made.contains(connector) && !shelved.makes().contains(connector) {
            return Err(Problem::new(
                Code::InUse,
                format!(
                    "`{name}` makes the records of the integration `{}`, and this version makes none of `{connector}`'s.",
                    integration.name
                ),
                "Give it another name, or name the connector in its description.",
            ));
        }
    }
    let Plugin::Mapping(mapping) = &shelved.plugin else {
        return Ok(());
    };
    for used in mappings::uses(host, shelved.plugin.name())? {
        used.try_with(mapping).await?;
    }
    Ok(())
}

/// Grants a plugin more memory than the table gives, or cuts down where it may go.
pub(crate) async fn grant(host: &Host, name: &str, change: GrantChange) -> Result<Answer> {
    let found = host.shelf().find(host.archive(), name).await;
    let known = match found {
        Ok(found) => found.is_some(),
        // One that does not start may be waiting for just this.
        Err(_) => find(host, name).is_ok(),
    };
    if !known {
        return Err(Problem::not_found(
            format!("There is no plugin `{name}`."),
            "`dovetail plugin list` lists those there are.",
        ));
    }
    if let Some(memory) = change.memory.filter(|memory| !(1..=MAX_MEMORY).contains(memory)) {
        return Err(Problem::value(
            format!("{memory} MiB of memory cannot be granted"),
            format!("Grant 1 to {MAX_MEMORY} MiB."),
        ));
    }
    // What is no host would match none, and the plugin would be refused for no reason that shows.
    let hosts = change.hosts.iter().map(|text| granted_host(text));
    let hosts: Vec<String> = hosts.collect::<Result<_>>()?;
    let key = name.to_owned();
    {
        let _changing = host.changing();
        let mut granted = match change.reset {
            true => Granted::default(),
            false => Granted::to(host.archive(), name)?,
        };
        granted.memory = change.memory.or(granted.memory);
        if !hosts.is_empty() {
            granted.hosts = Some(hosts);
        }
        let mut step = host.step();
        if granted == Granted::default() {
            step.delete(&table::grants::<Granted>(), &key);
        } else {
            step.put(&table::grants(), &key, &granted)?;
        }
        // What kept it from starting may be what it lacked.
        if let Some(kept) = kept(host, name)? {
            step.put(
                &table::plugins(),
                &key,
                &Installed {
                    failing: None,
                    ..kept
                },
            )?;
        }
        host.archive().commit(step)?;
    }
    host.forget_gates(None);
    super::inspect(host, name).await
}

fn granted_host(text: &str) -> Result<String> {
    let host = HostName::parse("host", text).map_err(|error| Problem {
        hint: "Grant it as `host` or `host:port`; nothing was changed.".to_owned(),
        ..error.into()
    })?;
    Ok(host.to_string())
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
