//! Plugins that ask for what is not theirs. Each case holds the words that come of it, what reached a wire, and that the
//! next request is served.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use dovetail_domain::Explained;
use dovetail_domain::connector::OriginRule;
use dovetail_gate::{Gate, GateConfig, Names, OutgoingRequest, Secret, SendFailure, Surroundings};
use futures_util::future::BoxFuture;
use insta::assert_snapshot;

use crate::server::{Reply, Server, answer};
use crate::watchdog::progress;
use crate::{Fast, Setup, config, setup};

/// What a failure says, without the ports, which change.
fn told(failure: &SendFailure, servers: &[&Server]) -> String {
    servers.iter().fold(failure.to_string(), |text, server| {
        text.replace(&server.port.to_string(), "PORT")
    })
}

pub(crate) async fn refused(setup: &Setup, request: OutgoingRequest, servers: &[&Server]) -> String {
    progress();
    let failure = setup.session.send(request).await.unwrap_err();
    let text = told(&failure, servers);
    format!("{}: {text}", setup.code().unwrap())
}

pub(crate) async fn assert_serves(setup: &Setup) {
    progress();
    assert_eq!(setup.session.send(setup.get()).await.unwrap().status, 200);
}

/// A resolver that says something else each time.
struct Changing(Mutex<VecDeque<&'static str>>);

impl Names for Changing {
    fn lookup(&self, _name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let next = self.0.lock().unwrap().pop_front().unwrap();
        Box::pin(std::future::ready(Ok(vec![next.parse().unwrap()])))
    }
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_the_second_time_is_checked_the_second_time() {
    let closing = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let server = Server::start(|_, _| Reply::Cut(closing.to_vec())).await;
    let clock = Arc::new(Fast::default());
    let answers = [
        "127.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "::ffff:169.254.169.254",
        "127.0.0.1",
    ];
    let surroundings = Surroundings {
        clock: clock.clone(),
        names: Arc::new(Changing(Mutex::new(answers.into()))),
        seed: 1,
    };
    let config = config(format!("psa.test:{}", server.port), Some(&server.ca_pem));
    let gate = Gate::within(config, surroundings).unwrap();
    let setup = Setup {
        session: gate.session(),
        clock,
        url: gate.origins()[0].url.clone(),
    };
    assert_serves(&setup).await;
    let mut lines = Vec::new();
    for _ in 0..3 {
        lines.push(refused(&setup, setup.get(), &[&server]).await);
    }
    assert_snapshot!(lines.join("\n"), @r#"
    address-not-allowed: denied: psa.test is not allowed: it leads to 169.254.169.254, an address where clouds hand out credentials
    address-not-allowed: denied: psa.test is not allowed: it leads to 0.0.0.0, the unspecified address
    address-not-allowed: denied: psa.test is not allowed: it leads to ::ffff:169.254.169.254, an address where clouds hand out credentials
    "#);
    assert_serves(&setup).await;
    assert_eq!(server.connections(), 2, "what was refused never reached a wire");
}

#[tokio::test]
async fn headers_that_smuggle_are_denied_unsent() {
    let server = Server::start(|_, _| answer("200 OK", &[], b"")).await;
    let setup = setup(&server, |_| {});
    let long = "x".repeat(dovetail_gate::limits::HEADER_BYTES + 1);
    let mut lines = Vec::new();
    for (name, text) in [
        ("Host", "evil.example"),
        ("Content-Length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "close, authorization"),
        ("Authorization", "Basic eDp5"),
        ("Cookie", "session=1"),
        ("Proxy-Authorization", "Basic eDp5"),
        ("X-A\r\nHost", "evil.example"),
        ("X-A", "1\r\nHost: evil.example"),
        ("X-A", "1\n\nGET /other HTTP/1.1"),
        ("X-A", "1\0"),
        ("X-A:", "1"),
        ("", "1"),
        ("X-A", &long),
    ] {
        let headers = vec![(name.to_owned(), text.to_owned())];
        let request = OutgoingRequest {
            headers,
            ..setup.get()
        };
        lines.push(refused(&setup, request, &[&server]).await);
    }
    let too_many = (0..=dovetail_gate::limits::HEADERS).map(|n| (format!("x-{n}"), "1".to_owned()));
    let request = OutgoingRequest {
        headers: too_many.collect(),
        ..setup.get()
    };
    lines.push(refused(&setup, request, &[&server]).await);
    let request = OutgoingRequest {
        method: "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\nGET".to_owned(),
        ..setup.get()
    };
    lines.push(refused(&setup, request, &[&server]).await);
    let request = OutgoingRequest {
        url: format!("{}/\r\nHost: evil.example", setup.url),
        ..setup.get()
    };
    lines.push(refused(&setup, request, &[&server]).await);
    assert_snapshot!(lines.join("\n"), @r#"
    request-refused: denied: the connector's request was refused: the header `host` belongs to the host
    request-refused: denied: the connector's request was refused: the header `content-length` belongs to the host
    request-refused: denied: the connector's request was refused: the header `transfer-encoding` belongs to the host
    request-refused: denied: the connector's request was refused: the header `connection` belongs to the host
    request-refused: denied: the connector's request was refused: the header `authorization` belongs to the host
    request-refused: denied: the connector's request was refused: the header `cookie` belongs to the host
    request-refused: denied: the connector's request was refused: the header `proxy-authorization` belongs to the host
    request-refused: denied: the connector's request was refused: the header name `X-A??Host` is malformed
    request-refused: denied: the connector's request was refused: the header `x-a` holds characters no header may hold
    request-refused: denied: the connector's request was refused: the header `x-a` holds characters no header may hold
    request-refused: denied: the connector's request was refused: the header `x-a` holds characters no header may hold
    request-refused: denied: the connector's request was refused: the header name `X-A:` is malformed
    request-refused: denied: the connector's request was refused: the header name `` is malformed
    request-refused: denied: the connector's request was refused: the header `x-a` is longer than 8192 bytes
    request-refused: denied: the connector's request was refused: it has 65 headers, at most 64 are allowed
    request-refused: denied: the connector's request was refused: the method `GET / HTTP/1.1??Host…` is not among those allowed
    request-refused: denied: the connector's request was refused: its URL holds spaces, control characters or backslashes
    "#);
    assert_eq!(server.connections(), 0);
    assert_serves(&setup).await;
}

fn second_place(config: &mut GateConfig, server: &Server) {
    config
        .settings
        .push(("other".to_owned(), format!("localhost:{}", server.port)));
    config.origins.push(OriginRule {
        setting: "other".to_owned(),
        when_ends_with: None,
        strip_prefix: None,
        add_prefix: None,
        credential: None,
        last: false,
    });
}

#[tokio::test]
async fn a_credential_goes_to_its_own_place_and_to_no_other() {
    let elsewhere = Server::start(|_, _| answer("200 OK", &[], b"")).await;
    let server = Server::start(|_, _| answer("200 OK", &[], b"")).await;
    let setup = setup(&server, |config| second_place(config, &elsewhere));
    let both = [&server, &elsewhere];
    let to = |url: String, credential: &str| OutgoingRequest {
        url,
        credential: Some(credential.to_owned()),
        ..setup.get()
    };
    let other = format!("https://localhost:{}/", elsewhere.port);
    let own = setup.url.clone();
    let mut lines = Vec::new();
    for (url, credential) in [
        (other, "keys"),
        (format!("https://evil.example:{}/", server.port), "keys"),
        (own.clone(), "another-plugins-keys"),
        (own.replace("https", "http"), "keys"),
        (own.replace("psa.test", "psa.test@evil.example"), "keys"),
        (own.replace("psa.test", "psa.test.evil.example"), "keys"),
    ] {
        lines.push(refused(&setup, to(url, credential), &both).await);
    }
    assert_snapshot!(lines.join("\n"), @r#"
    origin-not-allowed: denied: the connector's own rules refuse the credential `keys` at https://localhost:PORT; only requests without one go there
    origin-not-allowed: denied: the origins of `acme` refuse https://evil.example:PORT; allowed: https://psa.test:PORT, https://localhost:PORT
    origin-not-allowed: denied: the connector's own rules refuse the credential `another-plugins-keys` at https://psa.test:PORT; only `keys` may be used there
    origin-not-allowed: denied: the origins of `acme` refuse http://psa.test:PORT; allowed: https://psa.test:PORT, https://localhost:PORT
    request-refused: denied: the connector's request was refused: its URL carries a user or a password
    origin-not-allowed: denied: the origins of `acme` refuse https://psa.test.evil.example:PORT; allowed: https://psa.test:PORT, https://localhost:PORT
    "#);
    assert_eq!((server.connections(), elsewhere.connections()), (0, 0));
    assert_serves(&setup).await;
    assert!(server.requests()[0].header("authorization").is_some());
}

#[tokio::test]
async fn one_integration_has_neither_the_secrets_nor_the_connections_of_another() {
    let server = Server::start(|_, _| answer("200 OK", &[("Set-Cookie", "session=1")], b"")).await;
    let one = setup(&server, |_| {});
    let other = setup(&server, |config| {
        config.secrets = Default::default();
        let secret = Secret::new("private-key", "of the other integration".to_owned()).unwrap();
        config.secrets.insert("private-key", secret);
    });
    assert_serves(&one).await;
    assert_serves(&other).await;
    assert_serves(&one).await;
    assert_eq!(
        server.connections(),
        2,
        "each has its own connection, and keeps it"
    );
    let sent = server.requests();
    assert_ne!(sent[0].header("authorization"), sent[1].header("authorization"));
    assert_eq!(sent[0].header("authorization"), sent[2].header("authorization"));
    assert!(sent.iter().all(|seen| seen.header("cookie").is_none()));

    // A template that names a secret the integration does not have is no gate at all.
    let mut config = config("psa.example".to_owned(), None);
    config.secrets = Default::default();
    let error = Gate::new(config).err().unwrap();
    assert_snapshot!(format!("{}: {error}", error.code()), @"setting-missing: `private-key` is needed to reach the PSA and was not set");
}
