//! The gate's errors: the trusted verdict of why something was refused or failed. Texts that come from a server are
//! cut and cleaned before they stand here, and no secret ever does.

use std::borrow::Cow;
use std::net::IpAddr;

use dovetail_domain::showable::is_showable;
use dovetail_domain::{Code, Explained};

use crate::scrub::Scrubber;
use crate::tls::Verdict;

/// Why the gate refused or failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// A setting is not acceptable.
    #[error("`{key}` is not acceptable: {reason}")]
    ValueRefused {
        /// The setting's key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting asks for plain http.
    #[error("`{key}` asks for plain http, over which credentials could be read on the way")]
    HttpsRequired {
        /// The setting's key.
        key: String,
    },
    /// A setting that a credential or the origins need is not there.
    #[error("`{key}` is needed to reach the PSA and was not set")]
    SettingMissing {
        /// The setting's key.
        key: String,
    },
    /// A secret is not acceptable.
    #[error("the secret `{key}` is not acceptable: {reason}")]
    SecretRefused {
        /// The secret's key.
        key: String,
        /// What is wrong with it; never a part of it.
        reason: String,
    },
    /// What the connector says of itself cannot be performed.
    #[error("the connector was refused: {reason}")]
    PluginRefused {
        /// What it asks for.
        reason: String,
    },
    /// The integration's origins do not hold the place asked for.
    #[error("the origins of `{integration}` refuse {asked}; allowed: {allowed}")]
    OriginNotAllowed {
        /// The integration.
        integration: String,
        /// The place asked for, without path.
        asked: String,
        /// The allowed places, with commas.
        allowed: String,
    },
    /// The place is allowed, but not with this credential.
    #[error("the connector's own rules refuse the credential `{credential}` at {asked}; {allowed}")]
    CredentialNotAllowed {
        /// The credential's name.
        credential: String,
        /// The place asked for, without path.
        asked: String,
        /// What is allowed there.
        allowed: String,
    },
    /// The address is not to be reached.
    #[error("{host} is not allowed: {}", match address {
        Some(address) => format!("it leads to {address}, {what}"),
        None => format!("it is {what}"),
    })]
    AddressNotAllowed {
        /// The host as asked for.
        host: String,
        /// The address behind a name.
        address: Option<IpAddr>,
        /// What kind of address it is.
        what: &'static str,
        /// Whether `--allow-private-network` would allow it.
        private: bool,
    },
    /// A request is malformed or carries what belongs to the host.
    #[error("the connector's request was refused: {reason}")]
    RequestRefused {
        /// What is wrong with it.
        reason: String,
    },
    /// The server's certificate is not acceptable.
    #[error("{}", verdict.sentence(host))]
    Certificate {
        /// The host.
        host: String,
        /// Why not.
        verdict: Verdict,
    },
    /// There is no TLS, or none both sides know.
    #[error("{host} did not complete a TLS handshake: {reason}")]
    TlsFailed {
        /// The host.
        host: String,
        /// What happened.
        reason: String,
    },
    /// No connection, or it broke.
    #[error("{host} could not be reached: {reason}")]
    Unreachable {
        /// The host.
        host: String,
        /// What happened.
        reason: String,
    },
    /// No complete answer in time.
    #[error("{host} gave no complete answer within {seconds} s")]
    Timeout {
        /// The host.
        host: String,
        /// The time it had.
        seconds: u64,
    },
    /// The answer is larger than the cap.
    #[error("an answer of {host} is larger than {cap} bytes")]
    TooLarge {
        /// The host.
        host: String,
        /// The cap, in bytes.
        cap: u64,
    },
    /// The answer is compressed although that was excluded; what it holds cannot be checked for secrets.
    #[error("{host} answered in the encoding `{encoding}` although none was asked for")]
    Encoded {
        /// The host.
        host: String,
        /// The encoding.
        encoding: String,
    },
    /// Still refused for its rate after all patience.
    #[error("{host} refuses further requests for now and asks for {seconds} s of patience")]
    RateLimited {
        /// The host.
        host: String,
        /// Seconds to wait.
        seconds: u32,
    },
    /// The server keeps answering with an error of its own.
    #[error("{host} keeps answering with status {status}")]
    ServerError {
        /// The host.
        host: String,
        /// The last status.
        status: u16,
    },
    /// A person stopped the run.
    #[error("the run was cancelled")]
    Cancelled,
    /// The run's allowance of requests is used up.
    #[error("the run has used up its allowance of {cap} requests")]
    AllowanceUsed {
        /// The allowance.
        cap: u64,
    },
    /// A part the gate is built from failed.
    #[error("the gate could not be built: {reason}")]
    Internal {
        /// What failed.
        reason: String,
    },
}

