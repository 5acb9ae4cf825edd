//! The programs in `examples/`: each must print exactly its `.out` on virtual time with seed 0.
//!
//! They are what a user reads first, so they are held to the same rules as the goldens, gc-stress included. To add one,
//! add `examples/name.apy` and write its `.out` with `tests/oracle.py write examples/name.apy`.

mod harness;

use std::process::ExitCode;

use harness::case;

fn main() -> ExitCode {
    let mut tests = case::areas_under("examples");
    tests.extend(case::stressed("examples"));
    harness::main(tests)
}
