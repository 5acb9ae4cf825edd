//! Calls: functions, natives, classes, bound methods, anything with `__call__`; binding arguments to parameters.
//!
//! The loop enters plain functions itself (`run.rs`, `enter!`); here is the rest. `invoke` is the one place that knows what can
//! be called: it either pushes a frame (the result comes when that frame returns) or has the result at once.

use std::rc::Rc;

use smallvec::SmallVec;

use super::Vm;
use super::attribute::function_behind;
use super::bind;
use super::frame::{Frame, Stack, Window, frame_flag};
use super::local::{Local, Mark};
use super::native::{Args, Locals, NativeFn};
use super::text::wraps_slot;
use super::trap::Trap;
use super::{Native, Report};
use crate::bytecode::{Capture, CodeKind, Instr, Op};
use crate::runtime::class::{Class, Extension, class_flag, extension_of};
use crate::runtime::code::CodeObj;
use crate::runtime::coroutine::{Coroutine, CoroutineKind, CoroutineState};
use crate::runtime::descriptor::Super;
use crate::runtime::dict::Dict;
use crate::runtime::function::{BoundMethod, Function};
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::module::Module;
use crate::runtime::native::NativeFunction;
use crate::runtime::set::Set;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};

/// The arguments of a call under way, in locals.
#[derive(Clone, Debug, Default)]
pub(super) struct CallArgs {
    /// By position.
    pub positional: SmallVec<[Local; 6]>,
    /// By name: a string and a value each.
    pub keywords: SmallVec<[(Local, Local); 2]>,
}

/// Who waits for a call's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    /// The instruction that the top frame took last: the result goes to its `R[a]`.
    Instruction,
    /// Rust code: the frame gets the `BOUNDARY` flag.
    Rust,
}

/// What became of a call.
enum Invoked {
    /// A frame was pushed.
    Entered,
    /// Here is the result.
    Done(Local),
}

/// Makes the registers that the code may find unset Undef.
#[inline(never)]
pub(super) fn clear_registers(code: Gc<'_, CodeObj>, window: Window) {
    for reg in code.undef_from..code.nregs {
        window.slot(reg as usize).clear();
    }
}

// Calls from Rust.
impl Vm {
    /// Calls anything with positional arguments.
    pub fn call(&mut self, callee: Local, args: &[Local]) -> Result<Local, Raised> {
        self.call_args(
            callee,
            CallArgs {
                positional: args.into(),
                keywords: SmallVec::new(),
            },
        )
    }

    /// Calls anything with positional and keyword arguments.
    pub fn call_kw(
        &mut self,
        callee: Local,
        args: &[Local],
        names: &[&str],
        values: &[Local],
    ) -> Result<Local, Raised> {
        let keywords = names
            .iter()
            .zip(values)
            .map(|(name, &value)| (self.local(self.heap.intern(name).value()), value))
            .collect();
        self.call_args(
            callee,
            CallArgs {
                positional: args.into(),
                keywords,
            },
        )
    }

    /// Calls anything with a tuple (or list) of positional arguments and a dict of keyword arguments.
    pub fn call_ex(
        &mut self,
        callee: Local,
        args: Local,
        kwargs: Option<Local>,
    ) -> Result<Local, Raised> {
        let args = self.spread(args, kwargs)?;
        self.call_args(callee, args)
    }

    /// Begins a call on an empty stack: the result, or None if its frame is on top now.
    pub(super) fn enter_call(
        &mut self,
        callee: Local,
        args: &[Local],
        kwargs: Option<Local>,
    ) -> Result<Option<Local>, Raised> {
        let none = self.heap.tuple(&[]).value();
        let none = self.local(none);
        let mut all = self.spread(none, kwargs)?;
        all.positional = args.into();
        match self.invoke(callee, all, Caller::Rust)? {
            Invoked::Done(result) => Ok(Some(result)),
            Invoked::Entered => Ok(None),
        }
    }

    pub(super) fn call_args(&mut self, callee: Local, args: CallArgs) -> Result<Local, Raised> {
        let mark = self.mark();
        let result = match self.invoke(callee, args, Caller::Rust)? {
            Invoked::Done(result) => result,
            Invoked::Entered => self.run_nested()?,
        };
        Ok(self.keep(mark, result))
    }

    /// Runs the frame that was just pushed with the `BOUNDARY` flag until it returns.
    pub(super) fn run_nested(&mut self) -> Result<Local, Raised> {
        match self.run_bounded()? {
            Trap::Returned => Ok(self.local(self.result.get(&self.heap))),
            trap => unreachable!(
                "a call from Rust cannot stop with {trap:?}: its stack is not preemptible"
            ),
        }
    }

    /// Runs the loop inside the Rust code that runs now.
    pub(super) fn run_bounded(&mut self) -> Result<Trap, Raised> {
        let preemptible = std::mem::replace(&mut self.preemptible, false);
        let result = self.nested(|vm| vm.run());
        self.preemptible = preemptible;
        result
    }

    /// Runs something that may recurse without end through Rust.
    pub fn nested<T>(
        &mut self,
        body: impl FnOnce(&mut Vm) -> Result<T, Raised>,
    ) -> Result<T, Raised> {
        if self.nesting >= super::NESTING_LIMIT {
            return Err(self.recursion_error());
        }
        self.nesting += 1;
        let result = body(self);
        self.nesting -= 1;
        result
    }

    /// RecursionError, as CPython words it.
    pub fn recursion_error(&self) -> Raised {
        self.heap
            .raise(Builtin::RecursionError, "maximum recursion depth exceeded")
    }

    /// Calls a method by name.
    pub fn call_method(
        &mut self,
        object: Local,
        name: &str,
        args: &[Local],
    ) -> Result<Local, Raised> {
        let mark = self.mark();
        let method = self.get_attr_named(object, name)?;
        let result = self.call(method, args)?;
        Ok(self.keep(mark, result))
    }

