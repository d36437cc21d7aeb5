//! What a plugin author in Rust depends on: the contract's types and the macros that make a component of a type.
//!
//! - An overlay, a thin layer that changes what other mappings made, implements [`overlay::Overlay`] and ends with
//!   `dovetail_sdk::overlay!(TheType);`. This is the short way, and what most customers need.
//! - A mapping that makes whole records, or wants everything in its own hands, implements [`Mapping`] and ends with
//!   `dovetail_sdk::export_mapping!(TheType);`.
//! - A connector implements [`Connector`] and ends with `dovetail_sdk::export_connector!(TheType);`.
//!
//! All are built for `wasm32-unknown-unknown` as a `cdylib` and wrapped into a component by `dovetail plugin build`.
//! [`connectwise`] holds ConnectWise's records as types that take whatever the server sends.
//!
//! An overlay that writes every name in capitals, whole:
//!
//! ```
//! use dovetail_sdk::overlay::*;
//!
//! #[derive(serde::Deserialize)]
//! struct Capitals {}
//!
//! impl Overlay for Capitals {
//!     fn change(&self, record: &Record, change: &mut Change) -> Result<(), Fault> {
//!         if let Some(name) = record.text("name") {
//!             change.text("name", name.to_uppercase());
//!         }
//!         Ok(())
//!     }
//! }
//!
//! dovetail_sdk::overlay!(Capitals);
//! # fn main() {}
//! ```

pub mod calendar;
pub mod connector;
pub mod connectwise;
mod faults;
mod fields;
pub mod mac;
pub mod mapping;
pub mod overlay;
#[doc(hidden)]
pub mod panics;

// A record is dozens of short texts: with this a mapping takes 5 % less time than with std's allocator for WebAssembly.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

pub use connector::bindings::exports::dovetail::plugin::connector::Guest as Connector;
pub use mapping::bindings::exports::dovetail::plugin::mapping::Guest as Mapping;
