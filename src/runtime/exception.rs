//! Exceptions: arguments, cause and context, attributes.
//!
//! What an exception has passed on its way is in `traceback.rs`.

use std::cell::{Cell, RefCell};

use super::class::Class;
use super::dict::Dict;
use super::heap::{Gc, Heap, Slot, traced};
use super::traceback::Passed;
use super::tuple::Tuple;
use super::value::Value;

/// An instance of a class that derives from BaseException.
pub struct Exception {
    /// `args`, a tuple.
    pub args: Slot,
    /// `__cause__`; Undef for None.
    pub cause: Slot,
    /// `__context__`; Undef for None.
    pub context: Slot,
    /// `__suppress_context__`.
    pub suppress_context: Cell<bool>,
    /// Attributes that its class computes, such as `name` and `filename`: a dict, made when the first is set.
    pub fields: Slot,
    /// Other attributes: a dict, made when the first is set.
    pub attrs: Slot,
    /// What a failed `assert` was about, for the report: a tuple of values, Undef where one was not evaluated; Undef elsewhere.
    pub compared: Slot,
    /// `__traceback__` as far as it was made: a `Traceback`, Undef for None.
    pub traceback: Slot,
    /// What it passed since then, innermost first.
    pub passed: RefCell<Vec<Passed>>,
}

traced!(
    Exception { args, cause, context, fields, attrs, compared, traceback, passed }
    plain { suppress_context }
);

impl Heap {
    /// An exception of a class, its `__init__` not run.
    pub fn exception<'h>(&'h self, class: Gc<'h, Class>, args: &[Value<'h>]) -> Gc<'h, Exception> {
        let fields = Exception {
            args: Slot::new(self.tuple(args).value()),
            cause: Slot::undef(),
            context: Slot::undef(),
            suppress_context: Cell::new(false),
            fields: Slot::undef(),
            attrs: Slot::undef(),
            compared: Slot::undef(),
            traceback: Slot::undef(),
            passed: RefCell::default(),
        };
        self.alloc_shaped(fields, class.root_shape())
    }
}

impl<'h> Gc<'h, Exception> {
    /// The arguments.
    pub fn args(self, heap: &'h Heap) -> Gc<'h, Tuple> {
        self.args.expect(heap)
    }

    /// The argument at `i`.
    pub fn arg(self, heap: &'h Heap, i: usize) -> Option<Value<'h>> {
        self.args(heap).at(heap, i)
    }

    /// The dict of attributes that its class computes.
    pub fn fields(self, heap: &'h Heap) -> Gc<'h, Dict> {
        if self.fields.is_undef() {
            self.fields.set(heap.dict().value());
        }
        self.fields.expect(heap)
    }

    /// The dict of attributes that the program set.
    pub fn attrs(self, heap: &'h Heap) -> Gc<'h, Dict> {
        if self.attrs.is_undef() {
            self.attrs.set(heap.dict().value());
        }
        self.attrs.expect(heap)
    }

    /// `__context__`, if any.
    pub fn context(self, heap: &'h Heap) -> Option<Gc<'h, Exception>> {
        self.context.get(heap).as_gc()
    }
}
