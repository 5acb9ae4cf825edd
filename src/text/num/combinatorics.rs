//! Number theory of `math`: isqrt, gcd, lcm, factorial, comb, perm.
//!
//! Products of ranges are multiplied as a balanced tree, so that factors of like size meet. Contract: as elsewhere a
//! result of more than `MAX_INT_BITS` is a `MemoryError` before the work.

use num_bigint::BigUint;
use num_integer::Integer;
use num_traits::{One, ToPrimitive};

use super::check_bits;
use crate::text::{Int, IntRef, TextError, TextResult};

/// `math.isqrt(n)`
pub fn isqrt(n: IntRef<'_>) -> TextResult<Int> {
    if n.is_negative() {
        return Err(TextError::value("isqrt() argument must be nonnegative"));
    }
    Ok(match n {
        IntRef::Small(n) => Int::Small(n.isqrt()),
        IntRef::Big(n) => n.magnitude().sqrt().into(),
    })
}

/// `math.gcd(a, b)`
pub fn gcd(a: IntRef<'_>, b: IntRef<'_>) -> Int {
    if let (IntRef::Small(a), IntRef::Small(b)) = (a, b) {
        return Int::from(a.unsigned_abs().gcd(&b.unsigned_abs()));
    }
    a.magnitude().gcd(&b.magnitude()).into()
}

/// `math.lcm(a, b)`
pub fn lcm(a: IntRef<'_>, b: IntRef<'_>) -> Int {
    if a.is_zero() || b.is_zero() {
        return Int::Small(0);
    }
    a.magnitude().lcm(&b.magnitude()).into()
}

/// `math.factorial(n)`
pub fn factorial(n: IntRef<'_>) -> TextResult<Int> {
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
    Ok(product(2, n).into())
}

/// `math.comb(n, k)`: the ways to choose k of n.
pub fn comb(n: IntRef<'_>, k: IntRef<'_>) -> TextResult<Int> {
    let Some((n, k)) = choice(n, k)? else {
        return Ok(Int::Small(0));
    };
    let k = (&n - &k).min(k);
    let k = k.to_i64().ok_or_else(|| {
        TextError::overflow(format!("min(n - k, k) must not exceed {}", i64::MAX))
    })?;
    falling(&n, k.unsigned_abs()).map(|ways| (ways / product(2, k.unsigned_abs())).into())
}

/// `math.perm(n, k)`: the ways to arrange k of n.
pub fn perm(n: IntRef<'_>, k: IntRef<'_>) -> TextResult<Int> {
    let Some((n, k)) = choice(n, k)? else {
        return Ok(Int::Small(0));
    };
    let k = k
        .to_i64()
        .ok_or_else(|| TextError::overflow(format!("k must not exceed {}", i64::MAX)))?;
    falling(&n, k.unsigned_abs()).map(Int::from)
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
fn falling(n: &BigUint, k: u64) -> TextResult<BigUint> {
    if k == 0 {
        return Ok(BigUint::one());
    }
    let low = n - (k - 1);
    check_bits(u128::from(k) * u128::from(low.bits() - 1))?;
    match n.to_u64() {
        Some(n) => Ok(product(n - (k - 1), n)),
        None => Ok(big_product(&low, k)),
    }
}

/// The product of the numbers from `low` to `high`; 1 if there are none.
fn product(low: u64, high: u64) -> BigUint {
    // Few enough that the word-sized loop wins over splitting.
    const RUN: u64 = 16;
    if low > high {
        return BigUint::one();
    }
    if high - low >= RUN {
        let middle = low + (high - low) / 2;
        return product(low, middle) * product(middle + 1, high);
    }
    let mut total = BigUint::one();
    let mut word = 1u64;
    for factor in low..=high {
        word = word.checked_mul(factor).unwrap_or_else(|| {
            total *= word;
            factor
        });
    }
    total * word
}

/// The product of `count` numbers from `low` on.
fn big_product(low: &BigUint, count: u64) -> BigUint {
    if count == 1 {
        return low.clone();
    }
    let half = count / 2;
    big_product(low, half) * big_product(&(low + half), count - half)
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;
    use num_traits::Zero;

    use super::*;
    use crate::text::oracle::{self, Number, show_int};

    #[test]
    fn results_agree_with_cpython() {
        for row in oracle::rows(include_str!("../oracle/num_combinatorics.tsv")) {
            let int = |cell: &str| Number::read(cell).int();
            let (a, b) = (int(row[1]), int(row[2]));
            let (a, b) = (a.as_ref(), b.as_ref());
            let result = match row[0] {
                "isqrt" => isqrt(a),
                "gcd" => Ok(gcd(a, b)),
                "lcm" => Ok(lcm(a, b)),
                "factorial" => factorial(a),
                "comb" => comb(a, b),
                _ => perm(a, b),
            };
            oracle::check(result.map(show_int), row[3], &row);
        }
    }

    #[test]
    fn results_beyond_memory_are_errors() {
        let huge = BigInt::from(1) << 80;
        let (million, billion) = (IntRef::Small(1 << 40), IntRef::Small(1 << 41));
        assert_eq!(factorial(million), Err(TextError::memory()));
        assert_eq!(comb(billion, million), Err(TextError::memory()));
        assert_eq!(perm(IntRef::Big(&huge), million), Err(TextError::memory()));
        assert_eq!(
            comb(IntRef::Big(&huge), IntRef::Small(1)),
            Ok(Int::Big(huge.clone()))
        );
    }

    #[test]
    fn large_factorials_have_their_zeros() {
        let value = factorial(IntRef::Small(1000))
            .expect("of moderate size")
            .into_big();
        assert_eq!(value.bits(), 8530);
        assert_eq!(value.trailing_zeros(), Some(994));
        assert!(!(value % BigInt::from(1009)).is_zero());
    }
}
