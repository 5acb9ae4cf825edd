//! `AbstractEventLoop`: the methods of a loop, without what they do.
//!
//! Each raises NotImplementedError; of the coroutine functions the coroutine does. To add one: its name in the list of its sort.

use crate::runtime::Builtin;
use crate::vm::{Native, NativeCoroutine};

macro_rules! missing {
    (plain { $($plain:literal)* } coroutines { $($coroutine:literal)* }) => {
        /// All of them.
        pub(super) const METHODS: &[&Native] = &[
            $(&Native::vm(
                concat!($plain, "(self, /, *args, **kwargs)"),
                "A subclass has to define it. Raises NotImplementedError.",
                |vm, _| Err(vm.heap.raise_with(Builtin::NotImplementedError, &[])),
            ),)*
            $(&Native::vm(
                concat!($coroutine, "(self, /, *args, **kwargs) -> coroutine"),
                "A subclass has to define it. Raises NotImplementedError.",
                |vm, _| Ok(vm.native_coroutine(&MISSING, &[])),
            ),)*
        ];
    };
}

static MISSING: NativeCoroutine = NativeCoroutine::new("AbstractEventLoop", |vm, _, _| {
    Err(vm.heap.raise_with(Builtin::NotImplementedError, &[]))
});

missing! {
    plain {
        "close"
        "is_running"
        "is_closed"
        "stop"
        "run_forever"
        "run_until_complete"
        "call_soon"
        "call_later"
        "call_at"
        "time"
        "create_future"
        "create_task"
        "call_soon_threadsafe"
        "run_in_executor"
        "set_default_executor"
        "add_reader"
        "remove_reader"
        "add_writer"
        "remove_writer"
        "add_signal_handler"
        "remove_signal_handler"
        "set_task_factory"
        "get_task_factory"
        "get_exception_handler"
        "set_exception_handler"
        "default_exception_handler"
        "call_exception_handler"
        "get_debug"
        "set_debug"
    }
    coroutines {
        "shutdown_asyncgens"
        "shutdown_default_executor"
        "getaddrinfo"
        "getnameinfo"
        "create_connection"
        "create_server"
        "sendfile"
        "start_tls"
        "create_unix_connection"
        "connect_accepted_socket"
        "create_unix_server"
        "create_datagram_endpoint"
        "connect_read_pipe"
        "connect_write_pipe"
        "subprocess_shell"
        "subprocess_exec"
        "sock_recv"
        "sock_recv_into"
        "sock_recvfrom"
        "sock_recvfrom_into"
        "sock_sendall"
        "sock_sendto"
        "sock_connect"
        "sock_accept"
        "sock_sendfile"
    }
}
