//! Where the fields of elements stand, so that Rust code reaches them without looking for names.
//!
//! All elements of the class itself whose fields were set in the usual order have one shape. Others, such as those of subclasses, are
//! asked by name.

use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::instance::Instance;
use crate::runtime::list::List;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::stdlib::registry::{ModuleType, NativeType};
use crate::vm::Native;

/// `_xml.Layout`: made once, of the class of elements.
pub const LAYOUT: ModuleType = ModuleType {
    name: "_xml.Layout",
    module: "_xml",
    body: NativeType {
        new: Some(&NEW),
        ..NativeType::of(Builtin::Opaque, "Where the fields of elements stand.")
    },
};

const NEW: Native = Native::vm(
    "Layout(cls, element, /)",
    "The layout of a class of elements.",
    |vm, args| {
        let Some(class) = vm.get_gc::<Class>(args.at(1)) else {
            return Err(vm.heap.type_error("a class was expected"));
        };
        let layout = Layout::of(&vm.heap, class);
        Ok(vm.new_opaque(args.at(0), layout))
    },
);

/// `make`
pub const MAKE: Native = Native::leaf(
    "make(layout, tag, attrib, parent, /)",
    "An element, appended to its parent.",
    |heap, args| {
        let layout = Layout::from_arg(heap, args.get(0))?;
        let element = layout.make(heap, args.get(1), args.get(2)).value();
        if let Some(parent) = args.get(3).as_gc::<Instance>() {
            layout.append(heap, parent, element)?;
        }
        Ok(element)
    },
);

/// A field of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Its name.
    Tag,
    /// A dict.
    Attrib,
    /// The text before the first element in it.
    Text,
    /// The text after it.
    Tail,
    /// A list of the elements in it.
    Children,
}

/// The names of the fields, in the order of `Field`.
const NAMES: [&str; 5] = ["tag", "attrib", "text", "tail", "_children"];

/// The shape of the elements of a class.
pub struct Layout {
    class: Slot,
    shape: u32,
    slots: [usize; 5],
}

traced!(Layout { class } plain { shape, slots });

impl Payload for Layout {}

impl Layout {
    fn of<'h>(heap: &'h Heap, class: Gc<'h, Class>) -> Layout {
        let model = heap.instance(class);
        for name in NAMES {
            model.set_attr(heap, heap.intern(name), Value::NONE);
        }
        let shape = model.shape();
        let slot = |name| heap.slot_in(shape, heap.intern(name)).unwrap_or(0);
        Layout {
            class: Slot::new(class.value()),
            shape,
            slots: NAMES.map(slot),
        }
    }

    /// The layout that an argument is.
    pub fn from_arg<'h>(heap: &Heap, value: Value<'h>) -> Result<&'h Layout, Raised> {
        let layout = value.as_gc::<Opaque>().and_then(|layout| layout.payload());
        layout.ok_or_else(|| heap.type_error("a layout was expected"))
    }

    /// An element without text or elements in it.
    pub fn make<'h>(&self, heap: &'h Heap, tag: Value<'h>, attrib: Value<'h>) -> Gc<'h, Instance> {
        let children = heap.list([]).value();
        let element = heap.instance(self.class.expect(heap));
        let values = [tag, attrib, Value::NONE, Value::NONE, children];
        for (slot, value) in self.slots.into_iter().zip(values) {
            element.set_slot(heap, slot, value);
        }
        element.set_shape(self.shape);
        element
    }

    /// A field of an element; None where it is not set.
    #[inline]
    pub fn get<'h>(
        &self,
        heap: &'h Heap,
        element: Gc<'h, Instance>,
        field: Field,
    ) -> Option<Value<'h>> {
        if element.shape() == self.shape {
            return element.slot(heap, self.slots[field as usize]).defined();
        }
        element.attr(heap, heap.intern(NAMES[field as usize]))
    }

    /// Sets a field of an element.
    #[inline]
    pub fn set<'h>(
        &self,
        heap: &'h Heap,
        element: Gc<'h, Instance>,
        field: Field,
        value: Value<'h>,
    ) {
        if element.shape() == self.shape {
            return element.set_slot(heap, self.slots[field as usize], value);
        }
        element.set_attr(heap, heap.intern(NAMES[field as usize]), value);
    }

    /// The elements in an element.
    #[inline]
    pub fn children<'h>(&self, heap: &'h Heap, element: Gc<'h, Instance>) -> Option<Gc<'h, List>> {
        self.get(heap, element, Field::Children)?.as_gc()
    }

    /// Appends an element to its parent.
    pub fn append<'h>(
        &self,
        heap: &'h Heap,
        parent: Gc<'h, Instance>,
        element: Value<'h>,
    ) -> Result<(), Raised> {
        match self.children(heap, parent) {
            Some(children) => children.push(heap, element),
            None => Err(heap.type_error("expected an Element")),
        }
    }
}
