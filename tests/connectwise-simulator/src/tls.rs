//! The simulator's own certificate authority.

use crate::config::Tls;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;

/// A server configuration and its authority as PEM.
pub(crate) struct Identity {
    pub(crate) server: Arc<rustls::ServerConfig>,
    pub(crate) ca_pem: String,
}

/// Why no certificate could be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("making a certificate failed: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("the certificate is not usable: {0}")]
    Server(#[from] rustls::Error),
}

/// The identity a configuration asks for.
pub(crate) fn identity(tls: &Tls) -> Result<Identity, TlsError> {
    match tls {
        Tls::Custom { server, ca_pem } => Ok(Identity {
            server: Arc::clone(server),
            ca_pem: ca_pem.clone(),
        }),
        Tls::Own { names } => own(names),
    }
}

fn own(names: &[String]) -> Result<Identity, TlsError> {
    let mut authority = CertificateParams::new(Vec::<String>::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority
        .distinguished_name
        .push(DnType::CommonName, "ConnectWise simulator authority");
    let authority_key = KeyPair::generate()?;
    let authority_certificate = authority.self_signed(&authority_key)?;
    let issuer = Issuer::new(authority, authority_key);

    let mut all = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    all.extend(names.iter().cloned());
    let mut leaf = CertificateParams::new(all)?;
    leaf.distinguished_name
        .push(DnType::CommonName, "ConnectWise simulator");
    leaf.use_authority_key_identifier_extension = true;
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = leaf.signed_by(&key, &issuer)?;

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Identity {
        server: Arc::new(server),
        ca_pem: authority_certificate.pem(),
    })
}
