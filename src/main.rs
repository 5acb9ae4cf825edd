//! The `apy` program.
//!
//! Everything it does is in the library's `cli`: this file exists so that there is a binary. What it returns is the exit status,
//! which `cli/run.rs` lists.

fn main() -> std::process::ExitCode {
    apy::cli::main()
}
