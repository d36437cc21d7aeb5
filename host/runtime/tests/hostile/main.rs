//! Plugins that misbehave on purpose, against the real runtime: real components, compiled by a real child. Each test
//! holds the error's text, a bound that is counted and not timed, and that others go on.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what failed"
)]

mod bombs;
mod boundary;
mod by_hand;
mod cases;
mod components;
mod connectors;
mod contract;
mod describing;
mod every_connector_export;
mod every_export;
mod mappings;
mod page;
mod support;
mod twins;
mod walls;
