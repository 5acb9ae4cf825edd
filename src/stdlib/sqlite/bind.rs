//! Parameters of statements: positions, names, adapters, and what each complaint says.
//!
//! Values are collected first and bound then, so that user code (`__getitem__`, adapters) never runs while a statement is borrowed.
//! Types that SQL has are bound as they are, unless the program registered an adapter for one of them.

use std::rc::Rc;

use super::database;
use super::statement::Statement;
use super::{error, values};
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::dict::Dict;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::arg::exported;
use crate::stdlib::registry;
use crate::vm::{Local, Native, Vm};

/// The values of a set of parameters; kept between sets so that each needs no memory of its own.
pub struct Parameters {
    values: Vec<Local>,
    /// Whether the program adapts types that SQL has.
    adapts_plain: bool,
}

/// What the registry keeps once an adapter for a type that SQL has was registered.
const ADAPTS_PLAIN: &str = "sqlite3 adapters of plain types";

/// Tells that an adapter for a type that SQL has was registered.
pub const ADAPT_PLAIN: Native = Native::vm(
    "adapt_plain()",
    "From now on values of all types go through adapters.",
    |vm, _| {
        if registry::kept(vm, ADAPTS_PLAIN).is_none() {
            let on = vm.local(Value::TRUE);
            registry::keep(vm, ADAPTS_PLAIN, on);
        }
        Ok(vm.none())
    },
);

impl Parameters {
    /// No values.
    pub fn new(vm: &Vm) -> Parameters {
        Parameters {
            values: Vec::new(),
            adapts_plain: registry::kept(vm, ADAPTS_PLAIN).is_some(),
        }
    }
}

/// Gives all parameters of a statement their values.
///
/// # Errors
/// ProgrammingError; what adapters, `__getitem__` and conversions raise.
pub fn bind(
    vm: &mut Vm,
    database: Local,
    statement: &Rc<Statement>,
    given: Local,
    parameters: &mut Parameters,
) -> Result<(), Raised> {
    parameters.values.clear();
    if collect_sequence(vm, given, parameters)? {
        check_sequence(vm, statement, parameters.values.len())?;
    } else {
        collect_mapping(vm, statement, given, parameters)?;
    }
    for at in 0..parameters.values.len() {
        let value = current(vm, given, at, parameters.values[at])?;
        let is_plain = !parameters.adapts_plain && is_plain(vm.get(value));
        let value = match is_plain {
            true => value,
            false => adapt(vm, database, value)?,
        };
        bind_one(vm, statement, at, value)?;
    }
    Ok(())
}

/// The value of a parameter: adapters of those before it may have changed the list.
fn current(vm: &Vm, given: Local, at: usize, collected: Local) -> Result<Local, Raised> {
    let Some(list) = vm.get_gc::<List>(given) else {
        return Ok(collected);
    };
    match list.item(&vm.heap, at) {
        Some(item) => Ok(vm.local(item)),
        None => Err(vm
            .heap
            .raise(Builtin::IndexError, "list index out of range")),
    }
}

/// Collects the items of a sequence; false: it is none.
fn collect_sequence(
    vm: &mut Vm,
    given: Local,
    parameters: &mut Parameters,
) -> Result<bool, Raised> {
    let value = vm.get(given);
    if let Some(tuple) = value.as_gc::<Tuple>() {
        parameters
            .values
            .extend(tuple.iter(&vm.heap).map(|item| vm.local(item)));
        return Ok(true);
    }
    if let Some(list) = value.as_gc::<List>() {
        let items = list.to_vec(&vm.heap);
        parameters
            .values
            .extend(items.into_iter().map(|item| vm.local(item)));
        return Ok(true);
    }
    let is_mapping = vm.heap.is_instance(vm.get(given), Builtin::Dict);
    if is_mapping || vm.special(vm.get(given), Sym::GetItem).is_none() {
        return Ok(false);
    }
    let len = vm.len(given)?;
    for at in 0..len {
        let at = vm.local(vm.heap.usize(at));
        let item = vm.get_item(given, at)?;
        parameters.values.push(item);
    }
    Ok(true)
}

