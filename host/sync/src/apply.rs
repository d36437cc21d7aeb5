//! A mapped page becomes one step: records made, changed or left as they are, quarantine, lists and the run's document,
//! written together. Whatever the process dies in, the next start finds the state before or after the page.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use dovetail_domain::connector::RefusedItem;
use dovetail_domain::mapping::Draft;
use dovetail_domain::{
    AssetId, Code, Exclusion, Integration, Kind, Pulled, Record, SourceId, SourceRecord, SyncState, Timestamp,
};
use dovetail_store::{Archive, ChangeCause, Named, Quarantined, Run, Step, StoreError, table};

use crate::checkpoint;
use crate::choice::Choices;
use crate::decided::Decided;
use crate::leaving::{Attendance, Leaving, Reason};
use crate::ledger::{Ledger, LeftOut, Waiting};
use crate::map::Mapped;
use crate::recognise::Rivals;
use crate::rules::Rules;
use crate::setup::Setup;

pub(crate) mod both;
mod place;
mod write;

/// The largest record the quarantine keeps, in bytes.
const KEPT_IN_QUARANTINE: usize = 64 * 1024;

/// What a pass carries from page to page.
pub(crate) struct Pass {
    pub(crate) archive: Arc<Archive>,
    pub(crate) integration: Integration,
    pub(crate) run: Run,
    /// Tells the time.
    pub(crate) clock: fn() -> Timestamp,
    left_out: Ledger<LeftOut>,
    waiting: Ledger<Waiting>,
    quarantined: HashSet<(Kind, SourceId)>,
    /// What records of the PSA are, as a person said.
    choices: Choices,
    /// Who wins.
    pub(crate) rules: Rules,
    /// Records of which something was sent during this run whose answer was lost.
    pub(crate) doubts: BTreeSet<(Kind, AssetId)>,
    /// Organizations with links whose targets were not there when they were stored.
    pub(crate) unbound: Vec<AssetId>,
    /// Which records were seen, and which seem to leave.
    pub(crate) attendance: Attendance,
    /// Organizations that came in during this run, or during one that did not come to its end: what stands under them
    /// was not asked for before.
    pub(crate) newcomers: Vec<SourceId>,
    /// Organizations of which the PSA told anything during this run.
    pub(crate) told: Vec<SourceId>,
    /// The kinds that were read, each with its next checkpoint.
    reached: Vec<(Kind, Timestamp)>,
}

/// A page after mapping, with what did not get that far.
pub(crate) struct MappedPage {
    pub(crate) kind: Kind,
    pub(crate) mapped: Vec<Mapped>,
    pub(crate) excluded: Vec<Pulled>,
    pub(crate) refused: Vec<RefusedItem>,
    /// When the record changed that changed last, by the PSA's clock.
    pub(crate) latest: Option<Timestamp>,
}

/// A record that is mapped and has its place.
struct Placed {
    source: SourceRecord,
    draft: Draft,
    organization: Option<AssetId>,
    known: Option<Record>,
    decided: Decided,
}

/// Names a record in a list of the run's document, as long as there is room.
fn note(list: &mut Vec<Named>, kind: Kind, source: &SourceId, name: &str, why: String) {
    if list.len() < Run::NAMED {
        list.push(Named {
            kind,
            source_id: Some(source.clone()),
            name: name.to_owned(),
            why,
        });
    }
}

/// An exclusion as a person reads it.
pub(crate) fn in_words(exclusion: &Exclusion) -> String {
    let group = exclusion.group.as_deref().unwrap_or("");
    match exclusion.reason.as_str() {
        "not-selected" => format!("{group}: not selected: {}", exclusion.labels.join(", ")),
        reason => format!("{} {}", reason, exclusion.labels.join(", "))
            .trim_end()
            .to_owned(),
    }
}

