//! The loop brake at work: a part that the two sides write over again and again is held, and a person is asked with both
//! values.

use dovetail_domain::conflict::{Conflict, Open, Sides};
use dovetail_domain::mapping::Draft;
use dovetail_domain::motion::Fight;
use dovetail_domain::{PartRef, Record, Timestamp, Wanted};

use crate::hold::hold;

/// What the PSA says of a part; none where it says nothing of it, or it is never sent.
pub(crate) fn said(part: PartRef<'_>, draft: &Draft) -> Option<Wanted> {
    match part {
        PartRef::Field(field) => {
            let said = draft.fields.iter().find(|(known, _)| *known == field);
            said.map(|(_, value)| Wanted::Field(field, value.clone()))
        }
        PartRef::Trait(name) => {
            let said = draft.traits.iter().find(|(known, _)| known == name);
            let json = said.map(|(_, json)| json.clone()).filter(|json| json != "null");
            Some(Wanted::Trait(name.to_owned(), json))
        }
        PartRef::Organization => None,
    }
}

/// Stops a part of a record: nothing of it is taken over or sent until a person has chosen between the two values. None
/// where it is no part that is ever sent.
pub(crate) fn stop(record: &mut Record, fight: &Fight, at: Timestamp) -> Option<Open> {
    let conflict = match (&fight.psa, &fight.local) {
        (Wanted::Field(field, psa), Wanted::Field(_, local)) => Conflict::Field(*field, apart(psa, local)),
        (Wanted::Trait(name, psa), Wanted::Trait(_, local)) => {
            Conflict::Trait(name.clone(), apart(psa, local))
        }
        _ => return None,
    };
    let stood = record.clone();
    hold(record, conflict.part().to_part(), &stood);
    // Where it is the local value that stands, what the PSA has is kept as what it said last.
    match &fight.psa {
        Wanted::Field(field, psa) => {
            let differs = record.get(*field) != psa;
            record.base.set_field(*field, differs.then(|| psa.clone()));
        }
        Wanted::Trait(name, psa) => {
            let differs = record.get_trait(name) != psa.as_deref();
            record.base.set_trait(name, differs.then(|| psa.clone()));
        }
        Wanted::Organization(_) => {}
    }
    Some(Open {
        conflict,
        since: at,
        looped: true,
    })
}

/// What is open of a record, with a conflict in the place of the one about the same part.
pub(crate) fn with(mut open: Vec<Open>, stopped: Open) -> Vec<Open> {
    open.retain(|known| known.conflict.part() != stopped.conflict.part());
    open.push(stopped);
    open
}

fn apart<T: Clone>(psa: &T, local: &T) -> Sides<T> {
    Sides {
        base: None,
        theirs: psa.clone(),
        ours: local.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dovetail_domain::{AssetId, Field, Kind, Part, Value};

    fn title(text: &str) -> Wanted {
        Wanted::Field(Field::Title, Value::text(text))
    }

    #[test]
    fn what_is_stopped_is_held_and_asked_about_with_both_values() {
        let at = Timestamp::from_seconds(5).unwrap();
        for stands in ["theirs", "ours"] {
            let mut record = Record::empty(AssetId(1), Kind::Contact, None, at);
            record.set(Field::Title, Value::text(stands));
            let fight = Fight {
                psa: title("theirs"),
                local: title("ours"),
            };
            let open = stop(&mut record, &fight, at).unwrap();
            assert!(open.looped);
            assert_eq!(record.held, [Part::Field(Field::Title)]);
            let agreed = (stands == "ours").then(|| Value::text("theirs"));
            assert_eq!(record.base.of_field(Field::Title), agreed.as_ref());
            let sides = open.conflict.to_json();
            assert_eq!((&sides.theirs, &sides.ours), (&"theirs".into(), &"ours".into()));
            // The next plan against what the PSA has leaves it alone.
            let draft = Draft {
                fields: vec![(Field::Title, Value::text("theirs"))],
                ..Draft::default()
            };
            let rule = |_| dovetail_domain::Rule::TWO_WAY;
            let past = dovetail_domain::reconcile::Past::Known;
            let planned = dovetail_domain::reconcile::plan(&record, None, &draft, past, rule);
            assert!(planned.is_still() && planned.send.is_empty(), "{planned:?}");
            let listed = with(vec![open.clone()], open.clone());
            assert_eq!(listed, [open]);
        }
    }
}
