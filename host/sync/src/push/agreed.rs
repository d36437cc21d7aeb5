//! Before anything is sent it is held against what the PSA said last. What was agreed upon may be older than that: of a part
//! whose policy lets both sides stand as they are, or of which nothing was ever agreed upon. Nothing the PSA has is written
//! over that the planner would not write over: it is merged, asked about, or both stay as they are.

use std::collections::HashMap;
use std::sync::Arc;

use dovetail_domain::edit::withhold;
use dovetail_domain::mapping::Draft;
use dovetail_domain::plan::Change;
use dovetail_domain::reconcile::{Past, Plan, plan};
use dovetail_domain::{AssetId, Kind, Record, Wanted};

use super::backfill::stored_drafts;
use super::prepare::{Ready, name_targets};
use super::{drop_entry, entry};
use crate::apply::Pass;
use crate::apply::both::Said;
use crate::decided::Decided;
use crate::error::SyncError;
use crate::map::Stack;

/// Leaves of what is to be sent what the planner would send, given what the PSA said last.
pub(super) async fn as_planned(
    pass: &mut Pass,
    stack: &mut Stack,
    kind: Kind,
    ready: Vec<Ready>,
) -> Result<Vec<Ready>, SyncError> {
    let archive = Arc::clone(&pass.archive);
    let linked = ready.iter().map(|one| &one.record);
    let linked: Vec<Record> = linked.filter(|record| record.link.is_some()).cloned().collect();
    let drafts = stored_drafts(&archive, pass.integration.id, stack, &linked).await?;
    let mut drafts: HashMap<AssetId, Draft> = linked
        .iter()
        .zip(drafts)
        .filter_map(|(record, draft)| Some((record.id, draft?)))
        .collect();
    let _turn = archive.turn();
    let mut step = pass.step();
    let mut kept = Vec::with_capacity(ready.len());
    for mut one in ready {
        let Some(draft) = drafts.remove(&one.record.id) else {
            kept.push(one);
            continue;
        };
        let outgoing = entry(pass, kind, one.record.id)?;
        let rule = |record: &Record, part| pass.rule(record, outgoing.as_ref(), part);
        let organization = one.record.base.organization.or(one.record.organization);
        let planned = plan(&one.record, organization, &draft, Past::Known, |part| {
            rule(&one.record, part)
        });
        if one.parts.iter().all(|part| sends(&planned, part)) {
            kept.push(one);
            continue;
        }
        let stands = archive.record(kind, one.record.id)?;
        let Some(before) = stands.filter(|stands| *stands == one.record) else {
            // It was edited while the mapping worked: the next run looks at it anew.
            continue;
        };
        let mut after = before.clone();
        let said = Said {
            organization,
            draft: &draft,
            decided: &Decided::default(),
        };
        pass.reconcile(&mut step, &mut after, &said, false)?;
        let (mut parts, stay): (Vec<Wanted>, Vec<Wanted>) = pass
            .pending(&after, outgoing.as_ref())
            .into_iter()
            .partition(|part| planned.send.iter().any(|change| change.part() == part.part()));
        for part in &stay {
            withhold(&mut after, part.part());
        }
        if parts.is_empty() {
            drop_entry(pass, &mut step, kind, after.id);
        } else if name_targets(pass, &mut parts)?.is_ok() {
            one.record = after.clone();
            one.parts = parts;
            kept.push(one);
        }
        after.updated = step.at();
        step.update(&before, after)?;
    }
    archive.commit(step)?;
    Ok(kept)
}

/// Whether the planner sends a part, and with this value.
fn sends(planned: &Plan, part: &Wanted) -> bool {
    planned.send.iter().any(|change| match (change, part) {
        (Change::Field { field, after, .. }, Wanted::Field(wanted, value)) => {
            field == wanted && after.to_json() == value.to_json()
        }
        (Change::Trait { name, after, .. }, Wanted::Trait(wanted, value)) => name == wanted && after == value,
        _ => false,
    })
}
