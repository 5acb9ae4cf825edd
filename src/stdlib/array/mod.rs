//! `array`: rows of numbers of one type, kept as bytes.
//!
//! The representation is `runtime/array.rs`; the VM itself reads and writes items of plain arrays. Here are the class and its making; items
//! and slices in `subscript.rs`, what looks for values in `search.rs`, what adds and removes in `change.rs`, bytes, strings and files in
//! `transfer.rs`, operators in `operators.rs`, and pickling in `pickle.rs`. To add a method: a `Native` there and its word in the table.

mod change;
mod item;
mod operators;
mod pickle;
mod search;
mod subscript;
mod transfer;

use self::change::extend_by;
use self::transfer::append_bytes;
use crate::runtime::array::{Array, ArrayClass, item_size};
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::intern::Sym;
use crate::runtime::iter::IterTag;
use crate::runtime::native::NativeFunction;
use crate::runtime::opaque::Opaque;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::stdlib::arg::plain;
use crate::stdlib::memoryview;
use crate::stdlib::receiver::spread;
use crate::stdlib::registry::{Getter, ModuleType, NativeModule, NativeType, bind, class_of};
use crate::vm::{Local, Locals, Native, Vm};

/// The module.
pub const ARRAY_MODULE: NativeModule = NativeModule {
    functions: &[&pickle::RECONSTRUCTOR],
    types: &[&ARRAY],
    constants: &[
        ("ArrayType", "Another name of `array`."),
        ("typecodes", "The letters of all types."),
    ],
    init,
    ..NativeModule::of(
        "array",
        "Rows of numbers of one type, kept compactly.\n\n>>> from array import array\n>>> a = array(\"i\", [1, 2, 3])\n\
         >>> a.append(4)\n>>> a, a.itemsize, a.tobytes()[:4]\n(array('i', [1, 2, 3, 4]), 4, b'\\x01\\x00\\x00\\x00')",
    )
};

/// `array.array`.
pub const ARRAY: ModuleType = ModuleType {
    name: "array.array",
    module: "array",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &LEN,
            &ITER,
            &REPR,
            &BUFFER,
            &subscript::GETITEM,
            &subscript::SETITEM,
            &subscript::DELITEM,
            &search::CONTAINS,
            &search::COUNT,
            &search::INDEX,
            &search::REMOVE,
            &change::APPEND,
            &change::BYTESWAP,
            &change::CLEAR,
            &change::EXTEND,
            &change::INSERT,
            &change::POP,
            &change::REVERSE,
            &transfer::BUFFER_INFO,
            &transfer::FROMBYTES,
            &transfer::FROMFILE,
            &transfer::FROMLIST,
            &transfer::FROMUNICODE,
            &transfer::TOBYTES,
            &transfer::TOFILE,
            &transfer::TOLIST,
            &transfer::TOUNICODE,
            &operators::ADD,
            &operators::IADD,
            &operators::MUL,
            &operators::RMUL,
            &operators::IMUL,
            &operators::EQ,
            &operators::NE,
            &operators::LT,
            &operators::LE,
            &operators::GT,
            &operators::GE,
            &operators::COPY,
            &operators::DEEPCOPY,
            &pickle::REDUCE_EX,
            &pickle::SIZEOF,
        ],
        class_methods: &[&CLASS_GETITEM],
        getters: &[
            Getter::vm("typecode", "The letter of the type.", |vm, args| {
                let code = char::from(array(vm, args.at(0)).code());
                Ok(vm.local(vm.heap.char_value(code)))
            }),
            Getter::vm("itemsize", "How many bytes an item has.", |vm, args| {
                let size = array(vm, args.at(0)).item_size();
                Ok(vm.local(vm.heap.usize(size)))
            }),
        ],
        has_no_dict: true,
        ..NativeType::of(
            Builtin::Opaque,
            "A mutable sequence of numbers of the type that the letter says; the initializer is an iterable, bytes or, for characters, a \
             string.",
        )
    },
};

/// The letters of all types, in CPython's order.
const TYPECODES: &str = "bBuwhHiIlLqQfd";

fn init(vm: &mut Vm, module: Local) -> Result<(), Raised> {
    let class = class_of(vm, &ARRAY);
    bind(vm, module, "ArrayType", vm.get(class));
    bind(vm, module, "typecodes", vm.heap.str_value(TYPECODES));
    let abc = vm.import_module("collections.abc")?;
    let sequence = vm.get_attr_named(abc, "MutableSequence")?;
    vm.call_method(sequence, "register", &[class])?;
    Ok(())
}

/// The array that a receiver is.
fn array(vm: &Vm, local: Local) -> &Array {
    vm.payload(local)
}

/// The array that a value is.
fn try_array(vm: &Vm, local: Local) -> Option<&Array> {
    vm.find_payload(local)
}

/// An empty array of the class `array` itself.
fn empty(vm: &mut Vm, code: u8) -> Local {
    let class = class_of(vm, &ARRAY);
    vm.new_opaque(class, Array::new(code, ArrayClass::Own))
}

/// An array of the class `array` itself with these bytes.
fn with_bytes(vm: &mut Vm, code: u8, data: Vec<u8>) -> Local {
    let made = empty(vm, code);
    array(vm, made).replace(&vm.heap, data);
    made
}

