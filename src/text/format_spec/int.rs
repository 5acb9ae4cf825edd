//! Formatting of integers: `b c d n o x X`, and the float types by conversion.
//!
//! Digits of any base come from `int_text`; signs, prefixes, grouping and padding are added by `number.rs`. A new
//! presentation type is an arm here and in the parser of specs.

use super::number::Number;
use super::{FormatSpec, Sign};
use crate::text::int_text::{DigitLimit, Radix, int_to_long_str, radix_digits};
use crate::text::num::convert::int_to_float;
use crate::text::pause::Pause;
use crate::text::surrogate;
use crate::text::{IntRef, TextError, TextResult};

impl FormatSpec {
    /// `format(int, spec)`; `type_name` is that of the value, for messages; `pause` as for `int_to_long_str`.
    pub fn format_int(
        &self,
        value: IntRef<'_>,
        type_name: &str,
        limit: DigitLimit,
        pause: &mut Pause<'_>,
    ) -> TextResult<String> {
        match self.kind {
            None | Some('d' | 'n') => {
                self.check_integer()?;
                let text = int_to_long_str(value, limit, pause)?;
                self.lay_out_int(value, "", text.trim_start_matches('-'), 3)
            }
            Some('b') => self.format_radix(value, Radix::Binary),
            Some('o') => self.format_radix(value, Radix::Octal),
            Some('x' | 'X') => self.format_radix(value, Radix::Hex),
            Some('c') => self.format_char(value),
            Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => {
                self.format_float(int_to_float(value)?, type_name)
            }
            Some(kind) => Err(Self::unknown_kind(kind, type_name)),
        }
    }

    fn format_radix(&self, value: IntRef<'_>, radix: Radix) -> TextResult<String> {
        self.check_integer()?;
        let mut prefix = if self.alternate {
            format!("0{}", radix.letter())
        } else {
            String::new()
        };
        let mut digits = radix_digits(value, radix);
        if self.kind == Some('X') {
            prefix.make_ascii_uppercase();
            digits.make_ascii_uppercase();
        }
        self.lay_out_int(value, &prefix, &digits, 4)
    }

    fn format_char(&self, value: IntRef<'_>) -> TextResult<String> {
        self.check_integer()?;
        if self.sign != Sign::Unstated {
            return Err(TextError::value(
                "Sign not allowed with integer format specifier 'c'",
            ));
        }
        if self.alternate {
            return Err(TextError::value(
                "Alternate form (#) not allowed with integer format specifier 'c'",
            ));
        }
        let code = value
            .to_i64()
            .ok_or_else(|| TextError::overflow("Python int too large to convert to C long"))?;
        let c = char_from_code(code)?;
        Number {
            negative: false,
            prefix: "",
            whole: "",
            rest: c.encode_utf8(&mut [0; 4]),
        }
        .lay_out(self, 3)
    }

    fn lay_out_int(
        &self,
        value: IntRef<'_>,
        prefix: &str,
        digits: &str,
        group: usize,
    ) -> TextResult<String> {
        Number {
            negative: value.is_negative(),
            prefix,
            whole: digits,
            rest: "",
        }
        .lay_out(self, group)
    }

    fn check_integer(&self) -> TextResult<()> {
        if self.precision.is_some() {
            return Err(TextError::value(
                "Precision not allowed in integer format specifier",
            ));
        }
        if self.coerce_zero {
            return Err(TextError::value(
                "Negative zero coercion (z) not allowed in integer format specifier",
            ));
        }
        Ok(())
    }
}

/// The character that `%c` and the type `c` make of a number.
pub fn char_from_code(code: i64) -> TextResult<char> {
    let c = u32::try_from(code).ok().and_then(surrogate::character);
    c.ok_or_else(|| TextError::overflow("%c arg not in range(0x110000)"))
}
