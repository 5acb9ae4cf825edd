//! Items of a memoryview: reading, slicing, writing, comparing.
//!
//! An index gives an item, a slice another view; a tuple of indices an item of several dimensions.

use smallvec::{SmallVec, smallvec};

use super::{Format, MEMORYVIEW, View, object, try_view, view, with_bytes};
use crate::runtime::array::Array;
use crate::runtime::slice::Slice;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::{Buffer, as_str};
use crate::stdlib::packing::{PackError, native_order, pack, unpack};
use crate::stdlib::receiver::spread;
use crate::stdlib::registry::class_of;
use crate::vm::{Local, Locals, Native, Vm};

/// `__getitem__`
pub const GETITEM: Native = Native::vm("__getitem__(self, key, /)", "Return self[key].", get);
/// `__setitem__`
pub const SETITEM: Native = Native::vm(
    "__setitem__(self, key, value, /)",
    "Set self[key] to value.",
    set,
);
/// `__delitem__`
pub const DELITEM: Native = Native::vm(
    "__delitem__(self, key, /)",
    "Raises TypeError.",
    |vm, args| {
        let message = match view(vm, args.at(0))?.readonly {
            true => "cannot modify read-only memory",
            false => "cannot delete memory",
        };
        Err(vm.heap.type_error(message))
    },
);
/// `__len__`
pub const LEN: Native = Native::vm("__len__(self, /)", "Return len(self).", |vm, args| {
    let view = view(vm, args.at(0))?;
    match view.shape.first() {
        Some(&len) => Ok(vm.local(vm.heap.usize(len))),
        None => Err(vm.heap.type_error("0-dim memory has no length")),
    }
});
/// `__iter__`
pub const ITER: Native = Native::vm("__iter__(self, /)", "Implement iter(self).", |vm, args| {
    let list = to_list(vm, args.at(0))?;
    vm.iter(list)
});
/// `__eq__`
pub const EQ: Native = Native::vm(
    "__eq__(self, value, /)",
    "Return self==value.",
    |vm, args| equals(vm, args, true),
);
/// `__ne__`
pub const NE: Native = Native::vm(
    "__ne__(self, value, /)",
    "Return self!=value.",
    |vm, args| equals(vm, args, false),
);
/// `__hash__`
pub const HASH: Native = Native::vm("__hash__(self, /)", "Return hash(self).", |vm, args| {
    let known = try_view(vm.get(args.at(0))).and_then(|view| view.hash.get());
    if let Some(hash) = known {
        return Ok(vm.local(vm.heap.int(hash)));
    }
    let view = view(vm, args.at(0))?;
    if !view.readonly {
        return Err(vm
            .heap
            .value_error("cannot hash writable memoryview object"));
    }
    if !matches!(view.letter(), b'B' | b'b' | b'c') {
        let message = "memoryview: hashing is restricted to formats 'B', 'b' or 'c'";
        return Err(vm.heap.value_error(message));
    }
    let bytes = view.bytes(&vm.heap)?;
    let bytes = vm.local(vm.heap.bytes(bytes).value());
    let hash = vm.call_method(bytes, "__hash__", &[])?;
    if let Some(view) = try_view(vm.get(args.at(0))) {
        view.hash.set(vm.get(hash).as_i64());
    }
    Ok(hash)
});
/// `tobytes`
pub const TOBYTES: Native = Native::vm(
    "tobytes(self, /, order='C')",
    "The bytes of all items.",
    |vm, args| {
        let (bytes, order) = (view(vm, args.at(0))?.bytes(&vm.heap)?, vm.get(args.at(1)));
        if !order.is_undef() && !order.is_none() {
            let Some(order) = as_str(&vm.heap, order) else {
                let class = vm.heap.type_name(order);
                let message =
                    format!("tobytes() argument 'order' must be str or None, not {class}");
                return Err(vm.heap.type_error(message));
            };
            if !["C", "F", "A"].contains(&order.as_str()) {
                return Err(vm.heap.value_error("order must be 'C', 'F' or 'A'"));
            }
        }
        Ok(vm.local(vm.heap.bytes(bytes).value()))
    },
);
/// `tolist`
pub const TOLIST: Native = Native::vm(
    "tolist(self, /)",
    "The items as a list, of lists if there are several dimensions.",
    |vm, args| to_list(vm, args.at(0)),
);
/// `hex`
pub const HEX: Native = Native::vm(
    "hex(self, /, *args, **kwargs)",
    "The bytes as hexadecimal digits.",
    |vm, args| {
        let bytes = view(vm, args.at(0))?.bytes(&vm.heap)?;
        let bytes = vm.local(vm.heap.bytes(bytes).value());
        let method = vm.get_attr_named(bytes, "hex")?;
        vm.call_ex(method, args.at(1), Some(args.at(2)))
    },
);

