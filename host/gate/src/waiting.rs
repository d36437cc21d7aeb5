//! Who waits and for what, so that progress can say so.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::retry::WaitReason;

/// What a run waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Seconds still to wait, rounded up.
    pub seconds: u64,
    /// Why.
    pub reason: WaitReason,
}

/// Waits shorter than this are nobody's business.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// The waits of a run.
#[derive(Debug, Default)]
pub(crate) struct WaitingRoom(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    next: u64,
    waits: BTreeMap<u64, (Duration, WaitReason)>,
}

/// A place in the waiting room, given up when dropped.
pub(crate) struct Seat<'a> {
    room: &'a WaitingRoom,
    number: u64,
}

impl WaitingRoom {
    pub(crate) fn sit(&self, until: Duration, reason: WaitReason) -> Seat<'_> {
        let mut inside = self.inside();
        let number = inside.next;
        inside.next += 1;
        inside.waits.insert(number, (until, reason));
        Seat { room: self, number }
    }

    /// The longest wait, where there is one worth telling.
    pub(crate) fn longest(&self, now: Duration) -> Option<Waiting> {
        let (until, reason) = self
            .inside()
            .waits
            .values()
            .copied()
            .max_by_key(|(until, _)| *until)?;
        let left = until.saturating_sub(now);
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        (left >= WORTH_TELLING).then_some(Waiting { seconds, reason })
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.room.inside().waits.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wait_is_told_until_it_is_over() {
        let room = WaitingRoom::default();
        let at = Duration::from_secs;
        assert_eq!(room.longest(at(0)), None);
        let short = room.sit(Duration::from_millis(900), WaitReason::Budget);
        assert_eq!(room.longest(at(0)), None);
        let long = room.sit(Duration::from_millis(39_500), WaitReason::RateLimit);
        assert_eq!(
            room.longest(at(0)),
            Some(Waiting {
                seconds: 40,
                reason: WaitReason::RateLimit
            })
        );
        assert_eq!(
            room.longest(at(10)),
            Some(Waiting {
                seconds: 30,
                reason: WaitReason::RateLimit
            })
        );
        drop(short);
        drop(long);
        assert_eq!(room.longest(at(10)), None);
    }
}
