//! `_csv`: the parts of `csv` that see each character: `_Format` splits lines into fields and joins fields to lines.
//!
//! `csv` (library/csv.apy) checks the options of a dialect before it makes a `_Format`; each reader and each writer has its own.
//! Reading is in `scan.rs`, writing in `join.rs`.

mod join;
mod scan;

use std::cell::RefCell;

use super::arg::{as_str, vm_index_or};
use super::registry::{ModuleType, NativeModule, NativeType, raise_text};
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Raised, Value};
use crate::vm::{Local, Locals, Native, Vm};
use scan::{Done, Scanner};

/// The module.
pub const CSV: NativeModule = NativeModule {
    types: &[&FORMAT],
    exceptions: &[&ERROR],
    ..NativeModule::of("_csv", "The native part of csv.")
};

const ERROR: ModuleType = ModuleType::exception(
    "Error",
    "_csv",
    Builtin::Exception,
    "A row that cannot be read or written, or a dialect that is not known.",
);

const FORMAT: ModuleType = ModuleType {
    name: "_csv._Format",
    module: "_csv",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&RESET, &FEED, &FINISH, &JOIN],
        ..NativeType::of(Builtin::Opaque, "Splits and joins rows of one dialect.")
    },
};

/// Which fields are quoted, and which are numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoting {
    Minimal,
    All,
    NonNumeric,
    Never,
    Strings,
    NotNull,
}

impl Quoting {
    fn of(number: i64) -> Quoting {
        match number {
            1 => Quoting::All,
            2 => Quoting::NonNumeric,
            3 => Quoting::Never,
            4 => Quoting::Strings,
            5 => Quoting::NotNull,
            _ => Quoting::Minimal,
        }
    }

    /// Whether None has a form of its own: an empty field without quotes.
    fn tells_none(self) -> bool {
        matches!(self, Quoting::Strings | Quoting::NotNull)
    }
}

/// The options of a dialect.
struct Format {
    delimiter: char,
    quote: Option<char>,
    escape: Option<char>,
    quoting: Quoting,
    doubles_quotes: bool,
    skips_spaces: bool,
    is_strict: bool,
    terminator: String,
}

/// A format with the row that is being read.
struct FormatState {
    format: Format,
    scanner: RefCell<Scanner>,
}

traced!(FormatState {} plain { format, scanner });

impl Payload for FormatState {}

const NEW: Native = Native::vm(
    "_Format(cls, delimiter, quotechar, escapechar, doublequote, skipinitialspace, lineterminator, quoting, strict, /)",
    "The options have been checked.",
    |vm, args| {
        let format = Format {
            delimiter: letter(vm, args.at(1)).unwrap_or(','),
            quote: letter(vm, args.at(2)),
            escape: letter(vm, args.at(3)),
            doubles_quotes: vm.truth(args.at(4))?,
            skips_spaces: vm.truth(args.at(5))?,
            terminator: vm.text_of(args.at(6))?,
            quoting: Quoting::of(vm_index_or(vm, args.at(7), 0)?),
            is_strict: vm.truth(args.at(8))?,
        };
        let scanner = RefCell::default();
        Ok(vm.new_opaque(args.at(0), FormatState { format, scanner }))
    },
);
const RESET: Native = Native::vm(
    "reset(self, /)",
    "Forget a row that was begun.",
    |vm, args| {
        let state = vm.payload::<FormatState>(args.at(0));
        *state.scanner.borrow_mut() = Scanner::default();
        Ok(vm.none())
    },
);
const FEED: Native = Native::vm(
    "feed(self, line, limit, /)",
    "Read a line; the row, or None if it goes on in the next line. No field may be longer than limit.",
    |vm, args| {
        let limit = usize::try_from(vm.index(args.at(2))?).unwrap_or(0);
        let Some(line) = as_str(&vm.heap, vm.get(args.at(1))) else {
            let class = vm.heap.type_name(vm.get(args.at(1)));
            let message = format!(
                "iterator should return strings, not {class} (the file should be opened in text mode)"
            );
            return Err(raise_text(vm, &ERROR, &message));
        };
        let state = vm.payload::<FormatState>(args.at(0));
        let mut scanner = state.scanner.borrow_mut();
        let done = scanner.feed(&state.format, line.as_str(), limit);
        drop(scanner);
        match done {
            Ok(Done::Row) => row(vm, args),
            Ok(Done::Continues) => {
                check_numbers(vm, args.at(0))?;
                Ok(vm.none())
            }
            Err(message) => Err(raise_text(vm, &ERROR, &message)),
        }
    },
);
const FINISH: Native = Native::vm(
    "finish(self, /)",
    "There are no more lines: the row that was begun, or None.",
    |vm, args| {
        let state = vm.payload::<FormatState>(args.at(0));
        if !state.scanner.borrow().is_inside() {
            return Ok(vm.none());
        }
        if state.format.is_strict {
            return Err(raise_text(vm, &ERROR, "unexpected end of data"));
        }
        state.scanner.borrow_mut().save();
        row(vm, args)
    },
);
const JOIN: Native = Native::vm(
    "join(self, row, /)",
    "The line of a row, with its end.",
    |vm, args| {
        let values = vm.to_vec(args.at(1))?;
        join::join(vm, args.at(0), &values)
    },
);

fn letter(vm: &Vm, value: Local) -> Option<char> {
    as_str(&vm.heap, vm.get(value)).and_then(|text| text.as_str().chars().next())
}

/// Raises ValueError for what the line says in place of a number, before a later line can be wrong in another way.
fn check_numbers(vm: &mut Vm, format: Local) -> Result<(), Raised> {
    let state = vm.payload::<FormatState>(format);
    if !matches!(state.format.quoting, Quoting::NonNumeric | Quoting::Strings) {
        return Ok(());
    }
    let texts = state.scanner.borrow_mut().unchecked();
    for text in texts {
        let text = vm.local(vm.heap.try_str(&text)?);
        number(vm, text)?;
    }
    Ok(())
}

fn number(vm: &mut Vm, text: Local) -> Result<Local, Raised> {
    let float = vm.heap.types.class(&vm.heap, Builtin::Float).value();
    let float = vm.local(float);
    vm.call(float, &[text])
}

/// The row that the scanner has read, as a list.
fn row(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let state = vm.payload::<FormatState>(args.at(0));
    let (fields, quoting) = (state.scanner.borrow_mut().take(), state.format.quoting);
    let makes_numbers = matches!(quoting, Quoting::NonNumeric | Quoting::Strings);
    let mut values = Vec::with_capacity(fields.len());
    for field in fields {
        let is_empty = field.text.is_empty();
        if !field.is_quoted && is_empty && quoting.tells_none() {
            values.push(vm.none());
            continue;
        }
        let text = vm.local(vm.heap.try_str(&field.text)?);
        values.push(match !field.is_quoted && !is_empty && makes_numbers {
            true => number(vm, text)?,
            false => text,
        });
    }
    let values: Vec<Value<'_>> = values.iter().map(|&value| vm.get(value)).collect();
    Ok(vm.local(vm.heap.list(values).value()))
}
