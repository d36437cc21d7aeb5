//! The gate as the runtime's way out. The two rooms do not know each other; this is the one place where they meet.

use std::sync::Arc;

use async_trait::async_trait;
use dovetail_gate::{Answer, OutgoingRequest, SendFailure, Session};
use dovetail_runtime::{Outbound, OutboundFailure, OutboundRequest, OutboundResponse};

/// A session of the gate that a connector sends through.
pub struct Through(pub Arc<Session>);

#[async_trait]
impl Outbound for Through {
    async fn send(&self, request: OutboundRequest) -> Result<OutboundResponse, OutboundFailure> {
        self.0
            .send(outgoing(request))
            .await
            .map(response)
            .map_err(failure)
    }

    async fn send_each(
        &self,
        requests: Vec<OutboundRequest>,
    ) -> Vec<Result<OutboundResponse, OutboundFailure>> {
        let answers = self
            .0
            .send_each(requests.into_iter().map(outgoing).collect())
            .await;
        answers
            .into_iter()
            .map(|answer| answer.map(response).map_err(failure))
            .collect()
    }
}

fn outgoing(request: OutboundRequest) -> OutgoingRequest {
    OutgoingRequest {
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: request.body,
        credential: request.credential,
        repeatable: request.repeatable,
    }
}

fn response(answer: Answer) -> OutboundResponse {
    OutboundResponse {
        status: answer.status,
        headers: answer.headers,
        body: answer.body,
    }
}

fn failure(failure: SendFailure) -> OutboundFailure {
    match failure {
        SendFailure::Denied(why) => OutboundFailure::Denied(why),
        SendFailure::Untrusted(why) => OutboundFailure::Untrusted(why),
        SendFailure::Unreachable(why) => OutboundFailure::Unreachable(why),
        SendFailure::Timeout => OutboundFailure::Timeout,
        SendFailure::TooLarge(bytes) => OutboundFailure::TooLarge(bytes),
        SendFailure::RateLimited(seconds) => OutboundFailure::RateLimited(seconds),
        SendFailure::Stopped(why) => OutboundFailure::Stopped(why),
    }
}
