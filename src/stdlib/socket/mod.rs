//! `_socket`: sockets and watched descriptors for the modules in apy that show them to programs.
//!
//! Each socket is non-blocking for the system; `socket.apy` waits where a program wants to block. To add an operation: a `Native` here
//! and a method in `src/library/socket.apy`.

mod address;
pub mod options;

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::rc::Rc;
use std::sync::{Arc, Weak};

use nix::sys::socket::{MsgFlags, recv};
use socket2::{Domain, Protocol, Socket, Type};

use super::arg::{self, Buffer, c_int};
use super::io::IoState;
use super::name_lookup::GAI_ERROR;
use super::registry::{ModuleType, NativeModule, NativeType};
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Raised, Value};
use crate::sched::reactor::poller::{Poller, Sides};
use crate::sched::reactor::watch::{self, Side};
use crate::sched::scheduler;
use crate::sched::thread_wait;
pub(super) use crate::stdlib::os_error;
use crate::vm::{Local, Locals, Native, Vm};
use address::{address_value, resolve, sockaddr};

/// The module.
pub const SOCKET: NativeModule = NativeModule {
    functions: &[
        &OPEN, &STRERROR, &WAIT, &WATCH, &UNWATCH, &RESOLVE, &LOOK_UP, &FOUND,
    ],
    types: &[&SOCKET_TYPE],
    exceptions: &[&GAI_ERROR],
    ..NativeModule::of("_socket", "Sockets and what waits for them.")
};

/// How much is read at once at most.
const READ_MOST: usize = 1 << 20;

const SOCKET_TYPE: ModuleType = ModuleType {
    name: "_socket.socket",
    module: "_socket",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &FILENO, &CLOSE, &BIND, &LISTEN, &CONNECT, &ACCEPT, &RECV, &SEND, &SENDTO, &RECVFROM,
            &SHUTDOWN, &SOCKNAME, &PEERNAME, &SETOPT, &GETOPT, &ADOPT, &DETACH, &DUP,
        ],
        ..NativeType::of(Builtin::Opaque, "A socket that never blocks.")
    },
};

/// What a socket object holds.
#[derive(Default)]
struct Held {
    /// The open socket; None before `open` and after `close`.
    socket: RefCell<Option<Arc<Socket>>>,
    /// Its family, once that was asked for; 0 before.
    family: Cell<i32>,
}

traced!(plain Held);

impl Payload for Held {}

const NEW: Native = Native::vm(
    "socket(cls, /, *args, **kwargs)",
    "A socket that open() has to open.",
    |vm, args| Ok(vm.new_opaque(args.at(0), Held::default())),
);

fn held(vm: &Vm, this: Local) -> Option<&Held> {
    vm.get_gc::<Opaque>(this)?.payload()
}

/// Does something with an open socket.
///
/// # Errors
/// OSError: the socket is closed, or what the system says.
fn on<T>(vm: &Vm, this: Local, act: impl FnOnce(&Socket) -> io::Result<T>) -> Result<T, Raised> {
    let closed = || io::Error::from_raw_os_error(9);
    let outcome = match held(vm, this) {
        Some(held) => match &*held.socket.borrow() {
            Some(socket) => act(socket),
            None => Err(closed()),
        },
        None => Err(closed()),
    };
    outcome.map_err(|error| failed(vm, &error))
}

/// An open socket.
///
/// # Errors
/// OSError: it is closed.
fn open_socket(vm: &Vm, this: Local) -> Result<Arc<Socket>, Raised> {
    let socket = held(vm, this).and_then(|held| held.socket.borrow().clone());
    socket.ok_or_else(|| failed(vm, &io::Error::from_raw_os_error(9)))
}

/// The exception for a system's error.
fn failed(vm: &Vm, error: &io::Error) -> Raised {
    let errno = match error.kind() {
        io::ErrorKind::WouldBlock if error.raw_os_error().is_none() => Some(11),
        _ => None,
    };
    match errno {
        Some(errno) => os_error::raise(&vm.heap, &io::Error::from_raw_os_error(errno), None),
        None => os_error::raise(&vm.heap, error, None),
    }
}

fn adopt(vm: &Vm, this: Local, socket: Socket) -> Result<(), Raised> {
    let prepared = socket
        .set_nonblocking(true)
        .and_then(|()| socket.set_cloexec(true));
    prepared.map_err(|error| failed(vm, &error))?;
    if let Some(held) = held(vm, this) {
        let number = i64::from(socket.as_raw_fd());
        let socket = Arc::new(socket);
        let known: Weak<Socket> = Arc::downgrade(&socket);
        vm.extension::<IoState>()
            .note_socket(number, known as Weak<dyn AsFd + Send + Sync>);
        held.socket.replace(Some(socket));
        held.family.set(0);
    }
    Ok(())
}

