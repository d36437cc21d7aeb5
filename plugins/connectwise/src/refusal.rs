//! What an answer that is no success means. The server's status, body and the host's failures become one of a few
//! cases, and each case a fault the scheduler can act on.

use dovetail_sdk::connector::http::{Failure, Response};
use dovetail_sdk::connector::types::{Cause, Fault};
use serde::Deserialize;

use crate::loose::Text;

/// The longest piece of a server's own words in a message, in characters.
const LONGEST_WORDS: usize = 300;

/// Why a request did not bring what was asked for. Each case carries the server's or the host's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 401.
    Unauthorized(String),
    /// 403.
    Forbidden(String),
    /// 404 that names a record: it is not there.
    NoRecord(String),
    /// 404 or a redirect that says nothing of a record: wrong path or moved codebase.
    NoEndpoint(String),
    /// 429, with seconds to wait; 0 where the server did not say.
    RateLimited(u32),
    /// The server or the way to it ran out of time.
    TimedOut(String),
    /// The answer is over the cap.
    TooLarge,
    /// The server broke on its own data; repeating it changes nothing.
    Broken(String),
    /// 405 and its like: the request is not acceptable.
    Rejected(String),
    /// 400, 409 or 422: what the request says is not acceptable.
    Invalid(Invalid),
    /// 5xx, a page instead of data, a broken connection: it may work later.
    Passing(String),
    /// Certificate, address or origin are not acceptable.
    Denied(String),
    /// A setting does not make sense. Carries its key and what is wrong.
    Setting(&'static str, String),
}

/// What a server says of a request that it does not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    /// Its sentences.
    pub(crate) words: String,
    /// Its sentences, each with its code.
    pub(crate) told: String,
    /// The property it names first; empty where it names none.
    pub(crate) property: String,
}

impl Refusal {
    /// The fault for people and scheduler. `about` is what was asked for, `permission` what it needs.
    pub(crate) fn fault(self, about: &str, permission: &str) -> Fault {
        match self {
            Refusal::Unauthorized(words) => fault(
                Cause::Auth,
                format!("ConnectWise refused the keys when asked for {about}: {words}"),
            ),
            Refusal::Forbidden(words) => fault(
                Cause::Permission(permission.to_owned()),
                format!("ConnectWise refused {about} for lack of the permission {permission}: {words}"),
            ),
            Refusal::NoRecord(words) => fault(
                Cause::Gone,
                format!("ConnectWise has no such record ({about}): {words}"),
            ),
            Refusal::NoEndpoint(words) => fault(
                Cause::Bug,
                format!(
                    "This ConnectWise server does not know the endpoint for {about}; it may be too old: {words}"
                ),
            ),
            Refusal::RateLimited(seconds) => fault(
                Cause::RateLimited(seconds),
                format!("ConnectWise asks for patience: too many requests when asked for {about}."),
            ),
            Refusal::TimedOut(words) => fault(
                Cause::Transient,
                format!("ConnectWise ran out of time for {about}: {words}"),
            ),
            Refusal::TooLarge => fault(
                Cause::TooLarge,
                format!("ConnectWise's answer for {about} is too large even for a page of one record."),
            ),
            Refusal::Broken(words) => fault(
                Cause::Bug,
                format!("ConnectWise fails on its own data when asked for {about}: {words}"),
            ),
            Refusal::Rejected(words) | Refusal::Invalid(Invalid { words, .. }) => fault(
                Cause::Bug,
                format!("ConnectWise does not accept the request for {about}: {words}"),
            ),
            Refusal::Passing(words) => fault(
                Cause::Transient,
                format!("ConnectWise could not answer for {about}: {words}"),
            ),
            Refusal::Denied(words) => fault(
                Cause::Transient,
                format!("ConnectWise could not be asked for {about}: {words}"),
            ),
            Refusal::Setting(key, words) => fault(Cause::InvalidConfig(key.to_owned()), words),
        }
    }

    /// Whether the whole run cannot go on, rather than this one question.
    pub(crate) fn ends_all(&self) -> bool {
        !matches!(self, Refusal::Forbidden(_) | Refusal::NoRecord(_))
    }
}

/// A fault whose message keeps to the contract's 2 KiB.
pub(crate) fn fault(cause: Cause, message: impl Into<String>) -> Fault {
    let message: String = message.into();
    Fault {
        cause,
        message: message
            .chars()
            .filter(|letter| !letter.is_control())
            .take(500)
            .collect(),
    }
}

