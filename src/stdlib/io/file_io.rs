//! `io.FileIO`: bytes of a file of the system, without a buffer.
//!
//! It holds the host's `OpenFile`; reads and writes are one call of the system each. A descriptor that was given instead of a path is
//! left open where `closefd` is false.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, SeekFrom};
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::sync::Arc;

use super::base::RAW_IO_BASE;
use super::buffer_arg::{store_into, writable_len};
use super::{IoState, class_prefix, opaque, payload, raw_closed_error, unsupported, zeroed};
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::sched::reactor::poller::{Poller, Sides};
use crate::sched::{green, thread_wait};
use crate::stdlib::arg::{Buffer, as_int, text_or, truth_or};
use crate::stdlib::path::{path_arg, path_error, system_error};
use crate::stdlib::receiver::given;
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::vm::files::{OpenFile, OpenHow};
use crate::vm::{Local, Locals, Native, Vm};

/// EISDIR, ENOENT: numbers of errors that are raised without a call of the system.
const IS_A_DIRECTORY: i32 = 21;
/// The mode bits of a directory.
pub const DIRECTORY: u32 = 0o040_000;
/// The type bits of a mode.
pub const TYPE_BITS: u32 = 0o170_000;

/// `io.FileIO`.
pub const FILE_IO: ModuleType = ModuleType {
    name: "_io.FileIO",
    module: "_io",
    body: NativeType {
        base: Some(&RAW_IO_BASE),
        new: Some(&NEW),
        methods: &[
            &INIT, &READ, &READALL, &READINTO, &WRITE, &SEEK, &TELL, &TRUNCATE, &CLOSE, &SEEKABLE,
            &READABLE, &WRITABLE, &FILENO, &ISATTY, &REPR,
        ],
        getters: &[
            Getter::vm("closed", "Whether the file was closed.", |vm, args| {
                let closed = state(vm, args.at(0))?.file.borrow().is_none();
                Ok(vm.local(Value::bool(closed)))
            }),
            Getter::vm(
                "closefd",
                "Whether close() closes the descriptor.",
                |vm, args| {
                    let close = state(vm, args.at(0))?.closefd.get();
                    Ok(vm.local(Value::bool(close)))
                },
            ),
            Getter::vm("mode", "How the file was opened.", |vm, args| {
                let mode = state(vm, args.at(0))?.mode();
                Ok(vm.local(vm.heap.str_value(mode)))
            }),
            Getter::vm(
                "name",
                "The path or descriptor that was opened.",
                |vm, args| {
                    let name = state(vm, args.at(0))?.name.get(&vm.heap);
                    if name.is_undef() {
                        let message = "'_io.FileIO' object has no attribute 'name'";
                        return Err(vm.heap.raise(Builtin::AttributeError, message));
                    }
                    Ok(vm.local(name))
                },
            )
            .with_vm_set(|vm, args| {
                state(vm, args.at(0))?.name.set(vm.get(args.at(1)));
                Ok(vm.none())
            }),
        ],
        ..NativeType::of(
            Builtin::Opaque,
            "Open a file: the modes are 'r' for reading (default), 'w' for writing, 'x' for making a new one, 'a' for appending; \
             '+' adds the other direction.",
        )
    },
};

/// What a file object knows.
#[derive(Default)]
pub struct FileState {
    /// The open file; None before `__init__` and after `close`.
    pub file: RefCell<Option<Arc<dyn OpenFile>>>,
    /// Whether it was opened for reading.
    pub readable: Cell<bool>,
    /// Whether it was opened for writing.
    pub writable: Cell<bool>,
    appending: Cell<bool>,
    created: Cell<bool>,
    closefd: Cell<bool>,
    name: Slot,
}

struct FilePayload(Rc<FileState>);

traced!(FileState { name } plain { file, readable, writable, appending, created, closefd });
traced!(FilePayload { 0 });

impl Payload for FilePayload {}

