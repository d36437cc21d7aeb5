//! A conflict: what a person has to choose between, and what choosing does to the record.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::content::Content;
use crate::decide::{Verdict, decide};
use crate::edit::{EditRefused, Wanted, edit};
use crate::policy::Rule;
use crate::{AssetId, Field, Kind, Part, PartRef, Record, Timestamp, Value};

/// What there is to choose between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sides<T> {
    /// What was agreed upon last; none where nothing ever was.
    pub base: Option<T>,
    /// What the PSA says.
    pub theirs: T,
    /// What stood here.
    pub ours: T,
}

/// A part on which the two sides contradict each other.
///
/// Meanwhile what the PSA says stands in the record and what stood here is kept in the conflict only, so it has to be kept
/// with the record; of a part that is held it is the other way round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Conflict {
    /// A field.
    Field(Field, Sides<Value>),
    /// Something beyond, by its name, with its JSON; none is one that is not there.
    Trait(String, Sides<Option<String>>),
    /// The organization it belongs to.
    Organization(Sides<Option<AssetId>>),
}

impl Conflict {
    /// What it is about.
    pub fn part(&self) -> PartRef<'_> {
        match self {
            Conflict::Field(field, _) => PartRef::Field(*field),
            Conflict::Trait(name, _) => PartRef::Trait(name),
            Conflict::Organization(_) => PartRef::Organization,
        }
    }

    /// The sides as JSON for people and programs.
    pub fn to_json(&self) -> Sides<Json> {
        let of_trait = |json: &Option<String>| {
            let json = json.as_deref().map(serde_json::from_str);
            json.and_then(Result::ok).unwrap_or(Json::Null)
        };
        let of_organization = |id: &Option<AssetId>| id.map_or(Json::Null, |id| Json::String(id.to_string()));
        match self {
            Conflict::Field(_, sides) => sides.each(Value::to_json),
            Conflict::Trait(_, sides) => sides.each(of_trait),
            Conflict::Organization(sides) => sides.each(of_organization),
        }
    }

    /// What is left to choose after the record was planned or edited again: the same with what the PSA says by now. None
    /// where the PSA came to say what stood here, or where a person let that stand here since.
    ///
    /// A later conflict about the same part whose `ours` is this one's `theirs` asks nothing new; this one stays instead.
    #[must_use]
    pub fn now(mut self, record: &Record) -> Option<Conflict> {
        let held = record.holds_part(self.part());
        let open = match &mut self {
            Conflict::Field(field, sides) => {
                let stands = record.get(*field);
                sides.goes_on(record.base.of_field(*field), stands, held)
            }
            Conflict::Trait(name, sides) => {
                let owned = |json: Option<&str>| json.map(str::to_owned);
                let agreed = record.base.of_trait(name).map(owned);
                sides.goes_on(agreed.as_ref(), &owned(record.get_trait(name)), held)
            }
            Conflict::Organization(sides) => {
                let agreed = record.base.organization.map(Some);
                sides.goes_on(agreed.as_ref(), &record.organization, held)
            }
        };
        open.then_some(self)
    }

    /// Whether a later conflict about the same part asks nothing that this one does not: what stood here by then is what
    /// the PSA said when this one came up.
    fn covers(&self, later: &Conflict) -> bool {
        match (self, later) {
            (Conflict::Field(_, known), Conflict::Field(_, later)) => known.theirs.same(&later.ours),
            (Conflict::Trait(_, known), Conflict::Trait(_, later)) => known.theirs.same(&later.ours),
            (Conflict::Organization(known), Conflict::Organization(later)) => known.theirs == later.ours,
            _ => false,
        }
    }

    fn ours(&self) -> Wanted {
        match self {
            Conflict::Field(field, sides) => Wanted::Field(*field, sides.ours.clone()),
            Conflict::Trait(name, sides) => Wanted::Trait(name.clone(), sides.ours.clone()),
            Conflict::Organization(sides) => Wanted::Organization(sides.ours),
        }
    }
}

impl<T: Content> Sides<T> {
    fn each(&self, json: impl Fn(&T) -> Json) -> Sides<Json> {
        Sides {
            base: self.base.as_ref().map(&json),
            theirs: json(&self.theirs),
            ours: json(&self.ours),
        }
    }

    /// Brings the PSA's side up to date; whether there is still something to choose.
    fn goes_on(&mut self, agreed: Option<&T>, stands: &T, held: bool) -> bool {
        self.theirs = agreed.unwrap_or(stands).clone();
        !self.ours.same(&self.theirs) && (held || !self.ours.same(stands))
    }
}

/// A conflict that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// What there is to choose.
    pub conflict: Conflict,
    /// When it came up.
    pub since: Timestamp,
    /// Whether the two sides wrote over each other again and again, so that the part was stopped.
    #[serde(default)]
    pub looped: bool,
}

