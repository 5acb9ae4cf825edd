//! Turns `grammar/apy.lalrpop` into the parser that `src/syntax/parser.rs` includes.

use std::env;
use std::process::ExitCode;

#[expect(
    clippy::disallowed_macros,
    reason = "a build script talks to cargo through its output"
)]
fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=apy.lalrpop");
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    let result = lalrpop::Configuration::new()
        .set_in_dir(".")
        .set_out_dir(out)
        .emit_rerun_directives(false)
        .process();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
