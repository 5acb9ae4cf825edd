//! The `random` module: its functions are the methods of one `Random` that all of the program shares.
//!
//! Nothing is random about it: the shared generator is seeded with the interpreter's seed, and what asks for "any" seed
//! (`Random()`, `seed()`) gets one drawn from a generator of that seed. The same program with the same seed draws the same.

use std::cell::{Cell, OnceCell, RefCell};

use super::class::{RANDOM_CLASS, SYSTEM_RANDOM};
use super::{Random, class};
use crate::runtime::heap::traced;
use crate::runtime::{Raised, Value};
use crate::stdlib::registry::{NativeModule, bind, class_of};
use crate::text::IntRef;
use crate::vm::{Extension, Layer, LayerPlace, Local, Vm};

/// The module.
pub const RANDOM: NativeModule = NativeModule {
    types: &[&RANDOM_CLASS, &SYSTEM_RANDOM],
    constants: &[("TWOPI", "Twice pi.")],
    init: bind_methods,
    ..NativeModule::of(
        "random",
        "Random variable generators, with the sequences of CPython for the same seed.",
    )
};

/// Where seeds come from.
#[derive(Default)]
pub struct Entropy {
    /// The interpreter's seed.
    seed: Cell<u64>,
    /// Draws the seeds of generators that were given none; made for the first of them.
    seeds: OnceCell<RefCell<Random>>,
}

impl Layer for Entropy {
    const PLACE: LayerPlace = LayerPlace::Entropy;
}

traced!(Entropy {} plain { seed, seeds });

impl Extension for Entropy {}

impl Entropy {
    /// A seed for a generator that was given none.
    pub fn draw(&self) -> i64 {
        let seeds = || RefCell::new(seeds_of(self.seed.get()));
        let mut seeds = self.seeds.get_or_init(seeds).borrow_mut();
        let [high, low] = [(); 2].map(|()| (seeds.random() * 2f64.powi(31)) as i64);
        high << 31 | low
    }
}

fn seeds_of(seed: u64) -> Random {
    // A text, so that it is another sequence than that of the shared generator.
    Random::from_bytes(format!("seeds {seed}").as_bytes())
}

/// Sets the interpreter's seed; to be called before the program imports `random`.
pub fn seed_default(vm: &Vm, seed: u64) {
    vm.extension::<Entropy>().seed.set(seed);
}

/// Binds the methods of the shared generator.
fn bind_methods(vm: &mut Vm, module: Local) -> Result<(), Raised> {
    let seed = vm.extension::<Entropy>().seed.get();
    let generator = Random::from_int(IntRef::Big(&seed.into()));
    let class = class_of(vm, &RANDOM_CLASS);
    let shared = vm.local(class::object(vm, class, generator)?);
    for native in RANDOM_CLASS
        .body
        .methods
        .iter()
        .filter(|native| !native.name().starts_with('_'))
    {
        let method = vm.get_attr_named(shared, native.name())?;
        bind(vm, module, native.name(), vm.get(method));
    }
    bind(vm, module, "_inst", vm.get(shared));
    bind(vm, module, "TWOPI", Value::float(std::f64::consts::TAU));
    Ok(())
}
