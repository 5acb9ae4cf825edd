//! `%` formatting: templates such as `"%(name)-10s %05.1f"` and the conversions they name.
//!
//! [`PercentTemplate`] iterates over the segments, lazily, so that errors of the template and of the arguments come in
//! CPython's order. For each [`Conversion`] the caller fetches what [`Conversion::wants`] says (keeping count with
//! [`Arguments`]) and applies `finish_text`, `push_int` or `push_float`. No value of the program is known here.
//! bytes are formatted through this too, as Latin-1.

use super::format_spec::char_from_code;
use super::int_text::{Decimal, DigitLimit, Radix, int_to_long_str, radix_digits};
use super::num::float_digits::{Layout, Style, digits};
use super::pause::Pause;
use super::{IntRef, TextError, TextResult, check_copies};

/// The segments of a template, in order; it ends after the first error.
#[derive(Clone, Debug)]
pub struct PercentTemplate<'a> {
    template: &'a str,
    /// Where the unread part begins, in bytes.
    at: usize,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment<'a> {
    /// Text that stands for itself.
    Literal(&'a str),
    /// A place for an argument.
    Conversion(Conversion<'a>),
}

/// One `%...x` of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion<'a> {
    /// The text in parentheses.
    pub key: Option<&'a str>,
    /// The least number of characters.
    pub width: Count,
    /// Digits, or the most characters of a text.
    pub precision: Count,
    /// The letter.
    pub letter: char,
    flags: Flags,
    /// The template up to the letter: errors say which character that is.
    before: &'a str,
}

/// A width or precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Not written.
    Absent,
    /// A number.
    Given(usize),
    /// `*`: the next argument is to be passed to `set_width` or `set_precision`.
    Argument,
}

/// The argument that a conversion asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// `s`: any object, as its `str()`, for `finish_text`.
    Str,
    /// `r`: any object, as its `repr()`, for `finish_text`.
    Repr,
    /// `a`: any object, as its `ascii()`, for `finish_text`.
    Ascii,
    /// `d i u`: a number, floats truncated, for `push_int`.
    Number,
    /// `o x X`: an integer or what has `__index__`, for `push_int`.
    Index,
    /// `e E f F g G`: what `float()` takes except text, for `push_float`.
    Float,
    /// `c`: a text of one character for `finish_text`, or an integer for `push_int`.
    Char,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Flags {
    /// `-`
    left: bool,
    /// `+`
    plus: bool,
    /// a space
    blank: bool,
    /// `#`
    alternate: bool,
    /// `0`
    zero: bool,
}

impl<'a> PercentTemplate<'a> {
    /// The segments of `template`.
    pub fn new(template: &'a str) -> Self {
        Self { template, at: 0 }
    }

    fn conversion(&mut self) -> TextResult<Conversion<'a>> {
        let key = self.key()?;
        let mut flags = Flags::default();
        while let Some(flag) = self.peek().and_then(|c| flags.of(c)) {
            *flag = true;
            self.at += 1;
        }
        let width = self.count(isize::MAX as usize, "width too big")?;
        let mut precision = Count::Absent;
        if self.peek() == Some('.') {
            self.at += 1;
            precision = match self.count(i32::MAX as usize, "precision too big")? {
                Count::Absent => Count::Given(0),
                written => written,
            };
        }
        if matches!(self.peek(), Some('h' | 'l' | 'L')) {
            self.at += 1;
        }
        let letter = self
            .peek()
            .ok_or_else(|| TextError::value("incomplete format"))?;
        let before = &self.template[..self.at];
        self.at += letter.len_utf8();
        Ok(Conversion {
            key,
            width,
            precision,
            letter,
            flags,
            before,
        })
    }

    /// The text between balanced parentheses, if the conversion begins with one.
    fn key(&mut self) -> TextResult<Option<&'a str>> {
        if self.peek() != Some('(') {
            return Ok(None);
        }
        let start = self.at + 1;
        let mut open = 0;
        for (at, byte) in self.template.bytes().enumerate().skip(self.at) {
            match byte {
                b'(' => open += 1,
                b')' => open -= 1,
                _ => continue,
            }
            if open == 0 {
                self.at = at + 1;
                return Ok(Some(&self.template[start..at]));
            }
        }
        Err(TextError::value("incomplete format key"))
    }

    fn count(&mut self, most: usize, too_big: &str) -> TextResult<Count> {
        if self.peek() == Some('*') {
            self.at += 1;
            return Ok(Count::Argument);
        }
        let mut number = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            self.at += 1;
            let larger = number
                .unwrap_or(0usize)
                .checked_mul(10)
                .and_then(|n| n.checked_add(digit as usize));
            let larger = larger.filter(|larger| *larger <= most);
            number = Some(larger.ok_or_else(|| TextError::value(too_big))?);
        }
        Ok(number.map_or(Count::Absent, Count::Given))
    }

    fn peek(&self) -> Option<char> {
        self.template[self.at..].chars().next()
    }
}

