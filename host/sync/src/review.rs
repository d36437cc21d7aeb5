//! A run that stops before anything is written and shows what it would connect, make and ask: the real run on a store
//! laid over the real one. What it found waits for a person's yes.

use std::sync::Arc;

use dovetail_domain::{Code, IntegrationId, RunId, Timestamp, Trouble};
use dovetail_store::{Archive, ChangeCause, Run, RunStatus, RunTrigger, Step, StoreError, table};
use serde::{Deserialize, Serialize};

use crate::matches::{MatchRow, MatchState, matches};
use crate::preview::laid_over;
use crate::progress::{Cancel, Progress};
use crate::push::push;
use crate::run::{Order, run};
use crate::setup::Setup;

/// Rows a step.
const STEP: usize = 1_000;

/// How far a person has looked at what an integration would connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The run that looked and waits for a yes; none where none waits.
    pub waits: Option<Waits>,
    /// The latest import that had been done when a person said yes last.
    pub agreed: Option<RunId>,
}

/// A review that waits for a yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    /// The run that looked.
    pub run: RunId,
    /// Whether it looked at everything.
    pub full: bool,
    /// The latest import it saw.
    pub imported: Option<RunId>,
}

/// How far a person has looked.
pub fn reviewed(archive: &Archive, integration: IntegrationId) -> Result<Review, StoreError> {
    let known = archive.get(&table::reviews::<Review>(), &integration)?;
    Ok(known.unwrap_or(Review {
        waits: None,
        agreed: None,
    }))
}

/// Whether the next run stops before it writes: a person asked for it, an import brought in what nobody has looked at
/// since, or a review waits and it is no person who wants this run.
fn is_due(asked: bool, trigger: RunTrigger, review: &Review, last_import: Option<RunId>) -> bool {
    let by_itself = trigger != RunTrigger::Manual;
    asked || last_import > review.agreed || (review.waits.is_some() && by_itself)
}

/// Whether runs that come by themselves write nothing until a person has looked.
pub(crate) fn holds(archive: &Archive, integration: IntegrationId) -> Result<bool, StoreError> {
    let review = reviewed(archive, integration)?;
    Ok(is_due(
        false,
        RunTrigger::Schedule,
        &review,
        archive.last_import()?,
    ))
}

/// Does a run, or stops before it writes anything where a person has to look first.
pub async fn run_or_review(
    setup: &Setup,
    order: Order,
    progress: Arc<dyn Progress>,
    cancel: &Cancel,
) -> Result<Run, StoreError> {
    if order.push {
        return push(setup, order, progress, cancel).await;
    }
    let (archive, integration) = (&setup.archive, setup.integration.id);
    let review = reviewed(archive, integration)?;
    let imported: Option<RunId> = archive.last_import()?;
    if is_due(order.review, order.trigger, &review, imported) {
        let over = laid_over(setup)?;
        // What an earlier look found is not what this one finds.
        forget_rows(&over.archive, integration, (setup.clock)())?;
        let looked = run(&over, order, progress.clone(), cancel).await?;
        let rows = of_interest(&over.archive, archive, integration)?;
        let went_through = matches!(looked.status, RunStatus::Succeeded | RunStatus::Partial)
            || looked.reason.as_deref() == Some(Code::OrphanBrake.as_str());
        if !went_through {
            return failed(setup, looked);
        }
        if order.review || !rows.is_empty() {
            let waits = Waits {
                run: looked.id,
                full: order.full,
                imported,
            };
            return wait(setup, &review, waits, looked, &rows);
        }
        agree(archive, integration, imported, (setup.clock)())?;
    } else if review.waits.is_some() {
        agree(archive, integration, review.agreed, (setup.clock)())?;
    }
    run(setup, order, progress, cancel).await
}

/// What the run would connect, make or ask, of records that are not connected yet.
fn of_interest(
    over: &Archive,
    real: &Archive,
    integration: IntegrationId,
) -> Result<Vec<MatchRow>, StoreError> {
    let mut rows = Vec::new();
    for mut row in matches(over, integration, None)? {
        if row.state == MatchState::Ignored
            || real.by_source(integration, row.kind, &row.source_id)?.is_some()
        {
            continue;
        }
        // A record that is made only there has an id of no meaning here.
        if row.state == MatchState::New {
            row.asset = None;
        }
        row.pending = true;
        rows.push(row);
    }
    Ok(rows)
}

/// A run that could not look at everything wrote nothing; only its document is kept.
fn failed(setup: &Setup, mut run: Run) -> Result<Run, StoreError> {
    run.dry_run = true;
    let mut step = plain_step((setup.clock)());
    step.put_run(&run)?;
    setup.archive.commit(step)?;
    Ok(run)
}

