//! The mapping stack on a page: the standard mapping first, then each overlay on what the layers before made of it. One
//! call a page and layer. A record that a layer cannot map stands alone with its reason; the others go on.

use std::collections::HashMap;
use std::sync::Arc;

use dovetail_domain::mapping::{Draft, MappingContext, Outcome, TableRow};
use dovetail_domain::record::display_name;
use dovetail_domain::{AssetId, Field, IntegrationId, Kind, Pulled, SourceRecord, Value};
use dovetail_runtime::{MappingInput, MappingRunner, RecordError};
use dovetail_store::{Archive, StoreError};

use crate::decided::Decided;
use crate::error::SyncError;
use crate::setup::Layer;

mod bring;

pub(crate) use bring::{Bringing, NotBrought};

/// A record of the PSA and what the stack made of it.
pub(crate) struct Mapped {
    pub(crate) record: SourceRecord,
    pub(crate) fate: Fate,
    /// Which layers decided what of it.
    pub(crate) decided: Decided,
}

/// What became of a record in the stack.
pub(crate) enum Fate {
    /// It is mapped so.
    Draft(Draft),
    /// A layer leaves it out.
    Skipped { layer: String, reason: String },
    /// A layer cannot map it.
    Refused { layer: String, error: RecordError },
}

/// The layers of a run, each with instances of its own.
pub(crate) struct Stack {
    layers: Vec<Running>,
}

struct Running {
    runner: MappingRunner,
    table: Vec<TableRow>,
    context: MappingContext,
    name: String,
    /// Its name and version.
    version: Arc<str>,
    /// What a record has nothing of where a mapping that makes whole records does not mention it: all fields of its
    /// table, so that what was emptied in the PSA is emptied here. Overlays have none.
    blank: HashMap<Kind, Draft>,
    /// The layer is for this organization only.
    organization: Option<AssetId>,
}

impl Stack {
    /// Makes the layers ready. Layers for an organization are told its name.
    pub(crate) fn new(layers: &[Layer]) -> Stack {
        let running = |layer: &Layer| Running {
            runner: layer.mapping.runner(),
            table: layer.table.clone(),
            context: layer.context(),
            name: layer.name.clone(),
            version: {
                let described = layer.mapping.description();
                format!("{} {}", described.name, described.version).into()
            },
            blank: blank(layer),
            organization: layer.organization.as_ref().map(|(id, _)| *id),
        };
        Stack {
            layers: layers.iter().map(running).collect(),
        }
    }

    /// Maps a page. Fails only where a plugin as a whole is at fault.
    pub(crate) async fn map(
        &mut self,
        archive: &Archive,
        integration: IntegrationId,
        page: Vec<Pulled>,
    ) -> Result<Vec<Mapped>, SyncError> {
        let blank = |pulled: Pulled| Mapped {
            record: pulled.record,
            fate: Fate::Draft(Draft::default()),
            decided: Decided::default(),
        };
        let mut mapped: Vec<Mapped> = page.into_iter().map(blank).collect();
        for layer in &mut self.layers {
            let mut concerned = Vec::with_capacity(mapped.len());
            for (place, mapped) in mapped.iter().enumerate() {
                if layer.concerns(archive, integration, mapped)? {
                    concerned.push(place);
                }
            }
            if concerned.is_empty() {
                continue;
            }
            let inputs: Vec<MappingInput<'_>> = concerned
                .iter()
                .filter_map(|place| mapped.get(*place))
                .filter_map(|mapped| match &mapped.fate {
                    Fate::Draft(so_far) => Some(MappingInput {
                        source: &mapped.record,
                        so_far,
                    }),
                    Fate::Skipped { .. } | Fate::Refused { .. } => None,
                })
                .collect();
            let answers = layer.runner.convert(&layer.context, &inputs).await?;
            for (place, answer) in concerned.into_iter().zip(answers) {
                let Some(Mapped {
                    fate,
                    record,
                    decided,
                }) = mapped.get_mut(place)
                else {
                    continue;
                };
                let kind = record.kind;
                let Fate::Draft(so_far) = fate else { continue };
                match answer {
                    Ok(Outcome::Mapped(draft)) => {
                        decided.note(&layer.version, &draft);
                        if let Some(blank) = layer.blank.get(&kind) {
                            so_far.overlay(blank.clone());
                        }
                        so_far.overlay(draft);
                        // The PSA's name for it is not kept; the first layer has found it in the record.
                        if record.name.is_empty() {
                            record.name = display_name(kind, |field| so_far.get(field));
                        }
                    }
                    Ok(Outcome::Skipped(reason)) => {
                        *fate = Fate::Skipped {
                            layer: layer.name.clone(),
                            reason,
                        }
                    }
                    Err(error) => {
                        *fate = Fate::Refused {
                            layer: layer.name.clone(),
                            error,
                        }
                    }
                }
            }
        }
        Ok(mapped)
    }
}

impl Running {
    fn concerns(
        &self,
        archive: &Archive,
        integration: IntegrationId,
        mapped: &Mapped,
    ) -> Result<bool, StoreError> {
        Ok(match (&mapped.fate, self.organization) {
            (Fate::Draft(_), None) => true,
            (Fate::Draft(draft), Some(wanted)) => {
                owner(archive, integration, &mapped.record, draft)? == Some(wanted)
            }
            (Fate::Skipped { .. } | Fate::Refused { .. }, _) => false,
        })
    }
}

/// All fields of a mapping's table as absent, by kind; nothing for an overlay.
fn blank(layer: &Layer) -> HashMap<Kind, Draft> {
    let mut blank: HashMap<Kind, Draft> = HashMap::new();
    if !layer.mapping.description().overlay {
        for row in &layer.table {
            if let Some(field) = Field::named(&row.name) {
                blank
                    .entry(row.kind)
                    .or_default()
                    .fields
                    .push((field, Value::Absent));
            }
        }
        for draft in blank.values_mut() {
            draft.fields.sort_unstable_by_key(|(field, _)| *field);
            draft.fields.dedup_by_key(|(field, _)| *field);
        }
    }
    blank
}

/// The documentation record of the organization that a record belongs to, or that an organization's own record is.
fn owner(
    archive: &Archive,
    integration: IntegrationId,
    record: &SourceRecord,
    draft: &Draft,
) -> Result<Option<AssetId>, StoreError> {
    let id = match (record.kind, &draft.organization) {
        (Kind::Organization, _) => &record.id,
        (_, Some(organization)) => &organization.id,
        (_, None) => return Ok(None),
    };
    archive.by_source(integration, Kind::Organization, id)
}
