//! `asyncio.open_connection` and `open_unix_connection`.
//!
//! One native coroutine: look the name up, try its addresses one by one, and open streams on the first that answers. What goes
//! wrong with each is kept: it is the exception if none answers.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::super::super::arg;
use super::super::{check_running, register};
use super::reader::Reader;
use super::resolve::{self, Lookup, Purpose};
use super::transport::{Transport, by_token};
use super::{address_text, call_general, is_custom_loop, is_given, writer};
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::sched::future::{self, future, new_future};
use crate::sched::handle::Handle;
use crate::sched::handle::NativeCallback;
use crate::sched::reactor::socket::{Address, Socket};
use crate::sched::reactor::{Expects, Readiness, Source, reactor};
use crate::sched::scheduler;
use crate::stdlib::os_error;
use crate::vm::{Input, Local, Locals, Native, NativeCoroutine, Step, Vm};

/// `open_connection(host, port)`.
pub const OPEN_CONNECTION: Native = Native::vm(
    "open_connection(host=None, port=None, *, limit=65536, ssl=None, family=0, proto=0, flags=0, sock=None, local_addr=None, server_hostname=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None, happy_eyeballs_delay=None, interleave=None, all_errors=False) -> coroutine",
    "Connect to a server: a StreamReader and a StreamWriter. Raises OSError where that fails.",
    open_connection,
);
/// `open_unix_connection(path)`.
pub const OPEN_UNIX_CONNECTION: Native = Native::vm(
    "open_unix_connection(path=None, *, limit=65536, ssl=None, sock=None, server_hostname=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None) -> coroutine",
    "Connect to a Unix socket: a StreamReader and a StreamWriter. Raises OSError where that fails.",
    |vm, args| {
        let none = vm.none();
        let [path, limit] = [args.at(0), args.at(1)];
        let is_plain = vm.get(path).is_gc::<Str>() && !(2..4).any(|i| is_given(vm, args.at(i)));
        if !is_plain || is_custom_loop(vm) {
            let names = ["path", "limit", "ssl", "sock", "server_hostname"];
            let given: Vec<_> = (0..)
                .zip(names)
                .map(|(i, name)| (name, args.at(i)))
                .collect();
            return call_general(vm, "open_unix_connection", &given);
        }
        let state = [path, none, limit, none, none, none, none];
        Ok(vm.native_coroutine(&CONNECTING_UNIX, &state))
    },
);

static CONNECTING: NativeCoroutine = NativeCoroutine::new("open_connection", |vm, this, input| {
    step(vm, this, input, begin)
});
static CONNECTING_UNIX: NativeCoroutine =
    NativeCoroutine::new("open_unix_connection", |vm, this, input| {
        step(vm, this, input, begin_unix)
    });

// Registers: what was asked for; then the job that looks up, and the attempt.
const HOST: usize = 0;
const PORT: usize = 1;
const LIMIT: usize = 2;
const FAMILY: usize = 3;
const ALL_ERRORS: usize = 4;
const JOB: usize = 5;
const ATTEMPT: usize = 6;

const START: u32 = 0;
const RESOLVING: u32 = 1;
const WAITING: u32 = 2;
const OPENING: u32 = 3;

/// How far an attempt to connect is.
#[derive(Default)]
struct Attempt {
    /// Addresses not tried yet.
    left: RefCell<VecDeque<Address>>,
    /// What went wrong with those that were.
    errors: RefCell<Vec<Slot>>,
    connecting: RefCell<Option<Rc<Connecting>>>,
    transport: RefCell<Option<Rc<Transport>>>,
    limit: Cell<usize>,
}

traced!(Attempt { errors, connecting, transport } plain { left, limit });

impl Payload for Attempt {}

/// A socket that is being connected.
struct Connecting {
    token: Cell<usize>,
    socket: RefCell<Option<Socket>>,
    address: Address,
    /// Finished when it is connected, or failed with what went wrong.
    done: Slot,
    /// What was heard too early, for the transport.
    heard: Cell<Readiness>,
}

traced!(Connecting { done } plain { token, socket, address, heard });

impl Source for Connecting {
    fn note(&self, ready: Readiness) -> Readiness {
        let mut heard = self.heard.get();
        heard.read |= ready.read;
        heard.ended |= ready.ended;
        self.heard.set(heard);
        Readiness {
            write: ready.write,
            ..Readiness::default()
        }
    }

    fn run(self: Rc<Self>, vm: &mut Vm, _: Readiness) -> Result<(), Raised> {
        let done = vm.local(self.done.get(&vm.heap));
        if future(vm, done).is_done(&vm.heap) {
            return Ok(());
        }
        let error = self.socket.borrow().as_ref().and_then(Socket::take_error);
        let Some(error) = error else {
            let none = vm.none();
            return future::set_result(vm, done, none);
        };
        let text = format!("Connect call failed {}", address_text(&self.address));
        let raised = super::os_error(vm, error.raw_os_error().unwrap_or(0), &text);
        let exception = vm.take_local(raised);
        future::set_exception(vm, done, exception)
    }

