//! `strptime`: what `time.strptime` and `datetime.strptime` share.
//!
//! A format is a row of parts, each of which may match in several ways, the longest first, as in the regular expressions of
//! CPython. `Matcher` tries them in order and remembers what has failed, so that no format takes long. To add a directive: an arm
//! in `Matcher::ends`, and what it means in `Parsed::moment`.

use std::collections::{HashMap, HashSet};

use super::civil::{date_of, days_in_month, days_of, is_leap, weekday_of};
use super::strftime::{month_name, weekday_name};

/// What a text says.
#[derive(Debug, Default, PartialEq)]
pub struct Parsed {
    /// Year, month, day, hour, minute, second, weekday, day of the year.
    pub fields: [i64; 8],
    /// 1 if the text names the zone of daylight saving, 0 if the other one, -1 if none.
    pub dst: i64,
    /// The zone that the text names.
    pub zone: Option<String>,
    /// Seconds east of UTC.
    pub offset: Option<i64>,
    /// Microseconds.
    pub fraction: i64,
    /// The microseconds of the offset.
    pub offset_fraction: i64,
    /// Whether the format has a day of the month but no year.
    pub is_ambiguous: bool,
}

/// The names of the local zone, standard and daylight saving.
pub type ZoneNames = [String; 2];

/// Reads a text; Err is the message of the ValueError.
pub fn strptime(text: &[char], format: &[char], zones: &ZoneNames) -> Result<Parsed, Mismatch> {
    let parts = parts_of(format)?;
    let mut seen = HashSet::new();
    for part in &parts {
        if let Part::Directive(letter) = part
            && *letter != '%'
            && !seen.insert(*letter)
        {
            return Err(Mismatch::Message(format!(
                "redefinition of directive '%{letter}' in a format"
            )));
        }
    }
    let mut matcher = Matcher {
        parts: &parts,
        text,
        zones,
        failed: HashSet::new(),
        found: HashMap::new(),
    };
    let Some(end) = matcher.search(0, 0) else {
        return Err(Mismatch::NoMatch);
    };
    if end != text.len() {
        return Err(Mismatch::Rest(end));
    }
    let has = |letters: &[char]| {
        parts
            .iter()
            .any(|part| matches!(part, Part::Directive(letter) if letters.contains(letter)))
    };
    let is_ambiguous = has(&['d']) && !has(&['Y', 'y', 'G']);
    let found = matcher.found;
    let mut parsed = moment(&found, zones).map_err(Mismatch::Message)?;
    parsed.is_ambiguous = is_ambiguous;
    Ok(parsed)
}

/// Why a text cannot be read.
#[derive(Debug, PartialEq)]
pub enum Mismatch {
    /// The format has a directive that is none.
    BadDirective(char),
    /// The format ends with a percent sign.
    Stray,
    /// The text does not match.
    NoMatch,
    /// From here on the text is not read.
    Rest(usize),
    /// The text matches but makes no sense.
    Message(String),
}

enum Part {
    Literal(char),
    Space,
    Directive(char),
}

fn parts_of(format: &[char]) -> Result<Vec<Part>, Mismatch> {
    let mut parts = Vec::new();
    let mut rest = format.iter().copied().peekable();
    while let Some(c) = rest.next() {
        if c.is_whitespace() {
            while rest.next_if(|c| c.is_whitespace()).is_some() {}
            parts.push(Part::Space);
        } else if c != '%' {
            parts.push(Part::Literal(c));
        } else {
            let letter = rest.next().ok_or(Mismatch::Stray)?;
            let compound = match letter {
                'c' => "%a %b %d %H:%M:%S %Y",
                'x' => "%m/%d/%y",
                'X' => "%H:%M:%S",
                _ => "",
            };
            if compound.is_empty() && !"aAbBdfGHIjmMpSuUVwWyYzZ%".contains(letter) {
                return Err(Mismatch::BadDirective(letter));
            }
            if compound.is_empty() {
                parts.push(Part::Directive(letter));
            } else {
                parts.extend(parts_of(&compound.chars().collect::<Vec<_>>())?);
            }
        }
    }
    Ok(parts)
}

struct Matcher<'t> {
    parts: &'t [Part],
    text: &'t [char],
    zones: &'t ZoneNames,
    failed: HashSet<(usize, usize)>,
    found: HashMap<char, String>,
}

