//! Entering functions: a frame is pushed, or, where the function suspends, its coroutine is made.
//!
//! Contract: the callee's window begins at its arguments where these lie on the stack; from a coroutine's registers they are
//! copied to the first free ones. Registers after the arguments of a call are dead, so defaults may be put there.

use smallvec::SmallVec;

use crate::bytecode::{Capture, CodeKind, Draft, Instr};
use crate::runtime::cell::Spill;
use crate::runtime::code::CodeObj;
use crate::runtime::coroutine::{Coroutine, CoroutineKind};
use crate::runtime::function::Function;
use crate::runtime::heap::SlotVec;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::vm::Vm;
use crate::vm::exec::bind::{self, Keyword, Place};
use crate::vm::exec::frame::{Frame, Stack, Window};
use crate::vm::local::Local;

/// Pushes a frame for a function with all its parameters in `args`, or makes the coroutine that calling it means.
pub(in crate::vm) fn enter<'h>(
    heap: &'h Heap,
    stack: &mut Stack,
    function: Gc<'h, Function>,
    args: &[Value<'h>],
    flags: u32,
) -> Result<Option<Gc<'h, Coroutine>>, Raised> {
    let code = function.code(heap);
    let boxed;
    let args = if code.code.params.are_boxed() {
        boxed = [boxed_arguments(heap, args)];
        &boxed[..]
    } else {
        args
    };
    if code.code.kind.suspends() {
        return Ok(Some(new_coroutine(heap, function, args)));
    }
    push_frame(heap, stack, function, flags, args.iter().copied())?;
    Ok(None)
}

/// Pushes a frame for a function, none that suspends, with all its parameters in `args`.
///
/// # Errors
/// RecursionError.
#[inline(always)]
pub(super) fn push_frame<'h>(
    heap: &'h Heap,
    stack: &mut Stack,
    function: Gc<'h, Function>,
    flags: u32,
    args: impl Iterator<Item = Value<'h>>,
) -> Result<(), Raised> {
    let code = function.code(heap);
    heap.budget.count();
    if !stack.reserve(heap, code.nregs) {
        return Err(too_deep(heap));
    }
    let window = stack.free_window(heap);
    for (n, arg) in args.enumerate() {
        window.slot(n).set(arg);
    }
    clear_registers(code, window);
    stack.push(Frame::new(code, window, function.value(), flags));
    Ok(())
}

/// RecursionError, as CPython words it.
#[cold]
pub(in crate::vm) fn too_deep(heap: &Heap) -> Raised {
    heap.raise(Builtin::RecursionError, "maximum recursion depth exceeded")
}

/// Calls a function with `count` registers of the top frame from `first` on: pushes its frame, or makes the coroutine. Defaults
/// are put after the arguments, in registers that are dead by then.
pub(super) fn enter_window<'h>(
    heap: &'h Heap,
    stack: &mut Stack,
    function: Gc<'h, Function>,
    first: usize,
    count: usize,
) -> Result<Option<Gc<'h, Coroutine>>, Raised> {
    let code = function.code(heap);
    let params = &code.code.params;
    let all = usize::from(params.positional);
    let defaults = function.defaults.get(heap).as_gc::<Tuple>();
    let defaults = defaults.map_or(&[][..], |tuple| tuple.tail());
    if !params.is_simple() || count > all || all - count > defaults.len() {
        return enter_bound(heap, stack, function, first, count, &[]);
    }
    let omitted = &defaults[defaults.len() - (all - count)..];
    if code.code.kind.suspends() {
        let given = stack.top().window.slots(first, count);
        if omitted.is_empty() {
            return Ok(Some(coroutine_of_slots(heap, function, code, given)));
        }
        let value = |n: usize| match given.get(n) {
            Some(slot) => slot.get(heap),
            None => omitted.get(n - count).map_or(Value::UNDEF, |s| s.get(heap)),
        };
        return Ok(Some(coroutine_with(heap, function, code, value)));
    }
    let Some(window) = stack.callee_window(heap, first, count) else {
        return Err(too_deep(heap));
    };
    for (n, slot) in omitted.iter().enumerate() {
        window.slot(count + n).set(slot.get(heap));
    }
    clear_registers(code, window);
    stack.push(Frame::new(code, window, function.value(), 0));
    Ok(None)
}

/// As `enter_window`, for whatever parameters and with keyword arguments.
pub(super) fn enter_bound<'h>(
    heap: &'h Heap,
    stack: &mut Stack,
    function: Gc<'h, Function>,
    first: usize,
    count: usize,
    keywords: &[Keyword<'h>],
) -> Result<Option<Gc<'h, Coroutine>>, Raised> {
    let code = function.code(heap);
    if code.code.kind.suspends() || code.code.params.are_boxed() {
        let given = stack.top().window.slots(first, count);
        let args: SmallVec<[Value<'_>; 8]> = given.iter().map(|slot| slot.get(heap)).collect();
        let bound = bind::bind_function(heap, function, &args, keywords)?;
        return enter(heap, stack, function, &bound, 0);
    }
    let Some(window) = stack.callee_window(heap, first, count) else {
        return Err(too_deep(heap));
    };
    let mut registers = Registers { heap, window };
    bind::bind_in_place(heap, function, &mut registers, count, keywords)?;
    clear_registers(code, window);
    stack.push(Frame::new(code, window, function.value(), 0));
    Ok(None)
}

