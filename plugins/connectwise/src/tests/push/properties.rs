//! For any record and any change of it: the operations, applied by a small model of JSON Patch, give a record that holds
//! what was desired and leaves everything else alone; and a second push writes nothing.
//!
//! `PROPTEST_SEED` repeats a run; a failure prints it.

use std::hash::{BuildHasher, RandomState};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::psa::without_info;
use super::*;

const AT: &str = "/company/contacts/9";

fn law<S: Strategy>(strategy: S, law: impl Fn(S::Value)) {
    let seed = std::env::var("PROPTEST_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| RandomState::new().hash_one("push"));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let outcome = runner.run(&strategy, |value| {
        law(value);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("PROPTEST_SEED={seed}: {error}");
    }
}

/// Types of items: id, name, way. They are those of the stand-in.
const KINDS: [(u64, &str, &str); 5] = [
    (1, "Email", "Email"),
    (5, "Private", "Email"),
    (2, "Direct", "Phone"),
    (4, "Mobile", "Phone"),
    (3, "Fax", "Fax"),
];

fn item() -> impl Strategy<Value = Json> {
    let extension = select(vec![Json::Null, json!("1"), json!("22")]);
    (select(KINDS.to_vec()), 0..4u32, any::<bool>(), extension).prop_map(
        |((id, name, way), number, default, extension)| {
            let value = match way {
                "Email" => format!("m{number}@x.example"),
                _ => format!("555010{number}"),
            };
            json!({"type": {"id": id, "name": name}, "value": value, "defaultFlag": default, "extension": extension,
                   "communicationType": way})
        },
    )
}

/// A contact as the server has it.
fn contact() -> impl Strategy<Value = Json> {
    let scalar = || {
        select(vec![
            Json::Null,
            json!("a"),
            json!("b"),
            json!(4),
            json!(4.25),
            json!(true),
        ])
    };
    let parts = (
        vec(item(), 0..6),
        vec(scalar(), 4),
        subsequence(vec![1u64, 2, 3], 0..=3),
        scalar(),
    );
    parts.prop_map(|(mut items, values, types, title)| {
        for (place, item) in items.iter_mut().enumerate() {
            item["id"] = json!(100 + place);
        }
        let field = |(place, value): (usize, Json)| {
            let kind = if place == 3 { "Password" } else { "Text" };
            json!({"id": place + 1, "caption": format!("C{place}"), "type": kind, "value": value})
        };
        let fields: Vec<Json> = values.into_iter().enumerate().map(field).collect();
        let types: Vec<Json> = types.into_iter().map(|id| json!({"id": id})).collect();
        json!({"id": 9, "firstName": "Ada", "title": title, "company": {"id": 250}, "types": types, "customFields": fields,
               "communicationItems": items, "relationship": {"id": 4}, "_info": {"lastUpdated": "2026-01-01T00:00:00Z"}})
    })
}

/// What an edit makes of a contact: the properties it mentions, as they should be.
#[derive(Clone, Debug)]
struct Edit {
    /// Which items stay, and what becomes of their values.
    kept: Vec<(bool, Option<u32>, bool)>,
    new: Vec<Json>,
    values: Vec<Option<Json>>,
    types: Vec<u64>,
    title: Json,
    mentioned: Vec<&'static str>,
}

fn edit() -> impl Strategy<Value = Edit> {
    let scalar = || select(vec![Json::Null, json!("a"), json!("c"), json!(5), json!(false)]);
    let parts = (
        vec((any::<bool>(), proptest::option::of(4..8u32), any::<bool>()), 6),
        vec(item(), 0..3),
        vec(proptest::option::of(scalar()), 3),
        subsequence(vec![1u64, 2, 3], 0..=3),
        scalar(),
        subsequence(
            vec!["communicationItems", "customFields", "types", "title"],
            0..=4,
        ),
    );
    parts.prop_map(|(kept, new, values, types, title, mentioned)| Edit {
        kept,
        new,
        values,
        types,
        title,
        mentioned,
    })
}

impl Edit {
    fn of(&self, contact: &Json) -> Json {
        let mut desired = contact.clone();
        let items = contact["communicationItems"].as_array().unwrap();
        let mut wanted: Vec<Json> = Vec::new();
        for (item, (stays, value, default)) in items.iter().zip(&self.kept) {
            let mut item = item.clone();
            item["defaultFlag"] = json!(default);
            if let Some(number) = value {
                item["value"] = match item["communicationType"].as_str() {
                    Some("Email") => json!(format!("n{number}@y.example")),
                    _ => json!(format!("555020{number}")),
                };
            }
            if *stays {
                wanted.push(item);
            }
        }
        wanted.extend(self.new.iter().cloned());
        desired["communicationItems"] = Json::Array(wanted);
        // A mapping leaves passwords out.
        let fields = desired["customFields"].as_array_mut().unwrap();
        fields.truncate(3);
        for (field, value) in fields.iter_mut().zip(&self.values) {
            if let Some(value) = value {
                field["value"] = value.clone();
            }
        }
        desired["types"] = self.types.iter().map(|id| json!({"id": id})).collect();
        desired["title"] = self.title.clone();
        desired
            .as_object_mut()
            .unwrap()
            .retain(|name, _| self.mentioned.contains(&name.as_str()));
        desired
    }
}

