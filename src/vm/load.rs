//! Loading: turns a `Code` and its constants into heap objects, linked to a module.
//!
//! Compiled code is plain data and can be loaded any number of times. A module's names get their slots here.

use std::rc::Rc;

use crate::bytecode::{Code, Const};
use crate::runtime::code::CodeObj;
use crate::runtime::complex::Complex;
use crate::runtime::heap::Gc;
use crate::runtime::module::Module;
use crate::runtime::table::{Found, Table};
use crate::runtime::{Heap, Slot, Value, builtin_eq};
use crate::vm::Vm;
use crate::vm::local::Local;

impl Vm {
    /// Links code to a module. `names`: the module's global names by index, as the compiler numbered them.
    pub fn load(&mut self, code: &Rc<Code>, module: Local, names: &[Rc<str>]) -> Local {
        self.reserve_globals(module, names);
        let module: Gc<'_, Module> = self.get_gc(module).expect("the caller made the module");
        self.local(load_code(&self.heap, code, module).value())
    }

    /// Gives a module's global names their slots, in this order; those that have one keep it.
    pub fn reserve_globals(&self, module: Local, names: &[Rc<str>]) {
        let heap = &self.heap;
        let module: Gc<'_, Module> = self.get_gc(module).expect("the caller made the module");
        for name in names {
            module.globals.reserve(heap, heap.intern(name));
        }
    }
}

/// Links code to a module in which its slots are reserved.
pub(super) fn load_code<'h>(
    heap: &'h Heap,
    code: &Rc<Code>,
    module: Gc<'h, Module>,
) -> Gc<'h, CodeObj> {
    let consts = code
        .consts
        .iter()
        .map(|c| Slot::new(constant(heap, c, module)))
        .collect();
    heap.alloc(CodeObj::new(heap, Rc::clone(code), module, consts))
}

fn constant<'h>(heap: &'h Heap, constant_: &Const, module: Gc<'h, Module>) -> Value<'h> {
    match constant_ {
        Const::None => Value::NONE,
        Const::Bool(b) => Value::bool(*b),
        Const::Ellipsis => Value::ELLIPSIS,
        Const::Int(n) => heap.int(*n),
        Const::BigInt(n) => heap.big_int(n.clone()),
        Const::Float(x) => Value::float(*x),
        Const::Complex(re, im) => heap.alloc(Complex { re: *re, im: *im }).value(),
        Const::Str(text) => heap.intern(text).value(),
        Const::Bytes(data) => heap.bytes(&data[..]).value(),
        Const::Tuple(items) => {
            let items: Vec<_> = items.iter().map(|c| constant(heap, c, module)).collect();
            heap.tuple(&items).value()
        }
        Const::FrozenSet(items) => {
            let table = Table::with_capacity(items.len());
            for item in items {
                let value = constant(heap, item, module);
                let hash =
                    builtin_eq::hash(heap, value).expect("constants hash without the program");
                if !matches!(table.find(heap, hash, value), Found::At(_)) {
                    table.add(heap, hash, value, Value::UNDEF);
                }
            }
            heap.frozenset(table).value()
        }
        Const::Code(code) => load_code(heap, code, module).value(),
    }
}
