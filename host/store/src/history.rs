//! What happened to records: a row a field for changes to a record that was there; a record that was made is one id in
//! the entry of its step, since before it was nothing and after it is the record.

use dovetail_domain::record::value_of;
use dovetail_domain::{
    AssetId, Field, IntegrationId, Kind, Record, RunId, SourceId, SyncState, Timestamp, Value,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Why something changed. The order of the variants is written to disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeCause {
    /// A run.
    Run(RunId),
    /// A person, by name.
    Person(String),
    /// A run was taken back.
    Revert(RunId),
    /// A file was imported: the run it was, and the file's name.
    Import(RunId, String),
}

impl ChangeCause {
    /// The run it is filed under; run 0 where it was none.
    pub fn run(&self) -> RunId {
        match self {
            ChangeCause::Run(run) | ChangeCause::Revert(run) | ChangeCause::Import(run, _) => *run,
            ChangeCause::Person(_) => RunId(0),
        }
    }

    /// Whether it is the work of a run, be it of an integration or of a file. Taking the run back is not.
    pub fn is_work(&self) -> bool {
        matches!(self, ChangeCause::Run(..) | ChangeCause::Import(..))
    }

    /// As JSON: `{"kind","id","plugin"}`, with the plugin that decided where one did.
    pub fn to_json(&self, plugin: Option<&str>) -> serde_json::Value {
        let (kind, id) = match self {
            ChangeCause::Run(run) => ("run", run.to_string()),
            ChangeCause::Person(name) => ("person", name.clone()),
            ChangeCause::Revert(run) => ("revert", run.to_string()),
            ChangeCause::Import(run, _) => ("import", run.to_string()),
        };
        json!({"kind": kind, "id": id, "plugin": plugin})
    }
}

/// One change of a record. The order of the variants is written to disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each has what stood before and what stands after")]
pub enum Change {
    /// It was made.
    Created,
    /// It was taken out.
    Removed,
    /// A standard field.
    Field {
        field: Field,
        before: Value,
        after: Value,
    },
    /// A trait; its value is JSON.
    Trait {
        name: String,
        before: Option<String>,
        after: Option<String>,
    },
    /// The organization it belongs to.
    Organization {
        before: Option<AssetId>,
        after: Option<AssetId>,
    },
    /// How it stands towards the PSA.
    State {
        before: Option<SyncState>,
        after: Option<SyncState>,
    },
    /// The PSA's record it is connected with.
    Link {
        before: Option<(IntegrationId, SourceId)>,
        after: Option<(IntegrationId, SourceId)>,
    },
    /// The same in the PSA's record: what was sent, or what somebody there wrote and lost because of who wins.
    InPsa(Box<Change>),
}

impl Change {
    /// What changed, as JSON names it; none where it is the record as a whole.
    pub fn field(&self) -> Option<String> {
        match self {
            Change::Created | Change::Removed => None,
            Change::Field { field, .. } => Some(field.to_string()),
            Change::Trait { name, .. } => Some(format!("traits.{name}")),
            Change::Organization { .. } => Some("organization".to_owned()),
            Change::State { .. } => Some("sync".to_owned()),
            Change::Link { .. } => Some("source".to_owned()),
            Change::InPsa(change) => change.field(),
        }
    }

    /// What stood before and stands after, as JSON.
    pub fn values(&self) -> (serde_json::Value, serde_json::Value) {
        let parsed = |text: &Option<String>| {
            text.as_ref().map_or(serde_json::Value::Null, |text| {
                serde_json::from_str(text).unwrap_or_else(|_| json!(text))
            })
        };
        let link = |link: &Option<(IntegrationId, SourceId)>| {
            link.as_ref()
                .map_or(serde_json::Value::Null, |(_, source)| json!(source.as_str()))
        };
        let id = |id: &Option<AssetId>| json!(id.map(|id| id.to_string()));
        match self {
            Change::Created | Change::Removed => (serde_json::Value::Null, serde_json::Value::Null),
            Change::Field { before, after, .. } => (before.to_json(), after.to_json()),
            Change::Trait { before, after, .. } => (parsed(before), parsed(after)),
            Change::Organization { before, after } => (id(before), id(after)),
            Change::State { before, after } => (json!(before), json!(after)),
            Change::Link { before, after } => (link(before), link(after)),
            Change::InPsa(change) => change.values(),
        }
    }

    /// Whether it is about the PSA's record.
    pub fn is_in_psa(&self) -> bool {
        matches!(self, Change::InPsa(_))
    }
}

/// The fields and traits of a record, or of what a mapping makes of one, each sorted by name.
type Mapped<'a> = (&'a [(Field, Value)], &'a [(String, String)]);

/// What differs in fields and traits, fields first, in their order. A field that is absent and one that is not mentioned
/// are the same.
pub fn mapped_differences(before: Mapped<'_>, after: Mapped<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for field in merged(before.0, after.0) {
        let (before, after) = (value_of(before.0, *field), value_of(after.0, *field));
        if before != after {
            changes.push(Change::Field {
                field: *field,
                before: before.clone(),
                after: after.clone(),
            });
        }
    }
    for name in merged(before.1, after.1) {
        let of = |traits: &[(String, String)]| {
            let found = traits.iter().find(|(known, _)| known == name);
            found.map(|(_, json)| json.clone())
        };
        let (before, after) = (of(before.1), of(after.1));
        if before != after {
            let name = name.clone();
            changes.push(Change::Trait { name, before, after });
        }
    }
    changes
}

