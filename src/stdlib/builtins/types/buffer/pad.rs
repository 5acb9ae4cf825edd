//! Bytes brought to a width.
//!
//! Shared by bytes and bytearray; the work is in `text/bytes_ops/pad.rs`. To add a method: a `Native`, its function,
//! a word in the table of `buffer/mod.rs`.

use super::this_of;
use crate::runtime::{Heap, Raised, Value};
use crate::stdlib::arg::{self, Buffer, checked};
use crate::text::TextResult;
use crate::text::bytes_ops::pad;
use crate::text::pause::Pause;
use crate::vm::{Local, Locals, Native, Vm};

pub const CENTER: Native = Native::vm(
    "center(self, width, fillchar=b' ', /) -> Self",
    "Return a centered copy of length width, padded with the fill byte.",
    |vm, a| filled(vm, a, "center", pad::center),
);

pub const LJUST: Native = Native::vm(
    "ljust(self, width, fillchar=b' ', /) -> Self",
    "Return a left-justified copy of length width, padded with the fill byte.",
    |vm, a| filled(vm, a, "ljust", pad::ljust),
);

pub const RJUST: Native = Native::vm(
    "rjust(self, width, fillchar=b' ', /) -> Self",
    "Return a right-justified copy of length width, padded with the fill byte.",
    |vm, a| filled(vm, a, "rjust", pad::rjust),
);

pub const ZFILL: Native = Native::vm(
    "zfill(self, width, /) -> Self",
    "Pad numeric bytes with ASCII zeros on the left, after their sign, to fill a field of the width.",
    |vm, a| {
        let width = vm.index(a.at(1))?;
        padded(vm, a, |data, pause| pad::zfill(data, width, pause))
    },
);

pub const EXPANDTABS: Native = Native::vm(
    "expandtabs(self, /, tabsize=8) -> Self",
    "Return a copy where tabs are expanded to spaces, up to the next multiple of tabsize.",
    |vm, a| {
        let tabsize = arg::vm_index_or(vm, a.at(1), 8)?;
        padded(vm, a, |data, _| pad::expandtabs(data, tabsize))
    },
);

/// `center` and its like.
type Padding = fn(&[u8], i64, u8, &mut Pause<'_>) -> TextResult<Vec<u8>>;

fn filled(vm: &mut Vm, a: Locals, name: &str, method: Padding) -> Result<Local, Raised> {
    let width = vm.index(a.at(1))?;
    let fill = fill_byte(&vm.heap, vm.get(a.at(2)), name)?;
    padded(vm, a, |data, pause| method(data, width, fill, pause))
}

fn padded(
    vm: &mut Vm,
    a: Locals,
    method: impl FnOnce(&[u8], &mut Pause<'_>) -> TextResult<Vec<u8>>,
) -> Result<Local, Raised> {
    let data = this_of(vm, a)?;
    let heap = &vm.heap;
    let result = checked(heap, method(&data, &mut |units| heap.pause(units)))?;
    Ok(vm.local(data.same(heap, result)))
}

fn fill_byte<'h>(heap: &'h Heap, fill: Value<'h>, name: &str) -> Result<u8, Raised> {
    if fill.is_undef() {
        return Ok(b' ');
    }
    match Buffer::of(heap, fill).as_deref() {
        Some(&[byte]) => Ok(byte),
        _ => {
            let found = heap.argument_name(fill);
            Err(heap.type_error(format!(
                "{name}() argument 2 must be a byte string of length 1, not {found}"
            )))
        }
    }
}