impl FileState {
    fn mode(&self) -> &'static str {
        let both = self.readable.get() && self.writable.get();
        match (self.created.get(), self.appending.get(), both) {
            (true, _, true) => "xb+",
            (true, ..) => "xb",
            (_, true, true) => "ab+",
            (_, true, false) => "ab",
            (.., true) => "rb+",
            _ if self.writable.get() => "wb",
            _ => "rb",
        }
    }
}

/// The state of a file object.
pub fn state(vm: &Vm, this: Local) -> Result<Rc<FileState>, Raised> {
    payload::<FilePayload>(vm, this).map(|file| Rc::clone(&file.0))
}

/// The state, if the value is exactly a FileIO: then no override is missed by going past its methods.
pub fn exact(vm: &mut Vm, this: Local) -> Option<Rc<FileState>> {
    let class = crate::stdlib::registry::class_of(vm, &FILE_IO);
    let is_exact = vm.heap.class_of(vm.get(this)).value().is(vm.get(class));
    let file = vm.get_gc::<Opaque>(this)?.payload::<FilePayload>()?;
    is_exact.then(|| Rc::clone(&file.0))
}

fn open_file(vm: &Vm, this: Local) -> Result<Arc<dyn OpenFile>, Raised> {
    let file = state(vm, this)?.file.borrow().clone();
    file.ok_or_else(|| raw_closed_error(vm))
}

const NEW: Native = Native::vm(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    |vm, args| opaque(vm, args.at(0), FilePayload(Rc::default())),
);
const INIT: Native = Native::vm(
    "__init__(self, file, mode='r', closefd=True, opener=None)",
    "Open a file by its path or descriptor.",
    init,
);
const READ: Native = Native::vm(
    "read(self, size=-1, /)",
    "Read up to size bytes by one call of the system, or all that is left.",
    read,
);
const READALL: Native = Native::vm("readall(self, /)", "Read all that is left.", read_all);
const READINTO: Native = Native::vm(
    "readinto(self, buffer, /)",
    "Read into a buffer by one call of the system; the number of bytes.",
    |vm, args| {
        let file = readable(vm, args.at(0))?;
        let len = writable_len(vm, args.at(1))?;
        match read_some(vm, &file, len)? {
            Some(data) => {
                store_into(vm, args.at(1), &data)?;
                Ok(vm.local(vm.heap.usize(data.len())))
            }
            None => Ok(vm.none()),
        }
    },
);
const WRITE: Native = Native::vm(
    "write(self, data, /)",
    "Write bytes by one call of the system; how many were written.",
    write,
);
const SEEK: Native = Native::vm(
    "seek(self, offset, whence=0, /)",
    "Move the position: from the start (0), from here (1) or from the end (2).",
    seek,
);
const TELL: Native = Native::vm("tell(self, /)", "The position.", |vm, args| {
    let file = open_file(vm, args.at(0))?;
    let at = file.seek(SeekFrom::Current(0));
    let at = at.map_err(|error| system_error(vm, &error))?;
    Ok(vm.local(vm.heap.int(at as i64)))
});
const TRUNCATE: Native = Native::vm(
    "truncate(self, size=None, /)",
    "Set the length of the file, by default to the position.",
    truncate,
);
const CLOSE: Native = Native::vm("close(self, /)", "Close the file.", |vm, args| {
    let state = state(vm, args.at(0))?;
    let file = state.file.borrow_mut().take();
    if let Some(file) = file.filter(|_| state.closefd.get()) {
        file.close().map_err(|error| system_error(vm, &error))?;
    }
    Ok(vm.none())
});
const SEEKABLE: Native = Native::vm(
    "seekable(self, /)",
    "Whether the position can be moved.",
    |vm, args| {
        let able = open_file(vm, args.at(0))?
            .seek(SeekFrom::Current(0))
            .is_ok();
        Ok(vm.local(Value::bool(able)))
    },
);
const READABLE: Native = Native::vm(
    "readable(self, /)",
    "Whether it was opened for reading.",
    |vm, args| {
        open_file(vm, args.at(0))?;
        let able = state(vm, args.at(0))?.readable.get();
        Ok(vm.local(Value::bool(able)))
    },
);
const WRITABLE: Native = Native::vm(
    "writable(self, /)",
    "Whether it was opened for writing.",
    |vm, args| {
        open_file(vm, args.at(0))?;
        let able = state(vm, args.at(0))?.writable.get();
        Ok(vm.local(Value::bool(able)))
    },
);
const FILENO: Native = Native::vm("fileno(self, /)", "The file descriptor.", |vm, args| {
    let number = open_file(vm, args.at(0))?.number();
    Ok(vm.local(vm.heap.int(number)))
});
const ISATTY: Native = Native::vm(
    "isatty(self, /)",
    "Whether it is a terminal.",
    |vm, args| {
        let is_terminal = open_file(vm, args.at(0))?.is_terminal();
        Ok(vm.local(Value::bool(is_terminal)))
    },
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let prefix = class_prefix(vm, args.at(0));
    let state = state(vm, args.at(0))?;
    if state.file.borrow().is_none() {
        return Ok(vm.local(vm.heap.str_value(&format!("<{prefix} [closed]>"))));
    }
    let name = vm.local(state.name.get(&vm.heap));
    let name = vm.repr_text(name)?;
    let close = if state.closefd.get() { "True" } else { "False" };
    let mode = state.mode();
    let text = format!("<{prefix} name={name} mode='{mode}' closefd={close}>");
    Ok(vm.local(vm.heap.str_value(&text)))
});

