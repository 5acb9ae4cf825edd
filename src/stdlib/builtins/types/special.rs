//! Special methods that only lead to the VM: the same for each builtin type, so that `list.__eq__` can be called by name and
//! subclasses find what they extend.
//!
//! `Special::<List>::EQ` is the `__eq__` of the type whose objects are `List`s. Operations ask the VM for what the builtin types do
//! themselves (`builtin_*`), never for the operator, which would find the program's methods again.
//! To add one: a constant here, a name in the tables of the types that have it.

use std::marker::PhantomData;

use crate::runtime::heap::Object;
use crate::runtime::{Raised, Value};
use crate::stdlib::receiver::{or_not_implemented, this_of};
use crate::vm::protocol::arith::Operator;
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Local, Locals, Native, Vm};

/// The special methods of the type whose objects are `T`s.
pub struct Special<T>(PhantomData<T>);

// Comparison and hash.
impl<T: Object> Special<T> {
    /// `__eq__`
    pub const EQ: Native = Native::vm(
        "__eq__(self, value, /)",
        "Return self==value.",
        |vm, args| compare::<T>(vm, args, Comparison::Eq),
    );
    /// `__ne__`
    pub const NE: Native = Native::vm(
        "__ne__(self, value, /)",
        "Return self!=value.",
        |vm, args| compare::<T>(vm, args, Comparison::Ne),
    );
    /// `__lt__`
    pub const LT: Native = Native::vm(
        "__lt__(self, value, /)",
        "Return self<value.",
        |vm, args| compare::<T>(vm, args, Comparison::Lt),
    );
    /// `__le__`
    pub const LE: Native = Native::vm(
        "__le__(self, value, /)",
        "Return self<=value.",
        |vm, args| compare::<T>(vm, args, Comparison::Le),
    );
    /// `__gt__`
    pub const GT: Native = Native::vm(
        "__gt__(self, value, /)",
        "Return self>value.",
        |vm, args| compare::<T>(vm, args, Comparison::Gt),
    );
    /// `__ge__`
    pub const GE: Native = Native::vm(
        "__ge__(self, value, /)",
        "Return self>=value.",
        |vm, args| compare::<T>(vm, args, Comparison::Ge),
    );
    /// `__hash__`
    pub const HASH: Native = Native::vm(
        "__hash__(self, /) -> int",
        "Return hash(self).",
        |vm, args| {
            this_of::<T>(vm, args)?;
            let hash = vm.hash(args.at(0))?;
            Ok(vm.local(vm.heap.int(hash as i64)))
        },
    );
}

fn compare<T: Object>(vm: &mut Vm, args: Locals, comparison: Comparison) -> Result<Local, Raised> {
    this_of::<T>(vm, args)?;
    let result = vm.builtin_compare(comparison, args.at(0), args.at(1))?;
    Ok(or_not_implemented(vm, result))
}

// Operators.
impl<T: Object> Special<T> {
    /// `__add__`
    pub const ADD: Native = Native::vm(
        "__add__(self, value, /)",
        "Return self+value.",
        |vm, args| {
            this_of::<T>(vm, args)?;
            match vm.builtin_binary(Operator::Add, args.at(0), args.at(1))? {
                Some(result) => Ok(result),
                None => Err(vm.concat_error(args.at(0), args.at(1))),
            }
        },
    );
    /// `__mul__`
    pub const MUL: Native = Native::vm(
        "__mul__(self, value, /)",
        "Return self*value.",
        |vm, args| repeat::<T>(vm, args),
    );
    /// `__rmul__`
    pub const RMUL: Native = Native::vm(
        "__rmul__(self, value, /)",
        "Return value*self.",
        |vm, args| repeat::<T>(vm, args),
    );
    /// `__and__`
    pub const AND: Native = Native::vm(
        "__and__(self, value, /)",
        "Return self&value.",
        |vm, args| binary::<T>(vm, args, Operator::BitAnd),
    );
    /// `__or__`
    pub const OR: Native = Native::vm(
        "__or__(self, value, /)",
        "Return self|value.",
        |vm, args| binary::<T>(vm, args, Operator::BitOr),
    );
    /// `__sub__`
    pub const SUB: Native = Native::vm(
        "__sub__(self, value, /)",
        "Return self-value.",
        |vm, args| binary::<T>(vm, args, Operator::Sub),
    );
    /// `__xor__`
    pub const XOR: Native = Native::vm(
        "__xor__(self, value, /)",
        "Return self^value.",
        |vm, args| binary::<T>(vm, args, Operator::BitXor),
    );
    /// `__rand__`
    pub const RAND: Native = Native::vm(
        "__rand__(self, value, /)",
        "Return value&self.",
        |vm, args| reflected::<T>(vm, args, Operator::BitAnd),
    );
    /// `__ror__`
    pub const ROR: Native = Native::vm(
        "__ror__(self, value, /)",
        "Return value|self.",
        |vm, args| reflected::<T>(vm, args, Operator::BitOr),
    );
    /// `__rsub__`
    pub const RSUB: Native = Native::vm(
        "__rsub__(self, value, /)",
        "Return value-self.",
        |vm, args| reflected::<T>(vm, args, Operator::Sub),
    );
    /// `__rxor__`
    pub const RXOR: Native = Native::vm(
        "__rxor__(self, value, /)",
        "Return value^self.",
        |vm, args| reflected::<T>(vm, args, Operator::BitXor),
    );
}

