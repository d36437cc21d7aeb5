//! What a plugin author in Rust depends on: the contract's types and the macros that make a component of a type.
//!
//! A mapping implements [`Mapping`] and ends with `dovetail_sdk::export_mapping!(TheType);`, a connector implements
//! [`Connector`] and ends with `dovetail_sdk::export_connector!(TheType);`. Both are built for
//! `wasm32-unknown-unknown` as a `cdylib` and wrapped into a component by `dovetail-guest-build`.

pub mod connector;
pub mod mapping;

pub use connector::bindings::exports::dovetail::plugin::connector::Guest as Connector;
pub use mapping::bindings::exports::dovetail::plugin::mapping::Guest as Mapping;
