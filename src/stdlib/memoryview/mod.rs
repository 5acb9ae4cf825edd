//! `memoryview`: a window on the bytes of another object, with a format, a shape and strides.
//!
//! A view holds its owner and where its items are; the bytes stay the owner's and are borrowed only while no user code runs. Slices, casts
//! and read-only views are new views of the same owner. Items: `stdlib/packing.rs`. The class and its attributes are here, reading and
//! writing in `items.rs`, casts in `cast.rs`.

mod cast;
mod items;

use std::cell::Cell;

use smallvec::{SmallVec, smallvec};

use crate::runtime::array::Array;
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Heap, Raised, Slot, Value};
use crate::stdlib::arg::plain_value;
use crate::stdlib::registry::{Getter, ModuleType, NativeType, class_of};
use crate::vm::{Local, Native, Vm};

/// The class.
pub const MEMORYVIEW: ModuleType = ModuleType {
    name: "memoryview",
    module: "builtins",
    body: NativeType {
        is_final: true,
        new: Some(&NEW),
        methods: &[
            &items::GETITEM,
            &items::SETITEM,
            &items::DELITEM,
            &items::LEN,
            &items::ITER,
            &items::EQ,
            &items::NE,
            &items::HASH,
            &items::TOBYTES,
            &items::TOLIST,
            &items::HEX,
            &cast::CAST,
            &TOREADONLY,
            &RELEASE,
            &ENTER,
            &EXIT,
            &REPR,
        ],
        getters: &[
            Getter::vm("obj", "The object whose bytes are seen.", |vm, args| {
                Ok(vm.local(view(vm, args.at(0))?.owner.get(&vm.heap)))
            }),
            Getter::vm("nbytes", "How many bytes the items take.", |vm, args| {
                let count = view(vm, args.at(0))?.byte_len();
                Ok(vm.local(vm.heap.usize(count)))
            }),
            Getter::vm("readonly", "Whether it cannot be written.", |vm, args| {
                let readonly = view(vm, args.at(0))?.readonly;
                Ok(vm.local(Value::bool(readonly)))
            }),
            Getter::vm("itemsize", "How many bytes an item takes.", |vm, args| {
                let size = view(vm, args.at(0))?.itemsize;
                Ok(vm.local(vm.heap.usize(size)))
            }),
            Getter::vm(
                "format",
                "The letter of the items, as in struct.",
                |vm, args| {
                    let view = view(vm, args.at(0))?;
                    Ok(vm.local(vm.heap.str_value(&view.format.text())))
                },
            ),
            Getter::vm("ndim", "The number of dimensions.", |vm, args| {
                let count = view(vm, args.at(0))?.shape.len();
                Ok(vm.local(vm.heap.usize(count)))
            }),
            Getter::vm("shape", "The length of each dimension.", |vm, args| {
                let shape = view(vm, args.at(0))?.shape.clone();
                let shape: Vec<Value<'_>> = shape.iter().map(|&n| vm.heap.usize(n)).collect();
                Ok(vm.local(vm.heap.tuple(&shape).value()))
            }),
            Getter::vm(
                "strides",
                "The bytes from one item to the next, for each dimension.",
                |vm, args| {
                    let strides = view(vm, args.at(0))?.strides.clone();
                    let strides: Vec<Value<'_>> = strides.iter().map(|&n| vm.heap.int(n)).collect();
                    Ok(vm.local(vm.heap.tuple(&strides).value()))
                },
            ),
            Getter::vm("suboffsets", "An empty tuple.", |vm, args| {
                view(vm, args.at(0))?;
                Ok(vm.local(vm.heap.tuple(&[]).value()))
            }),
            Getter::vm(
                "c_contiguous",
                "Whether the items stand in a row.",
                contiguous,
            ),
            Getter::vm(
                "f_contiguous",
                "Whether the items stand in a row, the first dimension fastest.",
                |vm, args| {
                    let view = view(vm, args.at(0))?;
                    let row =
                        view.is_contiguous() && view.shape.iter().filter(|&&n| n != 1).count() <= 1;
                    Ok(vm.local(Value::bool(row)))
                },
            ),
            Getter::vm(
                "contiguous",
                "Whether the items stand in a row.",
                contiguous,
            ),
        ],
        ..NativeType::of(
            Builtin::Opaque,
            "Create a new memoryview object which references the given object.",
        )
    },
};

