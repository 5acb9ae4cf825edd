//! Random integers, elements, orders and samples, all as indices.
//!
//! Contract: each method draws from the generator exactly what CPython's method of the same name draws.

use std::collections::HashSet;

use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_traits::{One, Signed, Zero};

use super::Random;
use crate::text::int_text::{DigitLimit, int_to_str};
use crate::text::{Int, IntRef, TextError, TextResult, check_text_size};

impl Random {
    /// `randrange(start, stop, step)`, or `randrange(start)` without `stop`.
    pub fn randrange(
        &mut self,
        start: IntRef<'_>,
        stop: Option<IntRef<'_>>,
        step: IntRef<'_>,
    ) -> TextResult<Int> {
        if let (IntRef::Small(start), Some(IntRef::Small(stop)), IntRef::Small(1)) =
            (start, stop, step)
            && let Some(width) = stop.checked_sub(start)
            && width > 0
        {
            return Ok(Int::Small(
                start + self.twister.below(width.unsigned_abs()) as i64,
            ));
        }
        let Some(stop) = stop else {
            if start.is_zero() || start.is_negative() {
                return Err(TextError::value("empty range for randrange()"));
            }
            return Ok(self.twister.big_below(&start.magnitude())?.into());
        };
        let (first, last, by) = (start.to_big(), stop.to_big(), step.to_big());
        if by.is_zero() {
            return Err(TextError::value("zero step for randrange()"));
        }
        let width = last.as_ref() - first.as_ref();
        let count = (width + by.as_ref() - by.signum()).div_floor(&by);
        if !count.is_positive() {
            let shown = |value| int_to_str(value, DigitLimit::NONE);
            let step = if by.is_one() {
                String::new()
            } else {
                format!(", {}", shown(step)?)
            };
            return Err(TextError::value(format!(
                "empty range in randrange({}, {}{step})",
                shown(start)?,
                shown(stop)?
            )));
        }
        let chosen = BigInt::from_biguint(Sign::Plus, self.twister.big_below(count.magnitude())?);
        Ok((first.as_ref() + by.as_ref() * chosen).into())
    }

    /// `randint(a, b)`: both ends may come up.
    pub fn randint(&mut self, a: IntRef<'_>, b: IntRef<'_>) -> TextResult<Int> {
        let stop = Int::from(b.to_big().as_ref() + 1);
        self.randrange(a, Some(stop.as_ref()), IntRef::Small(1))
    }

    /// `choice(seq)`: the index of one of `len` elements.
    pub fn choice(&mut self, len: usize) -> TextResult<usize> {
        if len == 0 {
            return Err(TextError::index("Cannot choose from an empty sequence"));
        }
        Ok(self.index_below(len))
    }

    /// `shuffle(items)`
    #[cfg(test)]
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for (at, other) in self.swaps(items.len()) {
            items.swap(at, other);
        }
    }

    /// `shuffle` of `len` items that only the caller can swap: which pairs to swap, in order.
    pub fn swaps(&mut self, len: usize) -> impl Iterator<Item = (usize, usize)> {
        (1..len).rev().map(|at| (at, self.index_below(at + 1)))
    }

    /// `sample(population, k)`: the indices of k of `len` elements, in the order they were chosen.
    pub fn sample(&mut self, len: usize, k: i64) -> TextResult<Vec<usize>> {
        let k = usize::try_from(k).ok().filter(|k| *k <= len);
        let k =
            k.ok_or_else(|| TextError::value("Sample larger than population or is negative"))?;
        check_count(k)?;
        Ok(if len <= pool_limit(k) {
            self.sample_pool(len, k)
        } else {
            self.sample_set(len, k)
        })
    }

    /// Takes each chosen element out of a list of all.
    fn sample_pool(&mut self, len: usize, k: usize) -> Vec<usize> {
        let mut pool: Vec<usize> = (0..len).collect();
        let mut draw = |left: usize| {
            let at = self.index_below(left);
            pool.swap_remove(at)
        };
        (0..k).map(|taken| draw(len - taken)).collect()
    }

    /// Draws again what was chosen already.
    fn sample_set(&mut self, len: usize, k: usize) -> Vec<usize> {
        let mut chosen = HashSet::with_capacity(k);
        let mut order = Vec::with_capacity(k);
        while order.len() < k {
            let at = self.index_below(len);
            if chosen.insert(at) {
                order.push(at);
            }
        }
        order
    }

    /// `sample(population, k, counts=counts)`: element i stands for `counts[i]` equal ones.
    pub fn sample_counts(&mut self, counts: &[i64], k: i64) -> TextResult<Vec<usize>> {
        let sums: Vec<i64> = counts
            .iter()
            .scan(0i64, |sum, count| {
                *sum = sum.saturating_add(*count);
                Some(*sum)
            })
            .collect();
        let total = sums.last().copied().unwrap_or(0);
        if total <= 0 {
            return Err(TextError::value(
                "Total of counts must be greater than zero",
            ));
        }
        let selections = self.sample(total.unsigned_abs() as usize, k)?;
        let inner = &sums[..sums.len() - 1];
        Ok(selections
            .iter()
            .map(|at| inner.partition_point(|sum| *sum <= *at as i64))
            .collect())
    }

    /// `choices(population, k=k)`: indices below `len`, repetition allowed; `len` must be positive unless k is not.
    pub fn choices(&mut self, len: usize, k: i64) -> TextResult<Vec<usize>> {
        check_count(usize::try_from(k).unwrap_or(0))?;
        Ok((0..k)
            .map(|_| (self.random() * len as f64) as usize)
            .collect())
    }

    /// `choices(population, cum_weights=cum_weights, k=k)`
    pub fn choices_weighted(&mut self, cum_weights: &[f64], k: i64) -> TextResult<Vec<usize>> {
        let Some((total, inner)) = cum_weights.split_last() else {
            return Err(TextError::index("list index out of range"));
        };
        if *total <= 0.0 {
            return Err(TextError::value(
                "Total of weights must be greater than zero",
            ));
        }
        if !total.is_finite() {
            return Err(TextError::value("Total of weights must be finite"));
        }
        check_count(usize::try_from(k).unwrap_or(0))?;
        let mut draw = || {
            let mark = self.random() * total;
            inner.partition_point(|sum| *sum <= mark)
        };
        Ok((0..k).map(|_| draw()).collect())
    }

    fn index_below(&mut self, bound: usize) -> usize {
        self.twister.below(bound as u64) as usize
    }
}

/// Refuses to choose so many that no memory could hold them.
fn check_count(k: usize) -> TextResult<()> {
    check_text_size(k.saturating_mul(size_of::<usize>()))
}

/// The largest population for which a list of it is smaller than CPython's set of k elements.
fn pool_limit(k: usize) -> usize {
    if k <= 5 {
        return 21;
    }
    let power = ((k as f64 * 3.0).ln() / 4.0f64.ln()).ceil();
    4usize
        .checked_pow(power as u32)
        .map_or(usize::MAX, |table| table.saturating_add(21))
}
