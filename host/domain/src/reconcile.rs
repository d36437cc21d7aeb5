//! The planner for a whole record: what to change here, what to send, what to ask. Pure: the same record, draft and rules
//! give the same plan, each part by itself.
//!
//! What it guarantees, held by `reconcile/laws.rs`:
//!
//! - Planning what a plan left finds nothing to change, to ask or to report; what is to be sent stays the same until it
//!   has arrived, and once it has there is nothing to send.
//! - Nothing is sent that comes in only, and nothing of which nothing was ever agreed upon unless the policy says so:
//!   switching two-way on sends nothing but what was edited here and not withheld ([`crate::edit::withhold`]).
//! - No value is lost: what anybody entered on either side stands on one of them, is in a conflict or is reported as
//!   overruled, before what is sent has arrived and after, entry by entry where it is a list. What was agreed upon once
//!   stays in the base or is named as replaced.

use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::decide::{Verdict, decide};
use crate::mapping::Draft;
use crate::plan::{self, Change};
use crate::policy::{Policy, Rule};
use crate::{AssetId, Conflict, Field, PartRef, Record, Sides, Value};

/// Whether a record and the PSA's were planned together before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// They are being connected now: nothing was ever agreed upon, and the record has no base yet.
    First,
    /// They were: what is not in the record's base is as it was agreed upon.
    Known,
}

/// One of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The PSA.
    Psa,
    /// The documentation.
    Local,
}

/// What becomes of the base of a part; none is no entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rebase {
    /// A field's.
    Field {
        /// Which.
        field: Field,
        /// Its entry before.
        before: Option<Value>,
        /// Its entry after.
        after: Option<Value>,
    },
    /// A trait's. The inner none is one that was not there.
    Trait {
        /// Its name.
        name: String,
        /// Its entry before.
        before: Option<Option<String>>,
        /// Its entry after.
        after: Option<Option<String>>,
    },
    /// The organization's.
    Organization {
        /// Its entry before.
        before: Option<AssetId>,
        /// Its entry after.
        after: Option<AssetId>,
    },
}

/// Somebody's change that is lost because the policy says who wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overruled {
    /// Whose change it was.
    pub side: Side,
    /// What that side had, and what it has instead.
    pub change: Change,
}

/// What is to be done about a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What changes here.
    pub changes: Vec<Change>,
    /// What was agreed upon, where that changes.
    pub base: Vec<Rebase>,
    /// What the PSA is to hold: `before` is what is expected there, `after` is what is sent.
    pub send: Vec<Change>,
    /// What could be sent and is not unless a person says so ([`crate::edit::push`]); as in `send`.
    pub offer: Vec<Change>,
    /// What a person has to choose.
    pub conflicts: Vec<Conflict>,
    /// What is lost, for the audit.
    pub overruled: Vec<Overruled>,
}

impl Plan {
    /// Whether the record is as it should be. There may be something to send all the same.
    pub fn is_still(&self) -> bool {
        self.changes.is_empty()
            && self.base.is_empty()
            && self.conflicts.is_empty()
            && self.overruled.is_empty()
    }

    /// Carries out on the record what concerns it. What is to be sent, asked and reported is the caller's.
    pub fn apply(&self, record: &mut Record) {
        plan::apply(record, &self.changes);
        for rebase in &self.base {
            match rebase {
                Rebase::Field { field, after, .. } => record.base.set_field(*field, after.clone()),
                Rebase::Trait { name, after, .. } => record.base.set_trait(name, after.clone()),
                Rebase::Organization { after, .. } => record.base.organization = *after,
            }
        }
    }
}

/// Plans a record. `organization` is the one that the PSA has it in, `theirs` what it says; `rule` is asked for the parts
/// that differ, or that have a base.
///
/// What the draft does not mention stays as it is; a trait that it does not mention is gone from the PSA's record, unless
/// it is the documentation's own: that is never taken away, and is sent where its policy says so. Where a record belongs is
/// never sent, whatever its rule.
pub fn plan<'r>(
    record: &'r Record,
    organization: Option<AssetId>,
    theirs: &'r Draft,
    past: Past,
    rule: impl Fn(PartRef<'r>) -> Rule,
) -> Plan {
    let mut planner = Planner {
        record,
        past,
        rule,
        plan: Plan::default(),
    };
    planner.organization(organization);
    for (field, theirs) in &theirs.fields {
        planner.part(*field, record.base.of_field(*field), theirs, record.get(*field));
    }
    planner.traits(&theirs.traits);
    planner.plan
}

