//! Calling natives: with arguments in locals or straight from registers, and what a native leaves to do.
//!
//! A method of a builtin type called on an instance that extends the type gets the builtin object inside.

use smallvec::SmallVec;

use super::CallArgs;
use crate::bytecode::Instr;
use crate::runtime::class::{Class, class_flag};
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::native::NativeFunction;
use crate::runtime::opaque::Opaque;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::vm::Native;
use crate::vm::Vm;
use crate::vm::exec::bind::{self, NativeCall, Reached};
use crate::vm::exec::forgotten::drops_result;
use crate::vm::exec::trap::Trap;
use crate::vm::local::Local;
use crate::vm::native::{Args, Locals, NativeFn, ParamKind, Receiver};

impl Vm {
    /// Calls a native with arguments in locals.
    pub(super) fn invoke_native(
        &mut self,
        callee: Local,
        args: &CallArgs,
        reached: Reached,
    ) -> Result<Local, Raised> {
        let mark = self.mark();
        let function: Gc<'_, NativeFunction> =
            self.get_gc(callee).expect("the caller checked the kind");
        let (id, is_new) = (function.id, function.is_new);
        if is_new {
            self.check_class_to_make(function, args.positional.first())?;
        }
        if !is_new && let Some(general) = self.general_path(function, args) {
            let general = self.local(general);
            return self.call_args(general, args.clone());
        }
        let native = self.registry.natives.get(id);
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
            let mut keywords: SmallVec<[(Value<'_>, Value<'_>); 4]> = args
                .keywords
                .iter()
                .map(|&(name, v)| (self.get(name), self.get(v)))
                .collect();
            if is_new && initialises(heap, positional.first()) && native.takes_no_keywords() {
                keywords.clear();
            }
            let function = self.get_gc(callee).expect("the caller checked the kind");
            let call = NativeCall {
                heap,
                native,
                function,
                positional: &positional,
                keywords: &keywords,
                reached,
            };
            let bound = bind::bind_native(&call, self.registry.natives.params(id))?;
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
            Some((instance, payload))
                if self.get(result).is(self.get(payload))
                    && !is_immutable(&self.heap, self.get(payload)) =>
            {
                self.keep(mark, instance)
            }
            _ => self.keep(mark, result),
        })
    }

    /// Whether the first argument of a builtin type's `__new__` is that type, or a class below it.
    fn check_class_to_make(
        &self,
        function: Gc<'_, NativeFunction>,
        first: Option<&Local>,
    ) -> Result<(), Raised> {
        let heap = &self.heap;
        let Some(owner) = function.get().owner.get(heap).as_gc::<Class>() else {
            return Ok(());
        };
        let Some(&first) = first else {
            let ty = owner.name(heap).as_str();
            return Err(heap.type_error(format!("{ty}.__new__(): not enough arguments")));
        };
        let given = self.get(first);
        let class = given.as_gc::<Class>();
        if class.is_some_and(|class| class == owner) {
            return Ok(());
        }
        let ty = owner.name(heap).as_str();
        if let Some(class) = class.filter(|class| class.is_subclass(heap, owner)) {
            return match native_between(heap, owner, class) {
                None => Ok(()),
                Some(safe) => {
                    let (name, safe) = (class.name(heap).as_str(), safe.name(heap).as_str());
                    let message = format!("{ty}.__new__({name}) is not safe, use {safe}.__new__()");
                    Err(heap.type_error(message))
                }
            };
        }
        Err(
            heap.type_error(match class.map(|class| class.name(heap).as_str()) {
                Some(name) => format!("{ty}.__new__({name}): {name} is not a subtype of {ty}"),
                None => {
                    let given = heap.type_name(given);
                    format!("{ty}.__new__(X): X is not a type object ({given})")
                }
            }),
        )
    }

    /// The method written in apy that stands for a native method which was called through its class on an instance of a class of the
    /// program: `asyncio.Queue.put(self, item)`.
    fn general_path<'h>(
        &'h self,
        function: Gc<'h, NativeFunction>,
        args: &CallArgs,
    ) -> Option<Value<'h>> {
        let heap = &self.heap;
        let receiver = self.get_gc::<Opaque>(*args.positional.first()?)?;
        let owner: Gc<'h, Class> = function.get().owner.get(heap).as_gc()?;
        let class = heap.class_of(receiver.value());
        if class == owner {
            return None;
        }
        let name = heap.intern(self.registry.natives.get(function.id).name());
        let before_owner = class.mro(heap).take_while(|&ancestor| ancestor != owner);
        before_owner
            .filter(|ancestor| ancestor.has(class_flag::GENERAL))
            .find_map(|ancestor| ancestor.attrs.get(heap, name))
    }

    /// Runs a native whose parameters are the locals from `first` on.
    pub(in crate::vm::exec) fn run_native(
        &mut self,
        native: &'static Native,
        first: u32,
    ) -> Result<Local, Raised> {
        match native.call {
            NativeFn::Vm(f) | NativeFn::Coroutine(f, _) => {
                let result = f(self, Locals::new(Local::at(first)))?;
                self.heap.check_failed()?;
                Ok(result)
            }
            NativeFn::Step(step) => self.next_of_step(step, Local::at(first)),
            NativeFn::Leaf(f) => {
                let heap = &self.heap;
                let count = native.params() as u32;
                let slots: SmallVec<[Slot; 8]> = (0..count)
                    .map(|n| Slot::new(self.get(Local::at(first + n))))
                    .collect();
                let value = f(heap, Args::new(heap, &slots))?;
                heap.check_failed()?;
                Ok(self.local(value))
            }
        }
    }

    /// If a method of a builtin type was called on an instance that extends it, the method gets the builtin object; returns
    /// the instance and that object.
    pub(super) fn unwrap_receiver(
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
        if self.registry.natives.get(function.id).receiver == Receiver::Instance {
            return Ok(None);
        }
        let Some(payload) = instance.as_gc::<Instance>().and_then(|i| i.payload(heap)) else {
            return Ok(None);
        };
        let (instance, payload) = (self.local(instance), self.local(payload));
        self.set(Local::at(first), self.get(payload));
        Ok(Some((instance, payload)))
    }

    #[cold]
    pub(super) fn wrong_receiver(
        &self,
        id: u32,
        owner: Gc<'_, Class>,
        receiver: Value<'_>,
    ) -> Raised {
        let name = self.registry.natives.get(id).name();
        bind::wrong_receiver(&self.heap, name, owner, receiver)
    }

    /// Calls a native whose arguments are the `count` registers from `R[a + skip]` on.
    #[inline(never)]
    pub(in crate::vm) fn call_native_window(
        &mut self,
        native: &'static Native,
        i: Instr,
        skip: usize,
        count: usize,
    ) -> Result<Option<Trap>, Raised> {
        let w = self.exec.stack.top().window;
        match native.call {
            NativeFn::Leaf(f) => {
                let value = f(
                    &self.heap,
                    Args::new(&self.heap, w.slots(i.a as usize + skip, count)),
                )?;
                self.heap.check_failed()?;
                w.set(i.a, value);
                Ok(None)
            }
            NativeFn::Coroutine(_, direct) if self.is_awaited(i) => {
                match self.call_awaited(direct, i.a as usize + skip, count)? {
                    Some(next) => Ok(next),
                    None => self.call_vm_native(native, i, skip, count),
                }
            }
            NativeFn::Vm(_) | NativeFn::Coroutine(..) | NativeFn::Step(_) => {
                self.call_vm_native(native, i, skip, count)
            }
        }
    }

    /// Calls a native that takes locals.
    pub(super) fn call_vm_native(
        &mut self,
        native: &'static Native,
        i: Instr,
        skip: usize,
        count: usize,
    ) -> Result<Option<Trap>, Raised> {
        let w = self.exec.stack.top().window;
        let mark = self.mark();
        let first = self.local_count();
        for n in 0..native.params() {
            self.local(if n < count {
                w.slot(i.a as usize + skip + n).get(&self.heap)
            } else {
                Value::UNDEF
            });
        }
        let result = match native.call {
            NativeFn::Leaf(_) => unreachable!("leaves take registers"),
            NativeFn::Vm(f) | NativeFn::Coroutine(f, _) => f(self, Locals::new(Local::at(first)))?,
            NativeFn::Step(step) => self.next_of_step(step, Local::at(first))?,
        };
        self.finish(mark, i.a, result);
        self.after_native(i)
    }

    /// Calls a native that gathers (`Native::gathers`) with `count` registers from `first` on.
    pub(super) fn call_gathering(
        &mut self,
        native: &'static Native,
        first: usize,
        count: usize,
    ) -> Result<Local, Raised> {
        let start = self.local_count();
        let w = self.exec.stack.top().window;
        for n in 0..native.params() {
            let heap = &self.heap;
            self.local(match native.gathered(n) {
                ParamKind::Args => heap
                    .tuple_of(w.slots(first + n, count.saturating_sub(n)))
                    .value(),
                ParamKind::Kwargs => heap.dict().value(),
                ParamKind::Positional if n < count => w.slot(first + n).get(heap),
                _ => Value::UNDEF,
            });
        }
        self.run_native(native, start)
    }

    /// What a native left to do: warn of an awaitable that the statement drops.
    pub(super) fn after_native(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        if drops_result(i) {
            self.warn_dropped(i.a);
        }
        Ok(None)
    }
}

