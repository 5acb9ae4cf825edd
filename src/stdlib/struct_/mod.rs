//! `struct`: values as bytes by a format such as `'<IH4s'`, and back.
//!
//! A format is read into a `Layout` (`layout.rs`); the functions here pack and unpack values by its items.

mod layout;

use self::layout::{Item, Layout, format_text, read_format};
use super::arg::{Buffer, as_int, plain};
use super::io::buffer_arg::{store_at, writable_len};
use super::packing::{PackError, Sizes, pack, range_of, unpack};
use super::registry::{Getter, ModuleType, NativeModule, NativeType, raise_text};
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::stdlib::receiver::spread;
use crate::vm::{Local, Native, Vm};
use std::cell::RefCell;
use std::sync::Arc;

/// The module.
pub const STRUCT: NativeModule = NativeModule {
    functions: &[
        &CALCSIZE,
        &PACK,
        &PACK_INTO,
        &UNPACK,
        &UNPACK_FROM,
        &ITER_UNPACK,
        &CLEAR_CACHE,
    ],
    types: &[&STRUCT_TYPE],
    exceptions: &[&ERROR],
    ..NativeModule::of(
        "struct",
        "Conversions between values and bytes, by formats.",
    )
};

/// `struct.error`.
const ERROR: ModuleType = ModuleType::exception(
    "error",
    "struct",
    Builtin::Exception,
    "A format is wrong, or values do not fit it.",
);

const STRUCT_TYPE: ModuleType = ModuleType {
    name: "_struct.Struct",
    module: "_struct",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &INIT,
            &S_PACK,
            &S_PACK_INTO,
            &S_UNPACK,
            &S_UNPACK_FROM,
            &S_ITER_UNPACK,
            &REPR,
        ],
        getters: &[
            Getter::vm("format", "The format.", |vm, args| {
                Ok(vm.local(state(vm, args.at(0))?.format.get(&vm.heap)))
            }),
            Getter::vm("size", "How many bytes the format has.", |vm, args| {
                let size = layout_of(vm, args.at(0))?.size;
                Ok(vm.local(vm.heap.usize(size)))
            }),
        ],
        ..NativeType::of(Builtin::Opaque, "A format that was read once.")
    },
};

struct StructState {
    format: Slot,
    layout: RefCell<Option<Arc<Layout>>>,
}

traced!(StructState { format } plain { layout });

impl Payload for StructState {}

fn state(vm: &Vm, this: Local) -> Result<&StructState, Raised> {
    let state = vm.get_gc::<Opaque>(this).and_then(|o| o.payload());
    state.ok_or_else(|| vm.heap.type_error("descriptor requires a 'Struct' object"))
}

fn layout_of(vm: &Vm, this: Local) -> Result<Arc<Layout>, Raised> {
    let layout = state(vm, this)?.layout.borrow().clone();
    layout.ok_or_else(|| {
        vm.heap
            .raise(Builtin::RuntimeError, "Struct object is not initialized")
    })
}

