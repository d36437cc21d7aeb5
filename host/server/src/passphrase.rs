//! The passphrase of a file: from where it was said to be, else asked of whoever sits in front, twice where a file is
//! made with it. It is never a command-line value.

use dovetail_domain::Code;
use dovetail_gate::Secret;

use crate::caller::{Caller, Question, Reply};
use crate::{Problem, SecretText, problem::Result};

/// What it is called in questions and messages.
const KEY: &str = "passphrase";

/// How often it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To open a file.
    Once,
    /// To make one: what was mistyped would be lost.
    Twice,
}

/// A passphrase that can be one.
pub(crate) fn secret(text: SecretText) -> Result<Secret> {
    Secret::new(KEY, text.expose().to_owned()).map_err(|error| refused(error.into()))
}

/// The one that was given, else the one that is typed.
pub(crate) async fn of(given: Option<SecretText>, asked: Asked, caller: &dyn Caller) -> Result<Secret> {
    if let Some(given) = given {
        return secret(given);
    }
    let typed = ask("Passphrase", caller).await?;
    if asked == Asked::Twice && ask("The same once more", caller).await?.expose() != typed.expose() {
        return Err(Problem::new(
            Code::SecretRefused,
            "The two passphrases differ.",
            "Run the command again and type the same one twice.",
        ));
    }
    secret(typed)
}

async fn ask(label: &str, caller: &dyn Caller) -> Result<SecretText> {
    let question = Question::Secret {
        key: KEY.to_owned(),
        label: label.to_owned(),
    };
    match caller.ask(question).await {
        Reply::Secret(secret) => Ok(secret),
        Reply::Refused(problem) => Err(refused(problem)),
        Reply::Nobody | Reply::Decision(_) => Err(Problem::new(
            Code::SecretRefused,
            "No passphrase is given and nobody is there to ask.",
            "Say where it is with `--passphrase env:VAR`, `file:PATH` or `-`.",
        )),
    }
}

fn refused(problem: Problem) -> Problem {
    Problem {
        hint: "Choose a passphrase of 12 characters or more, on one line.".to_owned(),
        ..problem
    }
}
