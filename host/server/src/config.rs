//! Settings of the house: where the key of the secrets is kept, how long things are kept, how long a run may stand still,
//! and what the operator set for every integration of a connector.

use std::collections::BTreeMap;

use dovetail_domain::Code;
use dovetail_domain::connector::{ConnectorDescription, SetupFormat};
use dovetail_store::{Archive, table};

use crate::answer::Answer;
use crate::host::Host;
use crate::{Problem, form, keys, problem::Result, stall, upkeep};

/// Keys that begin so are dovetail's own notes and no settings.
pub(crate) const NOTE: char = '#';

pub(crate) fn get(host: &Host, key: Option<&str>) -> Result<Answer> {
    let mut settings: BTreeMap<String, String> = host
        .archive()
        .rows(&table::CONFIG)?
        .into_iter()
        .filter(|(key, _)| !key.starts_with(NOTE))
        .collect();
    if let Some(key) = key {
        let value = settings.remove(key).ok_or_else(|| {
            Problem::not_found(
                format!("`{key}` is not set."),
                format!(
                    "`dovetail config set {key} VALUE` sets it; `dovetail config get` lists what is set."
                ),
            )
        })?;
        settings = BTreeMap::from([(key.to_owned(), value)]);
    }
    Ok(Answer::Config(settings))
}

pub(crate) async fn set(host: &Host, key: &str, value: Option<&str>) -> Result<Answer> {
    if key == keys::SETTING {
        return keys::choose(host, value);
    }
    if let Some(read) = of_the_house(key) {
        let mut step = host.step();
        let value = value.map(read).transpose()?;
        match &value {
            Some(value) => step.put(&table::CONFIG, &key.to_owned(), value)?,
            None => step.delete(&table::CONFIG, &key.to_owned()),
        }
        host.archive().commit(step)?;
        let set = value.map(|value| (key.to_owned(), value));
        return Ok(Answer::Config(BTreeMap::from_iter(set)));
    }
    let known = known_keys(host).await?;
    let Some((connector, name)) = key
        .split_once('.')
        .filter(|_| known.iter().any(|known| known == key))
    else {
        return Err(Problem::new(
            Code::UnknownSetting,
            format!("There is no setting `{key}`."),
            format!("The settings are: {}.", known.join(", ")),
        ));
    };
    let loaded = host.shelf().connector(host.archive(), connector).await?;
    let mut step = host.step();
    let mut answer = BTreeMap::new();
    match value {
        Some(value) => {
            let checked = form::read_settings(loaded.description(), &[(name.to_owned(), value.to_owned())])?;
            let value = checked.get(name).cloned().unwrap_or_default();
            step.put(&table::CONFIG, &key.to_owned(), &value)?;
            answer.insert(key.to_owned(), value);
        }
        None => step.delete(&table::CONFIG, &key.to_owned()),
    }
    host.archive().commit(step)?;
    host.forget_gates(None);
    Ok(Answer::Config(answer))
}

/// Reads a value of a setting of the house: how long something may last.
fn of_the_house(key: &str) -> Option<fn(&str) -> Result<String>> {
    match key {
        stall::SETTING => Some(stall::setting),
        key if upkeep::settings().any(|known| known == key) => Some(upkeep::setting),
        _ => None,
    }
}

/// Every setting: those of the house, and `CONNECTOR.KEY` of what may be set for all integrations of a connector.
async fn known_keys(host: &Host) -> Result<Vec<String>> {
    let mut keys = vec![keys::SETTING.to_owned(), stall::SETTING.to_owned()];
    keys.extend(upkeep::settings().map(str::to_owned));
    for connector in host.shelf().connectors(host.archive()).await? {
        let description = connector.description();
        let settable = |field: &&dovetail_domain::connector::SetupField| {
            field.operator_default && field.format != SetupFormat::Secret
        };
        let own = description.setup.iter().filter(settable);
        keys.extend(own.map(|field| format!("{}.{}", description.name, field.key)));
    }
    Ok(keys)
}

/// What the operator set for a connector, by setup field.
pub(crate) fn defaults(
    archive: &Archive,
    description: &ConnectorDescription,
) -> Result<BTreeMap<String, String>> {
    let mut defaults = BTreeMap::new();
    for field in description.setup.iter().filter(|field| field.operator_default) {
        let key = format!("{}.{}", description.name, field.key);
        if let Some(value) = archive.get(&table::CONFIG, &key)? {
            defaults.insert(field.key.clone(), value);
        }
    }
    Ok(defaults)
}

/// Adds to an integration's settings what the operator set for all.
pub(crate) fn fill_in(
    archive: &Archive,
    description: &ConnectorDescription,
    settings: &mut BTreeMap<String, String>,
) -> Result<()> {
    for (key, value) in defaults(archive, description)? {
        settings.entry(key).or_insert(value);
    }
    Ok(())
}
