//! A file of rules is read or refused in words, the same way each time.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dovetail_rules::fuzz::rules(bytes));
