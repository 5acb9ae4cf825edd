//! Saving objects: which of the ways an object takes, and the containers.
//!
//! `save` recurses through `Vm::nested_for`, so deep structures end in RecursionError. Items that need no user code are written by
//! `save_leaf.rs` on the way; instances and what has a reducer are in `save_reduce.rs`, classes and functions in `save_global.rs`.

use super::opcode::{self as op, BATCH};
use super::output::{FRAME_SIZE, Framing};
use super::pickler::{pickler, slot};
use super::save_leaf::{SizeHeader, bytes_header, text_header, with_surrogates};
use super::{PICKLING_ERROR, buffer, save_global, save_reduce};
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::dict::Dict;
use crate::runtime::heap::Kind;
use crate::runtime::list::List;
use crate::runtime::set::Set;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::registry::raise_text;
use crate::vm::{Local, Vm};

type Done = Result<(), Raised>;

/// Whether the program is asked for a name of its own of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Asked,
    /// It is such a name.
    Not,
}

/// Saves an object inside of a pickle.
///
/// # Errors
/// PicklingError; RecursionError; MemoryError; what the program raises.
pub fn save(vm: &mut Vm, this: Local, object: Local) -> Done {
    save_as(vm, this, object, Names::Asked)
}

/// Saves an item of a container, which is in no local yet.
macro_rules! save_item {
    ($vm:ident, $this:ident, $value:expr) => {{
        let state = pickler($vm, $this);
        let value = $value;
        if !state.persistent_id.is_undef() || !state.save_leaf(&$vm.heap, value)? {
            let mark = $vm.mark();
            let item = $vm.local(value);
            save($vm, $this, item)?;
            $vm.release(mark);
        }
    }};
}

fn save_as(vm: &mut Vm, this: Local, object: Local, names: Names) -> Done {
    vm.nested_for(" while pickling an object", |vm| {
        let mark = vm.mark();
        end_full_frame(vm, this)?;
        let state = pickler(vm, this);
        let has_name = names == Names::Asked
            && !state.persistent_id.is_undef()
            && save_persistent(vm, this, object)?;
        if !has_name && !pickler(vm, this).save_leaf(&vm.heap, vm.get(object))? {
            save_object(vm, this, object)?;
        }
        vm.release(mark);
        vm.native_safepoint()
    })
}

/// Ends a frame that is long enough, and writes it to the file.
fn end_full_frame(vm: &mut Vm, this: Local) -> Done {
    let state = pickler(vm, this);
    let mut out = state.out.borrow_mut();
    if out.is_full() {
        out.commit();
        drop(out);
        return flush(vm, this);
    }
    Ok(())
}

/// Writes what there is to the file, if there is one.
///
/// # Errors
/// The exceptions of `write`.
pub fn flush(vm: &mut Vm, this: Local) -> Done {
    let state = pickler(vm, this);
    if state.write.is_undef() {
        return Ok(());
    }
    let data = state.out.borrow_mut().take();
    if data.is_empty() {
        return Ok(());
    }
    let mark = vm.mark();
    let write = slot(vm, &state.write);
    let data = vm.local(vm.heap.bytes(data).value());
    vm.call(write, &[data])?;
    vm.release(mark);
    Ok(())
}

/// Appends to the pickle.
///
/// # Errors
/// MemoryError.
pub fn put(vm: &Vm, this: Local, bytes: &[u8]) -> Done {
    pickler(vm, this).put(&vm.heap, bytes)
}

/// Remembers an object.
///
/// # Errors
/// MemoryError.
pub fn remember(vm: &Vm, this: Local, object: Local) -> Done {
    pickler(vm, this).remember(&vm.heap, vm.get(object))
}

/// The number of an object that is saved already.
pub fn number(vm: &Vm, this: Local, object: Local) -> Option<u32> {
    pickler(vm, this).memo.number(vm.get(object))
}

/// Saves an object by the name that the program has for it; false: it has none.
fn save_persistent(vm: &mut Vm, this: Local, object: Local) -> Result<bool, Raised> {
    let persistent = slot(vm, &pickler(vm, this).persistent_id);
    let name = vm.call(persistent, &[object])?;
    if vm.get(name).is_none() {
        return Ok(false);
    }
    if pickler(vm, this).is_binary() {
        save_as(vm, this, name, Names::Not)?;
        put(vm, this, &[op::BINPERSID])?;
        return Ok(true);
    }
    let text = vm.text_of(name)?;
    if !text.is_ascii() {
        let message = "persistent IDs in protocol 0 must be ASCII strings";
        return Err(raise_text(vm, &PICKLING_ERROR, message));
    }
    put(vm, this, format!("P{text}\n").as_bytes())?;
    Ok(true)
}

