//! One door for every command: where the home is free the command runs in this process, where another process has it
//! the request goes there.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dovetail_domain::Code;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::caller::Caller;
use crate::execute::execute;
use crate::home::{HeldHome, Holder, HomeFolder, Taken};
use crate::host::{Host, system_time};
use crate::socket::{self, Attendant, Called, Door};
use crate::{Answer, Problem, Request, SecretText, problem::Result, scheduler, upkeep};

/// How long a holder that does not listen may take until it does: it is starting, or about to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the lock is tried meanwhile.
const TRY_EVERY: Duration = Duration::from_millis(25);

/// How long a run that has ended may take to say how.
const LAST_WORD: Duration = Duration::from_secs(1);

/// A way to have requests executed.
pub struct Session {
    folder: HomeFolder,
    command: String,
    here: Option<Here>,
}

/// The home in this process.
struct Here {
    host: Arc<Host>,
    door: Door,
}

struct Executor(Arc<Host>);

#[async_trait]
impl Attendant for Executor {
    async fn attend(&self, request: Request, caller: &dyn Caller) -> Result<Answer> {
        execute(&self.0, request, caller).await
    }
}

impl Session {
    /// A session for `command`, which is what others are told that this process does. Nothing is taken yet.
    pub fn new(folder: HomeFolder, command: impl Into<String>) -> Session {
        Session {
            folder,
            command: command.into(),
            here: None,
        }
    }

    /// Executes a request, here or where the home is held. `stop` asks a run that goes on here to end; it can then be
    /// taken up again.
    pub async fn perform(
        &mut self,
        request: Request,
        caller: &dyn Caller,
        stop: &watch::Receiver<bool>,
    ) -> Result<Answer> {
        // A home is made of a backup before anything opens it.
        let request = match request {
            Request::Restore { file, passphrase } if self.here.is_none() => {
                return self.restore(file, passphrase).await;
            }
            request => request,
        };
        let mut deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(here) = &self.here {
                return here.execute(request, caller, stop.clone()).await;
            }
            let holder = match self.folder.take(&self.command)? {
                // The store is written anew while nothing else has it open.
                Taken::Ours(home) if matches!(request, Request::Compact) => {
                    return upkeep::aside(move || upkeep::compact(&home, system_time())).await;
                }
                Taken::Ours(home) => {
                    self.here = Some(Here::open(home).await?);
                    continue;
                }
                Taken::Held(holder) => holder,
            };
            match socket::call(&self.folder, request.clone(), caller).await {
                Called::Answered(answered) => return *answered,
                // It took no request, so it was there: it has just ended, or is about to.
                Called::NotTaken => deadline = Instant::now() + PATIENCE,
                Called::Broken if request.may_repeat() => deadline = Instant::now() + PATIENCE,
                Called::Broken => return Err(broken(&holder)),
                Called::Silent => return Err(in_use(&holder, "does not answer")),
                Called::OtherVersion => return Err(in_use(&holder, "is another version of dovetail")),
                Called::NobodyListens if Instant::now() < deadline => {}
                Called::NobodyListens => return Err(in_use(&holder, "does not listen")),
            }
            sleep(TRY_EVERY).await;
        }
    }

    async fn restore(&self, file: PathBuf, passphrase: Option<SecretText>) -> Result<Answer> {
        let new = match self.folder.take_new(&self.command)? {
            Ok(new) => new,
            Err(holder) => return Err(in_use(&holder, "has it")),
        };
        let folder = self.folder.clone();
        upkeep::aside(move || upkeep::restore(&folder, new, &file, passphrase)).await
    }

    /// Lets go of the home, after the commands others sent here are answered.
    pub async fn close(self) {
        if let Some(here) = self.here {
            here.door.close().await;
        }
    }
}

/// Holds the home and runs what is due and queued until `stop` is raised. `ready` is told the address once it listens.
pub async fn serve(
    folder: HomeFolder,
    listen: &str,
    stop: watch::Receiver<bool>,
    ready: impl FnOnce(std::net::SocketAddr) + Send,
) -> Result<()> {
    let address = scheduler::listen_address(listen)?;
    let deadline = Instant::now() + PATIENCE;
    let home = loop {
        match folder.take("serve")? {
            Taken::Ours(home) => break home,
            // A short command may have it.
            Taken::Held(_) if Instant::now() < deadline => sleep(TRY_EVERY).await,
            Taken::Held(holder) => return Err(in_use(&holder, "has it")),
        }
    };
    let listener = scheduler::listen(address).await?;
    let here = Here::open(home).await?;
    if let Ok(address) = listener.local_addr() {
        ready(address);
    }
    let ended = scheduler::serve(&here.host, listener, stop).await;
    here.door.close().await;
    ended
}

impl Here {
    /// Opens the socket first, so that others find somebody who answers while the store is read.
    async fn open(home: HeldHome) -> Result<Here> {
        let (host_is, awaited) = watch::channel(None);
        let door = Door::open(home.folder(), awaited)?;
        let opening = tokio::task::spawn_blocking(move || Host::open(home, system_time)).await;
        let host = match opening {
            Ok(opened) => opened?,
            Err(error) => {
                return Err(Problem::internal(format!(
                    "Opening the home ended with a fault: {error}."
                )));
            }
        };
        let executor: Arc<dyn Attendant> = Arc::new(Executor(Arc::clone(&host)));
        host_is.send_replace(Some(executor));
        Ok(Here { host, door })
    }

    async fn execute(
        &self,
        request: Request,
        caller: &dyn Caller,
        mut stop: watch::Receiver<bool>,
    ) -> Result<Answer> {
        let name = match &request {
            Request::Sync { name, .. } => Some(name.clone()),
            _ => None,
        };
        let work = execute(&self.host, request, caller);
        tokio::pin!(work);
        tokio::select! {
            answered = &mut work => return answered,
            _ = stop.wait_for(|stop| *stop) => {}
        }
        if let Some(name) = name {
            // The run that goes on is asked to end and says how it did; one that still waits stays queued.
            let dispatch = self.host.dispatch();
            dispatch.close();
            tokio::select! {
                answered = &mut work => return answered,
                () = dispatch.idle() => {}
            }
            if let Ok(answered) = timeout(LAST_WORD, work).await {
                return answered;
            }
            let hint = format!("`dovetail sync {name}` takes it up.");
            return Err(Problem::new(
                Code::Cancelled,
                "Stopped before the run had its turn; it stays queued.",
                hint,
            ));
        }
        Err(Problem::new(
            Code::Cancelled,
            "Stopped.",
            "Run the command again.",
        ))
    }
}

fn in_use(holder: &Holder, what: &str) -> Problem {
    Problem::new(
        Code::HomeInUse,
        format!(
            "The home is in use: process {} (`dovetail {}`) {what}.",
            holder.pid, holder.command
        ),
        format!("Wait for its end, or end it: `kill {}`.", holder.pid),
    )
}

fn broken(holder: &Holder) -> Problem {
    Problem::new(
        Code::HomeInUse,
        format!(
            "Process {} (`dovetail {}`), which held the home, ended before it said how this came out.",
            holder.pid, holder.command
        ),
        "Look whether it was done, then run the command again if it was not.",
    )
}
