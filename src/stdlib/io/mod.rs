//! `io`: files and streams, in three layers: bytes of the system (`file_io.rs`), a buffer (`buffered.rs`), text (`text_io.rs`).
//!
//! Each class can be subclassed, and each layer takes any object with the methods of the one below; calls go through the instance
//! unless its class is exactly the native one. Files are reached through the host. `sink.rs` sees to it that what was written
//! reaches the file even where nobody closes it. To add a class: its file, a word in `IO.types`.

mod abstract_bases;
pub mod base;
pub mod buffer_arg;
pub mod buffered;
mod bytes_io;
pub mod file_io;
mod newline;
mod open;
mod rw_pair;
pub mod sink;
pub mod standard;
mod stream_state;
mod string_io;
mod text_codec;
pub mod text_io;
mod text_methods;
mod text_position;

use crate::runtime::class::Class;
use crate::runtime::exception::Exception;
use crate::runtime::intern::Sym;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Raised};
use crate::stdlib::registry::{NativeModule, bind};
use crate::vm::{Local, Vm};
pub use open::{OPEN, settle, settle_all};
pub use sink::IoState;

/// The size of a buffer where nothing else is said.
pub const DEFAULT_BUFFER_SIZE: usize = 8192;

/// The module.
pub const IO: NativeModule = NativeModule {
    functions: &[
        &OPEN,
        &open::OPEN_CODE,
        &open::TEXT_ENCODING,
        &abstract_bases::GET_ATTR,
        &abstract_bases::DIR,
    ],
    types: &[
        &file_io::FILE_IO,
        &buffered::BUFFERED_READER,
        &buffered::BUFFERED_WRITER,
        &buffered::BUFFERED_RANDOM,
        &rw_pair::BUFFERED_RW_PAIR,
        &bytes_io::BYTES_IO,
        &text_io::TEXT_IO_WRAPPER,
        &string_io::STRING_IO,
        &newline::NEWLINE_DECODER,
    ],
    constants: &[
        abstract_bases::NAMES[0],
        abstract_bases::NAMES[1],
        abstract_bases::NAMES[2],
        abstract_bases::NAMES[3],
        (
            "DEFAULT_BUFFER_SIZE",
            "The size of a buffer where nothing else is said.",
        ),
        ("BlockingIOError", "The builtin exception."),
        ("SEEK_SET", "For seek: from the start."),
        ("SEEK_CUR", "For seek: from the position."),
        ("SEEK_END", "For seek: from the end."),
        (
            "UnsupportedOperation",
            "Raised where a stream cannot do what was asked; an OSError and a ValueError.",
        ),
    ],
    init,
    ..NativeModule::of(
        "io",
        "Streams of bytes and of text: files, and the like in memory.",
    )
};

/// What `io` is made of, under the name by which CPython's own library knows it.
pub const PRIVATE_IO: NativeModule = NativeModule {
    name: "_io",
    functions: &[&OPEN, &open::OPEN_CODE, &open::TEXT_ENCODING],
    types: &[
        &base::IO_BASE,
        &base::RAW_IO_BASE,
        &base::BUFFERED_IO_BASE,
        &base::TEXT_IO_BASE,
        &file_io::FILE_IO,
        &buffered::BUFFERED_READER,
        &buffered::BUFFERED_WRITER,
        &buffered::BUFFERED_RANDOM,
        &rw_pair::BUFFERED_RW_PAIR,
        &bytes_io::BYTES_IO,
        &text_io::TEXT_IO_WRAPPER,
        &string_io::STRING_IO,
        &newline::NEWLINE_DECODER,
    ],
    ..IO
};

