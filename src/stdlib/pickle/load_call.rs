//! The codes of pickles that need the VM: what calls user code, reads lines, or is seldom.
//!
//! `load_call` is called with the input standing on the code. Lists, dicts and sets of the program's own classes come here, too, and keys
//! whose hash is the program's. Instances are in `load_object.rs`.

use super::input::{Need, fill, refuse};
use super::load::{truncated, underflow};
use super::opcode as op;
use super::unpickler::unpickler;
use super::{find_class, load_object, load_old};
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::stdlib::memoryview::{MEMORYVIEW, try_view};
use crate::stdlib::registry::class_of;
use crate::vm::{Local, Vm};

/// Nothing, or an exception.
pub type Done = Result<(), Raised>;

/// Does what a code says.
///
/// # Errors
/// UnpicklingError; EOFError; what the program raises.
pub fn load_call(vm: &mut Vm, this: Local, code: u8) -> Done {
    match code {
        op::BINGET | op::LONG_BINGET => {
            let width = if code == op::BINGET { 1 } else { 4 };
            let number = take_number(vm, this, width)?;
            let message = format!("Memo value not found at index {number}");
            Err(refuse(vm, &message))
        }
        op::APPEND => {
            skip(vm, this);
            let height = unpickler(vm, this).stack.len();
            append_from(vm, this, height - 1)
        }
        op::APPENDS => {
            skip(vm, this);
            let start = pop_mark(vm, this)?;
            append_from(vm, this, start)
        }
        op::SETITEM => {
            skip(vm, this);
            let height = unpickler(vm, this).stack.len();
            set_from(vm, this, height - 2)
        }
        op::SETITEMS => {
            skip(vm, this);
            let start = pop_mark(vm, this)?;
            set_from(vm, this, start)
        }
        op::ADDITEMS => {
            skip(vm, this);
            let start = pop_mark(vm, this)?;
            add_from(vm, this, start)
        }
        op::FROZENSET => {
            skip(vm, this);
            let start = pop_mark(vm, this)?;
            let items = take_from(vm, this, start);
            let items = vm.tuple_of(&items);
            let class = vm.local(vm.heap.types.class(&vm.heap, Builtin::FrozenSet).value());
            let made = vm.call(class, &[items])?;
            push(vm, this, made)
        }
        op::DICT => {
            skip(vm, this);
            let start = pop_mark(vm, this)?;
            load_dict(vm, this, start)
        }
        op::GLOBAL => {
            let module = take_text(vm, this)?;
            // The line's end stands where a code would.
            unpickler(vm, this).input.borrow_mut().at -= 1;
            let name = take_text(vm, this)?;
            let found = find(vm, this, module, name)?;
            push(vm, this, found)
        }
        op::STACK_GLOBAL => {
            skip(vm, this);
            let (name, module) = (pop(vm, this)?, pop(vm, this)?);
            let are_text = vm.is_exactly(name, Builtin::Str) && vm.is_exactly(module, Builtin::Str);
            if !are_text {
                return Err(refuse(vm, "STACK_GLOBAL requires str"));
            }
            let found = find(vm, this, module, name)?;
            push(vm, this, found)
        }
        op::EXT1 | op::EXT2 | op::EXT4 => load_extension(vm, this, code),
        op::PERSID | op::BINPERSID => load_persistent(vm, this, code),
        op::NEXT_BUFFER => next_buffer(vm, this),
        op::READONLY_BUFFER => readonly_buffer(vm, this),
        op::REDUCE | op::NEWOBJ | op::NEWOBJ_EX | op::BUILD | op::OBJ | op::INST => {
            load_object::load_object(vm, this, code)
        }
        _ => load_old::load_old(vm, this, code),
    }
}

/// Steps over the code.
pub fn skip(vm: &Vm, this: Local) {
    unpickler(vm, this).input.borrow_mut().at += 1;
}

/// The bytes that follow the code; the input stands after them then.
///
/// # Errors
/// UnpicklingError if there are fewer.
pub fn take_bytes(vm: &mut Vm, this: Local, len: usize) -> Result<Vec<u8>, Raised> {
    let need = Need::Bytes(len.saturating_add(1));
    loop {
        {
            let mut input = unpickler(vm, this).input.borrow_mut();
            let at = input.at + 1;
            if let Some(data) = input.get(at, len) {
                let data = crate::stdlib::arg::copied(&vm.heap, data)?;
                input.at = at + len;
                return Ok(data);
            }
        }
        if !fill(vm, this, need)? {
            return Err(refuse(vm, "pickle data was truncated"));
        }
    }
}

/// The number in so many bytes after the code.
pub fn take_number(vm: &mut Vm, this: Local, width: usize) -> Result<u64, Raised> {
    let data = take_bytes(vm, this, width)?;
    let mut word = [0; 8];
    word[..width].copy_from_slice(&data);
    Ok(u64::from_le_bytes(word))
}

