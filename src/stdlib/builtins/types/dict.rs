//! `dict`: its constructor and methods.
//!
//! The representation is `runtime/dict.rs`; lookups that may call `__hash__` and `__eq__` of keys are the VM's. Views are in
//! `view.rs`. To add a method: a `Native`, its function, a name in the table.

use super::special::Special;
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::iter::IterTag;
use crate::runtime::set::Set;
use crate::runtime::table::Found;
use crate::runtime::tuple::Tuple;
use crate::runtime::view::ViewTag;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value, builtin_eq};
use crate::stdlib::arg::plain_value;
use crate::stdlib::receiver::{given, or_not_implemented, this, this_of};
use crate::stdlib::registry::NativeType;
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[DICT];

const DICT: NativeType = NativeType {
    new: Some(&NEW),
    methods: &[
        &INIT,
        &CLEAR,
        &COPY,
        &GET,
        &ITEMS,
        &KEYS,
        &POP,
        &POPITEM,
        &SETDEFAULT,
        &UPDATE,
        &VALUES,
        &Special::<Dict>::CONTAINS,
        &Special::<Dict>::DELITEM,
        &Special::<Dict>::EQ,
        &GETITEM,
        &IOR,
        &Special::<Dict>::ITER,
        &Special::<Dict>::LEN,
        &Special::<Dict>::NE,
        &OR,
        &Special::<Dict>::REPR,
        &REVERSED,
        &ROR,
        &Special::<Dict>::SETITEM,
    ],
    class_methods: &[&FROMKEYS],
    ..NativeType::of(
        Builtin::Dict,
        "dict() -> new empty dictionary\n\
         dict(mapping) -> new dictionary initialized from a mapping object's\n    (key, value) pairs\n\
         dict(iterable) -> new dictionary initialized as if via:\n    d = {}\n    for k, v in iterable:\n        d[k] = v\n\
         dict(**kwargs) -> new dictionary initialized with the name=value pairs\n    in the keyword argument list.  \
         For example:  dict(one=1, two=2)",
    )
};

const NEW: Native = Native::leaf(
    "__new__(type, /, *args, **kwargs)",
    "Create and return a new object.  See help(type) for accurate signature.",
    |heap, _| Ok(heap.dict().value()),
);

const INIT: Native = Native::vm(
    "__init__(self, /, *args, **kwargs) -> None",
    "Initialize self.  See help(type(self)) for accurate signature.",
    |vm, args| fill(vm, args, "dict"),
);

const UPDATE: Native = Native::vm(
    "update(self, /, *args, **kwargs) -> None",
    "D.update([E, ]**F) -> None.  Update D from mapping/iterable E and F.\n\
     If E is present and has a .keys() method, then does:  for k in E.keys(): D[k] = E[k]\n\
     If E is present and lacks a .keys() method, then does:  for k, v in E: D[k] = v\n\
     In either case, this is followed by: for k in F:  D[k] = F[k]",
    |vm, args| fill(vm, args, "update"),
);

/// Adds what the one positional argument and the keyword arguments give.
fn fill(vm: &mut Vm, args: Locals, function: &str) -> Result<Local, Raised> {
    this_of::<Dict>(vm, args)?;
    let others = vm
        .get_gc::<Tuple>(args.at(1))
        .and_then(|tuple| Some((tuple.len(), tuple.at(&vm.heap, 0)?)));
    if let Some((count, other)) = others {
        if count > 1 {
            return Err(vm.heap.type_error(format!(
                "{function} expected at most 1 argument, got {count}"
            )));
        }
        let other = vm.local(other);
        vm.dict_update(args.at(0), other)?;
    }
    if vm
        .get_gc::<Dict>(args.at(2))
        .is_some_and(|kwargs| !kwargs.table.is_empty(&vm.heap))
    {
        vm.dict_update(args.at(0), args.at(2))?;
    }
    Ok(vm.none())
}

const GETITEM: Native = Native::vm(
    "__getitem__(self, key, /)",
    "Return self[key].",
    |vm, args| {
        let item = vm.builtin_get_item(args.at(0), args.at(1))?;
        Ok(or_not_implemented(vm, item))
    },
)
.on_instance();

