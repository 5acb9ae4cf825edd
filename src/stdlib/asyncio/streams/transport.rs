//! A connection: the socket, what waits to be written, and its end.
//!
//! What CPython's selector transport and stream protocol do together, in the same turns: writing tries the socket at once and keeps
//! the rest; `drain` waits while more than the high-water mark is kept; closing writes what is left and then tells everybody in a
//! turn of its own. The reactor knows a transport by its token until then, and keeps what it refers to alive.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::{Rc, Weak};

use super::reader::Reader;
use super::server::Serving;
use super::system_error;
use crate::runtime::heap::traced;
use crate::runtime::{Raised, Slot, Value};
use crate::sched::clock::TimeMode;
use crate::sched::future::{self, future, new_future};
use crate::sched::handle::Handle;
use crate::sched::handle::NativeCallback;
use crate::sched::reactor::socket::{Address, Socket};
use crate::sched::reactor::{Abandoned, Expects, Readiness, Received, Source, reactor};
use crate::sched::scheduler;
use crate::sched::wait_queue::WaitQueue;
use crate::vm::{Local, Vm};

/// More than this kept for writing: `drain` waits, unless the program sets another limit.
const HIGH_WATER: usize = 64 * 1024;
/// Until no more than this is kept.
const LOW_WATER: usize = 16 * 1024;

/// One end of a connection.
pub struct Transport {
    token: Cell<usize>,
    /// None when it is closed for good.
    socket: RefCell<Option<Socket>>,
    /// What came and was not read.
    pub reader: Rc<Reader>,
    /// What is to be written, and how much of it was.
    unsent: RefCell<(Vec<u8>, usize)>,
    /// `close` was called, or the connection broke.
    closing: Cell<bool>,
    /// Its end is scheduled or over: writes go nowhere.
    lost: Cell<bool>,
    /// Its end is over: everybody was told.
    ended: Cell<bool>,
    /// `write_eof` was called.
    finished: Cell<bool>,
    /// The end of the stream was read.
    read_all: Cell<bool>,
    /// Whether writers should wait.
    full: Cell<bool>,
    /// More than the second kept for writing: `drain` waits, until no more than the first is kept.
    limits: Cell<(usize, usize)>,
    drains: WaitQueue,
    /// Finished when the connection is closed.
    closed: Slot,
    /// Whether data is taken from the socket: not before the connection is made, not while the reader is full.
    reading: Cell<bool>,
    /// Whether the socket may have data: an edge came and not all was read.
    readable: Cell<bool>,
    /// Whether the other end will send no more than there is.
    hung_up: Cell<bool>,
    server: RefCell<Option<Rc<Serving>>>,
    abandoned: Abandoned,
    /// Its own address.
    pub local: Option<Address>,
    /// The other end's.
    pub peer: Option<Address>,
    /// The other end, if this program has it, too; looked for in virtual time only.
    partner: RefCell<Weak<Transport>>,
    has_partner: Cell<bool>,
    /// Bytes that went and came, to know what is on its way between partners.
    sent: Cell<u64>,
    received: Cell<u64>,
}

impl Transport {
    /// A connection around a connected socket. It hears nothing before `start_reading`.
    pub fn open(
        vm: &Vm,
        socket: Socket,
        peer: Option<Address>,
        reader: Rc<Reader>,
    ) -> Result<Rc<Transport>, Raised> {
        let closed = new_future(vm);
        socket.send_at_once();
        let local = socket.local();
        let transport = Rc::new(Transport {
            token: Cell::new(0),
            socket: RefCell::new(Some(socket)),
            reader,
            unsent: RefCell::default(),
            closing: Cell::new(false),
            lost: Cell::new(false),
            ended: Cell::new(false),
            finished: Cell::new(false),
            read_all: Cell::new(false),
            full: Cell::new(false),
            limits: Cell::new((LOW_WATER, HIGH_WATER)),
            drains: WaitQueue::default(),
            closed: Slot::new(vm.get(closed)),
            reading: Cell::new(false),
            readable: Cell::new(false),
            hung_up: Cell::new(false),
            server: RefCell::default(),
            abandoned: Rc::clone(&reactor(vm)?.abandoned),
            local,
            peer,
            partner: RefCell::default(),
            has_partner: Cell::new(false),
            sent: Cell::new(0),
            received: Cell::new(0),
        });
        transport.reader.set_transport(&transport);
        transport.find_partner(vm);
        Ok(transport)
    }

