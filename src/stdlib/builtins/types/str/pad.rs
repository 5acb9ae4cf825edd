//! Texts brought to a width.
//!
//! Widths count code points; the algorithms are in `text/str_ops/pad.rs`. To add a method: a `Native`, its function,
//! a word in the table of `str/mod.rs`.

use crate::runtime::str::Str;
use crate::runtime::{Heap, Raised, Value};
use crate::stdlib::arg::{self, checked};
use crate::stdlib::receiver::this_of;
use crate::text::TextResult;
use crate::text::pause::Pause;
use crate::text::str_ops::pad;
use crate::vm::{Local, Locals, Native, Vm};

pub const CENTER: Native = Native::vm(
    "center(self, width, fillchar=' ', /) -> str",
    "Return a centered string of length width, padded with the fill character.",
    |vm, a| filled(vm, a, pad::center),
);

pub const LJUST: Native = Native::vm(
    "ljust(self, width, fillchar=' ', /) -> str",
    "Return a left-justified string of length width, padded with the fill character.",
    |vm, a| filled(vm, a, pad::ljust),
);

pub const RJUST: Native = Native::vm(
    "rjust(self, width, fillchar=' ', /) -> str",
    "Return a right-justified string of length width, padded with the fill character.",
    |vm, a| filled(vm, a, pad::rjust),
);

pub const ZFILL: Native = Native::vm(
    "zfill(self, width, /) -> str",
    "Pad a numeric string with zeros on the left, after its sign, to fill a field of the width.",
    |vm, a| {
        let width = vm.index(a.at(1))?;
        padded(vm, a, |text, len, pause| {
            pad::zfill(text, len, width, pause)
        })
    },
);

pub const EXPANDTABS: Native = Native::vm(
    "expandtabs(self, /, tabsize=8) -> str",
    "Return a copy where tabs are expanded to spaces, up to the next multiple of tabsize.",
    |vm, a| {
        let tabsize = arg::vm_index_or(vm, a.at(1), 8)?;
        padded(vm, a, |text, _, pause| {
            pad::expandtabs(text, tabsize, pause)
        })
    },
);

/// `center` and its like.
type Padding = fn(&str, usize, i64, char, &mut Pause<'_>) -> TextResult<String>;

fn filled(vm: &mut Vm, a: Locals, method: Padding) -> Result<Local, Raised> {
    let width = vm.index(a.at(1))?;
    let fill = fill_char(&vm.heap, vm.get(a.at(2)))?;
    padded(vm, a, |text, len, pause| {
        method(text, len, width, fill, pause)
    })
}

fn padded(
    vm: &mut Vm,
    a: Locals,
    method: impl FnOnce(&str, usize, &mut Pause<'_>) -> TextResult<String>,
) -> Result<Local, Raised> {
    let text = this_of::<Str>(vm, a)?;
    let heap = &vm.heap;
    let result = method(text.as_str(), text.char_len(), &mut |units| {
        heap.pause(units)
    });
    Ok(vm.local(heap.adopt_text(checked(heap, result)?)?))
}

fn fill_char<'h>(heap: &'h Heap, fill: Value<'h>) -> Result<char, Raised> {
    if fill.is_undef() {
        return Ok(' ');
    }
    let Some(text) = arg::as_str(heap, fill) else {
        let found = heap.type_name(fill);
        return Err(heap.type_error(format!(
            "The fill character must be a unicode character, not {found}"
        )));
    };
    let mut chars = text.as_str().chars();
    match (chars.next(), chars.next()) {
        (Some(fill), None) => Ok(fill),
        _ => Err(heap.type_error("The fill character must be exactly one character long")),
    }
}
