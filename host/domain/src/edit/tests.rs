use proptest::prelude::*;

use super::*;
use crate::Base;
use crate::mapping::Draft;
use crate::reconcile::{Past, plan};
use crate::sample::{SAMPLED, contact, near, rules};

#[test]
fn the_base_is_what_was_agreed_upon() {
    let mut record = contact();
    record.set(Field::Title, Value::text("a"));
    let title = |text: &str| Wanted::Field(Field::Title, Value::text(text));
    for (wanted, base) in [
        ("a", None),
        ("b", Some(Value::text("a"))),
        ("c", Some(Value::text("a"))),
        ("", Some(Value::text("a"))),
        ("a", None),
    ] {
        edit(&mut record, title(wanted), Rule::TWO_WAY).unwrap();
        assert_eq!(record.get(Field::Title), &Value::text(wanted));
        assert_eq!(record.base.of_field(Field::Title), base.as_ref(), "{wanted}");
    }
    assert!(record.base.is_empty());
    edit(&mut record, Wanted::Organization(Some(AssetId(8))), Rule::INWARD).unwrap();
    assert_eq!(
        (record.organization, record.base.organization),
        (Some(AssetId(8)), Some(AssetId(7)))
    );
    edit(&mut record, Wanted::Organization(Some(AssetId(7))), Rule::INWARD).unwrap();
    assert_eq!(
        (record.organization, record.base.organization),
        (Some(AssetId(7)), None)
    );
}

#[test]
fn a_record_of_the_documentations_own_has_no_base() {
    let mut record = contact();
    record.link = None;
    for wanted in [
        Wanted::Field(Field::Title, Value::text("a")),
        Wanted::Trait("rack".to_owned(), Some("1".to_owned())),
        Wanted::Organization(Some(AssetId(8))),
    ] {
        edit(&mut record, wanted, Rule::TWO_WAY).unwrap();
    }
    assert!(record.base.is_empty());
    assert_eq!(record.get(Field::Title), &Value::text("a"));
    assert_eq!(record.get_trait("rack"), Some("1"));
    assert_eq!(record.organization, Some(AssetId(8)));
    assert_eq!(record.own, ["rack"]);
}

#[test]
fn traits_are_the_documentations_own_where_they_come_in_only() {
    let set = |json: Option<&str>| Wanted::Trait("rack".to_owned(), json.map(str::to_owned));
    let mut record = contact();
    edit(&mut record, set(Some("1")), Rule::INWARD).unwrap();
    assert_eq!(record.own, ["rack"]);
    assert_eq!(record.base.of_trait("rack"), Some(None));
    edit(&mut record, set(Some("null")), Rule::INWARD).unwrap();
    assert_eq!(record, contact(), "taken out again");

    edit(&mut record, set(Some("1")), Rule::TWO_WAY).unwrap();
    assert!(record.own.is_empty());
    assert_eq!(record.base.of_trait("rack"), Some(None));

    let mut record = contact();
    record.set_trait("rack", Some("1".to_owned()));
    edit(&mut record, set(Some("2")), Rule::INWARD).unwrap();
    assert!(record.own.is_empty(), "it is the PSA's");
    assert_eq!(record.base.of_trait("rack"), Some(Some("1")));

    let mut record = contact();
    record.set_trait("rack", Some("1".to_owned()));
    record.own = vec!["rack".to_owned()];
    edit(&mut record, set(Some("2")), Rule::TWO_WAY).unwrap();
    assert!(record.own.is_empty(), "it is to be the PSA's too");
    assert_eq!(
        record.base.of_trait("rack"),
        Some(None),
        "which has nothing of it yet"
    );
}

#[test]
fn what_nothing_was_agreed_upon_is_sent_once_it_is_edited_or_pushed() {
    let mut record = contact();
    record.set(Field::Title, Value::text("a"));
    record.set_trait("rack", Some("1".to_owned()));
    assert!(
        !push(&mut record, PartRef::Field(Field::Title)),
        "it was agreed upon"
    );
    assert!(!push(&mut record, PartRef::Trait("rack")));
    assert!(!push(&mut record, PartRef::Organization));
    record.base = Base {
        fields: vec![(Field::Title, Value::text("a"))],
        traits: vec![("rack".to_owned(), Some("1".to_owned()))],
        organization: record.organization,
    };
    assert!(!push(&mut record, PartRef::Organization));
    let before = record.clone();
    let wanted = Wanted::Field(Field::Title, Value::text("b"));
    edit(&mut record, wanted, Rule::TWO_WAY).unwrap();
    assert_eq!(record.base.of_field(Field::Title), Some(&Value::Absent));

    let mut record = before;
    let same = Wanted::Field(Field::Title, Value::text("a"));
    edit(&mut record, same, Rule::TWO_WAY).unwrap();
    assert_eq!(
        record.base.of_field(Field::Title),
        Some(&Value::text("a")),
        "no edit"
    );
    assert!(push(&mut record, PartRef::Field(Field::Title)));
    assert!(push(&mut record, PartRef::Trait("rack")));
    assert_eq!(record.base.of_field(Field::Title), Some(&Value::Absent));
    assert_eq!(record.base.of_trait("rack"), Some(None));
    assert!(
        !push(&mut record, PartRef::Field(Field::Title)),
        "it is on its way"
    );
}

