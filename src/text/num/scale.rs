//! Floats from exact binary numbers, rounded once: the end of every conversion to float that must be correctly rounded.
//!
//! Contract: half to even, subnormals included; a magnitude beyond the largest float is `None`, never infinity.

/// The float nearest to `(mantissa + f) * 2**exponent`, where `f` is 0, or strictly between 0 and 1 when `sticky`.
///
/// With `sticky` the mantissa must have at least 55 bits, so that `f` lies below the last bit that rounding looks at.
pub fn scale_round(mantissa: u64, sticky: bool, exponent: i64) -> Option<f64> {
    if mantissa == 0 {
        return Some(0.0);
    }
    let bits = i64::from(64 - mantissa.leading_zeros());
    let top = exponent.saturating_add(bits - 1);
    if top > 1023 {
        return None;
    }
    if top < -1075 {
        return Some(0.0);
    }
    // The exponent of the result's last bit: 53 bits below the top, but not below the smallest subnormal.
    let last = (top - 52).max(-1074);
    let rounded = round_shift(mantissa, sticky, last - exponent);
    let value = rounded as f64 * power_of_two(last);
    value.is_finite().then_some(value)
}

/// `mantissa / 2**shift` rounded half to even, or `mantissa * 2**-shift` when `shift` is negative.
fn round_shift(mantissa: u64, sticky: bool, shift: i64) -> u64 {
    if shift <= 0 {
        return mantissa << -shift;
    }
    // The top is at most one place below the last bit, so at most 64 bits go.
    if shift == 64 {
        let half = 1 << 63;
        return u64::from(mantissa > half || (mantissa == half && sticky));
    }
    let kept = mantissa >> shift;
    let rest = mantissa & ((1 << shift) - 1);
    let half = 1 << (shift - 1);
    let up = rest > half || (rest == half && (sticky || kept & 1 == 1));
    kept + u64::from(up)
}

/// `2**exponent` for an exponent from -1074 to 1023, exactly.
fn power_of_two(exponent: i64) -> f64 {
    if exponent >= -1022 {
        f64::from_bits(((exponent + 1023) as u64) << 52)
    } else {
        f64::from_bits(1 << (exponent + 1074))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_half_to_even() {
        let one = 1u64 << 53;
        assert_eq!(scale_round(one + 1, false, 0), Some(one as f64));
        assert_eq!(scale_round(one + 3, false, 0), Some((one + 4) as f64));
        assert_eq!(
            scale_round((one + 1) << 2, true, 0),
            Some(((one + 2) << 2) as f64)
        );
    }

    #[test]
    fn keeps_to_the_range_of_floats() {
        assert_eq!(scale_round(u64::MAX >> 11, false, 971), Some(f64::MAX));
        assert_eq!(scale_round(u64::MAX >> 10, false, 970), None);
        assert_eq!(scale_round(1, false, -1074), Some(5e-324));
        assert_eq!(scale_round(1, false, -1075), Some(0.0));
        assert_eq!(scale_round(3, false, -1076), Some(5e-324));
        assert_eq!(scale_round(1 << 63, true, -1138), Some(5e-324));
        assert_eq!(scale_round(1 << 63, false, -1138), Some(0.0));
        assert_eq!(scale_round(1, false, i64::MIN), Some(0.0));
        assert_eq!(scale_round(1, false, i64::MAX), None);
    }

    #[test]
    fn every_float_scales_to_itself() {
        for bits in [
            1u64,
            0xf_ffff_ffff_ffff,
            0x10_0000_0000_0000,
            0x3ff0_0000_0000_0001,
            0x7fef_ffff_ffff_ffff,
        ] {
            let value = f64::from_bits(bits);
            let (mantissa, exponent) = match bits >> 52 {
                0 => (bits, -1074),
                biased => (bits & ((1 << 52) - 1) | 1 << 52, biased as i64 - 1075),
            };
            assert_eq!(scale_round(mantissa, false, exponent), Some(value));
        }
    }
}