struct Planner<'r, R> {
    record: &'r Record,
    past: Past,
    rule: R,
    plan: Plan,
}

impl<'r, R: Fn(PartRef<'r>) -> Rule> Planner<'r, R> {
    fn organization(&mut self, theirs: Option<AssetId>) {
        // The base cannot keep that it belongs to nobody, so what is held is not asked about either.
        if theirs.is_none() && self.record.holds_part(PartRef::Organization) {
            return;
        }
        let entry = self.record.base.organization.map(Some);
        self.part(Owner, entry.as_ref(), &theirs, &self.record.organization);
    }

    fn traits(&mut self, theirs: &'r [(String, String)]) {
        let Record {
            base, traits, own, ..
        } = self.record;
        for (name, json) in theirs {
            let theirs = (json != "null").then_some(json.as_str());
            let ours = self.record.get_trait(name);
            self.part(name.as_str(), base.of_trait(name).as_ref(), &theirs, &ours);
        }
        let is_mentioned = |name: &String| theirs.binary_search_by(|(known, _)| known.cmp(name)).is_ok();
        for (name, json) in traits.iter().filter(|(name, _)| !is_mentioned(name)) {
            let (entry, ours) = (base.of_trait(name), Some(json.as_str()));
            let is_own = own.binary_search(name).is_ok();
            if !is_own || self.is_sent(name, entry, ours) {
                self.part(name.as_str(), entry.as_ref(), &None, &ours);
            }
        }
        // Gone on both sides.
        let is_here = |name: &str| self.record.get_trait(name).is_some();
        for (name, agreed) in &base.traits {
            if !is_mentioned(name) && !is_here(name) {
                self.part(name.as_str(), Some(&agreed.as_deref()), &None, &None);
            }
        }
    }

    /// Whether a trait that the PSA does not have is sent, or could be.
    fn is_sent(&self, name: &'r str, entry: Option<Option<&str>>, ours: Option<&str>) -> bool {
        let part = PartRef::Trait(name);
        let base = self.agreed(entry.as_ref(), &ours);
        let verdict = decide(
            (self.rule)(part),
            self.record.holds_part(part),
            base,
            &None,
            &ours,
        );
        matches!(verdict, Verdict::Send { .. } | Verdict::Offer)
    }

    /// What was agreed upon last; none where nothing ever was.
    fn agreed<'v, T: Content>(&self, entry: Option<&'v T>, ours: &'v T) -> Option<&'v T> {
        match (self.past, entry) {
            (Past::First, _) => None,
            (Past::Known, None) => Some(ours),
            (Past::Known, Some(entry)) => (entry != ours).then_some(entry),
        }
    }

    fn part<T: Content>(&mut self, part: impl Named<'r, T>, entry: Option<&T>, theirs: &T, ours: &T) {
        if entry.is_none() && theirs == ours {
            return;
        }
        let name = part.name();
        let rule = match name {
            PartRef::Organization => (self.rule)(name).without_sending(),
            PartRef::Field(_) | PartRef::Trait(_) => (self.rule)(name),
        };
        let held = self.record.holds_part(name);
        let base = self.agreed(entry, ours);
        let overrule = |side, before, after| Overruled {
            side,
            change: part.change(before, after),
        };
        let plan = &mut self.plan;
        let verdict = decide(rule, held, base, theirs, ours);
        let after = match &verdict {
            Verdict::Still | Verdict::Agreed if theirs.same(ours) => {
                if !held && theirs != ours && takes_spelling(rule, ours) {
                    plan.changes.push(part.change(ours, theirs));
                }
                None
            }
            Verdict::Still | Verdict::Agreed => entry,
            Verdict::Take { overruled } => {
                plan.changes.push(part.change(ours, theirs));
                if *overruled {
                    plan.overruled.push(overrule(Side::Local, ours, theirs));
                }
                None
            }
            Verdict::Send { overruled } => {
                plan.send.push(part.change(theirs, ours));
                if *overruled {
                    plan.overruled.push(overrule(Side::Psa, theirs, ours));
                }
                Some(theirs)
            }
            Verdict::Offer => {
                plan.offer.push(part.change(theirs, ours));
                Some(ours)
            }
            Verdict::Apart => Some(ours),
            Verdict::Merged(merged) => {
                plan.changes.push(part.change(ours, merged));
                plan.send.push(part.change(theirs, merged));
                Some(theirs)
            }
            Verdict::Conflict => {
                plan.conflicts.push(part.conflict(base, theirs, ours));
                if !held {
                    plan.changes.push(part.change(ours, theirs));
                }
                held.then_some(theirs)
            }
        };
        if entry != after {
            plan.base.push(part.rebase(entry, after));
        }
    }
}

