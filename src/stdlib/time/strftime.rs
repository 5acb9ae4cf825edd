//! `strftime` of the C locale, with the flags of the GNU library: what `time.strftime` and `datetime.strftime` share.
//!
//! A conversion is `%`, flags (`_ - 0 + ^ #`), a width, a modifier (`E`, `O`, without effect) and a letter. One that is not known
//! stays as it is. To add one: an arm in `Writer::conversion`.

use super::civil::{Fields, iso_week, seconds_of};

const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Wider fields than this are cut to it.
const MAX_WIDTH: usize = 10_000;

/// The text of a moment in a format.
pub fn strftime(format: &str, fields: &Fields) -> String {
    let mut writer = Writer {
        fields,
        out: String::with_capacity(format.len() + 16),
    };
    writer.format(format);
    writer.out
}

/// The full name of a weekday, 0 is Monday.
pub fn weekday_name(weekday: i64) -> &'static str {
    WEEKDAYS[weekday.rem_euclid(7) as usize]
}

/// The full name of a month, 1 to 12.
pub fn month_name(month: i64) -> &'static str {
    MONTHS[(month - 1).rem_euclid(12) as usize]
}

#[derive(Clone, Copy, Default)]
struct Style {
    pad: Option<char>,
    is_upper: bool,
    swaps_case: bool,
    width: Option<usize>,
}

struct Writer<'f> {
    fields: &'f Fields,
    out: String,
}

