//! Names: globals and builtins, class namespaces, and the errors of names without a value.
//!
//! Reads of globals are inline in the loop; here is what happens when that finds nothing. Names of class bodies are looked up in
//! the namespace first, which may be any mapping.

use crate::bytecode::{CodeKind, Instr, Op};
use crate::runtime::dict::Dict;
use crate::runtime::intern::Sym;
use crate::runtime::module::Module;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::vm::Vm;
use crate::vm::exec::introspect::content;
use crate::vm::local::Local;
use crate::vm::suggest::MODULE_OF;

impl Vm {
    /// The module whose code runs; `builtins` where none does.
    pub fn running_module(&self) -> Local {
        if self.exec.stack.depth() == 0 {
            return self.local(self.builtins().value());
        }
        self.local(
            self.exec
                .stack
                .top()
                .code(&self.heap)
                .module(&self.heap)
                .value(),
        )
    }

    /// The module whose code called into the one that runs: its name is another.
    pub fn calling_module(&self) -> Local {
        let heap = &self.heap;
        let name = |module: Gc<'_, Module>| {
            let name = module.globals.get(heap, heap.sym(Sym::Name));
            name.and_then(|name| name.as_gc::<Str>())
                .map(|name| name.as_str().to_owned())
        };
        let mut modules = self
            .exec
            .stack
            .frames()
            .iter()
            .rev()
            .map(|frame| frame.code(heap).module(heap));
        let Some(inner) = modules.next() else {
            return self.running_module();
        };
        let inside = name(inner);
        match modules.find(|&module| name(module) != inside) {
            Some(module) => self.local(module.value()),
            None => self.local(inner.value()),
        }
    }

    /// The variables of the function that runs, by name: a new dict. None: a module body runs, or nothing. Of a class body: its
    /// namespace.
    pub fn running_locals(&self) -> Option<Local> {
        if self.exec.stack.depth() == 0 {
            return None;
        }
        let heap = &self.heap;
        let frame = self.exec.stack.top();
        let code = frame.code(heap);
        match code.code.kind {
            CodeKind::Module | CodeKind::AsyncModule => return None,
            CodeKind::Class | CodeKind::Mapped => return Some(self.reg_local(0)),
            _ => {}
        }
        let names = heap.dict();
        for (name, reg) in &code.code.locals {
            if let Some(value) = content(heap, frame.window.get(heap, *reg)).defined()
                && !name.starts_with('.')
            {
                names.set_str(heap, heap.intern(name), value);
            }
        }
        if !code.code.free_names.is_empty() {
            let cells = frame.function(heap).tail();
            for (name, cell) in code.code.free_names.iter().zip(cells) {
                if let Some(value) = content(heap, cell.get(heap)).defined()
                    && &**name != "__class__"
                {
                    names.set_str(heap, heap.intern(name), value);
                }
            }
        }
        Some(self.local(names.value()))
    }

    /// A global that the module does not bind: the builtin of that name.
    #[cold]
    pub(in crate::vm) fn get_builtin(&mut self, i: Instr) -> Result<(), Raised> {
        let heap = &self.heap;
        let module = self.exec.stack.top().code(heap).module(heap);
        let at = i.d as usize;
        let own = module.builtins.get(heap);
        let is_own = !own.is_undef() && !own.is_gc::<Dict>();
        if is_own || module.mapping.get(heap).defined().is_some() {
            return self.get_from_own_builtins(i);
        }
        let value = module.builtin(heap, at, self.builtins());
        match value {
            Some(value) => {
                self.set_reg(i.a, value);
                Ok(())
            }
            None => {
                self.look_up_pending_method(i)?;
                let heap = &self.heap;
                let module = self.exec.stack.top().code(heap).module(heap);
                Err(self.name_error(module.globals.name(heap, at)))
            }
        }
    }

    /// The same where a mapping of the program's own stands for the globals or the builtins.
    fn get_from_own_builtins(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let heap = &self.heap;
        let module = self.exec.stack.top().code(heap).module(heap);
        let name = module.globals.name(heap, i.d as usize);
        let name = self.local(name.map_or(Value::NONE, Gc::value));
        // A body whose names are in a namespace asks that, and its globals as the plain dict that they are.
        let in_namespace = self.exec.stack.top().code(heap).code.kind.has_namespace();
        let mapping = module.mapping.get(heap).defined();
        let mapping = mapping.filter(|_| !in_namespace);
        let global = match mapping.map(|mapping| self.local(mapping)) {
            Some(mapping) => self.item_or_none(mapping, name)?,
            None => None,
        };
        let found = match global {
            Some(value) => Some(value),
            None => self.own_builtin(name)?,
        };
        match found {
            Some(value) => {
                self.finish(mark, i.a, value);
                Ok(())
            }
            None => Err(self.name_error(self.get_gc(name))),
        }
    }

    /// What the builtins of the running code have under a name.
    pub(in crate::vm) fn own_builtin(&mut self, name: Local) -> Result<Option<Local>, Raised> {
        let heap = &self.heap;
        let module = self.exec.stack.top().code(heap).module(heap);
        let own = module.builtins.get(heap);
        if own.is_undef() || own.is_gc::<Dict>() {
            let dict = own.as_gc().unwrap_or_else(|| self.builtins().dict(heap));
            let name: Gc<'_, Str> = self.get_gc(name).expect("names are strings");
            return Ok(dict.get_str(heap, name).map(|value| self.local(value)));
        }
        let own = self.local(own);
        self.item_or_none(own, name)
    }

    /// `mapping[name]`; None where that is a KeyError.
    fn item_or_none(&mut self, mapping: Local, name: Local) -> Result<Option<Local>, Raised> {
        match self.get_item(mapping, name) {
            Ok(value) => Ok(Some(value)),
            Err(raised) => self.take_if(raised, Builtin::KeyError).map(|()| None),
        }
    }

    /// `SetGlobal` of a name that is unbound.
    #[cold]
    pub(super) fn bind_global(&self, i: Instr) {
        let heap = &self.heap;
        let module = self.exec.stack.top().code(heap).module(heap);
        module.bind_at(heap, i.d as usize, self.reg(i.a));
    }

    /// `SetupAnnotations`: `exec` may run a module's code in globals that have annotations already.
    #[cold]
    pub(super) fn setup_annotations(&self, i: Instr) {
        let heap = &self.heap;
        let module = self.exec.stack.top().code(heap).module(heap);
        if !module.globals.is_bound(heap, i.d as usize) {
            module.bind_at(heap, i.d as usize, heap.dict().value());
        }
    }

    /// Where the name that instruction `i` reads is an argument of a fused method call, the method is looked up first, as the
    /// order of evaluation wants: its error goes before that of the name.
    #[cold]
    fn look_up_pending_method(&mut self, i: Instr) -> Result<(), Raised> {
        let heap = &self.heap;
        let frame = self.exec.stack.top();
        let code = frame.code(heap);
        let next = frame.index(heap) as usize;
        let mut loaded = vec![i];
        for &later in code.code.instrs.iter().skip(next) {
            match later.op {
                Op::LoadInt | Op::LoadImm | Op::LoadConst | Op::Move | Op::CheckLocal => {}
                Op::GetGlobal | Op::GetCell | Op::GetFree | Op::SpillGet => {}
                Op::CallMethod => {
                    let receiver = later.a + 1;
                    let defines = |i: &Instr| i.op != Op::CheckLocal && i.a == receiver;
                    if loaded.iter().any(defines) {
                        return Ok(());
                    }
                    let mark = self.mark();
                    let name = self.local(self.cache_name(later).value());
                    let receiver = self.reg_local(receiver);
                    self.get_attr(receiver, name)?;
                    self.release(mark);
                    return Ok(());
                }
                _ => return Ok(()),
            }
            loaded.push(later);
        }
        Ok(())
    }

    fn name_error(&self, name: Option<Gc<'_, Str>>) -> Raised {
        let text = name.map_or("?", |name| name.as_str());
        let raised = self
            .heap
            .raise(Builtin::NameError, format!("name '{text}' is not defined"));
        let heap = &self.heap;
        let attrs = heap.peek_raised(&raised).fields(heap);
        attrs.set_str(heap, heap.intern("name"), heap.str_value(text));
        // For the search of names that may be meant, if anybody ever shows the exception.
        let module = self.get(self.running_module());
        attrs.set_str(heap, heap.intern(MODULE_OF), module);
        raised
    }

    pub(in crate::vm) fn del_global(&mut self, i: Instr) -> Result<(), Raised> {
        let heap = &self.heap;
        let module = self.exec.stack.top().code(heap).module(heap);
        let name = module.globals.name(heap, i.d as usize);
        match name {
            Some(name) if module.unbind(heap, name) => Ok(()),
            _ => Err(self.name_error(name)),
        }
    }

    /// `GetCell` or `CheckLocal` found nothing.
    #[cold]
    pub(in crate::vm) fn unbound_local(&mut self, i: Instr) -> Result<(), Raised> {
        debug_assert!(matches!(i.op, Op::GetCell | Op::CheckLocal));
        self.look_up_pending_method(i)?;
        let name = self.name_operand(i).as_str();
        let message = format!(
            "cannot access local variable '{name}' where it is not associated with a value"
        );
        Err(self.heap.raise(Builtin::UnboundLocalError, message))
    }

    /// `GetFree` found nothing.
    #[cold]
    pub(in crate::vm) fn unbound_free(&mut self, i: Instr) -> Result<(), Raised> {
        self.look_up_pending_method(i)?;
        let name = self.name_operand(i).as_str();
        let message = format!(
            "cannot access free variable '{name}' where it is not associated with a value in enclosing scope"
        );
        Err(self.heap.raise(Builtin::NameError, message))
    }

    /// `R[a] := R[b][K[d]]` in a class namespace, Undef if missing.
    pub(in crate::vm) fn get_name(&mut self, i: Instr) -> Result<(), Raised> {
        let name = self.name_operand(i);
        if let Some(dict) = self.reg(i.b).as_gc::<Dict>() {
            self.set_reg(i.a, dict.get_str(&self.heap, name).unwrap_or(Value::UNDEF));
            return Ok(());
        }
        let mark = self.mark();
        let (namespace, name) = (self.reg_local(i.b), self.local(name.value()));
        match self.get_item(namespace, name) {
            Ok(value) => {
                self.finish(mark, i.a, value);
                Ok(())
            }
            Err(raised) if self.is_raised(&raised, Builtin::KeyError) => {
                self.heap.take_raised(raised);
                self.set_reg(i.a, Value::UNDEF);
                self.release(mark);
                Ok(())
            }
            Err(raised) => Err(raised),
        }
    }

    pub(in crate::vm) fn set_name(&mut self, i: Instr) -> Result<(), Raised> {
        let name = self.name_operand(i);
        if let Some(dict) = self.reg(i.b).as_gc::<Dict>() {
            dict.set_str(&self.heap, name, self.reg(i.a));
            return Ok(());
        }
        let mark = self.mark();
        let (namespace, name, value) = (
            self.reg_local(i.b),
            self.local(name.value()),
            self.reg_local(i.a),
        );
        self.set_item(namespace, name, value)?;
        self.release(mark);
        Ok(())
    }

    pub(in crate::vm) fn del_name(&mut self, i: Instr) -> Result<(), Raised> {
        let name = self.name_operand(i);
        if let Some(dict) = self.reg(i.b).as_gc::<Dict>() {
            return match dict.remove_str(&self.heap, name) {
                true => Ok(()),
                false => Err(self.name_error(Some(name))),
            };
        }
        let mark = self.mark();
        let (namespace, key) = (self.reg_local(i.b), self.local(name.value()));
        if let Err(raised) = self.del_item(namespace, key) {
            self.take_if(raised, Builtin::KeyError)?;
            return Err(self.name_error(self.get_gc(key)));
        }
        self.release(mark);
        Ok(())
    }
}
