//! Interned strings: one object for equal names, so that names compare by address; and the names that Rust code knows.
//!
//! To add a known name: one word in `symbols!`.

#![expect(
    unsafe_code,
    reason = "leaves permanent strings out when it reports its slots"
)]

use std::cell::RefCell;

use super::heap::{Gc, Heap, SlotVec, Trace, Tracer, flag};
use super::str::{Str, hash_text};
use super::table::Index;

/// The table of interned strings; they live as long as the heap.
pub struct Interner {
    index: RefCell<Index>,
    strings: SlotVec,
    /// How many of them are permanent objects.
    permanent: usize,
}

/// From so many strings on the table asks for memory before it grows.
const LARGE: usize = 1 << 15;
/// Bytes that a string takes in the table when that has doubled: a slot, and places for twice as many.
const BYTES_OF_NAME: usize = 48;
/// About how many strings are interned before a program starts.
const AT_START: usize = 2048;

impl Interner {
    pub(super) fn new() -> Interner {
        let mut index = Index::default();
        index.reserve(AT_START);
        Interner {
            index: RefCell::new(index),
            strings: SlotVec::new(),
            permanent: 0,
        }
    }

    pub(super) fn make_permanent(&mut self) {
        self.permanent = self.strings.len();
    }
}

// SAFETY: reports all slots but those of permanent objects, which live as long as the heap.
unsafe impl Trace for Interner {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.strings.trace_from(self.permanent, tracer);
    }
}

impl Heap {
    /// The one string object with this text.
    pub fn intern(&self, text: &str) -> Gc<'_, Str> {
        let hash = hash_text(text);
        let strings = &self.interner.strings;
        let at = |i: usize| -> Gc<'_, Str> {
            strings
                .get(self, i)
                .and_then(|v| v.as_gc())
                .expect("the table holds strings only")
        };
        let index = self.interner.index.borrow();
        if let Some(known) = index.probe(hash).map(at).find(|s| s.as_str() == text) {
            return known;
        }
        drop(index);
        let string = self.str(text);
        let i = strings.len();
        // Messages quote names.
        let fits = self.has_room_for_name(i) && self.fits(text.len().saturating_mul(3));
        if !fits {
            // The caller goes on with a string that is not interned, and MemoryError is raised where its native returns.
            self.fail();
            return string;
        }
        string.set_flag(flag::INTERNED, true);
        strings.push(self, string.value());
        self.interner.index.borrow_mut().insert(hash, i);
        string
    }

    /// Whether the table holds one more string than `count`, or can grow.
    fn has_room_for_name(&self, count: usize) -> bool {
        // Both parts double, at different times; what they take together is asked for at each doubling.
        if !count.is_power_of_two() || count < LARGE {
            return true;
        }
        self.fits(count * BYTES_OF_NAME)
            && self.interner.index.borrow_mut().reserve(count * 2)
            && self.interner.strings.try_expect(self, count)
    }

    /// The interned string equal to this one.
    pub fn intern_str<'h>(&'h self, string: Gc<'h, Str>) -> Gc<'h, Str> {
        if string.has_flag(flag::INTERNED) {
            string
        } else {
            self.intern(string.as_str())
        }
    }

    /// A name that Rust code knows.
    #[inline]
    pub fn sym(&self, sym: Sym) -> Gc<'_, Str> {
        self.interner
            .strings
            .get(self, sym as usize)
            .and_then(|v| v.as_gc())
            .expect("the symbols were interned first")
    }
}

/// Interns the symbols; must run before anything else interns.
pub(super) fn intern_symbols(heap: &Heap) {
    heap.interner.strings.expect(heap, AT_START);
    for (i, text) in SYMBOLS.iter().enumerate() {
        heap.intern(text);
        debug_assert_eq!(
            heap.interner.strings.len(),
            i + 1,
            "`{text}` stands twice in the table"
        );
    }
}

macro_rules! symbols {
    ($($name:ident $text:literal)*) => {
        /// A name that Rust code knows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum Sym { $(#[doc = concat!("`", $text, "`")] $name),* }

        const SYMBOLS: &[&str] = &[$($text),*];

        impl Sym {
            /// Its text.
            pub fn text(self) -> &'static str {
                SYMBOLS[self as usize]
            }
        }
    };
}

