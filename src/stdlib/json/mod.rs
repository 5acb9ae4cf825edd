//! The native part of `json`: a reader that yields events, builders of values, and a writer.
//!
//! `reader` and `escape` know no Value. The classes that programs see are in `library/json/`, which calls the functions here.
//! `error` has the exception.

mod build;
mod error;
mod escape;
mod reader;
mod writer;

use self::build::Hooks;
use self::error::{DECODE_ERROR, complain};
use self::escape::{Escapes, push_string};
use self::reader::{Mistake, Reader, Strictness};
use self::writer::{Order, Style, Unfit, Writer};
use super::arg::{given, plain_value};
use super::registry::NativeModule;
use crate::runtime::str::Str;
use crate::runtime::{Gc, Heap, Raised};
use crate::vm::{Local, Locals, Native, Vm};

/// The module that `json` takes its functions from.
pub const JSON: NativeModule = NativeModule {
    functions: &[&LOADS, &SCAN, &SCANSTRING, &ENCODE, &ENCODE_STRING],
    types: &[&DECODE_ERROR],
    ..NativeModule::of("_json", "The native part of json.")
};

const LOADS: Native = Native::vm(
    "_loads(s, /)",
    "The value of a whole document, without hooks.",
    |vm, args| {
        let hooks = Hooks {
            object: None,
            pairs: None,
            float: None,
            int: None,
            constant: None,
            strictness: Strictness::Strict,
        };
        let start = after_space(vm, args.at(0), 0);
        let (value, end) = build::read(vm, args.at(0), start, &hooks)?;
        let rest = after_space(vm, args.at(0), end);
        if vm
            .get_gc::<Str>(args.at(0))
            .is_some_and(|doc| rest < doc.byte_len())
        {
            return Err(complain(
                vm,
                Mistake::Syntax("Extra data", rest),
                args.at(0),
            ));
        }
        Ok(value)
    },
);
const SCAN: Native = Native::vm(
    "_scan(s, idx, strict, object_hook, object_pairs_hook, parse_float, parse_int, parse_constant, /)",
    "The value that begins at an index, and the index of its end.",
    scan,
);
const SCANSTRING: Native = Native::vm(
    "scanstring(s, end, strict=True, /)",
    "Scan the string s for a JSON string. End is the index of the character in s after the quote that started the JSON string. Unescapes all valid JSON string escape sequences and raises ValueError on attempt to decode an invalid string. Returns a tuple of the decoded string and the index of the character in s after the end quote.",
    scanstring,
);
const ENCODE: Native = Native::vm(
    "_encode(obj, skipkeys, ensure_ascii, check_circular, allow_nan, indent, item_separator, key_separator, sort_keys, default, /)",
    "The text of a value.",
    encode,
);
const ENCODE_STRING: Native = Native::vm(
    "_encode_string(s, ensure_ascii, /)",
    "The text of a string.",
    |vm, args| {
        let escapes = escapes(vm, args.at(1))?;
        let given = plain_value(&vm.heap, vm.get(args.at(0)));
        let Some(text) = given.as_gc::<Str>().map(Gc::as_str) else {
            let class = vm.heap.type_name(vm.get(args.at(0)));
            let message = format!("first argument must be a string, not {class}");
            return Err(vm.heap.type_error(message));
        };
        let mut out = String::new();
        push_string(&mut out, text, escapes);
        Ok(vm.local(vm.heap.try_str(&out)?))
    },
);

/// Which code point begins at a byte offset.
fn char_index<'h>(heap: &'h Heap, text: Gc<'h, Str>, byte: usize) -> usize {
    if !text.as_str().is_char_boundary(byte) {
        return 0;
    }
    heap.indexed(text).index_of(byte)
}

/// The byte offset of the first character after white space.
fn after_space(vm: &Vm, doc: Local, at: usize) -> usize {
    let Some(doc) = vm.get_gc::<Str>(doc) else {
        return at;
    };
    let mut reader = Reader::new(doc.as_str(), at, Strictness::Strict);
    reader.skip_space();
    reader.at
}

/// An argument, unless it is None.
fn hook(vm: &Vm, local: Local) -> Option<Local> {
    given(vm, local).filter(|&local| !vm.get(local).is_none())
}

fn strictness(vm: &mut Vm, local: Local) -> Result<Strictness, Raised> {
    Ok(if vm.get(local).is_undef() || vm.truth(local)? {
        Strictness::Strict
    } else {
        Strictness::Lenient
    })
}

