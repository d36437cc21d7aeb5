//! A person's yes or no to records that a run held back from being orphaned.

use std::collections::BTreeMap;

use dovetail_domain::{AssetId, Kind};
use dovetail_store::{Archive, Run, StoreError, table};

use crate::apply::Pass;
use crate::error::SyncError;
use crate::leaving::Leaving;
use crate::orphan::{confirm, orphan_all, release};
use crate::psa::Psa;
use crate::run::conclude;
use crate::setup::Setup;

/// Orphans what a run held back: all of it, or the records named; the others go on waiting. What the run did not ask the
/// PSA for by id is asked for now, and stays where the PSA does not say that it is gone.
pub async fn approve(setup: &Setup, run: Run, only: Option<&[AssetId]>) -> Result<Run, SyncError> {
    let mut pass = Pass::begin(setup, run)?;
    let mut psa = Psa::of(setup);
    let mut by_kind: BTreeMap<Kind, Vec<Leaving>> = BTreeMap::new();
    for ((_, kind, _), one) in held(&setup.archive, &pass.run)? {
        if only.is_none_or(|only| only.contains(&one.asset)) {
            by_kind.entry(kind).or_default().push(one);
        }
    }
    let mut leaving = BTreeMap::new();
    let mut settled = Vec::new();
    for (kind, held) in by_kind {
        settled.extend(held.iter().map(|one| (kind, one.source.clone())));
        let confirmed = confirm(&setup.archive, &mut psa, kind, held).await?;
        leaving.extend(confirmed.into_iter().map(|one| ((kind, one.asset), one)));
    }
    orphan_all(&mut pass, &leaving)?;
    let mut step = pass.step();
    for (kind, source) in &settled {
        let key = (pass.integration.id, *kind, source.clone());
        step.delete(&table::leaving::<Leaving>(), &key);
    }
    pass.run.leaving.retain(|named| {
        !settled
            .iter()
            .any(|(kind, source)| *kind == named.kind && Some(source) == named.source_id.as_ref())
    });
    pass.archive.commit(step)?;
    if held(&setup.archive, &pass.run)?.is_empty() {
        conclude(&mut pass.run);
    }
    let mut step = pass.step();
    step.put_run(&pass.run)?;
    pass.archive.commit(step)?;
    Ok(pass.run)
}

/// Keeps every record that a run held back. A later run that reads everything looks again.
pub fn reject(setup: &Setup, run: Run) -> Result<Run, StoreError> {
    let mut pass = Pass::begin(setup, run)?;
    let mut step = pass.step();
    release(&pass.archive, pass.integration.id, &mut step)?;
    pass.run.leaving.clear();
    conclude(&mut pass.run);
    step.put_run(&pass.run)?;
    pass.archive.commit(step)?;
    Ok(pass.run)
}

type Held = (
    (dovetail_domain::IntegrationId, Kind, dovetail_domain::SourceId),
    Leaving,
);

/// What an integration's latest run held back.
fn held(archive: &Archive, run: &Run) -> Result<Vec<Held>, StoreError> {
    table::leaving::<Leaving>().list_under(archive.store(), &run.integration)
}