fn repeat<T: Object>(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    this_of::<T>(vm, args)?;
    let times = vm.index_value(args.at(1))?;
    let result = vm.builtin_binary(Operator::Mul, args.at(0), times)?;
    Ok(or_not_implemented(vm, result))
}

fn binary<T: Object>(vm: &mut Vm, args: Locals, operator: Operator) -> Result<Local, Raised> {
    this_of::<T>(vm, args)?;
    let mut result = vm.builtin_binary(operator, args.at(0), args.at(1))?;
    if result.is_none() && operator == Operator::Mul {
        result = vm.repeat_by_method(args.at(0), args.at(1))?;
    }
    Ok(or_not_implemented(vm, result))
}

fn reflected<T: Object>(vm: &mut Vm, args: Locals, operator: Operator) -> Result<Local, Raised> {
    this_of::<T>(vm, args)?;
    let result = vm.builtin_binary(operator, args.at(1), args.at(0))?;
    Ok(or_not_implemented(vm, result))
}

// Containers.
impl<T: Object> Special<T> {
    /// `__len__`
    pub const LEN: Native = Native::vm(
        "__len__(self, /) -> int",
        "Return len(self).",
        |vm, args| {
            this_of::<T>(vm, args)?;
            let len = vm.len(args.at(0))?;
            Ok(vm.local(vm.heap.usize(len)))
        },
    );
    /// `__iter__`
    pub const ITER: Native =
        Native::vm("__iter__(self, /)", "Implement iter(self).", |vm, args| {
            this_of::<T>(vm, args)?;
            vm.iter(args.at(0))
        });
    /// `__contains__`
    pub const CONTAINS: Native = Native::vm(
        "__contains__(self, key, /) -> bool",
        "Return bool(key in self).",
        |vm, args| {
            this_of::<T>(vm, args)?;
            let found = vm.builtin_contains(args.at(0), args.at(1))?;
            Ok(vm.local(Value::bool(found)))
        },
    );
    /// `__getitem__`
    pub const GETITEM: Native = Native::vm(
        "__getitem__(self, key, /)",
        "Return self[key].",
        |vm, args| {
            this_of::<T>(vm, args)?;
            let item = vm.builtin_get_item(args.at(0), args.at(1))?;
            Ok(or_not_implemented(vm, item))
        },
    );
    /// `__setitem__`
    pub const SETITEM: Native = Native::vm(
        "__setitem__(self, key, value, /) -> None",
        "Set self[key] to value.",
        |vm, args| {
            this_of::<T>(vm, args)?;
            vm.builtin_set_item(args.at(0), args.at(1), args.at(2))?;
            Ok(vm.none())
        },
    );
    /// `__delitem__`
    pub const DELITEM: Native = Native::vm(
        "__delitem__(self, key, /) -> None",
        "Delete self[key].",
        |vm, args| {
            this_of::<T>(vm, args)?;
            vm.builtin_del_item(args.at(0), args.at(1))?;
            Ok(vm.none())
        },
    );
    /// `__repr__`
    pub const REPR: Native = Native::vm(
        "__repr__(self, /) -> str",
        "Return repr(self).",
        |vm, args| vm.builtin_repr(args.at(0)),
    )
    .on_instance();
}
