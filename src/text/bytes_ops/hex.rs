//! `hex` and `fromhex`.
//!
//! Pure: from bytes to text and back, for bytes and bytearray alike. Errors are `TextError`s, in CPython's words.

use crate::text::{TextError, TextResult};

/// `data.hex(sep, bytes_per_sep)`: groups are counted from the right, for a negative number from the left.
pub fn hex(data: &[u8], sep: Option<char>, bytes_per_sep: i64) -> String {
    let group = usize::try_from(bytes_per_sep.unsigned_abs()).unwrap_or(usize::MAX);
    let mut out = String::with_capacity(data.len() * 3);
    for (i, byte) in data.iter().enumerate() {
        let counted = if bytes_per_sep < 0 { i } else { data.len() - i };
        if let Some(sep) = sep
            && i > 0
            && group > 0
            && counted % group == 0
        {
            out.push(sep);
        }
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(digit), 16).expect("four bits are a hex digit"));
        }
    }
    out
}

/// `bytes.fromhex(text)`: pairs of digits, white space between them.
pub fn from_hex(text: &str) -> TextResult<Vec<u8>> {
    let wrong = |at: usize| {
        TextError::value(format!(
            "non-hexadecimal number found in fromhex() arg at position {at}"
        ))
    };
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut chars = text.chars().enumerate();
    while let Some((at, c)) = chars.next() {
        if c.is_ascii() && super::is_space(c as u8) {
            continue;
        }
        let high = c.to_digit(16).ok_or_else(|| wrong(at))?;
        let low = chars
            .next()
            .and_then(|(_, c)| c.to_digit(16))
            .ok_or_else(|| wrong(at + 1))?;
        out.push((high << 4 | low) as u8);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_counted_from_the_right() {
        assert_eq!(hex(b"\x01\xab\xff", None, 1), "01abff");
        assert_eq!(hex(b"\x01\xab\xff", Some(':'), 1), "01:ab:ff");
        assert_eq!(hex(b"\x01\xab\xff", Some('_'), 2), "01_abff");
        assert_eq!(hex(b"\x01\xab\xff", Some('_'), -2), "01ab_ff");
    }

    #[test]
    fn hex_is_read_in_pairs() {
        assert_eq!(from_hex(" 61 62\t63 "), Ok(b"abc".to_vec()));
        let message = |text| from_hex(text).expect_err("not hex").message;
        assert_eq!(
            message("6"),
            "non-hexadecimal number found in fromhex() arg at position 1"
        );
        assert_eq!(
            message("61 6x"),
            "non-hexadecimal number found in fromhex() arg at position 4"
        );
    }
}
