//! The listeners: HTTPS, plain HTTP where wanted, and what stands between a request and its answer.

use crate::answer::{Request, answer, api_path};
use crate::config::{Config, Credentials};
use crate::control::Control;
use crate::control_port;
use crate::faults::{Fault, Loss};
use crate::log::Entry;
use crate::reply::Reply;
use crate::routes;
use crate::shared::{Shared, Waiting};
use crate::tls;
use crate::write_plans::Arriving;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A port could not be opened.
    #[error("port {port} on 127.0.0.1 could not be opened: {source}; choose another or 0 for a free one")]
    Port {
        /// The port that was asked for.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// No certificate could be made.
    #[error("{0}")]
    Tls(String),
}

/// A running simulator. Dropped, it stops.
pub struct Simulator {
    address: SocketAddr,
    plain: Option<SocketAddr>,
    control_address: Option<SocketAddr>,
    ca_pem: String,
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

impl Simulator {
    /// Starts a simulator on the current tokio runtime; it answers once this returns.
    pub async fn start(config: Config) -> Result<Self, Error> {
        let identity = tls::identity(&config.tls).map_err(|error| Error::Tls(error.to_string()))?;
        let shared = Arc::new(Shared::new(&config));
        let (listener, address) = listen(config.port).await?;
        let acceptor = TlsAcceptor::from(identity.server);
        let mut tasks = vec![tokio::spawn(accept(
            listener,
            Some(acceptor),
            Arc::clone(&shared),
        ))];
        let mut plain = None;
        if let Some(port) = config.plain_http {
            let (listener, address) = listen(port).await?;
            tasks.push(tokio::spawn(accept(listener, None, Arc::clone(&shared))));
            plain = Some(address);
        }
        let mut control_address = None;
        if let Some(port) = config.control_port {
            let (listener, address) = listen(port).await?;
            let routes = control_port::routes(Control::new(Arc::clone(&shared)));
            tasks.push(tokio::spawn(async move {
                // It ends with the task; there is nobody to tell.
                let _ = axum::serve(listener, routes).await;
            }));
            control_address = Some(address);
        }
        Ok(Self {
            address,
            plain,
            control_address,
            ca_pem: identity.ca_pem,
            shared,
            tasks,
        })
    }

    /// The address of the HTTPS listener.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the listener without TLS, if one was asked for.
    #[must_use]
    pub fn plain_address(&self) -> Option<SocketAddr> {
        self.plain
    }

    /// The address of the control interface, if one was asked for.
    #[must_use]
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control_address
    }

    /// The certificate of the authority that signed the server's, as PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// `https://127.0.0.1:PORT`, without a slash at the end and without codebase.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// What clients must present.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.shared.credentials
    }

    /// The handle that steers this simulator.
    #[must_use]
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.shared))
    }

    /// Stops the simulator and waits until its ports are closed.
    pub async fn stop(mut self) {
        for task in std::mem::take(&mut self.tasks) {
            task.abort();
            // An aborted task ends with an error that says so.
            let _ = task.await;
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn listen(port: u16) -> Result<(TcpListener, SocketAddr), Error> {
    let refuse = |source| Error::Port { port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(refuse)?;
    let address = listener.local_addr().map_err(refuse)?;
    Ok((listener, address))
}

/// Takes connections until the task is aborted; they end with it.
async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    let (tls, shared) = (tls.clone(), Arc::clone(&shared));
                    connections.spawn(async move {
                        // What goes wrong with a connection is the client's to notice.
                        let _ = connection(stream, tls, shared).await;
                    });
                }
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let reset = Arc::new(AtomicBool::new(false));
    let Some(acceptor) = tls else {
        return speak(
            Resettable {
                stream,
                reset: Arc::clone(&reset),
            },
            Some(shared),
            "http",
            reset,
        )
        .await;
    };
    // A TLS connection begins with a handshake record; anything else is plain HTTP on the wrong port.
    let mut first = [0];
    stream.peek(&mut first).await?;
    if first != [0x16] {
        return speak(stream, None, "http", reset).await;
    }
    let stream = acceptor
        .accept(Resettable {
            stream,
            reset: Arc::clone(&reset),
        })
        .await?;
    speak(stream, Some(shared), "https", reset).await
}

/// Speaks HTTP/1.1 on a connection. Without the shared state every request is told to use TLS.
async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    shared: Option<Arc<Shared>>,
    scheme: &'static str,
    reset: Arc<AtomicBool>,
) -> Result<(), Failure> {
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let (shared, reset) = (shared.clone(), Arc::clone(&reset));
        async move {
            match shared {
                None => deliver(Reply::ssl_required(), None, &reset),
                Some(shared) => match read(request, scheme).await {
                    Ok(request) => respond(&shared, request, &reset).await,
                    Err(refusal) => deliver(refusal, None, &reset),
                },
            }
        }
    });
    hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await?;
    Ok(())
}

