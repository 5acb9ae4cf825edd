//! `str`: its table and its constructor; the methods by topic in the files beside.
//!
//! What they do to text is in `text/str_ops`. To add a method: `const` and code in the file of its topic, its name in
//! the table.

mod case;
mod convert;
mod operators;
mod pad;
mod search;
mod split;

use super::special::Special;
use crate::runtime::class::Class;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Raised};
use crate::stdlib::arg::{self, Buffer};
use crate::stdlib::codecs::convert as codecs;
use crate::stdlib::registry::NativeType;
use crate::vm::{Local, Locals, Native, Vm};

pub use split::joinable;

/// The table.
pub const TYPES: &[NativeType] = &[NativeType {
    new: Some(&NEW),
    methods: &[
        &case::LOWER,
        &case::UPPER,
        &case::TITLE,
        &case::CAPITALIZE,
        &case::SWAPCASE,
        &case::CASEFOLD,
        &case::ISALPHA,
        &case::ISALNUM,
        &case::ISASCII,
        &case::ISDECIMAL,
        &case::ISDIGIT,
        &case::ISNUMERIC,
        &case::ISSPACE,
        &case::ISIDENTIFIER,
        &case::ISPRINTABLE,
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
        &convert::ENCODE,
        &convert::FORMAT,
        &convert::FORMAT_MAP,
        &convert::TRANSLATE,
        &operators::REPR,
        &operators::STR,
        &operators::DUNDER_FORMAT,
        &operators::HASH,
        &operators::LEN,
        &Special::<Str>::ITER,
        &Special::<Str>::CONTAINS,
        &Special::<Str>::GETITEM,
        &operators::GETNEWARGS,
        &operators::SIZEOF,
        &operators::ADD,
        &operators::MUL,
        &operators::RMUL,
        &operators::MOD,
        &operators::RMOD,
        &Special::<Str>::EQ,
        &Special::<Str>::NE,
        &Special::<Str>::LT,
        &Special::<Str>::LE,
        &Special::<Str>::GT,
        &Special::<Str>::GE,
    ],
    static_methods: &[&convert::MAKETRANS],
    ..NativeType::of(
        Builtin::Str,
        "str(object='') -> str\nstr(bytes_or_buffer[, encoding[, errors]]) -> str\n\nText: an immutable sequence of code points. \
         Without encoding and errors the result is what __str__() of the object returns; with them the bytes are decoded.",
    )
}];

const NEW: Native = Native::vm(
    "__new__(cls, object='', encoding='utf-8', errors='strict')",
    "Create and return a new object.",
    new,
)
.quick(|heap, args| {
    let object = args.get(1);
    if args.len() != 2 {
        return None;
    }
    if let Some(n) = object.as_int() {
        return Some(heap.decimal(n));
    }
    object.is_gc::<Str>().then_some(object)
});

fn new(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let (object, encoding, errors) = (vm.get(a.at(1)), vm.get(a.at(2)), vm.get(a.at(3)));
    if object.is_undef() {
        return Ok(vm.local(vm.heap.str_value("")));
    }
    if encoding.is_undef() && errors.is_undef() {
        let text = vm.str(a.at(1))?;
        // An instance of another subclass of str may come from `__str__`: a subclass that is called makes its own of the text.
        let is_exact = vm
            .get_gc::<Class>(a.at(0))
            .is_none_or(|class| class.builtin_is(Builtin::Str));
        return Ok(match is_exact {
            true => text,
            false => vm.local(arg::plain_value(&vm.heap, vm.get(text))),
        });
    }
    let heap = &vm.heap;
    let encoding = arg::text_or(heap, encoding, "utf-8", "str() argument 'encoding'")?.to_owned();
    let errors = arg::text_or(heap, errors, "strict", "str() argument 'errors'")?.to_owned();
    if arg::as_str(heap, object).is_some() {
        return Err(heap.type_error("decoding str is not supported"));
    }
    if Buffer::of(heap, object).is_none() {
        let found = heap.type_name(object);
        return Err(heap.type_error(format!(
            "decoding to str: need a bytes-like object, {found} found"
        )));
    }
    codecs::decode(vm, a.at(1), &encoding, &errors)
}