    /// Says under which number the reactor knows it, and what that has heard already.
    pub fn set_token(&self, token: usize, heard: Readiness) {
        self.token.set(token);
        self.readable.set(heard.read);
        self.hung_up.set(heard.ended);
    }

    /// The number under which the reactor knows it.
    pub fn token(&self) -> usize {
        self.token.get()
    }

    /// Says which server accepted it.
    pub fn set_server(&self, server: Rc<Serving>) {
        *self.server.borrow_mut() = Some(server);
    }

    /// The server that accepted it, until its end is over.
    pub fn server(&self) -> Option<Rc<Serving>> {
        self.server.borrow().clone()
    }

    /// Something with its socket, unless that is closed.
    pub fn with_socket<T>(&self, look: impl FnOnce(&Socket) -> T) -> Option<T> {
        self.socket.borrow().as_ref().map(look)
    }

    /// The future that is done when the connection is closed.
    pub fn closed(&self, vm: &Vm) -> Local {
        vm.local(self.closed.get(&vm.heap))
    }

    /// Waiters for less data that is kept for writing.
    pub fn drains(&self) -> &WaitQueue {
        &self.drains
    }

    /// Whether it is closed, or about to be.
    pub fn is_closing(&self) -> bool {
        self.closing.get()
    }

    /// Whether its end is over.
    pub fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// Whether writers should wait.
    pub fn is_full(&self) -> bool {
        self.full.get()
    }

    /// Whether `write_eof` was called.
    pub fn is_finished(&self) -> bool {
        self.finished.get()
    }

    /// The low and the high limit of what is kept for writing.
    pub fn limits(&self) -> (usize, usize) {
        self.limits.get()
    }

    /// Changes the limits.
    pub fn set_limits(&self, low: usize, high: usize) {
        self.limits.set((low, high));
        if self.kept() > high {
            self.full.set(true);
        }
    }

    /// How many bytes are kept for writing.
    pub fn kept(&self) -> usize {
        let unsent = self.unsent.borrow();
        unsent.0.len() - unsent.1
    }

    /// Whether data is taken from the socket.
    pub fn is_reading(&self) -> bool {
        self.reading.get() && !self.closing.get()
    }

    /// The object of the writer is gone: nobody can write or close any more.
    pub fn abandon(&self) {
        if !self.closing.get() {
            self.abandoned.borrow_mut().push(self.token.get());
        }
    }
}

// Reading.
impl Transport {
    /// Begins to take data.
    pub fn start_reading(&self, vm: &Vm) {
        if !self.closing.get() {
            self.reading.set(true);
            self.read_soon(vm);
        }
    }

    /// The reader is full.
    pub fn pause_reading(&self) {
        self.reading.set(false);
    }

    /// The reader has room again.
    pub fn resume_reading(&self, vm: &Vm) {
        self.start_reading(vm);
    }

    /// What was announced and not read will not be announced again.
    fn read_soon(&self, vm: &Vm) {
        if self.readable.get()
            && let Ok(reactor) = reactor(vm)
        {
            reactor.read_again(self.token.get());
        }
    }

    fn read(&self, vm: &Vm) -> Result<(), Raised> {
        if self.lost.get() || !self.reading.get() || self.read_all.get() {
            return Ok(());
        }
        let received = match &*self.socket.borrow() {
            None => return Ok(()),
            Some(socket) => reactor(vm)?.receive(socket, |data| self.reader.feed(vm, data)),
        };
        match received {
            Err(error) => self.fail(vm, &error),
            Ok(Received::Nothing) => self.readable.set(false),
            Ok(Received::End) => {
                self.read_all.set(true);
                self.readable.set(false);
                self.reader.end(vm);
            }
            Ok(Received::All(count)) => {
                self.received.set(self.received.get() + count as u64);
                self.readable.set(self.hung_up.get());
            }
            Ok(Received::Some(count)) => self.received.set(self.received.get() + count as u64),
        }
        if self.reading.get() && !self.lost.get() {
            self.read_soon(vm);
        }
        Ok(())
    }
}

