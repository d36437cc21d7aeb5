//! Where values are after a plan was carried out, for the law that none is lost.

use super::cases::{Agreed, Case, TRAITS};
use super::*;
use crate::merge::identity::Canonical;
use crate::{Entry, Kind, Shape};

/// Where a value can be.
pub(super) struct Kept {
    fields: Vec<(Field, Value)>,
    traits: Vec<(String, Option<String>)>,
    organizations: Vec<Option<AssetId>>,
}

impl Kept {
    /// What stands on both sides, and what a plan reported: conflicts and what is overruled.
    pub(super) fn by(case: &Case, record: &Record, theirs: &Draft, plan: &Plan) -> Kept {
        let mut kept = Kept {
            fields: theirs.fields.clone(),
            traits: vec![],
            organizations: vec![record.organization, case.organization],
        };
        let theirs = theirs.traits.iter();
        kept.traits
            .extend(theirs.map(|(name, json)| (name.clone(), Some(json.clone()))));
        for (field, _) in Kind::Contact.fields() {
            kept.fields.push((*field, record.get(*field).clone()));
        }
        for name in TRAITS {
            let json = record.get_trait(name).map(str::to_owned);
            kept.traits.push((name.to_owned(), json));
        }
        let overruled = plan.overruled.iter().map(|overruled| &overruled.change);
        overruled.for_each(|change| kept.change(change));
        for conflict in &plan.conflicts {
            match conflict.clone() {
                Conflict::Field(field, sides) => {
                    let all = [sides.theirs, sides.ours].into_iter().chain(sides.base);
                    kept.fields.extend(all.map(|value| (field, value)));
                }
                Conflict::Trait(name, sides) => {
                    let all = [sides.theirs, sides.ours].into_iter().chain(sides.base);
                    kept.traits.extend(all.map(|json| (name.clone(), json)));
                }
                Conflict::Organization(sides) => {
                    kept.organizations.extend([sides.theirs, sides.ours]);
                    kept.organizations.extend(sides.base);
                }
            }
        }
        kept
    }

    /// With the base, and what the plan names as expected or replaced: where else what was agreed upon once may be.
    pub(super) fn or_named(mut self, record: &Record, plan: &Plan) -> Kept {
        self.fields.extend(record.base.fields.iter().cloned());
        self.traits.extend(record.base.traits.iter().cloned());
        self.organizations.push(record.base.organization);
        let changes = plan.changes.iter().chain(&plan.send);
        changes.for_each(|change| self.change(change));
        for rebase in &plan.base {
            match rebase.clone() {
                Rebase::Field { field, before, .. } => {
                    self.fields.extend(before.map(|value| (field, value)));
                }
                Rebase::Trait { name, before, .. } => self.traits.extend(before.map(|json| (name, json))),
                Rebase::Organization { before, .. } => self.organizations.push(before),
            }
        }
        self
    }

    /// What somebody entered on either side, that is what was not agreed upon, and is nowhere any more.
    pub(super) fn misses_news(&self, case: &Case) -> Option<String> {
        for (field, theirs) in &case.theirs.fields {
            let agreed = case.agreed.fields.get(field);
            for entered in [theirs, case.record.get(*field)] {
                let is_news = agreed.map_or(!entered.is_absent(), |agreed| !agreed.same(entered));
                if is_news && !self.has_field(*field, entered) && !self.has_elements(*field, agreed, entered)
                {
                    return Some(format!("{field} {entered:?}"));
                }
            }
        }
        for name in TRAITS {
            let agreed = case.agreed.traits.get(name);
            let theirs = case.theirs.traits.iter().find(|(known, _)| known == name);
            let theirs = theirs.map(|(_, json)| json.clone()).filter(|json| json != "null");
            let ours = case.record.get_trait(name).map(str::to_owned);
            for entered in [theirs, ours].into_iter().filter(Option::is_some) {
                if agreed != Some(&entered) && !self.has_trait(name, &entered) {
                    return Some(format!("{name} {entered:?}"));
                }
            }
        }
        for entered in [case.organization, case.record.organization] {
            let is_news = entered.is_some() && entered != case.agreed.organization;
            if is_news && !self.organizations.contains(&entered) {
                return Some(format!("organization {entered:?}"));
            }
        }
        None
    }

