//! What happened to records, why they are as they are, and taking back what a run did.

use std::sync::Arc;

use dovetail_domain::{AssetId, Code, Hold, Integration, IntegrationName, Kind, PartRef, RunId, SourceId};
use dovetail_store::{ChangeCause, Past, Run, RunStatus, Step, table};
use dovetail_sync::{ChangeRow, LeftOut, SentBack, Waiting};

use crate::answer::{Answer, Changed, HistoryRow};
use crate::assets;
use crate::caller::{Caller, SHOWN, unless_declined};
use crate::host::Host;
use crate::integrations;
use crate::two_way::{Shared, send_soon};
use crate::{Problem, problem::Result};

/// Each change of a record, the oldest first.
pub(crate) fn of(host: &Host, kind: Kind, id: AssetId) -> Result<Answer> {
    let past = host.archive().history(kind, id)?;
    if past.is_empty() && host.archive().record(kind, id)?.is_none() {
        return Err(assets::unknown(kind, id));
    }
    let row = |past: &Past| {
        let (before, after) = past.change.values();
        HistoryRow {
            at: past.at,
            field: past.change.field(),
            before,
            after,
            cause: past.cause.to_json(past.plugin.as_deref()),
            in_psa: past.change.is_in_psa(),
        }
    };
    Ok(Answer::History(past.iter().map(row).collect()))
}

/// Takes back what a run changed and nobody changed since, or says what it would take back.
pub(crate) async fn revert(
    host: &Arc<Host>,
    run: RunId,
    dry_run: bool,
    in_psa: bool,
    caller: &dyn Caller,
) -> Result<Answer> {
    let found = reversible(host, run)?;
    if !in_psa {
        return take_back(host, found, dry_run, None);
    }
    let Some(integration) = host.archive().get(&table::INTEGRATIONS, &found.integration)? else {
        return Err(Problem::value(
            format!("run {run} is of no integration that is there"),
            "Leave `--in-psa` out to take it back here only.",
        ));
    };
    let shared = Shared::of(host, integration).await?;
    let preview = take_back(host, found, true, Some(&shared))?;
    if dry_run {
        return Ok(preview);
    }
    if let Answer::Changed(changed) = &preview
        && !changed.changes.is_empty()
    {
        let about = changed
            .changes
            .iter()
            .take(SHOWN)
            .map(ChangeRow::in_words)
            .collect();
        let question = format!("Take back {} changes, in the PSA too?", changed.changes.len());
        let declined = (
            "It was not confirmed; nothing was changed.",
            "`--dry-run` shows everything that would be taken back.",
        );
        unless_declined(caller, about, question, declined).await?;
    }
    let found = reversible(host, run)?;
    let answer = take_back(host, found, false, Some(&shared))?;
    send_soon(host, &shared.integration)?;
    Ok(answer)
}

/// Takes a run back here, and in the PSA where its rules are given.
fn take_back(host: &Host, mut found: Run, dry_run: bool, shared: Option<&Shared>) -> Result<Answer> {
    let _changing = host.changing();
    let run = found.id;
    let (now, cause) = (host.now(), ChangeCause::Revert(run));
    let back = shared.map(|shared| SentBack {
        integration: shared.integration.id,
        rules: &shared.rules,
        eligible: &shared.eligible,
    });
    let take_back = |dry| {
        let step = || Step::new(now, cause.clone());
        dovetail_sync::revert(host.archive(), &found, step, dry, back.as_ref())
    };
    // What was left the first time, because something else belonged to it, can go once that is gone.
    if let Some(at) = found.reverted
        && take_back(true)?.changes.is_empty()
    {
        return Err(Problem::value(
            format!("run {run} was taken back at {at}"),
            "Nothing has to be done; `dovetail asset release` lets go what is held.",
        ));
    }
    let reverted = take_back(dry_run)?;
    if !dry_run {
        found.reverted = Some(now);
        let mut step = host.step();
        step.delete(&table::IMPORTS, &run);
        step.put_run(&found)?;
        host.archive().commit(step)?;
    }
    Ok(Answer::Changed(Box::new(Changed {
        run: found,
        changes: reverted.changes,
        left: Some(reverted.left),
    })))
}

