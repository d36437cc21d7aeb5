//! A stack of mappings tried on stored records: what one stack makes of each and what another makes of it, with the layer
//! that decides each difference. The PSA is not asked and nothing is written.

use dovetail_domain::mapping::Draft;
use dovetail_domain::{AssetId, Explained, Integration, Kind};
use dovetail_store::{Archive, Change, mapped_differences};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::error::SyncError;
use crate::map::{Fate, Mapped, Stack};
use crate::remap;
use crate::setup::Layer;

/// Records mapped at a time.
const STEP: usize = 200;

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub struct TrialOf<'a> {
    /// The integration whose records.
    pub integration: &'a Integration,
    /// Their kind.
    pub kind: Kind,
    /// Those of one organization only.
    pub organization: Option<AssetId>,
    /// At most so many that differ.
    pub most: usize,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// How many records were looked at.
    pub looked_at: u64,
    /// How many of them the second stack makes something else of.
    pub differ: u64,
    /// Those that differ, as many as were wanted.
    pub records: Vec<TriedRecord>,
}

/// A record of which the second stack makes something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriedRecord {
    /// The documentation record.
    pub id: AssetId,
    /// The PSA's id.
    pub source_id: String,
    /// What the first stack calls it.
    pub name: String,
    /// The PSA's record.
    pub source: Json,
    /// Why the second stack leaves it out; none where it does not.
    pub skipped: Option<String>,
    /// Why the second stack cannot map it; none where it can.
    pub refused: Option<Refusal>,
    /// Each field that differs.
    pub changes: Vec<TriedChange>,
}

/// Why a record cannot be mapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The error's code.
    pub code: String,
    /// In words, the layer first.
    pub message: String,
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriedChange {
    /// The field, or `traits.NAME`.
    pub field: String,
    /// What the first stack makes of it.
    pub before: Json,
    /// What the second makes of it.
    pub after: Json,
    /// The mapping that decides it there.
    pub layer: Option<String>,
}

/// Maps stored records with two stacks and tells where they differ.
pub async fn try_out(
    archive: &Archive,
    wanted: TrialOf<'_>,
    before: &[Layer],
    after: &[Layer],
) -> Result<Tried, SyncError> {
    let TrialOf {
        integration,
        kind,
        organization,
        most,
    } = wanted;
    let (mut first, mut second) = (Stack::new(before), Stack::new(after));
    let mut tried = Tried::default();
    let mut from = None;
    loop {
        let (sources, last) = remap::stored(archive, integration.id, kind, organization, from, STEP)?;
        if last.is_none() {
            return Ok(tried);
        }
        from = last;
        let page = remap::come_in;
        let before = first.map(archive, integration.id, page(sources.clone())).await?;
        let after = second.map(archive, integration.id, page(sources)).await?;
        for (before, after) in before.into_iter().zip(after) {
            tried.looked_at += 1;
            let Some(asset) = archive.by_source(integration.id, kind, &before.record.id)? else {
                continue;
            };
            if let Some(record) = compared(asset, before, after) {
                tried.differ += 1;
                if tried.records.len() < most {
                    tried.records.push(record);
                }
            }
        }
    }
}

/// Where two stacks differ over a record; none where they do not.
fn compared(id: AssetId, before: Mapped, after: Mapped) -> Option<TriedRecord> {
    let mut record = TriedRecord {
        id,
        source_id: before.record.id.to_string(),
        name: before.record.name,
        source: serde_json::from_str(&before.record.json).unwrap_or_default(),
        skipped: None,
        refused: None,
        changes: Vec::new(),
    };
    let was = match before.fate {
        Fate::Draft(draft) => Some(draft),
        Fate::Skipped { .. } | Fate::Refused { .. } => None,
    };
    match after.fate {
        Fate::Draft(draft) => {
            let was = was.unwrap_or_default();
            record.changes = changes(&was, &draft)
                .into_iter()
                .map(|change| {
                    let (before, after_value) = change.values();
                    TriedChange {
                        field: change.field().unwrap_or_default(),
                        before,
                        after: after_value,
                        layer: after.decided.of(&change).map(str::to_owned),
                    }
                })
                .collect();
            (!record.changes.is_empty()).then_some(record)
        }
        Fate::Skipped { layer, reason } => {
            record.skipped = Some(format!("{layer}: {reason}"));
            was.map(|_| record)
        }
        Fate::Refused { layer, error } => {
            record.refused = Some(Refusal {
                code: error.code().as_str().to_owned(),
                message: format!("{layer}: {error}"),
            });
            was.map(|_| record)
        }
    }
}

/// What differs between two drafts, fields first.
pub(crate) fn changes(before: &Draft, after: &Draft) -> Vec<Change> {
    mapped_differences((&before.fields, &before.traits), (&after.fields, &after.traits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dovetail_domain::{Field, Value};

    #[test]
    fn what_differs_is_told_and_nothing_else() {
        let draft = |fields: &[(Field, &str)], traits: &[(&str, &str)]| Draft {
            organization: None,
            fields: fields
                .iter()
                .map(|(field, text)| (*field, Value::text(*text)))
                .collect(),
            traits: traits
                .iter()
                .map(|(name, json)| ((*name).to_owned(), (*json).to_owned()))
                .collect(),
        };
        let before = draft(
            &[(Field::Name, "a"), (Field::Notes, "same")],
            &[("rack", "1"), ("u", "2")],
        );
        let after = draft(
            &[(Field::Name, "b"), (Field::AssetTag, "7"), (Field::Notes, "same")],
            &[("rack", "1"), ("unit", "2")],
        );
        let told: Vec<_> = changes(&before, &after)
            .iter()
            .map(|change| (change.field().unwrap(), change.values()))
            .collect();
        let expected = [
            ("name", "\"a\"", "\"b\""),
            ("asset_tag", "null", "\"7\""),
            ("traits.u", "2", "null"),
            ("traits.unit", "null", "2"),
        ];
        let shown: Vec<_> = told
            .iter()
            .map(|(field, (before, after))| (field.clone(), before.to_string(), after.to_string()))
            .collect();
        let mut expected: Vec<_> = expected
            .iter()
            .map(|(field, before, after)| ((*field).to_owned(), (*before).to_owned(), (*after).to_owned()))
            .collect();
        let mut shown = shown;
        shown.sort();
        expected.sort();
        assert_eq!(shown, expected);
        assert!(changes(&before, &before).is_empty());
    }
}
