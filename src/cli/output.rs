//! Standard output of apy itself: listings and results, and the message when they cannot be written.
//!
//! When the reader is gone there is nothing left to do; any other failure is told.

use std::io::{self, ErrorKind, Write};

use super::status;
use super::style::complain;

/// Writes a listing to standard output; the exit status.
pub fn write_listing(text: &str) -> u8 {
    write_out(text.as_bytes())
}

/// The same for bytes.
pub fn write_out(bytes: &[u8]) -> u8 {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => status::OK,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => status::BROKEN_PIPE,
        Err(error) => output_failed(&error),
    }
}

/// Reports that standard output cannot be written, as on a full disk; returns the exit status.
pub fn output_failed(error: &io::Error) -> u8 {
    complain(&format!("cannot write the output: {}", words(error)));
    status::FAILURE
}

/// The system's words without Rust's "(os error 2)" after them.
pub fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}
