//! Dates and times of the day as plain data, and the arithmetic of the proleptic Gregorian calendar.
//!
//! Days are counted by ordinals: day 1 is the first of January of the year 1. The fields of a date may be out of range, as pickles are not
//! checked: all arithmetic is on 64-bit integers and holds for any fields.

use crate::stdlib::time::civil::{self, Fields};

/// The ordinal of the last day of the year 9999.
pub const LAST_ORDINAL: i64 = 3_652_059;
/// The ordinal of the first of January 1970.
pub const EPOCH: i64 = 719_163;
/// Microseconds in a day.
pub const DAY_MICROS: i64 = 86_400_000_000;

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// 1 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

/// A time of the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999999.
    pub micro: u32,
}

impl Date {
    /// The date with these fields; Err: what is wrong with them.
    pub fn new(year: i64, month: i64, day: i64) -> Result<Date, String> {
        if !(1..=9999).contains(&year) {
            return Err(format!("year {year} is out of range"));
        }
        if !(1..=12).contains(&month) {
            return Err("month must be in 1..12".to_owned());
        }
        if !(1..=civil::days_in_month(year, month)).contains(&day) {
            return Err("day is out of range for month".to_owned());
        }
        Ok(Date::of(year, month, day))
    }

    fn of(year: i64, month: i64, day: i64) -> Date {
        Date {
            year: year as u16,
            month: month as u8,
            day: day as u8,
        }
    }

    /// The date of an ordinal, if that is in a year from 1 to 9999.
    pub fn from_ordinal(ordinal: i64) -> Option<Date> {
        if !(1..=LAST_ORDINAL).contains(&ordinal) {
            return None;
        }
        let (year, month, day) = civil::date_of(ordinal - EPOCH);
        Some(Date::of(year, month, day))
    }

    /// The number of the day.
    pub fn ordinal(self) -> i64 {
        civil::days_of(self.year.into(), self.month.into(), self.day.into()) + EPOCH
    }

    /// 0 is Monday.
    pub fn weekday(self) -> i64 {
        (self.ordinal() + 6).rem_euclid(7)
    }

    /// The number of the day in its year, from 1.
    pub fn yearday(self) -> i64 {
        self.ordinal() - first_of(self.year.into()) + 1
    }

    /// ISO year, week and weekday; Monday is 1.
    pub fn iso(self) -> (i64, i64, i64) {
        let mut year = i64::from(self.year);
        let today = self.ordinal();
        let mut past = today - first_monday(year);
        if past < 0 {
            year -= 1;
            past = today - first_monday(year);
        } else if past >= 52 * 7 && today >= first_monday(year + 1) {
            year += 1;
            past = today - first_monday(year);
        }
        (year, past.div_euclid(7) + 1, past.rem_euclid(7) + 1)
    }
}

/// The ordinal of the first of January.
fn first_of(year: i64) -> i64 {
    civil::days_of(year, 1, 1) + EPOCH
}

/// The ordinal of the Monday on which the first ISO week of a year begins.
fn first_monday(year: i64) -> i64 {
    let first = first_of(year);
    let weekday = (first + 6).rem_euclid(7);
    let monday = first - weekday;
    if weekday > 3 { monday + 7 } else { monday }
}

/// The ordinal of an ISO year, week and weekday; Err: what is wrong with them.
pub fn iso_ordinal(year: i64, week: i64, day: i64) -> Result<i64, String> {
    if !(1..=9999).contains(&year) {
        return Err(format!("Year is out of range: {year}"));
    }
    let weeks = (first_monday(year + 1) - first_monday(year)) / 7;
    if !(1..=weeks).contains(&week) {
        return Err(format!("Invalid week: {week}"));
    }
    if !(1..=7).contains(&day) {
        return Err(format!("Invalid day: {day} (range is [1, 7])"));
    }
    Ok(first_monday(year) + (week - 1) * 7 + day - 1)
}

/// The date of an ordinal that may be out of range; Err: how CPython words it.
pub fn date_of_ordinal(ordinal: i64) -> Result<Date, String> {
    Date::from_ordinal(ordinal).ok_or_else(|| {
        let year = civil::date_of(ordinal - EPOCH).0;
        format!("year {year} is out of range")
    })
}

impl TimeOfDay {
    /// The time with these fields; Err: what is wrong with them.
    pub fn new(hour: i64, minute: i64, second: i64, micro: i64) -> Result<TimeOfDay, &'static str> {
        if !(0..24).contains(&hour) {
            return Err("hour must be in 0..23");
        }
        if !(0..60).contains(&minute) {
            return Err("minute must be in 0..59");
        }
        if !(0..60).contains(&second) {
            return Err("second must be in 0..59");
        }
        if !(0..1_000_000).contains(&micro) {
            return Err("microsecond must be in 0..999999");
        }
        Ok(TimeOfDay {
            hour: hour as u8,
            minute: minute as u8,
            second: second as u8,
            micro: micro as u32,
        })
    }

    /// The time so many microseconds, less than a day, after midnight.
    pub fn from_micros(micros: i64) -> TimeOfDay {
        let (seconds, micro) = (micros / 1_000_000, micros % 1_000_000);
        TimeOfDay {
            hour: (seconds / 3600) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
            micro: micro as u32,
        }
    }

    /// Seconds since midnight.
    pub fn seconds(self) -> i64 {
        i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second)
    }

    /// Microseconds since midnight.
    pub fn micros(self) -> i64 {
        self.seconds() * 1_000_000 + i64::from(self.micro)
    }
}

/// Microseconds from day 0 to a moment.
pub fn micros_of(date: Date, clock: TimeOfDay) -> i64 {
    date.ordinal() * DAY_MICROS + clock.micros()
}

/// The moment so many microseconds after day 0 begins, if it is in a year from 1 to 9999.
pub fn moment_of(micros: i64) -> Option<(Date, TimeOfDay)> {
    let date = Date::from_ordinal(micros.div_euclid(DAY_MICROS))?;
    Some((date, TimeOfDay::from_micros(micros.rem_euclid(DAY_MICROS))))
}

/// A moment as C's `struct tm` has it.
pub fn fields_of(date: Date, clock: TimeOfDay) -> Fields {
    Fields {
        year: date.year.into(),
        month: date.month.into(),
        day: date.day.into(),
        hour: clock.hour.into(),
        minute: clock.minute.into(),
        second: clock.second.into(),
        weekday: date.weekday(),
        yearday: date.yearday(),
        dst: -1,
        ..Fields::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_has_its_date() {
        let mut expected = (1, 1, 1);
        for ordinal in 1..=LAST_ORDINAL {
            let date = Date::from_ordinal(ordinal).expect("it is in range");
            assert_eq!((date.year, date.month, date.day), expected);
            assert_eq!(date.ordinal(), ordinal);
            let (year, month, day) = expected;
            let last = civil::days_in_month(year.into(), month.into());
            expected = if i64::from(day) < last {
                (year, month, day + 1)
            } else if month < 12 {
                (year, month + 1, 1)
            } else {
                (year + 1, 1, 1)
            };
        }
        assert_eq!(expected, (10_000, 1, 1));
    }

    #[test]
    fn iso_weeks_lead_back_to_their_days() {
        for ordinal in 1..=LAST_ORDINAL - 7 {
            let (year, week, day) = Date::from_ordinal(ordinal).expect("it is in range").iso();
            assert_eq!(iso_ordinal(year, week, day), Ok(ordinal));
        }
    }
}
