//! The mapping stack the other way: what a person wants a record to hold becomes properties of the PSA's record.

use dovetail_domain::mapping::Patch;
use dovetail_domain::outgoing::as_edit;
use dovetail_domain::{AssetId, Cause, Kind, SourceRecord, Wanted};
use dovetail_runtime::RecordError;
use dovetail_store::StoreError;
use serde_json::{Map, Value as Json};

use super::{Running, Stack};
use crate::error::SyncError;

/// An edit to bring back to the PSA's form.
pub(crate) struct Bringing {
    /// The organization of the record.
    pub(crate) organization: Option<AssetId>,
    pub(crate) kind: Kind,
    /// The PSA's record; none where there is to be one.
    pub(crate) source: Option<SourceRecord>,
    /// What it is to hold.
    pub(crate) parts: Vec<Wanted>,
}

/// Why an edit cannot be brought back.
#[derive(Debug)]
pub(crate) struct NotBrought {
    /// The part, where one is at fault.
    pub(crate) part: Option<String>,
    pub(crate) why: String,
}

/// The PSA's properties as far as an edit was brought back.
type Properties = Result<Map<String, Json>, NotBrought>;

impl Stack {
    /// Brings edits back: for each the properties the PSA's record should hold, and no others. Each part is brought back by
    /// the layer that decides it, on what the layers before made of the record; a new record is made whole by the first.
    pub(crate) async fn bring_back(&mut self, edits: &[Bringing]) -> Result<Vec<Properties>, SyncError> {
        let mut brought: Vec<Properties> = edits.iter().map(|_| Ok(Map::new())).collect();
        let deciders: Vec<Vec<usize>> = edits.iter().map(|edit| self.deciders(edit)).collect();
        for (place, layer) in self.layers.iter_mut().enumerate() {
            let mut concerned = Vec::new();
            let mut given = Vec::new();
            for (at, edit) in edits.iter().enumerate() {
                let Some(Ok(so_far)) = brought.get(at) else {
                    continue;
                };
                let whole = place == 0 && edit.source.is_none();
                let decided = deciders.get(at).into_iter().flatten();
                let parts = edit.parts.iter().zip(decided);
                let parts: Vec<Wanted> = parts
                    .filter(|(_, decider)| whole || **decider == place)
                    .map(|(part, _)| part.clone())
                    .collect();
                if parts.is_empty() {
                    continue;
                }
                given.push(as_edit(edit.kind, laid_over(edit, so_far)?, &parts));
                concerned.push((at, whole));
            }
            if given.is_empty() {
                continue;
            }
            let patches = layer.runner.to_source(&layer.context, &given).await?;
            for ((at, whole), patch) in concerned.into_iter().zip(patches) {
                if let Some(slot) = brought.get_mut(at) {
                    take_patch(slot, patch, &layer.name, whole);
                }
            }
        }
        Ok(brought)
    }

    /// For each part of an edit the layer that brings it back; the first where none says that it decides it.
    fn deciders(&self, edit: &Bringing) -> Vec<usize> {
        let decider = |part: &Wanted| {
            let part = part.part().to_part().to_string();
            let decides = |layer: &Running| {
                let concerns = layer.organization.is_none() || layer.organization == edit.organization;
                let mut rows = layer.table.iter().filter(|row| row.kind == edit.kind);
                concerns && rows.any(|row| row.is_about(&part))
            };
            self.layers.iter().rposition(decides).unwrap_or_default()
        };
        edit.parts.iter().map(decider).collect()
    }
}

/// The PSA's record with what was brought back so far in the place of its own.
fn laid_over(edit: &Bringing, so_far: &Map<String, Json>) -> Result<Option<SourceRecord>, StoreError> {
    let Some(source) = &edit.source else {
        return Ok(None);
    };
    if so_far.is_empty() {
        return Ok(Some(source.clone()));
    }
    // It was read from the PSA as an object, or it would not be stored.
    let mut whole: Map<String, Json> = serde_json::from_str(&source.json).unwrap_or_default();
    whole.extend(so_far.clone());
    Ok(Some(SourceRecord {
        json: Json::Object(whole).to_string(),
        ..source.clone()
    }))
}

/// Adds what a layer brought back. A new record goes without what its layer cannot bring back.
fn take_patch(slot: &mut Properties, patch: Result<Patch, RecordError>, layer: &str, whole: bool) {
    let Ok(so_far) = slot else { return };
    let refused = |part: Option<String>, why: String| NotBrought {
        part,
        why: format!("{layer}: {why}"),
    };
    match patch {
        Err(RecordError::Fault(fault)) => {
            let part = match &fault.cause {
                Cause::Data(part) if !part.is_empty() => Some(part.clone()),
                _ => None,
            };
            *slot = Err(refused(part, fault.message));
        }
        Err(error) => *slot = Err(refused(None, error.to_string())),
        Ok(patch) => match (patch.refused.first(), serde_json::from_str(&patch.json)) {
            (Some(part), _) if !whole => {
                let why = "it cannot be brought back to the PSA's record".to_owned();
                *slot = Err(refused(Some(part.clone()), why));
            }
            (_, Ok(Json::Object(properties))) => so_far.extend(properties),
            (_, _) => *slot = Err(refused(None, "what it brought back is no record".to_owned())),
        },
    }
}
