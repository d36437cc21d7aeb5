//! The way out: the contract's `http` inside a component, anything else in tests.

use dovetail_sdk::connector::http::{Failure, Request, Response};

/// Sends requests. The order of answers is the order of requests.
pub trait Transport {
    /// Sends one request and waits for its answer.
    fn send(&mut self, request: Request) -> Result<Response, Failure>;

    /// Sends several, at most 1,000, and waits for all.
    fn send_each(&mut self, requests: Vec<Request>) -> Vec<Result<Response, Failure>>;

    /// Tells the operator about something that was passed over.
    fn warn(&mut self, text: &str);
}

/// The host's imports.
#[derive(Debug)]
pub(crate) struct Host;

impl Transport for Host {
    fn send(&mut self, request: Request) -> Result<Response, Failure> {
        dovetail_sdk::connector::http::send(&request)
    }

    fn send_each(&mut self, requests: Vec<Request>) -> Vec<Result<Response, Failure>> {
        dovetail_sdk::connector::http::send_each(&requests)
    }

    fn warn(&mut self, text: &str) {
        dovetail_sdk::connector::log::write(dovetail_sdk::connector::log::Level::Warn, text);
    }
}
