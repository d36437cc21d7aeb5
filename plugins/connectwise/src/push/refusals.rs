//! How a change ends whose write was refused or not answered. What certainly did not happen is a fault; what may have
//! happened is in doubt.

use dovetail_sdk::connector::exports::PushOutcome;
use dovetail_sdk::connector::types::{Cause, Fault};

use super::blamed::blamed;
use super::wanted::Wanted;
use crate::refusal::{Refusal, fault};

/// How a change ends.
pub(super) type Outcome = Result<PushOutcome, Fault>;

/// That a change ends before all of it is done, and how.
#[derive(Debug)]
pub(super) struct Ended(Box<Outcome>);

impl Ended {
    /// It ends so.
    pub(super) fn with(outcome: Outcome) -> Self {
        Ended(Box::new(outcome))
    }

    /// How it ends.
    pub(super) fn outcome(self) -> Outcome {
        *self.0
    }
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Self {
        Ended::with(Err(fault))
    }
}

/// The end of a change whose write was refused or not answered.
pub(super) fn refused(refusal: Refusal, wanted: &Wanted) -> Outcome {
    let about = wanted.about();
    match refusal {
        Refusal::TimedOut(words) | Refusal::Passing(words) | Refusal::Broken(words) => {
            Ok(in_doubt(&about, &words))
        }
        Refusal::TooLarge => Ok(in_doubt(&about, "the answer is too large to be taken in")),
        Refusal::Invalid(said) => {
            let field = blamed(wanted, &said.property);
            Err(fault(
                Cause::Data(field),
                format!("ConnectWise does not accept {about}: {}", said.told),
            ))
        }
        // A new record is not there yet; what is gone is what it belongs to.
        Refusal::NoRecord(words) if wanted.id.is_none() => Err(fault(
            Cause::Data("organization".into()),
            format!("ConnectWise does not have what {about} belongs to: {words}"),
        )),
        refusal => Err(refusal.fault(&about, wanted.written.permission())),
    }
}

/// The end of a change of which nobody knows whether it was applied.
pub(super) fn in_doubt(about: &str, words: &str) -> PushOutcome {
    // Its words are as long as a fault's may be.
    PushOutcome::InDoubt(
        fault(
            Cause::Transient,
            format!("Whether ConnectWise applied {about} is not known: {words}"),
        )
        .message,
    )
}
