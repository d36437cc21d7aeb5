//! Whatever is handed in as a component is looked at or refused in words.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dovetail_runtime::fuzz::component(bytes));
