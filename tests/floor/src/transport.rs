//! The gate as the connector's way out, without a component in between.

use std::sync::Arc;

use connectwise::Transport;
use dovetail_gate::{Answer, OutgoingRequest, SendFailure, Session};
use dovetail_sdk::connector::http::{Failure, Header, Request, Response};
use tokio::runtime::Handle;

/// A session of the gate, waited for.
pub(crate) struct Through {
    pub(crate) events: Handle,
    pub(crate) session: Arc<Session>,
}

impl Transport for Through {
    fn send(&mut self, request: Request) -> Result<Response, Failure> {
        self.events
            .block_on(self.session.send(outgoing(request)))
            .map(response)
            .map_err(failure)
    }

    fn send_each(&mut self, requests: Vec<Request>) -> Vec<Result<Response, Failure>> {
        let requests = requests.into_iter().map(outgoing).collect();
        let answers = self.events.block_on(self.session.send_each(requests));
        answers
            .into_iter()
            .map(|answer| answer.map(response).map_err(failure))
            .collect()
    }

    fn warn(&mut self, text: &str) {
        eprintln!("floor: {text}");
    }
}

fn outgoing(request: Request) -> OutgoingRequest {
    OutgoingRequest {
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
    }
}

fn response(answer: Answer) -> Response {
    let headers = answer
        .headers
        .into_iter()
        .map(|(name, value)| Header { name, value })
        .collect();
    Response {
        status: answer.status,
        headers,
        body: answer.body,
    }
}

fn failure(failure: SendFailure) -> Failure {
    match failure {
        SendFailure::Denied(why) => Failure::Denied(why),
        SendFailure::Untrusted(why) => Failure::Untrusted(why),
        SendFailure::Unreachable(why) => Failure::Unreachable(why),
        SendFailure::Timeout => Failure::Timeout,
        SendFailure::TooLarge(bytes) => Failure::TooLarge(bytes),
        SendFailure::RateLimited(seconds) => Failure::RateLimited(seconds),
        SendFailure::Stopped(why) => Failure::Stopped(why),
    }
}
