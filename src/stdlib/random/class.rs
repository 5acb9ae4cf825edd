//! `random.Random`: its table, and the methods about its state.
//!
//! The generator is inside an opaque object. To add a method: in the file of its topic, a `Native` and its function; here a
//! word in the table. The module has it as a function by itself.

use std::cell::{RefCell, RefMut};

use super::module::Entropy;
use super::{Mersenne, Random, numbers, sequences};
use crate::runtime::class::{Class, class_flag};
use crate::runtime::dict::Dict;
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::arg::{self, Buffer, Out, checked, plain_value};
use crate::stdlib::posix::system_entropy;
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::text::{IntRef, TextResult};
use crate::vm::{Args, Local, Locals, Native, Vm, VmFn};

/// The version of the states that `getstate()` returns.
const VERSION: i64 = 3;

/// The class.
pub const RANDOM_CLASS: ModuleType = ModuleType {
    name: "Random",
    module: "random",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &INIT,
            &SEED,
            &GETSTATE,
            &SETSTATE,
            &DUNDER_GETSTATE,
            &DUNDER_SETSTATE,
            &REDUCE,
            &numbers::RANDOM,
            &numbers::GETRANDBITS,
            &numbers::RANDBYTES,
            &numbers::RANDBELOW,
            &numbers::RANDRANGE,
            &numbers::RANDINT,
            &numbers::UNIFORM,
            &numbers::TRIANGULAR,
            &numbers::NORMALVARIATE,
            &numbers::GAUSS,
            &numbers::LOGNORMVARIATE,
            &numbers::EXPOVARIATE,
            &numbers::VONMISESVARIATE,
            &numbers::GAMMAVARIATE,
            &numbers::BETAVARIATE,
            &numbers::PARETOVARIATE,
            &numbers::WEIBULLVARIATE,
            &numbers::BINOMIALVARIATE,
            &sequences::CHOICE,
            &sequences::CHOICES,
            &sequences::SHUFFLE,
            &sequences::SAMPLE,
        ],
        getters: &[GAUSS_NEXT],
        is_open: true,
        ..NativeType::of(
            Builtin::Opaque,
            "Random number generator: a Mersenne Twister of its own, seeded with x (an int, float, str, bytes or bytearray).",
        )
    },
};

const GAUSS_NEXT: Getter = Getter::leaf(
    "gauss_next",
    "The second number of the last pair of gauss(), or None.",
    |heap, a| {
        let (_, gauss_next) = generator(heap, a.get(0))?.state();
        Ok(gauss_next.map_or(Value::NONE, Value::float))
    },
)
.with_set(|heap, a| {
    let mut random = generator(heap, a.get(0))?;
    let twister = random.state().0.clone();
    random.set_state(twister, a.get(1).as_float());
    Ok(Value::NONE)
});

const NEW: Native = Native::vm(
    "__new__(cls, *args, **kwargs)",
    "Create and return a new object.",
    |vm, a| {
        let generator = Random::from_int(IntRef::Small(0));
        Ok(vm.local(object(vm, a.at(0), generator)?))
    },
);

const INIT: Native = Native::vm("__init__(self, x=None)", "Seed the generator.", |vm, a| {
    if is_as_made(vm, a.at(0)) {
        return seed_by(vm, a, seeded);
    }
    let x = arg::given(vm, a.at(1)).unwrap_or_else(|| vm.none());
    vm.call_method(a.at(0), "seed", &[x])?;
    Ok(vm.none())
});

const SEED: Native = Native::vm(
    "seed(self, a=None, version=2)",
    "Seed the generator with an int, float, str, bytes or bytearray. None draws a seed from the interpreter's own.",
    |vm, a| match vm.get(a.at(2)).as_int() {
        Some(1) => seed_by(vm, a, seeded_as_before),
        _ => seed_by(vm, a, seeded),
    },
);

const GETSTATE: Native = Native::leaf(
    "getstate(self, /) -> tuple",
    "Return the internal state, which can be passed to setstate().",
    get_state,
);

const SETSTATE: Native = Native::vm(
    "setstate(self, state)",
    "Restore a state that getstate() returned.",
    |vm, a| {
        set_state(&vm.heap, vm.get(a.at(0)), vm.get(a.at(1)))?;
        Ok(vm.none())
    },
);

const DUNDER_GETSTATE: Native = Native::vm(
    "__getstate__(self, /)",
    "Helper for pickle: the state that getstate() returns.",
    |vm, a| vm.call_method(a.at(0), "getstate", &[]),
);

