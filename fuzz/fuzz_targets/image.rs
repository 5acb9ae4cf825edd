//! libFuzzer's entry to the target `image`: `cargo +nightly fuzz run image --features libfuzzer`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| apy_fuzz::image(data));
