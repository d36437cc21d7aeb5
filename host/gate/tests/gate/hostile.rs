//! Plugins that ask for what is not theirs, and servers that mean harm. Each case holds the words that come of it, what
//! reached a wire, and that the next request is served.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dovetail_domain::Explained;
use dovetail_domain::connector::OriginRule;
use dovetail_gate::{Gate, GateConfig, Names, OutgoingRequest, Secret, SendFailure, Surroundings};
use futures_util::future::BoxFuture;
use insta::assert_snapshot;
use tokio::sync::mpsc;

use crate::server::{Reply, Server, answer};
use crate::watchdog::progress;
use crate::{Fast, Setup, config, setup};

/// What a failure says, without the ports, which change.
fn told(failure: &SendFailure, servers: &[&Server]) -> String {
    servers.iter().fold(failure.to_string(), |text, server| {
        text.replace(&server.port.to_string(), "PORT")
    })
}

async fn refused(setup: &Setup, request: OutgoingRequest, servers: &[&Server]) -> String {
    progress();
    let failure = setup.session.send(request).await.unwrap_err();
    let text = told(&failure, servers);
    format!("{}: {text}", setup.code().unwrap())
}

async fn assert_serves(setup: &Setup) {
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
    assert_snapshot!(format!("{}: {error}", error.code()), @r#"
    setting-missing: `private-key` is needed to reach the PSA and was not set
    "#);
}

#[tokio::test]
async fn who_hoards_connections_holds_those_of_one_integration_and_no_more() {
    let (arriving, mut arrived) = mpsc::unbounded_channel();
    let silent = Server::start(move |_, _| {
        arriving.send(()).unwrap();
        Reply::Hang(vec![])
    })
    .await;
    let server = Server::start(|_, _| answer("200 OK", &[], b"")).await;
    let hoarder = setup(&silent, |config| config.concurrency = 4);
    let other = setup(&server, |_| {});
    let (session, requests) = (hoarder.session.clone(), vec![hoarder.get(); 1_000]);
    let hoarding = tokio::spawn(async move { session.send_each(requests).await });
    for _ in 0..4 {
        arrived.recv().await.unwrap();
    }
    for _ in 0..20 {
        assert_serves(&other).await;
    }
    assert_eq!(silent.connections(), 4);
    assert_eq!(hoarder.session.counters().requests, 4);
    hoarding.abort();
    assert!(hoarding.await.unwrap_err().is_cancelled());
    assert_eq!(
        silent.requests().len(),
        4,
        "what waited for its turn is gone with who waited"
    );
}

/// One bad answer after the other from the same server, each followed by a good one.
#[tokio::test]
async fn after_each_hostile_answer_the_next_request_is_served() {
    fn hostile(number: usize) -> (&'static str, Reply) {
        let long = "x".repeat(1_000_000);
        match number {
            0 => (
                "a body without end",
                Reply::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
            ),
            1 => (
                "a head without end",
                Reply::Endless(b"HTTP/1.1 200 OK\r\nX-A: ".to_vec()),
            ),
            2 => (
                "a header of 1 MB",
                Reply::Cut(format!("HTTP/1.1 200 OK\r\nX-A: {long}\r\n\r\n").into()),
            ),
            3 => (
                "too many headers",
                Reply::Cut(format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-A: 1\r\n".repeat(5_000)).into()),
            ),
            4 => (
                "two lengths",
                Reply::Cut(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".to_vec()),
            ),
            5 => (
                "a length and pieces",
                Reply::Cut(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
                        .to_vec(),
                ),
            ),
            6 => ("no HTTP", Reply::Cut(b"SSH-2.0-x\r\n".to_vec())),
            7 => ("silence", Reply::Hang(vec![])),
            8 => (
                "half a head, then silence",
                Reply::Hang(b"HTTP/1.1 200 OK\r\nX-".to_vec()),
            ),
            9 => (
                "half a body, then silence",
                Reply::Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_vec()),
            ),
            _ => (
                "compressed unasked",
                answer("200 OK", &[("Content-Encoding", "gzip")], b"\x1f\x8b"),
            ),
        }
    }
    const CASES: usize = 11;
    let server = Server::start(|number, _| match number % 2 {
        0 => hostile(number / 2).1,
        _ => answer("200 OK", &[], b"well"),
    })
    .await;
    let setup = setup(&server, |config| {
        config.limits.answer_bytes = 100_000;
        config.limits.request = Duration::from_millis(700);
    });
    let mut lines = Vec::new();
    for number in 0..CASES {
        // A write is sent once, so each bad answer is met once.
        let line = refused(&setup, setup.request("POST", "/a"), &[&server]).await;
        lines.push(format!("{}: {line}", hostile(number).0));
        assert_serves(&setup).await;
    }
    assert_snapshot!(lines.join("\n"), @r#"
    a body without end: too-large: too large: the cap is 100000 bytes
    a head without end: unreachable: unreachable: psa.test:PORT could not be reached: message head is too large
    a header of 1 MB: unreachable: unreachable: psa.test:PORT could not be reached: message head is too large
    too many headers: unreachable: unreachable: psa.test:PORT could not be reached: message head is too large
    two lengths: unreachable: unreachable: psa.test:PORT could not be reached: invalid content-length parsed
    a length and pieces: unreachable: unreachable: psa.test:PORT could not be reached: Invalid chunk size line: missing size digit
    no HTTP: unreachable: unreachable: psa.test:PORT could not be reached: invalid HTTP version parsed
    silence: timeout: timeout
    half a head, then silence: timeout: timeout
    half a body, then silence: timeout: timeout
    compressed unasked: server-error: unreachable: psa.test:PORT answered in the encoding `gzip` although none was asked for
    "#);
    assert_eq!(server.requests().len(), 2 * CASES);
    assert!(
        setup.session.counters().bytes < 1_000_000,
        "{:?}",
        setup.session.counters()
    );
}
