//! The `apy` program.

fn main() {}
