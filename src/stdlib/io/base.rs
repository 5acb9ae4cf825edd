//! The bases of all streams: `_IOBase`, `_RawIOBase`, `_BufferedIOBase`, `_TextIOBase`. Those of `io` are classes in apy over them.
//!
//! Their methods are written on top of each other as CPython's are: a class of the program that has `read` gets `readline`,
//! iteration and `with` for nothing. Each call goes through the instance, so that overrides count. An instance of a class of the
//! program holds only whether it was closed.

use std::cell::Cell;

use super::{closed_error, opaque, unsupported};
use crate::runtime::bytes::Bytes;
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::arg::{Buffer, vm_index_or};
use crate::stdlib::io::buffer_arg::store_into;
use crate::stdlib::receiver::given;
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::vm::{Local, Locals, Native, Vm};

/// What `read(n)` of raw streams asks for at once.
pub const CHUNK: i64 = 8192;

/// `_io._IOBase`.
pub const IO_BASE: ModuleType = ModuleType {
    name: "_IOBase",
    module: "_io",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &CLOSE,
            &FLUSH,
            &SEEK,
            &TELL,
            &TRUNCATE,
            &FILENO,
            &ISATTY,
            &READABLE,
            &WRITABLE,
            &SEEKABLE,
            &CHECK_CLOSED,
            &CHECK_READABLE,
            &CHECK_WRITABLE,
            &CHECK_SEEKABLE,
            &ENTER,
            &EXIT,
            &ITER,
            &NEXT,
            &READLINE,
            &READLINES,
            &WRITELINES,
        ],
        getters: &[Getter::vm(
            "closed",
            "Whether the stream was closed.",
            |vm, args| {
                let closed = plain(vm, args.at(0)).is_some_and(|this| this.closed.get());
                Ok(vm.local(Value::bool(closed)))
            },
        )],
        ..NativeType::of(
            Builtin::Opaque,
            "The abstract base class for all I/O classes.",
        )
    },
};

/// `_io._RawIOBase`.
pub const RAW_IO_BASE: ModuleType = ModuleType {
    name: "_RawIOBase",
    module: "_io",
    body: NativeType {
        base: Some(&IO_BASE),
        methods: &[&RAW_READ, &READALL],
        ..NativeType::of(Builtin::Opaque, "Base class for raw binary I/O.")
    },
};

/// `_io._BufferedIOBase`.
pub const BUFFERED_IO_BASE: ModuleType = ModuleType {
    name: "_BufferedIOBase",
    module: "_io",
    body: NativeType {
        base: Some(&IO_BASE),
        methods: &[
            &NO_READ, &NO_READ1, &NO_WRITE, &NO_DETACH, &READINTO, &READINTO1,
        ],
        ..NativeType::of(Builtin::Opaque, "Base class for buffered IO objects.")
    },
};

/// `_io._TextIOBase`.
pub const TEXT_IO_BASE: ModuleType = ModuleType {
    name: "_TextIOBase",
    module: "_io",
    body: NativeType {
        base: Some(&IO_BASE),
        methods: &[&NO_READ, &NO_READLINE, &NO_WRITE, &NO_DETACH],
        getters: &[
            Getter::leaf("encoding", "The encoding; None here.", |_, _| {
                Ok(Value::NONE)
            }),
            Getter::leaf(
                "newlines",
                "The line ends that were read; None here.",
                |_, _| Ok(Value::NONE),
            ),
            Getter::leaf("errors", "The error handler; None here.", |_, _| {
                Ok(Value::NONE)
            }),
        ],
        ..NativeType::of(Builtin::Opaque, "Base class for text I/O.")
    },
};

/// The state of an instance of a class that the program derives from a base.
#[derive(Default)]
struct Plain {
    closed: Cell<bool>,
}

traced!(plain Plain);

impl Payload for Plain {}

fn plain(vm: &Vm, this: Local) -> Option<&Plain> {
    vm.get_gc::<Opaque>(this).and_then(|o| o.payload())
}

const NEW: Native = Native::vm(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    |vm, args| {
        if let Some(class) = vm.get_gc::<Class>(args.at(0)) {
            vm.check_abstract(class)?;
        }
        opaque(vm, args.at(0), Plain::default())
    },
);