/// What an item is: a letter of `struct`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Format {
    letter: u8,
    /// Whether it is written with `@` before it.
    is_marked: bool,
}

impl Format {
    fn of(letter: u8) -> Format {
        Format {
            letter,
            is_marked: false,
        }
    }

    fn text(self) -> String {
        let mark = if self.is_marked { "@" } else { "" };
        format!("{mark}{}", char::from(self.letter))
    }
}

/// A window on an object's bytes.
pub struct View {
    /// The object.
    owner: Slot,
    /// Where the first item begins.
    offset: i64,
    shape: SmallVec<[usize; 2]>,
    strides: SmallVec<[i64; 2]>,
    format: Format,
    itemsize: usize,
    readonly: bool,
    released: Cell<bool>,
    /// The hash of its bytes, once it was asked.
    hash: Cell<Option<i64>>,
}

traced!(View { owner } plain { offset, shape, strides, format, itemsize, readonly, released, hash });

impl Payload for View {
    fn exported(&self, heap: &Heap) -> Option<Vec<u8>> {
        (!self.released.get()).then(|| exported_bytes(self, heap))
    }

    fn try_exported(&self, heap: &Heap) -> Result<Option<Vec<u8>>, Raised> {
        match self.released.get() {
            true => Ok(None),
            false => self.bytes(heap).map(Some),
        }
    }

    fn is_sequence(&self) -> bool {
        true
    }
}

impl View {
    fn over(owner: Value<'_>, len: usize, readonly: bool) -> View {
        View {
            owner: Slot::new(owner),
            offset: 0,
            shape: smallvec![len],
            strides: smallvec![1],
            format: Format::of(b'B'),
            itemsize: 1,
            readonly,
            released: Cell::new(false),
            hash: Cell::new(None),
        }
    }

    /// A view of an array of the module `array`, with its format; characters have the one that no view reads.
    fn over_array(owner: Value<'_>) -> Option<View> {
        let array = owner.as_gc::<Opaque>()?.payload::<Array>()?;
        let (code, itemsize) = (array.code(), array.item_size());
        let len = array.storage()?.borrow().len();
        let code = if code == b'u' { b'w' } else { code };
        Some(View {
            shape: smallvec![len / itemsize],
            strides: smallvec![itemsize as i64],
            format: Format::of(code),
            itemsize,
            ..View::over(owner, len, false)
        })
    }

    /// Another view of the same owner.
    fn again(&self, heap: &Heap) -> View {
        View {
            owner: Slot::new(self.owner.get(heap)),
            offset: self.offset,
            shape: self.shape.clone(),
            strides: self.strides.clone(),
            format: self.format,
            itemsize: self.itemsize,
            readonly: self.readonly,
            released: Cell::new(false),
            hash: Cell::new(None),
        }
    }

    fn letter(&self) -> u8 {
        self.format.letter
    }

    fn items(&self) -> usize {
        self.shape.iter().product()
    }

    fn byte_len(&self) -> usize {
        self.items() * self.itemsize
    }

    fn is_contiguous(&self) -> bool {
        let mut stride = self.itemsize as i64;
        for (&len, &step) in self.shape.iter().zip(&self.strides).rev() {
            if len > 1 && step != stride {
                return false;
            }
            stride *= len as i64;
        }
        true
    }

