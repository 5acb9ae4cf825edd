//! Instructions that iterate: `iter`, the step of a `for` loop, `aiter`.
//!
//! Builtin iterators take their step without a call; for `__next__` of the program its frame is pushed. The general paths are in
//! `protocol/iterate`.

use crate::bytecode::Instr;
use crate::runtime::Raised;
use crate::runtime::intern::Sym;
use crate::runtime::iter::Iter;
use crate::vm::Vm;
use crate::vm::exec::special_call::Asked;
use crate::vm::exec::trap::Trap;
use crate::vm::protocol::iterate::{Advance, NativeNext, leaf_next};

impl Vm {
    /// `R[a] := iter(R[b])`
    pub(in crate::vm) fn get_iter_op(&mut self, i: Instr) -> Result<(), Raised> {
        if let Some(iter) = self.builtin_iter(self.reg(i.b)) {
            self.set_reg(i.a, iter);
            return Ok(());
        }
        if self.ask_special(Sym::Iter, i.b, &[])? == Asked::Yes {
            return Ok(());
        }
        let mark = self.mark();
        let iter = self.iter(self.reg_local(i.b))?;
        self.finish(mark, i.a, iter);
        Ok(())
    }

    /// If `R[a]` has a next item: `R[b] :=` it and jump by `d`; a safepoint.
    pub(in crate::vm) fn for_iter_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        self.for_iter(i)?;
        self.safepoint().map(|()| None)
    }

    fn for_iter(&mut self, i: Instr) -> Result<(), Raised> {
        let value = self.reg(i.a);
        let step = value
            .as_gc::<Iter>()
            .map(|walker| leaf_next(&self.heap, walker))
            .transpose()?;
        match step {
            Some(Advance::Item(item)) => self.set_reg(i.b, item),
            Some(Advance::End) => return Ok(()),
            Some(Advance::Program) | None => {
                let native = self.native_next(self.reg(i.a));
                if let Some(NativeNext::Quick(quick)) = native
                    && self.take_quickly(quick, self.reg(i.a), |item| self.set_reg(i.b, item))
                {
                    self.exec.stack.top_mut().ip.jump(i.d);
                    return Ok(());
                }
                if native.is_none() && self.ask_special(Sym::Next, i.a, &[])? == Asked::Yes {
                    return Ok(());
                }
                let mark = self.mark();
                let (iter, item) = (self.reg_local(i.a), self.none());
                let more = match native {
                    Some(NativeNext::Step(step)) => self.take_step(step, iter, item)?,
                    _ => self.next(iter, item)?,
                };
                if !more {
                    self.release(mark);
                    return Ok(());
                }
                self.finish(mark, i.b, item);
            }
        }
        self.exec.stack.top_mut().ip.jump(i.d);
        Ok(())
    }

    /// `R[a] := aiter(R[b])` for `async for`.
    pub(in crate::vm) fn get_aiter_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let source = self.reg_local(i.b);
        let Some(iter) = self.call_special(source, Sym::AIter, &[])? else {
            let name = self.heap.type_name(self.get(source));
            let message =
                format!("'async for' requires an object with __aiter__ method, got {name}");
            return Err(self.heap.type_error(message));
        };
        if self.special(self.get(iter), Sym::ANext).is_none() {
            let name = self.heap.type_name(self.get(iter));
            let message = format!(
                "'async for' received an object from __aiter__ that does not implement __anext__: {name}"
            );
            return Err(self.heap.type_error(message));
        }
        self.finish(mark, i.a, iter);
        Ok(())
    }
}
