//! Random numbers as methods of `Random`. Real arguments are anything with `__float__` or `__index__`.
//!
//! The distributions are in `distributions.rs`, which knows no Value. To add a method: a `Native`, its function, a word in
//! the table of `class.rs`.

use super::Random;
use super::class::{derived, draw, generator};
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::arg::{given, vm_index_or};
use crate::text::{Int, IntRef, TextResult};
use crate::vm::{Local, Locals, Native, Vm};

pub const RANDOM: Native = Native::leaf(
    "random(self, /) -> float",
    "Return a float of the interval [0, 1).",
    |heap, a| Ok(Value::float(generator(heap, a.get(0))?.random())),
);

pub const GETRANDBITS: Native = Native::vm(
    "getrandbits(self, k, /) -> int",
    "Return an integer of k random bits.",
    |vm, a| {
        let k = vm.index(a.at(1))?;
        let n = draw(vm, a, |random| random.getrandbits(k))?;
        Ok(vm.local(vm.heap.any_int(n)))
    },
);

pub const RANDBYTES: Native = Native::vm(
    "randbytes(self, n) -> bytes",
    "Return n random bytes.",
    |vm, a| {
        derived(vm, a, "randbytes", &["n"], |vm, a| {
            let n = vm.index(a.at(1))?;
            let data = draw(vm, a, |random| random.randbytes(n))?;
            Ok(vm.local(vm.heap.bytes(data).value()))
        })
    },
);

pub const RANDBELOW: Native = Native::vm(
    "_randbelow(self, n, /) -> int",
    "Return a random integer of the interval [0, n).",
    |vm, a| {
        derived(vm, a, "_randbelow", &["n"], |vm, a| {
            let n = integer(vm, a.at(1))?;
            let n = draw(vm, a, |random| {
                random.randrange(n.as_ref(), None, IntRef::Small(1))
            })?;
            Ok(vm.local(vm.heap.any_int(n)))
        })
    },
);

pub const RANDRANGE: Native = Native::vm(
    "randrange(self, start, stop=None, step=1) -> int",
    "Return a random item of range(start, stop, step), or of range(start). Raises ValueError if the range is empty.",
    |vm, a| derived(vm, a, "randrange", &["start", "stop", "step"], randrange),
);

pub const RANDINT: Native = Native::vm(
    "randint(self, a, b) -> int",
    "Return a random integer N such that a <= N <= b: both ends may come up. Raises ValueError if a > b.",
    |vm, a| {
        derived(vm, a, "randint", &["a", "b"], |vm, a| {
            let (low, high) = (integer(vm, a.at(1))?, integer(vm, a.at(2))?);
            let n = draw(vm, a, |random| random.randint(low.as_ref(), high.as_ref()))?;
            Ok(vm.local(vm.heap.any_int(n)))
        })
    },
);

pub const UNIFORM: Native = Native::vm(
    "uniform(self, a, b) -> float",
    "Return a float N between a and b.",
    |vm, a| {
        derived(vm, a, "uniform", &["a", "b"], |vm, a| {
            two(vm, a, [None, None], |random, a, b| Ok(random.uniform(a, b)))
        })
    },
);

pub const TRIANGULAR: Native = Native::vm(
    "triangular(self, low=0.0, high=1.0, mode=None) -> float",
    "Return a float between low and high of the triangular distribution with this mode, by default in the middle.",
    |vm, a| derived(vm, a, "triangular", &["low", "high", "mode"], triangular),
);

pub const NORMALVARIATE: Native = Native::vm(
    "normalvariate(self, mu=0.0, sigma=1.0) -> float",
    "Normal distribution: mu is the mean, sigma the standard deviation.",
    |vm, a| {
        derived(vm, a, "normalvariate", &["mu", "sigma"], |vm, a| {
            two(vm, a, [Some(0.0), Some(1.0)], |random, mu, sigma| {
                Ok(random.normalvariate(mu, sigma))
            })
        })
    },
);

pub const GAUSS: Native = Native::vm(
    "gauss(self, mu=0.0, sigma=1.0) -> float",
    "Normal distribution: mu is the mean, sigma the standard deviation. Faster than normalvariate().",
    |vm, a| {
        derived(vm, a, "gauss", &["mu", "sigma"], |vm, a| {
            two(vm, a, [Some(0.0), Some(1.0)], |random, mu, sigma| {
                Ok(random.gauss(mu, sigma))
            })
        })
    },
);

pub const LOGNORMVARIATE: Native = Native::vm(
    "lognormvariate(self, mu, sigma) -> float",
    "Log normal distribution: its natural logarithm is distributed normally, with mean mu and standard deviation sigma.",
    |vm, a| {
        derived(vm, a, "lognormvariate", &["mu", "sigma"], |vm, a| {
            two(vm, a, [None, None], Random::lognormvariate)
        })
    },
);

pub const EXPOVARIATE: Native = Native::vm(
    "expovariate(self, lambd=1.0) -> float",
    "Exponential distribution: lambd is 1.0 divided by the desired mean.",
    |vm, a| {
        derived(vm, a, "expovariate", &["lambd"], |vm, a| {
            let lambd = real(vm, a.at(1), Some(1.0))?;
            not_zero(vm, lambd)?;
            let x = draw(vm, a, |random| random.expovariate(lambd))?;
            Ok(vm.local(Value::float(x)))
        })
    },
);

