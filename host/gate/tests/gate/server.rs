//! A server on loopback that does exactly what a test tells it, over real TLS.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// How long [`Reply::Late`] takes: far longer than the limit of the test that asks.
const LATE: Duration = Duration::from_secs(20);

/// What a server does with a request.
pub(crate) enum Reply {
    /// Answers, and keeps the connection.
    Answer(Vec<u8>),
    /// Says this much and closes.
    Cut(Vec<u8>),
    /// Says this much and nothing more, ever.
    Hang(Vec<u8>),
    /// Says this much, and the rest when nobody should wait for it any more.
    Late(Vec<u8>, Vec<u8>),
    /// Says this, then never stops.
    Endless(Vec<u8>),
}

pub(crate) fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut bytes = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for (name, text) in headers {
        bytes += &format!("{name}: {text}\r\n");
    }
    bytes += "\r\n";
    Reply::Answer([bytes.as_bytes(), body].concat())
}

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    /// The first header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (known, text) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| text.trim())
        })
    }
}

pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) ca_pem: String,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    pub(crate) connections: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Starts a server that decides by the number of the request, from 0, and the request.
    pub(crate) async fn start(decide: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Server {
        Server::start_async(move |number, seen| std::future::ready(decide(number, &seen))).await
    }

    /// Starts a server that may take its time to decide.
    pub(crate) async fn start_async<F>(decide: impl Fn(usize, Seen) -> F + Send + Sync + 'static) -> Server
    where
        F: Future<Output = Reply> + Send + 'static,
    {
        let (ca_pem, acceptor) = identity();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server {
            port: listener.local_addr().unwrap().port(),
            ca_pem,
            seen: Arc::default(),
            connections: Arc::default(),
        };
        let (seen, connections, decide) = (
            Arc::clone(&server.seen),
            Arc::clone(&server.connections),
            Arc::new(decide),
        );
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (acceptor, seen, decide) = (acceptor.clone(), Arc::clone(&seen), Arc::clone(&decide));
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, &seen, decide.as_ref()).await;
                    }
                });
            }
        });
        server
    }
}

fn identity() -> (String, TlsAcceptor) {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(vec![]).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.distinguished_name = rcgen::DistinguishedName::new();
    ca.distinguished_name.push(rcgen::DnType::CommonName, "Test Root");
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let names = ["psa.test", "localhost", "127.0.0.1"].map(str::to_owned).to_vec();
    let leaf = CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
    (ca_pem, TlsAcceptor::from(Arc::new(config)))
}

async fn serve<S, D, F>(mut stream: S, seen: &Mutex<Vec<Seen>>, decide: &D)
where
    S: AsyncRead + AsyncWrite + Unpin,
    D: Fn(usize, Seen) -> F,
    F: Future<Output = Reply>,
{
    while let Some(request) = read(&mut stream).await {
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(request.clone());
            seen.len() - 1
        };
        match decide(number, request).await {
            Reply::Answer(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
                let _ = stream.flush().await;
            }
            Reply::Cut(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Reply::Hang(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
                // Until the client goes.
                let _ = stream.read(&mut [0; 1]).await;
                return;
            }
            Reply::Late(bytes, rest) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
                // Over at once where the client goes.
                if timeout(LATE, stream.read(&mut [0; 1])).await.is_err() {
                    let _ = stream.write_all(&rest).await;
                    let _ = stream.flush().await;
                }
            }
            Reply::Endless(bytes) => {
                let _ = stream.write_all(&bytes).await;
                while stream.write_all(&[b'x'; 16 * 1024]).await.is_ok() {}
                return;
            }
        }
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut seen = Seen {
        head: String::from_utf8_lossy(&bytes[..head]).into_owned(),
        body: bytes[head..].to_vec(),
    };
    let length: usize = seen
        .header("content-length")
        .map_or(0, |text| text.parse().unwrap());
    while seen.body.len() < length {
        stream.read_buf(&mut seen.body).await.ok()?;
    }
    Some(seen)
}
