//! `asyncio.Queue`, `LifoQueue` and `PriorityQueue`.
//!
//! Getters and putters wait in two wait queues; `join()` waits until each item that was put was also reported done.

mod priority;
mod waits;

use std::cell::RefCell;
use std::collections::VecDeque;

use super::super::builtins::types::CLASS_GETITEM;
use super::super::registry::{Getter, ModuleType, NativeType, class_of};
use super::general;
use super::sleep::seconds;
use super::waiting;

use crate::runtime::heap::{Field, traced};
use crate::runtime::opaque::{Obstacle, Opaque, Payload};
use crate::runtime::{Builtin, Heap, Raised, Slot, Value};
use crate::sched::wait_queue::WaitQueue;
use crate::stdlib::registry;
use crate::vm::{Local, Locals, Native, Vm};
use waits::{GETTING, Getting, JOINING, Joining, PUTTING, Putting};

/// `asyncio.Queue`.
pub const QUEUE: ModuleType = ModuleType {
    name: "Queue",
    module: "asyncio.queues",
    body: NativeType {
        new: Some(&NEW_FIFO),
        methods: METHODS,
        class_methods: &[&CLASS_GETITEM],
        getters: GETTERS,
        general: Some((general::QUEUES, "Queue")),
        ..NativeType::of(Builtin::Opaque, "A first-in first-out queue between tasks.")
    },
};

/// `asyncio.LifoQueue`.
pub const LIFO_QUEUE: ModuleType = ModuleType {
    name: "LifoQueue",
    module: "asyncio.queues",
    body: NativeType {
        new: Some(&NEW_LIFO),
        methods: METHODS,
        class_methods: &[&CLASS_GETITEM],
        getters: GETTERS,
        base: Some(&QUEUE),
        general: Some((general::QUEUES, "LifoQueue")),
        ..NativeType::of(Builtin::Opaque, "A queue that gives the newest item first.")
    },
};

/// `asyncio.PriorityQueue`.
pub const PRIORITY_QUEUE: ModuleType = ModuleType {
    name: "PriorityQueue",
    module: "asyncio.queues",
    body: NativeType {
        new: Some(&NEW_PRIORITY),
        methods: METHODS,
        class_methods: &[&CLASS_GETITEM],
        getters: GETTERS,
        base: Some(&QUEUE),
        general: Some((general::QUEUES, "PriorityQueue")),
        ..NativeType::of(
            Builtin::Opaque,
            "A queue that gives the smallest item first.",
        )
    },
};

const GETTERS: &[Getter] = &[MAXSIZE, WAITING_GETTERS, WAITING_PUTTERS, ITEMS, UNFINISHED];
const WAITING_GETTERS: Getter = Getter::vm(
    "_getters",
    "The futures of those that wait for an item.",
    |vm, args| Ok(waiting::shown(vm, &queue(vm, args.at(0)).getters)),
);
const WAITING_PUTTERS: Getter = Getter::vm(
    "_putters",
    "The futures of those that wait for room.",
    |vm, args| Ok(waiting::shown(vm, &queue(vm, args.at(0)).putters)),
);
const ITEMS: Getter = Getter::vm("_queue", "A copy of the items.", |vm, args| {
    Ok(items_of(vm, args.at(0)))
});
const UNFINISHED: Getter = Getter::vm(
    "_unfinished_tasks",
    "How many items were put and not reported done.",
    |vm, args| {
        let count = queue(vm, args.at(0)).unfinished.get(&vm.heap);
        Ok(vm.local(vm.heap.usize(count)))
    },
)
.with_vm_set(|vm, args| {
    let count = usize::try_from(vm.index(args.at(1))?).unwrap_or_default();
    queue(vm, args.at(0)).unfinished.set(&vm.heap, count);
    Ok(vm.none())
});
const METHODS: &[&Native] = &[
    &INIT,
    &GET,
    &PUT,
    &GET_NOWAIT,
    &PUT_NOWAIT,
    &JOIN,
    &TASK_DONE,
    &QSIZE,
    &EMPTY,
    &FULL,
    &SHUTDOWN,
    &REPR,
    &STR,
    &FORMAT,
];

#[derive(Clone, Copy, PartialEq)]
enum Order {
    Fifo,
    Lifo,
    /// The items are a binary heap.
    Priority,
}

