//! Where a mapped record belongs, or why it does not come in.

use dovetail_domain::{Choice, Exclusion, Explained, Kind};
use dovetail_store::{Step, StoreError};

use super::{Pass, Placed, note};
use crate::leaving::Reason;
use crate::ledger::LeftOut;
use crate::map::{Fate, Mapped};
use crate::resolve::{self, Owner};

impl Pass {
    /// Gives a mapped record its place: the organization it belongs to, its links, and the record it is connected with.
    /// None where it does not come in; then it is counted.
    pub(super) fn place(&mut self, step: &mut Step, mapped: Mapped) -> Result<Option<Placed>, StoreError> {
        let Mapped {
            record: source,
            fate,
            decided,
        } = mapped;
        let kind = source.kind;
        if self.choices.of(kind, &source.id) == Some(Choice::Ignored) {
            self.run.tally(kind).skipped += 1;
            self.lift(step, kind, &source.id);
            self.waiting.clear(step, kind, &source.id);
            self.leaves(kind, &source.id, Reason::Ignored)?;
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
                    labels: vec![layer.clone()],
                }];
                self.leaves(kind, &source.id, Reason::Excluded(excluded.clone()))?;
                self.left_out.put(
                    step,
                    kind,
                    &source.id,
                    LeftOut {
                        name: source.name,
                        excluded,
                        layer: Some(layer),
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
        let known = self
            .archive
            .record_by_source(self.integration.id, kind, &source.id)?;
        let within = resolve::within(organization, known.as_ref());
        resolve::references(&self.archive, self.integration.id, within, &mut draft)?;
        if let Some(known) = &known {
            self.attendance.stay(kind, known.id);
        }
        Ok(Some(Placed {
            source,
            draft,
            organization,
            known,
            decided,
        }))
    }
}
