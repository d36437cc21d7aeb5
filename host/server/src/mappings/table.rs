//! The effective table of a stack: field, source, direction, policy and the layer that decides. A direction is shown as it
//! was proved on stored records: a field that is said to go both ways and does not come back as it was goes one way, and
//! an example says why.

use dovetail_domain::AssetId;
use dovetail_domain::mapping::{TableRow, decided};
use dovetail_sync::{Layer, Proof, prove};

use super::{Stacked, find, stack};
use crate::answer::{Answer, LayerShown, MappingRow, MappingShown};
use crate::host::Host;
use crate::problem::Result;
use crate::request::MappingPlace;

pub(crate) async fn show(host: &Host, place: &MappingPlace) -> Result<Answer> {
    Ok(Answer::Mapping(shown(host, place).await?))
}

pub(super) async fn shown(host: &Host, place: &MappingPlace) -> Result<MappingShown> {
    let (integration, organization) = find(host, place)?;
    let asked = organization.as_ref().map(|(id, _)| *id);
    let Stacked {
        layers: mut effective,
        missing,
    } = stack(host, &integration).await?;
    let concerns = |organization: &Option<(AssetId, String)>| {
        organization.as_ref().is_none_or(|(id, _)| Some(*id) == asked)
    };
    effective.retain(|layer| concerns(&layer.organization));
    let named =
        |organization: &Option<(AssetId, String)>| organization.as_ref().map(|(_, name)| name.clone());
    let working = effective.iter().map(|layer| LayerShown {
        plugin: layer.name.clone(),
        version: layer.mapping.description().version.clone(),
        organization: named(&layer.organization),
        config: serde_json::from_str(&layer.config).unwrap_or_default(),
        missing: None,
    });
    let missing = missing
        .iter()
        .filter(|layer| concerns(&layer.organization))
        .map(|layer| LayerShown {
            plugin: layer.plugin.clone(),
            version: String::new(),
            organization: named(&layer.organization),
            config: layer.config.clone(),
            missing: Some(layer.problem.message.clone()),
        });
    let layers = working.chain(missing);
    let proofs = prove(host.archive(), integration.id, asked, &effective).await?;
    Ok(MappingShown {
        name: place.name.to_string(),
        organization: organization.map(|(_, name)| name),
        layers: layers.collect(),
        table: effective_table(&effective, &proofs),
        queued: None,
    })
}

fn effective_table(layers: &[Layer], proofs: &[Proof]) -> Vec<MappingRow> {
    let tables = layers
        .iter()
        .map(|layer| (layer.name.as_str(), layer.table.as_slice()));
    let shown = |(layer, row): (&str, &TableRow)| {
        let proof = proofs
            .iter()
            .find(|proof| proof.kind == row.kind && proof.field == row.name);
        let broken = proof.and_then(|proof| proof.broken.clone());
        let rule = match broken {
            Some(_) => row.rule.inward(),
            None => row.rule,
        };
        MappingRow {
            kind: row.kind,
            field: row.name.clone(),
            path: row.path.clone(),
            direction: rule.direction(),
            policy: rule.policy(),
            layer: layer.to_owned(),
            tried: proof.map(|proof| proof.tried),
            one_way_because: broken,
        }
    };
    decided(tables).into_iter().map(shown).collect()
}
