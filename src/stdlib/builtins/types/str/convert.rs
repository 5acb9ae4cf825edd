//! `encode`, `format`, `format_map`, `translate` and `maketrans`.
//!
//! Formatting itself is the VM's (`vm/protocol/text`), for it may run the program. To add a method: a `Native`, its function, a word
//! in the table of `str/mod.rs`.

use crate::runtime::dict::Dict;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::{self, given, plain};
use crate::stdlib::codecs::convert as codecs;
use crate::stdlib::receiver::this_of;
use crate::text::surrogate;
use crate::vm::{Local, Locals, Native, Vm};

pub const ENCODE: Native = Native::vm(
    "encode(self, /, encoding='utf-8', errors='strict') -> bytes",
    "Return the string as bytes in an encoding. errors says what becomes of characters that the encoding lacks: 'strict' \
     raises UnicodeEncodeError; 'ignore', 'replace', 'backslashreplace', 'xmlcharrefreplace' and 'namereplace' do as they say; \
     other names are those of codecs.register_error().",
    encode,
)
.quick(|heap, args| {
    let text = args.get(0).as_gc::<Str>()?;
    (args.len() == 1 && text.is_ascii()).then(|| heap.bytes(text.as_str().as_bytes()).value())
});

pub const FORMAT: Native = Native::vm(
    "format(self, /, *args, **kwargs) -> str",
    "Return a copy where the fields in braces are replaced by arguments. Raises IndexError or KeyError for an argument that is not there, ValueError for a mistake in the braces.",
    |vm, a| vm.format_template(a.at(0), a.at(1), a.at(2)),
);

pub const FORMAT_MAP: Native = Native::vm(
    "format_map(self, mapping, /) -> str",
    "Return a copy where the fields in braces are replaced by items of the mapping.",
    |vm, a| vm.format_map(a.at(0), a.at(1)),
);

pub const TRANSLATE: Native = Native::vm(
    "translate(self, table, /) -> str",
    "Return a copy where each character is replaced by what the table has for its code point: a code point, a string, or None \
     to delete it. A LookupError leaves the character as it is.",
    translate,
);

pub const MAKETRANS: Native = Native::vm(
    "maketrans(x, y=None, z=None, /) -> dict",
    "Return a table for str.translate(): from a dict whose keys are characters or code points; or from two strings of equal \
     length, mapped character by character, and a third one of characters to delete. Raises ValueError if the lengths differ.",
    make_translation,
);

fn encode(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let encoding = arg::text_or(
        heap,
        vm.get(a.at(1)),
        "utf-8",
        "encode() argument 'encoding'",
    )?;
    let errors = arg::text_or(
        heap,
        vm.get(a.at(2)),
        "strict",
        "encode() argument 'errors'",
    )?;
    let (encoding, errors) = (encoding.to_owned(), errors.to_owned());
    this_of::<Str>(vm, a)?;
    codecs::encode(vm, a.at(0), &encoding, &errors)
}

fn translate(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let text = this_of::<Str>(vm, a)?.as_str().to_owned();
    let mut out = String::new();
    vm.heap.grow_text(&mut out, text.len())?;
    for c in text.chars() {
        vm.heap.poll(4)?;
        vm.heap.grow_text(&mut out, 4)?;
        let mark = vm.mark();
        let code = vm.local(code_value(&vm.heap, c));
        match vm.get_item(a.at(1), code) {
            Ok(found) => push_translated(&vm.heap, &mut out, vm.get(found))?,
            Err(raised) if vm.is_raised(&raised, Builtin::LookupError) => {
                vm.heap.take_raised(raised);
                out.push(c);
            }
            Err(raised) => return Err(raised),
        }
        vm.release(mark);
    }
    Ok(vm.local(vm.heap.adopt_text(out)?))
}

fn push_translated<'h>(heap: &'h Heap, out: &mut String, found: Value<'h>) -> Result<(), Raised> {
    if found.is_none() {
        return Ok(());
    }
    if let Some(text) = arg::as_str(heap, found) {
        heap.grow_text(out, text.byte_len())?;
        out.push_str(text.as_str());
        return Ok(());
    }
    let Some(code) = arg::as_int(heap, found) else {
        return Err(heap.type_error("character mapping must return integer, None or str"));
    };
    match code
        .to_i64()
        .and_then(|code| surrogate::character(u32::try_from(code).ok()?))
    {
        Some(c) => out.push(c),
        None => return Err(heap.value_error("character mapping must be in range(0x110000)")),
    }
    Ok(())
}

fn make_translation(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let source = plain(vm, a.at(0));
    let table = vm.local(vm.heap.dict().value());
    let heap = &vm.heap;
    let filled = vm.get_gc::<Dict>(table).expect("a fresh dict");
    match given(vm, a.at(1)) {
        None => match vm.get_gc::<Dict>(source) {
            Some(dict) => translation_of_dict(heap, filled, dict)?,
            None => {
                return Err(
                    heap.type_error("if you give only one argument to maketrans it must be a dict")
                );
            }
        },
        Some(to) => {
            let to = arg::text(heap, vm.get(to), "maketrans() argument 2")?;
            let delete = arg::text_or(heap, vm.get(a.at(2)), "", "maketrans() argument 3")?;
            let Some(from) = vm.get_gc::<Str>(source) else {
                let message =
                    "first maketrans argument must be a string if there is a second argument";
                return Err(heap.type_error(message));
            };
            translation_of_texts(heap, filled, [from.as_str(), to, delete])?;
        }
    }
    Ok(table)
}

fn translation_of_dict<'h>(
    heap: &'h Heap,
    table: crate::runtime::Gc<'h, Dict>,
    source: crate::runtime::Gc<'h, Dict>,
) -> Result<(), Raised> {
    for (key, value) in source.table.entries(heap) {
        let key = match arg::as_str(heap, key) {
            Some(text) if text.char_len() == 1 => text
                .as_str()
                .chars()
                .next()
                .map_or(key, |c| code_value(heap, c)),
            Some(_) => {
                return Err(heap.value_error("string keys in translate table must be of length 1"));
            }
            None if arg::as_int(heap, key).is_some() => key,
            None => {
                return Err(heap.type_error("keys in translate table must be strings or integers"));
            }
        };
        table.set_leaf(heap, key, value);
    }
    Ok(())
}

fn translation_of_texts<'h>(
    heap: &'h Heap,
    table: crate::runtime::Gc<'h, Dict>,
    [from, to, delete]: [&str; 3],
) -> Result<(), Raised> {
    if from.chars().count() != to.chars().count() {
        return Err(heap.value_error("the first two maketrans arguments must have equal length"));
    }
    for (from, to) in from.chars().zip(to.chars()) {
        table.set_leaf(heap, code_value(heap, from), code_value(heap, to));
    }
    for c in delete.chars() {
        table.set_leaf(heap, code_value(heap, c), Value::NONE);
    }
    Ok(())
}

fn code_value(heap: &Heap, c: char) -> Value<'_> {
    heap.int(i64::from(surrogate::code_point(c)))
}
