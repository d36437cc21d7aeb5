//! The law of two-way fields: what a mapping made of a record, brought back to the PSA's form and mapped again, is the
//! same. It is tried on stored records, with each record's own value and with another record's, so that a mapping that
//! brings nothing back does not pass. The PSA is not asked and nothing is written.

use dovetail_domain::mapping::{Draft, Edit, TableRow, decided};
use dovetail_domain::{AssetId, Field, IntegrationId, Kind, SourceRecord, Value};
use dovetail_runtime::RecordError;
use dovetail_store::{Archive, Change};
use serde_json::{Map, Value as Json};

use crate::error::SyncError;
use crate::map::{Fate, Stack};
use crate::remap;
use crate::setup::Layer;
use crate::trial::changes;

/// Records of each kind that it is tried on.
const TRIED: usize = 100;

/// How a two-way field kept the law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The kind.
    pub kind: Kind,
    /// The row's field.
    pub field: String,
    /// How many edits were brought there and back.
    pub tried: u64,
    /// An example where it failed, in words; none where every edit came back as it was.
    pub broken: Option<String>,
}

/// Tries every two-way row of a stack on stored records of an integration, or of one organization of it.
pub async fn prove(
    archive: &Archive,
    integration: IntegrationId,
    organization: Option<AssetId>,
    layers: &[Layer],
) -> Result<Vec<Proof>, SyncError> {
    let tables = layers.iter().map(|layer| layer.table.as_slice()).enumerate();
    let mut two_way = decided(tables);
    two_way.retain(|(_, row)| row.rule.can_send());
    let mut proofs = Vec::new();
    for rows in two_way.chunk_by(|(_, one), (_, other)| one.kind == other.kind) {
        let Some(kind) = rows.first().map(|(_, row)| row.kind) else {
            continue;
        };
        let (sources, _) = remap::stored(archive, integration, kind, organization, None, TRIED)?;
        let mut trial = Trial::of(archive, integration, layers, sources).await?;
        for (layer, row) in rows {
            proofs.push(trial.row(*layer, row).await?);
        }
    }
    Ok(proofs)
}

/// Records of one kind with what the stack makes of them.
struct Trial<'a> {
    archive: &'a Archive,
    integration: IntegrationId,
    layers: &'a [Layer],
    stack: Stack,
    records: Vec<(SourceRecord, Draft)>,
}

/// An edit under trial.
struct Tried {
    record: usize,
    edit: Edit,
    /// Whether the value is the record's own: then nothing at all may change.
    own: bool,
}

