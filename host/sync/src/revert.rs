//! Taking back what a run changed and nobody changed since. What was restored is held: it stays as it is whatever the PSA
//! says, until a person lets it go. What cannot be taken back is named with the reason.

use std::collections::HashSet;

use dovetail_domain::edit::edit;
use dovetail_domain::{AssetId, IntegrationId, Kind, Part, Record, SyncState, Wanted};
use dovetail_store::{Archive, Change, Run, RunTrigger, Step, StoreError, Touched};
use serde::{Deserialize, Serialize};

use crate::changes::{ChangeRow, each_touched};
use crate::choice::ignore;
use crate::hold::hold;
use crate::outbox::mark;
use crate::push::Eligible;
use crate::rules::Rules;

/// Records a step.
const STEP: usize = 200;
/// Records looked through at a time.
const READ_AHEAD: usize = 1_000;

/// Parted from what it is in the PSA, the record would be made there again with its next edit.
const MADE: &str = "the run made it in the PSA, and it stays as it is there";

/// What taking a run back came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reverted {
    /// What was restored.
    pub changes: Vec<ChangeRow>,
    /// What was left as it is, with the reason in `why`.
    pub left: Vec<ChangeRow>,
}

/// Where what is restored is sent to the PSA too, as any edit is.
pub struct SentBack<'a> {
    /// The integration.
    pub integration: IntegrationId,
    /// Which parts are sent at all.
    pub rules: &'a Rules,
    /// What can be made there.
    pub eligible: &'a Eligible,
}

/// Restores what a run changed, or says what it would restore where `dry` is set. Its newest changes are taken back first.
/// What is restored is held, or sent to the PSA where a person wants that and the part goes both ways; then what the run
/// itself sent there is taken back as well.
pub fn revert(
    archive: &Archive,
    run: &Run,
    step: impl Fn() -> Step,
    dry: bool,
    back: Option<&SentBack<'_>>,
) -> Result<Reverted, StoreError> {
    let mut touched = Vec::new();
    each_touched(archive, run.id, |one| {
        touched.push(one);
        Ok(())
    })?;
    touched.reverse();
    let made = Change::InPsa(Box::new(Change::Created));
    let made = touched.iter().filter(|one| one.changes.contains(&made));
    let made: HashSet<(Kind, AssetId)> = made.map(|one| (one.kind, one.id)).collect();
    let mut reverted = Reverted::default();
    let mut seen = HashSet::new();
    let mut left = HashSet::new();
    for some in touched.chunks(STEP) {
        let mut writing = step();
        for one in some {
            // Of a record that several steps changed, the later one is committed before the earlier is looked at.
            if !seen.insert((one.kind, one.id)) && !dry {
                archive.commit(std::mem::replace(&mut writing, step()))?;
            }
            if made.contains(&(one.kind, one.id)) {
                let record = archive.record(one.kind, one.id)?;
                let stays = |change| row(one, record.as_ref(), change, MADE);
                reverted.left.extend(one.changes.iter().map(stays));
                continue;
            }
            take_back(archive, run, one, &mut writing, &mut left, &mut reverted, back)?;
        }
        if !dry {
            archive.commit(writing)?;
        }
    }
    Ok(reverted)
}

/// Takes back what a run did to one record. `left` are the records that taking it back took out of their organizations,
/// be it that they are gone or that they belong to others again.
fn take_back(
    archive: &Archive,
    run: &Run,
    touched: &Touched,
    step: &mut Step,
    left: &mut HashSet<(Kind, AssetId)>,
    reverted: &mut Reverted,
    back: Option<&SentBack<'_>>,
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
        } else if owns(archive, touched, left)? {
            (
                &mut reverted.left,
                "other records belong to it; take back first what brought them in",
            )
        } else {
            ignore(archive, step, &before, format!("run {} was taken back", run.id))?;
            step.remove(&before);
            left.insert((touched.kind, touched.id));
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
        let done = match change {
            Change::Organization { before: Some(id), .. }
                if archive.brief(Kind::Organization, *id)?.is_none() =>
            {
                Err("the organization that it belonged to is no longer there")
            }
            change => match back.and_then(|back| send_back(&mut after, change, back)) {
                Some(done) => done,
                None => undo(&mut after, &before, change, free),
            },
        };
        let (list, why) = match done {
            Ok(why) => (&mut reverted.changes, why),
            Err(why) => (&mut reverted.left, why),
        };
        list.push(row(touched, Some(&before), change, why));
    }
    if adopted && after.link.is_none() {
        ignore(archive, step, &before, format!("run {} was taken back", run.id))?;
    }
    if after != before {
        if after.organization != before.organization {
            left.insert((touched.kind, touched.id));
        }
        after.updated = step.at();
        if let Some(SentBack {
            integration,
            rules,
            eligible,
        }) = back
            // What is no longer connected is not made there anew.
            && after.link.is_some()
        {
            mark(archive, step, *integration, &after, rules, eligible, None)?;
        }
        step.update(&before, after)?;
    }
    Ok(())
}

