//! Each object's fields and their types, from the vendor's own description: the names a condition may use, and what a
//! client may write.

use serde::Deserialize;
use std::collections::HashMap;
use std::sync::OnceLock;

/// What a field holds, as far as conditions and writes care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FieldType {
    Number,
    Boolean,
    Text,
    Moment,
    Reference(String),
    Children(String),
    Anything,
}

#[derive(Deserialize)]
struct Catalog(HashMap<String, HashMap<String, String>>);

fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| {
        serde_json::from_str(include_str!("catalog.json"))
            .expect("the catalog is part of the program and tested")
    })
}

/// The field `name` of an object, spelled as the vendor spells it, whatever case was asked for.
pub(crate) fn field(schema: &str, name: &str) -> Option<(&'static str, FieldType)> {
    let fields = catalog().0.get(schema)?;
    let (known, declared) = match fields.get_key_value(name) {
        Some(found) => found,
        None => fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))?,
    };
    Some((known.as_str(), kind_of(declared)))
}

/// The field of exactly this name, as the paths of a PATCH name it.
pub(crate) fn exact(schema: &str, name: &str) -> Option<FieldType> {
    catalog()
        .0
        .get(schema)?
        .get(name)
        .map(|declared| kind_of(declared))
}

fn kind_of(declared: &str) -> FieldType {
    match declared {
        "integer" | "number" => FieldType::Number,
        "boolean" => FieldType::Boolean,
        "string" => FieldType::Text,
        "date" => FieldType::Moment,
        other => {
            if let Some(reference) = other.strip_prefix('@') {
                FieldType::Reference(reference.to_owned())
            } else if let Some(element) = other.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                FieldType::Children(element.to_owned())
            } else {
                FieldType::Anything
            }
        }
    }
}

/// Whether an object is known at all.
#[cfg(test)]
pub(crate) fn knows(schema: &str) -> bool {
    catalog().0.contains_key(schema)
}
