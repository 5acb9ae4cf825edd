//! The `apy` program: command line, files, terminal.
//!
//! The only layer that knows of a process: arguments (`args`), standard streams and signals (`host`), exit statuses (`run`). What
//! people read when something went wrong is made in `embed::present`. A new subcommand is a row in `args` and an
//! arm in `main`.

mod args;
mod bins;
mod check;
mod coverage;
mod dump;
mod explain;
mod host;
mod ini;
mod inspection;
mod last_words;
mod markup;
mod misspelt;
mod notices;
mod output;
mod project;
mod ps;
mod repl;
mod reserve;
mod run;
mod signals;
mod status;
mod style;
mod test;

use std::process::ExitCode;

use args::{Action, Parsed};
/// The allocator of the program.
pub use reserve::Reserve;

/// Address space for the front end and the command line, where there is enough. The interpreter has a stack of its own.
const STACK: usize = 64 << 20;

/// Runs the program with this process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let run = || std::panic::catch_unwind(|| start(args::parse())).unwrap_or(status::BUG);
    match crate::vm::on_stack(STACK, run) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            style::complain(&format!("there is no memory for a stack: {error}"));
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
        Parsed::Run(Action::Ps(pid), _) => ps::ps(pid),
        Parsed::Run(Action::Completions(shell), _) => output::write_out(&args::completions(&shell)),
        Parsed::Run(Action::Manual, _) => output::write_out(&args::manual()),
        Parsed::Over(status) => status,
    }
}