fn expected(contact: &Json, desired: &Json) -> Json {
    let mut expected = contact.clone();
    let members = expected.as_object_mut().unwrap();
    members.retain(|name, _| desired.get(name).is_some());
    expected
}

/// An item without what the server adds.
fn plain(item: &Json) -> String {
    let member = |name: &str| item.get(name).filter(|value| !value.is_null()).cloned();
    json!([
        member("value"),
        item["type"]["id"],
        member("extension"),
        item["defaultFlag"],
        item["communicationType"]
    ])
    .to_string()
}

fn sorted(list: &Json, name: fn(&Json) -> String) -> Vec<String> {
    let mut all: Vec<String> = list.as_array().into_iter().flatten().map(name).collect();
    all.sort();
    all
}

/// Says that a record as the stand-in keeps it holds what was desired and nothing else new.
fn holds(before: &Json, after: &Json, desired: &Json) {
    let wanted = |name: &str| desired.get(name).unwrap_or(&before[name]);
    assert_eq!(
        sorted(&after["communicationItems"], plain),
        sorted(wanted("communicationItems"), plain)
    );
    let id = |one: &Json| one["id"].to_string();
    assert_eq!(sorted(&after["types"], id), sorted(wanted("types"), id));
    assert_eq!(after["title"], *wanted("title"));
    let fields = after["customFields"].as_array().unwrap();
    for (place, field) in fields.iter().enumerate() {
        let there = &before["customFields"][place];
        let value = match desired.get("customFields").and_then(|list| list.get(place)) {
            Some(entry) => &entry["value"],
            None => &there["value"],
        };
        assert_eq!(field["value"], *value);
        assert_eq!(
            (&field["id"], &field["caption"]),
            (&there["id"], &there["caption"])
        );
    }
    for name in ["firstName", "company", "relationship", "id"] {
        assert_eq!(after[name], before[name]);
    }
}

/// The record as it is kept, with its types.
fn kept(room: &Room) -> Json {
    let psa = room.psa.borrow();
    let mut record = psa.records[AT].clone();
    record["types"] = psa.associations[AT].values().cloned().collect();
    record
}

#[test]
fn operations_bring_a_record_to_what_was_desired_and_touch_nothing_else() {
    law((contact(), edit()), |(before, edit)| {
        let desired = edit.of(&before);
        let change = update("contact", 9, expected(&before, &desired), desired.clone());
        let mut room = Room::new(psa::contacts(before.clone()));
        applied(&room.push_one(&change));
        let after = kept(&room);
        holds(&before, &after, &desired);
        // Items that stay keep their ids.
        let ids = |record: &Json| -> Vec<u64> {
            let all = record["communicationItems"].as_array().unwrap().iter();
            all.filter_map(|item| item["id"].as_u64()).collect()
        };
        let known = ids(&after);
        for id in ids(&json!({"communicationItems": desired.get("communicationItems").unwrap_or(&json!([]))}))
        {
            assert!(known.contains(&id), "{id}");
        }
        let writes = room.writes().len();
        applied(&room.push_one(&change));
        assert_eq!(room.writes().len(), writes, "the second time writes nothing");
        assert_eq!(without_info(&kept(&room)), without_info(&after));
    });
}

#[test]
fn what_is_not_as_expected_and_not_as_desired_is_never_overwritten() {
    law((contact(), contact(), edit()), |(seen, now, edit)| {
        let desired = edit.of(&seen);
        let change = update("contact", 9, expected(&seen, &desired), desired.clone());
        let mut room = Room::new(psa::contacts(now.clone()));
        let outcome = room.push_one(&change);
        let after = kept(&room);
        match outcome {
            Ok(PushOutcome::Moved(_)) => {
                assert!(room.writes().is_empty());
                assert_eq!(after, kept(&Room::new(psa::contacts(now))));
            }
            Ok(PushOutcome::Applied(_)) => {
                if let Some(title) = desired.get("title") {
                    assert_eq!(after["title"], *title);
                    assert!(now["title"] == seen["title"] || now["title"] == *title);
                }
                for place in 0..4 {
                    let value = |record: &Json| record["customFields"][place]["value"].clone();
                    let wanted = desired
                        .get("customFields")
                        .map_or(Json::Null, |list| list[place]["value"].clone());
                    let changed =
                        place < 3 && desired.get("customFields").is_some() && wanted != value(&seen);
                    match changed {
                        true => assert!(value(&now) == value(&seen) || value(&now) == wanted),
                        false => assert_eq!(value(&after), value(&now)),
                    }
                }
            }
            other => panic!("{other:?}"),
        }
    });
}
