//! What a run tells those who watch, and how they tell it to stop.

use dovetail_domain::Kind;
use dovetail_store::Tally;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Something that happened in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// Edits of a kind were sent.
    Pushed {
        /// The kind.
        kind: Kind,
        /// What became of its edits so far.
        edits: dovetail_store::Pushed,
    },
    /// A kind is being read.
    Started {
        /// The kind.
        kind: Kind,
        /// How many records there are at most, where the PSA says.
        total: Option<u64>,
    },
    /// A page is mapped and stored.
    Stored {
        /// The kind.
        kind: Kind,
        /// The counts of the kind so far.
        tally: Tally,
    },
    /// The PSA asks for patience.
    Waiting {
        /// How long.
        seconds: u64,
        /// What for.
        why: String,
    },
    /// Something worth a line.
    Note {
        /// The line.
        text: String,
    },
}

/// Those who watch a run.
pub trait Progress: Send + Sync {
    /// Takes note of an event. It must not block.
    fn event(&self, event: Event);
}

/// Nobody watches.
pub struct Unwatched;

impl Progress for Unwatched {
    fn event(&self, _event: Event) {}
}

/// A request to stop, shared by those who may ask and those who have to heed it.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Flag>);

#[derive(Default)]
struct Flag {
    raised: AtomicBool,
    notify: Notify,
}

impl Cancel {
    /// Asks to stop.
    pub fn cancel(&self) {
        self.0.raised.store(true, Ordering::SeqCst);
        self.0.notify.notify_waiters();
    }

    /// Whether somebody asked.
    pub fn is_cancelled(&self) -> bool {
        self.0.raised.load(Ordering::SeqCst)
    }

    /// Returns once somebody asks.
    pub async fn cancelled(&self) {
        let notified = self.0.notify.notified();
        tokio::pin!(notified);
        // Registered before the flag is read, so that a call in between is not missed.
        notified.as_mut().enable();
        if !self.is_cancelled() {
            notified.await;
        }
    }
}
