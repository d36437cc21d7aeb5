//! A run: every kind that is wanted, parents before children, from the first page to the run's document. It reads
//! everything or what changed. Three things go on at once: a page is fetched, the one before is mapped, the one before
//! that is stored. What seems to have left is settled at the end, and only once everything was read without an error.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dovetail_domain::connector::{KindAbility, Listing, Page};
use dovetail_domain::{AssetId, Code, Explained, Kind, Pulled, RunId, Timestamp, Trouble};
use dovetail_gate::Session;
use dovetail_store::{Run, RunMode, RunStatus, RunTrigger, StoreError, table};
use tokio::sync::mpsc;

use crate::apply::{MappedPage, Pass};
use crate::bind::bind;
use crate::checkpoint::{self, Checkpoints, Passed};
use crate::error::SyncError;
use crate::map::Stack;
use crate::progress::{Cancel, Event, Progress};
use crate::psa::Psa;
use crate::pull::{self, Reach, listings, pull};
use crate::setup::{self, Layer, Setup};
use crate::stall::{self, Pulse};
use crate::{choice, orphan, push, remap, retry};

/// Which run it is and who wanted it.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Its id.
    pub run: RunId,
    /// Who wanted it.
    pub trigger: RunTrigger,
    /// Whether everything is to be read, due or not.
    pub full: bool,
    /// Whether it stops before anything is written, for a person to look.
    pub review: bool,
    /// Whether it only sends what waits, and reads nothing else.
    pub push: bool,
}

impl Order {
    /// The document of the run as it begins.
    pub(crate) fn begin(&self, setup: &Setup, mode: RunMode, started: Timestamp) -> Run {
        let integration = &setup.integration;
        let mut run = Run::begin(
            self.run,
            integration.id,
            integration.name.clone(),
            mode,
            self.trigger,
            started,
        );
        run.without.clone_from(&setup.without);
        run
    }
}

/// Pages that may wait between two stages: enough that neither stands still, few enough that memory stays flat.
const PAGES_AHEAD: usize = 1;

/// Reads what is selected and stores what came of it. A failure of the PSA or of a plugin is in the document that is
/// returned; an error is a failure of the store, after which the process has to stop.
pub async fn run(
    setup: &Setup,
    order: Order,
    progress: Arc<dyn Progress>,
    cancel: &Cancel,
) -> Result<Run, StoreError> {
    let started = (setup.clock)();
    let known = Checkpoints::read(&setup.archive, setup.integration.id)?;
    let scope = Scope::of(setup, &known, order.full, started)?;
    let run = order.begin(setup, scope.mode, started);
    let mut pass = Pass::begin(setup, run)?;
    let psa = Psa::of(setup);
    let session = psa.session().clone();
    let pulse = Pulse::default();
    let watched = (&*progress, &pulse);
    let stages = stages(setup, &mut pass, psa, &scope, &known, watched);
    let outcome = under_watch(setup, &session, watched, cancel, stages).await;
    finish(pass, &session, outcome)
}

/// Does the stages of a run until they are done, a person stops them or nothing moves any more.
pub(crate) async fn under_watch(
    setup: &Setup,
    session: &Session,
    (progress, pulse): (&dyn Progress, &Pulse),
    cancel: &Cancel,
    stages: impl Future<Output = Result<Ended, SyncError>>,
) -> Result<Ended, SyncError> {
    let stalled = stall::watch(session, pulse, progress, setup.stalled_after);
    tokio::select! {
        // Asked first, so that a run that is done when somebody cancels it is done.
        biased;
        outcome = stages => outcome,
        () = cancel.cancelled() => {
            session.cancel();
            Err(SyncError::Cancelled)
        }
        stalled = stalled => {
            session.cancel();
            Err(stalled)
        }
    }
}

/// What a run is about.
struct Scope {
    mode: RunMode,
    /// Kinds that are synced, parents first.
    wanted: Vec<Kind>,
    /// Kinds the connector knows and nobody wants.
    unwanted: Vec<Kind>,
    /// The digest of the choices it runs under.
    under: String,
    /// The digest of the mapping stack.
    mapped: String,
    /// Whether they differ from those everything was read under last.
    chosen_anew: bool,
    /// Whether what is stored was made by another mapping stack.
    remap: bool,
}

