//! Number theory of `math`: isqrt, gcd, lcm, factorial, comb, perm.
//!
//! Products of ranges are multiplied as a balanced tree, so that factors of like size meet. Contract: as elsewhere a
//! result of more than `MAX_INT_BITS` is a `MemoryError` before the work.

use num_bigint::BigUint;
use num_integer::Integer;
use num_traits::{One, ToPrimitive};

use super::check_bits;
use super::long_product::{self, PIECE};
use crate::text::pause::Pause;
use crate::text::{Int, IntRef, TextError, TextResult};

/// `math.isqrt(n)`
pub fn isqrt(n: IntRef<'_>, pause: &mut Pause<'_>) -> TextResult<Int> {
    if n.is_negative() {
        return Err(TextError::value("isqrt() argument must be nonnegative"));
    }
    Ok(match n {
        IntRef::Small(n) => Int::Small(n.isqrt()),
        IntRef::Big(n) => root(n.magnitude(), pause)?.into(),
    })
}

/// The integer part of a square root. Each turn doubles the number of bits that are right, with one division of a number of twice as
/// many: the last one costs as much as all before it.
fn root(n: &BigUint, pause: &mut Pause<'_>) -> TextResult<BigUint> {
    if n.bits() < PIECE {
        return Ok(n.sqrt());
    }
    let half = (n.bits() - 1) / 2;
    let mut root = BigUint::one();
    let mut known = 0;
    for shift in (0..u64::BITS - half.leading_zeros()).rev() {
        let bits = half >> shift;
        let top = n >> (2 * half - known - bits + 1);
        let (quotient, _) = long_product::quotient(&top, &root, pause)?;
        root = (root << (bits - known - 1)) + quotient;
        known = bits;
    }
    if long_product::multiply(&root, &root, pause)? > *n {
        root -= 1_u32;
    }
    Ok(root)
}

/// `math.gcd(a, b)`
pub fn gcd(a: IntRef<'_>, b: IntRef<'_>, pause: &mut Pause<'_>) -> TextResult<Int> {
    if let (IntRef::Small(a), IntRef::Small(b)) = (a, b) {
        return Ok(Int::from(a.unsigned_abs().gcd(&b.unsigned_abs())));
    }
    divisor(
        a.magnitude().into_owned(),
        b.magnitude().into_owned(),
        pause,
    )
    .map(Int::from)
}

/// The greatest common divisor by Lehmer's algorithm (Knuth 4.5.2, L): Euclid's steps are taken on the leading 63 bits as long as these
/// determine the quotients, then all of them at once on the whole numbers.
fn divisor(mut a: BigUint, mut b: BigUint, pause: &mut Pause<'_>) -> TextResult<BigUint> {
    if a < b {
        std::mem::swap(&mut a, &mut b);
    }
    while b.bits() > 64 {
        pause(a.bits() / 64 + 1)?;
        let shift = a.bits() - 63;
        let [p, q, r, s] = steps(&(&a >> shift), &(&b >> shift));
        if q == 0 {
            let (_, rest) = long_product::quotient(&a, &b, pause)?;
            a = std::mem::replace(&mut b, rest);
        } else {
            let next = combined(&a, &b, p, q);
            b = combined(&a, &b, r, s);
            a = next;
        }
    }
    Ok(match b.to_u64() {
        Some(0) => a,
        // The rest of a division by one word is a word.
        Some(word) => BigUint::from((&a % word).to_u64().unwrap_or(0).gcd(&word)),
        None => a.gcd(&b),
    })
}

/// The matrix of Euclid's steps on the leading words of two numbers; `[1, 0, 0, 1]` where not even one is certain.
fn steps(x: &BigUint, y: &BigUint) -> [i64; 4] {
    let word = |n: &BigUint| i128::from(n.to_u64().unwrap_or(0));
    let (mut x, mut y) = (word(x), word(y));
    let [mut p, mut q, mut r, mut s] = [1_i128, 0, 0, 1];
    while y + r != 0 && y + s != 0 {
        let quotient = (x + p) / (y + r);
        if quotient != (x + q) / (y + s) {
            break;
        }
        let next = [r, s, p - quotient * r, q - quotient * s];
        if next.iter().any(|n| n.abs() > 1 << 31) {
            break;
        }
        [p, q, r, s] = next;
        (x, y) = (y, x - quotient * y);
    }
    [p, q, r, s].map(|n| n as i64)
}

