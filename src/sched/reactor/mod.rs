//! The reactor: what the loop asks whether input or output is possible.
//!
//! A *source* is something that waits for the system: a connection, a listener, a job on another thread. It is registered once, for
//! both directions, and told of edges ("there is data now"); what it makes of them runs as a handle in the same turn, after what
//! was ready before, as in asyncio. The reactor is made when the first source is, so that programs without I/O pay nothing.
//! To add a sort of source: implement `Source`, register it with `watch`.

pub mod address;
pub mod poller;
#[cfg(feature = "net")]
pub mod socket;
#[cfg(not(feature = "net"))]
#[path = "no_socket.rs"]
pub mod socket;
mod system;
#[cfg(feature = "net")]
pub mod watch;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;

use self::system::{EventKey, Events, Interest, Poll, SourceFd, Waker};
use super::blocking::BlockingPool;
use super::handle::Handle;
use super::thread_queue::ThreadId;
use super::{Scheduler, scheduler};
use crate::runtime::heap::{Trace, traced};
use crate::runtime::{Builtin, Raised, Value};
use crate::sched::handle::NativeCallback;
use crate::vm::{Local, Vm};
use socket::Socket;

/// How many events the system hands over at once.
const EVENTS: usize = 1024;
/// Why no socket can be made in a build without the feature `net`.
#[cfg(not(feature = "net"))]
const NO_SOCKETS: &str = "this build of apy has no sockets";

/// The token of the waker; sources are numbered from 1.
const WAKER: usize = 0;
/// What one read asks for at most, as in CPython.
const READ_SIZE: usize = 256 * 1024;

/// What became possible, or what a source was asked to run for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// There is something to read, the end or an error included.
    pub read: bool,
    /// There is room to write, or writing failed.
    pub write: bool,
    /// The other end will send no more: reading goes on to the end without another edge.
    pub ended: bool,
    /// Nobody has the object any more through which the program used the source.
    pub abandoned: bool,
}

/// How likely it is that a source has something to do soon. In this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expects {
    /// Never again by itself.
    Nothing,
    /// If somebody outside of the program or one of its tasks does something.
    Perhaps,
    /// Something within this computer is on its way.
    Underway,
    /// The world outside decides.
    World,
}

/// Something that waits for the system.
pub trait Source: Trace + Any {
    /// Takes note of what became possible; what of it is worth a handle.
    fn note(&self, ready: Readiness) -> Readiness;
    /// Runs in a turn of the loop, for what `note` gave.
    ///
    /// # Errors
    /// What leaves the loop.
    fn run(self: Rc<Self>, vm: &mut Vm, ready: Readiness) -> Result<(), Raised>;
    /// Whether to wait for it.
    fn expects(&self) -> Expects;
    /// The thread that waits for it and is woken, instead of `run` in a turn of the loop.
    fn thread(&self) -> Option<ThreadId> {
        None
    }
}

/// Sources whose object the collector freed: filled by destructors, emptied by the loop.
pub type Abandoned = Rc<RefCell<Vec<usize>>>;

/// All sources.
pub struct Reactor {
    poll: RefCell<Poll>,
    events: RefCell<Events>,
    sources: RefCell<FxHashMap<usize, Rc<dyn Source>>>,
    next_token: Cell<usize>,
    /// The tokens of the descriptors that the program watches.
    watched: RefCell<FxHashMap<i32, usize>>,
    /// Sources that can go on though no edge will come: they did not take all that was there.
    again: RefCell<Vec<usize>>,
    /// See `Abandoned`.
    pub abandoned: Abandoned,
    /// Jobs on other threads.
    pub pool: BlockingPool,
    /// What is read goes here first, so that idle connections need no room.
    scratch: RefCell<Vec<u8>>,
    /// Whether there are new sources since the loop last looked for abandoned ones.
    grown: Cell<bool>,
}

traced!(
    Reactor { sources, again, abandoned, pool, scratch }
    plain { poll, events, next_token, grown, watched }
);

