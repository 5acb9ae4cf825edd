//! `bytearray`: its table, its constructor, and the methods that change it; the shared methods are in `buffer/`.
//!
//! The bytes are borrowed only between calls of the program, so arguments are converted before.

use super::buffer::make::{Made, bytes_of, make};
use super::buffer::{case, convert, operators, pad, search, split};
use super::special::Special;
use crate::runtime::bytes::ByteArray;
use crate::runtime::intern::Sym;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::arg::{self, Buffer, plain};
use crate::stdlib::receiver::{this, this_of};
use crate::stdlib::registry::NativeType;
use crate::vm::protocol::arith::Operator;
use crate::vm::{Local, Locals, Native, Vm};

/// The table.
pub const TYPES: &[NativeType] = &[NativeType {
    new: Some(&NEW),
    methods: &[
        &crate::stdlib::reduce::BYTEARRAY_REDUCE,
        &crate::stdlib::reduce::BYTEARRAY_REDUCE_EX,
        &case::LOWER,
        &case::UPPER,
        &case::TITLE,
        &case::CAPITALIZE,
        &case::SWAPCASE,
        &case::ISALPHA,
        &case::ISALNUM,
        &case::ISASCII,
        &case::ISDIGIT,
        &case::ISSPACE,
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
        &convert::DECODE,
        &convert::HEX,
        &convert::TRANSLATE,
        &Special::<ByteArray>::REPR,
        &operators::STR,
        &operators::LEN,
        &Special::<ByteArray>::ITER,
        &Special::<ByteArray>::CONTAINS,
        &Special::<ByteArray>::GETITEM,
        &operators::ADD,
        &operators::MUL,
        &operators::RMUL,
        &operators::MOD,
        &operators::RMOD,
        &Special::<ByteArray>::EQ,
        &Special::<ByteArray>::NE,
        &Special::<ByteArray>::LT,
        &Special::<ByteArray>::LE,
        &Special::<ByteArray>::GT,
        &Special::<ByteArray>::GE,
        &INIT,
        &APPEND,
        &EXTEND,
        &INSERT,
        &POP,
        &REMOVE,
        &CLEAR,
        &COPY,
        &REVERSE,
        &Special::<ByteArray>::SETITEM,
        &Special::<ByteArray>::DELITEM,
        &IADD,
        &IMUL,
    ],
    class_methods: &[&convert::FROMHEX],
    static_methods: &[&convert::MAKETRANS],
    ..NativeType::of(
        Builtin::ByteArray,
        "bytearray(iterable_of_ints) -> bytearray\nbytearray(string, encoding[, errors]) -> bytearray\n\
         bytearray(bytes_or_buffer) -> mutable copy\nbytearray(int) -> bytearray of that many zeros\n\
         bytearray() -> empty bytearray\n\nA mutable sequence of bytes.",
    )
}];

const NEW: Native = Native::vm(
    "__new__(type, /, *args, **kwargs)",
    "Create and return a new object.",
    new,
);

const INIT: Native = Native::vm(
    "__init__(self, source=b'', encoding='utf-8', errors='strict')",
    "Initialize self.",
    |vm, a| {
        let data = make(vm, a, &BYTEARRAY)?;
        let array = this_of::<ByteArray>(vm, a)?;
        if array.read(&vm.heap)[..] != data[..] {
            array.replace(&vm.heap, data);
        }
        Ok(vm.none())
    },
);

const APPEND: Native = Native::vm(
    "append(self, item, /)",
    "Append a single byte, given by its number. Raises ValueError unless 0 <= item <= 255.",
    |vm, a| {
        let item = vm.index_value(a.at(1))?;
        let byte = arg::byte(&vm.heap, vm.get(item))?;
        this_of::<ByteArray>(vm, a)?.push(&vm.heap, byte)?;
        Ok(vm.none())
    },
);

const EXTEND: Native = Native::vm(
    "extend(self, iterable_of_ints, /)",
    "Append all the bytes that the iterable gives, by their numbers.",
    extend,
);

const INSERT: Native = Native::vm(
    "insert(self, index, item, /)",
    "Insert a single byte before the index.",
    insert,
);

const POP: Native = Native::vm(
    "pop(self, index=-1, /) -> int",
    "Remove and return the byte at the index. Raises IndexError if there is none.",
    pop,
);

const REMOVE: Native = Native::vm(
    "remove(self, value, /)",
    "Remove the first occurrence of a byte; ValueError if there is none.",
    remove,
);

const CLEAR: Native = Native::leaf("clear(self, /)", "Remove all bytes.", |heap, a| {
    this::<ByteArray>(heap, a)?.take(heap);
    Ok(Value::NONE)
});

