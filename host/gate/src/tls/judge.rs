//! The verifier. Before the usual verification a self-signed server certificate is recognised, also one that was given
//! as an authority; after it, the first of these that holds is the verdict: expired or not yet valid, for another
//! host, untrusted. The verdict travels inside the error as a value; no text is ever read.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use dovetail_domain::{Code, Timestamp};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Name};

use crate::error::{GateError, clean};

/// What is wrong with a server's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was signed with its own key, or was itself given as an authority.
    SelfSigned,
    /// It, or one it hangs on, has expired.
    Expired {
        /// Since when, where it is told.
        since: Option<Timestamp>,
    },
    /// It, or one it hangs on, is not valid yet.
    NotYetValid {
        /// From when, where it is told.
        from: Option<Timestamp>,
    },
    /// It is for other hosts.
    WrongHost {
        /// The names it holds, at most ten.
        presented: Vec<String>,
    },
    /// It comes from nobody who is trusted, or is not made for a server.
    Untrusted {
        /// Who issued it.
        issuer: String,
        /// What else is wrong with it.
        reason: Option<String>,
    },
}

impl Verdict {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Verdict::SelfSigned => Code::TlsSelfSigned,
            Verdict::Expired { .. } => Code::TlsExpired,
            Verdict::NotYetValid { .. } => Code::TlsNotYetValid,
            Verdict::WrongHost { .. } => Code::TlsWrongHost,
            Verdict::Untrusted { .. } => Code::TlsUntrusted,
        }
    }

    /// Words that come from the certificate.
    pub(crate) fn words_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let (names, words): (&mut [String], [Option<&mut String>; 2]) = match self {
            Verdict::WrongHost { presented } => (presented.as_mut_slice(), [None, None]),
            Verdict::Untrusted { issuer, reason } => (&mut [], [Some(issuer), reason.as_mut()]),
            _ => (&mut [], [None, None]),
        };
        names.iter_mut().chain(words.into_iter().flatten())
    }

    pub(crate) fn sentence(&self, host: &str) -> String {
        let whose = format!("the certificate of {host}");
        let at = |time: &Option<Timestamp>, word: &str| {
            time.map(|time| format!(" ({word} {time})")).unwrap_or_default()
        };
        match self {
            Verdict::SelfSigned => format!("{whose} is self-signed"),
            Verdict::Expired { since } => format!("{whose} has expired{}", at(since, "on")),
            Verdict::NotYetValid { from } => format!("{whose} is not valid yet{}", at(from, "from")),
            Verdict::WrongHost { presented } if presented.is_empty() => {
                format!("{whose} holds no host name a client may use")
            }
            Verdict::WrongHost { presented } => format!("{whose} is for {}", presented.join(", ")),
            Verdict::Untrusted { issuer, reason: None } => {
                format!("{whose} was issued by {issuer}, which is not trusted")
            }
            Verdict::Untrusted {
                issuer,
                reason: Some(reason),
            } => {
                format!("{whose}, issued by {issuer}, is not acceptable: {reason}")
            }
        }
    }

    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Verdict::SelfSigned => {
                "Install a certificate from an authority on the PSA's server; a self-signed one is refused also when it is given as `--ca-file`."
            }
            Verdict::Expired { .. } => "Have the certificate on the PSA's server renewed.",
            Verdict::NotYetValid { .. } => "Check the clocks of this machine and of the PSA's server.",
            Verdict::WrongHost { .. } => "Give the host by a name the certificate is for.",
            Verdict::Untrusted { reason: None, .. } => {
                "If the PSA uses a private authority, give its certificate with `--ca-file`; else the server may leave out an intermediate one."
            }
            Verdict::Untrusted { reason: Some(_), .. } => {
                "Have a proper server certificate installed on the PSA's server."
            }
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence("the server"))
    }
}

impl Error for Verdict {}

/// The verifier.
#[derive(Debug)]
pub(crate) struct Judge {
    webpki: Arc<WebPkiServerVerifier>,
    /// What the integration was given as authorities.
    own: Vec<CertificateDer<'static>>,
}

impl Judge {
    pub(crate) fn new(webpki: Arc<WebPkiServerVerifier>, own: Vec<CertificateDer<'static>>) -> Self {
        Judge { webpki, own }
    }

    fn is_self_signed(&self, leaf: &CertificateDer<'_>) -> bool {
        if self.own.iter().any(|own| own.as_ref() == leaf.as_ref()) {
            return true;
        }
        X509Certificate::from_der(leaf).is_ok_and(|(_, parsed)| {
            parsed.issuer().as_raw() == parsed.subject().as_raw() && parsed.verify_signature(None).is_ok()
        })
    }
}

