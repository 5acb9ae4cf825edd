//! Dates of the proleptic Gregorian calendar as plain numbers.
//!
//! Days are counted from the first of January 1970; years go as far as `i64` arithmetic does not overflow (`MAX_SECONDS`).
//! Algorithms: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".

/// POSIX times further from 1970 than this have years beyond a C `int`.
pub const MAX_SECONDS: i64 = 67_768_036_191_676_799;

/// A moment in a calendar, as C's `struct tm` has it but for its odd origins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    /// The year.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 61.
    pub second: i64,
    /// 0 is Monday.
    pub weekday: i64,
    /// 1 to 366.
    pub yearday: i64,
    /// 1 if daylight saving holds, 0 if not, -1 if unknown.
    pub dst: i64,
    /// The zone's abbreviation.
    pub zone: Option<String>,
    /// Seconds east of UTC.
    pub offset: Option<i64>,
}

/// Whether a year has 366 days.
pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The length of a month, 1 to 12.
pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day of a date; the month is 1 to 12, the day may be any.
pub fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let from_march = (month + 9) % 12;
    let of_year = (153 * from_march + 2) / 5;
    let days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    era * 146_097 + days - 719_468 + day - 1
}

/// Year, month and day of a day.
pub fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12 + 1;
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// The weekday of a day; 0 is Monday.
pub fn weekday_of(days: i64) -> i64 {
    (days + 3).rem_euclid(7)
}

/// The fields of so many seconds after 1970.
pub fn fields_of(seconds: i64) -> Fields {
    let days = seconds.div_euclid(86_400);
    let of_day = seconds.rem_euclid(86_400);
    let (year, month, day) = date_of(days);
    Fields {
        year,
        month,
        day,
        hour: of_day / 3600,
        minute: of_day / 60 % 60,
        second: of_day % 60,
        weekday: weekday_of(days),
        yearday: days - days_of(year, 1, 1) + 1,
        ..Fields::default()
    }
}

/// The seconds after 1970 of a date and time, whose fields may be out of range; the offset is not looked at.
pub fn seconds_of(fields: &Fields) -> Option<i64> {
    let months = fields.year.checked_mul(12)?.checked_add(fields.month - 1)?;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let days = days_of(year, month, 1).checked_add(fields.day - 1)?;
    let seconds = fields.hour * 3600 + fields.minute * 60 + fields.second;
    days.checked_mul(86_400)?.checked_add(seconds)
}

/// ISO year and week.
pub fn iso_week(fields: &Fields) -> (i64, i64) {
    let week = (fields.yearday - 1 - fields.weekday + 10) / 7;
    let weeks_in = |year: i64| {
        let first = weekday_of(days_of(year, 1, 1));
        52 + i64::from(first == 3 || (first == 2 && is_leap(year)))
    };
    if week < 1 {
        (fields.year - 1, weeks_in(fields.year - 1))
    } else if week > weeks_in(fields.year) {
        (fields.year + 1, 1)
    } else {
        (fields.year, week)
    }
}
