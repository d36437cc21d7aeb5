//! How a command reaches a busy home: over a socket in it, as JSON lines.
//!
//! The holder greets, says that it lives every two seconds, takes one request a connection, sends what happens and what
//! it asks, and ends with the answer. A connection that ends before the request was taken means that nothing was done,
//! so the caller can try for the home itself. Only the same user gets a greeting.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dovetail_sync::{Event, Progress};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines, Take};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};

use crate::caller::{Caller, Question, Reply};
use crate::home::{HomeError, HomeFolder};
use crate::{Answer, Request, problem::Result};

/// The version of the lines.
const PROTOCOL: u32 = 1;
/// How often the holder says that it lives.
const ALIVE_EVERY: Duration = Duration::from_secs(2);
/// How long a holder may be silent before it counts as one that does not answer.
pub(crate) const SILENCE: Duration = Duration::from_secs(10);
/// The most bytes a caller may send.
const MAX_FROM_CALLER: u64 = 4 << 20;

/// Whoever executes requests.
#[async_trait]
pub trait Attendant: Send + Sync {
    /// Executes one.
    async fn attend(&self, request: Request, caller: &dyn Caller) -> Result<Answer>;
}

/// The executor once it is ready. Where its sender goes without one, whoever waits is sent away.
pub type Awaited = watch::Receiver<Option<Arc<dyn Attendant>>>;

#[derive(Serialize, Deserialize)]
enum ToCaller {
    Hello { protocol: u32 },
    Alive,
    Taken,
    Event(Event),
    Ask(Question),
    Done(Box<Result<Answer>>),
}

#[derive(Serialize, Deserialize)]
enum ToHolder {
    Request(Request),
    Reply(Reply),
}

/// The socket while it is open.
pub struct Door {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Door {
    /// Opens the socket of a home that this process holds. It must run within tokio.
    pub fn open(folder: &HomeFolder, attendant: Awaited) -> Result<Door, HomeError> {
        let path = folder.socket();
        let failed = |what| {
            let path = path.clone();
            move |cause| HomeError::Io { what, path, cause }
        };
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("remove")(error)),
            _ => {}
        }
        let listener = {
            let address = Address::of(folder).map_err(failed("name"))?;
            UnixListener::bind(&address.path).map_err(failed("open"))?
        };
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(failed("close"))?;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(answer_calls(listener, path, attendant, stopped));
        Ok(Door { stop, task })
    }

    /// Takes no further request, and returns when those taken are answered.
    pub async fn close(self) {
        self.stop.send_replace(true);
        // The task ends by itself; a panic in it was already reported by the runtime.
        let _ = self.task.await;
    }
}

async fn answer_calls(
    listener: UnixListener,
    path: PathBuf,
    attendant: Awaited,
    mut stopped: watch::Receiver<bool>,
) {
    let mut calls = JoinSet::new();
    let handed_on = stopped.clone();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if is_ours(&stream) => {
                    calls.spawn(answer_call(stream, attendant.clone(), handed_on.clone()));
                }
                Ok(_) => tracing::warn!("another user tried the home's socket and was sent away"),
                Err(error) => {
                    tracing::warn!("the home's socket: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = calls.join_next() => {}
            // The guard it gives may not be held across a wait; a sender that is gone means the same as a stop.
            () = async { drop(stopped.wait_for(|stop| *stop).await) } => break,
        }
    }
    drop(listener);
    // While the lock is ours nobody else's socket can stand there.
    if let Err(error) = fs::remove_file(&path) {
        tracing::debug!("the home's socket: {error}");
    }
    while calls.join_next().await.is_some() {}
}

fn is_ours(stream: &UnixStream) -> bool {
    let us = rustix::process::geteuid().as_raw();
    stream
        .peer_cred()
        .is_ok_and(|peer| peer.uid() == us || peer.uid() == 0)
}

type Incoming = Lines<BufReader<Take<OwnedReadHalf>>>;

async fn answer_call(stream: UnixStream, mut attendant: Awaited, mut stopped: watch::Receiver<bool>) {
    let (reader, writer) = stream.into_split();
    let mut lines: Incoming = BufReader::new(reader.take(MAX_FROM_CALLER)).lines();
    let (outgoing, queue) = mpsc::unbounded_channel();
    let writing = tokio::spawn(write_lines(writer, queue));
    // A line to a caller who is gone is dropped with the writer.
    let _ = outgoing.send(ToCaller::Hello { protocol: PROTOCOL });
    let taken = tokio::select! {
        biased;
        _ = stopped.wait_for(|stop| *stop) => None,
        taken = take_request(&mut lines, &mut attendant) => taken,
    };
    if let Some((request, attendant)) = taken {
        let _ = outgoing.send(ToCaller::Taken);
        let caller = DistantCaller {
            outgoing: outgoing.clone(),
            lines: Mutex::new(lines),
        };
        let done = attendant.attend(request, &caller).await;
        let _ = outgoing.send(ToCaller::Done(Box::new(done)));
    }
    drop(outgoing);
    let _ = writing.await;
}