/// The value of the item at an offset.
fn item_at<'h>(heap: &'h Heap, view: &View, at: i64) -> Option<Value<'h>> {
    with_bytes(heap, view.owner.get(heap), |data| {
        let at = usize::try_from(at).ok()?;
        let bytes = data.get(at..at.checked_add(view.itemsize)?)?;
        Some(unpack(heap, view.letter(), bytes, native_order()))
    })
}

/// The offset of the item at an index of each dimension.
fn offset_of(vm: &mut Vm, this: Local, indices: &[Local]) -> Result<i64, Raised> {
    let mut at = view(vm, this)?.offset;
    for (dimension, &index) in indices.iter().enumerate() {
        let index = vm.index_or(index, Builtin::IndexError)?;
        let view = view(vm, this)?;
        let len = view.shape[dimension] as i64;
        let place = if index < 0 { index + len } else { index };
        if place < 0 || place >= len {
            let message = format!("index out of bounds on dimension {}", dimension + 1);
            return Err(vm.heap.raise(Builtin::IndexError, message));
        }
        at += place * view.strides[dimension];
    }
    Ok(at)
}

/// What a key means.
enum Key {
    /// The item at this offset.
    Item(i64),
    /// Other items of the first dimension.
    Part(View),
}

fn key(vm: &mut Vm, this: Local, key: Local) -> Result<Key, Raised> {
    let dimensions = view(vm, this)?.shape.len();
    if vm.get_gc::<Slice>(key).is_some() {
        let len = view(vm, this)?.shape.first().copied().unwrap_or(0);
        let selected = vm.selection(key, |_| len)?;
        let old = view(vm, this)?;
        let mut part = old.again(&vm.heap);
        if let (Some(len), Some(stride)) = (part.shape.first_mut(), part.strides.first_mut()) {
            part.offset += selected.start.max(0) * *stride;
            *len = selected.count;
            *stride *= selected.step;
        }
        return Ok(Key::Part(part));
    }
    let indices = match vm.get_gc::<Tuple>(key) {
        Some(_) => spread(vm, key),
        None => vec![key],
    };
    if are_slices(vm, &indices) {
        let message = "multi-dimensional slicing is not implemented";
        return Err(vm.heap.raise(Builtin::NotImplementedError, message));
    }
    for &index in &indices {
        let is_number = vm.get(index).as_any_int().is_some()
            || vm
                .special(vm.get(index), crate::runtime::intern::Sym::Index)
                .is_some();
        if !is_number {
            return Err(vm.heap.type_error("memoryview: invalid slice key"));
        }
    }
    if indices.len() > dimensions {
        let message = format!(
            "cannot index {dimensions}-dimension view with {}-element tuple",
            indices.len()
        );
        return Err(vm.heap.type_error(message));
    }
    if indices.len() < dimensions {
        let message = match indices.len() {
            1 => "multi-dimensional sub-views are not implemented",
            _ => "sub-views are not implemented",
        };
        return Err(vm.heap.raise(Builtin::NotImplementedError, message));
    }
    offset_of(vm, this, &indices).map(Key::Item)
}

