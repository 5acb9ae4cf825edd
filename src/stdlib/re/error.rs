//! `re.PatternError`, and how complaints become exceptions.
//!
//! The class is made natively, so that the native part of the module can raise it without an import.

use super::complaint::Complaint;
use super::search::GaveUp;
use crate::runtime::exception::Exception;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::arg::{Buffer, as_str, given};
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::{Local, Locals, Native, Vm};

/// The class.
pub const PATTERN_ERROR: ModuleType = ModuleType {
    name: "PatternError",
    module: "re",
    body: NativeType {
        methods: &[&INIT],
        ..NativeType::of(
            Builtin::Exception,
            "Exception raised for invalid regular expressions. Attributes: msg, pattern, pos, lineno and colno, the last four None where unknown.",
        )
    },
};

const INIT: Native = Native::vm(
    "__init__(self, msg, pattern=None, pos=None)",
    "Initialize self. Adds the position to the message.",
    init,
);

/// The line and column of a position, and whether there is more than one line.
fn line_of(vm: &Vm, pattern: Local, pos: i64) -> Option<(usize, i64, bool)> {
    let pos_in = usize::try_from(pos).unwrap_or(0);
    let value = vm.get(pattern);
    if let Some(text) = as_str(&vm.heap, value) {
        let before: Vec<char> = text.as_str().chars().take(pos_in).collect();
        let line = before.iter().filter(|&&c| c == '\n').count() + 1;
        let newline = before.iter().rposition(|&c| c == '\n');
        let column = pos - newline.map_or(-1, |at| at as i64);
        return Some((line, column, text.as_str().contains('\n')));
    }
    let bytes = Buffer::of(&vm.heap, value)?;
    let before = &bytes[..pos_in.min(bytes.len())];
    let line = before.iter().filter(|&&c| c == b'\n').count() + 1;
    let newline = before.iter().rposition(|&c| c == b'\n');
    let column = pos - newline.map_or(-1, |at| at as i64);
    Some((line, column, bytes.contains(&b'\n')))
}

fn init(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    let none = vm.none();
    let [pattern, pos] = [2, 3].map(|i| given(vm, args.at(i)).unwrap_or(none));
    vm.set_attr_named(this, "msg", args.at(1))?;
    vm.set_attr_named(this, "pattern", pattern)?;
    vm.set_attr_named(this, "pos", pos)?;
    let mut message = args.at(1);
    let (mut line, mut column) = (none, none);
    if !vm.get(pattern).is_none() && !vm.get(pos).is_none() {
        let at = vm.index(pos)?;
        let mut text = format!("{} at position {at}", vm.text_of(message)?);
        if let Some((line_no, column_no, is_long)) = line_of(vm, pattern, at) {
            line = vm.local(vm.heap.usize(line_no));
            column = vm.local(vm.heap.int(column_no));
            if is_long {
                text += &format!(" (line {line_no}, column {column_no})");
            }
        }
        message = vm.local(vm.heap.str_value(&text));
    }
    vm.set_attr_named(this, "lineno", line)?;
    vm.set_attr_named(this, "colno", column)?;
    if let Some(exception) = vm.get_gc::<Exception>(this) {
        exception
            .args
            .set(vm.heap.tuple(&[vm.get(message)]).value());
    }
    Ok(vm.none())
}

/// The exception about a pattern or template (a local with its text).
pub fn complain(vm: &mut Vm, complaint: Complaint, pattern: Local) -> Raised {
    let (message, pos) = match complaint {
        Complaint::Value(message) => return vm.heap.value_error(message),
        Complaint::Overflow(message) => return vm.heap.raise(Builtin::OverflowError, message),
        Complaint::Index(message) => return vm.heap.raise(Builtin::IndexError, message),
        Complaint::TooDeep => return vm.recursion_error(),
        Complaint::Pattern(message, pos) => (message, pos),
    };
    let class = class_of(vm, &PATTERN_ERROR);
    let message = vm.local(vm.heap.str_value(&message));
    let made = match pos {
        Some(pos) => {
            let pos = vm.local(vm.heap.usize(pos));
            vm.call(class, &[message, pattern, pos])
        }
        None => vm.call(class, &[message]),
    };
    match made {
        Ok(made) => vm.raise_local(made),
        Err(raised) => raised,
    }
}

/// The exception about a search that did not end.
#[cold]
pub fn gave_up(vm: &Vm, reason: GaveUp) -> Raised {
    match reason {
        GaveUp::Outside | GaveUp::Signal => vm.heap.raise_pending(),
        GaveUp::Memory => vm.heap.raise(
            Builtin::MemoryError,
            "regular expression has too many alternatives to remember on this text",
        ),
    }
}

/// TypeError for what is neither text nor bytes.
pub fn not_text(vm: &Vm, value: Value<'_>) -> Raised {
    let class = vm.heap.type_name(value);
    vm.heap.type_error(format!(
        "expected string or bytes-like object, got '{class}'"
    ))
}
