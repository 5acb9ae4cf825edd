//! Builtin functions from values to text and back: `repr`, `ascii`, `format`, `chr`, `ord`, `bin`, `oct`, `hex`.
//!
//! The algorithms are in `text`. To add one: a `Native`, its function, a name in the table.

use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::str::Str;
use crate::runtime::{Raised, Value};
use crate::stdlib::receiver::{given, plain};
use crate::text::IntRef;
use crate::text::int_text::{Radix, int_to_radix};
use crate::text::surrogate;
use crate::vm::{Local, Locals, Native, Vm};

/// The functions of this file.
pub const FUNCTIONS: &[&Native] = &[&ASCII, &BIN, &CHR, &FORMAT, &HEX, &OCT, &ORD, &REPR];

const REPR: Native = Native::vm(
    "repr(obj, /) -> str",
    "Return the canonical string representation of the object.\n\n\
     For many object types, including most builtins, eval() will return\n\
     an object equal to the one passed to repr().",
    |vm, args| vm.repr(args.at(0)),
);

const ASCII: Native = Native::vm(
    "ascii(obj, /) -> str",
    "Return an ASCII-only representation of an object.\n\n\
     As repr(), return a string containing a printable representation of an\n\
     object, but escape the non-ASCII characters in the string returned by\n\
     repr() using \\\\x, \\\\u or \\\\U escapes. This generates a string similar\nto that returned by repr() in Python 2.",
    |vm, args| vm.ascii(args.at(0)),
);

const FORMAT: Native = Native::vm(
    "format(value, format_spec='', /) -> str",
    "Return type(value).__format__(value, format_spec)\n\n\
     Many built-in types implement format_spec according to the\nFormat Specification Mini-language. See help('FORMATTING').",
    |vm, args| {
        let Some(spec) = given(vm, args.at(1)) else {
            return vm.format(args.at(0), "");
        };
        let text = plain(vm, spec);
        match vm.get_gc::<Str>(text).map(|spec| spec.as_str().to_owned()) {
            Some(spec) => vm.format(args.at(0), &spec),
            None => {
                let class = vm.heap.argument_name(vm.get(spec));
                Err(vm
                    .heap
                    .type_error(format!("format() argument 2 must be str, not {class}")))
            }
        }
    },
);

const CHR: Native = Native::vm(
    "chr(i, /) -> str",
    "Return a Unicode string of one character with ordinal i; 0 <= i <= 0x10ffff.\n\nRaises ValueError for other integers.",
    |vm, args| {
        let code = vm.index_clipped(args.at(0))?;
        let text = u32::try_from(code).ok().and_then(surrogate::character);
        match text {
            Some(c) => Ok(vm.local(vm.heap.char_value(c))),
            None => Err(vm.heap.value_error("chr() arg not in range(0x110000)")),
        }
    },
);

const ORD: Native = Native::vm(
    "ord(c, /) -> int",
    "Return the Unicode code point for a one-character string.\n\nRaises TypeError for anything else.",
    ord,
);

fn ord(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let item = plain(vm, args.at(0));
    let value = vm.get(item);
    let (first, len) = if let Some(text) = value.as_gc::<Str>() {
        (
            text.as_str()
                .chars()
                .next()
                .map(|c| i64::from(surrogate::code_point(c))),
            text.char_len(),
        )
    } else if let Some(bytes) = value.as_gc::<Bytes>() {
        (
            bytes.as_slice().first().map(|&b| i64::from(b)),
            bytes.as_slice().len(),
        )
    } else if let Some(bytes) = value.as_gc::<ByteArray>() {
        let data = bytes.read(&vm.heap);
        (data.first().map(|&b| i64::from(b)), data.len())
    } else {
        let class = vm.heap.type_name(vm.get(args.at(0)));
        return Err(vm.heap.type_error(format!(
            "ord() expected string of length 1, but {class} found"
        )));
    };
    match first {
        Some(code) if len == 1 => Ok(vm.local(Value::small_int(code))),
        _ => Err(vm.heap.type_error(format!(
            "ord() expected a character, but string of length {len} found"
        ))),
    }
}

const BIN: Native = Native::vm(
    "bin(number, /) -> str",
    "Return the binary representation of an integer.\n\n   >>> bin(2796202)\n   '0b1010101010101010101010'",
    |vm, args| in_radix(vm, args, Radix::Binary),
);

const OCT: Native = Native::vm(
    "oct(number, /) -> str",
    "Return the octal representation of an integer.\n\n   >>> oct(342391)\n   '0o1234567'",
    |vm, args| in_radix(vm, args, Radix::Octal),
);

const HEX: Native = Native::vm(
    "hex(number, /) -> str",
    "Return the hexadecimal representation of an integer.\n\n   >>> hex(12648430)\n   '0xc0ffee'",
    |vm, args| in_radix(vm, args, Radix::Hex),
);

fn in_radix(vm: &mut Vm, args: Locals, radix: Radix) -> Result<Local, Raised> {
    let number = vm.index_value(args.at(0))?;
    let text = int_to_radix(
        vm.get(number).as_any_int().unwrap_or(IntRef::Small(0)),
        radix,
    );
    vm.heap.poll_bytes(text.len())?;
    Ok(vm.local(vm.heap.str_value(&text)))
}
