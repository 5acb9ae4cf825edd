//! Exceptions: arguments, cause and context, and the traceback as plain data.
//!
//! The traceback holds code and instruction numbers, not objects, so that an exception keeps no frame alive; the command line
//! turns them into text.

#![expect(unsafe_code, reason = "declares that places in code have no slots")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::class::Class;
use super::dict::Dict;
use super::heap::{Gc, Heap, Slot, Trace, Tracer, traced};
use super::instance::Instance;
use super::tuple::Tuple;
use super::types::Builtin;
use super::value::Value;
use crate::bytecode::Code;

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
    /// Other attributes: a dict, made when the first is set.
    pub attrs: Slot,
    /// What a failed `assert` was about, for the report: a tuple of values, Undef where one was not evaluated; Undef elsewhere.
    pub compared: Slot,
    /// Where it was raised and what it passed through, innermost first.
    pub traceback: RefCell<Vec<TraceEntry>>,
}

/// One line of a traceback.
#[derive(Clone)]
pub enum TraceEntry {
    /// An instruction that the exception left.
    Frame {
        /// The code that ran.
        code: Rc<Code>,
        /// Which of its instructions.
        ip: u32,
    },
    /// The exception crossed from a task to what awaited it.
    Task {
        /// The name of the task that it came from.
        name: Rc<str>,
        /// Where the task was made: code and instruction.
        spawned: Option<(Rc<Code>, u32)>,
    },
}

// SAFETY: `Code` and text hold no slots.
unsafe impl Trace for TraceEntry {
    #[inline(always)]
    fn trace(&self, _: &mut Tracer<'_>) {}
}
traced!(
    Exception { args, cause, context, attrs, compared, traceback }
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
            attrs: Slot::undef(),
            compared: Slot::undef(),
            traceback: RefCell::default(),
        };
        self.alloc_shaped(fields, class.root_shape())
    }
}

/// The attribute of a traceback object that holds the exception whose traceback it is. No program can spell it.
const TRACEBACK_OF: &str = ".exception";

// Traceback objects say whose traceback they are; the entries stay with the exception.
impl Heap {
    /// `__traceback__`: None where there are no entries.
    pub fn traceback_object<'h>(&'h self, exception: Gc<'h, Exception>) -> Value<'h> {
        if exception.traceback.borrow().is_empty() {
            return Value::NONE;
        }
        let object = self.instance(self.types.class(self, Builtin::Traceback));
        object.set_attr(self, self.intern(TRACEBACK_OF), exception.value());
        object.value()
    }

    /// The exception whose traceback an object is.
    pub fn traceback_source<'h>(&'h self, object: Value<'h>) -> Option<Gc<'h, Exception>> {
        object
            .as_gc::<Instance>()?
            .attr(self, self.intern(TRACEBACK_OF))?
            .as_gc()
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