impl Reactor {
    /// A reactor without sources.
    ///
    /// # Errors
    /// The system's: out of descriptors.
    pub fn new() -> io::Result<Reactor> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), EventKey(WAKER))?);
        Ok(Reactor {
            poll: RefCell::new(poll),
            events: RefCell::new(Events::with_capacity(EVENTS)),
            sources: RefCell::default(),
            next_token: Cell::new(WAKER + 1),
            watched: RefCell::default(),
            again: RefCell::default(),
            abandoned: Abandoned::default(),
            pool: BlockingPool::new(Arc::new(move || {
                // It fails when the reactor is gone: nobody waits any more.
                let _ = waker.wake();
            })),
            scratch: RefCell::default(),
            grown: Cell::new(false),
        })
    }

    /// Adds a source under a number of its own; it hears nothing before `watch`.
    pub fn add(&self, source: Rc<dyn Source>) -> usize {
        let token = self.next_token.get();
        self.next_token.set(token + 1);
        self.replace(token, source);
        token
    }

    /// Has another source stand for the same socket.
    pub fn replace(&self, token: usize, source: Rc<dyn Source>) {
        self.sources.borrow_mut().insert(token, source);
        self.grown.set(true);
    }

    /// Begins to tell a source about its socket. Closing the socket ends that.
    ///
    /// # Errors
    /// The system's.
    pub fn watch(&self, token: usize, socket: &Socket) -> io::Result<()> {
        self.poll.borrow().registry().register(
            &mut SourceFd(&socket.number()),
            EventKey(token),
            Interest::READABLE | Interest::WRITABLE,
        )
    }

    /// Begins to tell a source about a descriptor of the program's, or tells it once more of what is ready now.
    ///
    /// # Errors
    /// The system's: the descriptor is closed, or of a kind that is always ready.
    pub(super) fn arm(&self, token: usize, fd: i32, (read, write): (bool, bool)) -> io::Result<()> {
        let interest = match (read, write) {
            (true, true) => Interest::READABLE | Interest::WRITABLE,
            (false, true) => Interest::WRITABLE,
            _ => Interest::READABLE,
        };
        let poll = self.poll.borrow();
        let again = poll
            .registry()
            .reregister(&mut SourceFd(&fd), EventKey(token), interest);
        match again {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                poll.registry()
                    .register(&mut SourceFd(&fd), EventKey(token), interest)
            }
            result => result,
        }
    }

    pub(super) fn disarm(&self, fd: i32) -> io::Result<()> {
        self.poll.borrow().registry().deregister(&mut SourceFd(&fd))
    }

    #[cfg(feature = "net")]
    fn find_watch(&self, fd: i32) -> Option<Rc<watch::FdWatch>> {
        let token = *self.watched.borrow().get(&fd)?;
        let source: Rc<dyn Any> = self.get(token)? as Rc<dyn Any>;
        source.downcast().ok()
    }

    /// Forgets a source: it is closed, or will not be told any more.
    pub fn remove(&self, token: usize) -> Option<Rc<dyn Source>> {
        self.sources.borrow_mut().remove(&token)
    }

    /// The source with this number.
    pub fn get(&self, token: usize) -> Option<Rc<dyn Source>> {
        self.sources.borrow().get(&token).cloned()
    }

    /// The first source of a type of which something is true.
    pub fn find<T: Source>(&self, wanted: impl Fn(&T) -> bool) -> Option<Rc<T>> {
        let sources = self.sources.borrow();
        let mut found = sources.values().filter_map(|source| {
            let any: Rc<dyn Any> = Rc::clone(source) as Rc<dyn Any>;
            any.downcast::<T>().ok().filter(|source| wanted(source))
        });
        found.next()
    }

    /// Has a source told in the next turn that it can read.
    pub fn read_again(&self, token: usize) {
        self.again.borrow_mut().push(token);
    }

    /// Reads from a socket and passes on what came; how the read ended.
    ///
    /// # Errors
    /// The system's.
    pub fn receive(&self, socket: &Socket, take: impl FnOnce(&[u8])) -> io::Result<Received> {
        let mut scratch = self.scratch.borrow_mut();
        if scratch.is_empty() {
            scratch.resize(READ_SIZE, 0);
        }
        match socket.receive(&mut scratch)? {
            None => Ok(Received::Nothing),
            Some(0) => Ok(Received::End),
            Some(count) => {
                take(&scratch[..count]);
                Ok(if count < READ_SIZE {
                    Received::All(count)
                } else {
                    Received::Some(count)
                })
            }
        }
    }

    /// The most that any source or job expects.
    pub fn expects(&self) -> Expects {
        if !self.again.borrow().is_empty() || self.pool.is_busy() {
            return Expects::Underway;
        }
        let sources = self.sources.borrow();
        let most = sources.values().map(|source| source.expects()).max();
        most.unwrap_or(Expects::Nothing)
    }

    /// Whether there is nothing to ask the system for.
    pub fn is_idle(&self) -> bool {
        self.sources.borrow().is_empty() && !self.pool.is_busy()
    }

    /// Whether sources were added since the last call.
    pub fn has_grown(&self) -> bool {
        self.grown.take()
    }

    /// Drops all sources: their sockets are closed.
    pub fn clear(&self) {
        // Out of the cell first: destructors may ask for it.
        for (fd, _) in self.watched.take() {
            // The system has forgotten a closed descriptor by itself.
            let _ = self.disarm(fd);
        }
        let sources = self.sources.take();
        drop(sources);
        self.again.take();
        self.pool.forget();
    }

    /// Asks the system once; what became possible, in its order. A signal ends the wait as if nothing had.
    fn ask(&self, limit: Option<Duration>) -> io::Result<Vec<(usize, Readiness)>> {
        let mut found = Vec::new();
        for token in self.abandoned.take() {
            let ready = Readiness {
                abandoned: true,
                ..Readiness::default()
            };
            found.push((token, ready));
        }
        let again = self.again.take();
        let hurry = !found.is_empty() || !again.is_empty();
        let limit = if hurry { Some(Duration::ZERO) } else { limit };
        let mut events = self.events.borrow_mut();
        match self.poll.borrow_mut().poll(&mut events, limit) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            Err(_) => events.clear(),
            Ok(()) => {}
        }
        let readable = |token| {
            let ready = Readiness {
                read: true,
                ..Readiness::default()
            };
            (token, ready)
        };
        found.extend(again.into_iter().map(readable));
        for event in events.iter() {
            let ready = Readiness {
                read: event.is_readable() || event.is_error(),
                write: event.is_writable() || event.is_error(),
                ended: event.is_read_closed() || event.is_error(),
                abandoned: false,
            };
            found.push((event.token().0, ready));
        }
        Ok(found)
    }
}

