//! What programs see of a socket: its addresses and its number, nothing that could disturb the transport.
//!
//! `asyncio.TransportSocket`, as `server.sockets` and `get_extra_info('socket')` give it.

use super::super::super::registry::{Getter, ModuleType, NativeType, class_of};
use super::transport::Transport;
use super::{address_text, address_value};
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Raised, Value};
use crate::sched::reactor::reactor;
use crate::sched::reactor::socket::{self, Address};
use crate::stdlib::arg::c_int;
use crate::stdlib::os_error;
use crate::vm::{Local, Native, Vm};

/// What `server.sockets` and `get_extra_info("socket")` give.
pub const TRANSPORT_SOCKET: ModuleType = ModuleType {
    name: "TransportSocket",
    module: "asyncio.trsock",
    body: NativeType {
        methods: &[
            &GETSOCKNAME,
            &GETPEERNAME,
            &FILENO,
            &REPR,
            &SETSOCKOPT,
            &GETSOCKOPT,
            &GETTIMEOUT,
            &SETTIMEOUT,
            &SETBLOCKING,
        ],
        getters: &[
            Getter::vm("family", "the address family", |vm, args| {
                let family = family(vm, args.at(0));
                member(vm, "AddressFamily", family)
            }),
            Getter::vm("type", "the socket type", |vm, _| {
                member(vm, "SocketKind", STREAM)
            }),
            Getter::vm("proto", "the protocol, a number", |vm, args| {
                let proto = protocol(facts(vm, args.at(0)));
                Ok(number(vm, proto))
            }),
        ],
        ..NativeType::of(Builtin::Opaque, "A socket that asyncio uses.")
    },
};

/// SOCK_STREAM.
const STREAM: i32 = 1;

/// IPPROTO_TCP.
const TCP: i32 = 6;

/// The family of a socket's own address; 0 when that is not known.
fn family(vm: &Vm, this: Local) -> i32 {
    let local = facts(vm, this).local.as_ref();
    local.map_or(0, Address::family)
}

/// The protocol of a stream socket: sockets of the file system have none.
fn protocol(facts: &Facts) -> i32 {
    match facts.local {
        Some(Address::Internet(_)) => TCP,
        _ => 0,
    }
}

/// A number of the system as the enumeration of `socket` that it belongs to.
fn member(vm: &mut Vm, enumeration: &str, n: i32) -> Result<Local, Raised> {
    let module = vm.import_module("socket")?;
    let class = vm.get_attr_named(module, enumeration)?;
    let n = number(vm, n);
    vm.call(class, &[n])
}

/// What is known of a socket.
pub struct Facts {
    /// Its own address.
    pub local: Option<Address>,
    /// The other end's.
    pub peer: Option<Address>,
    /// The number that the system knows it by; -1 when it is closed.
    pub number: i32,
}

traced!(Facts {} plain { local, peer, number });

/// A descriptor of its own for the socket that a program sees, for its options.
fn descriptor(vm: &Vm, this: Local) -> Result<socket::Socket, Raised> {
    let number = facts(vm, this).number;
    let found = reactor(vm)?.find(|transport: &Transport| {
        transport.with_socket(|socket| socket.number()) == Some(number)
    });
    let copy = found.and_then(|transport| transport.with_socket(socket::Socket::duplicate));
    let closed = || std::io::Error::from_raw_os_error(9);
    let copy = copy.unwrap_or_else(|| Err(closed()));
    copy.map_err(|error| {
        let exception = super::system_error(vm, &error);
        vm.raise_local(exception)
    })
}