impl Matcher<'_> {
    /// Matches all parts from one on with the text from a place on; returns where the match ends. Parts without a choice are a
    /// loop, so that the recursion is at most as deep as there are directives.
    fn search(&mut self, part: usize, at: usize) -> Option<usize> {
        if self.failed.contains(&(part, at)) {
            return None;
        }
        let start = (part, at);
        let (mut part, mut place) = start;
        let letter = loop {
            let step = match (self.parts.get(part), self.parts.get(part + 1)) {
                (None, _) => return Some(place),
                (Some(Part::Literal(c)), _) => {
                    let fits = |d: &char| same_letter(*c, *d);
                    usize::from(self.text.get(place).is_some_and(fits))
                }
                // These two may begin with the last of the spaces.
                (Some(Part::Space), Some(Part::Directive('d' | 'I'))) => break ' ',
                (Some(Part::Space), _) => self.spaces(place),
                (Some(Part::Directive(letter)), _) => break *letter,
            };
            if step == 0 {
                self.failed.insert(start);
                return None;
            }
            part += 1;
            place += step;
        };
        for end in self.ends(letter, place) {
            if let Some(last) = self.search(part + 1, end) {
                let text = self.text[place..end].iter().collect();
                self.found.insert(letter, text);
                return Some(last);
            }
        }
        self.failed.insert(start);
        None
    }

    /// Where a directive may end, in the order in which it is tried.
    fn ends(&self, letter: char, at: usize) -> Vec<usize> {
        let digits = |most: usize| {
            let rest = &self.text[at.min(self.text.len())..];
            rest.iter()
                .take(most)
                .take_while(|c| c.is_ascii_digit())
                .count()
        };
        let value = |n: usize| {
            self.text[at..at + n]
                .iter()
                .fold(0, |value, c| value * 10 + u32::from(*c) - 48)
        };
        let number = |least: usize, most: usize, low: u32, high: u32| -> Vec<usize> {
            let longest = digits(most);
            let fits = |n: &usize| (low..=high).contains(&value(*n));
            (least..=longest)
                .rev()
                .filter(fits)
                .map(|n| at + n)
                .collect()
        };
        match letter {
            ' ' => (1..=self.spaces(at)).rev().map(|n| at + n).collect(),
            'd' => {
                let mut ends = number(1, 2, 1, 31);
                let is_padded = self.text.get(at) == Some(&' ');
                if is_padded && matches!(self.text.get(at + 1), Some('1'..='9')) {
                    ends.push(at + 2);
                }
                ends
            }
            'I' => {
                let mut ends = number(1, 2, 1, 12);
                let is_padded = self.text.get(at) == Some(&' ');
                if is_padded && matches!(self.text.get(at + 1), Some('1'..='9')) {
                    ends.push(at + 2);
                }
                ends
            }
            'm' => number(1, 2, 1, 12),
            'H' => number(1, 2, 0, 23),
            'M' => number(1, 2, 0, 59),
            'S' => number(1, 2, 0, 61),
            'j' => number(1, 3, 1, 366),
            'U' | 'W' => number(1, 2, 0, 53),
            'V' => number(1, 2, 0, 53)
                .into_iter()
                .filter(|end| end - at == 1 || value(2) > 0)
                .collect(),
            'w' => number(1, 1, 0, 6),
            'u' => number(1, 1, 1, 7),
            'y' => number(2, 2, 0, 99),
            'Y' | 'G' => number(4, 4, 0, 9999),
            'f' => number(1, 6, 0, 999_999),
            'z' => self.offset_ends(at),
            '%' => self
                .text
                .get(at)
                .filter(|c| **c == '%')
                .map(|_| at + 1)
                .into_iter()
                .collect(),
            _ => self.name_ends(letter, at),
        }
    }

    fn spaces(&self, at: usize) -> usize {
        let rest = &self.text[at.min(self.text.len())..];
        rest.iter().take_while(|c| c.is_whitespace()).count()
    }

    fn name_ends(&self, letter: char, at: usize) -> Vec<usize> {
        let mut ends: Vec<usize> = names(letter, self.zones)
            .iter()
            .filter(|name| {
                let mut rest = self.text[at.min(self.text.len())..].iter();
                !name.is_empty()
                    && name
                        .chars()
                        .all(|c| rest.next().is_some_and(|d| same_letter(c, *d)))
            })
            .map(|name| at + name.chars().count())
            .collect();
        ends.sort_by(|a, b| b.cmp(a));
        ends.dedup();
        ends
    }

    fn offset_ends(&self, at: usize) -> Vec<usize> {
        let c = |i: usize| self.text.get(i).copied().unwrap_or('\0');
        if c(at) == 'Z' {
            return vec![at + 1];
        }
        let two = |i: usize, most: char| {
            c(i).is_ascii_digit() && c(i) <= most && c(i + 1).is_ascii_digit()
        };
        if !matches!(c(at), '+' | '-') || !two(at + 1, '9') {
            return Vec::new();
        }
        let mut ends = Vec::new();
        let minutes = at + 3 + usize::from(c(at + 3) == ':');
        if !two(minutes, '5') {
            return ends;
        }
        ends.push(minutes + 2);
        let seconds = minutes + 2 + usize::from(c(minutes + 2) == ':');
        if two(seconds, '5') {
            ends.push(seconds + 2);
            if c(seconds + 2) == '.' {
                let n = (0..6)
                    .take_while(|i| c(seconds + 3 + i).is_ascii_digit())
                    .count();
                ends.extend((1..=n).map(|n| seconds + 3 + n));
            }
        }
        ends.reverse();
        ends
    }
}

