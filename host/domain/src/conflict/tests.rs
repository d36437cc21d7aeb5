use super::*;
use crate::Part;
use crate::mapping::{Direction, Draft};
use crate::policy::Policy;
use crate::reconcile::{Past, plan};
use crate::sample::contact;

const TITLE: PartRef<'static> = PartRef::Field(Field::Title);

fn title(text: &str) -> Wanted {
    Wanted::Field(Field::Title, Value::text(text))
}

fn says(text: &str) -> Draft {
    Draft {
        fields: vec![(Field::Title, Value::text(text))],
        ..Draft::default()
    }
}

fn planned(record: &mut Record, theirs: &Draft, rule: Rule) -> crate::reconcile::Plan {
    let plan = plan(record, Some(AssetId(7)), theirs, Past::Known, |_| rule);
    plan.apply(record);
    plan
}

/// Both sides left `a`: `b` in the PSA, `c` here. What the PSA says stands.
fn in_conflict(rule: Rule) -> (Record, Conflict) {
    let mut record = contact();
    record.set(Field::Title, Value::text("a"));
    edit(&mut record, title("c"), rule).unwrap();
    let mut plan = planned(&mut record, &says("b"), rule);
    assert_eq!(record.get(Field::Title), &Value::text("b"));
    assert!(record.base.is_empty());
    let conflict = plan.conflicts.pop().unwrap();
    let sides = Sides {
        base: Some(Value::text("a")),
        theirs: Value::text("b"),
        ours: Value::text("c"),
    };
    assert_eq!(conflict, Conflict::Field(Field::Title, sides));
    (record, conflict)
}

/// The same of a part that is held.
fn in_conflict_and_held(rule: Rule) -> (Record, Conflict) {
    let mut record = contact();
    record.set(Field::Title, Value::text("c"));
    record.base.set_field(Field::Title, Some(Value::text("a")));
    record.held = vec![TITLE.to_part()];
    let mut plan = planned(&mut record, &says("b"), rule);
    assert_eq!(record.get(Field::Title), &Value::text("c"), "it goes on standing");
    assert_eq!(record.base.of_field(Field::Title), Some(&Value::text("b")));
    (record, plan.conflicts.pop().unwrap())
}

fn two_way(policy: Policy) -> Rule {
    Rule::new(Direction::Both, policy).unwrap()
}

#[test]
fn taking_the_psas_leaves_what_stands() {
    let (mut record, conflict) = in_conflict(Rule::TWO_WAY);
    let before = record.clone();
    resolve(&mut record, &conflict, Take::Psa, Rule::TWO_WAY).unwrap();
    assert_eq!(record, before);
}

#[test]
fn taking_the_psas_undoes_what_was_edited_since() {
    let (mut record, conflict) = in_conflict(Rule::TWO_WAY);
    let before = record.clone();
    edit(&mut record, title("d"), Rule::TWO_WAY).unwrap();
    resolve(&mut record, &conflict, Take::Psa, Rule::TWO_WAY).unwrap();
    assert_eq!(record, before);
}

#[test]
fn taking_something_else_is_sent() {
    for (take, wanted) in [(Take::Local, "c"), (Take::Value(title("d")), "d")] {
        for rule in [two_way(Policy::Both), two_way(Policy::Manual)] {
            for (mut record, conflict) in [in_conflict(rule), in_conflict_and_held(rule)] {
                resolve(&mut record, &conflict, take.clone(), rule).unwrap();
                assert!(record.held.is_empty());
                let plan = planned(&mut record, &says("b"), rule.chosen());
                assert_eq!(plan.send, [change("b", wanted)]);
                assert!(plan.is_still(), "{plan:?}");
                let plan = planned(&mut record, &says(wanted), rule);
                assert!(plan.conflicts.is_empty() && plan.send.is_empty(), "{plan:?}");
                assert!(record.base.is_empty());
            }
        }
    }
}

