//! From an entry of the outbox to a change that can be sent: what of the record is to be sent now, in the PSA's form. It is
//! written down as being sent before it is.

use std::sync::Arc;

use dovetail_domain::connector::Change;
use dovetail_domain::motion::{Motion, moved};
use dovetail_domain::outgoing::whole;
use dovetail_domain::reconcile::Side;
use dovetail_domain::{
    AssetId, Code, Kind, Link, Outgoing, Record, Sending, SourceId, SourceRecord, SyncState, Timestamp,
    Value, Wanted,
};
use dovetail_store::{Step, StoreError, table};
use serde_json::{Map, Value as Json};

use super::agreed::as_planned;
use super::eligible::Eligible;
use super::{Sent, drop_entry, entry, keep_refused, put_entry};
use crate::apply::Pass;
use crate::error::SyncError;
use crate::map::{Bringing, NotBrought, Stack};
use crate::{brake, checkpoint, remap};

/// How long before it is sent a record that is being made would be looked for at the latest, in seconds: the PSA's clock
/// need not be ours. Where what the PSA told last is older, it is looked for from there. A record that is connected already
/// is none that was lost, so that looking too far back finds at worst one that a person made alike.
const MARGIN: u64 = 86_400;

/// A record of which something is to be sent.
pub(super) struct Ready {
    pub(super) record: Record,
    /// The PSA's id of what it stands under.
    parent: Option<SourceId>,
    pub(super) parts: Vec<Wanted>,
    /// Traits that no mapping fills; a new record's mapping may want to know them.
    along: Vec<Wanted>,
    source: Option<SourceRecord>,
}

/// What of some records is to be sent, brought to the PSA's form and written down as being sent.
pub(super) async fn prepare(
    pass: &mut Pass,
    stack: &mut Stack,
    eligible: &Eligible,
    kind: Kind,
    assets: &[AssetId],
) -> Result<Vec<Sent>, SyncError> {
    let archive = Arc::clone(&pass.archive);
    let ready = {
        let _turn = archive.turn();
        let mut step = pass.step();
        let mut ready = Vec::with_capacity(assets.len());
        for asset in assets {
            ready.extend(look_at(pass, &mut step, eligible, (kind, *asset))?);
        }
        archive.commit(step)?;
        ready
    };
    let ready = as_planned(pass, stack, kind, ready).await?;
    let edits: Vec<Bringing> = ready
        .iter()
        .map(|one| Bringing {
            organization: one.record.organization_or_itself(),
            kind,
            source: one.source.clone(),
            parts: one.parts.iter().chain(&one.along).cloned().collect(),
        })
        .collect();
    let brought = stack.bring_back(&edits).await?;
    let _turn = archive.turn();
    let mut step = pass.step();
    let early = step.at().minus_seconds(MARGIN);
    let known = checkpoint::of(&archive, pass.integration.id, kind)?;
    let since = known.map_or(early, |known| known.min(early));
    let mut sent = Vec::with_capacity(ready.len());
    for (one, properties) in ready.into_iter().zip(brought) {
        let Some(entry) = entry(pass, kind, one.record.id)? else {
            // A person let go of it while the mapping worked.
            continue;
        };
        match properties {
            Ok(desired) => sent.push(write_down(pass, &mut step, one, entry, since, desired)?),
            Err(refused) => {
                let of = (kind, one.record.id);
                keep_refused(pass, &mut step, of, entry, &Code::PushRefused, refused)?;
            }
        }
    }
    step.put_run(&pass.run)?;
    archive.commit(step)?;
    Ok(sent)
}

/// What of a record is to be sent. Where there is nothing its entry goes.
fn look_at(
    pass: &mut Pass,
    step: &mut Step,
    eligible: &Eligible,
    (kind, asset): (Kind, AssetId),
) -> Result<Option<Ready>, StoreError> {
    let Some(mut entry) = entry(pass, kind, asset)? else {
        return Ok(None);
    };
    let Some(mut record) = pass.archive.record(kind, asset)? else {
        drop_entry(pass, step, kind, asset);
        return Ok(None);
    };
    let makes = entry.sending.as_ref().is_some_and(|sending| sending.id.is_none());
    if record.link.is_some() && entry.refused.is_some() && makes {
        // What became of it has been said.
        (entry.sending, entry.refused) = (None, None);
        put_entry(pass, step, (kind, asset), &entry)?;
    }
    if entry.sending.is_some() || entry.refused.is_some() {
        return Ok(None);
    }
    // Of a connection that was carried here nothing was read yet.
    if record.link.as_ref().is_some_and(Link::is_unread) {
        return Ok(None);
    }
    if record.link.is_none() && eligible.awaits_parent(&pass.archive, &record)? {
        // It waits with its organization, which is not made yet.
        return Ok(None);
    }
    let mut parts = match &record.link {
        Some(link) if link.integration == pass.integration.id && link.state == SyncState::Enabled => {
            pass.pending(&record, Some(&entry))
        }
        None if eligible.admits(&pass.archive, &record)? => {
            whole(&record, |part| pass.rule(&record, Some(&entry), part))
        }
        _ => Vec::new(),
    };
    if record.link.is_some() {
        parts = slow_down(pass, step, &mut record, parts)?;
    }
    if parts.is_empty() {
        drop_entry(pass, step, kind, asset);
        return Ok(None);
    }
    if let Err(refused) = name_targets(pass, &mut parts)? {
        keep_refused(pass, step, (kind, asset), entry, &Code::PushRefused, refused)?;
        return Ok(None);
    }
    let source = match &record.link {
        Some(link) => Some(SourceRecord {
            name: record.name(),
            ..remap::taken_over(kind, link)?
        }),
        None => None,
    };
    let along = match record.link {
        Some(_) => Vec::new(),
        None => unmapped(pass, &record),
    };
    Ok(Some(Ready {
        along,
        parent: eligible.parent(&pass.archive, &record)?,
        record,
        parts,
        source,
    }))
}

