//! Runs plugins: components of WebAssembly that a stranger may have written.
//!
//! - One engine, made in one place ([`Runtime`]). A component is looked at before it is compiled ([`Inspection`]),
//!   compiled by a child process, and kept in a folder only its user can write.
//! - A plugin reaches a log and, where it is a connector, whoever the room above handed in as [`Outbound`]; nothing else.
//! - Each call has an allowance of computing, time, memory, calls and bytes; [`Limits::TABLE`] holds all numbers. Guests
//!   run as futures that give way once a tick, so none blocks the executor.
//! - What a plugin returns becomes a type of the domain in one place only, counted and measured. A bad record is
//!   refused alone, a bad answer ends the call; a call that fails costs the instance and nothing else.
//!
//! The runtime knows no PSA, no client and no store.

/// What a field's value and a trait may be at most: the one check for whatever comes from outside, a plugin's answer or a
/// person's file.
pub mod acceptable {
    pub use crate::checked::Unacceptable;
    pub use crate::checked::json::trait_value;
    pub use crate::checked::mapping::{trait_count, trait_name};
    pub use crate::checked::values::{date, label, labelled, plain, set};
}

mod allowance;
mod bindings;
mod cache;
mod checked;
mod compile;
mod connector;
mod engine;
mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
#[cfg(test)]
mod handles_tests;
mod host;
mod imports;
mod instance;
pub mod limits;
mod load;
mod log;
mod lower;
mod mapping;
mod memory;
mod outbound;
mod runtime;

pub use compile::{CHILD_ARGUMENT, Compiler, compile_child_main};
pub use connector::{ConnectorSession, LoadedConnector};
pub use error::{CallError, PluginError, RecordError};
pub use imports::{Inspection, World};
pub use instance::Usage;
pub use limits::{GuestLimits, Limit, Limits, TICK};
pub use mapping::{Answers, LoadedMapping, MappingInput, MappingRunner};
pub use outbound::{Outbound, OutboundAnswer, OutboundFailure, OutboundRequest, OutboundResponse};
pub use runtime::{Runtime, RuntimeConfig, RuntimeError};