    /// What a value's class has under a special name; `None` set in the class counts as having nothing.
    #[inline]
    pub fn special<'h>(&'h self, value: Value<'h>, sym: Sym) -> Option<Value<'h>> {
        self.heap
            .class_of(value)
            .lookup(&self.heap, self.heap.sym(sym))
            .filter(|v| !v.is_none())
    }

    /// Calls a special method of an object's class, if the class has it.
    pub fn call_special(
        &mut self,
        object: Local,
        sym: Sym,
        args: &[Local],
    ) -> Result<Option<Local>, Raised> {
        let mark = self.mark();
        let Some(method) = self.special(self.get(object), sym) else {
            return Ok(None);
        };
        let mut positional: SmallVec<[Local; 6]> = SmallVec::new();
        let function = self.bind_special(self.local(method), object, &mut positional)?;
        positional.extend_from_slice(args);
        let result = self.call_args(
            function,
            CallArgs {
                positional,
                keywords: SmallVec::new(),
            },
        )?;
        Ok(Some(self.keep(mark, result)))
    }

    /// What to call for a special method found in a class, and whether the receiver goes first.
    fn bind_special(
        &mut self,
        method: Local,
        object: Local,
        args: &mut SmallVec<[Local; 6]>,
    ) -> Result<Local, Raised> {
        match self.get(method).as_object().map(Gc::kind) {
            Some(Kind::Function | Kind::Native) => {
                args.push(object);
                Ok(method)
            }
            _ => self.bind_descriptor(method, object),
        }
    }
}

// What can be called.
impl Vm {
    fn invoke(
        &mut self,
        callee: Local,
        mut args: CallArgs,
        caller: Caller,
    ) -> Result<Invoked, Raised> {
        let value = self.get(callee);
        match value.as_object().map(Gc::kind) {
            Some(Kind::Function) => self.invoke_function(callee, &args, caller),
            Some(Kind::Native) => self.invoke_native(callee, &args).map(Invoked::Done),
            Some(Kind::BoundMethod) => {
                let bound: Gc<'_, BoundMethod> = value.as_gc().expect("the kind was just checked");
                let (function, receiver) = (
                    bound.function.get(&self.heap),
                    bound.receiver.get(&self.heap),
                );
                let (function, receiver) = (self.local(function), self.local(receiver));
                args.positional.insert(0, receiver);
                self.invoke(function, args, caller)
            }
            Some(Kind::Class) => self.construct(callee, args).map(Invoked::Done),
            _ => match self
                .special(value, Sym::Call)
                .map(|method| self.local(method))
            {
                Some(method) => {
                    let mut positional = SmallVec::new();
                    let function = self.bind_special(method, callee, &mut positional)?;
                    positional.extend(args.positional);
                    self.nested(|vm| {
                        vm.invoke(
                            function,
                            CallArgs {
                                positional,
                                keywords: args.keywords,
                            },
                            caller,
                        )
                    })
                }
                None => Err(self.heap.type_error(format!(
                    "'{}' object is not callable",
                    self.heap.type_name(value)
                ))),
            },
        }
    }