    /// What was agreed upon and is nowhere any more.
    pub(super) fn misses_agreed(&self, case: &Case) -> Option<String> {
        let Agreed {
            fields,
            traits,
            organization,
        } = &case.agreed;
        let field = fields
            .iter()
            .find(|(field, agreed)| !self.has_field(**field, agreed));
        let of_trait = traits.iter().find(|(name, agreed)| !self.has_trait(name, agreed));
        let organization = organization.filter(|id| !self.organizations.contains(&Some(*id)));
        field
            .map(|field| format!("{field:?}"))
            .or(of_trait.map(|of_trait| format!("{of_trait:?}")))
            .or(organization.map(|organization| format!("{organization:?}")))
    }

    fn change(&mut self, change: &Change) {
        match change.clone() {
            Change::Field { field, before, after } => {
                self.fields.extend([(field, before), (field, after)]);
            }
            Change::Trait { name, before, after } => {
                self.traits.extend([(name.clone(), before), (name, after)]);
            }
            Change::Organization { before, after } => self.organizations.extend([before, after]),
        }
    }

    fn has_field(&self, field: Field, value: &Value) -> bool {
        self.of(field).any(|kept| kept.same(value))
    }

    fn of(&self, wanted: Field) -> impl Iterator<Item = &Value> {
        let all = self.fields.iter();
        all.filter(move |(field, _)| *field == wanted)
            .map(|(_, value)| value)
    }

    fn has_trait(&self, name: &str, json: &Option<String>) -> bool {
        self.traits
            .iter()
            .any(|(known, kept)| known == name && kept == json)
    }

    /// Whether each element of a list that somebody entered, that is which was not agreed upon, is kept; the list as it was
    /// need not be.
    fn has_elements(&self, field: Field, agreed: Option<&Value>, entered: &Value) -> bool {
        match entered {
            Value::Texts(texts) => {
                let before = agreed.map_or(&[][..], texts_of);
                texts.iter().all(|text| {
                    before.contains(text) || self.of(field).any(|kept| texts_of(kept).contains(text))
                })
            }
            Value::Entries(entries) => {
                let before = agreed.map_or(&[][..], entries_of);
                entries.iter().all(|entry| self.has_entry(field, before, entry))
            }
            // Of a list that is empty there is nothing to keep.
            Value::Absent => matches!(Kind::Contact.shape(field), Some(Shape::Texts | Shape::Entries)),
            _ => false,
        }
    }

    /// Whether an entry is kept with its number or address and with each thing about it that somebody changed.
    fn has_entry(&self, field: Field, before: &[Entry], entry: &Entry) -> bool {
        let known = Canonical::of(entry);
        let before: Vec<&Entry> = before
            .iter()
            .filter(|before| Canonical::of(before).key == known.key)
            .collect();
        let relabelled = !before.iter().any(|before| before.label == entry.label);
        let extended = !before
            .iter()
            .any(|before| Canonical::of(before).extension == known.extension);
        let promoted = entry.primary && !before.iter().any(|before| before.primary);
        if !before.is_empty() && !relabelled && !extended && !promoted {
            return true;
        }
        self.of(field).flat_map(entries_of).any(|kept| {
            let other = Canonical::of(kept);
            other.key == known.key
                && (!promoted || kept.primary)
                && (!relabelled || kept.label == entry.label || entry.label.is_empty())
                && (!extended || other.extension == known.extension || known.extension.is_empty())
        })
    }
}

fn texts_of(value: &Value) -> &[String] {
    match value {
        Value::Texts(texts) => texts,
        _ => &[],
    }
}

fn entries_of(value: &Value) -> &[Entry] {
    match value {
        Value::Entries(entries) => entries,
        _ => &[],
    }
}