/// The line that follows the code, without its end.
///
/// # Errors
/// UnpicklingError if the input ends before.
pub fn take_line(vm: &mut Vm, this: Local) -> Result<Vec<u8>, Raised> {
    loop {
        {
            let mut input = unpickler(vm, this).input.borrow_mut();
            let at = input.at + 1;
            let rest = input.data.get(at..).unwrap_or_default();
            if let Some(len) = memchr::memchr(b'\n', rest) {
                let line = crate::stdlib::arg::copied(&vm.heap, &rest[..len])?;
                input.at = at + len + 1;
                return Ok(line);
            }
        }
        if !fill(vm, this, Need::Line)? {
            return Err(truncated(vm, Need::Line));
        }
    }
}

/// A line in UTF-8.
fn take_text(vm: &mut Vm, this: Local) -> Result<Local, Raised> {
    let line = take_line(vm, this)?;
    let text = match String::from_utf8(line) {
        Ok(text) if text.is_empty() => return Err(refuse(vm, "pickle data was truncated")),
        Ok(text) => vm.local(vm.heap.intern(&text).value()),
        Err(error) => {
            let data = vm.local(vm.heap.bytes(error.into_bytes()).value());
            let encoding = vm.local(vm.heap.intern("utf-8").value());
            return vm.call_method(data, "decode", &[encoding]);
        }
    };
    Ok(text)
}

/// Pushes a value.
pub fn push(vm: &Vm, this: Local, value: Local) -> Done {
    let stack = &unpickler(vm, this).stack;
    stack.reserve(&vm.heap, 1)?;
    stack.push(&vm.heap, vm.get(value));
    Ok(())
}

/// Takes the top of the stack.
///
/// # Errors
/// UnpicklingError if there is none above the last mark.
pub fn pop(vm: &mut Vm, this: Local) -> Result<Local, Raised> {
    let top = unpickler(vm, this).pop(&vm.heap).map(|top| vm.local(top));
    match top {
        Some(top) => Ok(top),
        None => Err(underflow(vm, this)),
    }
}

/// Takes away the last mark: its height.
///
/// # Errors
/// UnpicklingError if there is none.
pub fn pop_mark(vm: &mut Vm, this: Local) -> Result<usize, Raised> {
    let start = unpickler(vm, this).marks.borrow_mut().pop();
    start.ok_or_else(|| refuse(vm, "could not find MARK"))
}

/// Takes the values from a height on.
pub fn take_from(vm: &Vm, this: Local, height: usize) -> Vec<Local> {
    let stack = &unpickler(vm, this).stack;
    let values = stack.copy_range(&vm.heap, height..stack.len());
    stack.truncate(height);
    values.into_iter().map(|value| vm.local(value)).collect()
}

/// The value at a place of the stack.
fn at(vm: &Vm, this: Local, place: usize) -> Local {
    let value = unpickler(vm, this).stack.get(&vm.heap, place);
    vm.local(value.unwrap_or(Value::NONE))
}

/// Adds the values from a height on to what is below them, which is no list.
fn append_from(vm: &mut Vm, this: Local, start: usize) -> Done {
    let target = at(vm, this, start - 1);
    let items = take_from(vm, this, start);
    if items.is_empty() {
        return Ok(());
    }
    if let Some(extend) = vm.find_attr(target, "extend")? {
        let values: Vec<Value<'_>> = items.iter().map(|&item| vm.get(item)).collect();
        let items = vm.local(vm.heap.list(values).value());
        vm.call(extend, &[items])?;
        return Ok(());
    }
    let append = vm.get_attr_named(target, "append")?;
    for item in items {
        vm.call(append, &[item])?;
    }
    Ok(())
}

/// Binds the pairs from a height on in what is below them.
fn set_from(vm: &mut Vm, this: Local, start: usize) -> Done {
    let target = at(vm, this, start - 1);
    for pair in take_from(vm, this, start).chunks(2) {
        if let &[key, value] = pair {
            vm.set_item(target, key, value)?;
        }
    }
    Ok(())
}

/// Adds the values from a height on to the set below them.
fn add_from(vm: &mut Vm, this: Local, start: usize) -> Done {
    let target = at(vm, this, start - 1);
    let items = take_from(vm, this, start);
    let set = vm.local(vm.heap.types.class(&vm.heap, Builtin::Set).value());
    if vm.plain_is_instance(target, set)? {
        let items = vm.tuple_of(&items);
        let inner = crate::stdlib::receiver::plain(vm, target);
        return vm.add_all(inner, items);
    }
    let add = vm.get_attr_named(target, "add")?;
    for item in items {
        vm.call(add, &[item])?;
    }
    Ok(())
}

