use proptest::prelude::*;

use super::*;
use crate::edit::edit;
use crate::reconcile::{Past, plan};
use crate::sample::{SAMPLED, contact, rules, triples};
use crate::{Field, Part, Value};

fn title(text: &str) -> Wanted {
    Wanted::Field(Field::Title, Value::text(text))
}

fn said(text: &str) -> Draft {
    Draft {
        fields: vec![(Field::Title, Value::text(text))],
        ..Draft::default()
    }
}

fn edited(from: &str, to: &str) -> Record {
    let mut record = contact();
    record.set(Field::Title, Value::text(from));
    edit(&mut record, title(to), Rule::TWO_WAY).unwrap();
    record
}

#[test]
fn what_was_edited_is_pending_where_its_rule_sends_it() {
    let record = edited("a", "b");
    assert_eq!(pending(&record, |_| Rule::TWO_WAY), [title("b")]);
    assert_eq!(pending(&record, |_| Rule::INWARD), []);
    let mut held = record.clone();
    held.held = vec![Part::Field(Field::Title)];
    assert_eq!(pending(&held, |_| Rule::TWO_WAY), []);
    let mut own = record.clone();
    own.link = None;
    assert_eq!(pending(&own, |_| Rule::TWO_WAY), []);
    let mut withheld = record;
    assert!(crate::edit::withhold(&mut withheld, PartRef::Field(Field::Title)));
    assert_eq!(pending(&withheld, |_| Rule::TWO_WAY), []);
}

#[test]
fn what_a_person_chose_travels_under_manual() {
    let manual = Rule::new(crate::mapping::Direction::Both, crate::Policy::Manual).unwrap();
    let record = edited("a", "b");
    let mut entry = Outgoing::since(record.updated);
    assert_eq!(pending(&record, |part| entry.rule(part, manual)), []);
    entry.chosen.push(Part::Field(Field::Title));
    assert_eq!(pending(&record, |part| entry.rule(part, manual)), [title("b")]);
}

#[test]
fn the_answer_is_the_truth() {
    let mut record = edited("a", "long words");
    let altered = arrive(&mut record, &[title("long words")], &said("long"), false);
    assert_eq!(
        altered,
        [Altered {
            sent: title("long words"),
            kept: title("long")
        }]
    );
    assert_eq!(record.get(Field::Title), &Value::text("long"));
    assert!(record.base.is_empty());
    let mut record = edited("a", "b");
    assert_eq!(arrive(&mut record, &[title("b")], &said("b"), false), []);
    assert!(record.base.is_empty());
}

#[test]
fn what_was_edited_meanwhile_stays_and_is_sent_next() {
    let mut record = edited("a", "b");
    let sent = [title("b")];
    edit(&mut record, title("c"), Rule::TWO_WAY).unwrap();
    assert_eq!(arrive(&mut record, &sent, &said("b"), false), []);
    assert_eq!(record.get(Field::Title), &Value::text("c"));
    assert_eq!(record.base.of_field(Field::Title), Some(&Value::text("b")));
    assert_eq!(pending(&record, |_| Rule::TWO_WAY), [title("c")]);
}

#[test]
fn what_a_new_record_was_made_without_stays_here() {
    let mut record = edited("", "b");
    let altered = arrive(&mut record, &[title("b")], &Draft::default(), true);
    assert_eq!(altered.len(), 1);
    assert_eq!(record.get(Field::Title), &Value::text("b"));
    assert_eq!(
        pending(&record, |_| Rule::TWO_WAY),
        [],
        "not sent again by itself"
    );
}

#[test]
fn a_refusal_counts_on() {
    let at = |seconds| Timestamp::from_seconds(seconds).unwrap();
    let mut entry = Outgoing::since(at(1));
    entry.refuse(at(2), "push-refused", None, "too long".to_owned());
    entry.refuse(
        at(5),
        "push-refused",
        Some("title".to_owned()),
        "still".to_owned(),
    );
    let refused = entry.refused.unwrap();
    assert_eq!(
        (refused.first_seen, refused.last_seen, refused.attempts),
        (at(2), at(5), 2)
    );
    assert_eq!(refused.message, "still");
}

proptest! {
    /// Whatever was edited and whatever the PSA made of it: once the answer is in, planning the record against that answer
    /// finds nothing more to do, and nothing is left to be sent.
    #[test]
    fn an_answer_settles_what_was_sent(
        (field, [agreed, kept, ours]) in triples(SAMPLED),
        rule in proptest::sample::select(rules()),
    ) {
        let mut record = contact();
        record.set(field, agreed);
        edit(&mut record, Wanted::Field(field, ours), rule).unwrap();
        let sent = pending(&record, |_| rule);
        if sent.is_empty() {
            return Ok(());
        }
        let draft = Draft { fields: vec![(field, kept)], ..Draft::default() };
        arrive(&mut record, &sent, &draft, false);
        prop_assert_eq!(pending(&record, |_| rule), vec![]);
        let planned = plan(&record, record.organization, &draft, Past::Known, |_| rule);
        prop_assert!(planned.changes.is_empty() && planned.send.is_empty() && planned.conflicts.is_empty(), "{planned:?}");
    }
}