#[test]
fn what_is_withheld_is_not_sent_by_itself() {
    let mut record = contact();
    record.set(Field::Title, Value::text("a"));
    let title = PartRef::Field(Field::Title);
    let rack = PartRef::Trait("rack");
    assert!(!withhold(&mut record, title), "nobody edited it");
    for wanted in [
        Wanted::Field(Field::Title, Value::text("b")),
        Wanted::Trait("rack".to_owned(), Some("1".to_owned())),
        Wanted::Organization(Some(AssetId(8))),
    ] {
        edit(&mut record, wanted, Rule::TWO_WAY).unwrap();
    }
    assert!(!withhold(&mut record, PartRef::Organization), "it is never sent");
    let mut held = record.clone();
    held.held = vec![title.to_part()];
    assert!(
        !withhold(&mut held, title),
        "it has to remember what it goes back to"
    );

    let planned = |record: &Record, title: &str| {
        let theirs = Draft {
            fields: vec![(Field::Title, Value::text(title))],
            ..Draft::default()
        };
        plan(record, record.organization, &theirs, Past::Known, |_| {
            Rule::TWO_WAY
        })
    };
    assert_eq!(planned(&record, "a").send.len(), 2);
    assert!(withhold(&mut record, title) && withhold(&mut record, rack));
    assert!(!withhold(&mut record, title), "it is withheld");
    for (psa, offered, asked) in [("a", 1, 1), ("b", 1, 0), ("", 2, 0)] {
        let plan = planned(&record, psa);
        let found = (plan.send.len(), plan.offer.len(), plan.conflicts.len());
        assert_eq!(found, (0, offered, asked), "{psa}");
    }
    assert!(push(&mut record, rack));
    assert_eq!(planned(&record, "b").send.len(), 1);
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let trait_of = |json: &str| Wanted::Trait("rack".to_owned(), Some(json.to_owned()));
    for (wanted, words) in [
        (
            Wanted::Field(Field::SerialNumber, Value::text("1")),
            "a record of kind contact has no field serial_number",
        ),
        (
            Wanted::Field(Field::Active, Value::text("1")),
            "active of a contact holds yes or no, which `1` is not",
        ),
        (
            Wanted::Field(Field::Emails, Value::text("ada")),
            "emails of a contact holds a list of labelled values, which `ada` is not",
        ),
        (trait_of("{"), "traits.rack holds JSON, which `{` is not"),
    ] {
        let mut record = contact();
        let refused = edit(&mut record, wanted, Rule::TWO_WAY).unwrap_err();
        assert_eq!(refused.to_string(), words);
        assert_eq!(record, contact());
    }
    let mut organization = Record {
        kind: Kind::Organization,
        organization: None,
        ..contact()
    };
    let refused = edit(
        &mut organization,
        Wanted::Organization(Some(AssetId(1))),
        Rule::INWARD,
    );
    assert_eq!(
        refused.unwrap_err().to_string(),
        "an organization belongs to no organization; the one above it is its field parent"
    );
}

proptest! {
    /// However often a part is edited, its base means what stood before the first edit, and there is one for as long as
    /// something else stands.
    #[test]
    fn edits_keep_what_was_agreed_upon((field, values) in near(SAMPLED)) {
        let mut record = contact();
        let agreed = values[0].clone();
        record.set(field, agreed.clone());
        let mut stands = agreed.clone();
        for value in &values[1..] {
            edit(&mut record, Wanted::Field(field, value.clone()), Rule::TWO_WAY).unwrap();
            if &stands != value {
                stands = value.clone();
                let base = record.base.of_field(field);
                prop_assert_eq!(base.is_some(), !agreed.same(value));
                prop_assert!(base.is_none_or(|base| base.same(&agreed)));
            }
            prop_assert_eq!(record.get(field), &stands);
        }
    }

    /// An entry of the base is found where it was put, whatever else is put there.
    #[test]
    fn bases_stay_sorted(puts in proptest::collection::vec((0_usize..8, "[a-d]", proptest::option::of("[0-9]")), 0..20)) {
        let mut base = Base::default();
        let mut fields = std::collections::BTreeMap::new();
        let mut traits = std::collections::BTreeMap::new();
        for (at, name, text) in puts {
            let field = Kind::Contact.fields()[at].0;
            let value = text.as_deref().map(Value::text);
            base.set_field(field, value.clone());
            base.set_trait(&name, value.is_some().then(|| text.clone()));
            match value {
                Some(value) => {
                    fields.insert(field, value);
                    traits.insert(name, text);
                }
                None => {
                    fields.remove(&field);
                    traits.remove(&name);
                }
            }
        }
        prop_assert_eq!(base.fields, fields.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(base.traits, traits.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_rule_that_cannot_send_edits_all_the_same() {
    for rule in rules() {
        let mut record = contact();
        edit(&mut record, Wanted::Field(Field::Title, Value::text("a")), rule).unwrap();
        assert_eq!(record.get(Field::Title), &Value::text("a"));
        assert_eq!(record.base.of_field(Field::Title), Some(&Value::Absent));
    }
}
