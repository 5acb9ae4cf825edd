//! `tee`: several iterators over what one iterator gives once.
//!
//! The items are in a chain of blocks that the copies share. Each copy holds the block where it is, so that the collector frees
//! the blocks that all copies have passed.

use std::cell::Cell;

use super::reduce::{Reduce, Reduced, parts};
use super::{ITER, body, class, held, held_if, make, slot, state};
use crate::runtime::heap::{SlotVec, traced};
use crate::runtime::list::List;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Raised, Slot};
use crate::stdlib::arg::vm_index_or;
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::{Local, Native, Vm};

/// How many items a block has.
const SIZE: usize = 57;

struct Block {
    source: Slot,
    items: SlotVec,
    /// The block after this one; unset as long as nobody got so far.
    next: Slot,
    /// Whether the source is asked now.
    busy: Cell<bool>,
}

traced!(Block { source, items, next } plain { busy });

impl Payload for Block {}

impl Reduce for Block {
    fn reduce(vm: &mut Vm, block: Local) -> Result<Reduced, Raised> {
        let source = held(vm, block, |b: &Block| &b.source);
        let next = held_if(vm, block, |b: &Block| &b.next).unwrap_or_else(|| vm.none());
        let items = state::<Block>(vm, block).items.to_vec(&vm.heap);
        let items = vm.local(vm.heap.list(items).value());
        Ok(Reduced::of(&[source, items, next]))
    }
}

struct Tee {
    block: Slot,
    at: Cell<usize>,
}

traced!(Tee { block } plain { at });

impl Payload for Tee {}

impl Reduce for Tee {
    fn reduce(vm: &mut Vm, iter: Local) -> Result<Reduced, Raised> {
        let block = held(vm, iter, |t: &Tee| &t.block);
        let at = vm.local(vm.heap.usize(state::<Tee>(vm, iter).at.get()));
        let nothing = vm.tuple_of(&[]);
        let state = vm.tuple_of(&[block, at]);
        Ok(Reduced::of(&[nothing]).with_state(state))
    }

    fn restore(vm: &mut Vm, iter: Local, given: Local) -> Result<(), Raised> {
        let given = parts(vm, given, 2, 2)?;
        if block_of(vm, given[0]).is_none() {
            let given = vm.heap.type_name(vm.get(given[0]));
            let message = format!("argument 1 must be itertools._tee_dataobject, not {given}");
            return Err(vm.heap.type_error(message));
        }
        let at = usize::try_from(vm.index(given[1])?).ok();
        let Some(at) = at.filter(|&at| at <= SIZE) else {
            return Err(vm.heap.value_error("Index out of range"));
        };
        let this = state::<Tee>(vm, iter);
        this.block.set(vm.get(given[0]));
        this.at.set(at);
        Ok(())
    }
}

fn block_of(vm: &Vm, local: Local) -> Option<&Block> {
    vm.get_gc::<Opaque>(local)?.payload()
}

pub const TEE_CLASS: ModuleType = class(
    "itertools._tee",
    NativeType {
        methods: &[&ITER, &NEXT, &COPY, &Tee::REDUCE, &Tee::SETSTATE],
        ..body(&NEW, "Iterator wrapped to make it copyable.")
    },
);

pub const BLOCK: ModuleType = class(
    "itertools._tee_dataobject",
    NativeType {
        methods: &[&Block::REDUCE],
        ..body(&NEW_BLOCK, "Data container common to multiple tee objects.")
    },
);

pub const TEE: Native = Native::vm(
    "tee(iterable, n=2, /)",
    "Returns a tuple of n independent iterators.",
    |vm, args| {
        let n = vm_index_or(vm, args.at(1), 2)?;
        let Ok(n) = usize::try_from(n) else {
            return Err(vm.heap.value_error("n must be >= 0"));
        };
        vm.heap.room_for(n.saturating_mul(size_of::<Tee>()))?;
        let mut copies = Vec::new();
        if n > 0 {
            let source = vm.iter(args.at(0))?;
            let first = match vm.find_attr(source, "__copy__")? {
                Some(_) => source,
                None => {
                    let class = class_of(vm, &TEE_CLASS);
                    tee_of(vm, class, source)?
                }
            };
            copies.push(first);
            for _ in 1..n {
                copies.push(vm.call_method(first, "__copy__", &[])?);
            }
        }
        Ok(vm.tuple_of(&copies))
    },
);

const NEW: Native = Native::vm(
    "_tee(cls, iterable, /)",
    "Create and return a new object.",
    |vm, args| {
        let source = vm.iter(args.at(1))?;
        let is_tee = vm
            .get_gc::<Opaque>(source)
            .is_some_and(|object| object.payload::<Tee>().is_some());
        if is_tee {
            return copy(vm, source);
        }
        tee_of(vm, args.at(0), source)
    },
);

