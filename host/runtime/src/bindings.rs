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
        with: {
            "dovetail:plugin/types": super::connector::dovetail::plugin::types,
            "dovetail:plugin/log": super::connector::dovetail::plugin::log,
        },
        require_store_data_send: true,
    });
}

pub use connector::dovetail::plugin::{http, log, types};
pub use connector::exports::dovetail::plugin::connector as connector_words;
pub use mapping::exports::dovetail::plugin::mapping as mapping_words;