/// The largest body that is taken.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// Reads a request whole.
async fn read(request: http::Request<hyper::body::Incoming>, scheme: &str) -> Result<Request, Reply> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(Body::new(body), LARGEST_BODY)
        .await
        .map_err(|_| Reply::body_too_large())?;
    let header = |name: &str| {
        head.headers
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Ok(Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        content_type: header(CONTENT_TYPE.as_str()),
        body: body.to_vec(),
        refused: Vec::new(),
        authorization: header(AUTHORIZATION.as_str()),
        client_id: header("clientid"),
        accept: header(ACCEPT.as_str()),
        forward_only: header("pagination-type").is_some_and(|kind| kind.eq_ignore_ascii_case("forward-only")),
        origin: format!("{scheme}://{}", header(HOST.as_str()).unwrap_or_default()),
    })
}

async fn respond(
    shared: &Shared,
    mut request: Request,
    reset: &AtomicBool,
) -> Result<http::Response<Body>, io::Error> {
    let path = api_path(&request.path, &shared.state().codebase)
        .unwrap_or(&request.path)
        .to_owned();
    let holds: Vec<Arc<Waiting>> = {
        let hooks = shared.hooks();
        hooks
            .waiting
            .iter()
            .filter(|hold| hold.pattern.matches(&path, &request.query))
            .map(Arc::clone)
            .collect()
    };
    for hold in holds {
        let goes_by = hold
            .pass
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if goes_by.is_ok() {
            continue;
        }
        let mut released = hold.released.subscribe();
        hold.held.send_modify(|held| *held += 1);
        // The hold may be gone already, which releases it.
        let _ = released.wait_for(|released| *released).await;
    }
    let planned = planned_reply(shared, &path, &request.query);
    let fault = match planned {
        Some(_) => None,
        None => planned_write(shared, &path, &mut request)
            .or_else(|| aimed_fault(shared, &path, &request.query))
            .or_else(|| shared.plan().next(request.key())),
    };
    let reply = match (planned, fault) {
        (Some(reply), _) => reply,
        (None, Some(Fault::TooManyRequests { retry_after })) => Reply::too_many(retry_after),
        (None, Some(Fault::Timeout)) => Reply::timed_out(),
        (None, Some(Fault::BadGateway)) => Reply::bad_gateway(),
        (None, Some(Fault::Forbidden)) => Reply::forbidden(),
        (None, Some(Fault::Reset)) => Reply::nothing(),
        (None, Some(Fault::Lost { how })) => {
            let done = answer(shared, &request);
            let seen = match how {
                Loss::Reset | Loss::Silence => Reply::nothing(),
                Loss::Timeout => Reply::timed_out(),
                Loss::BadGateway => Reply::bad_gateway(),
            };
            Reply {
                applied: done.applied,
                ..seen
            }
        }
        (None, Some(Fault::Slow { .. } | Fault::Truncated) | None) => answer(shared, &request),
    };
    let body = (!request.body.is_empty()).then(|| String::from_utf8_lossy(&request.body).into_owned());
    shared.log.add(Entry {
        number: 0,
        method: request.method,
        path: request.path,
        query: request.query,
        body,
        status: reply.status,
        applied: reply.applied,
        credentials: request.authorization.is_some(),
        client_id: request.client_id.is_some(),
        forward_only: request.forward_only,
        accept: request.accept,
        bytes: reply.body.len() as u64,
        fault,
    });
    if fault == Some(Fault::Lost { how: Loss::Silence }) {
        // It ends when the client gives up or the simulator stops.
        std::future::pending::<()>().await;
    }
    deliver(reply, fault, reset)
}

