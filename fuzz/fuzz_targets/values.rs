//! libFuzzer's entry to the target `values`: `cargo +nightly fuzz run values --features libfuzzer`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| apy_fuzz::values(data));
