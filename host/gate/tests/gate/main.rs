//! The gate against real servers on loopback, friendly and hostile.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by them"
)]

mod hostile;
mod hostile_servers;
mod server;
#[path = "../../../../tests/hostile/watchdog.rs"]
mod watchdog;

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dovetail_domain::connector::{Credential, OriginRule, Scheme};
use dovetail_domain::{Code, Explained};
use dovetail_gate::{
    Clock, Counters, Gate, GateConfig, GateError, Names, OutgoingRequest, Secret, SendFailure, Session,
    Surroundings, WaitReason, Waiting,
};
use futures_util::future::{BoxFuture, join_all};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};

use server::{Reply, Seen, Server, answer};

const SECRET: &str = "hidden+/words\"of\\the key";

/// A clock on which every wait is over at once, and written down.
#[derive(Default)]
struct Fast {
    now: Mutex<Duration>,
    waits: Mutex<Vec<Duration>>,
}

impl Fast {
    fn waits(&self) -> Vec<Duration> {
        self.waits.lock().unwrap().clone()
    }
}

impl Clock for Fast {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        *self.now.lock().unwrap() += time;
        self.waits.lock().unwrap().push(time);
        Box::pin(std::future::ready(()))
    }
}

/// A resolver that knows one answer.
struct Fixed(&'static str, Arc<AtomicUsize>);

impl Names for Fixed {
    fn lookup(&self, _name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        let address = self.0.parse().unwrap();
        Box::pin(std::future::ready(Ok(vec![address])))
    }
}

fn config(site: String, ca_pem: Option<&str>) -> GateConfig {
    let mut config = GateConfig::new("acme");
    config.settings = vec![("site".into(), site), ("user".into(), "acme+public".into())];
    config
        .secrets
        .insert("private-key", Secret::new("private-key", SECRET.into()).unwrap());
    config.origins = vec![OriginRule {
        setting: "site".into(),
        when_ends_with: None,
        strip_prefix: None,
        add_prefix: None,
        credential: Some("keys".into()),
        last: false,
    }];
    config.credentials = vec![Credential {
        name: "keys".into(),
        scheme: Scheme::Basic {
            user: "{user}".into(),
            password: "{private-key}".into(),
        },
    }];
    config.ca_pem = ca_pem.map(|pem| pem.as_bytes().to_vec());
    config.allow_private_network = true;
    config.requests_per_minute = None;
    config.limits.connect = Duration::from_secs(20);
    config
}

struct Setup {
    session: Session,
    clock: Arc<Fast>,
    url: String,
}

/// A session with a server, after its gate was changed.
fn setup(server: &Server, change: impl FnOnce(&mut GateConfig)) -> Setup {
    watchdog::progress();
    let mut config = config(format!("psa.test:{}", server.port), Some(&server.ca_pem));
    change(&mut config);
    let clock = Arc::new(Fast::default());
    let surroundings = Surroundings {
        clock: clock.clone(),
        names: Arc::new(Fixed("127.0.0.1", Arc::default())),
        seed: 1,
    };
    let gate = Gate::within(config, surroundings).unwrap();
    let url = gate.origins()[0].url.clone();
    Setup {
        session: gate.session(),
        clock,
        url,
    }
}

impl Setup {
    fn request(&self, method: &str, path: &str) -> OutgoingRequest {
        OutgoingRequest {
            method: method.into(),
            url: format!("{}{path}", self.url),
            headers: vec![],
            body: (method != "GET").then(|| b"{}".to_vec()),
            credential: Some("keys".into()),
            repeatable: false,
        }
    }

    fn get(&self) -> OutgoingRequest {
        self.request("GET", "/a")
    }

    fn code(&self) -> Option<Code> {
        self.session.last_failure().map(|error| error.code())
    }
}

fn authorization() -> String {
    format!("Basic {}", STANDARD.encode(format!("acme+public:{SECRET}")))
}

#[tokio::test]
async fn a_request_goes_out_with_its_credential_and_comes_back() {
    let server = Server::start(|_, _| answer("200 OK", &[("X-One", "1")], b"[]")).await;
    let setup = setup(&server, |_| {});
    let mut request = setup.request("POST", "/a/b?c=d%20e");
    request.headers = vec![("ClientId".into(), "x-y".into())];
    let got = setup.session.send(request).await.unwrap();
    assert_eq!((got.status, got.body.as_slice()), (200, &b"[]"[..]));
    assert!(
        got.headers.contains(&("x-one".into(), "1".into())),
        "{:?}",
        got.headers
    );
    let plain = OutgoingRequest {
        credential: None,
        ..setup.get()
    };
    setup.session.send(plain).await.unwrap();

    let [first, second] = server.requests().try_into().unwrap();
    assert!(
        first.head.starts_with("POST /a/b?c=d%20e HTTP/1.1\r\n"),
        "{}",
        first.head
    );
    assert_eq!(first.header("authorization"), Some(authorization().as_str()));
    assert_eq!(first.header("clientid"), Some("x-y"));
    assert_eq!(first.header("accept-encoding"), Some("identity"));
    assert_eq!(
        first.header("host"),
        Some(format!("psa.test:{}", server.port).as_str())
    );
    assert_eq!(first.body, b"{}");
    assert_eq!(second.header("authorization"), None);
    assert_eq!(server.connections(), 1, "the connection is kept");
    assert_eq!(
        setup.session.counters(),
        Counters {
            requests: 2,
            bytes: 4,
            retries: 0,
            waits: 0
        }
    );
    assert_eq!(setup.session.last_failure(), None);
}

#[tokio::test]
async fn echoed_secrets_are_blotted_out_everywhere() {
    let server = Server::start(|number, seen| {
        let header = seen.header("authorization").unwrap().to_owned();
        let pair = STANDARD.decode(header.strip_prefix("Basic ").unwrap()).unwrap();
        let pair = String::from_utf8(pair).unwrap();
        let escaped = SECRET.replace('\\', "\\\\").replace('"', "\\\"");
        let percent: String = SECRET.bytes().map(|b| format!("%{b:02X}")).collect();
        let body = format!(
            "{{\"a\":\"{header}\",\"b\":\"{escaped}\",\"c\":\"{percent}\",\"d\":\"{}\"}} {pair} {SECRET}",
            STANDARD.encode(&header)
        );
        let name = format!("X-{}", header.trim_start_matches("Basic ").trim_end_matches('='));
        match number {
            0 => answer(
                "200 OK",
                &[("X-Echo", SECRET), ("X-Auth", &header), (&name, "1")],
                body.as_bytes(),
            ),
            _ => answer("200 OK", &[("Content-Encoding", SECRET)], b""),
        }
    })
    .await;
    let setup = setup(&server, |_| {});
    let got = setup.session.send(setup.get()).await.unwrap();
    let body = String::from_utf8(got.body).unwrap();
    assert_eq!(
        body,
        r#"{"a":"Basic [secret]","b":"[secret]","c":"[secret]","d":"QmFzaWMg[secret]"} [secret] [secret]"#
    );
    let headers: Vec<(&str, &str)> = got
        .headers
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .filter(|(name, _)| name.starts_with("x-"))
        .collect();
    assert_eq!(headers, [("x-echo", "[secret]"), ("x-auth", "Basic [secret]")]);

    let failure = setup.session.send(setup.get()).await.unwrap_err();
    assert!(
        failure.to_string().contains("[secret]") && !failure.to_string().contains("words"),
        "{failure}"
    );
    let kept = setup.session.last_failure().unwrap().to_string();
    assert!(!kept.contains("words"), "{kept}");
}

#[tokio::test]
async fn redirects_are_handed_over_and_cookies_are_not_kept() {
    let elsewhere = Server::start(|_, _| answer("200 OK", &[], b"")).await;
    let target = format!("https://psa.test:{}/", elsewhere.port);
    let server = Server::start(move |_, _| {
        answer(
            "302 Found",
            &[("Location", &target), ("Set-Cookie", "session=1")],
            b"moved",
        )
    })
    .await;
    let setup = setup(&server, |_| {});
    for _ in 0..2 {
        let got = setup.session.send(setup.get()).await.unwrap();
        assert_eq!((got.status, got.body.as_slice()), (302, &b"moved"[..]));
        assert!(got.headers.iter().any(|(name, _)| name == "location"));
        assert!(got.headers.iter().all(|(name, _)| name != "set-cookie"));
    }
    assert_eq!(elsewhere.connections(), 0);
    assert!(
        server
            .requests()
            .iter()
            .all(|seen| seen.header("cookie").is_none())
    );
}

#[tokio::test]
async fn answers_are_not_inflated() {
    const GZIP: &[u8] = &[
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 0x04, 0, 0x43, 0xbe, 0xb7, 0xe8, 1, 0, 0, 0,
    ];
    let server = Server::start(|number, _| match number {
        0 => answer("200 OK", &[("Content-Type", "application/gzip")], GZIP),
        1 => answer("200 OK", &[("Content-Encoding", "identity")], b"plain"),
        2 => answer("200 OK", &[("Content-Encoding", "gzip")], GZIP),
        _ => answer("404 Not Found", &[("Content-Encoding", "br")], GZIP),
    })
    .await;
    let setup = setup(&server, |_| {});
    assert_eq!(setup.session.send(setup.get()).await.unwrap().body, GZIP);
    assert_eq!(setup.session.send(setup.get()).await.unwrap().body, b"plain");
    // Compressed unasked, it could hide a secret: it is neither inflated nor handed over.
    let failure = setup.session.send(setup.get()).await.unwrap_err();
    assert!(matches!(failure, SendFailure::Unreachable(_)), "{failure}");
    assert_eq!(server.requests().len(), 3, "and not asked for again");
    // Of an error the status is what counts.
    let got = setup.session.send(setup.get()).await.unwrap();
    assert_eq!((got.status, got.body.len()), (404, 0));
}

#[tokio::test]
async fn answers_that_are_too_large_or_never_end_are_cut_off() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n";
    for reply in [
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        chunked,
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1000001\r\n\r\n",
    ] {
        let server = Server::start(move |_, _| Reply::Endless(reply.into())).await;
        let setup = setup(&server, |config| config.limits.answer_bytes = 1_000_000);
        assert_eq!(
            setup.session.send(setup.get()).await,
            Err(SendFailure::TooLarge(1_000_000)),
            "{reply}"
        );
        assert_eq!(setup.code(), Some(Code::TooLarge));
        assert_eq!(server.requests().len(), 1);
        assert!(setup.session.counters().bytes < 2_000_000);
    }
    let server = Server::start(|_, _| answer("200 OK", &[], &[b'x'; 1_000_000])).await;
    let setup = setup(&server, |config| config.limits.answer_bytes = 1_000_000);
    assert_eq!(
        setup.session.send(setup.get()).await.unwrap().body.len(),
        1_000_000
    );
}

