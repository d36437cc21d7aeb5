//! When two values are the same in ConnectWise's terms. Empty, null, absent, `{}` and a reference to nothing are one;
//! references are the same by id, else by identifier, else by name; numbers and flags also as text; dates to the second,
//! however they are written; the order of a list and what `_info` says mean nothing.

use dovetail_sdk::calendar::{day_number, seconds_of_day, split_offset};
use serde_json::{Map, Value as Json};

/// How a value that is there stands to a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is as desired.
    Holds,
    /// It is as it was when the change was made.
    Open,
    /// It is neither.
    Moved,
}

/// When a record is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Before anything is written: what is as it was is open even where it nearly holds, so that an edit of spelling
    /// alone is written.
    Before,
    /// After it was written: what nearly holds is what the server made of it.
    After,
}

/// How a value stands.
pub(super) fn standing(now: &Json, expected: &Json, desired: &Json) -> Standing {
    decide(Look::Before, same(now, desired), same(now, expected), || false)
}

/// How a phone number stands. The server may have written the desired one in its own way.
pub(super) fn standing_of_number(look: Look, now: &Json, expected: &Json, desired: &Json) -> Standing {
    decide(look, same(now, desired), same(now, expected), || {
        same_number(now, desired)
    })
}

/// What holds, what is as it was, and what nearly holds come to.
pub(super) fn decide(look: Look, holds: bool, open: bool, nearly_holds: impl FnOnce() -> bool) -> Standing {
    if holds {
        return Standing::Holds;
    }
    if open && look == Look::Before {
        return Standing::Open;
    }
    match (nearly_holds(), open) {
        (true, _) => Standing::Holds,
        (false, true) => Standing::Open,
        (false, false) => Standing::Moved,
    }
}

/// Whether there is nothing in a value.
pub(super) fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => plain(text).is_empty(),
        Json::Array(list) => list.iter().all(is_nothing),
        Json::Object(members) => members
            .iter()
            .all(|(name, value)| name == "_info" || is_nothing(value)),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Whether two values are the same.
pub(super) fn same(one: &Json, other: &Json) -> bool {
    match (is_nothing(one), is_nothing(other)) {
        (true, true) => return true,
        (false, false) => {}
        _ => return false,
    }
    match (one, other) {
        (Json::Bool(one), Json::Bool(other)) => one == other,
        (Json::Bool(flag), Json::String(text)) | (Json::String(text), Json::Bool(flag)) => text
            .trim()
            .eq_ignore_ascii_case(if *flag { "true" } else { "false" }),
        (Json::Number(one), Json::Number(other)) => {
            Decimal::read(&one.to_string()) == Decimal::read(&other.to_string())
        }
        (Json::Number(number), Json::String(text)) | (Json::String(text), Json::Number(number)) => {
            let read = Decimal::read(text.trim());
            read.is_some() && read == Decimal::read(&number.to_string())
        }
        (Json::String(one), Json::String(other)) => {
            plain(one) == plain(other) || moment(one).is_some_and(|time| moment(other) == Some(time))
        }
        (Json::Array(one), Json::Array(other)) => same_in_any_order(one, other, same),
        (Json::Object(one), Json::Object(other)) => same_objects(one, other),
        _ => false,
    }
}

/// Whether two phone numbers are the same but for how they are written.
pub(super) fn same_number(one: &Json, other: &Json) -> bool {
    let digits = |value: &Json| {
        let text = text_of(value);
        let letters = text.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect::<String>()
    };
    digits(one) == digits(other)
}

/// Whether each of two lists' items has a counterpart of its own in the other.
pub(super) fn same_in_any_order<T>(one: &[T], other: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
    let mut left: Vec<&T> = other.iter().collect();
    let found = |item: &T| match left.iter().position(|candidate| same(item, candidate)) {
        Some(place) => {
            left.swap_remove(place);
            true
        }
        None => false,
    };
    one.len() == other.len() && one.iter().all(found)
}

/// The text in a value: a number and a flag as they are written, nothing for the others.
pub(super) fn text_of(value: &Json) -> String {
    match value {
        Json::String(text) => plain(text),
        Json::Number(number) => number.to_string(),
        Json::Bool(flag) => flag.to_string(),
        Json::Null | Json::Array(_) | Json::Object(_) => String::new(),
    }
}

/// A member of an object; null where there is none.
pub(super) fn member<'o>(object: &'o Map<String, Json>, name: &str) -> &'o Json {
    object.get(name).unwrap_or(&Json::Null)
}

fn plain(text: &str) -> String {
    text.replace('\0', "").replace("\r\n", "\n").trim().to_owned()
}

fn same_objects(one: &Map<String, Json>, other: &Map<String, Json>) -> bool {
    let both = |name: &str| {
        let pair = (member(one, name), member(other, name));
        (!is_nothing(pair.0) && !is_nothing(pair.1)).then_some(pair)
    };
    if let Some((one, other)) = both("id") {
        return same(one, other);
    }
    if let Some((one, other)) = both("identifier") {
        return text_of(one).to_lowercase() == text_of(other).to_lowercase();
    }
    let label = |object: &Map<String, Json>| {
        let names = ["name", "description", "identifier"].iter();
        names
            .map(|name| text_of(member(object, name)))
            .find(|text| !text.is_empty())
    };
    match (label(one), label(other)) {
        (None, None) => {
            let mut names = one.keys().chain(other.keys()).filter(|name| *name != "_info");
            names.all(|name| same(member(one, name), member(other, name)))
        }
        (one, other) => one == other,
    }
}

