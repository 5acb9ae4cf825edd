//! Code on the heap: a verified `Code`, its constants as values, its inline caches.
//!
//! Instructions are read in place from the immutable `Code`; what running adds (what caches learned) stands beside them.
//! `link.rs` makes these objects: for code that nobody has looked into yet a *stub*, which a function exchanges for the code object
//! when it is first called.

#![expect(
    unsafe_code,
    reason = "declares the slots of the type; takes indices that the verifier checked"
)]

use std::cell::{Cell, OnceCell};
use std::ptr::NonNull;
use std::rc::Rc;

use super::heap::{Fixed, Gc, Header, Heap, Slot, traced};
use super::module::Module;
use super::shape::NO_SHAPE;
use super::str::Str;
use super::traced_code::TracedCode;
use super::value::Value;
use crate::bytecode::{Code, Const, Instr, Op};

/// `CodeObj::plain_args` of code that a call cannot enter directly.
pub const NOT_PLAIN: u32 = u32::MAX;

/// The address of a code object that a frame keeps alive through its owner.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CodePtr(NonNull<Header>);

impl CodePtr {
    /// The address of this code object.
    #[inline(always)]
    pub fn new(code: Gc<'_, CodeObj>) -> CodePtr {
        CodePtr(NonNull::from(code.header()))
    }

    /// The code object.
    ///
    /// # Safety
    /// Something that the collector reports keeps it: the owner of the frame that holds this pointer.
    #[inline(always)]
    pub unsafe fn get(self, heap: &Heap) -> Gc<'_, CodeObj> {
        heap.check_object(self.0.as_ptr() as usize);
        // SAFETY: `new` got a `CodeObj`, and the caller's promise.
        unsafe { Gc::from_address(self.0.as_ptr() as usize) }
    }
}

/// `Cache::slot` when what counts is `Cache::value`.
pub const CLASS_VALUE: u32 = u32::MAX;
/// `Cache::slot` when `Cache::value` is the getter of a property.
pub const GETTER: u32 = u32::MAX - 1;

/// A code object, linked to the module that it runs in.
pub struct CodeObj {
    /// The first instruction: of `code`, or of `traced` once that is there; null for a stub.
    pub entry: Cell<*const Instr>,
    /// How many instructions there are.
    pub count: u32,
    /// If a call with exactly this many positional arguments can start running at once: how many; else `NOT_PLAIN`.
    pub plain_args: u32,
    /// Size of the register window.
    pub nregs: u32,
    /// How many registers, the last ones, must be made Undef when a frame is entered.
    pub undef_count: u32,
    /// The module whose globals it uses.
    module: Fixed<Module>,
    /// The constants.
    pub consts: Box<[Slot]>,
    /// The inline caches.
    pub caches: Box<[Cache]>,
    /// The code.
    pub code: Rc<Code>,
    /// The copy of the instructions that trace functions have made.
    pub traced: OnceCell<TracedCode>,
    /// A copy that is linked to another module, the last one made; else Undef. Of a stub: the code object.
    pub linked: Slot,
    /// The code of the same text with its names in a mapping, once `exec` asked for it; else Undef.
    pub mapped: Slot,
}

/// The guard of a cache that knows nothing: no object has this shape.
const NOTHING: u64 = NO_SHAPE as u64;

/// What one attribute access has learned: valid while the object's shape and the VM's class epoch are those of `guard`.
pub struct Cache {
    /// The shape that it is about, and above it the class epoch in which it learned; `NOTHING` while it knows nothing.
    pub guard: Cell<u64>,
    /// The slot in the instance; for a store that adds an attribute, the new slot.
    pub slot: Cell<u32>,
    /// For a store that adds an attribute: the shape afterwards; else `NO_SHAPE`.
    pub next_shape: Cell<u32>,
    /// What the class gave: a function for method calls, a value for reads; Undef when `slot` counts.
    pub value: Slot,
    /// The attribute's name, interned.
    pub name: Fixed<Str>,
}

traced!(
    CodeObj { entry, module, consts, caches, code, traced, linked, mapped }
    plain { count, plain_args, nregs, undef_count }
);
traced!(Cache { value, name } plain { guard, slot, next_shape });