impl<'a> Iterator for PercentTemplate<'a> {
    type Item = TextResult<Segment<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = &self.template[self.at..];
        if rest.is_empty() {
            return None;
        }
        let literal = rest.find('%').unwrap_or(rest.len());
        if literal > 0 {
            self.at += literal;
            return Some(Ok(Segment::Literal(&rest[..literal])));
        }
        if rest.starts_with("%%") {
            self.at += 2;
            return Some(Ok(Segment::Literal("%")));
        }
        self.at += 1;
        let conversion = self.conversion();
        if conversion.is_err() {
            self.at = self.template.len();
        }
        Some(conversion.map(Segment::Conversion))
    }
}

impl Flags {
    fn of(&mut self, c: char) -> Option<&mut bool> {
        match c {
            '-' => Some(&mut self.left),
            '+' => Some(&mut self.plus),
            ' ' => Some(&mut self.blank),
            '#' => Some(&mut self.alternate),
            '0' => Some(&mut self.zero),
            _ => None,
        }
    }
}

impl Conversion<'_> {
    /// What the letter asks for; to be called when the argument is at hand, as a missing argument comes first.
    pub fn wants(&self) -> TextResult<Wants> {
        match self.letter {
            's' => Ok(Wants::Str),
            'r' => Ok(Wants::Repr),
            'a' => Ok(Wants::Ascii),
            'd' | 'i' | 'u' => Ok(Wants::Number),
            'o' | 'x' | 'X' => Ok(Wants::Index),
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => Ok(Wants::Float),
            'c' => Ok(Wants::Char),
            other => Err(TextError::value(format!(
                "unsupported format character '{}' (0x{:x}) at index {}",
                if ('\x1f'..'~').contains(&other) {
                    other
                } else {
                    '?'
                },
                other as u32,
                self.before.chars().count()
            ))),
        }
    }

    /// The error of an argument whose type does not fit.
    pub fn wrong_type(&self, type_name: &str) -> TextError {
        let letter = self.letter;
        TextError::type_error(match letter {
            'c' => "%c requires int or char".to_owned(),
            'd' | 'i' | 'u' => {
                format!("%{letter} format: a real number is required, not {type_name}")
            }
            'o' | 'x' | 'X' => format!("%{letter} format: an integer is required, not {type_name}"),
            _ => format!("must be real number, not {type_name}"),
        })
    }

    /// The error of an argument for `*` that is not an integer.
    pub fn star_wants_int() -> TextError {
        TextError::type_error("* wants int")
    }

    /// Takes the argument of a `*` width; a negative one aligns to the left.
    pub fn set_width(&mut self, value: IntRef<'_>) -> TextResult<()> {
        let too_large = || TextError::overflow("Python int too large to convert to C ssize_t");
        let width = value.to_i64().ok_or_else(too_large)?;
        self.flags.left |= width < 0;
        self.width = Count::Given(width.unsigned_abs() as usize);
        Ok(())
    }

    /// Takes the argument of a `*` precision; a negative one counts as 0.
    pub fn set_precision(&mut self, value: IntRef<'_>) -> TextResult<()> {
        let too_large = || TextError::overflow("Python int too large to convert to C int");
        let value = value
            .to_i64()
            .and_then(|value| i32::try_from(value).ok())
            .ok_or_else(too_large)?;
        self.precision = Count::Given(value.max(0).unsigned_abs() as usize);
        Ok(())
    }

    /// Lays out a text that stands in `out` from `from` on: for `s`, `r`, `a`, and a single character for `c`.
    pub fn finish_text(&self, out: &mut String, from: usize) -> TextResult<()> {
        if self.letter != 'c'
            && let Some(most) = self.precision.given()
            && let Some((end, _)) = out[from..].char_indices().nth(most)
        {
            out.truncate(from + end);
        }
        self.pad(out, from, from, false)
    }

    /// Appends an integer: for `d i u o x X`, and the character of a number for `c`.
    pub fn push_int(
        &self,
        value: IntRef<'_>,
        limit: DigitLimit,
        pause: &mut Pause<'_>,
        out: &mut String,
    ) -> TextResult<()> {
        let from = out.len();
        if self.letter == 'c' {
            out.push(char_from_code(value.to_i64().unwrap_or(-1))?);
            return self.finish_text(out, from);
        }
        let radix = match self.letter {
            'o' => Some(Radix::Octal),
            'x' | 'X' => Some(Radix::Hex),
            _ => None,
        };
        out.push_str(self.sign(value.is_negative()));
        if let Some(radix) = radix.filter(|_| self.flags.alternate) {
            out.push('0');
            out.push(radix.letter());
        }
        let figures = out.len();
        match (radix, value) {
            (Some(radix), _) => out.push_str(&radix_digits(value, radix)),
            (None, IntRef::Small(n)) => out.push_str(Decimal::new(n).figures()),
            (None, IntRef::Big(_)) => {
                out.push_str(int_to_long_str(value, limit, pause)?.trim_start_matches('-'));
            }
        }
        let wanted = self.precision.given().unwrap_or(0);
        check_copies(wanted, 2)?;
        let zeros = wanted.saturating_sub(out.len() - figures);
        insert_fill(out, figures, "0", zeros);
        if self.letter == 'X' {
            out[from..].make_ascii_uppercase();
        }
        self.pad(out, from, figures, true)
    }

    /// Appends a float: for `e E f F g G`.
    pub fn push_float(&self, value: f64, out: &mut String) -> TextResult<()> {
        let precision = self.precision.given().unwrap_or(6);
        check_copies(precision, 3)?;
        let style = match self.letter {
            'e' | 'E' => Style::Exp(precision),
            'f' | 'F' => Style::Fixed(precision),
            _ => Style::General(precision),
        };
        let layout = Layout {
            alternate: self.flags.alternate,
            point_zero: false,
        };
        let from = out.len();
        out.push_str(self.sign(value.is_sign_negative() && !value.is_nan()));
        let figures = out.len();
        out.push_str(&digits(value, style, layout));
        if self.letter.is_ascii_uppercase() {
            out[from..].make_ascii_uppercase();
        }
        self.pad(out, from, figures, true)
    }

    fn sign(&self, negative: bool) -> &'static str {
        match self.flags {
            _ if negative => "-",
            Flags { plus: true, .. } => "+",
            Flags { blank: true, .. } => " ",
            _ => "",
        }
    }

    /// Brings what stands in `out` from `from` on to the width; zeros, which only numbers take, go before `body`.
    fn pad(&self, out: &mut String, from: usize, body: usize, number: bool) -> TextResult<()> {
        let width = self.width.given().unwrap_or(0);
        check_copies(width, 2)?;
        // Characters are at most bytes.
        if width == 0 || out.len() - from >= width && out[from..].is_ascii() {
            return Ok(());
        }
        let missing = width.saturating_sub(out[from..].chars().count());
        if self.flags.left {
            insert_fill(out, out.len(), " ", missing);
        } else if number && self.flags.zero {
            insert_fill(out, body, "0", missing);
        } else {
            insert_fill(out, from, " ", missing);
        }
        Ok(())
    }
}

