//! Goldens: one test for each area `tests/golden/<area>/`, and one more for each under gc-stress.
//!
//! What a program must print comes from CPython 3.13 (`tests/oracle.py`); `tests/golden/README.md` says how to add one.
//! `apy test tests/golden` is the first pass; this suite adds the second.

mod harness;

use std::process::ExitCode;

use harness::case;

fn main() -> ExitCode {
    let mut tests = case::areas_under("tests/golden");
    tests.extend(case::stressed("tests/golden"));
    harness::main(tests)
}