impl Writer<'_> {
    fn format(&mut self, format: &str) {
        let mut rest = format;
        while let Some(at) = rest.find('%') {
            self.out.push_str(&rest[..at]);
            rest = &rest[at..];
            let (style, length) = style_of(&rest[1..]);
            let mut letters = rest[1 + length..].chars();
            let mut letter = letters.next();
            let refused = match letter {
                Some('E') => "aAbBhdDeFHIjklMmSUVgGWw%",
                Some('O') => "aAcCxDFXY%",
                _ => "",
            };
            if !refused.is_empty() {
                letter = letters.next().filter(|letter| !refused.contains(*letter));
            }
            let end = rest.len() - letters.as_str().len();
            let is_known = letter.is_some_and(|letter| self.conversion(letter, style));
            if !is_known {
                // The GNU library goes on from the last percent sign.
                let start = rest[..end].rfind('%').unwrap_or(0);
                self.out.push_str(&rest[start..end]);
            }
            rest = &rest[end..];
        }
        self.out.push_str(rest);
    }

    /// Writes a conversion; false if there is none of this letter.
    fn conversion(&mut self, letter: char, style: Style) -> bool {
        let f = self.fields;
        let hour12 = (f.hour + 11).rem_euclid(12) + 1;
        match letter {
            'a' => self.text(&weekday_name(f.weekday)[..3], style),
            'A' => self.text(weekday_name(f.weekday), style),
            'b' | 'h' => self.text(&month_name(f.month)[..3], style),
            'B' => self.text(month_name(f.month), style),
            'c' => self.compound("%a %b %e %H:%M:%S %Y", style),
            'C' => self.number(f.year.div_euclid(100), century_width(f.year), '0', style),
            'd' => self.number(f.day, 2, '0', style),
            'D' | 'x' => self.compound("%m/%d/%y", style),
            'e' => self.number(f.day, 2, ' ', style),
            'F' => self.compound("%Y-%m-%d", style),
            'g' => self.number(iso_week(f).0.rem_euclid(100), 2, '0', style),
            'G' => self.number(iso_week(f).0, 1, '0', style),
            'H' => self.number(f.hour, 2, '0', style),
            'I' => self.number(hour12, 2, '0', style),
            'j' => self.number(f.yearday, 3, '0', style),
            'k' => self.number(f.hour, 2, ' ', style),
            'l' => self.number(hour12, 2, ' ', style),
            'm' => self.number(f.month, 2, '0', style),
            'M' => self.number(f.minute, 2, '0', style),
            'n' => self.text("\n", style),
            'p' if style.swaps_case => self.text(
                half(f.hour, ["am", "pm"]),
                Style {
                    swaps_case: false,
                    ..style
                },
            ),
            'p' => self.text(half(f.hour, ["AM", "PM"]), style),
            'P' => self.text(half(f.hour, ["am", "pm"]), style),
            'r' => self.compound("%I:%M:%S %p", style),
            'R' => self.compound("%H:%M", style),
            's' => self.number(self.seconds(), 1, '0', style),
            'S' => self.number(f.second, 2, '0', style),
            't' => self.text("\t", style),
            'T' | 'X' => self.compound("%H:%M:%S", style),
            'u' => self.number(f.weekday + 1, 1, '0', style),
            'U' => self.number((f.yearday + 6 - (f.weekday + 1) % 7) / 7, 2, '0', style),
            'V' => self.number(iso_week(f).1, 2, '0', style),
            'w' => self.number((f.weekday + 1) % 7, 1, '0', style),
            'W' => self.number((f.yearday + 6 - f.weekday) / 7, 2, '0', style),
            'y' => self.number(f.year.rem_euclid(100), 2, '0', style),
            'Y' => self.number(f.year, 1, '0', style),
            'z' => self.offset(style),
            'Z' => {
                let zone = f.zone.clone().unwrap_or_default();
                if style.swaps_case {
                    self.text(
                        &zone.to_lowercase(),
                        Style {
                            swaps_case: false,
                            ..style
                        },
                    );
                } else {
                    self.text(&zone, style);
                }
            }
            '%' => self.text("%", style),
            _ => return false,
        }
        true
    }

    fn seconds(&self) -> i64 {
        let offset = self.fields.offset.unwrap_or(0);
        seconds_of(self.fields).map_or(-1, |seconds| seconds - offset)
    }

    fn offset(&mut self, style: Style) {
        let offset = self.fields.offset.unwrap_or(0);
        let sign = if offset < 0 { '-' } else { '+' };
        let minutes = offset.abs() / 60;
        let text = format!("{sign}{:02}{:02}", minutes / 60, minutes % 60);
        self.text(&text, style);
    }

    fn compound(&mut self, format: &str, style: Style) {
        let text = strftime(format, self.fields);
        self.text(&text, style);
    }

    fn number(&mut self, value: i64, width: usize, pad: char, style: Style) {
        let width = style.width.unwrap_or(width);
        let digits = value.unsigned_abs().to_string();
        let sign = if value < 0 { "-" } else { "" };
        let missing = width.saturating_sub(digits.len() + sign.len());
        match style.pad.unwrap_or(pad) {
            '-' if style.width.is_none() => self.out.extend([sign, &digits]),
            '-' | '_' | ' ' => {
                self.out.extend(std::iter::repeat_n(' ', missing));
                self.out.extend([sign, &digits]);
            }
            _ => {
                self.out.push_str(sign);
                self.out.extend(std::iter::repeat_n('0', missing));
                self.out.push_str(&digits);
            }
        }
    }

    fn text(&mut self, text: &str, style: Style) {
        let missing = style
            .width
            .map_or(0, |width| width.saturating_sub(text.chars().count()));
        let pad = if matches!(style.pad, Some('0' | '+')) {
            '0'
        } else {
            ' '
        };
        self.out.extend(std::iter::repeat_n(pad, missing));
        if style.is_upper || style.swaps_case {
            self.out.push_str(&text.to_uppercase());
        } else {
            self.out.push_str(text);
        }
    }
}

/// The GNU library writes the century of early years without a zero.
fn century_width(year: i64) -> usize {
    if (0..1000).contains(&year) { 1 } else { 2 }
}

fn half(hour: i64, names: [&'static str; 2]) -> &'static str {
    names[usize::from(hour >= 12)]
}

/// Flags and width at the start of a text, and how long they are.
fn style_of(text: &str) -> (Style, usize) {
    let mut style = Style::default();
    let flags = text.find(|c| !matches!(c, '_' | '-' | '0' | '+' | '^' | '#'));
    let flags = flags.unwrap_or(text.len());
    for flag in text[..flags].chars() {
        match flag {
            '^' => style.is_upper = true,
            '#' => style.swaps_case = true,
            flag => style.pad = Some(flag),
        }
    }
    let digits = text[flags..].find(|c: char| !c.is_ascii_digit());
    let end = digits.map_or(text.len(), |digits| flags + digits);
    if end > flags {
        let width = text[flags..end].parse().unwrap_or(MAX_WIDTH);
        style.width = Some(width.min(MAX_WIDTH));
    }
    (style, end)
}
