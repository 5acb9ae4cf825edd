//! `_select`: what the module `select` is made of.
//!
//! One class, a set of descriptors that a thread waits for; `src/library/select.apy` makes select, poll and epoll of it. The bits are those
//! of Linux's poll.

use std::cell::RefCell;
use std::rc::Rc;

use super::path::system_error;
use super::registry::{ModuleType, NativeModule, NativeType};
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::sched::reactor::poller::{Poller, Sides};
use crate::sched::scheduler;
use crate::sched::thread_wait;
use crate::vm::{Local, Locals, Native, Vm};

/// The module.
pub const SELECT: NativeModule = NativeModule {
    types: &[&POLLER],
    ..NativeModule::of("_select", "Waiting for descriptors; select has it all.")
};

const IN: i64 = 1;
const PRIORITY: i64 = 2;
const OUT: i64 = 4;
const ERROR: i64 = 8;
const HUNG_UP: i64 = 16;

const POLLER: ModuleType = ModuleType {
    name: "_select.Poller",
    module: "_select",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&FILENO, &SET, &REMOVE, &POLL, &CLOSE],
        ..NativeType::of(Builtin::Opaque, "A set of descriptors to wait for.")
    },
};

/// None once it is closed.
struct State {
    poller: RefCell<Option<Rc<Poller>>>,
}

traced!(State { poller });

impl Payload for State {}

const NEW: Native = Native::vm("Poller(cls, /)", "An empty set.", |vm, args| {
    let poller = Poller::new().map_err(|error| system_error(vm, &error))?;
    let class: Gc<'_, Class> = vm.get_gc(args.at(0)).expect("`__new__` gets the class");
    let state = State {
        poller: RefCell::new(Some(Rc::new(poller))),
    };
    Ok(vm.local(vm.heap.opaque(class, state).value()))
});
const FILENO: Native = Native::vm("fileno(self, /) -> int", "Its descriptor.", |vm, args| {
    let number = poller(vm, args.at(0))?.number();
    Ok(vm.local(Value::small_int(number.into())))
});
const SET: Native = Native::vm(
    "set(self, fd, mask, /)",
    "Add a descriptor, or change what is waited for.",
    |vm, args| {
        let (fd, mask) = (vm.index(args.at(1))? as i32, vm.index(args.at(2))?);
        let wanted = Sides {
            read: mask & (IN | PRIORITY) != 0,
            write: mask & OUT != 0,
            ..Sides::default()
        };
        let outcome = poller(vm, args.at(0))?.set(fd, wanted);
        outcome.map_err(|error| system_error(vm, &error))?;
        Ok(vm.none())
    },
);
const REMOVE: Native = Native::vm("remove(self, fd, /)", "Take one out.", |vm, args| {
    let fd = vm.index(args.at(1))? as i32;
    let outcome = poller(vm, args.at(0))?.remove(fd);
    outcome.map_err(|error| system_error(vm, &error))?;
    Ok(vm.none())
});
const POLL: Native = Native::vm(
    "poll(self, seconds, /)",
    "Wait until something is ready, no longer than so many seconds (None: for ever); a list of (fd, mask).",
    poll,
);

const CLOSE: Native = Native::vm("close(self, /)", "Close its descriptor.", |vm, args| {
    let poller = state(vm, args.at(0)).poller.take();
    drop(poller);
    Ok(vm.none())
});

fn state(vm: &Vm, this: Local) -> &State {
    vm.get_gc::<Opaque>(this)
        .and_then(|o| o.payload())
        .expect("methods are called on instances of their class")
}

fn poller(vm: &Vm, this: Local) -> Result<Rc<Poller>, Raised> {
    let poller = state(vm, this).poller.borrow().clone();
    poller.ok_or_else(|| system_error(vm, &std::io::Error::from_raw_os_error(9)))
}

fn poll(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let until = match vm.get(args.at(1)).is_none() {
        true => None,
        false => {
            let seconds = vm.to_float(args.at(1))?;
            Some(scheduler(vm).now() + seconds.max(0.0))
        }
    };
    let poller = poller(vm, args.at(0))?;
    let found = thread_wait::wait(vm, &poller, "select", until)?;
    let heap = &vm.heap;
    let rows = found.into_iter().map(|(fd, sides)| {
        let bits = [
            (sides.read, IN),
            (sides.write, OUT),
            (sides.error, ERROR),
            (sides.hung_up, HUNG_UP),
        ];
        let mask = bits
            .iter()
            .map(|&(is_set, bit)| if is_set { bit } else { 0 });
        let parts = [Value::small_int(fd.into()), Value::small_int(mask.sum())];
        heap.tuple(&parts).value()
    });
    let rows: Vec<Value<'_>> = rows.collect();
    Ok(vm.local(heap.list(rows).value()))
}