struct Queue {
    order: Order,
    /// As it was given: a number, else what asks whether the queue is full complains.
    maxsize: Slot,
    items: RefCell<VecDeque<Slot>>,
    getters: WaitQueue,
    putters: WaitQueue,
    joiners: WaitQueue,
    unfinished: Field<usize>,
    shut_down: Field<bool>,
}

traced!(Queue { maxsize, items, getters, putters, joiners } plain { order, unfinished, shut_down });

impl Payload for Queue {
    fn obstacle<'h>(&self, heap: &'h Heap) -> Option<Obstacle<'h>> {
        let (items, unfinished) = (self.items.borrow().len(), self.unfinished.get(heap));
        let mut words = match self.maxsize.get(heap).as_int() {
            Some(maxsize) if maxsize > 0 => format!("{items} of {maxsize} items"),
            _ => format!("{items} item{}", if items == 1 { "" } else { "s" }),
        };
        if unfinished != items {
            words.push_str(&format!(", {unfinished} unfinished"));
        }
        Some(Obstacle::new(&words, None))
    }
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.items.borrow().is_empty()
    }

    /// Whether there are `maxsize` items, where that is a limit.
    fn holds(&self, maxsize: i64) -> bool {
        maxsize > 0 && self.items.borrow().len() as i64 >= maxsize
    }

    /// Adds an item after the others.
    fn append(&self, heap: &Heap, item: Value<'_>) {
        self.items.borrow_mut().push_back(Slot::new(item));
        self.unfinished.set(heap, self.unfinished.get(heap) + 1);
    }

    fn pop(&self) -> Option<Slot> {
        let mut items = self.items.borrow_mut();
        if self.order == Order::Lifo {
            items.pop_back()
        } else {
            items.pop_front()
        }
    }
}

const NEW_FIFO: Native = Native::vm(
    "Queue(cls, /, *args, **kwargs)",
    "A queue without bound.",
    |vm, args| Ok(make(vm, args.at(0), Order::Fifo)),
);
const NEW_LIFO: Native = Native::vm(
    "LifoQueue(cls, /, *args, **kwargs)",
    "A queue without bound.",
    |vm, args| Ok(make(vm, args.at(0), Order::Lifo)),
);

const NEW_PRIORITY: Native = Native::vm(
    "PriorityQueue(cls, /, *args, **kwargs)",
    "A queue without bound.",
    |vm, args| Ok(make(vm, args.at(0), Order::Priority)),
);
const INIT: Native = Native::vm(
    "__init__(self, maxsize=0)",
    "Take at most maxsize items; 0 for any number.",
    |vm, args| {
        let maxsize = vm.get(args.at(1));
        if !maxsize.is_undef() {
            queue(vm, args.at(0)).maxsize.set(maxsize);
        }
        Ok(vm.none())
    },
);
const MAXSIZE: Getter = Getter::leaf(
    "maxsize",
    "How many items it takes; 0 for any number.",
    |heap, args| {
        let queue: &Queue = args
            .get(0)
            .as_gc::<Opaque>()
            .and_then(|o| o.payload())
            .expect("an instance of the class");
        Ok(queue.maxsize.get(heap))
    },
);

/// A queue without bound.
pub fn new_fifo(vm: &mut Vm) -> Local {
    let class = class_of(vm, &QUEUE);
    make(vm, class, Order::Fifo)
}

/// A coroutine that takes an item of a queue.
pub fn get(vm: &mut Vm, this: Local) -> Local {
    let none = vm.none();
    waiting::coroutine(vm, &GETTING, this, none)
}

fn make(vm: &Vm, class: Local, order: Order) -> Local {
    let queue = Queue {
        order,
        maxsize: Slot::new(Value::small_int(0)),
        items: RefCell::default(),
        getters: WaitQueue::default(),
        putters: WaitQueue::default(),
        joiners: WaitQueue::default(),
        unfinished: Field::new(0),
        shut_down: Field::new(false),
    };
    vm.new_opaque(class, queue)
}

/// Whether there are maxsize items.
fn is_full(vm: &mut Vm, this: Local) -> Result<bool, Raised> {
    let maxsize = queue(vm, this).maxsize.get(&vm.heap);
    if let Some(maxsize) = maxsize.as_int() {
        return Ok(queue(vm, this).holds(maxsize));
    }
    let maxsize = vm.local(maxsize);
    let maxsize = seconds(vm, maxsize)?;
    Ok(maxsize > 0.0 && queue(vm, this).items.borrow().len() as f64 >= maxsize)
}