fn wait(
    setup: &Setup,
    review: &Review,
    waits: Waits,
    mut run: Run,
    rows: &[MatchRow],
) -> Result<Run, StoreError> {
    let (archive, integration) = (&setup.archive, setup.integration.id);
    let count = |state: MatchState| rows.iter().filter(|row| row.state == state).count();
    let (name, id) = (&setup.integration.name, run.id);
    run.dry_run = true;
    run.status = RunStatus::Waiting;
    run.reason = Some(Code::MatchReview.as_str().to_owned());
    run.trouble = Some(Trouble {
        code: Code::MatchReview.as_str().to_owned(),
        message: format!(
            "nothing is written until a person has looked: {} records are matched, {} are new, {} are ambiguous",
            count(MatchState::Matched),
            count(MatchState::New),
            count(MatchState::Ambiguous)
        ),
        hint: format!(
            "`dovetail match list {name}` shows them, `dovetail match set` and `dovetail match ignore` change them, \
             `dovetail run approve {id} --matches` writes them"
        ),
    });
    forget_rows(archive, integration, (setup.clock)())?;
    for some in rows.chunks(STEP) {
        let mut step = plain_step((setup.clock)());
        for row in some {
            let key = (integration, row.kind, row.source_id.clone());
            step.put(&table::reviewed(), &key, row)?;
        }
        archive.commit(step)?;
    }
    let mut step = plain_step((setup.clock)());
    let review = Review {
        waits: Some(waits),
        ..review.clone()
    };
    step.put(&table::reviews(), &integration, &review)?;
    step.put_run(&run)?;
    archive.commit(step)?;
    Ok(run)
}

/// A person has seen everything up to an import: the next run writes.
pub fn agree(
    archive: &Archive,
    integration: IntegrationId,
    imported: Option<RunId>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let review = Review {
        waits: None,
        agreed: imported,
    };
    close(archive, integration, &review, at)
}

/// A person said no: nothing was written, and where an import is why it was looked, the next run looks again.
pub fn decline(archive: &Archive, integration: IntegrationId, at: Timestamp) -> Result<(), StoreError> {
    let review = Review {
        waits: None,
        ..reviewed(archive, integration)?
    };
    close(archive, integration, &review, at)
}

fn close(
    archive: &Archive,
    integration: IntegrationId,
    review: &Review,
    at: Timestamp,
) -> Result<(), StoreError> {
    // The rows go first: without the review they would be rows of nothing.
    forget_rows(archive, integration, at)?;
    let mut step = plain_step(at);
    step.put(&table::reviews(), &integration, review)?;
    archive.commit(step)
}

fn forget_rows(archive: &Archive, integration: IntegrationId, at: Timestamp) -> Result<(), StoreError> {
    let table = table::reviewed::<MatchRow>();
    for some in table.list_under(archive.store(), &integration)?.chunks(STEP) {
        let mut step = plain_step(at);
        for (key, _) in some {
            step.delete(&table, key);
        }
        archive.commit(step)?;
    }
    Ok(())
}

/// A step that changes no record, so that its cause is written nowhere.
fn plain_step(at: Timestamp) -> Step {
    Step::new(at, ChangeCause::Run(RunId(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_a_person_has_to_look() {
        use RunTrigger::{Manual, Schedule, Settings};
        let review = |waits: bool, agreed: Option<u64>| Review {
            waits: waits.then_some(Waits {
                run: RunId(5),
                full: true,
                imported: None,
            }),
            agreed: agreed.map(RunId),
        };
        for (asked, trigger, review, imported, due) in [
            (false, Manual, review(false, None), None, false),
            (false, Schedule, review(false, None), None, false),
            (true, Manual, review(false, None), None, true),
            (false, Manual, review(false, None), Some(4), true),
            (false, Schedule, review(false, Some(3)), Some(4), true),
            (false, Schedule, review(false, Some(4)), Some(4), false),
            // A review that was asked for holds off what comes by itself; a person may go on without a yes to it.
            (false, Schedule, review(true, None), None, true),
            (false, Settings, review(true, None), None, true),
            (false, Manual, review(true, None), None, false),
            // One that an import made necessary holds off everybody.
            (false, Manual, review(true, Some(3)), Some(4), true),
        ] {
            let what = format!("{asked} {trigger:?} {review:?} {imported:?}");
            assert_eq!(
                is_due(asked, trigger, &review, imported.map(RunId)),
                due,
                "{what}"
            );
        }
    }
}
