//! What a mapping says of itself and makes of records, after the host took it over; and how layers stack.

use serde::{Deserialize, Serialize};

use crate::record::value_of;
use crate::{Field, Kind, Rule, SourceRef, Value};

/// Which way a field goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the PSA only.
    Inward,
    /// Both ways.
    Both,
}

/// A row of a mapping's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// The kind.
    pub kind: Kind,
    /// The standard field, `traits.NAME` or `traits.*`.
    pub name: String,
    /// Where it stands in the source record.
    pub path: String,
    /// Which way it goes, and who wins unless a person says otherwise.
    pub rule: Rule,
    /// Whether it helps to recognise the record.
    pub identifies: bool,
}

impl TableRow {
    /// Whether it is about a part, by the part's name: `name`, `traits.NAME`. A row that ends in `*` is about every one that
    /// begins so.
    pub fn is_about(&self, part: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(front) => part.starts_with(front),
            None => self.name == part,
        }
    }
}

/// The rows of a stack that take effect, kind by kind, each with its layer: a later layer's row stands in for an earlier one
/// of the same kind and field.
pub fn decided<'t, L>(layers: impl IntoIterator<Item = (L, &'t [TableRow])>) -> Vec<(L, &'t TableRow)>
where
    L: Copy,
{
    let mut decided: Vec<(L, &TableRow)> = Vec::new();
    for (layer, rows) in layers {
        for row in rows {
            let mut known = decided.iter_mut();
            match known.find(|(_, known)| known.kind == row.kind && known.name == row.name) {
                Some(known) => *known = (layer, row),
                None => decided.push((layer, row)),
            }
        }
    }
    // Stable, so that within a kind the mappings' own order stays.
    decided.sort_by_key(|(_, row)| row.kind);
    decided
}

/// Everything a mapping says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct MappingDescription {
    pub name: String,
    pub title: String,
    pub version: String,
    pub connectors: Vec<String>,
    pub overlay: bool,
    pub table: Vec<TableRow>,
    pub config_schema: String,
}

/// What is the same for a whole batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingContext {
    /// The layer's configuration as JSON.
    pub config: String,
    /// The organization's name where the layer was set for one.
    pub organization: Option<String>,
}

/// A record as mapped so far. Fields are sorted by field, traits by name, each at most once.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Draft {
    /// The organization it belongs to; none for organizations.
    pub organization: Option<SourceRef>,
    /// Standard fields, with their values checked against the kind's shapes.
    pub fields: Vec<(Field, Value)>,
    /// Everything else: name and one JSON value in compact form.
    pub traits: Vec<(String, String)>,
}

impl Draft {
    /// Lays what a further layer said over this draft: mentioned fields and traits replace, absent ones and JSON
    /// `null` empty, those not mentioned stay.
    pub fn overlay(&mut self, layer: Draft) {
        if layer.organization.is_some() {
            self.organization = layer.organization;
        }
        for (field, value) in layer.fields {
            match self.fields.binary_search_by_key(&field, |(known, _)| *known) {
                Ok(found) => {
                    if let Some(slot) = self.fields.get_mut(found) {
                        slot.1 = value;
                    }
                }
                Err(place) => self.fields.insert(place, (field, value)),
            }
        }
        for (name, json) in layer.traits {
            match self
                .traits
                .binary_search_by(|(known, _)| known.as_str().cmp(name.as_str()))
            {
                Ok(found) if json == "null" => {
                    self.traits.remove(found);
                }
                Ok(found) => {
                    if let Some(slot) = self.traits.get_mut(found) {
                        slot.1 = json;
                    }
                }
                Err(_) if json == "null" => {}
                Err(place) => self.traits.insert(place, (name, json)),
            }
        }
    }

    /// What a field holds; absent where it is not mentioned.
    pub fn get(&self, field: Field) -> &Value {
        value_of(&self.fields, field)
    }
}

/// What a layer says of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is mapped so.
    Mapped(Draft),
    /// It is left out, for this reason.
    Skipped(String),
}

/// An edit to bring back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct Edit {
    pub kind: Kind,
    pub source: Option<crate::SourceRecord>,
    pub wanted: Vec<(Field, Value)>,
    pub traits: Vec<(String, String)>,
}

/// What the PSA's record should hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "described in the contract")]
pub struct Patch {
    pub json: String,
    pub refused: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_rows_stand_in_for_earlier_ones() {
        let row = |kind, name: &str, path: &str| TableRow {
            kind,
            name: name.to_owned(),
            path: path.to_owned(),
            rule: Rule::INWARD,
            identifies: false,
        };
        let standard = [
            row(Kind::Contact, "title", "title"),
            row(Kind::Organization, "name", "name"),
        ];
        let over = [
            row(Kind::Organization, "name", "identifier"),
            row(Kind::Organization, "fax", "fax"),
        ];
        let layers = [("standard", &standard[..]), ("over", &over[..])];
        let table = decided(layers);
        let shown: Vec<_> = table
            .iter()
            .map(|(layer, row)| (row.name.as_str(), row.path.as_str(), *layer))
            .collect();
        assert_eq!(
            shown,
            [
                ("name", "identifier", "over"),
                ("fax", "fax", "over"),
                ("title", "title", "standard")
            ]
        );
    }

    fn draft(fields: &[(Field, Value)], traits: &[(&str, &str)]) -> Draft {
        Draft {
            organization: None,
            fields: fields.to_vec(),
            traits: traits
                .iter()
                .map(|(n, j)| ((*n).to_owned(), (*j).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn a_layer_replaces_empties_and_leaves_alone() {
        let mut so_far = draft(
            &[
                (Field::Name, Value::text("a")),
                (Field::Website, Value::text("w")),
            ],
            &[("x", "1"), ("y", "2")],
        );
        so_far.overlay(draft(
            &[(Field::Website, Value::Absent), (Field::Phone, Value::text("5"))],
            &[("x", "null"), ("z", "true"), ("q", "null")],
        ));
        assert_eq!(so_far.get(Field::Name), &Value::text("a"));
        assert!(so_far.get(Field::Website).is_absent());
        assert_eq!(so_far.get(Field::Phone), &Value::text("5"));
        assert_eq!(
            so_far.traits,
            [
                ("y".to_owned(), "2".to_owned()),
                ("z".to_owned(), "true".to_owned())
            ]
        );
        assert!(so_far.fields.is_sorted_by_key(|(field, _)| *field));
    }
}
