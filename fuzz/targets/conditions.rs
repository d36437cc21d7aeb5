//! What the writer of conditions was asked for is what the other side reads.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| connectwise::fuzz::conditions(bytes));
