//! `io.BufferedReader`, `BufferedWriter` and `BufferedRandom`: bytes with a buffer in front of a raw stream.
//!
//! One state serves the three: what was read ahead, and a sink of what is not yet written; at most one of them holds bytes. Where the
//! raw stream is exactly a `FileIO` the system's file is used directly, else its methods are called.

mod transfer;

use std::cell::{Cell, RefCell};
use std::io::SeekFrom;
use std::rc::Rc;
use std::sync::Arc;

use self::transfer::{
    ask, fill, read_everything, read_exactly, read_line, read_once, read_up_to, rewind, seek_raw,
    tell, write_bytes, write_pending,
};
use super::buffer_arg::{store_into, writable_len};
use super::file_io;
use super::sink::{IoState, Sink};
use super::{
    DEFAULT_BUFFER_SIZE, after, class_prefix, opaque, payload, shown_attr, size_arg, unsupported,
};
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Heap, Raised, Slot, Value};
use crate::stdlib::arg::{Buffer, as_str, vm_index_or};
use crate::stdlib::io::base::BUFFERED_IO_BASE;
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::vm::files::OpenFile;
use crate::vm::{Args, Local, Locals, Native, Vm};

macro_rules! buffered_type {
    ($constant:ident, $name:literal, $init:ident, $doc:literal, [$($method:ident),*]) => {
        #[doc = concat!("`io.", $name, "`.")]
        pub const $constant: ModuleType = ModuleType {
            name: concat!("_io.", $name),
            module: "_io",
            body: NativeType {
                base: Some(&BUFFERED_IO_BASE),
                new: Some(&NEW),
                methods: &[
                    &$init, $(&$method,)* &SEEK, &TELL, &CLOSE, &DETACH, &SEEKABLE,
                    &FILENO, &ISATTY, &REPR,
                ],
                getters: GETTERS,
                ..NativeType::of(Builtin::Opaque, $doc)
            },
        };
    };
}

buffered_type!(
    BUFFERED_READER,
    "BufferedReader",
    INIT_READER,
    "A buffer for a readable, sequential raw stream.",
    [
        READ,
        READ1,
        PEEK,
        READINTO,
        READINTO1,
        READLINE,
        NEXT,
        FLUSH_READER,
        READABLE
    ]
);
buffered_type!(
    BUFFERED_WRITER,
    "BufferedWriter",
    INIT_WRITER,
    "A buffer for a writeable, sequential raw stream.",
    [WRITE, FLUSH, WRITABLE, TRUNCATE]
);
buffered_type!(
    BUFFERED_RANDOM,
    "BufferedRandom",
    INIT_RANDOM,
    "A buffer for a raw stream that can be read, written and positioned.",
    [
        READ, READ1, PEEK, READINTO, READINTO1, READLINE, NEXT, WRITE, FLUSH, READABLE, WRITABLE,
        TRUNCATE
    ]
);

const GETTERS: &[Getter] = &[
    Getter::vm("raw", "The raw stream.", |vm, args| {
        let raw = raw(vm, args.at(0))?;
        Ok(raw)
    }),
    Getter::vm("closed", "Whether the raw stream is closed.", |vm, args| {
        let raw = raw(vm, args.at(0))?;
        vm.get_attr_named(raw, "closed")
    }),
    Getter::vm("name", "The name of the raw stream.", |vm, args| {
        let raw = raw(vm, args.at(0))?;
        vm.get_attr_named(raw, "name")
    }),
    Getter::vm("mode", "The mode of the raw stream.", |vm, args| {
        let raw = raw(vm, args.at(0))?;
        vm.get_attr_named(raw, "mode")
    }),
];

