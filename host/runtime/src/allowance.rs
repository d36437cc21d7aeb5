//! What a call may spend. Guest time and elapsed time are two limits: only ticks in which the guest had its turn are
//! charged. Ticks that passed while it waited, in the host or for its turn, are given back exactly; nothing is ever
//! reset, so a guest that keeps calling the host does not live for ever.
//!
//! Guests run on the async executor. Once a tick a guest is looked at: it goes on, after others had their turn, or it
//! ends. So no guest holds a thread for longer than a tick.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use wasmtime::UpdateDeadline;

use crate::engine::Clock;
use crate::limits::{GuestLimits, Limit, Over};

/// What one call is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) ticks: u64,
    pub(crate) elapsed: Duration,
    pub(crate) host_calls: u32,
}

impl Allowance {
    /// For a call about so many records or items.
    pub(crate) fn of(limits: &GuestLimits, records: usize) -> Allowance {
        let records = u32::try_from(records).unwrap_or(u32::MAX);
        Allowance {
            ticks: limits
                .ticks
                .saturating_add(limits.ticks_a_record.saturating_mul(u64::from(records))),
            elapsed: limits
                .elapsed
                .saturating_add(limits.elapsed_a_record.saturating_mul(records)),
            host_calls: limits
                .host_calls
                .saturating_add(limits.host_calls_a_record.saturating_mul(records)),
        }
    }
}

/// Measures one instance's calls, one at a time.
#[derive(Debug)]
pub(crate) struct Meter {
    clock: Arc<Clock>,
    began: AtomicU64,
    outside: AtomicU64,
    allowed_ticks: AtomicU64,
    host_calls: AtomicU32,
    allowed_host_calls: AtomicU32,
    turns: AtomicU64,
}

impl Meter {
    pub(crate) fn new(clock: Arc<Clock>) -> Arc<Meter> {
        Arc::new(Meter {
            clock,
            began: AtomicU64::new(0),
            outside: AtomicU64::new(0),
            allowed_ticks: AtomicU64::new(0),
            host_calls: AtomicU32::new(0),
            allowed_host_calls: AtomicU32::new(0),
            turns: AtomicU64::new(0),
        })
    }

    /// A call begins.
    pub(crate) fn begin(&self, allowance: Allowance) {
        self.began.store(self.clock.now(), Relaxed);
        self.outside.store(0, Relaxed);
        self.turns.store(0, Relaxed);
        self.host_calls.store(0, Relaxed);
        self.allowed_ticks.store(allowance.ticks, Relaxed);
        self.allowed_host_calls.store(allowance.host_calls, Relaxed);
    }

    /// Ticks charged since the call began.
    pub(crate) fn spent(&self) -> u64 {
        let passed = self.clock.now().saturating_sub(self.began.load(Relaxed));
        passed.saturating_sub(self.outside.load(Relaxed))
    }

    /// How often the guest was looked at since the call began.
    pub(crate) fn turns(&self) -> u64 {
        self.turns.load(Relaxed)
    }

    /// Calls into the host since the call began.
    pub(crate) fn host_calls(&self) -> u32 {
        self.host_calls.load(Relaxed)
    }

    /// The guest is looked at, once a tick.
    pub(crate) fn look(self: &Arc<Meter>) -> wasmtime::Result<UpdateDeadline> {
        self.turns.fetch_add(1, Relaxed);
        let allowed = self.allowed_ticks.load(Relaxed);
        if self.spent() > allowed {
            return Err(Over(Limit::GuestTime(allowed)).into());
        }
        let meter = Arc::clone(self);
        Ok(UpdateDeadline::YieldCustom(
            1,
            Box::pin(async move {
                let left = meter.clock.now();
                tokio::task::yield_now().await;
                meter.give_back(left);
            }),
        ))
    }

    /// The guest calls the host. What passes until the answer is given back when the [`Visit`] is dropped.
    pub(crate) fn enter(self: &Arc<Meter>) -> wasmtime::Result<Visit> {
        let allowed = self.allowed_host_calls.load(Relaxed);
        if self.host_calls.fetch_add(1, Relaxed) >= allowed {
            return Err(Over(Limit::HostCalls(allowed)).into());
        }
        Ok(Visit {
            meter: Arc::clone(self),
            entered: self.clock.now(),
        })
    }

    fn give_back(&self, since: u64) {
        self.outside
            .fetch_add(self.clock.now().saturating_sub(since), Relaxed);
    }
}

/// A guest's stay in the host.
#[derive(Debug)]
pub(crate) struct Visit {
    meter: Arc<Meter>,
    entered: u64,
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.meter.give_back(self.entered);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter() -> Arc<Meter> {
        Meter::new(Arc::new(Clock::standing()))
    }

    fn allowance(ticks: u64, host_calls: u32) -> Allowance {
        Allowance {
            ticks,
            elapsed: Duration::from_secs(1),
            host_calls,
        }
    }

    #[test]
    fn ticks_in_the_host_are_given_back_and_no_more() {
        let meter = meter();
        meter.clock.advance(7);
        meter.begin(allowance(10, 5));
        meter.clock.advance(4);
        let visit = meter.enter().unwrap();
        meter.clock.advance(1_000);
        drop(visit);
        assert_eq!(meter.spent(), 4);
        meter.clock.advance(6);
        assert!(meter.look().is_ok(), "10 of 10 ticks are spent");
        meter.clock.advance(1);
        let over = meter.look().err().unwrap();
        assert!(
            matches!(over.downcast_ref::<Over>(), Some(Over(Limit::GuestTime(10)))),
            "{over}"
        );
    }

    #[test]
    fn calls_into_the_host_are_counted() {
        let meter = meter();
        meter.begin(allowance(10, 2));
        assert!(meter.enter().is_ok() && meter.enter().is_ok());
        assert!(meter.enter().is_err());
        meter.begin(allowance(10, 2));
        assert!(meter.enter().is_ok(), "each call has its own");
    }

    #[tokio::test]
    async fn ticks_of_waiting_for_a_turn_are_given_back() {
        let meter = meter();
        meter.begin(allowance(10, 2));
        meter.clock.advance(3);
        let UpdateDeadline::YieldCustom(1, mut turn) = meter.look().unwrap() else {
            panic!("the guest goes on")
        };
        let waker = std::task::Waker::noop();
        let mut context = std::task::Context::from_waker(waker);
        while turn.as_mut().poll(&mut context).is_pending() {
            meter.clock.advance(500);
        }
        assert_eq!(meter.spent(), 3);
    }

    #[test]
    fn an_allowance_grows_with_the_records() {
        let limits = crate::limits::Limits::TABLE.mapping;
        let small = Allowance::of(&limits, 0);
        let page = Allowance::of(&limits, 1_000);
        assert_eq!(page.ticks - small.ticks, 1_000 * limits.ticks_a_record);
        assert_eq!(page.elapsed - small.elapsed, 1_000 * limits.elapsed_a_record);
        assert_eq!(
            page.host_calls - small.host_calls,
            1_000 * limits.host_calls_a_record
        );
    }
}
