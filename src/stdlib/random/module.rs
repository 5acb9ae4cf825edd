//! The `random` module: its functions are the methods of one `Random` that all of the program shares.
//!
//! Nothing is random about it: the shared generator is seeded with the interpreter's seed, and what asks for "any" seed
//! (`Random()`, `seed()`) gets one drawn from a generator of that seed. The same program with the same seed draws the same.

use std::cell::{Cell, OnceCell, RefCell};

use super::class::{RANDOM_CLASS, SYSTEM_RANDOM};
use super::{Random, class};
use crate::runtime::heap::traced;
use crate::runtime::{Raised, Value};
use crate::stdlib::arg::given;
use crate::stdlib::registry::{NativeModule, bind, class_of};
use crate::text::IntRef;
use crate::vm::{Extension, Layer, LayerPlace, Local, Native, Vm};

/// The module.
pub const RANDOM: NativeModule = NativeModule {
    types: &[&RANDOM_CLASS, &SYSTEM_RANDOM],
    functions: &[&MAIN, &PARSE_ARGS],
    constants: &[
        ("BPF", "How many bits random() draws."),
        ("LOG4", "The logarithm of 4."),
        ("NV_MAGICCONST", "A constant of normalvariate()."),
        ("RECIP_BPF", "2 ** -BPF."),
        ("SG_MAGICCONST", "A constant of gammavariate()."),
        ("TWOPI", "Twice pi."),
    ],
    init: bind_methods,
    ..NativeModule::of(
        "random",
        "Random variable generators, with the sequences of CPython for the same seed.",
    )
};

const MAIN: Native = Native::vm(
    "main(arg_list=None)",
    "Return what the command line asks for: a choice, an integer or a float.",
    |vm, args| of_command_line(vm, "main", args.at(0)),
);

const PARSE_ARGS: Native = Native::vm(
    "_parse_args(arg_list=None)",
    "Return the options of the command line, and its help text.",
    |vm, args| of_command_line(vm, "_parse_args", args.at(0)),
);

fn of_command_line(vm: &mut Vm, function: &str, arguments: Local) -> Result<Local, Raised> {
    let module = vm.import_module("_random_main")?;
    match given(vm, arguments) {
        Some(arguments) => vm.call_method(module, function, &[arguments]),
        None => vm.call_method(module, function, &[]),
    }
}

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
    for (name, value) in [
        ("NV_MAGICCONST", 4.0 * (-0.5f64).exp() / 2.0f64.sqrt()),
        ("TWOPI", std::f64::consts::TAU),
        ("LOG4", 4.0f64.ln()),
        ("SG_MAGICCONST", 1.0 + 4.5f64.ln()),
        ("RECIP_BPF", 2.0f64.powi(-53)),
    ] {
        bind(vm, module, name, Value::float(value));
    }
    bind(vm, module, "BPF", Value::small_int(53));
    let methods = RANDOM_CLASS.body.methods.iter().map(|native| native.name());
    let public = methods.filter(|name| !name.starts_with('_'));
    let mut names: Vec<&str> = public.chain(["Random", "SystemRandom"]).collect();
    names.sort_unstable();
    let names = names.into_iter().map(|name| vm.heap.str_value(name));
    let names = vm.local(vm.heap.list(names).value());
    bind(vm, module, "__all__", vm.get(names));
    Ok(())
}
