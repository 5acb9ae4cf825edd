//! `generator`, `coroutine` and `async_generator`: driving them by hand, and what can be asked of them.
//!
//! How they run is `vm/exec/coroutine/`; the methods here turn its answers into StopIteration and the like. What a chain of awaits has
//! suspended counts as suspended, although the outer coroutines wait for their delegate.
//! To add a method: a `Native`, its function, a name in the tables of the types that have it.

use super::receiver::{given, this, this_of};
use crate::runtime::coroutine::{Coroutine, CoroutineKind, CoroutineState};
use crate::runtime::exception::Exception;
use crate::runtime::function::Function;
use crate::runtime::heap::flag;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Args, AsyncStepKind, Input, Local, Locals, Native, Resumed, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[
    NativeType {
        methods: &[&ITER, &NEXT, &SEND, &THROW, &CLOSE],
        getters: &[
            NAME,
            QUALNAME,
            Getter::leaf("gi_code", "The code object.", code),
            Getter::leaf("gi_frame", "None once the generator is finished.", frame),
            Getter::leaf(
                "gi_running",
                "Whether the generator runs right now.",
                running,
            ),
            Getter::leaf("gi_suspended", "Whether it stands at a yield.", suspended),
            Getter::leaf(
                "gi_yieldfrom",
                "object being iterated by yield from, or None",
                delegate,
            ),
        ],
        ..NativeType::of(
            Builtin::Generator,
            "What a call of a function with yield makes.",
        )
    },
    NativeType {
        methods: &[&AWAIT, &SEND, &THROW, &CLOSE],
        getters: &[
            NAME,
            QUALNAME,
            Getter::leaf("cr_code", "The code object.", code),
            Getter::leaf("cr_frame", "None once the coroutine is finished.", frame),
            Getter::leaf("cr_origin", "None: origins are not tracked.", |_, _| {
                Ok(Value::NONE)
            }),
            Getter::leaf(
                "cr_running",
                "Whether the coroutine runs right now.",
                running,
            ),
            Getter::leaf("cr_suspended", "Whether it stands at an await.", suspended),
            Getter::leaf("cr_await", "object being awaited on, or None", delegate),
        ],
        ..NativeType::of(
            Builtin::Coroutine,
            "What a call of an async function makes; await runs it.",
        )
    },
    NativeType {
        methods: &[&AITER, &ANEXT, &ASEND, &ATHROW, &ACLOSE],
        getters: &[
            NAME,
            QUALNAME,
            Getter::leaf("ag_code", "The code object.", code),
            Getter::leaf("ag_frame", "None once the generator is finished.", frame),
            Getter::leaf(
                "ag_running",
                "Whether the generator runs right now.",
                running,
            ),
            Getter::leaf(
                "ag_suspended",
                "Whether it stands at a yield or an await.",
                suspended,
            ),
            Getter::leaf("ag_await", "object being awaited on, or None", delegate),
        ],
        ..NativeType::of(
            Builtin::AsyncGenerator,
            "What a call of an async function with yield makes.",
        )
    },
    NativeType {
        methods: STEP,
        ..NativeType::of(
            Builtin::AsyncGenASend,
            "What asend() and __anext__() of an async generator give, to be awaited.",
        )
    },
    NativeType {
        methods: STEP,
        ..NativeType::of(
            Builtin::AsyncGenAThrow,
            "What athrow() and aclose() of an async generator give, to be awaited.",
        )
    },
];

/// What the awaitables of an async generator's operations have.
const STEP: &[&Native] = &[&AWAIT, &ITER, &NEXT, &SEND, &THROW, &CLOSE];

const ITER: Native = Native::leaf("__iter__(self, /)", "Implement iter(self).", itself);
const AWAIT: Native = Native::leaf(
    "__await__(self, /)",
    "Return an iterator to be used in await expression.",
    |heap, args| {
        let this = this::<Coroutine>(heap, args)?.value();
        if let Some(object) = this.as_object() {
            object.set_flag(flag::BY_HAND, true);
        }
        Ok(this)
    },
);
const AITER: Native = Native::leaf(
    "__aiter__(self, /)",
    "Return an awaitable, that resolves in asynchronous iterator.",
    itself,
);

fn itself<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    Ok(this::<Coroutine>(heap, args)?.value())
}

const NEXT: Native = Native::vm("__next__(self, /)", "Implement next(self).", |vm, args| {
    let none = vm.none();
    drive(vm, args, Input::Send(none))
});

const SEND: Native = Native::vm(
    "send(self, arg, /)",
    "send(arg) -> send 'arg' into generator,\nreturn next yielded value or raise StopIteration.",
    |vm, args| drive(vm, args, Input::Send(args.at(1))),
);

const THROW: Native = Native::vm(
    "throw(self, type, value=None, traceback=None, /)",
    "throw(value)\nthrow(type[,value[,tb]])\n\n\
     Raise exception in generator, return next yielded value or raise\nStopIteration.\n\
     the (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python.",
    |vm, args| {
        this_of::<Coroutine>(vm, args)?;
        let exception = thrown(vm, args)?;
        drive(vm, args, Input::Throw(exception))
    },
);

const CLOSE: Native = Native::vm(
    "close(self, /)",
    "close() -> raise GeneratorExit inside generator.",
    |vm, args| {
        this_of::<Coroutine>(vm, args)?;
        vm.close_generator(args.at(0))
    },
);

