//! `generator`, `coroutine` and `async_generator`: driving them by hand, and what can be asked of them.
//!
//! How they run is `vm/exec/coroutine/`; the methods here turn its answers into StopIteration and the like. What a chain of awaits has
//! suspended counts as suspended, although the outer coroutines wait for their delegate.
//! To add a method: a `Native`, its function, a name in the tables of the types that have it.

use super::special::Special;
use crate::runtime::class::Class;
use crate::runtime::coroutine::{Coroutine, CoroutineKind, CoroutineState};
use crate::runtime::exception::Exception;
use crate::runtime::function::Function;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::receiver::{given, plain, this, this_of};
use crate::stdlib::registry::{Getter, NativeType};
use crate::stdlib::warn::warn;
use crate::vm::{Args, AsyncStepKind, Input, Local, Locals, Native, Resumed, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[
    NativeType {
        methods: &[
            &Special::<Coroutine>::REPR,
            &ITER,
            &NEXT,
            &SEND,
            &THROW,
            &CLOSE,
        ],
        getters: &[
            NAME,
            QUALNAME,
            Getter::leaf("gi_code", "The code object.", code),
            Getter::vm(
                "gi_frame",
                "The frame, None once the generator is finished.",
                frame,
            ),
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
        methods: &[
            &Special::<Coroutine>::REPR,
            &AWAIT_COROUTINE,
            &SEND,
            &THROW,
            &CLOSE,
        ],
        getters: &[
            NAME,
            QUALNAME,
            Getter::leaf("cr_code", "The code object.", code),
            Getter::vm(
                "cr_frame",
                "The frame, None once the coroutine is finished.",
                frame,
            ),
            Getter::vm(
                "cr_origin",
                "Where the coroutine was made: (file, line, function) of each call, if sys.set_coroutine_origin_tracking_depth() was called; else None.",
                |vm, args| {
                    Ok(vm
                        .coroutine_origin(args.at(0))?
                        .unwrap_or_else(|| vm.none()))
                },
            ).as_member(),
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
        methods: &[
            &Special::<Coroutine>::REPR,
            &AITER,
            &ANEXT,
            &ASEND,
            &ATHROW,
            &ACLOSE,
        ],
        getters: &[
            NAME,
            QUALNAME,
            Getter::leaf("ag_code", "The code object.", code),
            Getter::vm(
                "ag_frame",
                "The frame, None once the generator is finished.",
                frame,
            ),
            Getter::leaf(
                "ag_running",
                "Whether an operation of the generator goes on.",
                |heap, args| {
                    let operated = !this::<Coroutine>(heap, args)?.parent.is_undef();
                    let runs = running(heap, args)?;
                    Ok(if operated { Value::TRUE } else { runs })
                },
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
        methods: &[&ITER, &NEXT, &SEND, &THROW, &CLOSE],
        ..NativeType::of(
            Builtin::CoroutineWrapper,
            "A wrapper object implementing __await__ for coroutines.",
        )
    },
    NativeType {
        methods: STEP,
        ..NativeType::of(
            Builtin::AnextAwaitable,
            "What anext() with a default gives, to be awaited.",
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
/// Of an async generator's step: itself.
const AWAIT: Native = Native::leaf(
    "__await__(self, /)",
    "Return an iterator to be used in await expression.",
    itself,
);

const AWAIT_COROUTINE: Native = Native::vm(
    "__await__(self, /)",
    "Return an iterator to be used in await expression.",
    |vm, args| {
        this_of::<Coroutine>(vm, args)?;
        Ok(vm.coroutine_wrapper(args.at(0)))
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
        let outcome = throw(vm, args)?;
        item(vm, outcome)
    },
);

const CLOSE: Native = Native::vm(
    "close(self, /)",
    "close() -> raise GeneratorExit inside generator.",
    |vm, args| {
        let this = driven(vm, args)?;
        vm.close_generator(this)
    },
);

/// Resumes the receiver; its return is a StopIteration with the value.
fn drive(vm: &mut Vm, args: Locals, input: Input) -> Result<Local, Raised> {
    let this = driven(vm, args)?;
    let outcome = vm.resume(this, input)?;
    item(vm, outcome)
}

/// The coroutine that a method of the receiver drives: itself, or the one inside a wrapper.
fn driven(vm: &Vm, args: Locals) -> Result<Local, Raised> {
    this_of::<Coroutine>(vm, args)?;
    Ok(vm.unwrapped(args.at(0)))
}

fn item(vm: &mut Vm, outcome: Resumed) -> Result<Local, Raised> {
    match outcome {
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

fn throw(vm: &mut Vm, args: Locals) -> Result<Resumed, Raised> {
    let this = driven(vm, args)?;
    warn_of_three(vm, args, "throw()")?;
    let given: Vec<Local> = (1..4).filter_map(|i| given(vm, args.at(i))).collect();
    vm.throw_into(this, &given, thrown)
}

/// More than an exception is an old form.
fn warn_of_three(vm: &mut Vm, args: Locals, what: &str) -> Result<(), Raised> {
    if given(vm, args.at(2)).or(given(vm, args.at(3))).is_none() {
        return Ok(());
    }
    let message = format!(
        "the (type, exc, tb) signature of {what} is deprecated, use the single-arg signature instead."
    );
    warn(vm, Builtin::DeprecationWarning, &message)
}

/// The exception that the arguments of `throw` mean: an instance, or a class and what to make an instance with.
fn thrown(vm: &mut Vm, args: &[Local]) -> Result<Local, Raised> {
    let class = args[0];
    let optional = |i: usize| args.get(i).copied().filter(|&l| !vm.get(l).is_none());
    if let Some(traceback) = optional(2)
        && !vm.heap.is_instance(vm.get(traceback), Builtin::Traceback)
    {
        return Err(vm
            .heap
            .type_error("throw() third argument must be a traceback object"));
    }
    let complaint = |vm: &Vm| {
        let name = vm.heap.type_name(vm.get(class));
        format!("exceptions must be classes or instances deriving from BaseException, not {name}")
    };
    let Some(value) = optional(1) else {
        let complaint = complaint(vm);
        return vm.make_exception(class, &complaint);
    };
    if vm.get(class).is_gc::<Exception>() {
        return Err(vm
            .heap
            .type_error("instance exception may not have a separate value"));
    }
    let base = vm.heap.types.class(&vm.heap, Builtin::BaseException);
    let is_exception = vm
        .get_gc::<Class>(class)
        .is_some_and(|class| class.is_subclass(&vm.heap, base));
    if !is_exception {
        return Err(vm.heap.type_error(complaint(vm)));
    }
    // As where a class is raised with a value: an instance of the class is it, all else are arguments.
    if vm.get(value).is_gc::<Exception>() && vm.is_instance(value, class)? {
        return Ok(value);
    }
    let arguments = match vm.get_gc::<Tuple>(value) {
        Some(_) => crate::stdlib::receiver::spread(vm, value),
        None => vec![value],
    };
    let made = vm.call(class, &arguments)?;
    let complaint = complaint(vm);
    vm.make_exception(made, &complaint)
}

const ANEXT: Native = Native::vm(
    "__anext__(self, /)",
    "Return a value or raise StopAsyncIteration.",
    |vm, args| {
        this_of::<Coroutine>(vm, args)?;
        let none = vm.none();
        vm.note_first_iteration(args.at(0))?;
        Ok(vm.async_step(args.at(0), AsyncStepKind::Send, none))
    },
);

const ASEND: Native = Native::vm(
    "asend(self, value, /)",
    "asend(v) -> send 'v' in generator.",
    |vm, args| {
        this_of::<Coroutine>(vm, args)?;
        vm.note_first_iteration(args.at(0))?;
        Ok(vm.async_step(args.at(0), AsyncStepKind::Send, args.at(1)))
    },
);

const ATHROW: Native = Native::vm(
    "athrow(self, type, value=None, traceback=None, /)",
    "athrow(value)\nathrow(type[,value[,tb]])\n\nraise exception in generator.",
    |vm, args| {
        this_of::<Coroutine>(vm, args)?;
        warn_of_three(vm, args, "athrow()")?;
        let given: Vec<Local> = (1..4).filter_map(|i| given(vm, args.at(i))).collect();
        let exception = thrown(vm, &given)?;
        vm.note_first_iteration(args.at(0))?;
        Ok(vm.async_step(args.at(0), AsyncStepKind::Throw, exception))
    },
);

const ACLOSE: Native = Native::vm(
    "aclose(self, /)",
    "aclose() -> raise GeneratorExit inside generator.",
    |vm, args| {
        this_of::<Coroutine>(vm, args)?;
        let none = vm.none();
        vm.note_first_iteration(args.at(0))?;
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
})
.with_vm_set(|vm, args| rename(vm, args, "__name__", |function| &function.name));

const QUALNAME: Getter = Getter::vm(
    "__qualname__",
    "qualified name of the generator",
    |vm, args| named(vm, args, |function| &function.qualname, |path| path),
)
.with_vm_set(|vm, args| rename(vm, args, "__qualname__", |function| &function.qualname));

fn rename(
    vm: &mut Vm,
    args: Locals,
    attr: &str,
    which: fn(&Function) -> &crate::runtime::Slot,
) -> Result<Local, Raised> {
    this_of::<Coroutine>(vm, args)?;
    let name = plain(vm, args.at(1));
    if !vm.get(name).is_gc::<Str>() {
        return Err(vm
            .heap
            .type_error(format!("{attr} must be set to a string object")));
    }
    vm.rename_coroutine(args.at(0), which, name);
    Ok(vm.none())
}

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

fn frame(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    this_of::<Coroutine>(vm, args)?;
    let frame = vm.frame_of_coroutine(args.at(0));
    Ok(frame.unwrap_or_else(|| vm.none()))
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
        (_, CoroutineState::Running) => CoroutineState::Running,
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