/// Saves what takes locals.
fn save_object(vm: &mut Vm, this: Local, object: Local) -> Done {
    let value = vm.get(object);
    let heap = &vm.heap;
    match value.as_object().map(Gc::kind) {
        Some(Kind::Str) => return save_large_text(vm, this, object),
        Some(Kind::Bytes) => return save_bytes(vm, this, object),
        Some(Kind::Int) => {
            let digits = vm.repr_text(object)?;
            return put(vm, this, format!("L{digits}L\n").as_bytes());
        }
        Some(Kind::Dict) if is_exactly(heap, value, Builtin::Dict) => {
            return in_fast_mode(vm, this, object, save_dict);
        }
        Some(Kind::List) if is_exactly(heap, value, Builtin::List) => {
            return in_fast_mode(vm, this, object, save_list);
        }
        Some(Kind::Set) if is_exactly(heap, value, Builtin::Set) => {
            return save_set(vm, this, object);
        }
        Some(Kind::Set) if is_exactly(heap, value, Builtin::FrozenSet) => {
            return save_frozenset(vm, this, object);
        }
        Some(Kind::Tuple) if is_exactly(heap, value, Builtin::Tuple) => {
            return save_tuple(vm, this, object);
        }
        Some(Kind::ByteArray) if is_exactly(heap, value, Builtin::ByteArray) => {
            return save_bytearray(vm, this, object);
        }
        Some(Kind::Opaque) if buffer::is_buffer(vm, object) => {
            return save_buffer(vm, this, object);
        }
        _ => {}
    }
    let reducer = &pickler(vm, this).reducer_override;
    if !reducer.is_undef() {
        let reducer = slot(vm, reducer);
        let reduced = vm.call(reducer, &[object])?;
        if !vm.get(reduced).is(Value::NOT_IMPLEMENTED) {
            return save_reduce::save_reduced(vm, this, reduced, object);
        }
    }
    if vm.get(object).as_object().map(Gc::kind) == Some(Kind::Function) {
        return save_global::save_global(vm, this, object, None);
    }
    save_reduce::save_by_reducer(vm, this, object)
}

fn is_exactly<'h>(heap: &'h Heap, value: Value<'h>, class: Builtin) -> bool {
    heap.class_of(value).builtin_is(class)
}

/// How many containers may be open in fast mode before cycles are looked for.
const FAST_DEPTH: usize = 50;

/// Saves a list or dict. Fast mode remembers nothing, so a cycle would not end.
fn in_fast_mode(
    vm: &mut Vm,
    this: Local,
    object: Local,
    save: fn(&mut Vm, Local, Local) -> Done,
) -> Done {
    if !pickler(vm, this).fast.get() {
        return save(vm, this, object);
    }
    let address = vm.get(object).as_object().map_or(0, |o| o.address() as u64);
    let mut open = pickler(vm, this).open.borrow_mut();
    let is_cyclic = open.len() >= FAST_DEPTH && open.contains(&address);
    open.push(address);
    drop(open);
    let result = match is_cyclic {
        true => {
            let class = vm.heap.type_name(vm.get(object));
            let at = vm.address_text(object);
            let message = format!(
                "fast mode: can't pickle cyclic objects including object type {class} at {at}"
            );
            Err(vm.heap.value_error(message))
        }
        false => save(vm, this, object),
    };
    pickler(vm, this).open.borrow_mut().pop();
    result
}

fn save_list(vm: &mut Vm, this: Local, list: Local) -> Done {
    let start: &[u8] = match pickler(vm, this).is_binary() {
        true => &[op::EMPTY_LIST],
        false => &[op::MARK, op::LIST],
    };
    put(vm, this, start)?;
    remember(vm, this, list)?;
    let mut at = 0;
    let item = |vm: &Vm, at: usize| {
        vm.get_gc::<List>(list)
            .is_some_and(|l| at < l.len(&vm.heap))
    };
    if !pickler(vm, this).is_binary() || list_len(vm, list) == 1 {
        while item(vm, at) {
            save_list_item(vm, this, list, at)?;
            put(vm, this, &[op::APPEND])?;
            at += 1;
        }
        return Ok(());
    }
    while item(vm, at) {
        put(vm, this, &[op::MARK])?;
        let end = at + BATCH;
        while at < end && item(vm, at) {
            save_list_item(vm, this, list, at)?;
            at += 1;
        }
        put(vm, this, &[op::APPENDS])?;
    }
    Ok(())
}