const DUNDER_SETSTATE: Native = Native::vm(
    "__setstate__(self, state, /)",
    "Helper for pickle: restore a state by setstate().",
    |vm, a| {
        vm.call_method(a.at(0), "setstate", &[a.at(1)])?;
        Ok(vm.none())
    },
);

const REDUCE: Native = Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, a| {
    let class = vm.local(vm.heap.class_of(vm.get(a.at(0))).value());
    let arguments = vm.tuple_of(&[]);
    let state = vm.call_method(a.at(0), "getstate", &[])?;
    Ok(vm.tuple_of(&[class, arguments, state]))
});

/// The class whose numbers come from the system.
pub const SYSTEM_RANDOM: ModuleType = ModuleType {
    name: "SystemRandom",
    module: "random",
    body: NativeType {
        base: Some(&RANDOM_CLASS),
        new: Some(&NEW_SYSTEM),
        methods: &[&INIT_SYSTEM, &SEED_SYSTEM, &NO_GETSTATE, &NO_SETSTATE],
        is_open: true,
        ..NativeType::of(
            Builtin::Opaque,
            "Random number generator whose key comes from the operating system: fit for secrets. It has no state and no seed.",
        )
    },
};

const NEW_SYSTEM: Native = Native::vm(
    "__new__(cls, *args, **kwargs)",
    "Create and return a new object.",
    |vm, a| {
        let key = system_entropy(vm, 64)?;
        let generator = Random::from_twister(Mersenne::secret(key));
        Ok(vm.local(object(vm, a.at(0), generator)?))
    },
);
const INIT_SYSTEM: Native = Native::leaf(
    "__init__(self, x=None)",
    "The argument is ignored.",
    |_, _| Ok(Value::NONE),
);
const SEED_SYSTEM: Native = Native::leaf(
    "seed(self, *args, **kwds)",
    "Does nothing: there is no seed.",
    |_, _| Ok(Value::NONE),
);
const NO_GETSTATE: Native = Native::leaf(
    "getstate(self, *args, **kwds)",
    "Raises NotImplementedError: there is no state.",
    |heap, _| Err(no_state(heap)),
);
const NO_SETSTATE: Native = Native::leaf(
    "setstate(self, *args, **kwds)",
    "Raises NotImplementedError: there is no state.",
    |heap, _| Err(no_state(heap)),
);

fn no_state(heap: &Heap) -> Raised {
    let message = "System entropy source does not have state.";
    heap.raise(Builtin::NotImplementedError, message)
}

/// The insides of an instance.
struct Generator {
    random: RefCell<Random>,
}

traced!(Generator {} plain { random });

impl Payload for Generator {}

/// An instance of the class, or of one that derives from it.
pub fn object(vm: &Vm, class: Local, random: Random) -> Result<Value<'_>, Raised> {
    match vm.get_gc::<Class>(class) {
        Some(class) => Ok(vm
            .heap
            .opaque(
                class,
                Generator {
                    random: RefCell::new(random),
                },
            )
            .value()),
        None => Err(vm
            .heap
            .type_error("Random.__new__(X): X is not a type object")),
    }
}

