//! `io.BytesIO`: a stream of bytes in memory.
//!
//! The position may be beyond the end; a write there fills the gap with zeros. `getbuffer` returns a view of the bytes themselves; one of
//! a stream that has become shorter ends with zeros.

use std::cell::{Cell, RefCell};

use super::base::BUFFERED_IO_BASE;
use super::buffer_arg::{store_into, writable_len};
use super::stream_state::{position_part, set_attributes, state_parts};
use super::{closed_error, opaque, payload, size_arg};
use crate::runtime::heap::traced;
use crate::runtime::list::List;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::arg::{Buffer, vm_index_or};
use crate::stdlib::registry::{Getter, ModuleType, NativeType, class_of};
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The most bytes that a stream may have.
const MAX_SIZE: usize = 1 << 40;

/// `io.BytesIO`.
pub const BYTES_IO: ModuleType = ModuleType {
    name: "_io.BytesIO",
    module: "_io",
    body: NativeType {
        base: Some(&BUFFERED_IO_BASE),
        new: Some(&NEW),
        methods: &[
            &INIT, &READ, &READ1, &READINTO, &READLINE, &READLINES, &NEXT, &WRITE, &SEEK, &TELL,
            &TRUNCATE, &GETVALUE, &CLOSE, &SEEKABLE, &READABLE, &WRITABLE, &ISATTY, &FLUSH,
            &GETBUFFER, &GETSTATE, &SETSTATE,
        ],
        getters: &[Getter::vm(
            "closed",
            "Whether the stream was closed.",
            |vm, args| {
                let closed = payload::<BytesState>(vm, args.at(0))?.closed.get();
                Ok(vm.local(Value::bool(closed)))
            },
        )],
        ..NativeType::of(
            Builtin::Opaque,
            "Buffered I/O implementation using an in-memory bytes buffer.",
        )
    },
};

#[derive(Default)]
struct BytesState {
    data: RefCell<Vec<u8>>,
    at: Cell<usize>,
    closed: Cell<bool>,
    exact: bool,
}

traced!(BytesState {} plain { data, at, closed, exact } owns |this| this.data.borrow().capacity());

impl Payload for BytesState {
    fn storage(&self) -> Option<&RefCell<Vec<u8>>> {
        Some(&self.data)
    }
}

impl BytesState {
    /// Takes up to `count` bytes from the position on.
    fn take<'h>(&self, heap: &'h Heap, count: usize) -> Value<'h> {
        let data = self.data.borrow();
        let at = self.at.get().min(data.len());
        let end = data.len().min(at.saturating_add(count));
        if end > at {
            self.at.set(end);
        }
        heap.bytes(&data[at..end]).value()
    }

    /// How long the next line is.
    fn line_len(&self) -> usize {
        let data = self.data.borrow();
        let rest = data.get(self.at.get()..).unwrap_or_default();
        memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1)
    }

    fn write(&self, vm: &Vm, bytes: &[u8]) -> Result<(), Raised> {
        let mut data = self.data.borrow_mut();
        let (at, end) = (self.at.get(), self.at.get().saturating_add(bytes.len()));
        if bytes.is_empty() {
            return Ok(());
        }
        let more = end.saturating_sub(data.len());
        if end > MAX_SIZE {
            return Err(vm.heap.memory_error());
        }
        vm.heap.grow_vec(&mut data, more)?;
        vm.heap.charge(more);
        if end > data.len() {
            data.resize(end, 0);
        }
        data[at..end].copy_from_slice(bytes);
        self.at.set(end);
        Ok(())
    }
}

fn open_state(vm: &Vm, args: Locals) -> Result<&BytesState, Raised> {
    let state = payload::<BytesState>(vm, args.at(0))?;
    if state.closed.get() {
        return Err(closed_error(vm));
    }
    Ok(state)
}

