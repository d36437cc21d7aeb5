//! What is handed to a connector: copies, since calls to it are few and small.

use dovetail_domain::SourceId;
use dovetail_domain::connector::{Change, Choice, ConnectorContext, IncomingEvent, Listing};

use crate::bindings::connector_words as con;

pub(crate) fn context(context: &ConnectorContext) -> con::Context {
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

fn settings(pairs: &[(String, String)]) -> Vec<con::Setting> {
    pairs
        .iter()
        .map(|(key, text)| con::Setting {
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