fn list_len(vm: &Vm, list: Local) -> usize {
    vm.get_gc::<List>(list).map_or(0, |l| l.len(&vm.heap))
}

fn save_list_item(vm: &mut Vm, this: Local, list: Local, at: usize) -> Done {
    if let Some(item) = vm.get_gc::<List>(list).and_then(|l| l.item(&vm.heap, at)) {
        save_item!(vm, this, item);
    }
    Ok(())
}

fn save_dict(vm: &mut Vm, this: Local, dict: Local) -> Done {
    let is_binary = pickler(vm, this).is_binary();
    let start: &[u8] = match is_binary {
        true => &[op::EMPTY_DICT],
        false => &[op::MARK, op::DICT],
    };
    put(vm, this, start)?;
    remember(vm, this, dict)?;
    let size = table_len(vm, dict);
    if size == 0 {
        return Ok(());
    }
    let mut at = 0;
    if !is_binary || size == 1 {
        while save_pair(vm, this, dict, &mut at)? {
            put(vm, this, &[op::SETITEM])?;
            check_size(vm, dict, size, "dictionary")?;
        }
        return Ok(());
    }
    save_batches(vm, this, op::SETITEMS, |vm| {
        let more = save_pair(vm, this, dict, &mut at)?;
        if more {
            check_size(vm, dict, size, "dictionary")?;
        }
        Ok(more)
    })
}

/// Saves items by the batch, each batch after a mark and before the code `end`. `next` saves an item; false: there are no more.
fn save_batches(
    vm: &mut Vm,
    this: Local,
    end: u8,
    mut next: impl FnMut(&mut Vm) -> Result<bool, Raised>,
) -> Done {
    loop {
        put(vm, this, &[op::MARK])?;
        let mut count = 0;
        while count < BATCH && next(vm)? {
            count += 1;
        }
        put(vm, this, &[end])?;
        if count < BATCH {
            return Ok(());
        }
    }
}

/// Number of keys of a dict or set.
fn table_len(vm: &Vm, object: Local) -> usize {
    match vm.get_gc::<Dict>(object) {
        Some(dict) => dict.table.len(&vm.heap),
        None => vm
            .get_gc::<Set>(object)
            .map_or(0, |set| set.members.len(&vm.heap)),
    }
}

fn check_size(vm: &Vm, object: Local, size: usize, what: &str) -> Done {
    if table_len(vm, object) == size {
        return Ok(());
    }
    let message = format!("{what} changed size during iteration");
    Err(vm.heap.raise(Builtin::RuntimeError, message))
}

/// Saves the pair at a position of a dict or after it; false: there is none.
fn save_pair(vm: &mut Vm, this: Local, dict: Local, position: &mut usize) -> Result<bool, Raised> {
    let Some(table) = vm.get_gc::<Dict>(dict) else {
        return Ok(false);
    };
    let Some(at) = table.table.next_position(&vm.heap, *position) else {
        return Ok(false);
    };
    *position = at + 1;
    let Some((key, value)) = table.table.entry(&vm.heap, at) else {
        return Ok(false);
    };
    let state = pickler(vm, this);
    let is_plain = state.persistent_id.is_undef();
    if is_plain && state.save_leaf(&vm.heap, key)? {
        save_item!(vm, this, value);
        return Ok(true);
    }
    let mark = vm.mark();
    let (key, value) = (vm.local(key), vm.local(value));
    save(vm, this, key)?;
    save(vm, this, value)?;
    vm.release(mark);
    Ok(true)
}