    fn invoke_function(
        &mut self,
        callee: Local,
        args: &CallArgs,
        caller: Caller,
    ) -> Result<Invoked, Raised> {
        let flags = if caller == Caller::Rust {
            frame_flag::BOUNDARY
        } else {
            0
        };
        let Vm {
            heap,
            stack,
            locals,
            ..
        } = self;
        let heap = &*heap;
        let value = |local: Local| {
            locals
                .get(heap, local.index())
                .expect("the caller's locals")
        };
        let function: Gc<'_, Function> =
            value(callee).as_gc().expect("the caller checked the kind");
        let positional: SmallVec<[Value<'_>; 8]> =
            args.positional.iter().map(|&l| value(l)).collect();
        let keywords: SmallVec<[(Value<'_>, Value<'_>); 4]> = args
            .keywords
            .iter()
            .map(|&(name, v)| (value(name), value(v)))
            .collect();
        let code = function.code(heap);
        let entered = if code.plain_args as usize == positional.len() && keywords.is_empty() {
            enter(heap, stack, function, &positional, flags)?
        } else {
            let bound = bind::bind_function(heap, function, &positional, &keywords)?;
            enter(heap, stack, function, &bound, flags)?
        };
        Ok(match entered {
            Some(coroutine) => Invoked::Done(Local::push(locals, heap, coroutine.value())),
            None => Invoked::Entered,
        })
    }

    /// Calls a native with arguments in locals.
    fn invoke_native(&mut self, callee: Local, args: &CallArgs) -> Result<Local, Raised> {
        let mark = self.mark();
        let function: Gc<'_, NativeFunction> =
            self.get_gc(callee).expect("the caller checked the kind");
        let (id, is_new) = (function.id, function.is_new);
        let native = self.natives.get(id);
        let first = self.local_count();
        if args.keywords.is_empty() && native.takes(args.positional.len()) {
            for n in 0..native.params() {
                self.local(
                    args.positional
                        .get(n)
                        .map_or(Value::UNDEF, |&arg| self.get(arg)),
                );
            }
        } else {
            let heap = &self.heap;
            let positional: SmallVec<[Value<'_>; 8]> =
                args.positional.iter().map(|&l| self.get(l)).collect();
            let keywords: SmallVec<[(Value<'_>, Value<'_>); 4]> = args
                .keywords
                .iter()
                .map(|&(name, v)| (self.get(name), self.get(v)))
                .collect();
            let function = self.get_gc(callee).expect("the caller checked the kind");
            let bound = bind::bind_native(
                heap,
                function,
                native,
                self.natives.params(id),
                &positional,
                &keywords,
            )?;
            for value in bound {
                self.local(value);
            }
        }
        let receiver = if is_new {
            None
        } else {
            self.unwrap_receiver(callee, first)?
        };
        let result = self.run_native(native, first)?;
        let result = if is_new {
            self.wrap_new(Local::at(first), result)
        } else {
            result
        };
        Ok(match receiver {
            // `x += y` on an instance around a list gives the list's method the list; what it returns is the instance.
            Some((instance, payload)) if self.get(result).is(self.get(payload)) => {
                self.keep(mark, instance)
            }
            _ => self.keep(mark, result),
        })
    }

    /// Runs a native whose parameters are the locals from `first` on.
    fn run_native(&mut self, native: &'static Native, first: u32) -> Result<Local, Raised> {
        match native.call {
            NativeFn::Vm(f) | NativeFn::Coroutine(f, _) => f(self, Locals::new(Local::at(first))),
            NativeFn::Leaf(f) => {
                let heap = &self.heap;
                let count = native.params() as u32;
                let slots: SmallVec<[Slot; 8]> = (0..count)
                    .map(|n| Slot::new(self.get(Local::at(first + n))))
                    .collect();
                let value = f(heap, Args::new(heap, &slots))?;
                Ok(self.local(value))
            }
        }
    }

    /// If a method of a builtin type was called on an instance that extends it, the method gets the builtin object; returns
    /// the instance and that object.
    fn unwrap_receiver(
        &mut self,
        callee: Local,
        first: u32,
    ) -> Result<Option<(Local, Local)>, Raised> {
        let heap = &self.heap;
        let function: Gc<'_, NativeFunction> =
            self.get_gc(callee).expect("the caller checked the kind");
        let Some(owner) = function.get().owner.get(heap).as_gc::<Class>() else {
            return Ok(None);
        };
        if owner.builtin_is(Builtin::Object) || self.local_count() <= first {
            return Ok(None);
        }
        let instance = self.get(Local::at(first));
        if !heap.class_of(instance).is_subclass(heap, owner) {
            return Err(self.wrong_receiver(function.id, owner, instance));
        }
        let Some(payload) = instance.as_gc::<Instance>().and_then(|i| i.payload(heap)) else {
            return Ok(None);
        };
        let (instance, payload) = (self.local(instance), self.local(payload));
        self.set(Local::at(first), self.get(payload));
        Ok(Some((instance, payload)))
    }

    #[cold]
    fn wrong_receiver(&self, id: u32, owner: Gc<'_, Class>, receiver: Value<'_>) -> Raised {
        let heap = &self.heap;
        let (name, owner, given) = (
            self.natives.get(id).name(),
            owner.name(heap).as_str(),
            heap.type_name(receiver),
        );
        heap.type_error(match wraps_slot(name) {
            true => {
                format!("descriptor '{name}' requires a '{owner}' object but received a '{given}'")
            }
            false => format!(
                "descriptor '{name}' for '{owner}' objects doesn't apply to a '{given}' object"
            ),
        })
    }

    /// What `__new__` of a builtin type made, as an instance of the class that was asked for.
    fn wrap_new(&mut self, class: Local, made: Local) -> Local {
        let heap = &self.heap;
        let value = self.get(made);
        match self.get_gc::<Class>(class) {
            Some(class)
                if class.builtin.is_none() && extension_of(class.layout) == Extension::Payload =>
            {
                let plain = value.as_gc::<Instance>().is_none();
                if plain {
                    self.local(heap.instance_around(class, value).value())
                } else {
                    made
                }
            }
            _ => made,
        }
    }

    /// Calls a class: makes an instance and initialises it.
    fn construct(&mut self, class: Local, args: CallArgs) -> Result<Local, Raised> {
        let heap = &self.heap;
        let this: Gc<'_, Class> = self.get_gc(class).expect("the caller checked the kind");
        let meta = heap.class_of(this.value());
        if !meta.builtin_is(Builtin::Type) {
            let call = meta
                .lookup_in(heap, heap.sym(Sym::Call))
                .filter(|(owner, _)| !owner.builtin_is(Builtin::Type));
            if let Some((_, call)) = call {
                let call = self.local(call);
                let mut positional: SmallVec<[Local; 6]> = SmallVec::new();
                let function = self.bind_special(call, class, &mut positional)?;
                positional.extend(args.positional);
                return self.call_args(
                    function,
                    CallArgs {
                        positional,
                        keywords: args.keywords,
                    },
                );
            }
        }
        self.instantiate(class, args)
    }

    /// `type.__call__`: `__new__`, then `__init__` if that gave an instance of the class.
    pub(super) fn instantiate(&mut self, class: Local, args: CallArgs) -> Result<Local, Raised> {
        let instance = self.make_instance(class, &args)?;
        let heap = &self.heap;
        let this: Gc<'_, Class> = self.get_gc(class).expect("the caller checked the kind");
        let actual = heap.class_of(self.get(instance));
        if !actual.is_subclass(heap, this)
            || this.builtin_is(Builtin::Type) && args.positional.len() == 1
        {
            return Ok(instance);
        }
        let Some((owner, init)) = actual.lookup_in(heap, heap.sym(Sym::Init)) else {
            return Ok(instance);
        };
        if owner.builtin_is(Builtin::Object) {
            let given = !args.positional.is_empty() || !args.keywords.is_empty();
            let unused = given && !this.has(class_flag::NEW);
            if unused {
                return Err(
                    heap.type_error(format!("{}() takes no arguments", this.name(heap).as_str()))
                );
            }
            return Ok(instance);
        }
        let init = self.local(init);
        let mut positional: SmallVec<[Local; 6]> = SmallVec::new();
        let function = self.bind_special(init, instance, &mut positional)?;
        positional.extend(args.positional);
        let result = self.call_args(
            function,
            CallArgs {
                positional,
                keywords: args.keywords,
            },
        )?;
        self.check_init(self.get(result))?;
        Ok(instance)
    }

    fn make_instance(&mut self, class: Local, args: &CallArgs) -> Result<Local, Raised> {
        let heap = &self.heap;
        let this: Gc<'_, Class> = self.get_gc(class).expect("the caller checked the kind");
        if !this.has(class_flag::NEW) && this.layout == Kind::Instance {
            self.check_abstract(this)?;
            return Ok(self.local(heap.instance(this).value()));
        }
        let new = this
            .lookup(heap, heap.sym(Sym::New))
            .expect("object has __new__");
        let new = self.local(new);
        let function = match self.get(new).as_object().map(Gc::kind) {
            Some(Kind::Function | Kind::Native) => new,
            _ => self.bind_descriptor(new, class)?,
        };
        let mut positional: SmallVec<[Local; 6]> = SmallVec::new();
        positional.push(class);
        positional.extend_from_slice(&args.positional);
        self.call_args(
            function,
            CallArgs {
                positional,
                keywords: args.keywords.clone(),
            },
        )
    }

    /// Refuses to make an instance of a class with abstract methods left.
    pub fn check_abstract(&self, class: Gc<'_, Class>) -> Result<(), Raised> {
        let heap = &self.heap;
        let Some(names) = class.attrs.get(heap, heap.sym(Sym::AbstractMethods)) else {
            return Ok(());
        };
        let Some(set) = names.as_gc::<Set>() else {
            return Ok(());
        };
        let mut names: Vec<&str> = set
            .table
            .keys(heap)
            .iter()
            .filter_map(|v| Some(v.as_gc::<Str>()?.as_str()))
            .collect();
        if names.is_empty() {
            return Ok(());
        }
        names.sort_unstable();
        let plural = if names.len() == 1 { "" } else { "s" };
        let list = names
            .iter()
            .map(|n| format!("'{n}'"))
            .collect::<Vec<_>>()
            .join(", ");
        let class = class.name(heap).as_str();
        Err(heap.type_error(format!(
            "Can't instantiate abstract class {class} without an implementation for abstract method{plural} {list}"
        )))
    }

    pub(super) fn check_init(&self, result: Value<'_>) -> Result<(), Raised> {
        if result.is_none() {
            return Ok(());
        }
        Err(self.heap.type_error(format!(
            "__init__() should return None, not '{}'",
            self.heap.type_name(result)
        )))
    }
}

/// Pushes a frame for a function with all its parameters in `args`, or makes the coroutine that calling it means.
pub(super) fn enter<'h>(
    heap: &'h Heap,
    stack: &mut Stack,
    function: Gc<'h, Function>,
    args: &[Value<'h>],
    flags: u32,
) -> Result<Option<Gc<'h, Coroutine>>, Raised> {
    let code = function.code(heap);
    if code.code.kind.suspends() {
        return Ok(Some(new_coroutine(heap, function, args)));
    }
    if !stack.reserve(heap, code.nregs) {
        return Err(heap.raise(Builtin::RecursionError, "maximum recursion depth exceeded"));
    }
    let window = stack.free_window(heap);
    for (n, &arg) in args.iter().enumerate() {
        window.slot(n).set(arg);
    }
    clear_registers(code, window);
    stack.push(Frame::new(code, window, function.value(), flags));
    Ok(None)
}

/// A coroutine, generator or async generator of this function, its parameters in `args`.
fn new_coroutine<'h>(
    heap: &'h Heap,
    function: Gc<'h, Function>,
    args: &[Value<'h>],
) -> Gc<'h, Coroutine> {
    coroutine_with(heap, function, |n| {
        args.get(n).copied().unwrap_or(Value::UNDEF)
    })
}

