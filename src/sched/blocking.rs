//! Jobs that block, on threads of their own: looking names up.
//!
//! A job is a closure over owned data and gives owned data back; no thread ever sees a Value. The caller awaits a future, which the loop
//! finishes in the turn after the job is done, and then takes the result by its number.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::future::{self, future};
use super::handle::Handle;
use super::scheduler;
use crate::runtime::heap::traced;
use crate::runtime::{Raised, Slot, Value};
use crate::sched::handle::NativeCallback;
use crate::vm::{Local, Vm};

/// What a job gave.
type Outcome = Box<dyn Any + Send>;

/// The jobs under way.
pub struct BlockingPool {
    next: Cell<u64>,
    /// Who waits: futures by job.
    waiting: RefCell<FxHashMap<u64, Slot>>,
    /// Results that nobody took yet.
    results: RefCell<FxHashMap<u64, Outcome>>,
    /// Filled by the threads.
    done: Arc<Mutex<Vec<(u64, Outcome)>>>,
    /// Ends the loop's wait; called from the threads.
    wake: Arc<dyn Fn() + Send + Sync>,
}

traced!(BlockingPool { waiting } plain { next, results, done, wake });

impl BlockingPool {
    /// A pool without jobs; `wake` ends the loop's wait.
    pub fn new(wake: Arc<dyn Fn() + Send + Sync>) -> BlockingPool {
        BlockingPool {
            next: Cell::new(0),
            waiting: RefCell::default(),
            results: RefCell::default(),
            done: Arc::default(),
            wake,
        }
    }

    /// Starts a job; its number, and the future that ends with it.
    ///
    /// # Errors
    /// The system's: no more threads.
    pub fn start<T: Any + Send>(
        &self,
        vm: &Vm,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<(u64, Local)> {
        let number = self.next.get();
        self.next.set(number + 1);
        let (done, wake) = (Arc::clone(&self.done), Arc::clone(&self.wake));
        let run = move || {
            let outcome: Outcome = Box::new(job());
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.push((number, outcome));
            drop(done);
            wake();
        };
        std::thread::Builder::new()
            .name("apy-blocking".to_owned())
            .spawn(run)?;
        let waiter = future::new_future(vm);
        let slot = Slot::new(vm.get(waiter));
        self.waiting.borrow_mut().insert(number, slot);
        Ok((number, waiter))
    }

    /// The result of a job that is done.
    pub fn take<T: Any>(&self, number: u64) -> Option<T> {
        let outcome = self.results.borrow_mut().remove(&number)?;
        outcome.downcast().ok().map(|outcome| *outcome)
    }

    /// Whether somebody waits for a job.
    pub fn is_busy(&self) -> bool {
        !self.waiting.borrow().is_empty()
    }

    /// Forgets the waiters: jobs still under way end unheard.
    pub fn forget(&self) {
        self.waiting.take();
        self.results.take();
    }

    /// Schedules what waits for the jobs that are done; whether there were any.
    pub(super) fn collect(&self, vm: &Vm) -> bool {
        let done = std::mem::take(&mut *self.done.lock().unwrap_or_else(PoisonError::into_inner));
        let any = !done.is_empty();
        for (number, outcome) in done {
            let Some(waiter) = self.waiting.borrow_mut().remove(&number) else {
                continue;
            };
            self.results.borrow_mut().insert(number, outcome);
            let action =
                scheduler(vm).callback(const { &NativeCallback::new("blocking.finish", finish) });
            let number = Value::small_int(number as i64);
            scheduler(vm).call_soon(Handle::new(action, waiter.get(&vm.heap), number));
        }
        any
    }
}

fn finish(vm: &mut Vm, waiter: Local, number: Local) -> Result<(), Raised> {
    if !future(vm, waiter).is_done(&vm.heap) {
        let none = vm.none();
        return future::set_result(vm, waiter, none);
    }
    // Who waited was cancelled.
    let number = vm.get(number).as_int().unwrap_or_default() as u64;
    if let Some(reactor) = scheduler(vm).reactor.get() {
        reactor.pool.results.borrow_mut().remove(&number);
    }
    Ok(())
}
