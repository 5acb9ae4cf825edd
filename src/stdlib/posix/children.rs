//! Calls of the system about other processes: starting, signalling and awaiting them.
//!
//! `subprocess` and `asyncio` are built on these. A process is known by its number; the system keeps its status until `waitpid` takes it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::descriptor_of;
use crate::runtime::dict::Dict;
use crate::runtime::list::List;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::stdlib::io::settle_all;
use crate::stdlib::path::{path_arg, path_error, system_error};
use crate::vm::processes::{Patience, Session, Spawn};
use crate::vm::{Local, Locals, Native, Vm};

pub const SPAWN: Native = Native::vm(
    "spawn(program, words, environment, directory, streams, group=None, new_session=False, user=None, user_group=None, /)",
    "Start a program; its number. streams: three descriptors, -1 for this process's. environment: a dict of bytes, or None for this process's.",
    spawn,
);
pub const BECOME: Native = Native::vm(
    "_become(program, words, environment, /)",
    "Run a program in place of this one: it keeps the process. Returns only by an OSError.",
    |vm, args| {
        let mut words = Vec::new();
        for word in items(vm, args.at(1))? {
            words.push(path_arg(vm, word)?.path.into_os_string());
        }
        let program = path_arg(vm, args.at(0))?.path;
        // A name without a slash is in the current directory, not in the PATH.
        let program = match program.components().count() {
            1 if !program.is_absolute() => Path::new(".").join(program),
            _ => program,
        };
        let spawn = Spawn {
            program: program.into_os_string(),
            words,
            environment: environment(vm, args.at(2))?,
            ..Spawn::default()
        };
        let outcome = vm.host.processes().become_program(spawn);
        outcome.map_err(|error| system_error(vm, &error))?;
        Ok(vm.none())
    },
);
pub const WAIT: Native = Native::vm(
    "wait_child(pid, asking, /)",
    "The number and the status of a child that has ended; 0 and 0 if asking while it runs.",
    |vm, args| {
        let number = vm.index(args.at(0))? as i32;
        let patience = match vm.truth(args.at(1))? {
            true => Patience::Ask,
            false => Patience::Wait,
        };
        let found = vm.host.processes().wait(number, patience);
        let (number, status) = found
            .map_err(|error| system_error(vm, &error))?
            .unwrap_or_default();
        let pair = [number, status].map(|n| vm.local(Value::small_int(n.into())));
        Ok(vm.tuple_of(&pair))
    },
);
pub const KILL: Native = Native::vm("kill(pid, signal, /)", "Send a signal.", |vm, args| {
    let (number, signal) = (vm.index(args.at(0))? as i32, vm.index(args.at(1))? as i32);
    kill(vm, number, signal)
});
pub const LEAVE: Native = Native::vm(
    "_exit(status)",
    "End the process at once: no cleanup, and what is kept back is not written.",
    |vm, args| {
        let status = vm.index(args.at(0))? as i32;
        let left = vm.host.processes().leave(status);
        left.map_err(|error| system_error(vm, &error))?;
        Ok(vm.none())
    },
);
pub const KILLPG: Native = Native::vm(
    "killpg(pgid, signal, /)",
    "Send a signal to a process group.",
    |vm, args| {
        let (number, signal) = (vm.index(args.at(0))? as i32, vm.index(args.at(1))? as i32);
        kill(vm, -number, signal)
    },
);
pub const GETPGID: Native = Native::vm(
    "getpgid(pid)",
    "The process group of a process; 0 for this one.",
    |vm, args| {
        let number = vm.index(args.at(0))? as i32;
        let found = vm.host.processes().group(number);
        let (group, _) = found.map_err(|error| system_error(vm, &error))?;
        Ok(vm.local(Value::small_int(group.into())))
    },
);
pub const GETSID: Native = Native::vm(
    "getsid(pid, /)",
    "The session of a process; 0 for this one.",
    |vm, args| {
        let number = vm.index(args.at(0))? as i32;
        let found = vm.host.processes().group(number);
        let (_, session) = found.map_err(|error| system_error(vm, &error))?;
        Ok(vm.local(Value::small_int(session.into())))
    },
);

