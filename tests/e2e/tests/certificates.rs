//! Which servers are believed: those with a certificate of a trusted authority, never one that vouches for itself.

use std::sync::Arc;

use connectwise_simulator::{Config, Simulator, Tls};
use e2e::{Home, simulator};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A simulator whose certificate is signed by its own key. Its authority is the same certificate.
async fn self_signed() -> Simulator {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(names)
        .expect("names")
        .self_signed(&key)
        .expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .expect("a server");
    let tls = Tls::Custom {
        server: Arc::new(server),
        ca_pem: certificate.pem(),
    };
    Simulator::start(Config {
        tls,
        ..Config::default()
    })
    .await
    .expect("the simulator starts")
}

/// How connecting fails with the simulator's own authority given, or with none.
async fn refusal(simulator: &Simulator, with_authority: bool) -> String {
    let home = Home::new();
    let mut words = home.add_words("acme", simulator);
    if !with_authority {
        let place = words
            .iter()
            .position(|word| word == "--ca-file")
            .expect("it is given");
        words.drain(place..place + 2);
    }
    home.run_words(&words).await.exits(0);
    let ran = home
        .run(&["integration", "connect", "acme", "--format", "json"])
        .await
        .exits(5);
    let report = ran.json();
    assert_eq!(
        (&report["checks"][0]["id"], &report["checks"][0]["ok"]),
        (&"tls".into(), &false.into()),
        "{report:#}"
    );
    assert_eq!(
        simulator.control().log(),
        [],
        "nothing is sent over a connection that is not trusted"
    );
    ran.error_code()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_self_signed_one_is_refused_with_and_without_a_ca_file() {
    let simulator = self_signed().await;
    assert_eq!(refusal(&simulator, false).await, "tls-self-signed");
    assert_eq!(refusal(&simulator, true).await, "tls-self-signed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_authority_is_not_trusted() {
    let simulator = simulator().await;
    assert_eq!(refusal(&simulator, false).await, "tls-untrusted");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_authority_than_the_servers_does_not_help() {
    let (simulator, other) = (simulator().await, simulator().await);
    let home = Home::new();
    let file = home.file("other.pem", other.ca_pem());
    let words: Vec<String> = home
        .add_words("acme", &simulator)
        .into_iter()
        .map(|word| {
            if word.ends_with("-ca.pem") {
                file.clone()
            } else {
                word
            }
        })
        .collect();
    home.run_words(&words).await.exits(0);
    assert_eq!(
        home.fails(&["integration", "connect", "acme"], 5).await["code"],
        "tls-untrusted"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_told() {
    let config = Config {
        plain_http: Some(0),
        ..Config::default()
    };
    let simulator = Simulator::start(config).await.expect("the simulator starts");
    let plain = simulator.plain_address().expect("it was asked for");
    let home = Home::new();
    home.add_with("acme", &simulator, &[("site=", &format!("site={plain}"))])
        .await
        .exits(0);
    assert_eq!(
        home.fails(&["integration", "connect", "acme"], 5).await["code"],
        "tls-failed"
    );
}
