//! `_datetime`: the arithmetic and the texts of the module `datetime`, whose classes are written in apy.
//!
//! Each function settles the usual case on plain numbers and texts and returns None, or false, for all others: then the code in
//! apy does the work, which also knows the messages. So nothing here raises. Days count from 1 January of year 1, which is day 1
//! of the proleptic Gregorian calendar.

use std::fmt::Write as _;

use super::registry::NativeModule;
use super::time::strftime::{month_name, weekday_name};
use crate::runtime::str::Str;
use crate::runtime::{Heap, Raised, Value};
use crate::vm::{Args, Native};

/// The module.
pub const DATETIME: NativeModule = NativeModule {
    functions: &[&CHECKED, &MICROS, &MOVED, &WHOLE, &ISO, &PARSE_ISO, &FORMAT],
    ..NativeModule::of("_datetime", "The native part of datetime.")
};

const CHECKED: Native = Native::leaf(
    "checked(year, month, day, hour=0, minute=0, second=0, microsecond=0, fold=0, /)",
    "Whether the fields are plain integers in their ranges.",
    |_, args| {
        let moment = Moment::of(args, 0).filter(|moment| moment.is_valid());
        let fold = args.get(7);
        let fold = fold.is_undef() || matches!(fold.as_int(), Some(0 | 1));
        Ok(Value::bool(moment.is_some() && fold))
    },
);
const MICROS: Native = Native::leaf(
    "micros(year, month, day, hour, minute, second, microsecond, /)",
    "The microseconds from day 0 to a moment.",
    |heap, args| {
        let moment = Moment::of(args, 0);
        Ok(moment.map_or(Value::NONE, |moment| heap.int(moment.micros())))
    },
);
const MOVED: Native = Native::leaf(
    "moved(year, month, day, hour, minute, second, microsecond, days, seconds, microseconds, /)",
    "The fields of the moment that is so much later; None if it is in no year from 1 to 9999.",
    moved,
);
const WHOLE: Native = Native::leaf(
    "whole(days, seconds, microseconds, milliseconds, minutes, hours, weeks, /)",
    "The microseconds of a duration of plain integers; None if it is too long or has others.",
    whole,
);
const ISO: Native = Native::leaf(
    "iso(year, month, day, hour, minute, second, microsecond, separator, /)",
    "A moment in ISO 8601, with microseconds if there are some.",
    |heap, args| {
        let (moment, separator) = (Moment::of(args, 0), args.get(7).as_gc::<Str>());
        let (Some(moment), Some(separator)) = (moment, separator) else {
            return Ok(Value::NONE);
        };
        let mut text = String::with_capacity(32);
        moment.write_date(&mut text);
        text.push_str(separator.as_str());
        moment.write_clock(&mut text);
        if moment.microsecond != 0 {
            write(&mut text, format_args!(".{:06}", moment.microsecond));
        }
        Ok(heap.str_value(&text))
    },
);
const PARSE_ISO: Native = Native::leaf(
    "parse_iso(text, /)",
    "The seven fields of a moment as isoformat() writes it without a zone; None for other texts.",
    |heap, args| {
        let text = args.get(0).as_gc::<Str>();
        let moment = text.and_then(|text| parse_iso(text.as_str().as_bytes()));
        Ok(moment.map_or(Value::NONE, |moment| moment.tuple(heap)))
    },
);
const FORMAT: Native = Native::leaf(
    "format(format, year, month, day, hour=0, minute=0, second=0, microsecond=0, /)",
    "What strftime() returns; None if the format has more than the common directives.",
    |heap, args| {
        let (format, moment) = (args.get(0).as_gc::<Str>(), Moment::of(args, 1));
        let text = format
            .zip(moment)
            .and_then(|(format, moment)| moment.format(format.as_str()));
        Ok(text.map_or(Value::NONE, |text| heap.str_value(&text)))
    },
);
const MICROS_A_DAY: i64 = 86_400_000_000;
/// The last day of year 9999.
const LAST_DAY: i64 = 3_652_059;

/// The fields of a moment.
#[derive(Clone, Copy)]
struct Moment {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    microsecond: i64,
}

