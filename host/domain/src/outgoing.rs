//! Edits on their way to the PSA: what of a record is to be sent, what is being sent, and what becomes of the record once
//! the PSA has answered. Pure.
//!
//! What is to be sent is never kept beside the record: it is what stands there and differs from the base. The outbox only
//! remembers that there is something, and what was sent whose answer is not known.

use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::decide::{Verdict, decide};
use crate::mapping::{Draft, Edit};
use crate::policy::Rule;
use crate::{Kind, Part, PartRef, Record, SourceId, SourceRecord, Timestamp, Wanted};

/// An entry of the outbox: a record of which something is to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// When the first edit was made that is still to be sent.
    pub since: Timestamp,
    /// What was sent and is not known to have been answered.
    #[serde(default)]
    pub sending: Option<Sending>,
    /// Why it is not tried again until a person does something.
    #[serde(default)]
    pub refused: Option<Refused>,
    /// Parts for which a person chose what is to be sent: see [`Rule::chosen`].
    #[serde(default)]
    pub chosen: Vec<Part>,
}

/// A change that was sent, or was about to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sending {
    /// When.
    pub at: Timestamp,
    /// From when on, by the PSA's clock, what it may have made is looked for.
    pub since: Timestamp,
    /// Of which record of the PSA; none where it is to make one.
    pub id: Option<SourceId>,
    /// The PSA's id of what it stands under.
    pub parent: Option<SourceId>,
    /// The properties of the PSA's record as they were expected, as JSON.
    pub expected: String,
    /// The properties as they should be, as JSON.
    pub desired: String,
    /// The parts it carries, each with the value that stood here.
    pub parts: Vec<Wanted>,
}

/// Why the PSA, or the mapping, did not take a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The reason as a code.
    pub code: String,
    /// The part it is about, where that is known.
    pub part: Option<String>,
    /// The reason in the PSA's or the mapping's own words.
    pub message: String,
    /// When it was refused first.
    pub first_seen: Timestamp,
    /// When it was refused last.
    pub last_seen: Timestamp,
    /// How often it was refused.
    pub attempts: u32,
}

impl Outgoing {
    /// An entry for an edit made now.
    pub fn since(at: Timestamp) -> Outgoing {
        Outgoing {
            since: at,
            sending: None,
            refused: None,
            chosen: Vec::new(),
        }
    }

    /// The rule of a part while it travels.
    pub fn rule(&self, part: PartRef<'_>, rule: Rule) -> Rule {
        match self.chosen.iter().any(|chosen| part.is(chosen)) {
            true => rule.chosen(),
            false => rule,
        }
    }

    /// Notes a refusal. Whether something is on its way all the same is the caller's to say.
    pub fn refuse(&mut self, at: Timestamp, code: &str, part: Option<String>, message: String) {
        let known = self.refused.take();
        self.refused = Some(Refused {
            code: code.to_owned(),
            part,
            message,
            first_seen: known.as_ref().map_or(at, |known| known.first_seen),
            last_seen: at,
            attempts: known.map_or(0, |known| known.attempts).saturating_add(1),
        });
    }
}

impl Sending {
    /// Whether it carries a part.
    pub fn carries(&self, part: &Part) -> bool {
        self.parts.iter().any(|sent| sent.part().is(part))
    }

    /// Whether something it carries was edited again since it was sent: what became of it says nothing about that.
    pub fn is_overtaken(&self, record: &Record) -> bool {
        self.parts.iter().any(|sent| match sent {
            Wanted::Field(field, value) => !record.get(*field).same(value),
            Wanted::Trait(name, json) => !record.get_trait(name).map(str::to_owned).same(json),
            Wanted::Organization(_) => false,
        })
    }
}

/// What of a connected record is to be sent, as far as what the PSA said last shows: parts with something else than what
/// was agreed upon, where their rule sends that. Nothing is sent of a part that is held.
pub fn pending<'r>(record: &'r Record, rule: impl Fn(PartRef<'r>) -> Rule) -> Vec<Wanted> {
    fn goes<T: Content>(rule: Rule, held: bool, agreed: &T, ours: &T) -> bool {
        agreed != ours
            && matches!(
                decide(rule, held, Some(agreed), agreed, ours),
                Verdict::Send { .. }
            )
    }
    let mut wanted = Vec::new();
    if record.link.is_none() {
        return wanted;
    }
    for (field, agreed) in &record.base.fields {
        let part = PartRef::Field(*field);
        let ours = record.get(*field);
        if goes(rule(part), record.holds_part(part), agreed, ours) {
            wanted.push(Wanted::Field(*field, ours.clone()));
        }
    }
    for (name, agreed) in &record.base.traits {
        let part = PartRef::Trait(name);
        let ours = record.get_trait(name).map(str::to_owned);
        if goes(rule(part), record.holds_part(part), agreed, &ours) {
            wanted.push(Wanted::Trait(name.clone(), ours));
        }
    }
    // The PSA has nothing of what is the documentation's own; some policies send it all the same.
    for name in &record.own {
        let part = PartRef::Trait(name);
        let ours = record.get_trait(name).map(str::to_owned);
        let unsaid = record.base.of_trait(name).is_none();
        let verdict = || decide(rule(part), record.holds_part(part), Some(&ours), &None, &ours);
        if unsaid && ours.is_some() && matches!(verdict(), Verdict::Send { .. }) {
            wanted.push(Wanted::Trait(name.clone(), ours));
        }
    }
    wanted
}

