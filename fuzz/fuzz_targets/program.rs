//! libFuzzer's entry to the target `program`: `cargo +nightly fuzz run program --features libfuzzer`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| apy_fuzz::program(data));
