//! The special methods of str: what operators and builtin functions do, callable by name and by subclasses.
//!
//! The VM has fast paths for most of them. To add one: a `Native`, its function, a word in the table of `str/mod.rs`.

use crate::runtime::str::Str;
use crate::runtime::{Heap, Raised, Value};
use crate::stdlib::arg::{self, Out, checked, plain};
use crate::stdlib::receiver::{self, or_not_implemented, this, this_of};
use crate::text::format_spec::FormatSpec;
use crate::text::str_repr::str_repr;
use crate::vm::protocol::arith::Operator;
use crate::vm::{Args, Local, Locals, Native, Vm};

pub const REPR: Native = Native::leaf(
    "__repr__(self, /) -> str",
    "Return repr(self).",
    |heap, a| heap.try_str(&str_repr(this::<Str>(heap, a)?.as_str())),
);

pub const STR: Native = Native::leaf("__str__(self, /) -> str", "Return str(self).", |heap, a| {
    Ok(this::<Str>(heap, a)?.value())
});

pub const DUNDER_FORMAT: Native = Native::vm(
    "__format__(self, format_spec, /) -> str",
    "Return a formatted version of the string.",
    |vm, args| receiver::format(vm, args, format),
)
.on_instance();

pub const HASH: Native = Native::leaf(
    "__hash__(self, /) -> int",
    "Return hash(self).",
    |heap, a| Ok(heap.int(this::<Str>(heap, a)?.hash() as i64)),
);

pub const LEN: Native = Native::leaf("__len__(self, /) -> int", "Return len(self).", |heap, a| {
    Ok(heap.usize(this::<Str>(heap, a)?.char_len()))
});

pub const GETNEWARGS: Native = Native::leaf(
    "__getnewargs__(self, /) -> tuple",
    "Return the arguments that make an equal string.",
    |heap, a| Ok(heap.tuple(&[this::<Str>(heap, a)?.value()]).value()),
);

pub const SIZEOF: Native = Native::leaf(
    "__sizeof__(self, /) -> int",
    "Return the size of the string in memory, in bytes.",
    |heap, a| {
        let text = this::<Str>(heap, a)?;
        Ok(heap.usize(size_of::<Str>() + text.byte_len()))
    },
);

pub const ADD: Native = Native::vm(
    "__add__(self, value, /) -> str",
    "Return self+value.",
    |vm, a| {
        let (this, other) = (this_of::<Str>(vm, a)?, vm.get(a.at(1)));
        match arg::as_str(&vm.heap, other) {
            Some(other) => Ok(vm.local(vm.heap.str_concat(this, other)?.value())),
            None => {
                let found = vm.heap.type_name(other);
                Err(vm
                    .heap
                    .type_error(format!("can only concatenate str (not \"{found}\") to str")))
            }
        }
    },
);

pub const MUL: Native = Native::vm(
    "__mul__(self, value, /) -> str",
    "Return self*value.",
    repeat,
);

pub const RMUL: Native = Native::vm(
    "__rmul__(self, value, /) -> str",
    "Return value*self.",
    repeat,
);

pub const MOD: Native = Native::vm(
    "__mod__(self, value, /) -> str",
    "Return self%value.",
    |vm, a| vm.percent_format(a.at(0), a.at(1)),
);

pub const RMOD: Native = Native::vm(
    "__rmod__(self, value, /) -> str",
    "Return value%self.",
    |vm, a| {
        let template = plain(vm, a.at(1));
        if !vm.get(template).is_gc::<Str>() {
            return Ok(vm.local(Value::NOT_IMPLEMENTED));
        }
        vm.percent_format(template, a.at(0))
    },
);

fn format<'h>(heap: &'h Heap, a: Args<'h>) -> Out<'h> {
    let (text, spec) = (
        this::<Str>(heap, a)?,
        arg::text(heap, a.get(1), "__format__() argument")?,
    );
    if spec.is_empty() {
        return Ok(text.value());
    }
    let formatted =
        FormatSpec::parse(spec, "str").and_then(|spec| spec.format_str(text.as_str(), "str"));
    heap.try_str(&checked(heap, formatted)?)
}

fn repeat(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    this_of::<Str>(vm, a)?;
    let times = vm.index_value(a.at(1))?;
    let result = vm.builtin_binary(Operator::Mul, a.at(0), times)?;
    Ok(or_not_implemented(vm, result))
}