/// The verdict on a certificate the usual verification refused.
fn verdict(trouble: CertificateError, leaf: &CertificateDer<'_>, host: &ServerName<'_>) -> Verdict {
    match trouble {
        CertificateError::Expired => Verdict::Expired { since: None },
        CertificateError::ExpiredContext { not_after, .. } => Verdict::Expired {
            since: timestamp(not_after),
        },
        CertificateError::NotValidYet => Verdict::NotYetValid { from: None },
        CertificateError::NotValidYetContext { not_before, .. } => Verdict::NotYetValid {
            from: timestamp(not_before),
        },
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Verdict::WrongHost {
                presented: names(leaf),
            }
        }
        // The chain was looked at before the name.
        CertificateError::UnknownIssuer if is_for_another(leaf, host) => Verdict::WrongHost {
            presented: names(leaf),
        },
        CertificateError::UnknownIssuer => Verdict::Untrusted {
            issuer: issuer(leaf),
            reason: None,
        },
        other => Verdict::Untrusted {
            issuer: issuer(leaf),
            reason: Some(clean(&reason(&other), 200)),
        },
    }
}

fn reason(trouble: &CertificateError) -> String {
    match trouble {
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not made for a server".to_owned()
        }
        CertificateError::BadSignature => "its signature is wrong".to_owned(),
        CertificateError::BadEncoding => "it is damaged".to_owned(),
        CertificateError::Revoked => "it was revoked".to_owned(),
        CertificateError::Other(OtherError(inside)) => match inside.downcast_ref() {
            Some(webpki::Error::CaUsedAsEndEntity) => "it is an authority's, not a server's".to_owned(),
            Some(webpki::Error::EndEntityUsedAsCa) => {
                "the certificate it hangs on is no authority's".to_owned()
            }
            _ => format!("it breaks a rule of certificates ({inside})"),
        },
        other => other.to_string(),
    }
}

fn is_for_another(leaf: &CertificateDer<'_>, host: &ServerName<'_>) -> bool {
    ParsedCertificate::try_from(leaf).is_ok_and(|parsed| verify_server_name(&parsed, host).is_err())
}

fn timestamp(time: UnixTime) -> Option<Timestamp> {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(Timestamp::from_seconds)
}

fn names(leaf: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, parsed)) = X509Certificate::from_der(leaf) else {
        return Vec::new();
    };
    let Ok(Some(alternatives)) = parsed.subject_alternative_name() else {
        return Vec::new();
    };
    let named = alternatives
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(clean(name, 100)),
            GeneralName::IPAddress(octets) => address(octets),
            _ => None,
        });
    named.take(10).collect()
}

fn address(octets: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(octets).map(|octets| std::net::IpAddr::from(octets).to_string());
    let v6 = <[u8; 16]>::try_from(octets).map(|octets| std::net::IpAddr::from(octets).to_string());
    v4.or(v6).ok()
}

fn issuer(leaf: &CertificateDer<'_>) -> String {
    X509Certificate::from_der(leaf)
        .map(|(_, parsed)| in_words(parsed.issuer()))
        .unwrap_or_else(|_| "somebody who cannot be read".to_owned())
}

/// A distinguished name as a person would say it.
pub(super) fn in_words(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().next().and_then(|part| part.as_str().ok());
    let organization = name
        .iter_organization()
        .next()
        .and_then(|part| part.as_str().ok());
    match (common, organization) {
        (Some(common), Some(organization)) => {
            format!("{} ({})", clean(common, 100), clean(organization, 100))
        }
        (Some(one), None) | (None, Some(one)) => clean(one, 100),
        (None, None) => "an unnamed authority".to_owned(),
    }
}

/// A TLS error as the gate's: with the verdict where it carries one.
pub(crate) fn tls_error(host: &str, error: &rustls::Error) -> GateError {
    let host = host.to_owned();
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inside))) => {
            match inside.downcast_ref::<Verdict>() {
                Some(verdict) => GateError::Certificate {
                    host,
                    verdict: verdict.clone(),
                },
                None => GateError::TlsFailed {
                    host,
                    reason: clean(&error.to_string(), 200),
                },
            }
        }
        rustls::Error::InvalidMessage(_) => GateError::TlsFailed {
            host,
            reason: "what answers there speaks no TLS".to_owned(),
        },
        _ => GateError::TlsFailed {
            host,
            reason: clean(&error.to_string(), 200),
        },
    }
}

fn refusal(verdict: Verdict) -> rustls::Error {
    rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(verdict))))
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.is_self_signed(end_entity) {
            return Err(refusal(Verdict::SelfSigned));
        }
        let verified =
            self.webpki
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| match error {
            rustls::Error::InvalidCertificate(trouble) => refusal(verdict(trouble, end_entity, server_name)),
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.webpki.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.webpki.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}
