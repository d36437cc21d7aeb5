//! `conflict list` and `conflict resolve`: what both sides changed, and what a person chooses.

use std::sync::Arc;

use dovetail_domain::conflict::{self, ConflictId, NotAConflict};
use dovetail_domain::{Code, IntegrationName, Part, PartRef, Policy, Record, Take, Wanted};
use dovetail_store::table;

use crate::answer::{Answer, ConflictRow, Named};
use crate::edits::{is_kept_in_step, read};
use crate::host::Host;
use crate::problem::Result;
use crate::request::Choose;
use crate::two_way::{Shared, send_soon};
use crate::{Problem, assets, integrations};

/// What is open, of an integration or of all.
pub(crate) fn list(host: &Host, name: Option<&IntegrationName>) -> Result<Answer> {
    let archive = host.archive();
    let names = integrations::names(archive)?;
    let only = match name {
        Some(name) => Some(integrations::find_id(archive, name)?),
        None => None,
    };
    let mut rows = Vec::new();
    for (integration, name) in names {
        if only.is_some_and(|only| only != integration) {
            continue;
        }
        for ((_, kind, asset), open) in table::CONFLICTS.list_under(archive.store(), &integration)? {
            let Some(record) = archive.record(kind, asset)? else {
                continue;
            };
            let called = record.name();
            for open in open {
                let part = open.conflict.part().to_part();
                let sides = open.conflict.to_json();
                rows.push(ConflictRow {
                    id: ConflictId {
                        kind,
                        asset,
                        part: part.clone(),
                    }
                    .to_string(),
                    integration: name.to_string(),
                    kind,
                    asset: Named {
                        id: asset.to_string(),
                        name: called.clone(),
                    },
                    field: part.to_string(),
                    base: sides.base.unwrap_or_default(),
                    psa: sides.theirs,
                    local: sides.ours,
                    since: open.since,
                    looped: open.looped,
                });
            }
        }
    }
    Ok(Answer::Conflicts(rows))
}

/// Does what a person chose. What was chosen is sent where the PSA has something else; of a record that left the PSA once
/// it comes back there.
pub(crate) async fn resolve(host: &Arc<Host>, id: &str, choose: &Choose) -> Result<Answer> {
    let id: ConflictId = id.parse().map_err(|error: NotAConflict| {
        Problem::value(
            error.to_string(),
            "`dovetail conflict list` lists those that are open.",
        )
    })?;
    let id = &id;
    let archive = host.archive();
    let none = || {
        Problem::not_found(
            format!("There is no conflict {id}."),
            "`dovetail conflict list` lists those that are open.",
        )
    };
    let record = archive.record(id.kind, id.asset)?.ok_or_else(none)?;
    let Some(shared) = Shared::connected(host, &record).await? else {
        return Err(none());
    };
    {
        let _changing = host.changing();
        let before = archive.record(id.kind, id.asset)?.ok_or_else(none)?;
        let key = (shared.integration.id, id.kind, id.asset);
        let mut open = archive.get(&table::CONFLICTS, &key)?.unwrap_or_default();
        let place = open.iter().position(|open| open.conflict.part().is(&id.part));
        let settled = open.remove(place.ok_or_else(none)?);
        let part: PartRef<'_> = (&id.part).into();
        let rule = shared.rules.of(&before, part);
        let mut after = before.clone();
        let take = match choose {
            Choose::Psa => Take::Psa,
            Choose::Local => Take::Local,
            Choose::Value(text) => Take::Value(value(host, &before, &id.part, text)?),
        };
        let takes_psa = take == Take::Psa;
        conflict::resolve(&mut after, &settled.conflict, take, rule)
            .map_err(|error| Problem::value(error.to_string(), "Give a value that the field can hold."))?;
        let mut step = host.step();
        step.put_conflicts(&key, &open)?;
        // Whoever was stopped begins anew.
        if settled.looped {
            step.delete(&table::MOTIONS, &key);
        }
        let chosen = (rule.policy() == Policy::Manual && !takes_psa).then(|| id.part.clone());
        if is_kept_in_step(&after) {
            shared.mark(host, &mut step, &after, chosen)?;
        }
        after.updated = step.at();
        step.update(&before, after)?;
        archive.commit(step)?;
    }
    send_soon(host, &shared.integration)?;
    assets::show(host, id.kind, id.asset)
}

/// A value a person gives in place of both.
fn value(host: &Host, record: &Record, part: &Part, text: &str) -> Result<Wanted> {
    let words = [(part.to_string(), text.to_owned())];
    let edit = read(host, record.kind, Some(record), &words)?;
    let wanted = edit.wanted().into_iter().next();
    wanted.ok_or_else(|| {
        Problem::new(
            Code::ValueRefused,
            format!("`{part}` takes no value here."),
            "Choose psa or local.",
        )
    })
}
