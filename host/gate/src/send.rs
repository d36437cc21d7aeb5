//! One attempt: out, back, and whole or not at all. An error is taken apart by the values in it, never by its text.

use std::error::Error;
use std::io;
use std::time::Duration;

use http::{HeaderMap, header};
use tracing::debug;

use crate::error::{GateError, clean};
use crate::gate::Inner;
use crate::limits::Limits;
use crate::message::Answer;
use crate::request::CheckedRequest;
use crate::retry::{Outcome, retry_after};
use crate::tls::tls_error;

/// How an attempt ended.
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) result: Result<Answer, GateError>,
    /// Bytes of the body that came.
    pub(crate) bytes: u64,
}

/// An attempt that brought no answer.
struct Failed {
    error: GateError,
    /// The same request may fare better.
    broken: bool,
    bytes: u64,
}

impl Inner {
    /// Sends a request once. What comes back is scrubbed.
    pub(crate) async fn attempt(&self, request: &CheckedRequest) -> Ended {
        let started = self.clock().now();
        let ended = match self.exchange(request).await {
            Ok((answer, retry_after)) => {
                let bytes = answer.body.len() as u64;
                let outcome = Outcome::Answered {
                    status: answer.status,
                    retry_after,
                };
                Ended {
                    outcome,
                    result: Ok(self.scrub(answer)),
                    bytes,
                }
            }
            Err(Failed { error, broken, bytes }) => {
                let outcome = if broken { Outcome::Broken } else { Outcome::Final };
                Ended {
                    outcome,
                    result: Err(error),
                    bytes,
                }
            }
        };
        debug!(
            integration = self.integration(),
            method = %request.method,
            host = request.host,
            path = self.scrubber().text(request.url.path()),
            outcome = ?ended.outcome,
            bytes = ended.bytes,
            milliseconds = self.clock().now().saturating_sub(started).as_millis() as u64,
            "request"
        );
        ended
    }

