//! Calls of the system that take descriptors of open files.
//!
//! A file that `os.open` made stays open until `os.close`: the module keeps it alive in a table of its own.

use std::io::{self, SeekFrom};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use super::paths::path_at;
use super::stat_tuple;
use crate::runtime::{Raised, Value};
use crate::stdlib::arg::{Buffer, vm_index_or};
use crate::stdlib::io::IoState;
use crate::stdlib::io::file_io::{file_by_number, read_some};
use crate::stdlib::path::{path_error, system_error};
use crate::vm::files::{Manner, OpenFile, OpenHow};
use crate::vm::{Local, Native, Vm};

pub const OPEN: Native = Native::vm(
    "open(path, flags, mode=511, *, dir_fd=None)",
    "Open a file by the flags of the system's call; its descriptor.",
    |vm, args| {
        let path = path_at(vm, args.at(0), args.at(3), "open")?;
        let flags = vm.index(args.at(1))? as i32;
        let mode = vm_index_or(vm, args.at(2), 0o777)?;
        let opened = vm.host.files().open(&path.path, how(flags, mode as u32));
        let file = opened.map_err(|error| path_error(vm, &error, path.object))?;
        keep(vm, file)
    },
);
pub const CLOSE: Native = Native::vm("close(fd)", "Close a descriptor.", |vm, args| {
    let file = file(vm, args.at(0))?;
    let closed = file.close();
    vm.extension::<IoState>().forget_descriptor(file.number());
    closed.map_err(|error| system_error(vm, &error))?;
    Ok(vm.none())
});
pub const READ: Native = Native::vm(
    "read(fd, length, /)",
    "Read up to length bytes by one call.",
    |vm, args| {
        let file = file(vm, args.at(0))?;
        let Ok(length) = usize::try_from(vm.index(args.at(1))?) else {
            return Err(system_error(vm, &io::Error::from_raw_os_error(22)));
        };
        match read_some(vm, &file, length)? {
            Some(data) => Ok(vm.local(vm.heap.bytes(data).value())),
            None => Err(system_error(vm, &io::Error::from_raw_os_error(11))),
        }
    },
);
pub const WRITE: Native = Native::vm(
    "write(fd, data, /)",
    "Write bytes by one call; how many were written.",
    |vm, args| {
        let file = file(vm, args.at(0))?;
        let data = Buffer::copied(&vm.heap, vm.get(args.at(1)))?;
        let written = file.write(&data);
        let written = written.map_err(|error| system_error(vm, &error))?;
        Ok(vm.local(vm.heap.usize(written)))
    },
);
pub const LSEEK: Native = Native::vm(
    "lseek(fd, position, whence, /)",
    "Move the position: from the start (0), from here (1) or from the end (2).",
    |vm, args| {
        let file = file(vm, args.at(0))?;
        let offset = vm.index(args.at(1))?;
        let target = match (vm.index(args.at(2))?, u64::try_from(offset)) {
            (0, Ok(offset)) => SeekFrom::Start(offset),
            (1, _) => SeekFrom::Current(offset),
            (2, _) => SeekFrom::End(offset),
            _ => return Err(system_error(vm, &io::Error::from_raw_os_error(22))),
        };
        let at = file.seek(target);
        let at = at.map_err(|error| system_error(vm, &error))?;
        Ok(vm.local(vm.heap.int(at as i64)))
    },
);
pub const FSTAT: Native = Native::vm(
    "fstat(fd)",
    "What the system knows about an open file.",
    |vm, args| {
        let stat = file(vm, args.at(0))?.stat();
        let stat = stat.map_err(|error| system_error(vm, &error))?;
        stat_tuple(vm, &stat)
    },
);
pub const FTRUNCATE: Native = Native::vm(
    "ftruncate(fd, length, /)",
    "Set the length of an open file.",
    |vm, args| {
        let file = file(vm, args.at(0))?;
        let set = match u64::try_from(vm.index(args.at(1))?) {
            Ok(length) => file.truncate(length),
            Err(_) => Err(io::Error::from_raw_os_error(22)),
        };
        set.map_err(|error| system_error(vm, &error))?;
        Ok(vm.none())
    },
);
pub const FSYNC: Native = Native::vm("fsync(fd)", "Wait until all is on the disk.", |vm, args| {
    let synced = file(vm, args.at(0))?.sync();
    synced.map_err(|error| system_error(vm, &error))?;
    Ok(vm.none())
});
pub const ISATTY: Native = Native::vm(
    "isatty(fd, /)",
    "Whether a descriptor is a terminal.",
    |vm, args| {
        let number = vm.index(args.at(0))?;
        let file = vm.host.files().by_number(number);
        let is_terminal = file.is_ok_and(|file| file.is_terminal());
        Ok(vm.local(Value::bool(is_terminal)))
    },
);
pub const GET_INHERITABLE: Native = Native::vm(
    "get_inheritable(fd, /)",
    "Whether programs that this one starts have the descriptor, too.",
    |vm, args| {
        let manner = file(vm, args.at(0))?.manner();
        let manner = manner.map_err(|error| system_error(vm, &error))?;
        Ok(vm.local(Value::bool(manner.inherited)))
    },
);
pub const SET_INHERITABLE: Native = Native::vm(
    "set_inheritable(fd, inheritable, /)",
    "Say whether programs that this one starts have the descriptor, too.",
    |vm, args| {
        let inherited = vm.truth(args.at(1))?;
        change(vm, args.at(0), |manner| Manner {
            inherited,
            ..manner
        })
    },
);
pub const GET_BLOCKING: Native = Native::vm(
    "get_blocking(fd, /)",
    "Whether reading and writing wait.",
    |vm, args| {
        let manner = file(vm, args.at(0))?.manner();
        let manner = manner.map_err(|error| system_error(vm, &error))?;
        Ok(vm.local(Value::bool(manner.blocking)))
    },
);
pub const SET_BLOCKING: Native = Native::vm(
    "set_blocking(fd, blocking, /)",
    "Say whether reading and writing wait.",
    |vm, args| {
        let blocking = vm.truth(args.at(1))?;
        change(vm, args.at(0), |manner| Manner { blocking, ..manner })
    },
);

