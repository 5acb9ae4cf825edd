//! How arrays are pickled: as bytes with a number for the machine's format, or below protocol 3 as a list.
//!
//! `_array_reconstructor` reads the formats of all machines. To add a format: a row in `FORMATS`.

use super::{ARRAY, array, transfer::to_list};
use crate::runtime::array::item_size;
use crate::runtime::bytes::Bytes;
use crate::runtime::class::Class;
use crate::runtime::str::Str;
use crate::runtime::{Gc, Raised, Value};
use crate::stdlib::arg::plain;
use crate::stdlib::packing::native_order;
use crate::stdlib::registry::class_of;
use crate::text::num::bytes::ByteOrder;
use crate::text::surrogate;
use crate::vm::{Local, Locals, Native, Vm};

/// `__reduce_ex__`
pub const REDUCE_EX: Native = Native::vm(
    "__reduce_ex__(self, value, /)",
    "Return state information for pickling.",
    reduce,
);
/// `__sizeof__`
pub const SIZEOF: Native = Native::vm(
    "__sizeof__(self, /)",
    "Size of the array in memory, in bytes.",
    |vm, args| {
        let len = array(vm, args.at(0)).bytes(&vm.heap).len();
        Ok(vm.local(vm.heap.usize(64 + len)))
    },
);
/// `_array_reconstructor`
pub const RECONSTRUCTOR: Native = Native::vm(
    "_array_reconstructor(arraytype, typecode, mformat_code, items, /)",
    "Internal. Used for pickling support.",
    reconstruct,
);

/// A format of pickled items: the letter of its type, and the order of bytes. UTF-16 has no array and the letter `2`.
struct Format {
    code: u8,
    order: ByteOrder,
}

/// The formats by their numbers.
const FORMATS: [Format; 22] = [
    little(b'B'),
    little(b'b'),
    little(b'H'),
    big(b'H'),
    little(b'h'),
    big(b'h'),
    little(b'I'),
    big(b'I'),
    little(b'i'),
    big(b'i'),
    little(b'L'),
    big(b'L'),
    little(b'l'),
    big(b'l'),
    little(b'f'),
    big(b'f'),
    little(b'd'),
    big(b'd'),
    little(b'2'),
    big(b'2'),
    little(b'w'),
    big(b'w'),
];

const fn little(code: u8) -> Format {
    Format {
        code,
        order: ByteOrder::Little,
    }
}

const fn big(code: u8) -> Format {
    Format {
        code,
        order: ByteOrder::Big,
    }
}

/// The number of the format that arrays of a type have on this machine.
fn format_of(code: u8) -> usize {
    let code = match code {
        b'q' => b'l',
        b'Q' => b'L',
        b'u' => b'w',
        code => code,
    };
    let size = item_size(code).unwrap_or(1);
    let fits = |f: &Format| f.code == code && (size == 1 || f.order == native_order());
    FORMATS.iter().position(fits).unwrap_or(0)
}

fn reduce(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    let Some(protocol) = vm.get(plain(vm, args.at(1))).as_any_int() else {
        let message = "__reduce_ex__ argument should be an integer";
        return Err(vm.heap.type_error(message));
    };
    let is_old = protocol.to_i64().is_none_or(|protocol| protocol < 3);
    let class = vm.local(vm.heap.class_of(vm.get(this)).value());
    let code = array(vm, this).code();
    let letter = vm.local(vm.heap.char_value(char::from(code)));
    let state = match array(vm, this).is_plain() {
        true => None,
        false => vm.find_attr(this, "__dict__")?,
    };
    let state = state.unwrap_or_else(|| vm.none());
    if is_old {
        let items = to_list(vm, this)?;
        let arguments = vm.tuple_of(&[letter, items]);
        return Ok(vm.tuple_of(&[class, arguments, state]));
    }
    let module = vm.import_module("array")?;
    let make = vm.get_attr_named(module, RECONSTRUCTOR.name())?;
    let format = vm.local(vm.heap.usize(format_of(code)));
    let bytes = vm.call_method(this, "tobytes", &[])?;
    let arguments = vm.tuple_of(&[class, letter, format, bytes]);
    Ok(vm.tuple_of(&[make, arguments, state]))
}

