//! `decode`, `hex`, `fromhex`, `translate` and `maketrans`.
//!
//! Shared by bytes and bytearray. The codecs are in `text/codec`. To add a method: a `Native`, its function, a word
//! in the table of `buffer/mod.rs`.

use super::{this, this_of};
use crate::runtime::class::Class;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::{self, Buffer, Out, checked};
use crate::stdlib::codecs::convert::decode;
use crate::text::bytes_ops::{hex, search};
use crate::vm::{Args, Local, Locals, Native, Vm};

pub const DECODE: Native = Native::vm(
    "decode(self, /, encoding='utf-8', errors='strict') -> str",
    "Return the text that the bytes stand for in an encoding. errors says what becomes of bytes that mean nothing: 'strict' \
     raises UnicodeDecodeError; 'ignore', 'replace' and 'backslashreplace' do as they say; other names are those of \
     codecs.register_error().",
    |vm, a| {
        let heap = &vm.heap;
        let encoding = arg::text_or(
            heap,
            vm.get(a.at(1)),
            "utf-8",
            "decode() argument 'encoding'",
        )?;
        let errors = arg::text_or(
            heap,
            vm.get(a.at(2)),
            "strict",
            "decode() argument 'errors'",
        )?;
        let (encoding, errors) = (encoding.to_owned(), errors.to_owned());
        decode(vm, a.at(0), &encoding, &errors)
    },
);

pub const HEX: Native = Native::vm(
    "hex(self, /, sep=None, bytes_per_sep=1) -> str",
    "Return the bytes as hexadecimal digits, with a separator after each group of bytes_per_sep bytes, counted from the \
     right, or from the left if the number is negative.",
    to_hex,
);

pub const FROMHEX: Native = Native::vm(
    "fromhex(cls, string, /) -> Self",
    "Make an object of pairs of hexadecimal digits, between which there may be white space. Raises ValueError for anything else.",
    from_hex,
);

pub const TRANSLATE: Native = Native::leaf(
    "translate(self, table, /, delete=b'') -> Self",
    "Return a copy where the bytes in delete are removed and the others are mapped by a table of 256 bytes, or None.",
    translate,
);

pub const MAKETRANS: Native = Native::leaf(
    "maketrans(frm, to, /) -> bytes",
    "Return a table for translate() that maps each byte of the first argument to the one at the same place of the second. Raises ValueError if the lengths differ.",
    |heap, a| {
        let (from, to) = (Buffer::arg(heap, a.get(0))?, Buffer::arg(heap, a.get(1))?);
        Ok(heap
            .bytes(checked(heap, search::make_translation(&from, &to))?)
            .value())
    },
);

fn to_hex(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let group = arg::vm_index_or(vm, a.at(2), 1)?;
    if !vm.get(a.at(1)).is_undef() && vm.len(a.at(1))? != 1 {
        return Err(vm.heap.value_error("sep must be length 1."));
    }
    let sep = separator(&vm.heap, vm.get(a.at(1)))?;
    let data = this_of(vm, a)?;
    vm.heap.room_for(data.len().saturating_mul(6))?;
    Ok(vm.local(vm.heap.try_str(&hex::hex(&data, sep, group))?))
}

fn separator<'h>(heap: &'h Heap, sep: Value<'h>) -> Result<Option<char>, Raised> {
    if sep.is_undef() {
        return Ok(None);
    }
    let chars: Vec<char> = match (arg::as_str(heap, sep), Buffer::of(heap, sep)) {
        (Some(text), _) => text.as_str().chars().take(2).collect(),
        (None, Some(data)) => data.iter().take(2).map(|&byte| char::from(byte)).collect(),
        (None, None) => return Err(heap.type_error("sep must be str or bytes.")),
    };
    match chars[..] {
        [c] if c.is_ascii() => Ok(Some(c)),
        [_] => Err(heap.value_error("sep must be ASCII.")),
        _ => Err(heap.value_error("sep must be length 1.")),
    }
}

fn from_hex(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let data = checked(
        &vm.heap,
        hex::from_hex(arg::text(&vm.heap, vm.get(a.at(1)), "fromhex() argument")?),
    )?;
    let class = vm.get_gc::<Class>(a.at(0));
    let is_array = class.is_some_and(|c| {
        c.is_subclass(&vm.heap, vm.heap.types.class(&vm.heap, Builtin::ByteArray))
    });
    let made = vm.local(if is_array {
        vm.heap.bytearray(data).value()
    } else {
        vm.heap.bytes(data).value()
    });
    if class.is_none_or(|class| class.builtin.is_some()) {
        Ok(made)
    } else {
        vm.call(a.at(0), &[made])
    }
}

fn translate<'h>(heap: &'h Heap, a: Args<'h>) -> Out<'h> {
    let data = this(heap, a)?;
    let table = if a.get(1).is_none() {
        None
    } else {
        Some(Buffer::arg(heap, a.get(1))?)
    };
    if table.as_ref().is_some_and(|table| table.len() != 256) {
        return Err(heap.value_error("translation table must be 256 characters long"));
    }
    let delete = if a.get(2).is_undef() {
        Buffer::Bytes(&[])
    } else {
        Buffer::arg(heap, a.get(2))?
    };
    heap.poll_bytes(data.len())?;
    Ok(data.same(heap, search::translate(&data, table.as_deref(), &delete)))
}
