//! Shapes: class and layout of an object in one number, so that one compare guards both.
//!
//! Each class has a root shape (no attributes yet) and a dict shape (attributes in a dict). Adding attribute `x` to an object of
//! shape S leads to the same shape for all of them; a class's instances that set the same attributes in the same order share
//! it, and inline caches need remember only `(shape, slot)`. An instance with more than `MAX_SLOTS` attributes, or one whose
//! `__dict__` was taken or that lost an attribute, moves to its class's dict shape.
//!
//! Shapes refer to their classes weakly: an object keeps its class alive (`Tracer::class_of`), and the numbers of a class that died are
//! used again. What remembers a number outside of objects also remembers the class epoch, which then changes.

use std::cell::RefCell;
use std::rc::Rc;

use super::class::Class;
use super::heap::{Gc, Heap, SlotVec, Tracer};
use super::str::Str;
use super::value::Value;

/// More attributes than these go to a dict.
pub const MAX_SLOTS: usize = 64;
/// Nothing has this shape.
pub const NO_SHAPE: u32 = 0;

/// All shapes of a heap, by number.
pub struct Shapes {
    /// The class of each shape, Undef where the number is free; index 0 is unused.
    classes: SlotVec,
    /// How many of them are permanent objects.
    permanent: usize,
    layouts: RefCell<Vec<Rc<Layout>>>,
    /// Numbers whose class died.
    free: RefCell<Vec<u32>>,
}

/// Which attribute is in which slot.
pub struct Layout {
    /// Addresses of the interned names; the position is the slot.
    names: Vec<usize>,
    /// Whether attributes are in a dict instead.
    pub is_dict: bool,
    /// How many slots stand before the first attribute's.
    pub reserved: u32,
    next: RefCell<Vec<(usize, u32)>>,
}

impl Layout {
    /// Of numbers that stand for no shape.
    fn nothing() -> Layout {
        Layout {
            names: Vec::new(),
            is_dict: true,
            reserved: 0,
            next: RefCell::default(),
        }
    }

    /// The slot of an attribute.
    #[inline]
    pub fn slot_of(&self, name: Gc<'_, Str>) -> Option<usize> {
        self.names
            .iter()
            .position(|&n| n == name.address())
            .map(|i| i + self.reserved as usize)
    }

    /// The addresses of the attributes' names, in slot order.
    pub fn names(&self) -> &[usize] {
        &self.names
    }

    /// Number of slots in use.
    pub fn slots(&self) -> usize {
        self.names.len() + self.reserved as usize
    }
}

impl Shapes {
    pub(super) fn new() -> Shapes {
        Shapes {
            classes: SlotVec::from_values([Value::UNDEF]),
            permanent: 0,
            layouts: RefCell::new(vec![Rc::new(Layout::nothing())]),
            free: RefCell::default(),
        }
    }

    /// The bits of the class of a shape, unless that is permanent.
    #[inline]
    pub(super) fn class_bits(&self, shape: u32) -> Option<u64> {
        let shape = shape as usize;
        (shape >= self.permanent).then(|| self.classes.bits_at(shape))
    }

    /// After the marking: frees the numbers of classes that die, and has their bases forget them. Whether there were any.
    pub(super) fn settle(&self, tracer: &Tracer<'_>) -> bool {
        let count = self.classes.len();
        let dead: Vec<usize> = (self.permanent..count)
            .filter(|&shape| !tracer.reaches(self.classes.bits_at(shape)))
            .collect();
        if dead.is_empty() {
            return false;
        }
        let mut layouts = self.layouts.borrow_mut();
        for shape in dead {
            self.classes.set(shape, Value::UNDEF);
            layouts[shape] = Rc::new(Layout::nothing());
            self.free.borrow_mut().push(shape as u32);
        }
        for shape in 1..count {
            let class = self.classes.get(tracer.heap(), shape);
            if let Some(class) = class.and_then(|class| class.as_gc::<Class>()) {
                class.subclasses.retain_reached(tracer);
            }
        }
        true
    }

    pub(super) fn make_permanent(&mut self) {
        self.permanent = self.classes.len();
    }
}

impl Heap {
    /// A new shape for a class, without attributes.
    pub(super) fn add_shape(&self, class: Value<'_>, is_dict: bool, reserved: u32) -> u32 {
        self.push_shape(
            class,
            Layout {
                names: Vec::new(),
                is_dict,
                reserved,
                next: RefCell::default(),
            },
        )
    }

    fn push_shape(&self, class: Value<'_>, layout: Layout) -> u32 {
        let mut layouts = self.shapes.layouts.borrow_mut();
        if let Some(shape) = self.shapes.free.borrow_mut().pop() {
            layouts[shape as usize] = Rc::new(layout);
            self.shapes.classes.set(shape as usize, class);
            return shape;
        }
        layouts.push(Rc::new(layout));
        self.shapes.classes.push(self, class);
        layouts.len() as u32 - 1
    }

    /// The class of a shape.
    #[inline(always)]
    pub fn shape_class(&self, shape: u32) -> Gc<'_, Class> {
        self.shapes
            .classes
            .get(self, shape as usize)
            .and_then(|v| v.as_gc())
            .expect("each shape in use has a class")
    }

    /// The layout of a shape.
    pub fn layout(&self, shape: u32) -> Rc<Layout> {
        Rc::clone(&self.shapes.layouts.borrow()[shape as usize])
    }

    /// The slot of an attribute in a shape.
    #[inline]
    pub fn slot_in(&self, shape: u32, name: Gc<'_, Str>) -> Option<usize> {
        self.shapes.layouts.borrow()[shape as usize].slot_of(name)
    }

    /// Whether a shape keeps attributes in a dict.
    pub fn is_dict_shape(&self, shape: u32) -> bool {
        self.shapes.layouts.borrow()[shape as usize].is_dict
    }

    /// The shape after adding an attribute, or None when there are too many for slots.
    pub fn shape_with(&self, shape: u32, name: Gc<'_, Str>) -> Option<u32> {
        let layout = self.layout(shape);
        if let Some(&(_, next)) = layout
            .next
            .borrow()
            .iter()
            .find(|&&(n, _)| n == name.address())
        {
            return Some(next);
        }
        if layout.names.len() >= MAX_SLOTS {
            return None;
        }
        let mut names = layout.names.clone();
        names.push(name.address());
        let grown = Layout {
            names,
            is_dict: false,
            reserved: layout.reserved,
            next: RefCell::default(),
        };
        let class = self.shape_class(shape).value();
        let next = self.push_shape(class, grown);
        layout.next.borrow_mut().push((name.address(), next));
        Some(next)
    }
}
