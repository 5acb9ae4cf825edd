//! `__reduce__` and `__setstate__` of these iterators, for `copy` and `pickle`; CPython 3.13 warns that they will go.
//!
//! To add an iterator: implement `Reduce` for its payload, and name `T::REDUCE` and, if it has a state, `T::SETSTATE` among its methods.

use crate::runtime::opaque::Payload;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised};
use crate::stdlib::receiver::plain;
use crate::vm::{Local, Native, Vm};

/// The function, arguments and state that make an equal iterator.
pub struct Reduced {
    /// None: the iterator's own class.
    pub function: Option<Local>,
    pub args: Vec<Local>,
    pub state: Option<Local>,
}

impl Reduced {
    /// The class is called with these arguments.
    pub fn of(args: &[Local]) -> Reduced {
        Reduced {
            function: None,
            args: args.to_vec(),
            state: None,
        }
    }

    /// The same, after which `__setstate__` is called.
    pub fn with_state(self, state: Local) -> Reduced {
        Reduced {
            state: Some(state),
            ..self
        }
    }
}

/// An iterator that can be taken apart and made again.
pub trait Reduce: Payload + Sized {
    /// The iterator's parts as they are now.
    fn reduce(vm: &mut Vm, iter: Local) -> Result<Reduced, Raised>;

    /// Takes over the state that `reduce` returned; only asked of iterators that have `SETSTATE`.
    fn restore(vm: &mut Vm, _iter: Local, _state: Local) -> Result<(), Raised> {
        Err(vm.heap.type_error("the iterator has no state"))
    }

    const REDUCE: Native = Native::vm(
        "__reduce__(self, /)",
        "Return state information for pickling.",
        |vm, args| {
            warn(vm)?;
            let Reduced {
                function,
                args: given,
                state,
            } = Self::reduce(vm, args.at(0))?;
            let class = vm.heap.class_of(vm.get(args.at(0))).value();
            let function = function.unwrap_or_else(|| vm.local(class));
            let mut parts = vec![function, vm.tuple_of(&given)];
            parts.extend(state);
            Ok(vm.tuple_of(&parts))
        },
    )
    .on_instance();

    const SETSTATE: Native = Native::vm(
        "__setstate__(self, state, /)",
        "Set state information for unpickling.",
        |vm, args| {
            warn(vm)?;
            Self::restore(vm, args.at(0), args.at(1))?;
            Ok(vm.none())
        },
    )
    .on_instance();
}

fn warn(vm: &mut Vm) -> Result<(), Raised> {
    let message =
        "Pickle, copy, and deepcopy support will be removed from itertools in Python 3.14.";
    vm.warn(Builtin::DeprecationWarning, message)
}

/// The items of a state that must be a tuple of `least` to `most`.
pub fn parts(vm: &Vm, state: Local, least: usize, most: usize) -> Result<Vec<Local>, Raised> {
    let Some(items) = items(vm, state) else {
        return Err(vm.heap.type_error("state is not a tuple"));
    };
    if items.len() < least || items.len() > most {
        let (bound, count) = match items.len() < least {
            true => ("at least", least),
            false => ("at most", most),
        };
        let bound = if least == most { "exactly" } else { bound };
        let given = items.len();
        let ending = if count == 1 { "" } else { "s" };
        let message = format!("function takes {bound} {count} argument{ending} ({given} given)");
        return Err(vm.heap.type_error(message));
    }
    Ok(items)
}

/// The items of a tuple.
fn items(vm: &Vm, tuple: Local) -> Option<Vec<Local>> {
    let tuple = vm.get_gc::<Tuple>(plain(vm, tuple))?;
    Some(tuple.iter(&vm.heap).map(|item| vm.local(item)).collect())
}

/// A state that is a tuple of so many numbers, each brought into the range that `bounds` says for its place.
pub fn positions(
    vm: &mut Vm,
    state: Local,
    count: usize,
    bounds: impl Fn(usize) -> (usize, usize),
) -> Result<Vec<usize>, Raised> {
    let items = items(vm, state).filter(|items| items.len() == count);
    let Some(items) = items else {
        return Err(vm.heap.value_error("invalid arguments"));
    };
    let mut found = Vec::new();
    for (place, item) in items.into_iter().enumerate() {
        let (least, most) = bounds(place);
        let position = usize::try_from(vm.index(item)?).unwrap_or(0);
        found.push(position.min(most).max(least));
    }
    Ok(found)
}

/// A tuple of numbers.
pub fn numbers(vm: &Vm, numbers: impl IntoIterator<Item = usize>) -> Local {
    let numbers: Vec<_> = numbers.into_iter().map(|n| vm.heap.usize(n)).collect();
    vm.local(vm.heap.tuple(&numbers).value())
}
