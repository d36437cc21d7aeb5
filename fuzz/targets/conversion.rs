//! What a guest returned becomes a type of the domain, or is refused in words.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dovetail_runtime::fuzz::conversion(bytes));
