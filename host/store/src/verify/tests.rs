use std::sync::Arc;

use dovetail_domain::{Field, Timestamp, Value};

use super::*;
use crate::bytes::Batch;
use crate::{ChangeCause, Memory, Quarantined, Run, RunMode, RunTrigger, Step, sample, table};

fn at() -> Timestamp {
    Timestamp::from_seconds(1_700_000_000).unwrap()
}

fn step() -> Step {
    Step::new(at(), ChangeCause::Run(RunId(1)))
}

/// A record as a sync makes it.
fn record(number: u64) -> Record {
    let mut record = sample::record(number);
    record.base.fields.clear();
    record
}

/// A store with something of every sort, as steps write it.
fn filled() -> (Memory, Archive) {
    let memory = Memory::new();
    let archive = Archive::over(Arc::new(memory.clone())).unwrap();
    let mut step = step();
    for number in 1..=600 {
        let record = record(number);
        assert_eq!(archive.next_asset(), record.id);
        step.create(record).unwrap();
    }
    let run = Run::begin(
        archive.next_run(),
        IntegrationId(1),
        "acme".parse().unwrap(),
        RunMode::Full,
        RunTrigger::Manual,
        at(),
    );
    step.put_run(&run).unwrap();
    step.put(&CONFIG, &"key-source".to_owned(), &"file".to_owned())
        .unwrap();
    step.put(&table::checkpoints(), &(IntegrationId(1), "a".to_owned()), &1)
        .unwrap();
    step.quarantine(Quarantined {
        integration: IntegrationId(1),
        kind: Kind::Contact,
        source: SourceId::new("9").unwrap(),
        name: String::new(),
        run: run.id,
        code: "record-invalid".to_owned(),
        message: "odd".to_owned(),
        record: None,
    });
    archive.commit(step).unwrap();
    let mut step = Step::new(at(), ChangeCause::Person("ada".to_owned()));
    let before = record(7);
    let mut after = before.clone();
    after.set(Field::FirstName, Value::text("Ada"));
    step.update(&before, after).unwrap();
    archive.commit(step).unwrap();
    (memory, archive)
}

fn apply(memory: &Memory, change: impl FnOnce(&mut Batch)) {
    let mut batch = Batch::new();
    change(&mut batch);
    memory.apply(batch).unwrap();
}

/// What is found after something was changed behind the archive's back, and the archive opened anew.
fn found(change: impl FnOnce(&Memory)) -> Vec<(String, String)> {
    let (memory, archive) = filled();
    drop(archive);
    change(&memory);
    let findings = Archive::over(Arc::new(memory)).unwrap().verify().unwrap();
    let problems = findings.problems.into_iter();
    problems.map(|wrong| (wrong.what, wrong.why)).collect()
}

#[test]
fn what_steps_wrote_is_sound() {
    for warm in [true, false] {
        let (_, archive) = filled();
        if warm {
            archive.warm().unwrap();
        }
        let findings = archive.verify().unwrap();
        assert_eq!(findings.problems, []);
        assert_eq!(findings.records, 600);
        assert!(findings.checked > 600, "{findings:?}");
    }
    assert!(Archive::in_memory().verify().unwrap().is_sound());
}

#[test]
fn every_damaged_value_is_named_and_hides_no_other() {
    let keys: Vec<Vec<u8>> = [4, 255, 256, 257, 600]
        .map(|number| {
            let record = record(number);
            envelope::key(record.kind, record.id)
        })
        .to_vec();
    let found = found(|memory| {
        for key in &keys {
            assert!(memory.damage(key));
        }
    });
    let mut named: Vec<&str> = found.iter().map(|(what, _)| what.as_str()).collect();
    // What cannot be read cannot be counted either.
    assert_eq!(named.pop(), Some("the number of records"));
    let mut wanted: Vec<String> = [4, 255, 256, 257, 600]
        .map(|number| format!("{} {number}", record(number).kind))
        .to_vec();
    wanted.sort();
    named.sort_unstable();
    assert_eq!(named, wanted);
    assert!(found[0].1.contains("its checksum does not fit"), "{found:?}");
}

