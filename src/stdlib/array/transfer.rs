//! Arrays as lists, bytes, strings and files, and back.
//!
//! Bytes and strings are copied as a whole; the items of a list are converted one by one, as conversion may run the program.

use super::array;
use super::change::append;
use super::item::no_character;
use crate::runtime::array::value_at;
use crate::runtime::bytes::Bytes;
use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::stdlib::arg::{codec_error, plain};
use crate::text::codec::{CodecError, Fault};
use crate::text::surrogate;
use crate::vm::{Local, Locals, Native, Vm};

/// The bytes that `tofile` writes at once.
const BLOCK: usize = 1 << 16;

/// `buffer_info`
pub const BUFFER_INFO: Native = Native::vm(
    "buffer_info(self, /)",
    "Return a number for the place in memory, and the length in items.",
    |vm, args| {
        let builtins = vm.import_module("builtins")?;
        let address = vm.call_method(builtins, "id", &[args.at(0)])?;
        let len = array(vm, args.at(0)).len(&vm.heap);
        let len = vm.local(vm.heap.usize(len));
        Ok(vm.tuple_of(&[address, len]))
    },
);
/// `frombytes`
pub const FROMBYTES: Native = Native::vm(
    "frombytes(self, buffer, /)",
    "Append the items that bytes stand for. Raises ValueError if they are not a whole number of items.",
    |vm, args| {
        append_bytes(vm, args.at(0), args.at(1))?;
        Ok(vm.none())
    },
);
/// `fromfile`
pub const FROMFILE: Native = Native::vm(
    "fromfile(self, f, n, /)",
    "Read n items from a file and append them. Raises EOFError if there are fewer.",
    from_file,
);
/// `fromlist`
pub const FROMLIST: Native = Native::vm(
    "fromlist(self, list, /)",
    "Append the items of a list; none if one does not fit.",
    from_list,
);
/// `fromunicode`
pub const FROMUNICODE: Native = Native::vm(
    "fromunicode(self, ustr, /)",
    "Append the characters of a string. Raises ValueError for an array of numbers.",
    |vm, args| {
        check_characters(vm, args.at(0), "fromunicode")?;
        if vm.get_gc::<Str>(plain(vm, args.at(1))).is_none() {
            let class = vm.heap.argument_name(vm.get(args.at(1)));
            let message = format!("fromunicode() argument must be str, not {class}");
            return Err(vm.heap.type_error(message));
        }
        append_text(vm, args.at(0), args.at(1))?;
        Ok(vm.none())
    },
);
/// `tobytes`
pub const TOBYTES: Native = Native::vm(
    "tobytes(self, /)",
    "Return the items as bytes.",
    |vm, args| {
        let data = array(vm, args.at(0)).bytes(&vm.heap);
        vm.heap.room_for(data.len())?;
        let bytes = vm.heap.bytes(&data[..]).value();
        Ok(vm.local(bytes))
    },
);
/// `tofile`
pub const TOFILE: Native = Native::vm(
    "tofile(self, f, /)",
    "Write all items to the file object f.",
    |vm, args| {
        let mut at = 0;
        loop {
            let mark = vm.mark();
            let data = array(vm, args.at(0)).bytes(&vm.heap);
            let Some(rest) = data.get(at..).filter(|rest| !rest.is_empty()) else {
                break;
            };
            let block = vm.heap.bytes(&rest[..rest.len().min(BLOCK)]).value();
            let block = vm.local(block);
            drop(data);
            vm.call_method(args.at(1), "write", &[block])?;
            vm.release(mark);
            at += BLOCK;
        }
        Ok(vm.none())
    },
);
/// `tolist`
pub const TOLIST: Native = Native::vm(
    "tolist(self, /)",
    "Convert array to an ordinary list with the same items.",
    |vm, args| to_list(vm, args.at(0)),
);
/// `tounicode`
pub const TOUNICODE: Native = Native::vm(
    "tounicode(self, /)",
    "Return the characters as a string. Raises ValueError for an array of numbers.",
    |vm, args| {
        check_characters(vm, args.at(0), "tounicode")?;
        to_text(vm, args.at(0))
    },
);

fn check_characters(vm: &Vm, owner: Local, method: &str) -> Result<(), Raised> {
    if matches!(array(vm, owner).code(), b'u' | b'w') {
        return Ok(());
    }
    let message = format!("{method}() may only be called on unicode type arrays ('u' or 'w')");
    Err(vm.heap.value_error(message))
}

