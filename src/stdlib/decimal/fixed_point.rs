//! Binary fixed-point numbers for the elementary functions: integers in units of 2**-bits.
//!
//! Results are off by a few units. The constant is kept at the greatest precision that was asked for, because each function needs it.

use std::cell::RefCell;

use num_bigint::BigUint;
use num_traits::{One, ToPrimitive, Zero};

use super::coefficient::{Coef, Pause, check_bits, power_of_ten};
use crate::text::TextResult;
use crate::text::num::long_product::{multiply, quotient};

/// Bits that `digits` decimal digits take.
pub fn bits_of_digits(digits: u64) -> u64 {
    (digits.saturating_mul(3322) / 1000).saturating_add(2)
}

/// `a * b`
pub fn product(a: &BigUint, b: &BigUint, bits: u64, pause: &Pause<'_>) -> TextResult<BigUint> {
    Ok(multiply(a, b, &mut |n| pause(n))? >> bits)
}

/// `a / b`
pub fn ratio(a: &BigUint, b: &BigUint, bits: u64, pause: &Pause<'_>) -> TextResult<BigUint> {
    Ok(quotient(&(a << bits), b, &mut |n| pause(n))?.0)
}

/// `coef / 10**places` with so many bits.
pub fn of_decimal(coef: &Coef, places: u64, bits: u64, pause: &Pause<'_>) -> TextResult<BigUint> {
    check_bits(bits)?;
    let unit = power_of_ten(places, pause)?;
    Ok(quotient(&(coef.to_big() << bits), &unit, &mut |n| pause(n))?.0)
}

/// The number in units of 10**-places.
pub fn to_decimal(x: &BigUint, places: u64, bits: u64, pause: &Pause<'_>) -> TextResult<BigUint> {
    let unit = power_of_ten(places, pause)?;
    Ok(multiply(x, &unit, &mut |n| pause(n))? >> bits)
}

thread_local! {
    /// The logarithm of ten, with its bits.
    static LN10: RefCell<(u64, BigUint)> = const { RefCell::new((0, BigUint::ZERO)) };
}

/// The natural logarithm of ten.
pub fn ln10(bits: u64, pause: &Pause<'_>) -> TextResult<BigUint> {
    let known =
        LN10.with_borrow(|(known, value)| (*known >= bits).then(|| value >> (known - bits)));
    if let Some(value) = known {
        return Ok(value);
    }
    let work = bits + 16;
    let series = |factor: u32, x: u32| Ok(inverse_atanh(x, work, pause)? * factor);
    let sum: BigUint = series(46, 31)? + series(34, 49)? + series(20, 161)?;
    let value: BigUint = sum >> 16u8;
    LN10.with_borrow_mut(|kept| *kept = (bits, value.clone()));
    Ok(value)
}

/// `atanh(1 / x)`
fn inverse_atanh(x: u32, bits: u64, pause: &Pause<'_>) -> TextResult<BigUint> {
    check_bits(bits)?;
    let mut term = (BigUint::one() << bits) / x;
    let mut sum = term.clone();
    let mut k = 1u32;
    while !term.is_zero() {
        pause(term.bits() / 64 + 1)?;
        term /= x * x;
        k += 2;
        sum += &term / k;
    }
    Ok(sum)
}

/// `e**x`, `x` less than 4.
pub fn exp(x: &BigUint, bits: u64, pause: &Pause<'_>) -> TextResult<BigUint> {
    check_bits(bits)?;
    // Halvings cost a squaring each, and save terms of the series.
    let halvings = (bits.isqrt() * 2 / 3).max(8);
    let work = bits + halvings + 16;
    let x: BigUint = if work - bits >= halvings {
        x << (work - bits - halvings)
    } else {
        x >> (halvings + bits - work)
    };
    let one = BigUint::one() << work;
    let mut sum = &one + &x;
    let mut term = x.clone();
    let mut k = 1u32;
    loop {
        k += 1;
        term = product(&term, &x, work, pause)? / k;
        if term.is_zero() {
            break;
        }
        sum += &term;
        pause(1)?;
    }
    for _ in 0..halvings {
        sum = product(&sum, &sum, work, pause)?;
    }
    Ok(sum >> (work - bits))
}

/// The natural logarithm of `x`, which is at least 1 and less than 16.
pub fn ln(x: &BigUint, bits: u64, pause: &Pause<'_>) -> TextResult<BigUint> {
    check_bits(bits)?;
    // The precisions, from that of a float on: each step of Halley's method triples the correct bits.
    let mut steps = Vec::new();
    let mut wanted = bits + 8;
    while wanted > 45 {
        steps.push(wanted);
        wanted = wanted / 3 + 4;
    }
    let mut known = 60;
    let mut y = BigUint::from((to_f64(x, bits).ln().max(0.0) * 2f64.powi(60)) as u128);
    for &step in steps.iter().rev() {
        let x = scaled(x, bits, step);
        y = scaled(&y, known, step);
        known = step;
        let e = exp(&y, step, pause)?;
        let (is_low, gap) = if x >= e {
            (true, &x - &e)
        } else {
            (false, &e - &x)
        };
        let change = ratio(&(gap << 1u8), &(x + e), step, pause)?;
        y = if is_low {
            y + change
        } else if y >= change {
            y - change
        } else {
            BigUint::zero()
        };
    }
    Ok(scaled(&y, known, bits))
}

/// A number in units of 2**-from, in units of 2**-to.
fn scaled(x: &BigUint, from: u64, to: u64) -> BigUint {
    if to >= from {
        x << (to - from)
    } else {
        x >> (from - to)
    }
}

fn to_f64(x: &BigUint, bits: u64) -> f64 {
    let shift = x.bits().saturating_sub(64);
    let top = (x >> shift).to_u64().unwrap_or(u64::MAX) as f64;
    top * 2f64.powf(shift as f64 - bits as f64)
}
