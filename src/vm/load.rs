//! Loading: links a `Code` to a module, whose names get their slots here; `runtime/link.rs` makes the objects.
//!
//! Compiled code is plain data and can be loaded any number of times.

use std::rc::Rc;

use crate::bytecode::Code;
use crate::runtime::Gc;
use crate::runtime::link::load_code;
use crate::runtime::module::Module;
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
