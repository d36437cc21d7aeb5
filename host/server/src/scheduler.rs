//! `serve`: queues what is due, lets it run, drops once a day what is older than it is to be kept, answers `/healthz` and `/readyz` on loopback, and ends in good order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use dovetail_domain::integration::Interval;
use dovetail_domain::{Code, Timestamp};
use dovetail_store::{RunTrigger, table};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::dispatch::{Reach, begin_runs, enqueue};
use crate::host::Host;
use crate::{Problem, problem::Result, queue, upkeep};

/// How often it looks what is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Reads the address of `--listen`; one that others could reach is refused.
pub fn listen_address(text: &str) -> Result<SocketAddr> {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, "8080"));
    let spelled = if host.eq_ignore_ascii_case("localhost") {
        format!("127.0.0.1:{port}")
    } else {
        text.to_owned()
    };
    match spelled.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Ok(address),
        Ok(address) => Err(Problem::new(
            Code::AddressNotAllowed,
            format!(
                "{} can be reached by others, and whoever reaches the server is not asked who they are.",
                address.ip()
            ),
            "Listen on a loopback address, such as 127.0.0.1:8080.",
        )),
        Err(_) => Err(Problem::value(
            format!("`{text}` is no address to listen on"),
            "Write it as 127.0.0.1:8080; port 0 takes any that is free.",
        )),
    }
}

/// Opens the port.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        Problem::value(
            format!("cannot listen on {address}: {error}"),
            "Choose another port with --listen; port 0 takes any that is free.",
        )
    })
}

/// Runs until `stop` is raised or the store fails. Runs that are on are then cancelled; they stay queued.
pub(crate) async fn serve(
    host: &Arc<Host>,
    listener: TcpListener,
    mut stop: watch::Receiver<bool>,
) -> Result<()> {
    host.dispatch().serve();
    let (down, ready) = watch::channel(true);
    let pages = tokio::spawn(
        axum::serve(listener, pages(ready))
            .with_graceful_shutdown(stopped(stop.clone()))
            .into_future(),
    );
    let mut failed = host.failed();
    let mut tidied: Option<Timestamp> = None;
    let ended = loop {
        if let Err(problem) = look(host) {
            break Err(problem);
        }
        let now = host.now();
        // A time ahead is one before the clock was set back.
        if tidied.is_none_or(|last| last > now || last.plus_seconds(Interval::DAY.seconds()) <= now) {
            tidied = Some(now);
            let host = Arc::clone(host);
            tokio::spawn(async move {
                if let Err(problem) = upkeep::tidy(&host).await {
                    host.fail(problem);
                }
            });
        }
        tokio::select! {
            _ = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => break Ok(()),
            problem = failed.wait_for(Option::is_some) => {
                let problem = problem.ok().and_then(|problem| problem.clone());
                break problem.map_or(Ok(()), Err);
            }
        }
    };
    down.send_replace(false);
    host.dispatch().close();
    host.dispatch().idle().await;
    pages.abort();
    ended
}

/// Queues what is due now and lets begin what may.
fn look(host: &Arc<Host>) -> Result<()> {
    for integration in due_now(host, host.now())? {
        enqueue(host, integration, RunTrigger::Schedule, Reach::default())?;
    }
    begin_runs(host)
}

fn due_now(host: &Host, now: Timestamp) -> Result<Vec<dovetail_domain::IntegrationId>> {
    let mut due = Vec::new();
    for (id, integration) in host.archive().rows(&table::INTEGRATIONS)? {
        let (running, queued) = host.dispatch().standing(id);
        if running || queued || !integration.sync.saved || integration.paused {
            continue;
        }
        // Looking once more would tell nobody more than the review that waits.
        if dovetail_sync::reviewed(host.archive(), id)?.waits.is_some() {
            continue;
        }
        let last = host.archive().runs(Some(id), 1)?;
        if queue::due(&integration, last.first(), now).is_some_and(|time| time <= now) {
            due.push(id);
        }
    }
    Ok(due)
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // Where the sender is gone there is nobody left to stop for.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn pages(ready: watch::Receiver<bool>) -> Router {
    let readyz = move || async move {
        if *ready.borrow() {
            (StatusCode::OK, "ready\n")
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
        }
    };
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_listened_on() {
        for good in [
            "127.0.0.1:8080",
            "127.0.0.5:0",
            "[::1]:8080",
            "localhost:9000",
            "LOCALHOST:1",
        ] {
            assert!(listen_address(good).is_ok(), "{good}");
        }
        for (bad, code) in [
            ("0.0.0.0:8080", Code::AddressNotAllowed),
            ("[::]:8080", Code::AddressNotAllowed),
            ("192.168.1.4:8080", Code::AddressNotAllowed),
            ("[::ffff:127.0.0.1]:80", Code::AddressNotAllowed),
            ("example.com:80", Code::ValueRefused),
            ("8080", Code::ValueRefused),
            ("127.0.0.1:99999", Code::ValueRefused),
        ] {
            assert_eq!(listen_address(bad).unwrap_err().code, code, "{bad}");
        }
    }
}
