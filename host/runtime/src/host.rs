//! What an instance finds when it calls out: the log, and for connectors the way out. Counts and sizes are checked
//! here; a request that breaks one is denied by itself.

use std::sync::Arc;

use wasmtime::{Engine, Store};

use crate::allowance::{Allowance, Meter};
use crate::bindings::{http, log, types};
use crate::engine::Clock;
use crate::limits::{self, GuestLimits, Limits};
use crate::log::LogBook;
use crate::memory::Quota;
use crate::outbound::{Outbound, OutboundAnswer, OutboundFailure, OutboundRequest};

/// The state of one instance.
pub(crate) struct Host {
    pub(crate) meter: Arc<Meter>,
    pub(crate) book: LogBook,
    pub(crate) quota: Quota,
    outbound: Option<Arc<dyn Outbound>>,
    requests_left: u64,
}

/// A store for one instance, with every limit set before anything is instantiated in it.
pub(crate) fn store(
    engine: &Engine,
    clock: &Arc<Clock>,
    limits: &Limits,
    guest: &GuestLimits,
    plugin: &str,
    outbound: Option<Arc<dyn Outbound>>,
) -> Store<Host> {
    let meter = Meter::new(Arc::clone(clock));
    let host = Host {
        meter: Arc::clone(&meter),
        book: LogBook::new(plugin),
        quota: Quota::new(guest.memory, limits),
        outbound,
        requests_left: limits.requests,
    };
    let mut store = Store::new(engine, host);
    store.limiter(|host| &mut host.quota);
    store.set_hostcall_fuel(limits.crossing);
    store.set_max_component_handles(limits.handles);
    store.epoch_deadline_callback(move |_| meter.look());
    store.set_epoch_deadline(1);
    store
}

/// A call begins: what it may spend is counted from here.
pub(crate) fn begin(store: &mut Store<Host>, allowance: Allowance) {
    store.set_epoch_deadline(1);
    let host = store.data_mut();
    host.book.begin();
    host.meter.begin(allowance);
}

impl types::Host for Host {}

impl log::Host for Host {
    fn write(&mut self, level: log::Level, text: String) -> wasmtime::Result<()> {
        let _visit = self.meter.enter()?;
        self.book.write(level, &text);
        Ok(())
    }
}

impl http::Host for Host {
    async fn send(
        &mut self,
        request: http::Request,
    ) -> wasmtime::Result<Result<http::Response, http::Failure>> {
        let _visit = self.meter.enter()?;
        let checked = self.admit(request);
        let answer = match (checked, &self.outbound) {
            (Ok(request), Some(outbound)) => outbound.send(request).await,
            (Ok(_), None) => Err(no_way_out()),
            (Err(refused), _) => Err(refused),
        };
        let mut room = limits::RESPONSES_AT_ONCE;
        Ok(into_guest(answer, &mut room))
    }

    async fn send_each(
        &mut self,
        requests: Vec<http::Request>,
    ) -> wasmtime::Result<Vec<Result<http::Response, http::Failure>>> {
        let _visit = self.meter.enter()?;
        if requests.len() > limits::REQUESTS_AT_ONCE {
            let words = format!(
                "{} requests at once; {} are allowed",
                requests.len(),
                limits::REQUESTS_AT_ONCE
            );
            return Ok(requests
                .iter()
                .map(|_| Err(http::Failure::Denied(words.clone())))
                .collect());
        }
        // What is refused here keeps its place among the answers.
        let mut answers: Vec<Option<OutboundAnswer>> = Vec::with_capacity(requests.len());
        let mut sent = Vec::with_capacity(requests.len());
        for request in requests {
            match self.admit(request) {
                Ok(request) => {
                    sent.push(request);
                    answers.push(None);
                }
                Err(refused) => answers.push(Some(Err(refused))),
            }
        }
        let came = match &self.outbound {
            Some(outbound) => outbound.send_each(sent).await,
            None => sent.iter().map(|_| Err(no_way_out())).collect(),
        };
        let mut came = came.into_iter();
        let mut room = limits::RESPONSES_AT_ONCE;
        Ok(answers
            .into_iter()
            .map(|answer| {
                let answer = answer.or_else(|| came.next());
                into_guest(answer.unwrap_or_else(|| Err(no_answer())), &mut room)
            })
            .collect())
    }
}

impl Host {
    fn admit(&mut self, request: http::Request) -> Result<OutboundRequest, OutboundFailure> {
        let denied = |words: String| Err(OutboundFailure::Denied(words));
        if request.url.len() > limits::URL {
            return denied(format!(
                "a URL of {} bytes; {} are allowed",
                request.url.len(),
                limits::URL
            ));
        }
        if request.headers.len() > limits::HEADERS {
            return denied(format!(
                "{} headers; {} are allowed",
                request.headers.len(),
                limits::HEADERS
            ));
        }
        let body = request.body.as_ref().map_or(0, Vec::len);
        if body > limits::REQUEST_BODY {
            return denied(format!(
                "a body of {body} bytes; {} are allowed",
                limits::REQUEST_BODY
            ));
        }
        let Some(left) = self.requests_left.checked_sub(1) else {
            return Err(OutboundFailure::Stopped(
                "the run's requests are used up".to_owned(),
            ));
        };
        self.requests_left = left;
        Ok(OutboundRequest {
            method: request.method,
            url: request.url,
            headers: request
                .headers
                .into_iter()
                .map(|header| (header.name, header.value))
                .collect(),
            body: request.body,
            credential: request.credential,
            repeatable: request.repeatable,
        })
    }
}

fn no_way_out() -> OutboundFailure {
    OutboundFailure::Denied("a plugin that describes itself sends nothing".to_owned())
}

fn no_answer() -> OutboundFailure {
    OutboundFailure::Unreachable("the host gave fewer answers than there were requests".to_owned())
}

/// `room` is what the answers of one call may still hold.
fn into_guest(answer: OutboundAnswer, room: &mut usize) -> Result<http::Response, http::Failure> {
    let response = answer.map_err(|failure| match failure {
        OutboundFailure::Denied(words) => http::Failure::Denied(words),
        OutboundFailure::Untrusted(words) => http::Failure::Untrusted(words),
        OutboundFailure::Unreachable(words) => http::Failure::Unreachable(words),
        OutboundFailure::Timeout => http::Failure::Timeout,
        OutboundFailure::TooLarge(bytes) => http::Failure::TooLarge(bytes),
        OutboundFailure::RateLimited(seconds) => http::Failure::RateLimited(seconds),
        OutboundFailure::Stopped(words) => http::Failure::Stopped(words),
    })?;
    let size = response.body.len();
    match room.checked_sub(size) {
        Some(left) if size <= limits::RESPONSE_BODY => *room = left,
        _ => return Err(http::Failure::TooLarge(size as u64)),
    }
    let headers = response
        .headers
        .into_iter()
        .map(|(name, value)| http::Header { name, value })
        .collect();
    Ok(http::Response {
        status: response.status,
        headers,
        body: response.body,
    })
}