/// The same, with what its registers begin with given one by one.
fn coroutine_with<'h>(
    heap: &'h Heap,
    function: Gc<'h, Function>,
    register: impl FnMut(usize) -> Value<'h>,
) -> Gc<'h, Coroutine> {
    let code = function.code(heap);
    let (kind, class) = match code.code.kind {
        CodeKind::Generator => (CoroutineKind::Generator, Builtin::Generator),
        CodeKind::AsyncGenerator => (CoroutineKind::AsyncGenerator, Builtin::AsyncGenerator),
        _ => (CoroutineKind::Coroutine, Builtin::Coroutine),
    };
    let fields = Coroutine::new(kind, code.nregs, function.value(), code.value(), 0);
    heap.alloc_tail(fields, heap.types.shape_of(class), register)
}

/// The coroutine that a call with these positional arguments makes, if that needs no binding.
pub(super) fn plain_coroutine<'h>(
    heap: &'h Heap,
    function: Gc<'h, Function>,
    args: &[Value<'h>],
) -> Option<Gc<'h, Coroutine>> {
    let code = &function.code(heap).code;
    let plain = code.kind.suspends()
        && code.params.is_simple()
        && usize::from(code.params.positional) == args.len();
    plain.then(|| new_coroutine(heap, function, args))
}

// The instructions.
impl Vm {
    /// `Call` of a function that the loop could not enter directly.
    #[inline(never)]
    pub(super) fn call_op(&mut self, i: Instr) -> Result<(), Raised> {
        self.call_function_window(i, 1, i.b as usize)
    }

    /// `CallFound` of a function that the loop could not enter directly.
    #[inline(never)]
    pub(super) fn call_found_function(&mut self, i: Instr) -> Result<(), Raised> {
        let skip = if self.reg(i.a + 1).is_undef() { 2 } else { 1 };
        self.call_function_window(i, skip, i.b as usize + 2 - skip)
    }