/// What changed between two versions of a record, fields first, in their order.
pub fn differences(before: &Record, after: &Record) -> Vec<Change> {
    let mut changes = mapped_differences((&before.fields, &before.traits), (&after.fields, &after.traits));
    if before.organization != after.organization {
        changes.push(Change::Organization {
            before: before.organization,
            after: after.organization,
        });
    }
    let state = |record: &Record| record.link.as_ref().map(|link| link.state);
    if state(before) != state(after) {
        changes.push(Change::State {
            before: state(before),
            after: state(after),
        });
    }
    let source = |record: &Record| {
        record
            .link
            .as_ref()
            .map(|link| (link.integration, link.source.clone()))
    };
    if source(before) != source(after) {
        changes.push(Change::Link {
            before: source(before),
            after: source(after),
        });
    }
    changes
}

/// The names in either of two lists, sorted, each once.
fn merged<'a, N: Ord, V>(one: &'a [(N, V)], other: &'a [(N, V)]) -> Vec<&'a N> {
    let mut names: Vec<&N> = one.iter().chain(other).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What one step did to records: the entry of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub cause: ChangeCause,
    /// Records that were made.
    pub created: Vec<(Kind, AssetId)>,
    /// Records that were changed; what changed stands in their histories.
    pub changed: Vec<(Kind, AssetId)>,
    /// Records that were taken out.
    pub removed: Vec<(Kind, AssetId)>,
}

impl AuditEntry {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.created.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// What one step changed in one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Chapter {
    pub(crate) at: Timestamp,
    pub(crate) cause: ChangeCause,
    pub(crate) changes: Vec<Change>,
    /// Plugins, by name and version, with the places of the changes that each decided.
    pub(crate) decided: Vec<(String, Vec<u32>)>,
}

/// A change and the plugin, by name and version, that decided it.
pub(crate) type Decision = (Change, Option<String>);

impl Chapter {
    pub(crate) fn new(at: Timestamp, cause: ChangeCause, decisions: Vec<Decision>) -> Chapter {
        let mut chapter = Chapter {
            at,
            cause,
            changes: Vec::with_capacity(decisions.len()),
            decided: Vec::new(),
        };
        for (place, (change, plugin)) in (0..).zip(decisions) {
            chapter.changes.push(change);
            let Some(plugin) = plugin else { continue };
            match chapter.decided.iter_mut().find(|(known, _)| *known == plugin) {
                Some((_, places)) => places.push(place),
                None => chapter.decided.push((plugin, vec![place])),
            }
        }
        chapter
    }

    /// The plugin that decided the change at a place.
    fn by(&self, place: u32) -> Option<String> {
        let decided = self.decided.iter().find(|(_, places)| places.contains(&place));
        decided.map(|(plugin, _)| plugin.clone())
    }

    /// Its changes as rows of a history.
    pub(crate) fn rows(self) -> Vec<Past> {
        let plugins: Vec<_> = (0..)
            .zip(&self.changes)
            .map(|(place, _)| self.by(place))
            .collect();
        let row = |(change, plugin)| Past {
            at: self.at,
            cause: self.cause.clone(),
            change,
            plugin,
        };
        self.changes.into_iter().zip(plugins).map(row).collect()
    }
}

/// A row of a record's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub cause: ChangeCause,
    /// What.
    pub change: Change,
    /// The plugin that decided it, by name and version; none where none did.
    pub plugin: Option<String>,
}

impl Past {
    /// As JSON: `{"at","field","before","after","cause"}`.
    pub fn to_json(&self) -> serde_json::Value {
        let (before, after) = self.change.values();
        json!({"at": self.at.to_string(), "field": self.change.field(), "before": before, "after": after,
               "cause": self.cause.to_json(self.plugin.as_deref())})
    }
}

/// A record a run touched and what it did to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Its kind.
    pub kind: Kind,
    /// Its id.
    pub id: AssetId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub cause: ChangeCause,
    /// What changed, never nothing.
    pub changes: Vec<Change>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn differences_name_each_thing_once() {
        let before = sample::record(2);
        assert!(differences(&before, &before).is_empty());
        let mut after = before.clone();
        after.set(Field::Title, Value::Absent);
        after.set(Field::FirstName, Value::text("Ada"));
        after.traits = vec![
            ("color".to_owned(), "\"red\"".to_owned()),
            ("size".to_owned(), "1".to_owned()),
        ];
        after.organization = None;
        after.link.as_mut().unwrap().state = SyncState::Orphaned;
        after.link.as_mut().unwrap().shadow = [9; 16];
        let changes = differences(&before, &after);
        let names: Vec<_> = changes.iter().filter_map(Change::field).collect();
        assert_eq!(
            names,
            [
                "first_name",
                "title",
                "traits.color",
                "traits.size",
                "organization",
                "sync"
            ]
        );
        let row = Past {
            at: before.updated,
            cause: ChangeCause::Run(RunId(7)),
            change: changes[1].clone(),
            plugin: Some("a mapping 1.0.0".to_owned()),
        };
        assert_eq!(
            row.to_json(),
            json!({"at": "2023-11-14T22:13:22Z", "field": "title", "before": "title 2", "after": null,
                   "cause": {"kind": "run", "id": "7", "plugin": "a mapping 1.0.0"}})
        );
        after.link = None;
        assert!(
            differences(&before, &after)
                .iter()
                .any(|change| matches!(change, Change::Link { after: None, .. }))
        );
    }
}
