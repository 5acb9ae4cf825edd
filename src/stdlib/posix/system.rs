//! Calls of the system that programs of administrators use: masks, file systems, named pipes, sessions.
//!
//! `library/_os_more.apy` has what is put together from them.

use std::io;
use std::os::unix::fs::{chown, lchown};
use std::path::Path;

use nix::sys::stat::{Mode, umask};
use nix::sys::statvfs::statvfs;
use nix::unistd::{Pid, mkfifo, setpgid, setsid};

use crate::runtime::Raised;
use crate::stdlib::arg::vm_index_or;
use crate::stdlib::path::{path_arg, path_error, system_error};
use crate::vm::{Local, Locals, Native, Vm};

pub const EXIT: Native = Native::vm(
    "_exit(status)",
    "End the process at once: no handlers run, and nothing that waits in buffers is written.",
    |vm, args| {
        let status = vm.index(args.at(0))?;
        std::process::exit(status as i32)
    },
);
pub const ABORT: Native = Native::vm(
    "abort()",
    "End the process by the signal SIGABRT.",
    |_, _| std::process::abort(),
);
pub const UMASK: Native = Native::vm(
    "umask(mask, /)",
    "Set the permissions that new files do not get; the earlier ones.",
    |vm, args| {
        let mask = vm.index(args.at(0))?;
        let before = umask(Mode::from_bits_truncate(mask as u32));
        Ok(vm.local(vm.heap.int(i64::from(before.bits()))))
    },
);
pub const STATVFS: Native = Native::vm(
    "statvfs(path)",
    "What the system knows about the file system of a path, a tuple of eleven.",
    |vm, args| {
        let path = path_arg(vm, args.at(0))?;
        let found =
            statvfs(&path.path).map_err(|error| path_error(vm, &error.into(), path.object))?;
        let fields = [
            found.block_size(),
            found.fragment_size(),
            found.blocks(),
            found.blocks_free(),
            found.blocks_available(),
            found.files(),
            found.files_free(),
            found.files_available(),
            found.flags().bits(),
            found.name_max(),
            found.filesystem_id(),
        ];
        let fields = fields.map(|field| vm.local(vm.heap.int(field as i64)));
        Ok(vm.tuple_of(&fields))
    },
);
pub const MKFIFO: Native = Native::vm(
    "mkfifo(path, mode=438)",
    "Make a named pipe.",
    |vm, args| {
        let path = path_arg(vm, args.at(0))?;
        let mode = vm_index_or(vm, args.at(1), 0o666)?;
        mkfifo(&path.path, Mode::from_bits_truncate(mode as u32))
            .map_err(|error| path_error(vm, &error.into(), path.object))?;
        Ok(vm.none())
    },
);
pub const CHOWN: Native = Native::vm(
    "chown(path, user, group, /)",
    "Set the owner of a file: user and group, -1 to keep one.",
    |vm, args| change_owner(vm, args, |path, user, group| chown(path, user, group)),
);
pub const LCHOWN: Native = Native::vm(
    "lchown(path, user, group, /)",
    "Set the owner of a file; a symbolic link stands for itself.",
    |vm, args| change_owner(vm, args, |path, user, group| lchown(path, user, group)),
);
pub const SETSID: Native = Native::vm("setsid()", "Start a session of its own.", |vm, _| {
    done(vm, setsid().map(drop))
});
pub const SETPGID: Native = Native::vm(
    "setpgid(pid, pgrp, /)",
    "Move a process to a process group.",
    |vm, args| {
        let [process, group] = [0, 1].map(|at| vm.index(args.at(at)));
        let (process, group) = (process? as i32, group? as i32);
        done(vm, setpgid(Pid::from_raw(process), Pid::from_raw(group)))
    },
);

fn change_owner(
    vm: &mut Vm,
    args: Locals,
    change: fn(&Path, Option<u32>, Option<u32>) -> io::Result<()>,
) -> Result<Local, Raised> {
    let path = path_arg(vm, args.at(0))?;
    let [user, group] = [1, 2].map(|at| vm.index(args.at(at)));
    let owner = |number: i64| u32::try_from(number).ok();
    change(&path.path, owner(user?), owner(group?))
        .map_err(|error| path_error(vm, &error, path.object))?;
    Ok(vm.none())
}

fn done(vm: &mut Vm, result: nix::Result<()>) -> Result<Local, Raised> {
    result.map_err(|error| system_error(vm, &error.into()))?;
    Ok(vm.none())
}
