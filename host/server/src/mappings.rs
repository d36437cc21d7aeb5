//! The mapping stack of an integration: the standard mapping, then layers for all of it, then layers for one
//! organization. Each layer sees what those before made of a record.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use dovetail_domain::{AssetId, Code, Integration, IntegrationId, Kind};
use dovetail_runtime::LoadedMapping;
use dovetail_store::{Archive, RunTrigger, Step, Table};
use dovetail_sync::Layer;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::answer::{Answer, Queued};
use crate::assets::organization;
use crate::dispatch::{Reach, enqueue};
use crate::host::Host;
use crate::request::MappingPlace;
use crate::{Problem, integrations, problem::Result};

pub(crate) mod config;
mod effect;
mod table;
mod uses;

use config::Misfit;

pub(crate) use effect::preview;
pub(crate) use table::show;
pub(crate) use uses::{Use, uses};

/// A layer as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LayerKept {
    /// The plugin's name.
    pub(crate) plugin: String,
    /// Its configuration.
    config: Json,
    /// Whether runs go on without it where it does not work.
    #[serde(default)]
    pub(crate) optional: bool,
}

/// The layers of an integration as they are now.
pub(crate) struct Stacked {
    /// Those a run maps with.
    pub(crate) layers: Vec<Layer>,
    /// Those that do not work, and without which the operator lets runs go on.
    pub(crate) missing: Vec<Missing>,
}

/// A layer that does not work.
pub(crate) struct Missing {
    plugin: String,
    config: Json,
    organization: Option<(AssetId, String)>,
    problem: Problem,
}

impl Missing {
    /// For a run's document.
    pub(crate) fn words(&self) -> String {
        let of = self
            .organization
            .as_ref()
            .map(|(_, name)| format!(" of {name}"))
            .unwrap_or_default();
        format!("the layer `{}`{of}: {}", self.plugin, self.problem.message)
    }
}

/// The layers of each place.
pub(crate) const LAYERS: Table<(IntegrationId, Option<AssetId>), Vec<LayerKept>> =
    dovetail_store::table::mappings();

/// The layers a run maps with.
pub(crate) async fn stack(host: &Host, integration: &Integration) -> Result<Stacked> {
    stack_of(host, integration, None).await
}

/// The same with the layers of one place as they would be.
async fn stack_of(
    host: &Host,
    integration: &Integration,
    changed: Option<(Option<AssetId>, Vec<LayerKept>)>,
) -> Result<Stacked> {
    let archive = host.archive();
    let standard = host
        .shelf()
        .standard_mapping(archive, &integration.connector)
        .await?;
    let mut layers = vec![layer(standard, &Json::Object(serde_json::Map::new()), None).await?];
    let mut missing = Vec::new();
    // Those of the integration have no organization in their key and so come first.
    let kept = LAYERS.list_under(archive.store(), &integration.id)?;
    let mut places: BTreeMap<Option<AssetId>, Vec<LayerKept>> = kept
        .into_iter()
        .map(|((_, place), layers)| (place, layers))
        .collect();
    if let Some((place, layers)) = changed {
        places.insert(place, layers);
    }
    for (place, kept) in places {
        let organization = match place {
            Some(id) => match archive.record(Kind::Organization, id)? {
                Some(record) => Some((id, record.name())),
                // It is gone, and so are its records.
                None => continue,
            },
            None => None,
        };
        for kept in kept {
            match started(host, &kept, organization.clone()).await {
                Ok(layer) => layers.push(layer),
                Err(problem) if kept.optional => missing.push(Missing {
                    plugin: kept.plugin,
                    config: kept.config,
                    organization: organization.clone(),
                    problem,
                }),
                Err(problem) => return Err(problem),
            }
        }
    }
    Ok(Stacked { layers, missing })
}

async fn started(host: &Host, kept: &LayerKept, organization: Option<(AssetId, String)>) -> Result<Layer> {
    let mapping = host.shelf().mapping(host.archive(), &kept.plugin).await?;
    layer(mapping, &kept.config, organization).await
}

/// Refuses a layer that does not work here, for an organization of that name where it is for one.
pub(crate) async fn check_layer(host: &Host, kept: &LayerKept, organization: Option<&str>) -> Result<()> {
    let organization = organization.map(|name| (AssetId(0), name.to_owned()));
    started(host, kept, organization).await.map(drop)
}