fn save_tuple(vm: &mut Vm, this: Local, tuple: Local) -> Done {
    let len = vm.get_gc::<Tuple>(tuple).map_or(0, Gc::len);
    let protocol = pickler(vm, this).protocol.get();
    if len == 0 {
        let empty: &[u8] = match protocol {
            0 => &[op::MARK, op::TUPLE],
            _ => &[op::EMPTY_TUPLE],
        };
        return put(vm, this, empty);
    }
    let is_short = len <= 3 && protocol >= 2;
    if !is_short {
        put(vm, this, &[op::MARK])?;
    }
    for at in 0..len {
        if let Some(item) = vm.get_gc::<Tuple>(tuple).and_then(|t| t.at(&vm.heap, at)) {
            save_item!(vm, this, item);
        }
    }
    // A tuple that is part of itself, through a list, was saved meanwhile.
    if let Some(number) = number(vm, this, tuple) {
        let pops = match (is_short, protocol) {
            (true, _) => vec![op::POP; len],
            (false, 0) => vec![op::POP; len + 1],
            (false, _) => vec![op::POP_MARK],
        };
        put(vm, this, &pops)?;
        return pickler(vm, this).save_remembered(&vm.heap, number);
    }
    let code = match (is_short, len) {
        (true, 1) => op::TUPLE1,
        (true, 2) => op::TUPLE2,
        (true, _) => op::TUPLE3,
        _ => op::TUPLE,
    };
    put(vm, this, &[code])?;
    remember(vm, this, tuple)
}

fn save_set(vm: &mut Vm, this: Local, set: Local) -> Done {
    if pickler(vm, this).protocol.get() < 4 {
        return save_as_list(vm, this, set, Builtin::Set);
    }
    put(vm, this, &[op::EMPTY_SET])?;
    remember(vm, this, set)?;
    let size = table_len(vm, set);
    if size == 0 {
        return Ok(());
    }
    let mut at = 0;
    save_batches(vm, this, op::ADDITEMS, |vm| {
        let more = save_member(vm, this, set, &mut at)?;
        if more {
            check_size(vm, set, size, "set")?;
        }
        Ok(more)
    })
}

/// Saves the member at a position of a set or after it; false: there is none.
fn save_member(vm: &mut Vm, this: Local, set: Local, position: &mut usize) -> Result<bool, Raised> {
    let Some(set) = vm.get_gc::<Set>(set) else {
        return Ok(false);
    };
    let Some((at, _, member)) = set.members.next(&vm.heap, *position) else {
        return Ok(false);
    };
    *position = at + 1;
    save_item!(vm, this, member);
    Ok(true)
}

/// Saves a set as the call of its class with a list.
fn save_as_list(vm: &mut Vm, this: Local, set: Local, class: Builtin) -> Done {
    let items = vm.to_list(set)?;
    let class = vm.local(vm.heap.types.class(&vm.heap, class).value());
    let args = vm.tuple_of(&[items]);
    save_reduce::save_call(vm, this, class, args, set)
}

fn save_frozenset(vm: &mut Vm, this: Local, set: Local) -> Done {
    if pickler(vm, this).protocol.get() < 4 {
        return save_as_list(vm, this, set, Builtin::FrozenSet);
    }
    put(vm, this, &[op::MARK])?;
    let mut at = 0;
    while save_member(vm, this, set, &mut at)? {}
    if let Some(number) = number(vm, this, set) {
        put(vm, this, &[op::POP_MARK])?;
        return pickler(vm, this).save_remembered(&vm.heap, number);
    }
    put(vm, this, &[op::FROZENSET])?;
    remember(vm, this, set)
}

/// A string of a frame's length or more, or one with surrogates.
fn save_large_text(vm: &mut Vm, this: Local, text: Local) -> Done {
    let Some(string) = vm.get_gc::<Str>(text) else {
        return Ok(());
    };
    vm.heap.room_for(string.byte_len())?;
    let data = with_surrogates(string.as_str());
    let protocol = pickler(vm, this).protocol.get();
    if data.len() > 0xffff_ffff && protocol < 4 {
        let message = "serializing a string larger than 4 GiB requires pickle protocol 4 or higher";
        return Err(vm.heap.raise(Builtin::OverflowError, message));
    }
    save_large(vm, this, &text_header(data.len(), protocol), data)?;
    remember(vm, this, text)
}

