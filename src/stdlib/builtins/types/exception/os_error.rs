//! OSError: number, text and files; and which subclass an error number means.
//!
//! `OSError(2, 'text')` makes a FileNotFoundError: one table maps numbers to classes. To add one: a row.

use super::field::getter;
use super::{exception_class, has_keywords};
use crate::runtime::exception::Exception;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::builtins::types::receiver::this;
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

/// The classes of error numbers (Linux).
const CLASSES: [(i64, Builtin); 19] = [
    (1, Builtin::PermissionError),
    (2, Builtin::FileNotFoundError),
    (3, Builtin::ProcessLookupError),
    (4, Builtin::InterruptedError),
    (10, Builtin::ChildProcessError),
    (11, Builtin::BlockingIOError),
    (13, Builtin::PermissionError),
    (17, Builtin::FileExistsError),
    (20, Builtin::NotADirectoryError),
    (21, Builtin::IsADirectoryError),
    (32, Builtin::BrokenPipeError),
    (103, Builtin::ConnectionAbortedError),
    (104, Builtin::ConnectionResetError),
    (108, Builtin::BrokenPipeError),
    (110, Builtin::TimeoutError),
    (111, Builtin::ConnectionRefusedError),
    (114, Builtin::BlockingIOError),
    (115, Builtin::BlockingIOError),
    (125, Builtin::OSError),
];

/// The class for an error number.
pub fn class_of(errno: i64) -> Builtin {
    CLASSES
        .iter()
        .find(|&&(n, _)| n == errno)
        .map_or(Builtin::OSError, |&(_, class)| class)
}

/// EACCES.
const PERMISSION_DENIED: i32 = 13;

/// Raises what a failed system call means: the class by its number; the file that it was about, if any.
pub fn raise(heap: &Heap, error: &std::io::Error, file: Option<Value<'_>>) -> Raised {
    // What a host refuses has no number of the system.
    let own = match error.kind() {
        std::io::ErrorKind::PermissionDenied => PERMISSION_DENIED,
        _ => 0,
    };
    let errno = i64::from(error.raw_os_error().unwrap_or(own));
    let text = error.to_string();
    // Rust appends " (os error N)" to the system's text.
    let text = text.split(" (os error").next().unwrap_or(&text);
    let raised = heap.raise_with(class_of(errno), &[heap.int(errno), heap.str_value(text)]);
    if let Some(file) = file {
        let exception = heap.peek_raised(&raised);
        exception
            .fields(heap)
            .set_str(heap, heap.intern("filename"), same_heap(heap, file));
    }
    raised
}

fn same_heap<'h>(_: &'h Heap, value: Value<'h>) -> Value<'h> {
    value
}

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