/// Whether what means the same is written as the PSA writes it: where what stands here does not come first. A link always
/// is, since what it leads to may be known only by now.
fn takes_spelling<T: Content>(rule: Rule, ours: &T) -> bool {
    !matches!(rule.policy(), Policy::FromLocal | Policy::FillEmpty) || ours.is_link()
}

/// A part by its name, with what is said of it in the type of what it holds.
trait Named<'r, T> {
    fn name(&self) -> PartRef<'r>;
    fn change(&self, before: &T, after: &T) -> Change;
    fn rebase(&self, before: Option<&T>, after: Option<&T>) -> Rebase;
    fn conflict(&self, base: Option<&T>, theirs: &T, ours: &T) -> Conflict;
}

impl<'r> Named<'r, Value> for Field {
    fn name(&self) -> PartRef<'r> {
        PartRef::Field(*self)
    }

    fn change(&self, before: &Value, after: &Value) -> Change {
        Change::Field {
            field: *self,
            before: before.clone(),
            after: after.clone(),
        }
    }

    fn rebase(&self, before: Option<&Value>, after: Option<&Value>) -> Rebase {
        Rebase::Field {
            field: *self,
            before: before.cloned(),
            after: after.cloned(),
        }
    }

    fn conflict(&self, base: Option<&Value>, theirs: &Value, ours: &Value) -> Conflict {
        let sides = Sides {
            base: base.cloned(),
            theirs: theirs.clone(),
            ours: ours.clone(),
        };
        Conflict::Field(*self, sides)
    }
}

fn owned(json: &Option<&str>) -> Option<String> {
    json.map(str::to_owned)
}

impl<'r> Named<'r, Option<&str>> for &'r str {
    fn name(&self) -> PartRef<'r> {
        PartRef::Trait(self)
    }

    fn change(&self, before: &Option<&str>, after: &Option<&str>) -> Change {
        Change::Trait {
            name: (*self).to_owned(),
            before: owned(before),
            after: owned(after),
        }
    }

    fn rebase(&self, before: Option<&Option<&str>>, after: Option<&Option<&str>>) -> Rebase {
        Rebase::Trait {
            name: (*self).to_owned(),
            before: before.map(owned),
            after: after.map(owned),
        }
    }

    fn conflict(&self, base: Option<&Option<&str>>, theirs: &Option<&str>, ours: &Option<&str>) -> Conflict {
        let sides = Sides {
            base: base.map(owned),
            theirs: owned(theirs),
            ours: owned(ours),
        };
        Conflict::Trait((*self).to_owned(), sides)
    }
}

/// The organization a record belongs to.
#[derive(Clone, Copy)]
struct Owner;

impl<'r> Named<'r, Option<AssetId>> for Owner {
    fn name(&self) -> PartRef<'r> {
        PartRef::Organization
    }

    fn change(&self, before: &Option<AssetId>, after: &Option<AssetId>) -> Change {
        Change::Organization {
            before: *before,
            after: *after,
        }
    }

    fn rebase(&self, before: Option<&Option<AssetId>>, after: Option<&Option<AssetId>>) -> Rebase {
        Rebase::Organization {
            before: before.copied().flatten(),
            after: after.copied().flatten(),
        }
    }

    fn conflict(
        &self,
        base: Option<&Option<AssetId>>,
        theirs: &Option<AssetId>,
        ours: &Option<AssetId>,
    ) -> Conflict {
        Conflict::Organization(Sides {
            base: base.copied(),
            theirs: *theirs,
            ours: *ours,
        })
    }
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