/// Has a part hold again what it held before the run, here and in the PSA; none where it is no part that is sent. What
/// somebody changed since, here or there, is left: the second shows when it is sent, since the PSA has something else then.
fn send_back(
    record: &mut Record,
    change: &Change,
    back: &SentBack<'_>,
) -> Option<Result<&'static str, &'static str>> {
    let change = match change {
        Change::InPsa(change) => change,
        change => change,
    };
    let (wanted, stands) = match change {
        Change::Field { field, before, after } => {
            (Wanted::Field(*field, before.clone()), record.get(*field) == after)
        }
        Change::Trait { name, before, after } => (
            Wanted::Trait(name.clone(), before.clone()),
            record.get_trait(name) == after.as_deref(),
        ),
        _ => return None,
    };
    let rule = back.rules.of(record, wanted.part());
    let linked = record
        .link
        .as_ref()
        .is_some_and(|link| link.integration == back.integration && link.state == SyncState::Enabled);
    if !linked || !rule.can_send() || record.holds_part(wanted.part()) {
        return None;
    }
    if !stands {
        return Some(Err("it was changed since"));
    }
    match edit(record, wanted, rule) {
        Ok(()) => Some(Ok("restored, and to be sent to the PSA")),
        // What a record held once fits it.
        Err(_) => None,
    }
}

/// Whether a record is as it was before others changed it: what they changed and took back again is no change.
fn stands_as_made<'a>(record: &Record, others: impl Iterator<Item = &'a Change>) -> bool {
    let mut seen = HashSet::new();
    let link = record.link.as_ref();
    others
        .filter(|change| !change.is_in_psa() && seen.insert(change.field()))
        .all(|change| match change {
            Change::Field { field, before, .. } => record.get(*field) == before,
            Change::Trait { name, before, .. } => record.get_trait(name) == before.as_deref(),
            Change::Organization { before, .. } => record.organization == *before,
            Change::State { before, .. } => link.map(|link| link.state) == *before,
            Change::Link { before, .. } => {
                link.map(|link| (link.integration, link.source.clone())) == *before
            }
            Change::Created | Change::Removed => false,
            Change::InPsa(_) => true,
        })
}