    fn expects(&self) -> Expects {
        Expects::Underway
    }
}

fn open_connection(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    const GENERAL: [&str; 15] = [
        "host",
        "port",
        "limit",
        "ssl",
        "family",
        "proto",
        "flags",
        "sock",
        "local_addr",
        "server_hostname",
        "ssl_handshake_timeout",
        "ssl_shutdown_timeout",
        "happy_eyeballs_delay",
        "interleave",
        "all_errors",
    ];
    let needs_general = [3, 5, 6, 7, 8, 9].iter().any(|&i| is_given(vm, args.at(i)));
    if needs_general || is_custom_loop(vm) {
        let given: Vec<_> = (0..)
            .zip(GENERAL)
            .map(|(i, name)| (name, args.at(i)))
            .collect();
        return call_general(vm, "open_connection", &given);
    }
    let none = vm.none();
    let state = [
        args.at(0),
        args.at(1),
        args.at(2),
        args.at(4),
        args.at(14),
        none,
        none,
    ];
    Ok(vm.native_coroutine(&CONNECTING, &state))
}

fn step(
    vm: &mut Vm,
    this: Local,
    input: Input,
    begin: fn(&mut Vm, Local) -> Result<Step, Raised>,
) -> Result<Step, Raised> {
    let state = vm.step_state(this);
    match (state, input) {
        (START, Input::Send(_)) => {
            check_running(vm)?;
            let limit = register(vm, this, LIMIT);
            let limit = super::limit(vm, limit)?;
            let class = vm.heap.types.class(&vm.heap, Builtin::Opaque);
            let made = Attempt::default();
            made.limit.set(limit);
            let made = vm.heap.opaque(class, made).value();
            vm.step_slot(this, ATTEMPT).set(made);
            begin(vm, this)
        }
        (RESOLVING, Input::Send(_)) => {
            let job = vm.step_slot(this, JOB).get(&vm.heap).as_int();
            let found = resolve::finish(vm, job.unwrap_or_default() as u64)?;
            try_addresses(vm, this, found)
        }
        (WAITING, Input::Send(_)) => opened(vm, this),
        (WAITING, Input::Throw(exception)) => failed(vm, this, exception),
        (OPENING, Input::Send(_)) => {
            let transport = attempt(vm, this).transport.take();
            let transport = transport.expect("it was opened before");
            let (reader, writer) = writer::pair(vm, &transport);
            let pair = vm.heap.tuple(&[vm.get(reader), vm.get(writer)]);
            Ok(Step::Return(vm.local(pair.value())))
        }
        (_, Input::Throw(exception)) => {
            if state == OPENING
                && let Some(transport) = attempt(vm, this).transport.take()
            {
                transport.close(vm);
            }
            Err(vm.raise_local(exception))
        }
        (_, Input::Send(_)) => unreachable!("there are no other states"),
    }
}

fn attempt(vm: &Vm, this: Local) -> &Attempt {
    let object = vm.step_slot(this, ATTEMPT).get(&vm.heap);
    let attempt = object.as_gc::<Opaque>().and_then(|o| o.payload());
    attempt.expect("the first step made it")
}

fn begin(vm: &mut Vm, this: Local) -> Result<Step, Raised> {
    let (host, port) = (register(vm, this, HOST), register(vm, this, PORT));
    let missing = |value: Value<'_>| value.is_undef() || value.is_none();
    if missing(vm.get(host)) && missing(vm.get(port)) {
        let message = "host and port was not specified and no sock specified";
        return Err(vm.heap.value_error(message));
    }
    match resolve::begin(vm, host, port, Purpose::Connect)? {
        Lookup::Known(addresses) => try_addresses(vm, this, addresses),
        Lookup::Job(job, waiter) => {
            vm.step_slot(this, JOB).set(Value::small_int(job as i64));
            vm.set_step_state(this, RESOLVING);
            Ok(Step::Await(waiter))
        }
    }
}

fn begin_unix(vm: &mut Vm, this: Local) -> Result<Step, Raised> {
    let path = register(vm, this, HOST);
    let Some(path) = vm.get_gc::<Str>(path) else {
        return Err(vm.heap.value_error("no path and sock were specified"));
    };
    os_error::check_door(vm)?;
    let address = Address::Unix(path.as_str().to_owned());
    attempt(vm, this).left.borrow_mut().push_back(address);
    try_next(vm, this)
}

fn try_addresses(vm: &mut Vm, this: Local, addresses: Vec<Address>) -> Result<Step, Raised> {
    let family = register(vm, this, FAMILY);
    let family = arg::vm_index_or(vm, family, 0)?;
    let addresses = resolve::of_family(addresses, family);
    if addresses.is_empty() {
        let message = "getaddrinfo() returned empty list";
        return Err(vm.heap.raise(Builtin::OSError, message));
    }
    attempt(vm, this).left.borrow_mut().extend(addresses);
    try_next(vm, this)
}