/// Tells what an answer means.
pub(crate) fn judge(answer: Result<Response, Failure>) -> Result<Response, Refusal> {
    let response = match answer {
        Ok(response) => response,
        Err(failure) => return Err(of_failure(failure)),
    };
    let status = response.status;
    if (200..300).contains(&status) {
        return Ok(response);
    }
    let body = ErrorBody::of(&response);
    let words = body.words(status);
    Err(match status {
        401 => Refusal::Unauthorized(words),
        403 => Refusal::Forbidden(words),
        404 if body.code.0.eq_ignore_ascii_case("NotFound") => Refusal::NoRecord(words),
        404 | 300..=399 => Refusal::NoEndpoint(words),
        408 | 504 | 524 => Refusal::TimedOut(words),
        429 => Refusal::RateLimited(patience(&response, &words)),
        500 if says_timeout(&words) => Refusal::TimedOut(words),
        500 if words.contains("was not recognized as a valid") => Refusal::Broken(words),
        500..=599 => Refusal::Passing(words),
        400 | 409 | 422 => Refusal::Invalid(body.invalid(status, words)),
        _ => Refusal::Rejected(words),
    })
}

fn of_failure(failure: Failure) -> Refusal {
    match failure {
        Failure::Denied(words) | Failure::Untrusted(words) => Refusal::Denied(clip(&words)),
        Failure::Unreachable(words) | Failure::Stopped(words) => Refusal::Passing(clip(&words)),
        Failure::Timeout => Refusal::TimedOut("no complete answer in the time a request has".into()),
        Failure::TooLarge(_) => Refusal::TooLarge,
        Failure::RateLimited(seconds) => Refusal::RateLimited(seconds),
    }
}

/// ConnectWise's own spelling is `occured`.
fn says_timeout(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    words.contains("timeout") || words.contains("timed out")
}

/// Seconds to wait: the header's, else the number in the sentence.
fn patience(response: &Response, words: &str) -> u32 {
    let header = header(response, "retry-after").and_then(|text| text.trim().parse().ok());
    let sentence = || {
        words
            .split(|letter: char| !letter.is_ascii_digit())
            .filter(|part| *part != "429")
            .find_map(|part| part.parse().ok())
    };
    header.or_else(sentence).unwrap_or(0)
}

/// A header by its name in lower case.
pub(crate) fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value.as_str())
}

/// Whether a body is a web page instead of data.
pub(crate) fn is_page(body: &str) -> bool {
    body.trim_start().starts_with('<')
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    code: Text,
    message: Text,
    /// The property an entry of `errors` is about.
    field: Text,
    /// The rate limit's body has this in place of `code`.
    error: Text,
    errors: Option<Vec<ErrorBody>>,
    #[serde(skip)]
    raw: String,
}

impl ErrorBody {
    fn of(response: &Response) -> Self {
        let text = String::from_utf8_lossy(&response.body);
        let mut body: ErrorBody = serde_json::from_str(&text).unwrap_or_default();
        body.raw = text.into_owned();
        body
    }

    /// What it says of a request that is not acceptable. `words` stand in where it says nothing by codes.
    fn invalid(&self, status: u16, words: String) -> Invalid {
        let parts = || std::iter::once(self).chain(self.errors.iter().flatten());
        let sentence = |part: &ErrorBody| {
            let (code, message) = (part.code.0.trim(), part.message.0.trim());
            let between = if code.is_empty() || message.is_empty() {
                ""
            } else {
                ": "
            };
            let said = format!("{code}{between}{message}");
            (!said.is_empty()).then_some(said)
        };
        let told: Vec<String> = parts().filter_map(sentence).collect();
        let property = parts()
            .map(|part| part.field.0.trim())
            .find(|field| !field.is_empty());
        Invalid {
            property: property.unwrap_or_default().to_owned(),
            told: if told.is_empty() {
                words.clone()
            } else {
                format!("{} (status {status})", clip(&told.join("; ")))
            },
            words,
        }
    }

    /// The server's words on one line, never a web page.
    fn words(&self, status: u16) -> String {
        let parts = std::iter::once(self).chain(self.errors.iter().flatten());
        let said: Vec<&str> = parts
            .map(|part| part.message.0.trim())
            .filter(|part| !part.is_empty())
            .collect();
        let named = [&self.code.0, &self.error.0]
            .into_iter()
            .find(|name| !name.is_empty());
        let words = if !said.is_empty() {
            said.join(" ")
        } else if let Some(name) = named {
            name.clone()
        } else if is_page(&self.raw) {
            "a web page instead of data".to_owned()
        } else if self.raw.trim().is_empty() {
            "no words".to_owned()
        } else {
            self.raw.clone()
        };
        format!("{} (status {status})", clip(&words))
    }
}

fn clip(words: &str) -> String {
    words
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(LONGEST_WORDS)
        .collect()
}
