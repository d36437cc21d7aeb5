//! Whether a PSA's database is the one it was: a few records that are known are held against those that have their ids
//! now. Pure.
//!
//! People rename and delete records, and nobody changes when a record was entered. So a few that are called differently
//! or are gone do not matter, and one that was entered at another time is another record, whatever it is called.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::connector::KindAbility;
use crate::{Kind, SourceId, Timestamp};

/// How many records are looked at.
pub const WITNESSES: usize = 20;

/// How many records that differ are named.
const NAMED: usize = 3;

/// What tells a record from another one that has its id in another database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// What a person calls it; empty where that is not known.
    pub name: String,
    /// When the PSA entered it, where it says so.
    pub entered: Option<Timestamp>,
}

impl Marks {
    /// The marks in a record's JSON. Where the connector says that they stand nowhere, or the JSON is none, there are none.
    pub fn of(ability: &KindAbility, json: &str) -> Marks {
        let json: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
        let text = |pointer: &String| {
            json.pointer(pointer)
                .and_then(|text| text.as_str())
                .map(str::trim)
        };
        let name: Vec<&str> = ability.name_pointers.iter().filter_map(text).collect();
        Marks {
            name: name.join(" ").trim().to_owned(),
            entered: ability
                .entered_pointer
                .as_ref()
                .and_then(text)
                .and_then(|text| text.parse().ok()),
        }
    }

    /// Whether there is nothing by which a record could be told.
    pub fn is_empty(&self) -> bool {
        self.name.is_empty() && self.entered.is_none()
    }
}

impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.name.is_empty() {
            true => "without a name",
            false => &format!("\"{}\"", self.name),
        };
        match self.entered {
            Some(entered) => write!(f, "{name}, entered {entered}"),
            None => f.write_str(name),
        }
    }
}

/// A record of the PSA that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// Its kind.
    pub kind: Kind,
    /// Its id.
    pub id: SourceId,
    /// The id of what it stands under, where known.
    pub parent: Option<SourceId>,
    /// Its marks as they were last.
    pub marks: Marks,
    /// Whether it was there when it was looked for last. One that was not says nothing by being gone.
    pub live: bool,
}

/// A record that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The record that is known.
    pub known: Witness,
    /// What has its id now; none where that is nothing.
    pub found: Option<Marks>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Witness { kind, id, marks, .. } = &self.known;
        match &self.found {
            Some(found) => write!(f, "{kind} {id} is {found}; it was {marks}"),
            None => write!(f, "{kind} {id}, {marks}, is not there"),
        }
    }
}

/// What became of the records that are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// How many were looked for.
    pub looked_for: usize,
    /// How many are there and are the same, renamed or not.
    pub same: usize,
    /// Those that are not as they were, what speaks most for another database first.
    pub differences: Vec<Difference>,
    /// Whether it is the database it was.
    pub is_same: bool,
}

impl Comparison {
    /// Holds records that are known against what has their ids now.
    ///
    /// It is another database where a record was entered at another time, or where fewer than half are the same.
    pub fn of(seen: Vec<(Witness, Option<Marks>)>) -> Comparison {
        let (mut looked_for, mut same, mut contradicted) = (0, 0, false);
        let mut differences: Vec<(u8, Difference)> = Vec::new();
        for (known, found) in seen {
            let rank = match &found {
                None if !known.live => continue,
                None => 2,
                Some(found) => rank(&known.marks, found),
            };
            looked_for += 1;
            same += usize::from(found.is_some() && rank > 1);
            contradicted |= rank == 0;
            if found.as_ref() != Some(&known.marks) {
                differences.push((rank, Difference { known, found }));
            }
        }
        differences.sort_by_key(|(rank, _)| *rank);
        Comparison {
            looked_for,
            same,
            differences: differences
                .into_iter()
                .map(|(_, difference)| difference)
                .collect(),
            is_same: !contradicted && same * 2 >= looked_for,
        }
    }

    /// What differs, in words: a few records, and how many more there are.
    pub fn in_words(&self) -> String {
        let mut words: Vec<String> = self
            .differences
            .iter()
            .take(NAMED)
            .map(ToString::to_string)
            .collect();
        let more = self.differences.len().saturating_sub(NAMED);
        if more > 0 {
            words.push(format!("and {more} more"));
        }
        words.join("; ")
    }
}

/// How much a record that has the id speaks for another database: 0 by itself, 1 where it is none that is known, more
/// not at all.
fn rank(known: &Marks, found: &Marks) -> u8 {
    match (known.entered, found.entered) {
        (Some(known), Some(found)) if known != found => 0,
        (Some(_), Some(_)) => 3,
        _ if known.name == found.name => 3,
        _ => 1,
    }
}

/// How many of each kind are looked at, of as many as there are: one of each in turn, in the order they are given, until
/// there are `most` or all.
pub fn shares(there: &[(Kind, usize)], most: usize) -> Vec<(Kind, usize)> {
    let mut shares: Vec<(Kind, usize)> = there.iter().map(|(kind, _)| (*kind, 0)).collect();
    let mut left = most.min(there.iter().map(|(_, count)| count).sum());
    while left > 0 {
        for (share, (_, count)) in shares.iter_mut().zip(there) {
            if left > 0 && share.1 < *count {
                share.1 += 1;
                left -= 1;
            }
        }
    }
    shares
}