/// What a mode string asks of the system.
fn parse_mode(vm: &Vm, mode: &str) -> Result<OpenHow, Raised> {
    let mut how = OpenHow {
        mode: 0o666,
        ..OpenHow::default()
    };
    let (mut directions, mut plus) = (0, 0);
    for c in mode.chars() {
        match c {
            'r' => how.read = true,
            'w' => (how.write, how.create, how.truncate) = (true, true, true),
            'x' => (how.write, how.create, how.exclusive) = (true, true, true),
            'a' => (how.write, how.create, how.append) = (true, true, true),
            'b' => continue,
            '+' => {
                plus += 1;
                continue;
            }
            _ => {
                let message = format!("invalid mode: {mode}");
                return Err(vm.heap.value_error(message));
            }
        }
        directions += 1;
    }
    if directions != 1 || plus > 1 {
        let message = "Must have exactly one of create/read/write/append mode and at most one plus";
        return Err(vm.heap.value_error(message));
    }
    if plus > 0 {
        (how.read, how.write) = (true, true);
    }
    Ok(how)
}

fn init(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let state = state(vm, args.at(0))?;
    let mode = text_or(
        &vm.heap,
        vm.get(args.at(2)),
        "r",
        "FileIO() argument 'mode'",
    )?
    .to_owned();
    let closefd = truth_or(vm, args.at(3), true)?;
    let how = parse_mode(vm, &mode)?;
    let opener = given(vm, args.at(4)).filter(|&l| !vm.get(l).is_none());
    let number = as_int(&vm.heap, vm.get(args.at(1))).map(|n| n.to_i64());
    let (file, object, named) = match number {
        Some(number) => {
            if vm.get(args.at(1)).as_bool().is_some() {
                let message = "bool is used as a file descriptor";
                vm.warn(Builtin::RuntimeWarning, message)?;
            }
            let number = number.unwrap_or(-1);
            if number < 0 {
                return Err(vm.heap.value_error("negative file descriptor"));
            }
            let opened = file_by_number(vm, number);
            (
                opened.map_err(|error| system_error(vm, &error))?,
                args.at(1),
                args.at(1),
            )
        }
        None => {
            let path = path_arg(vm, args.at(1))?;
            if !closefd {
                let message = "Cannot use closefd=False with file name";
                return Err(vm.heap.value_error(message));
            }
            let file = match opener {
                Some(opener) => open_by(vm, opener, args.at(1), how)?,
                None => {
                    let opened = vm.host.files().open(&path.path, how);
                    opened.map_err(|error| path_error(vm, &error, path.object))?
                }
            };
            (file, args.at(1), path.object)
        }
    };
    if file
        .stat()
        .is_ok_and(|stat| stat.mode & TYPE_BITS == DIRECTORY)
    {
        let error = io::Error::from_raw_os_error(IS_A_DIRECTORY);
        return Err(path_error(vm, &error, named));
    }
    if how.append {
        // What is no regular file has no end to go to.
        let _ = file.seek(SeekFrom::End(0));
    }
    state.readable.set(how.read);
    state.writable.set(how.write);
    state.appending.set(how.append);
    state.created.set(how.exclusive);
    state.closefd.set(closefd);
    state.name.set(vm.get(object));
    *state.file.borrow_mut() = Some(file);
    Ok(vm.none())
}

