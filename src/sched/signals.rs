//! Signals: what the program does when one arrives.
//!
//! The system's handlers only set flags; the VM calls `deliver` at a safepoint of the main thread, or when a wait of that thread ends.
//! Ctrl-C without a handler of the program's goes to `foreground.rs`. While a program handles a signal, waiting for ever is no deadlock.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::Write;

use super::{deadlock, foreground, scheduler};
use crate::runtime::heap::traced;
use crate::runtime::{Raised, Slot, Value};
use crate::vm::signals::INTERRUPT;
use crate::vm::{Local, Vm};

/// The handlers of a program.
#[derive(Default)]
pub struct SignalHandlers {
    /// Callables by number; none for what the system or Ctrl-C does.
    handlers: RefCell<BTreeMap<i32, Slot>>,
    /// What has arrived and was not delivered yet.
    arrived: RefCell<VecDeque<i32>>,
    /// What is told the number of each signal that has a handler, and its descriptor.
    wakeup: RefCell<Option<(i64, File)>>,
    /// How many signals were delivered.
    count: Cell<u64>,
}

traced!(SignalHandlers { handlers } plain { arrived, wakeup, count });

impl SignalHandlers {
    /// The handler of a signal, if the program has set one.
    pub fn get(&self, vm: &Vm, number: i32) -> Option<Local> {
        let handlers = self.handlers.borrow();
        let handler = handlers.get(&number)?.get(&vm.heap);
        Some(vm.local(handler))
    }

    /// Sets the handler of a signal; Undef for none.
    pub fn set(&self, number: i32, handler: Value<'_>) {
        let mut handlers = self.handlers.borrow_mut();
        match handler.is_undef() {
            true => drop(handlers.remove(&number)),
            false => drop(handlers.insert(number, Slot::new(handler))),
        }
    }

    /// Sets what is told the numbers of signals; the descriptor of what was before.
    pub fn set_wakeup(&self, wakeup: Option<(i64, File)>) -> Option<i64> {
        self.wakeup.replace(wakeup).map(|(number, _)| number)
    }

    /// Has a signal handled at the next safepoint of the main thread, as if it had arrived.
    pub fn pretend(&self, number: i32) {
        self.arrived.borrow_mut().push_back(number);
    }

    /// How many signals were delivered so far.
    pub fn count(&self) -> u64 {
        self.count.get()
    }
}

/// Whether the program handles signals, so that one may end any wait.
pub fn is_expected(vm: &Vm) -> bool {
    !scheduler(vm).signals.handlers.borrow().is_empty()
}

/// Handles the signals that were caught.
///
/// # Errors
/// KeyboardInterrupt after Ctrl-C; of the program's handlers.
pub fn deliver(vm: &mut Vm) -> Result<(), Raised> {
    if vm.host.is_inspected() {
        deadlock::answer_inspection(vm);
    }
    let signals = vm.host.signals();
    let pretended = !scheduler(vm).signals.arrived.borrow().is_empty();
    let caught = match &signals {
        Some(signals) => signals.take(),
        None if pretended => Vec::new(),
        None => vec![INTERRUPT],
    };
    scheduler(vm).signals.arrived.borrow_mut().extend(caught);
    loop {
        let next = scheduler(vm).signals.arrived.borrow_mut().pop_front();
        let Some(number) = next else {
            return Ok(());
        };
        let outcome = handle(vm, number);
        if outcome.is_err() {
            let is_last = scheduler(vm).signals.arrived.borrow().is_empty();
            if let Some(signals) = signals.filter(|_| !is_last) {
                signals.recall();
            }
            return outcome;
        }
    }
}

fn handle(vm: &mut Vm, number: i32) -> Result<(), Raised> {
    let this = &scheduler(vm).signals;
    this.count.set(this.count.get() + 1);
    if let Some((_, file)) = &mut *this.wakeup.borrow_mut() {
        // A full pipe has enough in it to wake the reader.
        let _ = file.write(&[number as u8]);
    }
    let Some(handler) = this.get(vm, number) else {
        return match number {
            INTERRUPT => foreground::interrupt(vm),
            _ => Ok(()),
        };
    };
    let mark = vm.mark();
    let (number, frame) = (vm.local(Value::small_int(number.into())), vm.none());
    let outcome = vm.call(handler, &[number, frame]);
    vm.release(mark);
    outcome.map(drop)
}
