//! The runs of this process: which wait, which are on, and who watches them.
//!
//! An entry of the queue stays in the store until its run has ended, so a run whose process dies is taken up by the
//! next one. Without a server only those entries begin that somebody here waits for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dovetail_domain::{Code, Integration, IntegrationId, RunId};
use dovetail_store::{Run, RunMode, RunStatus, RunTrigger, table};
use dovetail_sync::{Cancel, Event, Order, Progress};
use tokio::sync::{broadcast, watch};

use crate::host::Host;
use crate::queue::{self, Entry, Queue};
use crate::shelf::is_its_own;
use crate::{Problem, database, outcome, problem::Result};

/// Events that wait for somebody slow; the oldest go first.
const EVENTS: usize = 1_024;

/// How a run ended, once it has.
type Ended = Option<Result<Run>>;

/// What watchers of a run hold on to.
#[derive(Clone)]
struct Channels {
    events: broadcast::Sender<Event>,
    ended: watch::Sender<Ended>,
}

impl Channels {
    fn new() -> Channels {
        Channels {
            events: broadcast::channel(EVENTS).0,
            ended: watch::channel(None).0,
        }
    }
}

impl Progress for Channels {
    fn event(&self, event: Event) {
        // Nobody may be watching.
        let _ = self.events.send(event);
    }
}

/// Somebody who follows a run that waits or is on.
pub(crate) struct Follower {
    events: broadcast::Receiver<Event>,
    ended: watch::Receiver<Ended>,
}

impl Follower {
    /// Tells the watcher what happens until the run ends.
    pub(crate) async fn follow(mut self, watcher: &dyn Progress) -> Result<Run> {
        let mut ended = self.ended.clone();
        loop {
            tokio::select! {
                biased;
                event = self.events.recv() => match event {
                    Ok(event) => watcher.event(event),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return the_end(&mut ended).await,
                },
                end = the_end(&mut self.ended) => {
                    while let Ok(event) = self.events.try_recv() {
                        watcher.event(event);
                    }
                    return end;
                }
            }
        }
    }
}

/// Waits for the run's end; one whose end nobody tells is lost.
async fn the_end(ended: &mut watch::Receiver<Ended>) -> Result<Run> {
    let told = ended
        .wait_for(Option::is_some)
        .await
        .ok()
        .and_then(|ended| ended.clone());
    told.unwrap_or_else(|| Err(lost()))
}

fn lost() -> Problem {
    Problem::internal("The run was lost without an end.")
}

/// A run that is on.
struct Running {
    run: RunId,
    cancel: Cancel,
}

#[derive(Default)]
struct State {
    queue: Queue,
    running: HashMap<IntegrationId, Running>,
    watched: HashMap<IntegrationId, Channels>,
    serving: bool,
    closing: bool,
}

/// Runs that wait and runs that are on.
#[derive(Default)]
pub(crate) struct Dispatch {
    state: Mutex<State>,
    // Counts up whenever a run begins or ends.
    turns: watch::Sender<u64>,
}