fn kill(vm: &mut Vm, number: i32, signal: i32) -> Result<Local, Raised> {
    settle_all(vm);
    // What was printed before comes before the end, if that is what the signal does to this process.
    let _ = vm.host.flush();
    let sent = vm.host.processes().kill(number, signal);
    sent.map_err(|error| system_error(vm, &error))?;
    vm.check_interrupt()?;
    Ok(vm.none())
}

fn spawn(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let mut words = Vec::new();
    for word in items(vm, args.at(1))? {
        words.push(path_arg(vm, word)?.path.into_os_string());
    }
    let program = path_arg(vm, args.at(0))?.path.into_os_string();
    let directory = optional(vm, args.at(3));
    let directory = match directory {
        Some(path) => Some(path_arg(vm, path)?.path),
        None => None,
    };
    let session = match vm.truth(args.at(6))? {
        true => Session::New,
        false => Session::Same,
    };
    let mut number = |at| match optional(vm, args.at(at)) {
        Some(number) => vm.index(number).map(Some),
        None => Ok(None),
    };
    let [group, user, user_group] = [number(5)?, number(7)?, number(8)?];
    let mut streams = [None, None, None];
    for (stream, fd) in streams.iter_mut().zip(items(vm, args.at(4))?) {
        let fd = vm.index(fd)?;
        if fd >= 0 {
            let descriptor = descriptor_of(vm, fd);
            *stream = Some(descriptor.map_err(|error| system_error(vm, &error))?);
        }
    }
    let spawn = Spawn {
        program,
        words,
        environment: environment(vm, args.at(2))?,
        directory: directory.clone(),
        streams,
        group: group.map(|n| n as i32),
        session,
        user: user.map(|n| n as u32),
        user_group: user_group.map(|n| n as u32),
    };
    settle_all(vm);
    // What was printed before comes before what the new process prints.
    let _ = vm.host.flush();
    match vm.host.processes().spawn(spawn) {
        Ok(number) => Ok(vm.local(Value::small_int(number.into()))),
        Err(error) => Err(refused(vm, &error, [args.at(0), args.at(3)], directory)),
    }
}

/// The exception for a process that could not be started: about its directory, if there is no such.
fn refused(
    vm: &Vm,
    error: &std::io::Error,
    [program, directory]: [Local; 2],
    path: Option<PathBuf>,
) -> Raised {
    use crate::vm::files::Links;
    let is_missing = |path: PathBuf| vm.host.files().stat(&path, Links::Follow).is_err();
    match path.is_some_and(is_missing) {
        true => path_error(vm, error, directory),
        false => path_error(vm, error, program),
    }
}

fn optional(vm: &Vm, local: Local) -> Option<Local> {
    let value = vm.get(local);
    (!value.is_undef() && !value.is_none()).then_some(local)
}

fn items(vm: &mut Vm, iterable: Local) -> Result<Vec<Local>, Raised> {
    let list = vm.to_list(iterable)?;
    let list: Gc<'_, List> = vm.get_gc(list).expect("to_list makes a list");
    let items = list.to_vec(&vm.heap);
    Ok(items.into_iter().map(|item| vm.local(item)).collect())
}

/// A dict of bytes.
fn environment(vm: &Vm, dict: Local) -> Result<Option<Vec<(OsString, OsString)>>, Raised> {
    let Some(dict) = vm.get_gc::<Dict>(dict) else {
        return Ok(None);
    };
    let text = |value: Value<'_>| {
        let bytes = value.as_gc::<crate::runtime::bytes::Bytes>();
        let bytes = bytes.ok_or_else(|| {
            let message = "the environment is a dict from bytes to bytes";
            vm.heap.raise(Builtin::TypeError, message)
        })?;
        Ok(OsString::from_vec(bytes.as_slice().to_vec()))
    };
    let entries = dict.table.entries(&vm.heap).into_iter();
    let entries = entries.map(|(name, value)| Ok((text(name)?, text(value)?)));
    entries.collect::<Result<Vec<_>, Raised>>().map(Some)
}
