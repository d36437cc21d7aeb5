//! A full pass: every kind that is wanted, parents before children, from the first page to the run's document. Three
//! things go on at once: a page is fetched, the one before is mapped, the one before that is stored.

use std::sync::Arc;

use dovetail_domain::connector::{ConnectorContext, Page};
use dovetail_domain::{Code, Explained, Kind, Pulled, RunId};
use dovetail_gate::{Session, WaitReason};
use dovetail_runtime::ConnectorSession;
use dovetail_store::{Run, RunMode, RunStatus, RunTrigger, StoreError};
use tokio::sync::mpsc;

use crate::apply::{MappedPage, Pass};
use crate::bind::bind;
use crate::error::SyncError;
use crate::map::Stack;
use crate::progress::{Cancel, Event, Progress};
use crate::pull::{listings, pull};
use crate::setup::Setup;

/// Which run it is and who wanted it.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Its id.
    pub run: RunId,
    /// Who wanted it.
    pub trigger: RunTrigger,
}

/// Pages that may wait between two stages: enough that neither stands still, few enough that memory stays flat.
const PAGES_AHEAD: usize = 1;

/// Reads everything that is selected and stores what came of it. A failure of the PSA or of a plugin is in the document
/// that is returned; an error is a failure of the store, after which the process has to stop.
pub async fn full(
    setup: &Setup,
    order: Order,
    progress: Arc<dyn Progress>,
    cancel: &Cancel,
) -> Result<Run, StoreError> {
    let integration = setup.integration.clone();
    let started = (setup.clock)();
    let run = Run::begin(
        order.run,
        integration.id,
        integration.name.clone(),
        RunMode::Full,
        order.trigger,
        started,
    );
    let mut pass = Pass::begin(setup.archive.clone(), integration, run, setup.clock)?;
    let (connector, session) = setup.connect();
    let outcome = {
        let stages = stages(setup, &mut pass, connector, &session, &*progress);
        let watch = watch(&session, &*progress);
        tokio::select! {
            // Asked first, so that a run that is done when somebody cancels it is done.
            biased;
            outcome = stages => outcome,
            () = cancel.cancelled() => {
                session.cancel();
                Err(SyncError::Cancelled)
            }
            () = watch => Err(SyncError::Cancelled),
        }
    };
    finish(pass, &session, outcome)
}

/// Writes how the run ended.
fn finish(mut pass: Pass, session: &Session, outcome: Result<(), SyncError>) -> Result<Run, StoreError> {
    let counters = session.counters();
    let run = &mut pass.run;
    run.requests = counters.requests;
    run.bytes = counters.bytes;
    run.finished = Some((pass.clock)());
    let quarantined: u64 = run.entities.values().map(|tally| tally.quarantined).sum();
    match outcome {
        Ok(()) if quarantined == 0 => run.status = RunStatus::Succeeded,
        Ok(()) => {
            run.status = RunStatus::Partial;
            run.reason = Some("records-quarantined".to_owned());
        }
        Err(SyncError::Store(error)) => return Err(error),
        Err(error) => {
            run.status = match error {
                SyncError::Patience(_) => RunStatus::Waiting,
                SyncError::Cancelled => RunStatus::Cancelled,
                _ if error.code() == Code::RateLimited => RunStatus::Waiting,
                _ => RunStatus::Failed,
            };
            run.reason = Some(error.code().as_str().to_owned());
            run.trouble = Some(error.trouble());
        }
    }
    let mut step = pass.step();
    step.put_run(&pass.run)?;
    pass.archive.commit(step)?;
    Ok(pass.run)
}

