//! `bytes`: its table, its constructor, and the little that bytearray has not; the shared methods are in `buffer/`.
//!
//! To add a method that bytearray has, too: in `buffer/`. One that only bytes has: a `Native` here and a word in the table.

use super::buffer::make::{Made, make};
use super::buffer::{case, convert, operators, pad, search, split};
use super::special::Special;
use crate::runtime::bytes::Bytes;
use crate::runtime::class::Class;
use crate::runtime::function::Function;
use crate::runtime::intern::Sym;
use crate::runtime::{Builtin, Raised, builtin_eq};
use crate::stdlib::receiver::this;
use crate::stdlib::registry::NativeType;
use crate::vm::{Local, Locals, Native, Vm};

/// The table.
pub const TYPES: &[NativeType] = &[NativeType {
    new: Some(&NEW),
    methods: &[
        &case::LOWER,
        &case::UPPER,
        &case::TITLE,
        &case::CAPITALIZE,
        &case::SWAPCASE,
        &case::ISALPHA,
        &case::ISALNUM,
        &case::ISASCII,
        &case::ISDIGIT,
        &case::ISSPACE,
        &case::ISLOWER,
        &case::ISUPPER,
        &case::ISTITLE,
        &search::FIND,
        &search::RFIND,
        &search::INDEX,
        &search::RINDEX,
        &search::COUNT,
        &search::STARTSWITH,
        &search::ENDSWITH,
        &search::REPLACE,
        &search::PARTITION,
        &search::RPARTITION,
        &split::SPLIT,
        &split::RSPLIT,
        &split::SPLITLINES,
        &split::JOIN,
        &split::STRIP,
        &split::LSTRIP,
        &split::RSTRIP,
        &split::REMOVEPREFIX,
        &split::REMOVESUFFIX,
        &pad::CENTER,
        &pad::LJUST,
        &pad::RJUST,
        &pad::ZFILL,
        &pad::EXPANDTABS,
        &convert::DECODE,
        &convert::HEX,
        &convert::TRANSLATE,
        &Special::<Bytes>::REPR,
        &operators::STR,
        &operators::LEN,
        &Special::<Bytes>::ITER,
        &Special::<Bytes>::CONTAINS,
        &Special::<Bytes>::GETITEM,
        &operators::ADD,
        &operators::MUL,
        &operators::RMUL,
        &operators::MOD,
        &operators::RMOD,
        &Special::<Bytes>::EQ,
        &Special::<Bytes>::NE,
        &Special::<Bytes>::LT,
        &Special::<Bytes>::LE,
        &Special::<Bytes>::GT,
        &Special::<Bytes>::GE,
        &HASH,
        &BYTES,
        &GETNEWARGS,
    ],
    class_methods: &[&convert::FROMHEX],
    static_methods: &[&convert::MAKETRANS],
    ..NativeType::of(
        Builtin::Bytes,
        "bytes(iterable_of_ints) -> bytes\nbytes(string, encoding[, errors]) -> bytes\nbytes(bytes_or_buffer) -> bytes\n\
         bytes(int) -> bytes of that many zeros\nbytes() -> empty bytes\n\nAn immutable sequence of bytes.",
    )
}];

const NEW: Native = Native::vm(
    "__new__(cls, source=b'', encoding='utf-8', errors='strict')",
    "Create and return a new object.",
    new,
);

const HASH: Native = Native::leaf(
    "__hash__(self, /) -> int",
    "Return hash(self).",
    |heap, a| Ok(heap.int(builtin_eq::hash_bytes(this::<Bytes>(heap, a)?.get().as_slice()) as i64)),
);

const BYTES: Native = Native::leaf(
    "__bytes__(self, /) -> bytes",
    "Return this object as exact bytes.",
    |heap, a| Ok(this::<Bytes>(heap, a)?.value()),
);

const GETNEWARGS: Native = Native::leaf(
    "__getnewargs__(self, /) -> tuple",
    "Return the arguments that make an equal object.",
    |heap, a| Ok(heap.tuple(&[this::<Bytes>(heap, a)?.value()]).value()),
);

/// `bytes(x)` where `x.__bytes__()` returns an instance of a subclass of bytes: that instance.
fn of_own_method(vm: &mut Vm, a: Locals) -> Result<Option<Local>, Raised> {
    let is_exact = vm
        .get_gc::<Class>(a.at(0))
        .is_some_and(|class| class.builtin_is(Builtin::Bytes));
    let is_alone = vm.get(a.at(2)).is_undef() && vm.get(a.at(3)).is_undef();
    let own = vm.special(vm.get(a.at(1)), Sym::Bytes);
    if !is_exact || !is_alone || !own.is_some_and(|method| method.is_gc::<Function>()) {
        return Ok(None);
    }
    let Some(made) = vm.call_special(a.at(1), Sym::Bytes, &[])? else {
        return Ok(None);
    };
    match is_bytes(vm, made) {
        true => Ok(Some(made)),
        false => {
            let found = vm.heap.type_name(vm.get(made));
            let message = format!("__bytes__ returned non-bytes (type {found})");
            Err(vm.heap.type_error(message))
        }
    }
}

fn is_bytes(vm: &Vm, value: Local) -> bool {
    vm.heap.is_instance(vm.get(value), Builtin::Bytes)
}

fn new(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    if vm.get(a.at(1)).is_gc::<Bytes>() && vm.get(a.at(2)).is_undef() && vm.get(a.at(3)).is_undef()
    {
        return Ok(a.at(1));
    }
    if let Some(made) = of_own_method(vm, a)? {
        return Ok(made);
    }
    let data = make(
        vm,
        a,
        &Made {
            name: "bytes",
            items: "bytes",
        },
    )?;
    Ok(vm.local(vm.heap.bytes(data).value()))
}
