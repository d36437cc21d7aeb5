//! The laws of the planner.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::cases::{Case, cases, cases_under, delivered};
use super::kept::Kept;
use super::*;
use crate::conflict::{Take, resolve};
use crate::edit::{Wanted, edit};
use crate::sample::{Dice, perturbed};
use crate::{Base, Part};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// The same gives the same, whatever was planned before, and each part is planned by itself.
    #[test]
    fn plans_depend_on_nothing_else(cases in vec(cases(), 1..4), order in any::<u64>()) {
        let plans: Vec<Plan> = cases.iter().map(Case::plan).collect();
        let again: Vec<Plan> = cases.iter().rev().map(Case::plan).collect();
        prop_assert!(plans.iter().eq(again.iter().rev()));
        for (case, whole) in cases.iter().zip(plans) {
            let mut parts: Vec<&Part> = case.parts().collect();
            let dice = &mut Dice(order);
            (0..parts.len()).for_each(|at| parts.swap(at, dice.of(at + 1)));
            let mut sum = Plan::default();
            let mut record = case.record.clone();
            for part in parts {
                let plan = case.only(part).plan();
                plan.apply(&mut record);
                sum.changes.extend(plan.changes);
                sum.base.extend(plan.base);
                sum.send.extend(plan.send);
                sum.offer.extend(plan.offer);
                sum.conflicts.extend(plan.conflicts);
                sum.overruled.extend(plan.overruled);
            }
            prop_assert_eq!(sorted(sum), sorted(whole.clone()));
            let mut at_once = case.record.clone();
            whole.apply(&mut at_once);
            prop_assert_eq!(record, at_once);
        }
    }

    /// Planning what a plan left has nothing to do but to send the same; once that has arrived nothing is left to send, to
    /// change or to ask.
    #[test]
    fn plans_come_to_rest(case in cases()) {
        let first = case.plan();
        let mut record = case.record.clone();
        first.apply(&mut record);
        let again = case.plan_of(&record, &case.theirs, Past::Known);
        prop_assert!(again.is_still(), "{again:?}");
        prop_assert_eq!(&again.send, &first.send);
        prop_assert_eq!(&again.offer, &first.offer);

        let theirs = delivered(&case.theirs, &first);
        let arrived = case.plan_of(&record, &theirs, Past::Known);
        prop_assert!(arrived.changes.is_empty() && arrived.send.is_empty(), "{arrived:?}");
        prop_assert!(arrived.conflicts.is_empty() && arrived.overruled.is_empty(), "{arrived:?}");
        prop_assert_eq!(&arrived.offer, &first.offer);
        arrived.apply(&mut record);
        let rest = case.plan_of(&record, &theirs, Past::Known);
        prop_assert!(rest.is_still() && rest.send.is_empty(), "{rest:?}");
        for change in &first.send {
            let left = match change {
                Change::Field { field, .. } => record.base.of_field(*field).is_some(),
                Change::Trait { name, .. } => record.base.of_trait(name).is_some(),
                Change::Organization { .. } => true,
            };
            prop_assert!(!left, "what arrived is agreed upon: {change:?}");
        }
    }

    /// What anybody entered stands on one of the sides, is in a conflict or is reported as overruled, both before what is
    /// sent has arrived and after. What was agreed upon may also be in the base, or be named as replaced.
    #[test]
    fn no_value_is_lost(case in cases()) {
        let plan = case.plan();
        let mut record = case.record.clone();
        plan.apply(&mut record);
        let before = Kept::by(&case, &record, &case.theirs, &plan);
        prop_assert_eq!(before.misses_news(&case), None, "{:?}", plan);
        let theirs = delivered(&case.theirs, &plan);
        let after = Kept::by(&case, &record, &theirs, &plan);
        prop_assert_eq!(after.misses_news(&case), None, "{:?}", plan);
        let named = after.or_named(&record, &plan);
        prop_assert_eq!(named.misses_agreed(&case), None, "{:?}", plan);
    }

    /// Every change, every entry of the base and everything sent names what stood there before.
    #[test]
    fn what_is_replaced_is_named(case in cases()) {
        let plan = case.plan();
        for change in &plan.changes {
            match change {
                Change::Field { field, before, after } => {
                    prop_assert_eq!(before, case.record.get(*field));
                    prop_assert_ne!(before, after);
                }
                Change::Trait { name, before, after } => {
                    prop_assert_eq!(before.as_deref(), case.record.get_trait(name));
                    prop_assert_ne!(before, after);
                }
                Change::Organization { before, after } => {
                    prop_assert_eq!(before, &case.record.organization);
                    prop_assert_ne!(before, after);
                }
            }
        }
        let base = &case.record.base;
        for rebase in &plan.base {
            match rebase {
                Rebase::Field { field, before, after } => {
                    prop_assert_eq!(before.as_ref(), base.of_field(*field));
                    prop_assert_ne!(before, after);
                }
                Rebase::Trait { name, before, after } => {
                    let before = before.as_ref().map(Option::as_deref);
                    prop_assert_eq!(before, base.of_trait(name));
                    prop_assert_ne!(before, after.as_ref().map(Option::as_deref));
                }
                Rebase::Organization { before, after } => {
                    prop_assert_eq!(before, &base.organization);
                    prop_assert_ne!(before, after);
                }
            }
        }
        // It panics where something else is expected in the PSA than stands there.
        delivered(&case.theirs, &plan);
    }

    /// Nothing that comes in only is sent or offered, nothing that is held moves, and a part is in one list of each.
    #[test]
    fn nothing_goes_where_it_may_not(case in cases()) {
        let plan = case.plan();
        let part = |change: &Change| match change {
            Change::Field { field, .. } => Part::Field(*field),
            Change::Trait { name, .. } => Part::Trait(name.clone()),
            Change::Organization { .. } => Part::Organization,
        };
        for change in plan.send.iter().chain(&plan.offer) {
            prop_assert!(case.rules[&part(change)].can_send(), "{change:?}");
        }
        for change in plan.changes.iter().chain(&plan.send).chain(&plan.offer) {
            prop_assert!(!case.record.holds_part(PartRef::from(&part(change))), "{change:?}");
        }
        let asked: Vec<Part> = plan.conflicts.iter().map(|conflict| conflict.part().to_part()).collect();
        for change in plan.send.iter().chain(&plan.offer) {
            prop_assert!(!asked.contains(&part(change)), "{change:?}");
        }
        let mut record = case.record.clone();
        plan.apply(&mut record);
        prop_assert_eq!(&record.held, &case.record.held);
        prop_assert_eq!(&record.own, &case.record.own);
        prop_assert!(record.fields.iter().all(|(_, value)| !value.is_absent()));
        prop_assert!(record.fields.is_sorted_by_key(|(field, _)| *field));
    }

    /// Switching two-way on sends nothing, neither at once nor later.
    #[test]
    fn switching_two_way_on_sends_nothing(case in cases_under(Rule::TWO_WAY), then in any::<u64>()) {
        let mut record = case.record.clone();
        record.base = Base::default();
        record.held.clear();
        let plan = case.plan_of(&record, &case.theirs, Past::First);
        prop_assert!(plan.send.is_empty(), "{plan:?}");
        plan.apply(&mut record);
        // The PSA goes on.
        let dice = &mut Dice(then);
        let mut theirs = case.theirs.clone();
        for (field, value) in &mut theirs.fields {
            if dice.one_in(2) {
                *value = perturbed(*field, value.clone(), &[dice.0]);
            }
        }
        let plan = case.plan_of(&record, &theirs, Past::Known);
        prop_assert!(plan.send.is_empty(), "{plan:?}");
    }

    /// Where everything comes in only and nobody edited anything, the plan is the plain comparison.
    #[test]
    fn inward_it_is_the_plain_comparison(case in cases_under(Rule::INWARD)) {
        let mut record = case.record.clone();
        record.base = Base::default();
        record.held.clear();
        let plan = case.plan_of(&record, &case.theirs, Past::Known);
        let plain = plan::inward(&record, case.organization, &case.theirs);
        let plain = Plan { changes: plain, ..Plan::default() };
        prop_assert_eq!(sorted(plan), sorted(plain));
    }

    /// What a person takes stands, is sent where it can be and held where it cannot, and is agreed upon once it has
    /// arrived.
    #[test]
    fn choices_come_to_rest(case in cases(), takes in vec(0_u8..3, 24), seed in any::<u64>()) {
        let plan = case.plan();
        let mut record = case.record.clone();
        plan.apply(&mut record);
        let mut case = case.clone();
        let mut wanted = Vec::new();
        for (conflict, take) in plan.conflicts.iter().zip(&takes) {
            let part = conflict.part().to_part();
            let rule = case.rules[&part];
            let other = other(conflict, seed);
            let (take, want) = match take {
                0 => (Take::Psa, psa(conflict)),
                1 => (Take::Local, local(conflict)),
                _ => (Take::Value(other.clone()), other),
            };
            resolve(&mut record, conflict, take, rule).unwrap();
            case.rules.insert(part, rule.chosen());
            wanted.push(want);
        }
        for want in &wanted {
            prop_assert!(stands(&record, want), "{want:?}");
        }
        let sent = case.plan_of(&record, &case.theirs, Past::Known);
        let is_spelling = |change: &Change| {
            matches!(change, Change::Field { before, after, .. } if before.same(after))
        };
        prop_assert!(sent.changes.iter().all(is_spelling), "{sent:?}");
        prop_assert!(sent.base.is_empty() && sent.conflicts.is_empty() && sent.overruled.is_empty(), "{sent:?}");
        sent.apply(&mut record);
        let theirs = delivered(&case.theirs, &sent);
        let arrived = case.plan_of(&record, &theirs, Past::Known);
        prop_assert!(arrived.changes.is_empty() && arrived.send.is_empty(), "{arrived:?}");
        prop_assert!(arrived.conflicts.is_empty() && arrived.overruled.is_empty(), "{arrived:?}");
        arrived.apply(&mut record);
        for want in &wanted {
            prop_assert!(stands(&record, want), "{want:?}");
            let part = want.part();
            let at_psa = match want {
                Wanted::Field(field, value) => theirs.get(*field).same(value),
                Wanted::Trait(name, json) => {
                    let theirs = theirs.traits.iter().find(|(known, _)| known == name);
                    theirs.map(|(_, json)| json.as_str()).filter(|json| *json != "null") == json.as_deref()
                }
                Wanted::Organization(id) => case.organization == *id,
            };
            prop_assert!(at_psa || record.holds_part(part), "{want:?}");
        }
    }

    /// Edits on both sides, runs and deliveries in any order: both sides are equal in the end, and no field that nobody
    /// edited here is ever sent.
    #[test]
    fn two_sides_meet(case in cases_under(Rule::TWO_WAY), steps in vec((0_u8..4, any::<u64>()), 0..30)) {
        let mut record = case.record.clone();
        let mut theirs = case.theirs.clone();
        record.held.clear();
        record.base = Base::default();
        theirs.traits.clear();
        record.traits.clear();
        record.organization = case.organization;
        for (field, value) in &theirs.fields {
            record.set(*field, value.clone());
        }
        let mut edited = Vec::new();
        let mut open: Vec<Conflict> = Vec::new();
        let mut outbox = Plan::default();
        let fields: Vec<Field> = theirs.fields.iter().map(|(field, _)| *field).collect();
        prop_assume!(!fields.is_empty());
        let rest = [(2, 0), (3, 0), (2, 0), (3, 0), (2, 0)];
        for (step, seed) in steps.into_iter().chain(rest) {
            let dice = &mut Dice(seed);
            let field = fields[dice.of(fields.len())];
            match step {
                0 => {
                    let value = perturbed(field, record.get(field).clone(), &[dice.0]);
                    edit(&mut record, Wanted::Field(field, value), Rule::TWO_WAY).unwrap();
                    edited.push(field);
                }
                1 => {
                    let slot = theirs.fields.iter_mut().find(|(known, _)| *known == field).unwrap();
                    slot.1 = perturbed(field, slot.1.clone(), &[dice.0]);
                }
                2 => {
                    let plan = case.plan_of(&record, &theirs, Past::Known);
                    plan.apply(&mut record);
                    open.extend(plan.conflicts.clone());
                    for change in &plan.send {
                        let Change::Field { field, .. } = change else { panic!("{change:?}") };
                        prop_assert!(edited.contains(field), "nobody edited {field}");
                    }
                    outbox = plan;
                }
                _ => {
                    // What is expected there is compared before it is written: else it is dropped and planned again.
                    for change in outbox.send.drain(..) {
                        let Change::Field { field, before, after } = change else { panic!("{change:?}") };
                        let slot = theirs.fields.iter_mut().find(|(known, _)| *known == field).unwrap();
                        if slot.1 == before {
                            slot.1 = after;
                        }
                    }
                }
            }
        }
        for (field, value) in &theirs.fields {
            prop_assert!(record.get(*field).same(value), "{field}");
        }
        prop_assert!(record.base.is_empty(), "{:?}", record.base);
        prop_assert!(outbox.send.is_empty());
        let asked = open.iter().all(|conflict| edited.iter().any(|field| PartRef::Field(*field) == conflict.part()));
        prop_assert!(asked, "asked about what nobody edited here");
    }
}