#[tokio::test]
async fn slow_answers_run_into_the_limit_and_are_not_asked_for_again() {
    for (said, late) in [
        ("", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\nContent-Le", "ngth: 0\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "defghij"),
    ] {
        let server = Server::start(move |_, _| Reply::Late(said.into(), late.into())).await;
        let setup = setup(&server, |config| {
            config.limits.request = Duration::from_millis(400)
        });
        assert_eq!(
            setup.session.send(setup.get()).await,
            Err(SendFailure::Timeout),
            "{said}"
        );
        assert_eq!(setup.code(), Some(Code::Timeout));
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn broken_answers_are_asked_for_again_but_writes_are_not() {
    let flood: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    let flood = format!("HTTP/1.1 200 OK\r\n{flood}Content-Length: 0\r\n\r\n");
    for said in [
        String::new(),
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 10\r\n\r\nabc".to_owned(),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_owned(),
        "no HTTP at all\r\n\r\n".to_owned(),
        flood,
    ] {
        let reply = said.clone();
        let server = Server::start(move |_, _| Reply::Cut(reply.clone().into())).await;
        let setup = setup(&server, |_| {});
        let failure = setup.session.send(setup.get()).await.unwrap_err();
        assert!(
            matches!(failure, SendFailure::Unreachable(_)),
            "{said}: {failure}"
        );
        assert_eq!(setup.code(), Some(Code::Unreachable));
        assert_eq!(server.requests().len(), 5, "{said}");
        let ceilings = [500, 1_000, 2_000, 4_000].map(Duration::from_millis);
        let waits = setup.clock.waits();
        assert!(
            waits.len() == 4 && waits.iter().zip(ceilings).all(|(wait, most)| *wait <= most),
            "{waits:?}"
        );

        setup.session.send(setup.request("POST", "/a")).await.unwrap_err();
        assert_eq!(server.requests().len(), 6, "a write goes out once: {said}");
        let repeatable = OutgoingRequest {
            repeatable: true,
            ..setup.request("PUT", "/a")
        };
        setup.session.send(repeatable).await.unwrap_err();
        assert_eq!(server.requests().len(), 11, "{said}");
    }
    // A length that says less than there is: what is past it is not part of the answer.
    let server =
        Server::start(|_, _| Reply::Cut(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef".into())).await;
    let setup = setup(&server, |_| {});
    assert_eq!(setup.session.send(setup.get()).await.unwrap().body, b"abc");
    assert_eq!(setup.session.send(setup.get()).await.unwrap().body, b"abc");
}

#[tokio::test]
async fn failing_servers_are_asked_again_and_their_last_answer_is_handed_over() {
    for (status, times) in [
        ("502 Bad Gateway", 5),
        ("500 Internal Server Error", 2),
        ("501 Not Implemented", 1),
        ("404 Not Found", 1),
        ("408 Request Timeout", 1),
    ] {
        let server = Server::start(move |_, _| answer(status, &[], b"<html>")).await;
        let setup = setup(&server, |_| {});
        let got = setup.session.send(setup.get()).await.unwrap();
        assert!(status.starts_with(&got.status.to_string()));
        assert_eq!(server.requests().len(), times, "{status}");
        assert_eq!(setup.code(), (times > 1).then_some(Code::ServerError), "{status}");
        assert_eq!(setup.session.counters().retries, times as u64 - 1);
    }
    let server = Server::start(|number, _| match number {
        0 => answer("503 Service Unavailable", &[], b""),
        _ => answer("200 OK", &[], b"well"),
    })
    .await;
    let setup = setup(&server, |_| {});
    assert_eq!(setup.session.send(setup.get()).await.unwrap().body, b"well");
    assert_eq!(setup.session.last_failure(), None);
}

#[tokio::test]
async fn a_run_spends_no_more_repeats_than_it_has() {
    let server = Server::start(|_, _| answer("502 Bad Gateway", &[], b"")).await;
    let setup = setup(&server, |config| {
        config.retry.repeats_at_start = 3;
        config.retry.requests_a_repeat = 100;
    });
    for _ in 0..10 {
        setup.session.send(setup.get()).await.unwrap();
    }
    assert_eq!(server.requests().len(), 13);
}

#[tokio::test]
async fn patience_is_kept_as_the_server_asks() {
    let server = Server::start(|number, _| match number {
        0 => answer(
            "429 Too Many Requests",
            &[("Retry-After", "30")],
            b"{\"error\":\"slow\"}",
        ),
        1 => answer("429 Too Many Requests", &[], b""),
        _ => answer("201 Created", &[], b"{}"),
    })
    .await;
    let setup = setup(&server, |_| {});
    // Refused for its rate, even a write may be sent again.
    let got = setup.session.send(setup.request("POST", "/a")).await.unwrap();
    assert_eq!((got.status, server.requests().len()), (201, 3));
    let waits = setup.clock.waits();
    assert_eq!(waits[0], Duration::from_secs(30));
    assert!(
        waits[1] >= Duration::from_secs(5) && waits[1] <= Duration::from_secs(10),
        "{waits:?}"
    );
    assert_eq!(
        setup.session.counters(),
        Counters {
            requests: 3,
            bytes: 18,
            retries: 2,
            waits: 2
        }
    );

    let server = Server::start(|_, _| answer("503 Service Unavailable", &[("Retry-After", "7")], b"")).await;
    let busy = self::setup(&server, |_| {});
    assert_eq!(
        busy.session
            .send(busy.request("POST", "/a"))
            .await
            .unwrap()
            .status,
        503
    );
    assert_eq!(
        (server.requests().len(), busy.clock.waits().len()),
        (1, 0),
        "a write is not repeated"
    );
    let failure = busy.session.send(busy.get()).await;
    assert_eq!(failure, Err(SendFailure::RateLimited(7)));
    assert_eq!(busy.clock.waits().len(), 42, "300 s of patience in steps of 7");
    assert_eq!(busy.code(), Some(Code::RateLimited));

    let server = Server::start(|_, _| answer("429 Too Many Requests", &[("Retry-After", "3600")], b"")).await;
    let long = self::setup(&server, |_| {});
    assert_eq!(
        long.session.send(long.get()).await,
        Err(SendFailure::RateLimited(3600))
    );
    assert_eq!((server.requests().len(), long.clock.waits().len()), (1, 0));
}

#[tokio::test]
async fn the_budget_spreads_requests() {
    let server = Server::start(|_, _| answer("200 OK", &[], b"")).await;
    let setup = setup(&server, |config| config.requests_per_minute = Some(60));
    for _ in 0..5 {
        setup.session.send(setup.get()).await.unwrap();
    }
    let waited: Duration = setup.clock.waits().iter().sum();
    assert!(
        waited >= Duration::from_secs(4) && waited < Duration::from_secs(5),
        "{waited:?}"
    );
}

#[tokio::test]
async fn a_run_has_an_allowance() {
    let server = Server::start(|_, _| answer("200 OK", &[], b"")).await;
    let setup = setup(&server, |config| config.requests_a_run = 3);
    let sent = setup.session.send_each(vec![setup.get(); 5]).await;
    assert_eq!(sent.iter().filter(|one| one.is_ok()).count(), 3);
    assert!(matches!(sent.last(), Some(Err(SendFailure::Stopped(_)))));
    assert_eq!(
        setup.session.last_failure(),
        Some(GateError::AllowanceUsed { cap: 3 })
    );
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn several_go_at_once_up_to_the_cap_and_come_back_in_order() {
    let (under_way, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (arriving, mut arrived) = mpsc::unbounded_channel();
    let (open, opened) = watch::channel(false);
    let counted = Arc::clone(&most);
    let server = Server::start_async(move |_, seen: Seen| {
        let (under_way, most, mut opened) = (Arc::clone(&under_way), Arc::clone(&counted), opened.clone());
        let path = seen.head.split(' ').nth(1).unwrap().to_owned();
        most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        arriving.send(()).unwrap();
        async move {
            opened.wait_for(|open| *open).await.unwrap();
            under_way.fetch_sub(1, Ordering::SeqCst);
            answer("200 OK", &[], path.as_bytes())
        }
    })
    .await;
    let setup = setup(&server, |config| config.concurrency = 4);
    // Two lists at once, for the cap is the integration's and not a list's.
    let lists = [0, 20].map(|from| {
        let requests = (from..from + 20).map(|n| setup.request("GET", &format!("/{n}")));
        requests.collect::<Vec<_>>()
    });
    let session = setup.session.clone();
    let sending = tokio::spawn(async move {
        let sent = lists.map(|list| session.send_each(list));
        join_all(sent).await.concat()
    });
    for _ in 0..4 {
        arrived.recv().await.unwrap();
    }
    assert_eq!(setup.session.counters().requests, 4, "and no fifth is on its way");
    open.send_replace(true);
    let bodies: Vec<String> = sending
        .await
        .unwrap()
        .into_iter()
        .map(|answer| String::from_utf8(answer.unwrap().body).unwrap())
        .collect();
    assert_eq!(bodies, (0..40).map(|n| format!("/{n}")).collect::<Vec<_>>());
    assert_eq!(most.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_list_of_answers_has_a_cap_and_so_has_a_list_of_requests() {
    let server = Server::start(|_, _| answer("200 OK", &[], &[b'x'; 400])).await;
    let setup = setup(&server, |config| config.limits.answers_bytes = 1_000);
    let sizes: Vec<_> = setup
        .session
        .send_each(vec![setup.get(); 4])
        .await
        .into_iter()
        .map(|answer| answer.map(|answer| answer.body.len()))
        .collect();
    let over = || Err(SendFailure::TooLarge(1_000));
    assert_eq!(sizes, [Ok(400), Ok(400), over(), over()]);
    let many = setup.session.send_each(vec![setup.get(); 1_001]).await;
    assert!(many.len() == 1_001 && many.iter().all(|one| matches!(one, Err(SendFailure::Denied(_)))));
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn other_places_are_denied_before_anything_is_sent() {
    let elsewhere = Server::start(|_, _| answer("200 OK", &[], b"")).await;
    let server = Server::start(|_, _| answer("200 OK", &[], b"")).await;
    let setup = setup(&server, |_| {});
    let (there, here) = (elsewhere.port, server.port);
    let mut told = Vec::new();
    for url in [
        format!("https://psa.test:{there}/"),
        format!("https://other.test:{here}/"),
        format!("https://psa.test.other.test:{here}/"),
        format!("https://127.0.0.1:{here}/"),
        format!("http://psa.test:{here}/"),
        format!("https://psa.test:{here}@127.0.0.1:{there}/"),
    ] {
        let request = OutgoingRequest { url, ..setup.get() };
        let failure = setup.session.send(request).await.unwrap_err();
        assert!(matches!(failure, SendFailure::Denied(_)), "{failure}");
        let words = format!("{}: {failure}", setup.code().unwrap());
        told.push(
            words
                .replace(&there.to_string(), "THERE")
                .replace(&here.to_string(), "HERE"),
        );
        setup.session.forget_failure();
        assert_eq!(setup.session.last_failure(), None);
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    origin-not-allowed: denied: the origins of `acme` refuse https://psa.test:THERE; allowed: https://psa.test:HERE
    origin-not-allowed: denied: the origins of `acme` refuse https://other.test:HERE; allowed: https://psa.test:HERE
    origin-not-allowed: denied: the origins of `acme` refuse https://psa.test.other.test:HERE; allowed: https://psa.test:HERE
    origin-not-allowed: denied: the origins of `acme` refuse https://127.0.0.1:HERE; allowed: https://psa.test:HERE
    origin-not-allowed: denied: the origins of `acme` refuse http://psa.test:HERE; allowed: https://psa.test:HERE
    request-refused: denied: the connector's request was refused: its URL carries a user or a password
    ");
    assert_eq!((elsewhere.connections(), server.connections()), (0, 0));
    // What is allowed goes on being so.
    setup.session.send(setup.get()).await.unwrap();
    assert_eq!((elsewhere.connections(), server.connections()), (0, 1));
}

#[tokio::test]
async fn a_name_that_leads_inwards_is_refused() {
    let server = Server::start(|_, _| answer("200 OK", &[], b"")).await;
    let mut config = config(format!("psa.test:{}", server.port), Some(&server.ca_pem));
    config.allow_private_network = false;
    let asked = Arc::new(AtomicUsize::new(0));
    let clock = Arc::new(Fast::default());
    let surroundings = Surroundings {
        clock: clock.clone(),
        names: Arc::new(Fixed("127.0.0.1", Arc::clone(&asked))),
        seed: 1,
    };
    let gate = Gate::within(config, surroundings).unwrap();
    let setup = Setup {
        session: gate.session(),
        clock,
        url: gate.origins()[0].url.clone(),
    };
    let failure = setup.session.send(setup.get()).await.unwrap_err();
    assert!(matches!(failure, SendFailure::Denied(_)), "{failure}");
    assert_eq!(setup.code(), Some(Code::AddressNotAllowed));
    assert_eq!(
        gate.probe_tls().await.unwrap_err().code(),
        Code::AddressNotAllowed
    );
    assert_eq!((server.connections(), asked.load(Ordering::SeqCst)), (0, 2));
    assert!(setup.clock.waits().is_empty(), "it is not tried again");
}

#[test]
fn an_address_that_is_written_out_is_refused_at_once() {
    for site in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "[::ffff:10.0.0.1]",
        "localhost:8443",
        "169.254.169.254",
    ] {
        let mut config = config(site.into(), None);
        config.allow_private_network = false;
        assert_eq!(
            Gate::new(config).err().unwrap().code(),
            Code::AddressNotAllowed,
            "{site}"
        );
    }
    assert_eq!(
        Gate::new(config("169.254.169.254".into(), None))
            .err()
            .unwrap()
            .code(),
        Code::AddressNotAllowed
    );
    assert!(Gate::new(config("127.0.0.1".into(), None)).is_ok());
}

#[test]
fn a_gate_that_could_not_keep_its_word_is_not_built() {
    let build = |change: fn(&mut GateConfig)| {
        let mut config = config("psa.example".into(), None);
        change(&mut config);
        Gate::new(config).err().map(|error| error.code())
    };
    assert_eq!(build(|_| {}), None);
    assert_eq!(
        build(|config| config.credentials.clear()),
        Some(Code::PluginRefused)
    );
    assert_eq!(build(|config| config.origins.clear()), Some(Code::PluginRefused));
    assert_eq!(
        build(|config| config.settings.clear()),
        Some(Code::SettingMissing)
    );
    assert_eq!(
        build(|config| config.secrets = Default::default()),
        Some(Code::SettingMissing)
    );
    assert_eq!(
        build(|config| config.ca_pem = Some(b"none".to_vec())),
        Some(Code::ValueRefused)
    );
    assert_eq!(
        build(|config| config.proxy = "https://proxy.lan".parse().ok()),
        Some(Code::ValueRefused)
    );
    assert_eq!(
        build(|config| config.settings[0].1 = "http://psa.example".into()),
        Some(Code::HttpsRequired)
    );
}

#[tokio::test]
async fn certificates_are_judged_on_the_way_requests_go() {
    let server = Server::start(|_, _| answer("200 OK", &[], b"")).await;
    let untrusted = setup(&server, |config| config.ca_pem = None);
    let failure = untrusted.session.send(untrusted.get()).await.unwrap_err();
    assert!(matches!(failure, SendFailure::Untrusted(_)), "{failure}");
    assert_eq!(untrusted.code(), Some(Code::TlsUntrusted));
    assert!(untrusted.clock.waits().is_empty(), "it is not tried again");

    let elsewhere = setup(&server, |config| {
        config.settings[0].1 = format!("other.test:{}", server.port)
    });
    elsewhere.session.send(elsewhere.get()).await.unwrap_err();
    assert_eq!(elsewhere.code(), Some(Code::TlsWrongHost));
    assert!(
        elsewhere
            .session
            .last_failure()
            .unwrap()
            .to_string()
            .contains("psa.test, localhost, 127.0.0.1")
    );
    assert_eq!(
        server.requests().len(),
        0,
        "nothing was said over a connection that is not trusted"
    );
}

#[tokio::test]
async fn servers_without_tls_and_without_ears_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                .await;
        }
    });
    let unused = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    for (port, code, waits) in [(port, Code::TlsFailed, 0), (unused, Code::Unreachable, 4)] {
        let clock = Arc::new(Fast::default());
        let surroundings = Surroundings {
            clock: clock.clone(),
            names: Arc::new(Fixed("127.0.0.1", Arc::default())),
            seed: 1,
        };
        let gate = Gate::within(config(format!("psa.test:{port}"), None), surroundings).unwrap();
        let setup = Setup {
            session: gate.session(),
            clock,
            url: gate.origins()[0].url.clone(),
        };
        setup.session.send(setup.get()).await.unwrap_err();
        assert_eq!(setup.code(), Some(code.clone()));
        assert_eq!(setup.clock.waits().len(), waits, "{code}");
        assert_eq!(gate.probe_tls().await.unwrap_err().code(), code);
    }
}

/// A resolver that never answers.
struct Silent;

impl Names for Silent {
    fn lookup(&self, _name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_ends_by_its_own_limit() {
    // What listens here accepts and says nothing: neither hello as a server nor yes as a proxy.
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = mute.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = mute.accept().await {
            kept.push(stream);
        }
    });
    let known: Arc<dyn Names> = Arc::new(Fixed("127.0.0.1", Arc::default()));
    let proxy = format!("http://127.0.0.1:{port}").parse().ok();
    for (what, names, proxy) in [
        (
            "a name nobody answers for",
            Arc::new(Silent) as Arc<dyn Names>,
            None,
        ),
        ("a server that shakes no hands", Arc::clone(&known), None),
        ("a proxy that does not answer", known, proxy),
    ] {
        let mut config = config(format!("psa.test:{port}"), None);
        config.limits.connect = Duration::from_millis(100);
        config.limits.request = Duration::from_secs(20);
        config.proxy = proxy;
        let clock = Arc::new(Fast::default());
        let surroundings = Surroundings {
            clock: clock.clone(),
            names,
            seed: 1,
        };
        let gate = Gate::within(config, surroundings).unwrap();
        let setup = Setup {
            session: gate.session(),
            clock,
            url: gate.origins()[0].url.clone(),
        };
        // The limit of the whole request would be a timeout, and not asked again.
        let failure = setup.session.send(setup.get()).await.unwrap_err();
        assert!(
            matches!(failure, SendFailure::Unreachable(_)),
            "{what}: {failure}"
        );
        assert_eq!(setup.clock.waits().len(), 4, "{what}");
        let told = GateError::Unreachable {
            host: format!("psa.test:{port}"),
            reason: "there was no connection within 1 s".into(),
        };
        assert_eq!(setup.session.last_failure(), Some(told.clone()), "{what}");
        assert_eq!(gate.probe_tls().await.unwrap_err(), told, "{what}");
    }
}

#[tokio::test]
async fn a_probe_shakes_hands_and_says_nothing_more() {
    let server = Server::start(|_, _| answer("200 OK", &[], b"")).await;
    for site in ["psa.test", "127.0.0.1"] {
        let config = config(format!("{site}:{}", server.port), Some(&server.ca_pem));
        let surroundings = Surroundings {
            names: Arc::new(Fixed("127.0.0.1", Arc::default())),
            ..Surroundings::default()
        };
        let detail = Gate::within(config, surroundings)
            .unwrap()
            .probe_tls()
            .await
            .unwrap();
        assert_eq!(
            detail.to_string(),
            "TLS 1.3, certificate issued by Test Root, valid until 4096-01-01T00:00:00Z"
        );
    }
    assert_eq!((server.connections(), server.requests().len()), (2, 0));
}

/// A clock that tells when somebody waits and lets nobody go.
struct Stopped {
    waits: mpsc::UnboundedSender<Duration>,
    release: Arc<Notify>,
}

impl Clock for Stopped {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        self.waits.send(time).unwrap();
        let release = Arc::clone(&self.release);
        Box::pin(async move { release.notified().await })
    }
}

#[tokio::test]
async fn waits_are_told_and_can_be_cancelled() {
    let server = Server::start(|_, _| answer("429 Too Many Requests", &[("Retry-After", "40")], b"")).await;
    let (sender, mut waits) = mpsc::unbounded_channel();
    let surroundings = Surroundings {
        clock: Arc::new(Stopped {
            waits: sender,
            release: Arc::default(),
        }),
        names: Arc::new(Fixed("127.0.0.1", Arc::default())),
        seed: 1,
    };
    let config = config(format!("psa.test:{}", server.port), Some(&server.ca_pem));
    let gate = Gate::within(config, surroundings).unwrap();
    let setup = Setup {
        session: gate.session(),
        clock: Arc::default(),
        url: gate.origins()[0].url.clone(),
    };
    assert_eq!(setup.session.waiting(), None);
    let (session, request) = (setup.session.clone(), setup.get());
    let sending = tokio::spawn(async move { session.send(request).await });
    assert_eq!(waits.recv().await, Some(Duration::from_secs(40)));
    assert_eq!(
        setup.session.waiting(),
        Some(Waiting {
            seconds: 40,
            reason: WaitReason::RateLimit
        })
    );

    // The patience is the integration's: another run of it waits too.
    let (other, request) = (gate.session(), setup.get());
    let watched = other.clone();
    let waiting = tokio::spawn(async move { watched.send(request).await });
    assert_eq!(waits.recv().await, Some(Duration::from_secs(40)));
    assert_eq!(server.requests().len(), 1);

    setup.session.cancel();
    assert!(matches!(sending.await.unwrap(), Err(SendFailure::Stopped(_))));
    assert_eq!(
        (setup.session.waiting(), setup.session.last_failure()),
        (None, Some(GateError::Cancelled))
    );
    assert!(matches!(
        setup.session.send(setup.get()).await,
        Err(SendFailure::Stopped(_))
    ));
    assert!(!waiting.is_finished(), "the other run is not cancelled");
    other.cancel();
    assert!(matches!(waiting.await.unwrap(), Err(SendFailure::Stopped(_))));
}

#[tokio::test]
async fn a_request_under_way_can_be_cancelled() {
    let arrived = Arc::new(Notify::new());
    let bell = Arc::clone(&arrived);
    let server = Server::start(move |_, _| {
        bell.notify_one();
        Reply::Hang(Vec::new())
    })
    .await;
    let setup = setup(&server, |_| {});
    let (session, request) = (setup.session.clone(), setup.get());
    let sending = tokio::spawn(async move { session.send(request).await });
    arrived.notified().await;
    setup.session.cancel();
    assert!(matches!(sending.await.unwrap(), Err(SendFailure::Stopped(_))));
    assert_eq!(setup.code(), Some(Code::Cancelled));
}

#[tokio::test]
async fn an_explicit_proxy_is_used_for_requests_and_probes() {
    let server = Server::start(|_, _| answer("200 OK", &[], b"through")).await;
    let port = server.port;
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy_port = proxy.local_addr().unwrap().port();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = proxy.accept().await {
            let told = Arc::clone(&told);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(near.read_u8().await.unwrap());
                }
                told.lock()
                    .unwrap()
                    .push(String::from_utf8_lossy(&head).lines().next().unwrap().to_owned());
                let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    // Neither the integration's switch nor a resolver is needed: names are the proxy's to look up.
    let mut config = config("psa.test".into(), Some(&server.ca_pem));
    config.allow_private_network = false;
    config.proxy = format!("http://127.0.0.1:{proxy_port}").parse().ok();
    let looked_up = Arc::new(AtomicUsize::new(0));
    let surroundings = Surroundings {
        names: Arc::new(Fixed("127.0.0.1", Arc::clone(&looked_up))),
        ..Surroundings::default()
    };
    let gate = Gate::within(config, surroundings).unwrap();
    let setup = Setup {
        session: gate.session(),
        clock: Arc::default(),
        url: gate.origins()[0].url.clone(),
    };
    assert_eq!(setup.session.send(setup.get()).await.unwrap().body, b"through");
    assert!(gate.probe_tls().await.is_ok());
    assert_eq!(*asked.lock().unwrap(), ["CONNECT psa.test:443 HTTP/1.1"; 2]);
    assert_eq!(looked_up.load(Ordering::SeqCst), 0);
    // An inward address that is written out is refused behind a proxy too.
    let mut inward = self::config("10.0.0.1".into(), None);
    inward.allow_private_network = false;
    inward.proxy = format!("http://127.0.0.1:{proxy_port}").parse().ok();
    assert_eq!(Gate::new(inward).err().unwrap().code(), Code::AddressNotAllowed);
}

const PROXY_VARIABLES: [&str; 6] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
];

#[test]
fn proxies_of_the_environment_have_no_say() {
    // Port 1 answers nobody: were the variables heeded, the request would fail.
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args([
        "--exact",
        "a_request_with_proxy_variables_set",
        "--ignored",
        "--test-threads=1",
    ]);
    child
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env_remove("REQUEST_METHOD");
    for name in PROXY_VARIABLES {
        child.env(name, "http://127.0.0.1:1");
    }
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
#[ignore = "run by proxies_of_the_environment_have_no_say with variables set"]
async fn a_request_with_proxy_variables_set() {
    for name in PROXY_VARIABLES {
        assert_eq!(std::env::var(name).unwrap(), "http://127.0.0.1:1");
    }
    let server = Server::start(|_, _| answer("200 OK", &[], b"direct")).await;
    let setup = setup(&server, |_| {});
    assert_eq!(setup.session.send(setup.get()).await.unwrap().body, b"direct");
}
