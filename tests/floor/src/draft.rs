//! What the mapping gave, as the fields of a record: taken over as it is, without the host's checks.

use dovetail_domain::{Date, Entry, Field, Kind, Reference, SourceId, Value};
use dovetail_sdk::mapping::exports::Draft;
use dovetail_sdk::mapping::types;

type Parts = (Vec<(Field, Value)>, Vec<(String, String)>);

/// Fields and traits of a record, sorted.
pub(crate) fn record_parts(draft: Draft) -> Parts {
    let mut fields: Vec<(Field, Value)> = draft
        .fields
        .into_iter()
        .filter_map(|field| Some((Field::named(&field.name)?, value(field.content))))
        .filter(|(_, value)| !value.is_absent())
        .collect();
    fields.sort_unstable_by_key(|(field, _)| *field);
    let mut traits: Vec<(String, String)> = draft
        .traits
        .into_iter()
        .map(|kept| (kept.name, kept.json))
        .collect();
    traits.sort_unstable();
    (fields, traits)
}

fn value(content: types::Value) -> Value {
    match content {
        types::Value::Absent => Value::Absent,
        types::Value::Text(text) | types::Value::Number(text) => Value::text(text),
        types::Value::Flag(flag) => Value::Flag(flag),
        types::Value::Date(text) => Date::parse(&text).map_or(Value::Absent, Value::Date),
        types::Value::Texts(texts) => Value::texts(texts),
        types::Value::Entries(entries) => Value::entries(entries.into_iter().map(entry).collect()),
        types::Value::Reference(link) => match (link.kind.parse::<Kind>(), SourceId::new(link.id)) {
            (Ok(kind), Some(id)) => Value::Reference(Reference {
                kind,
                asset: None,
                source: Some(id),
                name: link.name,
            }),
            _ => Value::Absent,
        },
    }
}

fn entry(entry: types::Entry) -> Entry {
    Entry {
        value: entry.value,
        label: entry.label,
        primary: entry.primary,
        extension: entry.extension,
    }
}