symbols! {
    Init "__init__" New "__new__" Name "__name__" Qualname "__qualname__" Module "__module__" Doc "__doc__" Dict "__dict__"
    Class "__class__" Bases "__bases__" Mro "__mro__" Slots "__slots__" Annotations "__annotations__" ClassCell "__classcell__"
    SetName "__set_name__" InitSubclass "__init_subclass__" ClassGetItem "__class_getitem__" Prepare "__prepare__"
    Subclasses "__subclasses__" MroEntries "__mro_entries__" InstanceCheck "__instancecheck__" SubclassCheck "__subclasscheck__"
    Get "__get__" Set "__set__" Delete "__delete__" GetAttr "__getattr__" GetAttribute "__getattribute__" SetAttr "__setattr__"
    DelAttr "__delattr__" Dir "__dir__" Call "__call__" Repr "__repr__" Str "__str__" Bytes "__bytes__" Format "__format__"
    Hash "__hash__" Bool "__bool__" Len "__len__" LengthHint "__length_hint__" GetItem "__getitem__" SetItem "__setitem__"
    DelItem "__delitem__" Missing "__missing__" Contains "__contains__" Iter "__iter__" Next "__next__" Reversed "__reversed__"
    Lt "__lt__" Le "__le__" Eq "__eq__" Ne "__ne__" Gt "__gt__" Ge "__ge__"
    Add "__add__" Sub "__sub__" Mul "__mul__" MatMul "__matmul__" TrueDiv "__truediv__" FloorDiv "__floordiv__" Mod "__mod__"
    DivMod "__divmod__" Pow "__pow__" LShift "__lshift__" RShift "__rshift__" And "__and__" Xor "__xor__" Or "__or__"
    RAdd "__radd__" RSub "__rsub__" RMul "__rmul__" RMatMul "__rmatmul__" RTrueDiv "__rtruediv__" RFloorDiv "__rfloordiv__"
    RMod "__rmod__" RDivMod "__rdivmod__" RPow "__rpow__" RLShift "__rlshift__" RRShift "__rrshift__" RAnd "__rand__"
    RXor "__rxor__" ROr "__ror__" IAdd "__iadd__" ISub "__isub__" IMul "__imul__" IMatMul "__imatmul__" ITrueDiv "__itruediv__"
    IFloorDiv "__ifloordiv__" IMod "__imod__" IPow "__ipow__" ILShift "__ilshift__" IRShift "__irshift__" IAnd "__iand__"
    IXor "__ixor__" IOr "__ior__" Neg "__neg__" Pos "__pos__" Abs "__abs__" Invert "__invert__" Int "__int__" Float "__float__"
    Complex "__complex__" Index "__index__" Round "__round__" Trunc "__trunc__" Floor "__floor__" Ceil "__ceil__"
    Enter "__enter__" Exit "__exit__" AEnter "__aenter__" AExit "__aexit__" Await "__await__" AIter "__aiter__" ANext "__anext__"
    MatchArgs "__match_args__" Main "__main__" All "__all__" File "__file__" Wrapped "__wrapped__" TypeParams "__type_params__"
    Send "send" Throw "throw" Close "close" Keys "keys" Underscore "_" BareName "name" Defaults "__defaults__" KwDefaults "__kwdefaults__"
    Self_ "__self__" Func "__func__" Value "value" Args "args" Notes "__notes__" Cause "__cause__" Context "__context__"
    Traceback "__traceback__" SuppressContext "__suppress_context__" Builtins "builtins" Empty "" Weakref "__weakref__"
    Read "read" Write "write" Fspath "__fspath__" Path "__path__" Package "__package__" Loader "__loader__" Spec "__spec__"
    AbstractMethods "__abstractmethods__" OrigBases "__orig_bases__" Objclass "__objclass__" SizeOf "__sizeof__" Reduce "__reduce__"
    FirstLine "__firstlineno__" GetNewArgs "__getnewargs__" GetNewArgsEx "__getnewargs_ex__"
    StaticAttributes "__static_attributes__" GetState "__getstate__" Del "__del__"
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::runtime::heap::Outside;

    /// A process that has no large pieces of memory left.
    struct Short;

    impl Outside for Short {
        fn has_room(&self, _: usize) -> bool {
            false
        }
    }

    #[test]
    fn a_full_table_is_a_memory_error() {
        let heap = Heap::new();
        heap.guard.set_outside(Rc::new(Short));
        let names = (0..4 * LARGE).map(|i| format!("name{i}"));
        let failed = names.filter(|name| {
            let string = heap.intern(name);
            assert_eq!(string.as_str(), name);
            heap.check_failed().is_err()
        });
        assert!(failed.count() > 0);
        heap.pending.clear();
        assert!(heap.intern("name0") == heap.intern("name0"));
    }
}