/// The generator of an instance.
pub fn generator<'h>(heap: &'h Heap, value: Value<'h>) -> Result<RefMut<'h, Random>, Raised> {
    let generator = value
        .as_gc::<Opaque>()
        .and_then(|object: Gc<'h, Opaque>| object.payload::<Generator>());
    match generator {
        Some(generator) => Ok(generator.random.borrow_mut()),
        None => {
            let found = heap.type_name(value);
            Err(heap.type_error(format!(
                "descriptor requires a 'Random' object but received a '{found}'"
            )))
        }
    }
}

/// Draws from the receiver's generator.
pub fn draw<T>(
    vm: &Vm,
    a: Locals,
    draw: impl FnOnce(&mut Random) -> TextResult<T>,
) -> Result<T, Raised> {
    let drawn = draw(&mut *generator(&vm.heap, vm.get(a.at(0)))?);
    checked(&vm.heap, drawn)
}

/// A method that draws by `random()` and `getrandbits()`: `native` draws from the receiver's generator; where the object or its class
/// may have methods of its own, the function `name` of `_random_general` draws by them.
pub fn derived(
    vm: &mut Vm,
    a: Locals,
    name: &str,
    params: &[&str],
    native: VmFn,
) -> Result<Local, Raised> {
    if is_as_made(vm, a.at(0)) {
        return native(vm, a);
    }
    let module = vm.import_module("_random_general")?;
    let function = vm.get_attr_named(module, name)?;
    let values = (1..=params.len()).map(|at| a.at(at));
    let (names, values): (Vec<&str>, Vec<Local>) = (params.iter().zip(values))
        .filter(|&(_, value)| !vm.get(value).is_undef())
        .unzip();
    vm.call_kw(function, &[a.at(0)], &names, &values)
}

/// Whether an object's methods are all those of this module.
fn is_as_made(vm: &Vm, this: Local) -> bool {
    let heap = &vm.heap;
    let value = vm.get(this);
    let class = heap.class_of(value);
    let has_own = |dict: Gc<'_, Dict>| !dict.table.is_empty(heap);
    class.has(class_flag::OPEN)
        && !class.mro(heap).any(|class| class.has(class_flag::CHANGED))
        && !vm.attr_dict(value).is_some_and(has_own)
}

/// How a seed makes a generator.
type Seeding = for<'h> fn(&'h Heap, Value<'h>) -> Result<Random, Raised>;

fn seed_by(vm: &mut Vm, a: Locals, seeding: Seeding) -> Result<Local, Raised> {
    let value = vm.get(a.at(1));
    let fresh = if value.is_undef() || value.is_none() {
        Random::from_int(IntRef::Small(vm.extension::<Entropy>().draw()))
    } else {
        seeding(&vm.heap, value)?
    };
    *generator(&vm.heap, vm.get(a.at(0)))? = fresh;
    Ok(vm.none())
}

fn seeded<'h>(heap: &'h Heap, seed: Value<'h>) -> Result<Random, Raised> {
    if let Some(n) = arg::as_int(heap, seed) {
        return Ok(Random::from_int(n));
    }
    if let Some(x) = plain_value(heap, seed).as_float() {
        return Ok(Random::from_float(x));
    }
    if let Some(text) = arg::as_str(heap, seed) {
        return Ok(Random::from_bytes(text.as_str().as_bytes()));
    }
    match Buffer::of(heap, seed) {
        Some(data) => Ok(Random::from_bytes(&data)),
        None => Err(heap.type_error(
            "The only supported seed types are:\nNone, int, float, str, bytes, and bytearray.",
        )),
    }
}

/// Version 1 differs for texts and bytes.
fn seeded_as_before<'h>(heap: &'h Heap, seed: Value<'h>) -> Result<Random, Raised> {
    if let Some(text) = arg::as_str(heap, seed) {
        let characters: Vec<u32> = text.as_str().chars().map(u32::from).collect();
        return Ok(Random::from_old_hash(&characters));
    }
    match Buffer::of(heap, seed) {
        Some(data) => {
            let characters: Vec<u32> = data.iter().map(|&byte| u32::from(byte)).collect();
            Ok(Random::from_old_hash(&characters))
        }
        None => seeded(heap, seed),
    }
}

fn get_state<'h>(heap: &'h Heap, a: Args<'h>) -> Out<'h> {
    let random = generator(heap, a.get(0))?;
    let (twister, gauss_next) = random.state();
    let words: Vec<_> = twister
        .state()
        .iter()
        .map(|&word| heap.int(i64::from(word)))
        .collect();
    let gauss_next = gauss_next.map_or(Value::NONE, Value::float);
    Ok(heap
        .tuple(&[heap.int(VERSION), heap.tuple(&words).value(), gauss_next])
        .value())
}

fn set_state<'h>(heap: &'h Heap, this: Value<'h>, state: Value<'h>) -> Result<(), Raised> {
    let fields = state
        .as_gc::<Tuple>()
        .map(|tuple| tuple.to_vec(heap))
        .unwrap_or_default();
    let [version, words, gauss_next] = fields[..] else {
        return Err(
            heap.type_error("state must be a tuple of version, words and the next Gaussian number")
        );
    };
    // Version 2 wrote its words as signed numbers on some systems.
    if version.as_int() != Some(VERSION) && version.as_int() != Some(2) {
        let version = version.as_int().unwrap_or_default();
        let message = format!(
            "state with version {version} passed to Random.setstate() of version {VERSION}"
        );
        return Err(heap.value_error(message));
    }
    let Some(words) = words.as_gc::<Tuple>() else {
        return Err(heap.type_error("state vector must be a tuple"));
    };
    let mut state = Vec::with_capacity(words.len());
    for word in words.iter(heap) {
        let Some(word) = word.as_any_int() else {
            return Err(heap.type_error("an integer is required"));
        };
        state.push(word.to_i64().map_or(0, |word| word as u32));
    }
    let twister = checked(heap, Mersenne::from_state(&state))?;
    generator(heap, this)?.set_state(twister, gauss_next.as_float());
    Ok(())
}
