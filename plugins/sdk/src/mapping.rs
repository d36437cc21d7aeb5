//! The contract as a mapping sees it. `types` are the shared words, `log` what the host gives, `exports` what a mapping
//! answers with.

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
        world: "mapping-plugin",
        path: "../../wit/draft",
        pub_export_macro: true,
        default_bindings_module: "dovetail_sdk::mapping::bindings",
        export_macro_name: "export_mapping_world",
        additional_derives: [PartialEq],
    });
}

pub use bindings::dovetail::plugin::{log, types};
pub use bindings::exports::dovetail::plugin::mapping as exports;

/// Makes a component of a type that implements [`crate::Mapping`].
#[macro_export]
macro_rules! export_mapping {
    ($implementation:ident) => {
        // Off wasm there is nothing to export; the type is checked all the same.
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() -> $crate::mapping::exports::Description = <$implementation as $crate::Mapping>::describe;

        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, missing_docs, unreachable_pub)]
        mod dovetail_export {
            type Plugin = $crate::panics::Logged<super::$implementation>;
            $crate::mapping::bindings::export_mapping_world!(Plugin with_types_in $crate::mapping::bindings);
        }
    };
}