/// Resumes the receiver; its return is a StopIteration with the value.
fn drive(vm: &mut Vm, args: Locals, input: Input) -> Result<Local, Raised> {
    this_of::<Coroutine>(vm, args)?;
    match vm.resume(args.at(0), input)? {
        Resumed::Yielded(value) => Ok(value),
        Resumed::Returned(value) => {
            let value = vm.get(value);
            let arguments = if value.is_none() {
                &[][..]
            } else {
                &[value][..]
            };
            Err(vm.heap.raise_with(Builtin::StopIteration, arguments))
        }
    }
}

/// The exception that the arguments of `throw` mean: an instance, or a class and what to make an instance with.
fn thrown(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let (class, value) = (
        args.at(1),
        given(vm, args.at(2)).filter(|&value| !vm.get(value).is_none()),
    );
    let Some(value) = value else {
        let name = vm.heap.type_name(vm.get(class));
        let complaint = format!(
            "exceptions must be classes or instances deriving from BaseException, not {name}"
        );
        return vm.make_exception(class, &complaint);
    };
    if vm.get(class).is_gc::<Exception>() {
        return Err(vm
            .heap
            .type_error("instance exception may not have a separate value"));
    }
    if vm.get(value).is_gc::<Exception>() {
        return Ok(value);
    }
    let arguments = match vm.get_gc::<Tuple>(value) {
        Some(_) => super::receiver::spread(vm, value),
        None => vec![value],
    };
    let made = vm.call(class, &arguments)?;
    vm.make_exception(
        made,
        "exceptions must be classes or instances deriving from BaseException",
    )
}

const ANEXT: Native = Native::vm(
    "__anext__(self, /)",
    "Return a value or raise StopAsyncIteration.",
    |vm, args| {
        this_of::<Coroutine>(vm, args)?;
        let none = vm.none();
        Ok(vm.async_step(args.at(0), AsyncStepKind::Send, none))
    },
);

const ASEND: Native = Native::vm(
    "asend(self, value, /)",
    "asend(v) -> send 'v' in generator.",
    |vm, args| {
        this_of::<Coroutine>(vm, args)?;
        Ok(vm.async_step(args.at(0), AsyncStepKind::Send, args.at(1)))
    },
);

const ATHROW: Native = Native::vm(
    "athrow(self, type, value=None, traceback=None, /)",
    "athrow(value)\nathrow(type[,value[,tb]])\n\nraise exception in generator.",
    |vm, args| {
        this_of::<Coroutine>(vm, args)?;
        let exception = thrown(vm, args)?;
        Ok(vm.async_step(args.at(0), AsyncStepKind::Throw, exception))
    },
);

const ACLOSE: Native = Native::vm(
    "aclose(self, /)",
    "aclose() -> raise GeneratorExit inside generator.",
    |vm, args| {
        this_of::<Coroutine>(vm, args)?;
        let none = vm.none();
        Ok(vm.async_step(args.at(0), AsyncStepKind::Close, none))
    },
);

const NAME: Getter = Getter::vm("__name__", "name of the generator", |vm, args| {
    named(
        vm,
        args,
        |function| &function.name,
        |path| path.rsplit('.').next().unwrap_or(path),
    )
});

const QUALNAME: Getter = Getter::vm(
    "__qualname__",
    "qualified name of the generator",
    |vm, args| named(vm, args, |function| &function.qualname, |path| path),
);

/// A name of the function that runs; a native coroutine only has a path.
fn named(
    vm: &mut Vm,
    args: Locals,
    of_function: fn(&Function) -> &crate::runtime::Slot,
    of_path: fn(&str) -> &str,
) -> Result<Local, Raised> {
    let this = this_of::<Coroutine>(vm, args)?;
    let heap = &vm.heap;
    Ok(match this.function.get(heap).as_gc::<Function>() {
        Some(function) => vm.local(of_function(function.get()).get(heap)),
        None if this.kind == CoroutineKind::Native => {
            vm.local(heap.str_value(of_path(vm.native_coroutine_name(this.native))))
        }
        None => vm.none(),
    })
}

fn code<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let code = this::<Coroutine>(heap, args)?.code(heap);
    Ok(code.map_or(Value::NONE, Gc::value))
}

/// There are no frame objects: what is asked of one is whether it is None, that is, whether the coroutine is finished.
fn frame<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let this = this::<Coroutine>(heap, args)?;
    if this.state.get() == CoroutineState::Done {
        Ok(Value::NONE)
    } else {
        code(heap, args)
    }
}

fn running<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    Ok(Value::bool(
        effective_state(heap, this(heap, args)?) == CoroutineState::Running,
    ))
}

fn suspended<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    Ok(Value::bool(
        effective_state(heap, this(heap, args)?) == CoroutineState::Suspended,
    ))
}

/// The state that a program sees: while a coroutine waits for another one, the state of that one.
fn effective_state(heap: &Heap, this: Gc<'_, Coroutine>) -> CoroutineState {
    let mut innermost = this;
    while let Some(next) = innermost.delegate.get(heap).as_gc::<Coroutine>() {
        innermost = next;
    }
    match (this.state.get(), innermost.state.get()) {
        (CoroutineState::Running, CoroutineState::Suspended) => CoroutineState::Suspended,
        (state, _) => state,
    }
}

fn delegate<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let this = this::<Coroutine>(heap, args)?;
    let waits = effective_state(heap, this) == CoroutineState::Suspended;
    Ok(if waits {
        this.delegate.get(heap).or(Value::NONE)
    } else {
        Value::NONE
    })
}