impl<'h> Gc<'h, CodeObj> {
    /// The module whose globals the code uses.
    #[inline(always)]
    pub fn module(self, heap: &'h Heap) -> Gc<'h, Module> {
        self.get().module.get(heap)
    }

    /// A constant of an instruction.
    #[inline(always)]
    pub fn constant(self, heap: &'h Heap, i: i32) -> Value<'h> {
        debug_assert!((i as usize) < self.consts.len());
        // SAFETY: the verifier checked that instructions name constants below the number that `CodeObj::new` is given.
        unsafe { self.get().consts.get_unchecked(i as usize) }.get(heap)
    }

    /// The inline cache of an instruction.
    #[inline(always)]
    pub fn cache(self, i: i32) -> &'h Cache {
        debug_assert!((i as usize) < self.caches.len());
        // SAFETY: the verifier checked that instructions name caches below their number, and `CodeObj::new` made one for each.
        unsafe { self.get().caches.get_unchecked(i as usize) }
    }

    /// A constant that is a name.
    pub fn name(self, heap: &'h Heap, i: i32) -> Gc<'h, Str> {
        self.get().consts[i as usize].expect(heap)
    }
}

impl CodeObj {
    /// A stand-in for code that nobody has looked into yet.
    pub(super) fn stub(code: Rc<Code>, module: Gc<'_, Module>) -> CodeObj {
        CodeObj {
            entry: Cell::new(std::ptr::null()),
            count: 0,
            plain_args: NOT_PLAIN,
            nregs: 0,
            undef_count: 0,
            module: Fixed::new(module),
            consts: Box::default(),
            caches: Box::default(),
            code,
            traced: OnceCell::new(),
            linked: Slot::undef(),
            mapped: Slot::undef(),
        }
    }

    /// Whether it is a stand-in.
    #[inline(always)]
    pub fn is_stub(&self) -> bool {
        self.entry.get().is_null()
    }

    /// The names of the attributes that the code stores in its first argument.
    pub fn stored_in_first<'h>(&'h self, heap: &'h Heap) -> impl Iterator<Item = Value<'h>> {
        let stores = self
            .code
            .instrs
            .iter()
            .filter(|i| i.op == Op::SetAttr && i.a == 0);
        stores.map(|i| self.caches[i.d as usize].name.get(heap).value())
    }

    /// Links a code object. `consts`: its constants as values.
    pub fn new(
        heap: &Heap,
        code: Rc<Code>,
        module: Gc<'_, Module>,
        consts: Box<[Slot]>,
    ) -> CodeObj {
        let caches = code
            .caches
            .iter()
            .map(|&name| Cache::new(consts[name as usize].expect(heap)))
            .collect();
        // The body of a class is called with its namespace, which is no parameter of the program's.
        let namespace = u32::from(code.kind.has_namespace());
        let plain = code.params.is_simple() && !code.kind.suspends();
        let made = CodeObj {
            entry: Cell::new(code.instrs.as_ptr()),
            count: code.instrs.len() as u32,
            plain_args: if plain {
                u32::from(code.params.positional) + namespace
            } else {
                NOT_PLAIN
            },
            nregs: u32::from(code.nregs),
            undef_count: undef_count(&code),
            module: Fixed::new(module),
            consts,
            caches,
            code,
            traced: OnceCell::new(),
            linked: Slot::undef(),
            mapped: Slot::undef(),
        };
        made.arm(heap.traced_events.get());
        made
    }
}

/// How many registers there are from the first one on that some instruction may find unset.
fn undef_count(code: &Code) -> u32 {
    let params = code.params.registers() as u32;
    let nregs = u32::from(code.nregs);
    if code.shows_locals && !code.kind.has_namespace() {
        return nregs.saturating_sub(params);
    }
    let first = code
        .instrs
        .iter()
        .filter(|i| i.op.info().facts.may_be_unset)
        .map(|i| u32::from(i.a))
        .filter(|&r| r >= params)
        .min();
    first.map_or(0, |first| nregs - first)
}

impl Cache {
    /// A cache for a name, knowing nothing yet.
    pub fn new(name: Gc<'_, Str>) -> Cache {
        Cache {
            guard: Cell::new(NOTHING),
            slot: Cell::new(0),
            next_shape: Cell::new(NO_SHAPE),
            value: Slot::undef(),
            name: Fixed::new(name),
        }
    }
}

/// Whether two codes do the same at the same lines; the file does not count.
pub fn is_same(a: &Rc<Code>, b: &Rc<Code>) -> bool {
    if Rc::ptr_eq(a, b) {
        return true;
    }
    let same_const = |pair: (&Const, &Const)| match pair {
        (Const::Code(a), Const::Code(b)) => is_same(a, b),
        (a, b) => a == b,
    };
    a.name == b.name
        && a.kind == b.kind
        && a.params == b.params
        && a.instrs == b.instrs
        && a.locals == b.locals
        && a.free_names == b.free_names
        && a.spans == b.spans
        && a.consts.len() == b.consts.len()
        && a.consts.iter().zip(&b.consts).all(same_const)
}

/// A hash that is equal for codes that are the same.
pub fn hash_of(code: &Code) -> u64 {
    let mix = |sum: u64, part: u64| sum.wrapping_mul(31).wrapping_add(part);
    let of_name = code.name.bytes().map(u64::from).fold(7, mix);
    let part = |i: &Instr| (i.d as u64) << 8 | i.op as u64;
    code.instrs.iter().map(part).fold(of_name, mix)
}
