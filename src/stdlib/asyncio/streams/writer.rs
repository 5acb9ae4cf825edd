//! `asyncio.StreamWriter`: what goes out on a connection, and its end.
//!
//! The object a program has of a transport; when the collector frees it, the connection is closed, as CPython does when the last
//! reference goes.

use std::rc::Rc;

use super::super::super::arg::{Buffer, given};
use super::super::super::registry::{Getter, ModuleType, NativeType, class_of};
use super::super::{general, register};
use super::transport::Transport;
use super::{address_value, transport_socket};
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::sched::future::future;
use crate::vm::{Input, Local, Native, NativeCoroutine, Step, Vm};

/// `asyncio.StreamWriter`.
pub const STREAM_WRITER: ModuleType = ModuleType {
    name: "StreamWriter",
    module: "asyncio.streams",
    body: NativeType {
        new: Some(&NEW),
        general: Some((general::STREAMS, "StreamWriterMethods")),
        methods: &[
            &WRITE,
            &WRITELINES,
            &DRAIN,
            &WRITE_EOF,
            &CAN_WRITE_EOF,
            &CLOSE,
            &IS_CLOSING,
            &WAIT_CLOSED,
            &GET_EXTRA_INFO,
            &REPR,
            &START_TLS,
            &ABORT,
            &BUFFER_SIZE,
            &LIMITS,
            &SET_LIMITS,
            &READING,
        ],
        getters: &[Getter::vm("transport", "The transport.", |vm, args| {
            let known = object(vm, args.at(0)).face.get(&vm.heap);
            if !known.is_undef() {
                return Ok(vm.local(known));
            }
            let face = general::call(vm, general::STREAMS, "StreamTransport", &[args.at(0)])?;
            object(vm, args.at(0)).face.set(vm.get(face));
            Ok(face)
        })],
        ..NativeType::of(Builtin::Opaque, "What goes out on a connection.")
    },
};

struct Object {
    transport: Rc<Transport>,
    /// The reader of the same connection.
    reader: Slot,
    /// What programs see as the transport, once they have asked for it.
    face: Slot,
}

traced!(Object {
    transport,
    reader,
    face
});

impl Payload for Object {}

impl Drop for Object {
    fn drop(&mut self) {
        self.transport.abandon();
    }
}

/// The reader and the writer of a connection, as objects.
pub fn pair(vm: &mut Vm, transport: &Rc<Transport>) -> (Local, Local) {
    let reader = transport.reader.object(vm);
    let class = class_of(vm, &STREAM_WRITER);
    let class = vm.get_gc(class).expect("a class");
    let object = Object {
        transport: Rc::clone(transport),
        reader: Slot::new(vm.get(reader)),
        face: Slot::undef(),
    };
    let writer = vm.local(vm.heap.opaque(class, object).value());
    (reader, writer)
}