/// Writes data as long as a frame outside of frames, and straight to the file.
fn save_large(vm: &mut Vm, this: Local, header: &SizeHeader, data: Vec<u8>) -> Done {
    if data.len() < FRAME_SIZE {
        put(vm, this, header.as_slice())?;
        return put(vm, this, &data);
    }
    let framing: Framing = pickler(vm, this).pause_frames();
    put(vm, this, header.as_slice())?;
    if pickler(vm, this).write.is_undef() {
        put(vm, this, &data)?;
    } else {
        flush(vm, this)?;
        let write = slot(vm, &pickler(vm, this).write);
        let data = vm.local(vm.heap.bytes(data).value());
        vm.call(write, &[data])?;
    }
    pickler(vm, this).out.borrow_mut().set_framing(framing);
    Ok(())
}

fn save_bytes(vm: &mut Vm, this: Local, bytes: Local) -> Done {
    let Some(value) = vm.get_gc::<Bytes>(bytes) else {
        return Ok(());
    };
    let data = crate::stdlib::arg::copied(&vm.heap, value.get().as_slice())?;
    if pickler(vm, this).protocol.get() >= 3 {
        return save_data(vm, this, bytes, data);
    }
    if data.is_empty() {
        let class = vm.local(vm.heap.types.class(&vm.heap, Builtin::Bytes).value());
        let args = vm.tuple_of(&[]);
        return save_reduce::save_call(vm, this, class, args, bytes);
    }
    let codecs = vm.import_module("_codecs")?;
    let encode = vm.get_attr_named(codecs, "encode")?;
    let text: String = data.iter().map(|&byte| char::from(byte)).collect();
    let text = vm.local(vm.heap.str_value(&text));
    let encoding = vm.local(vm.heap.intern("latin1").value());
    let args = vm.tuple_of(&[text, encoding]);
    save_reduce::save_call(vm, this, encode, args, bytes)
}

/// Saves bytes, which `owner` has, by the codes for bytes.
fn save_data(vm: &mut Vm, this: Local, owner: Local, data: Vec<u8>) -> Done {
    if data.len() > 0xffff_ffff && pickler(vm, this).protocol.get() < 4 {
        let message =
            "serializing a bytes object larger than 4 GiB requires pickle protocol 4 or higher";
        return Err(vm.heap.raise(Builtin::OverflowError, message));
    }
    save_large(vm, this, &bytes_header(data.len()), data)?;
    remember(vm, this, owner)
}

fn save_bytearray(vm: &mut Vm, this: Local, array: Local) -> Done {
    let Some(value) = vm.get_gc::<ByteArray>(array) else {
        return Ok(());
    };
    let data = crate::stdlib::arg::copied(&vm.heap, &value.get().read(&vm.heap))?;
    if pickler(vm, this).protocol.get() >= 5 {
        save_large(
            vm,
            this,
            &SizeHeader::new(op::BYTEARRAY8, data.len(), 8),
            data,
        )?;
        return remember(vm, this, array);
    }
    let class = vm.local(vm.heap.types.class(&vm.heap, Builtin::ByteArray).value());
    let args = match data.is_empty() {
        true => vm.tuple_of(&[]),
        false => {
            let data = vm.local(vm.heap.bytes(data).value());
            vm.tuple_of(&[data])
        }
    };
    save_reduce::save_call(vm, this, class, args, array)
}

fn save_buffer(vm: &mut Vm, this: Local, object: Local) -> Done {
    if pickler(vm, this).protocol.get() < 5 {
        let message = "PickleBuffer can only be pickled with protocol >= 5";
        return Err(raise_text(vm, &PICKLING_ERROR, message));
    }
    let seen = buffer::look(vm, object)?;
    if !seen.is_contiguous {
        let message = "PickleBuffer can not be pickled when pointing to a non-contiguous buffer";
        return Err(raise_text(vm, &PICKLING_ERROR, message));
    }
    let callback = &pickler(vm, this).buffer_callback;
    if !callback.is_undef() {
        let callback = slot(vm, callback);
        let answer = vm.call(callback, &[object])?;
        if !vm.truth(answer)? {
            put(vm, this, &[op::NEXT_BUFFER])?;
            if seen.is_readonly {
                put(vm, this, &[op::READONLY_BUFFER])?;
            }
            return Ok(());
        }
    }
    let data = buffer::bytes(vm, object)?;
    if seen.is_readonly {
        return save_data(vm, this, object, data);
    }
    save_large(
        vm,
        this,
        &SizeHeader::new(op::BYTEARRAY8, data.len(), 8),
        data,
    )?;
    remember(vm, this, object)
}
