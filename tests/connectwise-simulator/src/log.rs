//! The request log: every request as it was answered, the writes with their bodies.

use crate::faults::Fault;
use serde::Serialize;
use serde_json::Value;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// One request as it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its number since the start, from 1.
    pub number: u64,
    /// The method.
    pub method: String,
    /// The whole path, as sent.
    pub path: String,
    /// The query, as sent (not decoded), without its question mark.
    pub query: String,
    /// The body, where there was one; bytes that are no UTF-8 are replaced.
    pub body: Option<String>,
    /// The answer's status; 0 where none was given.
    pub status: u16,
    /// Which of the writes that changed records this was, counted from 1; `None` where nothing was changed. A
    /// write whose answer was lost has its number all the same.
    pub applied: Option<u64>,
    /// Whether it carried an `Authorization` header.
    pub credentials: bool,
    /// Whether it carried a `clientId` header.
    pub client_id: bool,
    /// Whether it asked for forward-only pages.
    pub forward_only: bool,
    /// The `Accept` header.
    pub accept: Option<String>,
    /// Bytes of the answer's body as planned; fewer arrive where it was truncated.
    pub bytes: u64,
    /// What went wrong with it, on purpose.
    pub fault: Option<Fault>,
}

/// A request that asked for a change, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Write {
    /// Its number among all requests, from 1.
    pub number: u64,
    /// The method.
    pub method: String,
    /// The path below the codebase.
    pub path: String,
    /// The query, as sent.
    pub query: String,
    /// The body; null where there was none or it was no JSON.
    pub body: Value,
    /// The answer's status; 0 where none was given.
    pub status: u16,
    /// Which of the writes that changed records this was, counted from 1; `None` where nothing was changed.
    pub applied: Option<u64>,
}

impl Entry {
    /// The request as a write; `None` for one that only reads.
    #[must_use]
    pub fn write(&self) -> Option<Write> {
        (self.method != "GET").then(|| Write {
            number: self.number,
            method: self.method.clone(),
            path: self.endpoint().to_owned(),
            query: self.query.clone(),
            body: self
                .body
                .as_deref()
                .and_then(|body| serde_json::from_str(body).ok())
                .unwrap_or_default(),
            status: self.status,
            applied: self.applied,
        })
    }

    /// The path below the codebase; the whole path where it stands outside.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.path
            .split_once("/apis/3.0")
            .map_or(self.path.as_str(), |(_, rest)| rest)
    }

    /// The value of a query parameter, decoded; names without regard to case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.into_owned())
    }
}

pub(crate) struct Log {
    entries: Mutex<(u64, Vec<Entry>)>,
    changed: watch::Sender<u64>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }
}

impl Log {
    /// Adds an entry and gives it its number.
    pub(crate) fn add(&self, mut entry: Entry) {
        let number = {
            let mut entries = self.lock();
            entries.0 += 1;
            entry.number = entries.0;
            entries.1.push(entry);
            entries.0
        };
        self.changed.send_replace(number);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.lock().1.clone()
    }

    pub(crate) fn count(&self, wanted: impl Fn(&Entry) -> bool) -> usize {
        self.lock().1.iter().filter(|entry| wanted(entry)).count()
    }

    pub(crate) fn reset(&self) {
        self.lock().1.clear();
    }

    /// Follows the log's growth.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, (u64, Vec<Entry>)> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
