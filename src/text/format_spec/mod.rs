//! The format mini-language: `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`.
//!
//! [`FormatSpec::parse`] reads it, `int`, `float` and `text` beside this file apply it, `number` does the sign, grouping
//! and padding that numbers share. Contract: result and errors are CPython's; a parsed spec does not depend on the value,
//! so one that is written in the program can be parsed once.
//!
//! To add a format type: the arm of its letter in the file of the value it formats, and a row in `oracle/generate.py`.

mod float;
mod int;
mod number;
mod text;

pub use int::char_from_code;

use super::unicode::decimal_value;
use super::{TextError, TextResult};

/// A parsed format specifier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormatSpec {
    /// The fill character, if written before an alignment.
    pub fill: Option<char>,
    /// The alignment, if written.
    pub align: Option<Align>,
    /// When a sign or its place is shown.
    pub sign: Sign,
    /// `z`: a negative zero loses its sign.
    pub coerce_zero: bool,
    /// `#`: the alternate form.
    pub alternate: bool,
    /// `0` before the width, when no fill is written: pad with zeros after the sign.
    pub zero_pad: bool,
    /// The least number of characters; 0 asks for nothing.
    pub width: usize,
    /// What stands between groups of digits.
    pub grouping: Grouping,
    /// Digits after the point, significant digits, or the most characters of a string.
    pub precision: Option<usize>,
    /// The type letter.
    pub kind: Option<char>,
}

/// Where padding goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// `<`
    Left,
    /// `>`
    Right,
    /// `^`
    Center,
    /// `=`: between sign and digits.
    AfterSign,
}

/// When a sign is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sign {
    /// Nothing written: only for negative numbers.
    #[default]
    Unstated,
    /// `-`: the same, but an error where no sign may be written.
    Minus,
    /// `+`: always.
    Plus,
    /// A space in place of the plus.
    Space,
}

/// What stands between groups of digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// Nothing.
    #[default]
    None,
    /// `,`
    Comma,
    /// `_`
    Underscore,
}

impl Grouping {
    fn separator(self) -> Option<char> {
        match self {
            Self::None => None,
            Self::Comma => Some(','),
            Self::Underscore => Some('_'),
        }
    }
}

impl Align {
    fn of(c: char) -> Option<Self> {
        match c {
            '<' => Some(Self::Left),
            '>' => Some(Self::Right),
            '^' => Some(Self::Center),
            '=' => Some(Self::AfterSign),
            _ => None,
        }
    }
}

impl FormatSpec {
    /// Reads a format specifier; `type_name` is that of the value, for the message.
    pub fn parse(spec: &str, type_name: &str) -> TextResult<Self> {
        let mut reader = Reader { rest: spec };
        let mut parsed = Self::default();
        parsed.read_alignment(&mut reader);
        parsed.sign = match reader.take_one(&['+', '-', ' ']) {
            Some('+') => Sign::Plus,
            Some('-') => Sign::Minus,
            Some(_) => Sign::Space,
            None => Sign::Unstated,
        };
        parsed.coerce_zero = reader.take_one(&['z']).is_some();
        parsed.alternate = reader.take_one(&['#']).is_some();
        parsed.zero_pad = parsed.fill.is_none() && reader.take_one(&['0']).is_some();
        parsed.width = reader.take_number()?.unwrap_or(0);
        parsed.read_grouping(&mut reader)?;
        if reader.take_one(&['.']).is_some() {
            let missing = || TextError::value("Format specifier missing precision");
            parsed.precision = Some(reader.take_number()?.ok_or_else(missing)?);
        }
        parsed.kind = reader.take();
        if !reader.rest.is_empty() {
            return Err(TextError::value(format!(
                "Invalid format specifier '{spec}' for object of type '{type_name}'"
            )));
        }
        parsed.check_grouping()?;
        Ok(parsed)
    }

    fn read_alignment(&mut self, reader: &mut Reader<'_>) {
        let mut chars = reader.rest.chars();
        let (first, second) = (chars.next(), chars.next());
        if let (Some(fill), Some(align)) = (first, second.and_then(Align::of)) {
            (self.fill, self.align) = (Some(fill), Some(align));
            reader.rest = chars.as_str();
        } else if let Some(align) = first.and_then(Align::of) {
            self.align = Some(align);
            reader.take();
        }
    }

    fn read_grouping(&mut self, reader: &mut Reader<'_>) -> TextResult<()> {
        if reader.take_one(&[',']).is_some() {
            self.grouping = Grouping::Comma;
        }
        let both = || Err(TextError::value("Cannot specify both ',' and '_'."));
        if reader.take_one(&['_']).is_some() {
            if self.grouping == Grouping::Comma {
                return both();
            }
            self.grouping = Grouping::Underscore;
        }
        if self.grouping == Grouping::Underscore && reader.rest.starts_with(',') {
            return both();
        }
        Ok(())
    }

