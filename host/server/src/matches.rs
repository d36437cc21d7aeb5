//! Which record of the documentation a record of the PSA is: shown, and said by a person; and the yes or no to a run that
//! stopped for a person to look.

use std::sync::Arc;

use dovetail_domain::{
    AssetId, Choice, Chosen, Code, Integration, IntegrationName, Kind, RunId, SourceId, Trouble,
};
use dovetail_store::{Archive, Run, RunStatus, RunTrigger, table};
use dovetail_sync::{MatchRow, MatchState, Waits, is_free};

use crate::answer::{Answer, Matched, Matches, Reviewed};
use crate::caller::Caller;
use crate::dispatch::{Reach, begin_runs, enqueue};
use crate::host::Host;
use crate::request::{Meant, Subject};
use crate::{Problem, assets, integrations, problem::Result, runs};

/// What is known of the records of an integration, those that need a person first.
pub(crate) fn list(
    host: &Host,
    name: &IntegrationName,
    kind: Option<Kind>,
    state: Option<MatchState>,
    limit: Option<usize>,
) -> Result<Answer> {
    let integration = integrations::find(host.archive(), name)?;
    let mut rows = dovetail_sync::matches(host.archive(), integration.id, kind)?;
    rows.retain(|row| state.is_none_or(|state| row.state == state));
    let more = rows.len().saturating_sub(limit.unwrap_or(usize::MAX));
    rows.truncate(limit.unwrap_or(usize::MAX));
    let review = dovetail_sync::reviewed(host.archive(), integration.id)?.waits;
    Ok(Answer::Matches(Matches {
        rows,
        more,
        review: review.map(|waits| waits.run),
    }))
}

/// A person says which record it is; the next run does it.
pub(crate) fn set(host: &Host, subject: &Subject, meant: Meant) -> Result<Answer> {
    let _changing = host.changing();
    let (integration, known) = known(host, subject)?;
    let choice = match meant {
        Meant::Asset(_) if subject.kind == Kind::Ticket => {
            return Err(Problem::value(
                "tickets are copies of what the PSA has and are matched with nothing",
                "A ticket can be `new`, or not wanted with `dovetail match ignore`.",
            ));
        }
        Meant::Asset(asset) => {
            may_be_given(host.archive(), &integration, subject, asset)?;
            Some(Choice::Asset(asset))
        }
        Meant::New => Some(Choice::New),
        Meant::Ignored => Some(Choice::Ignored),
        Meant::ByRule => None,
    };
    let key = (integration.id, subject.kind, subject.source.clone());
    let mut step = host.step();
    match choice {
        Some(choice) => {
            let chosen = Chosen {
                choice,
                name: known.name,
                why: "a person said so".to_owned(),
                parent: known.parent,
            };
            step.put(&table::CHOICES, &key, &chosen)?;
        }
        None => step.delete(&table::CHOICES, &key),
    }
    host.archive().commit(step)?;
    let rows = dovetail_sync::matches(host.archive(), integration.id, Some(subject.kind))?;
    let row = rows.into_iter().find(|row| row.source_id == subject.source);
    let next = match (
        dovetail_sync::reviewed(host.archive(), integration.id)?.waits,
        choice,
    ) {
        (Some(waits), _) => format!("dovetail run approve {} --matches", waits.run),
        // The rule is asked when the record is read.
        (None, None) => format!("dovetail sync {} --full", integration.name),
        (None, Some(_)) => format!("dovetail sync {}", integration.name),
    };
    Ok(Answer::Matched(Box::new(Matched { row, next })))
}

/// What is known of a record of the PSA.
struct Known {
    name: String,
    parent: Option<SourceId>,
}

/// Finds a record of the PSA among those that were read; an id nobody has read is most likely mistyped.
fn known(host: &Host, subject: &Subject) -> Result<(Integration, Known)> {
    let archive = host.archive();
    let integration = integrations::find(archive, &subject.name)?;
    let (kind, source) = (subject.kind, &subject.source);
    let key = (integration.id, kind, source.clone());
    let waiting = archive.get(&table::waiting::<dovetail_sync::Waiting>(), &key)?;
    let mut parent = waiting.as_ref().and_then(|row| row.parent.clone());
    let mut name = waiting.map(|row| row.name);
    if let Some(chosen) = archive.get(&table::CHOICES, &key)? {
        parent = parent.or(chosen.parent);
        name = name.or(Some(chosen.name));
    }
    if let Some(record) = archive.record_by_source(integration.id, kind, source)? {
        let organization = record.organization.filter(|_| kind != Kind::Organization);
        if let Some(organization) = organization {
            parent = archive.source(Kind::Organization, organization)?.or(parent);
        }
        name = Some(record.name());
    }
    if let Some(row) = archive.get(&table::reviewed::<MatchRow>(), &key)? {
        name = name.or(Some(row.source_name));
    }
    if let Some(row) = archive.get(&table::left_out::<dovetail_sync::LeftOut>(), &key)? {
        name = name.or(Some(row.name));
    }
    match name {
        Some(name) => Ok((integration, Known { name, parent })),
        None => Err(Problem::not_found(
            format!("No run of `{}` has read the {kind} {source}.", subject.name),
            format!(
                "`dovetail match list {}` lists the PSA's records with their ids; `dovetail sync {} --review` reads them \
                 without writing.",
                subject.name, subject.name
            ),
        )),
    }
}

