//! Calls of the system that take paths.
//!
//! A path may be a string, bytes or an object with `__fspath__`; an error names it as it was given.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::stat_tuple;
use crate::runtime::bytes::Bytes;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::arg::{as_int, as_str, plain, truth_or, vm_index_or};
use crate::stdlib::io::file_io::file_by_number;
use crate::stdlib::io::settle;
use crate::stdlib::os_error;
use crate::stdlib::path::{
    PathArg, fspath, name_value, os_text, path_arg, path_error, system_error, text_of,
};
use crate::vm::files::{Change, Links};
use crate::vm::{Local, Locals, Native, Vm};

pub const STAT: Native = Native::vm(
    "stat(path, follow_symlinks=True, dir_fd=None)",
    "What the system knows about a file, or about the target of a link; a descriptor may stand for a path.",
    |vm, args| {
        let follow = truth_or(vm, args.at(1), true)?;
        let links = if follow { Links::Follow } else { Links::Keep };
        stat(vm, args.at(0), args.at(2), links)
    },
);
pub const LSTAT: Native = Native::vm(
    "lstat(path, dir_fd=None)",
    "What the system knows about a file; a link stands for itself.",
    |vm, args| stat(vm, args.at(0), args.at(1), Links::Keep),
);
pub const ENTRIES: Native = Native::vm(
    "entries(path)",
    "The entries of a directory: a list of tuples (name, type bits of the mode, inode).",
    entries,
);
pub const MKDIR: Native = Native::vm(
    "mkdir(path, mode=511, *, dir_fd=None)",
    "Make a directory.",
    |vm, args| {
        let mode = vm_index_or(vm, args.at(1), 0o777)?;
        change_at(vm, args.at(0), args.at(2), "mkdir", |path| {
            Change::MakeDir(&path.path, mode as u32)
        })
    },
);
pub const RMDIR: Native = Native::vm(
    "rmdir(path, *, dir_fd=None)",
    "Remove an empty directory.",
    |vm, args| {
        change_at(vm, args.at(0), args.at(1), "rmdir", |path| {
            Change::RemoveDir(&path.path)
        })
    },
);
pub const UNLINK: Native = Native::vm(
    "unlink(path, *, dir_fd=None)",
    "Remove a file.",
    |vm, args| {
        change_at(vm, args.at(0), args.at(1), "unlink", |path| {
            Change::Remove(&path.path)
        })
    },
);
pub const REMOVE: Native = Native::vm(
    "remove(path, *, dir_fd=None)",
    "Remove a file.",
    |vm, args| {
        change_at(vm, args.at(0), args.at(1), "remove", |path| {
            Change::Remove(&path.path)
        })
    },
);
pub const RENAME: Native = Native::vm(
    "rename(src, dst, *, src_dir_fd=None, dst_dir_fd=None)",
    "Rename a file or directory; a file that has the new name is replaced.",
    |vm, args| {
        change_two(vm, args, "rename", |from, to| {
            Change::Rename(&from.path, &to.path)
        })
    },
);
pub const LINK: Native = Native::vm(
    "link(src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=True)",
    "Make a hard link.",
    |vm, args| {
        change_two(vm, args, "link", |from, to| {
            Change::Link(&from.path, &to.path)
        })
    },
);
pub const REPLACE: Native = Native::vm(
    "replace(src, dst, *, src_dir_fd=None, dst_dir_fd=None)",
    "Rename a file or directory; a file that has the new name is replaced.",
    |vm, args| {
        change_two(vm, args, "replace", |from, to| {
            Change::Rename(&from.path, &to.path)
        })
    },
);
pub const SYMLINK: Native = Native::vm(
    "symlink(src, dst, target_is_directory=False, *, dir_fd=None)",
    "Make a symbolic link to src, named dst.",
    |vm, args| {
        let from = system_path(vm, args.at(0), "symlink")?;
        let to = path_at(vm, args.at(1), args.at(3), "symlink")?;
        let made = vm
            .host
            .files()
            .change(Change::Symlink(&from.path, &to.path));
        made.map_err(|error| two_paths_error(vm, &error, &from, &to))?;
        Ok(vm.none())
    },
);
pub const READLINK: Native = Native::vm(
    "readlink(path, *, dir_fd=None)",
    "The path that a symbolic link holds.",
    |vm, args| {
        let path = path_at(vm, args.at(0), args.at(1), "readlink")?;
        let target = vm.host.files().read_link(&path.path);
        let target = target.map_err(|error| path_error(vm, &error, path.object))?;
        Ok(vm.local(name_value(vm, target.as_os_str(), path.is_bytes)))
    },
);
pub const CHMOD: Native = Native::vm(
    "chmod(path, mode, dir_fd=None)",
    "Set the permissions of a file.",
    |vm, args| {
        let mode = vm.index(args.at(1))?;
        change_at(vm, args.at(0), args.at(2), "chmod", |path| {
            Change::Permissions(&path.path, mode as u32 & 0o7777)
        })
    },
);
pub const UTIME: Native = Native::vm(
    "utime(path, accessed, modified, dir_fd=None)",
    "Set the times of a file, in nanoseconds.",
    |vm, args| {
        let accessed = i128::from(vm.index(args.at(1))?);
        let modified = i128::from(vm.index(args.at(2))?);
        change_at(vm, args.at(0), args.at(3), "utime", |path| {
            Change::Times(&path.path, accessed, modified)
        })
    },
);
pub const TRUNCATE: Native = Native::vm(
    "truncate(path, length)",
    "Set the length of a file.",
    |vm, args| {
        let Ok(length) = u64::try_from(vm.index(args.at(1))?) else {
            return Err(system_error(vm, &io::Error::from_raw_os_error(22)));
        };
        change_at(vm, args.at(0), None, "truncate", |path| {
            Change::Truncate(&path.path, length)
        })
    },
);
pub const CHDIR: Native = Native::vm(
    "chdir(path)",
    "Make a directory the current one.",
    |vm, args| {
        change_at(vm, args.at(0), None, "chdir", |path| {
            Change::WorkIn(&path.path)
        })
    },
);
pub const GETCWD: Native = Native::vm("getcwd()", "The current directory.", |vm, _| {
    let path = vm.host.files().current_dir();
    let path = path.map_err(|error| system_error(vm, &error))?;
    Ok(vm.local(vm.heap.str_value(&text_of(path.as_os_str()))))
});
pub const GETCWDB: Native = Native::vm("getcwdb()", "The current directory as bytes.", |vm, _| {
    let path = vm.host.files().current_dir();
    let path = path.map_err(|error| system_error(vm, &error))?;
    Ok(vm.local(vm.heap.bytes(path.as_os_str().as_bytes()).value()))
});
pub const ACCESS: Native = Native::vm(
    "access(path, mode, dir_fd=None)",
    "Whether the process may read (4), write (2), execute (1) a file, or whether there is one (0).",
    access,
);
pub const FSPATH: Native = Native::vm(
    "fspath(path)",
    "The string or bytes of a path. Raises TypeError if it is neither of these nor an os.PathLike.",
    |vm, args| fspath(vm, args.at(0)),
);
pub const FSENCODE: Native = Native::vm(
    "fsencode(filename)",
    "The bytes by which the system knows a path.",
    |vm, args| {
        let name = fspath(vm, args.at(0))?;
        match as_str(&vm.heap, vm.get(name)) {
            Some(text) => {
                let bytes = os_text(text.as_str());
                Ok(vm.local(vm.heap.bytes(bytes.as_bytes()).value()))
            }
            None => Ok(name),
        }
    },
);
pub const FSDECODE: Native = Native::vm(
    "fsdecode(filename)",
    "The text of a path that the system knows by bytes.",
    |vm, args| {
        let name = fspath(vm, args.at(0))?;
        match vm.get_gc::<Bytes>(plain(vm, name)) {
            Some(bytes) => {
                let text = crate::text::codec::escape::to_text(bytes.as_slice());
                Ok(vm.local(vm.heap.str_value(&text)))
            }
            None => Ok(name),
        }
    },
);

