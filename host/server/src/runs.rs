//! Runs: started and followed, listed, shown, cancelled; and the quarantine they leave.

use std::sync::Arc;

use dovetail_domain::{AssetId, Code, Integration, IntegrationName, RunId};
use dovetail_store::{Run, RunStatus, RunTrigger};
use dovetail_sync::{Cancel, Order};

use crate::answer::{Answer, Changed};
use crate::caller::{Caller, Relay};
use crate::dispatch::{Reach, begin_runs, enqueue};
use crate::host::Host;
use crate::{Problem, database, integrations, matches, problem::Result};

/// Puts a run ahead of the queue and follows it to its end.
pub(crate) async fn sync(
    host: &Arc<Host>,
    name: &IntegrationName,
    reach: Reach,
    caller: &dyn Caller,
) -> Result<Answer> {
    let integration = ready(host, name)?;
    let follower = host.dispatch().follow(integration.id);
    enqueue(host, integration.id, RunTrigger::Manual, reach)?;
    begin_runs(host)?;
    let run = follower.follow(caller).await?;
    matches::of_review(host, run)
}

/// An integration that a run can begin for now.
pub(crate) fn ready(host: &Arc<Host>, name: &IntegrationName) -> Result<Integration> {
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
    Ok(integration)
}

pub(crate) fn list(host: &Host, name: Option<&IntegrationName>) -> Result<Answer> {
    let integration = match name {
        Some(name) => Some(integrations::find_id(host.archive(), name)?),
        None => None,
    };
    Ok(Answer::Runs(host.archive().runs(integration, usize::MAX)?))
}

pub(crate) fn show(host: &Host, run: RunId, changes: bool) -> Result<Answer> {
    let run = host.archive().run(run)?.ok_or_else(|| unknown(run))?;
    if !changes {
        return Ok(Answer::Run(Box::new(run)));
    }
    let changes = dovetail_sync::of_run(host.archive(), run.id)?;
    Ok(Answer::Changed(Box::new(Changed {
        run,
        changes,
        left: None,
    })))
}

/// Does a run that writes nothing and says what it would change.
pub(crate) async fn preview(
    host: &Arc<Host>,
    name: &IntegrationName,
    full: bool,
    caller: &dyn Caller,
) -> Result<Answer> {
    let integration = ready(host, name)?;
    let setup = host.setup_for(&integration).await?;
    if setup.integration.unproven.is_some() {
        database::same(&setup).await?;
    }
    let order = Order {
        run: RunId(0),
        trigger: RunTrigger::Manual,
        full,
        review: false,
        push: false,
    };
    // Nothing is written, so a preview that is given up need not be told to stop.
    let (relay, mut events) = Relay::new();
    let cancel = Cancel::default();
    let work = dovetail_sync::preview(&setup, order, Arc::new(relay), &cancel);
    tokio::pin!(work);
    let (run, changes) = loop {
        tokio::select! {
            done = &mut work => break done?,
            Some(event) = events.recv() => caller.event(event),
        }
    };
    Ok(Answer::Changed(Box::new(Changed {
        run,
        changes,
        left: None,
    })))
}

pub(crate) fn unknown(run: RunId) -> Problem {
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
        return show(host, run, false);
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

/// Orphans what a run held back.
pub(crate) async fn approve(host: &Arc<Host>, run: RunId, only: Option<&[AssetId]>) -> Result<Answer> {
    let (integration, run) = held_back(host, run)?;
    let setup = host.setup_for(&integration).await?;
    let run = dovetail_sync::approve(&setup, run, only).await?;
    Ok(Answer::Run(Box::new(run)))
}

/// Keeps what a run held back.
pub(crate) async fn reject(host: &Arc<Host>, run: RunId) -> Result<Answer> {
    if matches::is_review(host, run)? {
        return matches::reject(host, run);
    }
    let (integration, run) = held_back(host, run)?;
    let setup = host.setup_for(&integration).await?;
    Ok(Answer::Run(Box::new(dovetail_sync::reject(&setup, run)?)))
}

/// A run that waits for a person's word on orphans, and its integration, of which no run is on.
fn held_back(host: &Arc<Host>, run: RunId) -> Result<(Integration, Run)> {
    let found = host.archive().run(run)?.ok_or_else(|| unknown(run))?;
    let waits =
        found.status == RunStatus::Waiting && found.reason.as_deref() == Some(Code::OrphanBrake.as_str());
    let latest = host.archive().runs(Some(found.integration), 1)?;
    let is_latest = latest.iter().all(|latest| latest.id == run);
    if !waits || !is_latest {
        let why = if waits {
            "a later run has looked again"
        } else {
            "it holds nothing back"
        };
        return Err(Problem::value(
            format!("run {run} waits for no word on orphans: {why}"),
            "`dovetail run list` shows the runs that wait.",
        ));
    }
    // An import holds nothing back, so this one is of an integration.
    let name = found.name.as_ref().ok_or_else(|| unknown(run))?;
    let integration = integrations::find(host.archive(), name)?;
    if host.dispatch().standing(integration.id).0 {
        return Err(Problem::new(
            Code::Busy,
            format!("A run of `{}` is on.", integration.name),
            "Wait for its end; it looks again at what is to be orphaned.",
        ));
    }
    Ok((integration, found))
}
