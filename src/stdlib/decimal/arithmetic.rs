//! Sums, products, signs, comparisons, extremes.
//!
//! Operands are finite numbers, infinities or NaNs; each function handles all. Results are rounded by the environment, which also notes
//! conditions. To add an operation: a function with the signature of `methods::Unary` or `Binary`.

use std::cmp::Ordering;

use super::coefficient::{Coef, POWERS, Rest, SMALL_DIGITS, digits_of};
use super::environment::condition::{INEXACT, INVALID_OPERATION, ROUNDED};
use super::environment::{Computed, Env, Rounding};
use super::number::{Kind, Number, Sign};
use super::wide::Wide;

/// `a + b`
pub fn add(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    add_signed(env, a, b, b.sign)
}

/// `a - b`
pub fn subtract(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    add_signed(env, a, b, b.sign.opposite())
}

/// `a + b` where `b` has another sign.
fn add_signed(env: &Env<'_>, a: &Number, b: &Number, b_sign: Sign) -> Computed {
    if a.is_finite() && b.is_finite() {
        return add_finite(env, (a.sign, &a.coef, a.exp), (b_sign, &b.coef, b.exp));
    }
    if let Some(nan) = env.nan_of(&[a, b])? {
        return Ok(nan);
    }
    match (a.is_infinite(), b.is_infinite()) {
        (true, true) if a.sign != b_sign => Ok(env.invalid(INVALID_OPERATION)),
        (true, _) => Ok(a.clone()),
        _ => Ok(Number::infinity(b_sign)),
    }
}

/// Sign, coefficient and exponent.
type Parts<'a> = (Sign, &'a Coef, i64);

fn add_finite(env: &Env<'_>, a: Parts<'_>, b: Parts<'_>) -> Computed {
    let (high, low) = if a.2 >= b.2 { (a, b) } else { (b, a) };
    let gap = high.2.abs_diff(low.2);
    if let (Coef::Small(x), Coef::Small(y)) = (high.1, low.1)
        && (gap == 0 || *x != 0 && gap <= SMALL_DIGITS - digits_of(*x))
    {
        let x = x * POWERS[gap as usize];
        let (sign, coef) = if high.0 == low.0 {
            (high.0, x + y)
        } else if x > *y {
            (high.0, x - y)
        } else if x < *y {
            (low.0, y - x)
        } else {
            (sign_of_zero(env), 0)
        };
        let sign = if coef == 0 && high.0 == low.0 {
            high.0
        } else {
            sign
        };
        return env.finish(sign, Coef::from(coef), low.2);
    }
    add_far(env, high, low)
}

/// The sign of a sum of two numbers that cancel.
fn sign_of_zero(env: &Env<'_>) -> Sign {
    Sign::of(env.rounding == Rounding::Floor)
}

/// The sum of two finite numbers, the first of which has the greater exponent.
fn add_far(env: &Env<'_>, high: Parts<'_>, low: Parts<'_>) -> Computed {
    if high.1.is_zero() {
        let sign = if low.1.is_zero() && high.0 != low.0 {
            sign_of_zero(env)
        } else {
            low.0
        };
        return env.finish(sign, low.1.clone(), low.2);
    }
    if low.1.is_zero() {
        // The result has the lower exponent, as far as the precision allows.
        let first = high.2 + high.1.digits() as i64;
        let exp = low
            .2
            .max(first.saturating_sub(env.prec).saturating_sub(1))
            .min(high.2);
        let coef = high.1.raised(high.2.abs_diff(exp), env.pause)?;
        return env.finish(high.0, coef, exp);
    }
    // Where `low` lies wholly below the digits of the result, one unit there stands for it.
    let digits = high.1.digits() as i64;
    let floor = high
        .2
        .saturating_add((digits.saturating_sub(env.prec).saturating_sub(2)).min(-1));
    let low_top = low.2 + low.1.digits() as i64 - 1;
    let (low_coef, exp) = if low_top < floor {
        (&Coef::ONE, floor)
    } else {
        (low.1, low.2)
    };
    let high_coef = high.1.raised(high.2.abs_diff(exp), env.pause)?;
    if high.0 == low.0 {
        return env.finish(high.0, high_coef.plus(low_coef), exp);
    }
    let (coef, order) = high_coef.minus(low_coef);
    let sign = match order {
        Ordering::Greater => high.0,
        Ordering::Less => low.0,
        Ordering::Equal => sign_of_zero(env),
    };
    env.finish(sign, coef, exp)
}

/// `a * b`
pub fn multiply(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    let sign = a.sign.times(b.sign);
    if a.is_finite() && b.is_finite() {
        let exp = a.exp + b.exp;
        if let (Coef::Small(x), Coef::Small(y)) = (&a.coef, &b.coef) {
            return match x.checked_mul(*y) {
                Some(product) => env.finish(sign, Coef::from(product), exp),
                None => multiply_wide(env, sign, (*x, *y), exp),
            };
        }
        let product = a.coef.times(&b.coef, env.pause)?;
        return env.finish(sign, product, exp);
    }
    if let Some(nan) = env.nan_of(&[a, b])? {
        return Ok(nan);
    }
    if a.is_zero() || b.is_zero() {
        return Ok(env.invalid(INVALID_OPERATION));
    }
    Ok(Number::infinity(sign))
}

