//! The `apy` program.
//!
//! Everything it does is in the library's `cli`: this file exists so that there is a binary, and an allocator that the library's other
//! users are free not to have. What it returns is the exit status, which `cli/status.rs` lists.

use apy::cli::Reserve;

#[global_allocator]
static RESERVE: Reserve = Reserve::new();

fn main() -> std::process::ExitCode {
    RESERVE.install();
    apy::cli::main()
}
