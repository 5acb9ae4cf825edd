//! MT19937, the Mersenne Twister, seeded as CPython seeds it.
//!
//! Source: M. Matsumoto and T. Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudorandom
//! number generator" (1998), with their seeding by an array of 2002. Contract: bit for bit CPython's `_random.Random`.

use num_bigint::BigUint;
use num_traits::{ToPrimitive, Zero};
use sha2::{Digest, Sha512};

use crate::text::{TextError, TextResult, check_text_size};

/// Words of state.
const N: usize = 624;
/// How far apart the words are that make a new one.
const M: usize = 397;

/// The generator of 32-bit words.
#[derive(Clone, Debug)]
pub struct Mersenne {
    words: Box<[u32; N]>,
    /// The next word to give out; `N` when all are spent.
    next: usize,
    /// Set where the words are no twister's but a secret stream.
    secret: Option<Secret>,
}

/// A stream of words that nobody can predict: SHA-512 of a key from the system and a counter.
#[derive(Clone, Debug)]
struct Secret {
    key: Vec<u8>,
    count: u64,
}

impl Mersenne {
    /// Seeded by an integer without sign.
    pub fn from_magnitude(seed: &BigUint) -> Self {
        let digits = seed.to_u32_digits();
        Self::from_key(if digits.is_empty() { &[0] } else { &digits })
    }

    /// Seeded by bytes: they and their SHA-512 are one big-endian integer.
    pub fn from_bytes(seed: &[u8]) -> Self {
        let mut bytes = seed.to_vec();
        bytes.extend_from_slice(&Sha512::digest(seed));
        Self::from_magnitude(&BigUint::from_bytes_be(&bytes))
    }

    /// Seeded by words, of which there is at least one.
    pub fn from_key(key: &[u32]) -> Self {
        let mut words = Self::from_word(19_650_218);
        let mut at = 1;
        for step in 0..N.max(key.len()) {
            let place = step % key.len();
            let mixed = words[at] ^ (words[at - 1] ^ words[at - 1] >> 30).wrapping_mul(1_664_525);
            words[at] = mixed.wrapping_add(key[place]).wrapping_add(place as u32);
            at = advance(&mut words, at);
        }
        for _ in 1..N {
            let mixed =
                words[at] ^ (words[at - 1] ^ words[at - 1] >> 30).wrapping_mul(1_566_083_941);
            words[at] = mixed.wrapping_sub(at as u32);
            at = advance(&mut words, at);
        }
        words[0] = 1 << 31;
        Self {
            words,
            next: N,
            secret: None,
        }
    }

    /// A source of words that cannot be predicted without the key.
    pub fn secret(key: Vec<u8>) -> Self {
        Self {
            secret: Some(Secret { key, count: 0 }),
            ..Self::from_key(&[0])
        }
    }

    fn from_word(seed: u32) -> Box<[u32; N]> {
        let mut words = Box::new([seed; N]);
        for at in 1..N {
            let last = words[at - 1];
            words[at] = (last ^ last >> 30)
                .wrapping_mul(1_812_433_253)
                .wrapping_add(at as u32);
        }
        words
    }

    /// The state as `getstate()` shows it: the words and then the position.
    pub fn state(&self) -> Vec<u32> {
        let mut state = self.words.to_vec();
        state.push(self.next as u32);
        state
    }

    /// The generator of a state that [`Mersenne::state`] returned.
    pub fn from_state(state: &[u32]) -> TextResult<Self> {
        let [words @ .., next] = state else {
            return Err(TextError::value("state vector is the wrong size"));
        };
        let words = Box::new(
            <[u32; N]>::try_from(words)
                .map_err(|_| TextError::value("state vector is the wrong size"))?,
        );
        match usize::try_from(*next) {
            Ok(next) if next <= N => Ok(Self {
                words,
                next,
                secret: None,
            }),
            _ => Err(TextError::value("invalid state")),
        }
    }

