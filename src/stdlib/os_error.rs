//! What a failed system call means: the subclass of OSError that its number stands for, raised with the system's text.
//!
//! One table maps numbers to classes. To add one: a row.

use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::vm::Vm;

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

/// Whether the host lets the program use sockets.
///
/// # Errors
/// PermissionError.
pub fn check_door(vm: &Vm) -> Result<(), Raised> {
    let allowed = vm.host.check_network();
    allowed.map_err(|error| raise(&vm.heap, &error, None))
}
