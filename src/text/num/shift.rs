//! `<<` and `>>` of integers by integers of any size.
//!
//! `i64` as long as that holds the result. A result that no memory could hold is an error before anything is allocated.

use super::check_bits;
use crate::text::{Int, IntRef, TextError, TextResult};

/// `a << b`
pub fn int_shl(a: IntRef<'_>, b: IntRef<'_>) -> TextResult<Int> {
    check_count(b)?;
    if a.is_zero() {
        return Ok(Int::Small(0));
    }
    let places = b
        .to_i64()
        .ok_or_else(|| TextError::overflow("too many digits in integer"))?
        .unsigned_abs();
    if let IntRef::Small(a) = a
        && places < 64
    {
        return Ok(Int::from(i128::from(a) << places));
    }
    check_bits(u128::from(a.bit_length()) + u128::from(places))?;
    Ok((a.to_big().into_owned() << places).into())
}

/// `a >> b`: rounds towards minus infinity.
pub fn int_shr(a: IntRef<'_>, b: IntRef<'_>) -> TextResult<Int> {
    check_count(b)?;
    let all_gone = Int::Small(if a.is_negative() { -1 } else { 0 });
    let places = match b.to_i64() {
        Some(places) if places.unsigned_abs() <= a.bit_length() => places,
        _ => return Ok(all_gone),
    };
    Ok(match a {
        IntRef::Small(a) => Int::Small(a >> places.min(63)),
        IntRef::Big(a) => (a >> places.unsigned_abs()).into(),
    })
}

fn check_count(b: IntRef<'_>) -> TextResult<()> {
    if b.is_negative() {
        Err(TextError::value("negative shift count"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;

    use super::*;
    use crate::text::oracle::{self, Number, show_int};

    #[test]
    fn shifts_agree_with_cpython() {
        for row in oracle::rows(include_str!("../oracle/num_shift.tsv")) {
            let (a, b) = (Number::read(row[1]).int(), Number::read(row[2]).int());
            let shift = if row[0] == "<<" { int_shl } else { int_shr };
            oracle::check(shift(a.as_ref(), b.as_ref()).map(show_int), row[3], &row);
        }
    }

    #[test]
    fn shifts_beyond_memory_are_errors() {
        let huge = BigInt::from(1) << 80;
        let too_many = int_shl(IntRef::Small(1), IntRef::Big(&huge)).expect_err("too large");
        assert_eq!(too_many.message, "too many digits in integer");
        assert_eq!(
            int_shl(IntRef::Small(1), IntRef::Small(1 << 40)),
            Err(TextError::memory())
        );
        assert_eq!(
            int_shl(IntRef::Small(0), IntRef::Big(&huge)),
            Ok(Int::Small(0))
        );
        assert_eq!(
            int_shr(IntRef::Small(-5), IntRef::Big(&huge)),
            Ok(Int::Small(-1))
        );
    }
}
