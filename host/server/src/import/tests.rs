use std::collections::BTreeSet;

use dovetail_domain::{AssetId, Base, Date, Entry, Field, Record, Reference, RunId, Shape, Timestamp, Value};
use dovetail_store::{Archive, ChangeCause, Filter, RunStatus, Step};
use dovetail_sync::Unwatched;
use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::assets::Showing;
use crate::host::tests::noon;

/// The kinds that can be imported, parents first.
const KINDS: [Kind; 4] = [
    Kind::Organization,
    Kind::Location,
    Kind::Contact,
    Kind::Configuration,
];

/// What a record of a test holds: its place among its kind, texts by field, and whom it links with.
#[derive(Clone, Debug)]
struct Seed {
    texts: Vec<Option<String>>,
    flag: bool,
    seconds: i64,
    entries: Vec<(String, String, Option<String>)>,
    link: Option<u8>,
    traits: Vec<(String, Trait)>,
}

#[derive(Clone, Debug)]
enum Trait {
    Text(String),
    Number(i32),
    List(Vec<bool>),
    Nothing,
}

fn any_text() -> impl Strategy<Value = String> {
    // Whatever a PSA may hold: space around it, quotes, separators, line ends, other scripts.
    "[ a-zA-Z0-9;,=\"'\\\\\n\tåß名\u{2028}]{0,12}"
}

fn any_seed() -> impl Strategy<Value = Seed> {
    let entry = (any_text(), "[a-zA-Z ]{0,6}", proptest::option::of("[0-9]{1,4}"));
    let kept = prop_oneof![
        any_text().prop_map(Trait::Text),
        any::<i32>().prop_map(Trait::Number),
        proptest::collection::vec(any::<bool>(), 0..3).prop_map(Trait::List),
        Just(Trait::Nothing),
    ];
    (
        proptest::collection::vec(proptest::option::of(any_text()), 20),
        any::<bool>(),
        0_i64..2_000_000_000,
        proptest::collection::vec(entry, 0..3),
        proptest::option::of(0_u8..4),
        proptest::collection::vec(("[a-zA-Z. ]{1,8}", kept), 0..3),
    )
        .prop_map(|(texts, flag, seconds, entries, link, traits)| Seed {
            texts,
            flag,
            seconds,
            entries,
            link,
            traits,
        })
}

fn value(
    seed: &Seed,
    place: usize,
    field: Field,
    shape: Shape,
    made: &[Record],
    owner: Option<AssetId>,
) -> Value {
    let text = seed.texts.get(place).cloned().flatten();
    let time = Timestamp::from_seconds(seed.seconds).expect("a time of this century");
    match shape {
        Shape::Text => text.map_or(Value::Absent, Value::text),
        Shape::Flag => Value::Flag(seed.flag),
        Shape::Date if seed.flag => Value::Date(Date::Time(time)),
        Shape::Date => Date::parse("2026-02-28").map_or(Value::Absent, Value::Date),
        Shape::Texts => Value::texts(text.into_iter().chain(["b;c".to_owned()])),
        Shape::Entries => Value::entries(
            seed.entries
                .iter()
                .enumerate()
                .map(|(place, (value, label, extension))| Entry {
                    value: value.clone(),
                    label: label.clone(),
                    primary: place == 1,
                    extension: extension.clone(),
                })
                .collect(),
        ),
        Shape::Reference => {
            let kind = field.target().expect("a link has a target");
            let fits = |record: &&Record| {
                record.kind == kind && (kind == Kind::Organization || record.organization == owner)
            };
            let known: Vec<&Record> = made.iter().filter(fits).collect();
            let target = seed.link.and_then(|link| known.get(usize::from(link)));
            match (target, seed.link) {
                (Some(target), _) => link(kind, Some(target.id), target.name()),
                // One that was never in the documentation is known by its name.
                (None, Some(number)) => link(kind, None, format!("lost {number}")),
                (None, None) => Value::Absent,
            }
        }
    }
}

fn link(kind: Kind, asset: Option<AssetId>, name: String) -> Value {
    Value::Reference(Reference {
        kind,
        asset,
        source: None,
        name,
    })
}

