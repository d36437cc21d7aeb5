//! Whoever waits for a command: told what goes on, and asked where a decision or a secret is missing.

use async_trait::async_trait;
use dovetail_domain::Code;
use dovetail_sync::{Event, Progress};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::{Problem, SecretText, problem::Result};

/// Hands on to a caller what happens in work that goes on elsewhere.
pub(crate) struct Relay(mpsc::UnboundedSender<Event>);

impl Relay {
    pub(crate) fn new() -> (Relay, mpsc::UnboundedReceiver<Event>) {
        let (events, received) = mpsc::unbounded_channel();
        (Relay(events), received)
    }
}

impl Progress for Relay {
    fn event(&self, event: Event) {
        // Whoever asked may be gone.
        let _ = self.0.send(event);
    }
}

/// A question to the person in front of the terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// A decision: what would be done, line by line, then the question itself.
    Confirm {
        /// What it is about.
        about: Vec<String>,
        /// The question.
        question: String,
    },
    /// A secret, typed without echo.
    Secret {
        /// Its key.
        key: String,
        /// What it is called.
        label: String,
    },
}

/// What came back.
#[derive(Clone, Serialize, Deserialize)]
pub enum Reply {
    /// Nobody is there to ask: standard input is no terminal.
    Nobody,
    /// Yes or no.
    Decision(bool),
    /// A secret.
    Secret(SecretText),
    /// What was typed cannot be taken.
    Refused(Problem),
}

/// Whoever waits for a command.
#[async_trait]
pub trait Caller: Progress {
    /// Asks.
    async fn ask(&self, question: Question) -> Reply;
}

/// Has a decision confirmed. `yes` is the answer given beforehand; without it somebody has to be asked. `otherwise`
/// says what to do where nobody is there.
pub(crate) async fn confirm(
    caller: &dyn Caller,
    yes: bool,
    about: Vec<String>,
    question: &str,
    otherwise: &str,
) -> Result<()> {
    if yes {
        return Ok(());
    }
    // Whoever cannot be asked still reads what it is about.
    let unasked = format!(
        "{} This needs a confirmation and nobody is there to ask; nothing was changed.",
        about
            .iter()
            .map(|line| line.trim())
            .collect::<Vec<_>>()
            .join("; "),
    );
    let question = Question::Confirm {
        about,
        question: question.to_owned(),
    };
    let needed = |message: &str| Err(Problem::new(Code::ConfirmationNeeded, message, otherwise));
    match caller.ask(question).await {
        Reply::Decision(true) => Ok(()),
        Reply::Decision(false) => needed("It was not confirmed; nothing was changed."),
        Reply::Refused(problem) => Err(problem),
        Reply::Nobody | Reply::Secret(_) => needed(unasked.trim_start()),
    }
}

/// Changes that are shown before a person is asked.
pub(crate) const SHOWN: usize = 20;

/// Has somebody who is there look at what is about to be done and say no. Where nobody is, whoever wrote the command has
/// decided; `--dry-run` shows it beforehand.
pub(crate) async fn unless_declined(
    caller: &dyn Caller,
    about: Vec<String>,
    question: String,
    (message, hint): (&str, &str),
) -> Result<()> {
    match caller.ask(Question::Confirm { about, question }).await {
        Reply::Decision(false) => Err(Problem::new(Code::ConfirmationNeeded, message, hint)),
        _ => Ok(()),
    }
}

/// A caller who is told and asked nothing: the server's own.
pub struct NoCaller;

impl Progress for NoCaller {
    fn event(&self, _event: Event) {}
}

#[async_trait]
impl Caller for NoCaller {
    async fn ask(&self, _question: Question) -> Reply {
        Reply::Nobody
    }
}
