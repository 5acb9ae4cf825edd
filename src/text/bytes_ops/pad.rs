//! `center`, `ljust`, `rjust`, `zfill`, `expandtabs`. A width that no memory could hold is a `MemoryError`.
//!
//! Pure work on byte slices, shared by bytes and bytearray. To add one: a function here and a `Native` in
//! `stdlib/builtins/types/buffer/pad.rs`.

use crate::text::pause::{Pause, Work};
use crate::text::{TextResult, check_text_size};

/// `data.center(width, fill)`
pub fn center(data: &[u8], width: i64, fill: u8, pause: &mut Pause<'_>) -> TextResult<Vec<u8>> {
    let missing = missing(data, width);
    // The odd one goes left when the width is odd too, as for str.
    let left = missing / 2 + (missing & 1 & width as usize);
    padded(data, fill, [left, missing - left], pause)
}

/// `data.ljust(width, fill)`
pub fn ljust(data: &[u8], width: i64, fill: u8, pause: &mut Pause<'_>) -> TextResult<Vec<u8>> {
    padded(data, fill, [0, missing(data, width)], pause)
}

/// `data.rjust(width, fill)`
pub fn rjust(data: &[u8], width: i64, fill: u8, pause: &mut Pause<'_>) -> TextResult<Vec<u8>> {
    padded(data, fill, [missing(data, width), 0], pause)
}

/// `data.zfill(width)`: zeros after the sign.
pub fn zfill(data: &[u8], width: i64, pause: &mut Pause<'_>) -> TextResult<Vec<u8>> {
    let mut out = rjust(data, width, b'0', pause)?;
    let zeros = out.len() - data.len();
    if let (true, Some(sign @ (b'+' | b'-'))) = (zeros > 0, data.first()) {
        out[zeros] = b'0';
        out[0] = *sign;
    }
    Ok(out)
}

/// `data.expandtabs(tabsize)`
pub fn expandtabs(data: &[u8], tabsize: i64) -> TextResult<Vec<u8>> {
    let tab = usize::try_from(tabsize).unwrap_or(0);
    let mut out = Vec::with_capacity(data.len());
    let mut column = 0;
    for &byte in data {
        match byte {
            b'\t' if tab == 0 => {}
            b'\t' => {
                let spaces = tab - column % tab;
                if spaces > out.capacity() - out.len() {
                    check_text_size(out.len().saturating_add(spaces).saturating_mul(2))?;
                }
                out.resize(out.len() + spaces, b' ');
                column += spaces;
            }
            b'\n' | b'\r' => {
                out.push(byte);
                column = 0;
            }
            _ => {
                out.push(byte);
                column += 1;
            }
        }
    }
    Ok(out)
}

fn missing(data: &[u8], width: i64) -> usize {
    usize::try_from(width)
        .unwrap_or(0)
        .saturating_sub(data.len())
}

fn padded(
    data: &[u8],
    fill: u8,
    [left, right]: [usize; 2],
    pause: &mut Pause<'_>,
) -> TextResult<Vec<u8>> {
    let size = (left + right).saturating_add(data.len());
    check_text_size(size)?;
    let mut out = Vec::with_capacity(size);
    let mut work = Work::new(pause);
    work.fill_bytes(&mut out, &[fill], left)?;
    out.extend_from_slice(data);
    work.fill_bytes(&mut out, &[fill], right)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::pause::unpaused;

    #[test]
    fn padding_goes_where_cpython_puts_it() {
        assert_eq!(
            center(b"abc", 6, b'*', &mut unpaused).as_deref(),
            Ok(&b"*abc**"[..])
        );
        assert_eq!(
            center(b"ab", 5, b'*', &mut unpaused).as_deref(),
            Ok(&b"**ab*"[..])
        );
        assert_eq!(zfill(b"-4", 5, &mut unpaused).as_deref(), Ok(&b"-0004"[..]));
        assert_eq!(zfill(b"-4", 1, &mut unpaused).as_deref(), Ok(&b"-4"[..]));
        assert_eq!(
            expandtabs(b"a\tb\n\tc", 4).as_deref(),
            Ok(&b"a   b\n    c"[..])
        );
        assert!(ljust(b"a", i64::MAX, b' ', &mut unpaused).is_err());
    }
}
