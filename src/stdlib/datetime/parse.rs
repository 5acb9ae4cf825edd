//! Texts in ISO 8601 as plain data: what `fromisoformat` reads.
//!
//! It reads what CPython 3.13 reads, its oddities included: a fraction may follow hours or minutes, a third colon may stand for its point,
//! and what is left of a text of ten bytes after eight digits of a date is not looked at. Fields are not checked against their ranges.

/// Year, month and day, or an ISO year, week and weekday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParsedDate {
    /// A day of a month.
    Month(i64, i64, i64),
    /// A day of a week.
    Week(i64, i64, i64),
}

/// A time of the day as its text says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParsedTime {
    /// Hour, minute, second, microsecond.
    pub fields: [i64; 4],
    /// Seconds and microseconds of the offset from UTC.
    pub offset: Option<(i64, i64)>,
}

/// A number of exactly so many digits at the head of a text, and the rest.
fn digits(text: &[u8], count: usize) -> Option<(i64, &[u8])> {
    let (head, rest) = text.split_at_checked(count)?;
    let digit = |sum: i64, byte: &u8| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + i64::from(byte - b'0'))
    };
    Some((head.iter().try_fold(0, digit)?, rest))
}

/// The date that a whole text is.
pub fn date(text: &[u8]) -> Option<ParsedDate> {
    match text.len() {
        7 | 8 | 10 => date_at_head(text),
        _ => None,
    }
}

fn date_at_head(text: &[u8]) -> Option<ParsedDate> {
    let (year, rest) = digits(text, 4)?;
    let after_dash = |rest| match text.get(4) {
        Some(b'-') => <[u8]>::strip_prefix(rest, b"-"),
        _ => Some(rest),
    };
    let rest = after_dash(rest)?;
    if let Some(rest) = rest.strip_prefix(b"W") {
        let (week, rest) = digits(rest, 2)?;
        let day = match rest.is_empty() {
            true => 1,
            false => digits(after_dash(rest)?, 1)?.0,
        };
        return Some(ParsedDate::Week(year, week, day));
    }
    let (month, rest) = digits(rest, 2)?;
    let (day, _) = digits(after_dash(rest)?, 2)?;
    Some(ParsedDate::Month(year, month, day))
}

/// Where the date at the head of a moment ends.
fn end_of_date(text: &[u8]) -> Option<usize> {
    if text.len() < 7 {
        return None;
    }
    if text.len() == 7 {
        return Some(7);
    }
    match (text[4], text[5]) {
        (b'-', b'W') => match text.get(8) {
            Some(b'-') if text.len() == 9 => None,
            // A digit after the weekday: it is the second one of an hour, and the dash is the separator.
            Some(b'-') if text.get(10).is_some_and(u8::is_ascii_digit) => Some(8),
            Some(b'-') => Some(10),
            _ => Some(8),
        },
        (b'-', _) => Some(10),
        (b'W', _) => {
            let more = text[7..].iter().take_while(|c| c.is_ascii_digit()).count();
            Some(match 7 + more {
                end @ ..9 => end,
                end if end % 2 == 0 => 7,
                _ => 8,
            })
        }
        _ => Some(8),
    }
}

/// The date and the time of day that a whole text is.
pub fn moment(text: &[u8]) -> Option<(ParsedDate, ParsedTime)> {
    let end = end_of_date(text)?;
    let (head, rest) = text.split_at_checked(end)?;
    let date = date_at_head(head)?;
    let Some(&first) = rest.first() else {
        return Some((date, ParsedTime::default()));
    };
    // The separator is any character.
    let width = match first {
        ..0x80 => 1,
        0xe0..0xf0 => 3,
        0xf0.. => 4,
        _ => 2,
    };
    Some((date, time_at(rest.get(width..)?)?))
}

/// The time of day that a whole text is.
pub fn time(text: &[u8]) -> Option<ParsedTime> {
    time_at(text.strip_prefix(b"T").unwrap_or(text))
}

fn time_at(text: &[u8]) -> Option<ParsedTime> {
    let zone = text.iter().position(|c| matches!(c, b'+' | b'-' | b'Z'));
    let Some(at) = zone else {
        let (fields, End::Whole) = clock(text)? else {
            return None;
        };
        return Some(ParsedTime {
            fields,
            offset: None,
        });
    };
    let (fields, _) = clock(&text[..at])?;
    let offset = match (text[at], &text[at + 1..]) {
        (b'Z', []) => (0, 0),
        (b'Z', _) => return None,
        (sign, rest) => {
            let ([hours, minutes, seconds, micros], End::Whole) = clock(rest)? else {
                return None;
            };
            let sign = if sign == b'-' { -1 } else { 1 };
            let seconds = hours * 3600 + minutes * 60 + seconds;
            (sign * seconds, sign * micros)
        }
    };
    Some(ParsedTime {
        fields,
        offset: Some(offset),
    })
}

/// Where reading a time ended.
#[derive(PartialEq, Eq)]
enum End {
    /// At the end of the text.
    Whole,
    /// Before it: a zone may follow, but no end of the text.
    Before,
}

/// Hour, minute, second and microsecond.
fn clock(text: &[u8]) -> Option<([i64; 4], End)> {
    let mut fields = [0; 4];
    let mut rest = text;
    let mut has_colons = true;
    for (i, field) in fields.iter_mut().take(3).enumerate() {
        let (number, after) = digits(rest, 2)?;
        *field = number;
        let Some((&separator, after_separator)) = after.split_first() else {
            return Some((fields, End::Whole));
        };
        if i == 0 {
            has_colons = separator == b':';
        }
        if after_separator.is_empty() {
            return Some((fields, End::Before));
        }
        rest = match separator {
            b':' if has_colons => after_separator,
            b'.' | b',' => {
                rest = after_separator;
                break;
            }
            _ if has_colons => return None,
            _ => after,
        };
    }
    fraction(fields, rest)
}

/// The time with the fraction of a second, of which six digits count.
fn fraction(mut fields: [i64; 4], text: &[u8]) -> Option<([i64; 4], End)> {
    let count = text.len().min(6);
    let (number, rest) = digits(text, count)?;
    fields[3] = number * 10_i64.pow(6 - count as u32);
    let is_whole = rest.iter().all(u8::is_ascii_digit);
    Some((fields, if is_whole { End::Whole } else { End::Before }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_or_refused_and_never_cut_wrongly() {
        let odd: &[&str] = &[
            "",
            "T",
            "12:",
            "2020-W01-",
            "2020W0",
            "12:00:00.",
            "é",
            "2020-01-01é",
            "+",
            "Z",
        ];
        for text in odd {
            for end in 0..=text.len() {
                let bytes = &text.as_bytes()[..end];
                let _ = (date(bytes), moment(bytes), time(bytes));
            }
        }
        assert!(moment(b"2020-01-01T12:00:00.5Z").is_some());
        assert!(moment(b"2020-01-01T").is_none());
    }
}