fn change(before: &str, after: &str) -> crate::plan::Change {
    crate::plan::Change::Field {
        field: Field::Title,
        before: Value::text(before),
        after: Value::text(after),
    }
}

#[test]
fn without_the_choice_manual_asks_again() {
    let rule = two_way(Policy::Manual);
    let (mut record, conflict) = in_conflict(rule);
    resolve(&mut record, &conflict, Take::Local, rule).unwrap();
    assert_eq!(planned(&mut record, &says("b"), rule).conflicts.len(), 1);
}

#[test]
fn a_choice_holds_only_while_the_psa_stays() {
    let rule = two_way(Policy::Manual);
    let (mut record, conflict) = in_conflict(rule);
    resolve(&mut record, &conflict, Take::Local, rule).unwrap();
    let plan = planned(&mut record, &says("x"), rule.chosen());
    assert_eq!(plan.conflicts.len(), 1);
    assert!(plan.send.is_empty());
}

#[test]
fn what_cannot_be_sent_is_held_until_the_psa_moves() {
    let rule = Rule::new(Direction::Inward, Policy::Manual).unwrap();
    let (mut record, conflict) = in_conflict(rule);
    resolve(&mut record, &conflict, Take::Local, rule).unwrap();
    assert_eq!(record.held, [TITLE.to_part()]);
    let plan = planned(&mut record, &says("b"), rule);
    assert!(plan.is_still() && plan.send.is_empty(), "{plan:?}");
    let mut plan = planned(&mut record, &says("x"), rule);
    assert_eq!(record.get(Field::Title), &Value::text("c"));
    let conflict = plan.conflicts.pop().unwrap();
    resolve(&mut record, &conflict, Take::Psa, rule).unwrap();
    assert_eq!(record.get(Field::Title), &Value::text("x"));
    assert!(record.held.is_empty() && record.base.is_empty());
}

#[test]
fn where_a_record_belongs_is_held_where_a_person_chose_it() {
    let mut record = contact();
    let rule = Rule::new(Direction::Inward, Policy::Manual).unwrap();
    for psa in [Some(AssetId(8)), None] {
        let mut record = record.clone();
        let mut asked = plan(&record, psa, &Draft::default(), Past::Known, |_| rule);
        asked.apply(&mut record);
        assert_eq!(record.organization, psa);
        let conflict = asked.conflicts.pop().unwrap();
        // Whatever the caller thinks: it is never sent.
        resolve(&mut record, &conflict, Take::Local, Rule::TWO_WAY).unwrap();
        assert_eq!(record.organization, Some(AssetId(7)));
        assert_eq!(record.held, [Part::Organization]);
        let after = plan(&record, psa, &Draft::default(), Past::Known, |_| rule);
        assert!(after.is_still() && after.send.is_empty(), "{after:?}");
    }
    record.held = vec![Part::Organization];
    let asked = plan(&record, Some(AssetId(8)), &Draft::default(), Past::Known, |_| {
        rule
    });
    assert_eq!(asked.conflicts.len(), 1);
    assert!(asked.changes.is_empty());
}

#[test]
fn traits_are_resolved_alike() {
    let mut record = contact();
    record.set_trait("rack", Some("1".to_owned()));
    let rack = |json: &str| Wanted::Trait("rack".to_owned(), Some(json.to_owned()));
    edit(&mut record, rack("3"), Rule::TWO_WAY).unwrap();
    let draft = Draft {
        traits: vec![("rack".to_owned(), "2".to_owned())],
        ..Draft::default()
    };
    let conflict = planned(&mut record, &draft, Rule::TWO_WAY)
        .conflicts
        .pop()
        .unwrap();
    let json = conflict.to_json();
    assert_eq!(
        (json.base.unwrap(), json.theirs, json.ours),
        (1.into(), 2.into(), 3.into())
    );
    let mut other = record.clone();
    resolve(&mut other, &conflict, Take::Value(rack("4")), Rule::TWO_WAY).unwrap();
    assert_eq!(other.get_trait("rack"), Some("4"));
    assert_eq!(planned(&mut other, &draft, Rule::TWO_WAY).send.len(), 1);
    resolve(&mut record, &conflict, Take::Psa, Rule::TWO_WAY).unwrap();
    assert_eq!(record.get_trait("rack"), Some("2"));
}