impl Scope {
    fn of(setup: &Setup, known: &Checkpoints, full: bool, now: Timestamp) -> Result<Scope, StoreError> {
        let description = setup.connector.description();
        let sync = &setup.integration.sync;
        let (wanted, unwanted): (Vec<Kind>, Vec<Kind>) = Kind::ALL
            .into_iter()
            .filter(|kind| description.ability(*kind).is_some())
            .partition(|kind| sync.wants(*kind, description));
        let (under, mapped) = (setup.under(), setup.mapped());
        let as_before = known
            .passed
            .as_ref()
            .is_some_and(|passed| passed.mapped == mapped);
        // What a layer left out is not stored: it has to be read before another stack can map it.
        let full = full || (!as_before && remap::has_left_out(&setup.archive, setup.integration.id)?);
        let full_every = Duration::from_secs(sync.full_every.seconds());
        let mode = checkpoint::mode(full, known, &wanted, &under, full_every, now);
        Ok(Scope {
            mode,
            chosen_anew: known.passed.as_ref().is_none_or(|passed| passed.under != under) || !as_before,
            remap: mode == RunMode::Incremental && !as_before,
            wanted,
            unwanted,
            under,
            mapped,
        })
    }

    fn is_full(&self) -> bool {
        self.mode == RunMode::Full
    }
}

/// How a run without an error ended.
pub(crate) enum Ended {
    /// With everything done.
    Whole,
    /// With more orphans than the brake lets pass.
    Braked,
    /// With something sent whose answer was lost.
    InDoubt,
}

/// Notes that a run did all it was to do.
pub(crate) fn conclude(run: &mut Run) {
    let quarantined: u64 = run.entities.values().map(|tally| tally.quarantined).sum();
    let refused: u64 = run.pushed.values().map(|edits| edits.failed).sum();
    (run.status, run.reason) = match (quarantined, refused) {
        (0, 0) => (RunStatus::Succeeded, None),
        (0, _) => {
            let reason = Code::PushRefused.as_str().to_owned();
            (RunStatus::Partial, Some(reason))
        }
        _ => {
            let reason = Code::RecordsQuarantined.as_str().to_owned();
            (RunStatus::Partial, Some(reason))
        }
    };
    run.trouble = None;
}

/// Writes how the run ended.
pub(crate) fn finish(
    mut pass: Pass,
    session: &Session,
    outcome: Result<Ended, SyncError>,
) -> Result<Run, StoreError> {
    let counters = session.counters();
    let open = table::CONFLICTS.list_under(pass.archive.store(), &pass.integration.id)?;
    let run = &mut pass.run;
    run.open_conflicts = open.iter().map(|(_, open)| open.len() as u64).sum();
    run.requests = counters.requests;
    run.bytes = counters.bytes;
    run.finished = Some((pass.clock)());
    match outcome {
        Ok(Ended::Braked) => {
            run.status = RunStatus::Waiting;
            run.reason = Some(Code::OrphanBrake.as_str().to_owned());
        }
        Ok(Ended::InDoubt) => {
            run.status = RunStatus::Waiting;
            run.reason = Some(Code::PushInDoubt.as_str().to_owned());
        }
        Ok(Ended::Whole) => conclude(run),
        Err(SyncError::Store(error)) => return Err(error),
        Err(error) => {
            run.status = match error {
                SyncError::Patience(_) => RunStatus::Waiting,
                SyncError::Cancelled => RunStatus::Cancelled,
                SyncError::Stalled { .. } => RunStatus::Stalled,
                _ if error.code() == Code::RateLimited => RunStatus::Waiting,
                _ => RunStatus::Failed,
            };
            run.reason = Some(error.code().as_str().to_owned());
            let ended = (pass.clock)();
            run.until = error.patience().map(|seconds| ended.plus_seconds(seconds));
            let trouble = error.trouble();
            run.trouble = Some(match run.until {
                Some(until) => Trouble {
                    hint: format!(
                        "Run the sync again from {until} on; what was read is kept. `--requests-per-minute` lowers the \
                         rate."
                    ),
                    ..trouble
                },
                None => trouble,
            });
        }
    }
    let mut step = pass.step();
    step.put_run(&pass.run)?;
    pass.archive.commit(step)?;
    Ok(pass.run)
}