/// What is left to choose of a record after it was planned: conflicts that were open already go on with what the PSA says
/// by now, and those that were found are new unless they ask what one of these asks. Says how many are new.
pub fn renew(open: Vec<Open>, found: Vec<Conflict>, record: &Record, at: Timestamp) -> (Vec<Open>, u64) {
    let mut left: Vec<Open> = Vec::with_capacity(open.len() + found.len());
    let mut new = 0;
    for known in open {
        let asks_anew =
            |found: &&Conflict| found.part() == known.conflict.part() && !known.conflict.covers(found);
        if found.iter().any(|found| asks_anew(&found)) {
            continue;
        }
        let Open {
            conflict,
            since,
            looped,
        } = known;
        left.extend(conflict.now(record).map(|conflict| Open {
            conflict,
            since,
            looped,
        }));
    }
    for conflict in found {
        if left.iter().all(|known| known.conflict.part() != conflict.part()) {
            new += 1;
            left.push(Open {
                conflict,
                since: at,
                looped: false,
            });
        }
    }
    (left, new)
}

/// The name of a conflict: of which record, about which part. There is at most one of a name, and it stays the same for as
/// long as there is something to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictId {
    /// The record's kind.
    pub kind: Kind,
    /// The record.
    pub asset: AssetId,
    /// The part of it.
    pub part: Part,
}

impl fmt::Display for ConflictId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.kind, self.asset, self.part)
    }
}

/// A text that names no conflict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no conflict: the names are as `dovetail conflict list` shows them, such as contact.12.title"
)]
pub struct NotAConflict(pub String);

impl FromStr for ConflictId {
    type Err = NotAConflict;

    fn from_str(text: &str) -> Result<ConflictId, NotAConflict> {
        let mut words = text.splitn(3, '.');
        let mut next = || words.next();
        let read = (|| {
            Some(ConflictId {
                kind: next()?.parse().ok()?,
                asset: next()?.parse().ok()?,
                part: Part::named(next()?)?,
            })
        })();
        read.ok_or_else(|| NotAConflict(text.to_owned()))
    }
}

/// What a person chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Take {
    /// What the PSA says.
    Psa,
    /// What stood here when the conflict came up.
    Local,
    /// Something else, for the same part.
    Value(Wanted),
}

/// Does what a person chose, and lets go the part where it was held.
///
/// Taking the PSA's leaves a record as the planner left it, but for a part that was held or edited since: that takes what
/// the PSA said last. Taking anything else is a local edit, which is sent. What the rule does not send, since the part
/// comes in only or its policy lets the PSA's stand, is held instead: it stands until the PSA's value moves again.
///
/// Under `manual` the part's rule is [`Rule::chosen`] from here on until what was chosen has arrived.
pub fn resolve(record: &mut Record, conflict: &Conflict, take: Take, rule: Rule) -> Result<(), EditRefused> {
    let part = conflict.part();
    let rule = match part {
        PartRef::Organization => rule.without_sending(),
        PartRef::Field(_) | PartRef::Trait(_) => rule,
    };
    let psa = agreed(record, part);
    let wanted = match take {
        Take::Psa => psa.clone(),
        Take::Local => conflict.ours(),
        Take::Value(wanted) if wanted.part() == part => wanted,
        Take::Value(wanted) => {
            return Err(EditRefused::AnotherPart {
                asked: part.to_part(),
                given: wanted.part().to_part(),
            });
        }
    };
    let moved = moves(rule, &psa, &wanted);
    edit(record, wanted, rule)?;
    if let Wanted::Trait(name, Some(psa)) = psa {
        // The PSA has it by now, even if it was the documentation's own.
        let base = (record.get_trait(&name) != Some(&psa)).then_some(Some(psa));
        record.base.set_trait(&name, base);
    }
    record.held.retain(|held| !part.is(held));
    if !moved {
        let part = part.to_part();
        let place = record.held.binary_search(&part).unwrap_or_else(|place| place);
        record.held.insert(place, part);
    }
    Ok(())
}

/// Whether what a person wants gets to the PSA, or is what the PSA says.
fn moves(rule: Rule, psa: &Wanted, wanted: &Wanted) -> bool {
    fn of<T: Content>(rule: Rule, psa: &T, wanted: &T) -> bool {
        let verdict = decide(rule.chosen(), false, Some(psa), psa, wanted);
        psa.same(wanted) || matches!(verdict, Verdict::Send { .. })
    }
    match (psa, wanted) {
        (Wanted::Field(_, psa), Wanted::Field(_, wanted)) => of(rule, psa, wanted),
        (Wanted::Trait(_, psa), Wanted::Trait(_, wanted)) => of(rule, psa, wanted),
        (Wanted::Organization(psa), Wanted::Organization(wanted)) => of(rule, psa, wanted),
        _ => false,
    }
}

/// What was agreed upon last of a part, as something to want.
fn agreed(record: &Record, part: PartRef<'_>) -> Wanted {
    let base = &record.base;
    match part {
        PartRef::Field(field) => {
            let agreed = base.of_field(field).unwrap_or(record.get(field));
            Wanted::Field(field, agreed.clone())
        }
        PartRef::Trait(name) => {
            let agreed = base.of_trait(name).unwrap_or(record.get_trait(name));
            Wanted::Trait(name.to_owned(), agreed.map(str::to_owned))
        }
        PartRef::Organization => Wanted::Organization(base.organization.or(record.organization)),
    }
}

#[cfg(test)]
mod tests;
