//! Which field a refusal is about. A server names properties as deep as it likes: of a list it may name the list, or
//! only the member of an entry (`value`). What such a name means is told by what the change is about: where that leaves
//! one field, it is the one, whether the name is plain or not.

use super::wanted::{CUSTOM_FIELDS, Named, QUESTIONS, Wanted};
use super::{communications, entries};

/// Members of an entry or item that a server may name alone.
const OF_AN_ENTRY: [&str; 4] = ["value", "answer", "extension", "communicationType"];

/// The field that a property stands for, as a server names it in a refusal of a change.
pub(super) fn blamed(wanted: &Wanted, property: &str) -> String {
    let first = property
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .find(|part| !part.is_empty())
        .unwrap_or_default();
    let is = |name: &str| first.eq_ignore_ascii_case(name);
    let of_an_entry = OF_AN_ENTRY.iter().any(|name| is(name));
    let mut meant: Vec<String> = Vec::new();
    if of_an_entry || is(communications::PROPERTY) {
        meant.extend(communications::fields(wanted).map(str::to_owned));
    }
    let lists: [&'static Named; 2] = [&CUSTOM_FIELDS, &QUESTIONS];
    for list in lists {
        if is(list.property) || is(list.value) {
            meant.extend(entries::fields(list, wanted));
        }
    }
    match meant.as_slice() {
        [one] => one.clone(),
        _ => wanted.field_of(property),
    }
}