const CLOSE: Native = Native::vm(
    "close(self, /)",
    "Flush and close the stream; closing it again does nothing.",
    |vm, args| {
        let this = args.at(0);
        if is_closed(vm, this)? {
            return Ok(vm.none());
        }
        let flushed = vm.call_method(this, "flush", &[]);
        if let Some(plain) = plain(vm, this) {
            plain.closed.set(true);
        }
        flushed?;
        Ok(vm.none())
    },
);
const FLUSH: Native = Native::vm(
    "flush(self, /)",
    "Hand on what is buffered; does nothing here.",
    |vm, args| {
        check_open(vm, args.at(0))?;
        Ok(vm.none())
    },
);
const SEEK: Native = Native::vm(
    "seek(self, offset, whence=0, /)",
    "Move the position. Raises UnsupportedOperation here.",
    |vm, _| Err(unsupported(vm, "seek")),
);
const TELL: Native = Native::vm("tell(self, /)", "The position.", |vm, args| {
    let (zero, one) = (vm.local(Value::small_int(0)), vm.local(Value::small_int(1)));
    vm.call_method(args.at(0), "seek", &[zero, one])
});
const TRUNCATE: Native = Native::vm(
    "truncate(self, size=None, /)",
    "Set the length. Raises UnsupportedOperation here.",
    |vm, _| Err(unsupported(vm, "truncate")),
);
const FILENO: Native = Native::vm(
    "fileno(self, /)",
    "The file descriptor. Raises UnsupportedOperation here.",
    |vm, _| Err(unsupported(vm, "fileno")),
);
const ISATTY: Native = Native::vm(
    "isatty(self, /)",
    "Whether the stream is a terminal; False here.",
    no_after_check,
);
const READABLE: Native = Native::vm(
    "readable(self, /)",
    "Whether the stream can be read; False here.",
    no,
);
const WRITABLE: Native = Native::vm(
    "writable(self, /)",
    "Whether the stream can be written; False here.",
    no,
);
const SEEKABLE: Native = Native::vm(
    "seekable(self, /)",
    "Whether the position can be moved; False here.",
    no,
);
const CHECK_CLOSED: Native = Native::vm(
    "_checkClosed(self, msg=None, /)",
    "Raise ValueError if the stream is closed.",
    |vm, args| {
        check_open(vm, args.at(0))?;
        Ok(vm.none())
    },
);
const CHECK_READABLE: Native = Native::vm(
    "_checkReadable(self, msg=None, /)",
    "Raise UnsupportedOperation if the stream cannot be read.",
    |vm, args| check_able(vm, args, "readable", "File or stream is not readable."),
);
const CHECK_WRITABLE: Native = Native::vm(
    "_checkWritable(self, msg=None, /)",
    "Raise UnsupportedOperation if the stream cannot be written.",
    |vm, args| check_able(vm, args, "writable", "File or stream is not writable."),
);
const CHECK_SEEKABLE: Native = Native::vm(
    "_checkSeekable(self, msg=None, /)",
    "Raise UnsupportedOperation if the position cannot be moved.",
    |vm, args| check_able(vm, args, "seekable", "File or stream is not seekable."),
);
const ENTER: Native = Native::vm("__enter__(self, /)", "The stream itself.", |vm, args| {
    check_open(vm, args.at(0))?;
    Ok(args.at(0))
});
const EXIT: Native = Native::vm(
    "__exit__(self, /, *args)",
    "Close the stream.",
    |vm, args| vm.call_method(args.at(0), "close", &[]),
);
const ITER: Native = Native::vm("__iter__(self, /)", "Implement iter(self).", |vm, args| {
    check_open(vm, args.at(0))?;
    Ok(args.at(0))
});
const NEXT: Native = Native::vm("__next__(self, /)", "Implement next(self).", |vm, args| {
    let line = vm.call_method(args.at(0), "readline", &[])?;
    if !vm.truth(line)? {
        return Err(vm.heap.raise_with(Builtin::StopIteration, &[]));
    }
    Ok(line)
});
const READLINE: Native = Native::vm(
    "readline(self, size=-1, /)",
    "Read a line, of at most size bytes unless that is negative.",
    read_line,
);
const READLINES: Native = Native::vm(
    "readlines(self, hint=-1, /)",
    "The lines that are left, as a list; no more once hint bytes or characters were read.",
    |vm, args| read_lines(vm, args.at(0), args.at(1)),
);
const WRITELINES: Native = Native::vm(
    "writelines(self, lines, /)",
    "Write each item; adds no line ends.",
    write_lines,
);
const RAW_READ: Native = Native::vm(
    "read(self, size=-1, /)",
    "Read up to size bytes by one call of the system, or all that is left.",
    raw_read,
);
const READALL: Native = Native::vm(
    "readall(self, /)",
    "Read until the end, by as many calls of read as that takes.",
    read_all,
);
const NO_READ: Native = Native::vm(
    "read(self, size=-1, /)",
    "Raises UnsupportedOperation here.",
    |vm, _| Err(unsupported(vm, "read")),
);
const NO_READ1: Native = Native::vm(
    "read1(self, size=-1, /)",
    "Raises UnsupportedOperation here.",
    |vm, _| Err(unsupported(vm, "read1")),
);
const NO_READLINE: Native = Native::vm(
    "readline(self, size=-1, /)",
    "Raises UnsupportedOperation here.",
    |vm, _| Err(unsupported(vm, "readline")),
);
const NO_WRITE: Native = Native::vm(
    "write(self, data, /)",
    "Raises UnsupportedOperation here.",
    |vm, _| Err(unsupported(vm, "write")),
);
const NO_DETACH: Native = Native::vm(
    "detach(self, /)",
    "Raises UnsupportedOperation here.",
    |vm, _| Err(unsupported(vm, "detach")),
);
const READINTO: Native = Native::vm(
    "readinto(self, buffer, /)",
    "Fill a buffer by read; the number of bytes.",
    |vm, args| read_into(vm, args, "read"),
);
const READINTO1: Native = Native::vm(
    "readinto1(self, buffer, /)",
    "Fill a buffer by read1; the number of bytes.",
    |vm, args| read_into(vm, args, "read1"),
);

