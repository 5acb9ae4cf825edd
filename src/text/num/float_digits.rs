//! The decimal digits of a float in the four layouts that all of Python's number formatting is made of.
//!
//! `e`, `f`, `g` and the shortest one of `repr`. std supplies correctly rounded digits (half to even on the exact
//! binary value, like CPython's dtoa); this file decides where the point and the exponent go.
//! It knows nothing of signs, padding or grouping: the text is of the absolute value.

use std::fmt::Write;

use super::convert::decompose;

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
    let mut text = match fixed_in_words(value, precision) {
        Some(text) => text,
        None => format!("{value:.exact$}"),
    };
    if precision == 0 && layout.alternate {
        text.push('.');
    }
    push_zeros(&mut text, precision - exact);
    text
}

/// The same where all fits machine words: most formats. std has to be ready for any precision, and is slower.
///
/// `value * 10**precision` is an integer of at most 53 + 63 bits, shifted to the right; what is shifted out decides how it is rounded.
fn fixed_in_words(value: f64, precision: usize) -> Option<String> {
    let (mantissa, exponent) = decompose(value);
    let shift = u32::try_from(-exponent).ok().filter(|&n| n < 128)?;
    let unit = 10_u64.checked_pow(u32::try_from(precision).ok()?)?;
    let scaled = u128::from(mantissa) * u128::from(unit);
    let whole = scaled.checked_shr(shift).filter(|_| shift > 0)?;
    let (rest, half) = (scaled - (whole << shift), 1 << (shift - 1));
    let up = rest > half || rest == half && whole % 2 == 1;
    let rounded = u64::try_from(whole).ok()?.checked_add(u64::from(up))?;
    if precision == 0 {
        return Some(rounded.to_string());
    }
    let decimals = rounded % unit;
    Some(format!("{}.{decimals:0precision$}", rounded / unit))
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
    use crate::text::oracle;

    #[test]
    fn layouts_agree_with_cpython() {
        for row in oracle::rows(include_str!("../oracle/float_digits.tsv")) {
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
    fn words_give_the_digits_that_std_gives() {
        let mut state = 1_u64;
        for step in 0..200_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let random = f64::from_bits(state >> 1);
            let value = match step % 4 {
                0 => random,
                1 => (state >> 40) as f64 / 1000.0,
                // Halfway, often.
                2 => (state >> 48) as f64 / 64.0,
                _ => (state >> 20) as f64 / 7.0,
            };
            let precision = (state >> 33) as usize % 21;
            if !value.is_finite() {
                continue;
            }
            if let Some(text) = fixed_in_words(value, precision) {
                assert_eq!(
                    text,
                    format!("{value:.precision$}"),
                    "{value:e} {precision}"
                );
            }
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