/// `a * p + b * q`, where one of the factors is not positive and the sum not negative.
fn combined(a: &BigUint, b: &BigUint, p: i64, q: i64) -> BigUint {
    let (left, right) = (a * p.unsigned_abs(), b * q.unsigned_abs());
    if q <= 0 { left - right } else { right - left }
}

/// `math.lcm(a, b)`
pub fn lcm(a: IntRef<'_>, b: IntRef<'_>, pause: &mut Pause<'_>) -> TextResult<Int> {
    if a.is_zero() || b.is_zero() {
        return Ok(Int::Small(0));
    }
    let divisor = gcd(a, b, pause)?;
    let (part, _) = long_product::quotient(&a.magnitude(), &divisor.as_ref().magnitude(), pause)?;
    long_product::multiply(&part, &b.magnitude(), pause).map(Int::from)
}

/// `math.factorial(n)`
pub fn factorial(n: IntRef<'_>, pause: &mut Pause<'_>) -> TextResult<Int> {
    if n.is_negative() {
        return Err(TextError::value(
            "factorial() not defined for negative values",
        ));
    }
    let too_large = || {
        TextError::overflow(format!(
            "factorial() argument should not exceed {}",
            i64::MAX
        ))
    };
    let n = n.to_i64().ok_or_else(too_large)?.unsigned_abs();
    // Half of the factors have at least one bit less than n: a lower bound of the size.
    check_bits(u128::from(n / 2) * u128::from(n.max(2).ilog2() - 1))?;
    product(2, n, pause).map(Int::from)
}

/// `math.comb(n, k)`: the ways to choose k of n.
pub fn comb(n: IntRef<'_>, k: IntRef<'_>, pause: &mut Pause<'_>) -> TextResult<Int> {
    let Some((n, k)) = choice(n, k)? else {
        return Ok(Int::Small(0));
    };
    let k = (&n - &k).min(k);
    let k = k.to_i64().ok_or_else(|| {
        TextError::overflow(format!("min(n - k, k) must not exceed {}", i64::MAX))
    })?;
    let ways = falling(&n, k.unsigned_abs(), pause)?;
    let orders = product(2, k.unsigned_abs(), pause)?;
    let (ways, _) = long_product::quotient(&ways, &orders, pause)?;
    Ok(ways.into())
}

/// `math.perm(n, k)`: the ways to arrange k of n.
pub fn perm(n: IntRef<'_>, k: IntRef<'_>, pause: &mut Pause<'_>) -> TextResult<Int> {
    let Some((n, k)) = choice(n, k)? else {
        return Ok(Int::Small(0));
    };
    let k = k
        .to_i64()
        .ok_or_else(|| TextError::overflow(format!("k must not exceed {}", i64::MAX)))?;
    falling(&n, k.unsigned_abs(), pause).map(Int::from)
}

/// Both numbers, or `None` when k is more than n.
fn choice(n: IntRef<'_>, k: IntRef<'_>) -> TextResult<Option<(BigUint, BigUint)>> {
    if n.is_negative() {
        return Err(TextError::value("n must be a non-negative integer"));
    }
    if k.is_negative() {
        return Err(TextError::value("k must be a non-negative integer"));
    }
    let (n, k) = (n.magnitude().into_owned(), k.magnitude().into_owned());
    Ok((k <= n).then_some((n, k)))
}

/// `n * (n - 1) * ...`, k factors.
fn falling(n: &BigUint, k: u64, pause: &mut Pause<'_>) -> TextResult<BigUint> {
    if k == 0 {
        return Ok(BigUint::one());
    }
    let low = n - (k - 1);
    check_bits(u128::from(k) * u128::from(low.bits() - 1))?;
    match n.to_u64() {
        Some(n) => product(n - (k - 1), n, pause),
        None => big_product(&low, k, pause),
    }
}

/// The product of the numbers from `low` to `high`; 1 if there are none.
fn product(low: u64, high: u64, pause: &mut Pause<'_>) -> TextResult<BigUint> {
    // Few enough that the word-sized loop wins over splitting.
    const RUN: u64 = 16;
    if low > high {
        return Ok(BigUint::one());
    }
    if high - low >= RUN {
        let middle = low + (high - low) / 2;
        let left = product(low, middle, pause)?;
        return long_product::multiply(&left, &product(middle + 1, high, pause)?, pause);
    }
    let mut total = BigUint::one();
    let mut word = 1u64;
    for factor in low..=high {
        word = word.checked_mul(factor).unwrap_or_else(|| {
            total *= word;
            factor
        });
    }
    pause(RUN)?;
    Ok(total * word)
}

