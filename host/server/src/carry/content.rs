//! What a file with an integration holds, as entries that stand one after the other. A part that an integration gains
//! later is a further entry: a version that does not know it refuses the file.

use std::collections::BTreeMap;

use dovetail_domain::integration::{Network, SyncSettings};
use dovetail_domain::record::MatchedBy;
use dovetail_domain::{AssetId, Chosen, IntegrationName, Kind, Policy, Record, SourceId, SyncState, Witness};
use serde::{Deserialize, Serialize};

use crate::mappings::LayerKept;

/// The form of the file. A later one is refused.
pub(super) const FORMAT: u32 = 1;

/// The first line.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    /// Its form.
    pub(super) format: u32,
}

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Entry {
    /// The integration itself, once.
    Integration(Box<Carried>),
    /// The mapping layers of a place.
    Layers(LayersCarried),
    /// Who wins for a field, as a person said.
    Policy(PolicyCarried),
    /// What a person said of a record of the PSA.
    Choice(ChoiceCarried),
    /// A connection.
    Link(LinkCarried),
}

/// An integration without its id, its secrets and what happened to it.
#[derive(Serialize, Deserialize)]
pub(super) struct Carried {
    pub(super) name: IntegrationName,
    pub(super) connector: String,
    pub(super) settings: BTreeMap<String, String>,
    /// What the operator had set for every integration of the connector.
    pub(super) defaults: BTreeMap<String, String>,
    pub(super) network: Network,
    pub(super) sync: SyncSettings,
    pub(super) paused: bool,
    /// Records by which its database can be told.
    pub(super) witnesses: Vec<Witness>,
}

/// The layers of an integration or of one organization of it.
#[derive(Serialize, Deserialize)]
pub(super) struct LayersCarried {
    pub(super) organization: Option<Named>,
    pub(super) layers: Vec<LayerCarried>,
}

/// A layer with the plugin it was made by.
#[derive(Serialize, Deserialize)]
pub(super) struct LayerCarried {
    pub(super) layer: LayerKept,
    /// The plugin's version and digest; none where it did not start.
    pub(super) version: Option<String>,
    pub(super) digest: Option<String>,
}

/// Who wins for a field, of all or of one organization.
#[derive(Serialize, Deserialize)]
pub(super) struct PolicyCarried {
    pub(super) organization: Option<Named>,
    pub(super) kind: Kind,
    pub(super) field: String,
    pub(super) policy: Policy,
}

/// A choice, with the record it names.
#[derive(Serialize, Deserialize)]
pub(super) struct ChoiceCarried {
    pub(super) kind: Kind,
    pub(super) source: SourceId,
    pub(super) chosen: Chosen,
    pub(super) asset: Option<AssetCarried>,
}

/// A connection of a record with one of the PSA.
#[derive(Serialize, Deserialize)]
pub(super) struct LinkCarried {
    pub(super) kind: Kind,
    pub(super) source: SourceId,
    pub(super) asset: AssetCarried,
    pub(super) by: MatchedBy,
    pub(super) state: SyncState,
}

/// A record by what it can be found by.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct AssetCarried {
    #[serde(flatten)]
    pub(super) named: Named,
    /// The organization it belongs to.
    pub(super) organization: Option<Named>,
}

/// A record's id and name.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Named {
    pub(super) id: AssetId,
    pub(super) name: String,
}

impl Named {
    pub(super) fn of(record: &Record) -> Named {
        Named {
            id: record.id,
            name: record.name(),
        }
    }
}

/// Everything a file holds.
pub(super) struct Content {
    pub(super) integration: Carried,
    pub(super) layers: Vec<LayersCarried>,
    pub(super) policies: Vec<PolicyCarried>,
    pub(super) choices: Vec<ChoiceCarried>,
    pub(super) links: Vec<LinkCarried>,
}

impl Content {
    /// Puts entries together; none where the integration is missing.
    pub(super) fn of(entries: Vec<Entry>) -> Option<Content> {
        let mut integration = None;
        let (mut layers, mut policies) = (Vec::new(), Vec::new());
        let (mut choices, mut links) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                Entry::Integration(carried) => integration = Some(*carried),
                Entry::Layers(carried) => layers.push(carried),
                Entry::Policy(carried) => policies.push(carried),
                Entry::Choice(carried) => choices.push(carried),
                Entry::Link(carried) => links.push(carried),
            }
        }
        Some(Content {
            integration: integration?,
            layers,
            policies,
            choices,
            links,
        })
    }
}
