//! File descriptors that a program watches: `loop.add_reader` and `add_writer`.
//!
//! A watched descriptor has up to two handles, one for input and one for output. As with CPython's selectors a handle is called in
//! each turn in which its side is ready; the system tells of changes only, so the descriptor is armed anew after each call.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use super::{Expects, Readiness, Source, reactor};
use crate::runtime::heap::traced;
use crate::runtime::{Raised, Slot, Value};
use crate::sched::callback;
use crate::vm::{Local, Vm};

/// A side of a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Input.
    Read,
    /// Output.
    Write,
}

/// A watched descriptor.
pub struct FdWatch {
    fd: i32,
    token: Cell<usize>,
    /// The handle objects by side; Undef for none.
    handles: [Slot; 2],
}

traced!(FdWatch { handles } plain { fd, token });

impl FdWatch {
    fn wants(&self, side: Side) -> bool {
        !self.handles[side as usize].is_undef()
    }

    fn is_idle(&self) -> bool {
        !self.wants(Side::Read) && !self.wants(Side::Write)
    }
}

impl Source for FdWatch {
    fn note(&self, ready: Readiness) -> Readiness {
        Readiness {
            read: (ready.read || ready.ended) && self.wants(Side::Read),
            write: ready.write && self.wants(Side::Write),
            ..Readiness::default()
        }
    }

    fn run(self: Rc<Self>, vm: &mut Vm, ready: Readiness) -> Result<(), Raised> {
        for (side, is_ready) in [(Side::Read, ready.read), (Side::Write, ready.write)] {
            if is_ready && self.wants(side) {
                let handle = vm.local(self.handles[side as usize].get(&vm.heap));
                callback::run_object(vm, handle)?;
            }
        }
        if !self.is_idle() && reactor(vm)?.get(self.token.get()).is_some() {
            // Where the descriptor was closed meanwhile, nothing more will come.
            let _ = arm(vm, &self);
        }
        Ok(())
    }

    fn expects(&self) -> Expects {
        match self.is_idle() {
            true => Expects::Nothing,
            false => Expects::World,
        }
    }
}

/// Has a handle called whenever a side of a descriptor is ready; the handle that was there before, or Undef.
///
/// # Errors
/// The system's: the descriptor cannot be watched.
pub fn watch(vm: &Vm, fd: i32, side: Side, handle: Local) -> Result<io::Result<Local>, Raised> {
    let reactor = reactor(vm)?;
    let known = reactor.find_watch(fd);
    let watch = known.unwrap_or_else(|| {
        let made = Rc::new(FdWatch {
            fd,
            token: Cell::new(0),
            handles: [Slot::undef(), Slot::undef()],
        });
        let token = reactor.add(Rc::clone(&made) as Rc<dyn Source>);
        made.token.set(token);
        reactor.watched.borrow_mut().insert(fd, token);
        made
    });
    let slot = &watch.handles[side as usize];
    let before = vm.local(slot.get(&vm.heap));
    slot.set(vm.get(handle));
    if let Err(error) = arm(vm, &watch) {
        slot.set(vm.get(before));
        if watch.is_idle() {
            forget(vm, &watch)?;
        }
        return Ok(Err(error));
    }
    Ok(Ok(before))
}

/// Takes the handle of a side off: the handle, or Undef if there was none.
///
/// # Errors
/// OSError when the system has no room for a reactor.
pub fn unwatch(vm: &Vm, fd: i32, side: Side) -> Result<Local, Raised> {
    let Some(watch) = reactor(vm)?.find_watch(fd) else {
        return Ok(vm.local(Value::UNDEF));
    };
    let slot = &watch.handles[side as usize];
    let before = vm.local(slot.get(&vm.heap));
    slot.clear();
    if watch.is_idle() {
        forget(vm, &watch)?;
    } else {
        // A descriptor that was closed needs no arming.
        let _ = arm(vm, &watch);
    }
    Ok(before)
}

fn forget(vm: &Vm, watch: &FdWatch) -> Result<(), Raised> {
    let reactor = reactor(vm)?;
    reactor.watched.borrow_mut().remove(&watch.fd);
    reactor.remove(watch.token.get());
    // The system has forgotten a closed descriptor by itself.
    let _ = reactor.disarm(watch.fd);
    Ok(())
}

fn arm(vm: &Vm, watch: &FdWatch) -> io::Result<()> {
    let Ok(reactor) = reactor(vm) else {
        return Err(io::ErrorKind::Other.into());
    };
    let sides = (watch.wants(Side::Read), watch.wants(Side::Write));
    reactor.arm(watch.token.get(), watch.fd, sides)
}