/// Whether there are indices, all of them slices.
fn are_slices(vm: &Vm, indices: &[Local]) -> bool {
    let is_slice = |&index: &Local| vm.get_gc::<Slice>(index).is_some();
    !indices.is_empty() && indices.iter().all(is_slice)
}

fn get(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    match key(vm, args.at(0), args.at(1))? {
        Key::Part(part) => Ok(object(vm, args.at(0), part)),
        Key::Item(at) => {
            let view = view(vm, args.at(0))?;
            check_format(vm, view)?;
            match item_at(&vm.heap, view, at) {
                Some(value) => Ok(vm.local(value)),
                None => Err(vm
                    .heap
                    .raise(Builtin::IndexError, "index out of bounds on dimension 1")),
            }
        }
    }
}

fn set(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if view(vm, args.at(0))?.readonly {
        return Err(vm.heap.type_error("cannot modify read-only memory"));
    }
    if vm.get_gc::<Tuple>(args.at(1)).is_some() {
        let indices = spread(vm, args.at(1));
        if are_slices(vm, &indices) {
            let message = "memoryview slice assignments are currently restricted to ndim = 1";
            return Err(vm.heap.raise(Builtin::NotImplementedError, message));
        }
    }
    match key(vm, args.at(0), args.at(1))? {
        Key::Part(part) => set_part(vm, &part, args.at(2))?,
        Key::Item(at) => {
            let (letter, size) = {
                let view = view(vm, args.at(0))?;
                check_format(vm, view)?;
                (view.letter(), view.itemsize)
            };
            let mut bytes = Vec::new();
            let packed = pack(vm, &mut bytes, (letter, size), native_order(), args.at(2));
            packed.map_err(|why| pack_error(vm, letter, why))?;
            let mut one = view(vm, args.at(0))?.again(&vm.heap);
            (one.offset, one.shape, one.strides) = (at, smallvec![1], smallvec![size as i64]);
            one.store(&vm.heap, &bytes);
        }
    }
    Ok(vm.none())
}

/// Refuses formats whose items are no values: characters of arrays.
fn check_format(vm: &Vm, view: &View) -> Result<(), Raised> {
    if view.letter() != b'w' {
        return Ok(());
    }
    let message = "memoryview: format w not supported";
    Err(vm.heap.raise(Builtin::NotImplementedError, message))
}

fn pack_error(vm: &Vm, letter: u8, why: PackError) -> Raised {
    let letter = char::from(letter);
    match why {
        PackError::Raised(raised) => raised,
        PackError::OutOfRange => {
            let message = format!("memoryview: invalid value for format '{letter}'");
            vm.heap.value_error(message)
        }
        _ => {
            let message = format!("memoryview: invalid type for format '{letter}'");
            vm.heap.type_error(message)
        }
    }
}

/// The format and shape of a view.
type Layout = (Format, SmallVec<[usize; 2]>);

/// The format, shape and bytes of a value that is no view; bytes have no format that matters.
fn exported_part(vm: &mut Vm, value: Local) -> Result<(Option<Layout>, Vec<u8>), Raised> {
    if vm.find_payload::<Array>(value).is_none()
        && let Some(bytes) = Buffer::of(&vm.heap, vm.get(value))
    {
        return Ok((None, bytes.to_vec()));
    }
    let made = match vm.find_attr(value, "__buffer__")? {
        Some(method) => {
            let flags = vm.local(Value::small_int(0));
            vm.call(method, &[flags])?
        }
        None => value,
    };
    let layout = try_view(vm.get(made)).map(|view| (view.format, view.shape.clone()));
    Ok((layout, Buffer::copied(&vm.heap, vm.get(made))?))
}