fn tee_of(vm: &mut Vm, class: Local, source: Local) -> Result<Local, Raised> {
    let block = new_block(vm, source)?;
    let payload = Tee {
        block: slot(vm, block),
        at: Cell::new(0),
    };
    make(vm, class, payload)
}

fn new_block(vm: &mut Vm, source: Local) -> Result<Local, Raised> {
    let class = class_of(vm, &BLOCK);
    let items = SlotVec::new();
    items.expect(&vm.heap, SIZE);
    let payload = Block {
        source: slot(vm, source),
        items,
        next: Slot::undef(),
        busy: Cell::new(false),
    };
    make(vm, class, payload)
}

const NEW_BLOCK: Native = Native::vm(
    "teedataobject(cls, iterable, values, next, /)",
    "Create and return a new object.",
    |vm, args| {
        let Some(items) = vm.get_gc::<List>(args.at(2)) else {
            let given = vm.heap.type_name(vm.get(args.at(2)));
            let message = format!("teedataobject() argument 2 must be list, not {given}");
            return Err(vm.heap.type_error(message));
        };
        let items = items.to_vec(&vm.heap);
        let has_next = !vm.get(args.at(3)).is_none();
        if items.len() > SIZE || (has_next && items.len() < SIZE) {
            return Err(vm.heap.value_error("Invalid arguments"));
        }
        let values = SlotVec::from_values(items);
        if has_next && block_of(vm, args.at(3)).is_none() {
            return Err(vm.heap.value_error("Invalid arguments"));
        }
        let payload = Block {
            source: slot(vm, args.at(1)),
            items: values,
            next: match has_next {
                true => slot(vm, args.at(3)),
                false => Slot::undef(),
            },
            busy: Cell::new(false),
        };
        make(vm, args.at(0), payload)
    },
);

const COPY: Native = Native::vm(
    "__copy__(self, /)",
    "Returns an independent iterator.",
    |vm, args| copy(vm, args.at(0)),
);

fn copy(vm: &mut Vm, iter: Local) -> Result<Local, Raised> {
    let class = vm.local(vm.heap.class_of(vm.get(iter)).value());
    let block = held(vm, iter, |t: &Tee| &t.block);
    let payload = Tee {
        block: slot(vm, block),
        at: Cell::new(state::<Tee>(vm, iter).at.get()),
    };
    make(vm, class, payload)
}

const NEXT: Native = Native::step(next_of_tee);

fn next_of_tee(vm: &mut Vm, iter: Local, into: Local) -> Result<bool, Raised> {
    let this = state::<Tee>(vm, iter);
    let block: Option<Gc<'_, Opaque>> = this.block.get(&vm.heap).as_gc();
    let block = block.and_then(|block| block.payload::<Block>());
    if let Some(item) = block.and_then(|block| block.items.get(&vm.heap, this.at.get())) {
        this.at.set(this.at.get() + 1);
        vm.set(into, item);
        return Ok(true);
    }
    next_from_source(vm, iter, into)
}

/// The next item, which no copy of the iterator has read yet, or which is in the next block.
fn next_from_source(vm: &mut Vm, iter: Local, into: Local) -> Result<bool, Raised> {
    let mut block = held(vm, iter, |t: &Tee| &t.block);
    let mut at = state::<Tee>(vm, iter).at.get();
    if at >= SIZE {
        block = block_after(vm, block)?;
        at = 0;
        let this = state::<Tee>(vm, iter);
        this.block.set(vm.get(block));
        this.at.set(0);
    }
    if let Some(item) = state::<Block>(vm, block).items.get(&vm.heap, at) {
        vm.set(into, item);
        state::<Tee>(vm, iter).at.set(at + 1);
        return Ok(true);
    }
    if state::<Block>(vm, block).busy.replace(true) {
        let message = "cannot re-enter the tee iterator";
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    }
    let source = held(vm, block, |b: &Block| &b.source);
    let more = vm.next(source, into);
    state::<Block>(vm, block).busy.set(false);
    if !more? {
        return Ok(false);
    }
    let this = state::<Block>(vm, block);
    this.items.push(&vm.heap, vm.get(into));
    state::<Tee>(vm, iter).at.set(at + 1);
    Ok(true)
}

/// The block after a full one; made now if no copy has got there yet.
fn block_after(vm: &mut Vm, block: Local) -> Result<Local, Raised> {
    let known: Option<Gc<'_, Opaque>> = state::<Block>(vm, block).next.get(&vm.heap).as_gc();
    if let Some(known) = known {
        return Ok(vm.local(known.value()));
    }
    let source = held(vm, block, |b: &Block| &b.source);
    let made = new_block(vm, source)?;
    state::<Block>(vm, block).next.set(vm.get(made));
    Ok(made)
}