const CALCSIZE: Native = Native::vm(
    "calcsize(format, /)",
    "How many bytes a format has.",
    |vm, args| {
        let size = read_format(vm, args.at(0))?.size;
        Ok(vm.local(vm.heap.usize(size)))
    },
);
const PACK: Native = Native::vm(
    "pack(format, /, *values)",
    "The bytes of the values.",
    |vm, args| {
        let layout = read_format(vm, args.at(0))?;
        pack_values(vm, &layout, args.at(1), "pack")
    },
);
const PACK_INTO: Native = Native::vm(
    "pack_into(format, buffer, offset, /, *values)",
    "Write the bytes of the values into a buffer.",
    |vm, args| {
        let layout = read_format(vm, args.at(0))?;
        pack_into(vm, &layout, [args.at(1), args.at(2), args.at(3)])
    },
);
const UNPACK: Native = Native::vm(
    "unpack(format, buffer, /)",
    "The values in a buffer of just the size of the format, as a tuple.",
    |vm, args| {
        let layout = read_format(vm, args.at(0))?;
        unpack_exactly(vm, &layout, args.at(1))
    },
);
const UNPACK_FROM: Native = Native::vm(
    "unpack_from(format, /, buffer, offset=0)",
    "The values in a buffer from an offset on, as a tuple.",
    |vm, args| {
        let layout = read_format(vm, args.at(0))?;
        unpack_from(vm, &layout, args.at(1), args.at(2))
    },
);
const ITER_UNPACK: Native = Native::vm(
    "iter_unpack(format, buffer, /)",
    "An iterator over the tuples in a buffer.",
    |vm, args| {
        let layout = read_format(vm, args.at(0))?;
        iter_unpack(vm, &layout, args.at(1))
    },
);
const CLEAR_CACHE: Native = Native::vm("_clearcache()", "Does nothing.", |vm, _| Ok(vm.none()));
const NEW: Native = Native::vm(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    |vm, args| {
        let state = StructState {
            format: Slot::undef(),
            layout: RefCell::new(None),
        };
        Ok(vm.new_opaque(args.at(0), state))
    },
);
const INIT: Native = Native::vm("__init__(self, format)", "Read a format.", |vm, args| {
    let layout = read_format(vm, args.at(1))?;
    let text = format_text(vm, args.at(1))?;
    let text = vm.local(vm.heap.str_value(&text));
    let state = state(vm, args.at(0))?;
    state.format.set(vm.get(text));
    *state.layout.borrow_mut() = Some(layout);
    Ok(vm.none())
});
const S_PACK: Native = Native::vm(
    "pack(self, /, *values)",
    "The bytes of the values.",
    |vm, args| {
        let layout = layout_of(vm, args.at(0))?;
        pack_values(vm, &layout, args.at(1), "pack")
    },
);
const S_PACK_INTO: Native = Native::vm(
    "pack_into(self, buffer, offset, /, *values)",
    "Write the bytes of the values into a buffer.",
    |vm, args| {
        let layout = layout_of(vm, args.at(0))?;
        pack_into(vm, &layout, [args.at(1), args.at(2), args.at(3)])
    },
);
const S_UNPACK: Native = Native::vm(
    "unpack(self, buffer, /)",
    "The values in a buffer of just the size of the format, as a tuple.",
    |vm, args| {
        let layout = layout_of(vm, args.at(0))?;
        unpack_exactly(vm, &layout, args.at(1))
    },
);
const S_UNPACK_FROM: Native = Native::vm(
    "unpack_from(self, buffer, offset=0)",
    "The values in a buffer from an offset on, as a tuple.",
    |vm, args| {
        let layout = layout_of(vm, args.at(0))?;
        unpack_from(vm, &layout, args.at(1), args.at(2))
    },
);
const S_ITER_UNPACK: Native = Native::vm(
    "iter_unpack(self, buffer, /)",
    "An iterator over the tuples in a buffer.",
    |vm, args| {
        let layout = layout_of(vm, args.at(0))?;
        iter_unpack(vm, &layout, args.at(1))
    },
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let format = vm.local(state(vm, args.at(0))?.format.get(&vm.heap));
    let format = vm.repr_text(format)?;
    let class = vm.heap.type_name(vm.get(args.at(0)));
    let class = class.rsplit('.').next().unwrap_or(class);
    Ok(vm.local(vm.heap.str_value(&format!("{class}({format})"))))
});

fn error(vm: &mut Vm, message: &str) -> Raised {
    raise_text(vm, &ERROR, message)
}

