//! Random floats by distribution, and the binomial one.
//!
//! Each method names its source and draws exactly what CPython's method of the same name draws; the arithmetic is in
//! the same order, so that results agree to the last bit wherever the same libm is used.

use std::f64::consts::{E, TAU};

use super::Random;
use crate::text::num::division::{float_div, float_mod};
use crate::text::num::gamma::lgamma;
use crate::text::num::power::{Power, float_pow};
use crate::text::{TextError, TextResult};

impl Random {
    /// `uniform(a, b)`
    pub fn uniform(&mut self, a: f64, b: f64) -> f64 {
        a + (b - a) * self.random()
    }

    /// `triangular(low, high, mode)`; without a mode it is in the middle.
    pub fn triangular(&mut self, low: f64, high: f64, mode: Option<f64>) -> f64 {
        let u = self.random();
        let peak = match mode {
            None => 0.5,
            Some(_) if high == low => return low,
            Some(mode) => (mode - low) / (high - low),
        };
        if u > peak {
            high + (low - high) * ((1.0 - u) * (1.0 - peak)).sqrt()
        } else {
            low + (high - low) * (u * peak).sqrt()
        }
    }

    /// `normalvariate(mu, sigma)`, by A. J. Kinderman and J. F. Monahan, "Computer generation of random variables using
    /// the ratio of uniform deviates" (1977).
    pub fn normalvariate(&mut self, mu: f64, sigma: f64) -> f64 {
        let magic = 4.0 * (-0.5f64).exp() / 2.0f64.sqrt();
        loop {
            let u1 = self.random();
            let u2 = 1.0 - self.random();
            let z = magic * (u1 - 0.5) / u2;
            if z * z / 4.0 <= -u2.ln() {
                return mu + z * sigma;
            }
        }
    }

    /// `gauss(mu, sigma)`, by G. E. P. Box and M. E. Muller (1958): two numbers at a time, one is kept.
    pub fn gauss(&mut self, mu: f64, sigma: f64) -> f64 {
        let z = self.gauss_next.take().unwrap_or_else(|| {
            let angle = self.random() * TAU;
            let radius = (-2.0 * (1.0 - self.random()).ln()).sqrt();
            self.gauss_next = Some(angle.sin() * radius);
            angle.cos() * radius
        });
        mu + z * sigma
    }

    /// `lognormvariate(mu, sigma)`
    pub fn lognormvariate(&mut self, mu: f64, sigma: f64) -> TextResult<f64> {
        let exponent = self.normalvariate(mu, sigma);
        let value = exponent.exp();
        if value.is_infinite() && exponent.is_finite() {
            return Err(TextError::overflow("math range error"));
        }
        Ok(value)
    }

    /// `expovariate(lambd)`
    pub fn expovariate(&mut self, lambd: f64) -> TextResult<f64> {
        float_div(-(1.0 - self.random()).ln(), lambd)
    }

    /// `vonmisesvariate(mu, kappa)`, by N. I. Fisher, "Statistical analysis of circular data" (1993).
    pub fn vonmisesvariate(&mut self, mu: f64, kappa: f64) -> TextResult<f64> {
        if kappa <= 1e-6 {
            return Ok(TAU * self.random());
        }
        let s = 0.5 / kappa;
        let r = s + (1.0 + s * s).sqrt();
        let z = loop {
            let z = (std::f64::consts::PI * self.random()).cos();
            let d = z / (r + z);
            let u = self.random();
            if u < 1.0 - d * d || u <= (1.0 - d) * d.exp() {
                break z;
            }
        };
        let q = 1.0 / r;
        let turn = ((q + z) / (1.0 + q * z)).acos();
        float_mod(
            if self.random() > 0.5 {
                mu + turn
            } else {
                mu - turn
            },
            TAU,
        )
    }

    /// `gammavariate(alpha, beta)`
    pub fn gammavariate(&mut self, alpha: f64, beta: f64) -> TextResult<f64> {
        if alpha <= 0.0 || beta <= 0.0 {
            return Err(TextError::value(
                "gammavariate: alpha and beta must be > 0.0",
            ));
        }
        if alpha > 1.0 {
            return Ok(self.large_gamma(alpha) * beta);
        }
        if alpha == 1.0 {
            return Ok(-(1.0 - self.random()).ln() * beta);
        }
        Ok(self.small_gamma(alpha)? * beta)
    }

    /// By R. C. H. Cheng, "The generation of gamma variables with non-integral shape parameter" (1977).
    fn large_gamma(&mut self, alpha: f64) -> f64 {
        let root = (2.0 * alpha - 1.0).sqrt();
        let b = alpha - 4.0f64.ln();
        let c = alpha + root;
        let magic = 1.0 + 4.5f64.ln();
        loop {
            let u1 = self.random();
            if u1 <= 1e-7 || u1 >= 0.9999999 {
                continue;
            }
            let u2 = 1.0 - self.random();
            let v = (u1 / (1.0 - u1)).ln() / root;
            let x = alpha * v.exp();
            let z = u1 * u1 * u2;
            let r = b + c * v - x;
            if r + magic - 4.5 * z >= 0.0 || r >= z.ln() {
                return x;
            }
        }
    }

