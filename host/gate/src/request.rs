//! A connector's request, checked. What passes here is well-formed, goes to an allowed origin, and carries nothing
//! that belongs to the host: neither a header of the connection nor a credential of the connector's own.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use url::Url;

use crate::GateError;
use crate::address::AddressPolicy;
use crate::credential::Credentials;
use crate::error::clean;
use crate::limits;
use crate::message::OutgoingRequest;
use crate::origin::AllowedOrigins;
use crate::resolve::check_host;

/// A request that may be sent, credential included.
pub(crate) struct CheckedRequest {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Sending it twice does the same as sending it once.
    pub(crate) repeatable: bool,
    /// For messages: `host` or `host:port`.
    pub(crate) host: String,
}

/// What a request is checked against.
pub(crate) struct Rules<'a> {
    pub(crate) integration: &'a str,
    pub(crate) origins: &'a AllowedOrigins,
    pub(crate) policy: AddressPolicy,
    pub(crate) credentials: &'a Credentials,
}

/// Headers that make or break the connection.
pub(crate) fn belongs_to_the_connection(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("proxy-")
        || matches!(
            name.as_str(),
            "host"
                | "connection"
                | "content-length"
                | "transfer-encoding"
                | "te"
                | "trailer"
                | "upgrade"
                | "keep-alive"
                | "expect"
                | "http2-settings"
        )
}

/// Headers a connector may not set: those of the connection, those that carry credentials, and those that would have
/// an answer come in pieces or in a form in which a secret is not recognised.
fn is_forbidden(name: &str) -> bool {
    belongs_to_the_connection(name)
        || matches!(
            name,
            "authorization"
                | "cookie"
                | "cookie2"
                | "accept-encoding"
                | "accept-charset"
                | "range"
                | "if-range"
        )
}

fn refused(reason: impl Into<String>) -> GateError {
    GateError::RequestRefused {
        reason: reason.into(),
    }
}

impl CheckedRequest {
    pub(crate) fn check(request: OutgoingRequest, rules: &Rules<'_>) -> Result<Self, GateError> {
        let method = match request.method.as_str() {
            "GET" => Method::GET,
            "POST" => Method::POST,
            "PATCH" => Method::PATCH,
            "PUT" => Method::PUT,
            "DELETE" => Method::DELETE,
            other => {
                return Err(refused(format!(
                    "the method `{}` is not among those allowed",
                    clean(other, 20)
                )));
            }
        };
        let url = read_url(&request.url)?;
        let place = url.origin().ascii_serialization();
        let Some(origin) = rules.origins.find(&url) else {
            return Err(GateError::OriginNotAllowed {
                integration: rules.integration.to_owned(),
                asked: clean(&place, 200),
                allowed: rules.origins.in_words(),
            });
        };
        let host = origin.host().to_string();
        if let Some(of_url) = url.host() {
            check_host(rules.policy, &of_url, &host)?;
        }
        let body = request.body.unwrap_or_default();
        if body.len() > limits::BODY_BYTES {
            return Err(refused(format!(
                "its body of {} bytes is larger than {}",
                body.len(),
                limits::BODY_BYTES
            )));
        }
        if method == Method::GET && !body.is_empty() {
            return Err(refused("GET carries no body"));
        }
        let mut headers = read_headers(&request.headers)?;
        if let Some(name) = &request.credential {
            let not_allowed = |allowed: String| GateError::CredentialNotAllowed {
                credential: clean(name, 60),
                asked: origin.url(),
                allowed,
            };
            match origin.credential() {
                Some(allowed) if allowed == name => {}
                Some(allowed) => return Err(not_allowed(format!("only `{allowed}` may be used there"))),
                None => return Err(not_allowed("only requests without one go there".to_owned())),
            }
            let performed = rules
                .credentials
                .get(name)
                .ok_or_else(|| not_allowed("it is not among those declared".to_owned()))?;
            if headers
                .insert(performed.name.clone(), performed.value.clone())
                .is_some()
            {
                return Err(refused(format!(
                    "it sets `{}`, which its credential fills in",
                    performed.name
                )));
            }
        }
        // What comes back compressed could not be searched for secrets.
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let repeatable = request.repeatable || method == Method::GET;
        Ok(CheckedRequest {
            method,
            url,
            headers,
            body: Bytes::from(body),
            repeatable,
            host,
        })
    }
}