const CLEAR: Native = Native::leaf(
    "clear(self, /) -> None",
    "Remove all items from the dict.",
    |heap, args| {
        this::<Dict>(heap, args)?.table.clear(heap);
        Ok(Value::NONE)
    },
);

const COPY: Native = Native::vm(
    "copy(self, /) -> dict",
    "Return a shallow copy of the dict.",
    |vm, args| copy(vm, args.at(0)),
)
.on_instance();
const OR: Native = Native::vm(
    "__or__(self, value, /)",
    "Return self|value.",
    |vm, args| union(vm, args.at(0), args.at(1)),
)
.on_instance();
const ROR: Native = Native::vm(
    "__ror__(self, value, /)",
    "Return value|self.",
    |vm, args| union(vm, args.at(1), args.at(0)),
)
.on_instance();

/// A dict with the items that a dict or one of a subclass says it has.
fn copy(vm: &mut Vm, of: Local) -> Result<Local, Raised> {
    if let Some(dict) = vm.get_gc::<Dict>(of) {
        let table = dict.table.copy(&vm.heap)?;
        return Ok(vm.local(vm.heap.alloc(Dict { table }).value()));
    }
    let made = vm.local(vm.heap.dict().value());
    vm.dict_update(made, of)?;
    Ok(made)
}

fn union(vm: &mut Vm, left: Local, right: Local) -> Result<Local, Raised> {
    let is_dict = |side| plain_value(&vm.heap, vm.get(side)).is_gc::<Dict>();
    if !is_dict(left) || !is_dict(right) {
        return Ok(vm.local(Value::NOT_IMPLEMENTED));
    }
    let made = copy(vm, left)?;
    vm.dict_update(made, right)?;
    Ok(made)
}

const FROMKEYS: Native = Native::vm(
    "fromkeys(cls, iterable, value=None, /)",
    "Create a new dictionary with keys from iterable and values set to value.",
    fromkeys,
);

fn fromkeys(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let exact = vm
        .get_gc::<Class>(args.at(0))
        .is_some_and(|class| class.builtin_is(Builtin::Dict));
    let dict = if exact {
        vm.local(vm.heap.dict().value())
    } else {
        vm.call(args.at(0), &[])?
    };
    let value = given(vm, args.at(2)).unwrap_or_else(|| vm.none());
    let source = vm.get(args.at(1));
    if exact && (source.is_gc::<Dict>() || source.is_gc::<Set>()) {
        vm.bind_members(dict, args.at(1), value)?;
        return Ok(dict);
    }
    let iterator = vm.iter(args.at(1))?;
    let key = vm.local(Value::UNDEF);
    while vm.next(iterator, key)? {
        let mark = vm.mark();
        if exact {
            vm.dict_set(dict, key, value)?;
        } else {
            vm.set_item(dict, key, value)?;
        }
        vm.release(mark);
    }
    Ok(dict)
}

const GET: Native = Native::vm(
    "get(self, key, default=None, /)",
    "Return the value for key if key is in the dictionary, else default.",
    |vm, args| {
        this_of::<Dict>(vm, args)?;
        match vm.dict_get(args.at(0), args.at(1))? {
            Some(value) => Ok(value),
            None => Ok(given(vm, args.at(2)).unwrap_or_else(|| vm.none())),
        }
    },
)
.quick(|heap, args| {
    let dict = args.get(0).as_gc::<Dict>()?;
    match (args.len(), find(heap, dict, args.get(1))?) {
        (2 | 3, (_, Found::At(at))) => Some(dict.get().table.value_at(heap, at)),
        (2, (_, Found::Missing)) => Some(Value::NONE),
        (3, (_, Found::Missing)) => Some(args.get(2)),
        _ => None,
    }
});

/// Looks for a key that the program has no say about; its hash and where it is.
fn find<'h>(heap: &'h Heap, dict: Gc<'h, Dict>, key: Value<'h>) -> Option<(u64, Found)> {
    let hash = builtin_eq::hash(heap, key)?;
    Some((hash, dict.table.find(heap, hash, key)))
}