fn change(
    vm: &mut Vm,
    number: Local,
    changed: impl FnOnce(Manner) -> Manner,
) -> Result<Local, Raised> {
    let file = file(vm, number)?;
    let outcome = file
        .manner()
        .and_then(|manner| file.set_manner(changed(manner)));
    outcome.map_err(|error| system_error(vm, &error))?;
    Ok(vm.none())
}

/// Only standard streams can be the target.
pub const DUP2: Native = Native::vm(
    "dup2(fd, fd2, inheritable=True)",
    "Make fd2 another descriptor of the open file fd.",
    |vm, args| {
        let (number, target) = (vm.index(args.at(0))?, vm.index(args.at(1))?);
        let flushed = vm.host.flush();
        let redirected = flushed.and_then(|()| vm.host.files().redirect(number, target));
        let made = redirected.map_err(|error| system_error(vm, &error))?;
        match made {
            Some(file) => keep(vm, file),
            None => Ok(vm.local(vm.heap.int(target))),
        }
    },
);

pub const DUP: Native = Native::vm(
    "dup(fd, /)",
    "A second descriptor of an open file.",
    |vm, args| {
        let number = vm.index(args.at(0))?;
        if let Some(copy) = vm.extension::<IoState>().socket_descriptor(number) {
            let copy = copy.map_err(|error| system_error(vm, &error))?;
            let number = i64::from(copy.as_raw_fd());
            vm.extension::<IoState>().detach(number, copy);
            return Ok(vm.local(vm.heap.int(number)));
        }
        let copy = vm.host.files().duplicate(number);
        let copy = copy.map_err(|error| system_error(vm, &error))?;
        keep(vm, copy)
    },
);
pub const PIPE: Native = Native::vm(
    "pipe()",
    "A new pipe: the descriptor to read from, the one to write to.",
    |vm, _| {
        let ends = vm.host.files().pipe();
        let [reader, writer] = ends.map_err(|error| system_error(vm, &error))?;
        let (reader, writer) = (keep(vm, reader)?, keep(vm, writer)?);
        Ok(vm.tuple_of(&[reader, writer]))
    },
);

/// A descriptor of its own for an open file or socket that the program knows by a number.
///
/// # Errors
/// The system's: nothing with this number is open.
pub fn descriptor_of(vm: &Vm, number: i64) -> io::Result<OwnedFd> {
    if let Some(copy) = vm.extension::<IoState>().socket_descriptor(number) {
        return copy;
    }
    vm.host.files().by_number(number)?.descriptor()
}

fn file(vm: &mut Vm, number: Local) -> Result<Arc<dyn OpenFile>, Raised> {
    let number = vm.index(number)?;
    let file = file_by_number(vm, number);
    file.map_err(|error| system_error(vm, &error))
}

/// Keeps a file open that the program knows only by its descriptor.
pub(super) fn keep(vm: &Vm, file: Arc<dyn OpenFile>) -> Result<Local, Raised> {
    let number = file.number();
    vm.extension::<IoState>().keep_descriptor(file);
    Ok(vm.local(vm.heap.int(number)))
}

/// The flags of Linux's `open`.
fn how(flags: i32, mode: u32) -> OpenHow {
    let has = |bit: i32| flags & bit != 0;
    let known = 0o3 | 0o100 | 0o200 | 0o1000 | 0o2000;
    OpenHow {
        read: matches!(flags & 3, 0 | 2),
        write: matches!(flags & 3, 1 | 2),
        append: has(0o2000),
        create: has(0o100),
        exclusive: has(0o200),
        truncate: has(0o1000),
        flags: flags & !known,
        mode,
    }
}
