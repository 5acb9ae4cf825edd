//! Between `Data` and the objects of a heap.
//!
//! Objects become data without running anything of the program: containers are read as they are, of an instance that extends a builtin
//! type the builtin object inside counts. Data becomes objects of the builtin types. Both directions stop at `DEEPEST` levels.

use super::data::Data;
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::dict::Dict;
use crate::runtime::list::List;
use crate::runtime::members::Members;
use crate::runtime::set::Set;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::plain_value;
use crate::text::{IntRef, surrogate};
use crate::vm::{Local, Vm};

/// Containers inside each other.
const DEEPEST: usize = 128;
/// Values in one piece of data: an object that contains another one many times is copied many times.
const MOST: usize = 1 << 24;

/// An object as data.
///
/// # Errors
/// ValueError where it is too deep or too large, or has a lone surrogate; MemoryError; KeyboardInterrupt.
pub(super) fn to_data(vm: &Vm, object: Local) -> Result<Data, Raised> {
    let mut reader = Reader {
        heap: &vm.heap,
        count: 0,
    };
    reader.read(vm.get(object), 0)
}

struct Reader<'h> {
    heap: &'h Heap,
    /// Values so far.
    count: usize,
}

impl<'h> Reader<'h> {
    fn read(&mut self, value: Value<'h>, depth: usize) -> Result<Data, Raised> {
        let value = plain_value(self.heap, value);
        if let Some(plain) = self.leaf(value)? {
            return Ok(plain);
        }
        if depth == DEEPEST {
            return Err(self.refuse("is nested too deeply"));
        }
        let heap = self.heap;
        let depth = depth + 1;
        if let Some(list) = value.as_gc::<List>() {
            self.room(list.len(heap))?;
            return self.items(list.to_vec(heap), depth).map(Data::List);
        }
        if let Some(tuple) = value.as_gc::<Tuple>() {
            self.room(tuple.len())?;
            return self.items(tuple.to_vec(heap), depth).map(Data::Tuple);
        }
        if let Some(set) = value.as_gc::<Set>() {
            self.room(set.members.len(heap))?;
            return self.items(set.members.keys(heap), depth).map(Data::Set);
        }
        if let Some(dict) = value.as_gc::<Dict>() {
            self.room(dict.table.len(heap) * 2)?;
            let entries = dict.table.entries(heap);
            let pair = |(key, value)| Ok((self.read(key, depth)?, self.read(value, depth)?));
            let pairs: Result<Vec<_>, Raised> = entries.into_iter().map(pair).collect();
            return pairs.map(Data::Dict);
        }
        Ok(Data::Other(heap.type_name(value).to_owned()))
    }

    /// What is no container.
    fn leaf(&self, value: Value<'h>) -> Result<Option<Data>, Raised> {
        let heap = self.heap;
        if value.is_none() {
            return Ok(Some(Data::None));
        }
        if let Some(yes) = value.as_bool() {
            return Ok(Some(Data::Bool(yes)));
        }
        if let Some(n) = value.as_any_int() {
            return Ok(Some(match n {
                IntRef::Small(n) => Data::Int(n),
                IntRef::Big(n) => Data::Big(n.clone()),
            }));
        }
        if let Some(x) = value.as_float() {
            return Ok(Some(Data::Float(x)));
        }
        if let Some(text) = value.as_gc::<Str>() {
            let text = text.as_str();
            heap.room_for(text.len())?;
            if surrogate::find(text).is_some() {
                return Err(self.refuse("has a lone surrogate, which Rust's strings cannot hold"));
            }
            return Ok(Some(Data::Str(text.to_owned())));
        }
        if let Some(bytes) = value.as_gc::<Bytes>() {
            heap.room_for(bytes.as_slice().len())?;
            return Ok(Some(Data::Bytes(bytes.as_slice().to_vec())));
        }
        if let Some(bytes) = value.as_gc::<ByteArray>() {
            heap.room_for(bytes.len(heap))?;
            return Ok(Some(Data::Bytes(bytes.read(heap).to_vec())));
        }
        Ok(None)
    }

