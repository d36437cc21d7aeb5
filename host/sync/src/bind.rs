//! Links of organizations that point at what was stored after them: a parent company, the primary location. Once
//! everything is read they are found.

use dovetail_domain::{AssetId, Field, Kind, Value};
use dovetail_store::StoreError;

use crate::apply::Pass;
use crate::resolve::settle;

/// Organizations a step.
const STEP: usize = 500;

/// Finds the targets of links that were left open. One that is still not there stays open and is found by a later pass.
pub(crate) fn bind(pass: &mut Pass) -> Result<(), StoreError> {
    let unbound = std::mem::take(&mut pass.unbound);
    let archive = std::sync::Arc::clone(&pass.archive);
    for some in unbound.chunks(STEP) {
        let _turn = archive.turn();
        let mut step = pass.step();
        for id in some {
            bind_one(pass, &mut step, *id)?;
        }
        pass.archive.commit(step)?;
    }
    Ok(())
}

fn bind_one(pass: &Pass, step: &mut dovetail_store::Step, id: AssetId) -> Result<(), StoreError> {
    let Some(before) = pass.archive.record(Kind::Organization, id)? else {
        return Ok(());
    };
    let mut after = before.clone();
    let open: Vec<Field> = before.unresolved().map(|(field, _)| field).collect();
    for field in open {
        let Value::Reference(mut link) = before.get(field).clone() else {
            continue;
        };
        // The primary location has to be one of the organization's own.
        let value = if settle(&pass.archive, pass.integration.id, Some(id), &mut link)? {
            Value::Reference(link)
        } else {
            Value::Absent
        };
        after.set(field, value);
    }
    if after == before {
        Ok(())
    } else {
        step.update(&before, after)
    }
}
