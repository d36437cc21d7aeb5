//! Steps that a text goes through after it was made, in their order: each keeps what it does not understand.

use dovetail_sdk::mac::canonical;
use serde_json::Value as Json;

use crate::phone;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Trim,
    CollapseSpace,
    Upper,
    Lower,
    Title,
    Phone,
    Mac,
}

/// The steps by name.
const NAMED: [(&str, Step); 7] = [
    ("trim", Step::Trim),
    ("collapse-space", Step::CollapseSpace),
    ("upper", Step::Upper),
    ("lower", Step::Lower),
    ("title", Step::Title),
    ("phone", Step::Phone),
    ("mac", Step::Mac),
];

impl Step {
    pub(crate) fn named(name: &str) -> Option<Step> {
        NAMED
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, step)| *step)
    }

    pub(crate) fn names() -> [&'static str; 7] {
        NAMED.map(|(name, _)| name)
    }

    /// The text after it.
    pub(crate) fn apply(self, text: &str, country: Option<&str>) -> String {
        match self {
            Step::Trim => text.trim().to_owned(),
            Step::CollapseSpace => collapsed(text),
            Step::Upper => text.to_uppercase(),
            Step::Lower => text.to_lowercase(),
            Step::Title => title(text),
            Step::Phone => phone::international(text, country).unwrap_or_else(|| text.to_owned()),
            Step::Mac => canonical(text.trim()).unwrap_or_else(|| text.to_owned()),
        }
    }
}

/// A value after the steps: a text, each text of a list, the value of each entry; anything else stays.
pub(crate) fn apply(steps: &[Step], value: Json, country: Option<&str>) -> Json {
    match value {
        Json::String(text) => Json::String(steps.iter().fold(text, |text, step| step.apply(&text, country))),
        Json::Array(items) => items
            .into_iter()
            .map(|item| apply(steps, item, country))
            .collect(),
        Json::Object(mut entry) => {
            if let Some(value) = entry.get_mut("value") {
                *value = apply(steps, value.take(), country);
            }
            Json::Object(entry)
        }
        other => other,
    }
}

/// Every run of blanks as one, none at the ends.
pub(crate) fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<&str>>().join(" ")
}

/// Each word with a capital, the rest small.
fn title(text: &str) -> String {
    let mut titled = String::with_capacity(text.len());
    let mut within = false;
    for c in text.chars() {
        if within {
            titled.extend(c.to_lowercase());
        } else {
            titled.extend(c.to_uppercase());
        }
        within = c.is_alphanumeric() || c == '\'';
    }
    titled
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_step_does_its_part() {
        for (name, text, wanted) in [
            ("trim", "  a b ", "a b"),
            ("collapse-space", " a \t\n b ", "a b"),
            ("upper", "straße", "STRASSE"),
            ("lower", "ÄB", "äb"),
            ("title", "north WIND's o-ring", "North Wind's O-Ring"),
            ("phone", "(813) 555-0100", "+18135550100"),
            ("phone", "reception", "reception"),
            ("mac", "001a.2b3c.4d5e", "00:1A:2B:3C:4D:5E"),
            ("mac", "n/a", "n/a"),
        ] {
            let step = Step::named(name).unwrap();
            assert_eq!(step.apply(text, Some("US")), wanted, "{name}");
        }
        assert_eq!(Step::named("shout"), None);
    }

    #[test]
    fn steps_reach_into_lists_and_entries() {
        let steps = [Step::Trim, Step::Upper];
        let value = json!([" a ", {"value": " b ", "label": "c"}, 1]);
        let wanted = json!(["A", {"value": "B", "label": "c"}, 1]);
        assert_eq!(apply(&steps, value, None), wanted);
    }
}