    fn check_grouping(&self) -> TextResult<()> {
        let Some(separator) = self.grouping.separator() else {
            return Ok(());
        };
        match self.kind {
            None | Some('d' | 'e' | 'f' | 'g' | 'E' | 'G' | '%' | 'F') => Ok(()),
            Some('b' | 'o' | 'x' | 'X') if self.grouping == Grouping::Underscore => Ok(()),
            Some(kind) => Err(TextError::value(format!(
                "Cannot specify '{separator}' with '{}'.",
                shown_kind(kind)
            ))),
        }
    }

    /// The fill and alignment for a value that goes to the `default` side when nothing is written.
    fn padding(&self, default: Align) -> (char, Align) {
        let fill = self.fill.unwrap_or(if self.zero_pad { '0' } else { ' ' });
        let default = if self.zero_pad && default == Align::Right {
            Align::AfterSign
        } else {
            default
        };
        (fill, self.align.unwrap_or(default))
    }

    fn unknown_kind(kind: char, type_name: &str) -> TextError {
        TextError::value(format!(
            "Unknown format code '{}' for object of type '{type_name}'",
            shown_kind(kind)
        ))
    }

    /// The precision as far as digits can be asked for.
    fn digits_wanted(&self) -> TextResult<Option<usize>> {
        match self.precision {
            Some(precision) if precision > i32::MAX as usize => {
                Err(TextError::value("precision too big"))
            }
            // The digits are put together in one text and laid out in another.
            Some(precision) => super::check_copies(precision, 4).map(|()| Some(precision)),
            None => Ok(None),
        }
    }
}

fn shown_kind(kind: char) -> String {
    if ('!'..='\x7f').contains(&kind) {
        kind.to_string()
    } else {
        format!("\\x{:x}", kind as u32)
    }
}

/// The part of a specifier that is still to be read.
struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn take(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        Some(c)
    }

    fn take_one(&mut self, wanted: &[char]) -> Option<char> {
        let c = self.rest.chars().next().filter(|c| wanted.contains(c))?;
        self.take();
        Some(c)
    }

    /// A number of decimal digits of any script; `None` when there is no digit.
    fn take_number(&mut self) -> TextResult<Option<usize>> {
        let mut number = None;
        while let Some(digit) = self.rest.chars().next().and_then(decimal_value) {
            self.take();
            let larger = number
                .unwrap_or(0isize)
                .checked_mul(10)
                .and_then(|n| n.checked_add(digit as isize));
            number = Some(
                larger
                    .ok_or_else(|| TextError::value("Too many decimal digits in format string"))?,
            );
        }
        Ok(number.map(isize::unsigned_abs))
    }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;

    use super::*;
    use crate::text::int_text::DigitLimit;
    use crate::text::{ErrorKind, IntRef, oracle};

    /// Random values and specifiers, valid and not, through `format()` of CPython.
    #[test]
    fn formatting_agrees_with_cpython() {
        for row in oracle::rows(include_str!("../oracle/format_spec.tsv")) {
            let [kind, value, spec, expected] = row[..] else {
                panic!("four columns: {row:?}")
            };
            let spec = oracle::unescape(spec);
            let result = FormatSpec::parse(&spec, kind).and_then(|parsed| match kind {
                "int" => {
                    let value: BigInt = value.parse().expect("an integer");
                    let small = i64::try_from(&value).map(IntRef::Small);
                    parsed.format_int(
                        small.unwrap_or(IntRef::Big(&value)),
                        kind,
                        DigitLimit::default(),
                        &mut |_| Ok(()),
                    )
                }
                "float" => parsed.format_float(oracle::float(value), kind),
                "complex" => {
                    let (re, im) = value.split_once(',').expect("two floats");
                    parsed.format_complex(oracle::float(re), oracle::float(im), kind)
                }
                _ => parsed.format_str(&oracle::unescape(value), kind),
            });
            oracle::check(result, expected, &(kind, value, spec));
        }
    }

    #[test]
    fn widths_beyond_memory_are_errors() {
        let kinds = [
            "9999999999999",
            "9999999999999d",
            ".999999999999",
            ".2000000000f",
            "9999999999999999999999",
        ];
        let results = kinds.map(|spec| {
            FormatSpec::parse(spec, "float").and_then(|spec| spec.format_float(1.5, "float"))
        });
        let errors = results.map(|result| result.expect_err("too large").kind);
        use ErrorKind::*;
        assert_eq!(errors, [Memory, Value, Value, Memory, Value]);
    }

    #[test]
    fn a_spec_can_be_kept() {
        let spec = FormatSpec::parse("*^+12,.3f", "float").expect("valid");
        assert_eq!(
            (spec.fill, spec.align, spec.sign),
            (Some('*'), Some(Align::Center), Sign::Plus)
        );
        assert_eq!(
            spec.format_float(1234.5, "float").as_deref(),
            Ok("*+1,234.500*")
        );
        assert_eq!(
            spec.format_float(-0.25, "float").as_deref(),
            Ok("***-0.250***")
        );
    }
}