fn queue(vm: &Vm, this: Local) -> &Queue {
    vm.payload(this)
}

const GET: Native = Native::coroutine(
    "get(self, /) -> coroutine",
    "Take an item; wait until there is one. Raises QueueShutDown if the queue is empty and shut down.",
    |vm, args| Ok(get(vm, args.at(0))),
    |vm, args, woken| {
        let owner = args.get(0);
        Ok(waiting::direct::<Getting>(vm, owner, woken, Value::NONE))
    },
);
const PUT: Native = Native::coroutine(
    "put(self, item) -> coroutine",
    "Add an item; wait until there is room. Raises QueueShutDown if the queue is shut down.",
    |vm, args| Ok(waiting::coroutine(vm, &PUTTING, args.at(0), args.at(1))),
    |vm, args, woken| {
        let (owner, item) = (args.get(0), args.get(1));
        Ok(waiting::direct::<Putting>(vm, owner, woken, item))
    },
);
const GET_NOWAIT: Native = Native::vm(
    "get_nowait(self, /)",
    "Take an item, or raise QueueEmpty. Raises QueueShutDown if the queue is empty and shut down.",
    |vm, args| take(vm, args.at(0)),
);
const PUT_NOWAIT: Native = Native::vm(
    "put_nowait(self, item)",
    "Add an item, or raise QueueFull. Raises QueueShutDown if the queue is shut down.",
    |vm, args| {
        add(vm, args.at(0), args.at(1))?;
        Ok(vm.none())
    },
);
const JOIN: Native = Native::coroutine(
    "join(self, /) -> coroutine",
    "Wait until task_done was called for each item.",
    |vm, args| {
        let none = vm.none();
        Ok(waiting::coroutine(vm, &JOINING, args.at(0), none))
    },
    |vm, args, woken| {
        Ok(waiting::direct::<Joining>(
            vm,
            args.get(0),
            woken,
            Value::NONE,
        ))
    },
);
const TASK_DONE: Native = Native::vm(
    "task_done(self, /)",
    "Say that an item that was taken is dealt with. Raises ValueError if there are no such items.",
    |vm, args| {
        let this = queue(vm, args.at(0));
        let unfinished = this.unfinished.get(&vm.heap);
        if unfinished == 0 {
            return Err(vm.heap.value_error("task_done() called too many times"));
        }
        this.unfinished.set(&vm.heap, unfinished - 1);
        if unfinished == 1 {
            this.joiners.wake(vm, usize::MAX);
        }
        Ok(vm.none())
    },
);
const QSIZE: Native = Native::vm("qsize(self, /) -> int", "Number of items.", |vm, args| {
    let count = queue(vm, args.at(0)).items.borrow().len();
    Ok(vm.local(vm.heap.usize(count)))
});
const EMPTY: Native = Native::vm(
    "empty(self, /) -> bool",
    "Whether there are no items.",
    |vm, args| Ok(vm.local(Value::bool(queue(vm, args.at(0)).is_empty()))),
);
const FULL: Native = Native::vm(
    "full(self, /) -> bool",
    "Whether there are maxsize items.",
    |vm, args| {
        let full = is_full(vm, args.at(0))?;
        Ok(vm.local(Value::bool(full)))
    },
);
const SHUTDOWN: Native = Native::vm(
    "shutdown(self, immediate=False)",
    "Refuse further items; with immediate, drop those that are there.",
    shutdown,
);

/// `get_nowait` on an empty queue.
pub const QUEUE_EMPTY: ModuleType = ModuleType::exception(
    "QueueEmpty",
    "asyncio.queues",
    Builtin::Exception,
    "Raised when Queue.get_nowait() is called on an empty Queue.",
);
/// `put_nowait` on a full queue.
pub const QUEUE_FULL: ModuleType = ModuleType::exception(
    "QueueFull",
    "asyncio.queues",
    Builtin::Exception,
    "Raised when the Queue.put_nowait() method is called on a full Queue.",
);
/// The queue is shut down.
pub const QUEUE_SHUT_DOWN: ModuleType = ModuleType::exception(
    "QueueShutDown",
    "asyncio.queues",
    Builtin::Exception,
    "Raised when putting on to or getting from a shut-down Queue.",
);

fn shut_down_error(vm: &mut Vm) -> Raised {
    registry::raise(vm, &QUEUE_SHUT_DOWN, &[])
}