/// What a buffered stream holds.
#[derive(Default)]
pub struct BufferedState {
    /// The raw stream; Undef before `__init__`, None once detached.
    raw: Slot,
    /// The system's file, where the raw stream is exactly a FileIO.
    direct: RefCell<Option<Rc<file_io::FileState>>>,
    /// Bytes that were read ahead; those before `at` are consumed.
    ahead: RefCell<Vec<u8>>,
    at: Cell<usize>,
    /// Bytes that are to be written.
    pub sink: Rc<Sink>,
    size: Cell<usize>,
    closing: Cell<bool>,
}

struct BufferedPayload(Rc<BufferedState>);

traced!(BufferedState { raw, direct, sink } plain { ahead, at, size, closing } owns |this| this.ahead.borrow().capacity());
traced!(BufferedPayload { 0 });

impl Payload for BufferedPayload {}

impl BufferedState {
    fn unread(&self) -> usize {
        self.ahead.borrow().len() - self.at.get()
    }

    /// Takes up to `count` bytes of those read ahead.
    fn take(&self, count: usize) -> Vec<u8> {
        let (ahead, at) = (self.ahead.borrow(), self.at.get());
        let end = ahead.len().min(at.saturating_add(count));
        self.at.set(end);
        ahead[at..end].to_vec()
    }

    fn forget(&self) {
        self.ahead.borrow_mut().clear();
        self.at.set(0);
    }

    /// The line that is complete in the buffer, if one is.
    fn buffered_line<'h>(&self, heap: &'h Heap) -> Option<Value<'h>> {
        let ahead = self.ahead.borrow();
        let rest = &ahead[self.at.get()..];
        let end = memchr::memchr(b'\n', rest)? + 1;
        self.at.set(self.at.get() + end);
        Some(heap.bytes(&rest[..end]).value())
    }
}

/// The state of a buffered stream, if the value is one.
pub fn try_state(vm: &Vm, this: Local) -> Option<Rc<BufferedState>> {
    let state = vm.get_gc::<Opaque>(this)?.payload::<BufferedPayload>()?;
    Some(Rc::clone(&state.0))
}

fn state(vm: &Vm, this: Local) -> Result<Rc<BufferedState>, Raised> {
    payload::<BufferedPayload>(vm, this).map(|buffered| Rc::clone(&buffered.0))
}

/// The raw stream; ValueError where there is none.
fn raw(vm: &Vm, this: Local) -> Result<Local, Raised> {
    let raw = state(vm, this)?.raw.get(&vm.heap);
    if raw.is_undef() {
        return Err(vm.heap.value_error("I/O operation on uninitialized object"));
    }
    if raw.is_none() {
        return Err(vm.heap.value_error("raw stream has been detached"));
    }
    Ok(vm.local(raw))
}

/// The state of a stream that is open; `action` as in "read of closed file".
fn open_state(vm: &mut Vm, this: Local, action: &str) -> Result<Rc<BufferedState>, Raised> {
    let state = state(vm, this)?;
    let direct = state.direct.borrow();
    let closed = direct.as_ref().map(|file| file.file.borrow().is_none());
    drop(direct);
    let closed = match closed {
        Some(closed) => closed,
        None => {
            let raw = raw(vm, this)?;
            crate::stdlib::io::base::is_closed(vm, raw)?
        }
    };
    if closed {
        return Err(vm.heap.value_error(format!("{action} closed file")));
    }
    Ok(state)
}

fn direct(state: &BufferedState) -> Option<Arc<dyn OpenFile>> {
    state.direct.borrow().as_ref()?.file.borrow().clone()
}

