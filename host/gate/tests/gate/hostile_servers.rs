//! Servers that mean harm, and plugins that would keep the gate busy with them. Each case holds the words that come of it,
//! what reached a wire, and that the next request is served.

use std::time::Duration;

use insta::assert_snapshot;
use tokio::sync::mpsc;

use crate::hostile::{assert_serves, refused};
use crate::server::{Reply, Server, answer};
use crate::setup;

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
