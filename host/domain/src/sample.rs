//! Values for tests that come from one base: independent ones would hardly ever be in each other's way.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::mapping::Direction;
use crate::policy::{Policy, Rule};
use crate::record::MatchedBy;
use crate::{
    AssetId, Base, Entry, Field, IntegrationId, Kind, Link, Record, Reference, Shape, SourceId, SyncState,
    Timestamp, Value,
};

/// A contact that is connected with a PSA's and holds nothing.
pub(crate) fn contact() -> Record {
    Record {
        id: AssetId(1),
        kind: Kind::Contact,
        organization: Some(AssetId(7)),
        fields: vec![],
        traits: vec![],
        link: Some(Link {
            integration: IntegrationId(1),
            source: SourceId::new("1").unwrap(),
            version: None,
            state: SyncState::Enabled,
            by: MatchedBy::Rule,
            shadow: [0; 16],
            source_json: vec![],
        }),
        base: Base::default(),
        held: vec![],
        own: vec![],
        updated: Timestamp::from_seconds(0).unwrap(),
    }
}

/// Every rule there is.
pub(crate) fn rules() -> Vec<Rule> {
    let directions = [Direction::Both, Direction::Inward];
    let pairs = directions
        .into_iter()
        .flat_map(|direction| Policy::ALL.map(|policy| Rule::new(direction, policy)));
    let rules: Vec<Rule> = pairs.filter_map(Result::ok).collect();
    rules.iter().flat_map(|rule| [*rule, rule.chosen()]).collect()
}

/// The fields of a contact that hold labelled values.
pub(crate) const LISTS: &[Field] = &[Field::Emails, Field::Phones];

/// The fields of a contact that are sampled: each shape a contact has, those of several values more often.
pub(crate) const SAMPLED: &[Field] = &[
    Field::FirstName,
    Field::Type,
    Field::Type,
    Field::Location,
    Field::Emails,
    Field::Emails,
    Field::Phones,
    Field::Phones,
    Field::Active,
];

/// One of the fields with a value and two perturbations of it: base, theirs, ours.
pub(crate) fn triples(fields: &'static [Field]) -> impl Strategy<Value = (Field, [Value; 3])> {
    let moves = || vec(any::<u64>(), 0..4);
    (select(fields), any::<u64>(), moves(), moves()).prop_map(|(field, seed, theirs, ours)| {
        let base = value(field, seed);
        let moved = |moves: Vec<u64>| perturbed(field, base.clone(), &moves);
        let (theirs, ours) = (moved(theirs), moved(ours));
        (field, [base, theirs, ours])
    })
}

/// One of the fields with several values near each other.
pub(crate) fn near(fields: &'static [Field]) -> impl Strategy<Value = (Field, Vec<Value>)> {
    (select(fields), any::<u64>(), vec(vec(any::<u64>(), 0..3), 1..6)).prop_map(|(field, seed, several)| {
        let base = value(field, seed);
        let values = several.iter().map(|moves| perturbed(field, base.clone(), moves));
        (field, values.collect())
    })
}

/// Numbers out of one.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// One of so many.
    pub(crate) fn of(&mut self, sides: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(sides).unwrap()).unwrap()
    }

    /// Whether it is the first of so many.
    pub(crate) fn one_in(&mut self, sides: usize) -> bool {
        self.of(sides) == 0
    }

    fn out_of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.of(list.len())].clone()
    }
}

const LETTERS: [&str; 4] = ["a", "b", "c", "d"];
const LABELS: [&str; 3] = ["", "Direct", "Home"];
const MAILS: [&str; 3] = ["ada@acme.example", "bob@acme.example", "eve@acme.example"];
const NUMBERS: [&str; 3] = ["555-0100", "555-0101", "555-0102"];

/// A value for a contact's field.
pub(crate) fn value(field: Field, seed: u64) -> Value {
    let mut dice = Dice(seed);
    if dice.one_in(5) {
        return Value::Absent;
    }
    match Kind::Contact.shape(field).unwrap() {
        Shape::Text => Value::text(dice.out_of(&LETTERS)),
        Shape::Flag => Value::Flag(dice.one_in(2)),
        Shape::Texts => Value::texts((0..dice.of(4)).map(|_| dice.out_of(&LETTERS).to_owned())),
        Shape::Reference => link(&mut dice),
        Shape::Entries => {
            let mut list: Vec<Entry> = (0..dice.of(4)).map(|_| entry(field, &mut dice)).collect();
            if !list.is_empty() && dice.one_in(2) {
                let place = dice.of(list.len());
                list[place].primary = true;
            }
            Value::entries(list)
        }
        Shape::Date => unreachable!("a contact has no dates"),
    }
}

fn link(dice: &mut Dice) -> Value {
    let number = dice.of(3);
    Value::Reference(Reference {
        kind: Kind::Location,
        asset: Some(AssetId(u64::try_from(number).unwrap() + 1)),
        source: SourceId::new(number.to_string()),
        name: dice.out_of(&LETTERS).to_owned(),
    })
}

fn entry(field: Field, dice: &mut Dice) -> Entry {
    let values = if field == Field::Phones { &NUMBERS } else { &MAILS };
    Entry {
        value: dice.out_of(values).to_owned(),
        label: dice.out_of(&LABELS).to_owned(),
        primary: false,
        extension: (field == Field::Phones && dice.one_in(3)).then(|| dice.out_of(&["1", "2"]).to_owned()),
    }
}

/// A value after so many moves away from it.
pub(crate) fn perturbed(field: Field, value: Value, moves: &[u64]) -> Value {
    moves.iter().fold(value, |value, seed| moved(field, value, *seed))
}

fn moved(field: Field, before: Value, seed: u64) -> Value {
    let mut dice = Dice(seed);
    let fresh = dice.0 ^ 1;
    match before {
        _ if dice.one_in(8) => Value::Absent,
        before if dice.one_in(8) => respelled(&before, fresh),
        Value::Texts(mut texts) => {
            match dice.of(3) {
                0 => drop(texts.remove(dice.of(texts.len()))),
                _ => texts.push(dice.out_of(&LETTERS).to_owned()),
            }
            Value::texts(texts)
        }
        Value::Entries(mut list) => {
            let place = dice.of(list.len());
            match dice.of(6) {
                0 => drop(list.remove(place)),
                1 => list.push(entry(field, &mut dice)),
                2 => list[place].label = dice.out_of(&LABELS).to_owned(),
                3 if field == Field::Phones => {
                    list[place].extension = Some(dice.out_of(&["1", "2", "3"]).to_owned());
                }
                4 => list.iter_mut().for_each(|entry| entry.primary = false),
                _ => {
                    list.iter_mut().for_each(|entry| entry.primary = false);
                    list[place].primary = true;
                }
            }
            Value::entries(list)
        }
        _ => value(field, fresh),
    }
}

/// A value that means the same, written otherwise.
pub(crate) fn respelled(value: &Value, seed: u64) -> Value {
    let mut dice = Dice(seed);
    match value {
        Value::Entries(entries) => {
            let mut list = entries.clone();
            for entry in &mut list {
                entry.value = match dice.of(3) {
                    0 => entry.value.to_uppercase(),
                    1 if !entry.value.contains('@') => entry.value.replace('-', " "),
                    _ => format!(" {}", entry.value),
                };
            }
            let by = dice.of(list.len());
            list.rotate_left(by);
            Value::Entries(list)
        }
        Value::Reference(link) => Value::Reference(Reference {
            name: dice.out_of(&LETTERS).to_owned(),
            ..link.clone()
        }),
        value => value.clone(),
    }
}
