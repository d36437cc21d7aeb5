//! What the runtime needs from whoever sends requests. It knows no client and no policy: a connector says what it
//! wants, and an [`Outbound`] decides and answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

/// A request as the connector worded it, with counts and sizes checked and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundRequest {
    /// `GET`, `POST`, `PATCH`, `PUT` or `DELETE`, as the connector wrote it.
    pub method: String,
    /// An absolute URL, at most 8 KiB.
    pub url: String,
    /// Names and values, at most 64.
    pub headers: Vec<(String, String)>,
    /// At most 4 MiB.
    pub body: Option<Vec<u8>>,
    /// The credential to fill in, by its name in the description.
    pub credential: Option<String>,
    /// Whether sending it twice does the same as sending it once.
    pub repeatable: bool,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundResponse {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// At most 24 MiB.
    pub body: Vec<u8>,
}

/// Why there is no answer; see `wit/draft/http.wit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboundFailure {
    /// Refused before anything was sent.
    Denied(String),
    /// The server's certificate is not acceptable.
    Untrusted(String),
    /// No connection, or it broke.
    Unreachable(String),
    /// No complete answer in time.
    Timeout,
    /// The answer is larger than the cap, in bytes.
    TooLarge(u64),
    /// Still refused for its rate; seconds to wait.
    RateLimited(u32),
    /// The run is being cancelled, or its requests are used up.
    Stopped(String),
}

/// What one request came to.
pub type OutboundAnswer = Result<OutboundResponse, OutboundFailure>;

/// Sends requests for a connector.
#[async_trait]
pub trait Outbound: Send + Sync {
    /// Sends one and waits for its answer.
    async fn send(&self, request: OutboundRequest) -> OutboundAnswer;

    /// Sends several and waits for all; as many answers as requests, in their order.
    async fn send_each(&self, requests: Vec<OutboundRequest>) -> Vec<OutboundAnswer>;
}

/// A run's way out: whoever sends, and how many requests the run may still make, whatever instance they come from.
pub(crate) struct WayOut {
    pub(crate) outbound: Arc<dyn Outbound>,
    requests_left: AtomicU64,
}

impl WayOut {
    pub(crate) fn new(outbound: Arc<dyn Outbound>, requests: u64) -> WayOut {
        WayOut {
            outbound,
            requests_left: AtomicU64::new(requests),
        }
    }

    /// Takes one of the requests; none is left where it says no.
    pub(crate) fn take_request(&self) -> bool {
        let one_less = |left: u64| left.checked_sub(1);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        self.requests_left.fetch_update(set, fetch, one_less).is_ok()
    }
}