/// Inserts a character so many times.
fn insert_fill(out: &mut String, at: usize, fill: &str, count: usize) {
    if count > 0 {
        out.insert_str(at, &fill.repeat(count));
    }
}

impl Count {
    fn given(self) -> Option<usize> {
        match self {
            Self::Given(count) => Some(count),
            Self::Absent | Self::Argument => None,
        }
    }
}

/// Keeps count of the arguments on the right of `%`.
#[derive(Clone, Copy, Debug)]
pub struct Arguments {
    taken: usize,
    total: usize,
}

impl Arguments {
    /// The items of a tuple, or for any other object `1`: the object itself.
    pub fn new(total: usize) -> Self {
        Self { taken: 0, total }
    }

    /// The index of the next argument.
    pub fn take(&mut self) -> TextResult<usize> {
        if self.taken == self.total {
            return Err(TextError::type_error(
                "not enough arguments for format string",
            ));
        }
        self.taken += 1;
        Ok(self.taken - 1)
    }

    /// From here on the only argument is what the mapping holds under a conversion's key.
    pub fn take_keyed(&mut self) {
        *self = Self::new(1);
    }

    /// The error of a key where the right side is no mapping.
    pub fn no_mapping() -> TextError {
        TextError::type_error("format requires a mapping")
    }

