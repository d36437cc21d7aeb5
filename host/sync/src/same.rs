//! Whether the PSA is still the database that an integration's links lead to: some records that are known are read by
//! their ids and held against what was stored of them. Nothing is written.

use std::collections::BTreeMap;

use dovetail_domain::connector::ConnectorDescription;
use dovetail_domain::witness::{Comparison, WITNESSES, shares, spread};
use dovetail_domain::{AssetId, Cause, Code, IntegrationId, Kind, Marks, SyncState, Trouble, Witness};
use dovetail_store::{Archive, StoreError, decompress};

use crate::error::{SyncError, from_fault};
use crate::orphan;
use crate::psa::Psa;
use crate::setup::Setup;

/// Records that are known, by which a database can be told: some of each kind, organizations first, spread over all there
/// are. Of an integration that has only orphans, some of those.
pub fn witnesses(
    archive: &Archive,
    integration: IntegrationId,
    description: &ConnectorDescription,
) -> Result<Vec<Witness>, StoreError> {
    let live = sample(archive, integration, description, true)?;
    if live.is_empty() {
        return sample(archive, integration, description, false);
    }
    Ok(live)
}

fn sample(
    archive: &Archive,
    integration: IntegrationId,
    description: &ConnectorDescription,
    live: bool,
) -> Result<Vec<Witness>, StoreError> {
    let mut there: Vec<(Kind, Vec<AssetId>)> = Vec::new();
    for ability in &description.kinds {
        let briefs = archive.briefs(ability.kind, Some(integration), None, None, usize::MAX)?;
        let wanted = briefs.iter().filter(|brief| {
            brief
                .link
                .is_some_and(|(_, state)| (state != SyncState::Orphaned) == live)
        });
        there.push((ability.kind, wanted.map(|brief| brief.id).collect()));
    }
    // Kinds stand in an order in which parents come first.
    there.sort_by_key(|(kind, _)| *kind);
    let counts: Vec<(Kind, usize)> = there.iter().map(|(kind, ids)| (*kind, ids.len())).collect();
    let mut witnesses = Vec::new();
    for ((kind, share), (_, ids)) in shares(&counts, WITNESSES).into_iter().zip(&there) {
        let Some(ability) = description.ability(kind) else {
            continue;
        };
        for id in spread(ids.len(), share).filter_map(|place| ids.get(place)) {
            // A link that came in a file and was not read yet has nothing stored.
            let link = archive.record(kind, *id)?.and_then(|record| record.link);
            let Some(link) = link.filter(|link| !link.is_unread()) else {
                continue;
            };
            let marks = Marks::of(ability, &decompress(&link.source_json)?);
            if !marks.is_empty() {
                witnesses.push(Witness {
                    kind,
                    id: link.source,
                    parent: orphan::parent(archive, kind, *id)?,
                    marks,
                    live,
                });
            }
        }
    }
    Ok(witnesses)
}

/// Reads the records that are known and compares. One that the connector cannot read says nothing; any other failure is
/// the comparison's.
pub async fn compare(setup: &Setup, witnesses: Vec<Witness>) -> Result<Comparison, SyncError> {
    let description = setup.connector.description();
    let mut psa = Psa::of(setup);
    let mut seen = Vec::with_capacity(witnesses.len());
    let mut by_kind: BTreeMap<Kind, Vec<Witness>> = BTreeMap::new();
    for witness in witnesses {
        by_kind.entry(witness.kind).or_default().push(witness);
    }
    for (kind, known) in by_kind {
        let Some(ability) = description.ability(kind) else {
            continue;
        };
        let ids: Vec<_> = known.iter().map(|witness| witness.id.clone()).collect();
        let parents: Vec<_> = known.iter().map(|witness| witness.parent.clone()).collect();
        let answers = psa.fetch(kind, &ids, &parents).await?;
        for (witness, answer) in known.into_iter().zip(answers) {
            match answer {
                Ok(pulled) => seen.push((witness, Some(Marks::of(ability, &pulled.record.json)))),
                Err(fault) if fault.cause == Cause::Gone => seen.push((witness, None)),
                Err(fault) if matches!(fault.cause, Cause::Data(_) | Cause::Bug) => {}
                Err(fault) => return Err(from_fault(fault, psa.session())),
            }
        }
    }
    Ok(Comparison::of(seen))
}

/// What a comparison means that found another database.
pub fn other_database(compared: &Comparison) -> Trouble {
    Trouble {
        code: Code::OtherDatabase.as_str().to_owned(),
        message: format!(
            "this is another database: of {} records that are known, {} are the same there: {}",
            compared.looked_for,
            compared.same,
            compared.in_words()
        ),
        hint: "Give the site and the company these records come from; a second PSA is an integration of its own, which \
               `dovetail integration add` adds."
            .to_owned(),
    }
}