fn set_part(vm: &mut Vm, part: &View, value: Local) -> Result<(), Raised> {
    let other = try_view(vm.get(value)).map(|other| (other.format, other.shape.clone()));
    let (other, bytes) = match other {
        None => exported_part(vm, value)?,
        other => (other, Buffer::copied(&vm.heap, vm.get(value))?),
    };
    let fits = match other {
        Some((format, shape)) => format == part.format && shape == part.shape,
        None => part.itemsize == 1 && part.letter() == b'B' && bytes.len() == part.items(),
    };
    if !fits {
        let message = "memoryview assignment: lvalue and rvalue have different structures";
        return Err(vm.heap.value_error(message));
    }
    part.store(&vm.heap, &bytes);
    Ok(())
}

fn to_list(vm: &mut Vm, this: Local) -> Result<Local, Raised> {
    let view = view(vm, this)?;
    check_format(vm, view)?;
    let mut values: Vec<Value<'_>> = Vec::new();
    vm.heap.grow_vec(&mut values, view.items())?;
    let shape = view.shape.clone();
    for at in view.offsets() {
        vm.heap.poll(1)?;
        values.push(item_at(&vm.heap, view, at).unwrap_or(Value::NONE));
    }
    let list = vm.local(vm.heap.list(values).value());
    nest(vm, list, &shape)
}

/// A flat list as lists of lists, by the lengths of the dimensions.
fn nest(vm: &mut Vm, list: Local, shape: &[usize]) -> Result<Local, Raised> {
    let mut list = list;
    for &len in shape.iter().skip(1).rev() {
        let flat: Vec<Local> = vm.to_vec(list)?;
        let rows: Vec<Local> = flat
            .chunks(len.max(1))
            .map(|row| {
                let row = row.iter().map(|&item| vm.get(item));
                vm.local(vm.heap.list(row).value())
            })
            .collect();
        let rows = rows.iter().map(|&row| vm.get(row));
        list = vm.local(vm.heap.list(rows).value());
    }
    Ok(list)
}

fn equals(vm: &mut Vm, args: Locals, wanted: bool) -> Result<Local, Raised> {
    let (this, other) = (args.at(0), args.at(1));
    if vm.get(this).is(vm.get(other)) {
        return Ok(vm.local(Value::bool(wanted)));
    }
    let Some(mine) = try_view(vm.get(this)).filter(|view| !view.is_released()) else {
        return Ok(vm.local(Value::bool(!wanted)));
    };
    let shape = mine.shape.clone();
    let Some(other) = viewed(vm, other)? else {
        return Ok(vm.local(Value::NOT_IMPLEMENTED));
    };
    let (mine, theirs) = (view(vm, this)?, view(vm, other));
    let theirs = theirs.ok().filter(|theirs| theirs.shape == shape);
    let Some(theirs) = theirs else {
        return Ok(vm.local(Value::bool(!wanted)));
    };
    let by_bytes = theirs.format == mine.format && !matches!(mine.letter(), b'd' | b'f' | b'e');
    if by_bytes {
        let same = mine.bytes(&vm.heap)? == theirs.bytes(&vm.heap)?;
        return Ok(vm.local(Value::bool(same == wanted)));
    }
    let (ours, theirs) = (to_list(vm, this)?, to_list(vm, other)?);
    let same = vm.call_method(ours, "__eq__", &[theirs])?;
    let same = vm.truth(same)?;
    Ok(vm.local(Value::bool(same == wanted)))
}

/// The object as a view; None if it has no bytes to view.
fn viewed(vm: &mut Vm, object: Local) -> Result<Option<Local>, Raised> {
    if try_view(vm.get(object)).is_some() {
        return Ok(Some(object));
    }
    let class = class_of(vm, &MEMORYVIEW);
    match vm.call(class, &[object]) {
        Ok(view) => Ok(Some(view)),
        Err(raised) if vm.is_raised(&raised, Builtin::TypeError) => {
            vm.heap.take_raised(raised);
            Ok(None)
        }
        Err(raised) => Err(raised),
    }
}
