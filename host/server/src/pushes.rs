//! `push`: what could be sent and is not by itself goes to the PSA because a person says so, with its preview first.

use std::sync::Arc;

use dovetail_domain::{Code, Kind, RunId};
use dovetail_store::{Run, RunMode, RunStatus, RunTrigger};
use dovetail_sync::{Backfill, ChangeRow};

use crate::answer::{Answer, Changed};
use crate::assets::organization;
use crate::caller::{Caller, SHOWN, unless_declined};
use crate::dispatch::{Reach, begin_runs, enqueue};
use crate::host::Host;
use crate::problem::Result;
use crate::request::PushQuery;
use crate::{Problem, runs};

/// Has everything sent that could be, or says what that is.
pub(crate) async fn push(host: &Arc<Host>, query: PushQuery, caller: &dyn Caller) -> Result<Answer> {
    let integration = runs::ready(host, &query.name)?;
    let setup = host.setup_for(&integration).await?;
    let wanted = |kind: &Kind| query.kind.is_none_or(|wanted| wanted == *kind);
    if !Kind::ALL
        .iter()
        .any(|kind| wanted(kind) && integration.sync.is_two_way(*kind))
    {
        let which = query
            .kind
            .map(|kind| format!(" for {}", kind.plural()))
            .unwrap_or_default();
        return Err(Problem::new(
            Code::FieldOneWay,
            format!("Two-way is off{which}: nothing of `{}` is sent.", query.name),
            format!(
                "`dovetail settings set {} --two-way on` switches it on.",
                query.name
            ),
        ));
    }
    let backfill = Backfill {
        kind: query.kind,
        organization: match &query.organization {
            Some(text) => Some(organization(host.archive(), text)?.id),
            None => None,
        },
    };
    let started = host.now();
    if query.dry_run {
        let changes = dovetail_sync::preview_push(&setup, backfill, usize::MAX)
            .await?
            .changes;
        let name = integration.name.clone();
        let (mode, trigger) = (RunMode::Push, RunTrigger::Manual);
        let mut run = Run::begin(RunId(0), integration.id, name, mode, trigger, started);
        run.dry_run = true;
        run.status = RunStatus::Succeeded;
        run.finished = Some(host.now());
        return Ok(Answer::Changed(Box::new(Changed {
            run,
            changes,
            left: None,
        })));
    }
    let preview = dovetail_sync::preview_push(&setup, backfill, SHOWN).await?;
    if preview.all > 0 {
        let about = preview.changes.iter().map(ChangeRow::in_words).collect();
        let question = format!("Send {} changes to the PSA?", preview.all);
        let declined = (
            "It was not confirmed; nothing was sent.",
            "`--dry-run` shows everything that would be sent.",
        );
        unless_declined(caller, about, question, declined).await?;
    }
    dovetail_sync::backfill(&setup, backfill).await?;
    let follower = host.dispatch().follow(integration.id);
    enqueue(host, integration.id, RunTrigger::Manual, Reach::PUSH)?;
    begin_runs(host)?;
    let run = follower.follow(caller).await?;
    Ok(Answer::Run(Box::new(run)))
}