/// Packs a tuple of values.
fn pack_bytes(
    vm: &mut Vm,
    layout: &Layout,
    values: Local,
    function: &str,
) -> Result<Vec<u8>, Raised> {
    let values = spread(vm, values);
    if values.len() != layout.items.len() {
        let (wanted, got) = (layout.items.len(), values.len());
        let message = format!("{function} expected {wanted} items for packing (got {got})");
        return Err(error(vm, &message));
    }
    let mut out = Vec::new();
    if out.try_reserve(layout.size).is_err() {
        return Err(vm.heap.raise_with(Builtin::MemoryError, &[]));
    }
    for (item, value) in layout.items.iter().zip(values) {
        vm.heap.poll(1)?;
        out.resize(item.offset, 0);
        match item.letter {
            b's' | b'p' => pack_text(vm, &mut out, *item, value)?,
            _ => {
                let packed = pack(vm, &mut out, (item.letter, item.size), layout.order, value);
                match packed {
                    // The machine's conversion of a double that is too large is infinity.
                    Err(PackError::FloatTooLarge) if is_native_float(*item, layout) => {
                        let negative = vm.to_float(value)?.is_sign_negative();
                        let bits = f32::INFINITY.copysign(if negative { -1.0 } else { 1.0 });
                        out.extend_from_slice(&bits.to_ne_bytes());
                    }
                    packed => packed.map_err(|why| pack_error(vm, *item, why, value))?,
                }
            }
        }
    }
    out.resize(layout.size, 0);
    Ok(out)
}

fn is_native_float(item: Item, layout: &Layout) -> bool {
    item.letter == b'f' && layout.sizes == Sizes::Native
}

fn pack_text(vm: &mut Vm, out: &mut Vec<u8>, item: Item, value: Local) -> Result<(), Raised> {
    let object = vm.get(plain(vm, value));
    let is_bytes = object.is_gc::<Bytes>() || object.is_gc::<ByteArray>();
    let Some(text) = object.to_bytes().filter(|_| is_bytes) else {
        let letter = char::from(item.letter);
        let message = format!("argument for '{letter}' must be a bytes object");
        return Err(error(vm, &message));
    };
    let end = out.len() + item.count;
    if item.letter == b'p' && item.count > 0 {
        out.push(text.len().min(item.count - 1).min(255) as u8);
        out.extend_from_slice(&text[..text.len().min(item.count - 1)]);
    } else {
        out.extend_from_slice(&text[..text.len().min(item.count)]);
    }
    out.resize(end, 0);
    Ok(())
}

fn pack_error(vm: &mut Vm, item: Item, why: PackError, value: Local) -> Raised {
    let letter = char::from(item.letter);
    let (least, greatest) = range_of(item.letter, item.size);
    let message = match why {
        PackError::Raised(raised) => return raised,
        PackError::NotInteger => "required argument is not an integer".to_owned(),
        PackError::NotFloat => "required argument is not a float".to_owned(),
        PackError::NotByte => "char format requires a bytes object of length 1".to_owned(),
        PackError::FloatTooLarge if as_int(&vm.heap, vm.get(value)).is_some() => {
            "int too large to convert".to_owned()
        }
        PackError::FloatTooLarge => {
            let message = format!("float too large to pack with {letter} format");
            return vm.heap.raise(Builtin::OverflowError, message);
        }
        PackError::OutOfRange => {
            format!("'{letter}' format requires {least} <= number <= {greatest}")
        }
    };
    error(vm, &message)
}

fn pack_values(
    vm: &mut Vm,
    layout: &Layout,
    values: Local,
    function: &str,
) -> Result<Local, Raised> {
    let bytes = pack_bytes(vm, layout, values, function)?;
    Ok(vm.local(vm.heap.bytes(bytes).value()))
}

/// `pack_into`: buffer, offset, values.
fn pack_into(vm: &mut Vm, layout: &Layout, args: [Local; 3]) -> Result<Local, Raised> {
    let [buffer, offset, values] = args;
    let len = writable(vm, buffer)?;
    let offset = vm.index(offset)?;
    let at = start(vm, layout, len, offset, "pack_into")?;
    let bytes = pack_bytes(vm, layout, values, "pack_into")?;
    store_at(vm, buffer, at, &bytes)?;
    Ok(vm.none())
}

/// How many bytes fit into a buffer, in the words of this module.
fn writable(vm: &Vm, buffer: Local) -> Result<usize, Raised> {
    writable_len(vm, buffer).map_err(|raised| {
        if !vm.is_raised(&raised, Builtin::TypeError) {
            return raised;
        }
        vm.heap.take_raised(raised);
        let class = vm.heap.type_name(vm.get(buffer));
        vm.heap.type_error(format!(
            "pack_into() argument must be read-write bytes-like object, not {class}"
        ))
    })
}

