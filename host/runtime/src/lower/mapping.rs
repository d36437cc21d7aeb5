//! What is handed to a mapping: lent and not copied, since whole records go to it by the hundred thousand. What has to be
//! made for it, such as a list of fields, is made in an arena that is the caller's and ends with the call.

use bumpalo::Bump;
use dovetail_domain::mapping::{Draft, Edit, MappingContext};
use dovetail_domain::{Field, SourceRecord, Value};

use crate::bindings::handed;
use crate::mapping::MappingInput;

pub(crate) fn context(context: &MappingContext) -> handed::Context<'_> {
    handed::Context {
        config: &context.config,
        organization: context.organization.as_deref(),
    }
}

pub(crate) fn inputs<'a>(arena: &'a Bump, inputs: &'a [MappingInput<'a>]) -> &'a [handed::Input<'a>] {
    each(arena, inputs, |input| handed::Input {
        source: record(arena, input.source),
        so_far: draft(arena, input.so_far),
    })
}

pub(crate) fn edits<'a>(arena: &'a Bump, edits: &'a [Edit]) -> &'a [handed::Edit<'a>] {
    each(arena, edits, |edit| handed::Edit {
        kind: edit.kind.as_str(),
        source: edit.source.as_ref().map(|source| record(arena, source)),
        wanted: fields(arena, &edit.wanted),
        traits: traits(arena, &edit.traits),
    })
}

fn record<'a>(arena: &'a Bump, source: &'a SourceRecord) -> handed::SourceRecord<'a> {
    handed::SourceRecord {
        kind: source.kind.as_str(),
        id: source.id.as_str(),
        version: source.version.map_or("", |time| shown(arena, time)),
        name: &source.name,
        json: &source.json,
    }
}

fn draft<'a>(arena: &'a Bump, draft: &'a Draft) -> handed::Draft<'a> {
    handed::Draft {
        organization: draft.organization.as_ref().map(|link| handed::Reference {
            kind: link.kind.as_str(),
            id: link.id.as_str(),
            name: &link.name,
        }),
        fields: fields(arena, &draft.fields),
        traits: traits(arena, &draft.traits),
    }
}

fn traits<'a>(arena: &'a Bump, traits: &'a [(String, String)]) -> &'a [handed::Supplement<'a>] {
    each(arena, traits, |(name, json)| handed::Supplement { name, json })
}

fn fields<'a>(arena: &'a Bump, fields: &'a [(Field, Value)]) -> &'a [handed::Field<'a>] {
    each(arena, fields, |(field, held)| handed::Field {
        name: field.as_str(),
        content: value(arena, held),
    })
}

fn value<'a>(arena: &'a Bump, held: &'a Value) -> handed::Value<'a> {
    match held {
        Value::Absent => handed::Value::Absent,
        Value::Text(text) => handed::Value::Text(text),
        Value::Flag(flag) => handed::Value::Flag(*flag),
        Value::Date(date) => handed::Value::Date(shown(arena, date)),
        Value::Texts(texts) => handed::Value::Texts(each(arena, texts, String::as_str)),
        Value::Entries(entries) => handed::Value::Entries(each(arena, entries, |entry| handed::Entry {
            value: &entry.value,
            label: &entry.label,
            primary: entry.primary,
            extension: entry.extension.as_deref(),
        })),
        // A link that a person set in the documentation may point at a record the PSA does not have: it has no id
        // there, and only its name crosses.
        Value::Reference(link) => match &link.source {
            Some(id) => handed::Value::Reference(handed::Reference {
                kind: link.kind.as_str(),
                id: id.as_str(),
                name: &link.name,
            }),
            None => handed::Value::Text(&link.name),
        },
    }
}

fn each<'a, T, U>(arena: &'a Bump, items: &'a [T], lend: impl FnMut(&'a T) -> U) -> &'a [U] {
    const { assert!(!std::mem::needs_drop::<U>(), "an arena drops nothing") };
    arena.alloc_slice_fill_iter(items.iter().map(lend))
}

fn shown(arena: &Bump, value: impl std::fmt::Display) -> &str {
    bumpalo::format!(in arena, "{}", value).into_bump_str()
}