    async fn exchange(&self, request: &CheckedRequest) -> Result<(Answer, Option<Duration>), Failed> {
        let mut building = self
            .client()
            .request(request.method.clone(), request.url.clone())
            .headers(request.headers.clone());
        if request.method != http::Method::GET {
            building = building.body(request.body.clone());
        }
        let response = building
            .send()
            .await
            .map_err(|error| self.failed(request, &error, 0))?;
        let status = response.status();
        let wish = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|text| text.to_str().ok());
        let wish = wish.and_then(|text| retry_after(text, self.clock().wall()));
        let headers = response.headers().iter().map(|(name, text)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(text.as_bytes()).into_owned(),
            )
        });
        let headers = headers.collect();
        let body = match encoding(response.headers()) {
            None => self.body(request, response).await?,
            Some(encoding) if status.is_success() => {
                let host = request.host.clone();
                return Err(Failed {
                    error: GateError::Encoded { host, encoding },
                    broken: false,
                    bytes: 0,
                });
            }
            // Of a refusal or a failure the status is what counts; words that cannot be searched for secrets stay out.
            Some(_) => Vec::new(),
        };
        Ok((
            Answer {
                status: status.as_u16(),
                headers,
                body,
            },
            wish,
        ))
    }

    /// A body, whole.
    async fn body(
        &self,
        request: &CheckedRequest,
        mut response: reqwest::Response,
    ) -> Result<Vec<u8>, Failed> {
        let cap = self.limits().answer_bytes;
        let mut bytes = 0;
        let too_large = |bytes| Failed {
            error: GateError::TooLarge {
                host: request.host.clone(),
                cap: cap as u64,
            },
            broken: false,
            bytes,
        };
        let announced = response.content_length().unwrap_or(0);
        if announced > cap as u64 {
            return Err(too_large(bytes));
        }
        // A length is a promise; memory is taken for what comes.
        let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or(0).min(1 << 20));
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.failed(request, &error, bytes))?
        {
            bytes += chunk.len() as u64;
            if body.len() + chunk.len() > cap {
                return Err(too_large(bytes));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Blots secrets out. A session the server opens by cookie is a credential too, and not the connector's.
    fn scrub(&self, answer: Answer) -> Answer {
        let scrubber = self.scrubber();
        let headers = answer
            .headers
            .into_iter()
            .filter(|(name, _)| name != "set-cookie" && name != "set-cookie2" && !scrubber.is_in_name(name))
            .map(|(name, text)| (name, scrubber.text(&text)))
            .collect();
        Answer {
            status: answer.status,
            headers,
            body: scrubber.bytes(answer.body),
        }
    }

    fn failed(&self, request: &CheckedRequest, error: &reqwest::Error, bytes: u64) -> Failed {
        let host = &request.host;
        let (error, broken) = match found_in(error) {
            Found::Ours(ours) => {
                let broken = matches!(ours, GateError::Unreachable { .. });
                (ours, broken)
            }
            Found::Tls(tls) => (tls_error(host, &tls), false),
            _ if error.is_timeout() && error.is_connect() => (no_connection(host, self.limits()), true),
            // A query the server cannot finish in time is for the connector to split, not to be asked again.
            _ if error.is_timeout() => {
                let timeout = GateError::Timeout {
                    host: host.clone(),
                    seconds: seconds(self.limits().request),
                };
                (timeout, false)
            }
            Found::Io(io::ErrorKind::UnexpectedEof, _) if error.is_connect() => (hung_up(host), true),
            Found::Io(_, words) | Found::Words(words) => {
                let reason = self.scrubber().text(&clean(&words, 200));
                (
                    GateError::Unreachable {
                        host: host.clone(),
                        reason,
                    },
                    true,
                )
            }
        };
        Failed { error, broken, bytes }
    }
}

/// The encoding of an answer, where it has one.
fn encoding(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .map(|text| String::from_utf8_lossy(text.as_bytes()))
        .find(|text| !text.trim().is_empty() && !text.trim().eq_ignore_ascii_case("identity"))
        .map(|text| clean(&text, 40))
}

/// A connection that did not stand in time.
pub(crate) fn no_connection(host: &str, limits: &Limits) -> GateError {
    GateError::Unreachable {
        host: host.to_owned(),
        reason: format!("there was no connection within {} s", seconds(limits.connect)),
    }
}

/// A limit as it is told; a test's may be less than a second.
fn seconds(limit: Duration) -> u64 {
    limit.as_secs().max(1)
}

fn hung_up(host: &str) -> GateError {
    GateError::TlsFailed {
        host: host.to_owned(),
        reason: "it hung up in the middle of it".to_owned(),
    }
}

/// A failed handshake on a connection that stood.
pub(crate) fn handshake_error(host: &str, error: &io::Error) -> GateError {
    match found_in(error) {
        Found::Tls(tls) => tls_error(host, &tls),
        _ if error.kind() == io::ErrorKind::UnexpectedEof => hung_up(host),
        _ => GateError::Unreachable {
            host: host.to_owned(),
            reason: clean(&error.to_string(), 200),
        },
    }
}

/// What an error's chain of causes holds.
enum Found {
    Ours(GateError),
    Tls(rustls::Error),
    Io(io::ErrorKind, String),
    Words(String),
}

fn found_in(error: &(dyn Error + 'static)) -> Found {
    let mut deepest = error;
    let mut io = None;
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(ours) = cause.downcast_ref::<GateError>() {
            return Found::Ours(ours.clone());
        }
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return Found::Tls(tls.clone());
        }
        deepest = cause;
        // The standard library's error hides what it wraps from the chain.
        next = match cause.downcast_ref::<io::Error>() {
            Some(error) => {
                io = Some(error.kind());
                error.get_ref().map(|inside| inside as &(dyn Error + 'static))
            }
            None => cause.source(),
        };
    }
    match io {
        Some(kind) => Found::Io(kind, deepest.to_string()),
        None => Found::Words(deepest.to_string()),
    }
}