fn stat(vm: &mut Vm, path: Local, dir: Local, links: Links) -> Result<Local, Raised> {
    if let Some(number) = as_int(&vm.heap, vm.get(path)) {
        let file = file_by_number(vm, number.to_i64().unwrap_or(-1));
        let stat = file.and_then(|file| file.stat());
        let stat = stat.map_err(|error| path_error(vm, &error, path))?;
        return stat_tuple(vm, &stat);
    }
    let path = path_of(vm, path, dir, "stat")?;
    settle(vm, &path.path);
    let stat = vm.host.files().stat(&path.path, links);
    let stat = stat.map_err(|error| path_error(vm, &error, path.object))?;
    stat_tuple(vm, &stat)
}

/// A path, with the words of CPython's `path_t` for what is none.
fn path_of(vm: &mut Vm, path: Local, dir: Local, function: &str) -> Result<PathArg, Raised> {
    if vm.find_attr(path, "__fspath__")?.is_some() {
        return path_at(vm, path, dir, function);
    }
    path_at(vm, path, dir, function).map_err(|raised| {
        let class = vm.heap.type_name(vm.get(path)).to_owned();
        if !vm.is_raised(&raised, Builtin::TypeError) {
            return raised;
        }
        vm.heap.take_raised(raised);
        vm.heap.type_error(format!(
            "{function}: path should be string, bytes, os.PathLike or integer, not {class}"
        ))
    })
}