/// Opens by the program's `opener(path, flags)`, which returns a descriptor.
fn open_by(
    vm: &mut Vm,
    opener: Local,
    path: Local,
    how: OpenHow,
) -> Result<Arc<dyn OpenFile>, Raised> {
    let mut flags = match (how.read, how.write) {
        (true, true) => 2,
        (false, true) => 1,
        _ => 0,
    };
    for (on, bit) in [
        (how.create, 0o100),
        (how.exclusive, 0o200),
        (how.truncate, 0o1000),
        (how.append, 0o2000),
        (true, 0o2_000_000),
    ] {
        flags |= if on { bit } else { 0 };
    }
    let flags = vm.local(vm.heap.int(flags));
    let number = vm.call(opener, &[path, flags])?;
    let Some(number) = as_int(&vm.heap, vm.get(number)).and_then(|n| n.to_i64()) else {
        return Err(vm.heap.type_error("expected integer from opener"));
    };
    if number < 0 {
        return Err(vm.heap.value_error(format!("opener returned {number}")));
    }
    let opened = file_by_number(vm, number);
    opened.map_err(|error| system_error(vm, &error))
}

/// The open file with a descriptor. A socket that the program detached becomes one; of any other socket it is a copy.
///
/// # Errors
/// The system's: nothing with this number is open.
pub fn file_by_number(vm: &Vm, number: i64) -> io::Result<Arc<dyn OpenFile>> {
    let state = vm.extension::<IoState>();
    if let Some(detached) = state.take_detached(number) {
        let file = vm.host.files().take_over(detached)?;
        state.keep_descriptor(Arc::clone(&file));
        return Ok(file);
    }
    match state.socket_descriptor(number) {
        Some(copy) => vm.host.files().take_over(copy?),
        None => vm.host.files().by_number(number),
    }
}

fn readable(vm: &Vm, this: Local) -> Result<Arc<dyn OpenFile>, Raised> {
    let file = open_file(vm, this)?;
    if state(vm, this)?.readable.get() {
        Ok(file)
    } else {
        Err(unsupported(vm, "File not open for reading"))
    }
}

/// Has other threads run until a pipe, a terminal or a socket can be read; files on a disk and what does not block are read at once.
fn wait_for_input(vm: &mut Vm, file: &dyn OpenFile) -> Result<(), Raised> {
    let is_plain = |mode: u32| matches!(mode & TYPE_BITS, REGULAR | DIRECTORY);
    let returns_at_once = file.stat().is_ok_and(|stat| is_plain(stat.mode))
        || file.manner().is_ok_and(|manner| !manner.blocking);
    // A file that is none of the system's has no descriptor, and nothing to wait for.
    let Some(copy) = (!returns_at_once).then(|| file.descriptor().ok()).flatten() else {
        return Ok(());
    };
    let wanted = Sides {
        read: true,
        ..Sides::default()
    };
    let poller = Poller::new().and_then(|poller| {
        poller
            .set(copy.as_raw_fd(), wanted)
            .map(|()| Rc::new(poller))
    });
    let poller = poller.map_err(|error| system_error(vm, &error))?;
    thread_wait::wait(vm, &poller, "a file to read from", None).map(drop)
}

/// The mode bits of a file on a disk.
const REGULAR: u32 = 0o100_000;

