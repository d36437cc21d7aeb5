//! What a person holds of a record: it stays as it is whatever the PSA says, until it is let go. What the PSA said last is
//! kept as the base of what is held, so that letting go has something to go to, and that a later change of the PSA's shows.

use dovetail_domain::{Base, Hold, Part, Record, SyncState};

/// Holds a part of a record. `stood` is the record as the PSA has it; a part that has an older base keeps it.
pub(crate) fn hold(record: &mut Record, part: Part, stood: &Record) {
    let Base {
        fields,
        traits,
        organization,
    } = &mut record.base;
    match &part {
        Part::Field(field) => {
            if let Err(place) = place_of(fields, field) {
                fields.insert(place, (*field, stood.get(*field).clone()));
            }
        }
        Part::Trait(name) => {
            if let Err(place) = place_of(traits, name) {
                let json = stood.get_trait(name).map(str::to_owned);
                traits.insert(place, (name.clone(), json));
            }
        }
        Part::Organization => *organization = organization.or(stood.organization),
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
            if let Ok(place) = place_of(&record.base.fields, field) {
                let (_, theirs) = record.base.fields.remove(place);
                record.set(*field, theirs);
            }
        }
        Part::Trait(name) => {
            if let Ok(place) = place_of(&record.base.traits, name) {
                let (_, theirs) = record.base.traits.remove(place);
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

/// Where a name stands among names that are sorted, or where it would.
fn place_of<N: Ord, V>(all: &[(N, V)], name: &N) -> Result<usize, usize> {
    all.binary_search_by(|(known, _)| known.cmp(name))
}