    /// For alpha between 0 and 1: algorithm GS of J. H. Ahrens and U. Dieter (1974).
    fn small_gamma(&mut self, alpha: f64) -> TextResult<f64> {
        loop {
            let u = self.random();
            let b = (E + alpha) / E;
            let p = b * u;
            let x = if p <= 1.0 {
                power(p, 1.0 / alpha)?
            } else {
                -((b - p) / alpha).ln()
            };
            let u1 = self.random();
            let accepted = if p > 1.0 {
                u1 <= power(x, alpha - 1.0)?
            } else {
                u1 <= (-x).exp()
            };
            if accepted {
                return Ok(x);
            }
        }
    }

    /// `betavariate(alpha, beta)`, from two gamma variates.
    pub fn betavariate(&mut self, alpha: f64, beta: f64) -> TextResult<f64> {
        let y = self.gammavariate(alpha, 1.0)?;
        if y == 0.0 {
            return Ok(0.0);
        }
        Ok(y / (y + self.gammavariate(beta, 1.0)?))
    }

    /// `paretovariate(alpha)`
    pub fn paretovariate(&mut self, alpha: f64) -> TextResult<f64> {
        let u = 1.0 - self.random();
        power(u, float_div(-1.0, alpha)?)
    }

    /// `weibullvariate(alpha, beta)`
    pub fn weibullvariate(&mut self, alpha: f64, beta: f64) -> TextResult<f64> {
        let u = 1.0 - self.random();
        Ok(alpha * power(-u.ln(), float_div(1.0, beta)?)?)
    }

    /// `binomialvariate(n, p)`: how many of n trials succeed.
    pub fn binomialvariate(&mut self, n: i64, p: f64) -> TextResult<i64> {
        if n < 0 {
            return Err(TextError::value("n must be non-negative"));
        }
        if p == 0.0 || p == 1.0 {
            return Ok(if p == 0.0 { 0 } else { n });
        }
        if !(0.0..1.0).contains(&p) {
            return Err(TextError::value("p must be in the range 0.0 <= p <= 1.0"));
        }
        if n == 1 {
            return Ok(i64::from(self.random() < p));
        }
        if p > 0.5 {
            return Ok(n - self.binomialvariate(n, 1.0 - p)?);
        }
        if n as f64 * p < 10.0 {
            self.rare_successes(n, p)
        } else {
            self.many_successes(n, p)
        }
    }

    /// By L. Devroye's sums of geometric variates, algorithm BG of V. Kachitvichyanukul and B. W. Schmeiser (1988).
    fn rare_successes(&mut self, n: i64, p: f64) -> TextResult<i64> {
        let c = (1.0 - p).log2();
        let (mut successes, mut trials) = (0, 0i64);
        if c == 0.0 {
            return Ok(0);
        }
        loop {
            let u = self.random();
            if u == 0.0 {
                return Err(TextError::value("math domain error"));
            }
            // A float beyond all integers saturates, which is beyond n too.
            trials = trials
                .saturating_add((u.log2() / c).floor() as i64)
                .saturating_add(1);
            if trials > n {
                return Ok(successes);
            }
            successes += 1;
        }
    }

    /// By W. Hörmann, "The generation of binomial random variates" (1993), algorithm BTRS.
    fn many_successes(&mut self, trials: i64, p: f64) -> TextResult<i64> {
        let n = trials as f64;
        let deviation = (n * p * (1.0 - p)).sqrt();
        let b = 1.15 + 2.53 * deviation;
        let a = -0.0873 + 0.0248 * b + 0.01 * p;
        let c = n * p + 0.5;
        let squeeze = 0.92 - 4.2 / b;
        let alpha = (2.83 + 5.1 / b) * deviation;
        let odds = (p / (1.0 - p)).ln();
        let mode = ((n + 1.0) * p).floor();
        let height = lgamma(mode + 1.0)? + lgamma(n - mode + 1.0)?;
        loop {
            let u = self.random() - 0.5;
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + c).floor();
            if !(0.0..=n).contains(&k) {
                continue;
            }
            let v = self.random();
            if us >= 0.07 && v <= squeeze {
                return Ok(k as i64);
            }
            let v = v * (alpha / (a / (us * us) + b));
            if v.ln() <= height - lgamma(k + 1.0)? - lgamma(n - k + 1.0)? + (k - mode) * odds {
                return Ok(k as i64);
            }
        }
    }
}

/// `base ** exponent` for a base that is not negative.
fn power(base: f64, exponent: f64) -> TextResult<f64> {
    match float_pow(base, exponent)? {
        Power::Float(value) => Ok(value),
        Power::Int(_) | Power::Complex(..) => Ok(f64::NAN),
    }
}
