//! What a person holds of a record: it stays as it is whatever the PSA says, until it is let go. What the PSA said last is
//! kept as the base of what is held, so that letting go has something to go to, and that a later change of the PSA's shows.

use dovetail_domain::{Hold, Part, Record, SyncState};

/// Holds a part of a record. `stood` is the record as the PSA has it; a part that has an older base keeps it.
pub(crate) fn hold(record: &mut Record, part: Part, stood: &Record) {
    let base = &mut record.base;
    match &part {
        Part::Field(field) if base.of_field(*field).is_none() => {
            base.set_field(*field, Some(stood.get(*field).clone()));
        }
        Part::Trait(name) if base.of_trait(name).is_none() => {
            base.set_trait(name, Some(stood.get_trait(name).map(str::to_owned)));
        }
        Part::Field(_) | Part::Trait(_) => {}
        Part::Organization => base.organization = base.organization.or(stood.organization),
    }
    if let Err(place) = record.held.binary_search(&part) {
        record.held.insert(place, part);
    }
}

/// Lets go what is held of a record: all of it, or one thing. A part takes what the PSA said last, and a record that the
/// PSA called gone is an orphan. None where nothing was held.
pub fn release(record: &Record, hold: Option<&Hold>) -> Option<Record> {
    let mut after = record.clone();
    let gone: Vec<Hold> = record
        .holds()
        .filter(|held| hold.is_none_or(|hold| hold == held))
        .collect();
    for hold in &gone {
        match hold {
            Hold::Part(part) => {
                after.held.retain(|held| held != part);
                take_theirs(&mut after, part);
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

/// Gives a part what the PSA said last.
fn take_theirs(record: &mut Record, part: &Part) {
    match part {
        Part::Field(field) => {
            if let Some(theirs) = record.base.of_field(*field).cloned() {
                record.base.set_field(*field, None);
                record.set(*field, theirs);
            }
        }
        Part::Trait(name) => {
            if let Some(theirs) = record.base.of_trait(name).map(|json| json.map(str::to_owned)) {
                record.base.set_trait(name, None);
                record.set_trait(name, theirs);
            }
        }
        Part::Organization => {
            if let Some(theirs) = record.base.organization.take() {
                record.organization = Some(theirs);
            }
        }
    }
}