/// The registers of a callee, as the place of its parameters. A window has room for more than any call has arguments.
struct Registers<'h> {
    heap: &'h Heap,
    window: Window,
}

impl<'h> Place<'h> for Registers<'h> {
    fn get(&self, i: usize) -> Value<'h> {
        self.window.slot(i).get(self.heap)
    }

    fn set(&mut self, i: usize, value: Value<'h>) {
        self.window.slot(i).set(value);
    }
}

/// The spill area with the parameters of a function that has too many for registers.
#[cold]
fn boxed_arguments<'h>(heap: &'h Heap, args: &[Value<'h>]) -> Value<'h> {
    heap.charge(size_of_val(args));
    let slots = SlotVec::from_values(args.iter().copied());
    heap.alloc(Spill { slots }).value()
}

/// Makes the registers that the code may find unset Undef.
#[inline(never)]
pub(in crate::vm) fn clear_registers(code: Gc<'_, CodeObj>, window: Window) {
    for reg in code.nregs - code.undef_count..code.nregs {
        window.slot(reg as usize).clear();
    }
}

/// A coroutine, generator or async generator of this function, its parameters in `args`.
pub(super) fn new_coroutine<'h>(
    heap: &'h Heap,
    function: Gc<'h, Function>,
    args: &[Value<'h>],
) -> Gc<'h, Coroutine> {
    coroutine_with(heap, function, function.code(heap), |n| {
        args.get(n).copied().unwrap_or(Value::UNDEF)
    })
}

/// The coroutine that a call with these positional arguments makes, if that needs no binding.
pub(in crate::vm) fn plain_coroutine<'h>(
    heap: &'h Heap,
    function: Gc<'h, Function>,
    args: &[Slot],
) -> Option<Gc<'h, Coroutine>> {
    let code = function.code(heap);
    let Draft { kind, params, .. } = &**code.get().code;
    let plain =
        kind.suspends() && params.is_simple() && usize::from(params.positional) == args.len();
    plain.then(|| coroutine_of_slots(heap, function, code, args))
}

/// A coroutine whose first registers are these.
fn coroutine_of_slots<'h>(
    heap: &'h Heap,
    function: Gc<'h, Function>,
    code: Gc<'h, CodeObj>,
    args: &[Slot],
) -> Gc<'h, Coroutine> {
    coroutine_with(heap, function, code, |n| {
        args.get(n).map_or(Value::UNDEF, |slot| slot.get(heap))
    })
}

/// The same, with what its registers begin with given one by one.
pub(super) fn coroutine_with<'h>(
    heap: &'h Heap,
    function: Gc<'h, Function>,
    code: Gc<'h, CodeObj>,
    register: impl FnMut(usize) -> Value<'h>,
) -> Gc<'h, Coroutine> {
    let (kind, class) = match code.code.kind {
        CodeKind::Generator => (CoroutineKind::Generator, Builtin::Generator),
        CodeKind::AsyncGenerator => (CoroutineKind::AsyncGenerator, Builtin::AsyncGenerator),
        _ => (CoroutineKind::Coroutine, Builtin::Coroutine),
    };
    let fields = Coroutine::new(kind, code.nregs as u16, function.value(), 0);
    let made = heap.alloc_tail(fields, heap.types.shape_of(class), register);
    // `finally` and `with` in an abandoned generator run when the collector finds it.
    if kind == CoroutineKind::Generator && !code.code.handlers.is_empty() {
        heap.finalise(made.value());
    }
    made
}

impl Vm {
    /// `R[a] := function of K[d]` with defaults, keyword defaults and annotations from `R[b]` on.
    pub(in crate::vm) fn make_function(&mut self, i: Instr) -> Result<(), Raised> {
        let heap = &self.heap;
        let frame = self.exec.stack.top();
        let code: Gc<'_, CodeObj> = frame
            .code(heap)
            .constant(heap, i.d)
            .as_gc()
            .expect("the verifier checked the constant");
        let captures = code.get().code.head().captures;
        let function = heap.function(code, captures.len() as u32, |n| match captures[n] {
            Capture::Local(reg) => frame.window.get(heap, reg),
            Capture::Free(index) => frame.function(heap).tail()[index as usize].get(heap),
            Capture::Spilled { area, slot } => {
                let area = frame.window.get(heap, area).as_gc::<Spill>();
                area.and_then(|area| area.slots.get(heap, slot as usize))
                    .unwrap_or(Value::UNDEF)
            }
        });
        function.defaults.set(self.reg(i.b));
        function.kwdefaults.set(self.reg(i.b + 1));
        function.annotations.set(self.reg(i.b + 2));
        self.set_reg(i.a, function.value());
        Ok(())
    }

    /// A function object of a code object without free variables (a module's body, a REPL input).
    pub fn function_of(&self, code: Local) -> Local {
        let code = self.get_gc(code).expect("the caller loaded the code");
        self.local(self.heap.function(code, 0, |_| Value::UNDEF).value())
    }
}
