//! Integers to and from bytes, in two's complement when signed: `int.to_bytes` and `int.from_bytes`.
//!
//! Pure: from `IntRef` to bytes and back. Overflow and negative numbers without `signed` are errors in CPython's words.

use num_bigint::{BigInt, BigUint};

use crate::text::{Int, IntRef, TextError, TextResult, check_text_size};

/// Which byte comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// The least significant one.
    Little,
    /// The most significant one.
    Big,
}

/// Whether negative numbers have bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signedness {
    /// Two's complement.
    Signed,
    /// No negative numbers.
    Unsigned,
}

impl ByteOrder {
    /// The order that a program names.
    pub fn named(name: &str) -> TextResult<ByteOrder> {
        match name {
            "little" => Ok(ByteOrder::Little),
            "big" => Ok(ByteOrder::Big),
            _ => Err(TextError::value(
                "byteorder must be either 'little' or 'big'",
            )),
        }
    }
}

/// `value.to_bytes(length, order, signed=...)`
pub fn to_bytes(
    value: IntRef<'_>,
    length: i64,
    order: ByteOrder,
    signed: Signedness,
) -> TextResult<Vec<u8>> {
    let Ok(length) = usize::try_from(length) else {
        return Err(TextError::value("length argument must be non-negative"));
    };
    if signed == Signedness::Unsigned && value.is_negative() {
        return Err(TextError::overflow(
            "can't convert negative int to unsigned",
        ));
    }
    check_text_size(length)?;
    let mut bytes = match signed {
        _ if value.is_zero() => Vec::new(),
        Signedness::Signed => value.to_big().to_signed_bytes_le(),
        Signedness::Unsigned => value.magnitude().to_bytes_le(),
    };
    if bytes.len() > length {
        return Err(TextError::overflow("int too big to convert"));
    }
    bytes.resize(length, if value.is_negative() { 0xff } else { 0 });
    if order == ByteOrder::Big {
        bytes.reverse();
    }
    Ok(bytes)
}

/// `int.from_bytes(bytes, order, signed=...)`
pub fn from_bytes(bytes: &[u8], order: ByteOrder, signed: Signedness) -> Int {
    match (signed, order) {
        (Signedness::Signed, ByteOrder::Little) => BigInt::from_signed_bytes_le(bytes).into(),
        (Signedness::Signed, ByteOrder::Big) => BigInt::from_signed_bytes_be(bytes).into(),
        (Signedness::Unsigned, ByteOrder::Little) => BigUint::from_bytes_le(bytes).into(),
        (Signedness::Unsigned, ByteOrder::Big) => BigUint::from_bytes_be(bytes).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_round_trip_and_overflow() {
        use {ByteOrder::*, Signedness::*};
        for n in [0, 1, -1, 127, 128, -128, -129, 255, 256, i64::MAX, i64::MIN] {
            let bytes = to_bytes(IntRef::Small(n), 9, Big, Signed).expect("nine bytes suffice");
            assert_eq!(from_bytes(&bytes, Big, Signed), Int::Small(n));
        }
        assert_eq!(
            to_bytes(IntRef::Small(1024), 4, Little, Unsigned),
            Ok(vec![0, 4, 0, 0])
        );
        assert_eq!(to_bytes(IntRef::Small(0), 0, Big, Unsigned), Ok(vec![]));
        assert_eq!(
            to_bytes(IntRef::Small(128), 1, Big, Signed)
                .expect_err("a sign bit")
                .message,
            "int too big to convert"
        );
        assert_eq!(from_bytes(b"", Big, Signed), Int::Small(0));
    }
}
