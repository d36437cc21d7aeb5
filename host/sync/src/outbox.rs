//! Putting into the outbox what a person's doing leaves to be sent, in the step of that doing.

use dovetail_domain::edit::withhold;
use dovetail_domain::outgoing::pending;
use dovetail_domain::{IntegrationId, Kind, Outgoing, Part, Record};
use dovetail_store::{Archive, Filter, Step, StoreError, table};

use crate::push::Eligible;
use crate::rules::Rules;

/// Records looked at in a step.
const STEP: usize = 200;

/// Has the outbox know that a person changed a record, or chose something about a part of it: what was refused is tried
/// again.
pub fn mark(
    archive: &Archive,
    step: &mut Step,
    integration: IntegrationId,
    record: &Record,
    rules: &Rules,
    eligible: &Eligible,
    chosen: Option<Part>,
) -> Result<(), StoreError> {
    let key = (integration, record.kind, record.id);
    let known = archive.get(&table::OUTBOX, &key)?;
    let mut entry = known.clone().unwrap_or_else(|| Outgoing::since(step.at()));
    if let Some(part) = chosen
        && !entry.chosen.contains(&part)
    {
        entry.chosen.push(part);
    }
    entry.refused = None;
    let waits = match &record.link {
        Some(_) => !pending(record, |part| entry.rule(part, rules.of(record, part))).is_empty(),
        None => eligible.admits(archive, record)?,
    };
    match (waits || entry.sending.is_some(), known) {
        (true, _) => step.put(&table::OUTBOX, &key, &entry)?,
        (false, Some(_)) => step.delete(&table::OUTBOX, &key),
        (false, None) => {}
    }
    Ok(())
}

/// Has nothing sent by itself of what was edited before edits of these kinds were sent: switching that on sends nothing.
pub fn withhold_all(
    archive: &Archive,
    integration: IntegrationId,
    kinds: &[Kind],
    step: impl Fn() -> Step,
) -> Result<(), StoreError> {
    let filter = Filter {
        integration: Some(integration),
        ..Filter::default()
    };
    for kind in kinds {
        let mut after = None;
        loop {
            let listed = archive.list(*kind, &filter, after, STEP)?;
            let mut step: Step = step();
            for before in listed
                .records
                .into_iter()
                .filter(|record| !record.base.is_empty())
            {
                let mut withheld = before.clone();
                let fields = before.base.fields.iter().map(|(field, _)| Part::Field(*field));
                let traits = before
                    .base
                    .traits
                    .iter()
                    .map(|(name, _)| Part::Trait(name.clone()));
                for part in fields.chain(traits) {
                    withhold(&mut withheld, (&part).into());
                }
                if withheld != before {
                    step.update(&before, withheld)?;
                }
            }
            archive.commit(step)?;
            match listed.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    Ok(())
}
