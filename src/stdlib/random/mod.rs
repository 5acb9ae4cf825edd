//! The algorithms of Python's `random` module: the same seed gives the same numbers as CPython 3.13.
//!
//! [`Random`] is one generator; `mersenne` makes its bits, `choose` the integers, orders and samples, `distributions`
//! the floats: no Value is known there. `class` is the class that programs see, with `numbers` and `sequences`, which take
//! values apart; `module` the module, whose functions are methods of one shared instance.
//!
//! To add a distribution: its method in `distributions`, its row in `text/oracle/generate.py`, its native in `numbers`.

mod choose;
mod class;
mod distributions;
mod mersenne;
mod module;
mod numbers;
mod sequences;

pub use mersenne::Mersenne;
pub use module::{Entropy, RANDOM, seed_default};

use crate::text::num::hash::hash_float;
use crate::text::{Int, IntRef, TextResult};

/// A generator as `random.Random` is one.
#[derive(Clone, Debug)]
pub struct Random {
    twister: Mersenne,
    /// Gaussian numbers come in pairs: the second one waits here.
    gauss_next: Option<f64>,
}

impl Random {
    /// `Random(seed)` with an integer.
    pub fn from_int(seed: IntRef<'_>) -> Self {
        Self::from_twister(Mersenne::from_magnitude(&seed.magnitude()))
    }

    /// `Random(seed)` with a float, which is seeded by its hash.
    pub fn from_float(seed: f64) -> Self {
        Self::from_twister(Mersenne::from_magnitude(&(hash_float(seed) as u64).into()))
    }

    /// `Random(seed)` with a text, as its UTF-8 bytes, or with bytes.
    pub fn from_bytes(seed: &[u8]) -> Self {
        Self::from_twister(Mersenne::from_bytes(seed))
    }

    /// `Random().seed(text, version=1)`: the hash that Python 2 had for a text whose characters are these.
    pub fn from_old_hash(seed: &[u32]) -> Self {
        let mut hash = seed.first().map_or(0, |&first| u64::from(first) << 7);
        for &character in seed {
            hash = hash.wrapping_mul(1_000_003) ^ u64::from(character);
        }
        hash ^= seed.len() as u64;
        Self::from_twister(Mersenne::from_magnitude(&hash.into()))
    }

    /// A generator whose bits come from `twister`.
    pub fn from_twister(twister: Mersenne) -> Self {
        Self {
            twister,
            gauss_next: None,
        }
    }

    /// The state of the bits and the waiting Gaussian number: what `getstate()` returns, without the version.
    pub fn state(&self) -> (&Mersenne, Option<f64>) {
        (&self.twister, self.gauss_next)
    }

    /// `setstate(...)`
    pub fn set_state(&mut self, twister: Mersenne, gauss_next: Option<f64>) {
        *self = Self {
            twister,
            gauss_next,
        };
    }

    /// `random()`: from 0 up to but not including 1, a multiple of `2**-53`.
    pub fn random(&mut self) -> f64 {
        self.twister.random()
    }

    /// `getrandbits(k)`
    pub fn getrandbits(&mut self, k: i64) -> TextResult<Int> {
        self.twister.bits(k).map(Int::from)
    }

    /// `randbytes(n)`
    pub fn randbytes(&mut self, n: i64) -> TextResult<Vec<u8>> {
        let mut bytes = self.twister.bits(n.saturating_mul(8))?.to_bytes_le();
        bytes.resize(n.unsigned_abs() as usize, 0);
        Ok(bytes)
    }
}

/// The tables of expected values are read as those of `text` are.
#[expect(dead_code, reason = "the tables of `text` need more of it")]
#[cfg(test)]
#[path = "../../text/oracle/mod.rs"]
mod oracle;

#[cfg(test)]
mod tests {
    use super::oracle::{self, Number, show_float, show_int};
    use super::*;

    /// Each row is a seed, a method with its arguments, and the first results in CPython, which follow one another.
    #[test]
    fn sequences_agree_with_cpython() {
        for row in oracle::rows(include_str!("../../text/oracle/random.tsv")) {
            let [seed, method, args, expected] = row[..] else {
                panic!("four columns: {row:?}")
            };
            let mut random = seeded(seed);
            let args: Vec<Number> = args
                .split(' ')
                .filter(|arg| !arg.is_empty())
                .map(Number::read)
                .collect();
            let results: TextResult<Vec<String>> =
                (0..4).map(|_| call(&mut random, method, &args)).collect();
            oracle::check(results.map(|results| results.join(" ")), expected, &row);
        }
    }

