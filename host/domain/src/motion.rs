//! The loop brake: a part that the two sides write over again and again is stopped. Pure; the times are this machine's own,
//! so that no two clocks are compared.
//!
//! Only writes whose directions alternate count: a person who corrects an entry five times in a row is no loop.

use serde::{Deserialize, Serialize};

use crate::reconcile::Side;
use crate::{Part, PartRef, Timestamp, Wanted};

/// How many writes in alternating directions are taken before the next one stops the part.
pub const WRITES: usize = 3;

/// Within how long, in seconds.
pub const WITHIN: u64 = 600;

/// One write of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Motion {
    /// When.
    pub at: Timestamp,
    /// Whose value was written over the other side's.
    pub from: Side,
    /// The value.
    pub value: Wanted,
}

/// The two values that are written over each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fight {
    /// What the PSA writes.
    pub psa: Wanted,
    /// What is written from here.
    pub local: Wanted,
}

/// Notes a write and forgets those that lie too far back. Says whether it is one too many.
pub fn moved(motions: &mut Vec<Motion>, write: Motion) -> Option<Fight> {
    let since = write.at.minus_seconds(WITHIN);
    // A clock that was set back makes no loop of what lies ahead.
    motions.retain(|known| known.at >= since && known.at <= write.at);
    let part = write.value.part().to_part();
    motions.push(write);
    fight(motions, &part)
}

/// Whether a part was written over too often.
fn fight(motions: &[Motion], part: &Part) -> Option<Fight> {
    let part = PartRef::from(part);
    let mut of_part = motions.iter().rev().filter(|known| known.value.part() == part);
    let last = of_part.next()?;
    let mut before = last.from;
    let mut in_turn = 1;
    let mut other = None;
    for known in of_part {
        if known.from != before {
            in_turn += 1;
            before = known.from;
            other = other.or(Some(known));
        }
    }
    let other = other.filter(|_| in_turn > WRITES)?;
    let (psa, local) = match last.from {
        Side::Psa => (last, other),
        Side::Local => (other, last),
    };
    Some(Fight {
        psa: psa.value.clone(),
        local: local.value.clone(),
    })
}

/// Whether writes of a part were noted: then its next one counts too.
pub fn is_watched(motions: &[Motion], part: PartRef<'_>) -> bool {
    motions.iter().any(|known| known.value.part() == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Field, Value};

    fn title(text: &str) -> Wanted {
        Wanted::Field(Field::Title, Value::text(text))
    }

    /// Writes `a` from the PSA and `b` from here, as the letters `p` and `l` say, `step` seconds apart: after which of them
    /// the part was stopped.
    fn stops(turns: &str, step: i64) -> Vec<usize> {
        let mut motions = Vec::new();
        let mut stopped = Vec::new();
        for (place, turn) in turns.chars().enumerate() {
            let (from, value) = match turn {
                'p' => (Side::Psa, title("a")),
                _ => (Side::Local, title("b")),
            };
            let at = Timestamp::from_seconds(10_000 + step * i64::try_from(place).unwrap()).unwrap();
            if let Some(fight) = moved(&mut motions, Motion { at, from, value }) {
                assert_eq!((fight.psa, fight.local), (title("a"), title("b")));
                stopped.push(place + 1);
            }
        }
        stopped
    }

    #[test]
    fn the_fourth_write_in_turn_is_one_too_many() {
        for (turns, step, expected) in [
            ("lpl", 60, vec![]),
            ("lplp", 60, vec![4]),
            ("plpl", 60, vec![4]),
            ("lplpl", 60, vec![4, 5]),
            ("llllll", 1, vec![]),
            ("pppp", 1, vec![]),
            ("llplllp", 10, vec![7]),
            // Ten minutes hold three steps of 200 seconds and no fourth.
            ("lplp", 200, vec![4]),
            ("lplplplp", 201, vec![]),
        ] {
            assert_eq!(stops(turns, step), expected, "{turns} every {step} s");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_loop() {
        assert_eq!(stops("lplplplp", -60), Vec::<usize>::new());
    }

    #[test]
    fn parts_are_counted_apart() {
        let mut motions = Vec::new();
        let at = Timestamp::from_seconds(10_000).unwrap();
        for (field, from) in [
            (Field::Title, Side::Local),
            (Field::FirstName, Side::Psa),
            (Field::Title, Side::Local),
            (Field::LastName, Side::Psa),
            (Field::Title, Side::Local),
        ] {
            let value = Wanted::Field(field, Value::text("x"));
            assert_eq!(moved(&mut motions, Motion { at, from, value }), None);
        }
        assert!(is_watched(&motions, PartRef::Field(Field::LastName)));
        assert!(!is_watched(&motions, PartRef::Field(Field::Notes)));
    }
}