pub const VONMISESVARIATE: Native = Native::vm(
    "vonmisesvariate(self, mu, kappa) -> float",
    "Circular distribution: mu is the mean angle in radians, kappa the concentration.",
    |vm, a| {
        derived(vm, a, "vonmisesvariate", &["mu", "kappa"], |vm, a| {
            two(vm, a, [None, None], Random::vonmisesvariate)
        })
    },
);

pub const GAMMAVARIATE: Native = Native::vm(
    "gammavariate(self, alpha, beta) -> float",
    "Gamma distribution: both parameters must be above zero.",
    |vm, a| {
        derived(vm, a, "gammavariate", &["alpha", "beta"], |vm, a| {
            two(vm, a, [None, None], Random::gammavariate)
        })
    },
);

pub const BETAVARIATE: Native = Native::vm(
    "betavariate(self, alpha, beta) -> float",
    "Beta distribution: both parameters must be above zero; results are between 0 and 1.",
    |vm, a| {
        derived(vm, a, "betavariate", &["alpha", "beta"], |vm, a| {
            two(vm, a, [None, None], Random::betavariate)
        })
    },
);

pub const PARETOVARIATE: Native = Native::vm(
    "paretovariate(self, alpha) -> float",
    "Pareto distribution: alpha is the shape parameter.",
    |vm, a| {
        derived(vm, a, "paretovariate", &["alpha"], |vm, a| {
            let alpha = real(vm, a.at(1), None)?;
            not_zero(vm, alpha)?;
            let x = draw(vm, a, |random| random.paretovariate(alpha))?;
            Ok(vm.local(Value::float(x)))
        })
    },
);

pub const WEIBULLVARIATE: Native = Native::vm(
    "weibullvariate(self, alpha, beta) -> float",
    "Weibull distribution: alpha is the scale parameter, beta the shape parameter.",
    |vm, a| {
        derived(vm, a, "weibullvariate", &["alpha", "beta"], |vm, a| {
            let beta = real(vm, a.at(2), None)?;
            not_zero(vm, beta)?;
            two(vm, a, [None, None], Random::weibullvariate)
        })
    },
);

pub const BINOMIALVARIATE: Native = Native::vm(
    "binomialvariate(self, n=1, p=0.5) -> int",
    "Return how many of n independent trials succeed, each with the probability p.",
    |vm, a| {
        derived(vm, a, "binomialvariate", &["n", "p"], |vm, a| {
            let n = vm_index_or(vm, a.at(1), 1)?;
            let p = real(vm, a.at(2), Some(0.5))?;
            let successes = draw(vm, a, |random| random.binomialvariate(n, p))?;
            Ok(vm.local(vm.heap.int(successes)))
        })
    },
);

/// A real argument; omitted, it is `default`, which a required one does not have.
fn real(vm: &mut Vm, local: Local, default: Option<f64>) -> Result<f64, Raised> {
    match (given(vm, local), default) {
        (None, Some(default)) => Ok(default),
        _ => vm.to_float(local),
    }
}

fn integer(vm: &mut Vm, local: Local) -> Result<Int, Raised> {
    let n = vm.index_value(local)?;
    Ok(vm.get(n).as_any_int().map_or(Int::Small(0), IntRef::to_int))
}

fn not_zero(vm: &Vm, x: f64) -> Result<(), Raised> {
    if x == 0.0 {
        Err(vm
            .heap
            .raise(Builtin::ZeroDivisionError, "float division by zero"))
    } else {
        Ok(())
    }
}

/// A distribution of two real parameters.
fn two(
    vm: &mut Vm,
    a: Locals,
    defaults: [Option<f64>; 2],
    distribution: fn(&mut Random, f64, f64) -> TextResult<f64>,
) -> Result<Local, Raised> {
    let (x, y) = (
        real(vm, a.at(1), defaults[0])?,
        real(vm, a.at(2), defaults[1])?,
    );
    let drawn = draw(vm, a, |random| distribution(random, x, y))?;
    Ok(vm.local(Value::float(drawn)))
}

fn triangular(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let (low, high) = (real(vm, a.at(1), Some(0.0))?, real(vm, a.at(2), Some(1.0))?);
    let mode = match given(vm, a.at(3)).filter(|&mode| !vm.get(mode).is_none()) {
        Some(mode) => Some(vm.to_float(mode)?),
        None => None,
    };
    let x = draw(vm, a, |random| Ok(random.triangular(low, high, mode)))?;
    Ok(vm.local(Value::float(x)))
}

fn randrange(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let start = integer(vm, a.at(1))?;
    let stop = given(vm, a.at(2)).filter(|&stop| !vm.get(stop).is_none());
    let step = match given(vm, a.at(3)) {
        Some(step) => integer(vm, step)?,
        None => Int::Small(1),
    };
    let Some(stop) = stop else {
        if step != Int::Small(1) {
            return Err(vm.heap.type_error("Missing a non-None stop argument"));
        }
        let n = draw(vm, a, |random| {
            random.randrange(start.as_ref(), None, IntRef::Small(1))
        })?;
        return Ok(vm.local(vm.heap.any_int(n)));
    };
    let stop = integer(vm, stop)?;
    let n = draw(vm, a, |random| {
        random.randrange(start.as_ref(), Some(stop.as_ref()), step.as_ref())
    })?;
    Ok(vm.local(vm.heap.any_int(n)))
}
