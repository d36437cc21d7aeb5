//! What a person ticks in a settings group: from the words of `--select` to ids of options.
//!
//! Labels are compared whole and without regard to case. A label that no option has is refused with those nearest to
//! it, so that a slip never quietly deselects something.

use dovetail_domain::Code;
use dovetail_domain::connector::{Choice, GroupOption};
use serde::{Deserialize, Serialize};

use crate::{Problem, problem::Result};

/// What `--select GROUP=…` says of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pick {
    /// `all`: every option, those to come too.
    All,
    /// `none`
    Nothing,
    /// `recommended`
    Recommended,
    /// Options by label.
    Labels(Vec<String>),
}

/// Parses `GROUP=all|none|recommended|LABEL[,LABEL…]`. `\,` is a comma inside a label, `\\` a backslash.
pub fn parse(text: &str) -> Result<(String, Pick)> {
    let (group, rest) = crate::request::key_and_value(text, "--select")?;
    let pick = match rest.trim() {
        "all" => Pick::All,
        "none" => Pick::Nothing,
        "recommended" => Pick::Recommended,
        _ => Pick::Labels(labels(&rest)),
    };
    if matches!(&pick, Pick::Labels(labels) if labels.is_empty()) {
        return Err(Problem::value(
            format!("nothing is named for the group `{group}`"),
            "Name labels, or write all, none or recommended.",
        ));
    }
    Ok((group, pick))
}

fn labels(text: &str) -> Vec<String> {
    let mut labels = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let taken = match letter {
            ',' => {
                labels.push(String::new());
                continue;
            }
            '\\' => match letters.next() {
                Some(escaped @ (',' | '\\')) => escaped.to_string(),
                Some(other) => format!("\\{other}"),
                None => "\\".to_owned(),
            },
            plain => plain.to_string(),
        };
        if let Some(label) = labels.last_mut() {
            label.push_str(&taken);
        }
    }
    let trimmed = labels.iter().map(|label| label.trim().to_owned());
    trimmed.filter(|label| !label.is_empty()).collect()
}

/// Puts the picks for one group together and turns them into a choice among its options.
pub(crate) fn choose(group: &str, picks: &[&Pick], options: &[GroupOption]) -> Result<Choice> {
    let mut chosen: Vec<String> = Vec::new();
    let mut every = false;
    let mut add = |ids: &mut dyn Iterator<Item = String>| {
        for id in ids {
            if !chosen.contains(&id) {
                chosen.push(id);
            }
        }
    };
    for pick in picks {
        match pick {
            Pick::All => every = true,
            Pick::Nothing => {}
            Pick::Recommended => {
                let recommended = options.iter().filter(|option| option.recommended);
                add(&mut recommended.map(|option| option.id.clone()));
            }
            Pick::Labels(labels) => {
                for label in labels {
                    let wanted = label.to_lowercase();
                    let mut found = options
                        .iter()
                        .filter(|option| option.label.to_lowercase() == wanted)
                        .peekable();
                    if found.peek().is_none() {
                        return Err(unknown(group, label, options));
                    }
                    // Where two options share a label, both are meant: nothing a person sees tells them apart.
                    add(&mut found.map(|option| option.id.clone()));
                }
            }
        }
    }
    let nothing = picks.contains(&&Pick::Nothing);
    if nothing && (every || !chosen.is_empty()) {
        return Err(Problem::value(
            format!("the group `{group}` is given none and something else"),
            "Leave one of the two out.",
        ));
    }
    Ok(if every {
        Choice::Every
    } else {
        Choice::These(chosen)
    })
}

fn unknown(group: &str, label: &str, options: &[GroupOption]) -> Problem {
    let near = nearest(label, options.iter().map(|option| option.label.as_str()));
    let hint = if near.is_empty() {
        "The group has no options: look with `dovetail settings show`.".to_owned()
    } else {
        format!(
            "Near to it are: {}. `dovetail settings show` lists all.",
            near.join(", ")
        )
    };
    Problem::new(
        Code::ValueRefused,
        format!("The group `{group}` has no option `{label}`; nothing was changed."),
        hint,
    )
}

/// Up to five of the names, those nearest to a text first.
pub(crate) fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = text.to_lowercase();
    let mut ranked: Vec<(usize, &str)> = names
        .map(|name| {
            let lower = name.to_lowercase();
            // Something that contains the words is nearer than any misspelling.
            let contained = lower.contains(&wanted) || (!lower.is_empty() && wanted.contains(&lower));
            (if contained { 0 } else { distance(&wanted, &lower) }, name)
        })
        .collect();
    ranked.sort();
    ranked.dedup();
    ranked.into_iter().take(5).map(|(_, name)| name).collect()
}

/// How many letters have to be put in, taken out or changed to make one text of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        for (cell, right) in row.iter_mut().skip(1).zip(&b) {
            let above = *cell;
            let changed = diagonal + usize::from(left != *right);
            *cell = changed.min(above + 1).min(before + 1);
            diagonal = above;
            before = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Vec<GroupOption> {
        [
            ("1", "Prospect", true),
            ("2", "Vendor", false),
            ("3", "Smith, Jones", true),
        ]
        .map(|(id, label, recommended)| GroupOption {
            id: id.to_owned(),
            label: label.to_owned(),
            recommended,
            count: None,
        })
        .to_vec()
    }

    fn chosen(texts: &[&str]) -> Result<Choice> {
        let picks: Vec<Pick> = texts
            .iter()
            .map(|text| parse(text).map(|(_, pick)| pick))
            .collect::<Result<_>>()?;
        choose("types", &picks.iter().collect::<Vec<_>>(), &options())
    }

    fn these(ids: &[&str]) -> Choice {
        Choice::These(ids.iter().map(|id| (*id).to_owned()).collect())
    }

    #[test]
    fn words_and_labels() {
        assert_eq!(chosen(&["types=all"]).unwrap(), Choice::Every);
        assert_eq!(chosen(&["types=none"]).unwrap(), these(&[]));
        assert_eq!(chosen(&["types=recommended"]).unwrap(), these(&["1", "3"]));
        assert_eq!(chosen(&["types=vendor, PROSPECT"]).unwrap(), these(&["2", "1"]));
        assert_eq!(chosen(&[r"types=Smith\, Jones"]).unwrap(), these(&["3"]));
        assert_eq!(
            chosen(&["types=recommended", "types=Vendor"]).unwrap(),
            these(&["1", "3", "2"])
        );
    }

    #[test]
    fn unknown_labels_are_refused_with_those_near() {
        let problem = chosen(&["types=Vendors"]).unwrap_err();
        assert_eq!(problem.code, Code::ValueRefused);
        assert!(
            problem.hint.starts_with("Near to it are: Vendor,"),
            "{}",
            problem.hint
        );
        assert!(
            chosen(&["types=Smith"])
                .unwrap_err()
                .hint
                .contains("Smith, Jones")
        );
        assert!(chosen(&["types="]).is_err());
        assert!(chosen(&["types"]).is_err());
        assert!(chosen(&["types=none", "types=Vendor"]).is_err());
    }

    #[test]
    fn distances() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }

    proptest::proptest! {
        #[test]
        fn escaping_leads_back(label in "[a-z ,\\\\]{0,8}[a-z]") {
            let escaped = label.replace('\\', r"\\").replace(',', r"\,");
            proptest::prop_assert_eq!(labels(&escaped), vec![label.trim().to_owned()]);
        }
    }
}
