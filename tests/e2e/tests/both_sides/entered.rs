//! What people entered on either side, and what became of it. A word that somebody entered is never lost: it comes to stand
//! on the other side, or a conflict asks about it, or somebody on its own side entered something else over it, or the record
//! tells it in its history because a policy let the other side win.

use std::collections::{BTreeMap, BTreeSet};

/// Who entered something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// People of the PSA.
    There,
    /// People of the documentation.
    Here,
}

/// Where something was entered: a kind of record and its id on that side, and the part as that side names it.
pub(super) type Place = (String, String, String);

/// A word that was entered and of which it is not known yet that it got to the other side.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) side: Side,
    pub(super) place: Place,
    pub(super) word: String,
}

/// What there is to see of both sides, in small letters.
pub(super) struct Seen {
    pub(super) there: String,
    pub(super) here: String,
    pub(super) conflicts: String,
}

/// What was entered in an episode.
#[derive(Default)]
pub(super) struct Entered {
    open: Vec<Word>,
    /// How often each part was changed here, or a choice was made about it: by record and part.
    here: BTreeMap<Place, u64>,
    /// How often people of the PSA changed a property, by record and property.
    there: BTreeMap<Place, u64>,
    /// Fields for which somebody said who wins, by kind and field.
    decided: BTreeSet<(String, String)>,
}

impl Entered {
    /// A part was changed here, or chosen, and says this now: what was entered here before and is not in it any more was
    /// overwritten by its own side.
    pub(super) fn here(&mut self, (kind, id, part): (&str, &str, &str), now: &str, word: Option<String>) {
        let place = place(kind, id, part);
        self.overwritten(Side::Here, &place, now);
        *self.here.entry(place.clone()).or_default() += 1;
        self.open.extend(word.map(|word| Word {
            side: Side::Here,
            place,
            word,
        }));
    }

    /// A part takes another value here without anything being sent: it was taken back or let go, or the PSA's was chosen.
    pub(super) fn given_up(&mut self, kind: &str, id: &str, part: &str) {
        self.overwritten(Side::Here, &place(kind, id, part), "");
    }

    /// A record that was made here is given up.
    pub(super) fn given_up_whole(&mut self, kind: &str, id: &str) {
        self.open
            .retain(|word| word.side != Side::Here || word.place.0 != kind || word.place.1 != id);
    }

    /// A property was changed by people of the PSA, and says this now.
    pub(super) fn there(&mut self, (kind, id, property): (&str, &str, &str), now: &str) {
        let place = place(kind, id, property);
        self.overwritten(Side::There, &place, now);
        *self.there.entry(place).or_default() += 1;
    }

    /// And this is what it says now.
    pub(super) fn word_there(&mut self, kind: &str, id: &str, property: &str, word: String) {
        self.open.push(Word {
            side: Side::There,
            place: place(kind, id, property),
            word,
        });
    }

    /// A record of the PSA is gone, with what was entered in it.
    pub(super) fn gone_there(&mut self, kind: &str, id: &str) {
        self.open
            .retain(|word| word.side != Side::There || word.place.0 != kind || word.place.1 != id);
    }

    fn overwritten(&mut self, side: Side, place: &Place, now: &str) {
        let now = now.to_lowercase();
        self.open
            .retain(|word| word.side != side || word.place != *place || now.contains(&word.word));
    }

    /// Somebody said who wins in a field.
    pub(super) fn decided(&mut self, kind: &str, field: &str) {
        self.decided.insert((kind.to_owned(), field.to_owned()));
    }

    /// Whether anybody ever said who wins in a field.
    pub(super) fn is_decided(&self, kind: &str, field: &str) -> bool {
        self.decided.contains(&(kind.to_owned(), field.to_owned()))
    }

    /// The fields of a kind in which somebody ever said who wins.
    pub(super) fn decided_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        let of = self.decided.iter().filter(move |(of, _)| of == kind);
        of.map(|(_, field)| field.as_str())
    }

    /// Looks at both sides: what got to the other one, or is asked about, is not lost.
    pub(super) fn look(&mut self, seen: &Seen) {
        self.open.retain(|word| {
            let other = match word.side {
                Side::There => &seen.here,
                Side::Here => &seen.there,
            };
            !other.contains(&word.word) && !seen.conflicts.contains(&word.word)
        });
    }

    /// What has not got to the other side.
    pub(super) fn open(&self) -> &[Word] {
        &self.open
    }

    /// How often parts of a record were changed here or chosen, by part.
    pub(super) fn changes_here<'a>(
        &'a self,
        kind: &'a str,
        id: &'a str,
    ) -> impl Iterator<Item = (&'a str, u64)> + 'a {
        let of = move |place: &Place| place.0 == kind && place.1 == id;
        let all = self.here.iter().filter(move |(place, _)| of(place));
        all.map(|(place, times)| (place.2.as_str(), *times))
    }

    /// How often a property was changed by people of the PSA.
    pub(super) fn changes_there(&self, kind: &str, id: &str, property: &str) -> u64 {
        self.there
            .get(&place(kind, id, property))
            .copied()
            .unwrap_or_default()
    }
}

fn place(kind: &str, id: &str, part: &str) -> Place {
    (kind.to_owned(), id.to_owned(), part.to_owned())
}