impl Moment {
    /// The seven arguments from `first` on, 0 for the last four where they are omitted, if all are plain integers.
    fn of(args: Args<'_>, first: usize) -> Option<Moment> {
        let int = |at: usize| args.get(first + at).as_int();
        let optional = |at: usize| match args.get(first + at) {
            value if value.is_undef() => Some(0),
            value => value.as_int(),
        };
        Some(Moment {
            year: int(0)?,
            month: int(1)?,
            day: int(2)?,
            hour: optional(3)?,
            minute: optional(4)?,
            second: optional(5)?,
            microsecond: optional(6)?,
        })
    }

    /// The moment so many microseconds after day 0 begins.
    fn from_micros(micros: i64) -> Option<Moment> {
        let (days, rest) = (
            micros.div_euclid(MICROS_A_DAY),
            micros.rem_euclid(MICROS_A_DAY),
        );
        if !(1..=LAST_DAY).contains(&days) {
            return None;
        }
        let (year, month, day) = date_of(days);
        let seconds = rest / 1_000_000;
        Some(Moment {
            year,
            month,
            day,
            hour: seconds / 3600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            microsecond: rest % 1_000_000,
        })
    }

    fn is_valid(&self) -> bool {
        (1..=9999).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=days_in_month(self.year, self.month)).contains(&self.day)
            && (0..24).contains(&self.hour)
            && (0..60).contains(&self.minute)
            && (0..60).contains(&self.second)
            && (0..1_000_000).contains(&self.microsecond)
    }

    fn ordinal(&self) -> i64 {
        days_before_year(self.year) + days_before_month(self.year, self.month) + self.day
    }

    fn micros(&self) -> i64 {
        let seconds = (self.hour * 60 + self.minute) * 60 + self.second;
        self.ordinal() * MICROS_A_DAY + seconds * 1_000_000 + self.microsecond
    }

    fn tuple<'h>(&self, heap: &'h Heap) -> Value<'h> {
        let fields = [
            self.year,
            self.month,
            self.day,
            self.hour,
            self.minute,
            self.second,
            self.microsecond,
        ];
        heap.tuple(&fields.map(Value::small_int)).value()
    }

    fn write_date(&self, text: &mut String) {
        write(
            text,
            format_args!("{:04}-{:02}-{:02}", self.year, self.month, self.day),
        );
    }

    fn write_clock(&self, text: &mut String) {
        write(
            text,
            format_args!("{:02}:{:02}:{:02}", self.hour, self.minute, self.second),
        );
    }

    /// Monday is 0.
    fn weekday(&self) -> usize {
        (self.ordinal() + 6).rem_euclid(7) as usize
    }

    /// `strftime`, unless there is a directive that it does not know.
    fn format(&self, format: &str) -> Option<String> {
        if !self.is_valid() {
            return None;
        }
        let mut text = String::with_capacity(format.len() * 2);
        let mut rest = format.chars();
        while let Some(c) = rest.next() {
            if c == '%' {
                self.directive(&mut text, rest.next()?)?;
            } else {
                text.push(c);
            }
        }
        Some(text)
    }

    fn directive(&self, text: &mut String, directive: char) -> Option<()> {
        let half = if self.hour < 12 { "AM" } else { "PM" };
        let (month, day) = (month_name(self.month), weekday_name(self.weekday() as i64));
        match directive {
            'Y' => write(text, format_args!("{}", self.year)),
            'm' => write(text, format_args!("{:02}", self.month)),
            'd' => write(text, format_args!("{:02}", self.day)),
            'H' => write(text, format_args!("{:02}", self.hour)),
            'M' => write(text, format_args!("{:02}", self.minute)),
            'S' => write(text, format_args!("{:02}", self.second)),
            'f' => write(text, format_args!("{:06}", self.microsecond)),
            'y' => write(text, format_args!("{:02}", self.year % 100)),
            'I' => write(text, format_args!("{:02}", (self.hour + 11) % 12 + 1)),
            'j' => {
                let day = days_before_month(self.year, self.month) + self.day;
                write(text, format_args!("{day:03}"));
            }
            'T' => self.write_clock(text),
            'p' => text.push_str(half),
            'a' => text.push_str(&day[..3]),
            'A' => text.push_str(day),
            'b' => text.push_str(&month[..3]),
            'B' => text.push_str(month),
            '%' => text.push('%'),
            _ => return None,
        }
        Some(())
    }
}

