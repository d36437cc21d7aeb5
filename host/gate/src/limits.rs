//! The numbers that bound what leaves and what comes back, and why they are what they are.

use std::time::Duration;

/// Requests a minute where the settings say nothing: under the 1,000 at which the first supported PSA starts to refuse.
pub const REQUESTS_PER_MINUTE: u32 = 900;
/// Requests at once where nothing else is known: enough to hide latency, few enough not to crowd out people.
pub const CONCURRENCY: usize = 8;
/// Requests a run: far above a full sync of a million records, low enough to end a connector that runs in circles.
pub const REQUESTS_A_RUN: u64 = 500_000;
/// Bytes of a URL: what common servers accept.
pub const URL_BYTES: usize = 8 * 1024;
/// Headers a connector may set.
pub const HEADERS: usize = 64;
/// Bytes of one header's value.
pub const HEADER_BYTES: usize = 8 * 1024;
/// Bytes of a request's body: a page of changes is far smaller.
pub const BODY_BYTES: usize = 4 * 1024 * 1024;
/// Requests in one list.
pub const REQUESTS_AT_ONCE: usize = 1_000;

/// What one answer and one request may take. The defaults are the contract's; tests make them smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time for name, connection and TLS together: 10 s, since a server farther away than that is down.
    pub connect: Duration,
    /// Time for a whole request, the last byte of its answer included: 60 s.
    pub request: Duration,
    /// Bytes of one answer: 24 MiB, ten times the largest page seen.
    pub answer_bytes: usize,
    /// Bytes of all answers to one list of requests: 64 MiB, so that a guest's memory holds them.
    pub answers_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(10),
            request: Duration::from_secs(60),
            answer_bytes: 24 * 1024 * 1024,
            answers_bytes: 64 * 1024 * 1024,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tests of what a limit does make it smaller or ask for one more than it; these are the numbers themselves.
    #[test]
    fn the_numbers_are_those_that_were_promised() {
        assert_eq!(
            (REQUESTS_PER_MINUTE, CONCURRENCY, REQUESTS_A_RUN),
            (900, 8, 500_000)
        );
        assert_eq!((URL_BYTES, HEADERS, HEADER_BYTES), (8_192, 64, 8_192));
        assert_eq!((BODY_BYTES, REQUESTS_AT_ONCE), (4_194_304, 1_000));
        let Limits {
            connect,
            request,
            answer_bytes,
            answers_bytes,
        } = Limits::default();
        assert_eq!((connect.as_secs(), request.as_secs()), (10, 60));
        assert_eq!((answer_bytes, answers_bytes), (25_165_824, 67_108_864));
    }
}