/// A layer that its mapping has looked at. A configuration that does not fit is refused in the words of who says so.
async fn layer(
    mapping: Arc<LoadedMapping>,
    config: &Json,
    organization: Option<(AssetId, String)>,
) -> Result<Layer> {
    let name = mapping.description().name.clone();
    let named = organization.as_ref().map(|(_, name)| name.as_str());
    let table = config::look(&mapping, config, named).await?.map_err(|misfit| match misfit {
        Misfit::Schema(what) => Problem::value(
            format!("the configuration of `{name}` does not fit: {what}"),
            "`dovetail plugin inspect` shows what it is; correct the file named by --config.",
        ),
        Misfit::Mapping(what) => Problem::value(
            format!("`{name}` cannot work with its configuration: {what}"),
            "Correct the file and set it again with `dovetail mapping set NAME --use PLUGIN --config FILE`.",
        ),
    })?;
    Ok(Layer {
        mapping,
        config: config.to_string(),
        table,
        organization,
        name,
    })
}

/// Takes an integration's layers away with it.
pub(crate) fn forget(host: &Host, integration: IntegrationId, step: &mut Step) -> Result<()> {
    Ok(step.delete_under(host.archive().store(), &LAYERS, &integration)?)
}

/// The integration and the organization a place names.
fn find(host: &Host, place: &MappingPlace) -> Result<(Integration, Option<(AssetId, String)>)> {
    let integration = integrations::find(host.archive(), &place.name)?;
    let organization = match &place.organization {
        Some(text) => {
            let record = organization(host.archive(), text)?;
            if record
                .link
                .as_ref()
                .is_none_or(|link| link.integration != integration.id)
            {
                return Err(Problem::not_found(
                    format!(
                        "The organization `{}` does not come from `{}`.",
                        record.name(),
                        place.name
                    ),
                    format!(
                        "`dovetail asset list organization --integration {}` lists those that do.",
                        place.name
                    ),
                ));
            }
            Some((record.id, record.name()))
        }
        None => None,
    };
    Ok((integration, organization))
}

/// A layer that a person wants.
pub(crate) struct NewLayer<'a> {
    /// The plugin's name.
    pub(crate) plugin: &'a str,
    /// Its configuration's file.
    pub(crate) config: Option<&'a Path>,
    /// The layer after which it comes.
    pub(crate) after: Option<&'a str>,
    /// Whether runs go on without it where it does not work.
    pub(crate) optional: bool,
}

/// A layer that could be set: the mapping has looked at its configuration.
struct Candidate {
    key: (IntegrationId, Option<AssetId>),
    layer: LayerKept,
    after: Option<String>,
    standard: String,
}

/// Looks at a layer before anything is changed.
async fn candidate(
    host: &Host,
    integration: &Integration,
    organization: Option<(AssetId, String)>,
    new: NewLayer<'_>,
) -> Result<Candidate> {
    let plugin = new.plugin;
    let archive = host.archive();
    let mapping = host.shelf().mapping(archive, plugin).await?;
    let description = mapping.description();
    if !description.overlay {
        return Err(Problem::value(
            format!("`{plugin}` makes whole records and is no layer over others"),
            "Name a mapping that says of itself that it is an overlay.",
        ));
    }
    let connectors = &description.connectors;
    if !connectors.is_empty() && !connectors.contains(&integration.connector) {
        return Err(Problem::value(
            format!(
                "`{plugin}` does not understand records of {}",
                integration.connector
            ),
            format!("It is for: {}.", connectors.join(", ")),
        ));
    }
    let config = match new.config {
        Some(path) => config::read(path, &description.config_schema)?,
        None => Json::Object(serde_json::Map::new()),
    };
    layer(mapping.clone(), &config, organization.clone()).await?;
    let standard = host
        .shelf()
        .standard_mapping(archive, &integration.connector)
        .await?;
    Ok(Candidate {
        key: (integration.id, organization.map(|(id, _)| id)),
        layer: LayerKept {
            plugin: plugin.to_owned(),
            config,
            optional: new.optional,
        },
        after: new.after.map(str::to_owned),
        standard: standard.description().name.clone(),
    })
}

impl Candidate {
    /// The layers of its place with it.
    fn placed(self, archive: &Archive) -> Result<Vec<LayerKept>> {
        let layers = archive.get(&LAYERS, &self.key)?.unwrap_or_default();
        placed(layers, self.layer, self.after.as_deref(), &self.standard)
    }
}

