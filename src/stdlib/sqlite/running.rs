//! Calls of SQLite: which VM they run for, so that callbacks can reach it, and what a callback leaves for the caller.
//!
//! While SQLite runs it may call back: a function of the program, a progress handler, a busy handler. rusqlite's callbacks carry no
//! references, so `run` lends the VM to the thread for the time of the call (`scoped_tls_hkt`), and `call_back` takes it. The loan is
//! withdrawn while a callback runs: user code may switch to another green thread, which makes a loan of its own. A panic must not
//! unwind through C: `call_back` holds it and `run` lets it go on.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use scoped_tls_hkt::scoped_thread_local;

use super::database::{self, Database};
use crate::runtime::{Raised, Value};
use crate::sched::thread_queue::ThreadId;
use crate::sched::{block, green};
use crate::vm::{Local, Vm};

scoped_thread_local!(
    /// The VM that a call of SQLite runs for, and its database.
    static mut RUNNING: for<'a> (&'a mut Vm, &'a mut Local)
);

thread_local! {
    /// A panic of a callback, on its way past SQLite.
    static PANIC: RefCell<Option<Box<dyn Any + Send>>> = const { RefCell::new(None) };
}

/// How long a green thread waits before it asks again whether a connection is free.
const PATIENCE: f64 = 0.0005;

/// Runs SQLite for a connection, which other green threads cannot use meanwhile.
///
/// # Errors
/// What a callback left to be raised: KeyboardInterrupt, the end by a limit.
pub fn run<T>(vm: &mut Vm, database: Local, act: impl FnOnce() -> T) -> Result<T, Raised> {
    enter(vm, database)?;
    let result = RUNNING.set((&mut *vm, &mut database.clone()), act);
    if let Some(panic) = PANIC.take() {
        resume_unwind(panic);
    }
    leave(vm, database);
    let left = database::of(vm, database).raised.get(&vm.heap);
    if left.is_undef() {
        return Ok(result);
    }
    let left = vm.local(left);
    database::of(vm, database).raised.clear();
    Err(vm.raise_local(left))
}

/// Runs a callback of SQLite on the VM; `otherwise` where there is none, as when the collector closes a connection.
pub fn call_back<T>(otherwise: T, body: impl FnOnce(&mut Vm, Local) -> T) -> T {
    if !RUNNING.is_set() {
        return otherwise;
    }
    RUNNING.with(|(vm, database)| {
        let mark = vm.mark();
        let body = AssertUnwindSafe(|| body(vm, *database));
        match catch_unwind(body) {
            Ok(result) => {
                vm.release(mark);
                result
            }
            Err(panic) => {
                PANIC.set(Some(panic));
                otherwise
            }
        }
    })
}

/// Keeps an exception that the call of SQLite raises when it returns.
pub fn leave_raised(vm: &Vm, database: Local, raised: Raised) {
    let exception = vm.take_local(raised);
    database::of(vm, database).raised.set(vm.get(exception));
}

/// How deep a thread is inside a connection.
#[derive(Clone, Copy)]
pub struct Inside {
    thread: ThreadId,
    depth: u32,
}

/// Waits until no other green thread is inside the connection, then enters it.
fn enter(vm: &mut Vm, database: Local) -> Result<(), Raised> {
    let thread = green::current(vm).id;
    loop {
        let inside = &database::of(vm, database).inside;
        match inside.get() {
            None => {
                inside.set(Some(Inside { thread, depth: 1 }));
                return Ok(());
            }
            Some(within) if within.thread == thread => {
                let depth = within.depth + 1;
                inside.set(Some(Inside { thread, depth }));
                return Ok(());
            }
            Some(_) => block::sleep(vm, PATIENCE)?,
        }
    }
}

fn leave(vm: &Vm, database: Local) {
    let inside = &database::of(vm, database).inside;
    let within = inside.get().filter(|within| within.depth > 1);
    inside.set(within.map(|within| Inside {
        depth: within.depth - 1,
        ..within
    }));
}

/// Whether SQLite runs for this connection now.
pub fn is_inside(database: &Database) -> bool {
    database.inside.get().is_some()
}

/// A callable that a connection holds under this number; None once it was replaced.
pub fn callable(vm: &Vm, database: Local, number: usize) -> Local {
    let held = database::of(vm, database)
        .callables
        .get(&vm.heap, number)
        .unwrap_or(Value::NONE);
    vm.local(held)
}
