//! The one place with `unsafe` written by hand: taking compiled code from disk into the process.

use std::path::Path;

use wasmtime::Engine;
use wasmtime::component::Component;

/// Loads a compiled component that this program put into its cache folder.
///
/// The file has to be one that [`crate::cache`] found to be a plain file of this user in a folder only they can write.
#[allow(
    unsafe_code,
    reason = "wasmtime cannot check machine code; the safety argument stands below"
)]
pub(crate) fn component(engine: &Engine, file: &Path) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize_file` asks that the file was made by wasmtime and was not changed since. It was written by
    // our compiling child with an engine from the one constructor, under a name that holds the component's digest and
    // the engine's compatibility hash, and renamed into a folder with mode 0700 that belongs to the effective user, as
    // the file does; both were checked, and links are not followed. Whoever could change it could as well change this
    // program. Wasmtime itself checks its version, its settings and the processor's abilities before it maps the code.
    unsafe { Component::deserialize_file(engine, file) }
}