const SETDEFAULT: Native = Native::vm(
    "setdefault(self, key, default=None, /)",
    "Insert key with a value of default if key is not in the dictionary.\n\n\
     Return the value for key if key is in the dictionary, else default.",
    |vm, args| {
        this_of::<Dict>(vm, args)?;
        let value = given(vm, args.at(2)).unwrap_or_else(|| vm.none());
        vm.dict_set_default(args.at(0), args.at(1), value)
    },
)
.quick(|heap, args| {
    let dict = args.get(0).as_gc::<Dict>()?;
    match (args.len(), find(heap, dict, args.get(1))?) {
        (2 | 3, (_, Found::At(at))) => Some(dict.get().table.value_at(heap, at)),
        (3, (hash, Found::Missing)) => {
            let pushed = dict.table.push(heap, hash, args.get(1), args.get(2));
            // Without memory the general path raises.
            pushed.ok()?;
            Some(args.get(2))
        }
        _ => None,
    }
});

const POP: Native = Native::vm(
    "pop(self, key, default=<unrepresentable>, /)",
    "D.pop(k[,d]) -> v, remove specified key and return the corresponding value.\n\n\
     If the key is not found, return the default if given; otherwise,\nraise a KeyError.",
    |vm, args| {
        this_of::<Dict>(vm, args)?;
        if let Some(value) = vm.dict_remove(args.at(0), args.at(1))? {
            return Ok(value);
        }
        given(vm, args.at(2)).ok_or_else(|| vm.key_error(args.at(1)))
    },
)
.quick(|heap, args| {
    let dict = args.get(0).as_gc::<Dict>()?;
    match (args.len(), find(heap, dict, args.get(1))?) {
        (2 | 3, (_, Found::At(at))) => Some(dict.table.remove(heap, at).1),
        (3, (_, Found::Missing)) => Some(args.get(2)),
        _ => None,
    }
});

const POPITEM: Native = Native::leaf(
    "popitem(self, /) -> tuple",
    "Remove and return a (key, value) pair as a 2-tuple.\n\n\
     Pairs are returned in LIFO (last-in, first-out) order.\nRaises KeyError if the dict is empty.",
    popitem,
);

fn popitem<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let table = &this::<Dict>(heap, args)?.get().table;
    let Some(last) = table.previous_position(heap, table.end(heap)) else {
        return Err(heap.raise(Builtin::KeyError, "popitem(): dictionary is empty"));
    };
    let (key, value) = table.remove(heap, last);
    Ok(heap.tuple(&[key, value]).value())
}

const KEYS: Native = Native::leaf(
    "keys(self, /)",
    "Return a set-like object providing a view on the dict's keys.",
    |heap, args| {
        Ok(heap
            .view(ViewTag::Keys, this::<Dict>(heap, args)?.value())
            .value())
    },
);

const VALUES: Native = Native::leaf(
    "values(self, /)",
    "Return an object providing a view on the dict's values.",
    |heap, args| {
        Ok(heap
            .view(ViewTag::Values, this::<Dict>(heap, args)?.value())
            .value())
    },
);

const ITEMS: Native = Native::leaf(
    "items(self, /)",
    "Return a set-like object providing a view on the dict's items.",
    |heap, args| {
        Ok(heap
            .view(ViewTag::Items, this::<Dict>(heap, args)?.value())
            .value())
    },
);

const IOR: Native = Native::vm(
    "__ior__(self, value, /)",
    "Return self|=value.",
    |vm, args| {
        this_of::<Dict>(vm, args)?;
        vm.dict_update(args.at(0), args.at(1))?;
        Ok(args.at(0))
    },
);

const REVERSED: Native = Native::leaf(
    "__reversed__(self, /)",
    "Return a reverse iterator over the dict keys.",
    |heap, args| Ok(reversed(heap, this(heap, args)?)),
);

/// An iterator over a dict's keys, the last one first.
pub fn reversed<'h>(heap: &'h Heap, dict: Gc<'h, Dict>) -> Value<'h> {
    let (end, len) = (dict.table.end(heap) as i64, dict.table.len(heap) as i64);
    heap.iter(IterTag::DictReverse, dict.value(), Value::UNDEF, end, len)
        .value()
}