#[test]
fn every_single_value_is_looked_at() {
    let (memory, _) = filled();
    let keys = memory.keys_page(&[], None, usize::MAX).unwrap();
    let records = Space::Record.key(&());
    let sequences = Space::Sequence.key(&());
    for key in keys {
        // Of the records some were damaged above; without its sequences nothing opens.
        if key.starts_with(&records) || key.starts_with(&sequences) {
            continue;
        }
        let found = found(|memory| assert!(memory.damage(&key)));
        let name = in_words(&key);
        assert!(
            found
                .iter()
                .any(|(what, why)| *what == name && why.contains("checksum")),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn what_does_not_belong_is_named() {
    let record = |number: u64| {
        let record = record(number);
        (envelope::key(record.kind, record.id), record)
    };
    let put = |memory: &Memory, key: &[u8], value: &[u8]| apply(memory, |batch| batch.put(key, value));
    type Change<'a> = Box<dyn FnOnce(&Memory) + 'a>;
    let cases: Vec<(Change<'_>, &str, &str)> = vec![
        (
            Box::new(|memory| put(memory, &record(9).0, b"nonsense")),
            "ticket 9",
            "cannot be read",
        ),
        (
            // A contact's envelope at a configuration's key.
            Box::new(|memory| {
                let bytes = envelope::encode(&record(2).1).unwrap();
                put(memory, &envelope::key(Kind::Configuration, AssetId(3)), &bytes);
            }),
            "configuration 3",
            "cannot hold",
        ),
        (
            Box::new(|memory| {
                let mut twin = record(5).1;
                twin.link = record(10).1.link;
                put(memory, &record(5).0, &envelope::encode(&twin).unwrap());
            }),
            "organization 10",
            "organization 5 is connected with the same",
        ),
        (
            Box::new(|memory| apply(memory, |batch| batch.delete(record(9).0))),
            "the number of records",
            "do not come to",
        ),
        (
            Box::new(|memory| {
                apply(memory, |batch| {
                    QUARANTINE.delete(batch, &QuarantineId(1));
                });
            }),
            "value x\\00\\00\\00\\01\\039",
            "not there",
        ),
        (
            Box::new(|memory| {
                let filed = (IntegrationId(1), Kind::Contact, SourceId::new("9").unwrap());
                apply(memory, |batch| QUARANTINE_INDEX.delete(batch, &filed));
            }),
            "quarantine 1",
            "not filed",
        ),
        (
            Box::new(|memory| {
                let row = RUNS.get(memory, &RunId(1)).unwrap().unwrap();
                apply(memory, |batch| RUNS.put(batch, &RunId(2), &row).unwrap());
            }),
            "run 2",
            "another run's",
        ),
        (
            Box::new(|memory| put(memory, &Space::Sequence.key(&1u8), &600u64.to_be_bytes())),
            "value t\\01",
            "600 is in use",
        ),
        (
            Box::new(|memory| put(memory, b"?1", b"x")),
            "value ?1",
            "no part of the store",
        ),
        (
            Box::new(|memory| {
                let key = Space::Queue.key(&IntegrationId(1));
                put(memory, &key, b"{");
            }),
            "value w\\00\\00\\00\\01",
            "cannot be read",
        ),
    ];
    for (change, what, why) in cases {
        let found = found(change);
        assert!(
            found
                .iter()
                .any(|(named, reason)| named == what && reason.contains(why)),
            "{what}: {found:?}"
        );
    }
}

#[test]
fn an_index_that_went_astray_is_noticed() {
    let (memory, archive) = filled();
    archive.warm().unwrap();
    let mut record = record(11);
    record.set(Field::Name, Value::text("another"));
    let key = envelope::key(record.kind, record.id);
    apply(&memory, |batch| {
        batch.put(key, envelope::encode(&record).unwrap())
    });
    let found = archive.verify().unwrap();
    assert_eq!(found.problems.len(), 1, "{found:?}");
    assert_eq!(found.problems[0].why, "the index in memory says something else");
}

#[test]
fn only_so_much_is_named() {
    let mut findings = Findings::default();
    for number in 0..Findings::NAMED + 3 {
        findings.note(number.to_string(), "x");
    }
    assert_eq!((findings.problems.len(), findings.more), (Findings::NAMED, 3));
}
