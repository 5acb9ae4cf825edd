//! `asyncio.start_server`, `start_unix_server` and `asyncio.Server`.
//!
//! A server's listeners are sources of the reactor; each client becomes a transport, and the program's callback is called with its
//! streams two turns later. A server is closed when it listens no more and its last client is gone: only then `wait_closed` ends.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use super::super::super::registry::{Getter, ModuleType, NativeType, class_of};
use super::super::{event_loop, register};
use super::listener::Listener;
use super::transport::Transport;
use super::transport_socket::{self, Facts};
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::sched::future::{self, future, new_future};
use crate::sched::scheduler;
use crate::vm::{Input, Local, Native, NativeCoroutine, Step, Vm};

/// `asyncio.Server`.
pub const SERVER: ModuleType = ModuleType {
    name: "Server",
    module: "asyncio.base_events",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &CLOSE,
            &CLOSE_CLIENTS,
            &ABORT_CLIENTS,
            &IS_SERVING,
            &START_SERVING,
            &SERVE_FOREVER,
            &WAIT_CLOSED,
            &GET_LOOP,
            &ENTER,
            &EXIT,
            &REPR,
        ],
        getters: &[
            Getter::vm("sockets", "the sockets that it listens on", |vm, args| {
                sockets(vm, args.at(0))
            }),
            Getter::vm(
                "_waiters",
                "The futures of those that wait for its end; None once it has ended.",
                |vm, args| {
                    let waiters = serving(vm, args.at(0)).waiters.borrow();
                    Ok(match &*waiters {
                        None => vm.none(),
                        Some(list) => {
                            let list = vm.heap.list(list.iter().map(|w| w.get(&vm.heap)));
                            vm.local(list.value())
                        }
                    })
                },
            ),
            Getter::vm(
                "_sockets",
                "The sockets; None once it is closed.",
                |vm, args| {
                    let is_open = serving(vm, args.at(0)).listeners.borrow().is_some();
                    match is_open {
                        true => sockets(vm, args.at(0)),
                        false => Ok(vm.none()),
                    }
                },
            ),
        ],
        ..NativeType::of(Builtin::Opaque, "Accepts connections.")
    },
};

/// What a server is, to its object, its listeners and its clients.
pub struct Serving {
    /// The tokens of its listeners; None when it is closed.
    listeners: RefCell<Option<Vec<Rc<Listener>>>>,
    clients: RefCell<BTreeMap<usize, Weak<Transport>>>,
    /// Who waits until it is closed; None when it is.
    waiters: RefCell<Option<Vec<Slot>>>,
    serving: Cell<bool>,
    /// The future of `serve_forever`, or Undef.
    forever: Slot,
    /// What is called for each client.
    pub callback: Slot,
    /// The context that it is called in.
    pub context: Slot,
    /// The limit of the readers.
    pub limit: usize,
    /// How many clients may wait, and are accepted in a turn.
    pub backlog: i32,
}

traced!(
    Serving { listeners, clients, waiters, forever, callback, context }
    plain { serving, limit, backlog }
);

impl Serving {
    /// A server without listeners.
    pub fn new(vm: &Vm, callback: Local, limit: usize, backlog: i32) -> Rc<Serving> {
        Rc::new(Serving {
            listeners: RefCell::new(Some(Vec::new())),
            clients: RefCell::default(),
            waiters: RefCell::new(Some(Vec::new())),
            serving: Cell::new(false),
            forever: Slot::undef(),
            callback: Slot::new(vm.get(callback)),
            context: Slot::new(scheduler(vm).context(&vm.heap)),
            limit,
            backlog,
        })
    }

    /// The object for programs.
    pub fn object(self: &Rc<Serving>, vm: &mut Vm) -> Local {
        let class = class_of(vm, &SERVER);
        let class = vm.get_gc(class).expect("a class");
        let object = vm.heap.opaque(class, Object(Rc::clone(self)));
        vm.local(object.value())
    }

    /// Gives it a bound socket.
    pub fn add_listener(&self, listener: Rc<Listener>) {
        if let Some(listeners) = &mut *self.listeners.borrow_mut() {
            listeners.push(listener);
        }
    }

    /// Begins to listen.
    ///
    /// # Errors
    /// The system's.
    pub fn start(&self, vm: &Vm) -> Result<(), Raised> {
        if self.serving.replace(true) {
            return Ok(());
        }
        for listener in self.listeners.borrow().iter().flatten() {
            listener.start(vm, self.backlog)?;
        }
        Ok(())
    }

    /// A client came; false: it comes too late.
    pub fn attach(&self, transport: &Rc<Transport>) -> bool {
        let open = self.listeners.borrow().is_some();
        if open {
            let client = Rc::downgrade(transport);
            self.clients.borrow_mut().insert(transport.token(), client);
        }
        open
    }

