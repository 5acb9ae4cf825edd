//! Sockets that listen: each client becomes a transport, and the server's callback is called with its streams.
//!
//! In asyncio's turns: accepted in one, prepared in the next (CPython makes a task for that), given to the program in the one after.

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::rc::{Rc, Weak};

use super::reader::Reader;
use super::server::Serving;
use super::transport::{Transport, by_token};
use super::transport_socket::Facts;
use super::writer;
use crate::runtime::future::FutureState;
use crate::runtime::heap::traced;
use crate::runtime::{Builtin, Raised, Value};
use crate::sched::future::{self, future};
use crate::sched::handle::Handle;
use crate::sched::handle::NativeCallback;
use crate::sched::reactor::socket::{Address, Socket};
use crate::sched::reactor::{Expects, Readiness, Source, reactor};
use crate::sched::{report, scheduler, task};
use crate::stdlib::os_error;
use crate::vm::{Local, Vm};

/// Seconds until a listener tries again for which the system had no room, as in CPython.
const RETRY: f64 = 1.0;

/// A socket that listens, or is bound to.
pub struct Listener {
    token: Cell<usize>,
    socket: RefCell<Option<Socket>>,
    local: Option<Address>,
    server: Weak<Serving>,
    /// Keeps the server while it listens, though the program may have dropped it.
    keeps: RefCell<Option<Rc<Serving>>>,
    /// The number of the file of a Unix socket that goes with it.
    file: Option<u64>,
}

/// The number of the file of a Unix socket.
fn file_number(address: &Address) -> Option<u64> {
    match address {
        Address::Unix(path) => Some(std::fs::symlink_metadata(path).ok()?.ino()),
        Address::Internet(_) => None,
    }
}

impl Listener {
    /// A listener on a bound socket of a server.
    pub fn new(socket: Socket, server: &Rc<Serving>, removes_file: bool) -> Rc<Listener> {
        let local = socket.local();
        Rc::new(Listener {
            token: Cell::new(0),
            file: local
                .as_ref()
                .filter(|_| removes_file)
                .and_then(file_number),
            local,
            socket: RefCell::new(Some(socket)),
            server: Rc::downgrade(server),
            keeps: RefCell::default(),
        })
    }

    /// Begins to accept clients.
    ///
    /// # Errors
    /// The system's.
    pub fn start(self: &Rc<Self>, vm: &Vm, backlog: i32) -> Result<(), Raised> {
        let socket = self.socket.borrow();
        let Some(socket) = &*socket else {
            return Ok(());
        };
        let reactor = reactor(vm)?;
        let token = reactor.add(Rc::clone(self) as Rc<dyn Source>);
        self.token.set(token);
        *self.keeps.borrow_mut() = self.server.upgrade();
        let started = socket
            .listen(backlog)
            .and_then(|()| reactor.watch(token, socket));
        started.map_err(|error| os_error::raise(&vm.heap, &error, None))
    }

    /// Accepts no more.
    pub fn close(&self, vm: &Vm) {
        self.socket.take();
        self.keeps.take();
        if let Ok(reactor) = reactor(vm) {
            reactor.remove(self.token.get());
        }
        if let (Some(file), Some(address @ Address::Unix(path))) = (self.file, &self.local)
            && file_number(address) == Some(file)
        {
            // It may be gone already, and nobody can be told.
            let _ = std::fs::remove_file(path);
        }
    }

    /// What programs see of the socket.
    pub fn facts(&self) -> Facts {
        Facts {
            local: self.local.clone(),
            peer: None,
            number: self.socket.borrow().as_ref().map_or(-1, Socket::number),
        }
    }

    /// Accepts the connections that wait, but no more than may wait at once.
    fn accept(&self, vm: &mut Vm, server: &Rc<Serving>) -> Result<(), Raised> {
        for _ in 0..server.backlog.max(1) {
            let accepted = match &*self.socket.borrow() {
                Some(socket) => socket.accept(),
                None => return Ok(()),
            };
            match accepted {
                Ok(Some((socket, peer))) => accepted_one(vm, server, socket, peer)?,
                Ok(None) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => break,
                Err(error) => return self.retry_later(vm, &error),
            }
        }
        reactor(vm)?.read_again(self.token.get());
        Ok(())
    }

    /// The system is out of descriptors or memory: clients wait.
    fn retry_later(&self, vm: &mut Vm, error: &std::io::Error) -> Result<(), Raised> {
        let exception = super::system_error(vm, error);
        report::accept_failed(vm, exception)?;
        let action =
            scheduler(vm).callback(const { &NativeCallback::new("Listener.retry", retry) });
        let when = scheduler(vm).now() + RETRY;
        let token = Value::small_int(self.token.get() as i64);
        let handle = Handle::new(action, token, Value::NONE);
        scheduler(vm).call_at(&vm.heap, when, handle)?;
        Ok(())
    }
}