/// Whether a record of the documentation can be connected with the one that is meant.
fn may_be_given(
    archive: &Archive,
    integration: &Integration,
    subject: &Subject,
    asset: AssetId,
) -> Result<()> {
    let (kind, source) = (subject.kind, &subject.source);
    let Some(record) = archive.record(kind, asset)? else {
        return Err(assets::unknown(kind, asset));
    };
    let is_its_own = record
        .link
        .as_ref()
        .is_some_and(|link| link.integration == integration.id && link.source == *source);
    if !is_free(&record) && !is_its_own {
        let with = record
            .link
            .map(|link| link.source.to_string())
            .unwrap_or_default();
        return Err(Problem::value(
            format!("{kind} {asset} is connected with the PSA's record {with}"),
            format!(
                "Say first what that one is, such as `dovetail match set {} {kind} {with} new`, and sync.",
                integration.name
            ),
        ));
    }
    for ((_, of, other), chosen) in table::CHOICES.list_under(archive.store(), &integration.id)? {
        if of == kind && other != *source && chosen.choice == Choice::Asset(asset) {
            return Err(Problem::value(
                format!("{kind} {asset} was given to the PSA's record {other}"),
                format!(
                    "Say first what that one is, such as `dovetail match set {} {kind} {other} rule`.",
                    integration.name
                ),
            ));
        }
    }
    Ok(())
}

/// What a run that stopped for a person to look found, where it did.
pub(crate) fn of_review(host: &Host, run: Run) -> Result<Answer> {
    if run.reason.as_deref() != Some(Code::MatchReview.as_str()) {
        return Ok(Answer::Run(Box::new(run)));
    }
    let mut rows = dovetail_sync::matches(host.archive(), run.integration, None)?;
    rows.retain(|row| row.pending || row.state == MatchState::Ambiguous);
    Ok(Answer::Reviewed(Box::new(Reviewed { run, matches: rows })))
}

/// A person has looked: the run that stopped is done, and followed to its end.
pub(crate) async fn approve(host: &Arc<Host>, run: RunId, caller: &dyn Caller) -> Result<Answer> {
    let (integration, waits) = waiting(host, run)?;
    dovetail_sync::agree(host.archive(), integration.id, waits.imported, host.now())?;
    close(host, run, RunStatus::Succeeded)?;
    let follower = host.dispatch().follow(integration.id);
    let reach = Reach {
        full: waits.full,
        review: false,
        push: false,
    };
    enqueue(host, integration.id, RunTrigger::Manual, reach)?;
    begin_runs(host)?;
    let run = follower.follow(caller).await?;
    of_review(host, run)
}

/// A person does not want what a run would write.
pub(crate) fn reject(host: &Arc<Host>, run: RunId) -> Result<Answer> {
    let (integration, _) = waiting(host, run)?;
    dovetail_sync::decline(host.archive(), integration.id, host.now())?;
    Ok(Answer::Run(Box::new(close(host, run, RunStatus::Cancelled)?)))
}

/// Whether a run is one that stopped for a person to look.
pub(crate) fn is_review(host: &Host, run: RunId) -> Result<bool> {
    let found = host.archive().run(run)?;
    Ok(found.is_some_and(|found| found.reason.as_deref() == Some(Code::MatchReview.as_str())))
}

fn close(host: &Host, run: RunId, status: RunStatus) -> Result<Run> {
    let Some(mut found) = host.archive().run(run)? else {
        return Err(runs::unknown(run));
    };
    found.status = status;
    found.trouble = (status == RunStatus::Cancelled).then(|| Trouble {
        code: Code::Cancelled.to_string(),
        message: "a person said no to what it would have written; nothing was".to_owned(),
        hint: found.again(),
    });
    let mut step = host.step();
    step.put_run(&found)?;
    host.archive().commit(step)?;
    Ok(found)
}

/// The review that a run is, where it still waits and no run is on.
fn waiting(host: &Arc<Host>, run: RunId) -> Result<(Integration, Waits)> {
    let Some(found) = host.archive().run(run)? else {
        return Err(runs::unknown(run));
    };
    let review = dovetail_sync::reviewed(host.archive(), found.integration)?;
    let Some(waits) = review.waits.filter(|waits| waits.run == run) else {
        return Err(Problem::value(
            format!("run {run} waits for no look at its matches"),
            "`dovetail run list` shows the runs that wait.",
        ));
    };
    // Only a run of an integration stops for a look.
    let name = found.name.as_ref().ok_or_else(|| runs::unknown(run))?;
    let integration = runs::ready(host, name)?;
    Ok((integration, waits))
}