const COPY: Native = Native::leaf("copy(self, /) -> bytearray", "Return a copy.", |heap, a| {
    let array = this::<ByteArray>(heap, a)?;
    let data = array.read(heap);
    heap.room_for(data.len())?;
    Ok(heap.bytearray(data.clone()).value())
});

const REVERSE: Native = Native::leaf(
    "reverse(self, /)",
    "Reverse the order of the bytes in place.",
    |heap, a| {
        let this = this::<ByteArray>(heap, a)?;
        let mut bytes = this.write(heap);
        heap.poll_bytes(bytes.len())?;
        bytes.reverse();
        Ok(Value::NONE)
    },
);

const IADD: Native = Native::vm(
    "__iadd__(self, value, /) -> Self",
    "Implement self+=value.",
    |vm, a| {
        this_of::<ByteArray>(vm, a)?;
        let other = plain(vm, a.at(1));
        vm.inplace(Operator::Add, a.at(0), other)
    },
);

const IMUL: Native = Native::vm(
    "__imul__(self, value, /) -> Self",
    "Implement self*=value.",
    |vm, a| {
        this_of::<ByteArray>(vm, a)?;
        let times = vm.index_value(a.at(1))?;
        vm.inplace(Operator::Mul, a.at(0), times)
    },
);

const BYTEARRAY: Made = Made {
    name: "bytearray",
    items: "byte",
};

/// An empty array: `__init__` fills it, so that the source is read once.
fn new(vm: &mut Vm, _: Locals) -> Result<Local, Raised> {
    Ok(vm.local(vm.heap.bytearray(Vec::new()).value()))
}

fn extend(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let len = Buffer::of(&vm.heap, vm.get(a.at(1))).map_or(0, |data| data.len());
    vm.room_for(len)?;
    let data = match Buffer::of(&vm.heap, vm.get(a.at(1))).map(|data| data.to_vec()) {
        Some(data) => data,
        None => numbers(vm, a.at(1))?,
    };
    this_of::<ByteArray>(vm, a)?.extend(&vm.heap, &data)?;
    Ok(vm.none())
}

/// The bytes that an iterable of numbers gives.
fn numbers(vm: &mut Vm, iterable: Local) -> Result<Vec<u8>, Raised> {
    let value = vm.get(iterable);
    if arg::as_str(&vm.heap, value).is_some() {
        let found = vm.heap.type_name(value);
        return Err(vm
            .heap
            .type_error(format!("expected iterable of integers; got: '{found}'")));
    }
    match vm.iter(iterable) {
        Ok(iter) => {
            vm.ask_length(iterable)?;
            bytes_of(vm, iter, "byte")
        }
        Err(raised)
            if vm.is_raised(&raised, Builtin::TypeError)
                && vm.special(vm.get(iterable), Sym::Iter).is_none() =>
        {
            vm.heap.take_raised(raised);
            let found = vm.heap.type_name(vm.get(iterable));
            Err(vm
                .heap
                .type_error(format!("can't extend bytearray with {found}")))
        }
        Err(raised) => Err(raised),
    }
}

fn insert(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let at = vm.index(a.at(1))?;
    let item = vm.index_value(a.at(2))?;
    let byte = arg::byte(&vm.heap, vm.get(item))?;
    let array = this_of::<ByteArray>(vm, a)?;
    let len = array.len(&vm.heap) as i64;
    let at = if at < 0 {
        (len + at.max(-len)).max(0)
    } else {
        at.min(len)
    };
    array.insert(&vm.heap, at as usize, byte)?;
    Ok(vm.none())
}

fn pop(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let at = arg::vm_index_or(vm, a.at(1), -1)?;
    let array = this_of::<ByteArray>(vm, a)?;
    let len = array.len(&vm.heap) as i64;
    if len == 0 {
        return Err(vm
            .heap
            .raise(Builtin::IndexError, "pop from empty bytearray"));
    }
    let at = if at < 0 { at.saturating_add(len) } else { at };
    if !(0..len).contains(&at) {
        return Err(vm.heap.raise(Builtin::IndexError, "pop index out of range"));
    }
    let byte = array.remove(&vm.heap, at as usize);
    Ok(vm.local(vm.heap.int(i64::from(byte))))
}

fn remove(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let item = vm.index_value(a.at(1))?;
    let heap = &vm.heap;
    let byte = arg::byte(heap, vm.get(item))?;
    let array = this_of::<ByteArray>(vm, a)?;
    let at = array.read(heap).iter().position(|&b| b == byte);
    match at {
        Some(at) => {
            array.remove(heap, at);
            Ok(vm.none())
        }
        None => Err(heap.value_error("value not found in bytearray")),
    }
}
