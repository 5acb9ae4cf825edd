//! Rows of a result: the description of the columns, converters, and the tuple of a row.
//!
//! Rows of numbers, texts and blobs are made in one go (`plain_row`); with converters or a `text_factory` each value is taken out
//! first, for what they call may use the connection.

use std::rc::Rc;

use rusqlite::types::ValueRef;
use smallvec::SmallVec;

use super::database::TextAs;
use super::query::{self, Query};
use super::statement::Statement;
use super::{error, values};
use crate::runtime::{Raised, Value};
use crate::vm::{Local, Vm};

/// Converters are chosen by the declared types of columns.
const BY_DECLARATION: i64 = 1;
/// Converters are chosen by names of columns: `value [type]`.
const BY_NAME: i64 = 2;

/// A column of a result.
struct Column {
    name: String,
    declared: Option<String>,
}

/// Keeps the names of the columns of the statement that runs, and finds their converters.
///
/// # Errors
/// What user code raises that hashes or compares like strings.
pub fn describe(vm: &mut Vm, this: Local, statement: &Rc<Statement>) -> Result<(), Raised> {
    let detect = query::settings(vm, this).detect_types;
    let columns = statement.with_columns(|statement| {
        let columns = statement.columns().map(|column| Column {
            name: column.name().to_owned(),
            declared: column.decl_type().map(str::to_owned),
        });
        columns.collect::<Vec<Column>>()
    });
    let columns = columns.unwrap_or_default();
    if columns.is_empty() {
        let none = vm.none();
        query::set_columns(vm, this, none, &[]);
        return Ok(());
    }
    let mut converters = Vec::new();
    if detect != 0 {
        for column in &columns {
            converters.push(converter(vm, this, column, detect)?);
        }
        if converters.iter().all(|&c| vm.get(c).is_none()) {
            converters.clear();
        }
    }
    let described: Vec<Local> = columns
        .iter()
        .map(|column| {
            let name = match column.name.find('[') {
                Some(at) if detect & BY_NAME != 0 => column.name[..at].trim_end_matches(' '),
                _ => &column.name,
            };
            let mut seven = [Value::NONE; 7];
            seven[0] = vm.heap.str_value(name);
            vm.local(vm.heap.tuple(&seven).value())
        })
        .collect();
    let description = vm.tuple_of(&described);
    query::set_columns(vm, this, description, &converters);
    Ok(())
}

/// The converter of a column, or None.
fn converter(vm: &mut Vm, this: Local, column: &Column, detect: i64) -> Result<Local, Raised> {
    let by_name = column.name.split_once('[').and_then(|(_, rest)| {
        let (name, _) = rest.split_once(']')?;
        Some(name.to_owned())
    });
    if let Some(name) = by_name.filter(|_| detect & BY_NAME != 0)
        && let Some(found) = registered(vm, this, &name)?
    {
        return Ok(found);
    }
    if let Some(declared) = column.declared.as_deref()
        && detect & BY_DECLARATION != 0
    {
        let end = declared.find([' ', '(']).unwrap_or(declared.len());
        if let Some(found) = registered(vm, this, &declared[..end])? {
            return Ok(found);
        }
    }
    Ok(vm.none())
}

fn registered(vm: &mut Vm, this: Local, name: &str) -> Result<Option<Local>, Raised> {
    let converters = vm.local(query::settings(vm, this).converters.get(&vm.heap));
    let key = vm.local(vm.heap.str_value(&name.to_uppercase()));
    vm.dict_get(converters, key)
}

/// The tuple of the row where a statement stands; None if it stands on none.
///
/// # Errors
/// OperationalError for text that is no UTF-8; what converters and `text_factory` raise.
pub fn take(
    vm: &mut Vm,
    this: Local,
    database: Local,
    statement: &Rc<Statement>,
) -> Result<Option<Local>, Raised> {
    let query = vm.payload::<Query>(this);
    let settings = super::database::of(vm, database);
    if query.converters.is_empty() && settings.text_as.get() == TextAs::Str {
        let row = statement.with_row(|row| plain_row(vm, row));
        return match row {
            None => Ok(None),
            Some(Ok(row)) => Ok(Some(row)),
            Some(Err(Fault::Raised(raised))) => Err(raised),
            Some(Err(Fault::Text(message))) => Err(error::operational(vm, &message)),
        };
    }
    converted_row(vm, this, database, statement)
}

enum Fault {
    Raised(Raised),
    /// A text that is no UTF-8: the complaint.
    Text(String),
}

