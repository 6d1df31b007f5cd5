//! libFuzzer's entry to `glow_fuzz::routes`. It must not know what has to hold.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| glow_fuzz::routes(bytes));