/// Every kind that is wanted, one after the other, and then the links that were left open.
async fn stages(
    setup: &Setup,
    pass: &mut Pass,
    connector: ConnectorSession,
    session: &Arc<Session>,
    progress: &dyn Progress,
) -> Result<(), SyncError> {
    let context = Arc::new(setup.context());
    let description = setup.connector.description();
    let mut stack = Stack::new(&setup.layers);
    let mut connector = connector;
    for kind in Kind::ALL {
        let Some(ability) = description
            .ability(kind)
            .filter(|_| pass.integration.sync.wants(kind, description))
        else {
            continue;
        };
        let per_parent = ability.parent.filter(|_| ability.per_parent);
        let listings = listings(&pass.archive, pass.integration.id, kind, per_parent)?;
        let total = match (ability.counts, listings.as_slice()) {
            (true, [one]) => connector
                .count(&context, one)
                .await
                .map_err(|error| crate::error::from_call(error, session))?,
            _ => None,
        };
        progress.event(Event::Started { kind, total });

        let (pulled, mut pages) = mpsc::channel::<Page>(PAGES_AHEAD);
        let (mapped, mut ready) = mpsc::channel::<MappedPage>(PAGES_AHEAD);
        let pulling = spawn_pull(connector, context.clone(), session.clone(), listings, pulled);
        let mapping = {
            let (archive, integration) = (pass.archive.clone(), pass.integration.id);
            Task(tokio::spawn(async move {
                let mut outcome = Ok(());
                while let Some(page) = pages.recv().await {
                    match map_page(&mut stack, &archive, integration, kind, page).await {
                        Ok(page) => {
                            if mapped.send(page).await.is_err() {
                                break;
                            }
                        }
                        Err(error) => {
                            outcome = Err(error);
                            break;
                        }
                    }
                }
                (stack, outcome)
            }))
        };
        while let Some(page) = ready.recv().await {
            // Storing blocks on the disk; the other stages have threads of their own meanwhile.
            tokio::task::block_in_place(|| pass.store(page))?;
            let tally = *pass.run.tally(kind);
            progress.event(Event::Stored { kind, tally });
        }
        let (returned, mapping) = mapping.join().await;
        mapping?;
        let (used, pulling) = pulling.join().await;
        pulling?;
        (stack, connector) = (returned, used);
        pass.close(kind)?;
    }
    Ok(bind(pass)?)
}

type Pulling = Task<(ConnectorSession, Result<(), SyncError>)>;

fn spawn_pull(
    mut connector: ConnectorSession,
    context: Arc<ConnectorContext>,
    session: Arc<Session>,
    listings: Vec<dovetail_domain::connector::Listing>,
    pages: mpsc::Sender<Page>,
) -> Pulling {
    Task(tokio::spawn(async move {
        let outcome = pull(&mut connector, &context, &session, &listings, pages).await;
        (connector, outcome)
    }))
}

async fn map_page(
    stack: &mut Stack,
    archive: &dovetail_store::Archive,
    integration: dovetail_domain::IntegrationId,
    kind: Kind,
    page: Page,
) -> Result<MappedPage, SyncError> {
    let (excluded, included): (Vec<Pulled>, Vec<Pulled>) = page
        .items
        .into_iter()
        .partition(|pulled| !pulled.excluded.is_empty());
    let mapped = stack.map(archive, integration, included).await?;
    Ok(MappedPage {
        kind,
        mapped,
        excluded,
        refused: page.refused,
    })
}

/// How often it is looked whether the gate waits.
const LOOK: std::time::Duration = std::time::Duration::from_millis(250);

/// Tells those who watch when the gate has to wait. It never ends by itself.
async fn watch(session: &Session, progress: &dyn Progress) {
    let mut told = None;
    loop {
        tokio::time::sleep(LOOK).await;
        let waiting = session.waiting();
        let reason = waiting.map(|waiting| waiting.reason);
        if let Some(waiting) = waiting.filter(|_| reason != told) {
            let why = match waiting.reason {
                WaitReason::Budget => "its own budget of requests",
                WaitReason::RateLimit => "the PSA's rate limit",
                WaitReason::ServerBusy => "the PSA, which asks for a pause",
                WaitReason::Failure => "the PSA to answer again",
            };
            progress.event(Event::Waiting {
                seconds: waiting.seconds,
                why: why.to_owned(),
            });
        }
        told = reason;
    }
}

/// A task that ends with the one who waits for it: dropping it stops it.
struct Task<T>(tokio::task::JoinHandle<T>);

impl<T> Task<T> {
    async fn join(mut self) -> T {
        match (&mut self.0).await {
            Ok(value) => value,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
