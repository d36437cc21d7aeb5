//! Custom fields and a configuration's questions. A change is about single entries; ConnectWise takes the list only as a
//! whole. So the list goes back as it was just read, letter by letter, with the changed values put in.
//!
//! What cannot be given back stays out: of custom fields the whole entry, for ConnectWise leaves alone what their list
//! does not mention; of a question, which may lose its answer where it is missing, the answer alone. Such are a password
//! that is not shown, and in custom fields a text that would come back flattened.

use dovetail_sdk::connector::types::{Cause, Fault};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value as Json};

use super::comparing::{Standing, is_nothing, member, same, standing, text_of};
use super::found::Found;
use super::wanted::{CUSTOM_FIELDS, Members, Named, QUESTIONS, Wanted, entries, not_kept};
use crate::refusal::fault;

/// The entries a change is about, with what their values were.
fn changed<'w>(list: &'static Named, wanted: &'w Wanted) -> Vec<(&'w Map<String, Json>, &'w Json)> {
    let before = wanted.before(list.property);
    let pair = |entry| {
        let was = list.find(before, entry);
        (entry, was.map_or(&Json::Null, |was| member(was, list.value)))
    };
    let desired = wanted.desired.get(list.property).unwrap_or(&Json::Null);
    entries(desired)
        .map(pair)
        .filter(|(entry, was)| !same(was, member(entry, list.value)))
        .collect()
}

/// The fields of the entries a change is about.
pub(super) fn fields(list: &'static Named, wanted: &Wanted) -> Vec<String> {
    let of = |(entry, _): (&Map<String, Json>, &Json)| list.field_of(entry);
    changed(list, wanted).into_iter().map(of).collect()
}

/// How each entry a change is about stands, under its field.
pub(super) fn standings(
    list: &'static Named,
    wanted: &Wanted,
    found: &Found,
) -> Result<Vec<(String, Standing)>, Fault> {
    let now = found.now(list.property);
    let stands = |(entry, was): (&Map<String, Json>, &Json)| {
        let field = list.field_of(entry);
        let desired = member(entry, list.value);
        match list.find(now, entry) {
            Some(there) if is_password(list, there) => {
                let words = format!("`{field}` is a password, and passwords are neither read nor written.");
                Err(fault(Cause::Data(field), words))
            }
            Some(there) => Ok((field, standing(member(there, list.value), was, desired))),
            None if is_nothing(desired) => Ok((field, Standing::Holds)),
            None => {
                let words = format!(
                    "ConnectWise's record has no `{}` any more, so it cannot be set in {}.",
                    text_of(member(entry, list.caption)),
                    wanted.about()
                );
                Err(fault(Cause::Data(field), words))
            }
        }
    };
    changed(list, wanted).into_iter().map(stands).collect()
}

/// The whole list as it was just read, with the changed values put in; none where the record has no such list.
pub(super) fn whole(list: &'static Named, wanted: &Wanted, found: &Found) -> Option<Box<RawValue>> {
    let there = found.list(list.property);
    if there.is_empty() {
        return None;
    }
    let changed = changed(list, wanted);
    let mut whole: Vec<Box<RawValue>> = Vec::with_capacity(there.len());
    for raw in there {
        let entry: Map<String, Json> = serde_json::from_str(raw.get()).unwrap_or_default();
        let value = changed
            .iter()
            .find(|(other, _)| list.is_one(&entry, other))
            .and_then(|(other, _)| verbatim_value(list, wanted, other));
        match value {
            Some(value) => whole.extend(with_value(list, raw, value)),
            None if can_be_given_back(list, &entry) => whole.push(raw.to_owned()),
            None if list.property == QUESTIONS.property => whole.extend(without_value(list, raw)),
            None => {}
        }
    }
    to_raw_value(&whole).ok()
}

fn is_password(list: &Named, entry: &Map<String, Json>) -> bool {
    text_of(member(entry, list.format)).eq_ignore_ascii_case("password")
}

fn can_be_given_back(list: &Named, entry: &Map<String, Json>) -> bool {
    let value = member(entry, list.value);
    let hidden = || {
        text_of(value)
            .chars()
            .all(|letter| matches!(letter, '*' | '\u{2022}'))
    };
    let flattened = list.property == CUSTOM_FIELDS.property && not_kept(value).is_some();
    !(flattened || (is_password(list, entry) && hidden()))
}

fn with_value(list: &Named, entry: &RawValue, value: Box<RawValue>) -> Option<Box<RawValue>> {
    let mut members: Members = serde_json::from_str(entry.get()).ok()?;
    members.insert(list.value.to_owned(), value);
    to_raw_value(&members).ok()
}

fn without_value(list: &Named, entry: &RawValue) -> Option<Box<RawValue>> {
    let mut members: Members = serde_json::from_str(entry.get()).ok()?;
    members.remove(list.value);
    to_raw_value(&members).ok()
}

/// The desired value of an entry as it was handed in.
fn verbatim_value(list: &Named, wanted: &Wanted, entry: &Map<String, Json>) -> Option<Box<RawValue>> {
    let all: Vec<&RawValue> = serde_json::from_str(wanted.verbatim.get(list.property)?.get()).ok()?;
    let is_it = |raw: &&&RawValue| {
        serde_json::from_str::<Map<String, Json>>(raw.get()).is_ok_and(|other| list.is_one(&other, entry))
    };
    let mut members: Members = serde_json::from_str(all.iter().find(is_it)?.get()).ok()?;
    match members.remove(list.value) {
        Some(value) => Some(value),
        None => to_raw_value(&Json::Null).ok(),
    }
}
