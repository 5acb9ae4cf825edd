//! Child processes: starting one, asking for its status, sending it signals.
//!
//! A child's pipes are Unix sockets, so that the loop treats them as any connection.

use std::cell::RefCell;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use socket2::{Domain, Socket, Type};

use super::{failed, int, new_socket};
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::heap::traced;
use crate::runtime::list::List;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::{Local, Locals, Native, Vm};

/// A child process.
pub const CHILD: ModuleType = ModuleType {
    name: "_socket.Child",
    module: "_socket",
    body: NativeType {
        methods: &[&PID, &POLL],
        ..NativeType::of(Builtin::Opaque, "A child process.")
    },
};

struct Process(RefCell<Child>);

traced!(plain Process);

impl Payload for Process {}

/// `spawn(...)`.
pub const SPAWN: Native = Native::vm(
    "spawn(args, env, cwd, streams, new_group, /)",
    "Start a program. streams: three of 'inherit', 'null', 'pipe', 'stdout'. The child, then a socket or None for each stream.",
    spawn,
);
/// `kill(pid, signum)`.
pub const KILL: Native = Native::vm("kill(pid, signum, /)", "Send a signal.", |vm, args| {
    let (pid, signum) = (int(vm, args.at(0), 0)?, int(vm, args.at(1), 0)?);
    let signal = match signum {
        0 => None,
        signum => match Signal::try_from(signum) {
            Ok(signal) => Some(signal),
            Err(_) => return Err(failed(vm, &std::io::Error::from_raw_os_error(22))),
        },
    };
    match kill(Pid::from_raw(pid), signal) {
        Ok(()) => Ok(vm.none()),
        Err(error) => Err(failed(vm, &error.into())),
    }
});
const PID: Native = Native::vm("pid(self, /) -> int", "Its number.", |vm, args| {
    let pid = child(vm, args.at(0)).0.borrow().id();
    Ok(vm.local(Value::small_int(pid.into())))
});
const POLL: Native = Native::vm(
    "poll(self, /)",
    "Its exit status, negative for the signal that ended it; None while it runs.",
    |vm, args| {
        let status = child(vm, args.at(0)).0.borrow_mut().try_wait();
        let status = status.map_err(|error| failed(vm, &error))?;
        let code = status.map(|status| {
            let signal = status.signal().map(|signal| -signal);
            status.code().or(signal).unwrap_or(255)
        });
        Ok(vm.local(code.map_or(Value::NONE, |code| Value::small_int(code.into()))))
    },
);

fn child(vm: &Vm, this: Local) -> &Process {
    vm.get_gc::<Opaque>(this)
        .and_then(|o| o.payload())
        .expect("methods are called on instances of their class")
}

fn texts(vm: &mut Vm, list: Local) -> Result<Vec<String>, Raised> {
    let list = vm.to_list(list)?;
    let items: Gc<'_, List> = vm.get_gc(list).expect("to_list gives a list");
    let items = items.to_vec(&vm.heap);
    let items: Vec<Local> = items.into_iter().map(|item| vm.local(item)).collect();
    items.into_iter().map(|item| vm.text_of(item)).collect()
}

fn spawn(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let words = texts(vm, args.at(0))?;
    let Some((program, rest)) = words.split_first() else {
        return Err(vm.heap.value_error("a program is required"));
    };
    let mut command = Command::new(program);
    command.args(rest);
    if let Some(env) = vm.get_gc::<Dict>(args.at(1)) {
        command.env_clear();
        for (name, value) in env.table.entries(&vm.heap) {
            if let (Some(name), Some(value)) = (name.as_gc::<Str>(), value.as_gc::<Str>()) {
                command.env(name.as_str(), value.as_str());
            }
        }
    }
    if let Some(cwd) = vm.get_gc::<Str>(args.at(2)) {
        command.current_dir(cwd.as_str());
    }
    if vm.truth(args.at(4))? {
        command.process_group(0);
    }
    let modes = texts(vm, args.at(3))?;
    let ends = connect(vm, &mut command, &modes)?;
    // What was printed before comes before what the child prints.
    let _ = vm.host.flush();
    let started = command.spawn();
    drop(command);
    let started = started.map_err(|error| {
        let name = vm.heap.str_value(program);
        super::os_error::raise(&vm.heap, &error, Some(name))
    })?;
    let class = class_of(vm, &CHILD);
    let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
    let made = vm
        .heap
        .opaque(class, Process(RefCell::new(started)))
        .value();
    let mut parts = vec![vm.local(made)];
    for end in ends {
        let part = match end {
            Some(socket) => new_socket(vm, socket)?,
            None => vm.none(),
        };
        parts.push(part);
    }
    let parts: Vec<Value<'_>> = parts.iter().map(|&part| vm.get(part)).collect();
    Ok(vm.local(vm.heap.tuple(&parts).value()))
}

/// Sets the child's streams up; this process's ends of its pipes.
fn connect(
    vm: &Vm,
    command: &mut Command,
    modes: &[String],
) -> Result<[Option<Socket>; 3], Raised> {
    let mut ends = [None, None, None];
    let mut stdout: Option<OwnedFd> = None;
    for (at, mode) in modes.iter().enumerate().take(3) {
        let stdio = match mode.as_str() {
            "null" => Stdio::null(),
            "pipe" => {
                let pair = Socket::pair(Domain::UNIX, Type::STREAM, None);
                let (own, theirs) = pair.map_err(|error| failed(vm, &error))?;
                let theirs = OwnedFd::from(theirs);
                if at == 1 {
                    stdout = theirs.try_clone().ok();
                }
                ends[at] = Some(own);
                Stdio::from(theirs)
            }
            "stdout" => match stdout.take() {
                Some(theirs) => Stdio::from(theirs),
                None => Stdio::inherit(),
            },
            _ => Stdio::inherit(),
        };
        match at {
            0 => command.stdin(stdio),
            1 => command.stdout(stdio),
            _ => command.stderr(stdio),
        };
    }
    Ok(ends)
}
