//! What comes after an attempt. The decision is a pure function of what happened, what happened before, the policy
//! and one number of chance; waiting and sending are done elsewhere.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How patient the gate is with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all where the server or the connection fails and the request may be repeated.
    pub attempts: u32,
    /// Attempts in all after a status 500: less, since it is often a query the server cannot finish, which is for the
    /// connector to split.
    pub attempts_after_500: u32,
    /// The first wait is at most this, each further one at most twice the one before.
    pub base: Duration,
    /// No wait that nobody asked for is longer.
    pub longest: Duration,
    /// The first wait after a 429 that does not say how long.
    pub throttled_base: Duration,
    /// All waits of one request together. Past it the answer is `rate-limited`.
    pub patience: Duration,
    /// Repeats a run may spend before it has earned any: a server that is down is not asked five times by everybody.
    pub repeats_at_start: u32,
    /// Requests that earn one further repeat.
    pub requests_a_repeat: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            attempts: 5,
            attempts_after_500: 2,
            base: Duration::from_millis(500),
            longest: Duration::from_secs(30),
            throttled_base: Duration::from_secs(5),
            patience: Duration::from_secs(300),
            repeats_at_start: 20,
            requests_a_repeat: 5,
        }
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With an answer.
    Answered {
        /// Its status.
        status: u16,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// The connection failed or broke; the same request may fare better.
    Broken,
    /// In a way that repeating does not change.
    Final,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// Failures of server or connection so far, this one included.
    pub failures: u32,
    /// Refusals for the rate so far, this one included.
    pub refusals: u32,
    /// Waits so far.
    pub waited: Duration,
    /// Whether sending it twice does the same as sending it once.
    pub repeatable: bool,
    /// Whether the run has a repeat left to spend.
    pub repeat_left: bool,
}

/// Why a request waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitReason {
    /// The integration's own budget.
    Budget,
    /// The server refuses the rate.
    RateLimit,
    /// The server asks for a pause.
    ServerBusy,
    /// The server or the connection failed.
    Failure,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Hand over what there is, good or bad.
    HandOver,
    /// Wait and send it again.
    Repeat {
        /// How long to wait.
        after: Duration,
        /// Why. For `RateLimit` and `ServerBusy` the whole integration waits.
        reason: WaitReason,
    },
    /// Patience is at its end.
    RateLimited {
        /// Seconds the server still wants.
        seconds: u32,
    },
}

/// What comes after an attempt; `chance` is at least 0 and less than 1.
pub fn decide(attempt: &Attempt, outcome: &Outcome, policy: &RetryPolicy, chance: f64) -> Next {
    match *outcome {
        // Refused for its rate, a request has done nothing: it may be repeated whatever it is.
        Outcome::Answered {
            status: 429,
            retry_after,
        } => {
            let wait = retry_after.unwrap_or_else(|| throttled(attempt.refusals, policy, chance));
            patient(attempt, wait, WaitReason::RateLimit, policy)
        }
        Outcome::Answered {
            status: 503,
            retry_after: Some(wait),
        } if attempt.repeatable => patient(attempt, wait, WaitReason::ServerBusy, policy),
        Outcome::Answered { status: 500, .. } => again(attempt, policy.attempts_after_500, policy, chance),
        Outcome::Answered {
            status: 502..=504, ..
        }
        | Outcome::Broken => again(attempt, policy.attempts, policy, chance),
        Outcome::Answered { .. } | Outcome::Final => Next::HandOver,
    }
}

fn patient(attempt: &Attempt, wait: Duration, reason: WaitReason, policy: &RetryPolicy) -> Next {
    // A server that asks for no wait at all would be asked without end.
    let wait = wait.max(Duration::from_secs(1));
    if attempt.waited.saturating_add(wait) > policy.patience {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        return Next::RateLimited {
            seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
        };
    }
    Next::Repeat { after: wait, reason }
}

fn again(attempt: &Attempt, most: u32, policy: &RetryPolicy, chance: f64) -> Next {
    if !attempt.repeatable || !attempt.repeat_left || attempt.failures >= most {
        return Next::HandOver;
    }
    // Full jitter: anywhere between nothing and the ceiling.
    let after = doubled(policy.base, attempt.failures)
        .min(policy.longest)
        .mul_f64(chance.clamp(0.0, 1.0));
    if attempt.waited.saturating_add(after) > policy.patience {
        return Next::HandOver;
    }
    Next::Repeat {
        after,
        reason: WaitReason::Failure,
    }
}

