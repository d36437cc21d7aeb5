//! Whoever sits in front of the terminal, as the server sees them: told what goes on, asked where something is missing.

use std::io::{IsTerminal, Write};

use async_trait::async_trait;
use dovetail_server::{Caller, Event, Progress, Question, Reply, SecretText};
use zeroize::Zeroizing;

use crate::render::plain::plain;
use crate::render::progress::Shown;

/// The terminal of this process.
pub(crate) struct Terminal {
    pub(crate) shown: Shown,
}

impl Progress for Terminal {
    fn event(&self, event: Event) {
        self.shown.event(&event);
    }
}

#[async_trait]
impl Caller for Terminal {
    async fn ask(&self, question: Question) -> Reply {
        // Questions go to stderr and answers come from stdin: both have to be a person's.
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return Reply::Nobody;
        }
        // Reading from a terminal blocks, and the run that may go on meanwhile must not wait for it.
        self.shown
            .aside(|| tokio::task::block_in_place(|| put(&question)))
    }
}

fn put(question: &Question) -> Reply {
    match question {
        Question::Confirm { about, question } => {
            for line in about {
                anstream::eprintln!("{}", plain(line));
            }
            anstream::eprint!("{} [y/N] ", plain(question));
            let mut answer = String::new();
            // What cannot be shown or read is no yes.
            let _ = std::io::stderr().flush();
            let read = std::io::stdin().read_line(&mut answer).is_ok();
            let yes = ["y", "yes"].contains(&answer.trim().to_lowercase().as_str());
            Reply::Decision(read && yes)
        }
        Question::Secret { key, label } => {
            let typed = rpassword::prompt_password(format!("{} ({key}): ", plain(label)));
            match typed.map(|text| SecretText::new(key, Zeroizing::new(text))) {
                Ok(Ok(secret)) => Reply::Secret(secret),
                Ok(Err(problem)) => Reply::Refused(problem),
                Err(_) => Reply::Nobody,
            }
        }
    }
}