/// `io.__all__`, in CPython's order.
const PUBLIC_NAMES: &[&str] = &[
    "BlockingIOError",
    "open",
    "open_code",
    "IOBase",
    "RawIOBase",
    "FileIO",
    "BytesIO",
    "StringIO",
    "BufferedIOBase",
    "BufferedReader",
    "BufferedWriter",
    "BufferedRWPair",
    "BufferedRandom",
    "TextIOBase",
    "TextIOWrapper",
    "UnsupportedOperation",
    "SEEK_SET",
    "SEEK_CUR",
    "SEEK_END",
    "DEFAULT_BUFFER_SIZE",
    "text_encoding",
    "IncrementalNewlineDecoder",
];

fn init(vm: &mut Vm, module: Local) -> Result<(), Raised> {
    bind(
        vm,
        module,
        "DEFAULT_BUFFER_SIZE",
        vm.heap.usize(DEFAULT_BUFFER_SIZE),
    );
    for (at, name) in ["SEEK_SET", "SEEK_CUR", "SEEK_END"].into_iter().enumerate() {
        bind(vm, module, name, vm.heap.usize(at));
    }
    let blocking = vm.heap.types.class(&vm.heap, Builtin::BlockingIOError);
    bind(vm, module, "BlockingIOError", blocking.value());
    let class = unsupported_class(vm)?;
    bind(vm, module, "UnsupportedOperation", vm.get(class));
    let names = PUBLIC_NAMES.iter().map(|name| vm.heap.str_value(name));
    let names = vm.local(vm.heap.list(names).value());
    bind(vm, module, "__all__", vm.get(names));
    Ok(())
}

/// The class `UnsupportedOperation`, made when it is first needed.
fn unsupported_class(vm: &mut Vm) -> Result<Local, Raised> {
    let known = vm.extension::<IoState>().unsupported.get(&vm.heap);
    if !known.is_undef() {
        return Ok(vm.local(known));
    }
    let heap = &vm.heap;
    let class = |class| heap.types.class(heap, class).value();
    let bases = heap.tuple(&[class(Builtin::OSError), class(Builtin::ValueError)]);
    let bases = vm.local(bases.value());
    let metaclass = vm.local(class(Builtin::Type));
    let name = vm.local(heap.intern("UnsupportedOperation").value());
    let namespace = heap.dict();
    namespace.set_str(heap, heap.intern("__module__"), heap.str_value("io"));
    let namespace = vm.local(namespace.value());
    let keywords = vm.local(vm.heap.dict().value());
    let class = vm.new_class(metaclass, name, bases, namespace, keywords)?;
    vm.extension::<IoState>().unsupported.set(vm.get(class));
    Ok(class)
}

/// UnsupportedOperation with a message.
#[cold]
pub fn unsupported(vm: &Vm, message: &str) -> Raised {
    let state = vm.extension::<IoState>();
    match state.unsupported.get(&vm.heap).as_gc::<Class>() {
        Some(class) => {
            let message = vm.heap.str_value(message);
            let exception = vm.heap.exception(class, &[message]);
            vm.heap.raise_exception(exception)
        }
        None => vm.heap.raise(Builtin::OSError, message),
    }
}

/// Makes sure that `unsupported` has its class: before any stream exists.
pub fn prepare(vm: &mut Vm) -> Result<(), Raised> {
    let mark = vm.mark();
    unsupported_class(vm)?;
    vm.release(mark);
    Ok(())
}

/// ValueError: the stream is closed.
#[cold]
pub fn closed_error(vm: &Vm) -> Raised {
    vm.heap.value_error("I/O operation on closed file.")
}

/// The same in the words of raw files.
#[cold]
pub fn raw_closed_error(vm: &Vm) -> Raised {
    vm.heap.value_error("I/O operation on closed file")
}

/// An instance of a stream's class around its state.
pub fn opaque<T: Payload>(vm: &mut Vm, class: Local, state: T) -> Result<Local, Raised> {
    prepare(vm)?;
    Ok(vm.new_opaque(class, state))
}

/// The state of a receiver. A class of several bases may have been made by the `__new__` of another one.
pub fn payload<T: Payload>(vm: &Vm, this: Local) -> Result<&T, Raised> {
    let state = vm.get_gc::<Opaque>(this).and_then(|o| o.payload());
    state.ok_or_else(|| vm.heap.value_error("I/O operation on uninitialized object"))
}