impl Explained for GateError {
    fn code(&self) -> Code {
        match self {
            GateError::ValueRefused { .. } => Code::ValueRefused,
            GateError::HttpsRequired { .. } => Code::HttpsRequired,
            GateError::SettingMissing { .. } => Code::SettingMissing,
            GateError::SecretRefused { .. } => Code::SecretRefused,
            GateError::PluginRefused { .. } => Code::PluginRefused,
            GateError::OriginNotAllowed { .. } | GateError::CredentialNotAllowed { .. } => {
                Code::OriginNotAllowed
            }
            GateError::AddressNotAllowed { .. } => Code::AddressNotAllowed,
            GateError::RequestRefused { .. } => Code::RequestRefused,
            GateError::Certificate { verdict, .. } => verdict.code(),
            GateError::TlsFailed { .. } => Code::TlsFailed,
            GateError::Unreachable { .. } => Code::Unreachable,
            GateError::Timeout { .. } => Code::Timeout,
            GateError::TooLarge { .. } => Code::TooLarge,
            GateError::Encoded { .. } | GateError::ServerError { .. } => Code::ServerError,
            GateError::RateLimited { .. } => Code::RateLimited,
            GateError::Cancelled => Code::Cancelled,
            GateError::AllowanceUsed { .. } => Code::PluginLimit,
            GateError::Internal { .. } => Code::Internal,
        }
    }

    fn hint(&self) -> Cow<'static, str> {
        match self {
            GateError::ValueRefused { key, .. } => {
                format!("Correct it with `dovetail integration update NAME --set {key}=…`.").into()
            }
            GateError::HttpsRequired { .. } => {
                "Give the host name alone or an https URL; the server has to offer https.".into()
            }
            GateError::SettingMissing { key } => {
                format!("Set it with `dovetail integration update NAME --set {key}=…`.").into()
            }
            GateError::SecretRefused { key, .. } => {
                format!("Give it again with `--secret {key}=env:VAR`, `file:PATH` or `-`.").into()
            }
            GateError::PluginRefused { .. } => {
                "Ask the connector's makers for a version that fits this host.".into()
            }
            GateError::OriginNotAllowed { .. } => {
                "The origins follow from the settings: `dovetail integration show NAME` lists them.".into()
            }
            GateError::CredentialNotAllowed { .. } => {
                "This is a fault of the connector: tell its makers which place and credential are named here."
                    .into()
            }
            GateError::AddressNotAllowed { private: true, .. } => {
                "If the PSA stands in your own network, add `--allow-private-network` to this integration."
                    .into()
            }
            GateError::AddressNotAllowed { private: false, .. } => {
                "Give the public name of the PSA; this address is never reached.".into()
            }
            GateError::RequestRefused { .. } => "This is a fault of the connector: tell its makers.".into(),
            GateError::Certificate { verdict, .. } => verdict.hint().into(),
            GateError::TlsFailed { .. } => {
                "Check host and port: something that speaks no TLS 1.2 or 1.3 answers there.".into()
            }
            GateError::Unreachable { .. } => {
                "Check the host name, the network and the firewall, then try again.".into()
            }
            GateError::Timeout { .. } => "Try again later; if it stays, ask the PSA's operator.".into(),
            GateError::TooLarge { .. } => "Choose fewer records, or ask for smaller pages.".into(),
            GateError::Encoded { .. } => {
                "Something between here and the PSA compresses answers unasked; turn that off.".into()
            }
            GateError::RateLimited { .. } => {
                "The run can be taken up again later; `--requests-per-minute` lowers the rate.".into()
            }
            GateError::ServerError { .. } => "Try again later; if it stays, ask the PSA's operator.".into(),
            GateError::Cancelled => "Start it again with `dovetail sync NAME`.".into(),
            GateError::AllowanceUsed { .. } => {
                "The connector may be going in circles; tell its makers how large the PSA is.".into()
            }
            GateError::Internal { .. } => "Report this together with the command's output.".into(),
        }
    }
}

