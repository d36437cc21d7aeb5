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

use crate::ledger::{Ledger, LeftOut, Waiting};
use crate::map::{Fate, Mapped};
use crate::recognise::{Rivals, recognise};
use crate::resolve::{self, Owner};

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
    /// Organizations with links whose targets were not there when they were stored.
    pub(crate) unbound: Vec<AssetId>,
}

/// A page after mapping, with what did not get that far.
pub(crate) struct MappedPage {
    pub(crate) kind: Kind,
    pub(crate) mapped: Vec<Mapped>,
    pub(crate) excluded: Vec<Pulled>,
    pub(crate) refused: Vec<RefusedItem>,
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
            source_id: source.clone(),
            name: name.to_owned(),
            why,
        });
    }
}

/// An exclusion as a person reads it.
fn in_words(exclusion: &Exclusion) -> String {
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
        let pass = Pass {
            archive,
            integration,
            run,
            clock,
            left_out,
            waiting,
            quarantined,
            unbound: Vec::new(),
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
            self.refuse(&mut step, kind, item);
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
            if let Some(ready) = self.place(&mut step, mapped)? {
                if ready.known.is_none() {
                    rivals.note(kind, ready.organization, &ready.draft);
                }
                placed.push(ready);
            }
        }
        for ready in placed {
            self.write(&mut step, &rivals, ready)?;
        }
        step.put_run(&self.run)?;
        self.archive.commit(step)
    }

    /// Ends a kind: lists keep only what this pass found.
    pub(crate) fn close(&mut self, kind: Kind) -> Result<(), StoreError> {
        let mut step = self.step();
        self.left_out.close(&mut step, kind);
        self.waiting.close(&mut step, kind);
        step.put_run(&self.run)?;
        self.archive.commit(step)
    }

    fn leave_out(&mut self, step: &mut Step, kind: Kind, excluded: Vec<Pulled>) -> Result<(), StoreError> {
        for Pulled { record, excluded, .. } in excluded {
            let tally = self.run.tally(kind);
            tally.read += 1;
            tally.skipped += 1;
            self.lift(step, kind, &record.id);
            // Named are organizations that miss something a person could tick; naming every ticket helps nobody.
            let could_be_ticked = excluded.iter().any(|exclusion| !exclusion.labels.is_empty());
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

    fn refuse(&mut self, step: &mut Step, kind: Kind, item: RefusedItem) {
        let tally = self.run.tally(kind);
        tally.read += 1;
        // An id that cannot even be shown has no row of its own; it is counted and the run does not end as succeeded.
        match SourceId::new(item.id) {
            Some(id) => self.quarantine(step, kind, id, item.name, Code::RecordInvalid, item.reason),
            None => tally.quarantined += 1,
        }
    }

    fn quarantine(
        &mut self,
        step: &mut Step,
        kind: Kind,
        source: SourceId,
        name: String,
        code: Code,
        message: String,
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
        });
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
                self.quarantine(step, kind, source.id, source.name, error.code(), message);
                return Ok(None);
            }
        };
        let owner = resolve::owner(&self.archive, self.integration.id, &draft)?;
        let organization = match (kind, owner) {
            (Kind::Organization, _) => None,
            (_, Owner::Asset(id)) => Some(id),
            (_, Owner::Unknown(id)) => {
                // What stands under an organization that waits waits with it; under one that is not synced it does
                // not come in.
                let tally = self.run.tally(kind);
                if self.waiting.has(Kind::Organization, &id) {
                    tally.waiting += 1
                } else {
                    tally.skipped += 1
                }
                self.lift(step, kind, &source.id);
                return Ok(None);
            }
            (_, Owner::Nobody) => {
                self.run.tally(kind).skipped += 1;
                self.lift(step, kind, &source.id);
                return Ok(None);
            }
        };
        resolve::references(&self.archive, self.integration.id, organization, &mut draft)?;
        let known = self
            .archive
            .record_by_source(self.integration.id, kind, &source.id)?;
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
            Some(record) => self.update(step, record, &source, organization, &draft, None),
            None => match recognise(&self.archive, rivals, kind, organization, &draft)? {
                Match::New => self.create(step, &source, organization, draft),
                Match::Adopt(id) => match self.archive.record(kind, id)? {
                    Some(record) => {
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
            updated: (self.clock)(),
        };
        self.note_unbound(&record);
        step.create(record)?;
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
            after.updated = (self.clock)();
        }
        self.note_unbound(&after);
        step.update(&before, after)?;
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

    fn note_unbound(&mut self, record: &Record) {
        if record.kind == Kind::Organization && record.unresolved().next().is_some() {
            self.unbound.push(record.id);
        }
    }
}