fn read_url(text: &str) -> Result<Url, GateError> {
    if text.len() > limits::URL_BYTES {
        return Err(refused(format!(
            "its URL of {} bytes is longer than {}",
            text.len(),
            limits::URL_BYTES
        )));
    }
    // The parser would drop some of these silently, and take a backslash for a slash.
    if text
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || c == '\\')
    {
        return Err(refused("its URL holds spaces, control characters or backslashes"));
    }
    let mut url = Url::parse(text).map_err(|trouble| refused(format!("its URL is malformed ({trouble})")))?;
    // From these a client would make a credential of the connector's own.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("its URL carries a user or a password"));
    }
    url.set_fragment(None);
    if url.as_str().len() > limits::URL_BYTES {
        return Err(refused(format!(
            "its URL, escaped, is longer than {} bytes",
            limits::URL_BYTES
        )));
    }
    // A trailing dot would have another name in the certificate check than in the allow list.
    if let Some(name) = url
        .domain()
        .and_then(|name| name.strip_suffix('.'))
        .map(str::to_owned)
    {
        url.set_host(Some(&name))
            .map_err(|_| refused("its URL's host is malformed"))?;
    }
    Ok(url)
}

fn read_headers(given: &[(String, String)]) -> Result<HeaderMap, GateError> {
    if given.len() > limits::HEADERS {
        return Err(refused(format!(
            "it has {} headers, at most {} are allowed",
            given.len(),
            limits::HEADERS
        )));
    }
    let mut headers = HeaderMap::with_capacity(given.len() + 2);
    for (name, text) in given {
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| refused(format!("the header name `{}` is malformed", clean(name, 60))))?;
        if is_forbidden(parsed.as_str()) {
            return Err(refused(format!("the header `{parsed}` belongs to the host")));
        }
        if text.len() > limits::HEADER_BYTES {
            return Err(refused(format!(
                "the header `{parsed}` is longer than {} bytes",
                limits::HEADER_BYTES
            )));
        }
        let text = HeaderValue::from_str(text).map_err(|_| {
            refused(format!(
                "the header `{parsed}` holds characters no header may hold"
            ))
        })?;
        if headers.insert(parsed.clone(), text).is_some() {
            return Err(refused(format!("the header `{parsed}` stands there twice")));
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use dovetail_domain::connector::{Credential, OriginRule, Scheme};
    use dovetail_domain::{Code, Explained};

    use super::*;
    use crate::secret::{Secret, Secrets};

    fn ask(change: impl FnOnce(&mut OutgoingRequest)) -> Result<CheckedRequest, GateError> {
        let rule = |setting: &str, credential: Option<&str>| OriginRule {
            setting: setting.into(),
            when_ends_with: None,
            strip_prefix: None,
            add_prefix: None,
            credential: credential.map(Into::into),
            last: false,
        };
        let settings = [
            ("site".to_owned(), "psa.example".to_owned()),
            ("other".to_owned(), "plain.example:8443".to_owned()),
        ];
        let mut secrets = Secrets::new();
        secrets.insert(
            "private-key",
            Secret::new("private-key", "hidden-words".into()).expect("long enough"),
        );
        let origins =
            AllowedOrigins::work_out(&[rule("site", Some("keys")), rule("other", None)], &settings)?;
        let declared = ["keys", "spare"].map(|name| Credential {
            name: name.into(),
            scheme: Scheme::Header {
                name: format!("x-{name}"),
                content: "{private-key}".into(),
            },
        });
        let credentials = Credentials::assemble(&declared, &settings, &secrets)?;
        let rules = Rules {
            integration: "acme",
            origins: &origins,
            policy: AddressPolicy {
                allow_private_network: false,
            },
            credentials: &credentials,
        };
        let mut request = OutgoingRequest {
            method: "GET".into(),
            url: "https://psa.example/a".into(),
            headers: vec![],
            body: None,
            credential: None,
            repeatable: false,
        };
        change(&mut request);
        CheckedRequest::check(request, &rules)
    }

    #[test]
    fn a_good_request_passes_and_carries_its_credential() {
        let checked = ask(|r| {
            r.credential = Some("keys".into());
            r.headers = vec![
                ("Accept".into(), "application/json; version=2019.1".into()),
                ("clientId".into(), "x".into()),
            ];
            r.url = "https://PSA.example.:443/a?conditions=name=\"ü\"#part".into();
        })
        .expect("passes");
        assert_eq!(
            checked.url.as_str(),
            "https://psa.example/a?conditions=name=%22%C3%BC%22"
        );
        assert_eq!(checked.headers["x-keys"], "hidden-words");
        assert_eq!(checked.headers["accept-encoding"], "identity");
        assert_eq!(checked.headers["clientid"], "x");
        assert!(checked.repeatable);
        let plain = ask(|r| r.url = "https://plain.example:8443/".into()).expect("passes");
        assert!(!plain.headers.contains_key("x-keys"));
    }

    #[test]
    fn only_what_says_so_is_repeatable() {
        for (method, says, is) in [
            ("GET", false, true),
            ("POST", false, false),
            ("POST", true, true),
            ("PUT", false, false),
            ("DELETE", false, false),
            ("PATCH", false, false),
        ] {
            let checked = ask(|r| {
                r.method = method.into();
                r.repeatable = says;
            });
            assert_eq!(checked.expect(method).repeatable, is, "{method}");
        }
    }

    #[test]
    fn other_places_and_credentials_are_refused() {
        for (url, credential) in [
            ("https://evil.example/", None),
            ("https://psa.example:8443/", None),
            ("https://psa.example.evil.example/", None),
            ("http://psa.example/", None),
            ("https://8.8.8.8/", None),
            ("https://127.0.0.1/", None),
            ("https://plain.example:8443/", Some("keys")),
            ("https://psa.example/", Some("spare")),
            ("https://psa.example/", Some("unknown")),
        ] {
            let error = ask(|r| {
                r.url = url.into();
                r.credential = credential.map(Into::into);
            });
            assert_eq!(
                error.err().expect(url).code(),
                Code::OriginNotAllowed,
                "{url} {credential:?}"
            );
        }
    }

    #[test]
    fn malformed_requests_are_refused() {
        let header = |name: &str, text: &str| {
            let pair = (name.to_owned(), text.to_owned());
            move |r: &mut OutgoingRequest| r.headers = vec![pair]
        };
        let mut table: Vec<(String, Result<CheckedRequest, GateError>)> = Vec::new();
        for name in [
            "Host",
            "authorization",
            "AUTHORIZATION",
            "Cookie",
            "Connection",
            "Content-Length",
            "Transfer-Encoding",
            "TE",
            "Trailer",
            "Upgrade",
            "Proxy-Authorization",
            "proxy-connection",
            "Keep-Alive",
            "Expect",
            "Range",
            "If-Range",
            "Accept-Encoding",
            "Accept-Charset",
            "HTTP2-Settings",
            "Cookie2",
            "bad name",
            "bad:name",
            "",
            "bad\r\nname",
            "ümlaut",
        ] {
            table.push((name.into(), ask(header(name, "x"))));
        }
        for text in ["a\r\nHost: evil.example", "a\nb", "a\0b", "a\u{7f}b"] {
            table.push((text.into(), ask(header("x-a", text))));
        }
        assert!(ask(header("x-a", &"x".repeat(limits::HEADER_BYTES))).is_ok());
        table.push((
            "long header".into(),
            ask(header("x-a", &"x".repeat(limits::HEADER_BYTES + 1))),
        ));
        table.push((
            "twice".into(),
            ask(|r| r.headers = vec![("X-A".into(), "1".into()), ("x-a".into(), "2".into())]),
        ));
        table.push((
            "the credential's own".into(),
            ask(|r| {
                r.credential = Some("keys".into());
                r.headers = vec![("X-Keys".into(), "mine".into())];
            }),
        ));
        let many = |count: usize| {
            ask(move |r| r.headers = (0..count).map(|n| (format!("x-{n}"), "1".into())).collect())
        };
        assert!(many(limits::HEADERS).is_ok());
        table.push(("too many headers".into(), many(limits::HEADERS + 1)));
        for method in [
            "get", "HEAD", "OPTIONS", "CONNECT", "TRACE", "", "GET ", "GET\r\n",
        ] {
            table.push((method.into(), ask(|r| r.method = method.into())));
        }
        for url in [
            "",
            "psa.example/a",
            "/a",
            "https://",
            "https://user@psa.example/",
            "https://user:word@psa.example/",
            "https://:word@psa.example/",
            "https://psa.example/a b",
            "https://psa.example/\na",
            "https://psa\t.example/",
            "https://psa.example\\@evil.example/",
            "https://psa.example/a\0",
        ] {
            table.push((url.into(), ask(|r| r.url = url.into())));
        }
        let begin = "https://psa.example/";
        let sized = |size: usize| format!("{begin}{}", "a".repeat(size - begin.len()));
        assert!(ask(|r| r.url = sized(limits::URL_BYTES)).is_ok());
        table.push(("long url".into(), ask(|r| r.url = sized(limits::URL_BYTES + 1))));
        // What is cut off before it is sent counts too, and so does what escaping adds.
        let fragment = format!("{begin}#{}", "a".repeat(limits::URL_BYTES));
        table.push(("long fragment".into(), ask(|r| r.url = fragment)));
        let longer_escaped = format!("{begin}{}", "ü".repeat(limits::URL_BYTES / 3));
        table.push(("long when escaped".into(), ask(|r| r.url = longer_escaped)));
        let body = |size: usize, method: &'static str| {
            ask(move |r| {
                r.method = method.into();
                r.body = Some(vec![0; size]);
            })
        };
        assert!(body(limits::BODY_BYTES, "POST").is_ok());
        assert!(body(0, "GET").is_ok());
        table.push(("large body".into(), body(limits::BODY_BYTES + 1, "POST")));
        table.push(("body on GET".into(), body(1, "GET")));
        for (what, outcome) in table {
            assert_eq!(
                outcome.err().unwrap_or_else(|| panic!("{what:?} passed")).code(),
                Code::RequestRefused,
                "{what:?}"
            );
        }
    }
}
