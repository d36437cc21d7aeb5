//! What a run asks for: the request it waits for longest, else the last one that was answered. And a word whenever
//! something moves, so that those who watch need not look again and again.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// A request as it may be told: without its query, its body and any secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its method.
    pub method: String,
    /// Where it goes.
    pub host: String,
    /// Its path.
    pub path: String,
    /// Whether it is still without an answer.
    pub open: bool,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, self.host, self.path)
    }
}

/// The requests of a run.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    inside: Mutex<Inside>,
    moved: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inside {
    next: u64,
    open: BTreeMap<u64, Call>,
    last: Option<Call>,
}

/// A request under way, over when dropped.
pub(crate) struct Open<'a> {
    calls: &'a Calls,
    number: u64,
}

impl Calls {
    /// A request begins.
    pub(crate) fn begin(&self, call: Call) -> Open<'_> {
        let mut inside = self.inside();
        let number = inside.next;
        inside.next += 1;
        inside.open.insert(number, call);
        Open { calls: self, number }
    }

    /// The request that has been open for longest, else the last that was.
    pub(crate) fn last(&self) -> Option<Call> {
        let inside = self.inside();
        let oldest = inside.open.first_key_value().map(|(_, call)| call);
        oldest.or(inside.last.as_ref()).cloned()
    }

    /// Something moved: an attempt ended, a wait began or ended.
    pub(crate) fn moves(&self) {
        self.moved.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Where that is told.
    pub(crate) fn moved(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let mut inside = self.calls.inside();
        let call = inside.open.remove(&self.number);
        inside.last = call.map(|call| Call { open: false, ..call });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(path: &str) -> Call {
        Call {
            method: "GET".to_owned(),
            host: "psa.test".to_owned(),
            path: path.to_owned(),
            open: true,
        }
    }

    #[test]
    fn the_oldest_open_request_is_told_else_the_last() {
        let calls = Calls::default();
        assert_eq!(calls.last(), None);
        let first = calls.begin(call("/a"));
        let second = calls.begin(call("/b"));
        assert_eq!(calls.last(), Some(call("/a")));
        drop(first);
        assert_eq!(calls.last(), Some(call("/b")));
        drop(second);
        let last = calls.last().unwrap();
        assert_eq!((last.to_string().as_str(), last.open), ("GET psa.test/b", false));
    }
}
