//! `collections.deque`: a list with two open ends, natively, because programs use it where speed matters.
//!
//! The representation is `runtime/deque.rs`. The rest of `collections` is written in apy (`library/collections/`), which takes the type
//! from here.

mod iterator;

pub use self::iterator::ITERATOR;
use self::iterator::{Start, walk};
use crate::runtime::deque::{Deque, End};
use crate::runtime::dict::Dict;
use crate::runtime::opaque::Opaque;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::vm_index_or;
use crate::stdlib::comparisons::comparisons;
use crate::stdlib::receiver::given;
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Local, Locals, Native, Vm};

pub const DEQUE: ModuleType = ModuleType {
    name: "collections.deque",
    module: "collections",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &INIT,
            &APPEND,
            &APPENDLEFT,
            &POP,
            &POPLEFT,
            &EXTEND,
            &EXTENDLEFT,
            &CLEAR,
            &COPY,
            &COUNT,
            &INDEX,
            &INSERT,
            &REMOVE,
            &REVERSE,
            &ROTATE,
            &LEN,
            &GETITEM,
            &SETITEM,
            &DELITEM,
            &CONTAINS,
            &ITER,
            &REVERSED,
            &REPR,
            &ADD,
            &IADD,
            &MUL,
            &RMUL,
            &IMUL,
            &DUNDER_COPY,
            &REDUCE,
            &EQ,
            &NE,
            &LT,
            &LE,
            &GT,
            &GE,
        ],
        class_methods: &[&CLASS_GETITEM],
        getters: &[Getter::leaf(
            "maxlen",
            "maximum size of a deque or None if unbounded",
            |heap, args| {
                let this = deque(args.get(0));
                Ok(this.maxlen().map_or(Value::NONE, |n| heap.usize(n)))
            },
        )],
        ..NativeType::of(
            Builtin::Opaque,
            "A list-like sequence optimized for data accesses near its endpoints.",
        )
    },
};

fn product(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let times = vm.index(args.at(1))?;
    let product = like(vm, args.at(0))?;
    repeat(vm, product, times)?;
    Ok(product)
}

/// Repeats the items of a deque in place.
fn repeat(vm: &mut Vm, owner: Local, times: i64) -> Result<(), Raised> {
    if times <= 0 {
        deque(vm.get(owner)).clear(&vm.heap);
        return Ok(());
    }
    if times == 1 || len(vm, owner) == 0 {
        return Ok(());
    }
    let items = match len(vm, owner) {
        1 => list_of(vm, owner)?,
        _ => vm.to_list(owner)?,
    };
    for _ in 1..times {
        vm.native_safepoint()?;
        add_all(vm, owner, items, End::Right)?;
    }
    Ok(())
}

fn deque<'h>(value: Value<'h>) -> &'h Deque {
    try_deque(value).expect("methods are called on instances of their class")
}

fn try_deque<'h>(value: Value<'h>) -> Option<&'h Deque> {
    value.as_gc::<Opaque>().and_then(|o| o.payload())
}

fn this(vm: &Vm, args: Locals) -> &Deque {
    deque(vm.get(args.at(0)))
}

