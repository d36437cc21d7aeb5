//! What an instance finds when it calls out: the log, and for connectors the way out. Counts and sizes are checked
//! here; a request that breaks one is denied by itself.

use std::sync::Arc;

use wasmtime::{Engine, Store};

use crate::allowance::{Allowance, Meter};
use crate::bindings::{http, log, mapping, types};
use crate::engine::Clock;
use crate::limits::{self, GuestLimits, Limits};
use crate::log::LogBook;
use crate::memory::Quota;
use crate::outbound::{OutboundAnswer, OutboundFailure, OutboundRequest, WayOut};

/// The state of one instance.
pub(crate) struct Host {
    pub(crate) meter: Arc<Meter>,
    pub(crate) book: LogBook,
    pub(crate) quota: Quota,
    way_out: Option<Arc<WayOut>>,
}

/// A store for one instance, with every limit set before anything is instantiated in it.
pub(crate) fn store(
    engine: &Engine,
    clock: &Arc<Clock>,
    limits: &Limits,
    guest: &GuestLimits,
    plugin: &str,
    way_out: Option<Arc<WayOut>>,
) -> Store<Host> {
    let meter = Meter::new(Arc::clone(clock));
    let host = Host {
        meter: Arc::clone(&meter),
        book: LogBook::new(plugin),
        quota: Quota::new(guest.memory, limits),
        way_out,
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

impl mapping::dovetail::plugin::types::Host for Host {}

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
        let answer = match (checked, &self.way_out) {
            (Ok(request), Some(way_out)) => way_out.outbound.send(request).await,
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
        let came = match &self.way_out {
            Some(way_out) => way_out.outbound.send_each(sent).await,
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
        if self
            .way_out
            .as_ref()
            .is_some_and(|way_out| !way_out.take_request())
        {
            return Err(OutboundFailure::Stopped(
                "the run's requests are used up".to_owned(),
            ));
        }
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

#[cfg(test)]
mod tests {
    use wasmtime::component::{Component, Instance, Linker};

    use super::*;
    use crate::engine::engine;
    use crate::error::{PluginError, failed};
    use crate::limits::Limit;

    /// Makes an instance of a component, with a mapping's limits.
    async fn instance(text: &str, limits: &Limits) -> wasmtime::Result<(Store<Host>, Instance)> {
        let engine = engine(limits)?;
        let component = Component::new(&engine, wat::parse_str(text).unwrap())?;
        let clock = Arc::new(Clock::standing());
        let mut store = store(&engine, &clock, limits, &limits.mapping, "p", None);
        let instance = Linker::new(&engine)
            .instantiate_async(&mut store, &component)
            .await?;
        Ok((store, instance))
    }

    /// The limit that people are told of.
    fn limit(error: &wasmtime::Error, limits: &Limits) -> Limit {
        match failed("plugin p", "describe", error, limits, None) {
            PluginError::Over { limit, .. } => limit,
            other => panic!("{other}"),
        }
    }

    #[tokio::test]
    async fn instances_tables_and_memories_are_counted() {
        let limits = Limits {
            instances: 3,
            ..Limits::TABLE
        };
        fn component(module: &str, instances: usize) -> String {
            let instances = "(core instance (instantiate $m))".repeat(instances);
            format!("(component (core module $m {module}) {instances})")
        }
        let forms: [fn(usize) -> String; 3] = [
            |count| component("", count),
            |count| component(&"(table 0 funcref)".repeat(count), 1),
            |count| component(&"(memory 0)".repeat(count), 1),
        ];
        for form in forms {
            assert!(instance(&form(3), &limits).await.is_ok(), "{}", form(3));
            let error = instance(&form(4), &limits).await.err().unwrap();
            assert_eq!(limit(&error, &limits), Limit::Instances(3), "{}", form(4));
        }
    }

    /// A component that makes as many handles of a resource of its own as it is told.
    const OF_HANDLES: &str = r#"(component
        (type $own (resource (rep i32)))
        (core func $new (canon resource.new $own))
        (core module $m
            (import "" "new" (func $new (param i32) (result i32)))
            (func (export "take") (param $left i32)
                (loop $again
                    (if (local.get $left)
                        (then
                            (drop (call $new (i32.const 0)))
                            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                            (br $again))))))
        (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
        (func (export "take") (param "count" u32) (canon lift (core func $i "take"))))"#;

    #[tokio::test]
    async fn handles_are_counted() {
        let limits = Limits::TABLE;
        let taking = async |count: usize| {
            let (mut store, instance) = instance(OF_HANDLES, &limits).await.unwrap();
            let take = instance.get_typed_func::<(u32,), ()>(&mut store, "take").unwrap();
            let count = u32::try_from(count).unwrap();
            take.call_async(&mut store, (count,)).await
        };
        taking(limits.handles).await.unwrap();
        let error = taking(limits.handles + 1).await.unwrap_err();
        assert_eq!(limit(&error, &limits), Limit::Handles(limits.handles));
    }
}
