//! Texts of dates, times, offsets and durations: ISO 8601, `str` and `repr`, on plain data.
//!
//! Digits are written by hand: `isoformat` and `str` are what programs log with.

use std::fmt::Write as _;

use super::calendar::{Date, TimeOfDay};
use super::duration::Duration;
use crate::stdlib::time::strftime::{month_name, weekday_name};

/// How much of a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Microseconds if there are some.
    Auto,
    /// Hours.
    Hours,
    /// Hours and minutes.
    Minutes,
    /// Seconds, too.
    Seconds,
    /// Three places after the point.
    Milliseconds,
    /// Six places after the point.
    Microseconds,
}

impl Precision {
    /// The precision of this name.
    pub fn named(name: &str) -> Option<Precision> {
        Some(match name {
            "auto" => Precision::Auto,
            "hours" => Precision::Hours,
            "minutes" => Precision::Minutes,
            "seconds" => Precision::Seconds,
            "milliseconds" => Precision::Milliseconds,
            "microseconds" => Precision::Microseconds,
            _ => return None,
        })
    }
}

/// Writes a number with so many digits.
fn digits(text: &mut String, number: u32, count: u32) {
    for place in (0..count).rev() {
        let digit = number / 10_u32.pow(place) % 10;
        text.push(char::from(b'0' + digit as u8));
    }
}

/// `2024-05-17`
pub fn iso_date(text: &mut String, date: Date) {
    digits(text, date.year.into(), 4);
    text.push('-');
    digits(text, date.month.into(), 2);
    text.push('-');
    digits(text, date.day.into(), 2);
}

/// `10:20:30.123456`
pub fn iso_clock(text: &mut String, clock: TimeOfDay, precision: Precision) {
    let precision = match precision {
        Precision::Auto if clock.micro == 0 => Precision::Seconds,
        Precision::Auto => Precision::Microseconds,
        precision => precision,
    };
    digits(text, clock.hour.into(), 2);
    if precision == Precision::Hours {
        return;
    }
    text.push(':');
    digits(text, clock.minute.into(), 2);
    if precision == Precision::Minutes {
        return;
    }
    text.push(':');
    digits(text, clock.second.into(), 2);
    match precision {
        Precision::Milliseconds => {
            text.push('.');
            digits(text, clock.micro / 1000, 3);
        }
        Precision::Microseconds => {
            text.push('.');
            digits(text, clock.micro, 6);
        }
        _ => {}
    }
}

/// `+05:30`, with this separator.
pub fn offset(text: &mut String, offset: Duration, separator: &str) {
    let micros = offset.long();
    text.push(if micros < 0 { '-' } else { '+' });
    let micros = micros.unsigned_abs();
    let (seconds, micro) = ((micros / 1_000_000) as u32, (micros % 1_000_000) as u32);
    digits(text, seconds / 3600, 2);
    text.push_str(separator);
    digits(text, seconds / 60 % 60, 2);
    if seconds % 60 != 0 || micro != 0 {
        text.push_str(separator);
        digits(text, seconds % 60, 2);
    }
    if micro != 0 {
        text.push('.');
        digits(text, micro, 6);
    }
}

/// The name of a fixed zone without a name: `UTC+05:30`.
pub fn zone_name(length: Duration) -> String {
    let mut text = "UTC".to_owned();
    if length != Duration::default() {
        offset(&mut text, length, ":");
    }
    text
}

/// `str` of a duration: `3 days, 0:00:05`.
pub fn duration(length: Duration) -> String {
    let mut text = String::new();
    if length.days != 0 {
        let ending = if length.days.abs() == 1 { "" } else { "s" };
        write(&mut text, format_args!("{} day{ending}, ", length.days));
    }
    let seconds = length.seconds as u32;
    write(&mut text, format_args!("{}:", seconds / 3600));
    digits(&mut text, seconds / 60 % 60, 2);
    text.push(':');
    digits(&mut text, seconds % 60, 2);
    if length.micros != 0 {
        text.push('.');
        digits(&mut text, length.micros as u32, 6);
    }
    text
}

/// `repr` of a duration, after the name of its class.
pub fn duration_repr(class: &str, length: Duration) -> String {
    let parts = [
        ("days", length.days),
        ("seconds", length.seconds),
        ("microseconds", length.micros),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(_, n)| *n != 0)
        .map(|(name, n)| format!("{name}={n}"))
        .collect();
    match parts.is_empty() {
        true => format!("{class}(0)"),
        false => format!("{class}({})", parts.join(", ")),
    }
}

/// `Sun Nov 29 21:15:00 2026`
pub fn ctime(date: Date, clock: TimeOfDay) -> String {
    let weekday = &weekday_name(date.weekday())[..3];
    let month = &month_name(date.month.into())[..3];
    let mut text = format!("{weekday} {month} {:2} ", date.day);
    iso_clock(&mut text, clock, Precision::Seconds);
    text.push(' ');
    digits(&mut text, date.year.into(), 4);
    text
}

/// The end of the arguments in `repr` of a time: seconds and microseconds, unless they are zero.
pub fn repr_seconds(text: &mut String, clock: TimeOfDay) {
    if clock.second != 0 || clock.micro != 0 {
        write(text, format_args!(", {}", clock.second));
    }
    if clock.micro != 0 {
        write(text, format_args!(", {}", clock.micro));
    }
}

fn write(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a string takes all");
}
