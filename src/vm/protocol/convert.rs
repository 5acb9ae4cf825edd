//! Conversions that operators and natives need of their operands: to an index, to an integer of any size, to a float.
//!
//! Each accepts the builtin numbers at once, then asks the special method (`__index__`, `__float__`), and words its
//! TypeError as CPython does.

use crate::runtime::builtin_eq::Number;
use crate::runtime::intern::Sym;
use crate::runtime::{Builtin, Raised};
use crate::text::IntRef;
use crate::text::num::convert::int_to_float;
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::arith::Provider;

impl Vm {
    /// The integer that stands for an index or size, by `__index__` if need be; OverflowError beyond 64 bits.
    pub fn index(&mut self, l: Local) -> Result<i64, Raised> {
        if let Some(n) = self.get(l).as_i64() {
            return Ok(n);
        }
        let value = self.index_value(l)?;
        let overflow = || {
            self.heap.raise(
                Builtin::OverflowError,
                "Python int too large to convert to C ssize_t",
            )
        };
        self.get(value).as_i64().ok_or_else(overflow)
    }

    /// The same for positions and counts: beyond 64 bits it raises `class` (IndexError, OverflowError).
    pub fn index_or(&mut self, l: Local, class: Builtin) -> Result<i64, Raised> {
        let value = self.index_value(l)?;
        let overflow = || {
            let name = self.heap.type_name(self.get(l));
            self.heap.raise(
                class,
                format!("cannot fit '{name}' into an index-sized integer"),
            )
        };
        self.get(value).as_i64().ok_or_else(overflow)
    }

    /// The same, clipped to 64 bits: for the bounds of slices.
    pub fn index_clipped(&mut self, l: Local) -> Result<i64, Raised> {
        let value = self.index_value(l)?;
        Ok(match self.get(value).as_any_int() {
            Some(IntRef::Small(n)) => n,
            Some(n) if n.is_negative() => i64::MIN,
            _ => i64::MAX,
        })
    }

    /// The integer of any size that stands for an index, by `__index__` if need be.
    pub fn index_value(&mut self, l: Local) -> Result<Local, Raised> {
        let plain = self.plain(l);
        if self.get(plain).as_any_int().is_some() {
            return Ok(plain);
        }
        if self.provider(self.get(l), Sym::Index) == Provider::Method
            && let Some(result) = self.call_special(l, Sym::Index, &[])?
        {
            if self.get(result).as_int().is_some() {
                return Ok(result);
            }
            let plain = self.plain(result);
            if let Some(n) = self.get(plain).as_any_int() {
                let n = n.to_int();
                if !self.is_exactly(result, Builtin::Int) {
                    self.warn_of_subclass(result, ("__index__", "int"))?;
                }
                return Ok(self.local(self.heap.any_int(n)));
            }
            let class = self.heap.type_name(self.get(result));
            return Err(self
                .heap
                .type_error(format!("__index__ returned non-int (type {class})")));
        }
        let class = self.heap.type_name(self.get(l));
        Err(self.heap.type_error(format!(
            "'{class}' object cannot be interpreted as an integer"
        )))
    }

    /// The float that a value stands for: a number, or by `__float__` or `__index__`.
    pub fn to_float(&mut self, l: Local) -> Result<f64, Raised> {
        let plain = self.plain(l);
        match self.get(plain).as_number() {
            Some(Number::Float(x)) => return Ok(x),
            Some(Number::Int(n)) if self.provider(self.get(l), Sym::Float) == Provider::Builtin => {
                return int_to_float(n).map_err(|e| self.heap.raise_text(e));
            }
            _ => {}
        }
        if self.provider(self.get(l), Sym::Float) == Provider::Method
            && let Some(result) = self.call_special(l, Sym::Float, &[])?
        {
            return self.float_result(l, result);
        }
        if self.provider(self.get(l), Sym::Index) == Provider::Method {
            let n = self.index_value(l)?;
            return self.to_float(n);
        }
        let class = self.heap.type_name(self.get(l));
        Err(self
            .heap
            .type_error(format!("must be real number, not {class}")))
    }

    /// What a class's own `__float__` says of an instance that extends a number: `float()` asks it, other conversions do not.
    pub fn overridden_float(&mut self, l: Local) -> Result<Option<f64>, Raised> {
        if self.provider(self.get(l), Sym::Float) != Provider::Method {
            return Ok(None);
        }
        match self.call_special(l, Sym::Float, &[])? {
            Some(result) => self.float_result(l, result).map(Some),
            None => Ok(None),
        }
    }

    fn float_result(&mut self, l: Local, result: Local) -> Result<f64, Raised> {
        let plain = self.plain(result);
        let class = self.heap.type_name(self.get(l));
        let Some(x) = self.get(plain).as_float() else {
            let found = self.heap.type_name(self.get(result));
            let message = format!("{class}.__float__ returned non-float (type {found})");
            return Err(self.heap.type_error(message));
        };
        if self.get(result).as_float().is_none() {
            let method = format!("{class}.__float__");
            self.warn_of_subclass(result, (&method, "float"))?;
        }
        Ok(x)
    }

    /// Whether the value's class is this builtin one and no subclass.
    pub fn is_exactly(&self, l: Local, class: Builtin) -> bool {
        self.heap.class_of(self.get(l)).builtin_is(class)
    }
}