fn load_dict(vm: &mut Vm, this: Local, start: usize) -> Done {
    let items = take_from(vm, this, start);
    if !items.len().is_multiple_of(2) {
        return Err(refuse(vm, "odd number of items for DICT"));
    }
    let dict = vm.local(vm.heap.dict().value());
    for pair in items.chunks(2) {
        if let &[key, value] = pair {
            vm.dict_set(dict, key, value)?;
        }
    }
    push(vm, this, dict)
}

/// The value of a name in a module, by the program's `find_class` if it has one.
///
/// # Errors
/// The exceptions of that call.
pub fn find(vm: &mut Vm, this: Local, module: Local, name: Local) -> Result<Local, Raised> {
    let own = &unpickler(vm, this).find_class;
    if own.is_undef() {
        return find_class::find_class(vm, this, module, name);
    }
    let own = vm.local(own.get(&vm.heap));
    vm.call(own, &[module, name])
}

fn load_extension(vm: &mut Vm, this: Local, code: u8) -> Done {
    let width = match code {
        op::EXT1 => 1,
        op::EXT2 => 2,
        _ => 4,
    };
    let mut number = take_number(vm, this, width)? as i64;
    if width == 4 {
        number = i64::from(number as i32);
    }
    if number <= 0 {
        return Err(refuse(vm, "EXT specifies code <= 0"));
    }
    let copyreg = vm.import_module("copyreg")?;
    let key = vm.local(vm.heap.int(number));
    let cache = vm.get_attr_named(copyreg, "_extension_cache")?;
    if let Some(known) = vm.dict_get(cache, key)? {
        return push(vm, this, known);
    }
    let registry = vm.get_attr_named(copyreg, "_inverted_registry")?;
    let Some(pair) = vm.dict_get(registry, key)? else {
        let message = format!("unregistered extension code {number}");
        return Err(vm.heap.value_error(message));
    };
    let parts = vm.get_gc::<Tuple>(pair).map(|pair| pair.to_vec(&vm.heap));
    let &[module, name] = parts.as_deref().unwrap_or_default() else {
        return Err(bad_extension(vm, number));
    };
    let (module, name) = (vm.local(module), vm.local(name));
    if vm.get_gc::<Str>(module).is_none() || vm.get_gc::<Str>(name).is_none() {
        return Err(bad_extension(vm, number));
    }
    let found = find(vm, this, module, name)?;
    vm.dict_set(cache, key, found)?;
    push(vm, this, found)
}

fn bad_extension(vm: &Vm, number: i64) -> Raised {
    let message = format!("_inverted_registry[{number}] isn't a 2-tuple of strings");
    vm.heap.value_error(message)
}

fn load_persistent(vm: &mut Vm, this: Local, code: u8) -> Done {
    let name = if code == op::BINPERSID {
        skip(vm, this);
        pop(vm, this)?
    } else {
        let line = take_line(vm, this)?;
        match std::str::from_utf8(&line) {
            Ok(text) if text.is_ascii() => vm.local(vm.heap.str_value(text)),
            _ => {
                let message = "persistent IDs in protocol 0 must be ASCII strings";
                return Err(refuse(vm, message));
            }
        }
    };
    let own = &unpickler(vm, this).persistent_load;
    if own.is_undef() {
        let message = "A load persistent id instruction was encountered, but no persistent_load function was specified.";
        return Err(refuse(vm, message));
    }
    let own = vm.local(own.get(&vm.heap));
    let found = vm.call(own, &[name])?;
    push(vm, this, found)
}

fn next_buffer(vm: &mut Vm, this: Local) -> Done {
    skip(vm, this);
    let buffers = &unpickler(vm, this).buffers;
    if buffers.is_undef() {
        let message =
            "pickle stream refers to out-of-band data but no *buffers* argument was given";
        return Err(refuse(vm, message));
    }
    let buffers = vm.local(buffers.get(&vm.heap));
    let found = vm.local(Value::UNDEF);
    if !vm.next(buffers, found)? {
        return Err(refuse(vm, "not enough out-of-band buffers"));
    }
    push(vm, this, found)
}

fn readonly_buffer(vm: &mut Vm, this: Local) -> Done {
    skip(vm, this);
    let buffer = pop(vm, this)?;
    let class = class_of(vm, &MEMORYVIEW);
    let view = vm.call(class, &[buffer])?;
    let is_writable = try_view(vm.get(view)).is_some_and(|view| view.writable_len().is_some());
    if !is_writable {
        return push(vm, this, buffer);
    }
    let view = vm.call_method(view, "toreadonly", &[])?;
    push(vm, this, view)
}

/// A string that a text line has, in ASCII.
pub fn ascii<'h>(vm: &'h Vm, line: &[u8]) -> Option<Gc<'h, Str>> {
    let text = std::str::from_utf8(line)
        .ok()
        .filter(|text| text.is_ascii())?;
    Some(vm.heap.intern(text))
}
