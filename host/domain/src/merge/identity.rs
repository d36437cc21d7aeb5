//! Which entry of one list is which of another.
//!
//! An e-mail address is known by its letters without their case, a phone number by its digits, anything else as it is
//! written but for case. An extension, be it in its own place or written behind the number (`555-0100 x12`), tells two
//! entries of one number apart; where the number stands only once on every side and was there before, its extension is
//! something that can change. Where that does not tell entries apart the label does, and then their order.

use crate::Entry;

/// What an entry is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Canonical {
    /// The address in small letters, the number's digits.
    pub(crate) key: String,
    /// A number's extension; empty where there is none.
    pub(crate) extension: String,
}

impl Canonical {
    /// What an entry is known by, whichever way it is written.
    pub(crate) fn of(entry: &Entry) -> Canonical {
        let text = entry.value.trim().to_lowercase();
        let said = entry
            .extension
            .as_deref()
            .unwrap_or_default()
            .trim()
            .to_lowercase();
        match number(&text) {
            Some((digits, written)) => Canonical {
                key: digits,
                extension: if said.is_empty() { written.to_owned() } else { said },
            },
            None => Canonical {
                key: text,
                extension: said,
            },
        }
    }
}

/// A phone number's digits and the extension written behind it; none where it is no number. `text` is in small letters.
fn number(text: &str) -> Option<(String, &str)> {
    if text.contains('@') {
        return None;
    }
    let (number, extension) = match text.find(|letter: char| letter.is_alphabetic() || letter == '#') {
        None => (text, ""),
        Some(place) => {
            let (number, behind) = text.split_at(place);
            let extension = ["extension", "ext", "x", "#"]
                .iter()
                .find_map(|marker| behind.strip_prefix(marker))?
                .trim_start_matches([' ', '.', ':']);
            let is_one = !extension.is_empty() && extension.bytes().all(|byte| byte.is_ascii_digit());
            (number, is_one.then_some(extension)?)
        }
    };
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some((digits, extension))
}

/// An entry with what it is known by among the lists it is compared in.
#[derive(Clone, Debug)]
pub(crate) struct Known<'a> {
    /// The entry.
    pub(crate) entry: &'a Entry,
    /// What it is known by, whichever way it is written.
    pub(crate) canonical: Canonical,
    /// Whether it is the primary one: of several that say so, the first.
    pub(crate) primary: bool,
    id: Id,
}

impl Known<'_> {
    /// Whether both are the same entry, be they alike or not.
    pub(crate) fn is(&self, other: &Known<'_>) -> bool {
        self.id == other.id && self.canonical.key == other.canonical.key
    }
}

/// What tells entries of one key apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Id {
    extension: Option<String>,
    label: Option<String>,
    place: usize,
}

/// The base and both sides, with every entry known by what tells it apart in all three.
pub(crate) fn known<'a>(lists: [&'a [Entry]; 3]) -> [Vec<Known<'a>>; 3] {
    let mut all = lists.map(|list| {
        let first = list.iter().position(|entry| entry.primary);
        let each = list.iter().enumerate();
        each.map(|(place, entry)| Known {
            entry,
            canonical: Canonical::of(entry),
            primary: first == Some(place),
            id: Id::default(),
        })
        .collect::<Vec<_>>()
    });
    let ids = all.each_ref().map(|list| {
        let ids = list
            .iter()
            .enumerate()
            .map(|(place, one)| id(&all, list, place, one));
        ids.collect::<Vec<_>>()
    });
    for (list, ids) in all.iter_mut().zip(ids) {
        for (one, id) in list.iter_mut().zip(ids) {
            one.id = id;
        }
    }
    all
}

fn id(all: &[Vec<Known<'_>>; 3], list: &[Known<'_>], place: usize, one: &Known<'_>) -> Id {
    let [base, ..] = all;
    let same_key = |other: &&Known<'_>| other.canonical.key == one.canonical.key;
    let same_extension = |other: &&Known<'_>| other.canonical == one.canonical;
    let same_label = |other: &&Known<'_>| same_extension(other) && other.entry.label == one.entry.label;
    if base.iter().any(|other| same_key(&other))
        && all.iter().all(|list| list.iter().filter(same_key).count() <= 1)
    {
        return Id::default();
    }
    let extension = Some(one.canonical.extension.clone());
    if all
        .iter()
        .all(|list| list.iter().filter(same_extension).count() <= 1)
    {
        return Id {
            extension,
            ..Id::default()
        };
    }
    // Of entries that are alike the primary one comes first, so that their order in the list does not matter.
    let before = |(at, other): &(usize, &Known<'_>)| same_label(other) && (other.primary || *at < place);
    let others = list.iter().enumerate().filter(before).count();
    Id {
        extension,
        label: Some(one.entry.label.clone()),
        place: if one.primary { 0 } else { others },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(value: &str, extension: Option<&str>) -> (String, String) {
        let Canonical { key, extension } = Canonical::of(&Entry {
            value: value.to_owned(),
            label: "Direct".to_owned(),
            primary: false,
            extension: extension.map(str::to_owned),
        });
        (key, extension)
    }

    #[test]
    fn spelling_does_not_matter() {
        for (value, said, key, extension) in [
            (" Ada@Acme.Example ", None, "ada@acme.example", ""),
            ("x12@acme.example", None, "x12@acme.example", ""),
            ("(555) 010-0199", None, "5550100199", ""),
            ("+1 555 010 0199", None, "15550100199", ""),
            ("555.010.0199", Some(" 12 "), "5550100199", "12"),
            ("555-010-0199 x12", None, "5550100199", "12"),
            ("555-010-0199 Ext. 12", None, "5550100199", "12"),
            ("555-010-0199 extension: 12", Some(""), "5550100199", "12"),
            ("5550100199#12", None, "5550100199", "12"),
            ("555-010-0199 x12", Some("13"), "5550100199", "13"),
            ("1-800-FLOWERS", None, "1-800-flowers", ""),
            ("555 xyz", None, "555 xyz", ""),
            ("ask Ada", None, "ask ada", ""),
            ("", None, "", ""),
        ] {
            assert_eq!(
                canonical(value, said),
                (key.to_owned(), extension.to_owned()),
                "{value}"
            );
        }
    }
}
