//! What a plugin author in Rust depends on: the contract's types and the macros that make a component of a type.
//!
//! A mapping implements [`Mapping`] and ends with `dovetail_sdk::export_mapping!(TheType);`, a connector implements
//! [`Connector`] and ends with `dovetail_sdk::export_connector!(TheType);`. Both are built for
//! `wasm32-unknown-unknown` as a `cdylib` and wrapped into a component by `dovetail-guest-build`.
//!
//! An overlay that writes every name in capitals:
//!
//! ```
//! use dovetail_sdk::Mapping;
//! use dovetail_sdk::mapping::exports::{Context, Description, Draft, Edit, Input, Outcome, Patch, TableRow};
//! use dovetail_sdk::mapping::types::{Fault, Field};
//!
//! struct Capitals;
//!
//! impl Mapping for Capitals {
//!     fn describe() -> Description {
//!         Description {
//!             name: "capitals".into(),
//!             title: "Names in capitals".into(),
//!             version: "1.0.0".into(),
//!             connectors: vec![],
//!             overlay: true,
//!             table: vec![],
//!             config_schema: String::new(),
//!         }
//!     }
//!
//!     fn configure(_: Context) -> Result<Vec<TableRow>, Fault> {
//!         Ok(vec![])
//!     }
//!
//!     fn convert(_: Context, records: Vec<Input>) -> Vec<Result<Outcome, Fault>> {
//!         let capitals = |input: Input| {
//!             let name = input.so_far.text("name").map(|name| Field::text("name", name.to_uppercase()));
//!             Ok(Outcome::Mapped(Draft { fields: name.into_iter().collect(), ..Draft::empty() }))
//!         };
//!         records.into_iter().map(capitals).collect()
//!     }
//!
//!     fn to_source(_: Context, edits: Vec<Edit>) -> Vec<Result<Patch, Fault>> {
//!         edits.into_iter().map(|_| Ok(Patch { json: "{}".into(), refused: vec!["name".into()] })).collect()
//!     }
//! }
//!
//! dovetail_sdk::export_mapping!(Capitals);
//! # fn main() {}
//! ```

pub mod connector;
mod faults;
mod fields;
pub mod mapping;
#[doc(hidden)]
pub mod panics;

pub use connector::bindings::exports::dovetail::plugin::connector::Guest as Connector;
pub use mapping::bindings::exports::dovetail::plugin::mapping::Guest as Mapping;