impl Pass {
    /// Begins a run: its document is written.
    pub(crate) fn begin(setup: &Setup, run: Run) -> Result<Pass, StoreError> {
        let (archive, integration) = (setup.archive.clone(), setup.integration.clone());
        let left_out = Ledger::open(&archive, table::left_out(), integration.id)?;
        let waiting = Ledger::open(&archive, table::waiting(), integration.id)?;
        let quarantined = archive.quarantine(Some(integration.id), None, usize::MAX)?;
        let quarantined = quarantined
            .into_iter()
            .map(|entry| (entry.kind, entry.source))
            .collect();
        let choices = Choices::read(&archive, integration.id)?;
        let newcomers = checkpoint::newcomers(&archive, integration.id)?;
        let pass = Pass {
            archive,
            integration,
            run,
            clock: setup.clock,
            left_out,
            waiting,
            quarantined,
            choices,
            rules: setup.rules()?,
            doubts: BTreeSet::new(),
            unbound: Vec::new(),
            attendance: Attendance::default(),
            told: newcomers.clone(),
            newcomers,
            reached: Vec::new(),
        };
        let mut step = pass.step();
        step.put_run(&pass.run)?;
        pass.archive.commit(step)?;
        Ok(pass)
    }

    /// An empty step in the name of this run.
    pub(crate) fn step(&self) -> Step {
        Step::new((self.clock)(), ChangeCause::Run(self.run.id))
    }

    /// Stores a page.
    pub(crate) fn store(&mut self, page: MappedPage) -> Result<(), StoreError> {
        let archive = Arc::clone(&self.archive);
        let _turn = archive.turn();
        let mut step = self.step();
        let kind = page.kind;
        self.leave_out(&mut step, kind, page.excluded)?;
        for item in page.refused {
            self.refuse(&mut step, kind, item)?;
        }
        let mut placed = Vec::with_capacity(page.mapped.len());
        let mut seen = HashSet::new();
        let mut rivals = Rivals::default();
        for mapped in page.mapped {
            // A listing may name a record twice where the PSA's pages shift; the first one counts.
            if !seen.insert(mapped.record.id.clone()) {
                continue;
            }
            self.run.tally(kind).read += 1;
            if kind == Kind::Organization {
                self.told.push(mapped.record.id.clone());
            }
            if let Some(ready) = self.place(&mut step, mapped)? {
                let chosen = self.choices.of(kind, &ready.source.id).is_some();
                if ready.known.is_none() && !chosen {
                    rivals.note(kind, ready.organization, &ready.draft);
                }
                placed.push(ready);
            }
        }
        let known = self.newcomers.len();
        for ready in placed {
            self.write(&mut step, &rivals, ready)?;
        }
        if self.newcomers.len() > known {
            checkpoint::put_newcomers(&mut step, self.integration.id, &self.newcomers)?;
        }
        step.put_run(&self.run)?;
        self.archive.commit(step)
    }

    /// Ends a kind of which everything up to `since` was read. After a complete listing, lists keep only what it found.
    pub(crate) fn close(&mut self, kind: Kind, complete: bool, since: Timestamp) -> Result<(), StoreError> {
        let mut step = self.step();
        if complete {
            self.left_out.close(&mut step, kind);
            self.waiting.close(&mut step, kind);
        }
        self.reached.push((kind, since));
        step.put_run(&self.run)?;
        self.archive.commit(step)
    }

    /// Puts into a step where the next run goes on. Only once everything was settled: what a run learned of records that
    /// leave, and of organizations that came in, has to be learned again where it ends before.
    pub(crate) fn go_on_from(&self, step: &mut Step) -> Result<(), StoreError> {
        for (kind, since) in &self.reached {
            checkpoint::put(step, self.integration.id, *kind, *since)?;
        }
        checkpoint::put_newcomers(step, self.integration.id, &Vec::new())
    }

