//! Sign, prefix, grouping and padding: what formatted numbers share once their digits are known.
//!
//! Contract: zero padding after the sign belongs to the digits and is grouped with them, every other fill is not.

use super::{Align, FormatSpec, Grouping, Sign};
use crate::text::{TextResult, check_copies};

/// A number as its parts, before it is laid out.
pub struct Number<'a> {
    /// Whether a minus belongs before it.
    pub negative: bool,
    /// `0x` and friends.
    pub prefix: &'a str,
    /// The digits that grouping divides; empty for infinities and characters.
    pub whole: &'a str,
    /// The point and all after it.
    pub rest: &'a str,
}

impl<'a> Number<'a> {
    /// Splits the text of an unsigned decimal number after its leading digits.
    pub fn decimal(negative: bool, text: &'a str) -> Self {
        let (whole, rest) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
        Self {
            negative,
            prefix: "",
            whole,
            rest,
        }
    }

    /// The sign that is shown.
    pub fn shown_sign(&self, sign: Sign) -> &'static str {
        match sign {
            _ if self.negative => "-",
            Sign::Plus => "+",
            Sign::Space => " ",
            Sign::Minus | Sign::Unstated => "",
        }
    }

    /// The number as the spec wants it; `group` is how many digits a group has.
    pub fn lay_out(&self, spec: &FormatSpec, group: usize) -> TextResult<String> {
        let (fill, align) = spec.padding(Align::Right);
        check_copies(spec.width.saturating_mul(fill.len_utf8()), 2)?;
        let sign = self.shown_sign(spec.sign);
        let taken = sign.len() + self.prefix.len() + self.rest.chars().count();
        let least = if fill == '0' && align == Align::AfterSign {
            spec.width.saturating_sub(taken)
        } else {
            0
        };
        let digits = self.grouped(spec.grouping, group, least);
        let missing = spec.width.saturating_sub(taken + digits.len());
        let (left, middle, right) = match align {
            Align::Left => (0, 0, missing),
            Align::Right => (missing, 0, 0),
            Align::Center => (missing / 2, 0, missing - missing / 2),
            Align::AfterSign => (0, missing, 0),
        };
        let mut out = String::with_capacity(spec.width.max(taken + digits.len()));
        push_fill(&mut out, fill, left);
        out.push_str(sign);
        out.push_str(self.prefix);
        push_fill(&mut out, fill, middle);
        out.push_str(&digits);
        out.push_str(self.rest);
        push_fill(&mut out, fill, right);
        Ok(out)
    }

    /// The digits in groups, with zeros before them until they are `least` characters.
    fn grouped(&self, grouping: Grouping, group: usize, least: usize) -> String {
        if self.whole.is_empty() {
            return String::new();
        }
        if grouping.separator().is_none() {
            let mut digits = String::with_capacity(self.whole.len().max(least));
            push_fill(&mut digits, '0', least.saturating_sub(self.whole.len()));
            digits.push_str(self.whole);
            return digits;
        }
        let mut digits = self.whole.bytes().rev();
        let mut reversed = Vec::with_capacity(self.whole.len().max(least) * 4 / 3);
        let mut in_group = 0;
        loop {
            let digit = digits.next();
            if digit.is_none() && reversed.len() >= least {
                break;
            }
            if in_group == group
                && let Some(separator) = grouping.separator()
            {
                reversed.push(separator as u8);
                in_group = 0;
            }
            reversed.push(digit.unwrap_or(b'0'));
            in_group += 1;
        }
        reversed.reverse();
        String::from_utf8(reversed).expect("digits and separators are ASCII")
    }
}

/// Appends `count` fill characters.
pub fn push_fill(out: &mut String, fill: char, count: usize) {
    let at_once = count.min(1 << 12);
    let block: String = std::iter::repeat_n(fill, at_once).collect();
    for _ in 0..count.checked_div(at_once).unwrap_or(0) {
        out.push_str(&block);
    }
    out.extend(std::iter::repeat_n(
        fill,
        count.checked_rem(at_once).unwrap_or(0),
    ));
}
