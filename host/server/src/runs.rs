//! Runs: started and followed, listed, shown, cancelled; and the quarantine they leave.

use std::sync::Arc;

use dovetail_domain::{Code, IntegrationName, RunId};
use dovetail_store::{RunStatus, RunTrigger};

use crate::answer::{Answer, QuarantineRow};
use crate::caller::Caller;
use crate::dispatch::{begin_runs, enqueue};
use crate::host::Host;
use crate::{Problem, integrations, problem::Result};

/// Puts a run ahead of the queue and follows it to its end.
pub(crate) async fn sync(host: &Arc<Host>, name: &IntegrationName, caller: &dyn Caller) -> Result<Answer> {
    let integration = integrations::find(host.archive(), name)?;
    if integration.paused {
        return Err(Problem::new(
            Code::Paused,
            format!("The integration `{name}` is paused."),
            format!("`dovetail integration resume {name}` lets it run."),
        ));
    }
    if !integration.sync.saved {
        return Err(Problem::new(
            Code::SettingMissing,
            format!("Nothing is chosen to sync for `{name}` yet."),
            format!(
                "`dovetail settings show {name}` lists what there is; `dovetail settings set {name} --select \
                 GROUP=recommended …` chooses."
            ),
        ));
    }
    let (running, _) = host.dispatch().standing(integration.id);
    if running {
        return Err(Problem::new(
            Code::Busy,
            format!("A run of `{name}` is on."),
            format!("`dovetail run list {name}` shows it; `dovetail run cancel` stops it."),
        ));
    }
    let follower = host.dispatch().follow(integration.id);
    enqueue(host, integration.id, RunTrigger::Manual)?;
    begin_runs(host)?;
    let run = follower.follow(caller).await?;
    Ok(Answer::Run(Box::new(run)))
}

pub(crate) fn list(host: &Host, name: Option<&IntegrationName>) -> Result<Answer> {
    let integration = match name {
        Some(name) => Some(integrations::find_id(host.archive(), name)?),
        None => None,
    };
    Ok(Answer::Runs(host.archive().runs(integration, usize::MAX)?))
}

pub(crate) fn show(host: &Host, run: RunId) -> Result<Answer> {
    let found = host.archive().run(run)?;
    found
        .map(|run| Answer::Run(Box::new(run)))
        .ok_or_else(|| unknown(run))
}

fn unknown(run: RunId) -> Problem {
    Problem::not_found(
        format!("There is no run {run}."),
        "`dovetail run list` lists those there are.",
    )
}

/// Asks a run to stop and waits until it has.
pub(crate) async fn cancel(host: &Arc<Host>, run: RunId) -> Result<Answer> {
    let found = host.archive().run(run)?;
    let on = found
        .as_ref()
        .is_none_or(|found| found.status == RunStatus::Running);
    let follower = found
        .as_ref()
        .map(|found| host.dispatch().follow_running(found.integration));
    if on && host.dispatch().cancel(run) {
        if let Some(Some(follower)) = follower {
            let run = follower.follow(&dovetail_sync::Unwatched).await?;
            return Ok(Answer::Run(Box::new(run)));
        }
        return show(host, run);
    }
    match found {
        None => Err(unknown(run)),
        Some(found) => Err(Problem::value(
            format!("run {run} is not on: it {}", ended(found.status)),
            "Nothing has to be done.",
        )),
    }
}

fn ended(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Running => "is just ending",
        RunStatus::Succeeded => "succeeded",
        RunStatus::Partial => "ended in part",
        RunStatus::Waiting => "is waiting",
        RunStatus::Stalled => "stalled",
        RunStatus::Failed => "failed",
        RunStatus::Cancelled => "was cancelled",
    }
}

pub(crate) fn quarantine(host: &Host, name: Option<&IntegrationName>) -> Result<Answer> {
    let integration = match name {
        Some(name) => Some(integrations::find_id(host.archive(), name)?),
        None => None,
    };
    let names = integrations::names(host.archive())?;
    let rows = host
        .archive()
        .quarantine(integration, None, usize::MAX)?
        .into_iter()
        .map(|entry| QuarantineRow {
            id: entry.id.to_string(),
            run: entry.run.to_string(),
            integration: names
                .get(&entry.integration)
                .map(ToString::to_string)
                .unwrap_or_default(),
            kind: entry.kind,
            source_id: entry.source.to_string(),
            name: entry.name,
            code: entry.code,
            message: entry.message,
            first_seen: entry.first_seen,
            last_seen: entry.last_seen,
            attempts: u64::from(entry.attempts),
        });
    Ok(Answer::Quarantine(rows.collect()))
}