impl<'a> Trial<'a> {
    async fn of(
        archive: &'a Archive,
        integration: IntegrationId,
        layers: &'a [Layer],
        sources: Vec<SourceRecord>,
    ) -> Result<Trial<'a>, SyncError> {
        let mut trial = Trial {
            archive,
            integration,
            layers,
            stack: Stack::new(layers),
            records: Vec::new(),
        };
        let drafts = trial.map(sources.clone()).await?;
        let mapped = sources.into_iter().zip(drafts);
        trial.records = mapped
            .filter_map(|(source, draft)| Some((source, draft?)))
            .collect();
        Ok(trial)
    }

    /// What the stack makes of records; none where it leaves one out or cannot map it.
    async fn map(&mut self, sources: Vec<SourceRecord>) -> Result<Vec<Option<Draft>>, SyncError> {
        let page = remap::come_in(sources);
        let mapped = self.stack.map(self.archive, self.integration, page).await?;
        Ok(mapped
            .into_iter()
            .map(|mapped| match mapped.fate {
                Fate::Draft(draft) => Some(draft),
                Fate::Skipped { .. } | Fate::Refused { .. } => None,
            })
            .collect())
    }

    async fn row(&mut self, layer: usize, row: &TableRow) -> Result<Proof, SyncError> {
        let mut proof = Proof {
            kind: row.kind,
            field: row.name.clone(),
            tried: 0,
            broken: None,
        };
        let Some(deciding) = self.layers.get(layer) else {
            return Ok(proof);
        };
        let tried = self.edits(row);
        let edits: Vec<Edit> = tried.iter().map(|one| one.edit.clone()).collect();
        let patches = deciding
            .mapping
            .runner()
            .to_source(&deciding.context(), &edits)
            .await?;
        let mut back = Vec::new();
        for (one, patch) in tried.iter().zip(patches) {
            let Some((source, _)) = self.records.get(one.record) else {
                continue;
            };
            let patch = match patch {
                Ok(patch) if patch.refused.is_empty() => patch,
                Ok(_) => {
                    broken(
                        &mut proof,
                        source,
                        "the mapping says that it cannot bring it back".into(),
                    );
                    continue;
                }
                // Another record's value need not be possible here.
                Err(RecordError::Fault(_)) if !one.own => continue,
                Err(error) => {
                    broken(&mut proof, source, format!("bringing it back failed: {error}"));
                    continue;
                }
            };
            match changed(source, &patch.json) {
                Some(source) => back.push((one, source)),
                None => broken(
                    &mut proof,
                    source,
                    "what it gave back is no change of the record".into(),
                ),
            }
        }
        let again = self
            .map(back.iter().map(|(_, source)| source.clone()).collect())
            .await?;
        for ((one, source), draft) in back.iter().zip(again) {
            proof.tried += 1;
            let Some(draft) = draft else {
                broken(
                    &mut proof,
                    source,
                    "the record is not mapped any more afterwards".into(),
                );
                continue;
            };
            if let Some(words) = self.differs(one, row, &draft) {
                broken(&mut proof, source, words);
            }
        }
        Ok(proof)
    }

    /// Edits of a row's field: each record's own value, and the next different one of another record. A link is only
    /// tried within its organization.
    fn edits(&self, row: &TableRow) -> Vec<Tried> {
        let mut tried = Vec::new();
        for (place, (source, draft)) in self.records.iter().enumerate() {
            let edit = |wanted, traits| Edit {
                kind: row.kind,
                source: Some(source.clone()),
                wanted,
                traits,
            };
            let Some(field) = Field::named(&row.name) else {
                let traits: Vec<_> = draft
                    .traits
                    .iter()
                    .filter(|(name, _)| row.is_about(&format!("traits.{name}")))
                    .cloned()
                    .collect();
                if !traits.is_empty() {
                    tried.push(Tried {
                        record: place,
                        edit: edit(Vec::new(), traits),
                        own: true,
                    });
                }
                continue;
            };
            let value = draft.get(field);
            tried.push(Tried {
                record: place,
                edit: edit(vec![(field, value.clone())], Vec::new()),
                own: true,
            });
            let others = self
                .records
                .iter()
                .cycle()
                .skip(place + 1)
                .take(self.records.len());
            let mut others = others.filter(|(_, other)| {
                let theirs = other.get(field);
                let within =
                    !matches!(theirs, Value::Reference(_)) || other.organization == draft.organization;
                theirs != value && !theirs.is_absent() && within
            });
            if let Some((_, other)) = others.next() {
                tried.push(Tried {
                    record: place,
                    edit: edit(vec![(field, other.get(field).clone())], Vec::new()),
                    own: false,
                });
            }
        }
        tried
    }

    /// What is not as it should be after an edit came back.
    fn differs(&self, one: &Tried, row: &TableRow, after: &Draft) -> Option<String> {
        let (_, before) = self.records.get(one.record)?;
        for (field, wanted) in &one.edit.wanted {
            if after.get(*field) != wanted {
                let (wanted, got) = (wanted.to_json(), after.get(*field).to_json());
                return Some(format!("{wanted} came back as {got}"));
            }
        }
        if !one.own {
            return None;
        }
        let what = match changes(before, after).first()? {
            Change::Trait { .. } => "traits".to_owned(),
            field => format!("`{}`", field.field().unwrap_or_default()),
        };
        Some(format!("bringing back `{}` changes {what}", row.name))
    }
}

fn broken(proof: &mut Proof, source: &SourceRecord, words: String) {
    if proof.broken.is_none() {
        let words = format!("{} {} of the PSA's: {words}", proof.kind, source.id);
        proof.broken = Some(words.chars().take(300).collect());
    }
}

/// The PSA's record with the properties of a patch in the place of its own.
fn changed(source: &SourceRecord, patch: &str) -> Option<SourceRecord> {
    let mut record: Map<String, Json> = serde_json::from_str(&source.json).ok()?;
    let patch: Map<String, Json> = serde_json::from_str(patch).ok()?;
    record.extend(patch);
    Some(SourceRecord {
        json: serde_json::to_string(&record).ok()?,
        ..source.clone()
    })
}
