//! The exit statuses of `apy`: one list, which README.md repeats.
//!
//! Programs that exit by themselves (`sys.exit(n)`) may give any other. To add one: a constant here, a row in the README, a case in
//! `tests/cli/programs.rs`.

/// All went well.
pub const OK: u8 = 0;
/// An exception that nothing caught, or a mistake in the program's text.
pub const FAILURE: u8 = 1;
/// Wrong use of `apy`, or a file that cannot be read.
pub const USAGE: u8 = 2;
/// Nothing could run any more.
pub const DEADLOCK: u8 = 3;
/// A limit ended the program.
pub const LIMIT: u8 = 5;
/// A bug of apy itself.
pub const BUG: u8 = 101;
/// Ctrl-C, as shells count it: 128 and the signal's number.
pub const INTERRUPTED: u8 = 130;
/// Whoever read the output is gone; 128 and SIGPIPE's number.
pub const BROKEN_PIPE: u8 = 141;
