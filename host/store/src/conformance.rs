//! What every store has to hold, as a suite that runs against an implementation and panics with what it does not hold.
//! Random parts print their seed; `DOVETAIL_SEED` sets it.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test suite: its failures are panics"
)]

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::StoreError;
use crate::bytes::{Batch, MAX_VALUE, Pair, Store, Write, scan, scan_back};

/// A place where a store of the kind under test lives. Each starts empty.
pub trait Place {
    /// Opens the store; the one opened before is closed.
    fn open(&self) -> Box<dyn Store>;

    /// Changes what is stored at a key behind the store's back, which is closed. The key is there.
    fn damage(&self, key: &[u8]);
}

/// Runs the suite; `place` makes a new place for each part.
pub fn check(place: &dyn Fn() -> Box<dyn Place>) {
    behaves_like_a_map(place);
    pages_meet(&*place());
    odd_prefixes(&*place());
    large_values(&*place());
    refuses_what_is_out_of_bounds(&*place());
    notices_damage(&*place());
}

#[derive(Clone, Debug)]
enum Act {
    Apply(Vec<Write>),
    Reopen,
    Scan(Vec<u8>, Option<Vec<u8>>, usize),
}

/// Few different keys of few different bytes: they meet, and one is often the beginning of another.
fn keys() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(0), Just(b'a'), Just(b'b'), Just(u8::MAX)];
    prop::collection::vec(byte, 1..5)
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![8 => 0..200usize, 1 => 6_140..6_150usize, 1 => 12_000..30_000usize];
    (length, any::<u8>()).prop_map(|(length, start)| {
        (0..length)
            .map(|place| (place as u8).wrapping_mul(31).wrapping_add(start))
            .collect()
    })
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let write = (keys(), prop::option::weighted(0.7, values()));
    let act = prop_oneof![
        6 => prop::collection::vec(write, 1..20).prop_map(Act::Apply),
        1 => Just(Act::Reopen),
        4 => (prop::collection::vec(any::<u8>().prop_map(|byte| byte % 3 + b'a' - 1), 0..2),
              prop::option::of(keys()), 0..9usize)
            .prop_map(|(prefix, from, limit)| Act::Scan(prefix, from, limit)),
    ];
    prop::collection::vec(act, 1..25)
}

fn behaves_like_a_map(place: &dyn Fn() -> Box<dyn Place>) {
    let seed = seed();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed_bytes(seed));
    let config = Config {
        cases: 48,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let result = runner.run(&acts(), |acts| {
        let place = place();
        let mut store = Some(place.open());
        let mut model = BTreeMap::new();
        for act in acts {
            let open = store.as_ref().unwrap();
            match act {
                Act::Apply(writes) => {
                    let mut batch = Batch::new();
                    for (key, value) in writes {
                        match value {
                            Some(value) => {
                                batch.put(key.clone(), value.clone());
                                model.insert(key, value);
                            }
                            None => {
                                batch.delete(key.clone());
                                model.remove(&key);
                            }
                        }
                    }
                    open.apply(batch).unwrap();
                }
                Act::Reopen => {
                    drop(store.take());
                    store = Some(place.open());
                }
                Act::Scan(prefix, from, limit) => {
                    let under = || model.iter().filter(|(key, _)| key.starts_with(&prefix));
                    let wanted: Vec<Pair> = under()
                        .filter(|(key, _)| from.as_ref().is_none_or(|from| *key > from))
                        .take(limit)
                        .map(|(key, value)| (key.clone(), value.clone()))
                        .collect();
                    let keys: Vec<_> = wanted.iter().map(|(key, _)| key.clone()).collect();
                    prop_assert_eq!(open.scan_page(&prefix, from.as_deref(), limit).unwrap(), wanted);
                    prop_assert_eq!(open.keys_page(&prefix, from.as_deref(), limit).unwrap(), keys);
                    let wanted: Vec<Pair> = under()
                        .rev()
                        .filter(|(key, _)| from.as_ref().is_none_or(|from| *key < from))
                        .take(limit)
                        .map(|(key, value)| (key.clone(), value.clone()))
                        .collect();
                    prop_assert_eq!(
                        open.scan_page_back(&prefix, from.as_deref(), limit).unwrap(),
                        wanted
                    );
                    if let Some(key) = from {
                        prop_assert_eq!(open.get(&key).unwrap(), model.get(&key).cloned());
                    }
                }
            }
        }
        drop(store);
        let all: Vec<Pair> = scan(&*place.open(), []).map(Result::unwrap).collect();
        prop_assert_eq!(all, model.into_iter().collect::<Vec<_>>());
        Ok(())
    });
    if let Err(error) = result {
        panic!("DOVETAIL_SEED={seed}: {error}");
    }
}