/// The rounded product of two small coefficients that is too long for a small one.
fn multiply_wide(env: &Env<'_>, sign: Sign, (x, y): (u128, u128), exp: i64) -> Computed {
    let product = Wide::product(x, y);
    let both = digits_of(x) + digits_of(y);
    // The product has as many digits as both factors, or one less.
    let half = both / 2;
    let least = Wide::product(POWERS[half as usize], POWERS[(both - 1 - half) as usize]);
    let digits = (both - u64::from(product < least)) as i64;
    let (drop, adjusted) = (digits - env.prec, exp.saturating_add(digits - 1));
    let is_plain = adjusted < env.emax && adjusted >= env.emin && !env.clamp;
    if !is_plain || drop <= 0 || drop > SMALL_DIGITS as i64 || env.prec > SMALL_DIGITS as i64 - 1 {
        return env.finish(sign, Coef::from(product.to_big()), exp);
    }
    let unit = POWERS[drop as usize];
    let (coef, rest) = product.div_rem(unit);
    let rest = Rest::of_half(rest == 0, (rest << 1).cmp(&unit));
    env.note(ROUNDED | if rest.is_inexact() { INEXACT } else { 0 });
    env.finish_rounded(sign, Coef::from(coef), exp + drop, rest)
}

/// `a * b + c`, rounded once.
pub fn fma(env: &Env<'_>, a: &Number, b: &Number, c: &Number) -> Computed {
    if a.is_finite() && b.is_finite() {
        let product = a.coef.times(&b.coef, env.pause)?;
        let product = Number::finite(a.sign.times(b.sign), product, a.exp + b.exp);
        return add(env, &product, c);
    }
    if let Some(nan) = fma_nan(env, a, b, c)? {
        return Ok(nan);
    }
    let product = multiply(env, a, b)?;
    if product.is_nan() {
        return Ok(product);
    }
    add(env, &product, c)
}

fn fma_nan(
    env: &Env<'_>,
    a: &Number,
    b: &Number,
    c: &Number,
) -> crate::text::TextResult<Option<Number>> {
    if a.is_nan() || b.is_nan() {
        env.nan_of(&[a, b, c])
    } else {
        Ok(None)
    }
}

/// `+a`
pub fn plus(env: &Env<'_>, a: &Number) -> Computed {
    signed(env, a, a.sign)
}

/// `-a`
pub fn minus(env: &Env<'_>, a: &Number) -> Computed {
    signed(env, a, a.sign.opposite())
}

/// `a` with a sign, rounded; a zero becomes positive unless rounding goes down.
fn signed(env: &Env<'_>, a: &Number, sign: Sign) -> Computed {
    if let Some(nan) = env.nan_of(&[a])? {
        return Ok(nan);
    }
    let sign = if a.is_zero() && env.rounding != Rounding::Floor {
        Sign::Plus
    } else {
        sign
    };
    env.fix(&a.with_sign(sign))
}

/// `abs(a)`
pub fn absolute(env: &Env<'_>, a: &Number) -> Computed {
    match env.nan_of(&[a])? {
        Some(nan) => Ok(nan),
        None => env.fix(&a.magnitude()),
    }
}

/// -1, 0 or 1, or a NaN.
pub fn compare(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    match env.nan_of(&[a, b])? {
        Some(nan) => Ok(nan),
        None => Ok(Number::of_order(a.compare(b))),
    }
}

/// `compare`, where each NaN is an invalid operation.
pub fn compare_signal(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    if a.is_nan() || b.is_nan() {
        env.note(INVALID_OPERATION);
    }
    compare(env, a, b)
}

/// The order of all representations as -1, 0 or 1.
pub fn compare_total(_: &Env<'_>, a: &Number, b: &Number) -> Computed {
    Ok(Number::of_order(a.compare_total(b)))
}

/// `compare_total` of the absolute values.
pub fn compare_total_mag(_: &Env<'_>, a: &Number, b: &Number) -> Computed {
    Ok(Number::of_order(
        a.magnitude().compare_total(&b.magnitude()),
    ))
}

/// The greater one; a number rather than a quiet NaN.
pub fn max(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    extreme(env, a, b, |a, b| {
        a.compare(b).then_with(|| a.compare_total(b))
    })
}

/// The smaller one.
pub fn min(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    extreme(env, a, b, |a, b| {
        b.compare(a).then_with(|| b.compare_total(a))
    })
}

/// The one with the greater absolute value.
pub fn max_mag(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    extreme(env, a, b, |a, b| {
        a.magnitude()
            .compare(&b.magnitude())
            .then_with(|| a.compare_total(b))
    })
}

/// The one with the smaller absolute value.
pub fn min_mag(env: &Env<'_>, a: &Number, b: &Number) -> Computed {
    extreme(env, a, b, |a, b| {
        b.magnitude()
            .compare(&a.magnitude())
            .then_with(|| b.compare_total(a))
    })
}

fn extreme(
    env: &Env<'_>,
    a: &Number,
    b: &Number,
    order: impl Fn(&Number, &Number) -> Ordering,
) -> Computed {
    match (a.kind, b.kind) {
        (Kind::Quiet, Kind::Finite | Kind::Infinite) => return env.fix(b),
        (Kind::Finite | Kind::Infinite, Kind::Quiet) => return env.fix(a),
        _ => {}
    }
    if let Some(nan) = env.nan_of(&[a, b])? {
        return Ok(nan);
    }
    env.fix(if order(a, b) == Ordering::Less { b } else { a })
}
