//! What a case expects beside what came, and the difference in words.

use dovetail_domain::mapping::Draft;
use dovetail_domain::{Field, Value};
use serde_json::Value as Json;

use super::file::{Case, Expected};
use super::values::{Wanted, shown};
use crate::answer::{CaseDifference, CaseVerdict};

/// The record afterwards; only what the case names is looked at.
pub(super) fn records(case: &Case, expected: &Wanted, after: &Draft) -> CaseVerdict {
    let mut differences = Vec::new();
    for (field, wanted) in &expected.fields {
        let got = after.get(*field);
        if !same(wanted, got) {
            differences.push(difference(field_name(*field), shown(wanted), shown(got)));
        }
    }
    for (name, wanted) in &expected.traits {
        let found = after.traits.iter().find(|(known, _)| known == name);
        let got = found.map_or(Json::Null, |(_, json)| {
            serde_json::from_str(json).unwrap_or_default()
        });
        if *wanted != got {
            differences.push(difference(format!("traits.{name}"), wanted.clone(), got));
        }
    }
    CaseVerdict {
        name: case.name.clone(),
        passed: differences.is_empty(),
        message: None,
        differences,
    }
}

fn field_name(field: Field) -> String {
    field.as_str().to_owned()
}

fn difference(what: String, expected: Json, got: Json) -> CaseDifference {
    CaseDifference { what, expected, got }
}

/// Links are the same where they lead to the same record; a name that was not written down is not asked for.
fn same(wanted: &Value, got: &Value) -> bool {
    match (wanted, got) {
        (Value::Reference(wanted), Value::Reference(got)) => {
            (wanted.kind, &wanted.source) == (got.kind, &got.source)
                && (wanted.name.is_empty() || wanted.name == got.name)
        }
        (wanted, got) => wanted == got,
    }
}

/// The record was left out.
pub(super) fn against_skipped(case: &Case, reason: &str) -> CaseVerdict {
    let got = format!("it is left out: {reason}");
    match &case.expected {
        Expected::Skipped(part) if reason.contains(part) => passed(case),
        Expected::Skipped(part) => unlike(case, &format!("a reason that holds `{part}`"), &got),
        Expected::Error(part) => unlike(case, &format!("an error that holds `{part}`"), &got),
        Expected::Record(_) => unlike(case, "a mapped record", &got),
    }
}

/// There was an error; `what` says where.
pub(super) fn against_error(case: &Case, why: &str, what: &str) -> CaseVerdict {
    let got = match missing(why) {
        Some(advice) => format!("{what}: {why}. {advice}"),
        None => format!("{what}: {why}"),
    };
    match &case.expected {
        Expected::Error(part) if why.contains(part) => passed(case),
        Expected::Error(part) => unlike(case, &format!("an error that holds `{part}`"), &got),
        Expected::Skipped(part) => unlike(
            case,
            &format!("left out, with a reason that holds `{part}`"),
            &got,
        ),
        Expected::Record(_) => unlike(case, "a mapped record", &got),
    }
}

/// What a guest in JavaScript or Python wanted of a system that it does not have: its trap names the function that stands
/// in for it, and no line of its author's.
fn missing(why: &str) -> Option<&'static str> {
    const WANTED: [(&[&str], &str); 4] = [
        (
            &["get_stdout", "get_stderr", "get-stdout", "get-stderr"],
            "It printed, and a plugin has no output: write with `log`",
        ),
        (
            &["filesystem_preopens", "filesystem-preopens"],
            "It opened a file, or imported a module while it worked: import at the top of the file, and read none",
        ),
        (
            &["wall_clock", "monotonic_clock", "wall-clock", "monotonic-clock"],
            "It asked for the time, and a mapping has no clock: take times from the record",
        ),
        (
            &["[constructor]fields", "outgoing_handler", "outgoing-handler"],
            "It sent a request, and a mapping sends none",
        ),
    ];
    let is_it = |(signs, _): &&(&[&str], &str)| signs.iter().any(|sign| why.contains(sign));
    WANTED.iter().find(is_it).map(|(_, advice)| *advice)
}

fn passed(case: &Case) -> CaseVerdict {
    CaseVerdict {
        name: case.name.clone(),
        passed: true,
        message: None,
        differences: Vec::new(),
    }
}

/// Something else came than was expected.
pub(super) fn unlike(case: &Case, expected: &str, got: &str) -> CaseVerdict {
    CaseVerdict {
        name: case.name.clone(),
        passed: false,
        message: Some(format!("expected {expected}; {got}")),
        differences: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_guest_has_not_is_told_by_what_stands_in_for_it() {
        for (trap, word) in [
            (
                "trapped in `convert`: unreachable, at `<wasm function 6> in stdout_get_stdout`",
                "printed",
            ),
            (
                "trapped in `convert`: unreachable, at `filesystem_preopens_get_directories`",
                "import at the top",
            ),
            (
                "trapped in `convert`: unreachable, at `wall_clock_now`",
                "no clock",
            ),
            (
                "trapped in `convert`: unreachable, at `[constructor]fields`",
                "sends none",
            ),
        ] {
            assert!(
                missing(trap).is_some_and(|advice| advice.contains(word)),
                "{trap}"
            );
        }
        assert_eq!(
            missing("trapped in `convert`: integer divide by zero, at `odd::change`"),
            None
        );
    }
}