const SETSOCKOPT: Native = Native::vm(
    "setsockopt(self, level, option, value, /)",
    "Set an option.",
    |vm, args| {
        let socket = descriptor(vm, args.at(0))?;
        let option = (c_int(vm, args.at(1), 0)?, c_int(vm, args.at(2), 0)?);
        let value = c_int(vm, args.at(3), 0)?;
        let outcome = socket.set_option(option, value);
        outcome.map_err(|error| os_error::raise(&vm.heap, &error, None))?;
        Ok(vm.none())
    },
);
const GETSOCKOPT: Native = Native::vm(
    "getsockopt(self, level, option, /)",
    "The value of an option.",
    |vm, args| {
        let socket = descriptor(vm, args.at(0))?;
        let option = (c_int(vm, args.at(1), 0)?, c_int(vm, args.at(2), 0)?);
        let value = socket.option(option);
        let value = value.map_err(|error| os_error::raise(&vm.heap, &error, None))?;
        Ok(vm.local(Value::small_int(value)))
    },
);
const GETTIMEOUT: Native = Native::vm("gettimeout(self, /)", "0: it never blocks.", |vm, _| {
    Ok(number(vm, 0))
});
const SETTIMEOUT: Native = Native::vm(
    "settimeout(self, value, /)",
    "Only 0 is allowed.",
    |vm, args| match vm.to_float(args.at(1))? {
        0.0 => Ok(vm.none()),
        _ => Err(vm
            .heap
            .value_error("settimeout(): only 0 timeout is allowed on transport sockets")),
    },
);
const SETBLOCKING: Native = Native::vm(
    "setblocking(self, flag, /)",
    "Only False is allowed.",
    |vm, args| match vm.truth(args.at(1))? {
        false => Ok(vm.none()),
        true => Err(vm
            .heap
            .value_error("setblocking(): transport sockets cannot be blocking")),
    },
);

impl Payload for Facts {}

/// The object for a socket.
pub fn make(vm: &mut Vm, facts: Facts) -> Local {
    let class = class_of(vm, &TRANSPORT_SOCKET);
    let class = vm.get_gc(class).expect("a class");
    vm.local(vm.heap.opaque(class, facts).value())
}

/// The object for a connection's socket.
pub fn of_transport(vm: &mut Vm, transport: &Transport) -> Local {
    let facts = Facts {
        local: transport.local.clone(),
        peer: transport.peer.clone(),
        number: transport.with_socket(|s| s.number()).unwrap_or(-1),
    };
    make(vm, facts)
}

const GETSOCKNAME: Native = Native::vm("getsockname(self, /)", "Its own address.", |vm, args| {
    let address = facts(vm, args.at(0)).local.as_ref();
    let address = address.map(|address| address_value(&vm.heap, address));
    Ok(vm.local(address.unwrap_or(Value::NONE)))
});
const GETPEERNAME: Native = Native::vm(
    "getpeername(self, /)",
    "The address of the other end.",
    |vm, args| match &facts(vm, args.at(0)).peer {
        Some(address) => Ok(vm.local(address_value(&vm.heap, address))),
        // 107: ENOTCONN.
        None => Err(super::os_error(
            vm,
            107,
            "Transport endpoint is not connected",
        )),
    },
);
const FILENO: Native = Native::vm(
    "fileno(self, /) -> int",
    "The number that the system knows it by.",
    |vm, args| {
        let fd = facts(vm, args.at(0)).number;
        Ok(number(vm, fd))
    },
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let facts = facts(vm, args.at(0));
    let family = facts.local.as_ref().map_or(0, Address::family);
    let mut text = format!(
        "<asyncio.TransportSocket fd={}, family={family}, type={STREAM}, proto={}",
        facts.number,
        protocol(facts)
    );
    for (name, address) in [("laddr", &facts.local), ("raddr", &facts.peer)] {
        if let Some(address) = address {
            text += &format!(", {name}={}", address_text(address));
        }
    }
    Ok(vm.local(vm.heap.str_value(&(text + ">"))))
});

fn facts(vm: &Vm, this: Local) -> &Facts {
    vm.payload(this)
}

fn number(vm: &Vm, number: i32) -> Local {
    vm.local(Value::small_int(number.into()))
}