/// Reads up to `len` bytes by one call; None: it would block.
pub fn read_some(
    vm: &mut Vm,
    file: &Arc<dyn OpenFile>,
    len: usize,
) -> Result<Option<Vec<u8>>, Raised> {
    let mut data = zeroed(vm, len)?;
    if green::has_others(vm) {
        wait_for_input(vm, &**file)?;
    }
    loop {
        match file.read(&mut data) {
            Ok(count) => {
                data.truncate(count);
                return Ok(Some(data));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => vm.check_interrupt()?,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(system_error(vm, &error)),
        }
    }
}

fn read(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let file = readable(vm, args.at(0))?;
    let size = match given(vm, args.at(1)).filter(|&l| !vm.get(l).is_none()) {
        Some(size) => vm.index(size)?,
        None => -1,
    };
    let Ok(size) = usize::try_from(size) else {
        return vm.call_method(args.at(0), "readall", &[]);
    };
    match read_some(vm, &file, size)? {
        Some(data) => Ok(vm.local(vm.heap.bytes(data).value())),
        None => Ok(vm.none()),
    }
}

fn read_all(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let file = readable(vm, args.at(0))?;
    match read_rest(vm, &file)? {
        Some(data) => Ok(vm.local(vm.heap.bytes(data).value())),
        None => Ok(vm.none()),
    }
}

/// Reads until the end; None: it would block before the first byte.
pub fn read_rest(vm: &mut Vm, file: &Arc<dyn OpenFile>) -> Result<Option<Vec<u8>>, Raised> {
    let size = file.stat().map_or(0, |stat| stat.size);
    let mut all = Vec::new();
    let mut step = usize::try_from(size).unwrap_or(0).clamp(1 << 13, 1 << 26) + 1;
    loop {
        vm.native_safepoint()?;
        match read_some(vm, file, step)? {
            None if all.is_empty() => return Ok(None),
            None => return Ok(Some(all)),
            Some(data) if data.is_empty() => return Ok(Some(all)),
            Some(data) if all.is_empty() => all = data,
            Some(data) => vm.heap.append_bytes(&mut all, &data)?,
        }
        step = 1 << 16;
    }
}

fn write(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let file = open_file(vm, args.at(0))?;
    if !state(vm, args.at(0))?.writable.get() {
        return Err(unsupported(vm, "File not open for writing"));
    }
    let data = Buffer::copied(&vm.heap, vm.get(args.at(1)))?;
    match file.write(&data) {
        Ok(count) => Ok(vm.local(vm.heap.usize(count))),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(vm.none()),
        Err(error) => Err(system_error(vm, &error)),
    }
}

/// Where to move, from the arguments of `seek`.
pub fn seek_target(vm: &mut Vm, offset: Local, whence: Local) -> Result<SeekFrom, Raised> {
    let offset = vm.index(offset)?;
    let whence = crate::stdlib::arg::vm_index_or(vm, whence, 0)?;
    Ok(match whence {
        0 => match u64::try_from(offset) {
            Ok(offset) => SeekFrom::Start(offset),
            Err(_) => {
                let error = io::Error::from_raw_os_error(22);
                return Err(system_error(vm, &error));
            }
        },
        1 => SeekFrom::Current(offset),
        2 => SeekFrom::End(offset),
        _ => {
            let error = io::Error::from_raw_os_error(22);
            return Err(system_error(vm, &error));
        }
    })
}

fn seek(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let file = open_file(vm, args.at(0))?;
    let target = seek_target(vm, args.at(1), args.at(2))?;
    let at = file
        .seek(target)
        .map_err(|error| system_error(vm, &error))?;
    Ok(vm.local(vm.heap.int(at as i64)))
}

fn truncate(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let file = open_file(vm, args.at(0))?;
    if !state(vm, args.at(0))?.writable.get() {
        return Err(unsupported(vm, "File not open for writing"));
    }
    let size = match given(vm, args.at(1)).filter(|&l| !vm.get(l).is_none()) {
        Some(size) => vm.index(size)?,
        None => {
            let at = file.seek(SeekFrom::Current(0));
            at.map_err(|error| system_error(vm, &error))? as i64
        }
    };
    let outcome = match u64::try_from(size) {
        Ok(size) => file.truncate(size),
        Err(_) => Err(io::Error::from_raw_os_error(22)),
    };
    outcome.map_err(|error| system_error(vm, &error))?;
    Ok(vm.local(vm.heap.int(size)))
}
