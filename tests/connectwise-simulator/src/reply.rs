//! Answers, and the errors ConnectWise gives: one constructor for each body it is known to send.

use crate::conditions::ConditionError;
use serde_json::{Value, json};

/// An answer before it goes out.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Which of the writes that changed records this answers; `None` where nothing was changed.
    pub(crate) applied: Option<u64>,
}

/// What is wrong with one field of a record that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) field: String,
}

const JSON: &str = "application/json; charset=utf-8";

impl Reply {
    pub(crate) fn json(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            content_type: JSON.into(),
            headers: Vec::new(),
            body,
            applied: None,
        }
    }

    fn error(status: u16, body: &Value) -> Self {
        Self::json(status, body.to_string().into_bytes())
    }

    fn coded(status: u16, code: &str, message: &str) -> Self {
        Self::error(status, &json!({"code": code, "message": message, "errors": null}))
    }

    fn typed(status: u16, content_type: &str, body: &str) -> Self {
        Self {
            status,
            content_type: content_type.into(),
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            applied: None,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A request without TLS.
    pub(crate) fn ssl_required() -> Self {
        Self::coded(403, "Security", "SSL is required.")
    }

    /// A URL beyond 2,000 characters.
    pub(crate) fn too_long() -> Self {
        Self::typed(
            414,
            "text/html",
            "<html><body><h1>URI Too Long</h1></body></html>",
        )
    }

    /// A path that is not there; no evidence that a record is gone.
    pub(crate) fn no_endpoint() -> Self {
        Self::coded(404, "ConnectWiseApi", "The endpoint does not exist.")
    }

    /// The web server's own 404, as old codebases answer.
    pub(crate) fn not_found_page() -> Self {
        Self::typed(
            404,
            "text/html",
            "<html><head><title>404</title></head><body>File or directory not found.</body></html>",
        )
    }

    /// A record that is not there.
    pub(crate) fn no_record(what: &str, id: u64) -> Self {
        Self::coded(404, "NotFound", &format!("{what} {id} not found"))
    }

    pub(crate) fn unauthorized() -> Self {
        Self::coded(
            401,
            "Unauthorized",
            "Unauthorized: the company, public key or private key is wrong.",
        )
        .header("www-authenticate", "Basic realm=\"ConnectWise\"")
    }

    /// Without a valid client id the answer is plain text.
    pub(crate) fn no_client_id() -> Self {
        Self::typed(
            401,
            "text/plain",
            "Cannot access the API without a valid clientId.",
        )
    }

    pub(crate) fn forbidden() -> Self {
        Self::coded(
            403,
            "Unauthorized",
            "You do not have security permission to perform this action.",
        )
    }

    pub(crate) fn method_not_allowed(allowed: &[&str]) -> Self {
        Self::coded(
            405,
            "ConnectWiseApi",
            "The requested resource does not support this method.",
        )
        .header("allow", allowed.join(", "))
    }

    pub(crate) fn bad_version(version: &str, current: &str) -> Self {
        Self::coded(
            400,
            "ConnectWiseApi",
            &format!(
                "Version {version} is not supported; the current version is {current}. Check your accept header to make sure you are using the correct version."
            ),
        )
    }

    pub(crate) fn bad_condition(error: &ConditionError) -> Self {
        Self::coded(400, "ApiFindCondition", &error.0)
    }

    /// A paging parameter outside its range.
    pub(crate) fn out_of_range(field: &str, text: &str) -> Self {
        Self::error(
            400,
            &json!({
                "code": "InvalidObject", "message": "page object is invalid",
                "errors": [{"code": "OutOfRange", "message": text, "resource": "page", "field": field}],
            }),
        )
    }

    pub(crate) fn order_by_refused() -> Self {
        Self::coded(
            400,
            "ConnectWiseApi",
            "orderBy is not supported with forward-only pagination.",
        )
    }

    /// No answer at all.
    pub(crate) fn nothing() -> Self {
        Self::json(0, Vec::new())
    }

    /// A record is gone.
    pub(crate) fn no_content(applied: Option<u64>) -> Self {
        Self {
            applied,
            ..Self::json(204, Vec::new())
        }
    }

    /// A body that is no JSON, or JSON of another shape than the object it should be.
    pub(crate) fn bad_body(message: &str) -> Self {
        Self::coded(400, "ConnectWiseApi", message)
    }

    /// A body that does not say it is JSON.
    pub(crate) fn unsupported_media(given: &str) -> Self {
        Self::coded(
            415,
            "ConnectWiseApi",
            &format!("The request entity's media type '{given}' is not supported for this resource."),
        )
    }

    /// A body beyond what is taken.
    pub(crate) fn body_too_large() -> Self {
        Self::typed(
            413,
            "text/html",
            "<html><body><h1>Request Entity Too Large</h1></body></html>",
        )
    }

    /// A record whose values do not fit; `resource` is what errors call the object.
    pub(crate) fn invalid(resource: &str, complaints: &[Complaint]) -> Self {
        let errors: Vec<Value> = complaints
            .iter()
            .map(|complaint| {
                json!({
                    "code": complaint.code, "message": complaint.message, "resource": resource,
                    "field": complaint.field,
                })
            })
            .collect();
        Self::error(
            400,
            &json!({
                "code": "InvalidObject", "message": format!("{resource} object is invalid"), "errors": errors,
            }),
        )
    }

    /// A record that others refer to.
    pub(crate) fn in_use(what: &str, id: u64, by: &str) -> Self {
        Self::coded(
            409,
            "Conflict",
            &format!("{what} {id} cannot be deleted; it is used by {by}"),
        )
    }

    /// Too many requests; the body's key is `error`, not `code`.
    pub(crate) fn too_many(retry_after: u64) -> Self {
        let message = format!("Too many requests. Please try again in {retry_after} seconds.");
        Self::error(429, &json!({"error": "ConnectWiseAPI", "message": message}))
            .header("retry-after", retry_after.to_string())
    }

    /// The server's own timeout, with its spelling.
    pub(crate) fn timed_out() -> Self {
        Self::coded(500, "ConnectWiseApi", "A timeout has occured. Please try again.")
    }

    /// The cloud's edge.
    pub(crate) fn bad_gateway() -> Self {
        Self::typed(
            502,
            "text/html",
            "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>",
        )
    }
}
