//! Between values and numbers: operands of operations, the context that they compute under, and results as objects.
//!
//! The current context is in a context variable, as in CPython. It is kept here beside the dict of variables that it was found in; that
//! dict is never changed, so the context is the current one as long as the dict is.

use std::ops::Deref;

use super::class::DECIMAL;
use super::context::{Context, new_current};
use super::convert::of_int;
use super::environment::{Computed, Env};
use super::number::Number;
use super::signals;
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Gc, Heap, Raised, Slot, Value};
use crate::sched::context;
use crate::sched::scheduler;
use crate::stdlib::arg::as_int;
use crate::stdlib::contextvars;
use crate::stdlib::registry::class_of;
use crate::text::TextResult;
use crate::vm::{Extension, Layer, LayerPlace, Local, Vm};

/// The insides of a Decimal.
pub struct Insides {
    number: Number,
}

traced!(Insides {} plain { number } owns |this| this.number.coef.bytes());

impl Payload for Insides {}

/// What decimals keep in the VM.
#[derive(Default)]
pub struct Decimals {
    /// The context variable.
    variable: Slot,
    /// The dict of context variables that `current` was found in.
    values: Slot,
    /// The current context, if `values` are the current ones.
    current: Slot,
    /// The class Decimal.
    class: Slot,
}

impl Layer for Decimals {
    const PLACE: LayerPlace = LayerPlace::Decimals;
}

traced!(Decimals {
    variable,
    values,
    current,
    class
});

impl Extension for Decimals {}

/// The number of a Decimal.
#[inline]
pub fn decimal(value: Value<'_>) -> Option<&Number> {
    let insides: &Insides = value.as_gc::<Opaque>()?.payload()?;
    Some(&insides.number)
}

/// A number to compute with.
pub enum Operand<'v> {
    /// That of a Decimal.
    Decimal(&'v Number),
    /// An integer's.
    Int(Number),
}

impl Deref for Operand<'_> {
    type Target = Number;

    #[inline]
    fn deref(&self) -> &Number {
        match self {
            Operand::Decimal(number) => number,
            Operand::Int(number) => number,
        }
    }
}

/// The operand that a Decimal or an integer is; None for others.
#[inline]
pub fn operand<'v>(heap: &'v Heap, value: Value<'v>) -> Option<Operand<'v>> {
    match decimal(value) {
        Some(number) => Some(Operand::Decimal(number)),
        None => as_int(heap, value).map(|n| Operand::Int(of_int(n))),
    }
}

/// The operand that an argument must be.
///
/// # Errors
/// TypeError.
#[inline]
pub fn needed(vm: &Vm, argument: Local) -> Result<Operand<'_>, Raised> {
    let value = vm.get(argument);
    operand(&vm.heap, value).ok_or_else(|| not_supported(&vm.heap, value))
}

#[cold]
pub fn not_supported(heap: &Heap, value: Value<'_>) -> Raised {
    heap.type_error(format!(
        "conversion from {} to Decimal is not supported",
        heap.type_name(value)
    ))
}

/// The number of the Decimal that a method was called on.
///
/// # Errors
/// TypeError for a receiver of another class.
#[inline]
pub fn receiver(vm: &Vm, this: Local) -> Result<&Number, Raised> {
    let value = vm.get(this);
    decimal(value).ok_or_else(|| {
        let found = vm.heap.type_name(value);
        vm.heap.type_error(format!(
            "descriptor requires a 'decimal.Decimal' object but received a '{found}'"
        ))
    })
}

/// The current context.
#[inline]
pub fn current(vm: &mut Vm) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let known = vm.extension::<Decimals>();
    if let Some(values) = context::values(heap, scheduler(vm).context(heap))
        && values.value().is(known.values.get(heap))
    {
        return Ok(vm.local(known.current.get(heap)));
    }
    find_current(vm)
}

#[cold]
fn find_current(vm: &mut Vm) -> Result<Local, Raised> {
    let variable = variable(vm);
    let found = contextvars::value_of(vm, vm.get(variable)).map(|found| vm.local(found));
    let context = match found {
        Some(context) => context,
        None => {
            let context = new_current(vm)?;
            contextvars::set_value(vm, variable, context)?;
            context
        }
    };
    remember(vm, context);
    Ok(context)
}

