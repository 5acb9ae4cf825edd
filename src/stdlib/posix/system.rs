//! Calls of the system that programs of administrators use: masks, file systems, named pipes, sessions.
//!
//! `library/_os_more.apy` has what is put together from them.

use std::io;

use super::paths::path_at;
use crate::runtime::Raised;
use crate::stdlib::arg::vm_index_or;
use crate::stdlib::path::{path_arg, path_error, system_error};
use crate::vm::files::{Change, Links};
use crate::vm::{Local, Locals, Native, Vm};

pub const ABORT: Native = Native::vm(
    "abort()",
    "End the process by the signal SIGABRT.",
    |vm, _| {
        let own = std::process::id() as i32;
        let sent = vm.host.processes().kill(own, SIGABRT);
        done(vm, sent)
    },
);
pub const UMASK: Native = Native::vm(
    "umask(mask, /)",
    "Set the permissions that new files do not get; the earlier ones.",
    |vm, args| {
        let mask = vm.index(args.at(0))?;
        let before = vm.host.processes().mask(mask as u32);
        let before = before.map_err(|error| system_error(vm, &error))?;
        Ok(vm.local(vm.heap.int(i64::from(before))))
    },
);
pub const STATVFS: Native = Native::vm(
    "statvfs(path)",
    "What the system knows about the file system of a path, a tuple of eleven.",
    |vm, args| {
        let path = path_arg(vm, args.at(0))?;
        let found = vm.host.files().file_system(&path.path);
        let fields = found.map_err(|error| path_error(vm, &error, path.object))?;
        let fields = fields.map(|field| vm.local(vm.heap.int(field as i64)));
        Ok(vm.tuple_of(&fields))
    },
);
pub const MKFIFO: Native = Native::vm(
    "mkfifo(path, mode=438, *, dir_fd=None)",
    "Make a named pipe.",
    |vm, args| {
        let path = path_at(vm, args.at(0), args.at(2), "mkfifo")?;
        let mode = vm_index_or(vm, args.at(1), 0o666)?;
        let made = vm
            .host
            .files()
            .change(Change::Pipe(&path.path, mode as u32));
        made.map_err(|error| path_error(vm, &error, path.object))?;
        Ok(vm.none())
    },
);
pub const CHOWN: Native = Native::vm(
    "chown(path, user, group, /)",
    "Set the owner of a file: user and group, -1 to keep one.",
    |vm, args| change_owner(vm, args, Links::Follow),
);
pub const LCHOWN: Native = Native::vm(
    "lchown(path, user, group, /)",
    "Set the owner of a file; a symbolic link stands for itself.",
    |vm, args| change_owner(vm, args, Links::Keep),
);
pub const SETSID: Native = Native::vm("setsid()", "Start a session of its own.", |vm, _| {
    let begun = vm.host.processes().begin_session();
    done(vm, begun)
});
pub const SETPGID: Native = Native::vm(
    "setpgid(pid, pgrp, /)",
    "Move a process to a process group.",
    |vm, args| {
        let [process, group] = [0, 1].map(|at| vm.index(args.at(at)));
        let (process, group) = (process? as i32, group? as i32);
        let moved = vm.host.processes().join_group(process, group);
        done(vm, moved)
    },
);

fn change_owner(vm: &mut Vm, args: Locals, links: Links) -> Result<Local, Raised> {
    let path = path_arg(vm, args.at(0))?;
    let [user, group] = [1, 2].map(|at| vm.index(args.at(at)));
    let owner = |number: i64| u32::try_from(number).ok();
    let change = Change::Owner(&path.path, owner(user?), owner(group?), links);
    let changed = vm.host.files().change(change);
    changed.map_err(|error| path_error(vm, &error, path.object))?;
    Ok(vm.none())
}

fn done(vm: &mut Vm, result: io::Result<()>) -> Result<Local, Raised> {
    result.map_err(|error| system_error(vm, &error))?;
    Ok(vm.none())
}

/// As Linux and the BSDs number it.
const SIGABRT: i32 = 6;
