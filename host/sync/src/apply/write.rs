//! Writing a record that has its place: it is made, connected, changed or left as it is.

use dovetail_domain::mapping::Draft;
use dovetail_domain::record::{MatchedBy, digest};
use dovetail_domain::{AssetId, Code, Kind, Link, Record, SourceRecord, SyncState};
use dovetail_store::{RunMode, Step, StoreError, compress};

use super::both::Said;
use super::{Pass, Placed, note};
use crate::ledger::Waiting;
use crate::recognise::{Placing, Recognised, Rivals, parted, recognise};

impl Pass {
    /// Writes a record that has its place: connects it, makes it, brings it up to what the PSA says, or lets it wait.
    pub(super) fn write(
        &mut self,
        step: &mut Step,
        rivals: &Rivals,
        mut placed: Placed,
    ) -> Result<(), StoreError> {
        let known = placed.known.take();
        let source = &placed.source;
        let kind = source.kind;
        // A pass over everything has seen, or will see, who waits now; other runs go by who waited last.
        let full = self.run.mode == RunMode::Full;
        let is_claimed = |asset: AssetId| {
            let mut others = self
                .waiting
                .rows(kind, full)
                .filter(|(other, _)| **other != source.id);
            others.any(|(_, row)| row.candidates.contains(&asset))
        };
        let placing = Placing {
            kind,
            source: &source.id,
            organization: placed.organization,
            draft: &placed.draft,
            is_claimed: &is_claimed,
        };
        let recognised = recognise(&self.archive, &self.choices, rivals, &placing, known)?;
        if !matches!(recognised, Recognised::Waits { .. }) {
            self.waiting.clear(step, kind, &source.id);
        }
        let written = match recognised {
            Recognised::Known(record) => self.update(step, record, &placed, None),
            Recognised::Found { record, by, parted } => {
                self.part(step, parted)?;
                self.update(step, record, &placed, Some(by))
            }
            Recognised::New { parted } => {
                self.part(step, parted)?;
                let draft = std::mem::take(&mut placed.draft);
                self.create(step, &placed, draft)
            }
            Recognised::Waits { candidates, why } => {
                self.run.tally(kind).waiting += 1;
                note(&mut self.run.waiting, kind, &source.id, &source.name, why.clone());
                let row = Waiting {
                    name: source.name.clone(),
                    candidates,
                    why,
                    parent: placed.draft.organization.as_ref().map(|owner| owner.id.clone()),
                };
                self.waiting.put(step, kind, &source.id, row)
            }
        };
        match written {
            Ok(()) => {
                self.lift(step, kind, &placed.source.id);
                self.left_out.clear(step, kind, &placed.source.id);
                Ok(())
            }
            // One record that does not fit is that record's trouble; the store itself is well.
            Err(error @ StoreError::TooLarge { .. }) => {
                self.quarantine(
                    step,
                    kind,
                    placed.source.id,
                    placed.source.name,
                    Code::RecordInvalid,
                    error.to_string(),
                    Some(placed.source.json),
                );
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// A person said that a record is another one than it is connected with.
    fn part(&mut self, step: &mut Step, record: Option<Box<Record>>) -> Result<(), StoreError> {
        let Some(before) = record else { return Ok(()) };
        let mut after = parted(&before);
        after.updated = step.at();
        self.attendance.see(before.id);
        step.update(&before, after)
    }

    fn create(&mut self, step: &mut Step, placed: &Placed, draft: Draft) -> Result<(), StoreError> {
        let source = &placed.source;
        let (kind, owner) = (source.kind, placed.organization);
        let record = Record {
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
            ..Record::empty(self.archive.next_asset(), kind, owner, step.at())
        };
        self.note_unbound(&record);
        let id = record.id;
        step.create(record)?;
        self.attendance.see(id);
        self.came_in(source);
        self.run.tally(source.kind).created += 1;
        Ok(())
    }

    /// Brings a record and what the PSA says together; `adopted` where it is being connected now.
    fn update(
        &mut self,
        step: &mut Step,
        before: Record,
        placed: &Placed,
        adopted: Option<MatchedBy>,
    ) -> Result<(), StoreError> {
        let source = &placed.source;
        let link = before.link.as_ref();
        if link.is_some_and(|link| link.state == SyncState::Disabled) {
            self.run.tally(source.kind).skipped += 1;
            return Ok(());
        }
        let revived = link.is_some_and(|link| matches!(link.state, SyncState::Orphaned | SyncState::Held));
        let same_source = link.is_some_and(|link| link.shadow == digest(&source.json));
        let said = Said {
            organization: placed.organization,
            draft: &placed.draft,
            decided: &placed.decided,
        };
        let mut after = before.clone();
        // Of a connection that was carried here from another home nothing was ever agreed upon.
        let first = adopted.is_some() || link.is_some_and(Link::is_unread);
        let both = self.reconcile(step, &mut after, &said, first)?;
        if both.is_still && same_source && !revived && adopted.is_none() {
            self.run.tally(source.kind).unchanged += 1;
            return Ok(());
        }
        let by = adopted.or(link.map(|link| link.by)).unwrap_or(MatchedBy::Created);
        after.link = Some(self.link(source, by)?);
        let changed = both.changed || revived || adopted.is_some();
        if changed {
            after.updated = step.at();
        }
        self.note_unbound(&after);
        let id = before.id;
        self.put(step, &before, after, &said)?;
        self.attendance.see(id);
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

    pub(crate) fn link(&self, source: &SourceRecord, by: MatchedBy) -> Result<Link, StoreError> {
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

    pub(crate) fn note_unbound(&mut self, record: &Record) {
        if record.kind == Kind::Organization && record.unresolved().next().is_some() {
            self.unbound.push(record.id);
        }
    }
}
