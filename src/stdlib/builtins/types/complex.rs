//! `complex`: its table, its constructor, its methods and its operators.
//!
//! The arithmetic is in `text/num/complex.rs`. To add a method: a `Native`, its function, a word in the table.

use super::number::{Tower, binary, compare, power, reflected, reflected_power, wrong_receiver};
use crate::runtime::builtin_eq::{Number, hash_number};
use crate::runtime::class::Class;
use crate::runtime::complex::Complex;
use crate::runtime::intern::Sym;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::{self, Out, checked, given, plain, plain_value};
use crate::stdlib::receiver;
use crate::stdlib::registry::{Getter, NativeType};
use crate::text::float_repr::{complex_from_str, complex_repr};
use crate::text::format_spec::FormatSpec;
use crate::text::num::complex::complex_abs;
use crate::vm::protocol::arith::Operator;
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Args, Local, Locals, Native, Vm};

const DOC: &str = "Make a complex number from a real and an imaginary part, each 0 if it is omitted, or from a string.";

/// The tables.
pub const TYPES: &[NativeType] = &[
    NativeType {
        methods: OPERATORS,
        ..NativeType::of(Builtin::Complex, DOC)
    },
    NativeType {
        new: Some(&NEW),
        methods: &[&CONJUGATE],
        getters: &[
            Getter::leaf("real", "The real part.", |heap, a| {
                Ok(Value::float(this(heap, a)?.re))
            })
            .as_member(),
            Getter::leaf("imag", "The imaginary part.", |heap, a| {
                Ok(Value::float(this(heap, a)?.im))
            })
            .as_member(),
        ],
        ..NativeType::of(Builtin::Complex, DOC)
    },
];

/// The special methods.
#[rustfmt::skip]
const OPERATORS: &[&Native] = &[
    &Native::vm("__add__(self, value, /) -> complex", "Return self+value.", |vm, a| binary(vm, a, Tower::Complex, Operator::Add)),
    &Native::vm("__radd__(self, value, /) -> complex", "Return value+self.", |vm, a| reflected(vm, a, Tower::Complex, Operator::Add)),
    &Native::vm("__sub__(self, value, /) -> complex", "Return self-value.", |vm, a| binary(vm, a, Tower::Complex, Operator::Sub)),
    &Native::vm("__rsub__(self, value, /) -> complex", "Return value-self.", |vm, a| reflected(vm, a, Tower::Complex, Operator::Sub)),
    &Native::vm("__mul__(self, value, /) -> complex", "Return self*value.", |vm, a| binary(vm, a, Tower::Complex, Operator::Mul)),
    &Native::vm("__rmul__(self, value, /) -> complex", "Return value*self.", |vm, a| reflected(vm, a, Tower::Complex, Operator::Mul)),
    &Native::vm("__truediv__(self, value, /) -> complex", "Return self/value.", |vm, a| binary(vm, a, Tower::Complex, Operator::Div)),
    &Native::vm("__rtruediv__(self, value, /) -> complex", "Return value/self.", |vm, a| reflected(vm, a, Tower::Complex, Operator::Div)),
    &Native::vm("__pow__(self, value, mod=None, /) -> complex", "Return pow(self, value, mod).", |vm, a| power(vm, a, Tower::Complex)),
    &Native::vm("__rpow__(self, value, mod=None, /) -> complex", "Return pow(value, self, mod).", |vm, a| reflected_power(vm, a, Tower::Complex)),
    &Native::vm("__eq__(self, value, /) -> bool", "Return self==value.", |vm, a| compare(vm, a, Tower::Complex, Comparison::Eq)),
    &Native::vm("__ne__(self, value, /) -> bool", "Return self!=value.", |vm, a| compare(vm, a, Tower::Complex, Comparison::Ne)),
    &Native::leaf("__lt__(self, value, /)", "Return self<value.", not_ordered),
    &Native::leaf("__le__(self, value, /)", "Return self<=value.", not_ordered),
    &Native::leaf("__gt__(self, value, /)", "Return self>value.", not_ordered),
    &Native::leaf("__ge__(self, value, /)", "Return self>=value.", not_ordered),
    &Native::leaf("__neg__(self, /) -> complex", "Return -self.", |heap, a| { let c = this(heap, a)?; Ok(value(heap, -c.re, -c.im)) }),
    &Native::leaf("__pos__(self, /) -> complex", "Return +self.", |heap, a| { let c = this(heap, a)?; Ok(value(heap, c.re, c.im)) }),
    &Native::leaf("__abs__(self, /) -> float", "Return abs(self).", |heap, a| { let c = this(heap, a)?; Ok(Value::float(checked(heap, complex_abs((c.re, c.im)))?)) }),
    &Native::leaf("__bool__(self, /) -> bool", "Return True if self is not zero.", |heap, a| { let c = this(heap, a)?; Ok(Value::bool(c.re != 0.0 || c.im != 0.0)) }),
    &Native::leaf("__hash__(self, /) -> int", "Return hash(self).", |heap, a| Ok(heap.int(hash_number(Number::Complex(this(heap, a)?))))),
    &Native::leaf("__repr__(self, /) -> str", "Return repr(self).", |heap, a| { let c = this(heap, a)?; Ok(heap.str_value(&complex_repr(c.re, c.im))) }),
    &Native::vm("__format__(self, format_spec, /) -> str", "Convert to a string according to format_spec.", |vm, args| receiver::format(vm, args, format)).on_instance(),
    &Native::leaf("__complex__(self, /) -> complex", "Convert this value to exact type complex.", |heap, a| { let c = this(heap, a)?; Ok(value(heap, c.re, c.im)) }),
    &Native::leaf("__getnewargs__(self, /) -> tuple", "Return the arguments that make an equal number.", |heap, a| { let c = this(heap, a)?; Ok(heap.tuple(&[Value::float(c.re), Value::float(c.im)]).value()) }),
];

