//! What a mapped record changes about the one that is there: a pure comparison by value.

use crate::mapping::Draft;
use crate::{AssetId, Field, PartRef, Record, Value};

/// What is changed: a standard field or something beyond.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A field.
    Field {
        /// Which.
        field: Field,
        /// What it held.
        before: Value,
        /// What it will hold.
        after: Value,
    },
    /// Something beyond the standard fields.
    Trait {
        /// Its name.
        name: String,
        /// Its JSON before; none where it was not there.
        before: Option<String>,
        /// Its JSON after; none takes it out.
        after: Option<String>,
    },
    /// The organization it belongs to.
    Organization {
        /// Before.
        before: Option<AssetId>,
        /// After.
        after: Option<AssetId>,
    },
}

impl Change {
    /// What it changes.
    pub fn part(&self) -> PartRef<'_> {
        match self {
            Change::Field { field, .. } => PartRef::Field(*field),
            Change::Trait { name, .. } => PartRef::Trait(name),
            Change::Organization { .. } => PartRef::Organization,
        }
    }
}

/// The changes that bring a record to what the PSA says. What is held stays still, fields the mapping does not mention
/// stay as they are, and a record that is already so has none.
pub fn inward(record: &Record, organization: Option<AssetId>, theirs: &Draft) -> Vec<Change> {
    let mut changes = Vec::new();
    if record.organization != organization && !record.holds_part(PartRef::Organization) {
        changes.push(Change::Organization {
            before: record.organization,
            after: organization,
        });
    }
    for (field, after) in &theirs.fields {
        let before = record.get(*field);
        if before != after && !record.holds_part(PartRef::Field(*field)) {
            changes.push(Change::Field {
                field: *field,
                before: before.clone(),
                after: after.clone(),
            });
        }
    }
    let is_held = |name: &String| record.holds_part(PartRef::Trait(name));
    for (name, json) in &theirs.traits {
        let before = record.get_trait(name).map(str::to_owned);
        let after = (json != "null").then(|| json.clone());
        if before != after && !is_held(name) {
            changes.push(Change::Trait {
                name: name.clone(),
                before,
                after,
            });
        }
    }
    // What the mapping no longer mentions under traits is gone from the PSA's record, unless it never was in it.
    for (name, json) in &record.traits {
        if theirs
            .traits
            .binary_search_by(|(known, _)| known.cmp(name))
            .is_err()
            && record.own.binary_search(name).is_err()
            && !is_held(name)
        {
            changes.push(Change::Trait {
                name: name.clone(),
                before: Some(json.clone()),
                after: None,
            });
        }
    }
    changes
}

/// Carries changes out on a record.
pub fn apply(record: &mut Record, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Organization { after, .. } => record.organization = *after,
            Change::Field { field, after, .. } => record.set(*field, after.clone()),
            Change::Trait { name, after, .. } => record.set_trait(name, after.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Base, Entry, Kind, Part, Timestamp};
    use proptest::prelude::*;

    fn record() -> Record {
        Record {
            id: AssetId(1),
            kind: Kind::Organization,
            organization: None,
            fields: vec![],
            traits: vec![],
            link: None,
            base: Base::default(),
            held: vec![],
            own: vec![],
            updated: Timestamp::from_seconds(0).unwrap(),
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Absent),
            "[a-c]{0,3}".prop_map(Value::text),
            any::<bool>().prop_map(Value::Flag),
            proptest::collection::vec("[a-c]{0,2}", 0..3).prop_map(Value::texts),
            proptest::collection::vec(("[a-c]{0,2}", any::<bool>()), 0..3).prop_map(|list| {
                let entry = |(value, primary)| Entry {
                    value,
                    label: String::new(),
                    primary,
                    extension: None,
                };
                Value::entries(list.into_iter().map(entry).collect())
            }),
        ]
    }

    fn any_draft() -> impl Strategy<Value = Draft> {
        let fields = proptest::collection::btree_map(0_usize..9, any_value(), 0..6);
        let traits = proptest::collection::btree_map("[x-z]", "[0-9]|null", 0..4);
        (fields, traits).prop_map(|(fields, traits)| {
            let named = |(at, value): (usize, Value)| (Kind::Organization.fields()[at].0, value);
            let mut fields: Vec<_> = fields.into_iter().map(named).collect();
            fields.sort_by_key(|(field, _)| *field);
            Draft {
                organization: None,
                fields,
                traits: traits.into_iter().collect(),
            }
        })
    }

    proptest! {
        /// Carrying out the changes leaves nothing to change, whatever the record held before.
        #[test]
        fn planning_is_idempotent(first in any_draft(), second in any_draft()) {
            let mut record = record();
            let changes = inward(&record, None, &first);
            apply(&mut record, &changes);
            let changes = inward(&record, None, &second);
            apply(&mut record, &changes);
            prop_assert_eq!(inward(&record, None, &second), vec![]);
            prop_assert!(record.fields.iter().all(|(_, value)| !value.is_absent()));
        }

        /// Undoing the changes one by one restores the record: nothing is lost.
        #[test]
        fn every_change_names_what_it_replaced(first in any_draft(), second in any_draft()) {
            let mut record = record();
            let changes = inward(&record, None, &first);
            apply(&mut record, &changes);
            let before = record.clone();
            let changes = inward(&record, None, &second);
            apply(&mut record, &changes);
            let back: Vec<Change> = changes.into_iter().map(|change| match change {
                Change::Field { field, before, after } => Change::Field { field, before: after, after: before },
                Change::Trait { name, before, after } => Change::Trait { name, before: after, after: before },
                Change::Organization { before, after } => Change::Organization { before: after, after: before },
            }).collect();
            apply(&mut record, &back);
            prop_assert_eq!(record, before);
        }
    }

    #[test]
    fn traits_of_the_documentations_own_stay() {
        let mut record = record();
        let kept = |name: &str, json: &str| (name.to_owned(), json.to_owned());
        record.traits = vec![kept("rack", "1"), kept("theirs", "2"), kept("wall", "3")];
        record.own = vec!["rack".to_owned(), "wall".to_owned()];
        let theirs = Draft {
            traits: vec![kept("wall", "4")],
            ..Draft::default()
        };
        let changes = inward(&record, None, &theirs);
        apply(&mut record, &changes);
        assert_eq!(record.traits, [kept("rack", "1"), kept("wall", "4")]);
    }

    #[test]
    fn what_is_held_stays_still() {
        let mut record = record();
        let kept = |name: &str, json: &str| (name.to_owned(), json.to_owned());
        record.set(Field::Name, Value::text("kept"));
        record.traits = vec![kept("dropped", "1"), kept("rack", "2")];
        let theirs = Draft {
            fields: vec![(Field::Name, Value::text("new"))],
            traits: vec![kept("made", "3"), kept("rack", "4")],
            ..Draft::default()
        };
        let held = ["dropped", "made", "rack"].map(|name| Part::Trait(name.to_owned()));
        let all = [Part::Field(Field::Name)].into_iter().chain(held);
        let all: Vec<Part> = all.chain([Part::Organization]).collect();
        assert_eq!(inward(&record, Some(AssetId(9)), &theirs).len(), all.len());
        record.held = all;
        assert_eq!(inward(&record, Some(AssetId(9)), &theirs), vec![]);
    }
}
