//! Pairs of a record and one of its types. A pair's id is made of both ids, so it stays when other types come or go.

use super::{Ids, View, items};
use crate::data::contact;
use crate::kind::Kind;
use crate::moment;
use serde_json::{Value, json};

/// A pair's id is the record's times this, plus the type's.
const FACTOR: u64 = 10_000;

/// The id of the pair of a record and a type.
pub(crate) const fn id(record: u64, of: u64) -> u64 {
    record * FACTOR + of
}

/// The record and the type of a pair.
pub(crate) const fn parts(id: u64) -> (u64, u64) {
    (id / FACTOR, id % FACTOR)
}

impl View<'_> {
    /// The ids of all pairs of a kind, or of one record's, that are greater than `after`, growing.
    pub(super) fn pair_ids(&self, kind: Kind, only: Option<u64>, after: u64) -> Ids<'_> {
        let records: Ids<'_> = match only {
            Some(id) => Box::new(std::iter::once(id).filter(move |id| self.is_live(kind, *id))),
            None => self.kind_ids(kind, parts(after).0.saturating_sub(1)),
        };
        Box::new(
            records
                .flat_map(move |record| self.types(kind, record).into_iter().map(move |of| id(record, of)))
                .filter(move |id| *id > after),
        )
    }

    /// The ids of a record's types, growing.
    pub(crate) fn types(&self, kind: Kind, id: u64) -> Vec<u64> {
        let mut types: Vec<u64> = if let Some(record) = self.edited(kind, id) {
            items(record, "types")
                .filter_map(|item| item.get("id")?.as_u64())
                .filter(|of| *of < FACTOR)
                .collect()
        } else {
            match (kind, self.world.place_of(kind, id)) {
                (Kind::Company, Some(place)) => self.world.company(place).types,
                (Kind::Contact, Some(place)) => contact::types(self.world, place),
                _ => Vec::new(),
            }
        };
        types.sort_unstable();
        types.dedup();
        types
    }

    pub(super) fn pair(&self, kind: Kind, name: &str, id: u64) -> Option<Value> {
        let (record, of) = parts(id);
        if !self.is_live(kind, record) || !self.types(kind, record).contains(&of) {
            return None;
        }
        let (table, whose) = match kind {
            Kind::Company => {
                let (identifier, name) = self.company_names(record);
                (
                    Kind::CompanyType,
                    json!({"id": record, "identifier": identifier, "name": name}),
                )
            }
            _ => (
                Kind::ContactType,
                json!({"id": record, "name": self.contact_name(record)}),
            ),
        };
        let since = self.edits.paired.get(&(kind, record, of)).copied();
        let changed = since.unwrap_or(self.world.base - 30 * moment::DAY);
        Some(json!({
            "id": id, name: whose, "type": {"id": of, "name": self.entry_name(table, of)},
            "_info": {"lastUpdated": moment::text(changed)},
        }))
    }
}