fn planned_reply(shared: &Shared, path: &str, query: &str) -> Option<Reply> {
    let mut hooks = shared.hooks();
    let place = hooks
        .planned
        .iter()
        .position(|planned| planned.pattern.matches(path, query))?;
    let planned = hooks.planned.get_mut(place)?;
    let reply = planned.reply.clone();
    let used_up = planned.left.as_mut().is_some_and(|left| {
        *left -= 1;
        *left == 0
    });
    if used_up {
        hooks.planned.remove(place);
    }
    Some(reply)
}

/// The fault planned for a write; fields that are to be refused are noted in the request.
fn planned_write(shared: &Shared, path: &str, request: &mut Request) -> Option<Fault> {
    if !request.is_write() {
        return None;
    }
    let mut hooks = shared.hooks();
    let arriving = Arriving {
        kind: routes::find(path).and_then(|endpoint| endpoint.source()?.written()),
        method: &request.method,
        path,
        query: &request.query,
        body: &request.body,
    };
    let refused = hooks.writes.refused(&arriving);
    let fault = hooks.writes.fault(&arriving);
    request.refused = refused;
    fault
}

fn aimed_fault(shared: &Shared, path: &str, query: &str) -> Option<Fault> {
    let mut hooks = shared.hooks();
    hooks.aimed.retain(|aimed| aimed.left > 0);
    let aimed = hooks
        .aimed
        .iter_mut()
        .find(|aimed| aimed.pattern.matches(path, query))?;
    aimed.left -= 1;
    Some(aimed.fault)
}

/// Hands an answer to the connection, or breaks the connection where the fault says so.
fn deliver(
    reply: Reply,
    fault: Option<Fault>,
    reset: &AtomicBool,
) -> Result<http::Response<Body>, io::Error> {
    let broken = || io::Error::new(io::ErrorKind::ConnectionReset, "reset on purpose");
    if matches!(fault, Some(Fault::Reset | Fault::Lost { how: Loss::Reset })) {
        reset.store(true, Ordering::SeqCst);
        return Err(broken());
    }
    let length = reply.body.len();
    let body = Bytes::from(reply.body);
    let body = match fault {
        Some(Fault::Slow { pause }) => {
            let piece = (length / 10).max(1);
            Body::from_stream(stream::unfold(body, move |mut rest| async move {
                if rest.is_empty() {
                    return None;
                }
                tokio::time::sleep(Duration::from_millis(pause)).await;
                let next = rest.split_to(piece.min(rest.len()));
                Some((Ok::<_, io::Error>(next), rest))
            }))
        }
        Some(Fault::Truncated) => {
            reset.store(true, Ordering::SeqCst);
            let half = body.slice(..length / 2);
            // The pause lets the half go out before the connection breaks.
            let pieces = stream::unfold(0, move |turn| {
                let half = half.clone();
                async move {
                    match turn {
                        0 => Some((Ok(half), 1)),
                        1 => {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                            Some((Err(io::Error::from(io::ErrorKind::ConnectionReset)), 2))
                        }
                        _ => None,
                    }
                }
            });
            Body::from_stream(pieces)
        }
        _ => Body::from(body),
    };
    let mut response = http::Response::builder().status(reply.status);
    // An answer without content has neither type nor length.
    if reply.status != 204 {
        response = response
            .header(CONTENT_TYPE, reply.content_type)
            .header(CONTENT_LENGTH, length);
    }
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(body).map_err(io::Error::other)
}

/// A connection that ends with a reset, not with a farewell, once its flag is set.
struct Resettable {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Resettable {
    fn drop(&mut self) {
        if self.reset.load(Ordering::SeqCst) {
            // Failing that, the client sees the connection close, which breaks its request as well.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Resettable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Resettable {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
