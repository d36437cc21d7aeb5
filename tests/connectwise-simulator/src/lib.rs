//! A strict stand-in for the ConnectWise REST API, with a fault plan by seed.
//!
//! A [`Simulator`] is a real HTTPS server on 127.0.0.1 with a made-up database: pure functions of a seed and a
//! number, under the edits made through [`Control`]. It refuses what ConnectWise refuses, with the same bodies.
//! It is read-only: other methods than GET answer 405.

mod answer;
mod catalog;
mod conditions;
mod config;
mod control;
mod control_port;
mod data;
mod dice;
mod faults;
mod fields;
mod json;
mod kind;
mod log;
mod moment;
mod pattern;
mod query;
mod reply;
mod role;
mod routes;
mod server;
mod shared;
mod tls;
mod view;

pub use conditions::condition_holds;
pub use config::{Config, Credentials, Size, Tls};
pub use control::{Control, ControlError, Hold, Response};
pub use faults::{Fault, FaultPlan};
pub use kind::Kind;
pub use log::Entry;
pub use role::{Level, Levels, MODULES, Module, Role};
pub use routes::endpoints;
pub use server::{Error, Simulator};
pub use shared::MySecurity;