const NEW: Native = Native::vm(
    "__new__(cls, real=0, imag=0)",
    "Create and return a new object.",
    new,
);

const CONJUGATE: Native = Native::leaf(
    "conjugate(self, /) -> complex",
    "Return the complex conjugate: the imaginary part negated.",
    |heap, a| {
        let c = this(heap, a)?;
        Ok(value(heap, c.re, -c.im))
    },
);

fn this<'h>(heap: &'h Heap, a: Args<'h>) -> Result<Complex, Raised> {
    let value = plain_value(heap, a.get(0));
    value
        .as_gc::<Complex>()
        .map(|c| *c.get())
        .ok_or_else(|| wrong_receiver(heap, Tower::Complex, value))
}

fn value(heap: &Heap, re: f64, im: f64) -> Value<'_> {
    heap.alloc(Complex { re, im }).value()
}

/// Complex numbers have no order.
fn not_ordered<'h>(heap: &'h Heap, a: Args<'h>) -> Out<'h> {
    this(heap, a).map(|_| Value::NOT_IMPLEMENTED)
}

fn format<'h>(heap: &'h Heap, a: Args<'h>) -> Out<'h> {
    let (c, spec) = (
        this(heap, a)?,
        arg::text(heap, a.get(1), "__format__() argument")?,
    );
    if spec.is_empty() {
        return Ok(heap.str_value(&complex_repr(c.re, c.im)));
    }
    let formatted = FormatSpec::parse(spec, "complex")
        .and_then(|spec| spec.format_complex(c.re, c.im, "complex"));
    heap.try_str(&checked(heap, formatted)?)
}

fn new(vm: &mut Vm, a: Locals) -> Result<Local, Raised> {
    let (real, imag) = (given(vm, a.at(1)), given(vm, a.at(2)));
    let whole = |vm: &Vm, real| {
        let class = vm.get_gc::<Class>(a.at(0));
        class.is_some_and(|class| class.builtin_is(Builtin::Complex))
            && vm.is_exactly(real, Builtin::Complex)
    };
    if let Some(real) = real.filter(|&real| imag.is_none() && whole(vm, real)) {
        return Ok(real);
    }
    if let Some(text) = real.and_then(|real| arg::as_str(&vm.heap, vm.get(real))) {
        if imag.is_some() {
            return Err(vm
                .heap
                .type_error("complex() can't take second arg if first is a string"));
        }
        let (re, im) = checked(&vm.heap, complex_from_str(text.as_str()))?;
        return Ok(vm.local(value(&vm.heap, re, im)));
    }
    if imag.is_some_and(|imag| arg::as_str(&vm.heap, vm.get(imag)).is_some()) {
        return Err(vm.heap.type_error("complex() second arg can't be a string"));
    }
    let real = match real {
        Some(real) => first_part(vm, real)?,
        None => Part::Real(0.0),
    };
    let imag = match imag {
        Some(imag) => second_part(vm, imag)?,
        None => Part::Real(0.0),
    };
    let (re, im) = combine(real, imag);
    Ok(vm.local(value(&vm.heap, re, im)))
}

/// What an argument of the constructor stands for.
enum Part {
    Real(f64),
    Complex(Complex),
}

/// `real + imag * 1j`; zeros keep their signs where a part is no complex number.
fn combine(real: Part, imag: Part) -> (f64, f64) {
    let (re, im) = match imag {
        Part::Real(x) => (None, x),
        Part::Complex(c) => (Some(-c.im), c.re),
    };
    match real {
        Part::Real(x) => (re.map_or(x, |re| x + re), im),
        Part::Complex(c) => (re.map_or(c.re, |re| c.re + re), c.im + im),
    }
}

fn first_part(vm: &mut Vm, real: Local) -> Result<Part, Raised> {
    if let Some(c) = vm.get_gc::<Complex>(real) {
        return Ok(Part::Complex(*c.get()));
    }
    let Some(result) = vm.call_special(real, Sym::Complex, &[])? else {
        return float_part(vm, real, "first argument must be a string or a number");
    };
    let plain = plain(vm, result);
    match vm.get_gc::<Complex>(plain) {
        Some(c) => {
            let c = *c.get();
            if !vm.is_exactly(result, Builtin::Complex) {
                vm.warn_of_subclass(result, ("__complex__", "complex"))?;
            }
            Ok(Part::Complex(c))
        }
        None => {
            let found = vm.heap.type_name(vm.get(result));
            Err(vm
                .heap
                .type_error(format!("__complex__ returned non-complex (type {found})")))
        }
    }
}

fn second_part(vm: &mut Vm, imag: Local) -> Result<Part, Raised> {
    let plain = plain(vm, imag);
    match vm.get_gc::<Complex>(plain) {
        Some(c) => Ok(Part::Complex(*c.get())),
        None => float_part(vm, imag, "second argument must be a number"),
    }
}

fn float_part(vm: &mut Vm, part: Local, complaint: &str) -> Result<Part, Raised> {
    let value = vm.get(part);
    if vm.special(value, Sym::Float).is_none() && vm.special(value, Sym::Index).is_none() {
        let found = vm.heap.type_name(value);
        return Err(vm
            .heap
            .type_error(format!("complex() {complaint}, not '{found}'")));
    }
    vm.to_float(part).map(Part::Real)
}