impl Dispatch {
    /// What the store says is waiting.
    pub(crate) fn read(archive: &dovetail_store::Archive) -> Result<Dispatch> {
        let mut queue = Queue::default();
        for (_, entry) in archive.rows(&table::queue::<Entry>())? {
            queue.put(entry);
        }
        let state = State {
            queue,
            ..State::default()
        };
        Ok(Dispatch {
            state: Mutex::new(state),
            turns: watch::Sender::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a run of the integration is on, and whether one waits.
    pub(crate) fn standing(&self, integration: IntegrationId) -> (bool, bool) {
        let state = self.state();
        (
            state.running.contains_key(&integration),
            state.queue.entry(integration).is_some(),
        )
    }

    /// Whether a server is on in this process.
    pub(crate) fn serving(&self) -> bool {
        self.state().serving
    }

    /// From now on every entry of the queue may begin, not only those somebody waits for.
    pub(crate) fn serve(&self) {
        self.state().serving = true;
    }

    /// Begins no further run and asks those that are on to stop; they stay queued.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closing = true;
        for running in state.running.values() {
            running.cancel.cancel();
        }
    }

    /// Returns when no run is on.
    pub(crate) async fn idle(&self) {
        let mut turns = self.turns.subscribe();
        while !self.state().running.is_empty() {
            if turns.changed().await.is_err() {
                return;
            }
        }
    }

    /// Asks a run to stop; false where it is not on here.
    pub(crate) fn cancel(&self, run: RunId) -> bool {
        let state = self.state();
        let found = state.running.values().find(|running| running.run == run);
        found.map(|running| running.cancel.cancel()).is_some()
    }

    /// The same for a run that is on; none where none is.
    pub(crate) fn follow_running(&self, integration: IntegrationId) -> Option<Follower> {
        let state = self.state();
        let channels = state
            .running
            .contains_key(&integration)
            .then(|| state.watched.get(&integration))??;
        Some(Follower {
            events: channels.events.subscribe(),
            ended: channels.ended.subscribe(),
        })
    }

    /// Something to watch how a run of the integration ends, one that is on or the next.
    pub(crate) fn follow(&self, integration: IntegrationId) -> Follower {
        let mut state = self.state();
        let channels = state.watched.entry(integration).or_insert_with(Channels::new);
        Follower {
            events: channels.events.subscribe(),
            ended: channels.ended.subscribe(),
        }
    }
}

/// How far a run goes, beyond what is due.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reach {
    /// Whether it reads everything.
    pub(crate) full: bool,
    /// Whether it stops before anything is written, for a person to look.
    pub(crate) review: bool,
    /// Whether it only sends what waits.
    pub(crate) push: bool,
}

impl Reach {
    /// Only sends what waits.
    pub(crate) const PUSH: Reach = Reach {
        full: false,
        review: false,
        push: true,
    };
}

/// Queues a run. It is on disk when this returns.
pub(crate) fn enqueue(
    host: &Host,
    integration: IntegrationId,
    trigger: RunTrigger,
    reach: Reach,
) -> Result<()> {
    let mut state = host.dispatch().state();
    state.queue.put(Entry {
        integration,
        trigger,
        since: host.now(),
        full: reach.full,
        review: reach.review,
        push: reach.push,
    });
    let mut step = host.step();
    if let Some(entry) = state.queue.entry(integration) {
        step.put(&table::queue(), &integration, entry)?;
    }
    Ok(host.archive().commit(step)?)
}

/// Takes the queued run of an integration out.
pub(crate) fn withdraw(host: &Host, integration: IntegrationId) -> Result<()> {
    let mut state = host.dispatch().state();
    state.queue.take(integration);
    let mut step = host.step();
    step.delete(&table::queue::<Entry>(), &integration);
    Ok(host.archive().commit(step)?)
}

/// Begins every run whose turn it is.
pub(crate) fn begin_runs(host: &Arc<Host>) -> Result<()> {
    let integrations: HashMap<IntegrationId, Integration> =
        host.archive().rows(&table::INTEGRATIONS)?.into_iter().collect();
    loop {
        let mut state = host.dispatch().state();
        if state.closing {
            return Ok(());
        }
        let running: Vec<IntegrationId> = state.running.keys().copied().collect();
        let begins = queue::next(&state.queue, &running, |entry| {
            let free = integrations
                .get(&entry.integration)
                .is_some_and(|integration| !integration.paused);
            free && (state.serving || state.watched.contains_key(&entry.integration))
        });
        let Some(entry) = begins.cloned() else {
            return Ok(());
        };
        let Some(integration) = integrations.get(&entry.integration).cloned() else {
            return Ok(());
        };
        state.queue.take(entry.integration);
        let run = host.archive().next_run();
        let cancel = Cancel::default();
        let watched = state
            .watched
            .remove(&entry.integration)
            .unwrap_or_else(Channels::new);
        state.running.insert(
            entry.integration,
            Running {
                run,
                cancel: cancel.clone(),
            },
        );
        // Whoever comes now watches this run.
        state.watched.insert(entry.integration, watched.clone());
        drop(state);
        let host = Arc::clone(host);
        tokio::spawn(async move {
            let order = Order {
                run,
                trigger: entry.trigger,
                full: entry.full,
                review: entry.review,
                push: entry.push,
            };
            let work = tokio::spawn(work(
                Arc::clone(&host),
                integration,
                order,
                watched.clone(),
                cancel,
            ));
            let ended = match work.await {
                Ok(ended) => ended,
                Err(error) => Err(Problem::internal(format!("The run ended with a fault: {error}."))),
            };
            end(&host, &entry, ended, &watched);
        });
    }
}

async fn work(
    host: Arc<Host>,
    integration: Integration,
    order: Order,
    channels: Channels,
    cancel: Cancel,
) -> Result<Run> {
    if host.dispatch().serving() {
        host.shelf().counts_anew();
    }
    let setup = match host.setup_for(&integration).await {
        Ok(setup) => setup,
        Err(problem) if is_its_own(&problem) => return failed(&host, &integration, order, problem),
        Err(problem) => return Err(problem),
    };
    database::prove(&host, &setup).await?;
    Ok(dovetail_sync::run_or_review(&setup, order, Arc::new(channels), &cancel).await?)
}

/// A run that ended before it read anything, since a plugin of its does not start.
fn failed(host: &Host, integration: &Integration, order: Order, problem: Problem) -> Result<Run> {
    let mode = if order.full {
        RunMode::Full
    } else {
        RunMode::Incremental
    };
    let (name, now) = (integration.name.clone(), host.now());
    let mut run = Run::begin(order.run, integration.id, name, mode, order.trigger, now);
    run.status = RunStatus::Failed;
    run.reason = Some(problem.code.as_str().to_owned());
    run.trouble = Some(problem.into());
    run.finished = Some(now);
    let mut step = host.step();
    step.put_run(&run)?;
    host.archive().commit(step)?;
    Ok(run)
}

/// What follows a run's end: the queue's entry goes, trouble is noted, watchers are told, and others get their turn.
fn end(host: &Arc<Host>, entry: &Entry, ended: Result<Run>, channels: &Channels) {
    let integration = entry.integration;
    let closing = host.dispatch().state().closing;
    let cancelled = matches!(&ended, Ok(run) if run.status == RunStatus::Cancelled);
    let kept = if closing && cancelled {
        Ok(())
    } else {
        forget_entry(host, integration)
    };
    let noted = kept.and_then(|()| note_trouble(host, integration, &ended));
    // What the store said last matters more than how the run ended.
    let told = noted.and(ended);
    if let Err(problem) = &told
        && problem.code == Code::StorageFailed
    {
        host.fail(problem.clone());
    }
    {
        // Together, so that whoever finds nothing running finds the end of what ran.
        let mut state = host.dispatch().state();
        state.running.remove(&integration);
        state.watched.remove(&integration);
        channels.ended.send_replace(Some(told));
    }
    host.dispatch().turns.send_modify(|turns| *turns += 1);
    if let Err(problem) = begin_runs(host) {
        host.fail(problem);
    }
}

/// Takes the entry of a run that ended out of the store, unless another was queued meanwhile.
fn forget_entry(host: &Host, integration: IntegrationId) -> Result<()> {
    let state = host.dispatch().state();
    if state.queue.entry(integration).is_some() {
        return Ok(());
    }
    let mut step = host.step();
    step.delete(&table::queue::<Entry>(), &integration);
    Ok(host.archive().commit(step)?)
}

/// Keeps what a person has to see to, or takes it back after a run that went through.
fn note_trouble(host: &Host, id: IntegrationId, ended: &Result<Run>) -> Result<()> {
    let problem = match ended {
        Ok(run) => outcome::problem(run).filter(|_| run.status == RunStatus::Failed),
        Err(problem) => Some(problem.clone()),
    };
    let through = matches!(ended, Ok(run) if matches!(run.status, RunStatus::Succeeded | RunStatus::Partial));
    host.change_integration(id, |integration| match &problem {
        Some(problem) if outcome::needs_a_person(&problem.code) => {
            integration.trouble = Some(problem.clone().into());
        }
        _ if through => integration.trouble = None,
        _ => {}
    })
}