/// Whole scans go over many pages and lose or repeat nothing where they meet.
fn pages_meet(place: &dyn Place) {
    let store = place.open();
    let key = |number: u32| [b"n".as_slice(), &number.to_be_bytes()].concat();
    for start in (0..1_500).step_by(300) {
        let mut batch = Batch::new();
        for number in start..start + 300 {
            batch.put(key(number), number.to_le_bytes());
        }
        batch.put(*b"m", *b"");
        batch.put(*b"o", *b"");
        store.apply(batch).unwrap();
    }
    let keys = |pairs: &mut dyn Iterator<Item = Result<Pair, StoreError>>| -> Vec<Vec<u8>> {
        pairs.map(|pair| pair.unwrap().0).collect()
    };
    let wanted: Vec<_> = (0..1_500).map(key).collect();
    assert_eq!(keys(&mut scan(&*store, *b"n")), wanted);
    let backwards: Vec<_> = wanted.into_iter().rev().collect();
    assert_eq!(keys(&mut scan_back(&*store, *b"n")), backwards);
}

fn odd_prefixes(place: &dyn Place) {
    let store = place.open();
    let all: [&[u8]; 4] = [&[0], &[255], &[255, 255], &[255, 255, 0]];
    let mut batch = Batch::new();
    for key in all {
        batch.put(key, key);
    }
    store.apply(batch).unwrap();
    let found = |prefix: &[u8], back: bool| {
        let page = if back {
            store.scan_page_back(prefix, None, 9).unwrap()
        } else {
            store.scan_page(prefix, None, 9).unwrap()
        };
        page.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    assert_eq!(found(&[], false), all);
    assert_eq!(found(&[255], false), all.get(1..).unwrap());
    assert_eq!(
        found(&[255, 255], true),
        [&all[3], &all[2]].map(|key| key.to_vec())
    );
    assert_eq!(store.scan_page(&[255], Some(&[0]), 1).unwrap()[0].0, [255]);
    assert!(store.scan_page(&[0], Some(&[1]), 1).unwrap().is_empty());
    assert!(store.scan_page_back(&[255], Some(&[0]), 1).unwrap().is_empty());
    assert_eq!(store.get(&[1]).unwrap(), None);
}

/// Values of every size come back, replaced by smaller and larger ones, and leave nothing when they go.
fn large_values(place: &dyn Place) {
    let mut store = place.open();
    let value =
        |length: usize, mark: u8| -> Vec<u8> { (0..length).map(|byte| (byte % 251) as u8 ^ mark).collect() };
    for (mark, length) in [
        (1u8, 1usize << 20),
        (2, 65_536),
        (3, 3 << 20),
        (4, 100),
        (5, 65_537),
        (6, 0),
    ] {
        let mut batch = Batch::new();
        batch.put(*b"big", value(length, mark));
        batch.put(*b"bigger", value(length, mark + 100));
        store.apply(batch).unwrap();
        drop(store);
        store = place.open();
        assert_eq!(
            store.get(b"big").unwrap().unwrap(),
            value(length, mark),
            "{length} bytes"
        );
        let scanned: Vec<Pair> = scan(&*store, *b"big").map(Result::unwrap).collect();
        assert_eq!(scanned.len(), 2, "parts of a value must not show");
        assert_eq!(scanned[1].1, value(length, mark + 100), "{length} bytes");
    }
    let mut batch = Batch::new();
    batch.put(*b"big", value(200_000, 9));
    batch.delete(*b"bigger");
    store.apply(batch).unwrap();
    assert_eq!(scan(&*store, *b"big").count(), 1);
    assert!(store.size_on_disk().unwrap() >= 200_000);
}

fn refuses_what_is_out_of_bounds(place: &dyn Place) {
    let store = place.open();
    let bad: [(Vec<u8>, Vec<u8>); 3] = [
        (vec![], vec![1]),
        (vec![1; crate::MAX_KEY + 1], vec![1]),
        (vec![1], vec![0; MAX_VALUE + 1]),
    ];
    for (key, value) in bad {
        let mut batch = Batch::new();
        batch.put(*b"good", *b"1");
        batch.put(key, value);
        assert!(matches!(store.apply(batch), Err(StoreError::TooLarge { .. })));
        assert_eq!(
            store.get(b"good").unwrap(),
            None,
            "a refused batch must leave nothing"
        );
    }
    store.apply(Batch::new()).unwrap();
}

/// A changed byte is noticed by every way of reading, and what stands beside it can still be read.
fn notices_damage(place: &dyn Place) {
    let store = place.open();
    let mut batch = Batch::new();
    batch.put(*b"bad", *b"content");
    batch.put(*b"good", *b"content");
    store.apply(batch).unwrap();
    drop(store);
    place.damage(b"bad");
    let store = place.open();
    let corrupt = |result: Result<(), StoreError>| {
        assert!(
            matches!(&result, Err(StoreError::Corrupt { key }) if key == "bad"),
            "the damage was not noticed: {result:?}"
        );
    };
    corrupt(store.get(b"bad").map(drop));
    corrupt(store.scan_page(b"b", None, 9).map(drop));
    corrupt(store.scan_page_back(b"", None, 9).map(drop));
    assert_eq!(store.get(b"good").unwrap().unwrap(), b"content");
    assert_eq!(store.keys_page(b"", None, 9).unwrap(), [&b"bad"[..], b"good"]);
}

fn seed() -> u64 {
    let given = std::env::var("DOVETAIL_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| std::hash::RandomState::new().hash_one(0))
}

fn seed_bytes(seed: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    bytes
}
