//! The methods of event loops that are written in apy: transports, sockets, subprocesses, signals.
//!
//! A program that calls none of them does not pay for their modules. The first call of one imports the module of its class, which puts
//! its own functions in the place of the natives of this file. To add one: a row here under its class, and a function of that name in
//! the class `_Methods` of the module.

use super::super::super::registry::{ModuleType, class_of};
use super::{BASE_EVENT_LOOP, BASE_SELECTOR_EVENT_LOOP, EVENT_LOOP};
use crate::runtime::native::NativeFunction;
use crate::runtime::{Builtin, Raised};
use crate::vm::{Local, Locals, Native, Vm};

/// The class of a method.
#[derive(Clone, Copy)]
enum Owner {
    Base,
    Selector,
    Unix,
}

macro_rules! forwarded {
    ($table:ident $class:ident $($method:literal $doc:literal)*) => {
        /// Those of one class.
        pub(super) const $table: &[&Native] = &[
            $(&Native::vm(
                concat!($method, "(self, /, *args, **kwargs)"),
                $doc,
                |vm, args| forward(vm, Owner::$class, $method, args),
            ),)*
        ];
    };
}

forwarded! {
    OF_BASE Base
    "getaddrinfo" "Resolve a host name."
    "getnameinfo" "Resolve an address to a name."
    "create_connection" "Connect to a server: a transport and a protocol."
    "create_server" "Listen for connections: a server."
    "connect_accepted_socket" "A transport and a protocol for a connection that was accepted elsewhere."
    "create_datagram_endpoint" "A datagram transport and its protocol."
    "connect_read_pipe" "A transport and a protocol for the reading end of a pipe."
    "connect_write_pipe" "A transport and a protocol for the writing end of a pipe."
    "subprocess_exec" "Run a program: a transport and a protocol."
    "subprocess_shell" "Run a command in the shell: a transport and a protocol."
    "sock_sendfile" "Send a file over a socket."
    "sendfile" "Send a file over a transport."
    "start_tls" "Refused: apy has no TLS."
    "_check_closed" "RuntimeError if it is closed."
    "_make_socket_transport" "A transport for a connected socket."
    "_make_ssl_transport" "Refused: apy has no TLS."
    "_make_datagram_transport" "A transport for a datagram socket."
    "_make_read_pipe_transport" "A transport for the reading end of a pipe."
    "_make_write_pipe_transport" "A transport for the writing end of a pipe."
    "_make_subprocess_transport" "A transport for a program that it starts."
    "_process_events" "Run the handles of what a selector found."
    "_write_to_self" "Wake the loop up."
}

forwarded! {
    OF_SELECTOR Selector
    "add_reader" "Call a function whenever a file descriptor can be read."
    "remove_reader" "Stop watching a file descriptor for input."
    "add_writer" "Call a function whenever a file descriptor can be written."
    "remove_writer" "Stop watching a file descriptor for output."
    "sock_recv" "Receive up to nbytes from a socket."
    "sock_recv_into" "Receive from a socket into a buffer."
    "sock_recvfrom" "Receive a datagram and its sender."
    "sock_recvfrom_into" "Receive a datagram into a buffer."
    "sock_sendall" "Send all data to a socket."
    "sock_sendto" "Send a datagram to an address."
    "sock_connect" "Connect a socket."
    "sock_accept" "Accept a connection."
    "_add_reader" "As add_reader, also for descriptors of transports."
    "_remove_reader" "As remove_reader, also for descriptors of transports."
    "_add_writer" "As add_writer, also for descriptors of transports."
    "_remove_writer" "As remove_writer, also for descriptors of transports."
    "_accept_connection" "Accept the connections that wait."
    "_ensure_fd_no_transport" "RuntimeError if a transport uses the descriptor."
    "_make_socket_transport" "A transport for a connected socket."
    "_make_ssl_transport" "Refused: apy has no TLS."
    "_make_datagram_transport" "A transport for a datagram socket."
    "_process_events" "Run the handles of what a selector found."
    "_sendfile_native" "Send a file by the system."
    "_start_serving" "Begin to accept connections."
    "_stop_serving" "Stop accepting connections."
    "_write_to_self" "Wake the loop up."
}

forwarded! {
    OF_UNIX Unix
    "add_signal_handler" "Call a function whenever a signal arrives."
    "remove_signal_handler" "Stop handling a signal."
    "create_unix_connection" "Connect to a Unix socket: a transport and a protocol."
    "create_unix_server" "Listen on a Unix socket: a server."
    "_check_signal" "Refuse what is no signal."
    "_handle_signal" "Call the handler of a signal."
    "_make_read_pipe_transport" "A transport for the reading end of a pipe."
    "_make_write_pipe_transport" "A transport for the writing end of a pipe."
    "_make_subprocess_transport" "A transport for a program that it starts."
    "_sock_sendfile_native" "Send a file by the system."
    "_stop_serving" "Stop accepting connections."
}

/// Calls the function that takes the place of a native of this file.
fn forward(vm: &mut Vm, owner: Owner, method: &str, args: Locals) -> Result<Local, Raised> {
    let class: &'static ModuleType = match owner {
        Owner::Base => &BASE_EVENT_LOOP,
        Owner::Selector => &BASE_SELECTOR_EVENT_LOOP,
        Owner::Unix => &EVENT_LOOP,
    };
    vm.import_module(class.module)?;
    let class = class_of(vm, class);
    let function = vm.get_attr_named(class, method)?;
    if vm.get(function).is_gc::<NativeFunction>() {
        // The module is being imported, and one of its own imports calls this.
        let message = format!("{method}() is called before its module is imported");
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    }
    let bound = vm
        .heap
        .bound_method(vm.get(function), vm.get(args.at(0)))
        .value();
    let bound = vm.local(bound);
    vm.call_ex(bound, args.at(1), Some(args.at(2)))
}
