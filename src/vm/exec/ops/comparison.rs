//! Instructions that compare, test for truth or for membership, and the jumps that depend on it.
//!
//! Builtin values are answered at once; for a method of the program its frame is pushed; the rest takes the general path of
//! `protocol/compare.rs` and `protocol/contains.rs`.

use crate::bytecode::Instr;
use crate::runtime::intern::Sym;
use crate::runtime::{Raised, Value};
use crate::vm::Vm;
use crate::vm::exec::special_call::Asked;
use crate::vm::protocol::compare::{Comparison, leaf, leaf_truth};

impl Vm {
    /// `R[a] := R[b] c R[c]`
    pub(in crate::vm) fn compare_op(&mut self, c: Comparison, i: Instr) -> Result<(), Raised> {
        if let Some(outcome) = leaf(&self.heap, c, self.reg(i.b), self.reg(i.c)) {
            self.set_reg(i.a, Value::bool(outcome));
            return Ok(());
        }
        if self.ask_comparison(c, i)? == Asked::Yes {
            return Ok(());
        }
        let mark = self.mark();
        let (a, b) = (self.reg_local(i.b), self.reg_local(i.c));
        let result = self.compare_slow(c, a, b);
        self.conclude(mark, i.a, result)
    }

    /// `if (R[a] c R[b]) == c: ip += d`
    pub(in crate::vm) fn jump_compare(&mut self, c: Comparison, i: Instr) -> Result<(), Raised> {
        let outcome = match leaf(&self.heap, c, self.reg(i.a), self.reg(i.b)) {
            Some(outcome) => outcome,
            None if self.ask_comparison(c, i)? == Asked::Yes => return Ok(()),
            None => self.scoped(|vm| {
                let (a, b) = (vm.reg_local(i.a), vm.reg_local(i.b));
                vm.compare_truth(c, a, b)
            })?,
        };
        self.jump_if(outcome == (i.c != 0), i)
    }

    /// `if (R[a] c b) == c: ip += d`
    pub(in crate::vm) fn jump_compare_imm(
        &mut self,
        c: Comparison,
        i: Instr,
    ) -> Result<(), Raised> {
        let number = Value::small_int(i64::from(i.b as i8));
        let outcome = match leaf(&self.heap, c, self.reg(i.a), number) {
            Some(outcome) => outcome,
            None if self.ask_comparison(c, i)? == Asked::Yes => return Ok(()),
            None => self.scoped(|vm| {
                let (a, b) = (vm.reg_local(i.a), vm.local(number));
                vm.compare_truth(c, a, b)
            })?,
        };
        self.jump_if(outcome == (i.c != 0), i)
    }

    /// `R[a] := not R[b]`
    pub(in crate::vm) fn not_op(&mut self, i: Instr) -> Result<(), Raised> {
        if leaf_truth(&self.heap, self.reg(i.b)).is_none()
            && self.ask_special(Sym::Bool, i.b, &[])? == Asked::Yes
        {
            return Ok(());
        }
        let truth = self.reg_truth(i.b)?;
        self.set_reg(i.a, Value::bool(!truth));
        Ok(())
    }

    /// `if bool(R[a]) == sense: ip += d`
    pub(in crate::vm) fn jump_truth(&mut self, i: Instr, sense: bool) -> Result<(), Raised> {
        if leaf_truth(&self.heap, self.reg(i.a)).is_none()
            && self.ask_special(Sym::Bool, i.a, &[])? == Asked::Yes
        {
            return Ok(());
        }
        let truth = self.reg_truth(i.a)?;
        self.jump_if(truth == sense, i)
    }

    fn reg_truth(&mut self, reg: u8) -> Result<bool, Raised> {
        match leaf_truth(&self.heap, self.reg(reg)) {
            Some(truth) => Ok(truth),
            None => self.scoped(|vm| {
                let operand = vm.reg_local(reg);
                vm.truth_slow(operand)
            }),
        }
    }

    /// Runs a part of an instruction and drops the locals that it made, also when it fails.
    pub(in crate::vm) fn scoped<T>(
        &mut self,
        body: impl FnOnce(&mut Vm) -> Result<T, Raised>,
    ) -> Result<T, Raised> {
        let mark = self.mark();
        let result = body(self);
        self.release(mark);
        result
    }

    /// Jumps by `d` if the condition holds; backwards with a safepoint.
    pub(in crate::vm) fn jump_if(&mut self, condition: bool, i: Instr) -> Result<(), Raised> {
        if !condition {
            return Ok(());
        }
        self.exec.stack.top_mut().ip.jump(i.d);
        if i.d >= 0 {
            return Ok(());
        }
        self.safepoint()
    }

    /// `R[a] := (R[b] in R[c]) != (d == 1)`
    pub(in crate::vm) fn in_op(&mut self, i: Instr) -> Result<(), Raised> {
        let found = self.reg_contains(i.c, i.b)?;
        self.set_reg(i.a, Value::bool(found != (i.d == 1)));
        Ok(())
    }

    /// `if (R[a] in R[b]) == c: ip += d`
    pub(in crate::vm) fn jump_in(&mut self, i: Instr) -> Result<(), Raised> {
        let found = self.reg_contains(i.b, i.a)?;
        self.jump_if(found == (i.c != 0), i)
    }

    /// Membership where the loop has asked `leaf_contains` already.
    fn reg_contains(&mut self, container: u8, item: u8) -> Result<bool, Raised> {
        self.scoped(|vm| {
            let (container, item) = (vm.reg_local(container), vm.reg_local(item));
            vm.contains_slow(container, item)
        })
    }
}