    fn call_function_window(&mut self, i: Instr, skip: usize, count: usize) -> Result<(), Raised> {
        let Vm { heap, stack, .. } = self;
        let function = stack.top().window.get(heap, i.a).as_gc();
        let function = function.expect("the caller checked the kind");
        let coroutine = enter_window(heap, stack, function, i.a as usize + skip, count)?;
        if give_coroutine(stack, i, coroutine) {
            self.warn_dropped(i.a);
        }
        Ok(())
    }

    /// `Call` of a bound method around a function: the receiver takes the place of the callee, in front of the arguments.
    fn call_bound_op(&mut self, i: Instr) -> Result<bool, Raised> {
        let Vm { heap, stack, .. } = self;
        let w = stack.top().window;
        let Some(bound) = w.get(heap, i.a).as_gc::<BoundMethod>() else {
            return Ok(false);
        };
        let Some(function) = bound.function.get(heap).as_gc::<Function>() else {
            return Ok(false);
        };
        w.set(i.a, bound.receiver.get(heap));
        let coroutine = enter_window(heap, stack, function, i.a as usize, i.b as usize + 1)?;
        if give_coroutine(stack, i, coroutine) {
            self.warn_dropped(i.a);
        }
        Ok(true)
    }

    /// `CallKw` of a function.
    fn call_function_kw(&mut self, i: Instr) -> Result<bool, Raised> {
        let Vm { heap, stack, .. } = self;
        let heap = &*heap;
        let frame = stack.top();
        let w = frame.window;
        let Some(function) = w.get(heap, i.a).as_gc::<Function>() else {
            return Ok(false);
        };
        let first = i.a as usize + 1;
        let value = |slot: &Slot| slot.get(heap);
        let positional: SmallVec<[Value<'_>; 8]> =
            w.slots(first, i.b as usize).iter().map(value).collect();
        let names = keyword_names(heap, frame.code(heap), i);
        let given = w.slots(first + i.b as usize, names.len());
        let keywords: SmallVec<[(Value<'_>, Value<'_>); 4]> =
            names.iter(heap).zip(given.iter().map(value)).collect();
        let bound = bind::bind_function(heap, function, &positional, &keywords)?;
        let coroutine = enter(heap, stack, function, &bound, 0)?;
        give_coroutine(stack, i, coroutine);
        Ok(true)
    }

    /// `Call` of anything but a function.
    #[inline(never)]
    pub(super) fn call_native_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        let w = self.stack.top().window;
        let callee = w.get(&self.heap, i.a);
        if let Some(function) = callee.as_gc::<NativeFunction>() {
            if !function.is_new && function.owner.is_undef() {
                let native = self.natives.get(function.id);
                if native.takes(i.b as usize) {
                    return self.call_native_window(native, i, 1, i.b as usize);
                }
            }
        } else if let Some(class) = callee.as_gc::<Class>() {
            if class.layout == Kind::Exception && self.construct_exception(i) {
                return Ok(None);
            }
            if class.builtin.is_some() {
                if let Some(new) = self.builtin_constructor(class, i) {
                    return self.construct_builtin(new, i);
                }
            } else if self.construct_directly(i) {
                return Ok(None);
            }
        } else if self.call_bound_op(i)? {
            return Ok(None);
        }
        let mark = self.mark();
        let callee = self.reg_local(i.a);
        let args = self.window_args(i.a as usize + 1, i.b as usize);
        self.finish_invoke(mark, callee, args, i)
    }

    /// Calls a native whose arguments are the `count` registers from `R[a + skip]` on.
    #[inline(never)]
    pub(super) fn call_native_window(
        &mut self,
        native: &'static Native,
        i: Instr,
        skip: usize,
        count: usize,
    ) -> Result<Option<Trap>, Raised> {
        let w = self.stack.top().window;
        match native.call {
            NativeFn::Leaf(f) => {
                let value = f(
                    &self.heap,
                    Args::new(&self.heap, w.slots(i.a as usize + skip, count)),
                )?;
                w.set(i.a, value);
                Ok(None)
            }
            NativeFn::Coroutine(_, direct) if self.is_awaited(i) => {
                match self.call_awaited(direct, i.a as usize + skip, count)? {
                    Some(next) => Ok(next),
                    None => self.call_vm_native(native, i, skip, count),
                }
            }
            NativeFn::Vm(_) | NativeFn::Coroutine(..) => {
                self.call_vm_native(native, i, skip, count)
            }
        }
    }

    /// Calls a native that takes locals.
    fn call_vm_native(
        &mut self,
        native: &'static Native,
        i: Instr,
        skip: usize,
        count: usize,
    ) -> Result<Option<Trap>, Raised> {
        let w = self.stack.top().window;
        match native.call {
            NativeFn::Leaf(_) => unreachable!("leaves take registers"),
            NativeFn::Vm(f) | NativeFn::Coroutine(f, _) => {
                let mark = self.mark();
                let first = self.local_count();
                for n in 0..native.params() {
                    self.local(if n < count {
                        w.slot(i.a as usize + skip + n).get(&self.heap)
                    } else {
                        Value::UNDEF
                    });
                }
                let result = f(self, Locals::new(Local::at(first)))?;
                self.finish(mark, i.a, result);
                self.after_native(i)
            }
        }
    }

    /// What a native left to do: park the green thread, warn of a coroutine that the statement drops.
    fn after_native(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        if Vm::drops_result(i) && self.reg(i.a).is_gc::<Coroutine>() {
            self.warn_dropped(i.a);
        }
        Ok(self.park.is_some().then_some(Trap::Parked))
    }