    /// The next 32 bits.
    pub fn word(&mut self) -> u32 {
        if self.next == N {
            self.refill();
        }
        let mut y = self.words[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ y >> 18
    }

    /// A float from 0 up to but not including 1, of 53 bits.
    pub fn random(&mut self) -> f64 {
        let (high, low) = (self.word() >> 5, self.word() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) * (1.0 / 9_007_199_254_740_992.0)
    }

    /// An integer of `count` random bits.
    pub fn bits(&mut self, count: i64) -> TextResult<BigUint> {
        let count = u64::try_from(count)
            .map_err(|_| TextError::value("number of bits must be non-negative"))?;
        if count > crate::text::num::MAX_INT_BITS {
            return Err(TextError::memory());
        }
        check_text_size(usize::try_from(count / 4).unwrap_or(usize::MAX))?;
        let words = (0..count.div_ceil(32)).map(|word| {
            let unwanted = (32 * (word + 1)).saturating_sub(count);
            self.word() >> unwanted
        });
        Ok(BigUint::new(words.collect()))
    }

    /// An integer of up to 64 random bits.
    pub fn small_bits(&mut self, count: u32) -> u64 {
        match count {
            0 => 0,
            1..=32 => u64::from(self.word() >> (32 - count)),
            _ => u64::from(self.word()) | u64::from(self.word() >> (64 - count)) << 32,
        }
    }

    /// An integer from 0 up to but not including `bound`, each equally likely; `bound` is positive.
    pub fn below(&mut self, bound: u64) -> u64 {
        let count = 64 - bound.leading_zeros();
        loop {
            let candidate = self.small_bits(count);
            if candidate < bound {
                return candidate;
            }
        }
    }

    /// As [`Mersenne::below`], for a bound of any size.
    pub fn big_below(&mut self, bound: &BigUint) -> TextResult<BigUint> {
        debug_assert!(!bound.is_zero());
        if let Some(bound) = bound.to_u64() {
            return Ok(self.below(bound).into());
        }
        loop {
            let candidate = self.bits(bound.bits() as i64)?;
            if candidate < *bound {
                return Ok(candidate);
            }
        }
    }

    fn refill(&mut self) {
        self.next = 0;
        if let Some(secret) = &mut self.secret {
            for words in self.words.chunks_mut(16) {
                secret.count += 1;
                let mut hash = Sha512::new();
                hash.update(&secret.key);
                hash.update(secret.count.to_le_bytes());
                for (word, bytes) in words.iter_mut().zip(hash.finalize().chunks_exact(4)) {
                    *word = bytes
                        .iter()
                        .fold(0, |word, &byte| word << 8 | u32::from(byte));
                }
            }
            return;
        }
        for at in 0..N {
            let y = self.words[at] & 1 << 31 | self.words[(at + 1) % N] & !(1 << 31);
            let twist = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.words[at] = self.words[(at + M) % N] ^ y >> 1 ^ twist;
        }
    }
}

/// The place after `at` in a mixing pass; the last word is carried to the front.
fn advance(words: &mut [u32; N], at: usize) -> usize {
    if at + 1 < N {
        return at + 1;
    }
    words[0] = words[N - 1];
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The outputs that the authors published for the key 0x123, 0x234, 0x345, 0x456.
    #[test]
    fn words_agree_with_the_authors() {
        let mut twister = Mersenne::from_key(&[0x123, 0x234, 0x345, 0x456]);
        let words: Vec<u32> = (0..5).map(|_| twister.word()).collect();
        assert_eq!(
            words,
            [1067595299, 955945823, 477289528, 4107218783, 4228976476]
        );
    }

    #[test]
    fn states_are_checked() {
        let state = Mersenne::from_key(&[1]).state();
        assert_eq!(state.len(), N + 1);
        let error = Mersenne::from_state(&state[1..]).expect_err("one word less");
        assert_eq!(error.message, "state vector is the wrong size");
        let error =
            Mersenne::from_state(&[&state[..N], &[625]].concat()).expect_err("beyond the end");
        assert_eq!(error.message, "invalid state");
    }

    #[test]
    fn small_and_big_bounds_draw_the_same_bits() {
        let (mut small, mut big) = (Mersenne::from_key(&[5]), Mersenne::from_key(&[5]));
        for count in [1, 7, 31, 32, 33, 63, 64] {
            assert_eq!(
                BigUint::from(small.small_bits(count)),
                big.bits(i64::from(count)).expect("few bits")
            );
        }
    }
}