fn same_letter(a: char, b: char) -> bool {
    a == b || a.to_lowercase().eq(b.to_lowercase())
}

fn names(letter: char, zones: &ZoneNames) -> Vec<String> {
    match letter {
        'a' => (0..7)
            .map(|day| weekday_name(day)[..3].to_owned())
            .collect(),
        'A' => (0..7).map(|day| weekday_name(day).to_owned()).collect(),
        'b' => (1..13)
            .map(|month| month_name(month)[..3].to_owned())
            .collect(),
        'B' => (1..13).map(|month| month_name(month).to_owned()).collect(),
        'p' => vec!["am".to_owned(), "pm".to_owned()],
        _ => vec![
            "utc".to_owned(),
            "gmt".to_owned(),
            zones[0].to_lowercase(),
            zones[1].to_lowercase(),
        ],
    }
}

/// What the directives say together.
fn moment(found: &HashMap<char, String>, zones: &ZoneNames) -> Result<Parsed, String> {
    let number = |letter: char| {
        found
            .get(&letter)
            .and_then(|text| text.trim().parse::<i64>().ok())
    };
    let place = |letter: char| {
        let text = found.get(&letter)?.to_lowercase();
        let at = names(letter, zones)
            .iter()
            .position(|name| name.to_lowercase() == text);
        at.map(|at| at as i64)
    };
    let short = number('y').map(|year| if year <= 68 { year + 2000 } else { year + 1900 });
    let year = number('Y').or(short);
    let month = number('m')
        .or(place('B').map(|at| at + 1))
        .or(place('b').map(|at| at + 1))
        .unwrap_or(1);
    let day = number('d').unwrap_or(1);
    let hour = match (number('H'), number('I')) {
        (None, Some(hour)) => hour % 12 + if place('p') == Some(1) { 12 } else { 0 },
        (hour, _) => hour.unwrap_or(0),
    };
    let weekday = place('A')
        .or(place('a'))
        .or(number('w').map(|day| (day + 6) % 7))
        .or(number('u').map(|day| day - 1));
    let (iso_year, iso_week, yearday) = (number('G'), number('V'), number('j'));
    check_iso(iso_year, iso_week, yearday, weekday, year)?;
    let date = Date {
        year,
        month,
        day,
        weekday,
        yearday,
    };
    let week = number('U')
        .map(|week| (week, 6))
        .or(number('W').map(|week| (week, 0)));
    let (year, month, day, weekday, yearday) = date.resolve(week, iso_year.zip(iso_week))?;
    let fraction = found
        .get(&'f')
        .map_or(0, |text| format!("{text:0<6}").parse().unwrap_or(0));
    let (offset, offset_fraction) = match found.get(&'z') {
        Some(text) => offset_of(text)?,
        None => (None, 0),
    };
    let zone = found.get(&'Z').cloned();
    Ok(Parsed {
        fields: [
            year,
            month,
            day,
            hour,
            number('M').unwrap_or(0),
            number('S').unwrap_or(0),
            weekday,
            yearday,
        ],
        dst: zone
            .as_ref()
            .map_or(-1, |zone| dst_of(&zone.to_lowercase(), zones)),
        zone,
        offset,
        fraction,
        offset_fraction,
        is_ambiguous: false,
    })
}

fn dst_of(zone: &str, zones: &ZoneNames) -> i64 {
    if zone == "utc" || zone == "gmt" || zone == zones[0].to_lowercase() {
        return 0;
    }
    i64::from(zone == zones[1].to_lowercase())
}

