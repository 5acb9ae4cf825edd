//! Functions written in apy, and methods bound to their receiver.
//!
//! Code, defaults and captured cells; a call reads nothing else. How arguments meet parameters is in `vm/exec/bind/`.

use super::code::CodeObj;
use super::heap::{Exchanged, Gc, Heap, Kind, Slot, traced};
use super::native::NativeFunction;
use super::types::Builtin;
use super::value::Value;

/// A function: code and what it closes over. The cells of the closure are its tail.
pub struct Function {
    /// The code.
    code: Exchanged<CodeObj>,
    /// Defaults of the last positional parameters: a tuple, or Undef.
    pub defaults: Slot,
    /// Defaults of keyword-only parameters: a dict, or Undef.
    pub kwdefaults: Slot,
    /// `__name__`, a string.
    pub name: Slot,
    /// `__qualname__`, a string.
    pub qualname: Slot,
    /// `__doc__`; Undef until somebody asks, for what the code says.
    pub doc: Slot,
    /// `__annotations__`: a dict, or Undef.
    pub annotations: Slot,
    /// Other attributes: a dict, or Undef.
    pub attrs: Slot,
    /// Number of cells.
    pub ncells: u32,
}

traced!(
    Function { code, defaults, kwdefaults, name, qualname, doc, annotations, attrs }
    plain { ncells }
);

impl<'h> Gc<'h, Function> {
    /// The function's code.
    #[inline(always)]
    pub fn code(self, heap: &'h Heap) -> Gc<'h, CodeObj> {
        let code = self.get().code.get(heap);
        if code.is_stub() {
            return self.load_code(heap);
        }
        code
    }

    /// The function's code as far as it is there: that of a function which was never called may be a stub, which takes no
    /// arguments.
    #[inline(always)]
    pub fn code_or_stub(self, heap: &'h Heap) -> Gc<'h, CodeObj> {
        self.get().code.get(heap)
    }

    /// Gives it other code. The caller keeps the former code alive: frames that run it rely on the function.
    pub fn set_code(self, code: Gc<'h, CodeObj>) {
        self.get().code.set(code);
    }

    #[cold]
    #[inline(never)]
    fn load_code(self, heap: &'h Heap) -> Gc<'h, CodeObj> {
        let code = self.get().code.get(heap).loaded(heap);
        self.get().code.set(code);
        code
    }

    /// `__doc__`.
    pub fn doc(self, heap: &'h Heap) -> Value<'h> {
        if self.get().doc.is_undef() {
            let doc = self.code_or_stub(heap).get().code.docstring();
            let doc = doc.map_or(Value::NONE, |doc| heap.str_value(&doc));
            self.get().doc.set(doc);
        }
        self.get().doc.get(heap)
    }
}

impl<'h> Gc<'h, Function> {
    /// A copy for one coroutine alone, without what only the program's function has.
    pub fn private_copy(self, heap: &'h Heap) -> Gc<'h, Function> {
        let cells = self.tail();
        let copy = heap.function(self.code(heap), self.ncells, |n| cells[n].get(heap));
        copy.doc.set(Value::NONE);
        copy.name.set(self.get().name.get(heap));
        copy.qualname.set(self.get().qualname.get(heap));
        copy
    }
}

impl Heap {
    /// A function of this code, closing over the cells that `cells` returns, without defaults.
    pub fn function<'h>(
        &'h self,
        code: Gc<'h, CodeObj>,
        ncells: u32,
        cells: impl FnMut(usize) -> Value<'h>,
    ) -> Gc<'h, Function> {
        let head = code.get().code.head();
        let fields = Function {
            code: Exchanged::new(code),
            defaults: Slot::undef(),
            kwdefaults: Slot::undef(),
            name: Slot::new(self.intern(head.name).value()),
            qualname: Slot::new(self.intern(head.qualname).value()),
            doc: Slot::undef(),
            annotations: Slot::undef(),
            attrs: Slot::undef(),
            ncells,
        };
        self.alloc_tail(fields, self.types.shape_of_kind(Kind::Function), cells)
    }
}

/// A function and its first argument.
pub struct BoundMethod {
    /// What is called.
    pub function: Slot,
    /// What it gets as first argument.
    pub receiver: Slot,
}

traced!(BoundMethod { function, receiver });

impl Heap {
    /// A method bound to its receiver; one written in Rust shows as a builtin function.
    pub fn bound_method<'h>(
        &'h self,
        function: Value<'h>,
        receiver: Value<'h>,
    ) -> Gc<'h, BoundMethod> {
        let class = match function.as_gc::<NativeFunction>() {
            None => Builtin::Method,
            Some(native) if native.shape() == self.types.shape_of(Builtin::WrapperDescriptor) => {
                Builtin::MethodWrapper
            }
            Some(_) => Builtin::BuiltinFunction,
        };
        let fields = BoundMethod {
            function: Slot::new(function),
            receiver: Slot::new(receiver),
        };
        self.alloc_shaped(fields, self.types.shape_of(class))
    }
}
