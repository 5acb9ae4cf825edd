//! Type parameters and type aliases (PEP 695): plain instances of their builtin classes.
//!
//! What is evaluated late (a bound, an alias's value) is kept as the function `EVALUATE`; the getters in
//! `stdlib/builtins/types/generic.rs` call it when someone asks.

use super::Vm;
use crate::bytecode::Instr;
use crate::runtime::{Builtin, Raised, Value};

/// The attribute with the function that computes the bound or value. No program can spell it.
pub const EVALUATE: &str = ".evaluate";

impl Vm {
    /// `R[a] :=` type parameter `K[d]`, its bound the function `R[b]` or Undef.
    pub(super) fn type_param_op(&mut self, i: Instr) -> Result<(), Raised> {
        let heap = &self.heap;
        let class = match i.c {
            0 => Builtin::TypeVar,
            1 => Builtin::TypeVarTuple,
            _ => Builtin::ParamSpec,
        };
        let param = heap.instance(heap.types.class(heap, class));
        param.set_attr(heap, heap.intern("__name__"), self.name_operand(i).value());
        if let Some(bound) = self.reg(i.b).defined() {
            param.set_attr(heap, heap.intern(EVALUATE), bound);
        }
        for variance in ["__covariant__", "__contravariant__"] {
            param.set_attr(heap, heap.intern(variance), Value::FALSE);
        }
        param.set_attr(heap, heap.intern("__infer_variance__"), Value::TRUE);
        self.set_reg(i.a, param.value());
        Ok(())
    }

    /// `R[a] :=` type alias `K[d]` with parameters `R[b]`, its value the function `R[c]`.
    pub(super) fn type_alias_op(&mut self, i: Instr) -> Result<(), Raised> {
        let heap = &self.heap;
        let alias = heap.instance(heap.types.class(heap, Builtin::TypeAliasType));
        alias.set_attr(heap, heap.intern("__name__"), self.name_operand(i).value());
        alias.set_attr(heap, heap.intern("__type_params__"), self.reg(i.b));
        alias.set_attr(heap, heap.intern(EVALUATE), self.reg(i.c));
        self.set_reg(i.a, alias.value());
        Ok(())
    }
}
