//! Instructions with an operator: `a + b`, `a + 1`, `a += b`, `-a`.
//!
//! What the loop's fast path does not do comes here: numbers and texts at once, then a special method of the program by pushing
//! its frame, then the general path in `protocol/arith.rs`.

use crate::bytecode::{Instr, Op};
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::str::Str;
use crate::runtime::{Raised, Value};
use crate::vm::exec::special_call::Asked;
use crate::vm::protocol::arith::{Operator, leaf};
use crate::vm::protocol::number::{self, Unary};
use crate::vm::{Local, Mark, Vm};

impl Vm {
    /// `R[a] := R[b] op R[c]`; d is 1 for the augmented form.
    pub(in crate::vm) fn binary_op(&mut self, op: Operator, i: Instr) -> Result<(), Raised> {
        let (a, b) = (self.reg(i.b), self.reg(i.c));
        if (i.d == 0 || !is_mutable(a))
            && let Some(value) = leaf(&self.heap, op, a, b)
        {
            return match value {
                Ok(value) => {
                    self.set_reg(i.a, value);
                    Ok(())
                }
                Err(raised) => {
                    let mark = self.mark();
                    let (a, b) = (self.reg_local(i.b), self.reg_local(i.c));
                    self.operator_again(raised, op, mark, i.a, a, b)
                }
            };
        }
        // A template: the right side has a say only if its class extends str.
        if op == Operator::Mod && a.is_gc::<Str>() && !b.is_gc::<Instance>() {
            let mark = self.mark();
            let filled = self.percent_format(self.local(a), self.local(b))?;
            self.finish(mark, i.a, filled);
            return Ok(());
        }
        if self.ask_operator(op, i, i.d == 1)? == Asked::Yes {
            return Ok(());
        }
        let mark = self.mark();
        let (a, b) = (self.reg_local(i.b), self.reg_local(i.c));
        self.operator_op(op, i.d == 1, mark, i.a, a, b)
    }

    /// `R[a] := R[b] op d`; c is 1 for the augmented form.
    pub(in crate::vm) fn immediate_op(&mut self, op: Operator, i: Instr) -> Result<(), Raised> {
        let (a, b) = (self.reg(i.b), Value::small_int(i64::from(i.d)));
        if (i.c == 0 || !is_mutable(a))
            && let Some(value) = leaf(&self.heap, op, a, b)
        {
            return match value {
                Ok(value) => {
                    self.set_reg(i.a, value);
                    Ok(())
                }
                Err(raised) => {
                    let mark = self.mark();
                    let b = Value::small_int(i64::from(i.d));
                    let (a, b) = (self.reg_local(i.b), self.local(b));
                    self.operator_again(raised, op, mark, i.a, a, b)
                }
            };
        }
        if self.ask_operator(op, i, i.c == 1)? == Asked::Yes {
            return Ok(());
        }
        let mark = self.mark();
        let b = Value::small_int(i64::from(i.d));
        let (a, b) = (self.reg_local(i.b), self.local(b));
        self.operator_op(op, i.c == 1, mark, i.a, a, b)
    }

    /// An operator on builtin values has failed, or stopped for a signal.
    #[cold]
    #[inline(never)]
    fn operator_again(
        &mut self,
        raised: Raised,
        op: Operator,
        mark: Mark,
        reg: u8,
        a: Local,
        b: Local,
    ) -> Result<(), Raised> {
        let result = self.binary_again(raised, op, a, b);
        self.conclude(mark, reg, result)
    }

    #[cold]
    #[inline(never)]
    fn operator_op(
        &mut self,
        op: Operator,
        augmented: bool,
        mark: Mark,
        reg: u8,
        a: Local,
        b: Local,
    ) -> Result<(), Raised> {
        let result = if augmented {
            self.inplace(op, a, b)
        } else {
            self.binary_slow(op, a, b)
        };
        self.conclude(mark, reg, result)
    }

    /// `R[a] := op R[b]`
    pub(in crate::vm) fn unary_op(&mut self, i: Instr) -> Result<(), Raised> {
        let op = match i.op {
            Op::Neg => Unary::Neg,
            Op::Pos => Unary::Pos,
            _ => Unary::Invert,
        };
        if let Some(value) = number::unary(&self.heap, op, self.reg(i.b)) {
            self.set_reg(i.a, value);
            return Ok(());
        }
        if self.ask_special(op.method(), i.b, &[])? == Asked::Yes {
            return Ok(());
        }
        let mark = self.mark();
        let operand = self.reg_local(i.b);
        let result = self.unary(op, operand);
        self.conclude(mark, i.a, result)
    }

    /// Ends an instruction that may have failed: either way the locals since `mark` are dropped.
    pub(in crate::vm) fn conclude(
        &mut self,
        mark: Mark,
        reg: u8,
        result: Result<Local, Raised>,
    ) -> Result<(), Raised> {
        match result {
            Ok(value) => {
                self.finish(mark, reg, value);
                Ok(())
            }
            Err(raised) => {
                self.release(mark);
                Err(raised)
            }
        }
    }
}

/// Whether augmented assignment changes the object itself.
#[inline]
fn is_mutable(value: Value<'_>) -> bool {
    value.as_object().is_some_and(|o| {
        matches!(
            o.kind(),
            Kind::List | Kind::ByteArray | Kind::Set | Kind::Dict
        )
    })
}