fn no(vm: &mut Vm, _: Locals) -> Result<Local, Raised> {
    Ok(vm.local(Value::FALSE))
}

fn no_after_check(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    check_open(vm, args.at(0))?;
    no(vm, args)
}

/// What `closed` says.
pub fn is_closed(vm: &mut Vm, this: Local) -> Result<bool, Raised> {
    let closed = vm.get_attr_named(this, "closed")?;
    vm.truth(closed)
}

/// ValueError if the stream is closed.
pub fn check_open(vm: &mut Vm, this: Local) -> Result<(), Raised> {
    if is_closed(vm, this)? {
        return Err(closed_error(vm));
    }
    Ok(())
}

fn check_able(vm: &mut Vm, args: Locals, method: &str, complaint: &str) -> Result<Local, Raised> {
    let able = vm.call_method(args.at(0), method, &[])?;
    if !vm.truth(able)? {
        return Err(unsupported(vm, complaint));
    }
    Ok(able)
}

/// `IOBase.readline`: byte by byte, or as far as `peek` shows the line end.
fn read_line(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    let limit = match given(vm, args.at(1)).filter(|&l| !vm.get(l).is_none()) {
        Some(limit) => vm.index(limit)?,
        None => -1,
    };
    let peek = vm.find_attr(this, "peek")?;
    let mut line: Vec<u8> = Vec::new();
    while limit < 0 || (line.len() as i64) < limit {
        vm.native_safepoint()?;
        let mark = vm.mark();
        let mut ask = 1;
        if let Some(peek) = peek {
            let one = vm.local(Value::small_int(1));
            let ahead = vm.call(peek, &[one])?;
            let ahead = Buffer::arg(&vm.heap, vm.get(ahead))?;
            let found = memchr::memchr(b'\n', &ahead).map_or(ahead.len(), |at| at + 1);
            ask = (found as i64).max(1);
            if limit >= 0 {
                ask = ask.min(limit - line.len() as i64);
            }
        }
        let ask = vm.local(vm.heap.int(ask));
        let piece = vm.call_method(this, "read", &[ask])?;
        let Some(bytes) = vm.get_gc::<Bytes>(piece) else {
            let class = vm.heap.type_name(vm.get(piece));
            let message = format!("read() should have returned a bytes object, not '{class}'");
            return Err(vm.heap.raise(Builtin::OSError, message));
        };
        if bytes.as_slice().is_empty() {
            break;
        }
        vm.heap.append_bytes(&mut line, bytes.as_slice())?;
        vm.release(mark);
        if line.ends_with(b"\n") {
            break;
        }
    }
    Ok(vm.local(vm.heap.bytes(line).value()))
}

