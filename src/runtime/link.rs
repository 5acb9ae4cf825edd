//! Linking: turns a `Code` and its constants into heap objects that belong to a module.
//!
//! Compiled code is plain data and can be linked any number of times. Nested code that nobody has looked into yet becomes a stub
//! (`CodeObj::stub`): most functions of the modules that a program imports are never called.

use std::rc::Rc;

use super::builtin_eq;
use super::code::CodeObj;
use super::complex::Complex;
use super::heap::{Gc, Heap, Slot};
use super::members::Members;
use super::module::Module;
use super::table::Found;
use super::value::Value;
use crate::bytecode::{Code, Const};

impl<'h> Gc<'h, CodeObj> {
    /// The code object that a stub stands for; any other is itself.
    pub fn loaded(self, heap: &'h Heap) -> Gc<'h, CodeObj> {
        if !self.is_stub() {
            return self;
        }
        if let Some(known) = self.linked.get(heap).as_gc() {
            return known;
        }
        let made = load_code(heap, &self.get().code, self.module(heap));
        self.linked.set(made.value());
        made
    }
}

/// Links code to a module in which its slots are reserved.
pub fn load_code<'h>(heap: &'h Heap, code: &Rc<Code>, module: Gc<'h, Module>) -> Gc<'h, CodeObj> {
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
            let members = Members::default();
            for item in items {
                let value = constant(heap, item, module);
                let hash =
                    builtin_eq::hash(heap, value).expect("constants hash without the program");
                if !matches!(members.find(heap, hash, value), Found::At(_)) {
                    members.add(heap, hash, value);
                }
            }
            heap.frozenset(members).value()
        }
        Const::Code(code) if code.is_unread() => {
            let stub = CodeObj::stub(Rc::clone(code), module);
            heap.alloc(stub).value()
        }
        Const::Code(code) => load_code(heap, code, module).value(),
    }
}
