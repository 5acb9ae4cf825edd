//! Instructions on items, lengths and deleted attributes, and the one that shows a value at the prompt.
//!
//! The general paths are in `protocol/subscript.rs`, `protocol/attribute_assign.rs` and `protocol/text`.

use crate::bytecode::Instr;
use crate::runtime::intern::Sym;
use crate::runtime::{Builtin, Raised, Value};
use crate::vm::exec::special_call::Asked;
use crate::vm::protocol::slice_assign::assign_leaf;
use crate::vm::protocol::subscript::{leaf_item, leaf_slice};
use crate::vm::{Local, Vm};

impl Vm {
    /// `R[a] := R[b][R[c]]`
    pub(in crate::vm) fn get_item_op(&mut self, i: Instr) -> Result<(), Raised> {
        if let Some(item) = leaf_item(&self.heap, self.reg(i.b), self.reg(i.c)) {
            self.set_reg(i.a, item?);
            return Ok(());
        }
        if self.ask_special(Sym::GetItem, i.b, &[i.c])? == Asked::Yes {
            return Ok(());
        }
        let mark = self.mark();
        let (object, key) = (self.reg_local(i.b), self.reg_local(i.c));
        let result = self.get_item_slow(object, key);
        self.conclude(mark, i.a, result)
    }

    /// `R[a][R[b]] := R[c]`
    pub(in crate::vm) fn set_item_op(&mut self, i: Instr) -> Result<(), Raised> {
        if self.ask_special(Sym::SetItem, i.a, &[i.b, i.c])? == Asked::Yes {
            return Ok(());
        }
        self.scoped(|vm| {
            let (object, key, value) = (vm.reg_local(i.a), vm.reg_local(i.b), vm.reg_local(i.c));
            vm.set_item(object, key, value)
        })
    }

    /// `R[a] := R[c][R[b]:R[b+1]:R[b+2]]`: a slice object is made only where the program could see it.
    pub(in crate::vm) fn get_slice_op(&mut self, i: Instr) -> Result<(), Raised> {
        let bounds = self.exec.stack.top().window.slots(i.b as usize, 3);
        if let Some(part) = leaf_slice(&self.heap, self.reg(i.c), bounds) {
            self.set_reg(i.a, part?);
            return Ok(());
        }
        self.build_slice(Instr { a: i.b, ..i })?;
        self.get_item_op(Instr {
            b: i.c,
            c: i.b,
            ..i
        })
    }

    /// `R[a][R[b]:R[b+1]:R[b+2]] := R[c]`, likewise.
    pub(in crate::vm) fn set_slice_op(&mut self, i: Instr) -> Result<(), Raised> {
        let bounds = self.exec.stack.top().window.slots(i.b as usize, 3);
        if let Some(done) = assign_leaf(&self.heap, self.reg(i.a), bounds, self.reg(i.c)) {
            return done;
        }
        self.build_slice(Instr { a: i.b, ..i })?;
        self.set_item_op(i)
    }

    /// `delete R[a][R[b]]`
    pub(in crate::vm) fn del_item_op(&mut self, i: Instr) -> Result<(), Raised> {
        self.scoped(|vm| {
            let (object, key) = (vm.reg_local(i.a), vm.reg_local(i.b));
            vm.del_item(object, key)
        })
    }

    /// `R[a] := len(R[b])`
    pub(in crate::vm) fn get_len_op(&mut self, i: Instr) -> Result<(), Raised> {
        let len = self.scoped(|vm| {
            let object = vm.reg_local(i.b);
            vm.len(object)
        })?;
        self.set_reg(i.a, self.heap.usize(len));
        Ok(())
    }

    /// `del R[a].name`
    pub(in crate::vm) fn del_attr_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let (object, name) = (
            self.reg_local(i.a),
            self.local(self.name_operand(i).value()),
        );
        self.del_attr(object, name)?;
        self.release(mark);
        Ok(())
    }

    /// Shows `R[a]` as the REPL does, and binds `_`, unless it is None.
    pub(in crate::vm) fn display_op(&mut self, i: Instr) -> Result<(), Raised> {
        if self.reg(i.a).is_none() {
            return Ok(());
        }
        let mark = self.mark();
        let value = self.reg_local(i.a);
        let line = match self.hooks.display.clone() {
            Some(display) => display(self, value)?,
            // A program that imports `sys` may have changed the hook or the stream.
            None if self.loaded_module("sys").is_some() => {
                self.call_displayhook(value)?;
                self.release(mark);
                return Ok(());
            }
            None => self.repr_text(value)? + "\n",
        };
        if let Err(error) = self.print(&line) {
            return Err(self.heap.raise(Builtin::OSError, error.to_string()));
        }
        self.bind_underscore(self.get(value));
        self.release(mark);
        Ok(())
    }

    fn call_displayhook(&mut self, value: Local) -> Result<(), Raised> {
        let sys = self.import_module("sys")?;
        let Some(hook) = self.find_attr(sys, "displayhook")? else {
            let message = "lost sys.displayhook";
            return Err(self.heap.raise(Builtin::RuntimeError, message));
        };
        self.call(hook, &[value])?;
        Ok(())
    }

    /// Binds the builtin `_`.
    fn bind_underscore<'h>(&'h self, value: Value<'h>) {
        let name = self.heap.sym(Sym::Underscore);
        self.builtins().bind(&self.heap, name, value);
    }
}