    /// Where each item begins, in order.
    fn offsets(&self) -> impl Iterator<Item = i64> + '_ {
        let mut at = self.offset;
        let mut index = vec![0; self.shape.len()];
        (0..self.items()).map(move |_| {
            let here = at;
            // The index of the next item: the last dimension runs fastest.
            for (dimension, n) in index.iter_mut().enumerate().rev() {
                let stride = self.strides[dimension];
                *n += 1;
                at += stride;
                if *n < self.shape[dimension] {
                    break;
                }
                at -= *n as i64 * stride;
                *n = 0;
            }
            here
        })
    }

    /// The bytes of all items, in order. An owner that became shorter has zeros.
    ///
    /// # Errors
    /// MemoryError, KeyboardInterrupt.
    pub fn bytes(&self, heap: &Heap) -> Result<Vec<u8>, Raised> {
        self.gather(heap, |items| heap.poll(items))
    }

    fn gather(
        &self,
        heap: &Heap,
        pause: impl Fn(usize) -> Result<(), Raised>,
    ) -> Result<Vec<u8>, Raised> {
        let mut bytes = Vec::new();
        if !heap.fits(self.byte_len()) || bytes.try_reserve_exact(self.byte_len()).is_err() {
            return Err(heap.memory_error());
        }
        with_bytes(heap, self.owner.get(heap), |data| {
            let piece = |at: i64, len: usize| {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                let end = at.saturating_add(len);
                data.get(at..end).unwrap_or_default()
            };
            if self.is_contiguous() {
                for part in piece(self.offset, self.byte_len()).chunks(PIECE) {
                    pause(part.len() / size_of::<u64>())?;
                    bytes.extend_from_slice(part);
                }
                return Ok(());
            }
            for at in self.offsets() {
                pause(1)?;
                bytes.extend_from_slice(piece(at, self.itemsize));
            }
            Ok(())
        })?;
        Ok(bytes)
    }

    /// Writes bytes over the items from the first on.
    pub fn store(&self, heap: &Heap, bytes: &[u8]) {
        with_bytes_mut(heap, self.owner.get(heap), |data| {
            let start = usize::try_from(self.offset).unwrap_or(usize::MAX);
            if self.is_contiguous()
                && let Some(room) = data.get_mut(start..start.saturating_add(bytes.len()))
            {
                room.copy_from_slice(bytes);
                return;
            }
            for (at, piece) in self.offsets().zip(bytes.chunks(self.itemsize.max(1))) {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                if let Some(room) = data.get_mut(at..at.saturating_add(piece.len())) {
                    room.copy_from_slice(piece);
                }
            }
        });
    }

    /// How many bytes there are, if they can be written.
    pub fn writable_len(&self) -> Option<usize> {
        (!self.readonly && !self.released.get()).then(|| self.byte_len())
    }

    /// Whether the view was released.
    pub fn is_released(&self) -> bool {
        self.released.get()
    }
}

/// The bytes of a view where nothing can be raised: without memory none, and MemoryError at the next safepoint.
pub fn exported_bytes(view: &View, heap: &Heap) -> Vec<u8> {
    view.gather(heap, |_| Ok(())).unwrap_or_else(|raised| {
        heap.raise_later(raised);
        Vec::new()
    })
}

/// How many bytes are copied between two looks at the outside.
const PIECE: usize = 1 << 20;

/// Looks at the bytes of an owner.
fn with_bytes<T>(heap: &Heap, owner: Value<'_>, look: impl FnOnce(&[u8]) -> T) -> T {
    let owner = plain_value(heap, owner);
    if let Some(bytes) = owner.as_gc::<Bytes>() {
        return look(bytes.get().as_slice());
    }
    if let Some(array) = owner.as_gc::<ByteArray>() {
        return look(&array.get().read(heap));
    }
    match owner.as_gc::<Opaque>().and_then(|owner| owner.storage()) {
        Some(storage) => look(&storage.borrow()),
        None => look(&[]),
    }
}

fn with_bytes_mut(heap: &Heap, owner: Value<'_>, change: impl FnOnce(&mut [u8])) {
    let owner = plain_value(heap, owner);
    if let Some(array) = owner.as_gc::<ByteArray>() {
        change(&mut array.get().write(heap));
    } else if let Some(storage) = owner.as_gc::<Opaque>().and_then(|owner| owner.storage()) {
        change(&mut storage.borrow_mut());
    }
}

/// A view of the bytes that an object keeps, which can be written.
pub fn of_storage(vm: &mut Vm, owner: Local) -> Local {
    let class = class_of(vm, &MEMORYVIEW);
    let storage = vm.get_gc::<Opaque>(owner).and_then(|owner| owner.storage());
    let len = storage.map_or(0, |storage| storage.borrow().len());
    let view = View::over(vm.get(owner), len, false);
    vm.new_opaque(class, view)
}

/// A view of an array.
pub fn of_array(vm: &mut Vm, owner: Local) -> Local {
    let class = class_of(vm, &MEMORYVIEW);
    match View::over_array(vm.get(owner)) {
        Some(view) => vm.new_opaque(class, view),
        None => vm.none(),
    }
}

/// The view that a value is, released or not.
pub fn try_view<'h>(value: Value<'h>) -> Option<&'h View> {
    value.as_gc::<Opaque>()?.payload()
}