/// Whether an object never changes: what its methods return as "itself" is then the builtin object, not the instance around it.
fn is_immutable(heap: &Heap, value: Value<'_>) -> bool {
    match value.as_object() {
        None => true,
        Some(object) => match object.kind() {
            Kind::Int | Kind::Complex | Kind::Str | Kind::Bytes | Kind::Tuple => true,
            Kind::Set => heap.is_instance(value, Builtin::FrozenSet),
            _ => false,
        },
    }
}

/// Whether a class has an `__init__` of the program's, which the keywords of a call are for.
fn initialises<'h>(heap: &'h Heap, class: Option<&Value<'h>>) -> bool {
    let init = class
        .and_then(|class| class.as_gc::<Class>())
        .and_then(|class| class.lookup_in(heap, heap.sym(Sym::Init)));
    init.is_some_and(|(owner, _)| owner.builtin.is_none())
}

/// The native class with a `__new__` of its own between another one and a class that extends both: its objects have other insides.
fn native_between<'h>(
    heap: &'h Heap,
    owner: Gc<'h, Class>,
    class: Gc<'h, Class>,
) -> Option<Gc<'h, Class>> {
    if class.builtin_is(Builtin::Bool) && owner != class {
        return Some(class);
    }
    if owner.layout != Kind::Opaque {
        return None;
    }
    let nearest = class
        .mro(heap)
        .find(|class| class.has(class_flag::NATIVE))?;
    let has_new = nearest.attrs.get(heap, heap.sym(Sym::New)).is_some();
    (nearest != owner && has_new).then_some(nearest)
}
