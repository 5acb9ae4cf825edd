//! OSError: number, text and files.
//!
//! `OSError(2, 'text')` makes a FileNotFoundError: `stdlib/os_error.rs` says which class a number means.

use super::field::getter;
use super::{exception_class, has_keywords};
use crate::runtime::class::Class;
use crate::runtime::exception::Exception;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::arg;
use crate::stdlib::os_error::class_of;
use crate::stdlib::receiver::this;
use crate::stdlib::registry::{Getter, NativeType};
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
        WRITTEN,
    ],
    ..NativeType::of(Builtin::OSError, "Base class for I/O related errors.")
}];

/// `BlockingIOError(errno, text, written)` says how much was written; other errors have the attribute once it is set.
const WRITTEN: Getter = Getter::leaf(
    "characters_written",
    "How many bytes or characters were written before the stream would have blocked.",
    |heap, args| {
        let exception = this::<Exception>(heap, args)?;
        let written = exception
            .fields(heap)
            .get_str(heap, heap.intern(WRITTEN_NAME));
        written.ok_or_else(|| heap.raise(Builtin::AttributeError, WRITTEN_NAME))
    },
)
.with_set(|heap, args| {
    let fields = this::<Exception>(heap, args)?.fields(heap);
    let name = heap.intern(WRITTEN_NAME);
    match args.get(1) {
        value if !value.is_undef() => {
            fields.set_str(heap, name, heap.int(arg::index(heap, value)?))
        }
        _ if fields.remove_str(heap, name) => {}
        _ => return Err(heap.raise(Builtin::AttributeError, WRITTEN_NAME)),
    }
    Ok(Value::NONE)
});

const WRITTEN_NAME: &str = "characters_written";

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
    if reads_arguments_late(heap, class) {
        let exception = heap.exception(class, &[]);
        let fields = exception.fields(heap);
        for name in ["errno", "strerror"] {
            fields.set_str(heap, heap.intern(name), Value::NONE);
        }
        return Ok(exception.value());
    }
    let exception = heap.exception(class, &items.to_vec(heap));
    split_files(heap, exception);
    Ok(exception.value())
}

/// Whether a class of the program has an `__init__` of its own and no `__new__`: then `OSError.__init__`, if it is called, reads the arguments.
fn reads_arguments_late(heap: &Heap, class: Gc<'_, Class>) -> bool {
    !inherits(heap, class, "__init__") && inherits(heap, class, "__new__")
}

/// Whether a class has this method of OSError.
fn inherits(heap: &Heap, class: Gc<'_, Class>, name: &str) -> bool {
    if class.builtin.is_some() {
        return true;
    }
    let base = heap.types.class(heap, Builtin::OSError);
    let name = heap.intern(name);
    match (class.lookup(heap, name), base.lookup(heap, name)) {
        (Some(own), Some(inherited)) => own.is(inherited),
        _ => true,
    }
}

fn init<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let exception = this::<Exception>(heap, args)?;
    let class = heap.class_of(exception.value());
    if inherits(heap, class, "__new__") && has_keywords(heap, args.get(2)) {
        let class = heap.type_name(exception.value());
        return Err(heap.type_error(format!("{class}() takes no keyword arguments")));
    }
    if !reads_arguments_late(heap, class) {
        return Ok(Value::NONE);
    }
    exception.args.set(args.get(1));
    let items = exception.args(heap).to_vec(heap);
    if !exception.fields.is_undef() {
        let fields = exception.fields(heap);
        for (at, name) in ["errno", "strerror"].into_iter().enumerate() {
            let is_given = (2..=5).contains(&items.len());
            let value = items.get(at).filter(|_| is_given);
            fields.set_str(
                heap,
                heap.intern(name),
                value.copied().unwrap_or(Value::NONE),
            );
        }
    }
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
    if heap.is_instance(exception.value(), Builtin::BlockingIOError) && items[2].is_int() {
        attrs.set_str(heap, heap.intern(WRITTEN_NAME), items[2]);
        attrs.set_str(heap, heap.intern("filename"), Value::NONE);
        return;
    }
    attrs.set_str(heap, heap.intern("filename"), items[2]);
    if let Some(&second) = items.get(4) {
        attrs.set_str(heap, heap.intern("filename2"), second);
    }
    exception.args.set(heap.tuple(&items[..2]).value());
}
