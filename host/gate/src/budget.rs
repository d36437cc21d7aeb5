//! How often an integration may ask: at most so many requests in any minute, spread out, and none while the server
//! has asked for patience. Pure but for a lock: the caller says what time it is and does the waiting.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const WINDOW: Duration = Duration::from_secs(60);

/// The generic cell rate algorithm. A burst of a second's worth may go at once; what is left of the minute's allowance
/// is spread evenly, so that no window of a minute ever holds more than the allowance.
#[derive(Debug)]
pub(crate) struct Budget {
    /// None is unlimited.
    rate: Option<Rate>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct Rate {
    spacing: Duration,
    tolerance: Duration,
}

#[derive(Debug, Default)]
struct State {
    /// When the next request would be due were all spread evenly.
    due: Duration,
    /// Until when the server wants none.
    held_until: Duration,
}

impl Budget {
    pub(crate) fn a_minute(requests: Option<u32>) -> Self {
        let rate = requests.map(|requests| {
            let requests = requests.max(1);
            let burst = (requests / 60).max(1);
            let spacing = WINDOW / (requests - burst + 1) + Duration::from_nanos(1);
            Rate {
                spacing,
                tolerance: spacing * (burst - 1),
            }
        });
        Budget {
            rate,
            state: Mutex::default(),
        }
    }

    /// Takes the next place and says how long to wait for it.
    pub(crate) fn reserve(&self, now: Duration) -> Duration {
        let mut state = self.state();
        let earliest = now.max(state.held_until);
        let Some(rate) = &self.rate else {
            return earliest.saturating_sub(now);
        };
        let due = state.due.max(earliest);
        let start = due.saturating_sub(rate.tolerance).max(earliest);
        state.due = due + rate.spacing;
        start.saturating_sub(now)
    }

    /// The server asked for patience: nobody sends before then.
    pub(crate) fn hold(&self, until: Duration) {
        let mut state = self.state();
        state.held_until = state.held_until.max(until);
    }

    /// How long the server still wants none.
    pub(crate) fn held(&self, now: Duration) -> Duration {
        self.state().held_until.saturating_sub(now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here can panic halfway through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn starts(budget: &Budget, arrivals: &[Duration]) -> Vec<Duration> {
        arrivals.iter().map(|now| *now + budget.reserve(*now)).collect()
    }

    fn most_in_a_minute(starts: &[Duration]) -> usize {
        starts
            .iter()
            .map(|from| {
                starts
                    .iter()
                    .filter(|at| *at >= from && **at < *from + WINDOW)
                    .count()
            })
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn the_whole_allowance_of_a_minute_can_be_used() {
        let budget = Budget::a_minute(Some(900));
        let starts = starts(&budget, &[Duration::ZERO; 900]);
        assert!(starts.iter().all(|at| *at < WINDOW), "{:?}", starts.last());
        assert_eq!(starts.iter().filter(|at| at.is_zero()).count(), 15);
        assert!(Duration::ZERO + budget.reserve(Duration::ZERO) >= WINDOW);
    }

    #[test]
    fn unlimited_waits_for_nothing_but_the_server() {
        let budget = Budget::a_minute(None);
        assert!(
            starts(&budget, &[Duration::ZERO; 10_000])
                .iter()
                .all(Duration::is_zero)
        );
        budget.hold(Duration::from_secs(30));
        assert_eq!(budget.reserve(Duration::from_secs(10)), Duration::from_secs(20));
        assert_eq!(budget.held(Duration::from_secs(31)), Duration::ZERO);
    }

    #[test]
    fn after_patience_requests_are_spread_again() {
        let budget = Budget::a_minute(Some(60));
        budget.hold(Duration::from_secs(30));
        let starts = starts(&budget, &[Duration::ZERO; 3]);
        assert_eq!(starts[0], Duration::from_secs(30));
        assert!(
            starts[1] >= Duration::from_secs(31) && starts[2] >= Duration::from_secs(32),
            "{starts:?}"
        );
        // A shorter wish does not take back a longer one.
        budget.hold(Duration::from_secs(5));
        assert_eq!(budget.held(Duration::ZERO), Duration::from_secs(30));
    }

    #[test]
    fn one_a_minute_is_one_a_minute() {
        let starts = starts(&Budget::a_minute(Some(1)), &[Duration::ZERO; 3]);
        assert!(
            starts[0].is_zero() && starts[1] >= WINDOW && starts[2] >= WINDOW * 2,
            "{starts:?}"
        );
    }

    proptest! {
        #[test]
        fn no_minute_holds_more_than_the_allowance(
            a_minute in 1u32..2_000,
            gaps in proptest::collection::vec(0u64..3_000, 1..400),
        ) {
            let mut now = Duration::ZERO;
            let arrivals: Vec<Duration> = gaps.iter().map(|gap| { now += Duration::from_millis(gap / 10); now }).collect();
            let starts = starts(&Budget::a_minute(Some(a_minute)), &arrivals);
            prop_assert!(starts.is_sorted());
            prop_assert!(most_in_a_minute(&starts) <= a_minute as usize);
        }
    }
}
