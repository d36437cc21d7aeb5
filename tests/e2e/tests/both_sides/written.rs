//! What the product wrote in the PSA, held against what people asked for. Of each record:
//!
//! - it was made at most once, and only where somebody made it here;
//! - the requests that changed it are no more than its edits here, the conflicts settled and, where somebody said that the
//!   documentation wins, the PSA's edits that were overruled; one more for a record that was made, since not all of it can
//!   go along;
//! - no property was written more often than the fields that stand in it were edited or chosen: what nobody edited was never
//!   written.

use std::collections::BTreeMap;

use connectwise_simulator::{Control, Kind, Write};

use super::entered::Entered;
use super::parts::property;
use crate::model::psa::SYNCED;

/// What was written of a record.
#[derive(Debug, Default)]
struct Written {
    made: bool,
    /// Requests that changed it.
    patches: u64,
    /// Requests that wrote a property.
    properties: BTreeMap<String, u64>,
    /// The same request about its types.
    types: BTreeMap<String, u64>,
}

/// A record of the documentation that the PSA has too.
pub(super) struct Known {
    pub(super) kind: String,
    /// Its own id.
    pub(super) asset: String,
    /// The PSA's.
    pub(super) source: String,
    /// Whether somebody made it here.
    pub(super) made_here: bool,
}

/// Says what was written that nobody asked for.
pub(super) fn unasked(control: &Control, known: &[Known], entered: &Entered) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut written: BTreeMap<(String, String), Written> = BTreeMap::new();
    let mut posts: BTreeMap<&'static str, u64> = BTreeMap::new();
    for write in control
        .writes()
        .into_iter()
        .filter(|write| write.applied.is_some())
    {
        match about(&write) {
            Some((kind, Some(id), rest)) => {
                let one = written.entry((kind.to_owned(), id)).or_default();
                note(one, &write, rest);
            }
            Some((kind, None, _)) => *posts.entry(kind).or_default() += 1,
            None => wrong.push(format!("{} {} is about nothing known", write.method, write.path)),
        }
    }
    for one in known.iter().filter(|one| one.made_here) {
        let key = (one.kind.clone(), one.source.clone());
        written.entry(key).or_default().made = true;
    }
    for (_, kind) in SYNCED {
        let made = known.iter().filter(|one| one.made_here && one.kind == kind);
        let (made, posted) = (made.count() as u64, posts.get(kind).copied().unwrap_or_default());
        if made != posted {
            wrong.push(format!(
                "{posted} of kind {kind} were made in the PSA for {made} made here"
            ));
        }
    }
    for ((kind, id), written) in &written {
        let owner = known.iter().find(|one| one.kind == *kind && one.source == *id);
        let Some(owner) = owner else {
            wrong.push(format!("{kind} {id} was written and is not here: {written:?}"));
            continue;
        };
        let mut asked: BTreeMap<String, u64> = BTreeMap::new();
        for (part, times) in entered.changes_here(kind, &owner.asset) {
            *asked.entry(property(kind, part)).or_default() += times;
        }
        for field in entered.decided_of(kind) {
            let property = property(kind, field);
            let times = entered.changes_there(kind, id, &property);
            *asked.entry(property).or_default() += times;
        }
        let edits = asked.values().sum::<u64>() + u64::from(written.made);
        if written.patches > edits {
            wrong.push(format!(
                "{kind} {id} was written {} times for {edits} edits: {written:?}, asked for: {asked:?}",
                written.patches
            ));
        }
        let once = u64::from(written.made);
        for (property, times) in &written.properties {
            let asked = asked.get(property).copied().unwrap_or_default() + once;
            // Custom fields go along with each change of a record that has some.
            if *times > asked && property != "customFields" {
                wrong.push(format!(
                    "{property} of {kind} {id} was written {times} times, asked for: {asked}"
                ));
            }
        }
        let asked = asked.get("types").copied().unwrap_or_default();
        for (request, times) in &written.types {
            if *times > asked {
                wrong.push(format!(
                    "{kind} {id}: {request} {times} times, asked for: {asked}"
                ));
            }
        }
    }
    wrong
}

fn note(one: &mut Written, write: &Write, rest: &str) {
    if rest.starts_with("typeAssociations") {
        *one.types
            .entry(format!("{} {} {}", write.method, rest, write.body))
            .or_default() += 1;
        return;
    }
    one.patches += 1;
    let operations = write.body.as_array().into_iter().flatten();
    let mut names: Vec<&str> = operations
        .filter_map(|operation| operation["path"].as_str())
        .filter_map(|path| path.trim_start_matches('/').split('/').next())
        .collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        *one.properties.entry(name.to_owned()).or_default() += 1;
    }
}

/// The kind of record a write is about, its id where it has one, and what stands in the path behind.
fn about(write: &Write) -> Option<(&'static str, Option<String>, &str)> {
    let path = write.path.trim_start_matches("/company/");
    let (collection, rest) = path.split_once('/').unwrap_or((path, ""));
    let (id, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let (kind, id, rest) = match (collection, rest.strip_prefix("sites")) {
        ("companies", Some(site)) => ("location", site.trim_start_matches('/'), ""),
        ("companies", None) => ("organization", id, rest),
        ("contacts", _) => ("contact", id, rest),
        ("configurations", _) => ("configuration", id, rest),
        _ => return None,
    };
    Some((kind, Some(id.to_owned()).filter(|id| !id.is_empty()), rest))
}

/// The simulator's kind of a kind.
pub(super) fn psa_kind(kind: &str) -> Kind {
    let found = SYNCED.iter().find(|(_, name)| *name == kind);
    found.map_or(Kind::Ticket, |(kind, _)| *kind)
}