traced!(Listener { server, keeps } plain { token, socket, local, file });

impl Source for Listener {
    fn note(&self, ready: Readiness) -> Readiness {
        Readiness {
            read: ready.read,
            ..Readiness::default()
        }
    }

    fn run(self: Rc<Self>, vm: &mut Vm, _: Readiness) -> Result<(), Raised> {
        match self.server.upgrade() {
            Some(server) => self.accept(vm, &server),
            None => Ok(()),
        }
    }

    fn expects(&self) -> Expects {
        Expects::Perhaps
    }
}

fn accepted_one(
    vm: &mut Vm,
    server: &Rc<Serving>,
    socket: Socket,
    peer: Address,
) -> Result<(), Raised> {
    let reader = Reader::new(server.limit);
    let transport = Transport::open(vm, socket, Some(peer), reader)?;
    transport.set_server(Rc::clone(server));
    let token = reactor(vm)?.add(Rc::clone(&transport) as Rc<dyn Source>);
    transport.set_token(token, Readiness::default());
    scheduler(vm).skip_task_number();
    soon(
        vm,
        token,
        const { &NativeCallback::new("Listener.prepare", prepare) },
    );
    Ok(())
}

/// Accepts again.
fn retry(vm: &mut Vm, token: Local, _: Local) -> Result<(), Raised> {
    let token = vm.get(token).as_int().unwrap_or_default() as usize;
    reactor(vm)?.read_again(token);
    Ok(())
}

fn soon(vm: &Vm, token: usize, callback: &'static NativeCallback) {
    let action = scheduler(vm).callback(callback);
    let token = Value::small_int(token as i64);
    scheduler(vm).call_soon(Handle::new(action, token, Value::NONE));
}

fn prepare(vm: &mut Vm, token: Local, _: Local) -> Result<(), Raised> {
    let Some(transport) = by_token(vm, token) else {
        return Ok(());
    };
    if transport.server().is_some_and(|s| s.attach(&transport)) {
        soon(
            vm,
            transport.token(),
            const { &NativeCallback::new("Listener.begin", begin) },
        );
    } else {
        // The server was closed meanwhile.
        reactor(vm)?.remove(transport.token());
    }
    Ok(())
}

/// The connection is made: the program hears of it.
fn begin(vm: &mut Vm, token: Local, _: Local) -> Result<(), Raised> {
    let Some(transport) = by_token(vm, token) else {
        return Ok(());
    };
    if let Some(server) = transport.server() {
        call_back(vm, &server, &transport, token)?;
    }
    let reactor = reactor(vm)?;
    match transport.with_socket(|socket| reactor.watch(transport.token(), socket)) {
        Some(Err(error)) => transport.fail(vm, &error),
        Some(Ok(())) => transport.start_reading(vm),
        None => {}
    }
    Ok(())
}

fn call_back(
    vm: &mut Vm,
    server: &Serving,
    transport: &Rc<Transport>,
    token: Local,
) -> Result<(), Raised> {
    let outer = vm.local(scheduler(vm).context(&vm.heap));
    scheduler(vm).set_context(server.context.get(&vm.heap));
    let callback = vm.local(server.callback.get(&vm.heap));
    let (reader, writer) = writer::pair(vm, transport);
    let called = vm.call(callback, &[reader, writer]);
    let outcome = called.and_then(|result| {
        if task::is_coroutine(vm, result) {
            let undef = vm.local(Value::UNDEF);
            let client = task::create(vm, result, undef, undef)?;
            let action = scheduler(vm)
                .callback(const { &NativeCallback::new("Listener.client_done", client_done) });
            future::add_callback(vm, client, action, token);
        }
        Ok(())
    });
    scheduler(vm).set_context(vm.get(outer));
    match outcome {
        Ok(()) => Ok(()),
        Err(raised) if leaves(vm, &raised) => Err(raised),
        Err(raised) => {
            let exception = vm.take_local(raised);
            let undef = vm.local(Value::UNDEF);
            report::callback_failed(vm, callback, undef, exception)
        }
    }
}

fn leaves(vm: &mut Vm, raised: &Raised) -> bool {
    vm.is_halting()
        || vm.is_raised(raised, Builtin::KeyboardInterrupt)
        || vm.is_raised(raised, Builtin::SystemExit)
}

/// The task that the callback became is done: a connection whose task failed is closed.
fn client_done(vm: &mut Vm, token: Local, client: Local) -> Result<(), Raised> {
    let outcome = future(vm, client);
    let state = outcome.state.get(&vm.heap);
    if state == FutureState::Done {
        return Ok(());
    }
    if state == FutureState::Failed {
        outcome.retrieved.set(&vm.heap, true);
        let exception = vm.local(outcome.result.get(&vm.heap));
        report::client_failed(vm, exception)?;
    }
    if let Some(transport) = by_token(vm, token) {
        transport.close(vm);
    }
    Ok(())
}