/// The view that a receiver is; ValueError if it was released.
fn view(vm: &Vm, this: Local) -> Result<&View, Raised> {
    let Some(view) = try_view(vm.get(this)) else {
        let class = vm.heap.type_name(vm.get(this));
        let message = format!("descriptor requires a 'memoryview' object but received a '{class}'");
        return Err(vm.heap.type_error(message));
    };
    if view.released.get() {
        return Err(released(&vm.heap));
    }
    Ok(view)
}

/// ValueError: the view was released.
#[cold]
pub fn released(heap: &Heap) -> Raised {
    heap.value_error("operation forbidden on released memoryview object")
}

/// An object around a view, of the same class as another one.
fn object(vm: &Vm, like: Local, view: View) -> Local {
    let class = vm.heap.class_of(vm.get(like));
    vm.local(vm.heap.opaque(class, view).value())
}

const NEW: Native = Native::vm(
    "memoryview(cls, /, object)",
    "A view of the bytes of an object.",
    |vm, args| {
        let value = vm.get(args.at(1));
        let view = match (try_view(value), plain_value(&vm.heap, value)) {
            (Some(view), _) if view.released.get() => return Err(released(&vm.heap)),
            (Some(view), _) => view.again(&vm.heap),
            (None, plain) => {
                let bytes = plain.as_gc::<Bytes>().map(|bytes| bytes.as_slice().len());
                let array = plain.as_gc::<ByteArray>();
                if let Some(view) = View::over_array(vm.get(args.at(1))) {
                    return Ok(vm.new_opaque(args.at(0), view));
                }
                match (bytes, array) {
                    (Some(len), _) => View::over(value, len, true),
                    (_, Some(array)) => View::over(value, array.len(&vm.heap), false),
                    _ => return from_method(vm, args.at(1)),
                }
            }
        };
        Ok(vm.new_opaque(args.at(0), view))
    },
);
const TOREADONLY: Native = Native::vm(
    "toreadonly(self, /)",
    "The same view, not to be written.",
    |vm, args| {
        let mut again = view(vm, args.at(0))?.again(&vm.heap);
        again.readonly = true;
        Ok(object(vm, args.at(0), again))
    },
);
const RELEASE: Native = Native::vm(
    "release(self, /)",
    "Let go of the object; the view cannot be used any more.",
    |vm, args| {
        if let Some(view) = try_view(vm.get(args.at(0))) {
            view.released.set(true);
        }
        Ok(vm.none())
    },
);
const ENTER: Native = Native::vm("__enter__(self, /)", "The view itself.", |vm, args| {
    view(vm, args.at(0))?;
    Ok(args.at(0))
});
const EXIT: Native = Native::vm(
    "__exit__(self, /, *args)",
    "Release the view.",
    |vm, args| vm.call_method(args.at(0), "release", &[]),
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let kind = match try_view(vm.get(args.at(0))) {
        Some(view) if view.released.get() => "released memory",
        _ => "memory",
    };
    let object = vm.local(vm.heap.types.class(&vm.heap, Builtin::Object).value());
    let text = vm.call_method(object, "__repr__", &[args.at(0)])?;
    let text = vm.text_of(text)?;
    let address = text.rsplit(" at ").next().unwrap_or("0x0>").to_owned();
    Ok(vm.local(vm.heap.str_value(&format!("<{kind} at {address}"))))
});

fn contiguous(vm: &mut Vm, args: crate::vm::Locals) -> Result<Local, Raised> {
    let row = view(vm, args.at(0))?.is_contiguous();
    Ok(vm.local(Value::bool(row)))
}

/// A view by the object's own `__buffer__`.
fn from_method(vm: &mut Vm, object: Local) -> Result<Local, Raised> {
    if let Some(method) = vm.find_attr(object, "__buffer__")? {
        let flags = vm.local(Value::small_int(0));
        let made = vm.call(method, &[flags])?;
        if try_view(vm.get(made)).is_some() {
            return Ok(made);
        }
        return Err(vm
            .heap
            .type_error("__buffer__ returned non-memoryview object"));
    }
    let class = vm.heap.type_name(vm.get(object));
    let message = format!("memoryview: a bytes-like object is required, not '{class}'");
    Err(vm.heap.type_error(message))
}
