//! A mapped page becomes one step: records made, changed or left as they are, quarantine, lists and the run's document,
//! written together. Whatever the process dies in, the next start finds the state before or after the page.

use std::collections::HashSet;
use std::sync::Arc;

use dovetail_domain::connector::RefusedItem;
use dovetail_domain::mapping::Draft;
use dovetail_domain::matching::Match;
use dovetail_domain::record::{MatchedBy, digest};
use dovetail_domain::{
    AssetId, Code, Exclusion, Explained, Integration, Kind, Link, Pulled, Record, SourceId, SourceRecord,
    SyncState, Timestamp, plan,
};
use dovetail_store::{Archive, ChangeCause, Named, Quarantined, Run, Step, StoreError, compress, table};

use crate::checkpoint;
use crate::leaving::{Attendance, Leaving, Reason};
use crate::ledger::{Ledger, LeftOut, Waiting};
use crate::map::{Fate, Mapped};
use crate::recognise::{Rivals, recognise};
use crate::resolve::{self, Owner};
use crate::revert::all_ignored;

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
    /// Records of the PSA that a person does not want.
    ignored: HashSet<(Kind, SourceId)>,
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
    pub(crate) fn begin(
        archive: Arc<Archive>,
        integration: Integration,
        run: Run,
        clock: fn() -> Timestamp,
    ) -> Result<Pass, StoreError> {
        let left_out = Ledger::open(&archive, table::left_out(), integration.id)?;
        let waiting = Ledger::open(&archive, table::waiting(), integration.id)?;
        let quarantined = archive.quarantine(Some(integration.id), None, usize::MAX)?;
        let quarantined = quarantined
            .into_iter()
            .map(|entry| (entry.kind, entry.source))
            .collect();
        let ignored = all_ignored(&archive, integration.id)?;
        let newcomers = checkpoint::newcomers(&archive, integration.id)?;
        let pass = Pass {
            archive,
            integration,
            run,
            clock,
            left_out,
            waiting,
            quarantined,
            ignored,
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
        Step::new((self.clock)(), ChangeCause::Run(self.run.id, None))
    }

    /// Stores a page.
    pub(crate) fn store(&mut self, page: MappedPage) -> Result<(), StoreError> {
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
                if ready.known.is_none() {
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

    /// A record of the quarantine is gone from the PSA: there is nothing left to take over.
    pub(crate) fn let_go(&mut self, kind: Kind, source: &SourceId) -> Result<(), StoreError> {
        let mut step = self.step();
        self.lift(&mut step, kind, source);
        self.leaves(kind, source, Reason::Gone)?;
        self.archive.commit(step)
    }

    fn lift(&mut self, step: &mut Step, kind: Kind, source: &SourceId) {
        if self.quarantined.remove(&(kind, source.clone())) {
            step.lift_quarantine((self.integration.id, kind, source.clone()));
        }
    }

    /// Gives a mapped record its place: the organization it belongs to, its links, and the record it is connected with.
    /// None where it does not come in; then it is counted.
    fn place(&mut self, step: &mut Step, mapped: Mapped) -> Result<Option<Placed>, StoreError> {
        let Mapped { record: source, fate } = mapped;
        let kind = source.kind;
        if self.ignored.contains(&(kind, source.id.clone())) {
            self.run.tally(kind).skipped += 1;
            self.lift(step, kind, &source.id);
            return Ok(None);
        }
        let mut draft = match fate {
            Fate::Draft(draft) => draft,
            Fate::Skipped { layer, reason } => {
                self.run.tally(kind).skipped += 1;
                self.lift(step, kind, &source.id);
                note(
                    &mut self.run.left_out,
                    kind,
                    &source.id,
                    &source.name,
                    format!("{layer}: {reason}"),
                );
                let excluded = vec![Exclusion {
                    reason,
                    group: None,
                    labels: vec![layer],
                }];
                self.leaves(kind, &source.id, Reason::Excluded(excluded.clone()))?;
                self.left_out.put(
                    step,
                    kind,
                    &source.id,
                    LeftOut {
                        name: source.name,
                        excluded,
                    },
                )?;
                return Ok(None);
            }
            Fate::Refused { layer, error } => {
                let message = format!("{layer}: {error}");
                self.sees(kind, &source.id)?;
                self.quarantine(
                    step,
                    kind,
                    source.id,
                    source.name,
                    error.code(),
                    message,
                    Some(source.json),
                );
                return Ok(None);
            }
        };
        let owner = resolve::owner(&self.archive, self.integration.id, &draft)?;
        let organization = match (kind, owner) {
            (Kind::Organization, _) => None,
            (_, Owner::Asset(id)) => Some(id),
            (_, Owner::Unknown(id)) if self.waiting.has(Kind::Organization, &id) => {
                // What stands under an organization that waits waits with it.
                self.run.tally(kind).waiting += 1;
                self.lift(step, kind, &source.id);
                self.sees(kind, &source.id)?;
                return Ok(None);
            }
            // Under one that is not synced, or under none, it does not come in.
            (_, Owner::Unknown(_) | Owner::Nobody) => {
                self.run.tally(kind).skipped += 1;
                self.lift(step, kind, &source.id);
                self.leaves(kind, &source.id, Reason::Follows)?;
                return Ok(None);
            }
        };
        resolve::references(&self.archive, self.integration.id, organization, &mut draft)?;
        let known = self
            .archive
            .record_by_source(self.integration.id, kind, &source.id)?;
        if let Some(known) = &known {
            self.attendance.stay(kind, known.id);
        }
        Ok(Some(Placed {
            source,
            draft,
            organization,
            known,
        }))
    }

    fn write(&mut self, step: &mut Step, rivals: &Rivals, placed: Placed) -> Result<(), StoreError> {
        let Placed {
            source,
            draft,
            organization,
            known,
        } = placed;
        let kind = source.kind;
        let written = match known {
            Some(record) => {
                self.waiting.clear(step, kind, &source.id);
                self.update(step, record, &source, organization, &draft, None)
            }
            None => match recognise(&self.archive, rivals, kind, organization, &draft)? {
                Match::New => {
                    self.waiting.clear(step, kind, &source.id);
                    self.create(step, &source, organization, draft)
                }
                Match::Adopt(id) => match self.archive.record(kind, id)? {
                    Some(record) => {
                        self.waiting.clear(step, kind, &source.id);
                        self.update(step, record, &source, organization, &draft, Some(MatchedBy::Rule))
                    }
                    None => self.create(step, &source, organization, draft),
                },
                Match::Ambiguous(candidates) => {
                    self.run.tally(kind).waiting += 1;
                    let ids: Vec<String> = candidates.iter().map(ToString::to_string).collect();
                    let why = format!("it could be {kind} {}", ids.join(" or "));
                    note(&mut self.run.waiting, kind, &source.id, &source.name, why);
                    let row = Waiting {
                        name: source.name.clone(),
                        candidates,
                    };
                    self.waiting.put(step, kind, &source.id, row)
                }
            },
        };
        match written {
            Ok(()) => {
                self.lift(step, kind, &source.id);
                self.left_out.clear(step, kind, &source.id);
                Ok(())
            }
            // One record that does not fit is that record's trouble; the store itself is well.
            Err(error @ StoreError::TooLarge { .. }) => {
                self.quarantine(
                    step,
                    kind,
                    source.id,
                    source.name,
                    Code::RecordInvalid,
                    error.to_string(),
                    Some(source.json),
                );
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn create(
        &mut self,
        step: &mut Step,
        source: &SourceRecord,
        organization: Option<AssetId>,
        draft: Draft,
    ) -> Result<(), StoreError> {
        let record = Record {
            id: self.archive.next_asset(),
            kind: source.kind,
            organization,
            fields: draft
                .fields
                .into_iter()
                .filter(|(_, value)| !value.is_absent())
                .collect(),
            traits: draft
                .traits
                .into_iter()
                .filter(|(_, json)| json != "null")
                .collect(),
            link: Some(self.link(source, MatchedBy::Created)?),
            base: Vec::new(),
            held: Vec::new(),
            own: Vec::new(),
            updated: step.at(),
        };
        self.note_unbound(&record);
        let id = record.id;
        step.create(record)?;
        self.attendance.see(id);
        self.came_in(source);
        self.run.tally(source.kind).created += 1;
        Ok(())
    }

    /// Brings a record to what the PSA says; `adopted` where it is being connected now.
    fn update(
        &mut self,
        step: &mut Step,
        before: Record,
        source: &SourceRecord,
        organization: Option<AssetId>,
        draft: &Draft,
        adopted: Option<MatchedBy>,
    ) -> Result<(), StoreError> {
        let link = before.link.as_ref();
        if link.is_some_and(|link| link.state == SyncState::Disabled) {
            self.run.tally(source.kind).skipped += 1;
            return Ok(());
        }
        let changes = plan::inward(&before, organization, draft);
        let revived = link.is_some_and(|link| link.state == SyncState::Orphaned);
        let same_source = link.is_some_and(|link| link.shadow == digest(&source.json));
        if changes.is_empty() && same_source && !revived && adopted.is_none() {
            self.run.tally(source.kind).unchanged += 1;
            return Ok(());
        }
        let by = adopted.or(link.map(|link| link.by)).unwrap_or(MatchedBy::Created);
        let mut after = before.clone();
        plan::apply(&mut after, &changes);
        after.link = Some(self.link(source, by)?);
        let changed = !changes.is_empty() || revived || adopted.is_some();
        if changed {
            after.updated = step.at();
        }
        self.note_unbound(&after);
        step.update(&before, after)?;
        self.attendance.see(before.id);
        if revived || adopted.is_some() {
            self.came_in(source);
        }
        let tally = self.run.tally(source.kind);
        if changed {
            tally.updated += 1
        } else {
            tally.unchanged += 1
        }
        Ok(())
    }

    fn link(&self, source: &SourceRecord, by: MatchedBy) -> Result<Link, StoreError> {
        Ok(Link {
            integration: self.integration.id,
            source: source.id.clone(),
            version: source.version,
            state: SyncState::Enabled,
            by,
            shadow: digest(&source.json),
            source_json: compress(&source.json)?,
        })
    }

    /// An organization came in: what stands under it may have changed long ago.
    fn came_in(&mut self, source: &SourceRecord) {
        if source.kind == Kind::Organization {
            self.newcomers.push(source.id.clone());
        }
    }

    fn note_unbound(&mut self, record: &Record) {
        if record.kind == Kind::Organization && record.unresolved().next().is_some() {
            self.unbound.push(record.id);
        }
    }
}
