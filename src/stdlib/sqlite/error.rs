//! The exceptions of `sqlite3`, and which of them an error of SQLite becomes.
//!
//! The class depends on the primary code; `sqlite_errorcode` and `sqlite_errorname` of the exception tell the extended one. A misuse
//! that the module itself finds has neither.

use rusqlite::{Error, ffi};

use super::codes;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::registry::{ModuleType, NativeType, raise_text};
use crate::vm::Vm;

const fn class(
    name: &'static str,
    base: Option<&'static ModuleType>,
    doc: &'static str,
) -> ModuleType {
    ModuleType {
        name,
        module: "sqlite3",
        body: NativeType {
            base,
            is_open: true,
            ..NativeType::of(Builtin::Exception, doc)
        },
    }
}

/// `sqlite3.Warning`.
pub const WARNING: ModuleType = class("sqlite3.Warning", None, "An important warning.");
/// `sqlite3.Error`.
pub const ERROR: ModuleType = class("sqlite3.Error", None, "The base of the other errors.");
/// `sqlite3.InterfaceError`.
pub const INTERFACE: ModuleType = class(
    "sqlite3.InterfaceError",
    Some(&ERROR),
    "A wrong use of the interface of SQLite.",
);
/// `sqlite3.DatabaseError`.
pub const DATABASE: ModuleType = class(
    "sqlite3.DatabaseError",
    Some(&ERROR),
    "The base of the errors of the database.",
);
/// `sqlite3.DataError`.
pub const DATA: ModuleType = class(
    "sqlite3.DataError",
    Some(&DATABASE),
    "Data that cannot be processed.",
);
/// `sqlite3.OperationalError`.
pub const OPERATIONAL: ModuleType = class(
    "sqlite3.OperationalError",
    Some(&DATABASE),
    "An error of the operation of the database.",
);
/// `sqlite3.IntegrityError`.
pub const INTEGRITY: ModuleType = class(
    "sqlite3.IntegrityError",
    Some(&DATABASE),
    "Data that a constraint forbids.",
);
/// `sqlite3.InternalError`.
pub const INTERNAL: ModuleType = class(
    "sqlite3.InternalError",
    Some(&DATABASE),
    "An error inside SQLite.",
);
/// `sqlite3.ProgrammingError`.
pub const PROGRAMMING: ModuleType = class(
    "sqlite3.ProgrammingError",
    Some(&DATABASE),
    "A wrong use of the module.",
);
/// `sqlite3.NotSupportedError`.
pub const NOT_SUPPORTED: ModuleType = class(
    "sqlite3.NotSupportedError",
    Some(&DATABASE),
    "Something that SQLite does not support.",
);

/// ProgrammingError with a message.
#[cold]
pub fn programming(vm: &mut Vm, message: &str) -> Raised {
    raise_text(vm, &PROGRAMMING, message)
}

/// OperationalError with a message.
#[cold]
pub fn operational(vm: &mut Vm, message: &str) -> Raised {
    raise_text(vm, &OPERATIONAL, message)
}

/// SQLite's code of an error, the extended one; 0 for one of rusqlite itself.
pub fn code(error: &Error) -> i32 {
    match error {
        Error::SqliteFailure(error, _) | Error::SqlInputError { error, .. } => error.extended_code,
        _ => 0,
    }
}

/// Raises an error of SQLite.
#[cold]
pub fn raise(vm: &mut Vm, error: &Error) -> Raised {
    let code = code(error);
    let message = match error {
        Error::SqliteFailure(_, Some(message)) => message.clone(),
        Error::SqliteFailure(failure, None) => ffi::code_to_str(failure.extended_code).to_owned(),
        Error::SqlInputError { msg, .. } => msg.clone(),
        Error::NulError(_) => return vm.heap.value_error("embedded null character"),
        other => other.to_string(),
    };
    let class = match code & 0xff {
        ffi::SQLITE_NOMEM => return vm.heap.memory_error(),
        ffi::SQLITE_INTERNAL | ffi::SQLITE_NOTFOUND => &INTERNAL,
        ffi::SQLITE_ERROR
        | ffi::SQLITE_PERM
        | ffi::SQLITE_ABORT
        | ffi::SQLITE_BUSY
        | ffi::SQLITE_LOCKED
        | ffi::SQLITE_READONLY
        | ffi::SQLITE_INTERRUPT
        | ffi::SQLITE_IOERR
        | ffi::SQLITE_FULL
        | ffi::SQLITE_CANTOPEN
        | ffi::SQLITE_PROTOCOL
        | ffi::SQLITE_EMPTY
        | ffi::SQLITE_SCHEMA => &OPERATIONAL,
        ffi::SQLITE_TOOBIG => &DATA,
        ffi::SQLITE_CONSTRAINT | ffi::SQLITE_MISMATCH => &INTEGRITY,
        ffi::SQLITE_MISUSE | ffi::SQLITE_RANGE => &INTERFACE,
        0 => &INTERFACE,
        _ => &DATABASE,
    };
    let raised = raise_text(vm, class, &message);
    describe(vm, raised, code)
}

/// Gives an exception the code of SQLite's error, and its name.
fn describe(vm: &mut Vm, raised: Raised, code: i32) -> Raised {
    let exception = vm.take_local(raised);
    let number = vm.local(Value::small_int(i64::from(code)));
    let name = vm.local(vm.heap.str_value(codes::name(code)));
    for (attribute, value) in [("sqlite_errorcode", number), ("sqlite_errorname", name)] {
        if let Err(raised) = vm.set_attr_named(exception, attribute, value) {
            return raised;
        }
    }
    vm.raise_local(exception)
}