impl GateError {
    /// The same without secrets in what a server or a connector had a hand in.
    pub(crate) fn scrubbed(mut self, scrubber: &Scrubber) -> Self {
        let blot = |text: &mut String| *text = scrubber.text(text);
        match &mut self {
            GateError::TlsFailed { reason, .. }
            | GateError::Unreachable { reason, .. }
            | GateError::RequestRefused { reason } => blot(reason),
            GateError::Encoded { encoding, .. } => blot(encoding),
            GateError::OriginNotAllowed { asked, .. } => blot(asked),
            GateError::CredentialNotAllowed { credential, .. } => blot(credential),
            GateError::Certificate { verdict, .. } => verdict.words_mut().for_each(blot),
            _ => {}
        }
        self
    }
}

/// Text from outside made fit for a message: one line, printable, at most so many characters.
pub(crate) fn clean(text: &str, most: usize) -> String {
    let mut cleaned: String = text
        .chars()
        .take(most)
        .map(|c| {
            if is_showable(c) && !is_direction_mark(c) {
                c
            } else {
                '?'
            }
        })
        .collect();
    if text.chars().nth(most).is_some() {
        cleaned.push('…');
    }
    cleaned
}

/// Marks that belong into names of some scripts, but not into a host's or a header's.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_happened_and_what_to_do() {
        let host = || "psa.example:8443".to_owned();
        let certificate = |verdict| GateError::Certificate {
            host: host(),
            verdict,
        };
        let said: Vec<String> = [
            GateError::ValueRefused {
                key: "site".into(),
                reason: "it is empty".into(),
            },
            GateError::HttpsRequired { key: "site".into() },
            GateError::SettingMissing { key: "site".into() },
            GateError::SecretRefused {
                key: "private-key".into(),
                reason: "it has fewer than 12 characters".into(),
            },
            GateError::PluginRefused {
                reason: "its credential `keys` is declared twice".into(),
            },
            GateError::OriginNotAllowed {
                integration: "acme".into(),
                asked: "https://evil.example".into(),
                allowed: "https://psa.example:8443".into(),
            },
            GateError::CredentialNotAllowed {
                credential: "keys".into(),
                asked: "https://psa.example".into(),
                allowed: "only requests without one go there".into(),
            },
            GateError::AddressNotAllowed {
                host: "127.0.0.1".into(),
                address: None,
                what: "a loopback address",
                private: true,
            },
            GateError::AddressNotAllowed {
                host: "psa.example".into(),
                address: Some(IpAddr::from([169, 254, 169, 254])),
                what: "an address where clouds hand out credentials",
                private: false,
            },
            GateError::RequestRefused {
                reason: "GET carries no body".into(),
            },
            certificate(Verdict::SelfSigned),
            certificate(Verdict::Expired {
                since: dovetail_domain::Timestamp::from_seconds(0),
            }),
            certificate(Verdict::NotYetValid { from: None }),
            certificate(Verdict::WrongHost {
                presented: vec!["a.example".into(), "10.0.0.1".into()],
            }),
            certificate(Verdict::Untrusted {
                issuer: "Acme Root".into(),
                reason: None,
            }),
            certificate(Verdict::Untrusted {
                issuer: "Acme Root".into(),
                reason: Some("it is not made for a server".into()),
            }),
            GateError::TlsFailed {
                host: host(),
                reason: "what answers there speaks no TLS".into(),
            },
            GateError::Unreachable {
                host: host(),
                reason: "Connection refused (os error 111)".into(),
            },
            GateError::Timeout {
                host: host(),
                seconds: 60,
            },
            GateError::TooLarge {
                host: host(),
                cap: 25_165_824,
            },
            GateError::Encoded {
                host: host(),
                encoding: "gzip".into(),
            },
            GateError::RateLimited {
                host: host(),
                seconds: 301,
            },
            GateError::ServerError {
                host: host(),
                status: 502,
            },
            GateError::Cancelled,
            GateError::AllowanceUsed { cap: 500_000 },
            GateError::Internal {
                reason: "TLS: no roots".into(),
            },
        ]
        .iter()
        .map(|error| {
            format!(
                "{} ({}): {error}\n  {}",
                error.code(),
                error.code().exit(),
                error.hint()
            )
        })
        .collect();
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn text_from_outside_cannot_play_tricks() {
        assert_eq!(clean("a\u{1b}[2Jb\r\nc\u{202e}d", 20), "a?[2Jb??c?d");
        assert_eq!(clean("abcdef", 3), "abc…");
        assert_eq!(clean("abc", 3), "abc");
    }
}