    /// A client is gone.
    pub fn detach(&self, vm: &Vm, token: usize) {
        self.clients.borrow_mut().remove(&token);
        if self.listeners.borrow().is_none() {
            self.wake_if_empty(vm);
        }
    }

    /// Listens no more; clients stay.
    pub fn close(&self, vm: &mut Vm) {
        let Some(listeners) = self.listeners.take() else {
            return;
        };
        for listener in listeners {
            listener.close(vm);
        }
        self.serving.set(false);
        let forever = vm.local(self.forever.get(&vm.heap));
        if !vm.get(forever).is_undef() && !future(vm, forever).is_done(&vm.heap) {
            let none = vm.none();
            future::cancel_now(vm, forever, none);
            self.forever.clear();
        }
        self.wake_if_empty(vm);
    }

    fn wake_if_empty(&self, vm: &Vm) {
        if !self.clients.borrow().is_empty() {
            return;
        }
        for waiter in self.waiters.take().into_iter().flatten() {
            let waiter = vm.local(waiter.get(&vm.heap));
            let none = vm.none();
            if !future(vm, waiter).is_done(&vm.heap)
                && future::set_result(vm, waiter, none).is_err()
            {
                unreachable!("the waiter was found pending");
            }
        }
    }

    /// The future to await until it is closed; None: it is.
    fn join(&self, vm: &Vm) -> Option<Local> {
        let mut waiters = self.waiters.borrow_mut();
        let waiters = waiters.as_mut()?;
        let waiter = new_future(vm);
        waiters.push(Slot::new(vm.get(waiter)));
        Some(waiter)
    }

    fn each_client(&self, vm: &Vm, act: fn(&Transport, &Vm)) {
        let clients: Vec<_> = self.clients.borrow().values().cloned().collect();
        for client in clients.iter().filter_map(Weak::upgrade) {
            act(&client, vm);
        }
    }
}

struct Object(Rc<Serving>);

traced!(Object { 0 });

impl Payload for Object {}

const NEW: Native = Native::vm(
    "Server(cls, /, *args, **kwargs)",
    "Servers are made by start_server().",
    |vm, _| Err(vm.heap.type_error("a Server is made by start_server()")),
);
const CLOSE: Native = Native::vm(
    "close(self, /)",
    "Listen no more; connections stay open.",
    |vm, args| {
        let serving = Rc::clone(serving(vm, args.at(0)));
        serving.close(vm);
        Ok(vm.none())
    },
);
const CLOSE_CLIENTS: Native = Native::vm(
    "close_clients(self, /)",
    "Close all connections once what is kept is written.",
    |vm, args| {
        serving(vm, args.at(0)).each_client(vm, Transport::close);
        Ok(vm.none())
    },
);
const ABORT_CLIENTS: Native = Native::vm(
    "abort_clients(self, /)",
    "Close all connections at once.",
    |vm, args| {
        serving(vm, args.at(0)).each_client(vm, Transport::abort);
        Ok(vm.none())
    },
);
const IS_SERVING: Native = Native::vm(
    "is_serving(self, /) -> bool",
    "Whether it accepts connections.",
    |vm, args| Ok(vm.local(Value::bool(serving(vm, args.at(0)).serving.get()))),
);
const START_SERVING: Native = Native::vm(
    "start_serving(self, /) -> coroutine",
    "Begin to accept connections.",
    |vm, args| Ok(vm.native_coroutine(&STARTING, &[args.at(0)])),
);
const SERVE_FOREVER: Native = Native::vm(
    "serve_forever(self, /) -> coroutine",
    "Accept connections until cancelled.",
    |vm, args| {
        let exception = vm.none();
        Ok(vm.native_coroutine(&FOREVER, &[args.at(0), exception]))
    },
);
const WAIT_CLOSED: Native = Native::vm(
    "wait_closed(self, /) -> coroutine",
    "Wait until it is closed and all connections are gone.",
    |vm, args| Ok(vm.native_coroutine(&CLOSING, &[args.at(0)])),
);
const GET_LOOP: Native = Native::vm("get_loop(self, /)", "The event loop.", |vm, _| {
    event_loop::the_loop(vm)
});
const ENTER: Native = Native::vm("__aenter__(self, /) -> coroutine", "Itself.", |vm, args| {
    Ok(vm.native_coroutine(&ENTERING, &[args.at(0)]))
});
const EXIT: Native = Native::vm(
    "__aexit__(self, /, *exc) -> coroutine",
    "Close it and wait until it is closed.",
    |vm, args| Ok(vm.native_coroutine(&EXITING, &[args.at(0)])),
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let text = described(vm, args.at(0))?;
    Ok(vm.local(vm.heap.str_value(&text)))
});

