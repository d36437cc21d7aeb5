//! Lists of labelled values. Entries are paired by what they are known by ([`super::identity`]); label, extension and which
//! one is primary are merged each by itself.

use super::identity::{Canonical, Known, known};
use crate::Entry;

/// Whether two lists say the same, in whatever order and spelling.
pub(crate) fn same(one: &[Entry], other: &[Entry]) -> bool {
    one.len() == other.len() && said(one) == said(other)
}

/// What a list says.
fn said(list: &[Entry]) -> Vec<(Canonical, &str, bool)> {
    let first = list.iter().position(|entry| entry.primary);
    let each = list.iter().enumerate();
    let mut all: Vec<_> = each
        .map(|(place, entry)| (Canonical::of(entry), entry.label.as_str(), first == Some(place)))
        .collect();
    all.sort_unstable();
    all
}

/// What two changes of a list make together; none where both changed the same thing of an entry differently, or made
/// different entries the primary one. An entry that one side took out and the other changed stays.
pub(crate) fn merged(base: &[Entry], theirs: &[Entry], ours: &[Entry]) -> Option<Vec<Entry>> {
    let [base, theirs, ours] = known([base, theirs, ours]);
    let mut merged: Vec<(&Known<'_>, Entry)> = Vec::with_capacity(theirs.len());
    for one in &theirs {
        let entry = match (find(&base, one), find(&ours, one)) {
            (before, Some(other)) => joined(before, one, other)?,
            (None, None) => one.entry.clone(),
            (Some(before), None) if changed(before, one) => one.entry.clone(),
            (Some(_), None) => continue,
        };
        merged.push((one, entry));
    }
    for one in ours.iter().filter(|one| find(&theirs, one).is_none()) {
        if find(&base, one).is_none_or(|before| changed(before, one)) {
            merged.push((one, one.entry.clone()));
        }
    }
    let primary = primary(&base, &theirs, &ours)?;
    let mark = |(one, mut entry): (&Known<'_>, Entry)| {
        entry.primary = primary.is_some_and(|primary| primary.is(one));
        entry
    };
    Some(merged.into_iter().map(mark).collect())
}

fn find<'k, 'a>(list: &'k [Known<'a>], one: &Known<'_>) -> Option<&'k Known<'a>> {
    list.iter().find(|other| other.is(one))
}

/// Whether a side did something with an entry. That it is no longer the primary one is something done with another.
fn changed(before: &Known<'_>, after: &Known<'_>) -> bool {
    before.canonical.extension != after.canonical.extension
        || before.entry.label != after.entry.label
        || (after.primary && !before.primary)
}

/// One entry out of what both sides have of it. Which one is primary is settled for the whole list.
fn joined(before: Option<&Known<'_>>, theirs: &Known<'_>, ours: &Known<'_>) -> Option<Entry> {
    let unspelled = before.is_some_and(|before| before.entry.value == theirs.entry.value);
    // The number goes with its extension, which may be written behind it.
    let number = match settled(before, theirs, ours, |one| &one.canonical.extension)? {
        Settled::Equal if unspelled => ours,
        Settled::Equal | Settled::Theirs => theirs,
        Settled::Ours => ours,
    };
    let label = match settled(before, theirs, ours, |one| &one.entry.label)? {
        Settled::Equal | Settled::Theirs => theirs,
        Settled::Ours => ours,
    };
    Some(Entry {
        value: number.entry.value.clone(),
        label: label.entry.label.clone(),
        primary: false,
        extension: number.entry.extension.clone(),
    })
}

/// Which side says how something is.
enum Settled {
    Equal,
    Theirs,
    Ours,
}

/// Whose text it is, out of three; what is new on both sides is whose it is not empty. None where they contradict each
/// other.
fn settled<'k>(
    before: Option<&'k Known<'k>>,
    theirs: &'k Known<'k>,
    ours: &'k Known<'k>,
    text: impl Fn(&'k Known<'k>) -> &'k str,
) -> Option<Settled> {
    let (before, theirs, ours) = (before.map_or("", &text), text(theirs), text(ours));
    if theirs == ours {
        Some(Settled::Equal)
    } else if ours == before {
        Some(Settled::Theirs)
    } else {
        (theirs == before).then_some(Settled::Ours)
    }
}

/// Which entry is to be the primary one, if any; the outer none is a contradiction.
fn primary<'k, 'a>(
    base: &'k [Known<'a>],
    theirs: &'k [Known<'a>],
    ours: &'k [Known<'a>],
) -> Option<Option<&'k Known<'a>>> {
    let before = base.iter().find(|one| one.primary);
    // A side that took out the entry that was it and named no other says nothing about it.
    let said = |side: &'k [Known<'a>]| {
        let gone = before.filter(|before| find(side, before).is_none());
        side.iter().find(|one| one.primary).or(gone)
    };
    let (theirs, ours) = (said(theirs), said(ours));
    let equal = |one: Option<&Known<'_>>, other: Option<&Known<'_>>| match (one, other) {
        (Some(one), Some(other)) => one.is(other),
        (one, other) => one.is_none() && other.is_none(),
    };
    if equal(theirs, ours) || equal(ours, before) {
        return Some(theirs);
    }
    if equal(theirs, before) {
        return Some(ours);
    }
    match (theirs, ours) {
        (Some(_), Some(_)) => None,
        (one, other) => Some(one.or(other)),
    }
}

#[cfg(test)]
mod tests;