const NEW: Native = Native::vm(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    |vm, args| opaque(vm, args.at(0), BufferedPayload(Rc::default())),
);
const INIT_READER: Native = Native::vm(
    "__init__(self, raw, buffer_size=8192)",
    "Buffer a raw stream that can be read.",
    |vm, args| init(vm, args, &[READABLE_CHECK]),
);
const INIT_WRITER: Native = Native::vm(
    "__init__(self, raw, buffer_size=8192)",
    "Buffer a raw stream that can be written.",
    |vm, args| init(vm, args, &[WRITABLE_CHECK]),
);
const INIT_RANDOM: Native = Native::vm(
    "__init__(self, raw, buffer_size=8192)",
    "Buffer a raw stream that can be read, written and positioned.",
    |vm, args| init(vm, args, &[SEEKABLE_CHECK, READABLE_CHECK, WRITABLE_CHECK]),
);
const READ: Native = Native::vm(
    "read(self, size=-1, /)",
    "Read size bytes, fewer only at the end; all that is left if size is negative or None.",
    |vm, args| {
        let size = read_size(vm, args.at(1))?;
        let state = open_state(vm, args.at(0), "read of")?;
        let data = match size {
            Some(size) => read_exactly(vm, args.at(0), &state, size)?,
            None => read_everything(vm, args.at(0), &state)?,
        };
        bytes_or_none(vm, data)
    },
);
const READ1: Native = Native::vm(
    "read1(self, size=-1, /)",
    "Read up to size bytes by at most one call of the raw stream.",
    |vm, args| {
        let size = vm_index_or(vm, args.at(1), -1)?;
        let state = open_state(vm, args.at(0), "read of")?;
        let size = usize::try_from(size).unwrap_or(state.size.get());
        let data = read_once(vm, args.at(0), &state, size)?;
        Ok(vm.local(vm.heap.bytes(data).value()))
    },
);
const PEEK: Native = Native::vm(
    "peek(self, size=0, /)",
    "The bytes that come next, without moving the position; reads if the buffer is empty.",
    |vm, args| {
        let state = open_state(vm, args.at(0), "peek of")?;
        write_pending(vm, args.at(0), &state)?;
        if state.unread() == 0 {
            fill(vm, args.at(0), &state)?;
        }
        let ahead = state.ahead.borrow()[state.at.get()..].to_vec();
        Ok(vm.local(vm.heap.bytes(ahead).value()))
    },
);
const READINTO: Native = Native::vm(
    "readinto(self, buffer, /)",
    "Fill a buffer; the number of bytes, fewer only at the end.",
    |vm, args| {
        let state = open_state(vm, args.at(0), "readinto of")?;
        let len = writable_len(vm, args.at(1))?;
        let Some(data) = read_exactly(vm, args.at(0), &state, len)? else {
            return Ok(vm.none());
        };
        store_into(vm, args.at(1), &data)?;
        Ok(vm.local(vm.heap.usize(data.len())))
    },
);
const READINTO1: Native = Native::vm(
    "readinto1(self, buffer, /)",
    "Read into a buffer by at most one call of the raw stream.",
    |vm, args| {
        let state = open_state(vm, args.at(0), "readinto of")?;
        let len = writable_len(vm, args.at(1))?;
        let data = read_up_to(vm, args.at(0), &state, len)?;
        store_into(vm, args.at(1), &data)?;
        Ok(vm.local(vm.heap.usize(data.len())))
    },
);
const READLINE: Native = Native::vm(
    "readline(self, size=-1, /)",
    "Read a line, of at most size bytes unless that is negative.",
    |vm, args| {
        let size = size_arg(vm, args.at(1))?;
        let state = open_state(vm, args.at(0), "readline of")?;
        let line = read_line(vm, args.at(0), &state, usize::try_from(size).ok())?;
        Ok(vm.local(vm.heap.bytes(line).value()))
    },
);
const NEXT: Native = Native::vm("__next__(self, /)", "Implement next(self).", |vm, args| {
    let line = vm.call_method(args.at(0), "readline", &[])?;
    if !vm.truth(line)? {
        return Err(vm.heap.raise_with(Builtin::StopIteration, &[]));
    }
    Ok(line)
})
.quick(quick_next);
const WRITE: Native = Native::vm(
    "write(self, data, /)",
    "Write bytes; their number. They may stay in the buffer.",
    write,
);
const SEEK: Native = Native::vm(
    "seek(self, offset, whence=0, /)",
    "Move the position: from the start (0), from here (1) or from the end (2).",
    seek,
);
const TELL: Native = Native::vm("tell(self, /)", "The position.", |vm, args| {
    let at = tell(vm, args.at(0))?;
    Ok(vm.local(vm.heap.int(at)))
});
const TRUNCATE: Native = Native::vm(
    "truncate(self, size=None, /)",
    "Set the length, by default to the position.",
    |vm, args| {
        let state = open_state(vm, args.at(0), "truncate of")?;
        write_pending(vm, args.at(0), &state)?;
        let size = vm.get(args.at(1));
        let size = if size.is_undef() || size.is_none() {
            let at = tell(vm, args.at(0))?;
            vm.local(vm.heap.int(at))
        } else {
            args.at(1)
        };
        let raw = raw(vm, args.at(0))?;
        vm.call_method(raw, "truncate", &[size])
    },
);
const FLUSH: Native = Native::vm(
    "flush(self, /)",
    "Hand what is buffered to the raw stream.",
    |vm, args| {
        let state = open_state(vm, args.at(0), "flush of")?;
        write_pending(vm, args.at(0), &state)?;
        rewind(vm, args.at(0), &state)?;
        Ok(vm.none())
    },
);
const FLUSH_READER: Native = Native::vm(
    "flush(self, /)",
    "Flush the raw stream: nothing waits here.",
    |vm, args| ask_raw(vm, args, "flush"),
);
const CLOSE: Native = Native::vm("close(self, /)", "Flush and close the stream.", close);
const DETACH: Native = Native::vm(
    "detach(self, /)",
    "Separate the raw stream from the buffer and return it.",
    |vm, args| {
        let raw = raw(vm, args.at(0))?;
        vm.call_method(args.at(0), "flush", &[])?;
        let state = state(vm, args.at(0))?;
        state.raw.set(Value::NONE);
        state.direct.take();
        state.sink.file.take();
        Ok(raw)
    },
);
const SEEKABLE: Native = of_raw("seekable(self, /)", |vm, args| {
    ask_raw(vm, args, "seekable")
});
const READABLE: Native = of_raw("readable(self, /)", |vm, args| {
    ask_raw(vm, args, "readable")
});
const WRITABLE: Native = of_raw("writable(self, /)", |vm, args| {
    ask_raw(vm, args, "writable")
});
const FILENO: Native = of_raw("fileno(self, /)", |vm, args| ask_raw(vm, args, "fileno"));
const ISATTY: Native = of_raw("isatty(self, /)", |vm, args| ask_raw(vm, args, "isatty"));
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let prefix = class_prefix(vm, args.at(0));
    let name = shown_attr(vm, args.at(0), "name")?;
    Ok(vm.local(vm.heap.str_value(&format!("<{prefix}{name}>"))))
});