fn plain_row(vm: &Vm, row: &rusqlite::Row<'_>) -> Result<Local, Fault> {
    let heap = &vm.heap;
    let count = row.as_ref().column_count();
    let mut values: SmallVec<[Value<'_>; 16]> = SmallVec::with_capacity(count);
    for at in 0..count {
        let value = row.get_ref(at).unwrap_or(ValueRef::Null);
        values.push(match value {
            ValueRef::Text(bytes) => match values::text(heap, bytes).map_err(Fault::Raised)? {
                Some(text) => text,
                None => return Err(Fault::Text(no_text(row, at, bytes))),
            },
            other => values::plain(heap, other).map_err(Fault::Raised)?,
        });
    }
    Ok(vm.local(heap.tuple(&values).value()))
}

fn no_text(row: &rusqlite::Row<'_>, at: usize, bytes: &[u8]) -> String {
    let name = row.as_ref().column_name(at).unwrap_or_default();
    let text = String::from_utf8_lossy(bytes);
    format!("Could not decode to UTF-8 column '{name}' with text '{text}'")
}

/// A value of a row before it is converted.
enum Raw {
    /// NULL, a number, a blob.
    Done(Local),
    /// The bytes of a text.
    Text(Local),
    /// The bytes for the converter of the column.
    Convert(Local, Local),
}

fn converted_row(
    vm: &mut Vm,
    this: Local,
    database: Local,
    statement: &Rc<Statement>,
) -> Result<Option<Local>, Raised> {
    let count = statement.with_row(|row| row.as_ref().column_count());
    let Some(count) = count else {
        return Ok(None);
    };
    let mut done = Vec::with_capacity(count);
    for at in 0..count {
        let raw = raw(vm, this, statement, at)?;
        done.push(match raw {
            Raw::Done(value) => value,
            Raw::Convert(converter, bytes) => vm.call(converter, &[bytes])?,
            Raw::Text(bytes) => text(vm, database, statement, at, bytes)?,
        });
    }
    Ok(Some(vm.tuple_of(&done)))
}

fn raw(vm: &Vm, this: Local, statement: &Rc<Statement>, at: usize) -> Result<Raw, Raised> {
    let converter = vm.payload::<Query>(this).converters.get(&vm.heap, at);
    let converter = converter.filter(|converter| !converter.is_none());
    let read = statement.with_row(|row| {
        let value = row.get_ref(at).unwrap_or(ValueRef::Null);
        // As in CPython an empty blob is converted to None.
        let is_empty = matches!(value, ValueRef::Null | ValueRef::Blob(&[]));
        if converter.is_some() && is_empty {
            return Ok(Raw::Done(vm.none()));
        }
        if let Some(converter) = converter {
            let bytes = match value {
                ValueRef::Integer(n) => n.to_string().into_bytes(),
                ValueRef::Real(x) => real_text(x).into_bytes(),
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
                ValueRef::Null => Vec::new(),
            };
            let bytes = vm.local(vm.heap.bytes(bytes).value());
            return Ok(Raw::Convert(vm.local(converter), bytes));
        }
        let is_text = matches!(value, ValueRef::Text(_));
        let value = vm.local(values::plain(&vm.heap, value)?);
        Ok(match is_text {
            true => Raw::Text(value),
            false => Raw::Done(value),
        })
    });
    read.unwrap_or_else(|| Ok(Raw::Done(vm.none())))
}

/// A number as SQLite writes it: 15 digits at most, and always a point.
fn real_text(x: f64) -> String {
    if !x.is_finite() {
        return if x < 0.0 { "-Inf" } else { "Inf" }.to_owned();
    }
    let scientific = format!("{x:.14e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..15).contains(&exponent) {
        let places = usize::try_from(14 - exponent).unwrap_or(0);
        let text = format!("{x:.places$}");
        let text = text.trim_end_matches('0');
        let end = if text.ends_with('.') || !text.contains('.') {
            "0"
        } else {
            ""
        };
        let point = if text.contains('.') { "" } else { ".0" };
        return match point {
            "" => format!("{text}{end}"),
            point => format!("{x:.0}{point}"),
        };
    }
    let digits = digits.trim_end_matches('0');
    let zero = if digits.ends_with('.') { "0" } else { "" };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}{zero}e{sign}{:02}", exponent.abs())
}

/// The object of a text under the connection's `text_factory`.
fn text(
    vm: &mut Vm,
    database: Local,
    statement: &Rc<Statement>,
    at: usize,
    bytes: Local,
) -> Result<Local, Raised> {
    let settings = super::database::of(vm, database);
    match settings.text_as.get() {
        TextAs::Bytes => Ok(bytes),
        TextAs::Other => {
            let factory = vm.local(settings.text_factory.get(&vm.heap));
            vm.call(factory, &[bytes])
        }
        TextAs::Str => {
            let data = crate::stdlib::arg::Buffer::arg(&vm.heap, vm.get(bytes))?;
            if let Some(text) = values::text(&vm.heap, &data)? {
                return Ok(vm.local(text));
            }
            let message = statement.with_row(|row| no_text(row, at, &data));
            drop(data);
            Err(error::operational(vm, &message.unwrap_or_default()))
        }
    }
}