const OPEN: Native = Native::vm(
    "open(socket, family, type, proto, peer=None, /)",
    "Open a socket; with a peer both as ends of one connection.",
    |vm, args| {
        let [family, kind, proto] = [
            c_int(vm, args.at(1), 2)?,
            c_int(vm, args.at(2), 1)?,
            c_int(vm, args.at(3), 0)?,
        ];
        os_error::check_door(vm)?;
        let (domain, kind) = (Domain::from(family), Type::from(kind));
        let proto = (proto != 0).then(|| Protocol::from(proto));
        let peer = args.at(4);
        if held(vm, peer).is_some() {
            let pair = Socket::pair(domain, kind, proto);
            let (a, b) = pair.map_err(|error| failed(vm, &error))?;
            adopt(vm, args.at(0), a)?;
            adopt(vm, peer, b)?;
        } else {
            let socket = Socket::new(domain, kind, proto);
            let socket = socket.map_err(|error| failed(vm, &error))?;
            adopt(vm, args.at(0), socket)?;
        }
        Ok(vm.none())
    },
);
const ADOPT: Native = Native::vm(
    "adopt(self, fd, /)",
    "Take over a socket that was detached; its family, type and protocol.",
    |vm, args| {
        let number = vm.index(args.at(1))?;
        let Some(detached) = vm.extension::<IoState>().take_detached(number) else {
            return Err(failed(vm, &io::Error::from_raw_os_error(9)));
        };
        let socket = Socket::from(detached);
        let facts = (|| {
            let proto = socket.protocol()?.map_or(0, i32::from);
            Ok([socket.domain()?.into(), socket.r#type()?.into(), proto])
        })();
        match facts {
            Ok(facts) => {
                adopt(vm, args.at(0), socket)?;
                let facts = facts.map(|n: i32| vm.local(Value::small_int(n.into())));
                Ok(vm.tuple_of(&facts))
            }
            Err(error) => {
                let back = OwnedFd::from(socket);
                vm.extension::<IoState>().detach(number, back);
                Err(failed(vm, &error))
            }
        }
    },
);
const DETACH: Native = Native::vm(
    "detach(self, /) -> int",
    "Let go of the descriptor, which stays open; -1 if the socket is closed.",
    |vm, args| {
        let socket = held(vm, args.at(0)).and_then(|held| held.socket.take());
        let Some(socket) = socket else {
            return Ok(vm.local(Value::small_int(-1)));
        };
        let number = i64::from(socket.as_raw_fd());
        if let Ok(socket) = Arc::try_unwrap(socket) {
            vm.extension::<IoState>()
                .detach(number, OwnedFd::from(socket));
        }
        Ok(vm.local(vm.heap.int(number)))
    },
);
const DUP: Native = Native::vm(
    "dup(self, target, /)",
    "Open a second descriptor of the socket in another object.",
    |vm, args| {
        let copy = on(vm, args.at(0), |socket| socket.try_clone())?;
        adopt(vm, args.at(1), copy)?;
        Ok(vm.none())
    },
);
const STRERROR: Native = Native::vm(
    "strerror(number, /) -> str",
    "What the system calls an error.",
    |vm, args| {
        let number = c_int(vm, args.at(0), 0)?;
        let text = io::Error::from_raw_os_error(number).to_string();
        let text = text.split(" (os error").next().unwrap_or_default();
        Ok(vm.local(vm.heap.str_value(text)))
    },
);
const FILENO: Native = Native::vm(
    "fileno(self, /) -> int",
    "The descriptor; -1 if it is closed.",
    |vm, args| {
        let fd = held(vm, args.at(0))
            .and_then(|held| held.socket.borrow().as_ref().map(|s| s.as_raw_fd()));
        Ok(vm.local(Value::small_int(fd.unwrap_or(-1).into())))
    },
);
const CLOSE: Native = Native::vm("close(self, /)", "Close it.", |vm, args| {
    let socket = held(vm, args.at(0)).and_then(|held| held.socket.take());
    drop(socket);
    Ok(vm.none())
});
const BIND: Native = Native::vm(
    "bind(self, address, /)",
    "Give it an address.",
    |vm, args| {
        let family = family_of(vm, args.at(0))?;
        let address = sockaddr(vm, args.at(1), family)?;
        on(vm, args.at(0), |socket| socket.bind(&address))?;
        Ok(vm.none())
    },
);
const LISTEN: Native = Native::vm(
    "listen(self, backlog=128, /)",
    "Let others connect.",
    |vm, args| {
        let backlog = c_int(vm, args.at(1), 128)?;
        on(vm, args.at(0), |socket| socket.listen(backlog.max(0)))?;
        Ok(vm.none())
    },
);
const CONNECT: Native = Native::vm(
    "connect(self, address, /)",
    "Connect, or begin to: BlockingIOError.",
    |vm, args| {
        let family = family_of(vm, args.at(0))?;
        let address = sockaddr(vm, args.at(1), family)?;
        on(vm, args.at(0), |socket| socket.connect(&address))?;
        Ok(vm.none())
    },
);
const ACCEPT: Native = Native::vm(
    "accept(self, socket, /)",
    "Accept a connection into a new socket; the other end's address.",
    |vm, args| {
        let (accepted, address) = on(vm, args.at(0), Socket::accept)?;
        adopt(vm, args.at(1), accepted)?;
        Ok(vm.local(address_value(&vm.heap, &address)))
    },
);
const RECV: Native = Native::vm(
    "recv(self, bufsize, flags=0, /) -> bytes",
    "What is there, at most bufsize bytes; b'' at the end.",
    |vm, args| {
        let flags = c_int(vm, args.at(2), 0)?;
        let receive_some = |mut socket: &Socket, buffer: &mut [u8]| {
            let count = match flags {
                0 => socket.read(buffer)?,
                flags => recv(
                    socket.as_raw_fd(),
                    buffer,
                    MsgFlags::from_bits_retain(flags),
                )?,
            };
            Ok((count, ()))
        };
        let (data, ()) = receive(vm, args.at(0), args.at(1), receive_some)?;
        Ok(vm.local(vm.heap.bytes(data).value()))
    },
);
const SEND: Native = Native::vm(
    "send(self, data, flags=0, /) -> int",
    "Send what fits; how many bytes that was.",
    |vm, args| {
        let data = bytes_of(vm, args.at(1))?;
        let flags = c_int(vm, args.at(2), 0)?;
        let count = on(vm, args.at(0), |mut socket| match flags {
            0 => socket.write(&data),
            flags => socket.send_with_flags(&data, flags),
        })?;
        Ok(vm.local(vm.heap.usize(count)))
    },
);
const SENDTO: Native = Native::vm(
    "sendto(self, data, address, /) -> int",
    "Send a datagram.",
    |vm, args| {
        let data = bytes_of(vm, args.at(1))?;
        let family = family_of(vm, args.at(0))?;
        let address = sockaddr(vm, args.at(2), family)?;
        let count = on(vm, args.at(0), |socket| socket.send_to(&data, &address))?;
        Ok(vm.local(vm.heap.usize(count)))
    },
);
const RECVFROM: Native = Native::vm(
    "recvfrom(self, bufsize, /)",
    "A datagram and its sender's address.",
    |vm, args| {
        let (data, address) = receive(vm, args.at(0), args.at(1), address::receive_from)?;
        let heap = &vm.heap;
        let address = address.map_or(Value::NONE, |address| address_value(heap, &address));
        let pair = [heap.bytes(data).value(), address];
        Ok(vm.local(heap.tuple(&pair).value()))
    },
);
const SHUTDOWN: Native = Native::vm(
    "shutdown(self, how, /)",
    "Stop receiving (0), sending (1) or both (2).",
    |vm, args| {
        let how = match c_int(vm, args.at(1), 2)? {
            0 => Shutdown::Read,
            1 => Shutdown::Write,
            _ => Shutdown::Both,
        };
        on(vm, args.at(0), |socket| socket.shutdown(how))?;
        Ok(vm.none())
    },
);
const SOCKNAME: Native = Native::vm("getsockname(self, /)", "Its address.", |vm, args| {
    let address = on(vm, args.at(0), Socket::local_addr)?;
    Ok(vm.local(address_value(&vm.heap, &address)))
});
const PEERNAME: Native = Native::vm(
    "getpeername(self, /)",
    "The other end's address.",
    |vm, args| {
        let address = on(vm, args.at(0), Socket::peer_addr)?;
        Ok(vm.local(address_value(&vm.heap, &address)))
    },
);
const SETOPT: Native = Native::vm(
    "setsockopt(self, level, option, value, /)",
    "Set an option.",
    |vm, args| {
        let socket = open_socket(vm, args.at(0))?;
        options::set(vm, &socket, [args.at(1), args.at(2), args.at(3)])
    },
);
const GETOPT: Native = Native::vm(
    "getsockopt(self, level, option, /) -> int",
    "The value of an option.",
    |vm, args| {
        let socket = open_socket(vm, args.at(0))?;
        options::get(vm, &socket, [args.at(1), args.at(2)])
    },
);
const RESOLVE: Native = Native::vm(
    "resolve(host, port, /)",
    "The addresses of a host: a list of (family, ip, port).",
    resolve,
);
const WAIT: Native = Native::vm(
    "wait(fd, writing, seconds, /) -> bool",
    "Block until a descriptor is ready, no longer than so many seconds (negative: for ever); whether it is.",
    wait,
);
const WATCH: Native = Native::vm(
    "watch(fd, writing, handle, /)",
    "Have a handle called whenever a descriptor is ready; the handle before, or None.",
    |vm, args| {
        let fd = c_int(vm, args.at(0), -1)?;
        let side = side(vm, args.at(1))?;
        match watch::watch(vm, fd, side, args.at(2))? {
            Ok(before) => Ok(vm.local(vm.get(before).or(Value::NONE))),
            Err(error) => Err(failed(vm, &error)),
        }
    },
);
const UNWATCH: Native = Native::vm(
    "unwatch(fd, writing, /)",
    "Stop watching a side of a descriptor; its handle, or None.",
    |vm, args| {
        let fd = c_int(vm, args.at(0), -1)?;
        let side = side(vm, args.at(1))?;
        let before = watch::unwatch(vm, fd, side)?;
        Ok(vm.local(vm.get(before).or(Value::NONE)))
    },
);
const LOOK_UP: Native = Native::vm(
    "look_up(host, port, /)",
    "Begin to resolve a name on another thread: the number of the job, and the future to await.",
    address::look_up,
);
const FOUND: Native = Native::vm(
    "found(job, /)",
    "What a job of look_up() came to, as resolve() returns it.",
    address::found,
);

fn side(vm: &mut Vm, writing: Local) -> Result<Side, Raised> {
    Ok(match vm.truth(writing)? {
        true => Side::Write,
        false => Side::Read,
    })
}

/// Receives up to `size` bytes, and what else the call returns. The buffer is used again: zeroing a new one takes longer than receiving
/// a short message.
fn receive<T>(
    vm: &mut Vm,
    this: Local,
    size: Local,
    call: impl FnOnce(&Socket, &mut [u8]) -> io::Result<(usize, T)>,
) -> Result<(Vec<u8>, T), Raised> {
    let size = arg::vm_index_or(vm, size, 0)?;
    let Ok(size) = usize::try_from(size) else {
        return Err(vm.heap.value_error("negative buffersize in recv"));
    };
    let size = size.min(READ_MOST);
    let mut buffer = vm.extension::<IoState>().scratch.take();
    if buffer.len() < size {
        buffer.resize(size, 0);
    }
    let outcome = on(vm, this, |socket| call(socket, &mut buffer[..size]));
    let received = outcome.map(|(count, more)| (buffer[..count].to_vec(), more));
    vm.extension::<IoState>().scratch.set(buffer);
    received
}

fn bytes_of(vm: &Vm, data: Local) -> Result<Vec<u8>, Raised> {
    Buffer::copied(&vm.heap, vm.get(data))
}

fn family_of(vm: &Vm, this: Local) -> Result<i32, Raised> {
    if let Some(held) = held(vm, this)
        && held.family.get() != 0
    {
        return Ok(held.family.get());
    }
    let family = on(vm, this, Socket::domain)?.into();
    if let Some(held) = held(vm, this) {
        held.family.set(family);
    }
    Ok(family)
}

fn wait(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let fd = c_int(vm, args.at(0), -1)?;
    let side = side(vm, args.at(1))?;
    let wanted = Sides {
        read: side == Side::Read,
        write: side == Side::Write,
        ..Sides::default()
    };
    let seconds = vm.to_float(args.at(2))?;
    let until = (seconds >= 0.0).then(|| scheduler(vm).in_future(seconds));
    let poller = Poller::new().and_then(|poller| poller.set(fd, wanted).map(|()| Rc::new(poller)));
    let poller = poller.map_err(|error| failed(vm, &error))?;
    let what = match side {
        Side::Read => "a socket to read from",
        Side::Write => "a socket to write to",
    };
    let found = thread_wait::wait(vm, &poller, what, until)?;
    Ok(vm.local(Value::bool(!found.is_empty())))
}
