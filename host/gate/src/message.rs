//! What goes in and what comes back: the shapes of `wit/draft/http.wit` as the host holds them.

use crate::GateError;

/// A request as a connector words it. Nothing of it is trusted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingRequest {
    /// `GET`, `POST`, `PATCH`, `PUT` or `DELETE`.
    pub method: String,
    /// An absolute https URL, at most 8 KiB.
    pub url: String,
    /// At most 64, each name once.
    pub headers: Vec<(String, String)>,
    /// At most 4 MiB.
    pub body: Option<Vec<u8>>,
    /// The credential to fill in, by name.
    pub credential: Option<String>,
    /// Whether sending it twice does the same as sending it once.
    pub repeatable: bool,
}

/// An answer, whole and with secrets blotted out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// 100 to 999.
    pub status: u16,
    /// Names in lower case. `set-cookie` never stands here.
    pub headers: Vec<(String, String)>,
    /// As it came over the wire.
    pub body: Vec<u8>,
}

/// Why there is no answer, as a connector is told. Texts carry no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendFailure {
    /// Refused before anything was sent.
    #[error("denied: {0}")]
    Denied(String),
    /// The server's certificate is not acceptable.
    #[error("untrusted: {0}")]
    Untrusted(String),
    /// No connection, or it broke.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// No complete answer in the time a request has.
    #[error("timeout")]
    Timeout,
    /// The answer is larger than the cap, in bytes.
    #[error("too large: the cap is {0} bytes")]
    TooLarge(u64),
    /// Still refused for its rate after all patience; seconds to wait.
    #[error("rate limited: {0} s to wait")]
    RateLimited(u32),
    /// The run is being cancelled, or its allowance of requests is used up.
    #[error("stopped: {0}")]
    Stopped(String),
}

impl From<&GateError> for SendFailure {
    fn from(error: &GateError) -> Self {
        let words = error.to_string();
        match error {
            GateError::Certificate { .. } => SendFailure::Untrusted(words),
            GateError::Timeout { .. } => SendFailure::Timeout,
            GateError::TooLarge { cap, .. } => SendFailure::TooLarge(*cap),
            GateError::RateLimited { seconds, .. } => SendFailure::RateLimited(*seconds),
            GateError::Cancelled | GateError::AllowanceUsed { .. } => SendFailure::Stopped(words),
            GateError::Unreachable { .. }
            | GateError::TlsFailed { .. }
            | GateError::Encoded { .. }
            | GateError::ServerError { .. }
            | GateError::Internal { .. } => SendFailure::Unreachable(words),
            GateError::ValueRefused { .. }
            | GateError::HttpsRequired { .. }
            | GateError::SettingMissing { .. }
            | GateError::SecretRefused { .. }
            | GateError::PluginRefused { .. }
            | GateError::OriginNotAllowed { .. }
            | GateError::CredentialNotAllowed { .. }
            | GateError::AddressNotAllowed { .. }
            | GateError::RequestRefused { .. } => SendFailure::Denied(words),
        }
    }
}
