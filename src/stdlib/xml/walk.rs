//! `_xml.walk`: an iterator over an element and all in it, in the order of the document.
//!
//! It reads the lists of elements as it goes: what is appended to an element that it has not left is walked over, too.

use std::cell::{Cell, RefCell};

use super::element::Layout;
use crate::runtime::builtin_eq;
use crate::runtime::heap::traced;
use crate::runtime::instance::Instance;
use crate::runtime::list::List;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::{Local, Native, Vm};

/// `walk`
pub const WALK: Native = Native::vm(
    "walk(layout, element, tag, /)",
    "An iterator over an element and all in it; only over those with the tag unless that is None.",
    |vm, args| {
        Layout::from_arg(&vm.heap, vm.get(args.at(0)))?;
        let slot = |at| Slot::new(vm.get(args.at(at)));
        let walk = Walk {
            layout: slot(0),
            next: slot(1),
            wanted: slot(2),
            levels: RefCell::default(),
        };
        let class = class_of(vm, &ITERATOR);
        Ok(vm.new_opaque(class, walk))
    },
);

const ITERATOR: ModuleType = ModuleType {
    name: "_elementtree._element_iterator",
    module: "_elementtree",
    body: NativeType {
        is_final: true,
        methods: &[&ITER, &NEXT],
        ..NativeType::of(Builtin::Opaque, "An iterator over elements.")
    },
};

const ITER: Native = Native::vm("__iter__(self, /)", "Implement iter(self).", |_, args| {
    Ok(args.at(0))
});
const NEXT: Native = Native::step(|vm, iter, into| {
    while let Some(element) = vm.payload::<Walk>(iter).advance(&vm.heap) {
        vm.set(into, element);
        if fits(vm, iter, into)? {
            return Ok(true);
        }
        vm.heap.poll(1)?;
    }
    Ok(false)
});

struct Walk {
    layout: Slot,
    /// The element to begin with; Undef after that.
    next: Slot,
    wanted: Slot,
    levels: RefCell<Vec<Level>>,
}

traced!(Walk {
    layout,
    next,
    wanted,
    levels
});

impl Payload for Walk {}

/// A list of elements, and which comes next.
struct Level {
    children: Slot,
    at: Cell<usize>,
}

traced!(Level { children } plain { at });

impl Walk {
    fn layout<'h>(&self, heap: &'h Heap) -> &'h Layout {
        let layout: Gc<'h, Opaque> = self.layout.expect(heap);
        layout.payload().expect("`walk` checked it")
    }

    /// The next element, whatever its tag.
    fn advance<'h>(&self, heap: &'h Heap) -> Option<Value<'h>> {
        let mut levels = self.levels.borrow_mut();
        let first = self.next.get(heap);
        let element = if first.is_undef() {
            loop {
                let level = levels.last()?;
                let at = level.at.replace(level.at.get() + 1);
                let children: Gc<'h, List> = level.children.expect(heap);
                match children.item(heap, at) {
                    Some(child) => break child,
                    None => levels.pop(),
                };
            }
        } else {
            self.next.clear();
            first
        };
        let instance = element.as_gc::<Instance>();
        let children = instance.and_then(|one| self.layout(heap).children(heap, one));
        if let Some(children) = children {
            levels.push(Level {
                children: Slot::new(children.value()),
                at: Cell::new(0),
            });
        }
        Some(element)
    }
}

/// Whether an element has the tag that is wanted.
fn fits(vm: &mut Vm, iter: Local, element: Local) -> Result<bool, Raised> {
    use super::element::Field;
    let heap = &vm.heap;
    let walk: &Walk = vm.payload(iter);
    let wanted = walk.wanted.get(heap);
    if wanted.is_none() {
        return Ok(true);
    }
    let instance = vm.get_gc::<Instance>(element);
    let tag = instance.and_then(|one| walk.layout(heap).get(heap, one, Field::Tag));
    let Some(tag) = tag else {
        return Ok(false);
    };
    if tag.is(wanted) {
        return Ok(true);
    }
    if let Some(equal) = builtin_eq::equal(heap, tag, wanted) {
        return Ok(equal);
    }
    let mark = vm.mark();
    let (tag, wanted) = (vm.local(tag), vm.local(wanted));
    let equal = vm.equal(tag, wanted)?;
    vm.release(mark);
    Ok(equal)
}