fn write(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a string takes all");
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_before_year(year: i64) -> i64 {
    let last = year - 1;
    last * 365 + last / 4 - last / 100 + last / 400
}

fn days_before_month(year: i64, month: i64) -> i64 {
    (1..month).map(|month| days_in_month(year, month)).sum()
}

/// Year, month and day of a day's number.
fn date_of(days: i64) -> (i64, i64, i64) {
    // By the mean length of a year: off by at most one.
    let mut year = days * 400 / 146_097 + 1;
    if days_before_year(year) >= days {
        year -= 1;
    } else if days_before_year(year + 1) < days {
        year += 1;
    }
    let mut day = days - days_before_year(year);
    let mut month = 1;
    while day > days_in_month(year, month) {
        day -= days_in_month(year, month);
        month += 1;
    }
    (year, month, day)
}

fn moved<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let int = |at: usize| args.get(at).as_int();
    let (Some(moment), Some(days), Some(seconds), Some(micros)) =
        (Moment::of(args, 0), int(7), int(8), int(9))
    else {
        return Ok(Value::NONE);
    };
    if days.abs() > LAST_DAY {
        return Ok(Value::NONE);
    }
    let more = days * MICROS_A_DAY + seconds * 1_000_000 + micros;
    let there = Moment::from_micros(moment.micros() + more);
    Ok(there.map_or(Value::NONE, |there| there.tuple(heap)))
}

/// In a day, a second, a microsecond, a millisecond, a minute, an hour, a week.
const MICROS_IN: [i64; 7] = [
    MICROS_A_DAY,
    1_000_000,
    1,
    1000,
    60_000_000,
    3_600_000_000,
    7 * MICROS_A_DAY,
];

fn whole<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let mut sum = Some(0_i64);
    for (value, unit) in args.iter().zip(MICROS_IN) {
        let part = value.as_int().and_then(|value| value.checked_mul(unit));
        sum = sum.zip(part).and_then(|(sum, part)| sum.checked_add(part));
    }
    Ok(sum.map_or(Value::NONE, |sum| heap.int(sum)))
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

fn parse_iso(text: &[u8]) -> Option<Moment> {
    let (year, rest) = digits(text, 4)?;
    let (month, rest) = digits(rest.strip_prefix(b"-")?, 2)?;
    let (day, rest) = digits(rest.strip_prefix(b"-")?, 2)?;
    let mut moment = Moment {
        year,
        month,
        day,
        hour: 0,
        minute: 0,
        second: 0,
        microsecond: 0,
    };
    let Some((separator, rest)) = rest.split_first() else {
        return Some(moment);
    };
    if !separator.is_ascii() {
        return None;
    }
    let (hour, rest) = digits(rest, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(b":")?, 2)?;
    (moment.hour, moment.minute) = (hour, minute);
    let Some(rest) = rest.strip_prefix(b":") else {
        return rest.is_empty().then_some(moment);
    };
    let (second, rest) = digits(rest, 2)?;
    moment.second = second;
    let Some(fraction) = rest.strip_prefix(b".") else {
        return rest.is_empty().then_some(moment);
    };
    moment.microsecond = match fraction.len() {
        3 => digits(fraction, 3)?.0 * 1000,
        6 => digits(fraction, 6)?.0,
        _ => return None,
    };
    Some(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_has_its_date() {
        let mut expected = (1, 1, 1);
        for days in 1..=LAST_DAY {
            let (year, month, day) = date_of(days);
            assert_eq!((year, month, day), expected);
            let before = days_before_year(year) + days_before_month(year, month);
            assert_eq!(before + day, days);
            expected = if day < days_in_month(year, month) {
                (year, month, day + 1)
            } else if month < 12 {
                (year, month + 1, 1)
            } else {
                (year + 1, 1, 1)
            };
        }
        assert_eq!(expected, (10_000, 1, 1));
    }
}