    /// To be called at the end, unless the right side is a mapping: all arguments must be used. The template is a "string" or "bytes".
    pub fn finish(self, template: &str) -> TextResult<()> {
        if self.taken < self.total {
            return Err(TextError::type_error(format!(
                "not all arguments converted during {template} formatting"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::oracle;
    use crate::text::str_repr::{str_ascii, str_repr};

    enum Arg {
        Int(i64),
        Float(f64),
        Text(String),
    }

    impl Arg {
        /// `i5`, `f` and bits, `s` and text.
        fn read(cell: &str) -> Self {
            match cell.split_at(1) {
                ("i", number) => Self::Int(number.parse().expect("an integer")),
                ("f", bits) => Self::Float(oracle::float(bits)),
                (_, text) => Self::Text(text.to_owned()),
            }
        }

        fn type_name(&self) -> &'static str {
            match self {
                Self::Int(_) => "int",
                Self::Float(_) => "float",
                Self::Text(_) => "str",
            }
        }

        fn str(&self) -> String {
            match self {
                Self::Int(value) => value.to_string(),
                Self::Float(value) => super::super::float_repr::float_repr(*value),
                Self::Text(text) => text.clone(),
            }
        }

        fn int(&self) -> TextResult<IntRef<'_>> {
            match self {
                Self::Int(value) => Ok(IntRef::Small(*value)),
                _ => Err(Conversion::star_wants_int()),
            }
        }
    }

    /// A caller as the VM is one, with the arguments in a tuple or under single-letter keys.
    fn percent(template: &str, args: &[Arg], mapping: bool) -> TextResult<String> {
        let mut out = String::new();
        let mut counter = Arguments::new(if mapping { 1 } else { args.len() });
        let mut first = 0;
        for segment in PercentTemplate::new(template) {
            let mut conversion = match segment? {
                Segment::Literal(text) => {
                    out.push_str(text);
                    continue;
                }
                Segment::Conversion(conversion) => conversion,
            };
            if let Some(key) = conversion.key {
                if !mapping {
                    return Err(Arguments::no_mapping());
                }
                first = (key.as_bytes()[0] - b'a') as usize;
                counter.take_keyed();
            }
            if conversion.width == Count::Argument {
                conversion.set_width(args[first + counter.take()?].int()?)?;
            }
            if conversion.precision == Count::Argument {
                conversion.set_precision(args[first + counter.take()?].int()?)?;
            }
            let arg = &args[first + counter.take()?];
            apply(&conversion, arg, &mut out)?;
        }
        if !mapping {
            counter.finish("string")?;
        }
        Ok(out)
    }

    fn apply(conversion: &Conversion<'_>, arg: &Arg, out: &mut String) -> TextResult<()> {
        let limit = DigitLimit::default();
        let mut text = |text: &str| {
            let from = out.len();
            out.push_str(text);
            conversion.finish_text(out, from)
        };
        match (conversion.wants()?, arg) {
            (Wants::Str, arg) => text(&arg.str()),
            (Wants::Repr, Arg::Text(value)) => text(&str_repr(value)),
            (Wants::Ascii, Arg::Text(value)) => text(&str_ascii(value)),
            (Wants::Repr | Wants::Ascii, arg) => text(&arg.str()),
            (Wants::Number | Wants::Index | Wants::Char, Arg::Int(value)) => {
                conversion.push_int(IntRef::Small(*value), limit, &mut |_| Ok(()), out)
            }
            (Wants::Number, Arg::Float(value)) => {
                let value = super::super::num::convert::float_to_int(*value)?;
                conversion.push_int(value.as_ref(), limit, &mut |_| Ok(()), out)
            }
            (Wants::Float, Arg::Int(value)) => conversion.push_float(*value as f64, out),
            (Wants::Float, Arg::Float(value)) => conversion.push_float(*value, out),
            (Wants::Char, Arg::Text(value)) if value.chars().count() == 1 => text(value),
            _ => Err(conversion.wrong_type(arg.type_name())),
        }
    }

    #[test]
    fn formatting_agrees_with_cpython() {
        for row in oracle::rows(include_str!("oracle/percent.tsv")) {
            let [template, kind, args, expected] = row[..] else {
                panic!("four columns: {row:?}")
            };
            let template = oracle::unescape(template);
            let args: Vec<Arg> = args
                .split(' ')
                .filter(|arg| !arg.is_empty())
                .map(Arg::read)
                .collect();
            oracle::check(percent(&template, &args, kind == "mapping"), expected, &row);
        }
    }

    #[test]
    fn keys_nest_parentheses() {
        let mut segments = PercentTemplate::new("%(a(b)c)5s!");
        let Some(Ok(Segment::Conversion(conversion))) = segments.next() else {
            panic!("a conversion")
        };
        assert_eq!(
            (conversion.key, conversion.width),
            (Some("a(b)c"), Count::Given(5))
        );
        assert_eq!(segments.next(), Some(Ok(Segment::Literal("!"))));
        assert_eq!(segments.next(), None);
    }

    #[test]
    fn star_arguments_beyond_the_machine_are_errors() {
        let Some(Ok(Segment::Conversion(mut conversion))) = PercentTemplate::new("%*.*d").next()
        else {
            panic!("a conversion")
        };
        let huge = num_bigint::BigInt::from(1) << 70;
        let width = conversion
            .set_width(IntRef::Big(&huge))
            .expect_err("too large");
        assert_eq!(
            width.message,
            "Python int too large to convert to C ssize_t"
        );
        let precision = conversion
            .set_precision(IntRef::Small(1 << 40))
            .expect_err("too large");
        assert_eq!(
            precision.message,
            "Python int too large to convert to C int"
        );
    }
}