fn try_next(vm: &mut Vm, this: Local) -> Result<Step, Raised> {
    loop {
        let Some(address) = attempt(vm, this).left.borrow_mut().pop_front() else {
            return Err(give_up(vm, this));
        };
        match Socket::connect(&address, None) {
            Ok((socket, connected)) => {
                let connecting = connecting(vm, socket, address)?;
                let waiter = vm.local(connecting.done.get(&vm.heap));
                *attempt(vm, this).connecting.borrow_mut() = Some(connecting);
                if connected {
                    return opened(vm, this);
                }
                vm.set_step_state(this, WAITING);
                return Ok(Step::Await(waiter));
            }
            Err(error) => {
                let raised = os_error::raise(&vm.heap, &error, None);
                let exception = vm.take_local(raised);
                note_error(vm, this, exception);
            }
        }
    }
}

fn connecting(vm: &Vm, socket: Socket, address: Address) -> Result<Rc<Connecting>, Raised> {
    let done = new_future(vm);
    let connecting = Rc::new(Connecting {
        token: Cell::new(0),
        socket: RefCell::new(None),
        address,
        done: Slot::new(vm.get(done)),
        heard: Cell::default(),
    });
    let reactor = reactor(vm)?;
    let token = reactor.add(Rc::clone(&connecting) as Rc<dyn Source>);
    connecting.token.set(token);
    if let Err(error) = reactor.watch(token, &socket) {
        reactor.remove(token);
        return Err(os_error::raise(&vm.heap, &error, None));
    }
    *connecting.socket.borrow_mut() = Some(socket);
    Ok(connecting)
}

fn note_error(vm: &Vm, this: Local, exception: Local) {
    let error = Slot::new(vm.get(exception));
    attempt(vm, this).errors.borrow_mut().push(error);
}

/// The wait for the socket ended with an exception: the next address if it was the system's.
fn failed(vm: &mut Vm, this: Local, exception: Local) -> Result<Step, Raised> {
    if let Some(connecting) = attempt(vm, this).connecting.take() {
        reactor(vm)?.remove(connecting.token.get());
    }
    if !vm.heap.is_instance(vm.get(exception), Builtin::OSError) {
        return Err(vm.raise_local(exception));
    }
    note_error(vm, this, exception);
    try_next(vm, this)
}

/// It is connected: the streams are ready in the turn after the next.
fn opened(vm: &mut Vm, this: Local) -> Result<Step, Raised> {
    let attempt = attempt(vm, this);
    let connecting = attempt.connecting.take();
    let connecting = connecting.expect("it was connected just now");
    let socket = connecting.socket.take();
    let socket = socket.expect("only this takes it out");
    let peer = socket.peer();
    let reader = Reader::new(attempt.limit.get());
    let transport = Transport::open(vm, socket, peer, reader)?;
    let token = connecting.token.get();
    transport.set_token(token, connecting.heard.get());
    reactor(vm)?.replace(token, Rc::clone(&transport) as Rc<dyn Source>);
    *attempt.transport.borrow_mut() = Some(transport);
    let waiter = new_future(vm);
    let action =
        scheduler(vm).callback(const { &NativeCallback::new("open_connection.made", made) });
    let handle = Handle::new(action, Value::small_int(token as i64), vm.get(waiter));
    scheduler(vm).call_soon(handle);
    vm.set_step_state(this, OPENING);
    Ok(Step::Await(waiter))
}

/// The connection is made: data may come, and the task that waits for the streams gets them.
fn made(vm: &mut Vm, token: Local, waiter: Local) -> Result<(), Raised> {
    if let Some(transport) = by_token(vm, token) {
        transport.start_reading(vm);
    }
    if future(vm, waiter).is_done(&vm.heap) {
        return Ok(());
    }
    let none = vm.none();
    future::set_result(vm, waiter, none)
}

/// No address answered.
fn give_up(vm: &mut Vm, this: Local) -> Raised {
    let all_errors = register(vm, this, ALL_ERRORS);
    let errors: Vec<Local> = {
        let errors = attempt(vm, this).errors.borrow();
        errors.iter().map(|e| vm.local(e.get(&vm.heap))).collect()
    };
    match give_up_with(vm, all_errors, &errors) {
        Ok(exception) => vm.raise_local(exception),
        Err(raised) => raised,
    }
}

fn give_up_with(vm: &mut Vm, all_errors: Local, errors: &[Local]) -> Result<Local, Raised> {
    if arg::truth_or(vm, all_errors, false)? {
        let values: Vec<Value<'_>> = errors.iter().map(|&e| vm.get(e)).collect();
        let list = vm.local(vm.heap.list(values).value());
        return vm.exception_group("create_connection failed", list);
    }
    let mut texts = Vec::new();
    for &error in errors {
        let text = vm.str(error)?;
        texts.push(vm.text_of(text)?);
    }
    if texts.iter().all(|text| *text == texts[0]) {
        return Ok(errors[0]);
    }
    let message = format!("Multiple exceptions: {}", texts.join(", "));
    let raised = vm.heap.raise(Builtin::OSError, message);
    Ok(vm.take_local(raised))
}
