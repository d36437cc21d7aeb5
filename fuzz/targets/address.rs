//! What a person gives as a host, and a plugin as a URL, leads nowhere it may not.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dovetail_gate::fuzz::address(bytes));