/// Every kind that is wanted, one after the other, then the links that were left open, then what leaves.
async fn stages(
    setup: &Setup,
    pass: &mut Pass,
    mut psa: Psa,
    scope: &Scope,
    known: &Checkpoints,
    (progress, pulse): (&dyn Progress, &Pulse),
) -> Result<Ended, SyncError> {
    let description = setup.connector.description();
    let mut stack = Stack::new(&setup.layers);
    let mut mapped_by = scope.mapped.clone();
    push::settle_doubts(setup, pass, &mut psa, &mut stack).await?;
    if let Some(passed) = known.passed.as_ref().filter(|_| scope.remap) {
        remap::remap(pass, &mut psa, &mut stack, &scope.wanted, (progress, pulse)).await?;
        let mut step = pass.step();
        let passed = Passed {
            mapped: scope.mapped.clone(),
            ..passed.clone()
        };
        checkpoint::pass(&mut step, pass.integration.id, &passed)?;
        pass.archive.commit(step)?;
    }
    let abilities = scope.wanted.iter().filter_map(|kind| description.ability(*kind));
    for ability in abilities {
        let kind = ability.kind;
        let begun = Instant::now();
        if !scope.is_full() {
            let mut undone = choice::undone(&pass.archive, pass.integration.id, kind)?;
            // Without what it stands under such a record cannot be asked for; a full pass comes upon it.
            undone.retain(|(_, parent)| parent.is_some() || !ability.per_parent);
            retry::read_again(pass, &mut psa, &mut stack, kind, undone).await?;
        }
        let listings = to_list(pass, scope, known, ability)?;
        let total = match (ability.counts, scope.is_full(), listings.as_slice()) {
            (true, true, [one]) => psa.count(one).await?,
            _ => None,
        };
        progress.event(Event::Started { kind, total });

        let (pulled, mut pages) = mpsc::channel::<Page>(PAGES_AHEAD);
        let (mapped, mut ready) = mpsc::channel::<MappedPage>(PAGES_AHEAD);
        let pulling = spawn_pull(psa, listings, pulled);
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
        let mut latest = None;
        while let Some(page) = ready.recv().await {
            latest = latest.max(page.latest);
            // Storing blocks on the disk; the other stages have threads of their own meanwhile.
            tokio::task::block_in_place(|| pass.store(page))?;
            pulse.beat();
            let tally = *pass.run.tally(kind);
            progress.event(Event::Stored { kind, tally });
        }
        let (returned, mapping) = mapping.join().await;
        mapping?;
        let (used, pulling) = pulling.join().await;
        pulling?;
        (stack, psa) = (returned, used);
        // A complete listing stands by itself; an increment goes on from the one before.
        let before = known.of(kind).filter(|_| !scope.is_full());
        let since = checkpoint::after(before, latest, begun.elapsed(), (pass.clock)());
        pass.close(kind, scope.is_full(), since)?;
        if kind == Kind::Organization
            && let Some(layers) = setup::renamed(&setup.layers, &pass.archive)?
        {
            stack = Stack::new(&layers);
            again_under_new_names(setup, pass, (&mut stack, &layers), scope, (progress, pulse)).await?;
            // What a layer left out is not stored: only another pass can map it under the new name.
            if !remap::has_left_out(&pass.archive, pass.integration.id)? {
                mapped_by = setup::mapped(&layers);
            }
        }
    }
    bind(pass)?;
    pulse.beat();
    let passed = match known.passed.as_ref().filter(|_| !scope.is_full()) {
        Some(passed) => Passed {
            mapped: mapped_by,
            ..passed.clone()
        },
        None => Passed {
            at: pass.run.started,
            under: scope.under.clone(),
            mapped: mapped_by,
        },
    };
    let ended = settle(pass, &mut psa, scope, &passed).await?;
    let sent = push::deliver(setup, pass, &mut psa, &mut stack, (progress, pulse)).await?;
    Ok(match ended {
        Ended::Whole => sent,
        ended => ended,
    })
}

