//! Names of hosts: what the system finds for them, and `socket.gaierror` where it finds nothing.
//!
//! A lookup may take seconds: who must not wait does it in a job on a thread. The class of the exception is one, whether asyncio,
//! a socket or `getaddrinfo` raises it.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use super::registry::{self, ModuleType};
use crate::runtime::{Builtin, Raised, Value};
use crate::vm::Vm;

/// The addresses of a name, or why there are none.
pub type Found = io::Result<Vec<SocketAddr>>;

/// `socket.gaierror`.
pub const GAI_ERROR: ModuleType = ModuleType::exception(
    "gaierror",
    "socket",
    Builtin::OSError,
    "The name of a host could not be resolved.",
);

/// The system's numbers for what may go wrong, which Rust does not tell.
const NUMBERS: [(&str, i64); 4] = [
    ("Name or service not known", -2),
    ("Temporary failure in name resolution", -3),
    ("Non-recoverable failure in name resolution", -4),
    ("No address associated with hostname", -5),
];

/// The addresses of a host, by the system.
///
/// # Errors
/// Those that `unknown` turns into exceptions.
pub fn system_lookup(host: &str, port: u16) -> Found {
    (host, port).to_socket_addrs().map(Iterator::collect)
}

/// The exception for a lookup that failed.
pub fn unknown(vm: &mut Vm, error: &io::Error) -> Raised {
    let text = error.to_string();
    let text = text.rsplit("information: ").next().unwrap_or(&text);
    let number = NUMBERS.iter().find(|(known, _)| *known == text);
    not_found(vm, number.map_or(-2, |&(_, number)| number), text)
}

/// The exception of this number and this text.
pub fn not_found(vm: &mut Vm, number: i64, text: &str) -> Raised {
    let number = vm.local(Value::small_int(number));
    let text = vm.local(vm.heap.str_value(text));
    registry::raise(vm, &GAI_ERROR, &[number, text])
}