fn entries(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let path = path_or_number(vm, args.at(0), "scandir")?;
    let found = vm.host.files().list(&path.path);
    let found = found.map_err(|error| path_error(vm, &error, path.object))?;
    let mut rows = Vec::new();
    for entry in found {
        let name = vm.local(name_value(vm, &entry.name, path.is_bytes));
        let row = [
            vm.get(name),
            vm.heap.int(i64::from(entry.kind)),
            vm.heap.int(entry.inode as i64),
        ];
        let row = vm.heap.tuple(&row).value();
        rows.push(vm.local(row));
        vm.native_safepoint()?;
    }
    let rows = rows.iter().map(|&row| vm.get(row));
    let list = vm.local(vm.heap.list(rows).value());
    Ok(list)
}

/// A path for a call of the system; errors of the argument name the function.
fn system_path(vm: &mut Vm, path: Local, function: &str) -> Result<PathArg, Raised> {
    path_arg(vm, path).map_err(|raised| {
        if !vm.is_raised(&raised, Builtin::ValueError) {
            return raised;
        }
        vm.heap.take_raised(raised);
        let message = format!("{function}: embedded null character in path");
        vm.heap.value_error(message)
    })
}

/// A path, or the number of an open file for it.
fn path_or_number(vm: &mut Vm, path: Local, function: &str) -> Result<PathArg, Raised> {
    let Some(number) = as_int(&vm.heap, vm.get(path)) else {
        return system_path(vm, path, function);
    };
    let number = number.to_i64().unwrap_or(-1);
    let file = file_by_number(vm, number);
    file.map_err(|error| path_error(vm, &error, path))?;
    Ok(PathArg {
        path: format!("/proc/self/fd/{number}").into(),
        object: path,
        is_bytes: false,
    })
}

/// A path that begins in the directory of an open file, if one is given.
pub fn path_at(vm: &mut Vm, path: Local, dir: Local, function: &str) -> Result<PathArg, Raised> {
    let given = system_path(vm, path, function)?;
    if vm.get(dir).is_none() || vm.get(dir).is_undef() || given.path.is_absolute() {
        return Ok(given);
    }
    let number = vm.index(dir)?;
    let file = file_by_number(vm, number);
    file.map_err(|error| path_error(vm, &error, given.object))?;
    Ok(PathArg {
        path: Path::new(&format!("/proc/self/fd/{number}")).join(&given.path),
        ..given
    })
}

fn change_at(
    vm: &mut Vm,
    path: Local,
    dir: impl Into<Option<Local>>,
    function: &str,
    make: impl for<'p> Fn(&'p PathArg) -> Change<'p>,
) -> Result<Local, Raised> {
    let dir = dir.into().filter(|&dir| !vm.get(dir).is_none());
    let path = match dir.filter(|&dir| !vm.get(dir).is_undef()) {
        Some(dir) => path_at(vm, path, dir, function)?,
        None => path_or_number(vm, path, function)?,
    };
    let changed = vm.host.files().change(make(&path));
    changed.map_err(|error| path_error(vm, &error, path.object))?;
    Ok(vm.none())
}

fn change_two(
    vm: &mut Vm,
    args: Locals,
    function: &str,
    make: impl for<'p> Fn(&'p PathArg, &'p PathArg) -> Change<'p>,
) -> Result<Local, Raised> {
    let from = path_at(vm, args.at(0), args.at(2), function)?;
    let to = path_at(vm, args.at(1), args.at(3), function)?;
    let changed = vm.host.files().change(make(&from, &to));
    changed.map_err(|error| two_paths_error(vm, &error, &from, &to))?;
    Ok(vm.none())
}

/// An OSError that names both paths.
fn two_paths_error(vm: &Vm, error: &io::Error, from: &PathArg, to: &PathArg) -> Raised {
    let raised = os_error::raise(&vm.heap, error, Some(vm.get(from.object)));
    let exception = vm.heap.peek_raised(&raised);
    let name = vm.heap.intern("filename2");
    let attributes = exception.fields(&vm.heap);
    attributes.set_str(&vm.heap, name, vm.get(to.object));
    raised
}

fn access(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let path = match vm.get(args.at(2)).is_none() || vm.get(args.at(2)).is_undef() {
        true => path_or_number(vm, args.at(0), "access")?,
        false => path_at(vm, args.at(0), args.at(2), "access")?,
    };
    let wanted = vm.index(args.at(1))? as u32;
    let files = vm.host.files();
    let Ok(stat) = files.stat(&path.path, Links::Follow) else {
        return Ok(vm.local(Value::FALSE));
    };
    let (user, group) = super::process::owner(vm);
    let allowed = if user == 0 {
        // The superuser may execute what anybody may.
        6 | u32::from(stat.mode & 0o111 != 0)
    } else if stat.user == user {
        stat.mode >> 6 & 7
    } else if stat.group == group {
        stat.mode >> 3 & 7
    } else {
        stat.mode & 7
    };
    Ok(vm.local(Value::bool(wanted & !allowed & 7 == 0)))
}