pub(crate) async fn set(host: &Host, place: &MappingPlace, new: NewLayer<'_>) -> Result<Answer> {
    let (integration, organization) = find(host, place)?;
    let candidate = candidate(host, &integration, organization, new).await?;
    {
        let _changing = host.changing();
        let key = candidate.key;
        let layers = candidate.placed(host.archive())?;
        let mut step = host.step();
        step.put(&LAYERS, &key, &layers)?;
        host.archive().commit(step)?;
    }
    remapped(host, &integration, place).await
}

/// What stands now, with a run queued that maps what is stored again.
async fn remapped(host: &Host, integration: &Integration, place: &MappingPlace) -> Result<Answer> {
    let queued = integration.sync.saved;
    if queued {
        enqueue(host, integration.id, RunTrigger::Settings, Reach::default())?;
    }
    let mut shown = table::shown(host, place).await?;
    shown.queued = queued.then(|| Queued {
        server: host.dispatch().serving(),
        start: format!("dovetail sync {}", integration.name),
    });
    Ok(Answer::Mapping(shown))
}

/// The layers with one more, or with one changed: behind the one that is named, else where it was, else last.
fn placed(
    mut layers: Vec<LayerKept>,
    layer: LayerKept,
    after: Option<&str>,
    standard: &str,
) -> Result<Vec<LayerKept>> {
    let known = layers.iter().position(|known| known.plugin == layer.plugin);
    let Some(after) = after else {
        match known.and_then(|known| layers.get_mut(known)) {
            Some(slot) => *slot = layer,
            None => layers.push(layer),
        }
        return Ok(layers);
    };
    layers.retain(|known| known.plugin != layer.plugin);
    let behind = layers
        .iter()
        .position(|known| known.plugin == after)
        .map(|place| place + 1);
    let place = match behind {
        Some(place) => place,
        None if after == standard => 0,
        None => {
            let mut there: Vec<&str> = vec![standard];
            there.extend(layers.iter().map(|layer| layer.plugin.as_str()));
            return Err(Problem::not_found(
                format!("There is no layer `{after}` to come after."),
                format!(
                    "The layers here are: {}. Those of an organization come after all of the integration.",
                    there.join(", ")
                ),
            ));
        }
    };
    layers.insert(place, layer);
    Ok(layers)
}

pub(crate) async fn unset(host: &Host, place: &MappingPlace, plugin: &str) -> Result<Answer> {
    let (integration, organization) = find(host, place)?;
    {
        let _changing = host.changing();
        let key = (integration.id, organization.map(|(id, _)| id));
        let before = host.archive().get(&LAYERS, &key)?.unwrap_or_default();
        let after: Vec<LayerKept> = before
            .iter()
            .filter(|layer| layer.plugin != plugin)
            .cloned()
            .collect();
        if after.len() == before.len() {
            return Err(Problem::new(
                Code::NotFound,
                format!("There is no layer `{plugin}` here."),
                format!(
                    "`dovetail mapping show {}` lists the layers; --organization names those of one.",
                    place.name
                ),
            ));
        }
        let mut step = host.step();
        if after.is_empty() {
            step.delete(&LAYERS, &key);
        } else {
            step.put(&LAYERS, &key, &after)?;
        }
        host.archive().commit(step)?;
    }
    remapped(host, &integration, place).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(plugin: &str) -> LayerKept {
        LayerKept {
            plugin: plugin.to_owned(),
            config: Json::Null,
            optional: false,
        }
    }

    fn names(layers: &[LayerKept]) -> Vec<&str> {
        layers.iter().map(|layer| layer.plugin.as_str()).collect()
    }

    #[test]
    fn where_a_layer_comes() {
        let put = |name: &str, after| placed(vec![layer("a"), layer("b")], layer(name), after, "standard");
        assert_eq!(names(&put("c", None).unwrap()), ["a", "b", "c"]);
        assert_eq!(names(&put("a", None).unwrap()), ["a", "b"]);
        assert_eq!(names(&put("a", Some("b")).unwrap()), ["b", "a"]);
        assert_eq!(names(&put("c", Some("a")).unwrap()), ["a", "c", "b"]);
        assert_eq!(names(&put("c", Some("standard")).unwrap()), ["c", "a", "b"]);
        assert!(put("c", Some("d")).unwrap_err().hint.contains("standard, a, b"));
        assert!(put("c", Some("c")).is_err());
    }
}