const NEW: Native = Native::vm(
    "array(cls, /, *args, **kwargs)",
    "An array of a type, given by its letter, with the items of the initializer.",
    new,
);
const LEN: Native = Native::vm("__len__(self, /)", "Return len(self).", |vm, args| {
    let len = array(vm, args.at(0)).len(&vm.heap);
    Ok(vm.local(vm.heap.usize(len)))
});
const ITER: Native = Native::vm("__iter__(self, /)", "Implement iter(self).", |vm, args| {
    let heap = &vm.heap;
    let iter = heap.iter(IterTag::Array, vm.get(args.at(0)), Value::UNDEF, 0, 0);
    Ok(vm.local(iter.value()))
});
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let items = array(vm, args.at(0));
    let code = char::from(items.code());
    let is_empty = items.len(&vm.heap) == 0;
    let class = vm.heap.type_name(vm.get(args.at(0)));
    let class = class.rsplit('.').next().unwrap_or(class).to_owned();
    let text = if is_empty {
        format!("{class}('{code}')")
    } else {
        let shown = transfer::shown_items(vm, args.at(0))?;
        let shown = vm.repr_text(shown)?;
        format!("{class}('{code}', {shown})")
    };
    Ok(vm.local(vm.heap.str_value(&text)))
});
const BUFFER: Native = Native::vm(
    "__buffer__(self, flags, /)",
    "Return a buffer object that exposes the underlying memory of the object.",
    |vm, args| Ok(memoryview::of_array(vm, args.at(0))),
);
const CLASS_GETITEM: Native = Native::vm(
    "__class_getitem__(cls, item, /)",
    "See PEP 585",
    |vm, args| vm.generic_alias(args.at(0), args.at(1)),
);

fn new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let class = args.at(0);
    let own = class_of(vm, &ARRAY);
    let is_own = vm.get(class).is(vm.get(own));
    let has_keywords = vm
        .get_gc::<Dict>(args.at(2))
        .is_some_and(|keywords| keywords.table.len(&vm.heap) > 0);
    if has_keywords && (is_own || has_native_init(vm, class)) {
        let message = "array.array() takes no keyword arguments";
        return Err(vm.heap.type_error(message));
    }
    let given = spread(vm, args.at(1));
    let (letter, initializer) = match given[..] {
        [letter] => (letter, None),
        [letter, initializer] => (letter, Some(initializer)),
        _ => {
            let bound = if given.is_empty() {
                "at least 1 argument"
            } else {
                "at most 2 arguments"
            };
            let message = format!("array() takes {bound} ({} given)", given.len());
            return Err(vm.heap.type_error(message));
        }
    };
    let code = letter_of(vm, letter)?;
    if code == Some(b'u') {
        let message = "The 'u' type code is deprecated and will be removed in Python 3.16";
        vm.warn(Builtin::DeprecationWarning, message)?;
    }
    if let Some(initializer) = initializer {
        check_initializer(vm, letter, initializer)?;
    }
    let Some(code) = code else {
        let message = "bad typecode (must be b, B, u, h, H, i, I, l, L, q, Q, f or d)";
        return Err(vm.heap.value_error(message));
    };
    let kind = match is_own {
        true => ArrayClass::Own,
        false => ArrayClass::Extended,
    };
    let made = vm.new_opaque(class, Array::new(code, kind));
    if let Some(initializer) = initializer {
        fill(vm, made, initializer)?;
    }
    Ok(made)
}

/// Whether no class of the program has an `__init__` that takes the keywords.
fn has_native_init(vm: &Vm, class: Local) -> bool {
    let class: Option<Gc<'_, Class>> = vm.get_gc(class);
    let init = class.and_then(|class| class.lookup(&vm.heap, vm.heap.sym(Sym::Init)));
    init.is_some_and(|init| init.is_gc::<NativeFunction>())
}

/// The letter of a type; None: there is no such type.
fn letter_of(vm: &Vm, letter: Local) -> Result<Option<u8>, Raised> {
    let text = vm.get_gc::<Str>(plain(vm, letter)).map_or("", Gc::as_str);
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(c), None) => Ok(u8::try_from(c).ok().filter(|&c| item_size(c).is_some())),
        _ => {
            let given = vm.heap.type_name(vm.get(letter));
            let message = format!("array() argument 1 must be a unicode character, not {given}");
            Err(vm.heap.type_error(message))
        }
    }
}

/// Refuses a string or an array of characters for an array of numbers.
fn check_initializer(vm: &Vm, letter: Local, initializer: Local) -> Result<(), Raised> {
    let letter = vm.get_gc::<Str>(plain(vm, letter)).map_or("", Gc::as_str);
    if matches!(letter, "u" | "w") {
        return Ok(());
    }
    let other = try_array(vm, initializer).map(Array::code);
    let kind = if vm.get_gc::<Str>(plain(vm, initializer)).is_some() {
        "str"
    } else if matches!(other, Some(b'u' | b'w')) {
        "unicode array"
    } else {
        return Ok(());
    };
    let article = format!("cannot use a {kind} to initialize an array with typecode '{letter}'");
    Err(vm.heap.type_error(article))
}

fn fill(vm: &mut Vm, made: Local, initializer: Local) -> Result<(), Raised> {
    let value = vm.get(plain(vm, initializer));
    let is_text = matches!(array(vm, made).code(), b'u' | b'w') && value.is_gc::<Str>();
    if is_text {
        return transfer::append_text(vm, made, initializer);
    }
    if value.is_gc::<Bytes>() || value.is_gc::<ByteArray>() {
        return append_bytes(vm, made, initializer);
    }
    extend_by(vm, made, initializer)
}

/// The bytes of another array of the same type, copied: it may be the array that is about to change.
fn same_type_bytes(vm: &Vm, owner: Local, other: Local) -> Option<Result<Vec<u8>, Raised>> {
    let code = array(vm, owner).code();
    let other = vm.get_gc::<Opaque>(other)?.payload::<Array>()?;
    (other.code() == code).then(|| vm.heap.copy_of(&other.bytes(&vm.heap)))
}