    fn seeded(seed: &str) -> Random {
        match seed.split_at(1) {
            ("s", text) => Random::from_bytes(oracle::unescape(text).as_bytes()),
            _ => match Number::read(seed) {
                Number::Int(value) => Random::from_int(value.as_ref()),
                Number::Float(value) => Random::from_float(value),
            },
        }
    }

    fn call(random: &mut Random, method: &str, args: &[Number]) -> TextResult<String> {
        let int = |at: usize| match &args[at] {
            Number::Int(value) => value.as_ref(),
            Number::Float(value) => panic!("{value} is no integer"),
        };
        let small = |at: usize| int(at).to_i64().expect("a small integer");
        let float = |at: usize| args[at].float();
        let indices = |indices: Vec<usize>| {
            indices
                .iter()
                .map(|at| format!("i{at}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        match method {
            "random" => Ok(show_float(random.random())),
            "getrandbits" => random.getrandbits(small(0)).map(show_int),
            "randbytes" => random
                .randbytes(small(0))
                .map(|bytes| format!("{bytes:02x?}").replace([',', ' '], "")),
            "randrange" => {
                let step = if args.len() > 2 {
                    int(2)
                } else {
                    IntRef::Small(1)
                };
                random
                    .randrange(int(0), (args.len() > 1).then(|| int(1)), step)
                    .map(show_int)
            }
            "randint" => random.randint(int(0), int(1)).map(show_int),
            "choice" => random.choice(small(0) as usize).map(|at| indices(vec![at])),
            "shuffle" => {
                let mut order: Vec<usize> = (0..small(0) as usize).collect();
                random.shuffle(&mut order);
                Ok(indices(order))
            }
            "sample" => random.sample(small(0) as usize, small(1)).map(indices),
            "sample_counts" => {
                let counts: Vec<i64> = (1..args.len()).map(small).collect();
                random.sample_counts(&counts, small(0)).map(indices)
            }
            "choices" => random.choices(small(0) as usize, small(1)).map(indices),
            "choices_weighted" => {
                let weights: Vec<f64> = (1..args.len()).map(float).collect();
                let sums: Vec<f64> = weights
                    .iter()
                    .scan(0.0, |sum, w| {
                        *sum += w;
                        Some(*sum)
                    })
                    .collect();
                random.choices_weighted(&sums, small(0)).map(indices)
            }
            "binomialvariate" => random
                .binomialvariate(small(0), float(1))
                .map(|n| format!("i{n}")),
            _ => variate(
                random,
                method,
                float(0),
                args.get(1).map_or(0.0, Number::float),
                args,
            )
            .map(show_float),
        }
    }

    fn variate(
        random: &mut Random,
        method: &str,
        a: f64,
        b: f64,
        args: &[Number],
    ) -> TextResult<f64> {
        match method {
            "uniform" => Ok(random.uniform(a, b)),
            "triangular" => Ok(random.triangular(a, b, args.get(2).map(Number::float))),
            "gauss" => Ok(random.gauss(a, b)),
            "normalvariate" => Ok(random.normalvariate(a, b)),
            "lognormvariate" => random.lognormvariate(a, b),
            "expovariate" => random.expovariate(a),
            "vonmisesvariate" => random.vonmisesvariate(a, b),
            "gammavariate" => random.gammavariate(a, b),
            "betavariate" => random.betavariate(a, b),
            "paretovariate" => random.paretovariate(a),
            "weibullvariate" => random.weibullvariate(a, b),
            other => panic!("no method {other}"),
        }
    }

    #[test]
    fn more_choices_than_memory_are_errors() {
        let mut random = Random::from_int(IntRef::Small(1));
        assert!(random.choices(2, i64::MAX).is_err());
        assert!(random.choices_weighted(&[1.0], i64::MAX).is_err());
        assert!(random.sample(usize::MAX, i64::MAX).is_err());
        assert!(random.randbytes(i64::MAX).is_err());
    }

    #[test]
    fn a_state_can_be_restored() {
        let mut random = Random::from_int(IntRef::Small(3));
        random.gauss(0.0, 1.0);
        let (twister, gauss_next) = random.state();
        let (words, gauss_next) = (twister.state(), gauss_next);
        let expected = (random.gauss(0.0, 1.0), random.random());
        let mut copy = Random::from_int(IntRef::Small(0));
        copy.set_state(Mersenne::from_state(&words).expect("a state"), gauss_next);
        assert_eq!((copy.gauss(0.0, 1.0), copy.random()), expected);
    }
}
