//! `PickleBuffer`: a view of an object's bytes that protocol 5 may keep out of a pickle.
//!
//! It holds a memoryview, which checks and copies; `release` lets go of it.

use std::cell::Cell;

use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::stdlib::memoryview::{MEMORYVIEW, exported_bytes, try_view};
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::{Local, Native, Vm};

struct PickleBuffer {
    /// A memoryview.
    view: Slot,
    is_released: Cell<bool>,
}

traced!(PickleBuffer { view } plain { is_released });

impl Payload for PickleBuffer {
    fn exported(&self, heap: &crate::runtime::Heap) -> Option<Vec<u8>> {
        let view = try_view(self.view.get(heap))?;
        (!self.is_released.get()).then(|| exported_bytes(view, heap))
    }
}

/// The class.
pub const PICKLE_BUFFER: ModuleType = ModuleType {
    name: "pickle.PickleBuffer",
    module: "pickle",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&RAW, &RELEASE, &BUFFER],
        ..NativeType::of(
            Builtin::Opaque,
            "A buffer whose bytes protocol 5 may keep out of the data: see buffer_callback and buffers.",
        )
    },
};

const NEW: Native = Native::vm(
    "PickleBuffer(cls, object, /)",
    "A view of the bytes of an object. Raises TypeError if it has none.",
    |vm, args| {
        let class = class_of(vm, &MEMORYVIEW);
        let view = match vm.find_payload::<PickleBuffer>(args.at(1)).is_some() {
            true => view(vm, args.at(1))?,
            false => args.at(1),
        };
        if crate::stdlib::arg::Buffer::of(&vm.heap, vm.get(view)).is_none() {
            let name = vm.heap.type_name(vm.get(view));
            let message = format!("a bytes-like object is required, not '{name}'");
            return Err(vm.heap.type_error(message));
        }
        let view = vm.call(class, &[view])?;
        let made = PickleBuffer {
            view: Slot::new(vm.get(view)),
            is_released: Cell::new(false),
        };
        Ok(vm.new_opaque(args.at(0), made))
    },
);

const RAW: Native = Native::vm(
    "raw(self, /)",
    "Return the bytes as a memoryview of one dimension. Raises BufferError if they are not contiguous.",
    |vm, args| {
        let view = view(vm, args.at(0))?;
        if !is_true(vm, view, "contiguous")? {
            let message = "cannot extract raw buffer from non-contiguous buffer";
            return Err(vm.heap.raise(Builtin::BufferError, message));
        }
        let format = vm.local(vm.heap.intern("B").value());
        if is_true(vm, view, "f_contiguous")? && !is_true(vm, view, "c_contiguous")? {
            let data = bytes(vm, args.at(0))?;
            let data = vm.local(vm.heap.bytes(data).value());
            let class = class_of(vm, &MEMORYVIEW);
            return vm.call(class, &[data]);
        }
        vm.call_method(view, "cast", &[format])
    },
);

const RELEASE: Native = Native::vm("release(self, /)", "Let go of the buffer.", |vm, args| {
    let this: &PickleBuffer = vm.payload(args.at(0));
    if !this.is_released.replace(true) {
        let view = vm.local(this.view.get(&vm.heap));
        this.view.set(Value::NONE);
        vm.call_method(view, "release", &[])?;
    }
    Ok(vm.none())
});

const BUFFER: Native = Native::vm(
    "__buffer__(self, flags, /)",
    "Return a buffer object that exposes the underlying memory of the object.",
    |vm, args| view(vm, args.at(0)),
);

/// The memoryview of a buffer; ValueError if it was released.
fn view(vm: &Vm, this: Local) -> Result<Local, Raised> {
    let this: &PickleBuffer = vm.payload(this);
    if this.is_released.get() {
        let message = "operation forbidden on released PickleBuffer object";
        return Err(vm.heap.value_error(message));
    }
    Ok(vm.local(this.view.get(&vm.heap)))
}

fn is_true(vm: &mut Vm, view: Local, name: &str) -> Result<bool, Raised> {
    let value = vm.get_attr_named(view, name)?;
    vm.truth(value)
}

/// Whether an object is a PickleBuffer.
pub fn is_buffer(vm: &Vm, object: Local) -> bool {
    vm.find_payload::<PickleBuffer>(object).is_some()
}

/// The facts of a buffer that pickling needs.
pub struct Seen {
    pub is_contiguous: bool,
    pub is_readonly: bool,
}

/// Looks at a buffer.
///
/// # Errors
/// ValueError if it was released.
pub fn look(vm: &mut Vm, object: Local) -> Result<Seen, Raised> {
    let view = view(vm, object)?;
    Ok(Seen {
        is_contiguous: is_true(vm, view, "contiguous")?,
        is_readonly: is_true(vm, view, "readonly")?,
    })
}

/// A copy of the bytes of a buffer, as they lie.
///
/// # Errors
/// ValueError if it was released.
pub fn bytes(vm: &mut Vm, object: Local) -> Result<Vec<u8>, Raised> {
    let view = view(vm, object)?;
    let order = vm.local(vm.heap.intern("A").value());
    let data = vm.call_method(view, "tobytes", &[order])?;
    crate::stdlib::arg::Buffer::copied(&vm.heap, vm.get(data))
}