/// What the PSA made of a part that was sent, where it is not what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Altered {
    /// The part with the value that was sent.
    pub sent: Wanted,
    /// The part with the value the PSA has now.
    pub kept: Wanted,
}

/// Takes over the answer to what was sent: of each part that was sent, what the PSA has now is agreed upon, and stands
/// here unless it was edited again meanwhile or is held. What the PSA cut or wrote differently is returned.
///
/// Of a record that was made just now a field that came back empty was left out by the PSA: it stays here as something
/// about which nothing was agreed upon. A trait that came back empty is sent by itself next: a mapping need not be able to
/// bring it back before there is a record to bring it back to.
pub fn arrive(record: &mut Record, sent: &[Wanted], theirs: &Draft, made: bool) -> Vec<Altered> {
    let mut altered = Vec::new();
    for part in sent {
        let held = record.holds_part(part.part());
        let kept = match part {
            Wanted::Field(field, value) => {
                let kept = theirs.get(*field).clone();
                let (ours, base) = settled(record.get(*field), value, &kept, held, made);
                record.base.set_field(*field, base);
                record.set(*field, ours);
                (!kept.same(value)).then_some(Wanted::Field(*field, kept))
            }
            Wanted::Trait(name, json) => {
                let said = theirs.traits.iter().find(|(known, _)| known == name);
                let kept = said.map(|(_, json)| json.clone()).filter(|json| json != "null");
                let stands = record.get_trait(name).map(str::to_owned);
                let (ours, base) = match made && kept.is_none() {
                    true => (stands.clone(), stands.is_some().then_some(None)),
                    false => settled(&stands, json, &kept, held, made),
                };
                record.base.set_trait(name, base);
                record.set_trait(name, ours);
                if kept.is_some() {
                    record.own.retain(|own| own != name);
                }
                (!kept.same(json)).then(|| Wanted::Trait(name.clone(), kept))
            }
            // Where a record belongs is never sent.
            Wanted::Organization(_) => None,
        };
        altered.extend(kept.map(|kept| Altered {
            sent: part.clone(),
            kept,
        }));
    }
    altered
}

/// What stands here and what its base is once the answer to what was sent is known.
fn settled<T: Content>(stands: &T, sent: &T, kept: &T, held: bool, made: bool) -> (T, Option<T>) {
    if made && kept.is_empty() && !stands.is_empty() {
        return (stands.clone(), Some(stands.clone()));
    }
    let untouched = stands.same(sent) && !held;
    let ours = if untouched { kept } else { stands };
    let base = (!ours.same(kept)).then(|| kept.clone());
    (ours.clone(), base)
}

/// The parts of a record that a new record of the PSA's is made with: what has a value and goes both ways.
pub fn whole<'r>(record: &'r Record, rule: impl Fn(PartRef<'r>) -> Rule) -> Vec<Wanted> {
    let goes = |part: PartRef<'r>| rule(part).can_send();
    let fields = record
        .fields
        .iter()
        .filter(|(field, _)| goes(PartRef::Field(*field)));
    let traits = record
        .traits
        .iter()
        .filter(|(name, _)| goes(PartRef::Trait(name)));
    let fields = fields.map(|(field, value)| Wanted::Field(*field, value.clone()));
    let traits = traits.map(|(name, json)| Wanted::Trait(name.clone(), Some(json.clone())));
    fields.chain(traits).collect()
}

/// Wanted parts as a mapping is given them. `source` is the PSA's record; none where there is to be one.
pub fn as_edit(kind: Kind, source: Option<SourceRecord>, parts: &[Wanted]) -> Edit {
    let mut edit = Edit {
        kind,
        source,
        wanted: Vec::new(),
        traits: Vec::new(),
    };
    for part in parts {
        match part {
            Wanted::Field(field, value) => edit.wanted.push((*field, value.clone())),
            Wanted::Trait(name, json) => {
                let json = json.clone().unwrap_or_else(|| "null".to_owned());
                edit.traits.push((name.clone(), json));
            }
            Wanted::Organization(_) => {}
        }
    }
    edit
}

#[cfg(test)]
mod tests;