const NEW: Native = Native::vm(
    "StreamWriter(cls, /, *args, **kwargs)",
    "A writer on a transport: of a class written in apy.",
    |vm, args| {
        let class = super::general_class(vm, args.at(0), &STREAM_WRITER, "StreamWriter")?;
        let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
        Ok(vm.local(vm.heap.opaque(class, super::ByProtocol).value()))
    },
);
const WRITE: Native = Native::vm(
    "write(self, data)",
    "Write data, or keep it until it can be written.",
    |vm, args| {
        let transport = transport(vm, args.at(0));
        let value = vm.get(args.at(1));
        let Some(data) = Buffer::of(&vm.heap, value) else {
            let class = vm.heap.type_name(value);
            let message = format!("data argument must be a bytes-like object, not '{class}'");
            return Err(vm.heap.type_error(message));
        };
        check_unfinished(vm, transport, "write")?;
        transport.write(vm, &data);
        Ok(vm.none())
    },
);
const WRITELINES: Native = Native::vm(
    "writelines(self, data)",
    "Write each of several pieces of data.",
    |vm, args| {
        let transport = Rc::clone(transport(vm, args.at(0)));
        check_unfinished(vm, &transport, "writelines")?;
        let mut all = Vec::new();
        for item in vm.to_vec(args.at(1))? {
            let value = vm.get(item);
            let Some(data) = Buffer::of(&vm.heap, value) else {
                let class = vm.heap.type_name(value);
                let message = format!("memoryview: a bytes-like object is required, not '{class}'");
                return Err(vm.heap.type_error(message));
            };
            all.extend_from_slice(&data);
        }
        transport.write(vm, &all);
        Ok(vm.none())
    },
);
const DRAIN: Native = Native::vm(
    "drain(self, /) -> coroutine",
    "Wait until it is time to write more. Raises ConnectionResetError if the connection is lost.",
    |vm, args| {
        let waiter = vm.none();
        Ok(vm.native_coroutine(&DRAINING, &[args.at(0), waiter]))
    },
);
const WRITE_EOF: Native = Native::vm(
    "write_eof(self, /)",
    "Tell the other end that nothing more comes.",
    |vm, args| match transport(vm, args.at(0)).finish() {
        Ok(()) => Ok(vm.none()),
        Err(error) => {
            let exception = super::system_error(vm, &error);
            Err(vm.raise_local(exception))
        }
    },
);
const CAN_WRITE_EOF: Native = Native::vm(
    "can_write_eof(self, /) -> bool",
    "Whether write_eof() works: always.",
    |vm, _| Ok(vm.local(Value::TRUE)),
);
const START_TLS: Native = Native::vm(
    "start_tls(self, sslcontext, *, server_hostname=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None) -> coroutine",
    "Refused: there is no TLS.",
    |vm, args| {
        let function = general::find(vm, general::STREAMS, "start_tls")?;
        vm.call(function, &[args.at(0), args.at(1)])
    },
);
const ABORT: Native = Native::vm("_abort(self, /)", "Close it at once.", |vm, args| {
    transport(vm, args.at(0)).abort(vm);
    Ok(vm.none())
});
const BUFFER_SIZE: Native = Native::vm(
    "_buffer_size(self, /) -> int",
    "How many bytes are kept for writing.",
    |vm, args| {
        let kept = transport(vm, args.at(0)).kept();
        Ok(vm.local(vm.heap.usize(kept)))
    },
);
const LIMITS: Native = Native::vm(
    "_limits(self, /)",
    "The low and the high limit of what is kept.",
    |vm, args| {
        let (low, high) = transport(vm, args.at(0)).limits();
        let limits = [low, high].map(|limit| vm.local(vm.heap.usize(limit)));
        Ok(vm.tuple_of(&limits))
    },
);
const SET_LIMITS: Native = Native::vm(
    "_set_limits(self, low, high, /)",
    "Change the limits.",
    |vm, args| {
        let (low, high) = (vm.index(args.at(1))?, vm.index(args.at(2))?);
        let size = |limit: i64| usize::try_from(limit).unwrap_or_default();
        transport(vm, args.at(0)).set_limits(size(low), size(high));
        Ok(vm.none())
    },
);
const READING: Native = Native::vm(
    "_reading(self, wanted=None, /) -> bool",
    "Begin to receive, or stop; whether it does.",
    |vm, args| {
        let transport = Rc::clone(transport(vm, args.at(0)));
        if super::is_given(vm, args.at(1)) {
            match vm.truth(args.at(1))? {
                true => transport.resume_reading(vm),
                false => transport.pause_reading(),
            }
        }
        Ok(vm.local(Value::bool(transport.is_reading())))
    },
);
const CLOSE: Native = Native::vm(
    "close(self, /)",
    "Close the connection once all is written.",
    |vm, args| {
        transport(vm, args.at(0)).close(vm);
        Ok(vm.none())
    },
);
const IS_CLOSING: Native = Native::vm(
    "is_closing(self, /) -> bool",
    "Whether the connection is closed or about to be.",
    |vm, args| {
        let closing = transport(vm, args.at(0)).is_closing();
        Ok(vm.local(Value::bool(closing)))
    },
);
const WAIT_CLOSED: Native = Native::vm(
    "wait_closed(self, /) -> coroutine",
    "Wait until the connection is closed.",
    |vm, args| Ok(vm.native_coroutine(&CLOSING, &[args.at(0)])),
);
const GET_EXTRA_INFO: Native = Native::vm(
    "get_extra_info(self, name, default=None)",
    "'peername', 'sockname' or 'socket' of the connection.",
    |vm, args| {
        let transport = Rc::clone(transport(vm, args.at(0)));
        let name = vm.get_gc::<Str>(args.at(1));
        let name = name.map_or("", |name| name.as_str());
        let address = match name {
            "peername" => transport.peer.as_ref(),
            "sockname" => transport.local.as_ref(),
            "socket" => return Ok(transport_socket::of_transport(vm, &transport)),
            _ => {
                let default = given(vm, args.at(2));
                return Ok(default.unwrap_or_else(|| vm.none()));
            }
        };
        let address = address.map(|address| address_value(&vm.heap, address));
        Ok(vm.local(address.unwrap_or(Value::NONE)))
    },
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let transport = Rc::clone(transport(vm, args.at(0)));
    let state = match (transport.has_ended(), transport.is_closing()) {
        (true, _) => "closed",
        (_, true) => "closing",
        _ => "open",
    };
    let number = transport.with_socket(|socket| socket.number());
    let number = number.map_or(String::new(), |number| format!(" fd={number}"));
    let reader = object(vm, args.at(0)).reader.get(&vm.heap);
    let reader = vm.local(reader);
    let reader = vm.repr_text(reader)?;
    let text = format!("<StreamWriter {state}{number} reader={reader}>");
    Ok(vm.local(vm.heap.str_value(&text)))
});