    fn items(&mut self, values: Vec<Value<'h>>, depth: usize) -> Result<Vec<Data>, Raised> {
        let read = |value| self.read(value, depth);
        values.into_iter().map(read).collect()
    }

    /// So many values more.
    fn room(&mut self, more: usize) -> Result<(), Raised> {
        self.count += more;
        self.heap.poll(more)?;
        if self.count > MOST {
            return Err(self.refuse("has too many values"));
        }
        self.heap.room_for(self.count * size_of::<Data>())
    }

    fn refuse(&self, why: &str) -> Raised {
        let message = format!("the value {why}: it cannot leave the program");
        self.heap.raise(Builtin::ValueError, message)
    }
}

/// Data as an object.
///
/// # Errors
/// TypeError for `Data::Other` and for keys that have no hash; ValueError where it is too deep; MemoryError.
pub(super) fn to_object(vm: &mut Vm, data: &Data) -> Result<Local, Raised> {
    make(vm, data, 0)
}

fn make(vm: &mut Vm, data: &Data, depth: usize) -> Result<Local, Raised> {
    if depth > DEEPEST {
        let message = "the data is nested too deeply: it cannot enter the program";
        return Err(vm.heap.raise(Builtin::ValueError, message));
    }
    let mark = vm.mark();
    let made = match data {
        Data::List(items) => {
            let items = make_all(vm, items, depth)?;
            vm.heap.list(items.iter().map(|&item| vm.get(item))).value()
        }
        Data::Tuple(items) => {
            let items = make_all(vm, items, depth)?;
            let tuple = vm.tuple_of(&items);
            vm.get(tuple)
        }
        Data::Dict(entries) => return make_dict(vm, entries, depth),
        Data::Set(items) => {
            let set = vm.local(vm.heap.set(Members::default()).value());
            for item in items {
                let inner = vm.mark();
                let item = make(vm, item, depth + 1)?;
                vm.set_add(set, item)?;
                vm.release(inner);
            }
            return Ok(set);
        }
        plain => make_leaf(vm, plain)?,
    };
    let made = vm.local(made);
    Ok(vm.keep(mark, made))
}

fn make_all(vm: &mut Vm, items: &[Data], depth: usize) -> Result<Vec<Local>, Raised> {
    vm.room_for(size_of_val(items))?;
    let mut locals = Vec::with_capacity(items.len());
    for item in items {
        locals.push(make(vm, item, depth + 1)?);
    }
    Ok(locals)
}

fn make_dict(vm: &mut Vm, entries: &[(Data, Data)], depth: usize) -> Result<Local, Raised> {
    let dict = vm.local(vm.heap.dict().value());
    for (key, value) in entries {
        let mark = vm.mark();
        let key = make(vm, key, depth + 1)?;
        let value = make(vm, value, depth + 1)?;
        vm.dict_set(dict, key, value)?;
        vm.release(mark);
    }
    Ok(dict)
}

fn make_leaf<'h>(vm: &'h Vm, data: &Data) -> Result<Value<'h>, Raised> {
    let heap = &vm.heap;
    Ok(match data {
        Data::Bool(true) => Value::TRUE,
        Data::Bool(false) => Value::FALSE,
        Data::Int(n) => heap.int(*n),
        Data::Big(n) => heap.big_int(n.clone()),
        Data::Float(x) => Value::float(*x),
        Data::Str(text) => heap.try_str(text)?,
        Data::Bytes(bytes) => {
            heap.room_for(bytes.len())?;
            heap.bytes(&bytes[..]).value()
        }
        Data::Other(class) => {
            let message = format!("a '{class}' object cannot be made from data");
            return Err(heap.raise(Builtin::TypeError, message));
        }
        _ => Value::NONE,
    })
}
