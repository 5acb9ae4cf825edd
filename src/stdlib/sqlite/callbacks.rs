//! Functions, aggregates and collations that the program defines.
//!
//! rusqlite's callbacks carry a number; the callable with it is in `Database::callables`. An aggregate's class has the number that it
//! was created with, and each group that runs an instance with a number of its own.

use std::cmp::Ordering;

use rusqlite::functions::{Aggregate, Context, FunctionFlags, WindowAggregate};
use rusqlite::types::Value as SqlValue;
use rusqlite::{Error, ffi};

use super::running::{call_back, callable};
use super::{database, error, values};
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::arg::vm_index_or;
use crate::stdlib::registry::raise_text;
use crate::vm::{Local, Locals, Native, Vm};

/// What the registry keeps while exceptions of callbacks are reported.
const TRACEBACKS: &str = "sqlite3 callback tracebacks";

/// `enable_callback_tracebacks(enable)`.
pub const ENABLE_CALLBACK_TRACEBACKS: Native = Native::vm(
    "enable_callback_tracebacks(enable, /)",
    "Enable or disable callback functions throwing errors to stderr.",
    |vm, args| {
        let on = vm.truth(args.at(0))?;
        let list = tracebacks(vm);
        let on = vm.local(Value::bool(on));
        let zero = vm.local(Value::small_int(0));
        vm.set_item(list, zero, on)?;
        Ok(vm.none())
    },
);

/// A list with whether exceptions of callbacks are reported.
fn tracebacks(vm: &Vm) -> Local {
    use crate::stdlib::registry::{keep, kept};
    kept(vm, TRACEBACKS).unwrap_or_else(|| {
        let list = vm.local(vm.heap.list([Value::FALSE]).value());
        keep(vm, TRACEBACKS, list);
        list
    })
}

/// The failure of a callback: its exception is reported where the program wants that, and SQLite gets the message.
pub fn failed(vm: &mut Vm, source: Local, raised: Raised, message: &str) -> Error {
    let code = if vm.is_raised(&raised, Builtin::MemoryError) {
        ffi::SQLITE_NOMEM
    } else if vm.is_raised(&raised, Builtin::OverflowError) {
        ffi::SQLITE_TOOBIG
    } else {
        ffi::SQLITE_ERROR
    };
    let list = tracebacks(vm);
    let zero = vm.local(Value::small_int(0));
    let exception = vm.take_local(raised);
    let told = match vm.get_item(list, zero) {
        Ok(told) => vm.get(told).is(Value::TRUE),
        Err(other) => {
            vm.heap.take_raised(other);
            false
        }
    };
    if told {
        let raised = vm.raise_local(exception);
        vm.report_unraisable(source, raised);
    }
    let text = (code == ffi::SQLITE_ERROR).then(|| message.to_owned());
    Error::SqliteFailure(ffi::Error::new(code), text)
}

/// Calls something with the arguments that SQLite has.
fn call(vm: &mut Vm, function: Local, context: &Context<'_>) -> Result<Local, Raised> {
    let args: Result<Vec<Local>, Raised> = (0..context.len())
        .map(|at| values::to_local(vm, context.get_raw(at)))
        .collect();
    vm.call(function, &args?)
}

/// The result of a callback for SQLite.
fn answer(vm: &mut Vm, result: Local) -> Result<SqlValue, Raised> {
    let result = crate::stdlib::arg::exported(vm, result)?;
    if let Some(contiguous) = vm.peek_attr(result, "c_contiguous")
        && vm.get(contiguous).is(Value::FALSE)
    {
        let message = "memoryview: underlying buffer is not C-contiguous";
        return Err(vm.heap.raise(Builtin::BufferError, message));
    }
    match values::to_sql(&vm.heap, vm.get(result))? {
        Some(value) => Ok(value),
        None => Err(raise_text(vm, &error::PROGRAMMING, "unsupported type")),
    }
}

/// What SQLite gets from a connection that the collector closes.
fn gone() -> Error {
    Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_ABORT), None)
}

