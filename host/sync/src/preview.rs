//! A run that writes nothing: the real run on a store laid over the real one, thrown away afterwards. What it would
//! change is what it did change there.

use std::sync::Arc;

use dovetail_store::{Archive, Overlay, Run, StoreError};

use crate::changes::{ChangeRow, of_run};
use crate::progress::{Cancel, Progress};
use crate::push::waiting;
use crate::run::{Order, run};
use crate::setup::Setup;

/// Does a run without writing anything anywhere: its document, and what it would change.
pub async fn preview(
    setup: &Setup,
    order: Order,
    progress: Arc<dyn Progress>,
    cancel: &Cancel,
) -> Result<(Run, Vec<ChangeRow>), StoreError> {
    let over = laid_over(setup)?;
    let mut run = run(&over, order, progress, cancel).await?;
    run.dry_run = true;
    let mut changes = of_run(&over.archive, run.id)?;
    changes.extend(waiting(&over, usize::MAX)?.changes);
    Ok((run, changes))
}

/// The same setup with a store that is thrown away laid over the real one.
pub(crate) fn laid_over(setup: &Setup) -> Result<Setup, StoreError> {
    let overlay = Archive::over(Arc::new(Overlay::over(setup.archive.shared_store())))?;
    Ok(Setup {
        archive: Arc::new(overlay),
        connector: setup.connector.clone(),
        layers: setup.layers.clone(),
        without: setup.without.clone(),
        gate: setup.gate.clone(),
        integration: setup.integration.clone(),
        clock: setup.clock,
        stalled_after: setup.stalled_after,
        dry: true,
    })
}
