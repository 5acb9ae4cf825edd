//! `list`: its constructor and methods.
//!
//! The representation is `runtime/list.rs`, sorting `sort.rs`; operators and subscripts are the VM's, and the special methods here
//! only lead there, for explicit calls and subclasses. To add a method: a `Native`, its function, a name in the table.

use super::special::Special;
use super::{sequence, sort};
use crate::runtime::iter::IterTag;
use crate::runtime::list::List;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::receiver::{given, this, this_of};
use crate::stdlib::registry::NativeType;
use crate::vm::protocol::arith::Operator;
use crate::vm::protocol::iterate::{Advance, leaf_next, plain_iter};
use crate::vm::{Args, Local, Locals, Native, Vm, leaf_len};

/// The most items that a fast path takes from another container.
const MAX_QUICK: usize = 100_000;

/// The types of this file.
pub const TYPES: &[NativeType] = &[LIST];

const LIST: NativeType = NativeType {
    new: Some(&NEW),
    methods: &[
        &INIT,
        &APPEND,
        &CLEAR,
        &COPY,
        &COUNT,
        &EXTEND,
        &INDEX,
        &INSERT,
        &POP,
        &REMOVE,
        &REVERSE,
        &SORT,
        &Special::<List>::ADD,
        &Special::<List>::CONTAINS,
        &Special::<List>::DELITEM,
        &Special::<List>::EQ,
        &Special::<List>::GE,
        &Special::<List>::GETITEM,
        &Special::<List>::GT,
        &IADD,
        &IMUL,
        &Special::<List>::ITER,
        &Special::<List>::LE,
        &Special::<List>::LEN,
        &Special::<List>::LT,
        &Special::<List>::MUL,
        &Special::<List>::NE,
        &Special::<List>::REPR,
        &REVERSED,
        &Special::<List>::RMUL,
        &Special::<List>::SETITEM,
    ],
    ..NativeType::of(
        Builtin::List,
        "Built-in mutable sequence.\n\nIf no argument is given, the constructor creates a new empty list.\n\
         The argument must be an iterable if specified.",
    )
};

const NEW: Native = Native::leaf(
    "__new__(type, /, *args, **kwargs)",
    "Create and return a new object.  See help(type) for accurate signature.",
    |heap, _| Ok(heap.list([]).value()),
)
.quick(|heap, args| match args.len() {
    1 => Some(heap.list([]).value()),
    2 => {
        let items = plain_items(heap, args.get(1))?;
        Some(heap.list(items).value())
    }
    _ => None,
});

/// The items of a builtin container. Long ones are left to the general path, which collects in between.
pub fn plain_items<'h>(heap: &'h Heap, iterable: Value<'h>) -> Option<Vec<Value<'h>>> {
    if let Some(list) = iterable.as_gc::<List>() {
        let room = list.len(heap).saturating_mul(2 * size_of::<Value<'_>>());
        return heap.fits(room).then(|| list.to_vec(heap));
    }
    if leaf_len(heap, iterable)? > MAX_QUICK {
        return None;
    }
    let iter = plain_iter(heap, iterable)?;
    let mut items = Vec::with_capacity(leaf_len(heap, iterable)?);
    loop {
        match leaf_next(heap, iter) {
            Ok(Advance::Item(item)) => items.push(item),
            Ok(Advance::End) => return Some(items),
            // A fresh iterator over a container that nobody changes meanwhile has no reason to.
            Ok(Advance::Program) | Err(_) => return None,
        }
    }
}

const INIT: Native = Native::vm(
    "__init__(self, iterable=(), /) -> None",
    "Initialize self.  See help(type(self)) for accurate signature.",
    init,
);

fn init(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    this_of::<List>(vm, args)?.clear(&vm.heap);
    if let Some(iterable) = given(vm, args.at(1)) {
        vm.extend_list(args.at(0), iterable)?;
    }
    Ok(vm.none())
}

const APPEND: Native = Native::leaf(
    "append(self, object, /) -> None",
    "Append object to the end of the list.",
    append,
);

fn append<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    this::<List>(heap, args)?.push(heap, args.get(1))?;
    Ok(Value::NONE)
}

const CLEAR: Native = Native::leaf(
    "clear(self, /) -> None",
    "Remove all items from list.",
    |heap, args| {
        this::<List>(heap, args)?.clear(heap);
        Ok(Value::NONE)
    },
);

const COPY: Native = Native::leaf(
    "copy(self, /) -> list",
    "Return a shallow copy of the list.",
    |heap, args| Ok(heap.list(this::<List>(heap, args)?.to_vec(heap)).value()),
);

const COUNT: Native = Native::vm(
    "count(self, value, /) -> int",
    "Return number of occurrences of value.",
    |vm, args| {
        this_of::<List>(vm, args)?;
        let count = sequence::count(vm, args.at(0), args.at(1))?;
        Ok(vm.local(vm.heap.usize(count)))
    },
);

const EXTEND: Native = Native::vm(
    "extend(self, iterable, /) -> None",
    "Extend list by appending elements from the iterable.",
    |vm, args| {
        this_of::<List>(vm, args)?;
        vm.extend_list(args.at(0), args.at(1))?;
        Ok(vm.none())
    },
);

const IADD: Native = Native::vm(
    "__iadd__(self, value, /)",
    "Implement self+=value.",
    |vm, args| {
        this_of::<List>(vm, args)?;
        vm.extend_list(args.at(0), args.at(1))?;
        Ok(args.at(0))
    },
);