/// A plan in an order of its own.
fn sorted(mut plan: Plan) -> Plan {
    fn by_words<T: std::fmt::Debug>(list: &mut [T]) {
        list.sort_by_cached_key(|item| format!("{item:?}"));
    }
    by_words(&mut plan.changes);
    by_words(&mut plan.base);
    by_words(&mut plan.send);
    by_words(&mut plan.offer);
    by_words(&mut plan.conflicts);
    by_words(&mut plan.overruled);
    plan
}

fn psa(conflict: &Conflict) -> Wanted {
    match conflict.clone() {
        Conflict::Field(field, sides) => Wanted::Field(field, sides.theirs),
        Conflict::Trait(name, sides) => Wanted::Trait(name, sides.theirs),
        Conflict::Organization(sides) => Wanted::Organization(sides.theirs),
    }
}

fn local(conflict: &Conflict) -> Wanted {
    match conflict.clone() {
        Conflict::Field(field, sides) => Wanted::Field(field, sides.ours),
        Conflict::Trait(name, sides) => Wanted::Trait(name, sides.ours),
        Conflict::Organization(sides) => Wanted::Organization(sides.ours),
    }
}

fn other(conflict: &Conflict, seed: u64) -> Wanted {
    match conflict.clone() {
        Conflict::Field(field, sides) => Wanted::Field(field, perturbed(field, sides.ours, &[seed])),
        Conflict::Trait(name, _) => Wanted::Trait(name, Some("9".to_owned())),
        Conflict::Organization(_) => Wanted::Organization(Some(AssetId(9))),
    }
}