/// So many places out of `there`, spread evenly, the same ones each time.
pub fn spread(there: usize, wanted: usize) -> impl Iterator<Item = usize> {
    let wanted = wanted.min(there);
    (0..wanted).map(move |place| place * there / wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONDAY: &str = "2026-01-05T08:00:00Z";
    const TUESDAY: &str = "2026-01-06T08:00:00Z";

    fn marks(name: &str, entered: &str) -> Marks {
        Marks {
            name: name.to_owned(),
            entered: entered.parse().ok(),
        }
    }

    fn known(id: &str, marks: Marks) -> Witness {
        Witness {
            kind: Kind::Organization,
            id: SourceId::new(id).unwrap(),
            parent: None,
            marks,
            live: true,
        }
    }

    /// What became of records that were all called `Acme` and entered on a Monday.
    fn compared(found: &[Option<Marks>]) -> Comparison {
        let known = |_: &Option<Marks>| known("7", marks("Acme", MONDAY));
        Comparison::of(found.iter().map(|found| (known(found), found.clone())).collect())
    }

    #[test]
    fn whether_it_is_the_same_database() {
        let same = || Some(marks("Acme", MONDAY));
        let renamed = || Some(marks("Acme Ltd", MONDAY));
        let undated = || Some(marks("Acme", ""));
        let stranger = || Some(marks("Globex", ""));
        let namesake = || Some(marks("Acme", TUESDAY));
        let other = || Some(marks("Globex", TUESDAY));
        let gone = || None;
        for (what, found, is_same) in [
            ("nothing was looked for", vec![], true),
            ("all are the same", vec![same(), same(), same()], true),
            ("one was renamed", vec![same(), same(), renamed()], true),
            (
                "all were renamed, and entered when they were",
                vec![renamed(), renamed()],
                true,
            ),
            ("one is gone", vec![same(), same(), gone()], true),
            ("half are gone", vec![same(), gone()], true),
            ("most are gone", vec![same(), gone(), gone()], false),
            ("all are gone", vec![gone(), gone()], false),
            (
                "the PSA does not say when, and the names are the same",
                vec![undated(), undated()],
                true,
            ),
            (
                "it does not say when, and one name differs",
                vec![undated(), undated(), stranger()],
                true,
            ),
            (
                "it does not say when, and no name is the same",
                vec![stranger(), stranger()],
                false,
            ),
            (
                "one was entered at another time",
                vec![same(), same(), same(), other()],
                false,
            ),
            (
                "it is called the same all the same",
                vec![same(), same(), same(), namesake()],
                false,
            ),
            ("all were entered at other times", vec![other(), other()], false),
        ] {
            let compared = compared(&found);
            assert_eq!(compared.is_same, is_same, "{what}: {compared:?}");
            assert_eq!(compared.looked_for, found.len(), "{what}");
        }
    }

    #[test]
    fn a_record_that_was_gone_already_says_nothing_by_being_gone() {
        let orphan = Witness {
            live: false,
            ..known("7", marks("Acme", MONDAY))
        };
        let gone = Comparison::of(vec![(orphan.clone(), None)]);
        assert!(gone.is_same && gone.looked_for == 0, "{gone:?}");
        let other = Comparison::of(vec![(orphan, Some(marks("Globex", TUESDAY)))]);
        assert!(!other.is_same, "{other:?}");
    }

    #[test]
    fn what_differs_is_named_and_what_weighs_most_first() {
        let found = [
            None,
            Some(marks("Acme Ltd", MONDAY)),
            Some(marks("Acme", MONDAY)),
            Some(marks("Globex", TUESDAY)),
            None,
        ];
        let compared = compared(&found);
        assert_eq!((compared.looked_for, compared.same), (5, 2));
        assert_eq!(
            compared.in_words(),
            "organization 7 is \"Globex\", entered 2026-01-06T08:00:00Z; it was \"Acme\", entered \
             2026-01-05T08:00:00Z; organization 7, \"Acme\", entered 2026-01-05T08:00:00Z, is not there; organization 7, \
             \"Acme\", entered 2026-01-05T08:00:00Z, is not there; and 1 more"
        );
    }

    #[test]
    fn marks_stand_where_the_connector_says() {
        let ability = KindAbility {
            kind: Kind::Contact,
            label: String::new(),
            label_many: String::new(),
            parent: None,
            per_parent: false,
            lists_changes: false,
            lists_ids: false,
            counts: false,
            reads_one: true,
            writes: false,
            creates: false,
            identity: vec![],
            rules: vec![],
            name_pointers: vec!["/first".to_owned(), "/last".to_owned()],
            entered_pointer: Some("/info/entered".to_owned()),
            read_permissions: vec![],
            write_permissions: vec![],
        };
        let json = format!(r#"{{"first":"Ada ","last":"Lovelace","info":{{"entered":"{MONDAY}"}}}}"#);
        assert_eq!(Marks::of(&ability, &json), marks("Ada Lovelace", MONDAY));
        assert_eq!(
            Marks::of(&ability, r#"{"last":"Lovelace","first":7}"#),
            marks("Lovelace", "")
        );
        assert!(Marks::of(&ability, "not JSON").is_empty());
    }

    #[test]
    fn every_kind_has_its_share_and_the_first_ones_the_rest() {
        use Kind::{Contact, Location, Organization};
        let shared = |there: [usize; 3]| {
            let there: Vec<(Kind, usize)> =
                [Organization, Location, Contact].into_iter().zip(there).collect();
            shares(&there, 8)
                .into_iter()
                .map(|(_, share)| share)
                .collect::<Vec<_>>()
        };
        assert_eq!(shared([100, 100, 100]), [3, 3, 2]);
        assert_eq!(shared([100, 0, 1]), [7, 0, 1]);
        assert_eq!(shared([1, 1, 1]), [1, 1, 1]);
        assert_eq!(shared([0, 0, 0]), [0, 0, 0]);
        assert_eq!(spread(10, 4).collect::<Vec<_>>(), [0, 2, 5, 7]);
        assert_eq!(spread(2, 4).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(spread(0, 4).count(), 0);
    }
}
