//! `io.BufferedRWPair`: one object over a raw stream to read from and another to write to, such as the two ends of a pipe.
//!
//! It makes a BufferedReader and a BufferedWriter; each method asks one of the two.

use super::base::BUFFERED_IO_BASE;
use super::buffered::{BUFFERED_READER, BUFFERED_WRITER};
use super::{after, opaque, payload, unsupported};
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::stdlib::registry::{Getter, ModuleType, NativeType, class_of};
use crate::vm::{Local, Locals, Native, Vm};

/// `io.BufferedRWPair`.
pub const BUFFERED_RW_PAIR: ModuleType = ModuleType {
    name: "_io.BufferedRWPair",
    module: "_io",
    body: NativeType {
        base: Some(&BUFFERED_IO_BASE),
        new: Some(&NEW),
        methods: &[
            &INIT, &READ, &READ1, &READINTO, &READINTO1, &PEEK, &READABLE, &WRITE, &FLUSH,
            &WRITABLE, &CLOSE, &ISATTY,
        ],
        getters: &[Getter::vm(
            "closed",
            "Whether the writer is closed.",
            |vm, args| {
                let writer = side(vm, args.at(0), Side::Writer)?;
                vm.get_attr_named(writer, "closed")
            },
        )],
        ..NativeType::of(
            Builtin::Opaque,
            "A buffered reader and writer object together.",
        )
    },
};

#[derive(Default)]
struct Pair {
    reader: Slot,
    writer: Slot,
}

traced!(Pair { reader, writer });

impl Payload for Pair {}

#[derive(Clone, Copy)]
enum Side {
    Reader,
    Writer,
}

/// A native that calls the method of this name of one side with the same arguments.
macro_rules! ask {
    ($signature:literal, $doc:literal, $side:ident, $method:literal $(, $at:literal)?) => {
        Native::vm($signature, $doc, |vm, args| {
            ask(vm, args.at(0), Side::$side, $method, &[$(args.at($at))?])
        })
    };
}

const NEW: Native = Native::vm(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    |vm, args| opaque(vm, args.at(0), Pair::default()),
);
const INIT: Native = Native::vm(
    "__init__(self, reader, writer, buffer_size=8192, /)",
    "Take a raw stream to read from and one to write to.",
    init,
);
const READ: Native = ask!("read(self, size=-1, /)", "Read bytes.", Reader, "read", 1);
const READ1: Native = ask!(
    "read1(self, size=-1, /)",
    "Read bytes by at most one call of the raw stream.",
    Reader,
    "read1",
    1
);
const READINTO: Native = ask!(
    "readinto(self, buffer, /)",
    "Read into a buffer.",
    Reader,
    "readinto",
    1
);
const READINTO1: Native = ask!(
    "readinto1(self, buffer, /)",
    "Read into a buffer by at most one call of the raw stream.",
    Reader,
    "readinto1",
    1
);
const PEEK: Native = ask!(
    "peek(self, size=0, /)",
    "Bytes that come next; the position stays.",
    Reader,
    "peek",
    1
);
const READABLE: Native = ask!("readable(self, /)", "Ask the reader.", Reader, "readable");
const WRITE: Native = ask!("write(self, buffer, /)", "Write bytes.", Writer, "write", 1);
const FLUSH: Native = ask!("flush(self, /)", "Flush the writer.", Writer, "flush");
const WRITABLE: Native = ask!("writable(self, /)", "Ask the writer.", Writer, "writable");
const CLOSE: Native = Native::vm(
    "close(self, /)",
    "Close the writer, then the reader.",
    |vm, args| {
        let written = ask(vm, args.at(0), Side::Writer, "close", &[]);
        after(vm, written, |vm| {
            ask(vm, args.at(0), Side::Reader, "close", &[])
        })
    },
);
const ISATTY: Native = Native::vm(
    "isatty(self, /)",
    "Whether one of the two is a terminal.",
    |vm, args| {
        let writer = ask(vm, args.at(0), Side::Writer, "isatty", &[])?;
        match vm.truth(writer)? {
            true => Ok(writer),
            false => ask(vm, args.at(0), Side::Reader, "isatty", &[]),
        }
    },
);

fn init(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    for (at, method, message) in [
        (1, "readable", "File or stream is not readable."),
        (2, "writable", "File or stream is not writable."),
    ] {
        let can = vm.call_method(args.at(at), method, &[])?;
        if !vm.truth(can)? {
            return Err(unsupported(vm, message));
        }
    }
    let size = match vm.get(args.at(3)).is_undef() {
        true => vm.local(vm.heap.usize(super::DEFAULT_BUFFER_SIZE)),
        false => args.at(3),
    };
    let reader = class_of(vm, &BUFFERED_READER);
    let reader = vm.call(reader, &[args.at(1), size])?;
    let writer = class_of(vm, &BUFFERED_WRITER);
    let writer = vm.call(writer, &[args.at(2), size])?;
    let pair = payload::<Pair>(vm, args.at(0))?;
    pair.reader.set(vm.get(reader));
    pair.writer.set(vm.get(writer));
    Ok(vm.none())
}

fn side(vm: &Vm, this: Local, side: Side) -> Result<Local, Raised> {
    let pair = payload::<Pair>(vm, this)?;
    let stream: Value<'_> = match side {
        Side::Reader => pair.reader.get(&vm.heap),
        Side::Writer => pair.writer.get(&vm.heap),
    };
    match stream.is_undef() {
        true => Err(vm.heap.value_error("I/O operation on uninitialized object")),
        false => Ok(vm.local(stream)),
    }
}

/// Calls a method of one side with what of these arguments was given.
fn ask(vm: &mut Vm, this: Local, of: Side, method: &str, args: &[Local]) -> Result<Local, Raised> {
    let stream = side(vm, this, of)?;
    let given = args.iter().copied();
    let given: Vec<Local> = given.filter(|&arg| !vm.get(arg).is_undef()).collect();
    vm.call_method(stream, method, &given)
}