// Writing.
impl Transport {
    /// Writes, or keeps what the socket does not take now.
    pub fn write(&self, vm: &Vm, data: &[u8]) {
        if data.is_empty() || self.lost.get() {
            return;
        }
        let mut rest = data;
        if self.unsent.borrow().0.is_empty() {
            match self.send(data) {
                Ok(count) => rest = &data[count..],
                Err(error) => return self.fail(vm, &error),
            }
        }
        if rest.is_empty() {
            return;
        }
        let mut unsent = self.unsent.borrow_mut();
        unsent.0.extend_from_slice(rest);
        if unsent.0.len() - unsent.1 > self.limits.get().1 {
            self.full.set(true);
        }
    }

    /// Tells the other end that nothing more comes, after what is kept.
    pub fn finish(&self) -> io::Result<()> {
        if self.closing.get() || self.finished.replace(true) || !self.unsent.borrow().0.is_empty() {
            return Ok(());
        }
        self.with_socket(Socket::shut_down_writing)
            .unwrap_or(Ok(()))
    }

    fn send(&self, data: &[u8]) -> io::Result<usize> {
        let sent = match &*self.socket.borrow() {
            None => 0,
            Some(socket) => socket.send(data)?.unwrap_or(0),
        };
        self.sent.set(self.sent.get() + sent as u64);
        Ok(sent)
    }

    /// There is room again.
    fn write_kept(&self, vm: &mut Vm) -> Result<(), Raised> {
        if self.lost.get() || self.unsent.borrow().0.is_empty() {
            return Ok(());
        }
        let sent = {
            let unsent = self.unsent.borrow();
            self.send(&unsent.0[unsent.1..])
        };
        match sent {
            Err(error) => self.fail(vm, &error),
            Ok(count) => self.forget_sent(vm, count),
        }
        if !self.unsent.borrow().0.is_empty() || self.lost.get() {
            return Ok(());
        }
        if self.closing.get() {
            self.lost.set(true);
            return self.end(vm, None);
        }
        if self.finished.get()
            && let Some(Err(error)) = self.with_socket(Socket::shut_down_writing)
        {
            self.fail(vm, &error);
        }
        Ok(())
    }

    fn forget_sent(&self, vm: &Vm, count: usize) {
        let mut unsent = self.unsent.borrow_mut();
        unsent.1 += count;
        if unsent.1 == unsent.0.len() {
            *unsent = (Vec::new(), 0);
        } else if unsent.1 > unsent.0.len() / 2 {
            // Moves each byte at most once on average.
            let sent = std::mem::take(&mut unsent.1);
            unsent.0.drain(..sent);
        }
        if unsent.0.len() - unsent.1 <= self.limits.get().0 && self.full.replace(false) {
            self.drains.wake(vm, usize::MAX);
        }
    }
}

// The end.
impl Transport {
    /// Closes it once what is kept is written.
    pub fn close(&self, vm: &Vm) {
        if self.closing.replace(true) {
            return;
        }
        self.reading.set(false);
        if self.unsent.borrow().0.is_empty() {
            self.lost.set(true);
            let none = vm.none();
            self.end_soon(vm, none);
        }
    }

    /// Closes it at once; what is kept is lost.
    pub fn abort(&self, vm: &Vm) {
        let none = vm.none();
        self.break_off(vm, none);
    }

    /// The system says that the connection is broken.
    pub fn fail(&self, vm: &Vm, error: &io::Error) {
        let exception = system_error(vm, error);
        self.break_off(vm, exception);
    }

    fn break_off(&self, vm: &Vm, exception: Local) {
        if self.lost.replace(true) {
            return;
        }
        self.unsent.take();
        self.reading.set(false);
        self.closing.set(true);
        self.end_soon(vm, exception);
    }

    /// Tells everybody in the next turn. `exception`: what broke the connection, or None.
    fn end_soon(&self, vm: &Vm, exception: Local) {
        let action = scheduler(vm).callback(const { &NativeCallback::new("Transport.end", end) });
        let token = Value::small_int(self.token.get() as i64);
        scheduler(vm).call_soon(Handle::new(action, token, vm.get(exception)));
    }