#[test]
fn a_value_for_something_else_is_refused() {
    let (record, conflict) = in_conflict(Rule::TWO_WAY);
    for (wanted, words) in [
        (
            Wanted::Field(Field::FirstName, Value::text("x")),
            "the conflict is about title, and what was given is for first_name",
        ),
        (
            Wanted::Trait("title".to_owned(), None),
            "the conflict is about title, and what was given is for traits.title",
        ),
        (
            Wanted::Field(Field::Title, Value::Flag(true)),
            "title of a contact holds a text, which `yes` is not",
        ),
    ] {
        let mut after = record.clone();
        let refused = resolve(&mut after, &conflict, Take::Value(wanted), Rule::TWO_WAY);
        assert_eq!(refused.unwrap_err().to_string(), words);
        assert_eq!(after, record);
    }
}

#[test]
fn an_open_conflict_follows_the_psa() {
    let (mut record, conflict) = in_conflict(Rule::TWO_WAY);
    planned(&mut record, &says("x"), Rule::TWO_WAY);
    let now = conflict.clone().now(&record).unwrap();
    assert_eq!(now.to_json().theirs, "x");
    assert_eq!(now.to_json().ours, "c");
    assert_eq!(now.to_json().base.unwrap(), "a");

    let mut edited = record.clone();
    edit(&mut edited, title("c"), Rule::TWO_WAY).unwrap();
    assert_eq!(conflict.clone().now(&edited), None, "a person let it stand");

    planned(&mut record, &says("c"), Rule::TWO_WAY);
    assert_eq!(conflict.now(&record), None, "the PSA came to say it");

    let (mut record, conflict) = in_conflict_and_held(Rule::TWO_WAY);
    assert_eq!(conflict.clone().now(&record), Some(conflict.clone()));
    planned(&mut record, &says("c"), Rule::TWO_WAY);
    assert_eq!(conflict.now(&record), None);
}

#[test]
fn a_conflict_says_what_was_agreed_upon() {
    let rule = two_way(Policy::Manual);
    let mut record = contact();
    record.set(Field::Title, Value::text("a"));
    let base = |record: &Record| {
        let mut asked = planned(&mut record.clone(), &says("b"), rule);
        asked.conflicts.pop().unwrap().to_json().base
    };
    assert_eq!(base(&record), Some("a".into()), "it stood as it was agreed upon");
    record.base.set_field(Field::Title, Some(Value::text("z")));
    assert_eq!(base(&record), Some("z".into()), "it was edited since");
    record.base.set_field(Field::Title, Some(Value::text("a")));
    assert_eq!(base(&record), None, "nothing ever was");
}

/// Under manual each move of the PSA's is asked about; the open question keeps what stood here in the first place.
#[test]
fn a_later_conflict_asks_nothing_new() {
    let rule = two_way(Policy::Manual);
    let (mut record, open) = in_conflict(rule);
    let later = planned(&mut record, &says("x"), rule).conflicts.pop().unwrap();
    assert_eq!(later.to_json().ours, open.to_json().theirs);
    let now = open.now(&record).unwrap().to_json();
    assert_eq!(
        (now.base.unwrap(), now.theirs, now.ours),
        ("a".into(), "x".into(), "c".into())
    );
}

#[test]
fn conflicts_are_kept_as_they_are() {
    let (_, conflict) = in_conflict(Rule::TWO_WAY);
    let json = serde_json::to_string(&conflict).unwrap();
    assert_eq!(serde_json::from_str::<Conflict>(&json).unwrap(), conflict);
}
