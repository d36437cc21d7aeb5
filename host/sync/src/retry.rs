//! Records of the PSA read again by their ids: those in the quarantine that a person wants tried once more, and those
//! about which a person chose something. The same stages as in any run, on a page of single records.

use std::collections::BTreeMap;

use dovetail_domain::connector::Page;
use dovetail_domain::{Cause, Kind, SourceId};
use dovetail_store::{Run, RunMode, StoreError};

use crate::apply::Pass;
use crate::bind::bind;
use crate::choice::Wanted;
use crate::error::{SyncError, from_fault};
use crate::map::Stack;
use crate::orphan;
use crate::progress::{Cancel, Unwatched};
use crate::psa::Psa;
use crate::run::{Ended, Order, finish, map_page, under_watch};
use crate::setup::Setup;
use crate::stall::Pulse;

/// Records read in one call of the connector.
const ASKED: usize = 200;

/// Reads records again and stores what comes of them. One that is gone leaves the quarantine.
pub async fn retry(setup: &Setup, order: Order, wanted: &[(Kind, SourceId)]) -> Result<Run, StoreError> {
    let run = order.begin(setup, RunMode::Incremental, (setup.clock)());
    let mut pass = Pass::begin(setup, run)?;
    let mut psa = Psa::of(setup);
    let session = psa.session().clone();
    let pulse = Pulse::default();
    let stages = stages(setup, &mut pass, &mut psa, wanted);
    let outcome = under_watch(setup, &session, (&Unwatched, &pulse), &Cancel::default(), stages).await;
    finish(pass, &session, outcome)
}

async fn stages(
    setup: &Setup,
    pass: &mut Pass,
    psa: &mut Psa,
    wanted: &[(Kind, SourceId)],
) -> Result<Ended, SyncError> {
    let mut stack = Stack::new(&setup.layers);
    let mut by_kind: BTreeMap<Kind, Vec<Wanted>> = BTreeMap::new();
    for (kind, source) in wanted {
        by_kind.entry(*kind).or_default().push((source.clone(), None));
    }
    // Parents come first, since a child needs its organization.
    for kind in Kind::ALL {
        let wanted = by_kind.remove(&kind).unwrap_or_default();
        read_again(pass, psa, &mut stack, kind, wanted).await?;
    }
    bind(pass)?;
    let braked = orphan::settle(pass, psa, &[], &[], false).await?;
    Ok(if braked { Ended::Braked } else { Ended::Whole })
}

/// Reads records of a kind by their ids and stores what comes of them. Where the caller does not know what a record stands
/// under, the record it is connected with does.
pub(crate) async fn read_again(
    pass: &mut Pass,
    psa: &mut Psa,
    stack: &mut Stack,
    kind: Kind,
    wanted: Vec<Wanted>,
) -> Result<(), SyncError> {
    for some in wanted.chunks(ASKED) {
        let mut ids = Vec::with_capacity(some.len());
        let mut parents = Vec::with_capacity(some.len());
        for (source, parent) in some {
            let known = pass.archive.by_source(pass.integration.id, kind, source)?;
            let held = match known {
                Some(asset) => orphan::parent(&pass.archive, kind, asset)?,
                None => None,
            };
            ids.push(source.clone());
            parents.push(held.or_else(|| parent.clone()));
        }
        let mut page = Page {
            items: Vec::new(),
            refused: Vec::new(),
            next: None,
        };
        for (source, answer) in ids.iter().zip(psa.fetch(kind, &ids, &parents).await?) {
            match answer {
                Ok(pulled) => page.items.push(pulled),
                Err(fault) if fault.cause == Cause::Gone => pass.let_go(kind, source)?,
                // A record the connector itself cannot read stays where it is, in its words.
                Err(fault) if matches!(fault.cause, Cause::Data(_) | Cause::Bug) => {
                    page.refused.push(dovetail_domain::connector::RefusedItem {
                        id: source.to_string(),
                        name: String::new(),
                        reason: fault.message,
                    });
                }
                Err(fault) => return Err(from_fault(fault, psa.session())),
            }
        }
        let page = map_page(stack, &pass.archive, pass.integration.id, kind, page).await?;
        pass.store(page)?;
    }
    Ok(())
}