fn check_sequence(vm: &mut Vm, statement: &Rc<Statement>, count: usize) -> Result<(), Raised> {
    let needed = statement.parameters.len();
    if needed != count {
        let message = format!(
            "Incorrect number of bindings supplied. The current statement uses {needed}, and there are {count} supplied."
        );
        return Err(error::programming(vm, &message));
    }
    for (at, name) in statement.parameters.iter().enumerate() {
        let Some(name) = name.as_deref().filter(|name| !name.starts_with('?')) else {
            continue;
        };
        let message = format!(
            "Binding {} ('{name}') is a named parameter, but you supplied a sequence which requires nominal (qmark) \
             placeholders. Starting with Python 3.14 an sqlite3.ProgrammingError will be raised.",
            at + 1
        );
        vm.warn(Builtin::DeprecationWarning, &message)?;
    }
    Ok(())
}

/// Collects the values of the named parameters.
fn collect_mapping(
    vm: &mut Vm,
    statement: &Rc<Statement>,
    given: Local,
    parameters: &mut Parameters,
) -> Result<(), Raised> {
    if vm.special(vm.get(given), Sym::GetItem).is_none() {
        return Err(error::programming(vm, "parameters are of unsupported type"));
    }
    for (at, name) in statement.parameters.iter().enumerate() {
        let Some(name) = name.as_deref() else {
            let message = format!(
                "Binding {} has no name, but you supplied a dictionary (which has only names).",
                at + 1
            );
            return Err(error::programming(vm, &message));
        };
        let key = vm.local(vm.heap.intern(&name[1..]).value());
        let is_dict = vm.get(given).is_gc::<Dict>();
        let found = match is_dict {
            true => vm.dict_get(given, key)?,
            false => match vm.get_item(given, key) {
                Ok(found) => Some(found),
                Err(raised) if vm.is_raised(&raised, Builtin::LookupError) => {
                    vm.heap.take_raised(raised);
                    None
                }
                Err(raised) => return Err(raised),
            },
        };
        let Some(found) = found else {
            let message = format!(
                "You did not supply a value for binding parameter :{}.",
                &name[1..]
            );
            return Err(error::programming(vm, &message));
        };
        parameters.values.push(found);
    }
    Ok(())
}

/// Whether a value is of a type that SQL has.
fn is_plain(value: Value<'_>) -> bool {
    value.is_none()
        || value.is_bool()
        || value.is_float()
        || value.as_any_int().is_some()
        || value.is_gc::<Str>()
        || value.is_gc::<Bytes>()
        || value.is_gc::<ByteArray>()
}

/// What the adapters of the module make of a value.
fn adapt(vm: &mut Vm, database: Local, value: Local) -> Result<Local, Raised> {
    let adapt = vm.local(database::of(vm, database).adapt.get(&vm.heap));
    let adapted = vm.call(adapt, &[value])?;
    exported(vm, adapted)
}

fn bind_one(
    vm: &mut Vm,
    statement: &Rc<Statement>,
    at: usize,
    adapted: Local,
) -> Result<(), Raised> {
    let outcome = values::lend(&vm.heap, vm.get(adapted), |lent| statement.bind(at, lent))?;
    match outcome {
        Some(Ok(())) => Ok(()),
        Some(Err(error)) => Err(error::raise(vm, &error)),
        None => {
            let class = vm.heap.type_name(vm.get(adapted));
            let parameter = match statement.parameters.get(at) {
                Some(Some(name)) => format!("'{name}'"),
                _ => (at + 1).to_string(),
            };
            let message =
                format!("Error binding parameter {parameter}: type '{class}' is not supported");
            Err(error::programming(vm, &message))
        }
    }
}