/// Between half and all of the ceiling: a refusal means that all who ask have to slow down.
fn throttled(refusals: u32, policy: &RetryPolicy, chance: f64) -> Duration {
    let ceiling = doubled(policy.throttled_base, refusals).min(policy.longest.max(policy.throttled_base));
    ceiling.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

fn doubled(base: Duration, times: u32) -> Duration {
    base.saturating_mul(
        1u32.checked_shl(times.saturating_sub(1).min(20))
            .unwrap_or(u32::MAX),
    )
}

/// Reads `Retry-After`: seconds, or a date.
pub(crate) fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // Digits beyond what fits mean longer than anybody waits.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?;
    let now = now.duration_since(UNIX_EPOCH).ok()?.as_secs();
    let at = u64::try_from(date.as_second()).unwrap_or(0);
    Some(Duration::from_secs(at.saturating_sub(now)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn status(status: u16) -> Outcome {
        Outcome::Answered {
            status,
            retry_after: None,
        }
    }

    fn asked(status: u16, seconds: u64) -> Outcome {
        Outcome::Answered {
            status,
            retry_after: Some(SECOND * seconds as u32),
        }
    }

    fn repeat(after: Duration, reason: WaitReason) -> Next {
        Next::Repeat { after, reason }
    }

    #[test]
    fn the_table() {
        let read = Attempt {
            failures: 1,
            refusals: 1,
            waited: Duration::ZERO,
            repeatable: true,
            repeat_left: true,
        };
        let write = Attempt {
            repeatable: false,
            ..read
        };
        let failed = |failures| Attempt { failures, ..read };
        let half = Duration::from_millis(250);
        use WaitReason::*;
        for (what, attempt, outcome, next) in [
            ("a good answer", read, status(200), Next::HandOver),
            ("a redirect", read, status(302), Next::HandOver),
            ("no permission", read, status(403), Next::HandOver),
            (
                "a request timeout of the server",
                read,
                status(408),
                Next::HandOver,
            ),
            ("an unknown path", read, status(404), Next::HandOver),
            ("no implementation", read, status(501), Next::HandOver),
            ("an untrusted certificate", read, Outcome::Final, Next::HandOver),
            ("a failing server", read, status(502), repeat(half, Failure)),
            (
                "a failing server, second time",
                failed(2),
                status(502),
                repeat(half * 2, Failure),
            ),
            (
                "a failing server, fourth time",
                failed(4),
                status(504),
                repeat(half * 8, Failure),
            ),
            (
                "a failing server, fifth time",
                failed(5),
                status(503),
                Next::HandOver,
            ),
            ("a server error", read, status(500), repeat(half, Failure)),
            ("a server error again", failed(2), status(500), Next::HandOver),
            (
                "a broken connection",
                read,
                Outcome::Broken,
                repeat(half, Failure),
            ),
            (
                "a broken connection, no repeats left",
                Attempt {
                    repeat_left: false,
                    ..read
                },
                Outcome::Broken,
                Next::HandOver,
            ),
            (
                "a write and a broken connection",
                write,
                Outcome::Broken,
                Next::HandOver,
            ),
            ("a write and a failing server", write, status(503), Next::HandOver),
            ("a write and a busy server", write, asked(503, 3), Next::HandOver),
            ("a write and a server error", write, status(500), Next::HandOver),
            (
                "a write refused for its rate",
                write,
                asked(429, 3),
                repeat(SECOND * 3, RateLimit),
            ),
            (
                "a read refused for its rate",
                read,
                asked(429, 3),
                repeat(SECOND * 3, RateLimit),
            ),
            (
                "refused even with no repeats left",
                Attempt {
                    repeat_left: false,
                    ..read
                },
                asked(429, 3),
                repeat(SECOND * 3, RateLimit),
            ),
            (
                "refused, asking for nothing",
                read,
                asked(429, 0),
                repeat(SECOND, RateLimit),
            ),
            (
                "refused without a word",
                read,
                status(429),
                repeat(Duration::from_millis(3_750), RateLimit),
            ),
            (
                "refused without a word again",
                Attempt { refusals: 2, ..read },
                status(429),
                repeat(Duration::from_millis(7_500), RateLimit),
            ),
            ("busy", read, asked(503, 40), repeat(SECOND * 40, ServerBusy)),
            (
                "a long wish",
                read,
                asked(429, 301),
                Next::RateLimited { seconds: 301 },
            ),
            (
                "a wish beyond what is left",
                Attempt {
                    waited: SECOND * 290,
                    ..read
                },
                asked(429, 11),
                Next::RateLimited { seconds: 11 },
            ),
            (
                "a wish within what is left",
                Attempt {
                    waited: SECOND * 290,
                    ..read
                },
                asked(429, 10),
                repeat(SECOND * 10, RateLimit),
            ),
            (
                "a 502 that also asks",
                read,
                asked(502, 60),
                repeat(half, Failure),
            ),
        ] {
            assert_eq!(
                decide(&attempt, &outcome, &RetryPolicy::default(), 0.5),
                next,
                "{what}"
            );
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
        for (text, wait) in [
            ("0", Some(0)),
            ("30", Some(30)),
            (" 30 ", Some(30)),
            ("99999999999999999999", Some(u64::from(u32::MAX))),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", Some(0)),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(retry_after(text, now), wait.map(Duration::from_secs), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_write_is_repeated_after_anything_but_a_refusal(status in 100u16..600, wish in proptest::option::of(0u64..1_000), chance in 0.0f64..1.0) {
            let write = Attempt { failures: 1, refusals: 1, waited: Duration::ZERO, repeatable: false, repeat_left: true };
            let outcome = Outcome::Answered { status, retry_after: wish.map(Duration::from_secs) };
            let next = decide(&write, &outcome, &RetryPolicy::default(), chance);
            prop_assert!(status == 429 || next == Next::HandOver);
        }

        #[test]
        fn waits_end(outcomes in proptest::collection::vec((0usize..5, 0u64..50, 0.0f64..1.0), 0..2_000)) {
            let policy = RetryPolicy::default();
            let mut attempt = Attempt { repeatable: true, repeat_left: true, ..Attempt::default() };
            for (which, wish, chance) in outcomes {
                let outcome = [status(429), asked(429, wish), asked(503, wish), status(502), Outcome::Broken][which];
                if which < 3 { attempt.refusals += 1 } else { attempt.failures += 1 }
                match decide(&attempt, &outcome, &policy, chance) {
                    Next::Repeat { after, .. } => attempt.waited += after,
                    _ => break,
                }
                prop_assert!(attempt.waited <= policy.patience);
                prop_assert!(attempt.refusals + attempt.failures <= 310);
            }
        }
    }
}
