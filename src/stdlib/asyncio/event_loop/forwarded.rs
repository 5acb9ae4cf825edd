//! The methods of event loops that are written in apy: transports, sockets, subprocesses, signals.
//!
//! To add one: a row here and a function of the same name in `asyncio/_loop.apy`, whose first parameter is the loop.

use super::super::general;
use crate::vm::Native;

macro_rules! forwarded {
    ($($name:ident $method:literal $doc:literal;)*) => {
        $(const $name: Native = Native::vm(
            concat!($method, "(self, /, *args, **kwargs)"),
            $doc,
            |vm, args| general::forward(vm, general::LOOP, $method, [args.at(0), args.at(1), args.at(2)]),
        );)*

        /// All of them.
        pub(super) const METHODS: &[&Native] = &[$(&$name),*];
    };
}

forwarded! {
    ADD_READER "add_reader" "Call a function whenever a file descriptor can be read.";
    REMOVE_READER "remove_reader" "Stop watching a file descriptor for input.";
    ADD_WRITER "add_writer" "Call a function whenever a file descriptor can be written.";
    REMOVE_WRITER "remove_writer" "Stop watching a file descriptor for output.";
    SOCK_RECV "sock_recv" "Receive up to nbytes from a socket.";
    SOCK_RECV_INTO "sock_recv_into" "Receive from a socket into a buffer.";
    SOCK_RECVFROM "sock_recvfrom" "Receive a datagram and its sender.";
    SOCK_RECVFROM_INTO "sock_recvfrom_into" "Receive a datagram into a buffer.";
    SOCK_SENDALL "sock_sendall" "Send all data to a socket.";
    SOCK_SENDTO "sock_sendto" "Send a datagram to an address.";
    SOCK_CONNECT "sock_connect" "Connect a socket.";
    SOCK_ACCEPT "sock_accept" "Accept a connection.";
    SOCK_SENDFILE "sock_sendfile" "Send a file over a socket.";
    GETADDRINFO "getaddrinfo" "Resolve a host name.";
    GETNAMEINFO "getnameinfo" "Resolve an address to a name.";
    CREATE_CONNECTION "create_connection" "Connect to a server: a transport and a protocol.";
    CREATE_SERVER "create_server" "Listen for connections: a server.";
    CREATE_UNIX_CONNECTION "create_unix_connection" "Connect to a Unix socket: a transport and a protocol.";
    CREATE_UNIX_SERVER "create_unix_server" "Listen on a Unix socket: a server.";
    CONNECT_ACCEPTED_SOCKET "connect_accepted_socket" "A transport and a protocol for a connection that was accepted elsewhere.";
    CREATE_DATAGRAM_ENDPOINT "create_datagram_endpoint" "A datagram transport and its protocol.";
    CONNECT_READ_PIPE "connect_read_pipe" "A transport and a protocol for the reading end of a pipe.";
    CONNECT_WRITE_PIPE "connect_write_pipe" "A transport and a protocol for the writing end of a pipe.";
    SUBPROCESS_EXEC "subprocess_exec" "Run a program: a transport and a protocol.";
    SUBPROCESS_SHELL "subprocess_shell" "Run a command in the shell: a transport and a protocol.";
    ADD_SIGNAL_HANDLER "add_signal_handler" "Call a function whenever a signal arrives.";
    REMOVE_SIGNAL_HANDLER "remove_signal_handler" "Stop handling a signal.";
    SENDFILE "sendfile" "Send a file over a transport.";
    START_TLS "start_tls" "TLS is not there yet.";
}
