//! libFuzzer's entry to the target `front`: `cargo +nightly fuzz run front --features libfuzzer`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| apy_fuzz::front(data));
