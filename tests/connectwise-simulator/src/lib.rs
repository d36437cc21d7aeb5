//! A strict stand-in for the ConnectWise REST API, with a fault plan by seed.
//!
//! A [`Simulator`] is a real HTTPS server on 127.0.0.1 with a made-up database: pure functions of a seed and a
//! number, under the edits made through [`Control`] and the writes made through the API. It refuses what ConnectWise
//! refuses, with the same bodies.
//!
//! # Writes
//!
//! Companies with their sites and types, contacts with their communications and types, and configurations can be
//! written ([`write_endpoints`]); everything else is read-only and answers 405. The role at the start reads and writes
//! nothing: start with [`Role::writing`] or raise levels through [`Control::set_level`], else writes answer 403. What a
//! server does to the values it stores are its [`Habits`]; what fields may hold stands in [`field_limits`].
//!
//! What goes wrong with writes is planned with [`Control::fail_writes`] (before or after they are done: [`Fault`]) and
//! [`Control::refuse_field`]; what was asked and done is told by [`Control::writes`].

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
mod habits;
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
mod write;
mod write_plans;

pub use conditions::condition_holds;
pub use config::{Config, Credentials, Size, Tls};
pub use control::{Control, ControlError, Hold, Kept, Response};
pub use faults::{Fault, FaultPlan, Loss};
pub use habits::{Form, Habits, Reformat, TooLong};
pub use kind::Kind;
pub use log::{Entry, Write};
pub use role::{Action, Level, Levels, MODULES, Module, Role};
pub use routes::{endpoints, write_endpoints};
pub use server::{Error, Simulator};
pub use shared::MySecurity;
pub use write::limits::{FieldLimit, field_limits};
pub use write_plans::Writes;
