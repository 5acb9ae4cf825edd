//! libFuzzer's entry to the target `generated`: `cargo +nightly fuzz run generated --features libfuzzer`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| apy_fuzz::generated(data));