    /// The statement that runs now drops a new coroutine: it will never be awaited.
    #[cold]
    fn warn_dropped(&mut self, reg: u8) {
        let heap = &self.heap;
        let Some(coroutine) = self.reg(reg).as_gc::<Coroutine>() else {
            return;
        };
        if coroutine.kind == CoroutineKind::Coroutine {
            coroutine.state.set(CoroutineState::Done);
            let frame = self.stack.top();
            let at = frame.index(heap).saturating_sub(1);
            let name = coroutine
                .function
                .expect::<Function>(heap)
                .qualname
                .expect::<Str>(heap)
                .as_str()
                .to_owned();
            let code = Rc::clone(&frame.code(heap).code);
            self.host.report(Report::NeverAwaited {
                name,
                place: Some((code, at)),
            });
        }
    }

    /// The native `__new__` of a builtin class that is called with positional arguments only, if these suit it.
    fn builtin_constructor(&self, class: Gc<'_, Class>, i: Instr) -> Option<&'static Native> {
        let heap = &self.heap;
        let meta = heap.class_of(class.value());
        let new = class.lookup(heap, heap.sym(Sym::New))?;
        let native = self.natives.get(new.as_gc::<NativeFunction>()?.id);
        (meta.builtin_is(Builtin::Type) && native.takes(i.b as usize + 1)).then_some(native)
    }

    /// Makes an exception of a class that leaves both making and initialising to BaseException: its arguments are its `args`.
    fn construct_exception(&self, i: Instr) -> bool {
        let heap = &self.heap;
        let w = self.stack.top().window;
        let Some(class) = w.get(heap, i.a).as_gc::<Class>() else {
            return false;
        };
        let inherits = |sym| {
            class
                .lookup_in(heap, heap.sym(sym))
                .is_some_and(|(owner, _)| owner.builtin_is(Builtin::BaseException))
        };
        let plain = heap.class_of(class.value()).builtin_is(Builtin::Type)
            && inherits(Sym::New)
            && inherits(Sym::Init);
        if plain {
            let args: SmallVec<[Value<'_>; 4]> = w
                .slots(i.a as usize + 1, i.b as usize)
                .iter()
                .map(|slot| slot.get(heap))
                .collect();
            w.set(i.a, heap.exception(class, &args).value());
        }
        plain
    }

    /// Makes an object of the builtin class in `R[a]`, the arguments behind it: `__new__`, and `__init__` where the class has one.
    fn construct_builtin(
        &mut self,
        new: &'static Native,
        i: Instr,
    ) -> Result<Option<Trap>, Raised> {
        let mark = self.mark();
        let heap = &self.heap;
        let class: Gc<'_, Class> = self.reg(i.a).as_gc().expect("the caller checked the kind");
        let init = class.lookup_in(heap, heap.sym(Sym::Init));
        let asks_type = class.builtin_is(Builtin::Type) && i.b == 1;
        let init = init
            .filter(|(owner, _)| !asks_type && !owner.builtin_is(Builtin::Object))
            .map(|(_, init)| self.local(init));
        let trap = self.call_native_window(new, i, 0, i.b as usize + 1)?;
        let Some(init) = init else {
            return Ok(trap);
        };
        let made = self.reg_local(i.a);
        let mut args = self.window_args(i.a as usize + 1, i.b as usize);
        args.positional.insert(0, made);
        self.call_args(init, args)?;
        self.finish(mark, i.a, made);
        Ok(None)
    }

    /// Makes an instance of a plain class and enters its `__init__`; false: the general path must do it.
    #[inline]
    fn construct_directly(&mut self, i: Instr) -> bool {
        let Vm { heap, stack, .. } = self;
        let w = stack.top().window;
        let Some(class) = w.get(heap, i.a).as_gc::<Class>() else {
            return false;
        };
        if class.layout != Kind::Instance
            || class.has(class_flag::NEW)
            || !heap.class_of(class.value()).builtin_is(Builtin::Type)
        {
            return false;
        }
        if class
            .attrs
            .get(heap, heap.sym(Sym::AbstractMethods))
            .is_some()
        {
            return false;
        }
        let Some((owner, init)) = class.lookup_in(heap, heap.sym(Sym::Init)) else {
            return false;
        };
        let Some(init) = init.as_gc::<Function>() else {
            let bare = i.b == 0 && owner.builtin_is(Builtin::Object);
            if bare {
                w.set(i.a, heap.instance(class).value());
            }
            return bare;
        };
        let code = init.code(heap);
        let window = w.from(i.a as usize);
        if code.plain_args != u32::from(i.b) + 1 || !stack.has_room(window) {
            return false;
        }
        let instance = heap.instance(class).value();
        w.set(i.a, instance);
        let frame = Frame::new(code, window, init.value(), frame_flag::INIT);
        frame.extra.set(instance);
        clear_registers(code, window);
        stack.push(frame);
        true
    }

    /// `CallMethod` through a cache that gave an attribute of the object itself (a module's function, a callable in a slot).
    #[inline(never)]
    pub(super) fn call_attribute_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        let heap = &self.heap;
        let frame = self.stack.top();
        let w = frame.window;
        let slot = frame.code(heap).get().caches[i.d as usize].slot.get() as usize;
        let object = w.get(heap, i.a + 1);
        let value = match object.as_gc::<Module>() {
            Some(module) => module
                .globals
                .values
                .get(heap, slot)
                .unwrap_or(Value::UNDEF),
            None => object
                .as_gc::<Instance>()
                .map_or(Value::UNDEF, |o| o.slot(heap, slot)),
        };
        if let Some(function) = value.as_gc::<NativeFunction>() {
            let native = self.natives.get(function.id);
            if native.takes(i.b as usize) && function.owner.is_undef() && !function.is_new {
                return self.call_native_window(native, i, 2, i.b as usize);
            }
        }
        if value.is_gc::<Function>() {
            w.set(i.a, value);
            self.call_function_window(i, 2, i.b as usize)?;
            return Ok(None);
        }
        if value.is_undef() {
            return self.call_method_op(i);
        }
        let mark = self.mark();
        let callee = self.local(value);
        let args = self.window_args(i.a as usize + 2, i.b as usize);
        self.finish_invoke(mark, callee, args, i)
    }

    /// `CallMethod` of a native that the cache found.
    #[inline(never)]
    pub(super) fn call_cached_native(
        &mut self,
        native: &'static Native,
        i: Instr,
    ) -> Result<Option<Trap>, Raised> {
        let count = i.b as usize + 1;
        if native.takes(count) {
            return self.call_native_window(native, i, 1, count);
        }
        self.call_method_op(i)
    }

    /// `CallMethod`, the general way; teaches the cache.
    #[inline(never)]
    pub(super) fn call_method_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        if self.learns_method(i) {
            self.stack.top_mut().ip.retry();
            return Ok(None);
        }
        if self.finds_behind(i) {
            self.call_function_window(i, 1, i.b as usize + 1)?;
            return Ok(None);
        }
        let mark = self.mark();
        let receiver = self.reg_local(i.a + 1);
        let (callee, bound) = self.find_method(receiver, i)?;
        let function = self.get(callee);
        if let Some(function) = function.as_gc::<NativeFunction>() {
            let native = self.natives.get(function.id);
            let (skip, count) = if bound {
                (2, i.b as usize)
            } else {
                (1, i.b as usize + 1)
            };
            let plain = bound || !self.get(receiver).is_gc::<Instance>();
            if native.takes(count)
                && plain
                && !function.is_new
                && (!bound || function.owner.is_undef())
            {
                self.release(mark);
                return self.call_native_window(native, i, skip, count);
            }
        }
        if !bound && self.get(callee).is_gc::<Function>() {
            self.set_reg(i.a, self.get(callee));
            self.release(mark);
            self.call_function_window(i, 1, i.b as usize + 1)?;
            return Ok(None);
        }
        let mut args = self.window_args(i.a as usize + 2, i.b as usize);
        if !bound {
            args.positional.insert(0, receiver);
        }
        self.finish_invoke(mark, callee, args, i)
    }

