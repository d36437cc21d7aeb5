//! Whole records, case by case.

use super::*;
use crate::Part;
use crate::edit::{Wanted, edit, push};
use crate::mapping::Direction;
use crate::sample::contact;

const HERE: Option<AssetId> = Some(AssetId(7));

fn text(text: &str) -> Value {
    Value::text(text)
}

fn says(fields: &[(Field, Value)], traits: &[(&str, &str)]) -> Draft {
    let owned = |(name, json): &(&str, &str)| ((*name).to_owned(), (*json).to_owned());
    Draft {
        organization: None,
        fields: fields.to_vec(),
        traits: traits.iter().map(owned).collect(),
    }
}

fn two_way(policy: Policy) -> Rule {
    Rule::new(Direction::Both, policy).unwrap()
}

fn known(record: &Record, theirs: &Draft, rule: Rule) -> Plan {
    plan(record, HERE, theirs, Past::Known, |_| rule)
}

fn first(record: &Record, theirs: &Draft, rule: Rule) -> Plan {
    plan(record, HERE, theirs, Past::First, |_| rule)
}

fn of_trait(name: &str, before: Option<&str>, after: Option<&str>) -> Change {
    Change::Trait {
        name: name.to_owned(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    }
}

fn title(before: &str, after: &str) -> Change {
    Change::Field {
        field: Field::Title,
        before: text(before),
        after: text(after),
    }
}

#[test]
fn what_the_draft_does_not_mention_stays() {
    let mut record = contact();
    record.set(Field::Title, text("a"));
    edit(
        &mut record,
        Wanted::Field(Field::FirstName, text("b")),
        Rule::TWO_WAY,
    )
    .unwrap();
    for rule in crate::sample::rules() {
        for past in [Past::First, Past::Known] {
            let plan = plan(&record, HERE, &Draft::default(), past, |_| rule);
            assert_eq!(plan, Plan::default(), "{rule:?}");
        }
    }
}

#[test]
fn a_record_that_is_as_it_should_be_asks_for_no_rule() {
    let mut record = contact();
    record.set(Field::Title, text("a"));
    record.set_trait("rack", Some("1".to_owned()));
    let theirs = says(&[(Field::Title, text("a"))], &[("rack", "1")]);
    let asked = plan(&record, HERE, &theirs, Past::Known, |part| {
        panic!("asked for {part:?}")
    });
    assert_eq!(asked, Plan::default());
}

#[test]
fn a_trait_that_is_gone_from_the_psa_goes() {
    let mut record = contact();
    record.set_trait("rack", Some("1".to_owned()));
    record.set_trait("wall", Some("2".to_owned()));
    let plan = known(&record, &says(&[], &[("wall", "null")]), Rule::INWARD);
    assert_eq!(
        plan.changes,
        [
            of_trait("wall", Some("2"), None),
            of_trait("rack", Some("1"), None)
        ]
    );
    assert!(plan.overruled.is_empty());

    // Edited here since: for what goes both ways a person chooses.
    let mut record = contact();
    record.set_trait("rack", Some("1".to_owned()));
    let rack = Wanted::Trait("rack".to_owned(), Some("2".to_owned()));
    edit(&mut record, rack, Rule::TWO_WAY).unwrap();
    let plan = known(&record, &Draft::default(), Rule::TWO_WAY);
    assert_eq!(plan.conflicts.len(), 1);
    let plan = known(&record, &Draft::default(), Rule::INWARD);
    assert_eq!(plan.overruled.len(), 1);

    // Taken out on both sides: only what was agreed upon goes.
    let mut record = contact();
    record.set_trait("rack", Some("1".to_owned()));
    edit(&mut record, Wanted::Trait("rack".to_owned(), None), Rule::TWO_WAY).unwrap();
    let plan = known(&record, &Draft::default(), Rule::TWO_WAY);
    assert_eq!((plan.changes.len(), plan.base.len()), (0, 1));
    plan.apply(&mut record);
    assert_eq!(record, contact());
}

#[test]
fn a_trait_of_the_documentations_own_is_never_taken_away() {
    let mut own = contact();
    own.set_trait("rack", Some("1".to_owned()));
    own.own = vec!["rack".to_owned()];
    let unsaid = Draft::default();
    for rule in crate::sample::rules() {
        for past in [Past::First, Past::Known] {
            let plan = plan(&own, HERE, &unsaid, past, |_| rule);
            assert!(
                plan.changes.is_empty() && plan.conflicts.is_empty(),
                "{rule:?}: {plan:?}"
            );
            assert!(rule.can_send() || plan == Plan::default(), "{rule:?}: {plan:?}");
        }
    }
    let sent = [of_trait("rack", None, Some("1"))];
    assert_eq!(known(&own, &unsaid, Rule::TWO_WAY), Plan::default());
    assert_eq!(first(&own, &unsaid, Rule::TWO_WAY).offer, sent);
    for policy in [Policy::FromLocal, Policy::FillEmpty] {
        assert_eq!(known(&own, &unsaid, two_way(policy)).send, sent);
        assert_eq!(first(&own, &unsaid, two_way(policy)).send, sent);
    }
}

#[test]
fn a_trait_made_here_is_sent() {
    let mut record = contact();
    let rack = Wanted::Trait("rack".to_owned(), Some("1".to_owned()));
    edit(&mut record, rack, Rule::TWO_WAY).unwrap();
    let plan = known(&record, &Draft::default(), Rule::TWO_WAY);
    assert_eq!(plan.send, [of_trait("rack", None, Some("1"))]);
    assert!(plan.is_still());
    let arrived = says(&[], &[("rack", "1")]);
    let plan = known(&record, &arrived, Rule::TWO_WAY);
    plan.apply(&mut record);
    assert!(record.base.is_empty());
    assert_eq!(known(&record, &arrived, Rule::TWO_WAY), Plan::default());
}

#[test]
fn where_a_record_belongs_is_never_sent() {
    let record = contact();
    for rule in crate::sample::rules() {
        for past in [Past::First, Past::Known] {
            let plan = plan(&record, Some(AssetId(8)), &Draft::default(), past, |_| rule);
            assert!(plan.send.is_empty() && plan.offer.is_empty());
        }
    }
    let moved = |rule| {
        plan(&record, Some(AssetId(8)), &Draft::default(), Past::Known, |_| {
            rule
        })
    };
    let change = Change::Organization {
        before: HERE,
        after: Some(AssetId(8)),
    };
    assert_eq!(moved(Rule::TWO_WAY).changes, [change]);
    assert_eq!(moved(two_way(Policy::FromLocal)).conflicts.len(), 1);
}

#[test]
fn what_is_held_goes_on_standing_and_remembers_the_psas() {
    let mut record = contact();
    record.set(Field::Title, text("c"));
    record.set_trait("rack", Some("3".to_owned()));
    record.base.set_field(Field::Title, Some(text("a")));
    record.base.set_trait("rack", Some(Some("1".to_owned())));
    record.base.organization = Some(AssetId(6));
    let rack = Part::Trait("rack".to_owned());
    record.held = vec![Part::Field(Field::Title), rack, Part::Organization];
    let stood = record.clone();

    let same = says(&[(Field::Title, text("a"))], &[("rack", "1")]);
    let asked = plan(&record, Some(AssetId(6)), &same, Past::Known, |_| Rule::TWO_WAY);
    assert_eq!(asked, Plan::default());

    for rule in crate::sample::rules() {
        let mut record = record.clone();
        let moved = says(&[(Field::Title, text("b"))], &[("rack", "2")]);
        let asked = plan(&record, Some(AssetId(8)), &moved, Past::Known, |_| rule);
        assert_eq!(asked.conflicts.len(), 3, "{rule:?}");
        assert!(asked.changes.is_empty() && asked.send.is_empty());
        asked.apply(&mut record);
        assert_eq!((&record.fields, &record.traits), (&stood.fields, &stood.traits));
        assert_eq!(record.organization, HERE);
        assert_eq!(record.base.of_field(Field::Title), Some(&text("b")));
        assert_eq!(record.base.of_trait("rack"), Some(Some("2")));
        assert_eq!(record.base.organization, Some(AssetId(8)));
        let again = plan(&record, Some(AssetId(8)), &moved, Past::Known, |_| rule);
        assert_eq!(again, Plan::default(), "asked once");
    }
}

#[test]
fn what_was_not_agreed_upon_is_only_offered_until_a_person_says_so() {
    let mut record = contact();
    record.set(Field::Title, text("a"));
    let empty = says(&[(Field::Title, Value::Absent)], &[]);
    let plan = first(&record, &empty, Rule::TWO_WAY);
    assert_eq!(plan.offer, [title("", "a")]);
    plan.apply(&mut record);
    for _ in 0..3 {
        let plan = known(&record, &empty, Rule::TWO_WAY);
        assert!(plan.is_still() && plan.send.is_empty());
        assert_eq!(plan.offer, [title("", "a")]);
        plan.apply(&mut record);
    }
    // The PSA came to say something else: nothing here was agreed upon, so it is asked about.
    let said = says(&[(Field::Title, text("b"))], &[]);
    assert_eq!(known(&record, &said, Rule::TWO_WAY).conflicts.len(), 1);
    let mut edited = record.clone();
    edit(&mut edited, Wanted::Field(Field::Title, text("c")), Rule::TWO_WAY).unwrap();
    assert_eq!(known(&edited, &empty, Rule::TWO_WAY).send, [title("", "c")]);
    assert_eq!(known(&edited, &said, Rule::TWO_WAY).conflicts.len(), 1);
    assert!(push(&mut record, PartRef::Field(Field::Title)));
    assert_eq!(known(&record, &empty, Rule::TWO_WAY).send, [title("", "a")]);
}

#[test]
fn what_stays_apart_is_asked_about_under_another_policy() {
    let mut record = contact();
    record.set(Field::Title, text("a"));
    let theirs = says(&[(Field::Title, text("b"))], &[]);
    let fill = two_way(Policy::FillEmpty);
    let plan = first(&record, &theirs, fill);
    plan.apply(&mut record);
    assert_eq!(record.get(Field::Title), &text("a"));
    assert_eq!(known(&record, &theirs, fill), Plan::default());
    assert_eq!(known(&record, &theirs, Rule::TWO_WAY).conflicts.len(), 1);
}

#[test]
fn who_wins_is_reported_with_what_the_other_had() {
    let mut record = contact();
    record.set(Field::Title, text("a"));
    edit(&mut record, Wanted::Field(Field::Title, text("c")), Rule::TWO_WAY).unwrap();
    let theirs = says(&[(Field::Title, text("b"))], &[]);
    let lost = |side, before, after| Overruled {
        side,
        change: title(before, after),
    };

    let taken = known(&record, &theirs, two_way(Policy::FromPsa));
    assert_eq!(taken.changes, [title("c", "b")]);
    assert_eq!(taken.overruled, [lost(Side::Local, "c", "b")]);

    let sent = known(&record, &theirs, two_way(Policy::FromLocal));
    assert_eq!(sent.send, [title("b", "c")]);
    assert_eq!(sent.overruled, [lost(Side::Psa, "b", "c")]);
    // It is reported once, and sent until it has arrived.
    sent.apply(&mut record);
    let again = known(&record, &theirs, two_way(Policy::FromLocal));
    assert_eq!((again.overruled.len(), again.send), (0, sent.send));
}

#[test]
fn lists_that_changed_on_both_sides_are_merged_and_sent() {
    let types = |names: &str| Value::texts(names.chars().map(String::from));
    let mut record = contact();
    record.set(Field::Type, types("ab"));
    edit(
        &mut record,
        Wanted::Field(Field::Type, types("abd")),
        Rule::TWO_WAY,
    )
    .unwrap();
    let theirs = says(&[(Field::Type, types("bc"))], &[]);
    let plan = known(&record, &theirs, Rule::TWO_WAY);
    plan.apply(&mut record);
    assert_eq!(record.get(Field::Type), &types("bcd"));
    let sent = Change::Field {
        field: Field::Type,
        before: types("bc"),
        after: types("bcd"),
    };
    assert_eq!(plan.send, [sent]);
    let arrived = says(&[(Field::Type, types("bcd"))], &[]);
    known(&record, &arrived, Rule::TWO_WAY).apply(&mut record);
    assert!(record.base.is_empty());
}

#[test]
fn what_means_the_same_is_written_as_the_psa_writes_it() {
    let mail = |address: &str| {
        Value::entries(vec![crate::Entry {
            value: address.to_owned(),
            label: String::new(),
            primary: true,
            extension: None,
        }])
    };
    let link = |asset, name: &str| {
        Value::Reference(crate::Reference {
            kind: crate::Kind::Location,
            asset,
            source: crate::SourceId::new("5"),
            name: name.to_owned(),
        })
    };
    let mut record = contact();
    record.set(Field::Emails, mail("ada@acme.example"));
    record.set(Field::Location, link(None, "HQ"));
    let theirs = says(
        &[
            (Field::Location, link(Some(AssetId(3)), "Head office")),
            (Field::Emails, mail("Ada@acme.example")),
        ],
        &[],
    );
    for rule in crate::sample::rules() {
        let mut record = record.clone();
        let plan = known(&record, &theirs, rule);
        assert!(plan.send.is_empty() && plan.conflicts.is_empty() && plan.overruled.is_empty());
        plan.apply(&mut record);
        assert!(record.base.is_empty());
        assert_eq!(record.get(Field::Location), theirs.get(Field::Location));
        let local_first = matches!(rule.policy(), Policy::FromLocal | Policy::FillEmpty);
        let wanted = if local_first {
            "ada@acme.example"
        } else {
            "Ada@acme.example"
        };
        assert_eq!(record.get(Field::Emails), &mail(wanted), "{rule:?}");
        assert_eq!(known(&record, &theirs, rule), Plan::default());
    }
}

/// As long as nothing goes both ways and nobody edits, it is the planner that was there before.
#[test]
fn inward_it_is_the_plain_comparison() {
    let mut record = contact();
    record.set(Field::Title, text("a"));
    record.traits = [("rack", "1"), ("theirs", "2"), ("wall", "3")]
        .map(|(name, json)| (name.to_owned(), json.to_owned()))
        .to_vec();
    record.own = vec!["rack".to_owned(), "wall".to_owned()];
    let theirs = says(
        &[(Field::Title, Value::Absent), (Field::FirstName, text("b"))],
        &[("wall", "4")],
    );
    let mut fields = theirs.fields.clone();
    fields.sort_by_key(|(field, _)| *field);
    let theirs = Draft { fields, ..theirs };
    let asked = plan(&record, Some(AssetId(8)), &theirs, Past::Known, |_| Rule::INWARD);
    assert_eq!(asked.changes, plan::inward(&record, Some(AssetId(8)), &theirs));
    assert!(asked.base.is_empty() && asked.conflicts.is_empty() && asked.overruled.is_empty());
}
