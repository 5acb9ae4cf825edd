//! The `apy` program: command line, files, terminal.
//!
//! The only layer that knows of a process: arguments (`args`), standard streams and signals (`host`), exit statuses (`run`). What
//! people read when something went wrong is made in `failure`, `classic` and `report`. A new subcommand is a row in `args` and an
//! arm in `main`.

mod advice;
mod args;
mod asserted;
mod check;
mod classic;
mod dump;
mod explain;
mod failure;
mod host;
mod notices;
mod repl;
mod report;
mod run;
mod signals;
mod status;
mod style;
mod test;

use std::process::ExitCode;

use args::{Action, Parsed};
/// How a tested program says how it is to be run; this package's own goldens say it in the same way.
pub use test::Directives;

/// Address space for the interpreter's stack: deep recursion must end in RecursionError, not in a crash. Only what is used is
/// backed by memory.
const STACK: usize = 512 << 20;

/// Runs the program with this process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let thread = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(|| start(args::parse()));
    signals::leave_to_others();
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(status)) => ExitCode::from(status),
        Ok(Err(_)) => ExitCode::from(status::BUG),
        Err(error) => {
            style::complain(&format!("cannot start a thread: {error}"));
            ExitCode::from(status::USAGE)
        }
    }
}

fn start(parsed: Parsed) -> u8 {
    style::fit_terminal();
    match parsed {
        Parsed::Run(Action::Repl(program), settings) => repl::repl(program, &settings),
        Parsed::Run(Action::Program(source, args), settings) => run::run(source, args, &settings),
        Parsed::Run(Action::Test(options), settings) => test::test(&options, &settings),
        Parsed::Run(Action::Check(options), settings) => check::check(options, &settings),
        Parsed::Run(Action::Dump(dump, source), settings) => dump::dump(dump, source, &settings),
        Parsed::Run(Action::Explain(numbers), _) => explain::explain(&numbers),
        Parsed::Run(Action::Completions(shell), _) => host::write_out(&args::completions(&shell)),
        Parsed::Run(Action::Manual, _) => host::write_out(&args::manual()),
        Parsed::Over(status) => status,
    }
}