/// How a read ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// There was nothing.
    Nothing,
    /// So many bytes, and nothing is left for now.
    All(usize),
    /// So many bytes, and perhaps there are more.
    Some(usize),
    /// The other end has closed.
    End,
}

/// The VM's reactor; made now if there was none.
///
/// # Errors
/// OSError when the system has no room for it.
pub fn reactor(vm: &Vm) -> Result<&Reactor, Raised> {
    let cell = &scheduler(vm).reactor;
    if cell.get().is_none() {
        let made = Reactor::new().map_err(|error| raise(vm, &error))?;
        return Ok(cell.get_or_init(|| made));
    }
    Ok(cell.get_or_init(|| unreachable!("the cell was just found full")))
}

fn raise(vm: &Vm, error: &io::Error) -> Raised {
    vm.heap.raise(Builtin::OSError, error.to_string())
}

/// Whether `poll` has something to ask for.
#[inline]
pub(super) fn is_asked(scheduler: &Scheduler) -> bool {
    let reactor = scheduler.reactor.get();
    reactor.is_some_and(|reactor| !reactor.is_idle())
}

/// Asks the system, waiting no longer than `limit` (None: for ever, a signal apart), and puts handles for what became possible into
/// the ready queue. Whether there were any.
///
/// # Errors
/// OSError when the system cannot be asked.
pub fn poll(vm: &Vm, limit: Option<Duration>) -> Result<bool, Raised> {
    match scheduler(vm).reactor.get() {
        Some(reactor) if !reactor.is_idle() => ask(vm, reactor, limit),
        _ => Ok(false),
    }
}

/// Waits so long at most, also if there is nothing to ask for: a signal ends the wait.
///
/// # Errors
/// As `poll`, and when there is no room for a reactor.
pub fn pause(vm: &Vm, limit: Duration) -> Result<(), Raised> {
    ask(vm, reactor(vm)?, Some(limit)).map(drop)
}

fn ask(vm: &Vm, reactor: &Reactor, limit: Option<Duration>) -> Result<bool, Raised> {
    let scheduler = scheduler(vm);
    let found = reactor.ask(limit).map_err(|error| raise(vm, &error))?;
    if found.is_empty() {
        return Ok(false);
    }
    let action =
        scheduler.callback(const { &NativeCallback::new("reactor.run_source", run_source) });
    let mut any = reactor.pool.collect(vm);
    for (token, ready) in found {
        let Some(source) = reactor.get(token) else {
            continue;
        };
        let wanted = source.note(ready);
        if wanted == Readiness::default() {
            continue;
        }
        any = true;
        match source.thread() {
            Some(thread) => scheduler.green.wake(thread),
            None => {
                let (target, argument) = (Value::small_int(token as i64), wanted.to_value());
                scheduler.call_soon(Handle::new(action, target, argument));
            }
        }
    }
    Ok(any)
}

/// Whether waiting for input and output may ever come to something.
pub fn may_go_on(vm: &Vm) -> bool {
    let reactor = scheduler(vm).reactor.get();
    reactor.is_some_and(|reactor| {
        let sources = reactor.sources.borrow();
        let hopes = |source: &Rc<dyn Source>| source.expects() > Expects::Nothing;
        reactor.pool.is_busy() || !reactor.again.borrow().is_empty() || sources.values().any(hopes)
    })
}

fn run_source(vm: &mut Vm, token: Local, ready: Local) -> Result<(), Raised> {
    let token = vm.get(token).as_int().unwrap_or_default() as usize;
    let ready = Readiness::of(vm.get(ready));
    let source = scheduler(vm).reactor.get().and_then(|r| r.get(token));
    // It may have been closed since.
    source.map_or(Ok(()), |source| source.run(vm, ready))
}

impl Readiness {
    fn to_value(self) -> Value<'static> {
        let bits = [self.read, self.write, self.ended, self.abandoned];
        let number = bits.iter().rev().fold(0, |n, &bit| n << 1 | i64::from(bit));
        Value::small_int(number)
    }

    fn of(value: Value<'_>) -> Readiness {
        let number = value.as_int().unwrap_or_default();
        Readiness {
            read: number & 1 != 0,
            write: number & 2 != 0,
            ended: number & 4 != 0,
            abandoned: number & 8 != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_survives_the_queue() {
        let ready = Readiness {
            read: true,
            write: false,
            ended: true,
            abandoned: false,
        };
        assert_eq!(Readiness::of(ready.to_value()), ready);
    }
}
