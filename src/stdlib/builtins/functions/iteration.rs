//! Builtin functions of the iterator protocols: `iter`, `next`, `aiter`, `anext`.
//!
//! To add one: a `Native`, its function, a name in the table.

use crate::runtime::coroutine::{Coroutine, CoroutineKind};
use crate::runtime::intern::Sym;
use crate::runtime::iter::{Iter, IterTag};
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::receiver::given;
use crate::vm::{Input, Local, Locals, Mention, Native, NativeCoroutine, Resumed, Step, Vm};

/// The functions of this file.
pub const FUNCTIONS: &[&Native] = &[&AITER, &ANEXT, &ITER, &NEXT];

const ITER: Native = Native::vm(
    "iter(object, sentinel=<unrepresentable>, /)",
    "iter(iterable) -> iterator\niter(callable, sentinel) -> iterator\n\nGet an iterator from an object.\n\
     In the first form, the argument must supply its own iterator, or be a sequence.\n\
     In the second form, the callable is called until it returns the sentinel.",
    |vm, args| {
        let Some(sentinel) = given(vm, args.at(1)) else {
            return vm.iter(args.at(0));
        };
        if !vm.is_callable(args.at(0)) {
            return Err(vm.heap.type_error("iter(v, w): v must be callable"));
        }
        let iterator = vm
            .heap
            .iter(IterTag::Call, vm.get(args.at(0)), vm.get(sentinel), 0, 0);
        Ok(vm.local(iterator.value()))
    },
);

const NEXT: Native = Native::vm(
    "next(iterator, default=<unrepresentable>, /)",
    "next(iterator[, default])\n\nReturn the next item from the iterator.\n\n\
     If default is given and the iterator is exhausted,\nit is returned instead of raising StopIteration.",
    next,
);

fn next(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let default = given(vm, args.at(1));
    match (step(vm, args.at(0)), default) {
        (Ok(Some(item)), _) | (Ok(None), Some(item)) => Ok(item),
        (Ok(None), None) => Err(vm.heap.raise_with(Builtin::StopIteration, &[])),
        (Err(raised), Some(default)) if vm.is_raised(&raised, Builtin::StopIteration) => {
            vm.heap.take_raised(raised);
            Ok(default)
        }
        (Err(raised), _) => Err(raised),
    }
}

/// The next item; `None`: there is none, which a StopIteration may say as well, if it has something to say.
fn step(vm: &mut Vm, iterator: Local) -> Result<Option<Local>, Raised> {
    let value = vm.get(iterator);
    if value.is_gc::<Iter>() {
        let item = vm.local(Value::UNDEF);
        return Ok(if vm.next(iterator, item)? {
            Some(item)
        } else {
            None
        });
    }
    if value
        .as_gc::<Coroutine>()
        .is_some_and(|c| c.kind == CoroutineKind::Generator)
    {
        let none = vm.none();
        return match vm.resume(iterator, Input::Send(none))? {
            Resumed::Yielded(item) => Ok(Some(item)),
            Resumed::Returned(result) if vm.get(result).is_none() => Ok(None),
            Resumed::Returned(result) => Err(vm
                .heap
                .raise_with(Builtin::StopIteration, &[vm.get(result)])),
        };
    }
    match vm.call_special(iterator, Sym::Next, &[])? {
        Some(item) => Ok(Some(item)),
        None => {
            let class = vm.heap.type_name(vm.get(iterator));
            Err(vm
                .heap
                .type_error(format!("'{class}' object is not an iterator")))
        }
    }
}

const AITER: Native = Native::vm(
    "aiter(async_iterable, /)",
    "Return an AsyncIterator for an AsyncIterable object.",
    |vm, args| {
        let Some(iterator) = vm.call_special(args.at(0), Sym::AIter, &[])? else {
            let class = vm.heap.type_name(vm.get(args.at(0)));
            return Err(vm
                .heap
                .type_error(format!("'{class}' object is not an async iterable")));
        };
        if vm.special(vm.get(iterator), Sym::ANext).is_none() {
            let class = vm.heap.type_name(vm.get(iterator));
            return Err(vm.heap.type_error(format!(
                "aiter() returned not an async iterator of type '{class}'"
            )));
        }
        Ok(iterator)
    },
);

const ANEXT: Native = Native::vm(
    "anext(aiterator, default=<unrepresentable>, /)",
    "anext(aiterator[, default])\n\nReturn the next item from the async iterator.  If default is given and the async\n\
     iterator is exhausted, it is returned instead of raising StopAsyncIteration.",
    |vm, args| {
        let Some(item) = vm.call_special(args.at(0), Sym::ANext, &[])? else {
            let class = vm.heap.type_name(vm.get(args.at(0)));
            return Err(vm
                .heap
                .type_error(format!("'{class}' object is not an async iterator")));
        };
        match given(vm, args.at(1)) {
            Some(default) => {
                Ok(vm.native_awaitable(&OR_DEFAULT, Builtin::AnextAwaitable, &[item, default]))
            }
            None => Ok(item),
        }
    },
);

/// Awaits its first variable, an item of an async iterator; the second one is the result at the iterator's end.
static OR_DEFAULT: NativeCoroutine =
    NativeCoroutine::new("anext", item_or_default).mentioned(Mention::Never);

fn item_or_default(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    if vm.step_state(this) == 0
        && let Input::Send(_) = input
    {
        vm.set_step_state(this, 1);
        return Ok(Step::Await(vm.local(vm.step_slot(this, 0).get(&vm.heap))));
    }
    match input {
        Input::Send(item) => Ok(Step::Return(item)),
        Input::Throw(exception) => {
            let raised = vm.raise_value(exception);
            if vm.step_state(this) == 0 || !vm.is_raised(&raised, Builtin::StopAsyncIteration) {
                return Err(raised);
            }
            vm.heap.take_raised(raised);
            Ok(Step::Return(vm.local(vm.step_slot(this, 1).get(&vm.heap))))
        }
    }
}