/// Maps again what belongs to organizations that were given another name in this run: a layer of theirs is told it. What
/// is read anyhow comes to the new names by itself.
async fn again_under_new_names(
    setup: &Setup,
    pass: &mut Pass,
    (stack, layers): (&mut Stack, &[Layer]),
    scope: &Scope,
    watched: (&dyn Progress, &Pulse),
) -> Result<(), SyncError> {
    let kinds: &[Kind] = match scope.mode {
        RunMode::Full => &[Kind::Organization],
        RunMode::Incremental | RunMode::Push => &scope.wanted,
    };
    let pairs = setup.layers.iter().zip(layers);
    let renamed: BTreeSet<AssetId> = pairs
        .filter(|(before, now)| before.organization != now.organization)
        .filter_map(|(_, now)| now.organization.as_ref().map(|(id, _)| *id))
        .collect();
    for organization in renamed {
        remap::what_is_stored(pass, stack, kinds, Some(organization), watched).await?;
    }
    Ok(())
}

/// What to list of a kind in this run.
fn to_list(
    pass: &mut Pass,
    scope: &Scope,
    known: &Checkpoints,
    ability: &KindAbility,
) -> Result<Vec<Listing>, StoreError> {
    let id = pass.integration.id;
    let Some(since) = known.of(ability.kind).filter(|_| !scope.is_full()) else {
        return listings(&pass.archive, id, ability, &Reach::Everything);
    };
    let mut again = Vec::new();
    if ability.per_parent {
        let share = pass.integration.sync.reread as usize;
        let turn = checkpoint::rotation(&pass.archive, id)?;
        let (wanted, turned) = pull::again(&pass.archive, id, &pass.told, share, turn.as_ref())?;
        again = wanted;
        if let Some(turned) = turned {
            let mut step = pass.step();
            checkpoint::rotate(&mut step, id, &turned)?;
            pass.archive.commit(step)?;
        }
    }
    let reach = Reach::Changes {
        since,
        newcomers: &pass.newcomers,
        again: &again,
    };
    listings(&pass.archive, id, ability, &reach)
}

/// Settles what leaves, and notes what was read and by which stack it is mapped.
async fn settle(pass: &mut Pass, psa: &mut Psa, scope: &Scope, passed: &Passed) -> Result<Ended, SyncError> {
    let (listed, unwanted): (&[Kind], &[Kind]) = match scope.mode {
        RunMode::Full => (&scope.wanted, &scope.unwanted),
        RunMode::Incremental | RunMode::Push => (&[], &[]),
    };
    let braked = orphan::settle(pass, psa, listed, unwanted, scope.chosen_anew).await?;
    let mut step = pass.step();
    pass.go_on_from(&mut step)?;
    checkpoint::pass(&mut step, pass.integration.id, passed)?;
    pass.archive.commit(step)?;
    Ok(if braked { Ended::Braked } else { Ended::Whole })
}

type Pulling = Task<(Psa, Result<(), SyncError>)>;

fn spawn_pull(mut psa: Psa, listings: Vec<Listing>, pages: mpsc::Sender<Page>) -> Pulling {
    Task(tokio::spawn(async move {
        let outcome = pull(&mut psa, &listings, pages).await;
        (psa, outcome)
    }))
}

pub(crate) async fn map_page(
    stack: &mut Stack,
    archive: &dovetail_store::Archive,
    integration: dovetail_domain::IntegrationId,
    kind: Kind,
    page: Page,
) -> Result<MappedPage, SyncError> {
    let latest = page.items.iter().filter_map(|pulled| pulled.record.version).max();
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
        latest,
    })
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
