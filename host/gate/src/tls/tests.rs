//! The table of certificates, over real handshakes on loopback.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dovetail_domain::{Code, Explained};
use futures_util::future::BoxFuture;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::*;
use crate::send::handshake_error;

/// The clock stands on 2030-06-01.
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn wall(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_906_502_400)
    }

    fn sleep(&self, _time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

fn params(names: &[&str], common: &str) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common);
    params.not_before = date_time_ymd(2029, 1, 1);
    params.not_after = date_time_ymd(2031, 1, 1);
    params
}

fn authority_params(common: &str) -> CertificateParams {
    let mut params = params(&[], common);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Authority {
    fn root(common: &str) -> Authority {
        let key = KeyPair::generate().expect("key");
        let params = authority_params(common);
        let certificate = params.self_signed(&key).expect("signs");
        Authority {
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    fn under(&self, params: CertificateParams) -> Authority {
        let key = KeyPair::generate().expect("key");
        let certificate = params.signed_by(&key, &self.issuer).expect("signs");
        Authority {
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    fn leaf(&self, params: CertificateParams) -> Presented {
        let key = KeyPair::generate().expect("key");
        let leaf = params.signed_by(&key, &self.issuer).expect("signs");
        Presented {
            chain: vec![leaf],
            key,
        }
    }
}

/// What a server shows.
struct Presented {
    chain: Vec<Certificate>,
    key: KeyPair,
}

impl Presented {
    fn and(mut self, intermediate: &Authority) -> Presented {
        self.chain.push(intermediate.certificate.clone());
        self
    }
}

fn self_signed(mut params: CertificateParams, is_ca: IsCa) -> Presented {
    params.is_ca = is_ca;
    let key = KeyPair::generate().expect("key");
    Presented {
        chain: vec![params.self_signed(&key).expect("signs")],
        key,
    }
}

async fn shake_hands(presented: &Presented, host: &str, ca: Option<&str>) -> Result<(), GateError> {
    let chain: Vec<CertificateDer<'static>> = presented.chain.iter().map(|one| one.der().clone()).collect();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(presented.key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a chain and its key");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("address");
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("accepts");
        let _ = TlsAcceptor::from(Arc::new(config)).accept(stream).await;
    });
    let config = client_config(ca.map(str::as_bytes), Arc::new(Standing))?;
    let name = match host.parse::<IpAddr>() {
        Ok(address) => ServerName::from(address),
        Err(_) => ServerName::try_from(host.to_owned()).expect("a name"),
    };
    let stream = TcpStream::connect(address).await.expect("connects");
    let shaken = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let outcome = shaken
        .map(drop)
        .map_err(|trouble| handshake_error(host, &trouble));
    server.await.expect("the server ends");
    outcome
}

#[tokio::test]
async fn the_table_of_certificates() {
    const HOST: &str = "psa.acme.test";
    let root = Authority::root("Acme Root");
    let stranger = Authority::root("Strange Root");
    let middle = root.under(authority_params("Acme Issuing"));
    let old_middle = root.under({
        let mut params = authority_params("Acme Old Issuing");
        params.not_after = date_time_ymd(2030, 1, 1);
        params
    });
    let pretender = root.under(params(&[], "No Authority"));
    let good = || params(&[HOST], "psa");
    let expired = |mut params: CertificateParams| {
        params.not_after = date_time_ymd(2030, 1, 1);
        params
    };
    let early = |mut params: CertificateParams| {
        params.not_before = date_time_ymd(2030, 12, 1);
        params
    };
    let purpose = |purpose: ExtendedKeyUsagePurpose| {
        let mut params = good();
        params.extended_key_usages = vec![purpose];
        params
    };
    let as_ca = {
        let mut params = good();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let same_name = {
        // Issuer and subject read the same, but the key is the authority's: not self-signed.
        let mut params = good();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "Acme Root");
        params
    };
    let no_ca = IsCa::ExplicitNoCa;
    let is_ca = || IsCa::Ca(BasicConstraints::Unconstrained);

    use Code::*;
    let ok = None;
    // What is shown, to whom, which certificate is given by --ca-file (the root where none stands here), and the code
    // without and with it.
    type Row<'a> = (
        &'a str,
        Presented,
        &'a str,
        Option<usize>,
        Option<Code>,
        Option<Code>,
    );
    let table: Vec<Row<'_>> = vec![
        (
            "by a private authority",
            root.leaf(good()),
            HOST,
            None,
            Some(TlsUntrusted),
            ok.clone(),
        ),
        (
            "for a server expressly",
            root.leaf(purpose(ExtendedKeyUsagePurpose::ServerAuth)),
            HOST,
            None,
            Some(TlsUntrusted),
            ok.clone(),
        ),
        (
            "with its intermediate",
            middle.leaf(good()).and(&middle),
            HOST,
            None,
            Some(TlsUntrusted),
            ok.clone(),
        ),
        (
            "without its intermediate",
            middle.leaf(good()),
            HOST,
            None,
            Some(TlsUntrusted),
            Some(TlsUntrusted),
        ),
        (
            "with an expired intermediate",
            old_middle.leaf(good()).and(&old_middle),
            HOST,
            None,
            Some(TlsExpired),
            Some(TlsExpired),
        ),
        (
            "by one that is no authority",
            pretender.leaf(good()).and(&pretender),
            HOST,
            None,
            Some(TlsUntrusted),
            Some(TlsUntrusted),
        ),
        (
            "by a stranger",
            stranger.leaf(good()),
            HOST,
            None,
            Some(TlsUntrusted),
            Some(TlsUntrusted),
        ),
        (
            "the authority's name, not its own key",
            root.leaf(same_name),
            HOST,
            None,
            Some(TlsUntrusted),
            ok.clone(),
        ),
        (
            "self-signed",
            self_signed(good(), no_ca),
            HOST,
            None,
            Some(TlsSelfSigned),
            Some(TlsSelfSigned),
        ),
        (
            "self-signed, says nothing",
            self_signed(good(), IsCa::NoCa),
            HOST,
            None,
            Some(TlsSelfSigned),
            Some(TlsSelfSigned),
        ),
        (
            "self-signed, its own authority, CA:false",
            self_signed(good(), no_ca),
            HOST,
            Some(0),
            Some(TlsSelfSigned),
            Some(TlsSelfSigned),
        ),
        (
            "self-signed, its own authority, CA:true",
            self_signed(good(), is_ca()),
            HOST,
            Some(0),
            Some(TlsSelfSigned),
            Some(TlsSelfSigned),
        ),
        (
            "self-signed and expired",
            self_signed(expired(good()), no_ca),
            HOST,
            Some(0),
            Some(TlsSelfSigned),
            Some(TlsSelfSigned),
        ),
        (
            "self-signed for another host",
            self_signed(params(&["other.test"], "x"), no_ca),
            HOST,
            Some(0),
            Some(TlsSelfSigned),
            Some(TlsSelfSigned),
        ),
        (
            "given itself as authority",
            root.leaf(good()),
            HOST,
            Some(0),
            Some(TlsUntrusted),
            Some(TlsSelfSigned),
        ),
        (
            "expired",
            root.leaf(expired(good())),
            HOST,
            None,
            Some(TlsExpired),
            Some(TlsExpired),
        ),
        (
            "expired and for another host",
            root.leaf(expired(params(&["other.test"], "x"))),
            HOST,
            None,
            Some(TlsExpired),
            Some(TlsExpired),
        ),
        (
            "expired and by a stranger",
            stranger.leaf(expired(good())),
            HOST,
            None,
            Some(TlsExpired),
            Some(TlsExpired),
        ),
        (
            "not valid yet",
            root.leaf(early(good())),
            HOST,
            None,
            Some(TlsNotYetValid),
            Some(TlsNotYetValid),
        ),
        (
            "not valid yet and by a stranger",
            stranger.leaf(early(good())),
            HOST,
            None,
            Some(TlsNotYetValid),
            Some(TlsNotYetValid),
        ),
        (
            "for another host",
            root.leaf(params(&["other.test", "10.1.2.3"], "x")),
            HOST,
            None,
            Some(TlsWrongHost),
            Some(TlsWrongHost),
        ),
        (
            "for another host and by a stranger",
            stranger.leaf(params(&["other.test"], "x")),
            HOST,
            None,
            Some(TlsWrongHost),
            Some(TlsWrongHost),
        ),
        (
            "a wildcard",
            root.leaf(params(&["*.acme.test"], "x")),
            HOST,
            None,
            Some(TlsUntrusted),
            ok.clone(),
        ),
        (
            "a wildcard one label short",
            root.leaf(params(&["*.test"], "x")),
            HOST,
            None,
            Some(TlsWrongHost),
            Some(TlsWrongHost),
        ),
        (
            "a common name only",
            root.leaf(params(&[], HOST)),
            HOST,
            None,
            Some(TlsWrongHost),
            Some(TlsWrongHost),
        ),
        (
            "an address",
            root.leaf(params(&["127.0.0.1"], "x")),
            "127.0.0.1",
            None,
            Some(TlsUntrusted),
            ok.clone(),
        ),
        (
            "another address",
            root.leaf(params(&["127.0.0.2"], "x")),
            "127.0.0.1",
            None,
            Some(TlsWrongHost),
            Some(TlsWrongHost),
        ),
        (
            "an address of version 6",
            root.leaf(params(&["::1"], "x")),
            "::1",
            None,
            Some(TlsUntrusted),
            ok,
        ),
        (
            "a name for an address",
            root.leaf(good()),
            "127.0.0.1",
            None,
            Some(TlsWrongHost),
            Some(TlsWrongHost),
        ),
        (
            "for clients",
            root.leaf(purpose(ExtendedKeyUsagePurpose::ClientAuth)),
            HOST,
            None,
            Some(TlsUntrusted),
            Some(TlsUntrusted),
        ),
        (
            "for signing code",
            root.leaf(purpose(ExtendedKeyUsagePurpose::CodeSigning)),
            HOST,
            None,
            Some(TlsUntrusted),
            Some(TlsUntrusted),
        ),
        (
            "an authority as server",
            root.leaf(as_ca),
            HOST,
            None,
            Some(TlsUntrusted),
            Some(TlsUntrusted),
        ),
    ];
    let mut said = Vec::new();
    for (what, presented, host, own, without, with) in table {
        let ca = own
            .and_then(|index| presented.chain.get(index))
            .unwrap_or(&root.certificate)
            .pem();
        for (ca, expected) in [(None, without), (Some(ca.as_str()), with)] {
            let outcome = shake_hands(&presented, host, ca).await.err();
            assert_eq!(
                outcome.as_ref().map(Explained::code),
                expected,
                "{what}, --ca-file {}: {outcome:?}",
                ca.is_some()
            );
            said.extend(outcome.map(|error| error.to_string()));
        }
    }
    said.sort();
    said.dedup();
    insta::assert_snapshot!(said.join("\n"));
}

#[tokio::test]
async fn a_server_without_tls_is_told_apart() {
    for (greeting, code) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], Code::TlsFailed),
        (b"SSH-2.0-OpenSSH_9.6\r\n", Code::TlsFailed),
        (b"", Code::TlsFailed),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("address");
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("accepts");
            // The whole hello is taken first: closing over unread bytes would reset the connection.
            let mut hello = [0; 4096];
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut hello).await;
            let _ = stream.write_all(greeting).await;
        });
        let config = client_config(None, Arc::new(Standing)).expect("builds");
        let stream = TcpStream::connect(address).await.expect("connects");
        let name = ServerName::try_from("psa.acme.test").expect("a name");
        let trouble = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .expect_err("no TLS there");
        assert_eq!(
            handshake_error("psa.acme.test", &trouble).code(),
            code,
            "{trouble:?}"
        );
        server.await.expect("the server ends");
    }
}

#[test]
fn a_ca_file_has_to_hold_certificates() {
    let root = Authority::root("Acme Root").certificate.pem();
    let damaged = root.replacen("\nMII", "\nAAA", 1);
    for (pem, fits) in [
        (root.clone(), true),
        (format!("words before\n{root}\n{root}"), true),
        (String::new(), false),
        ("no PEM at all".to_owned(), false),
        (KeyPair::generate().expect("key").serialize_pem(), false),
        (damaged, false),
    ] {
        let made = client_config(Some(pem.as_bytes()), Arc::new(Standing)).map(drop);
        assert_eq!(made.is_ok(), fits, "{pem}: {made:?}");
    }
}