fn check_iso(
    iso_year: Option<i64>,
    iso_week: Option<i64>,
    yearday: Option<i64>,
    weekday: Option<i64>,
    year: Option<i64>,
) -> Result<(), String> {
    const DAYS: &str = "a weekday directive ('%A', '%a', '%w', or '%u').";
    let message = match (iso_year, iso_week) {
        (Some(_), _) if yearday.is_some() => {
            "Day of the year directive '%j' is not compatible with ISO year directive '%G'. Use '%Y' instead.".to_owned()
        }
        (Some(_), week) if week.is_none() || weekday.is_none() => {
            format!("ISO year directive '%G' must be used with the ISO week directive '%V' and {DAYS}")
        }
        (None, Some(_)) if year.is_none() || weekday.is_none() => {
            format!("ISO week directive '%V' must be used with the ISO year directive '%G' and {DAYS}")
        }
        (None, Some(_)) => {
            "ISO week directive '%V' is incompatible with the year directive '%Y'. Use the ISO year '%G' instead.".to_owned()
        }
        _ => return Ok(()),
    };
    Err(message)
}

struct Date {
    year: Option<i64>,
    month: i64,
    day: i64,
    weekday: Option<i64>,
    yearday: Option<i64>,
}

impl Date {
    /// Year, month, day, weekday and day of the year. A week is (number, first weekday), an ISO week (year, week).
    fn resolve(
        self,
        week: Option<(i64, i64)>,
        iso: Option<(i64, i64)>,
    ) -> Result<(i64, i64, i64, i64, i64), String> {
        // Without a year, the 29th of February is taken for one of a leap year.
        let is_leap_day = self.year.is_none() && (self.month, self.day) == (2, 29);
        let mut year = self.year.unwrap_or(if is_leap_day { 1904 } else { 1900 });
        let (mut month, mut day) = (self.month, self.day);
        let mut yearday = self.yearday;
        if let (None, Some(weekday)) = (yearday, self.weekday) {
            if let Some((week, first)) = week {
                yearday = Some(yearday_of_week(year, week, weekday, first));
            } else if let Some((iso_year, week)) = iso {
                (year, month, day) = date_of(iso_day(iso_year, week, weekday)?);
            }
            if let Some(before) = yearday.filter(|day| *day <= 0) {
                year -= 1;
                yearday = Some(before + 365 + i64::from(is_leap(year)));
            }
        }
        if !(1..=9999).contains(&year) {
            return Err(format!("year {year} is out of range"));
        }
        if let Some(yearday) = yearday {
            (year, month, day) = date_of(days_of(year, 1, 1) + yearday - 1);
        } else if day > days_in_month(year, month) {
            return Err("day is out of range for month".to_owned());
        }
        let days = days_of(year, month, day);
        let yearday = yearday.unwrap_or(days - days_of(year, 1, 1) + 1);
        let weekday = self.weekday.unwrap_or(weekday_of(days));
        let year = if is_leap_day { 1900 } else { year };
        Ok((year, month, day, weekday, yearday))
    }
}

/// The day of the year of a weekday in a week that begins with `first` (0: Monday, 6: Sunday).
fn yearday_of_week(year: i64, week: i64, weekday: i64, first: i64) -> i64 {
    let shift = i64::from(first == 6);
    let of_first = (weekday_of(days_of(year, 1, 1)) + shift) % 7;
    let weekday = (weekday + shift) % 7;
    if week == 0 {
        1 + weekday - of_first
    } else {
        1 + (7 - of_first) % 7 + 7 * (week - 1) + weekday
    }
}

fn iso_day(year: i64, week: i64, weekday: i64) -> Result<i64, String> {
    if !(1..=9999).contains(&year) {
        return Err(format!("Year is out of range: {year}"));
    }
    let first = weekday_of(days_of(year, 1, 1));
    let has_53 = first == 3 || (first == 2 && is_leap(year));
    if !(1..=52 + i64::from(has_53)).contains(&week) {
        return Err(format!("Invalid week: {week}"));
    }
    let fourth = days_of(year, 1, 4);
    Ok(fourth - weekday_of(fourth) + (week - 1) * 7 + weekday)
}

/// Seconds and microseconds of an offset.
fn offset_of(text: &str) -> Result<(Option<i64>, i64), String> {
    if text == "Z" {
        return Ok((Some(0), 0));
    }
    let colons = text.matches(':').count();
    let has_seconds = text.chars().filter(char::is_ascii_digit).count() > 4;
    if has_seconds && colons == 1 {
        return Err(format!("Inconsistent use of : in {text}"));
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: Vec<i64> = whole
        .chars()
        .filter_map(|c| c.to_digit(10))
        .map(i64::from)
        .collect();
    let two = |i: usize| {
        digits
            .get(i)
            .map_or(0, |d| d * 10 + digits.get(i + 1).unwrap_or(&0))
    };
    let seconds = two(0) * 3600 + two(2) * 60 + two(4);
    let micros = format!("{fraction:0<6}").parse().unwrap_or(0);
    let sign = if text.starts_with('-') { -1 } else { 1 };
    Ok((Some(sign * seconds), sign * micros))
}