const NEW: Native = Native::vm(
    "deque(cls, /, *args, **kwargs)",
    "An empty deque.",
    |vm, args| Ok(vm.new_opaque(args.at(0), Deque::default())),
);
const INIT: Native = Native::vm(
    "__init__(self, iterable=(), maxlen=None)",
    "Initialize self.",
    init,
);
const APPEND: Native = Native::vm("append(self, item, /)", "Add at the right.", |vm, args| {
    this(vm, args).push(&vm.heap, End::Right, vm.get(args.at(1)))?;
    Ok(vm.none())
});
const APPENDLEFT: Native = Native::vm(
    "appendleft(self, item, /)",
    "Add at the left.",
    |vm, args| {
        this(vm, args).push(&vm.heap, End::Left, vm.get(args.at(1)))?;
        Ok(vm.none())
    },
);
const POP: Native = Native::vm(
    "pop(self, /)",
    "Remove and return the rightmost. Raises IndexError if there is none.",
    |vm, args| pop(vm, args, End::Right),
);
const POPLEFT: Native = Native::vm(
    "popleft(self, /)",
    "Remove and return the leftmost. Raises IndexError if there is none.",
    |vm, args| pop(vm, args, End::Left),
);
const EXTEND: Native = Native::vm(
    "extend(self, iterable, /)",
    "Add the items at the right.",
    |vm, args| extend(vm, args, End::Right),
);
const EXTENDLEFT: Native = Native::vm(
    "extendleft(self, iterable, /)",
    "Add the items at the left, one after the other.",
    |vm, args| extend(vm, args, End::Left),
);
const CLEAR: Native = Native::vm("clear(self, /)", "Remove all items.", |vm, args| {
    this(vm, args).clear(&vm.heap);
    Ok(vm.none())
});
const COPY: Native = Native::vm("copy(self, /)", "A shallow copy.", |vm, args| {
    like(vm, args.at(0))
});
const COUNT: Native = Native::vm(
    "count(self, value, /)",
    "How many items equal the value.",
    |vm, args| {
        let mut count = 0;
        for i in 0..len(vm, args.at(0)) {
            count += usize::from(equals_at(vm, args, i, Builtin::RuntimeError)?);
        }
        Ok(vm.local(vm.heap.usize(count)))
    },
);
const INDEX: Native = Native::vm(
    "index(self, value, start=0, stop=None, /)",
    "The first position of a value; ValueError if there is none.",
    |vm, args| {
        let end = len(vm, args.at(0)) as i64;
        let clip = |i: i64| (if i < 0 { (i + end).max(0) } else { i.min(end) }) as usize;
        let mut bound = |arg: Local, default: i64| match given(vm, arg) {
            Some(arg) => vm.index_clipped(arg).map(clip),
            None => Ok(clip(default)),
        };
        let (start, stop) = (bound(args.at(2), 0)?, bound(args.at(3), end)?);
        for i in start..stop {
            if equals_at(vm, args, i, Builtin::RuntimeError)? {
                return Ok(vm.local(vm.heap.usize(i)));
            }
        }
        let text = vm.repr_text(args.at(1))?;
        Err(vm.heap.value_error(format!("{text} is not in deque")))
    },
);
const INSERT: Native = Native::vm(
    "insert(self, index, value, /)",
    "Add before index. Raises IndexError if the deque has maxlen items.",
    insert,
);
const REMOVE: Native = Native::vm(
    "remove(self, value, /)",
    "Remove the first item that equals the value. Raises ValueError if there is none.",
    |vm, args| {
        for i in 0..len(vm, args.at(0)) {
            if equals_at(vm, args, i, Builtin::IndexError)? {
                this(vm, args).remove(&vm.heap, i);
                return Ok(vm.none());
            }
        }
        let text = vm.repr_text(args.at(1))?;
        Err(vm.heap.value_error(format!("{text} is not in deque")))
    },
);
const REVERSE: Native = Native::vm("reverse(self, /)", "Reverse in place.", |vm, args| {
    this(vm, args).reverse(&vm.heap);
    Ok(vm.none())
});
const ROTATE: Native = Native::vm(
    "rotate(self, n=1, /)",
    "Move the n rightmost items to the left.",
    |vm, args| {
        let n = vm_index_or(vm, args.at(1), 1)?;
        this(vm, args).rotate(&vm.heap, n);
        Ok(vm.none())
    },
);
const LEN: Native = Native::vm("__len__(self, /)", "Return len(self).", |vm, args| {
    let len = len(vm, args.at(0));
    Ok(vm.local(vm.heap.usize(len)))
});
const GETITEM: Native = Native::vm(
    "__getitem__(self, key, /)",
    "Return self[key].",
    |vm, args| {
        let at = position(vm, args)?;
        item(vm, args.at(0), at).ok_or_else(|| out_of_range(&vm.heap))
    },
);
const SETITEM: Native = Native::vm(
    "__setitem__(self, key, value, /)",
    "Set self[key] to value.",
    |vm, args| {
        let at = position(vm, args)?;
        if !this(vm, args).set_item(&vm.heap, at, vm.get(args.at(2))) {
            return Err(out_of_range(&vm.heap));
        }
        Ok(vm.none())
    },
);
const DELITEM: Native = Native::vm(
    "__delitem__(self, key, /)",
    "Delete self[key].",
    |vm, args| {
        let at = position(vm, args)?;
        if !this(vm, args).remove(&vm.heap, at) {
            return Err(out_of_range(&vm.heap));
        }
        Ok(vm.none())
    },
);
const CONTAINS: Native = Native::vm(
    "__contains__(self, key, /)",
    "Return key in self.",
    |vm, args| {
        for i in 0..len(vm, args.at(0)) {
            if equals_at(vm, args, i, Builtin::RuntimeError)? {
                return Ok(vm.local(Value::TRUE));
            }
        }
        Ok(vm.local(Value::FALSE))
    },
);
const ITER: Native = Native::vm("__iter__(self, /)", "Implement iter(self).", |vm, args| {
    Ok(walk(vm, args.at(0), Start::Left))
});
const REVERSED: Native = Native::vm(
    "__reversed__(self, /)",
    "Return a reverse iterator over the deque.",
    |vm, args| Ok(walk(vm, args.at(0), Start::Right)),
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let mut text = String::new();
    vm.write_once(args.at(0), "[...]", &mut text, |vm, out| {
        let items = vm.to_list(args.at(0))?;
        let items = vm.repr_text(items)?;
        let maxlen = match this(vm, args).maxlen() {
            Some(n) => format!(", maxlen={n}"),
            None => String::new(),
        };
        let class = vm.heap.type_name(vm.get(args.at(0)));
        let class = class.rsplit('.').next().unwrap_or(class);
        *out = format!("{class}({items}{maxlen})");
        Ok(())
    })?;
    Ok(vm.local(vm.heap.str_value(&text)))
});
const ADD: Native = Native::vm(
    "__add__(self, value, /)",
    "Return self+value.",
    |vm, args| {
        if try_deque(vm.get(args.at(1))).is_none() {
            let class = vm.heap.type_name(vm.get(args.at(1)));
            let message = format!("can only concatenate deque (not \"{class}\") to deque");
            return Err(vm.heap.type_error(message));
        }
        let sum = like(vm, args.at(0))?;
        add_all(vm, sum, args.at(1), End::Right)?;
        Ok(sum)
    },
);
const IADD: Native = Native::vm(
    "__iadd__(self, value, /)",
    "Implement self+=value.",
    |vm, args| {
        extend(vm, args, End::Right)?;
        Ok(args.at(0))
    },
);
const MUL: Native = Native::vm("__mul__(self, value, /)", "Return self*value.", product);
const RMUL: Native = Native::vm("__rmul__(self, value, /)", "Return value*self.", product);
const IMUL: Native = Native::vm(
    "__imul__(self, value, /)",
    "Implement self*=value.",
    |vm, args| {
        let times = vm.index(args.at(1))?;
        repeat(vm, args.at(0), times)?;
        Ok(args.at(0))
    },
);
const DUNDER_COPY: Native = Native::vm("__copy__(self, /)", "A shallow copy.", |vm, args| {
    like(vm, args.at(0))
});
const CLASS_GETITEM: Native = Native::vm(
    "__class_getitem__(cls, item, /)",
    "See PEP 585",
    |vm, args| vm.generic_alias(args.at(0), args.at(1)),
);
const REDUCE: Native = Native::vm(
    "__reduce__(self, /)",
    "Return state information for pickling.",
    |vm, args| {
        let this = args.at(0);
        let class = vm.local(vm.heap.class_of(vm.get(this)).value());
        let arguments = match self::this(vm, args).maxlen() {
            Some(n) => {
                let (empty, n) = (vm.tuple_of(&[]), vm.local(vm.heap.usize(n)));
                vm.tuple_of(&[empty, n])
            }
            None => vm.tuple_of(&[]),
        };
        let state = vm.find_attr(this, "__dict__")?;
        let filled = |vm: &Vm, state| {
            vm.get_gc::<Dict>(state)
                .is_some_and(|d| d.table.len(&vm.heap) > 0)
        };
        let state = state.filter(|&state| filled(vm, state));
        let state = state.unwrap_or_else(|| vm.none());
        let items = vm.iter(this)?;
        Ok(vm.tuple_of(&[class, arguments, state, items]))
    },
);
comparisons!(vm, compare);