fn escapes(vm: &mut Vm, ensure_ascii: Local) -> Result<Escapes, Raised> {
    Ok(if vm.truth(ensure_ascii)? {
        Escapes::NonAscii
    } else {
        Escapes::Needed
    })
}

/// The byte offset of an index argument, which must be in the text.
fn offset(vm: &mut Vm, doc: Local, index: Local) -> Result<Option<usize>, Raised> {
    let index = vm.index(index)?;
    let Ok(index) = usize::try_from(index) else {
        return Err(vm.heap.value_error("idx cannot be negative"));
    };
    Ok(vm
        .get_gc::<Str>(doc)
        .filter(|doc| index <= doc.char_len())
        .map(|doc| vm.heap.indexed(doc).byte_of(index)))
}

fn scan(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let hooks = Hooks {
        object: hook(vm, args.at(3)),
        pairs: hook(vm, args.at(4)),
        float: hook(vm, args.at(5)),
        int: hook(vm, args.at(6)),
        constant: hook(vm, args.at(7)),
        strictness: strictness(vm, args.at(2))?,
    };
    let doc = args.at(0);
    let at = match offset(vm, doc, args.at(1))? {
        Some(at) => at,
        None => vm.get_gc::<Str>(doc).map_or(0, Gc::byte_len),
    };
    let (value, end) = build::read(vm, doc, at, &hooks)?;
    let end = vm
        .get_gc::<Str>(doc)
        .map_or(end, |doc| char_index(&vm.heap, doc, end));
    let end = vm.local(vm.heap.usize(end));
    Ok(vm.tuple_of(&[value, end]))
}

fn scanstring(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let strictness = strictness(vm, args.at(2))?;
    let begin = offset(vm, args.at(0), args.at(1))?;
    let (Some(begin), Some(doc)) = (begin, vm.get_gc::<Str>(args.at(0))) else {
        return Err(vm.heap.value_error("end is out of bounds"));
    };
    let quote = doc.as_str()[..begin]
        .chars()
        .next_back()
        .map_or(0, char::len_utf8);
    let mut reader = Reader::new(doc.as_str(), begin - quote, strictness);
    if quote != 1 {
        return Err(vm.heap.value_error("end is out of bounds"));
    }
    match reader.string() {
        Ok(text) => {
            let end = vm.heap.usize(char_index(&vm.heap, doc, reader.at));
            let pair = vm.heap.tuple(&[vm.heap.str_value(&text), end]);
            Ok(vm.local(pair.value()))
        }
        Err(mistake) => Err(complain(vm, mistake, args.at(0))),
    }
}

fn encode(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let unfit = |tolerated: bool| {
        if tolerated {
            Unfit::Tolerated
        } else {
            Unfit::Refused
        }
    };
    let style = Style {
        keys: unfit(vm.truth(args.at(1))?),
        escapes: escapes(vm, args.at(2))?,
        check_circular: vm.truth(args.at(3))?,
        floats: unfit(vm.truth(args.at(4))?),
        indent: indent(vm, args.at(5))?,
        item_separator: separator(vm, args.at(6), 6)?,
        key_separator: separator(vm, args.at(7), 5)?,
        order: if vm.truth(args.at(8))? {
            Order::Sorted
        } else {
            Order::Given
        },
    };
    let mut writer = Writer::new(style, hook(vm, args.at(9)));
    writer.write(vm, args.at(0))?;
    let text = vm.heap.try_str(&writer.finish())?;
    Ok(vm.local(text))
}

/// A separator; `place` is that of the encoder's argument, for the message.
fn separator(vm: &Vm, local: Local, place: u8) -> Result<String, Raised> {
    match vm.get_gc::<Str>(local) {
        Some(text) => Ok(text.as_str().to_owned()),
        None => {
            let class = vm.heap.type_name(vm.get(local));
            let message = format!("make_encoder() argument {place} must be str, not {class}");
            Err(vm.heap.type_error(message))
        }
    }
}

/// What a level is indented by: a text, or so many spaces.
fn indent(vm: &mut Vm, local: Local) -> Result<Option<String>, Raised> {
    if vm.get(local).is_none() {
        return Ok(None);
    }
    if let Some(text) = vm.get_gc::<Str>(local) {
        return Ok(Some(text.as_str().to_owned()));
    }
    let width = vm.index(local)?;
    Ok(Some(
        " ".repeat(usize::try_from(width).unwrap_or(0).min(1000)),
    ))
}