const fn of_raw(
    signature: &'static str,
    call: fn(&mut Vm, Locals) -> Result<Local, Raised>,
) -> Native {
    Native::vm(signature, "What the raw stream says.", call)
}

fn ask_raw(vm: &mut Vm, args: Locals, method: &str) -> Result<Local, Raised> {
    let raw = raw(vm, args.at(0))?;
    vm.call_method(raw, method, &[])
}

/// A method of the raw stream that must return true, and the complaint.
type Check = (&'static str, &'static str);
const READABLE_CHECK: Check = ("readable", "File or stream is not readable.");
const WRITABLE_CHECK: Check = ("writable", "File or stream is not writable.");
const SEEKABLE_CHECK: Check = ("seekable", "File or stream is not seekable.");

fn init(vm: &mut Vm, args: Locals, checks: &[Check]) -> Result<Local, Raised> {
    let raw = args.at(1);
    // Should the rest fail, there is no stream.
    let before = state(vm, args.at(0))?;
    before.raw.clear();
    before.direct.take();
    before.sink.file.take();
    for (method, complaint) in checks {
        let able = vm.call_method(raw, method, &[])?;
        if !vm.truth(able)? {
            return Err(unsupported(vm, complaint));
        }
    }
    let size = vm_index_or(vm, args.at(2), DEFAULT_BUFFER_SIZE as i64)?;
    let size = usize::try_from(size).ok().filter(|&size| size > 0);
    let Some(size) = size else {
        return Err(vm.heap.value_error("buffer size must be strictly positive"));
    };
    let state = state(vm, args.at(0))?;
    state.size.set(size);
    state.raw.set(vm.get(raw));
    state.forget();
    if let Some(file) = file_io::exact(vm, raw) {
        *state.sink.file.borrow_mut() = file.file.borrow().clone();
        if file.writable.get() {
            vm.extension::<IoState>().watch(&state.sink);
        }
        *state.direct.borrow_mut() = Some(file);
    }
    Ok(vm.none())
}