const NEW: Native = Native::vm(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    |vm, args| {
        let class: Gc<'_, crate::runtime::class::Class> =
            vm.get_gc(args.at(0)).expect("`__new__` gets the class");
        let exact = class.name(&vm.heap).as_str() == BYTES_IO.name;
        let state = BytesState {
            exact,
            ..BytesState::default()
        };
        opaque(vm, args.at(0), state)
    },
);
const INIT: Native = Native::vm(
    "__init__(self, initial_bytes=b'')",
    "Begin with these bytes, at position 0.",
    |vm, args| {
        let initial = vm.get(args.at(1));
        let data = match initial.is_undef() || initial.is_none() {
            true => Vec::new(),
            false => Buffer::copied(&vm.heap, initial)?,
        };
        let state = payload::<BytesState>(vm, args.at(0))?;
        vm.heap.charge(data.len());
        *state.data.borrow_mut() = data;
        state.at.set(0);
        state.closed.set(false);
        Ok(vm.none())
    },
);
const READ: Native = Native::vm(
    "read(self, size=-1, /)",
    "Read up to size bytes, or all that are left if size is negative or None.",
    read,
);
const READ1: Native = Native::vm("read1(self, size=-1, /)", "The same as read.", read);
const READINTO: Native = Native::vm(
    "readinto(self, buffer, /)",
    "Read into a buffer; the number of bytes.",
    |vm, args| {
        open_state(vm, args)?;
        let len = writable_len(vm, args.at(1))?;
        let data = open_state(vm, args)?.take(&vm.heap, len);
        let data = data.to_bytes().unwrap_or_default();
        store_into(vm, args.at(1), &data)?;
        Ok(vm.local(vm.heap.usize(data.len())))
    },
);
const READLINE: Native = Native::vm(
    "readline(self, size=-1, /)",
    "Read a line, of at most size bytes unless that is negative.",
    |vm, args| {
        let size = size_arg(vm, args.at(1))?;
        let state = open_state(vm, args)?;
        let len = state
            .line_len()
            .min(usize::try_from(size).unwrap_or(usize::MAX));
        Ok(vm.local(state.take(&vm.heap, len)))
    },
);
const NEXT: Native = Native::vm("__next__(self, /)", "Implement next(self).", |vm, args| {
    let state = open_state(vm, args)?;
    match state.line_len() {
        0 => Err(vm.heap.raise_with(Builtin::StopIteration, &[])),
        len => Ok(vm.local(state.take(&vm.heap, len))),
    }
})
.quick(quick_next);
const READLINES: Native = Native::vm(
    "readlines(self, size=None, /)",
    "The lines from the position on; of a size that is given, until they have as many bytes.",
    |vm, args| {
        let size = size_arg(vm, args.at(1))?;
        let limit = usize::try_from(size).ok().filter(|&limit| limit > 0);
        let lines = vm.local(vm.heap.list([]).value());
        let mut read = 0;
        loop {
            let state = open_state(vm, args)?;
            let len = state.line_len();
            if len == 0 || limit.is_some_and(|limit| read >= limit) {
                return Ok(lines);
            }
            let line = state.take(&vm.heap, len);
            let list: Gc<'_, List> = vm.get_gc(lines).expect("it was just made");
            list.push(&vm.heap, line)?;
            read += len;
            vm.native_safepoint()?;
        }
    },
);
const WRITE: Native = Native::vm(
    "write(self, data, /)",
    "Write bytes at the position; their number.",
    |vm, args| {
        open_state(vm, args)?;
        let data = Buffer::copied(&vm.heap, vm.get(args.at(1)))?;
        open_state(vm, args)?.write(vm, &data)?;
        Ok(vm.local(vm.heap.usize(data.len())))
    },
);
const SEEK: Native = Native::vm(
    "seek(self, offset, whence=0, /)",
    "Move the position: from the start (0), from here (1) or from the end (2).",
    seek,
);
const TELL: Native = Native::vm("tell(self, /)", "The position.", |vm, args| {
    let at = open_state(vm, args)?.at.get();
    Ok(vm.local(vm.heap.usize(at)))
});
const TRUNCATE: Native = Native::vm(
    "truncate(self, size=None, /)",
    "Cut the bytes off, by default at the position.",
    |vm, args| {
        open_state(vm, args)?;
        let value = vm.get(args.at(1));
        let size = match value.is_undef() || value.is_none() {
            true => open_state(vm, args)?.at.get() as i64,
            false => vm.index(args.at(1))?,
        };
        let Ok(len) = usize::try_from(size) else {
            let message = format!("negative size value {size}");
            return Err(vm.heap.value_error(message));
        };
        open_state(vm, args)?.data.borrow_mut().truncate(len);
        Ok(vm.local(vm.heap.int(size)))
    },
);
const GETVALUE: Native = Native::vm(
    "getvalue(self, /)",
    "All bytes, wherever the position is.",
    |vm, args| {
        let state = open_state(vm, args)?;
        let data = state.data.borrow();
        Ok(vm.local(vm.heap.bytes(&data[..]).value()))
    },
);
const CLOSE: Native = Native::vm("close(self, /)", "Forget the bytes.", |vm, args| {
    let state = payload::<BytesState>(vm, args.at(0))?;
    state.closed.set(true);
    state.data.take();
    Ok(vm.none())
});
const GETBUFFER: Native = Native::vm(
    "getbuffer(self, /)",
    "A view of the bytes, through which they can be changed.",
    |vm, args| {
        open_state(vm, args)?;
        Ok(crate::stdlib::memoryview::of_storage(vm, args.at(0)))
    },
);
const GETSTATE: Native = Native::vm(
    "__getstate__(self, /)",
    "The bytes, the position, and the attributes or None.",
    |vm, args| {
        let value = vm.call_method(args.at(0), "getvalue", &[])?;
        let at = open_state(vm, args)?.at.get();
        let at = vm.local(vm.heap.usize(at));
        let attributes = crate::stdlib::reduce::state(vm, args.at(0))?;
        Ok(vm.tuple_of(&[value, at, attributes]))
    },
);
const SETSTATE: Native = Native::vm(
    "__setstate__(self, state, /)",
    "Become what __getstate__ returned.",
    |vm, args| {
        let parts = state_parts(vm, args, 3)?;
        // Not by the `__init__` of a subclass, whose arguments are others.
        let class = class_of(vm, &BYTES_IO);
        vm.call_method(class, "__init__", &[args.at(0), parts[0]])?;
        let at = position_part(vm, parts[1], "second item of state must be an integer, not")?;
        payload::<BytesState>(vm, args.at(0))?.at.set(at);
        set_attributes(vm, args.at(0), parts[2], "third")
    },
);
const SEEKABLE: Native = Native::vm("seekable(self, /)", "True while it is open.", yes);
const READABLE: Native = Native::vm("readable(self, /)", "True while it is open.", yes);
const WRITABLE: Native = Native::vm("writable(self, /)", "True while it is open.", yes);
const ISATTY: Native = Native::vm("isatty(self, /)", "False while it is open.", |vm, args| {
    open_state(vm, args)?;
    Ok(vm.local(Value::FALSE))
});
const FLUSH: Native = Native::vm("flush(self, /)", "Does nothing.", |vm, args| {
    open_state(vm, args)?;
    Ok(vm.none())
});

