//! Streams: connections as a reader and a writer, and servers that accept them.
//!
//! `transport.rs` holds the socket and what waits to be written, `reader.rs` what came and was not read; both do what CPython's
//! transport and protocol do, in its order of turns. `connect.rs` and `listener.rs` make them, `resolve.rs` finds addresses.
//! To add a way to connect: a native coroutine that ends in `transport::Transport::open`.

mod connect;
mod errors;
mod listener;
mod reader;
mod resolve;
mod separators;
mod server;
mod start_server;
mod transport;
mod transport_socket;
mod writer;

pub use connect::{OPEN_CONNECTION, OPEN_UNIX_CONNECTION};
pub use errors::{INCOMPLETE_READ_ERROR, LIMIT_OVERRUN_ERROR};
pub use reader::STREAM_READER;
pub use server::SERVER;
pub use start_server::{START_SERVER, START_UNIX_SERVER};
pub use transport_socket::TRANSPORT_SOCKET;
pub use writer::STREAM_WRITER;

use std::net::SocketAddr;

use super::super::registry::{ModuleType, class_of};
use super::general;
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::{Heap, Raised, Value};
use crate::sched::reactor::socket::Address;
use crate::sched::scheduler;
use crate::stdlib::os_error;
use crate::vm::{Local, Vm};

/// CPython's limit for a line, and half of what a reader holds before the other end has to wait.
const DEFAULT_LIMIT: i64 = 64 * 1024;

/// An address as programs see it: a tuple, or the path of a Unix socket.
fn address_value<'h>(heap: &'h Heap, address: &Address) -> Value<'h> {
    match address {
        Address::Unix(path) => heap.str_value(path),
        Address::Internet(SocketAddr::V4(address)) => {
            let host = heap.str_value(&address.ip().to_string());
            let port = Value::small_int(address.port().into());
            heap.tuple(&[host, port]).value()
        }
        Address::Internet(SocketAddr::V6(address)) => {
            let host = heap.str_value(&address.ip().to_string());
            let numbers = [
                address.port().into(),
                address.flowinfo().into(),
                address.scope_id().into(),
            ];
            let [port, flow, scope] = numbers.map(Value::small_int);
            heap.tuple(&[host, port, flow, scope]).value()
        }
    }
}

/// An address as messages quote it: the repr of what programs see.
fn address_text(address: &Address) -> String {
    match address {
        Address::Unix(path) => format!("'{path}'"),
        Address::Internet(SocketAddr::V4(a)) => format!("('{}', {})", a.ip(), a.port()),
        Address::Internet(SocketAddr::V6(a)) => {
            let (flow, scope) = (a.flowinfo(), a.scope_id());
            format!("('{}', {}, {flow}, {scope})", a.ip(), a.port())
        }
    }
}

/// An OSError with another text than the system's: the class that its number means.
fn os_error(vm: &Vm, errno: i32, text: &str) -> Raised {
    let class = os_error::class_of(errno.into());
    let number = Value::small_int(errno.into());
    vm.heap
        .raise_with(class, &[number, vm.heap.str_value(text)])
}

/// The exception that a failed system call means, in a local.
fn system_error(vm: &Vm, error: &std::io::Error) -> Local {
    let raised = os_error::raise(&vm.heap, error, None);
    vm.take_local(raised)
}

/// Whether an optional argument was passed and is not None.
fn is_given(vm: &Vm, local: Local) -> bool {
    let value = vm.get(local);
    !value.is_undef() && !value.is_none()
}

/// Calls the general form of a function, which works on the transports and protocols of any loop, with the arguments that were passed.
fn call_general(vm: &mut Vm, name: &str, args: &[(&str, Local)]) -> Result<Local, Raised> {
    let function = general::find(vm, general::STREAMS, name)?;
    let passed = args.iter().filter(|(_, value)| !vm.get(*value).is_undef());
    let (names, values): (Vec<&str>, Vec<Local>) = passed.copied().unzip();
    vm.call_kw(function, &[], &names, &values)
}

/// Whether the loop that runs is of a class that may override what streams are built on.
fn is_custom_loop(vm: &Vm) -> bool {
    scheduler(vm).settings.is_custom.get()
}

/// The limit that a reader gets.
fn limit(vm: &mut Vm, given: Local) -> Result<usize, Raised> {
    let limit = super::super::arg::vm_index_or(vm, given, DEFAULT_LIMIT)?;
    match usize::try_from(limit) {
        Ok(limit) if limit > 0 => Ok(limit),
        _ => Err(vm.heap.value_error("Limit cannot be <= 0")),
    }
}

/// The Rust side of readers and writers that work on a transport's protocol: all that they are is in apy (`asyncio/stream_protocols.apy`).
struct ByProtocol;

traced!(plain ByProtocol);

impl Payload for ByProtocol {}

/// The class of a new reader or writer: that of the program, or the one in apy where the native one was called.
fn general_class(
    vm: &mut Vm,
    class: Local,
    native: &'static ModuleType,
    name: &str,
) -> Result<Local, Raised> {
    let exact = class_of(vm, native);
    match vm.get(exact).is(vm.get(class)) {
        true => general::find(vm, general::STREAMS, name),
        false => Ok(class),
    }
}