const IMUL: Native = Native::vm(
    "__imul__(self, value, /)",
    "Implement self*=value.",
    |vm, args| {
        this_of::<List>(vm, args)?;
        let times = vm.index_value(args.at(1))?;
        vm.inplace(Operator::Mul, args.at(0), times)
    },
);

const INDEX: Native = Native::vm(
    "index(self, value, start=0, stop=sys.maxsize, /) -> int",
    "Return first index of value.\n\nRaises ValueError if the value is not present.",
    index,
);

fn index(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let len = this_of::<List>(vm, args)?.len(&vm.heap);
    let from = sequence::bound(vm, args.at(2), 0, len)?;
    let to = sequence::bound(vm, args.at(3), usize::MAX, len)?;
    match sequence::find(vm, args.at(0), args.at(1), from, to)? {
        Some(i) => Ok(vm.local(vm.heap.usize(i))),
        None => {
            let repr = vm.repr(args.at(1))?;
            let text = vm.text_of(repr)?;
            Err(vm.heap.value_error(format!("{text} is not in list")))
        }
    }
}

const INSERT: Native = Native::vm(
    "insert(self, index, object, /) -> None",
    "Insert object before index.",
    insert,
)
.quick(|heap, args| {
    let (list, index) = (args.get(0).as_gc::<List>()?, args.get(1).as_int()?);
    if args.len() != 3 {
        return None;
    }
    let at = clamped(index, list.len(heap));
    // Without memory the general path raises.
    let inserted = list.insert(heap, at, args.get(2));
    inserted.is_ok().then_some(Value::NONE)
});

/// The position that an index of `insert` means.
fn clamped(index: i64, len: usize) -> usize {
    let len = len as i64;
    (if index < 0 {
        (index + len).max(0)
    } else {
        index.min(len)
    }) as usize
}

fn insert(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    this_of::<List>(vm, args)?;
    let index = vm.index(args.at(1))?;
    let list = this_of::<List>(vm, args)?;
    let at = clamped(index, list.len(&vm.heap));
    list.insert(&vm.heap, at, vm.get(args.at(2)))?;
    Ok(vm.none())
}

const POP: Native = Native::vm(
    "pop(self, index=-1, /)",
    "Remove and return item at index (default last).\n\nRaises IndexError if list is empty or index is out of range.",
    pop,
)
.quick(|heap, args| {
    let list = args.get(0).as_gc::<List>()?;
    match args.len() {
        1 => list.pop(heap),
        2 => {
            let index = args.get(1).as_int()?;
            let at = if index < 0 {
                index + list.len(heap) as i64
            } else {
                index
            };
            list.item(heap, at as usize)?;
            Some(list.remove(heap, at as usize))
        }
        _ => None,
    }
});

fn pop(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let Some(index) = given(vm, args.at(1)) else {
        return match this_of::<List>(vm, args)?.pop(&vm.heap) {
            Some(item) => Ok(vm.local(item)),
            None => Err(pop_from_empty(vm)),
        };
    };
    this_of::<List>(vm, args)?;
    let index = vm.index_or(index, Builtin::IndexError)?;
    let list = this_of::<List>(vm, args)?;
    let len = list.len(&vm.heap) as i64;
    let at = if index < 0 { index + len } else { index };
    match at {
        _ if len == 0 => Err(pop_from_empty(vm)),
        _ if at < 0 || at >= len => {
            Err(vm.heap.raise(Builtin::IndexError, "pop index out of range"))
        }
        _ => Ok(vm.local(list.remove(&vm.heap, at as usize))),
    }
}

fn pop_from_empty(vm: &Vm) -> Raised {
    vm.heap.raise(Builtin::IndexError, "pop from empty list")
}

const REMOVE: Native = Native::vm(
    "remove(self, value, /) -> None",
    "Remove first occurrence of value.\n\nRaises ValueError if the value is not present.",
    remove,
);

fn remove(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    this_of::<List>(vm, args)?;
    let found = sequence::find(vm, args.at(0), args.at(1), 0, usize::MAX)?;
    let list = this_of::<List>(vm, args)?;
    match found {
        Some(i) if i < list.len(&vm.heap) => {
            list.remove(&vm.heap, i);
            Ok(vm.none())
        }
        Some(_) => Ok(vm.none()),
        None => Err(vm.heap.value_error("list.remove(x): x not in list")),
    }
}

const REVERSE: Native = Native::leaf(
    "reverse(self, /) -> None",
    "Reverse *IN PLACE*.",
    |heap, args| {
        let list = this::<List>(heap, args)?;
        heap.poll(list.len(heap) / 4)?;
        list.reverse(heap);
        Ok(Value::NONE)
    },
);

const SORT: Native = Native::vm(
    "sort(self, /, *, key=None, reverse=False) -> None",
    "Sort the list in ascending order and return None.\n\n\
     The sort is in-place (i.e. the list itself is modified) and stable (i.e. the\norder of two equal elements is maintained).\n\n\
     If a key function is given, apply it once to each list item and sort them,\nascending or descending, according to their \
     function values.\n\nThe reverse flag can be set to sort in descending order.",
    |vm, args| {
        this_of::<List>(vm, args)?;
        let order = sort::order_of(vm, args.at(2))?;
        sort::sort_list(vm, args.at(0), args.at(1), order)?;
        Ok(vm.none())
    },
);

const REVERSED: Native = Native::leaf(
    "__reversed__(self, /)",
    "Return a reverse iterator over the list.",
    |heap, args| {
        let list = this::<List>(heap, args)?;
        let last = list.len(heap) as i64 - 1;
        Ok(heap
            .iter(IterTag::ListReverse, list.value(), Value::UNDEF, last, 0)
            .value())
    },
);