fn name_and_count(vm: &mut Vm, args: Locals) -> Result<(String, i32), Raised> {
    let name = vm.text_of(args.at(1))?;
    let count = vm_index_or(vm, args.at(2), -1)?;
    let count = i32::try_from(count).map_err(|_| {
        let message = "Python int too large to convert to C int";
        vm.heap.raise(Builtin::OverflowError, message)
    })?;
    Ok((name, count))
}

/// Keeps a callable of a connection; its number.
fn register(vm: &Vm, database: Local, callable: Local) -> usize {
    let this = database::of(vm, database);
    let value = vm.get(callable);
    if let Some(number) = this.free.borrow_mut().pop() {
        this.callables.set(number, value);
        return number;
    }
    this.callables.push(&vm.heap, value);
    this.callables.len() - 1
}

/// Forgets a callable.
fn forget(vm: &Vm, database: Local, number: usize) {
    let this = database::of(vm, database);
    this.callables.set(number, Value::NONE);
    this.free.borrow_mut().push(number);
}

/// `create_function(name, narg, function, deterministic)`.
pub const CREATE_FUNCTION: Native = Native::vm(
    "create_function(self, name, narg, function, deterministic, /)",
    "Define a function, or remove it if function is None.",
    |vm, args| {
        let connection = database::open(vm, args.at(0))?;
        let (name, count) = name_and_count(vm, args)?;
        let mut flags = FunctionFlags::SQLITE_UTF8;
        if vm.truth(args.at(4))? {
            flags |= FunctionFlags::SQLITE_DETERMINISTIC;
        }
        let outcome = if vm.get(args.at(3)).is_none() {
            connection.remove_function(name.as_str(), count)
        } else {
            let number = register(vm, args.at(0), args.at(3));
            connection.create_scalar_function(name.as_str(), count, flags, move |context| {
                call_back(Err(gone()), |vm, database| {
                    scalar(vm, database, number, context)
                })
            })
        };
        match outcome {
            Ok(()) => Ok(vm.none()),
            Err(_) => Err(error::operational(vm, "Error creating function")),
        }
    },
);

fn scalar(
    vm: &mut Vm,
    database: Local,
    number: usize,
    context: &Context<'_>,
) -> Result<SqlValue, Error> {
    let function = callable(vm, database, number);
    let result = match call(vm, function, context) {
        Ok(result) => answer(vm, result),
        Err(raised) => Err(raised),
    };
    result.map_err(|raised| {
        failed(
            vm,
            function,
            raised,
            "user-defined function raised exception",
        )
    })
}

/// An aggregate's class.
struct Definition {
    number: usize,
}

/// `create_aggregate(name, narg, class, kind)`.
pub const CREATE_AGGREGATE: Native = Native::vm(
    "create_aggregate(self, name, narg, aggregate_class, is_window, /)",
    "Define an aggregate, or remove it if aggregate_class is None.",
    |vm, args| {
        let connection = database::open(vm, args.at(0))?;
        let (name, count) = name_and_count(vm, args)?;
        let is_window = vm.truth(args.at(4))?;
        let flags = FunctionFlags::SQLITE_UTF8;
        if vm.get(args.at(3)).is_none() {
            return match connection.remove_function(name.as_str(), count) {
                Ok(()) => Ok(vm.none()),
                Err(error) => Err(error::raise(vm, &error)),
            };
        }
        let number = register(vm, args.at(0), args.at(3));
        let definition = Definition { number };
        let name = name.as_str();
        let outcome = match is_window {
            true => connection.create_window_function(name, count, flags, definition),
            false => connection.create_aggregate_function(name, count, flags, definition),
        };
        match outcome {
            Ok(()) => Ok(vm.none()),
            Err(error) if is_window => Err(error::programming(vm, &error.to_string())),
            Err(_) => Err(error::operational(vm, "Error creating aggregate")),
        }
    },
);