fn init(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let maxlen = match given(vm, args.at(2)).filter(|&n| !vm.get(n).is_none()) {
        Some(n) if !vm.heap.is_instance(vm.get(n), Builtin::Int) => {
            return Err(vm.heap.type_error("an integer is required"));
        }
        Some(n) => match usize::try_from(vm.index(n)?) {
            Ok(n) => Some(n),
            Err(_) => return Err(vm.heap.value_error("maxlen must be non-negative")),
        },
        None => None,
    };
    this(vm, args).reset(&vm.heap, maxlen);
    if given(vm, args.at(1)).is_some() {
        extend(vm, args, End::Right)?;
    }
    Ok(vm.none())
}

fn pop(vm: &mut Vm, args: Locals, end: End) -> Result<Local, Raised> {
    match this(vm, args).pop(&vm.heap, end) {
        Some(taken) => Ok(vm.local(taken)),
        None => Err(vm
            .heap
            .raise(Builtin::IndexError, "pop from an empty deque")),
    }
}

fn extend(vm: &mut Vm, args: Locals, end: End) -> Result<Local, Raised> {
    add_all(vm, args.at(0), args.at(1), end)?;
    Ok(vm.none())
}

fn add_all(vm: &mut Vm, owner: Local, iterable: Local, end: End) -> Result<(), Raised> {
    // A deque that extends itself gets what it held before.
    let iterable = if vm.get(iterable).is(vm.get(owner)) {
        vm.to_list(owner)?
    } else {
        iterable
    };
    let iterator = vm.iter(iterable)?;
    let into = vm.none();
    while vm.next(iterator, into)? {
        deque(vm.get(owner)).push(&vm.heap, end, vm.get(into))?;
    }
    Ok(())
}