fn read_size(vm: &mut Vm, size: Local) -> Result<Option<usize>, Raised> {
    match size_arg(vm, size)? {
        -1 => Ok(None),
        size => match usize::try_from(size) {
            Ok(size) => Ok(Some(size)),
            Err(_) => Err(vm
                .heap
                .value_error("read length must be non-negative or -1")),
        },
    }
}

fn bytes_or_none(vm: &Vm, data: Option<Vec<u8>>) -> Result<Local, Raised> {
    Ok(match data {
        Some(data) => vm.local(vm.heap.bytes(data).value()),
        None => vm.none(),
    })
}

/// `next(stream)` where the class is the native one and the line is there.
fn quick_next<'h>(heap: &'h Heap, args: Args<'h>) -> Option<Value<'h>> {
    let object = args.get(0).as_gc::<Opaque>()?;
    let state = &object.payload::<BufferedPayload>()?.0;
    // A class of the program may have a `readline` of its own; a closed file has nothing read ahead.
    if !object.attrs.is_undef()
        || !heap
            .class_of(args.get(0))
            .name(heap)
            .as_str()
            .starts_with("_io.")
    {
        return None;
    }
    state.buffered_line(heap)
}

fn write(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    if as_str(&vm.heap, vm.get(args.at(1))).is_some() {
        let class = vm.heap.type_name(vm.get(args.at(1)));
        let message = format!("a bytes-like object is required, not '{class}'");
        return Err(vm.heap.type_error(message));
    }
    let data = Buffer::copied(&vm.heap, vm.get(args.at(1)))?;
    let state = open_state(vm, this, "write to")?;
    write_bytes(vm, this, &state, &data)?;
    Ok(vm.local(vm.heap.usize(data.len())))
}

fn seek(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    let whence = vm_index_or(vm, args.at(2), 0)?;
    if !(0..=2).contains(&whence) {
        let message = format!("invalid whence ({whence}, should be 0, 1 or 2)");
        return Err(vm.heap.value_error(message));
    }
    let state = open_state(vm, this, "seek of")?;
    let able = ask(vm, this, "seekable")?;
    if !vm.truth(able)? {
        return Err(unsupported(vm, "File or stream is not seekable."));
    }
    write_pending(vm, this, &state)?;
    let target = match file_io::seek_target(vm, args.at(1), args.at(2))? {
        SeekFrom::Current(offset) => SeekFrom::Current(offset - state.unread() as i64),
        target => target,
    };
    let at = seek_raw(vm, this, target)?;
    state.forget();
    Ok(vm.local(vm.heap.int(at)))
}

fn close(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    let raw = raw(vm, this)?;
    let state = state(vm, this)?;
    if crate::stdlib::io::base::is_closed(vm, raw)? || state.closing.get() {
        return Ok(vm.none());
    }
    state.closing.set(true);
    let flushed = vm.call_method(this, "flush", &[]);
    after(vm, flushed, |vm| {
        let closed = vm.call_method(raw, "close", &[]);
        state.closing.set(false);
        state.forget();
        state.sink.pending.take();
        state.sink.file.take();
        closed
    })
}
