//! The decimal digits of a float in the four layouts that all of Python's number formatting is made of.
//!
//! `e`, `f`, `g` and the shortest one of `repr`. std supplies correctly rounded digits (half to even on the exact
//! binary value, like CPython's dtoa); this file decides where the point and the exponent go.
//! It knows nothing of signs, padding or grouping: the text is of the absolute value.

use std::fmt::Write;

use super::num::convert::decompose;

/// Which layout; the numbers are C's precisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `d.ddde+xx` with so many digits after the point.
    Exp(usize),
    /// `ddd.ddd` with so many digits after the point.
    Fixed(usize),
    /// So many significant digits, as `Fixed` or `Exp` depending on the exponent.
    General(usize),
    /// The shortest digits that read back as the same float.
    Repr,
}

/// How a number is laid out beyond its style.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// C's `#`: always a point, and `g` keeps its trailing zeros.
    pub alternate: bool,
    /// An integral number without exponent ends in `.0`, as in `repr(1.0)`.
    pub point_zero: bool,
}

/// The text of `|value|`; infinities are `inf`, not-a-numbers `nan`.
pub fn digits(value: f64, style: Style, layout: Layout) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return "inf".to_owned();
    }
    let value = value.abs();
    match style {
        Style::Exp(precision) => {
            let (mantissa, exponent) = scientific(value, precision);
            with_exponent(mantissa, exponent, layout)
        }
        Style::Fixed(precision) => fixed(value, precision, layout),
        Style::General(precision) => general(value, precision.max(1), layout),
        Style::Repr => {
            let (mantissa, exponent) = shortest(value);
            place_point(mantissa, exponent, -4, 16, layout)
        }
    }
}

/// More digits than this after the point or in all are zeros, whatever the float: 2**-1074 ends at the 1074th.
const MAX_EXACT: usize = 1100;

fn fixed(value: f64, precision: usize, layout: Layout) -> String {
    let exact = precision.min(MAX_EXACT);
    let mut text = format!("{value:.exact$}");
    if precision == 0 && layout.alternate {
        text.push('.');
    }
    push_zeros(&mut text, precision - exact);
    text
}

fn general(value: f64, precision: usize, layout: Layout) -> String {
    let (mut mantissa, exponent) = scientific(value, precision - 1);
    if !layout.alternate && mantissa.contains('.') {
        let kept = mantissa.trim_end_matches('0').trim_end_matches('.').len();
        mantissa.truncate(kept);
    }
    let limit = i64::try_from(precision).unwrap_or(i64::MAX) - i64::from(layout.point_zero);
    place_point(mantissa, exponent, -4, limit, layout)
}

/// Lays out `mantissa * 10**exponent` without exponent when `low <= exponent < high`.
fn place_point(mantissa: String, exponent: i32, low: i64, high: i64, layout: Layout) -> String {
    if i64::from(exponent) < low || i64::from(exponent) >= high {
        return with_exponent(mantissa, exponent, layout);
    }
    let figures: String = mantissa.chars().filter(|c| *c != '.').collect();
    if exponent < 0 {
        let mut text = String::from("0.");
        push_zeros(&mut text, exponent.unsigned_abs() as usize - 1);
        return text + &figures;
    }
    let whole = exponent as usize + 1;
    if figures.len() > whole {
        return format!("{}.{}", &figures[..whole], &figures[whole..]);
    }
    let missing = whole - figures.len();
    let mut text = figures;
    push_zeros(&mut text, missing);
    match layout {
        Layout {
            point_zero: true, ..
        } => text.push_str(".0"),
        Layout {
            alternate: true, ..
        } => text.push('.'),
        _ => {}
    }
    text
}

fn with_exponent(mut mantissa: String, exponent: i32, layout: Layout) -> String {
    if layout.alternate && !mantissa.contains('.') {
        mantissa.push('.');
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    write!(mantissa, "e{sign}{:02}", exponent.unsigned_abs()).expect("a String takes all");
    mantissa
}

/// The shortest digits that read back as `value`, the nearest of them, as `d.ddd` and a power of ten.
pub fn shortest(value: f64) -> (String, i32) {
    let (mantissa, exponent) = split_exponent(format!("{value:e}"));
    let decimals = mantissa.len().saturating_sub(2) as i64 - i64::from(exponent);
    if may_be_halfway(value, decimals) {
        // std takes the upper of two digits that are equally near, CPython the even one.
        let even = format!("{value:.*e}", mantissa.len().saturating_sub(2));
        if even.parse() == Ok(value) {
            return split_exponent(even);
        }
    }
    (mantissa, exponent)
}

/// Whether `value` may lie exactly between two numbers of so many decimals.
///
/// A float with n binary places has exactly n decimal places: halfway means one more than `decimals`.
pub fn may_be_halfway(value: f64, decimals: i64) -> bool {
    let (mantissa, exponent) = decompose(value);
    let places = -(exponent + i64::from(mantissa.trailing_zeros()));
    decimals < 0 || places == decimals + 1
}

/// `d.ddd` with `precision` digits after the point, and the power of ten it is to be multiplied by.
fn scientific(value: f64, precision: usize) -> (String, i32) {
    let exact = precision.min(MAX_EXACT);
    let (mut mantissa, exponent) = split_exponent(format!("{value:.exact$e}"));
    push_zeros(&mut mantissa, precision - exact);
    (mantissa, exponent)
}

fn split_exponent(mut text: String) -> (String, i32) {
    let at = text.rfind('e').expect("{:e} writes an exponent");
    let exponent = text[at + 1..]
        .parse()
        .expect("{:e} writes a number after the e");
    text.truncate(at);
    (text, exponent)
}

fn push_zeros(text: &mut String, count: usize) {
    text.extend(std::iter::repeat_n('0', count));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::text::oracle;

    #[test]
    fn layouts_agree_with_cpython() {
        for row in oracle::rows(include_str!("oracle/float_digits.tsv")) {
            let [bits, spec, expected] = row[..] else {
                panic!("three columns: {row:?}")
            };
            let value = f64::from_bits(u64::from_str_radix(bits, 16).expect("bits in hex"));
            let layout = Layout {
                alternate: spec.contains('#'),
                point_zero: false,
            };
            let precision: usize = spec[spec.find('.').expect("a point") + 1..spec.len() - 1]
                .parse()
                .expect("digits");
            let style = match spec.as_bytes()[spec.len() - 1] {
                b'e' => Style::Exp(precision),
                b'f' => Style::Fixed(precision),
                _ => Style::General(precision),
            };
            assert_eq!(digits(value, style, layout), expected, "{value:e} {spec}");
        }
    }

    #[test]
    fn halves_round_to_even() {
        let fixed = |value, precision| digits(value, Style::Fixed(precision), Layout::default());
        assert_eq!(
            [fixed(0.5, 0), fixed(1.5, 0), fixed(2.5, 0), fixed(0.125, 2)],
            ["0", "2", "2", "0.12"]
        );
    }

    #[test]
    fn precision_beyond_any_digit_is_zeros() {
        let text = digits(5e-324, Style::Fixed(70_000), Layout::default());
        assert_eq!(text.len(), 70_002);
        assert_eq!(text.trim_end_matches('0').len(), 1076);
        assert_eq!(
            digits(1.0, Style::Exp(70_000), Layout::default()).len(),
            70_006
        );
    }
}
