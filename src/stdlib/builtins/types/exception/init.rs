//! `__init__` of the exceptions: arguments into `args`, for some classes keywords into attributes.
//!
//! Most classes take any arguments and no keywords; those that differ have a row of their own. CPython's complaints name the
//! class that was called.

use super::has_keywords;
use crate::runtime::bytes::Bytes;
use crate::runtime::dict::Dict;
use crate::runtime::exception::Exception;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::arg::Buffer;
use crate::stdlib::receiver::this;
use crate::vm::{Args, Local, Native, Vm};

/// `__init__` of ImportError.
pub const IMPORT: Native = Native::leaf(
    "__init__(self, /, *args, **kwargs)",
    "Initialize self.",
    |heap, args| with(heap, args, "ImportError", &["name", "path", "name_from"]),
);
/// `__init__` of NameError.
pub const NAME: Native = Native::leaf(
    "__init__(self, /, *args, **kwargs)",
    "Initialize self.",
    |heap, args| with(heap, args, "NameError", &["name"]),
);
/// `__init__` of AttributeError.
pub const ATTRIBUTE: Native = Native::leaf(
    "__init__(self, /, *args, **kwargs)",
    "Initialize self.",
    |heap, args| with(heap, args, "AttributeError", &["name", "obj"]),
);
/// `__init__` of SyntaxError and what derives from it.
pub const SYNTAX: Native = Native::vm(
    "__init__(self, /, *args, **kwargs)",
    "Initialize self.",
    |vm, args| {
        let place = vm
            .get_gc::<Tuple>(args.at(1))
            .filter(|given| given.len() == 2);
        if let Some(place) = place.and_then(|given| given.at(&vm.heap, 1)) {
            let place = vm.local(place);
            check_place(vm, place)?;
        }
        let base = vm.heap.types.class(&vm.heap, Builtin::BaseException);
        let base = vm.local(base.value());
        let init = vm.get_attr_named(base, "__init__")?;
        let own = vm.tuple_of(&[args.at(0)]);
        let all = vm.binary(crate::vm::protocol::arith::Operator::Add, own, args.at(1))?;
        vm.call_ex(init, all, Some(args.at(2)))
    },
);

/// The second of two arguments of a SyntaxError has file, line, column and text, and the end of the place, too.
fn check_place(vm: &mut Vm, place: Local) -> Result<(), Raised> {
    let list = vm.to_list(place)?;
    let count = vm.len(list)?;
    let heap = &vm.heap;
    match count {
        0..=3 => Err(heap.type_error(format!(
            "function takes at least 4 arguments ({count} given)"
        ))),
        5 => Err(heap.type_error("end_offset must be provided when end_lineno is provided")),
        7.. => Err(heap.type_error(format!(
            "function takes at most 6 arguments ({count} given)"
        ))),
        _ => Ok(()),
    }
}

/// `__init__` of UnicodeDecodeError and UnicodeEncodeError.
pub const CODEC: Native = Native::leaf(
    "__init__(self, /, *args, **kwargs)",
    "Initialize self.",
    |heap, args| {
        exactly(heap, args, 5)?;
        keep_bytes(heap, args)
    },
);
/// What could not be decoded is kept as bytes, whatever buffer was given.
fn keep_bytes<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let exception = this::<Exception>(heap, args)?;
    let object = exception.args(heap).at(heap, 1).unwrap_or(Value::NONE);
    if heap.is_instance(exception.value(), Builtin::UnicodeDecodeError)
        && !object.is_gc::<Bytes>()
        && let Some(data) = Buffer::of(heap, object)
    {
        let copy = heap.bytes(data.to_vec()).value();
        exception
            .fields(heap)
            .set_str(heap, heap.intern("object"), copy);
    }
    Ok(Value::NONE)
}

/// `__init__` of UnicodeTranslateError.
pub const TRANSLATE: Native = Native::leaf(
    "__init__(self, /, *args, **kwargs)",
    "Initialize self.",
    |heap, args| exactly(heap, args, 4),
);

/// Gives an exception its message and attributes.
pub fn with_fields(vm: &Vm, this: Local, message: Local, fields: &[(&str, Local)]) -> Local {
    let heap = &vm.heap;
    if let Some(exception) = vm.get_gc::<Exception>(this) {
        exception.args.set(heap.tuple(&[vm.get(message)]).value());
        for (name, value) in fields {
            let attrs = exception.attrs(heap);
            attrs.set_str(heap, heap.intern(name), vm.get(*value));
        }
    }
    vm.none()
}

/// `BaseException.__init__`: no keywords.
pub fn init<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let exception = this::<Exception>(heap, args)?;
    if has_keywords(heap, args.get(2)) {
        let class = heap.type_name(exception.value());
        return Err(heap.type_error(format!("{class}() takes no keyword arguments")));
    }
    exception.args.set(args.get(1));
    Ok(Value::NONE)
}

/// Keywords of these names become attributes.
fn with<'h>(
    heap: &'h Heap,
    args: Args<'h>,
    class: &str,
    names: &[&str],
) -> Result<Value<'h>, Raised> {
    let exception = this::<Exception>(heap, args)?;
    exception.args.set(args.get(1));
    // A second call of `__init__` forgets what the first one was told.
    if !exception.fields.is_undef() {
        for name in names {
            exception
                .fields(heap)
                .set_str(heap, heap.intern(name), Value::NONE);
        }
    }
    let keywords: Option<Gc<'h, Dict>> = args.get(2).as_gc();
    for (key, value) in keywords.map_or_else(Vec::new, |kwargs| kwargs.table.entries(heap)) {
        let Some(name) = key.as_gc::<Str>() else {
            continue;
        };
        if !names.contains(&name.as_str()) {
            return Err(heap.type_error(format!(
                "{class}() got an unexpected keyword argument '{}'",
                name.as_str()
            )));
        }
        exception.fields(heap).set_str(heap, name, value);
    }
    Ok(Value::NONE)
}

fn exactly<'h>(heap: &'h Heap, args: Args<'h>, count: usize) -> Result<Value<'h>, Raised> {
    let given = args.get(1).as_gc::<Tuple>().map_or(0, |items| items.len());
    if given != count {
        return Err(heap.type_error(format!(
            "function takes exactly {count} arguments ({given} given)"
        )));
    }
    init(heap, args)
}
