//! The effective table of a stack: field, source, direction, policy and the layer that decides. A direction is shown as it was
//! proved on stored records: a field that is said to go both ways and does not come back as it was goes one way, and an
//! example says why.

use dovetail_domain::mapping::TableRow;
use dovetail_domain::{AssetId, Rule};
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
        table: effective_table(&effective, proofs),
        queued: None,
    })
}

fn effective_table(layers: &[Layer], proofs: Vec<Proof>) -> Vec<MappingRow> {
    let layers = layers
        .iter()
        .map(|layer| (layer.name.as_str(), layer.table.as_slice()));
    let mut table = decided(layers);
    for proof in proofs {
        let row = table
            .iter_mut()
            .find(|row| row.kind == proof.kind && row.field == proof.field);
        if let Some(row) = row {
            row.tried = Some(proof.tried);
            if proof.broken.is_some() {
                let rule = Rule::new(row.direction, row.policy).map_or(Rule::INWARD, Rule::inward);
                (row.direction, row.policy) = (rule.direction(), rule.policy());
                row.one_way_because = proof.broken;
            }
        }
    }
    table
}

/// The rows that take effect: a later layer's row stands in for an earlier one of the same kind and field.
fn decided<'a>(layers: impl Iterator<Item = (&'a str, &'a [TableRow])>) -> Vec<MappingRow> {
    let mut table: Vec<MappingRow> = Vec::new();
    for (layer, rows) in layers {
        for row in rows {
            let new = MappingRow {
                kind: row.kind,
                field: row.name.clone(),
                path: row.path.clone(),
                direction: row.rule.direction(),
                policy: row.rule.policy(),
                layer: layer.to_owned(),
                tried: None,
                one_way_because: None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use dovetail_domain::Kind;

    #[test]
    fn later_rows_stand_in_for_earlier_ones() {
        let row = |kind, name: &str, path: &str| TableRow {
            kind,
            name: name.to_owned(),
            path: path.to_owned(),
            rule: Rule::INWARD,
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
        let table = decided(layers.into_iter());
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