fn reconstruct(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let class = args.at(0);
    check_class(vm, class)?;
    let letter = vm.get_gc::<Str>(plain(vm, args.at(1)));
    let letter = letter.map_or("", Gc::as_str);
    let code = match letter.as_bytes() {
        [code] if item_size(*code).is_some() => *code,
        _ => {
            let message = "second argument must be a valid type code";
            return Err(vm.heap.value_error(message));
        }
    };
    let number = vm.index(args.at(2))?;
    let format = usize::try_from(number).ok().and_then(|n| FORMATS.get(n));
    let Some(format) = format else {
        let message = "third argument must be a valid machine format code.";
        return Err(vm.heap.value_error(message));
    };
    let Some(bytes) = vm.get_gc::<Bytes>(plain(vm, args.at(3))) else {
        let given = vm.heap.type_name(vm.get(args.at(3)));
        let message = format!("fourth argument should be bytes, not {given}");
        return Err(vm.heap.type_error(message));
    };
    if usize::try_from(number) == Ok(format_of(code)) {
        return vm.call(class, &[args.at(1), args.at(3)]);
    }
    let data = bytes.as_slice().to_vec();
    convert(vm, (class, args.at(1)), format, data)
}

fn check_class(vm: &mut Vm, class: Local) -> Result<(), Raised> {
    let own = class_of(vm, &ARRAY);
    let Some(given) = vm.get_gc::<Class>(class) else {
        let given = vm.heap.type_name(vm.get(class));
        let message = format!("first argument must be a type object, not {given}");
        return Err(vm.heap.type_error(message));
    };
    let own: Option<Gc<'_, Class>> = vm.get_gc(own);
    if own.is_some_and(|own| given.is_subclass(&vm.heap, own)) {
        return Ok(());
    }
    let name = given.name(&vm.heap).as_str();
    let message = format!("{name} is not a subtype of array.array");
    Err(vm.heap.type_error(message))
}

/// An array of items in a format of another machine.
fn convert(
    vm: &mut Vm,
    (class, letter): (Local, Local),
    format: &Format,
    mut data: Vec<u8>,
) -> Result<Local, Raised> {
    let size = item_size(format.code).unwrap_or(2);
    if !data.len().is_multiple_of(size) {
        let message = "string length not a multiple of item size";
        return Err(vm.heap.value_error(message));
    }
    if format.order != native_order() {
        for item in data.chunks_mut(size) {
            item.reverse();
        }
    }
    let (letter, initializer) = match format.code {
        b'2' => (letter, utf16(vm, &data)?),
        b'f' | b'd' => {
            let values = super::with_bytes(vm, format.code, data);
            (letter, to_list(vm, values)?)
        }
        b'w' => {
            let characters = super::with_bytes(vm, b'w', data);
            (letter, vm.call_method(characters, "tounicode", &[])?)
        }
        code => {
            let code = vm.local(vm.heap.char_value(char::from(code)));
            (code, vm.local(vm.heap.bytes(data).value()))
        }
    };
    vm.call(class, &[letter, initializer])
}

fn utf16(vm: &Vm, data: &[u8]) -> Result<Local, Raised> {
    let units = data
        .chunks_exact(2)
        .map(|unit| u16::from_ne_bytes([unit[0], unit[1]]));
    let characters = char::decode_utf16(units).map(|c| match c {
        Ok(c) => c,
        Err(lone) => surrogate::character(u32::from(lone.unpaired_surrogate())).unwrap_or('\0'),
    });
    let text: String = characters.collect();
    let value: Value<'_> = vm.heap.str_value(&text);
    Ok(vm.local(value))
}
