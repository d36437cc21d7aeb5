//! How a run or a question to the PSA fails: with a code the exit follows from, words, and what to do.

use std::borrow::Cow;

use dovetail_domain::integration::Interval;
use dovetail_domain::{Cause, Code, Explained, Fault, Kind, Trouble};
use dovetail_gate::{Call, GateError, Session};
use dovetail_runtime::CallError;
use dovetail_store::StoreError;

fn trouble(code: Code, message: impl Into<String>, hint: &str) -> Trouble {
    Trouble {
        code: code.as_str().to_owned(),
        message: message.into(),
        hint: hint.to_owned(),
    }
}

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The store failed: whoever holds it has to stop.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The gate could not be built or refused.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// A plugin is at fault.
    #[error(transparent)]
    Plugin(#[from] dovetail_runtime::PluginError),
    /// The PSA, or the way to it.
    #[error(transparent)]
    Psa(Trouble),
    /// The PSA asks for patience, in seconds.
    #[error("the PSA asks for patience for {0} seconds")]
    Patience(u64),
    /// A person stopped it.
    #[error("the run was cancelled")]
    Cancelled,
    /// Nothing moved for too long.
    #[error("nothing moved for {limit}: {}", asked_last(call.as_ref()))]
    Stalled {
        /// For how long.
        limit: Interval,
        /// What was asked for last.
        call: Option<Call>,
    },
}

fn asked_last(call: Option<&Call>) -> String {
    match call {
        Some(call) if call.open => format!("the last request, {call}, is not answered"),
        Some(call) => format!("the last request, {call}, was answered, and nothing came of it"),
        None => "nothing was asked of the PSA yet".to_owned(),
    }
}

impl SyncError {
    /// A listing whose cursor does not move.
    pub(crate) fn stuck(kind: Kind) -> SyncError {
        SyncError::Psa(trouble(
            Code::PluginAnswer,
            format!(
                "the connector gave the same cursor twice while listing {}",
                kind.plural()
            ),
            "Report it to the makers of the connector.",
        ))
    }

    /// Seconds the PSA asks for, where it asks for patience.
    pub(crate) fn patience(&self) -> Option<u64> {
        match self {
            SyncError::Patience(seconds) => Some(*seconds),
            SyncError::Gate(GateError::RateLimited { seconds, .. }) => Some(u64::from(*seconds)),
            _ => None,
        }
    }

    /// The failure in words.
    pub fn trouble(&self) -> Trouble {
        Trouble::of(self)
    }
}

impl Explained for SyncError {
    fn code(&self) -> Code {
        match self {
            SyncError::Store(error) => error.code(),
            SyncError::Gate(error) => error.code(),
            SyncError::Plugin(error) => error.code(),
            SyncError::Psa(trouble) => trouble.code(),
            SyncError::Patience(_) => Code::RateLimited,
            SyncError::Cancelled => Code::Cancelled,
            SyncError::Stalled { .. } => Code::Stalled,
        }
    }

    fn hint(&self) -> Cow<'static, str> {
        match self {
            SyncError::Store(error) => error.hint(),
            SyncError::Gate(error) => error.hint(),
            SyncError::Plugin(error) => error.hint(),
            SyncError::Psa(trouble) => trouble.hint(),
            SyncError::Patience(_) => "Run the sync again after that time; what was read is kept.".into(),
            SyncError::Cancelled => "Run the sync again to take it up; what was stored is kept.".into(),
            SyncError::Stalled { .. } => {
                "See whether the PSA is well, then run the sync again to take it up; what was stored is kept."
                    .into()
            }
        }
    }
}

/// What a failed call of a connector means. The gate's own verdict on the last request goes before the plugin's words
/// where the plugin says that nothing came back: it is the trusted one and tells why.
pub(crate) fn from_call(error: CallError, session: &Session) -> SyncError {
    match error {
        CallError::Plugin(error) => SyncError::Plugin(error),
        CallError::Fault(fault) => from_fault(fault, session),
    }
}

pub(crate) fn from_fault(fault: Fault, session: &Session) -> SyncError {
    let Fault { cause, message } = fault;
    match cause {
        Cause::Transient | Cause::TooLarge => match session.last_failure() {
            Some(verdict) => SyncError::Gate(verdict),
            None if cause == Cause::TooLarge => SyncError::Psa(trouble(
                Code::TooLarge,
                message,
                "A single record is larger than an answer may be; look at it in the PSA.",
            )),
            None => SyncError::Psa(trouble(
                Code::ServerError,
                message,
                "Run the sync again later; if it stays so, ask whoever runs the PSA's server.",
            )),
        },
        Cause::RateLimited(seconds) => SyncError::Patience(u64::from(seconds)),
        Cause::Auth => SyncError::Psa(trouble(
            Code::AuthFailed,
            message,
            "Check the keys with `dovetail integration connect`; `dovetail integration update` takes new ones.",
        )),
        Cause::Permission(id) => SyncError::Psa(trouble(
            Code::PermissionDenied,
            message,
            &format!(
                "Grant `{id}` to the role in the PSA; `dovetail integration connect` shows what is needed."
            ),
        )),
        Cause::InvalidConfig(key) => SyncError::Psa(trouble(
            Code::InvalidConfig,
            message,
            &format!("Change the setting `{key}` with `dovetail integration update`."),
        )),
        Cause::Gone | Cause::Data(_) | Cause::Bug => SyncError::Psa(trouble(
            Code::PluginAnswer,
            message,
            "Report it to the makers of the connector, with the words above.",
        )),
    }
}
