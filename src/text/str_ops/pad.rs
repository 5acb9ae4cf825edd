//! `center`, `ljust`, `rjust`, `zfill`, `expandtabs`.
//!
//! `len` is the number of code points of the text, which its owner knows. A width that no memory could hold is a
//! `MemoryError`.

use crate::text::pause::{Pause, Work};
use crate::text::{TextResult, check_text_size};

/// `text.center(width, fill)`
pub fn center(
    text: &str,
    len: usize,
    width: i64,
    fill: char,
    pause: &mut Pause<'_>,
) -> TextResult<String> {
    let missing = missing(len, width);
    // The odd one goes left when the width is odd too: CPython's choice since 1.6.
    let left = missing / 2 + (missing & 1 & width as usize);
    padded(text, fill, [left, missing - left], pause)
}

/// `text.ljust(width, fill)`
pub fn ljust(
    text: &str,
    len: usize,
    width: i64,
    fill: char,
    pause: &mut Pause<'_>,
) -> TextResult<String> {
    padded(text, fill, [0, missing(len, width)], pause)
}

/// `text.rjust(width, fill)`
pub fn rjust(
    text: &str,
    len: usize,
    width: i64,
    fill: char,
    pause: &mut Pause<'_>,
) -> TextResult<String> {
    padded(text, fill, [missing(len, width), 0], pause)
}

/// `text.zfill(width)`: zeros after the sign.
pub fn zfill(text: &str, len: usize, width: i64, pause: &mut Pause<'_>) -> TextResult<String> {
    let zeros = missing(len, width);
    let sign = usize::from(text.starts_with(['+', '-']));
    let mut out = padded(&text[sign..], '0', [zeros, 0], pause)?;
    out.insert_str(0, &text[..sign]);
    Ok(out)
}

/// `text.expandtabs(tabsize)`
pub fn expandtabs(text: &str, tabsize: i64, pause: &mut Pause<'_>) -> TextResult<String> {
    let mut work = Work::new(pause);
    let tab = usize::try_from(tabsize).unwrap_or(0);
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for c in text.chars() {
        work.bytes(1)?;
        match c {
            '\t' if tab == 0 => {}
            '\t' => {
                let spaces = tab - column % tab;
                if spaces > out.capacity() - out.len() {
                    check_text_size(out.len().saturating_add(spaces).saturating_mul(2))?;
                }
                work.fill(&mut out, " ", spaces)?;
                column += spaces;
            }
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            _ => {
                out.push(c);
                column += 1;
            }
        }
    }
    Ok(out)
}

fn missing(len: usize, width: i64) -> usize {
    usize::try_from(width).unwrap_or(0).saturating_sub(len)
}

fn padded(
    text: &str,
    fill: char,
    [left, right]: [usize; 2],
    pause: &mut Pause<'_>,
) -> TextResult<String> {
    let size = (left + right)
        .saturating_mul(fill.len_utf8())
        .saturating_add(text.len());
    check_text_size(size)?;
    let mut out = String::with_capacity(size);
    let (mut work, mut fill_text) = (Work::new(pause), [0; 4]);
    let fill = fill.encode_utf8(&mut fill_text);
    work.fill(&mut out, fill, left)?;
    out.push_str(text);
    work.fill(&mut out, fill, right)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::TextError;
    use crate::text::pause::unpaused;

    #[test]
    fn widths_beyond_memory_are_errors() {
        let results = [
            center("a", 1, i64::MAX, 'é', &mut unpaused),
            ljust("a", 1, 1 << 40, ' ', &mut unpaused),
            rjust("a", 1, i64::MAX, ' ', &mut unpaused),
            zfill("-1", 2, i64::MAX, &mut unpaused),
            expandtabs("a\tb\t", i64::MAX, &mut unpaused),
        ];
        assert!(
            results
                .iter()
                .all(|result| *result == Err(TextError::memory()))
        );
    }
}
