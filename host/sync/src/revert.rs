//! Taking back what a run changed and nobody changed since. What was restored is held: it stays as it is whatever the PSA
//! says, until a person lets it go. What cannot be taken back is named with the reason.

use dovetail_domain::{AssetId, Choice, Chosen, Field, Hold, Kind, Record, RunId, SyncState, Value};
use dovetail_store::{Archive, Change, Run, RunTrigger, Step, StoreError, Touched, table};
use serde::{Deserialize, Serialize};

use crate::changes::{ChangeRow, each_touched};
use crate::orphan;

/// Records a step.
const STEP: usize = 200;

/// What taking a run back came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reverted {
    /// What was restored.
    pub changes: Vec<ChangeRow>,
    /// What was left as it is, with the reason in `why`.
    pub left: Vec<ChangeRow>,
}

/// Restores what a run changed, or says what it would restore where `dry` is set. Its newest changes are taken back first.
pub fn revert(
    archive: &Archive,
    run: &Run,
    step: impl Fn() -> Step,
    dry: bool,
) -> Result<Reverted, StoreError> {
    let mut touched = Vec::new();
    each_touched(archive, run.id, |one| {
        touched.push(one);
        Ok(())
    })?;
    touched.reverse();
    let mut reverted = Reverted::default();
    let mut seen = std::collections::HashSet::new();
    for some in touched.chunks(STEP) {
        let mut writing = step();
        for one in some {
            // Of a record that several steps changed, the later one is committed before the earlier is looked at.
            if !seen.insert((one.kind, one.id)) && !dry {
                archive.commit(std::mem::replace(&mut writing, step()))?;
            }
            take_back(archive, run, one, &mut writing, &mut reverted)?;
        }
        if !dry {
            archive.commit(writing)?;
        }
    }
    Ok(reverted)
}

fn take_back(
    archive: &Archive,
    run: &Run,
    touched: &Touched,
    step: &mut Step,
    reverted: &mut Reverted,
) -> Result<(), StoreError> {
    let imported = run.trigger == RunTrigger::Import;
    let Some(before) = archive.record(touched.kind, touched.id)? else {
        let gone = |change| row(touched, None, change, "the record is no longer there");
        reverted.left.extend(touched.changes.iter().map(gone));
        return Ok(());
    };
    if touched.changes.contains(&Change::Created) {
        let past = archive.changes(touched.kind, touched.id)?;
        let others = past.iter().filter(|past| past.cause.run() != run.id);
        let (list, why) = if !stands_as_made(&before, others.map(|past| &past.change)) {
            (&mut reverted.left, "it was changed since")
        } else if imported && owns(archive, touched)? {
            (
                &mut reverted.left,
                "other records belong to it; take back first what brought them in",
            )
        } else {
            ignore(archive, step, &before, run.id)?;
            step.remove(&before);
            let why = match imported {
                true => "it was made by the import",
                false => "it was made by the run; it does not come in again unless you say so",
            };
            (&mut reverted.changes, why)
        };
        list.push(row(touched, Some(&before), &Change::Created, why));
        return Ok(());
    }
    let mut after = before.clone();
    let adopted = touched
        .changes
        .iter()
        .any(|change| matches!(change, Change::Link { before: None, .. }));
    // Where no PSA has a say nothing is to be held against it.
    let free = adopted || (imported && before.link.is_none());
    for change in &touched.changes {
        let done = undo(&mut after, change, free);
        let (list, why) = match done {
            Ok(why) => (&mut reverted.changes, why),
            Err(why) => (&mut reverted.left, why),
        };
        list.push(row(touched, Some(&before), change, why));
    }
    if adopted && after.link.is_none() {
        ignore(archive, step, &before, run.id)?;
    }
    if after != before {
        after.updated = step.at();
        step.update(&before, after)?;
    }
    Ok(())
}

/// Whether a record is as it was before others changed it: what they changed and took back again is no change.
fn stands_as_made<'a>(record: &Record, others: impl Iterator<Item = &'a Change>) -> bool {
    let mut seen = std::collections::HashSet::new();
    let link = record.link.as_ref();
    others
        .filter(|change| seen.insert(change.field()))
        .all(|change| match change {
            Change::Field { field, before, .. } => record.get(*field) == before,
            Change::Trait { name, before, .. } => {
                let stands = record.traits.iter().find(|(known, _)| known == name);
                stands.map(|(_, json)| json) == before.as_ref()
            }
            Change::Organization { before, .. } => record.organization == *before,
            Change::State { before, .. } => link.map(|link| link.state) == *before,
            Change::Link { before, .. } => {
                link.map(|link| (link.integration, link.source.clone())) == *before
            }
            Change::Created | Change::Removed => false,
        })
}