/// Where to begin in a buffer, which must have room.
fn start(
    vm: &mut Vm,
    layout: &Layout,
    len: usize,
    offset: i64,
    function: &str,
) -> Result<usize, Raised> {
    let size = layout.size;
    let verb = if function == "pack_into" {
        "packing"
    } else {
        "unpacking"
    };
    if offset < 0 && offset + (len as i64) < 0 {
        let message = format!("offset {offset} out of range for {len}-byte buffer");
        return Err(error(vm, &message));
    }
    if offset < 0 && offset + size as i64 > 0 {
        let message = match verb {
            "packing" => format!("no space to pack {size} bytes at offset {offset}"),
            _ => format!("not enough data to unpack {size} bytes at offset {offset}"),
        };
        return Err(error(vm, &message));
    }
    let at = if offset < 0 {
        offset + len as i64
    } else {
        offset
    } as usize;
    if len < at || len - at < size {
        let message = format!(
            "{function} requires a buffer of at least {} bytes for {verb} {size} bytes at offset {at} (actual buffer size is {len})",
            at.saturating_add(size)
        );
        return Err(error(vm, &message));
    }
    Ok(at)
}

fn unpack_values(vm: &Vm, layout: &Layout, bytes: &[u8]) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let mut values: Vec<Value<'_>> = Vec::new();
    heap.grow_vec(&mut values, layout.items.len())?;
    for item in &layout.items {
        heap.poll(1)?;
        let piece = &bytes[item.offset..item.offset + item.size * item.count];
        values.push(match item.letter {
            b's' => heap.bytes(piece).value(),
            b'p' => {
                let len = piece.first().map_or(0, |&len| usize::from(len));
                let text = piece.get(1..).unwrap_or_default();
                heap.bytes(&text[..len.min(text.len())]).value()
            }
            letter => unpack(heap, letter, piece, layout.order),
        });
    }
    Ok(vm.local(heap.tuple(&values).value()))
}

fn unpack_exactly(vm: &mut Vm, layout: &Layout, buffer: Local) -> Result<Local, Raised> {
    let bytes = Buffer::arg(&vm.heap, vm.get(buffer))?;
    if bytes.len() != layout.size {
        let size = layout.size;
        drop(bytes);
        let message = format!("unpack requires a buffer of {size} bytes");
        return Err(error(vm, &message));
    }
    unpack_values(vm, layout, &bytes)
}

fn unpack_from(
    vm: &mut Vm,
    layout: &Layout,
    buffer: Local,
    offset: Local,
) -> Result<Local, Raised> {
    let offset = super::arg::vm_index_or(vm, offset, 0)?;
    let buffer = super::arg::exported(vm, buffer)?;
    let bytes = Buffer::copied(&vm.heap, vm.get(buffer))?;
    let at = start(vm, layout, bytes.len(), offset, "unpack_from")?;
    unpack_values(vm, layout, &bytes[at..at + layout.size])
}

fn iter_unpack(vm: &mut Vm, layout: &Layout, buffer: Local) -> Result<Local, Raised> {
    let buffer = super::arg::exported(vm, buffer)?;
    let bytes = Buffer::copied(&vm.heap, vm.get(buffer))?;
    if layout.size == 0 {
        return Err(error(
            vm,
            "cannot iteratively unpack with a struct of length 0",
        ));
    }
    if bytes.len() % layout.size != 0 {
        let message = format!(
            "iterative unpacking requires a buffer of a multiple of {} bytes",
            layout.size
        );
        return Err(error(vm, &message));
    }
    let mut rows = Vec::new();
    for piece in bytes.chunks_exact(layout.size) {
        rows.push(unpack_values(vm, layout, piece)?);
        vm.native_safepoint()?;
    }
    let rows = rows.iter().map(|&row| vm.get(row));
    let rows = vm.local(vm.heap.list(rows).value());
    vm.iter(rows)
}