/// A list of the items.
pub fn to_list(vm: &Vm, owner: Local) -> Result<Local, Raised> {
    let items = array(vm, owner);
    let (code, len) = (items.code(), items.len(&vm.heap));
    vm.heap.room_for(len * size_of::<Value<'_>>())?;
    let data = items.bytes(&vm.heap);
    let values: Vec<Value<'_>> = (0..len)
        .map_while(|at| value_at(&vm.heap, code, &data, at))
        .collect();
    if values.len() < len {
        return Err(no_character(&vm.heap));
    }
    Ok(vm.local(vm.heap.long_list(values)?.value()))
}

/// The characters as a string.
fn to_text(vm: &Vm, owner: Local) -> Result<Local, Raised> {
    let data = array(vm, owner).bytes(&vm.heap);
    vm.heap.room_for(data.len())?;
    let mut text = String::with_capacity(data.len() / 4);
    for (n, item) in data.chunks_exact(4).enumerate() {
        let code = u32::from_ne_bytes(item.try_into().unwrap_or_default());
        match surrogate::character(code) {
            Some(c) => text.push(c),
            None => {
                let fault = Fault {
                    codec: "utf-32-le",
                    range: n * 4..n * 4 + 4,
                    reason: "code point not in range(0x110000)".into(),
                };
                let input = vm.heap.bytes(&data[..]).value();
                return Err(codec_error(&vm.heap, CodecError::Invalid(fault), input));
            }
        }
    }
    Ok(vm.local(vm.heap.str_value(&text)))
}

/// What `repr` shows: a string of characters, a list of numbers.
pub fn shown_items(vm: &Vm, owner: Local) -> Result<Local, Raised> {
    match array(vm, owner).code() {
        b'u' | b'w' => to_text(vm, owner),
        _ => to_list(vm, owner),
    }
}

/// Appends the items that a bytes-like object is.
pub fn append_bytes(vm: &mut Vm, owner: Local, buffer: Local) -> Result<(), Raised> {
    let Some(data) = vm.exported_bytes(buffer)? else {
        let class = vm.heap.type_name(vm.get(buffer));
        let message = format!("a bytes-like object is required, not '{class}'");
        return Err(vm.heap.type_error(message));
    };
    let items = array(vm, owner);
    if data.len() % items.item_size() != 0 {
        let message = "bytes length not a multiple of item size";
        return Err(vm.heap.value_error(message));
    }
    let end = items.len(&vm.heap);
    items.splice(&vm.heap, end..end, &data)
}

/// Appends the characters of a string.
pub fn append_text(vm: &Vm, owner: Local, text: Local) -> Result<(), Raised> {
    let text = vm.get_gc::<Str>(plain(vm, text)).map_or("", Gc::as_str);
    vm.heap.room_for(text.len().saturating_mul(4))?;
    let mut data = Vec::with_capacity(text.len());
    for c in text.chars() {
        data.extend_from_slice(&surrogate::code_point(c).to_ne_bytes());
    }
    let items = array(vm, owner);
    let end = items.len(&vm.heap);
    items.splice(&vm.heap, end..end, &data)
}

fn from_file(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let count = vm.index(args.at(2))?;
    let Ok(count) = usize::try_from(count) else {
        return Err(vm.heap.value_error("negative count"));
    };
    let size = array(vm, args.at(0)).item_size();
    let wanted = count.checked_mul(size);
    let Some(wanted) = wanted.filter(|&bytes| i64::try_from(bytes).is_ok()) else {
        return Err(vm.heap.memory_error());
    };
    let number = vm.local(vm.heap.usize(wanted));
    let data = vm.call_method(args.at(1), "read", &[number])?;
    let Some(bytes) = vm.get_gc::<Bytes>(plain(vm, data)) else {
        return Err(vm.heap.type_error("read() didn't return bytes"));
    };
    let got = bytes.as_slice().len();
    append_bytes(vm, args.at(0), data)?;
    if got != wanted {
        let message = "read() didn't return enough bytes";
        return Err(vm.heap.raise(Builtin::EOFError, message));
    }
    Ok(vm.none())
}

fn from_list(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let list = plain(vm, args.at(1));
    let Some(count) = vm.get_gc::<List>(list).map(|list| list.len(&vm.heap)) else {
        return Err(vm.heap.type_error("arg must be list"));
    };
    let before = array(vm, args.at(0)).len(&vm.heap);
    let result = append_list(vm, args.at(0), list, count);
    if result.is_err() {
        let items = array(vm, args.at(0));
        let now = items.len(&vm.heap);
        items.remove(&vm.heap, before.min(now)..now);
    }
    result.map(|()| vm.none())
}

fn append_list(vm: &mut Vm, owner: Local, list: Local, count: usize) -> Result<(), Raised> {
    for at in 0..count {
        let mark = vm.mark();
        let items: Option<Gc<'_, List>> = vm.get_gc(list);
        let item = items.filter(|items| items.len(&vm.heap) == count);
        let Some(item) = item.and_then(|items| items.item(&vm.heap, at)) else {
            let message = "list changed size during iteration";
            return Err(vm.heap.raise(Builtin::RuntimeError, message));
        };
        let item = vm.local(item);
        append(vm, owner, item)?;
        vm.release(mark);
    }
    Ok(())
}
