//! The order changes go in, and what the end of one means for those after it: of one record never two at once, nothing
//! after a change of the same record that may still come through, and nothing at all after the keys were refused.

use std::collections::{BTreeMap, BTreeSet};

use dovetail_sdk::connector::exports::{Change, PushOutcome};
use dovetail_sdk::connector::types::{Cause, Fault};

use super::refusals::Outcome;
use crate::refusal::fault;

/// A record that is there, by kind and id.
fn record_of(change: &Change) -> Option<(&str, &str)> {
    Some((change.kind.as_str(), change.id.as_deref()?))
}

/// The changes cut so that each part has at most one of a record, in their order.
pub(super) fn waves(changes: &[Change]) -> Vec<Vec<(usize, &Change)>> {
    let mut waves: Vec<Vec<(usize, &Change)>> = Vec::new();
    let mut turns: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (place, change) in changes.iter().enumerate() {
        let turn = record_of(change).map_or(0, |record| {
            let next = turns.entry(record).or_default();
            *next += 1;
            *next - 1
        });
        match waves.get_mut(turn) {
            Some(wave) => wave.push((place, change)),
            None => waves.push(vec![(place, change)]),
        }
    }
    waves
}

/// How changes ended so far, and what that means for those to come.
pub(super) struct Progress<'c> {
    ends: Vec<Option<Outcome>>,
    /// The keys are refused, and would be for every other change.
    refused: Option<Fault>,
    /// Records with a change that may still come through.
    undecided: BTreeSet<(&'c str, &'c str)>,
}

impl<'c> Progress<'c> {
    /// Nothing has ended yet.
    pub(super) fn of(changes: &[Change]) -> Self {
        Progress {
            ends: changes.iter().map(|_| None).collect(),
            refused: None,
            undecided: BTreeSet::new(),
        }
    }

    /// Notes how a change ended.
    pub(super) fn end(&mut self, place: usize, outcome: Outcome) {
        if let Some(end) = self.ends.get_mut(place) {
            *end = Some(outcome);
        }
    }

    /// Why a change is not even begun.
    pub(super) fn holds_back(&self, change: &Change) -> Option<Fault> {
        if self.refused.is_some() {
            return self.refused.clone();
        }
        let (kind, id) = record_of(change).filter(|record| self.undecided.contains(record))?;
        Some(fault(
            Cause::Transient,
            format!("An earlier change of the {kind} {id} is not through, so this one was not sent."),
        ))
    }

    /// Notes what the end of a change means for those to come.
    pub(super) fn look_back(&mut self, place: usize, change: &'c Change) {
        let undecided = match self.ends.get(place) {
            Some(Some(Ok(PushOutcome::InDoubt(_)))) => true,
            Some(Some(Err(fault))) => {
                if matches!(fault.cause, Cause::Auth) {
                    self.refused = Some(fault.clone());
                }
                matches!(fault.cause, Cause::Transient | Cause::RateLimited(_))
            }
            _ => false,
        };
        self.undecided.extend(record_of(change).filter(|_| undecided));
    }
    /// All ends, in the order of the changes.
    pub(super) fn ends(self) -> Vec<Outcome> {
        let lost = || Err(fault(Cause::Bug, "The answer for a change got lost."));
        self.ends
            .into_iter()
            .map(|end| end.unwrap_or_else(lost))
            .collect()
    }
}