fn variable(vm: &mut Vm) -> Local {
    let known = vm.local(vm.extension::<Decimals>().variable.get(&vm.heap));
    if !vm.get(known).is_undef() {
        return known;
    }
    let made = contextvars::new_variable(vm, "decimal_context");
    vm.extension::<Decimals>().variable.set(vm.get(made));
    made
}

fn remember(vm: &Vm, context: Local) {
    let values = context::values(&vm.heap, scheduler(vm).context(&vm.heap));
    let known = vm.extension::<Decimals>();
    known.values.set(values.map_or(Value::UNDEF, Gc::value));
    known.current.set(vm.get(context));
}

/// Makes a context the current one.
pub fn set_current(vm: &mut Vm, context: Local) -> Result<(), Raised> {
    let variable = variable(vm);
    contextvars::set_value(vm, variable, context)?;
    remember(vm, context);
    Ok(())
}

/// The context that a method was given, or the current one.
///
/// # Errors
/// TypeError for what is no context.
#[inline]
pub fn given_context(vm: &mut Vm, argument: Local) -> Result<Local, Raised> {
    let value = vm.get(argument);
    if value.is_undef() || value.is_none() {
        return current(vm);
    }
    if vm.find_payload::<Context>(argument).is_none() {
        return Err(vm.heap.type_error("optional argument must be a context"));
    }
    Ok(argument)
}

/// Computes in a context, and raises what is trapped.
#[inline]
pub fn compute<T>(
    vm: &mut Vm,
    context: Local,
    run: impl FnOnce(&Vm, &Env<'_>) -> Result<TextResult<T>, Raised>,
) -> Result<T, Raised> {
    let (result, status) = {
        let heap = &vm.heap;
        let pause = |n| heap.pause(n);
        let env = vm.payload::<Context>(context).env(&pause);
        let result = run(vm, &env)?;
        (
            result.map_err(|error| heap.raise_text(error))?,
            env.status.get(),
        )
    };
    if status != 0 {
        note(vm, context, status)?;
    }
    Ok(result)
}

/// Notes conditions in a context, and raises what is trapped.
pub fn note(vm: &mut Vm, context: Local, status: u32) -> Result<(), Raised> {
    let trapped = vm.payload::<Context>(context).note(status);
    if trapped != 0 {
        Err(signals::raise(vm, trapped))
    } else {
        Ok(())
    }
}

/// As `compute`, with a Decimal as the result.
#[inline]
pub fn compute_decimal(
    vm: &mut Vm,
    context: Local,
    run: impl FnOnce(&Vm, &Env<'_>) -> Result<Computed, Raised>,
) -> Result<Local, Raised> {
    let number = compute(vm, context, run)?;
    Ok(new_decimal(vm, number))
}

/// A Decimal.
#[inline]
pub fn new_decimal(vm: &mut Vm, number: Number) -> Local {
    let known = vm.extension::<Decimals>().class.get(&vm.heap);
    if let Some(class) = known.as_gc::<Class>() {
        return vm.local(wrapped(&vm.heap, class, number));
    }
    let class = class_of(vm, &DECIMAL);
    vm.extension::<Decimals>().class.set(vm.get(class));
    new_of_class(vm, class, number)
}

/// A Decimal of a class that may be a program's.
pub fn new_of_class(vm: &mut Vm, class: Local, number: Number) -> Local {
    let heap = &vm.heap;
    let class: Gc<'_, Class> = vm
        .get_gc(class)
        .expect("`__new__` and class methods get a class");
    vm.local(wrapped(heap, class, number))
}

#[inline]
fn wrapped<'h>(heap: &'h Heap, class: Gc<'h, Class>, number: Number) -> Value<'h> {
    let bytes = number.coef.bytes();
    if bytes > 0 {
        heap.charge(bytes);
    }
    heap.opaque(class, Insides { number }).value()
}

/// Whether a value is a Decimal of exactly this class, which needs no copy.
pub fn is_plain_decimal(vm: &mut Vm, value: Local) -> bool {
    let class = class_of(vm, &DECIMAL);
    vm.heap.class_of(vm.get(value)).value().is(vm.get(class))
}