static STARTING: NativeCoroutine =
    NativeCoroutine::new("Server.start_serving", |vm, this, input| {
        match (vm.step_state(this), input) {
            (0, Input::Send(_)) => {
                vm.set_step_state(this, 1);
                let owner = register(vm, this, OWNER);
                serving(vm, owner).start(vm)?;
                Ok(Step::Yield(vm.none()))
            }
            (_, Input::Send(_)) => Ok(Step::Return(vm.none())),
            (_, Input::Throw(exception)) => Err(vm.raise_local(exception)),
        }
    });
static FOREVER: NativeCoroutine = NativeCoroutine::new("Server.serve_forever", step_forever);
static CLOSING: NativeCoroutine = NativeCoroutine::new("Server.wait_closed", step_closed);
static ENTERING: NativeCoroutine =
    NativeCoroutine::new("AbstractServer.__aenter__", |vm, this, _| {
        Ok(Step::Return(register(vm, this, OWNER)))
    });
static EXITING: NativeCoroutine =
    NativeCoroutine::new("AbstractServer.__aexit__", |vm, this, input| {
        if vm.step_state(this) == 0 {
            let owner = register(vm, this, OWNER);
            let serving = Rc::clone(serving(vm, owner));
            serving.close(vm);
        }
        step_closed(vm, this, input)
    });

// Registers: the server; in `serve_forever`, the exception that ends it.
const OWNER: usize = 0;
const EXCEPTION: usize = 1;

// States of `serve_forever`.
const START: u32 = 0;
const SERVING: u32 = 1;
const ENDING: u32 = 2;

fn serving(vm: &Vm, this: Local) -> &Rc<Serving> {
    let object: Option<&Object> = vm.get_gc::<Opaque>(this).and_then(|o| o.payload());
    &object
        .expect("methods are called on instances of their class")
        .0
}

fn sockets(vm: &mut Vm, this: Local) -> Result<Local, Raised> {
    let facts: Vec<Facts> = {
        let listeners = serving(vm, this).listeners.borrow();
        listeners.iter().flatten().map(|l| l.facts()).collect()
    };
    let mut objects = Vec::new();
    for facts in facts {
        objects.push(transport_socket::make(vm, facts));
    }
    let values: Vec<Value<'_>> = objects.iter().map(|&o| vm.get(o)).collect();
    Ok(vm.local(vm.heap.tuple(&values).value()))
}

fn described(vm: &mut Vm, this: Local) -> Result<String, Raised> {
    let sockets = sockets(vm, this)?;
    Ok(format!("<Server sockets={}>", vm.repr_text(sockets)?))
}

fn step_closed(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    match (vm.step_state(this), input) {
        (0, Input::Send(_)) => {
            vm.set_step_state(this, 1);
            let owner = register(vm, this, OWNER);
            match serving(vm, owner).join(vm) {
                Some(waiter) => Ok(Step::Await(waiter)),
                None => Ok(Step::Return(vm.none())),
            }
        }
        (_, Input::Send(_)) => Ok(Step::Return(vm.none())),
        (_, Input::Throw(exception)) => Err(vm.raise_local(exception)),
    }
}

fn step_forever(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let owner = register(vm, this, OWNER);
    let serving = Rc::clone(serving(vm, owner));
    match (vm.step_state(this), input) {
        (START, Input::Send(_)) => begin_forever(vm, this, owner, &serving),
        (SERVING, Input::Throw(exception)) => {
            serving.forever.clear();
            let cancelled = vm
                .heap
                .is_instance(vm.get(exception), Builtin::CancelledError);
            if cancelled {
                serving.close(vm);
                if let Some(waiter) = serving.join(vm) {
                    vm.step_slot(this, EXCEPTION).set(vm.get(exception));
                    vm.set_step_state(this, ENDING);
                    return Ok(Step::Await(waiter));
                }
            }
            Err(vm.raise_local(exception))
        }
        (ENDING, Input::Send(_)) => {
            let exception = register(vm, this, EXCEPTION);
            Err(vm.raise_local(exception))
        }
        (_, Input::Throw(exception)) => Err(vm.raise_local(exception)),
        (_, Input::Send(_)) => Ok(Step::Return(vm.none())),
    }
}

fn begin_forever(
    vm: &mut Vm,
    this: Local,
    owner: Local,
    serving: &Serving,
) -> Result<Step, Raised> {
    let complaint = if !serving.forever.is_undef() {
        "is already being awaited on serve_forever()"
    } else if serving.listeners.borrow().is_none() {
        "is closed"
    } else {
        ""
    };
    if !complaint.is_empty() {
        let message = format!("server {} {complaint}", described(vm, owner)?);
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    }
    serving.start(vm)?;
    let forever = new_future(vm);
    serving.forever.set(vm.get(forever));
    vm.set_step_state(this, SERVING);
    Ok(Step::Await(forever))
}
