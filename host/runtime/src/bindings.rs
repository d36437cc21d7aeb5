//! What is made from the contract: the only place that knows how types cross. Nothing outside `lower`, `checked` and
//! `host` looks in here, and what comes out of a guest is untrusted until `checked` took it over.
#![allow(
    missing_docs,
    unreachable_pub,
    unsafe_code,
    clippy::all,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "generated"
)]

/// A connector; and the words both kinds of plugin share.
pub mod connector {
    wasmtime::component::bindgen!({
        world: "connector-plugin",
        path: "../../wit/draft",
        imports: {
            "dovetail:plugin/http": async | trappable,
            default: trappable,
        },
        exports: { default: async },
    });
}

/// A mapping.
pub mod mapping {
    wasmtime::component::bindgen!({
        world: "mapping-plugin",
        path: "../../wit/draft",
        imports: { default: trappable },
        exports: { default: async },
        // What is handed to it is lent, so it has words of its own.
        ownership: Borrowing { duplicate_if_necessary: true },
        with: {
            "dovetail:plugin/log": super::connector::dovetail::plugin::log,
        },
        require_store_data_send: true,
    });
}

pub use connector::dovetail::plugin::{http, log, types};
pub use connector::exports::dovetail::plugin::connector as connector_words;
pub use mapping::exports::dovetail::plugin::mapping as mapping_words;

/// Words of what a mapping is handed.
pub mod handed {
    pub use super::mapping::dovetail::plugin::types::{
        EntryParam as Entry, FieldParam as Field, ReferenceParam as Reference, SourceRecord,
        SupplementParam as Supplement, ValueParam as Value,
    };
    pub use super::mapping_words::{Context, DraftParam as Draft, Edit, Input};
}

/// Words of what a mapping returned.
pub mod returned {
    pub use super::mapping::dovetail::plugin::types::{
        EntryResult as Entry, Fault, FieldResult as Field, ReferenceResult as Reference,
        SupplementResult as Supplement, ValueResult as Value,
    };
    pub use super::mapping_words::{
        Description, Direction, DraftResult as Draft, Outcome, Patch, Policy, TableRow,
    };
}

/// The trouble of a mapping in the words both kinds of plugin share.
impl From<returned::Fault> for types::Fault {
    fn from(fault: returned::Fault) -> types::Fault {
        use mapping::dovetail::plugin::types::Cause;
        types::Fault {
            cause: match fault.cause {
                Cause::InvalidConfig(key) => types::Cause::InvalidConfig(key),
                Cause::Auth => types::Cause::Auth,
                Cause::Permission(id) => types::Cause::Permission(id),
                Cause::RateLimited(seconds) => types::Cause::RateLimited(seconds),
                Cause::Transient => types::Cause::Transient,
                Cause::TooLarge => types::Cause::TooLarge,
                Cause::Gone => types::Cause::Gone,
                Cause::Data(field) => types::Cause::Data(field),
                Cause::Bug => types::Cause::Bug,
            },
            message: fault.message,
        }
    }
}
