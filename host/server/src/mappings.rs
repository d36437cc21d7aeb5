//! The mapping stack of an integration: the standard mapping, then layers for all of it, then layers for one
//! organization. Each layer sees what those before made of a record.

use std::path::Path;

use dovetail_domain::{AssetId, Code, Integration, IntegrationId, Kind};
use dovetail_store::{Step, Table, table};
use dovetail_sync::Layer;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::answer::{Answer, LayerShown, MappingRow, MappingShown};
use crate::assets::organization;
use crate::host::Host;
use crate::request::MappingPlace;
use crate::{Problem, integrations, problem::Result, schema};

/// The most bytes of a layer's configuration.
const MAX_CONFIG_BYTES: u64 = 256 * 1024;

/// A layer as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LayerKept {
    /// The plugin's name.
    plugin: String,
    /// Its configuration.
    config: Json,
}

const LAYERS: Table<(IntegrationId, Option<AssetId>), Vec<LayerKept>> = table::mappings();

/// The layers a run maps with.
pub(crate) async fn stack(host: &Host, integration: &Integration) -> Result<Vec<Layer>> {
    let archive = host.archive();
    let standard = host
        .shelf()
        .standard_mapping(archive, &integration.connector)
        .await?;
    let mut stack = vec![Layer {
        name: standard.description().name.clone(),
        mapping: standard,
        config: "{}".to_owned(),
        organization: None,
    }];
    // The layers of the integration have the organization 0 in their key and so come first.
    for ((_, place), layers) in LAYERS.list_under(archive.store(), &integration.id)? {
        let organization = match place {
            Some(id) => match archive.record(Kind::Organization, id)? {
                Some(record) => Some((id, record.name())),
                // It is gone, and so are its records.
                None => continue,
            },
            None => None,
        };
        for layer in layers {
            stack.push(Layer {
                mapping: host.shelf().mapping(archive, &layer.plugin).await?,
                config: layer.config.to_string(),
                organization: organization.clone(),
                name: layer.plugin,
            });
        }
    }
    Ok(stack)
}

/// Takes an integration's layers away with it.
pub(crate) fn forget(host: &Host, integration: IntegrationId, step: &mut Step) -> Result<()> {
    for (key, _) in LAYERS.list_under(host.archive().store(), &integration)? {
        step.delete(&LAYERS, &key);
    }
    Ok(())
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

pub(crate) async fn show(host: &Host, place: &MappingPlace) -> Result<Answer> {
    let (integration, organization) = find(host, place)?;
    let asked = organization.as_ref().map(|(id, _)| *id);
    let stack = stack(host, &integration).await?;
    let effective: Vec<&Layer> = stack
        .iter()
        .filter(|layer| {
            layer
                .organization
                .as_ref()
                .is_none_or(|(id, _)| Some(*id) == asked)
        })
        .collect();
    let layers = effective.iter().map(|layer| LayerShown {
        plugin: layer.name.clone(),
        version: layer.mapping.description().version.clone(),
        organization: layer.organization.as_ref().map(|(_, name)| name.clone()),
        config: serde_json::from_str(&layer.config).unwrap_or_default(),
    });
    Ok(Answer::Mapping(MappingShown {
        name: place.name.to_string(),
        organization: organization.map(|(_, name)| name),
        layers: layers.collect(),
        table: effective_table(effective.iter().map(|layer| {
            let description = layer.mapping.description();
            (layer.name.as_str(), description.table.as_slice())
        })),
    }))
}

/// The rows that take effect: a later layer's row stands in for an earlier one of the same kind and field.
fn effective_table<'a>(
    layers: impl Iterator<Item = (&'a str, &'a [dovetail_domain::mapping::TableRow])>,
) -> Vec<MappingRow> {
    let mut table: Vec<MappingRow> = Vec::new();
    for (layer, rows) in layers {
        for row in rows {
            let new = MappingRow {
                kind: row.kind,
                field: row.name.clone(),
                path: row.path.clone(),
                direction: row.flow,
                layer: layer.to_owned(),
            };
            match table
                .iter_mut()
                .find(|known| known.kind == new.kind && known.field == new.field)
            {
                Some(known) => *known = new,
                None => table.push(new),
            }
        }
    }
    // Stable, so that within a kind the mappings' own order stays.
    table.sort_by_key(|row| row.kind);
    table
}

pub(crate) async fn set(
    host: &Host,
    place: &MappingPlace,
    plugin: &str,
    config: Option<&Path>,
    after: Option<&str>,
) -> Result<Answer> {
    let (integration, organization) = find(host, place)?;
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
    let config = match config {
        Some(path) => read_config(path)?,
        None => Json::Object(serde_json::Map::new()),
    };
    schema::check(&description.config_schema, &config).map_err(|what| {
        Problem::value(
            format!("the configuration of `{plugin}` does not fit: {what}"),
            "`dovetail plugin inspect` shows what it is; correct the file named by --config.",
        )
    })?;
    let standard = host
        .shelf()
        .standard_mapping(archive, &integration.connector)
        .await?;
    {
        let _changing = host.changing();
        let key = (integration.id, organization.map(|(id, _)| id));
        let layers = archive.get(&LAYERS, &key)?.unwrap_or_default();
        let layer = LayerKept {
            plugin: plugin.to_owned(),
            config,
        };
        let layers = placed(layers, layer, after, &standard.description().name)?;
        let mut step = host.step();
        step.put(&LAYERS, &key, &layers)?;
        archive.commit(step)?;
    }
    show(host, place).await
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
                format!("The layers here are: {}.", there.join(", ")),
            ));
        }
    };
    layers.insert(place, layer);
    Ok(layers)
}

fn read_config(path: &Path) -> Result<Json> {
    let refused = |what: String| {
        Problem::value(
            what,
            "Name a file that holds one JSON object, of at most 256 KiB.",
        )
    };
    let size = std::fs::metadata(path)
        .map_err(|error| refused(format!("{} cannot be read: {error}", path.display())))?
        .len();
    if size > MAX_CONFIG_BYTES {
        return Err(refused(format!("{} is larger than 256 KiB", path.display())));
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| refused(format!("{} cannot be read: {error}", path.display())))?;
    let config: Json = serde_json::from_str(&text)
        .map_err(|error| refused(format!("{} is no JSON: {error}", path.display())))?;
    if !config.is_object() {
        return Err(refused(format!(
            "{} holds JSON that is no object",
            path.display()
        )));
    }
    Ok(config)
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
    show(host, place).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use dovetail_domain::mapping::{Direction, TableRow};

    fn layer(plugin: &str) -> LayerKept {
        LayerKept {
            plugin: plugin.to_owned(),
            config: Json::Null,
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

    #[test]
    fn later_rows_stand_in_for_earlier_ones() {
        let row = |kind, name: &str, path: &str| TableRow {
            kind,
            name: name.to_owned(),
            path: path.to_owned(),
            flow: Direction::Inward,
            identifies: false,
        };
        let standard = [
            row(Kind::Contact, "title", "title"),
            row(Kind::Organization, "name", "name"),
        ];
        let over = [
            row(Kind::Organization, "name", "identifier"),
            row(Kind::Organization, "fax", "fax"),
        ];
        let layers = [("standard", &standard[..]), ("over", &over[..])];
        let table = effective_table(layers.into_iter());
        let shown: Vec<_> = table
            .iter()
            .map(|row| (row.field.as_str(), row.path.as_str(), row.layer.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("name", "identifier", "over"),
                ("fax", "fax", "over"),
                ("title", "title", "standard")
            ]
        );
    }
}
