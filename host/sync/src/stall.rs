//! What a run that is on is watched for: those who follow it are told when the gate has to wait, and it ends where
//! nothing has moved for too long. A page that was stored moves it, and so does every answer and every wait that the
//! gate knows of; the time of such a wait counts for nothing.

use std::time::Duration;

use dovetail_domain::integration::Interval;
use dovetail_gate::{Session, WaitReason, Waiting};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::error::SyncError;
use crate::progress::{Event, Progress};

/// The word that a run moves.
#[derive(Default)]
pub(crate) struct Pulse(watch::Sender<u64>);

impl Pulse {
    /// It moves.
    pub(crate) fn beat(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// How long a run may still stand without moving; none where it stalled. `moved` is when it moved last, or the end of a
/// wait that is known.
fn left(moved: Duration, now: Duration, limit: Duration) -> Option<Duration> {
    let left = limit.saturating_sub(now.saturating_sub(moved));
    (!left.is_zero()).then_some(left + moved.saturating_sub(now))
}

/// Watches a run. Returns once it stalled, with what it asked for last.
pub(crate) async fn watch(
    session: &Session,
    pulse: &Pulse,
    progress: &dyn Progress,
    limit: Interval,
) -> SyncError {
    let begun = Instant::now();
    let (mut answers, mut pages) = (session.moved(), pulse.0.subscribe());
    let mut moved = Duration::ZERO;
    let mut told = Told::default();
    loop {
        let now = begun.elapsed();
        if let Some(waiting) = session.waiting() {
            moved = moved.max(now + Duration::from_secs(waiting.seconds));
            if told.is_news(waiting, now) {
                progress.event(event(waiting));
            }
        }
        let Some(left) = left(moved, now, Duration::from_secs(limit.seconds())) else {
            let call = session.last_call();
            return SyncError::Stalled { limit, call };
        };
        tokio::select! {
            // Whoever stores a page keeps this from looking meanwhile: what moved is asked first.
            biased;
            _ = answers.changed() => moved = begun.elapsed(),
            _ = pages.changed() => moved = begun.elapsed(),
            () = tokio::time::sleep(left) => {}
        }
    }
}

/// What was told last, and until when it holds.
#[derive(Default)]
struct Told(Option<(WaitReason, Duration)>);

impl Told {
    /// Whether a wait is to be told: not where one for the same reason was and is not over.
    fn is_news(&mut self, waiting: Waiting, now: Duration) -> bool {
        let holds = |(reason, until)| reason == waiting.reason && now < until;
        if self.0.is_some_and(holds) {
            return false;
        }
        self.0 = Some((waiting.reason, now + Duration::from_secs(waiting.seconds)));
        true
    }
}

fn event(waiting: Waiting) -> Event {
    let why = match waiting.reason {
        WaitReason::Budget => "its own budget of requests",
        WaitReason::RateLimit => "the PSA's rate limit",
        WaitReason::ServerBusy => "the PSA, which asks for a pause",
        WaitReason::Failure => "the PSA to answer again",
    };
    Event::Waiting {
        seconds: waiting.seconds,
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_stands_still_for_too_long_stalled() {
        let at = Duration::from_secs;
        for (moved, now, wanted) in [
            (0, 0, Some(900)),
            (0, 899, Some(1)),
            (0, 900, None),
            (0, 5_000, None),
            (700, 900, Some(700)),
            // It waits until then: the limit is counted from there.
            (4_000, 1_000, Some(3_900)),
            (4_000, 4_899, Some(1)),
            (4_000, 4_900, None),
        ] {
            assert_eq!(left(at(moved), at(now), at(900)), wanted.map(at), "{moved} {now}");
        }
    }

    #[test]
    fn a_wait_is_told_once() {
        let mut told = Told::default();
        let wait = |reason, seconds| Waiting { seconds, reason };
        let at = Duration::from_secs;
        assert!(told.is_news(wait(WaitReason::Budget, 10), at(0)));
        assert!(!told.is_news(wait(WaitReason::Budget, 12), at(5)));
        assert!(
            told.is_news(wait(WaitReason::RateLimit, 30), at(6)),
            "another reason"
        );
        assert!(!told.is_news(wait(WaitReason::RateLimit, 30), at(35)));
        assert!(
            told.is_news(wait(WaitReason::RateLimit, 30), at(36)),
            "another wait"
        );
    }
}
