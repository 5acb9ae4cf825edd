//! UTF-8, with CPython's words for what is no UTF-8.
//!
//! Decoding takes whole runs that are valid and stops at the first byte that is not. Surrogates are refused; a handler may
//! let them pass.

use super::Fault;
use crate::text::surrogate;

/// Decodes from byte `at` on. The three bytes that would be a stand-in for a surrogate are the only valid ones that change.
pub fn decode(bytes: &[u8], at: usize, text: &mut String) -> Result<(), Fault> {
    let error = match std::str::from_utf8(&bytes[at..]) {
        Ok(rest) => {
            text.push_str(rest);
            return Ok(());
        }
        Err(error) => error,
    };
    let start = at + error.valid_up_to();
    text.push_str(std::str::from_utf8(&bytes[at..start]).unwrap_or_default());
    let (end, reason) = match error.error_len() {
        None => (bytes.len(), "unexpected end of data"),
        Some(len) if matches!(bytes[start], 0x80..=0xc1 | 0xf5..) => {
            (start + len, "invalid start byte")
        }
        Some(len) => (start + len, "invalid continuation byte"),
    };
    Err(Fault::new("utf-8", start..end, reason))
}

/// Encodes; a run of surrogates is a fault.
pub fn encode(rest: &str, at: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
    let Some(first) = surrogate::find(rest) else {
        out.extend_from_slice(rest.as_bytes());
        return Ok(());
    };
    out.extend_from_slice(&rest.as_bytes()[..first]);
    let start = at + rest[..first].chars().count();
    let run = rest[first..]
        .chars()
        .take_while(|&c| surrogate::is_surrogate(c));
    let end = start + run.count();
    Err(Fault::new("utf-8", start..end, "surrogates not allowed"))
}