/// A run that can be taken back: it has ended, and no run of its integration is on.
fn reversible(host: &Host, run: RunId) -> Result<Run> {
    let Some(found) = host.archive().run(run)? else {
        return Err(Problem::not_found(
            format!("There is no run {run}."),
            "`dovetail run list` lists those there are.",
        ));
    };
    if found.status == RunStatus::Running || host.dispatch().standing(found.integration).0 {
        return Err(Problem::new(
            Code::Busy,
            format!("A run of `{}` is on.", found.subject()),
            "Wait for its end, or stop it with `dovetail run cancel`.",
        ));
    }
    Ok(found)
}

/// Why a record of the PSA is missing, different or not moving.
pub(crate) async fn explain(
    host: &Arc<Host>,
    name: &IntegrationName,
    kind: Kind,
    what: &str,
) -> Result<Answer> {
    let integration = integrations::find(host.archive(), name)?;
    let setup = host.setup_for(&integration).await?;
    let source = source(host, &integration, kind, what)?;
    let explained = dovetail_sync::explain(&setup, kind, &source).await?;
    Ok(Answer::Explained(Box::new(explained)))
}

/// The PSA's id of a record that is named by it or by what a person calls it.
fn source(host: &Host, integration: &Integration, kind: Kind, what: &str) -> Result<SourceId> {
    let archive = host.archive();
    let mut found: Vec<SourceId> = Vec::new();
    for record in archive.named(kind, what, None)? {
        let link = record.link.filter(|link| link.integration == integration.id);
        found.extend(link.map(|link| link.source));
    }
    let called = |name: &str| name.eq_ignore_ascii_case(what);
    for entry in archive.quarantine(Some(integration.id), None, usize::MAX)? {
        if entry.kind == kind && called(&entry.name) {
            found.push(entry.source);
        }
    }
    let left_out = table::left_out::<LeftOut>().list_under(archive.store(), &integration.id)?;
    let waiting = table::waiting::<Waiting>().list_under(archive.store(), &integration.id)?;
    let named = left_out
        .into_iter()
        .map(|(key, row)| (key, row.name))
        .chain(waiting.into_iter().map(|(key, row)| (key, row.name)));
    found.extend(
        named
            .filter(|((_, of, _), name)| *of == kind && called(name))
            .map(|((_, _, source), _)| source),
    );
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => SourceId::new(what.to_owned()).ok_or_else(|| {
            Problem::value(
                format!("`{what}` is neither an id of the PSA's nor a name that is known"),
                "Give the PSA's id of the record.",
            )
        }),
        several => {
            let ids: Vec<&str> = several.iter().map(SourceId::as_str).collect();
            Err(Problem::new(
                Code::Ambiguous,
                format!("{} records of the PSA are called `{what}`.", several.len()),
                format!("Name the one that is meant by its id: {}.", ids.join(", ")),
            ))
        }
    }
}

/// Lets go what is held of a record: all of it, or one thing.
pub(crate) fn release(host: &Host, kind: Kind, id: AssetId, field: Option<&str>) -> Result<Answer> {
    let _changing = host.changing();
    let Some(record) = host.archive().record(kind, id)? else {
        return Err(assets::unknown(kind, id));
    };
    let named = |text: &str| {
        Hold::named(text).ok_or_else(|| {
            Problem::value(
                format!("`{text}` is no field of a {kind}"),
                format!("`dovetail asset show {kind} {id}` names those that are held."),
            )
        })
    };
    let hold = field.map(named).transpose()?;
    let Some(mut after) = dovetail_sync::release(&record, hold.as_ref()) else {
        return Err(Problem::value(
            format!("nothing of {kind} {id} is held that could be let go"),
            format!("`dovetail asset show {kind} {id}` names what is held."),
        ));
    };
    // Where the organization that the PSA had it in is gone from here, the next run says where it goes.
    if let Some(organization) = after.organization
        && host.archive().brief(Kind::Organization, organization)?.is_none()
    {
        after.organization = record.organization;
    }
    let mut step = host.step();
    after.updated = step.at();
    // Whoever lets a part go has chosen the PSA's side of it.
    if let Some(link) = &record.link {
        let key = (link.integration, kind, id);
        let mut open = host.archive().get(&table::CONFLICTS, &key)?.unwrap_or_default();
        let let_go = |part: PartRef<'_>| record.holds_part(part) && !after.holds_part(part);
        open.retain(|open| !let_go(open.conflict.part()));
        step.put_conflicts(&key, &open)?;
    }
    step.update(&record, after)?;
    host.archive().commit(step)?;
    assets::show(host, kind, id)
}
