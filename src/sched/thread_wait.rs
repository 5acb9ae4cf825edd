//! Threads that wait for descriptors: blocking operations of sockets, `select`, the end of a child process.
//!
//! The thread's poller is a source of the loop's reactor, so that any wait for the system, by a loop or another thread, wakes the
//! thread. While it waits, others run; on virtual time, real time passes meanwhile.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use super::block::{self, BlockingWait};
use super::reactor::poller::{Poller, Sides};
use super::reactor::{Expects, Readiness, Source, reactor};
use super::thread_queue::ThreadId;
use super::{green, scheduler};
use crate::runtime::heap::traced;
use crate::runtime::{Builtin, Raised, Value};
use crate::vm::Vm;

/// A thread that waits for its poller.
struct ThreadWait {
    thread: ThreadId,
    is_over: Cell<bool>,
}

traced!(plain ThreadWait);

impl Source for ThreadWait {
    fn note(&self, ready: Readiness) -> Readiness {
        self.is_over.set(true);
        ready
    }

    fn run(self: Rc<Self>, _: &mut Vm, _: Readiness) -> Result<(), Raised> {
        Ok(())
    }

    fn expects(&self) -> Expects {
        match self.is_over.get() {
            true => Expects::Underway,
            false => Expects::World,
        }
    }

    fn thread(&self) -> Option<ThreadId> {
        Some(self.thread)
    }
}

/// Blocks the running thread until something in a poller is ready, no longer than until a moment as `clock.monotonic` counts (None:
/// for ever). What is ready; nothing when the time is over, or after so many signals that the caller wants to look.
///
/// # Errors
/// KeyboardInterrupt, what signal handlers raise; OSError when the system cannot be asked.
pub fn wait(
    vm: &mut Vm,
    poller: &Rc<Poller>,
    what: &'static str,
    until: Option<f64>,
) -> Result<Vec<(i32, Sides)>, Raised> {
    loop {
        let found = poller.ready().map_err(|error| raise(vm, &error))?;
        let is_late = until.is_some_and(|until| until <= scheduler(vm).now());
        if !found.is_empty() || is_late {
            return Ok(found);
        }
        block_on(vm, poller, what, until)?;
    }
}

fn block_on(
    vm: &mut Vm,
    poller: &Rc<Poller>,
    what: &'static str,
    until: Option<f64>,
) -> Result<(), Raised> {
    let source = Rc::new(ThreadWait {
        thread: green::current(vm).id,
        is_over: Cell::new(false),
    });
    let token = reactor(vm)?.add(Rc::clone(&source) as Rc<dyn Source>);
    let armed = reactor(vm)?.arm(token, poller.number(), (true, false));
    let outcome = match armed {
        Ok(()) => {
            let wait = BlockingWait {
                what,
                object: vm.local(Value::UNDEF),
                until,
            };
            block::block(vm, &wait)
        }
        Err(error) => Err(raise(vm, &error)),
    };
    let reactor = reactor(vm)?;
    reactor.remove(token);
    // It was not added if arming failed.
    let _ = reactor.disarm(poller.number());
    outcome
}

fn raise(vm: &Vm, error: &io::Error) -> Raised {
    vm.heap.raise(Builtin::OSError, error.to_string())
}