/// Traits of a record that no mapping fills.
fn unmapped(pass: &Pass, record: &Record) -> Vec<Wanted> {
    let organization = record.organization_or_itself();
    let unfilled = |name: &str| {
        let part = format!("traits.{name}");
        pass.rules.row(record.kind, organization, &part).is_none()
    };
    let traits = record.traits.iter().filter(|(name, _)| unfilled(name));
    traits
        .map(|(name, json)| Wanted::Trait(name.clone(), Some(json.clone())))
        .collect()
}

/// Notes what is about to be written, and leaves out what both sides write over again and again: that is stopped.
fn slow_down(
    pass: &mut Pass,
    step: &mut Step,
    record: &mut Record,
    parts: Vec<Wanted>,
) -> Result<Vec<Wanted>, StoreError> {
    let key = (pass.integration.id, record.kind, record.id);
    let mut motions = pass.archive.get(&table::MOTIONS, &key)?.unwrap_or_default();
    let before = record.clone();
    let mut going = Vec::with_capacity(parts.len());
    let mut stopped = Vec::new();
    for value in parts {
        let write = Motion {
            at: step.at(),
            from: Side::Local,
            value: value.clone(),
        };
        match moved(&mut motions, write) {
            Some(fight) => stopped.extend(brake::stop(record, &fight, step.at())),
            None => going.push(value),
        }
    }
    step.put(&table::MOTIONS, &key, &motions)?;
    if !stopped.is_empty() {
        pass.run.edits(record.kind).conflicts += stopped.len() as u64;
        let open = pass.archive.get(&table::CONFLICTS, &key)?.unwrap_or_default();
        let open = stopped.into_iter().fold(open, brake::with);
        step.put_conflicts(&key, &open)?;
        step.update(&before, record.clone())?;
    }
    Ok(going)
}

/// Gives links the PSA's ids of what they lead to.
pub(super) fn name_targets(pass: &Pass, parts: &mut [Wanted]) -> Result<Result<(), NotBrought>, StoreError> {
    for part in parts {
        let Wanted::Field(field, Value::Reference(link)) = part else {
            continue;
        };
        let Some(asset) = link.asset else { continue };
        let brief = pass.archive.brief(link.kind, asset)?;
        let here = |(integration, _)| integration == pass.integration.id;
        link.source = match brief.and_then(|brief| brief.link).is_some_and(here) {
            true => pass.archive.source(link.kind, asset)?,
            false => None,
        };
        if link.source.is_none() {
            return Ok(Err(NotBrought {
                part: Some(field.to_string()),
                why: format!("the {} `{}` it names is not in the PSA", link.kind, link.name),
            }));
        }
    }
    Ok(Ok(()))
}

/// Writes down what is about to be sent.
fn write_down(
    pass: &Pass,
    step: &mut Step,
    ready: Ready,
    mut entry: Outgoing,
    since: Timestamp,
    desired: Map<String, Json>,
) -> Result<Sent, StoreError> {
    let Ready {
        record,
        parent,
        parts,
        source,
        along: _,
    } = ready;
    let stood: Map<String, Json> = source
        .as_ref()
        .map(|source| serde_json::from_str(&source.json).unwrap_or_default())
        .unwrap_or_default();
    let expected: Map<String, Json> = desired
        .keys()
        .filter_map(|name| Some((name.clone(), stood.get(name)?.clone())))
        .collect();
    let sending = Sending {
        at: step.at(),
        since,
        id: source.map(|source| source.id),
        parent,
        expected: Json::Object(expected).to_string(),
        desired: Json::Object(desired).to_string(),
        parts,
    };
    entry.sending = Some(sending.clone());
    put_entry(pass, step, (record.kind, record.id), &entry)?;
    Ok(Sent::of(record.kind, record.id, sending))
}

impl Sent {
    /// What an entry of the outbox has sent, or is about to send.
    pub(super) fn of(kind: Kind, asset: AssetId, sending: Sending) -> Sent {
        Sent {
            kind,
            asset,
            change: Change {
                kind,
                id: sending.id.clone(),
                parent: sending.parent.clone(),
                expected: sending.expected.clone(),
                desired: sending.desired.clone(),
            },
            sending,
        }
    }

    /// Whether it is to make a record.
    pub(super) fn makes(&self) -> bool {
        self.sending.id.is_none()
    }
}
