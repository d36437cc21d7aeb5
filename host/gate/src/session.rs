//! One run's way out: the loop around attempts, the run's counters, its allowance, and the word to stop.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::sync::watch;

use crate::calls::{Call, Calls};
use crate::error::GateError;
use crate::gate::Inner;
use crate::limits;
use crate::message::{Answer, OutgoingRequest, SendFailure};
use crate::request::CheckedRequest;
use crate::retry::{Attempt, Next, Outcome, WaitReason, decide};
use crate::send::Ended;
use crate::waiting::{Waiting, WaitingRoom};

/// What a run has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests sent, repeats included.
    pub requests: u64,
    /// Bytes of answers' bodies.
    pub bytes: u64,
    /// Requests that were repeats.
    pub retries: u64,
    /// Times a request had to wait.
    pub waits: u64,
}

/// A run's session. Cheap to clone; clones are the same session.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

struct Shared {
    gate: Arc<Inner>,
    requests: AtomicU64,
    bytes: AtomicU64,
    retries: AtomicU64,
    waits: AtomicU64,
    /// Repeats left, in parts of which `requests_a_repeat` make one.
    repeats: AtomicI64,
    cancelled: watch::Sender<bool>,
    room: WaitingRoom,
    calls: Calls,
    last_failure: Mutex<Option<GateError>>,
}

impl Session {
    pub(crate) fn new(gate: Arc<Inner>) -> Self {
        let policy = gate.retry();
        let repeats = i64::from(policy.repeats_at_start) * i64::from(policy.requests_a_repeat);
        let shared = Shared {
            gate,
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            waits: AtomicU64::new(0),
            repeats: AtomicI64::new(repeats),
            cancelled: watch::Sender::new(false),
            room: WaitingRoom::default(),
            calls: Calls::default(),
            last_failure: Mutex::new(None),
        };
        Session {
            shared: Arc::new(shared),
        }
    }

    /// Sends one request and waits for its answer, repeats and waits included.
    pub async fn send(&self, request: OutgoingRequest) -> Result<Answer, SendFailure> {
        self.shared.deliver(request).await.map_err(|error| {
            let error = error.scrubbed(self.shared.gate.scrubber());
            let told = SendFailure::from(&error);
            *self.shared.failure() = Some(error);
            told
        })
    }

    /// Sends several, as many at once as the integration allows. The answers stand in the order of the requests;
    /// those past the cap on all of them together fail as too large. More than 1,000 are all denied.
    pub async fn send_each(&self, requests: Vec<OutgoingRequest>) -> Vec<Result<Answer, SendFailure>> {
        if requests.len() > limits::REQUESTS_AT_ONCE {
            let reason = format!(
                "{} requests at once, at most {} are allowed",
                requests.len(),
                limits::REQUESTS_AT_ONCE
            );
            let error = GateError::RequestRefused { reason };
            let told = SendFailure::from(&error);
            *self.shared.failure() = Some(error);
            return vec![Err(told); requests.len()];
        }
        let cap = self.shared.gate.limits().answers_bytes;
        let mut left = cap;
        let mut answers = Vec::with_capacity(requests.len());
        let mut sending = stream::iter(requests)
            .map(|request| self.send(request))
            .buffered(self.shared.gate.concurrency());
        while let Some(answer) = sending.next().await {
            answers.push(
                answer.and_then(|answer| match left.checked_sub(answer.body.len()) {
                    Some(rest) => {
                        left = rest;
                        Ok(answer)
                    }
                    None => {
                        left = 0;
                        Err(SendFailure::TooLarge(cap as u64))
                    }
                }),
            );
        }
        answers
    }

    /// Stops the run's requests: those under way end, those to come are refused.
    pub fn cancel(&self) {
        self.shared.cancelled.send_replace(true);
    }

    /// What the run has used so far.
    pub fn counters(&self) -> Counters {
        let shared = &self.shared;
        Counters {
            requests: shared.requests.load(Relaxed),
            bytes: shared.bytes.load(Relaxed),
            retries: shared.retries.load(Relaxed),
            waits: shared.waits.load(Relaxed),
        }
    }

    /// Why the last request that failed did: the gate's own verdict, whatever the connector made of it. A server that
    /// kept failing stands here too, although its last answer was handed over.
    pub fn last_failure(&self) -> Option<GateError> {
        self.shared.failure().clone()
    }

    /// Forgets the last failure, so that the next one belongs to what is done next.
    pub fn forget_failure(&self) {
        *self.shared.failure() = None;
    }

    /// What the run waits for, where it waits a second or more.
    pub fn waiting(&self) -> Option<Waiting> {
        self.shared.room.longest(self.shared.gate.clock().now())
    }