/// `get_nowait`.
fn take(vm: &mut Vm, this: Local) -> Result<Local, Raised> {
    let queue = queue(vm, this);
    if queue.is_empty() {
        if queue.shut_down.get(&vm.heap) {
            return Err(shut_down_error(vm));
        }
        return Err(registry::raise(vm, &QUEUE_EMPTY, &[]));
    }
    let item = match queue.order {
        Order::Priority => priority::pop(vm, this)?,
        Order::Fifo | Order::Lifo => {
            vm.local(queue.pop().map_or(Value::NONE, |item| item.get(&vm.heap)))
        }
    };
    self::queue(vm, this).putters.pop_next(vm);
    Ok(item)
}

/// `put_nowait`.
pub fn add(vm: &mut Vm, this: Local, item: Local) -> Result<(), Raised> {
    if queue(vm, this).shut_down.get(&vm.heap) {
        return Err(shut_down_error(vm));
    }
    if is_full(vm, this)? {
        return Err(registry::raise(vm, &QUEUE_FULL, &[]));
    }
    let queue = queue(vm, this);
    if queue.order == Order::Priority {
        queue.items.borrow_mut().push_back(Slot::new(vm.get(item)));
        let last = queue.items.borrow().len() - 1;
        priority::sift_up(vm, this, last)?;
        let queue = self::queue(vm, this);
        queue
            .unfinished
            .set(&vm.heap, queue.unfinished.get(&vm.heap) + 1);
    } else {
        queue.append(&vm.heap, vm.get(item));
    }
    self::queue(vm, this).getters.pop_next(vm);
    Ok(())
}

const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let class = vm.heap.type_name(vm.get(args.at(0))).to_owned();
    let address = vm.address(vm.get(args.at(0)));
    let facts = facts(vm, args.at(0))?;
    Ok(vm.local(
        vm.heap
            .str_value(&format!("<{class} at {address} {facts}>")),
    ))
});
const STR: Native = Native::vm("__str__(self, /)", "Return str(self).", |vm, args| {
    let class = vm.heap.type_name(vm.get(args.at(0))).to_owned();
    let facts = facts(vm, args.at(0))?;
    Ok(vm.local(vm.heap.str_value(&format!("<{class} {facts}>"))))
});

const FORMAT: Native = Native::vm("_format(self, /)", "What its texts say.", |vm, args| {
    let facts = facts(vm, args.at(0))?;
    Ok(vm.local(vm.heap.str_value(&facts)))
});

/// The items as a list.
fn items_of(vm: &Vm, this: Local) -> Local {
    let items = queue(vm, this).items.borrow();
    let items: Vec<Value<'_>> = items.iter().map(|item| item.get(&vm.heap)).collect();
    vm.local(vm.heap.list(items).value())
}

/// What a queue's texts say: `maxsize=3 _queue=[1] tasks=1`.
fn facts(vm: &mut Vm, this: Local) -> Result<String, Raised> {
    let maxsize = vm.local(queue(vm, this).maxsize.get(&vm.heap));
    let mut text = format!("maxsize={}", vm.repr_text(maxsize)?);
    if !queue(vm, this).items.borrow().is_empty() {
        let items = items_of(vm, this);
        text.push_str(&format!(" _queue={}", vm.repr_text(items)?));
    }
    let queue = queue(vm, this);
    for (name, waiters) in [("_getters", &queue.getters), ("_putters", &queue.putters)] {
        if waiters.len() > 0 {
            text.push_str(&format!(" {name}[{}]", waiters.len()));
        }
    }
    if queue.unfinished.get(&vm.heap) > 0 {
        text.push_str(&format!(" tasks={}", queue.unfinished.get(&vm.heap)));
    }
    if queue.shut_down.get(&vm.heap) {
        text.push_str(" shutdown");
    }
    Ok(text)
}

fn shutdown(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let immediate = !vm.get(args.at(1)).is_undef() && vm.truth(args.at(1))?;
    let queue = queue(vm, args.at(0));
    queue.shut_down.set(&vm.heap, true);
    if immediate {
        let dropped = queue.items.take().len();
        queue.unfinished.set(
            &vm.heap,
            queue.unfinished.get(&vm.heap).saturating_sub(dropped),
        );
        if queue.unfinished.get(&vm.heap) == 0 {
            queue.joiners.wake(vm, usize::MAX);
        }
    }
    while queue.getters.pop_next(vm) {}
    while queue.putters.pop_next(vm) {}
    Ok(vm.none())
}