/// Calls a method of the instance of a group.
fn method(
    class: usize,
    number: usize,
    name: &'static str,
    context: Option<&Context<'_>>,
) -> Result<SqlValue, Error> {
    call_back(Err(gone()), |vm, database| {
        let instance = callable(vm, database, number);
        let class = callable(vm, database, class);
        let result = match vm.find_attr(instance, name) {
            Ok(None) => {
                let message = format!("user-defined aggregate's '{name}' method not defined");
                let raised = vm.heap.raise(Builtin::AttributeError, &message);
                return Err(failed(vm, class, raised, &message));
            }
            Ok(Some(function)) => match context {
                Some(context) => call(vm, function, context),
                None => vm.call(function, &[]),
            },
            Err(raised) => Err(raised),
        };
        let result = match (result, context) {
            (Ok(_), Some(_)) => Ok(SqlValue::Null),
            (Ok(result), None) => answer(vm, result),
            (Err(raised), _) => Err(raised),
        };
        result.map_err(|raised| {
            let message = format!("user-defined aggregate's '{name}' method raised error");
            failed(vm, class, raised, &message)
        })
    })
}

impl Aggregate<usize, SqlValue> for Definition {
    fn init(&self, _: &mut Context<'_>) -> Result<usize, Error> {
        call_back(Err(gone()), |vm, database| {
            let class = callable(vm, database, self.number);
            match vm.call(class, &[]) {
                Ok(instance) => Ok(register(vm, database, instance)),
                Err(raised) => {
                    let message = "user-defined aggregate's '__init__' method raised error";
                    Err(failed(vm, class, raised, message))
                }
            }
        })
    }

    fn step(&self, context: &mut Context<'_>, instance: &mut usize) -> Result<(), Error> {
        method(self.number, *instance, "step", Some(context)).map(drop)
    }

    fn finalize(&self, _: &mut Context<'_>, instance: Option<usize>) -> Result<SqlValue, Error> {
        let Some(instance) = instance else {
            return Ok(SqlValue::Null);
        };
        let result = method(self.number, instance, "finalize", None);
        call_back((), |vm, database| forget(vm, database, instance));
        result
    }
}

impl WindowAggregate<usize, SqlValue> for Definition {
    fn value(&self, instance: Option<&mut usize>) -> Result<SqlValue, Error> {
        instance.map_or(Ok(SqlValue::Null), |&mut instance| {
            method(self.number, instance, "value", None)
        })
    }

    fn inverse(&self, context: &mut Context<'_>, instance: &mut usize) -> Result<(), Error> {
        method(self.number, *instance, "inverse", Some(context)).map(drop)
    }
}

/// `create_collation(name, callable)`.
pub const CREATE_COLLATION: Native = Native::vm(
    "create_collation(self, name, callback, /)",
    "Define an order of texts, or remove it if callback is None.",
    |vm, args| {
        let connection = database::open(vm, args.at(0))?;
        let name = vm.text_of(args.at(1))?;
        let outcome = if vm.get(args.at(2)).is_none() {
            connection.remove_collation(name.as_str())
        } else {
            let number = register(vm, args.at(0), args.at(2));
            connection.create_collation(name.as_str(), move |a: &str, b: &str| {
                call_back(Ordering::Equal, |vm, database| {
                    order(vm, database, number, [a, b])
                })
            })
        };
        match outcome {
            Ok(()) => Ok(vm.none()),
            Err(error) => Err(error::raise(vm, &error)),
        }
    },
);

fn order(vm: &mut Vm, database: Local, number: usize, texts: [&str; 2]) -> Ordering {
    let function = callable(vm, database, number);
    let texts = texts.map(|text| vm.local(vm.heap.str_value(text)));
    let result = match vm.call(function, &texts) {
        Ok(result) => vm.index_clipped(result),
        Err(raised) => Err(raised),
    };
    match result {
        Ok(number) => number.cmp(&0),
        Err(raised) => {
            failed(vm, function, raised, "");
            Ordering::Equal
        }
    }
}
