//! Where a mapping is in use, and whether a version of it can work there.

use dovetail_domain::{Code, Kind};
use dovetail_runtime::LoadedMapping;
use dovetail_store::table;

use super::config::{self, Misfit};
use super::{LAYERS, LayerKept};
use crate::host::Host;
use crate::{Problem, problem::Result};

/// A layer that is set somewhere.
pub(crate) struct Use {
    integration: String,
    organization: Option<String>,
    layer: LayerKept,
}

/// Every place a plugin is set as a layer.
pub(crate) fn uses(host: &Host, plugin: &str) -> Result<Vec<Use>> {
    let archive = host.archive();
    let mut uses = Vec::new();
    for (id, integration) in archive.rows(&table::INTEGRATIONS)? {
        for ((_, place), layers) in LAYERS.list_under(archive.store(), &id)? {
            for layer in layers.into_iter().filter(|layer| layer.plugin == plugin) {
                let organization = match place {
                    Some(id) => archive
                        .record(Kind::Organization, id)?
                        .map(|record| record.name()),
                    None => None,
                };
                uses.push(Use {
                    integration: integration.name.to_string(),
                    organization,
                    layer,
                });
            }
        }
    }
    Ok(uses)
}

impl Use {
    /// The place in words.
    pub(crate) fn words(&self) -> String {
        match &self.organization {
            Some(organization) => format!("the mapping of `{}` for {organization}", self.integration),
            None => format!("the mapping of `{}`", self.integration),
        }
    }

    /// Has a version look at the configuration that is set here.
    pub(crate) async fn try_with(&self, mapping: &LoadedMapping) -> Result<()> {
        let version = &mapping.description().version;
        let read = config::look(mapping, &self.layer.config, self.organization.as_deref()).await?;
        let told = read.map(drop).map_err(Misfit::words);
        told.map_err(|what| {
            Problem::new(
                Code::ValueRefused,
                format!(
                    "Version {version} of `{}` cannot work with the configuration of {}: {}. The version that is there stays.",
                    self.layer.plugin,
                    self.words(),
                    what.trim_end_matches('.')
                ),
                "Take the layer out with `dovetail mapping unset`, add the version, then set it with a configuration it \
                 understands.",
            )
        })
    }
}
