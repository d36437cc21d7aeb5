//! `policy show` and `policy set`: who wins where a field differs on the two sides.

use dovetail_domain::connector::ConnectorDescription;
use dovetail_domain::mapping::{Direction, TableRow};
use dovetail_domain::{AssetId, IntegrationName, Kind, Part, Policy, Rule};
use dovetail_store::table;

use crate::answer::{Answer, Named, PoliciesShown, PolicyRow, SetBy};
use crate::assets::organization;
use crate::host::Host;
use crate::problem::Result;
use crate::request::PolicyChange;
use crate::two_way::Shared;
use crate::{Problem, integrations};

/// Every field that could go both ways with its policy, and what was set for single organizations.
pub(crate) async fn show(host: &Host, name: &IntegrationName) -> Result<Answer> {
    let integration = integrations::find(host.archive(), name)?;
    let shared = Shared::of(host, integration).await?;
    Ok(Answer::Policies(shown(host, &shared)?))
}

fn shown(host: &Host, shared: &Shared) -> Result<PoliciesShown> {
    let archive = host.archive();
    let kept = table::POLICIES.list_under(archive.store(), &shared.integration.id)?;
    let mut fields = Vec::new();
    for kind in Kind::ALL
        .into_iter()
        .filter(|kind| writes(&shared.connector, *kind))
    {
        let mut parts: Vec<String> = kind.fields().iter().map(|(field, _)| field.to_string()).collect();
        let beyond = kept.iter().map(|((_, _, (of, name)), _)| (of, name));
        let beyond = beyond.filter(|(of, name)| **of == kind && name.starts_with("traits."));
        parts.extend(beyond.map(|(_, name)| name.clone()));
        parts.dedup();
        for name in parts {
            let Some(part) = Part::named(&name) else { continue };
            let Some((layer, row)) = shared.rules.row(kind, None, &name) else {
                continue;
            };
            let rule = shared.rules.within(kind, None, &part);
            fields.push(PolicyRow {
                kind,
                field: name.clone(),
                organization: None,
                policy: rule.policy(),
                direction: rule.direction(),
                set_by: match shared.rules.said(kind, None, name.clone()) {
                    Some(_) => SetBy::Person,
                    None if rule.is_default() => SetBy::Default,
                    None => SetBy::Mapping,
                },
                layer: layer.to_owned(),
                one_way_because: one_way(shared, kind, row),
            });
        }
    }
    for ((_, place, (kind, name)), _) in &kept {
        let (Some(id), Some(part)) = (place, Part::named(name)) else {
            continue;
        };
        let rule = shared.rules.within(*kind, Some(*id), &part);
        let row = shared.rules.row(*kind, Some(*id), name);
        let called = archive
            .record(Kind::Organization, *id)?
            .map(|record| record.name());
        fields.push(PolicyRow {
            kind: *kind,
            field: name.clone(),
            organization: Some(Named {
                id: id.to_string(),
                name: called.unwrap_or_default(),
            }),
            policy: rule.policy(),
            direction: rule.direction(),
            set_by: SetBy::Person,
            layer: row.map_or_else(String::new, |(layer, _)| layer.to_owned()),
            one_way_because: None,
        });
    }
    Ok(PoliciesShown {
        name: shared.integration.name.to_string(),
        fields,
    })
}

/// Why a field goes one way, where its mapping says that it goes both.
fn one_way(shared: &Shared, kind: Kind, row: &TableRow) -> Option<String> {
    if !row.rule.can_send() {
        return None;
    }
    if let Some(broken) = shared.rules.broken(kind, None, &row.name) {
        return Some(broken.to_owned());
    }
    (!shared.rules.sends(kind)).then(|| format!("two-way is off for {}", kind.plural()))
}

fn writes(connector: &ConnectorDescription, kind: Kind) -> bool {
    connector.ability(kind).is_some_and(|ability| ability.writes)
}

/// Sets who wins for a field, or takes back what was set. Nothing is sent by that.
pub(crate) async fn set(host: &Host, change: PolicyChange) -> Result<Answer> {
    let archive = host.archive();
    let integration = integrations::find(archive, &change.name)?;
    let place: Option<AssetId> = match &change.organization {
        Some(text) => Some(organization(archive, text)?.id),
        None => None,
    };
    let shared = Shared::of(host, integration).await?;
    if !writes(&shared.connector, change.kind) {
        return Err(Problem::value(
            format!("{} are only read from the PSA", change.kind.plural()),
            format!(
                "`dovetail policy show {}` lists the fields there are.",
                change.name
            ),
        ));
    }
    let (kind, part) = (change.kind, change.part.to_string());
    let row = shared
        .rules
        .row(kind, place, &part)
        .map(|(_, row)| row.rule.direction());
    if row.is_none() && !part.starts_with("traits.") {
        return Err(Problem::value(
            format!("no mapping of `{}` fills {kind}.{part}", change.name),
            format!(
                "`dovetail policy show {}` lists the fields there are.",
                change.name
            ),
        ));
    }
    if let Some(policy) = change.policy {
        refuse_what_cannot_send(&change, policy, row.unwrap_or(Direction::Inward))?;
    }
    {
        let _changing = host.changing();
        let key = (shared.integration.id, place, (kind, part));
        let mut step = host.step();
        match change.policy {
            Some(policy) => step.put(&table::POLICIES, &key, &policy)?,
            None => step.delete(&table::POLICIES, &key),
        }
        archive.commit(step)?;
    }
    let shared = Shared::of(host, integrations::find(archive, &change.name)?).await?;
    Ok(Answer::Policies(shown(host, &shared)?))
}

fn refuse_what_cannot_send(change: &PolicyChange, policy: Policy, flow: Direction) -> Result<()> {
    Rule::new(flow, policy).map(drop).map_err(|error| {
        Problem::value(
            format!("{}.{}: {error}", change.kind, change.part),
            format!(
                "`dovetail mapping show {}` names the fields that go both ways.",
                change.name
            ),
        )
    })
}
