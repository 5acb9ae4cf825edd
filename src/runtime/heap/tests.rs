//! Tests of the heap by itself: what a collection keeps and frees, and the check that debug builds make at each read of a slot.
//!
//! Each test has roots of its own; what it reads after a collection is among them, but where the check is what is tested.

#![expect(unsafe_code, reason = "collects with roots of its own")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::*;
use crate::runtime::dict::Dict;
use crate::runtime::list::List;
use crate::runtime::opaque::Payload;
use crate::runtime::tuple::Tuple;

/// Collects; `roots` are all slots that the test reads afterwards.
fn collect(heap: &mut Heap, roots: &dyn Trace) {
    // SAFETY: as said.
    unsafe { heap.collect(roots) };
}

/// How many objects of a kind are live.
fn count<T: Object>(heap: &mut Heap) -> usize {
    let mut count = 0;
    heap.for_each::<T>(&mut |_| count += 1);
    count
}

#[test]
fn what_no_root_reaches_is_freed() {
    let mut heap = Heap::new();
    let lists = count::<List>(&mut heap);
    let root = {
        let inner = heap.list([Value::small_int(7)]);
        let outer = heap.list([inner.value(), heap.str_value("text")]);
        heap.list([outer.value()]);
        Slot::new(outer.value())
    };
    assert_eq!(count::<List>(&mut heap), lists + 3);
    collect(&mut heap, &root);
    assert_eq!(count::<List>(&mut heap), lists + 2);
    let outer: Gc<'_, List> = root.expect(&heap);
    let inner: Gc<'_, List> = outer.item(&heap, 0).and_then(Value::as_gc).expect("a list");
    assert_eq!(inner.item(&heap, 0).and_then(Value::as_int), Some(7));
    collect(&mut heap, &Slot::undef());
    assert_eq!(count::<List>(&mut heap), lists);
}

#[test]
fn circles_are_freed_and_their_cells_used_again() {
    let mut heap = Heap::new();
    let held = |heap: &Heap| heap.space.in_use();
    collect(&mut heap, &Slot::undef());
    let before = held(&heap);
    for _ in 0..3 {
        for _ in 0..2000 {
            let (a, b) = (heap.list([]), heap.dict());
            assert!(a.push(&heap, b.value()).is_ok());
            b.set_str(&heap, heap.intern("other"), a.value());
        }
        collect(&mut heap, &Slot::undef());
    }
    assert!(held(&heap) <= before + block::BLOCK);
    assert_eq!(count::<Dict>(&mut heap), 0);
}

#[test]
fn tails_and_large_objects_are_kept_whole() {
    let mut heap = Heap::new();
    let root = {
        let values: Vec<Value<'_>> = (0..5000).map(|n| heap.str_value(&n.to_string())).collect();
        Slot::new(heap.tuple(&values).value())
    };
    for _ in 0..3 {
        collect(&mut heap, &root);
    }
    let tuple: Gc<'_, Tuple> = root.expect(&heap);
    let last = tuple.to_vec(&heap)[4999].as_gc::<crate::runtime::str::Str>();
    assert_eq!(last.expect("a string").as_str(), "4999");
}

struct Shared {
    slot: Slot,
    other: RefCell<Option<Rc<Shared>>>,
    dropped: Rc<Cell<u64>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.dropped.set(self.dropped.get() + 1);
    }
}

// SAFETY: all slots are reported; the counter has none.
unsafe impl Trace for Shared {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.slot.trace(tracer);
        self.other.trace(tracer);
    }
}

struct Holder(Rc<Shared>);

traced!(Holder { 0 });

impl Payload for Holder {}

#[test]
fn payloads_may_share_values_that_refer_to_each_other() {
    let mut heap = Heap::new();
    let dropped = Rc::new(Cell::new(0));
    let shared = |heap: &Heap, text: &str| {
        Rc::new(Shared {
            slot: Slot::new(heap.str_value(text)),
            other: RefCell::default(),
            dropped: Rc::clone(&dropped),
        })
    };
    let (first, second) = (shared(&heap, "first"), shared(&heap, "second"));
    *first.other.borrow_mut() = Some(Rc::clone(&second));
    *second.other.borrow_mut() = Some(Rc::clone(&first));
    let class = heap.types.class(&heap, crate::runtime::Builtin::Opaque);
    let root = Slot::new(heap.opaque(class, Holder(first)).value());
    collect(&mut heap, &root);
    let text = second.slot.get(&heap).as_gc::<crate::runtime::str::Str>();
    assert_eq!(text.expect("reached through the first").as_str(), "second");
    *second.other.borrow_mut() = None;
    drop(second);
    collect(&mut heap, &Slot::undef());
    assert_eq!(dropped.get(), 2);
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "or to one of another heap")]
fn a_slot_is_read_with_its_own_heap_only() {
    let (a, b) = (Heap::new(), Heap::new());
    let slot = Slot::new(a.str_value("of the heap a"));
    slot.get(&b);
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "refers to an object that was freed")]
fn a_slot_that_was_not_reported_is_not_read() {
    let mut heap = Heap::new();
    let slot = Slot::new(heap.str_value("not a root"));
    collect(&mut heap, &Slot::undef());
    slot.get(&heap);
}