/// The product of `count` numbers from `low` on.
fn big_product(low: &BigUint, count: u64, pause: &mut Pause<'_>) -> TextResult<BigUint> {
    if count == 1 {
        return Ok(low.clone());
    }
    let half = count / 2;
    let left = big_product(low, half, pause)?;
    let right = big_product(&(low + half), count - half, pause)?;
    long_product::multiply(&left, &right, pause)
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;
    use num_traits::Zero;

    use super::*;
    use crate::text::oracle::{self, Number, show_int};
    use crate::text::pause::unpaused;

    #[test]
    fn results_agree_with_cpython() {
        for row in oracle::rows(include_str!("../oracle/num_combinatorics.tsv")) {
            let int = |cell: &str| Number::read(cell).int();
            let (a, b) = (int(row[1]), int(row[2]));
            let (a, b) = (a.as_ref(), b.as_ref());
            let result = match row[0] {
                "isqrt" => isqrt(a, &mut unpaused),
                "gcd" => gcd(a, b, &mut unpaused),
                "lcm" => lcm(a, b, &mut unpaused),
                "factorial" => factorial(a, &mut unpaused),
                "comb" => comb(a, b, &mut unpaused),
                _ => perm(a, b, &mut unpaused),
            };
            oracle::check(result.map(show_int), row[3], &row);
        }
    }

    #[test]
    fn results_beyond_memory_are_errors() {
        let huge = BigInt::from(1) << 80;
        let (million, billion) = (IntRef::Small(1 << 40), IntRef::Small(1 << 41));
        assert_eq!(factorial(million, &mut unpaused), Err(TextError::memory()));
        assert_eq!(
            comb(billion, million, &mut unpaused),
            Err(TextError::memory())
        );
        assert_eq!(
            perm(IntRef::Big(&huge), million, &mut unpaused),
            Err(TextError::memory())
        );
        assert_eq!(
            comb(IntRef::Big(&huge), IntRef::Small(1), &mut unpaused),
            Ok(Int::Big(huge.clone()))
        );
    }

    #[test]
    fn large_factorials_have_their_zeros() {
        let value = factorial(IntRef::Small(1000), &mut unpaused)
            .expect("of moderate size")
            .into_big();
        assert_eq!(value.bits(), 8530);
        assert_eq!(value.trailing_zeros(), Some(994));
        assert!(!(value % BigInt::from(1009)).is_zero());
    }

    /// A number of so many bits, the same each time.
    fn number(bits: u64, seed: u64) -> BigUint {
        let mut state = seed;
        let digits = (0..bits / 32).map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32
        });
        BigUint::new(digits.collect()) | (BigUint::one() << (bits - 1))
    }

    #[test]
    fn long_divisors_and_roots_are_those_of_num_bigint() {
        for bits in [64, 70, 127, 1000, 9000, 20_000] {
            let (a, b, c) = (number(bits, 1), number(bits / 2 + 33, 2), number(bits, 3));
            for (x, y) in [
                (&a * &c, &b * &c),
                (a.clone(), &a * &b),
                (b.clone(), c.clone()),
            ] {
                assert_eq!(
                    divisor(x.clone(), y.clone(), &mut unpaused),
                    Ok(x.gcd(&y)),
                    "{bits}"
                );
            }
            for n in [&a * &a, &a * &a - 1_u32, &a * &a + 1_u32, &a * &b] {
                assert_eq!(root(&n, &mut unpaused), Ok(n.sqrt()), "{bits}");
            }
        }
    }

    #[test]
    fn long_work_pauses_and_may_end() {
        let (a, b) = (number(20_000, 1), number(20_000, 2));
        let mut end = |_| Err(TextError::ended());
        let ended = Err(TextError::ended());
        assert_eq!(divisor(a.clone(), b, &mut end), ended);
        assert_eq!(root(&a, &mut end), ended);
        assert_eq!(factorial(IntRef::Small(100), &mut end).map(|_| a), ended);
    }
}
