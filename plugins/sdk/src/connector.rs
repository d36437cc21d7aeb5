//! The contract as a connector sees it. `types` are the shared words, `http` and `log` what the host gives, `exports`
//! what a connector answers with.

#[allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::all,
    clippy::indexing_slicing,
    clippy::unwrap_used
)]
pub mod bindings {
    //! Made from `wit/draft`; the documentation of each item stands there.
    wit_bindgen::generate!({
        world: "connector-plugin",
        path: "../../wit/draft",
        pub_export_macro: true,
        default_bindings_module: "dovetail_sdk::connector::bindings",
        export_macro_name: "export_connector_world",
        additional_derives: [PartialEq],
    });
}

pub use bindings::dovetail::plugin::{http, log, types};
pub use bindings::exports::dovetail::plugin::connector as exports;

/// Makes a component of a type that implements [`crate::Connector`].
#[macro_export]
macro_rules! export_connector {
    ($implementation:ident) => {
        // Off wasm there is nothing to export; the type is checked all the same.
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() -> $crate::connector::exports::Description = <$implementation as $crate::Connector>::describe;

        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, missing_docs, unreachable_pub)]
        mod dovetail_export {
            type Plugin = $crate::panics::Logged<super::$implementation>;
            $crate::connector::bindings::export_connector_world!(Plugin with_types_in $crate::connector::bindings);
        }
    };
}
