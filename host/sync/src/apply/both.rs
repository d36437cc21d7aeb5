//! A record and what the PSA says of it, brought together: what changes here, what is agreed upon, what a person has to
//! choose and what is to be sent, all of it in the step that writes the record.

use dovetail_domain::conflict::{self, Open};
use dovetail_domain::mapping::Draft;
use dovetail_domain::motion::{self, Motion};
use dovetail_domain::outgoing::pending;
use dovetail_domain::reconcile::{Overruled, Past, Plan, Side, plan};
use dovetail_domain::{AssetId, Outgoing, PartRef, Record, Rule, plan as planned};
use dovetail_store::{Change, Step, StoreError, table};

use super::Pass;
use crate::brake;
use crate::decided::Decided;

/// What the PSA says of a record.
pub(crate) struct Said<'a> {
    /// The organization it has the record in.
    pub(crate) organization: Option<AssetId>,
    pub(crate) draft: &'a Draft,
    pub(crate) decided: &'a Decided,
}

/// What bringing a record together with what the PSA says came to.
pub(crate) struct Both {
    /// Whether nothing at all is to be written.
    pub(crate) is_still: bool,
    /// Whether something changed here.
    pub(crate) changed: bool,
}

impl Pass {
    /// Plans a record against what the PSA says and carries out what concerns it. Conflicts and what somebody lost by the
    /// policy go into the step. `first` where both are being connected now.
    pub(crate) fn reconcile(
        &mut self,
        step: &mut Step,
        record: &mut Record,
        said: &Said<'_>,
        first: bool,
    ) -> Result<Both, StoreError> {
        let entry = match record.base.is_empty() {
            true => None,
            false => self.outgoing(record)?,
        };
        let past = match first {
            true => Past::First,
            false => Past::Known,
        };
        let decided = {
            let record = &*record;
            plan(record, said.organization, said.draft, past, |part| {
                self.rule(record, entry.as_ref(), part)
            })
        };
        let mut both = Both {
            is_still: decided.is_still(),
            changed: !decided.changes.is_empty(),
        };
        decided.apply(record);
        if !both.is_still {
            let stopped = self.watch(step, record, &decided, said)?;
            self.ask(step, record, &decided, stopped)?;
            let lost = decided.overruled.iter().filter(|lost| lost.side == Side::Psa);
            let lost = lost.map(|Overruled { change, .. }| as_history(change)).collect();
            step.note_in_psa(record.kind, record.id, lost);
        }
        // Something may be to be sent although nothing changed here, where the outbox does not know of it yet.
        both.is_still &= entry.is_some() || self.pending(record, None).is_empty();
        Ok(both)
    }

    /// Puts a record that was brought together with what the PSA says, and what of it is to be sent.
    pub(crate) fn put(
        &mut self,
        step: &mut Step,
        before: &Record,
        after: Record,
        said: &Said<'_>,
    ) -> Result<(), StoreError> {
        self.mark(step, &after)?;
        step.update_as(before, after, |change| said.decided.of(change))
    }

    /// The rule of a part of a record, with what a person chose on its way.
    pub(crate) fn rule(&self, record: &Record, entry: Option<&Outgoing>, part: PartRef<'_>) -> Rule {
        let rule = self.rules.of(record, part);
        entry.map_or(rule, |entry| entry.rule(part, rule))
    }

    /// What of a record is to be sent.
    pub(crate) fn pending(&self, record: &Record, entry: Option<&Outgoing>) -> Vec<dovetail_domain::Wanted> {
        if record.base.is_empty() && record.own.is_empty() {
            return Vec::new();
        }
        pending(record, |part| self.rule(record, entry, part))
    }

    /// The outbox's entry of a record.
    pub(crate) fn outgoing(&self, record: &Record) -> Result<Option<Outgoing>, StoreError> {
        let key = (self.integration.id, record.kind, record.id);
        self.archive.get(&table::OUTBOX, &key)
    }

    /// Has the outbox know whether something of a record is to be sent.
    fn mark(&self, step: &mut Step, record: &Record) -> Result<(), StoreError> {
        let key = (self.integration.id, record.kind, record.id);
        let known = self.archive.get(&table::OUTBOX, &key)?;
        let waits = !self.pending(record, known.as_ref()).is_empty();
        match known {
            None if waits => step.put(&table::OUTBOX, &key, &Outgoing::since(step.at())),
            Some(known) if !waits && known.sending.is_none() => {
                step.delete(&table::OUTBOX, &key);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Puts what a person has to choose.
    fn ask(
        &mut self,
        step: &mut Step,
        record: &Record,
        decided: &Plan,
        stopped: Vec<Open>,
    ) -> Result<(), StoreError> {
        let key = (self.integration.id, record.kind, record.id);
        let open = self.archive.get(&table::CONFLICTS, &key)?.unwrap_or_default();
        if open.is_empty() && decided.conflicts.is_empty() && stopped.is_empty() {
            return Ok(());
        }
        let (left, new) = conflict::renew(open, decided.conflicts.clone(), record, step.at());
        self.run.edits(record.kind).conflicts += new;
        let left = stopped.into_iter().fold(left, brake::with);
        step.put_conflicts(&key, &left)
    }

    /// Notes what the PSA wrote over what was sent lately, and stops a part that both sides write over again and again.
    fn watch(
        &mut self,
        step: &mut Step,
        record: &mut Record,
        decided: &Plan,
        said: &Said<'_>,
    ) -> Result<Vec<Open>, StoreError> {
        let mut stopped = Vec::new();
        if !self.rules.sends(record.kind) {
            return Ok(stopped);
        }
        let key = (self.integration.id, record.kind, record.id);
        let Some(mut motions) = self.archive.get(&table::MOTIONS, &key)? else {
            return Ok(stopped);
        };
        let changes = decided.changes.iter();
        let lost = decided.overruled.iter().filter(|lost| lost.side == Side::Psa);
        let written: Vec<&planned::Change> = changes.chain(lost.map(|lost| &lost.change)).collect();
        for change in written {
            let Some(value) = brake::said(change.part(), said.draft) else {
                continue;
            };
            if !motion::is_watched(&motions, value.part()) {
                continue;
            }
            let write = Motion {
                at: step.at(),
                from: Side::Psa,
                value,
            };
            if let Some(fight) = motion::moved(&mut motions, write) {
                self.run.edits(record.kind).conflicts += 1;
                stopped.extend(brake::stop(record, &fight, step.at()));
            }
        }
        step.put(&table::MOTIONS, &key, &motions)?;
        Ok(stopped)
    }
}

/// A planned change as the history tells it.
fn as_history(change: &planned::Change) -> Change {
    match change {
        planned::Change::Field { field, before, after } => Change::Field {
            field: *field,
            before: before.clone(),
            after: after.clone(),
        },
        planned::Change::Trait { name, before, after } => Change::Trait {
            name: name.clone(),
            before: before.clone(),
            after: after.clone(),
        },
        planned::Change::Organization { before, after } => Change::Organization {
            before: *before,
            after: *after,
        },
    }
}