async fn take_request(
    lines: &mut Incoming,
    attendant: &mut Awaited,
) -> Option<(Request, Arc<dyn Attendant>)> {
    let ready = attendant.wait_for(|ready| ready.is_some()).await.ok()?.clone()?;
    let line = timeout(SILENCE, lines.next_line()).await.ok()?.ok()??;
    match serde_json::from_str(&line) {
        Ok(ToHolder::Request(request)) => Some((request, ready)),
        _ => None,
    }
}

async fn write_lines(mut writer: OwnedWriteHalf, mut queue: mpsc::UnboundedReceiver<ToCaller>) {
    loop {
        let message = match timeout(ALIVE_EVERY, queue.recv()).await {
            Ok(Some(message)) => message,
            Ok(None) => break,
            Err(_) => ToCaller::Alive,
        };
        let mut line = match serde_json::to_vec(&message) {
            Ok(line) => line,
            Err(error) => {
                tracing::error!("a line to a caller cannot be written: {error}");
                break;
            }
        };
        line.push(b'\n');
        if writer.write_all(&line).await.is_err() {
            break;
        }
    }
    let _ = writer.shutdown().await;
}

/// A caller at the other end of the socket.
struct DistantCaller {
    outgoing: mpsc::UnboundedSender<ToCaller>,
    lines: Mutex<Incoming>,
}

impl Progress for DistantCaller {
    fn event(&self, event: Event) {
        let _ = self.outgoing.send(ToCaller::Event(event));
    }
}

#[async_trait]
impl Caller for DistantCaller {
    async fn ask(&self, question: Question) -> Reply {
        let mut lines = self.lines.lock().await;
        if self.outgoing.send(ToCaller::Ask(question)).is_err() {
            return Reply::Nobody;
        }
        match lines.next_line().await {
            Ok(Some(line)) => match serde_json::from_str(&line) {
                Ok(ToHolder::Reply(reply)) => reply,
                _ => Reply::Nobody,
            },
            _ => Reply::Nobody,
        }
    }
}

/// How a call ended.
pub(crate) enum Called {
    /// With an answer.
    Answered(Box<Result<Answer>>),
    /// No socket, or nobody behind it.
    NobodyListens,
    /// The holder ended or turned away before it took the request: nothing was done.
    NotTaken,
    /// The holder ended after it took the request.
    Broken,
    /// The holder says nothing.
    Silent,
    /// The holder is another version of the program.
    OtherVersion,
}

/// Hands a request to the process that holds the home.
pub(crate) async fn call(folder: &HomeFolder, request: Request, caller: &dyn Caller) -> Called {
    let connected = async {
        let address = Address::of(folder)?;
        UnixStream::connect(&address.path).await
    };
    let stream = match timeout(SILENCE, connected).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(_)) => return Called::NobodyListens,
        Err(_) => return Called::Silent,
    };
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut taken = false;
    let mut request = Some(request);
    let mut deadline = Instant::now() + SILENCE;
    loop {
        let line = match timeout_at(deadline, lines.next_line()).await {
            Err(_) => return Called::Silent,
            Ok(Ok(Some(line))) => line,
            Ok(_) if taken => return Called::Broken,
            Ok(_) => return Called::NotTaken,
        };
        deadline = Instant::now() + SILENCE;
        let sent = match serde_json::from_str(&line) {
            Err(_) => return Called::OtherVersion,
            Ok(ToCaller::Hello { protocol }) if protocol != PROTOCOL => return Called::OtherVersion,
            Ok(ToCaller::Hello { .. }) => match request.take() {
                Some(request) => send(&mut writer, &ToHolder::Request(request)).await,
                None => return Called::OtherVersion,
            },
            Ok(ToCaller::Alive) => Ok(()),
            Ok(ToCaller::Taken) => {
                taken = true;
                Ok(())
            }
            Ok(ToCaller::Event(event)) => {
                caller.event(event);
                Ok(())
            }
            Ok(ToCaller::Ask(question)) => {
                let reply = caller.ask(question).await;
                deadline = Instant::now() + SILENCE;
                send(&mut writer, &ToHolder::Reply(reply)).await
            }
            Ok(ToCaller::Done(done)) => return Called::Answered(done),
        };
        // Where sending failed the end of the connection is the next thing read.
        if let Err(error) = sent {
            tracing::debug!("the holder of the home: {error}");
        }
    }
}

async fn send(writer: &mut OwnedWriteHalf, message: &ToHolder) -> io::Result<()> {
    let mut line = zeroize::Zeroizing::new(serde_json::to_vec(message)?);
    line.push(b'\n');
    writer.write_all(&line).await
}

/// A path to the socket that fits into a socket's address: a home deep in the file system is reached through an open
/// handle of its folder.
struct Address {
    path: PathBuf,
    _folder: Option<fs::File>,
}

impl Address {
    /// The most bytes a socket's address holds, with its closing zero, on every system we know.
    const MAX_BYTES: usize = 103;

    fn of(folder: &HomeFolder) -> io::Result<Address> {
        let path = folder.socket();
        if path.as_os_str().as_bytes().len() <= Self::MAX_BYTES {
            return Ok(Address { path, _folder: None });
        }
        let handle = fs::File::open(folder.path())?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/socket", handle.as_raw_fd()));
        Ok(Address {
            path,
            _folder: Some(handle),
        })
    }
}

#[cfg(test)]
mod tests;
