//! One instance of a plugin: its store, its bindings, and what its calls cost. An instance is used for one call at a
//! time and is taken out of its owner while it works, so that a call that is dropped half-way leaves none behind.

use std::future::Future;
use std::time::Duration;

use wasmtime::Store;

use crate::allowance::Allowance;
use crate::host::{self, Host};
use crate::limits::{Limit, Over};

/// An instance with bindings of type `B`.
pub(crate) struct Instance<B> {
    pub(crate) store: Store<Host>,
    pub(crate) bindings: B,
    pub(crate) calls: u32,
}

/// What the last call of a plugin cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Ticks of guest time that were charged.
    pub ticks: u64,
    /// How often the guest was looked at; each time at least a tick had passed since the last.
    pub turns: u64,
    /// Calls into the host.
    pub host_calls: u32,
    /// Log lines that were written.
    pub log_lines: u32,
    /// Log lines that were dropped.
    pub log_lines_dropped: u64,
    /// Bytes of linear memory the instance has taken so far.
    pub memory: usize,
}

/// A call begins on `store`.
pub(crate) fn begin(store: &mut Store<Host>, allowance: Allowance) {
    host::begin(store, allowance);
}

/// A call has ended: what it cost, and what the plugin said in it that helps to understand a failure.
pub(crate) fn ended(store: &Store<Host>) -> (Usage, Option<String>) {
    let host = store.data();
    host.book.end();
    let (log_lines, log_lines_dropped) = host.book.lines();
    let usage = Usage {
        ticks: host.meter.spent(),
        turns: host.meter.turns(),
        host_calls: host.meter.host_calls(),
        log_lines,
        log_lines_dropped,
        memory: host.quota.used(),
    };
    (usage, host.book.said())
}

/// Waits for `work`, no longer than a call may take.
pub(crate) async fn within<T>(
    elapsed: Duration,
    work: impl Future<Output = wasmtime::Result<T>>,
) -> wasmtime::Result<T> {
    match tokio::time::timeout(elapsed, work).await {
        Ok(result) => result,
        Err(_) => Err(Over(Limit::Elapsed(elapsed)).into()),
    }
}
