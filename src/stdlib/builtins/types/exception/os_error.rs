//! OSError: number, text and files.
//!
//! `OSError(2, 'text')` makes a FileNotFoundError: `stdlib/os_error.rs` says which class a number means.

use super::field::getter;
use super::{exception_class, has_keywords};
use crate::runtime::exception::Exception;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::os_error::class_of;
use crate::stdlib::receiver::this;
use crate::stdlib::registry::NativeType;
use crate::vm::{Args, Native};

/// The types of this file.
pub const TYPES: &[NativeType] = &[NativeType {
    new: Some(&NEW),
    methods: &[&INIT],
    getters: &[
        getter::<18>(),
        getter::<19>(),
        getter::<20>(),
        getter::<21>(),
    ],
    ..NativeType::of(Builtin::OSError, "Base class for I/O related errors.")
}];

const NEW: Native = Native::leaf(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    new,
);
const INIT: Native = Native::leaf(
    "__init__(self, /, *args, **kwargs)",
    "Initialize self.",
    init,
);

fn new<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let mut class = exception_class(heap, args.get(0))?;
    let items: Gc<'h, Tuple> = args.get(1).as_gc().expect("*args is a tuple");
    if class.builtin_is(Builtin::OSError)
        && (2..=5).contains(&items.len())
        && let Some(errno) = items.at(heap, 0).and_then(|n| n.as_int())
    {
        class = heap.types.class(heap, class_of(errno));
    }
    let exception = heap.exception(class, &items.to_vec(heap));
    split_files(heap, exception);
    Ok(exception.value())
}

fn init<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let exception = this::<Exception>(heap, args)?;
    if has_keywords(heap, args.get(2)) {
        let class = heap.type_name(exception.value());
        return Err(heap.type_error(format!("{class}() takes no keyword arguments")));
    }
    exception.args.set(args.get(1));
    split_files(heap, exception);
    Ok(Value::NONE)
}

/// The files among three to five arguments become attributes; `args` keeps number and text.
fn split_files(heap: &Heap, exception: Gc<'_, Exception>) {
    let items = exception.args(heap).to_vec(heap);
    if !(3..=5).contains(&items.len()) {
        return;
    }
    let attrs = exception.fields(heap);
    attrs.set_str(heap, heap.intern("filename"), items[2]);
    if let Some(&second) = items.get(4) {
        attrs.set_str(heap, heap.intern("filename2"), second);
    }
    exception.args.set(heap.tuple(&items[..2]).value());
}