    /// `super().name(...)` where that means a plain function: puts it into `R[a]` and the object that it is called on into
    /// `R[a+1]`.
    fn finds_behind(&self, i: Instr) -> bool {
        let Some(behind) = self.reg(i.a + 1).as_gc::<Super>() else {
            return false;
        };
        let Some((function, object)) = function_behind(&self.heap, behind, self.cache_name(i))
        else {
            return false;
        };
        self.set_reg(i.a, function.value());
        self.set_reg(i.a + 1, object);
        true
    }

    /// `GetMethod`; teaches the cache.
    #[inline(never)]
    pub(super) fn get_method_op(&mut self, i: Instr) -> Result<(), Raised> {
        if self.learns_method(i) {
            self.stack.top_mut().ip.retry();
            return Ok(());
        }
        let mark = self.mark();
        let receiver = self.reg_local(i.a + 1);
        let (callee, bound) = self.find_method(receiver, i)?;
        if bound {
            self.set_reg(i.a + 1, Value::UNDEF);
        }
        self.finish(mark, i.a, callee);
        Ok(())
    }

    /// `CallFound` of anything but a function.
    #[inline(never)]
    pub(super) fn call_found_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        let skip = if self.reg(i.a + 1).is_undef() { 2 } else { 1 };
        let count = i.b as usize + 2 - skip;
        if let Some(function) = self.reg(i.a).as_gc::<NativeFunction>() {
            let native = self.natives.get(function.id);
            let plain = if skip == 1 {
                !self.reg(i.a + 1).is_gc::<Instance>()
            } else {
                function.owner.is_undef()
            };
            if native.takes(count) && plain && !function.is_new {
                return self.call_native_window(native, i, skip, count);
            }
        }
        let mark = self.mark();
        let callee = self.reg_local(i.a);
        let args = self.window_args(i.a as usize + skip, count);
        self.finish_invoke(mark, callee, args, i)
    }

    /// `R[a] := type(R[a+1]).K[d](R[a+1], ...)`.
    #[inline(never)]
    pub(super) fn call_special_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        let mark = self.mark();
        let receiver = self.reg_local(i.a + 1);
        let name = self.name_operand(i);
        let heap = &self.heap;
        let Some(method) = heap.class_of(self.get(receiver)).lookup(heap, name) else {
            let message = format!(
                "'{}' object has no attribute '{}'",
                heap.type_name(self.get(receiver)),
                name.as_str()
            );
            return Err(heap.raise(Builtin::AttributeError, message));
        };
        let (first, count) = (i.a as usize + 1, i.b as usize + 1);
        if let Some(function) = method.as_gc::<Function>() {
            let args: SmallVec<[Value<'_>; 8]> = (self.stack.top().window)
                .slots(first, count)
                .iter()
                .map(|slot| slot.get(heap))
                .collect();
            if let Some(coroutine) = plain_coroutine(heap, function, &args) {
                self.set_reg(i.a, coroutine.value());
                self.release(mark);
                return Ok(None);
            }
        } else if let Some(function) = method.as_gc::<NativeFunction>() {
            let native = self.natives.get(function.id);
            let plain = !self.get(receiver).is_gc::<Instance>() && !function.is_new;
            if plain && native.takes(count) {
                self.release(mark);
                return self.call_native_window(native, i, 1, count);
            }
        }
        let method = self.local(method);
        let mut args = CallArgs::default();
        let callee = self.bind_special(method, receiver, &mut args.positional)?;
        args.positional
            .extend(self.window_args(i.a as usize + 2, i.b as usize).positional);
        self.finish_invoke(mark, callee, args, i)
    }

    /// `CallKw`.
    #[inline(never)]
    pub(super) fn call_kw_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        if self.call_function_kw(i)? {
            return Ok(None);
        }
        let mark = self.mark();
        let callee = self.reg_local(i.a);
        let mut args = self.window_args(i.a as usize + 1, i.b as usize);
        let heap = &self.heap;
        let names = keyword_names(heap, self.stack.top().code(heap), i);
        for (n, name) in names.iter(heap).enumerate() {
            args.keywords
                .push((self.local(name), self.reg_local(i.a + 1 + i.b + n as u8)));
        }
        self.finish_invoke(mark, callee, args, i)
    }

    /// `CallEx`.
    #[inline(never)]
    pub(super) fn call_ex_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        let mark = self.mark();
        let callee = self.reg_local(i.a);
        let positional = self.reg_local(i.a + 1);
        let keywords = self.reg(i.a + 2).defined().map(|v| self.local(v));
        let args = self.spread(positional, keywords)?;
        self.finish_invoke(mark, callee, args, i)
    }

    fn finish_invoke(
        &mut self,
        mark: Mark,
        callee: Local,
        args: CallArgs,
        i: Instr,
    ) -> Result<Option<Trap>, Raised> {
        match self.invoke(callee, args, Caller::Instruction)? {
            Invoked::Entered => {
                self.release(mark);
                Ok(None)
            }
            Invoked::Done(result) => {
                self.finish(mark, i.a, result);
                self.after_native(i)
            }
        }
    }

    /// Whether the statement drops the call's result; in `CallKw` the operand counts the keywords.
    fn drops_result(i: Instr) -> bool {
        i.c != 0 && i.op != Op::CallKw
    }

    /// Registers as positional arguments.
    fn window_args(&self, first: usize, count: usize) -> CallArgs {
        let w = self.stack.top().window;
        let positional = (0..count)
            .map(|n| self.local(w.slot(first + n).get(&self.heap)))
            .collect();
        CallArgs {
            positional,
            keywords: SmallVec::new(),
        }
    }

    /// The items of a list or tuple, and of a dict, as arguments.
    pub(super) fn spread(
        &mut self,
        positional: Local,
        keywords: Option<Local>,
    ) -> Result<CallArgs, Raised> {
        let heap = &self.heap;
        let mut args = CallArgs::default();
        let items = match self.get_gc::<List>(positional) {
            Some(list) => list.items.to_vec(heap),
            None => self
                .get_gc::<Tuple>(positional)
                .map(|t| t.to_vec(heap))
                .unwrap_or_default(),
        };
        args.positional
            .extend(items.into_iter().map(|v| self.local(v)));
        let Some(dict) = keywords.and_then(|k| self.get_gc::<Dict>(k)) else {
            return Ok(args);
        };
        for (name, value) in dict.table.entries(heap) {
            if !name.is_gc::<Str>() {
                return Err(heap.type_error("keywords must be strings"));
            }
            args.keywords.push((self.local(name), self.local(value)));
        }
        Ok(args)
    }

    /// `R[a] := function of K[d]` with defaults, keyword defaults and annotations from `R[b]` on.
    pub(super) fn make_function(&mut self, i: Instr) -> Result<(), Raised> {
        let heap = &self.heap;
        let frame = self.stack.top();
        let code: Gc<'_, CodeObj> = frame
            .code(heap)
            .constant(heap, i.d)
            .as_gc()
            .expect("the verifier checked the constant");
        let captures = &code.code.captures;
        let function = heap.function(code, captures.len() as u32, |n| match captures[n] {
            Capture::Local(reg) => frame.window.get(heap, reg),
            Capture::Free(index) => frame.function(heap).tail()[index as usize].get(heap),
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

/// The names of a `CallKw`'s keyword arguments.
fn keyword_names<'h>(heap: &'h Heap, code: Gc<'h, CodeObj>, i: Instr) -> Gc<'h, Tuple> {
    code.constant(heap, i.d)
        .as_gc()
        .expect("the compiler stores the names as a tuple")
}

/// Puts the coroutine that a call made, if it did, into `R[a]`; whether the statement drops it.
fn give_coroutine(stack: &Stack, i: Instr, coroutine: Option<Gc<'_, Coroutine>>) -> bool {
    let Some(coroutine) = coroutine else {
        return false;
    };
    stack.top().window.set(i.a, coroutine.value());
    Vm::drops_result(i)
}

/// Calls a function with `count` registers of the top frame from `first` on: pushes its frame, or makes the coroutine. Defaults
/// are put behind the arguments, in registers that are dead by then.
fn enter_window<'h>(
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
    let given = stack.top().window.slots(first, count);
    if !params.is_simple() || count > all || all - count > defaults.len() {
        let args: SmallVec<[Value<'_>; 8]> = given.iter().map(|s| s.get(heap)).collect();
        let bound = bind::bind_function(heap, function, &args, &[])?;
        return enter(heap, stack, function, &bound, 0);
    }
    let omitted = &defaults[defaults.len() - (all - count)..];
    if code.code.kind.suspends() {
        let value = |n: usize| match given.get(n) {
            Some(slot) => slot.get(heap),
            None => omitted.get(n - count).map_or(Value::UNDEF, |s| s.get(heap)),
        };
        return Ok(Some(coroutine_with(heap, function, value)));
    }
    if !stack.reserve(heap, code.nregs) {
        return Err(heap.raise(Builtin::RecursionError, "maximum recursion depth exceeded"));
    }
    // Making room may have moved the registers.
    let source = stack.top().window.from(first);
    let window = if stack.has_room(source) {
        source
    } else {
        let free = stack.free_window(heap);
        for n in 0..count {
            free.slot(n).set(source.slot(n).get(heap));
        }
        free
    };
    for (n, slot) in omitted.iter().enumerate() {
        window.slot(count + n).set(slot.get(heap));
    }
    clear_registers(code, window);
    stack.push(Frame::new(code, window, function.value(), 0));
    Ok(None)
}
