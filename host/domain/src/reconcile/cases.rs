//! Records for the laws, both sides of which come from one base.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::sample::{Dice, contact, perturbed, rules, value};
use crate::{Base, Kind, Part};

/// A record, what the PSA says of it, and what was agreed upon; none for parts of which nothing ever was.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) record: Record,
    pub(super) organization: Option<AssetId>,
    pub(super) theirs: Draft,
    pub(super) past: Past,
    pub(super) rules: BTreeMap<Part, Rule>,
    pub(super) agreed: Agreed,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Agreed {
    pub(super) fields: BTreeMap<Field, Value>,
    pub(super) traits: BTreeMap<String, Option<String>>,
    pub(super) organization: Option<AssetId>,
}

pub(super) const TRAITS: [&str; 4] = ["p", "q", "r", "s"];

impl Case {
    pub(super) fn plan(&self) -> Plan {
        self.plan_of(&self.record, &self.theirs, self.past)
    }

    pub(super) fn plan_of(&self, record: &Record, theirs: &Draft, past: Past) -> Plan {
        plan(record, self.organization, theirs, past, |part| self.rule(part))
    }

    fn rule(&self, part: PartRef<'_>) -> Rule {
        self.rules[&part.to_part()]
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.rules.keys()
    }

    /// The same with nothing but one part.
    pub(super) fn only(&self, part: &Part) -> Case {
        let mut one = self.clone();
        let is_field = |field: &Field| *part == Part::Field(*field);
        let is_trait = |name: &String| *part == Part::Trait(name.clone());
        let base = &mut one.record.base;
        base.fields.retain(|(field, _)| is_field(field));
        base.traits.retain(|(name, _)| is_trait(name));
        one.record.fields.retain(|(field, _)| is_field(field));
        one.record.traits.retain(|(name, _)| is_trait(name));
        one.record.held.retain(|held| held == part);
        one.record.own.retain(is_trait);
        one.theirs.fields.retain(|(field, _)| is_field(field));
        one.theirs.traits.retain(|(name, _)| is_trait(name));
        if *part != Part::Organization {
            one.record.base.organization = None;
            one.organization = one.record.organization;
        }
        one
    }
}

/// How a part stands before it is planned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Plain,
    Held,
    /// Nothing was ever agreed upon of it.
    Never,
}

pub(super) fn cases() -> impl Strategy<Value = Case> {
    (any::<u64>(), vec(any::<u64>(), 40)).prop_map(|(seed, moves)| case(seed, &moves))
}

/// A case whose rules are all the same.
pub(super) fn cases_under(rule: Rule) -> impl Strategy<Value = Case> {
    cases().prop_map(move |mut case| {
        case.rules.values_mut().for_each(|known| *known = rule);
        case
    })
}

fn case(seed: u64, moves: &[u64]) -> Case {
    let dice = &mut Dice(seed);
    let all = rules();
    let mut moves = moves.iter().copied();
    let past = if dice.one_in(4) { Past::First } else { Past::Known };
    let mut case = Case {
        record: contact(),
        organization: None,
        theirs: Draft::default(),
        past,
        rules: BTreeMap::new(),
        agreed: Agreed::default(),
    };
    let standing = |dice: &mut Dice| match dice.of(8) {
        0 => Standing::Held,
        1 => Standing::Never,
        _ => Standing::Plain,
    };
    let record = &mut case.record;
    for (field, _) in Kind::Contact.fields() {
        case.rules.insert(Part::Field(*field), all[dice.of(all.len())]);
        let mut some = |dice: &mut Dice| (0..dice.of(3)).filter_map(|_| moves.next()).collect::<Vec<_>>();
        let base = value(*field, dice.0);
        let ours = perturbed(*field, base.clone(), &some(dice));
        let theirs = perturbed(*field, base.clone(), &some(dice));
        let standing = standing(dice);
        record.set(*field, ours.clone());
        if standing == Standing::Never && !ours.is_absent() {
            record.base.set_field(*field, Some(ours));
        } else {
            if !base.same(&ours) {
                record.base.set_field(*field, Some(base.clone()));
            }
            if past == Past::Known {
                let agreed = if base.same(&ours) { ours } else { base };
                case.agreed.fields.insert(*field, agreed);
            }
        }
        if standing == Standing::Held {
            record.held.push(Part::Field(*field));
        }
        if !dice.one_in(6) {
            case.theirs.fields.push((*field, theirs));
        }
    }
    case.theirs.fields.sort_by_key(|(field, _)| *field);
    for name in TRAITS {
        let part = Part::Trait(name.to_owned());
        case.rules.insert(part.clone(), all[dice.of(all.len())]);
        let json = |dice: &mut Dice| (!dice.one_in(3)).then(|| dice.of(3).to_string());
        let moved = |dice: &mut Dice, base: &Option<String>| {
            if dice.one_in(2) { base.clone() } else { json(dice) }
        };
        let base = json(dice);
        let (ours, theirs) = (moved(dice, &base), moved(dice, &base));
        let standing = standing(dice);
        record.set_trait(name, ours.clone());
        if standing == Standing::Never && ours.is_some() {
            record.base.set_trait(name, Some(ours.clone()));
        } else {
            if base != ours {
                record.base.set_trait(name, Some(base.clone()));
            }
            if past == Past::Known {
                case.agreed.traits.insert(name.to_owned(), base);
            }
        }
        if standing == Standing::Held {
            record.held.push(part);
        }
        if dice.one_in(4) {
            record.own.push(name.to_owned());
        }
        match theirs {
            Some(json) => case.theirs.traits.push((name.to_owned(), json)),
            None if dice.one_in(2) => case.theirs.traits.push((name.to_owned(), "null".to_owned())),
            None => {}
        }
    }
    case.rules.insert(Part::Organization, all[dice.of(all.len())]);
    let near = |dice: &mut Dice| Some(AssetId(if dice.one_in(3) { 8 } else { 7 }));
    let (base, ours, theirs) = (near(dice), near(dice), near(dice));
    record.organization = ours;
    record.base.organization = base.filter(|_| base != ours);
    case.agreed.organization = base.filter(|_| past == Past::Known);
    case.organization = theirs.filter(|_| !dice.one_in(8));
    if dice.one_in(6) {
        record.held.push(Part::Organization);
    }
    record.held.sort();
    if past == Past::First {
        record.base = Base::default();
    }
    case
}

/// What the PSA says once what was sent has arrived.
pub(super) fn delivered(theirs: &Draft, plan: &Plan) -> Draft {
    let mut theirs = theirs.clone();
    for change in &plan.send {
        match change {
            Change::Field { field, before, after } => {
                assert_eq!(
                    theirs.get(*field),
                    before,
                    "what is expected there is what stands there"
                );
                let slot = theirs.fields.iter_mut().find(|(known, _)| known == field);
                slot.expect("only what is mentioned is sent").1 = after.clone();
            }
            Change::Trait { name, before, after } => {
                let place = theirs.traits.iter().position(|(known, _)| known == name);
                let stood = place.map(|place| theirs.traits.remove(place).1);
                assert_eq!(&stood.filter(|json| json != "null"), before);
                if let Some(json) = after {
                    theirs.traits.push((name.clone(), json.clone()));
                }
            }
            Change::Organization { .. } => panic!("it is never sent"),
        }
    }
    theirs.traits.sort();
    theirs
}
