//! From the domain's types to the contract's, for what is handed to a guest. A source record's JSON is copied once here
//! and once more into the guest's memory; against what the guest then does with it that does not show.

use dovetail_domain::connector::{Change, Choice, ConnectorContext, IncomingEvent, Listing};
use dovetail_domain::mapping::{Draft, Edit, MappingContext};
use dovetail_domain::{Entry, Field, SourceId, SourceRecord, SourceRef, Value};

use crate::bindings::{connector_words as con, mapping_words as map, types};

pub(crate) fn connector_context(context: &ConnectorContext) -> con::Context {
    con::Context {
        settings: settings(&context.settings),
        origins: context
            .origins
            .iter()
            .map(|origin| con::Origin {
                url: origin.url.clone(),
                credential: origin.credential.clone(),
            })
            .collect(),
        selections: context
            .selections
            .iter()
            .map(|selection| con::Selection {
                group: selection.group.clone(),
                chosen: match &selection.chosen {
                    Choice::Every => con::Choice::Every,
                    Choice::These(ids) => con::Choice::These(ids.clone()),
                },
            })
            .collect(),
        kinds: context
            .kinds
            .iter()
            .map(|used| con::KindUse {
                kind: used.kind.to_string(),
                pull: used.pull,
                push: used.push,
            })
            .collect(),
        options: settings(&context.options),
    }
}

fn settings(pairs: &[(String, String)]) -> Vec<types::Setting> {
    pairs
        .iter()
        .map(|(key, text)| types::Setting {
            key: key.clone(),
            text: text.clone(),
        })
        .collect()
}

pub(crate) fn listing(wanted: &Listing) -> con::Listing {
    con::Listing {
        kind: wanted.kind.to_string(),
        since: wanted.since.map(|time| time.to_string()),
        parents: wanted.parents.iter().map(ToString::to_string).collect(),
    }
}

/// Records by id, each with what it stands under where that is known.
pub(crate) fn wanted_records(ids: &[SourceId], parents: &[Option<SourceId>]) -> Vec<con::WantedRecord> {
    let parents = parents.iter().map(Option::as_ref).chain(std::iter::repeat(None));
    ids.iter()
        .zip(parents)
        .map(|(id, parent)| con::WantedRecord {
            id: id.to_string(),
            parent: parent.map(ToString::to_string),
        })
        .collect()
}

pub(crate) fn change(change: &Change) -> con::Change {
    con::Change {
        kind: change.kind.to_string(),
        id: change.id.as_ref().map(ToString::to_string),
        parent: change.parent.as_ref().map(ToString::to_string),
        expected: change.expected.clone(),
        desired: change.desired.clone(),
    }
}

pub(crate) fn event(event: &IncomingEvent) -> con::Event {
    con::Event {
        headers: settings(&event.headers),
        body: event.body.clone(),
    }
}

pub(crate) fn mapping_context(context: &MappingContext) -> map::Context {
    map::Context {
        config: context.config.clone(),
        organization: context.organization.clone(),
    }
}

pub(crate) fn input(source: &SourceRecord, so_far: &Draft) -> map::Input {
    map::Input {
        source: record(source),
        so_far: draft(so_far),
    }
}

pub(crate) fn edit(edit: &Edit) -> map::Edit {
    map::Edit {
        kind: edit.kind.to_string(),
        source: edit.source.as_ref().map(record),
        wanted: fields(&edit.wanted),
        traits: traits(&edit.traits),
    }
}

fn record(source: &SourceRecord) -> types::SourceRecord {
    types::SourceRecord {
        kind: source.kind.to_string(),
        id: source.id.to_string(),
        version: source.version.map(|time| time.to_string()).unwrap_or_default(),
        name: source.name.clone(),
        json: source.json.clone(),
    }
}

fn draft(draft: &Draft) -> map::Draft {
    map::Draft {
        organization: draft.organization.as_ref().map(source_ref),
        fields: fields(&draft.fields),
        traits: traits(&draft.traits),
    }
}

fn source_ref(link: &SourceRef) -> types::Reference {
    types::Reference {
        kind: link.kind.to_string(),
        id: link.id.to_string(),
        name: link.name.clone(),
    }
}

fn traits(traits: &[(String, String)]) -> Vec<types::Supplement> {
    traits
        .iter()
        .map(|(name, json)| types::Supplement {
            name: name.clone(),
            json: json.clone(),
        })
        .collect()
}

fn fields(fields: &[(Field, Value)]) -> Vec<types::Field> {
    fields
        .iter()
        .map(|(field, held)| types::Field {
            name: field.as_str().to_owned(),
            content: value(held),
        })
        .collect()
}

fn value(held: &Value) -> types::Value {
    match held {
        Value::Absent => types::Value::Absent,
        Value::Text(text) => types::Value::Text(text.clone()),
        Value::Flag(flag) => types::Value::Flag(*flag),
        Value::Date(date) => types::Value::Date(date.to_string()),
        Value::Texts(texts) => types::Value::Texts(texts.clone()),
        Value::Entries(entries) => types::Value::Entries(entries.iter().map(entry).collect()),
        // A link that a person set in the documentation may point at a record the PSA does not have: it has no id
        // there, and only its name crosses.
        Value::Reference(link) => match &link.source {
            Some(id) => types::Value::Reference(types::Reference {
                kind: link.kind.to_string(),
                id: id.to_string(),
                name: link.name.clone(),
            }),
            None => types::Value::Text(link.name.clone()),
        },
    }
}

fn entry(entry: &Entry) -> types::Entry {
    types::Entry {
        value: entry.value.clone(),
        label: entry.label.clone(),
        primary: entry.primary,
        extension: entry.extension.clone(),
    }
}