    fn end(&self, vm: &mut Vm, exception: Option<Local>) -> Result<(), Raised> {
        let closed = self.closed(vm);
        let pending = !future(vm, closed).is_done(&vm.heap);
        match exception {
            None => {
                self.reader.end(vm);
                if pending {
                    let none = vm.none();
                    future::set_result(vm, closed, none)?;
                }
                if self.full.get() {
                    self.drains.wake(vm, usize::MAX);
                }
            }
            Some(exception) => {
                self.reader.fail(vm, exception);
                if pending {
                    future::set_exception(vm, closed, exception)?;
                    // Who does not wait for the end does not want to know.
                    future(vm, closed).retrieved.set(&vm.heap, true);
                }
                if self.full.get() {
                    self.drains.fail(vm, exception);
                }
            }
        }
        self.ended.set(true);
        self.socket.take();
        let server = self.server.take();
        if let Ok(reactor) = reactor(vm) {
            reactor.remove(self.token.get());
        }
        if let Some(server) = server {
            server.detach(vm, self.token.get());
        }
        Ok(())
    }
}

// What is on its way, for virtual time.
impl Transport {
    fn find_partner(self: &Rc<Self>, vm: &Vm) {
        if scheduler(vm).clock.mode() == TimeMode::Real || self.peer.is_none() {
            return;
        }
        let Ok(reactor) = reactor(vm) else { return };
        let partner = reactor.find(|other: &Transport| {
            !other.has_partner.get() && other.local == self.peer && other.peer == self.local
        });
        if let Some(partner) = partner {
            partner.has_partner.set(true);
            *partner.partner.borrow_mut() = Rc::downgrade(self);
            self.has_partner.set(true);
            *self.partner.borrow_mut() = Rc::downgrade(&partner);
        }
    }

    /// Whether data for a partner, or its end, is on its way here.
    fn awaits(&self, partner: &Transport) -> bool {
        self.listens()
            && (partner.sent.get() > self.received.get()
                || partner.finished.get()
                || partner.ended.get())
    }

    fn listens(&self) -> bool {
        self.reading.get() && !self.read_all.get()
    }
}

traced!(
    Transport { reader, drains, closed, server, abandoned, partner }
    plain { limits,
        token, socket, unsent, closing, lost, ended, finished, read_all, full, reading, readable, hung_up, local, peer, has_partner,
        sent, received,
    }
);

impl Source for Transport {
    fn note(&self, ready: Readiness) -> Readiness {
        if ready.read {
            self.readable.set(true);
        }
        if ready.ended {
            self.hung_up.set(true);
        }
        Readiness {
            read: ready.read && self.listens(),
            write: ready.write && !self.unsent.borrow().0.is_empty(),
            ended: false,
            abandoned: ready.abandoned,
        }
    }

    fn run(self: Rc<Self>, vm: &mut Vm, ready: Readiness) -> Result<(), Raised> {
        if ready.abandoned {
            self.close(vm);
        }
        if ready.read {
            self.read(vm)?;
        }
        if ready.write {
            self.write_kept(vm)?;
        }
        Ok(())
    }

    fn expects(&self) -> Expects {
        let writes = !self.unsent.borrow().0.is_empty();
        if !self.has_partner.get() {
            return if writes || self.listens() {
                Expects::World
            } else {
                Expects::Nothing
            };
        }
        match self.partner.borrow().upgrade() {
            Some(partner) if self.awaits(&partner) || (writes && partner.listens()) => {
                Expects::Underway
            }
            Some(_) if self.listens() || writes => Expects::Perhaps,
            // Its end comes.
            None if self.listens() || writes => Expects::Underway,
            _ => Expects::Nothing,
        }
    }
}

/// The transport with a token (an int), if it was not closed for good.
pub fn by_token(vm: &Vm, token: Local) -> Option<Rc<Transport>> {
    let token = vm.get(token).as_int()? as usize;
    let source: Rc<dyn std::any::Any> = reactor(vm).ok()?.get(token)?;
    source.downcast().ok()
}

/// Tells everybody. `exception`: what broke the connection, or None.
fn end(vm: &mut Vm, token: Local, exception: Local) -> Result<(), Raised> {
    let exception = (!vm.get(exception).is_none()).then_some(exception);
    match by_token(vm, token) {
        Some(transport) => transport.end(vm, exception),
        None => Ok(()),
    }
}