fn yes(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    open_state(vm, args)?;
    Ok(vm.local(Value::TRUE))
}

fn read(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let size = size_arg(vm, args.at(1))?;
    let state = open_state(vm, args)?;
    let data = state.take(&vm.heap, usize::try_from(size).unwrap_or(usize::MAX));
    Ok(vm.local(data))
}

/// `next` where the class is the native one.
fn quick_next<'h>(heap: &'h Heap, args: Args<'h>) -> Option<Value<'h>> {
    let state = args.get(0).as_gc::<Opaque>()?.payload::<BytesState>()?;
    let len = state.line_len();
    if !state.exact || len == 0 {
        return None;
    }
    Some(state.take(heap, len))
}

fn seek(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let offset = vm.index(args.at(1))?;
    let whence = vm_index_or(vm, args.at(2), 0)?;
    let state = open_state(vm, args)?;
    let base = match whence {
        0 if offset < 0 => {
            let message = format!("negative seek value {offset}");
            return Err(vm.heap.value_error(message));
        }
        0 => 0,
        1 => state.at.get() as i64,
        2 => state.data.borrow().len() as i64,
        _ => {
            let message = format!("invalid whence ({whence}, should be 0, 1 or 2)");
            return Err(vm.heap.value_error(message));
        }
    };
    let Some(at) = base.checked_add(offset) else {
        return Err(vm
            .heap
            .raise(Builtin::OverflowError, "new position too large"));
    };
    let at = at.max(0);
    state.at.set(at as usize);
    Ok(vm.local(vm.heap.int(at)))
}