/// A home's records made of seeds, each with a name of its own.
fn home(seeds: &[(usize, Seed)]) -> Archive {
    let archive = Archive::in_memory();
    let mut made: Vec<Record> = Vec::new();
    // An organization to belong to is always there.
    let mut seeds: Vec<(usize, Seed)> = seeds.to_vec();
    seeds.sort_by_key(|(kind, _)| *kind);
    if let Some((kind, _)) = seeds.first_mut() {
        *kind = 0;
    }
    let mut step = Step::new(noon(), ChangeCause::Person("ada".to_owned()));
    for (number, (kind, seed)) in seeds.iter().enumerate() {
        let kind = KINDS[*kind];
        let organizations: Vec<AssetId> = made
            .iter()
            .filter(|record| record.kind == Kind::Organization)
            .map(|record| record.id)
            .collect();
        let owner = (kind != Kind::Organization).then(|| organizations[number % organizations.len()]);
        let mut record = Record {
            id: archive.next_asset(),
            kind,
            organization: owner,
            fields: vec![],
            traits: vec![],
            link: None,
            base: Base::default(),
            held: vec![],
            own: vec![],
            updated: noon(),
        };
        for (place, (field, shape)) in kind.fields().iter().enumerate() {
            record.set(*field, value(seed, place, *field, *shape, &made, owner));
        }
        let called = match kind {
            Kind::Contact => Field::LastName,
            _ => Field::Name,
        };
        record.set(
            called,
            Value::text(format!("n{number} {}", seed.texts[0].clone().unwrap_or_default())),
        );
        let mut names = BTreeSet::new();
        for (name, kept) in &seed.traits {
            if names.insert(name.clone()) {
                let json = match kept {
                    Trait::Text(text) => Json::from(text.as_str()),
                    Trait::Number(number) => Json::from(*number),
                    Trait::List(list) => Json::from(list.clone()),
                    Trait::Nothing => continue,
                };
                record.traits.push((name.clone(), json.to_string()));
            }
        }
        record.traits.sort_unstable();
        step.create(record.clone()).unwrap();
        made.push(record);
    }
    archive.commit(step).unwrap();
    archive
}

/// What `asset list KIND --format jsonl` prints.
fn listed(archive: &Archive, kind: Kind) -> String {
    let records = archive
        .list(kind, &Filter::default(), None, usize::MAX)
        .unwrap()
        .records;
    let mut showing = Showing::new(archive).unwrap();
    records
        .iter()
        .map(|record| serde_json::to_string(&showing.asset(record).unwrap()).unwrap() + "\n")
        .collect()
}

/// The same without what a home gives out itself.
fn content(archive: &Archive, kind: Kind) -> Vec<Json> {
    fn without_ids(json: &mut Json) {
        match json {
            Json::Object(members) => {
                members.remove("id");
                members.remove("updated");
                members.values_mut().for_each(without_ids);
            }
            Json::Array(items) => items.iter_mut().for_each(without_ids),
            _ => {}
        }
    }
    let text = listed(archive, kind);
    let mut all: Vec<Json> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    all.iter_mut().for_each(without_ids);
    all
}

fn bring(archive: &Archive, kind: Kind, text: &str) -> dovetail_store::Run {
    let file = File {
        format: Format::Jsonl,
        kind,
        name: "listed.jsonl",
        bytes: text.as_bytes(),
    };
    let run: RunId = archive.next_run();
    let run = import::import(archive, &file, run, noon, &Unwatched, &Cancel::default());
    run.unwrap_or_else(|error| panic!("{error}\n{text}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What one home lists another takes, and lists the same; and once it has it, taking it again changes nothing.
    #[test]
    fn what_is_listed_can_be_imported(seeds in proptest::collection::vec((0_usize..4, any_seed()), 1..14)) {
        let (from, to) = (home(&seeds), Archive::in_memory());
        // Locations come after the organizations whose primary ones they are, so those are said twice.
        for kind in KINDS.into_iter().chain([Kind::Organization]) {
            let run = bring(&to, kind, &listed(&from, kind));
            prop_assert_eq!(run.status, RunStatus::Succeeded);
        }
        for kind in KINDS {
            prop_assert_eq!(content(&to, kind), content(&from, kind));
            let again = bring(&to, kind, &listed(&from, kind));
            let tally = again.entities.get(&kind).copied().unwrap_or_default();
            prop_assert_eq!(tally.unchanged, tally.read, "{:?}", again);
        }
        prop_assert!(to.verify().unwrap().is_sound());
    }
}

#[test]
fn a_file_that_is_not_there_or_too_large_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = read(&folder.path().join("nowhere.csv")).unwrap_err();
    assert!(nowhere.message.contains("nowhere.csv"), "{nowhere:?}");
    let refused = read(folder.path()).unwrap_err();
    assert!(refused.message.contains("cannot be read"), "{refused:?}");
    // A file with a hole takes no room.
    let large = folder.path().join("large.csv");
    fs::File::create(&large).unwrap().set_len(MAX_FILE + 1).unwrap();
    let refused = read(&large).unwrap_err();
    assert!(refused.message.ends_with("has more than 256 MiB."), "{refused:?}");
    assert_eq!(refused.code, dovetail_domain::Code::ValueRefused);
}

#[test]
fn a_name_is_kept_as_it_can_be_shown() {
    assert_eq!(name(Path::new("/some/where/devices\n.csv")), "devices.csv");
    assert_eq!(name(Path::new(&"x".repeat(300))).len(), NAME);
}