/// So many zero bytes, or MemoryError.
pub fn zeroed(vm: &Vm, len: usize) -> Result<Vec<u8>, Raised> {
    vm.heap.room_for(len)?;
    let mut data = Vec::new();
    if data.try_reserve_exact(len).is_err() {
        return Err(vm.heap.memory_error());
    }
    data.resize(len, 0);
    Ok(data)
}

/// The module and name of an object's class, as reprs begin: `_io.FileIO`.
pub fn class_prefix(vm: &Vm, this: Local) -> String {
    let heap = &vm.heap;
    let class = heap.class_of(vm.get(this));
    let module = class
        .lookup(heap, heap.intern("__module__"))
        .and_then(|module| module.as_gc::<crate::runtime::str::Str>())
        .map_or("", |module| module.as_str());
    let name = class.name(heap).as_str();
    let name = name.rsplit('.').next().unwrap_or(name);
    format!("{module}.{name}")
}

/// The repr of an attribute such as `name`, if the object has it: ` name='x'`.
pub fn shown_attr(vm: &mut Vm, object: Local, name: &str) -> Result<String, Raised> {
    match vm.find_attr(object, name) {
        Ok(Some(value)) => {
            let text = vm.nested(|vm| vm.repr_text(value))?;
            Ok(format!(" {name}={text}"))
        }
        Ok(None) => Ok(String::new()),
        // A detached or closed stream may refuse; the repr says what it can.
        Err(raised) if vm.is_raised(&raised, Builtin::ValueError) => {
            vm.heap.take_raised(raised);
            Ok(String::new())
        }
        Err(raised) => Err(raised),
    }
}

/// An optional size: None and the omitted argument are -1.
pub fn size_arg(vm: &mut Vm, size: Local) -> Result<i64, Raised> {
    let value = vm.get(size);
    if value.is_undef() || value.is_none() {
        return Ok(-1);
    }
    if value.as_i64().is_none() && vm.special(value, Sym::Index).is_none() {
        let class = vm.heap.type_name(vm.get(size));
        let message = format!("argument should be integer or None, not '{class}'");
        return Err(vm.heap.type_error(message));
    }
    vm.index(size)
}

/// The program ends: writes what streams and files still hold.
///
/// # Errors
/// The first that a file met.
pub fn finish(vm: &mut Vm) -> std::io::Result<()> {
    if !standard::is_plain(vm, standard::Standard::Output) {
        let mark = vm.mark();
        let stdout = vm.local(standard::current(vm, standard::Standard::Output));
        if !vm.get(stdout).is_undef()
            && !vm.get(stdout).is_none()
            && let Err(raised) = vm.call_method(stdout, "flush", &[])
        {
            // CPython says so and ends with another status; here the files themselves report what failed.
            vm.heap.take_raised(raised);
        }
        vm.release(mark);
    }
    vm.extension::<IoState>().flush_all()
}

/// The result of closing a stream after a flush: an error of the flush is the context of an error of the close.
fn after(
    vm: &mut Vm,
    flushed: Result<Local, Raised>,
    close: impl FnOnce(&mut Vm) -> Result<Local, Raised>,
) -> Result<Local, Raised> {
    let taken = |vm: &mut Vm, raised: Raised| {
        let exception = vm.heap.take_raised(raised).value();
        vm.local(exception)
    };
    let failed = flushed.err().map(|raised| taken(vm, raised));
    match (close(vm), failed) {
        (Ok(_), None) => Ok(vm.none()),
        (Ok(_), Some(exception)) => Err(vm.raise_local(exception)),
        (Err(raised), None) => Err(raised),
        (Err(raised), Some(first)) => {
            let last = taken(vm, raised);
            if let Some(last) = vm.get_gc::<Exception>(last) {
                last.context.set(vm.get(first));
            }
            Err(vm.raise_local(last))
        }
    }
}
