//! Builtin functions that any object answers: `callable`, `hash`, `id`, `isinstance`, `issubclass`, `len`.
//!
//! To add one: a `Native`, its function, a name in the table.

use crate::runtime::class::Class;
use crate::runtime::heap::Kind;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Value};
use crate::vm::{Native, leaf_len};

/// The functions of this file.
pub const FUNCTIONS: &[&Native] = &[&CALLABLE, &HASH, &ID, &ISINSTANCE, &ISSUBCLASS, &LEN];

const LEN: Native = Native::vm(
    "len(obj, /) -> int",
    "Return the number of items in a container.\n\nRaises TypeError for objects that have no length.",
    |vm, args| {
        let len = vm.len(args.at(0))?;
        Ok(vm.local(vm.heap.usize(len)))
    },
)
.quick(|heap, args| {
    let len = leaf_len(heap, args.get(0))?;
    (args.len() == 1).then(|| heap.usize(len))
});

const CALLABLE: Native = Native::vm(
    "callable(obj, /) -> bool",
    "Return whether the object is callable (i.e., some kind of function).\n\n\
     Note that classes are callable, as are instances of classes with a\n__call__() method.",
    |vm, args| Ok(vm.local(Value::bool(vm.is_callable(args.at(0))))),
);

const HASH: Native = Native::vm(
    "hash(obj, /) -> int",
    "Return the hash value for the given object.\n\n\
     Two objects that compare equal must also have the same hash value, but the\nreverse is not necessarily true.\n\nRaises TypeError for objects that have no hash, such as lists.",
    |vm, args| {
        // Inside, no text hashes to 0, which means that a hash is not known yet.
        let empty = match vm.get(args.at(0)).as_object().map(Gc::kind) {
            Some(Kind::Str | Kind::Bytes) => leaf_len(&vm.heap, vm.get(args.at(0))) == Some(0),
            _ => false,
        };
        let hash = if empty { 0 } else { vm.hash(args.at(0))? };
        Ok(vm.local(vm.heap.int(hash as i64)))
    },
);

const ID: Native = Native::leaf(
    "id(obj, /) -> int",
    "Return the identity of an object.\n\nThis is guaranteed to be unique among simultaneously existing objects.",
    |heap, args| Ok(heap.int(heap.id_of(args.get(0)))),
);

const ISINSTANCE: Native = Native::vm(
    "isinstance(obj, class_or_tuple, /) -> bool",
    "Return whether an object is an instance of a class or of a subclass thereof.\n\n\
     A tuple, as in ``isinstance(x, (A, B, ...))``, may be given as the target to\n\
     check against. This is equivalent to ``isinstance(x, A) or isinstance(x, B)\nor ...`` etc.",
    |vm, args| {
        let holds = vm.is_instance(args.at(0), args.at(1))?;
        Ok(vm.local(Value::bool(holds)))
    },
)
.quick(|heap, args| {
    if args.len() != 2 {
        return None;
    }
    let Some(classes) = args.get(1).as_gc::<Tuple>() else {
        return is_plainly(heap, args.get(0), args.get(1)).map(Value::bool);
    };
    for class in classes.iter(heap) {
        if is_plainly(heap, args.get(0), class)? {
            return Some(Value::TRUE);
        }
    }
    Some(Value::FALSE)
});

/// Whether a value is an instance of a class, if neither can have anything to say about it.
fn is_plainly<'h>(heap: &'h Heap, value: Value<'h>, class: Value<'h>) -> Option<bool> {
    let class = class.as_gc::<Class>()?;
    if !heap.class_of(class.value()).builtin_is(Builtin::Type) {
        return None;
    }
    let is = heap.class_of(value).is_subclass(heap, class);
    let silent = value.as_object().is_none_or(|object| {
        matches!(
            object.kind(),
            Kind::Str | Kind::List | Kind::Tuple | Kind::Dict | Kind::Set
        )
    });
    (is || silent).then_some(is)
}

const ISSUBCLASS: Native = Native::vm(
    "issubclass(cls, class_or_tuple, /) -> bool",
    "Return whether 'cls' is derived from another class or is the same class.\n\n\
     A tuple, as in ``issubclass(x, (A, B, ...))``, may be given as the target to\n\
     check against. This is equivalent to ``issubclass(x, A) or issubclass(x, B)\nor ...``.",
    |vm, args| {
        let holds = vm.is_subclass(args.at(0), args.at(1))?;
        Ok(vm.local(Value::bool(holds)))
    },
);
