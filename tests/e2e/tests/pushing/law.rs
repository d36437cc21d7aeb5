//! The law of a two-way field: a wish that is sent comes true in the PSA, comes back the same through the mapping,
//! changes nothing else, and is not written a second time.

use dovetail_domain::{Field, Kind, SourceRecord, Value};
use serde_json::Value as Json;

use super::psa::{Psa, Wish, two_way};

/// A wish and the properties of the PSA's record that it is about.
pub(super) struct Case {
    pub(super) wish: Wish,
    pub(super) properties: Vec<&'static str>,
}

/// A field with the one property it stands in.
pub(super) fn field(field: Field, value: Value, property: &'static str) -> Case {
    Case {
        wish: Wish::of(field, value),
        properties: vec![property],
    }
}

/// A trait with the one property it stands in.
pub(super) fn supplement(name: &str, json: &str, property: &'static str) -> Case {
    Case {
        wish: Wish::of_trait(name, json),
        properties: vec![property],
    }
}

/// Fulfils the wishes one after the other on one record.
pub(super) async fn each_comes_true(psa: &mut Psa, kind: Kind, id: u64, cases: &[Case]) {
    for case in cases {
        comes_true(psa, kind, id, &case.wish, &case.properties).await;
    }
}

/// Fulfils a wish and gives the record after it.
pub(super) async fn comes_true(
    psa: &mut Psa,
    kind: Kind,
    id: u64,
    wish: &Wish,
    properties: &[&str],
) -> SourceRecord {
    let source = psa.fetch(kind, id).await;
    let before = psa.map(&source).await;
    let stored = psa.stored(kind, id);
    let change = psa.change(&source, wish).await;

    let outcome = psa.push_one(&change).await;
    let answer = psa.applied(outcome);
    let written = psa.writes();
    assert_ne!(written, Vec::<String>::new(), "{wish:?} is a change");
    assert!(
        only_these_were_asked_for(psa, properties),
        "{:#?}",
        psa.control.writes()
    );
    assert_eq!(changed(&stored, &psa.stored(kind, id)), properties, "{wish:?}");
    assert_eq!(psa.map(&answer).await, wish.over(&before), "{wish:?}");
    assert_eq!(psa.fetch(kind, id).await, answer, "{wish:?}");

    let outcome = psa.push_one(&change).await;
    assert_eq!(psa.applied(outcome), answer);
    assert_eq!(psa.writes(), Vec::<String>::new(), "{wish:?} holds already");
    answer
}

/// Whether every operation is about one of these properties. Custom fields go with each PATCH of a record that has some.
fn only_these_were_asked_for(psa: &Psa, properties: &[&str]) -> bool {
    let writes = psa.control.writes();
    let operations = writes.iter().filter_map(|write| write.body.as_array()).flatten();
    let named = operations.map(|operation| {
        let path = operation["path"].as_str().unwrap_or_default();
        path.trim_start_matches('/')
            .split('/')
            .next()
            .unwrap_or_default()
            .to_owned()
    });
    let of_types = writes
        .iter()
        .all(|write| write.path.contains("/typeAssociations") == properties.contains(&"types"));
    named
        .into_iter()
        .all(|name| name == "customFields" || properties.contains(&name.as_str()))
        && of_types
}

/// What follows from other properties, or says when and by whom something was written.
const DERIVED: [&str; 5] = [
    "_info",
    "isVendorFlag",
    "defaultPhoneType",
    "defaultPhoneNbr",
    "defaultPhoneExtension",
];

/// The properties in which two records differ.
pub(super) fn changed(before: &Json, after: &Json) -> Vec<String> {
    let members = |record: &Json| record.as_object().cloned().unwrap_or_default();
    let (before, after) = (members(before), members(after));
    let mut names: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| before.get(name) != after.get(name) && !DERIVED.contains(&name.as_str()));
    names
}

/// Whether the cases are about every two-way row of the mapping's table.
pub(super) async fn are_about_every_row(kind: Kind, cases: &[Case]) {
    let names: Vec<String> = cases
        .iter()
        .flat_map(|case| {
            let fields = case.wish.fields.iter().map(|(field, _)| field.to_string());
            let traits = case.wish.traits.iter().map(|(name, _)| format!("traits.{name}"));
            fields.chain(traits)
        })
        .collect();
    for row in two_way(kind).await {
        let front = row.strip_suffix('*');
        let meant = |name: &String| front.map_or(*name == row, |front| name.starts_with(front));
        assert!(names.iter().any(meant), "no case is about `{row}` of {kind}");
    }
}