static DRAINING: NativeCoroutine = NativeCoroutine::new("StreamWriter.drain", step_drain);
static CLOSING: NativeCoroutine =
    NativeCoroutine::new("StreamWriter.wait_closed", |vm, this, input| {
        match (vm.step_state(this), input) {
            (0, Input::Send(_)) => {
                vm.set_step_state(this, 1);
                let owner = register(vm, this, OWNER);
                Ok(Step::Await(transport(vm, owner).closed(vm)))
            }
            (_, Input::Send(_)) => Ok(Step::Return(vm.none())),
            (_, Input::Throw(exception)) => Err(vm.raise_local(exception)),
        }
    });

// Registers: the writer, the waiter.
const OWNER: usize = 0;
const WAITER: usize = 1;

// States of `drain`.
const START: u32 = 0;
const YIELDED: u32 = 1;
const WAITING: u32 = 2;

fn object(vm: &Vm, this: Local) -> &Object {
    vm.payload(this)
}

fn transport(vm: &Vm, this: Local) -> &Rc<Transport> {
    &object(vm, this).transport
}

fn check_unfinished(vm: &Vm, transport: &Transport, method: &str) -> Result<(), Raised> {
    if !transport.is_finished() {
        return Ok(());
    }
    let message = format!("Cannot call {method}() after write_eof()");
    Err(vm.heap.raise(Builtin::RuntimeError, message))
}

fn step_drain(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let owner = register(vm, this, OWNER);
    let transport = transport(vm, owner);
    let state = vm.step_state(this);
    if state == WAITING {
        let waiter = register(vm, this, WAITER);
        transport.drains().leave(vm, future(vm, waiter));
    }
    if let Input::Throw(exception) = input {
        return Err(vm.raise_local(exception));
    }
    match state {
        START => {
            if let Some(exception) = transport.reader.exception(vm) {
                return Err(vm.raise_local(exception));
            }
            if transport.is_closing() {
                // Lets the end of the connection come, so that a loop of writes gets to know of it.
                vm.set_step_state(this, YIELDED);
                return Ok(Step::Yield(vm.none()));
            }
        }
        YIELDED => {}
        _ => return Ok(Step::Return(vm.none())),
    }
    if transport.has_ended() {
        let message = "Connection lost";
        return Err(vm.heap.raise(Builtin::ConnectionResetError, message));
    }
    if !transport.is_full() {
        return Ok(Step::Return(vm.none()));
    }
    let waiter = transport.drains().join(vm);
    vm.step_slot(this, WAITER).set(vm.get(waiter));
    vm.set_step_state(this, WAITING);
    Ok(Step::Await(waiter))
}