/// `readlines`: iterates over the stream itself.
pub fn read_lines(vm: &mut Vm, this: Local, hint: Local) -> Result<Local, Raised> {
    let hint = match given(vm, hint).filter(|&l| !vm.get(l).is_none()) {
        Some(hint) => vm.index(hint)?,
        None => -1,
    };
    if hint <= 0 {
        return vm.to_list(this);
    }
    let lines = vm.local(vm.heap.list([]).value());
    let iter = vm.iter(this)?;
    let line = vm.none();
    let mut read = 0;
    while read < hint && vm.next(iter, line)? {
        vm.native_safepoint()?;
        let mark = vm.mark();
        let len = vm.len(line)? as i64;
        vm.release(mark);
        read += len;
        let list: crate::runtime::Gc<'_, crate::runtime::list::List> =
            vm.get_gc(lines).expect("just made");
        list.push(&vm.heap, vm.get(line))?;
    }
    Ok(lines)
}

fn write_lines(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    check_open(vm, args.at(0))?;
    let iter = vm.iter(args.at(1))?;
    let line = vm.none();
    while vm.next(iter, line)? {
        vm.native_safepoint()?;
        let mark = vm.mark();
        vm.call_method(args.at(0), "write", &[line])?;
        vm.release(mark);
    }
    Ok(vm.none())
}

fn raw_read(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let size = match given(vm, args.at(1)).filter(|&l| !vm.get(l).is_none()) {
        Some(_) => vm_index_or(vm, args.at(1), -1)?,
        None => -1,
    };
    if size < 0 {
        return vm.call_method(args.at(0), "readall", &[]);
    }
    let Ok(len) = usize::try_from(size.min(1 << 40)) else {
        return Ok(vm.none());
    };
    let room = super::zeroed(vm, len)?;
    let buffer = vm.local(vm.heap.bytearray(room).value());
    let count = vm.call_method(args.at(0), "readinto", &[buffer])?;
    if vm.get(count).is_none() {
        return Ok(count);
    }
    let count = vm.index(count)?;
    let mut data = vm.get(buffer).to_bytes().unwrap_or_default();
    match usize::try_from(count) {
        Ok(count) if count <= data.len() => data.truncate(count),
        _ => {
            let message = format!("readinto returned {count} outside buffer size {len}");
            return Err(vm.heap.value_error(message));
        }
    }
    Ok(vm.local(vm.heap.bytes(data).value()))
}

fn read_all(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let mut all: Vec<u8> = Vec::new();
    loop {
        vm.native_safepoint()?;
        let mark = vm.mark();
        let size = vm.local(vm.heap.int(CHUNK));
        let piece = vm.call_method(args.at(0), "read", &[size])?;
        if vm.get(piece).is_none() {
            if all.is_empty() {
                return Ok(piece);
            }
            break;
        }
        let Some(bytes) = vm.get_gc::<Bytes>(piece) else {
            return Err(vm.heap.type_error("read() should return bytes"));
        };
        if bytes.as_slice().is_empty() {
            break;
        }
        vm.heap.append_bytes(&mut all, bytes.as_slice())?;
        vm.release(mark);
    }
    Ok(vm.local(vm.heap.bytes(all).value()))
}

fn read_into(vm: &mut Vm, args: Locals, method: &str) -> Result<Local, Raised> {
    let len = super::buffer_arg::writable_len(vm, args.at(1))?;
    let size = vm.local(vm.heap.usize(len));
    let data = vm.call_method(args.at(0), method, &[size])?;
    let Some(bytes) = vm.get_gc::<Bytes>(data) else {
        let message = format!("{method}() should return bytes");
        return Err(vm.heap.type_error(message));
    };
    if bytes.as_slice().len() > len {
        let message = format!(
            "{method}() returned too much data: {len} bytes requested, {} returned",
            bytes.as_slice().len()
        );
        return Err(vm.heap.value_error(message));
    }
    let data = vm.heap.copy_of(bytes.as_slice())?;
    store_into(vm, args.at(1), &data)?;
    Ok(vm.local(vm.heap.usize(data.len())))
}
