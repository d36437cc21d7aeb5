//! The only way out. A connector says what to send; this room decides whether it may, where it goes, over which
//! certificate, with which credential, how often and how long, and what of the answer comes back.
//!
//! What is promised:
//! - A request reaches only an origin worked out from the settings, over https, at an address the policy allows.
//!   Nothing in an answer widens that; no redirect is followed.
//! - A secret never leaves towards the connector: it is filled in on the way out and blotted out of everything that
//!   comes back.
//! - A write is never repeated blindly. Rates, waits, sizes and the number of requests are bounded.

mod address;
mod budget;
mod calls;
mod client;
mod clock;
mod credential;
mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod gate;
pub mod limits;
mod message;
mod origin;
mod request;
mod resolve;
mod retry;
mod scrub;
mod secret;
mod send;
mod session;
mod template;
mod tls;
pub mod vault;
mod waiting;

pub use address::{AddressPolicy, Reach, Refused, reach};
pub use calls::Call;
pub use clock::{Clock, SystemClock};
pub use error::GateError;
pub use gate::{Gate, GateConfig, Surroundings};
pub use limits::Limits;
pub use message::{Answer, OutgoingRequest, SendFailure};
pub use origin::{AllowedOrigin, AllowedOrigins, Host};
pub use resolve::{Names, SystemNames};
pub use retry::{Attempt, Next, Outcome, RetryPolicy, WaitReason, decide};
pub use secret::{Secret, Secrets};
pub use session::{Counters, Session};
pub use tls::{TlsDetail, Verdict};
pub use waiting::Waiting;