fn stands(record: &Record, wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Field(field, value) => record.get(*field).same(value),
        Wanted::Trait(name, json) => record.get_trait(name) == json.as_deref(),
        Wanted::Organization(id) => record.organization == *id,
    }
}

/// A law about what never happens in the samples would hold by chance.
#[test]
fn the_cases_reach_everything() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeMap::new();
    for _ in 0..2_000 {
        let case = cases().new_tree(&mut runner).unwrap().current();
        let plan = case.plan();
        let merged = plan.send.iter().any(|sent| {
            matches!(sent, Change::Field { field, after, .. }
                if plan.changes.iter().any(|change| matches!(change, Change::Field { field: known, after: here, .. }
                    if known == field && here == after)))
        });
        for (what, is) in [
            ("changes", !plan.changes.is_empty()),
            ("base", !plan.base.is_empty()),
            ("send", !plan.send.is_empty()),
            ("offer", !plan.offer.is_empty()),
            ("conflicts", !plan.conflicts.is_empty()),
            ("overruled", !plan.overruled.is_empty()),
            ("merged", merged),
            (
                "held",
                plan.conflicts
                    .iter()
                    .any(|conflict| case.record.holds_part(conflict.part())),
            ),
            (
                "trait sent",
                plan.send.iter().any(|sent| matches!(sent, Change::Trait { .. })),
            ),
            ("first", case.past == Past::First),
        ] {
            *seen.entry(what).or_insert(0) += usize::from(is);
        }
    }
    assert!(seen.values().all(|times| *times > 20), "{seen:?}");
    assert_eq!(seen.len(), 10);
}