/// A date with its time of day in seconds since 1970; parts of a second are cut off, a missing zone is UTC.
fn moment(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let (clock, offset) = split_offset(time)?;
    Some(day_number(date)? * 86_400 + seconds_of_day(clock)? - offset)
}

/// A decimal number without what does not change it: `4.50` is `4.5` is `45e-1`.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    /// How many of the digits stand behind the point.
    scale: i64,
}

impl Decimal {
    fn read(text: &str) -> Option<Self> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let unsigned = number.strip_prefix('-').unwrap_or(number);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all = format!("{whole}{fraction}");
        if whole.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let significant = all.trim_end_matches('0');
        let dropped = i64::try_from(all.len() - significant.len()).ok()?;
        let digits = significant.trim_start_matches('0').to_owned();
        let scale = i64::try_from(fraction.len()).ok()? - dropped - i64::from(exponent);
        Some(Decimal {
            negative: unsigned.len() < number.len() && !digits.is_empty(),
            scale: if digits.is_empty() { 0 } else { scale },
            digits,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_the_same_and_what_is_not() {
        let reference = json!({"id": 4, "name": "Active", "_info": {"status_href": "https://x"}});
        let table = [
            (json!(null), json!(""), true),
            (json!(null), json!({"_info": {"x_href": "y"}}), true),
            (json!([]), json!(null), true),
            (json!(" \u{0}"), json!({}), true),
            (json!(false), json!(null), false),
            (json!(0), json!(null), false),
            (json!("Acme "), json!("Acme"), true),
            (json!("Acme"), json!("acme"), false),
            (json!("a\r\nb"), json!("a\nb"), true),
            (json!("007"), json!("7"), false),
            (json!(7), json!("7"), true),
            (json!(4.5), json!("4.50"), true),
            (json!(0), json!("-0.0"), true),
            (json!(120), json!("1.2e2"), true),
            (json!(12), json!("1.2"), false),
            (json!(-4), json!(4), false),
            (json!(4), json!("four"), false),
            (json!(true), json!("True"), true),
            (json!(true), json!("1"), false),
            (json!("2026-11-01"), json!("2026-11-01T00:00:00Z"), true),
            (
                json!("2026-11-01T00:00:00.000Z"),
                json!("2026-11-01T01:00:00+01:00"),
                true,
            ),
            (
                json!("2026-11-01T00:00:00Z"),
                json!("2026-11-02T00:00:00Z"),
                false,
            ),
            (reference.clone(), json!({"id": "4", "name": "Renamed"}), true),
            (reference.clone(), json!({"id": 5, "name": "Active"}), false),
            (reference.clone(), json!({"name": "Active"}), true),
            (reference.clone(), json!({"name": "Inactive"}), false),
            (reference, json!(null), false),
            (
                json!({"identifier": "US", "name": "United States"}),
                json!({"identifier": "us"}),
                true,
            ),
            (json!({"identifier": "US"}), json!({"name": "US"}), true),
            (
                json!([{"id": 1}, {"id": 2}]),
                json!([{"id": 2, "name": "B"}, {"id": 1}]),
                true,
            ),
            (
                json!([{"id": 1}, {"id": 1}]),
                json!([{"id": 1}, {"id": 2}]),
                false,
            ),
            (json!([1]), json!([1, 1]), false),
            (json!({"a": 1, "b": null}), json!({"a": 1}), true),
            (json!({"a": 1}), json!({"a": 2}), false),
        ];
        for (one, other, wanted) in table {
            assert_eq!(same(&one, &other), wanted, "{one} {other}");
            assert_eq!(same(&other, &one), wanted, "{other} {one}");
        }
    }

    #[test]
    fn a_value_holds_is_open_or_has_moved() {
        let (old, new, else_) = (json!("old"), json!("new"), json!("else"));
        assert_eq!(standing(&new, &old, &new), Standing::Holds);
        assert_eq!(standing(&old, &old, &new), Standing::Open);
        assert_eq!(standing(&else_, &old, &new), Standing::Moved);
        assert_eq!(standing(&old, &old, &old), Standing::Holds);
        assert_eq!(standing(&json!(null), &json!(""), &new), Standing::Open);
    }

    #[test]
    fn a_number_in_the_servers_spelling_holds_and_an_edit_of_spelling_is_open() {
        let number = |text: &str| json!(text);
        let (old, new) = (number("555 0100"), number("(813) 555-0199"));
        let spelled = number("8135550199");
        for look in [Look::Before, Look::After] {
            assert_eq!(standing_of_number(look, &spelled, &old, &new), Standing::Holds);
            assert_eq!(
                standing_of_number(look, &number("555-0100"), &old, &new),
                Standing::Moved
            );
            assert_eq!(standing_of_number(look, &old, &old, &new), Standing::Open);
        }
        assert_eq!(
            standing_of_number(Look::Before, &spelled, &spelled, &new),
            Standing::Open
        );
        assert_eq!(
            standing_of_number(Look::After, &spelled, &spelled, &new),
            Standing::Holds
        );
    }
}