    /// The request the run waits for longest, else the last one that was answered.
    pub fn last_call(&self) -> Option<Call> {
        self.shared.calls.last()
    }

    /// Tells whenever something moves: an attempt ended, a wait began or ended.
    pub fn moved(&self) -> watch::Receiver<u64> {
        self.shared.calls.moved()
    }
}

impl Shared {
    async fn deliver(&self, request: OutgoingRequest) -> Result<Answer, GateError> {
        let request = CheckedRequest::check(request, &self.gate.rules())?;
        let _open = self.calls.begin(Call {
            method: request.method.to_string(),
            host: request.host.clone(),
            path: self.gate.scrubber().text(request.url.path()),
            open: true,
        });
        let mut attempt = Attempt {
            repeatable: request.repeatable,
            ..Attempt::default()
        };
        loop {
            let Ended {
                outcome,
                result,
                bytes,
            } = self.attempt(&request).await?;
            self.bytes.fetch_add(bytes, Relaxed);
            self.calls.moves();
            match outcome {
                Outcome::Answered { status: 429, .. } => attempt.refusals += 1,
                _ => attempt.failures += 1,
            }
            attempt.repeat_left = self.repeats.load(Relaxed) >= self.repeat_price();
            match decide(&attempt, &outcome, self.gate.retry(), self.gate.chance()) {
                Next::HandOver => {
                    if let (
                        Outcome::Answered {
                            status: status @ (500 | 502..=504),
                            ..
                        },
                        Ok(_),
                    ) = (outcome, &result)
                    {
                        *self.failure() = Some(GateError::ServerError {
                            host: request.host,
                            status,
                        });
                    }
                    return result;
                }
                Next::RateLimited { seconds } => {
                    return Err(GateError::RateLimited {
                        host: request.host,
                        seconds,
                    });
                }
                Next::Repeat { after, reason } => {
                    if reason == WaitReason::Failure {
                        self.repeats.fetch_sub(self.repeat_price(), Relaxed);
                    } else {
                        self.gate.budget.hold(self.gate.clock().now() + after);
                    }
                    // The answer is not needed while waiting.
                    drop(result);
                    self.retries.fetch_add(1, Relaxed);
                    attempt.waited += after;
                    self.wait(after, reason).await?;
                }
            }
        }
    }

    /// One attempt, when there is a slot and the budget allows it.
    async fn attempt(&self, request: &CheckedRequest) -> Result<Ended, GateError> {
        let _slot = self
            .unless_cancelled(self.gate.slots.acquire())
            .await?
            .map_err(|_| GateError::Internal {
                reason: "the slots were closed".to_owned(),
            })?;
        self.wait_for_budget().await?;
        let cap = self.gate.requests_a_run();
        let taken = self
            .requests
            .fetch_update(Relaxed, Relaxed, |sent| (sent < cap).then_some(sent + 1));
        taken.map_err(|_| GateError::AllowanceUsed { cap })?;
        self.repeats.fetch_add(1, Relaxed);
        self.unless_cancelled(self.gate.attempt(request)).await
    }

    async fn wait_for_budget(&self) -> Result<(), GateError> {
        loop {
            let now = self.gate.clock().now();
            let held = self.gate.budget.held(now);
            let wait = self.gate.budget.reserve(now);
            if wait.is_zero() {
                return Ok(());
            }
            let reason = if held.is_zero() {
                WaitReason::Budget
            } else {
                WaitReason::RateLimit
            };
            self.wait(wait, reason).await?;
            // The server may have asked for patience meanwhile; then the place taken is void.
            if self.gate.budget.held(self.gate.clock().now()).is_zero() {
                return Ok(());
            }
        }
    }

    async fn wait(&self, time: Duration, reason: WaitReason) -> Result<(), GateError> {
        if time.is_zero() {
            return Ok(());
        }
        self.waits.fetch_add(1, Relaxed);
        let clock = self.gate.clock();
        let seat = self.room.sit(clock.now() + time, reason);
        self.calls.moves();
        let waited = self.unless_cancelled(clock.sleep(time)).await;
        drop(seat);
        self.calls.moves();
        waited
    }

    /// Does something unless the run is cancelled before it is done.
    async fn unless_cancelled<T>(&self, work: impl Future<Output = T>) -> Result<T, GateError> {
        let mut word = self.cancelled.subscribe();
        tokio::select! {
            biased;
            _ = word.wait_for(|cancelled| *cancelled) => Err(GateError::Cancelled),
            done = work => Ok(done),
        }
    }

    fn repeat_price(&self) -> i64 {
        i64::from(self.gate.retry().requests_a_repeat)
    }

    fn failure(&self) -> MutexGuard<'_, Option<GateError>> {
        self.last_failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
