//! Runs a hostile program as the fuzz targets do (`fuzz/`): without a world, under limits, and looks whether the interpreter is whole.
//!
//! The targets are a crate of their own and see only what is public: this is their one way in. A target that needs another
//! beginning gets a function here.

use super::{Interpreter, Limits, Mode, Options, Outcome};
use crate::vm::NoHost;

/// Runs a program, then a small one without limits.
///
/// # Panics
/// If the interpreter does not work any more after the program: that is a find.
pub fn run_confined(program: &[u8], limits: Limits, gc_stress: bool) {
    let mut interpreter = Interpreter::new(Options {
        limits,
        gc_stress,
        ..Options::repeatable(NoHost)
    });
    interpreter.run("fuzzed", program, Mode::Script);
    interpreter.set_limits(Limits::NONE);
    let outcome = interpreter.run("after", b"assert sum([1, 1]) == 2\n", Mode::Script);
    // The program may do to the builtin names as it likes.
    let works = matches!(outcome, Outcome::Done | Outcome::Failed(_));
    assert!(works, "the interpreter does not work any more");
}