/// Whether records belong to one that do not go with it: an organization goes only after them. `left` are those that do.
fn owns(archive: &Archive, touched: &Touched, left: &HashSet<(Kind, AssetId)>) -> Result<bool, StoreError> {
    if touched.kind != Kind::Organization {
        return Ok(false);
    }
    for kind in Kind::ALL {
        let mut after = None;
        loop {
            let below = archive.briefs(kind, None, Some(touched.id), after, READ_AHEAD)?;
            let Some(last) = below.last() else { break };
            after = Some(last.id);
            if below.iter().any(|brief| !left.contains(&(kind, brief.id))) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Undoes one change of a record; says what was done, or why it was not. `free` is a record of which nothing need be held:
/// one that the run connected, or one that is not connected at all. `stood` is the record before anything was undone.
fn undo(
    record: &mut Record,
    stood: &Record,
    change: &Change,
    free: bool,
) -> Result<&'static str, &'static str> {
    const SINCE: Result<&str, &str> = Err("it was changed since");
    let part = match change {
        Change::Field { field, before, after } if record.get(*field) == after => {
            record.set(*field, before.clone());
            Part::Field(*field)
        }
        Change::Trait { name, before, after } if record.get_trait(name) == after.as_deref() => {
            record.set_trait(name, before.clone());
            if before.is_none() {
                record.own.retain(|known| known != name);
            }
            Part::Trait(name.clone())
        }
        Change::Organization { before, after } if record.organization == *after => {
            record.organization = *before;
            Part::Organization
        }
        Change::Field { .. } | Change::Trait { .. } | Change::Organization { .. } => return SINCE,
        Change::Link { before: None, .. } => {
            record.link = None;
            return Ok("no longer connected; it is not connected again unless you say so");
        }
        Change::State { .. } if free => return Ok("no longer connected"),
        Change::State {
            before: Some(SyncState::Enabled | SyncState::Held),
            after: Some(SyncState::Orphaned),
        } => match &mut record.link {
            Some(link) if link.state == SyncState::Orphaned => {
                link.state = SyncState::Held;
                return Ok("live again, and held so");
            }
            _ => return SINCE,
        },
        Change::Link { .. } | Change::State { .. } => {
            return Err("whether it is in the PSA is for the PSA to say");
        }
        Change::InPsa(_) => return Err("it was sent to the PSA, and stays so there without `--in-psa`"),
        Change::Created | Change::Removed => return Err("it expired; it comes back with the PSA's record"),
    };
    if free {
        return Ok("restored");
    }
    hold(record, part, stood);
    Ok("restored, and held")
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
    use crate::release;

    fn undo(record: &mut Record, change: &Change, free: bool) -> Result<&'static str, &'static str> {
        super::undo(record, &record.clone(), change, free)
    }
    use dovetail_domain::record::MatchedBy;
    use dovetail_domain::{Base, Field, Hold, IntegrationId, Link, SourceId, Timestamp, Value};

    fn record() -> Record {
        Record {
            id: AssetId(1),
            kind: Kind::Contact,
            organization: None,
            fields: vec![(Field::Title, Value::text("new"))],
            traits: vec![],
            link: None,
            base: Base::default(),
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
            (&Value::text("old"), &[Part::Field(Field::Title)][..])
        );
        let of = |field| Hold::Part(Part::Field(field));
        let released = release(&one, Some(&of(Field::Title))).unwrap();
        assert_eq!(released, record(), "it takes the value the PSA said last");
        assert_eq!(release(&one, Some(&of(Field::FirstName))), None);
        assert_eq!(release(&one, None), Some(record()));
    }

    #[test]
    fn traits_and_the_organization_are_restored_and_held_and_let_go() {
        let mut stood = record();
        stood.organization = Some(AssetId(3));
        stood.traits = vec![
            ("changed".to_owned(), "2".to_owned()),
            ("made".to_owned(), "3".to_owned()),
        ];
        let change = |name: &str, before: Option<&str>, after: Option<&str>| Change::Trait {
            name: name.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        let moved = Change::Organization {
            before: Some(AssetId(2)),
            after: Some(AssetId(3)),
        };
        let changes = [
            change("made", None, Some("3")),
            change("changed", Some("1"), Some("2")),
            change("dropped", Some("0"), None),
            moved,
        ];
        let mut one = stood.clone();
        for again in [Ok("restored, and held"), Err("it was changed since")] {
            for change in &changes {
                assert_eq!(undo(&mut one, change, false), again, "{change:?}");
            }
        }
        assert_eq!(one.get_trait("changed"), Some("1"));
        assert_eq!(one.get_trait("dropped"), Some("0"));
        assert_eq!(
            (one.get_trait("made"), one.organization),
            (None, Some(AssetId(2)))
        );
        let held: Vec<String> = one.holds().map(|hold| hold.to_string()).collect();
        assert_eq!(
            held,
            ["traits.changed", "traits.dropped", "traits.made", "organization"]
        );
        for name in &held {
            let hold = Hold::named(name).unwrap();
            one = release(&one, Some(&hold)).unwrap();
            assert_eq!(release(&one, Some(&hold)), None, "{name}");
        }
        assert_eq!(one, stood, "each takes what the PSA said last");
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
        assert_eq!(release(&one, Some(&Hold::Part(Part::Field(Field::Title)))), None);
        for hold in [None, Some(&Hold::Live)] {
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
