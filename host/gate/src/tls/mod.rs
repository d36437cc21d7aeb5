//! TLS as the gate speaks it: versions 1.2 and 1.3, the system's authorities (a built-in list where the system has
//! none) and those the integration trusts besides, judged by a verifier that says plainly what is wrong.

mod judge;
mod probe;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::UNIX_EPOCH;

use dovetail_domain::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Version};

use crate::GateError;
use crate::clock::Clock;

use judge::Judge;
pub use judge::Verdict;
pub(crate) use judge::tls_error;
pub(crate) use probe::Probe;

/// What a handshake showed, for the line of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsDetail {
    /// `TLS 1.3`.
    pub protocol: String,
    /// Who issued the server's certificate.
    pub issuer: String,
    /// Until when it is valid.
    pub valid_until: Timestamp,
}

impl fmt::Display for TlsDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, certificate issued by {}, valid until {}",
            self.protocol, self.issuer, self.valid_until
        )
    }
}

/// The client's side of TLS, trusting the certificates in the PEM besides the system's.
pub(crate) fn client_config(ca_pem: Option<&[u8]>, clock: Arc<dyn Clock>) -> Result<ClientConfig, GateError> {
    let own = ca_pem.map(read_pem).transpose()?.unwrap_or_default();
    let mut roots = system_roots().clone();
    for certificate in own.iter().filter(|certificate| may_issue(certificate)) {
        roots
            .add(certificate.clone())
            .map_err(|trouble| not_usable(&trouble.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let internal = |trouble: &dyn fmt::Display| GateError::Internal {
        reason: format!("TLS: {trouble}"),
    };
    let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|trouble| internal(&trouble))?;
    build(provider, Judge::new(webpki, own), clock).map_err(|trouble| internal(&trouble))
}

fn build(
    provider: Arc<CryptoProvider>,
    judge: Judge,
    clock: Arc<dyn Clock>,
) -> Result<ClientConfig, rustls::Error> {
    let mut config = ClientConfig::builder_with_details(provider, Arc::new(TimeOf(clock)))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(judge))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The certificates of a PEM file; at least one.
fn read_pem(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, GateError> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|trouble| not_usable(&format!("it is no PEM file ({trouble})")))?;
    if certificates.is_empty() {
        return Err(not_usable("it holds no certificate in PEM form"));
    }
    for certificate in &certificates {
        X509Certificate::from_der(certificate).map_err(|_| not_usable("a certificate in it is damaged"))?;
    }
    Ok(certificates)
}

fn not_usable(reason: &str) -> GateError {
    GateError::ValueRefused {
        key: "ca-file".to_owned(),
        reason: reason.to_owned(),
    }
}

/// Whether a certificate is an authority's: the verifier would take any as one once it is a trust anchor. Certificates
/// of version 1 cannot say and are taken at the person's word.
fn may_issue(certificate: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(certificate).is_ok_and(|(_, parsed)| {
        parsed.version() == X509Version::V1
            || matches!(parsed.basic_constraints(), Ok(Some(constraints)) if constraints.value.ca)
    })
}

/// The authorities the system trusts, read once a process.
fn system_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        roots
    })
}

/// The gate's clock as rustls asks for it.
struct TimeOf(Arc<dyn Clock>);

impl fmt::Debug for TimeOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TimeOf")
    }
}

impl TimeProvider for TimeOf {
    fn current_time(&self) -> Option<UnixTime> {
        self.0
            .wall()
            .duration_since(UNIX_EPOCH)
            .ok()
            .map(UnixTime::since_unix_epoch)
    }
}
