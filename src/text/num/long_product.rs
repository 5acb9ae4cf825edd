//! Products, powers and quotients of integers so long that one of them takes noticeable time.
//!
//! num-bigint computes a product in one go, which nothing can interrupt. Here long operands are cut until each piece takes a few
//! milliseconds at most; before each piece `pause` is called with the number of 64-bit digits that the piece handles, and may end the work
//! with an error. Products are cut as Karatsuba does, quotients digit by digit in a base of many bits (Knuth, 4.3.1 and 4.3.3).

use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_traits::{One, Zero};

/// Operands below so many bits are left to num-bigint. Tests cut small numbers, too.
pub const PIECE: u64 = if cfg!(test) { 1 << 12 } else { 1 << 18 };
/// Moduli of more than so many 64-bit digits are long.
const LONG_MODULUS: u64 = if cfg!(test) { 8 } else { 512 };
/// Digits of a number that a piece works on, in bits: quotients take time in proportion to both lengths.
const QUOTIENT_PIECE: u64 = if cfg!(test) { 1 << 22 } else { 1 << 34 };

/// `x * y`
pub fn product<E>(
    x: &BigInt,
    y: &BigInt,
    pause: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<BigInt, E> {
    if x.bits().min(y.bits()) < PIECE && x.bits().max(y.bits()) < PIECE * 8 {
        return Ok(x * y);
    }
    let size = multiply(x.magnitude(), y.magnitude(), pause)?;
    Ok(BigInt::from_biguint(x.sign() * y.sign(), size))
}

/// `x * y` of numbers that are not negative.
pub fn multiply<E>(
    x: &BigUint,
    y: &BigUint,
    pause: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<BigUint, E> {
    let (long, short) = if x.bits() >= y.bits() { (x, y) } else { (y, x) };
    if short.bits() < PIECE && long.bits() < PIECE * 8 {
        pause(long.bits() / 64)?;
        return Ok(long * short);
    }
    let half = (long.bits() / 2).next_multiple_of(64);
    let (high, low) = cut(long, half);
    if short.bits() <= half {
        let high = multiply(&high, short, pause)?;
        return Ok((high << half) + multiply(&low, short, pause)?);
    }
    let (other_high, other_low) = cut(short, half);
    let lows = multiply(&low, &other_low, pause)?;
    let highs = multiply(&high, &other_high, pause)?;
    let middle = multiply(&(high + low), &(other_high + other_low), pause)? - &lows - &highs;
    Ok((highs << (2 * half)) + (middle << half) + lows)
}

/// The bits from `at` on, and those below.
fn cut(x: &BigUint, at: u64) -> (BigUint, BigUint) {
    let digits = x.to_u64_digits();
    let at = (at / 64) as usize;
    let (low, high) = digits.split_at(at.min(digits.len()));
    (of_digits(high), of_digits(low))
}

fn of_digits(digits: &[u64]) -> BigUint {
    let halves = digits.iter().flat_map(|&d| [d as u32, (d >> 32) as u32]);
    BigUint::new(halves.collect())
}

/// `base ** exponent`
pub fn power<E>(
    base: &BigUint,
    exponent: u32,
    pause: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<BigUint, E> {
    if base.bits().saturating_mul(u64::from(exponent)) < PIECE {
        return Ok(base.pow(exponent));
    }
    let mut result = BigUint::one();
    for bit in (0..u32::BITS - exponent.leading_zeros()).rev() {
        result = multiply(&result, &result, pause)?;
        if exponent >> bit & 1 == 1 {
            result = multiply(&result, base, pause)?;
        }
    }
    Ok(result)
}

/// Quotient and rest of two numbers, the divisor not zero.
pub fn quotient<E>(
    x: &BigUint,
    y: &BigUint,
    pause: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<(BigUint, BigUint), E> {
    let piece = (QUOTIENT_PIECE / y.bits().max(1))
        .next_multiple_of(64)
        .max(64);
    if x.bits().saturating_sub(y.bits()) <= piece {
        return Ok(x.div_rem(y));
    }
    let digits = x.to_u64_digits();
    let (mut result, mut rest) = (Vec::new(), BigUint::zero());
    for digit in digits.chunks((piece / 64) as usize).rev() {
        pause(piece / 64)?;
        let bits = digit.len() as u64 * 64;
        let (q, r) = ((rest << bits) + of_digits(digit)).div_rem(y);
        rest = r;
        result.push((q, digit.len()));
    }
    let mut all = Vec::with_capacity(digits.len());
    for (q, len) in result.into_iter().rev() {
        let mut part = q.to_u64_digits();
        part.resize(len, 0);
        all.extend(part);
    }
    Ok((of_digits(&all), rest))
}

/// `base ** exponent % modulus` of numbers that are not negative, the base below the modulus.
pub fn power_below<E>(
    base: &BigUint,
    exponent: &BigUint,
    modulus: &BigUint,
    pause: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<BigUint, E> {
    let digits = modulus.bits() / 64 + 1;
    if digits > LONG_MODULUS {
        return power_below_long(base, exponent, modulus, pause);
    }
    // One digit of the exponent takes 64 squarings, each of which handles so many digits.
    let piece = ((1 << 20) / (digits * digits)).clamp(1, 1 << 20) as usize;
    if exponent.bits() <= piece as u64 * 64 {
        pause(digits * digits / 64)?;
        return Ok(base.modpow(exponent, modulus));
    }
    let exponent = exponent.to_u64_digits();
    let mut result = BigUint::one();
    for part in exponent.chunks(piece).rev() {
        pause(digits * digits)?;
        let shift = BigUint::one() << (part.len() * 64);
        result = result.modpow(&shift, modulus) * base.modpow(&of_digits(part), modulus) % modulus;
    }
    Ok(result)
}

/// `power_below` where 64 squarings below the modulus take noticeable time: squared and multiplied bit by bit.
fn power_below_long<E>(
    base: &BigUint,
    exponent: &BigUint,
    modulus: &BigUint,
    pause: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<BigUint, E> {
    let mut result = BigUint::one();
    for bit in (0..exponent.bits()).rev() {
        result = multiply(&result, &result, pause)?;
        result = quotient(&result, modulus, pause)?.1;
        if exponent.bit(bit) {
            result = multiply(&result, base, pause)?;
            result = quotient(&result, modulus, pause)?.1;
        }
        pause(result.bits() / 64)?;
    }
    Ok(result)
}

/// The decimal digits of a number.
pub fn decimal<E>(x: &BigUint, pause: &mut dyn FnMut(u64) -> Result<(), E>) -> Result<String, E> {
    if x.bits() < PIECE / 8 {
        return Ok(x.to_string());
    }
    // The powers of ten at which the number is cut, each the square of the one before.
    let mut powers = vec![(19_usize, BigUint::from(10_u64.pow(19)))];
    while let Some((places, last)) = powers.last()
        && last.bits() * 2 <= x.bits()
    {
        let next = (places * 2, multiply(last, last, pause)?);
        powers.push(next);
    }
    let mut out = String::new();
    push_decimal(x, &powers, false, &mut out, pause)?;
    Ok(out)
}

fn push_decimal<E>(
    x: &BigUint,
    powers: &[(usize, BigUint)],
    is_padded: bool,
    out: &mut String,
    pause: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<(), E> {
    let Some(((places, power), smaller)) = powers.split_last() else {
        let text = x.to_string();
        out.extend(std::iter::repeat_n(
            '0',
            if is_padded {
                19_usize.saturating_sub(text.len())
            } else {
                0
            },
        ));
        out.push_str(&text);
        return Ok(());
    };
    if power.bits() < PIECE / 8 {
        pause(x.bits() / 64 + 1)?;
        let text = x.to_string();
        let zeros = if is_padded {
            (2 * places).saturating_sub(text.len())
        } else {
            0
        };
        out.extend(std::iter::repeat_n('0', zeros));
        out.push_str(&text);
        return Ok(());
    }
    let (high, low) = quotient(x, power, pause)?;
    if is_padded || !high.is_zero() {
        push_decimal(&high, smaller, is_padded, out, pause)?;
        push_decimal(&low, smaller, true, out, pause)
    } else {
        push_decimal(&low, smaller, false, out, pause)
    }
}

/// The number of which these are the digits, in a base.
pub fn of_text<E>(
    figures: &[u8],
    base: u32,
    pause: &mut dyn FnMut(u64) -> Result<(), E>,
) -> Result<BigUint, E> {
    const CHUNK: usize = 4096;
    let parse =
        |part: &[u8]| BigUint::parse_bytes(part, base).expect("digits of the base were read");
    let mut parts = Vec::new();
    // From the end, so that all but the first part have the same length.
    for part in figures.rchunks(CHUNK) {
        pause(part.len() as u64)?;
        parts.push(parse(part));
    }
    let mut unit = power(&BigUint::from(base), CHUNK as u32, pause)?;
    while parts.len() > 1 {
        let mut joined = Vec::with_capacity(parts.len().div_ceil(2));
        for pair in parts.chunks(2) {
            joined.push(match pair {
                [low, high] => multiply(high, &unit, pause)? + low,
                _ => pair[0].clone(),
            });
        }
        parts = joined;
        if parts.len() > 1 {
            unit = multiply(&unit, &unit, pause)?;
        }
    }
    Ok(parts.pop().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(bits: u64, seed: u64) -> BigUint {
        let mut state = seed;
        let digits = (0..bits / 32).map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 32) as u32
        });
        BigUint::new(digits.collect())
    }

    fn count(pauses: &mut u64) -> impl FnMut(u64) -> Result<(), ()> + '_ {
        move |_| {
            *pauses += 1;
            Ok(())
        }
    }

    #[test]
    fn pieces_make_the_same_numbers() {
        let mut pauses = 0;
        for (n, m) in [
            (PIECE * 3, PIECE * 2),
            (PIECE * 10, 640),
            (PIECE * 2, PIECE * 2),
        ] {
            let (x, y) = (number(n, 1), number(m, 2));
            assert_eq!(multiply(&x, &y, &mut count(&mut pauses)), Ok(&x * &y));
        }
        let (x, y) = (number(1 << 14, 3), number(1 << 11, 4));
        assert_eq!(quotient(&x, &y, &mut count(&mut pauses)), Ok(x.div_rem(&y)));
        assert_eq!(
            power(&number(64, 5), 900, &mut count(&mut pauses)),
            Ok(number(64, 5).pow(900))
        );
        assert!(pauses > 20, "{pauses}");
    }

    #[test]
    fn texts_of_pieces_are_those_of_the_whole() {
        let mut pauses = 0;
        for bits in [64, PIECE / 8, PIECE / 4 + 64, PIECE] {
            let x = number(bits, bits);
            let text = decimal(&x, &mut count(&mut pauses)).expect("nothing ends the work");
            assert_eq!(text, x.to_string());
            assert_eq!(of_text(text.as_bytes(), 10, &mut count(&mut pauses)), Ok(x));
        }
        let ten = BigUint::from(10_u32).pow(2_000);
        assert_eq!(decimal(&ten, &mut count(&mut pauses)), Ok(ten.to_string()));
    }

    #[test]
    fn powers_below_a_modulus_are_those_of_num_bigint() {
        let mut pauses = 0;
        let (base, exponent, modulus) = (number(4096, 1), number(20_000, 2), number(4160, 3));
        let base = base % &modulus;
        let found = power_below(&base, &exponent, &modulus, &mut count(&mut pauses));
        assert_eq!(found, Ok(base.modpow(&exponent, &modulus)));
    }

    #[test]
    fn an_error_ends_the_work() {
        let x = number(PIECE * 4, 1);
        assert_eq!(multiply(&x, &x, &mut |_| Err("enough")), Err("enough"));
    }
}
