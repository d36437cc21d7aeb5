use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use dovetail_domain::{Field, SourceId, SyncState, Value, matching};
use proptest::prelude::*;

use super::*;
use crate::Change;
use crate::bytes::Pair;
use crate::{ChangeCause, Filter, Run, RunMode, RunTrigger, Wanted, sample, table};

fn at() -> Timestamp {
    Timestamp::from_seconds(1_700_000_000).unwrap()
}

fn step() -> Step {
    Step::new(at(), ChangeCause::Run(RunId(1)))
}

fn filled(numbers: impl IntoIterator<Item = u64>) -> Archive {
    let archive = Archive::in_memory();
    let mut step = step();
    for number in numbers {
        step.create(sample::record(number)).unwrap();
    }
    archive.commit(step).unwrap();
    archive
}

/// A store whose writes can be made to fail.
#[derive(Default)]
struct Failing {
    memory: Memory,
    fails: AtomicBool,
}

impl Store for Failing {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.memory.get(key)
    }

    fn scan_page(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Pair>, StoreError> {
        self.memory.scan_page(prefix, after, limit)
    }

    fn scan_page_back(
        &self,
        prefix: &[u8],
        before: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        self.memory.scan_page_back(prefix, before, limit)
    }

    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(StoreError::fatal("write", "the disk is full"));
        }
        self.memory.apply(batch)
    }

    fn size_on_disk(&self) -> Result<u64, StoreError> {
        self.memory.size_on_disk()
    }
}

/// What a step does to the record of a number.
#[derive(Clone, Copy, Debug)]
enum Act {
    Create,
    Rename(u8),
    Relink(u8),
    Remove,
}