/// Whether records of other kinds belong to one: an organization that came in with a file goes only before them. Those of
/// a run come and go with it.
fn owns(archive: &Archive, touched: &Touched) -> Result<bool, StoreError> {
    if touched.kind != Kind::Organization {
        return Ok(false);
    }
    for kind in Kind::ALL {
        if kind != Kind::Organization && !archive.briefs(kind, None, Some(touched.id), None, 1)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Undoes one change of a record; says what was done, or why it was not. `free` is a record whose fields need not be held:
/// one that the run connected, or one that is not connected at all.
fn undo(record: &mut Record, change: &Change, free: bool) -> Result<&'static str, &'static str> {
    match change {
        Change::Field { field, before, after } if record.get(*field) == after => {
            record.set(*field, before.clone());
            if free {
                return Ok("restored");
            }
            hold(record, *field, after);
            Ok("restored, and held")
        }
        Change::Field { .. } => Err("it was changed since"),
        Change::Link { before: None, .. } => {
            record.link = None;
            Ok("no longer connected; it is not connected again unless you say so")
        }
        Change::State { .. } if free => Ok("no longer connected"),
        Change::State {
            before: Some(SyncState::Enabled | SyncState::Held),
            after: Some(SyncState::Orphaned),
        } => match &mut record.link {
            Some(link) if link.state == SyncState::Orphaned => {
                link.state = SyncState::Held;
                Ok("live again, and held so")
            }
            _ => Err("it was changed since"),
        },
        Change::Link { .. } | Change::State { .. } => Err("whether it is in the PSA is for the PSA to say"),
        Change::Organization { .. } => Err("what it belongs to follows the PSA"),
        Change::Trait { name, before, after } if free => {
            let current = record.traits.iter().position(|(known, _)| known == name);
            let stands = current
                .and_then(|place| record.traits.get(place))
                .map(|(_, json)| json.clone());
            if stands != *after {
                return Err("it was changed since");
            }
            record.traits.retain(|(known, _)| known != name);
            if before.is_none() {
                record.own.retain(|known| known != name);
            }
            if let Some(json) = before {
                record.traits.push((name.clone(), json.clone()));
                record.traits.sort_unstable();
            }
            Ok("restored")
        }
        Change::Trait { .. } => Err("what stands under traits follows the PSA and cannot be held"),
        Change::Created | Change::Removed => Err("it expired; it comes back with the PSA's record"),
    }
}

/// Holds a field. What the PSA said last is kept as its base, to see when the PSA changes it again.
fn hold(record: &mut Record, field: Field, theirs: &Value) {
    if let Err(place) = record.held.binary_search(&field) {
        record.held.insert(place, field);
    }
    match record.base.binary_search_by_key(&field, |(known, _)| *known) {
        Ok(_) => {}
        Err(place) => record.base.insert(place, (field, theirs.clone())),
    }
}

/// Lets go what is held of a record: all of it, or one thing. A field takes the value the PSA said last, and a record that
/// the PSA called gone is an orphan. None where nothing was held.
pub fn release(record: &Record, hold: Option<Hold>) -> Option<Record> {
    let mut after = record.clone();
    let gone: Vec<Hold> = record
        .holds()
        .filter(|held| hold.is_none_or(|hold| hold == *held))
        .collect();
    for hold in &gone {
        match hold {
            Hold::Field(field) => {
                after.held.retain(|held| held != field);
                if let Ok(place) = after.base.binary_search_by_key(field, |(known, _)| *known) {
                    let (_, theirs) = after.base.remove(place);
                    after.set(*field, theirs);
                }
            }
            Hold::Live => {
                if let Some(link) = &mut after.link {
                    link.state = SyncState::Orphaned;
                }
            }
        }
    }
    (!gone.is_empty()).then_some(after)
}

/// What was connected by a run that was taken back does not come in again by itself.
fn ignore(archive: &Archive, step: &mut Step, record: &Record, run: RunId) -> Result<(), StoreError> {
    let Some(link) = &record.link else { return Ok(()) };
    let key = (link.integration, record.kind, link.source.clone());
    let chosen = Chosen {
        choice: Choice::Ignored,
        name: record.name(),
        why: format!("run {run} was taken back"),
        parent: orphan::parent(archive, record.kind, record.id)?,
    };
    step.put(&table::CHOICES, &key, &chosen)
}

/// A row of what is taken back: what stands now and what stood before the run.
fn row(touched: &Touched, record: Option<&Record>, change: &Change, why: &str) -> ChangeRow {
    let (before, after) = change.values();
    let id: AssetId = touched.id;
    ChangeRow {
        kind: touched.kind,
        id,
        source_id: record
            .and_then(|record| record.link.as_ref())
            .map(|link| link.source.to_string()),
        name: record.map(Record::name).unwrap_or_default(),
        field: change.field(),
        before: after,
        after: before,
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dovetail_domain::record::MatchedBy;
    use dovetail_domain::{IntegrationId, Link, SourceId, Timestamp};

    fn record() -> Record {
        Record {
            id: AssetId(1),
            kind: Kind::Contact,
            organization: None,
            fields: vec![(Field::Title, Value::text("new"))],
            traits: vec![],
            link: None,
            base: vec![],
            held: vec![],
            own: vec![],
            updated: Timestamp::from_seconds(0).unwrap(),
        }
    }

    fn title(before: &str, after: &str) -> Change {
        Change::Field {
            field: Field::Title,
            before: Value::text(before),
            after: Value::text(after),
        }
    }

    #[test]
    fn a_field_is_restored_and_held_and_let_go() {
        let mut one = record();
        assert_eq!(
            undo(&mut one, &title("old", "new"), false),
            Ok("restored, and held")
        );
        assert_eq!(
            (one.get(Field::Title), &one.held[..]),
            (&Value::text("old"), &[Field::Title][..])
        );
        let released = release(&one, Some(Hold::Field(Field::Title))).unwrap();
        assert_eq!(released, record(), "it takes the value the PSA said last");
        assert_eq!(release(&one, Some(Hold::Field(Field::FirstName))), None);
        assert_eq!(release(&one, None), Some(record()));
    }

    #[test]
    fn an_orphan_is_live_again_and_let_go_an_orphan() {
        let state = |record: &Record| record.link.as_ref().map(|link| link.state);
        let orphaned = |before| Change::State {
            before: Some(before),
            after: Some(SyncState::Orphaned),
        };
        let mut one = Record {
            link: Some(Link {
                integration: IntegrationId(1),
                source: SourceId::new("7".to_owned()).unwrap(),
                version: None,
                state: SyncState::Orphaned,
                by: MatchedBy::Created,
                shadow: [0; 16],
                source_json: vec![],
            }),
            ..record()
        };
        let orphan = one.clone();
        assert_eq!(
            undo(&mut one, &orphaned(SyncState::Enabled), false),
            Ok("live again, and held so")
        );
        assert_eq!(state(&one), Some(SyncState::Held));
        assert_eq!(
            undo(&mut one, &orphaned(SyncState::Enabled), false),
            Err("it was changed since")
        );
        assert_eq!(release(&one, Some(Hold::Field(Field::Title))), None);
        for hold in [None, Some(Hold::Live)] {
            assert_eq!(release(&one, hold), Some(orphan.clone()), "{hold:?}");
        }
        // What came back with the run is not sent away: the PSA has it.
        let back = Change::State {
            before: Some(SyncState::Orphaned),
            after: Some(SyncState::Enabled),
        };
        assert_eq!(
            undo(&mut one, &back, false),
            Err("whether it is in the PSA is for the PSA to say")
        );
    }

    #[test]
    fn what_was_changed_and_taken_back_stands_as_it_was_made() {
        let one = record();
        for (changes, stands) in [
            (vec![], true),
            (vec![title("new", "other")], true),
            (vec![title("old", "new")], false),
            (vec![title("new", "other"), title("other", "new")], true),
            (vec![title("old", "other"), title("other", "new")], false),
            (vec![Change::Removed], false),
        ] {
            assert_eq!(stands_as_made(&one, changes.iter()), stands, "{changes:?}");
        }
    }

    #[test]
    fn what_somebody_changed_since_is_left() {
        let mut one = record();
        assert_eq!(
            undo(&mut one, &title("old", "other"), false),
            Err("it was changed since")
        );
        assert_eq!(one, record());
    }
}