/// A deque of the same class and bound.
fn like(vm: &mut Vm, model: Local) -> Result<Local, Raised> {
    let class = vm.local(vm.heap.class_of(vm.get(model)).value());
    match deque(vm.get(model)).maxlen() {
        Some(n) => {
            let n = vm.local(vm.heap.usize(n));
            vm.call(class, &[model, n])
        }
        None => vm.call(class, &[model]),
    }
}

fn list_of(vm: &Vm, owner: Local) -> Result<Local, Raised> {
    let items = deque(vm.get(owner)).to_list(&vm.heap)?;
    Ok(vm.local(items.value()))
}

fn len(vm: &Vm, owner: Local) -> usize {
    deque(vm.get(owner)).len(&vm.heap)
}

fn item(vm: &Vm, owner: Local, at: usize) -> Option<Local> {
    let item = deque(vm.get(owner)).item(&vm.heap, at)?;
    Some(vm.local(item))
}

/// Whether the item at a position equals the first argument; the comparison must leave the deque as it is, else an
/// exception of the class is raised.
fn equals_at(vm: &mut Vm, args: Locals, at: usize, class: Builtin) -> Result<bool, Raised> {
    vm.heap.poll(1)?;
    let mark = vm.mark();
    let version = this(vm, args).version();
    let Some(item) = item(vm, args.at(0), at) else {
        return Ok(false);
    };
    let equal = vm.equal(item, args.at(1))?;
    vm.release(mark);
    if this(vm, args).version() != version {
        let message = "deque mutated during iteration";
        return Err(vm.heap.raise(class, message));
    }
    Ok(equal)
}

/// The index argument as a position; beyond the end for what is out of range.
fn position(vm: &mut Vm, args: Locals) -> Result<usize, Raised> {
    let key = vm.get(args.at(1));
    if key.as_any_int().is_none() {
        let class = vm.heap.type_name(key);
        let message = format!("sequence index must be integer, not '{class}'");
        return Err(vm.heap.type_error(message));
    }
    let at = vm.index(args.at(1))?;
    let at = if at < 0 {
        at + len(vm, args.at(0)) as i64
    } else {
        at
    };
    Ok(usize::try_from(at).unwrap_or(usize::MAX))
}

fn out_of_range(heap: &Heap) -> Raised {
    heap.raise(Builtin::IndexError, "deque index out of range")
}

fn insert(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let at = vm.index(args.at(1))?;
    let this = this(vm, args);
    let len = this.len(&vm.heap);
    if this.maxlen().is_some_and(|max| len >= max) {
        let message = "deque already at its maximum size";
        return Err(vm.heap.raise(Builtin::IndexError, message));
    }
    let at = if at < 0 {
        (at + len as i64).max(0)
    } else {
        at.min(len as i64)
    };
    this.insert(&vm.heap, at as usize, vm.get(args.at(2)))?;
    Ok(vm.none())
}

fn compare(vm: &mut Vm, args: Locals, how: Comparison) -> Result<Local, Raised> {
    if try_deque(vm.get(args.at(1))).is_none() {
        return Ok(vm.local(Value::NOT_IMPLEMENTED));
    }
    let all = |vm: &mut Vm, side| match how {
        Comparison::Eq | Comparison::Ne => list_of(vm, side),
        _ => {
            let iterator = vm.iter(side)?;
            vm.to_list(iterator)
        }
    };
    let (a, b) = (all(vm, args.at(0))?, all(vm, args.at(1))?);
    let holds = vm.compare_truth(how, a, b)?;
    Ok(vm.local(Value::bool(holds)))
}