    /// Notes that a record which is kept in step seems to leave; one that is not there cannot.
    fn leaves(&mut self, kind: Kind, source: &SourceId, reason: Reason) -> Result<(), StoreError> {
        let integration = self.integration.id;
        let Some(asset) = self.archive.by_source(integration, kind, source)? else {
            return Ok(());
        };
        let link = self.archive.brief(kind, asset)?.and_then(|brief| brief.link);
        if link == Some((integration, SyncState::Enabled)) {
            let source = source.clone();
            self.attendance.leave(
                kind,
                Leaving {
                    asset,
                    source,
                    reason,
                },
            );
        }
        Ok(())
    }

    /// Notes that a record was read, where it is there.
    fn sees(&mut self, kind: Kind, source: &SourceId) -> Result<(), StoreError> {
        if let Some(asset) = self.archive.by_source(self.integration.id, kind, source)? {
            self.attendance.stay(kind, asset);
        }
        Ok(())
    }

    fn leave_out(&mut self, step: &mut Step, kind: Kind, excluded: Vec<Pulled>) -> Result<(), StoreError> {
        for Pulled { record, excluded, .. } in excluded {
            let tally = self.run.tally(kind);
            tally.read += 1;
            tally.skipped += 1;
            self.lift(step, kind, &record.id);
            self.leaves(kind, &record.id, Reason::Excluded(excluded.clone()))?;
            // Named are organizations that miss something a person could tick; naming every ticket helps nobody.
            let could_be_ticked = excluded.iter().any(|exclusion| !exclusion.labels.is_empty());
            if kind == Kind::Organization && !could_be_ticked {
                self.left_out.clear(step, kind, &record.id);
            }
            if kind == Kind::Organization && could_be_ticked {
                let why = excluded.iter().map(in_words).collect::<Vec<_>>().join("; ");
                note(&mut self.run.left_out, kind, &record.id, &record.name, why);
                self.left_out.put(
                    step,
                    kind,
                    &record.id,
                    LeftOut {
                        name: record.name,
                        excluded,
                        layer: None,
                    },
                )?;
            }
        }
        Ok(())
    }

    fn refuse(&mut self, step: &mut Step, kind: Kind, item: RefusedItem) -> Result<(), StoreError> {
        let tally = self.run.tally(kind);
        tally.read += 1;
        // An id that cannot even be shown has no row of its own; it is counted and the run does not end as succeeded.
        match SourceId::new(item.id) {
            Some(id) => {
                self.sees(kind, &id)?;
                self.quarantine(step, kind, id, item.name, Code::RecordInvalid, item.reason, None);
            }
            None => tally.quarantined += 1,
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "they are the row that is written")]
    fn quarantine(
        &mut self,
        step: &mut Step,
        kind: Kind,
        source: SourceId,
        name: String,
        code: Code,
        message: String,
        record: Option<String>,
    ) {
        self.run.tally(kind).quarantined += 1;
        self.quarantined.insert((kind, source.clone()));
        step.quarantine(Quarantined {
            integration: self.integration.id,
            kind,
            source,
            name,
            run: self.run.id,
            code: code.as_str().to_owned(),
            message,
            record: record.filter(|json| json.len() <= KEPT_IN_QUARANTINE),
        });
    }

    /// A record that was asked for is gone from the PSA: there is nothing left to take over, and nothing to choose.
    pub(crate) fn let_go(&mut self, kind: Kind, source: &SourceId) -> Result<(), StoreError> {
        let mut step = self.step();
        self.lift(&mut step, kind, source);
        self.waiting.clear(&mut step, kind, source);
        if self.choices.of(kind, source).is_some() {
            step.delete(&table::CHOICES, &(self.integration.id, kind, source.clone()));
        }
        self.leaves(kind, source, Reason::Gone)?;
        self.archive.commit(step)
    }

    fn lift(&mut self, step: &mut Step, kind: Kind, source: &SourceId) {
        if self.quarantined.remove(&(kind, source.clone())) {
            step.lift_quarantine((self.integration.id, kind, source.clone()));
        }
    }
}