fn acts() -> impl Strategy<Value = Vec<Vec<(u64, Act)>>> {
    let act = prop_oneof![
        5 => Just(Act::Create),
        3 => any::<u8>().prop_map(Act::Rename),
        2 => any::<u8>().prop_map(Act::Relink),
        2 => Just(Act::Remove),
    ];
    prop::collection::vec(prop::collection::vec((1..60u64, act), 1..12), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// Whatever steps are written, every way of finding a record agrees with a plain map of the records, now and after
    /// opening again.
    #[test]
    fn it_is_what_the_steps_say(steps in acts()) {
        let store = Memory::new();
        let archive = Archive::over(Arc::new(store.clone())).unwrap();
        let mut model: BTreeMap<(Kind, AssetId), Record> = BTreeMap::new();
        for acts in steps {
            let mut step = step();
            for (number, act) in acts {
                let sample = sample::record(number);
                let key = (sample.kind, sample.id);
                let Some(before) = model.get(&key).cloned() else {
                    if let Act::Create = act {
                        step.create(sample.clone()).unwrap();
                        model.insert(key, sample);
                    }
                    continue;
                };
                let mut after = before.clone();
                match act {
                    Act::Create => continue,
                    Act::Rename(mark) => {
                        after.set(Field::Name, Value::text(format!("Name {}", mark % 3)));
                        after.set(Field::Status, Value::text(if mark % 2 == 0 { "On" } else { "" }));
                    }
                    Act::Relink(mark) => {
                        after.link = sample.link.map(|mut link| {
                            // Long ids, which the index does not hold, too.
                            let long = if mark % 2 == 0 { "-with-a-long-tail" } else { "" };
                            link.source = SourceId::new(format!("{number}{long}")).unwrap();
                            link.state = if mark % 3 == 0 { SyncState::Orphaned } else { SyncState::Enabled };
                            link
                        });
                    }
                    Act::Remove => {
                        step.remove(&before);
                        model.remove(&key);
                        continue;
                    }
                }
                step.update(&before, after.clone()).unwrap();
                model.insert(key, after);
            }
            archive.commit(step).unwrap();
        }
        agrees(&archive, &model);
        agrees(&Archive::over(Arc::new(store)).unwrap(), &model);
    }
}

fn agrees(archive: &Archive, model: &BTreeMap<(Kind, AssetId), Record>) {
    let cold = archive.counts().unwrap();
    archive.warm().unwrap();
    assert_eq!(
        archive.counts().unwrap(),
        cold,
        "the counts that are kept and those that are counted differ"
    );
    for kind in Kind::ALL {
        let of_kind = |filter: &Filter| -> Vec<Record> {
            model
                .values()
                .filter(|record| record.kind == kind && filter.accepts(record))
                .cloned()
                .collect()
        };
        let conditions = |text: &str| vec![Wanted::parse(kind, text).unwrap()];
        let mut filters = vec![
            Filter::default(),
            Filter {
                integration: Some(IntegrationId(2)),
                ..Filter::default()
            },
            Filter {
                organization: Some(AssetId(2)),
                ..Filter::default()
            },
            Filter {
                state: Some(SyncState::Orphaned),
                ..Filter::default()
            },
            Filter {
                wanted: conditions("name=NAME 1"),
                ..Filter::default()
            },
            Filter {
                wanted: conditions("traits.color=7"),
                ..Filter::default()
            },
        ];
        if kind.shape(Field::Status).is_some() {
            filters.push(Filter {
                wanted: conditions("status=on"),
                ..Filter::default()
            });
            filters.push(Filter {
                wanted: conditions("status="),
                ..Filter::default()
            });
        }
        for filter in filters {
            let wanted = of_kind(&filter);
            assert_eq!(
                archive.list(kind, &filter, None, usize::MAX).unwrap().records,
                wanted,
                "{filter:?}"
            );
            assert_eq!(
                archive.count(kind, &filter).unwrap(),
                wanted.len() as u64,
                "{filter:?}"
            );
            // Pages meet, and the last one says that it is.
            let (mut paged, mut after) = (Vec::new(), None);
            loop {
                let page = archive.list(kind, &filter, after, 2).unwrap();
                paged.extend(page.records);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(paged, wanted);
        }
        assert_eq!(cold.total(kind), of_kind(&Filter::default()).len() as u64);
        for integration in [IntegrationId(1), IntegrationId(2)] {
            let filter = Filter {
                integration: Some(integration),
                ..Filter::default()
            };
            assert_eq!(
                cold.linked(integration, kind, None),
                of_kind(&filter).len() as u64
            );
            let mut connections: Vec<_> = of_kind(&filter)
                .into_iter()
                .map(|record| (record.link.unwrap().source, record.id))
                .collect();
            connections.sort();
            assert_eq!(
                archive.linked(integration, kind, None, usize::MAX).unwrap(),
                connections
            );
            if let Some((first, _)) = connections.first() {
                assert_eq!(
                    archive.linked(integration, kind, Some(first), 3).unwrap(),
                    connections[1..].iter().take(3).cloned().collect::<Vec<_>>()
                );
            }
        }
    }
    for number in 1..60 {
        let sample = sample::record(number);
        let (kind, id) = (sample.kind, sample.id);
        let known = model.get(&(kind, id));
        assert_eq!(archive.record(kind, id).unwrap().as_ref(), known);
        for integration in [IntegrationId(1), IntegrationId(2)] {
            for tail in ["", "-with-a-long-tail", "-with-another-tail"] {
                let source = SourceId::new(format!("{number}{tail}")).unwrap();
                let linked = |record: &&Record| {
                    record
                        .link
                        .as_ref()
                        .is_some_and(|link| link.integration == integration && link.source == source)
                };
                let wanted = known.filter(linked);
                assert_eq!(
                    archive
                        .record_by_source(integration, kind, &source)
                        .unwrap()
                        .as_ref(),
                    wanted
                );
                assert_eq!(
                    archive.by_source(integration, kind, &source).unwrap(),
                    wanted.map(|record| record.id)
                );
            }
        }
        let Some(known) = known else { continue };
        let brief = archive.brief(kind, id).unwrap().unwrap();
        assert_eq!(brief.organization, known.organization);
        assert_eq!(
            brief.link,
            known.link.as_ref().map(|link| (link.integration, link.state))
        );
        if let Some(key) = matching::record_key(known) {
            let same = |record: &Record| matching::same(record, known.organization, |field| known.get(field));
            let wanted: Vec<_> = model
                .values()
                .filter(|record| record.kind == kind && same(record))
                .cloned()
                .collect();
            assert_eq!(archive.candidates(kind, key, same).unwrap(), wanted);
        }
    }
}

#[test]
fn a_step_that_cannot_be_written_changes_nothing() {
    let store = Arc::new(Failing::default());
    let archive = Archive::over(store.clone()).unwrap();
    let mut first = step();
    first.create(sample::record(5)).unwrap();
    archive.commit(first).unwrap();

    store.fails.store(true, Ordering::Relaxed);
    let mut second = step();
    second.create(sample::record(10)).unwrap();
    second.remove(&sample::record(5));
    let error = archive.commit(second).unwrap_err();
    assert!(error.is_fatal() && error.to_string().contains("the disk is full"));
    assert_eq!(archive.counts().unwrap().total(Kind::Organization), 1);
    let all = archive
        .list(Kind::Organization, &Filter::default(), None, 9)
        .unwrap()
        .records;
    assert_eq!(all, [sample::record(5)]);
}

#[test]
fn a_record_that_is_too_large_leaves_its_step_as_it_was() {
    let archive = Archive::in_memory();
    let mut step = step();
    let mut huge = sample::record(8);
    huge.set(Field::Notes, Value::text("x".repeat(3 << 20)));
    assert!(matches!(step.create(huge), Err(StoreError::TooLarge { .. })));
    step.create(sample::record(5)).unwrap();
    archive.commit(step).unwrap();
    assert_eq!(archive.counts().unwrap().total(Kind::Configuration), 0);
    assert_eq!(
        archive.audit(RunId(1), None, 9).unwrap()[0].1.created,
        [(Kind::Organization, AssetId(5))]
    );
}

#[test]
fn numbers_are_given_out_once() {
    let store = Memory::new();
    let archive = Archive::over(Arc::new(store.clone())).unwrap();
    assert_eq!(
        (archive.next_asset(), archive.next_asset()),
        (AssetId(1), AssetId(2))
    );
    assert_eq!(
        (archive.next_run(), archive.next_integration()),
        (RunId(1), Some(IntegrationId(1)))
    );
    archive.commit(step()).unwrap();
    let again = Archive::over(Arc::new(store)).unwrap();
    assert_eq!((again.next_asset(), again.next_run()), (AssetId(3), RunId(2)));
}

#[test]
fn history_tells_everything_that_happened_to_a_record() {
    let archive = filled([8]);
    let before = sample::record(8);
    let mut after = before.clone();
    after.set(Field::Notes, Value::text("new"));
    let mut twice = after.clone();
    twice.set(Field::Model, Value::Absent);
    let mut step = Step::new(at(), ChangeCause::Person("ada".to_owned()));
    step.update(&before, after.clone()).unwrap();
    step.update(&after, twice.clone()).unwrap();
    archive.commit(step).unwrap();
    // Only the shadow differs: nothing to tell.
    let mut quiet = twice.clone();
    quiet.link.as_mut().unwrap().shadow = [0; 16];
    let mut step = Step::new(at(), ChangeCause::Run(RunId(2)));
    step.update(&twice, quiet.clone()).unwrap();
    archive.commit(step).unwrap();
    assert_eq!(
        archive.record(Kind::Configuration, AssetId(8)).unwrap(),
        Some(quiet.clone())
    );

    let told = |archive: &Archive| -> Vec<_> {
        let past = archive.history(Kind::Configuration, AssetId(8)).unwrap();
        past.iter()
            .map(|row| (row.change.field(), row.cause.run()))
            .collect()
    };
    let field = |name: &str| Some(name.to_owned());
    assert_eq!(
        told(&archive),
        [
            (None, RunId(1)),
            (field("notes"), RunId(0)),
            (field("model"), RunId(0))
        ]
    );

    let mut step = Step::new(at(), ChangeCause::Run(RunId(3)));
    step.remove(&quiet);
    archive.commit(step).unwrap();
    assert!(told(&archive).contains(&(field("notes"), RunId(3))));
    assert_eq!(told(&archive).last(), Some(&(None, RunId(3))));
    assert!(
        archive
            .history(Kind::Configuration, AssetId(5))
            .unwrap()
            .is_empty()
    );

    let (number, entry) = archive.audit(RunId(1), None, 9).unwrap().remove(0);
    assert_eq!(
        archive.touched(number, &entry).unwrap()[0].changes,
        [Change::Created]
    );
    let (number, entry) = archive.audit(RunId(0), None, 9).unwrap().remove(0);
    assert_eq!(archive.touched(number, &entry).unwrap()[0].changes.len(), 2);
    assert!(archive.audit(RunId(2), None, 9).unwrap().is_empty());
}

#[test]
fn the_quarantine_holds_each_record_once() {
    let store = Memory::new();
    let archive = Archive::over(Arc::new(store.clone())).unwrap();
    let source = |id: &str| SourceId::new(id).unwrap();
    let met = |id: &str, run: u64| Quarantined {
        integration: IntegrationId(1),
        kind: Kind::Contact,
        source: source(id),
        name: "Ada".to_owned(),
        run: RunId(run),
        code: "record-invalid".to_owned(),
        message: format!("of run {run}"),
        record: None,
    };
    let mut first = step();
    first.quarantine(met("a", 1));
    first.quarantine(met("b", 1));
    archive.commit(first).unwrap();

    let archive = Archive::over(Arc::new(store)).unwrap();
    let mut second = Step::new(at().plus_seconds(60), ChangeCause::Run(RunId(2)));
    second.quarantine(met("a", 2));
    second.lift_quarantine((IntegrationId(1), Kind::Contact, source("b")));
    second.lift_quarantine((IntegrationId(1), Kind::Contact, source("never")));
    archive.commit(second).unwrap();

    let entries = archive.quarantine(Some(IntegrationId(1)), None, 9).unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (entries[0].attempts, entries[0].message.as_str(), entries[0].run),
        (2, "of run 2", RunId(2))
    );
    assert_eq!(
        (entries[0].first_seen, entries[0].last_seen),
        (at(), at().plus_seconds(60))
    );
    let json = entries[0].to_json(&"acme".parse().unwrap());
    assert_eq!(
        (&json["source_id"], &json["integration"]),
        (&"a".into(), &"acme".into())
    );
    assert_eq!(
        archive.quarantined(entries[0].id).unwrap().as_ref(),
        Some(&entries[0])
    );
    assert!(
        archive
            .quarantine(Some(IntegrationId(2)), None, 9)
            .unwrap()
            .is_empty()
    );

    // What comes back after it was lifted is a new entry, with a number of its own.
    let mut third = step();
    third.lift_quarantine(entries[0].key());
    third.quarantine(met("b", 3));
    archive.commit(third).unwrap();
    let entries = archive.quarantine(None, None, 9).unwrap();
    assert_eq!(
        (entries.len(), entries[0].attempts, entries[0].id),
        (1, 1, QuarantineId(3))
    );
}

#[test]
fn runs_come_newest_first() {
    let archive = Archive::in_memory();
    for integration in [1, 2, 1] {
        let id = archive.next_run();
        let name = format!("psa-{integration}").parse().unwrap();
        let run = Run::begin(
            id,
            IntegrationId(integration),
            name,
            RunMode::Full,
            RunTrigger::Manual,
            at(),
        );
        let mut step = Step::new(at(), ChangeCause::Run(id));
        step.put_run(&run).unwrap();
        archive.commit(step).unwrap();
    }
    let ids = |integration, limit| -> Vec<u64> {
        archive
            .runs(integration, limit)
            .unwrap()
            .iter()
            .map(|run| run.id.0)
            .collect()
    };
    assert_eq!(ids(None, 9), [3, 2, 1]);
    assert_eq!(ids(Some(IntegrationId(1)), 9), [3, 1]);
    assert_eq!(ids(None, 1), [3]);
    assert_eq!(
        archive.run(RunId(2)).unwrap().unwrap().integration,
        IntegrationId(2)
    );
    assert_eq!(archive.rows(&table::RUNS).unwrap().len(), 3);
    assert!(archive.run(RunId(9)).unwrap().is_none());
}

#[test]
fn names_are_found_without_regard_to_case() {
    let archive = filled(1..=60);
    let found = archive.named(Kind::Organization, " NAME 25 ", None).unwrap();
    assert_eq!(found, [sample::record(25)]);
    assert!(
        archive
            .named(Kind::Location, "name 21", Some(AssetId(99)))
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        archive
            .briefs(Kind::Location, None, Some(AssetId(2)), None, 9)
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn a_step_that_others_came_before_is_not_written() {
    let archive = Archive::in_memory();
    let record = |archive: &Archive| {
        let mut record = sample::record(1);
        record.id = archive.next_asset();
        record.link = None;
        record
    };
    let create = |record: &Record| {
        let mut step = step();
        step.create(record.clone()).unwrap();
        step
    };
    let (one, other) = (record(&archive), record(&archive));
    let seen = archive.written();
    archive.commit(create(&other)).unwrap();
    assert!(!archive.commit_since(seen, create(&one)).unwrap());
    assert_eq!(archive.record(one.kind, one.id).unwrap(), None);
    assert!(archive.commit_since(archive.written(), create(&one)).unwrap());
    assert_eq!(archive.record(one.kind, one.id).unwrap(), Some(one));
    assert!(archive.verify().unwrap().is_sound());
}

#[test]
fn the_latest_import_is_the_greatest_that_is_listed() {
    let archive = Archive::in_memory();
    assert_eq!(archive.last_import().unwrap(), None);
    let mut listed = step();
    for run in [3, 7, 5] {
        let name = format!("{run}.csv");
        listed.put(&table::IMPORTS, &RunId(run), &name).unwrap();
    }
    archive.commit(listed).unwrap();
    assert_eq!(archive.last_import().unwrap(), Some(RunId(7)));
    let mut back = step();
    back.delete(&table::IMPORTS, &RunId(7));
    archive.commit(back).unwrap();
    assert_eq!(archive.last_import().unwrap(), Some(RunId(5)));
}
