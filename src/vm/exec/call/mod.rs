//! Calls: functions, natives, classes, bound methods, anything with `__call__`.
//!
//! The loop enters plain functions itself (`run.rs`, `enter!`). Here is what Rust code calls by, and `invoke`, the one place that
//! knows what can be called: it either pushes a frame (the result comes when that frame returns) or has the result at once.
//! The instructions, with the fast paths of the usual calls, are in `instruction.rs`; entering functions in `entry.rs`, natives
//! in `native.rs`, making instances in `construct.rs`. How arguments meet parameters: `vm/exec/bind/`.

mod construct;
mod entry;
mod instruction;
mod native;

use entry::push_frame;
pub(in crate::vm) use entry::{clear_registers, enter, plain_coroutine, too_deep};

use smallvec::SmallVec;

use crate::runtime::dict::Dict;
use crate::runtime::function::{BoundMethod, Function};
use crate::runtime::heap::Kind;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::module::Module;
use crate::runtime::native::NativeFunction;
use crate::runtime::opaque::Opaque;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::vm::Vm;
use crate::vm::exec::Exec;
use crate::vm::exec::bind::{self, Reached};
use crate::vm::exec::forgotten::note_made_by_native;
use crate::vm::exec::frame::frame_flag;
use crate::vm::exec::trap::Trap;
use crate::vm::local::Local;

/// Bytes that an argument takes on its way into a call: twice as a value, twice as a local.
const SPREAD_SIZE: usize = 32;

/// The arguments of a call under way, in locals.
#[derive(Clone, Debug, Default)]
pub(in crate::vm) struct CallArgs {
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

// Calls from Rust.
impl Vm {
    /// Calls anything with positional arguments.
    pub fn call(&mut self, callee: Local, args: &[Local]) -> Result<Local, Raised> {
        if self.enter_plain(callee, args, frame_flag::BOUNDARY)? {
            return self.run_nested();
        }
        if self.get(callee).is_gc::<Opaque>()
            && let Some(native) = self.own_call(self.get(callee))
            && native.takes(args.len() + 1)
        {
            let mark = self.mark();
            let first = self.local_count();
            self.local(self.get(callee));
            for n in 0..native.params() - 1 {
                self.local(args.get(n).map_or(Value::UNDEF, |&arg| self.get(arg)));
            }
            let result = self.nested(|vm| vm.run_native(native, first))?;
            return Ok(self.keep(mark, result));
        }
        self.call_args(
            callee,
            CallArgs {
                positional: args.into(),
                keywords: SmallVec::new(),
            },
        )
    }

    /// Pushes the frame of a function whose parameters are just these arguments; false: it takes `invoke`.
    #[inline]
    fn enter_plain(&mut self, callee: Local, args: &[Local], flags: u32) -> Result<bool, Raised> {
        let Vm {
            heap,
            exec: Exec { stack, locals, .. },
            ..
        } = self;
        let heap = &*heap;
        let Some(function) = callee.value(locals, heap).as_gc::<Function>() else {
            return Ok(false);
        };
        let code = function.code(heap);
        if code.plain_args as usize != args.len() {
            return Ok(false);
        }
        let args = args.iter().map(|arg| arg.value(locals, heap));
        push_frame(heap, stack, function, flags, args)?;
        Ok(true)
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

    pub(in crate::vm) fn call_args(
        &mut self,
        callee: Local,
        args: CallArgs,
    ) -> Result<Local, Raised> {
        let mark = self.mark();
        let result = match self.invoke(callee, args, Caller::Rust)? {
            Invoked::Done(result) => result,
            Invoked::Entered => self.run_nested()?,
        };
        Ok(self.keep(mark, result))
    }

    /// Runs the frame that was just pushed with the `BOUNDARY` flag until it returns.
    pub(in crate::vm) fn run_nested(&mut self) -> Result<Local, Raised> {
        match self.run_bounded()? {
            Trap::Returned => Ok(self.local(self.exec.take_result(&self.heap))),
            trap => unreachable!("a call from Rust cannot stop with {trap:?}"),
        }
    }

    /// Runs the loop inside the Rust code that runs now.
    pub(in crate::vm) fn run_bounded(&mut self) -> Result<Trap, Raised> {
        if self.is_too_deep() {
            // The frame that was pushed ends here, whatever handlers a resumed coroutine has: they would need the room, too.
            let raised = self.recursion_error();
            let halting = std::mem::replace(&mut self.exec.halting, true);
            let trap = self.unwind(raised);
            self.exec.halting = halting;
            debug_assert_eq!(trap, Some(Trap::Raised));
            return Err(self.heap.raise_pending());
        }
        self.exec.nesting += 1;
        let result = self.run();
        self.exec.nesting -= 1;
        result
    }

    /// Runs something that may recurse without end through Rust.
    pub fn nested<T>(
        &mut self,
        body: impl FnOnce(&mut Vm) -> Result<T, Raised>,
    ) -> Result<T, Raised> {
        if self.is_too_deep() {
            return Err(self.recursion_error());
        }
        self.heap.poll(1)?;
        self.exec.nesting += 1;
        let result = body(self);
        self.exec.nesting -= 1;
        result
    }

    /// The same, where the error says what for.
    pub fn nested_for<T>(
        &mut self,
        purpose: &str,
        body: impl FnOnce(&mut Vm) -> Result<T, Raised>,
    ) -> Result<T, Raised> {
        if self.is_too_deep() {
            let message = format!("maximum recursion depth exceeded{purpose}");
            return Err(self.heap.raise(Builtin::RecursionError, message));
        }
        self.nested(body)
    }

    /// RecursionError, as CPython words it.
    pub fn recursion_error(&self) -> Raised {
        too_deep(&self.heap)
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

    /// What a value's class has under a special name. A method that the class sets to None is there; calling it fails.
    #[inline]
    pub fn special<'h>(&'h self, value: Value<'h>, sym: Sym) -> Option<Value<'h>> {
        self.heap
            .class_of(value)
            .lookup(&self.heap, self.heap.sym(sym))
    }

    /// Whether a value's class sets a special method to None, which some protocols word in their own way.
    pub fn refuses(&self, value: Value<'_>, sym: Sym) -> bool {
        self.special(value, sym).is_some_and(Value::is_none)
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
        let result = self.call_found(self.local(method), object, args)?;
        Ok(Some(self.keep(mark, result)))
    }

    /// Calls a special method that was found in an object's class.
    pub(in crate::vm) fn call_found(
        &mut self,
        method: Local,
        object: Local,
        args: &[Local],
    ) -> Result<Local, Raised> {
        let mut positional: SmallVec<[Local; 6]> = SmallVec::new();
        let function = self.bind_special(method, object, &mut positional)?;
        positional.extend_from_slice(args);
        self.call_args(
            function,
            CallArgs {
                positional,
                keywords: SmallVec::new(),
            },
        )
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
            // Natives that call each other from Rust take stack of their own: all such calls are counted.
            Some(Kind::Native) => self.invoke_counted(callee, &args, caller, Reached::Directly),
            Some(Kind::BoundMethod) => {
                let bound: Gc<'_, BoundMethod> = value.as_gc().expect("the kind was just checked");
                let (function, receiver) = (
                    bound.function.get(&self.heap),
                    bound.receiver.get(&self.heap),
                );
                let (function, receiver) = (self.local(function), self.local(receiver));
                args.positional.insert(0, receiver);
                if self.get(function).is_gc::<NativeFunction>() {
                    return self.invoke_counted(function, &args, caller, Reached::Bound);
                }
                if self.get(function).is_gc::<BoundMethod>() {
                    return self.nested(|vm| vm.invoke(function, args, caller));
                }
                self.invoke(function, args, caller)
            }
            Some(Kind::Class) => self.construct(callee, args, caller),
            _ => match self
                .special(value, Sym::Call)
                .map(|method| self.local(method))
            {
                Some(method) => {
                    if let Some(function) = self.forwarded(callee, method, &mut args)? {
                        return self.nested(|vm| vm.invoke(function, args, caller));
                    }
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
                None => Err(self.not_callable(callee)),
            },
        }
    }

    /// Whether calling the object is more than a TypeError.
    pub fn is_callable(&self, object: Local) -> bool {
        match self.get(object).as_object().map(Gc::kind) {
            Some(Kind::Function | Kind::Native | Kind::BoundMethod | Kind::Class) => true,
            _ => self.special(self.get(object), Sym::Call).is_some(),
        }
    }

    /// The exception for calling what cannot be called; a module may have a function of its own name that was meant.
    #[cold]
    fn not_callable(&mut self, callee: Local) -> Raised {
        let class = self.heap.type_name(self.get(callee));
        let message = format!("'{class}' object is not callable");
        let hint = match self.get_gc::<Module>(callee) {
            Some(_) => self.function_named_like(callee),
            None => Ok(None),
        };
        match hint {
            Ok(Some(name)) => self
                .heap
                .type_error(format!("{message}. Did you mean: '{name}.{name}(...)'?")),
            Ok(None) => self.heap.type_error(message),
            Err(raised) => raised,
        }
    }

    /// The name of a module that has something callable of that name.
    fn function_named_like(&mut self, module: Local) -> Result<Option<String>, Raised> {
        let Some(name) = self.find_attr(module, "__name__")? else {
            return Ok(None);
        };
        let name = self
            .get_gc::<Str>(name)
            .map(|name| name.as_str().to_owned());
        let Some(name) = name else {
            return Ok(None);
        };
        let found = self.find_attr(module, &name)?;
        Ok(found.filter(|&found| self.is_callable(found)).map(|_| name))
    }

    /// The callable to which an object such as a `partial` hands its call on; its arguments go before the others. None: it has a `__call__` of its own.
    fn forwarded(
        &self,
        callee: Local,
        method: Local,
        args: &mut CallArgs,
    ) -> Result<Option<Local>, Raised> {
        let heap = &self.heap;
        let object: Option<Gc<'_, Opaque>> = self.get_gc(callee);
        let is_native = self.get(method).is_gc::<NativeFunction>();
        let forward = object
            .filter(|_| is_native)
            .and_then(|object| object.forward(heap));
        let Some(forward) = forward else {
            return Ok(None);
        };
        let first = forward.args.iter(heap).map(|value| self.local(value));
        args.positional.insert_many(0, first);
        let same = |given: Local, name: Value<'_>| {
            let texts = self.get_gc::<Str>(given).zip(name.as_gc::<Str>());
            texts.is_some_and(|(a, b)| a.same_text(b))
        };
        let mut keywords: SmallVec<_> = SmallVec::new();
        for (name, value) in forward.keywords.table.entries(heap) {
            let name = keyword(heap, name)?;
            let at = args
                .keywords
                .iter()
                .position(|&(given, _)| same(given, name));
            match at {
                // It keeps the place of the one that it overrides.
                Some(at) => keywords.push(args.keywords.remove(at)),
                None => keywords.push((self.local(name), self.local(value))),
            }
        }
        keywords.append(&mut args.keywords);
        args.keywords = keywords;
        Ok(Some(self.local(forward.function)))
    }

    /// Calls a native. Natives that call each other from Rust take stack of their own: all such calls are counted.
    fn invoke_counted(
        &mut self,
        native: Local,
        args: &CallArgs,
        caller: Caller,
        reached: Reached,
    ) -> Result<Invoked, Raised> {
        let result = match caller {
            Caller::Rust => self.nested(|vm| vm.invoke_native(native, args, reached)),
            Caller::Instruction => self.invoke_native(native, args, reached),
        };
        result.map(Invoked::Done)
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
        if args.keywords.is_empty() && self.enter_plain(callee, &args.positional, flags)? {
            return Ok(Invoked::Entered);
        }
        let Vm {
            heap,
            exec: Exec { stack, locals, .. },
            ..
        } = self;
        let heap = &*heap;
        let value = |local: Local| local.value(locals, heap);
        let function: Gc<'_, Function> =
            value(callee).as_gc().expect("the caller checked the kind");
        let positional: SmallVec<[Value<'_>; 8]> =
            args.positional.iter().map(|&l| value(l)).collect();
        let keywords: SmallVec<[(Value<'_>, Value<'_>); 4]> = args
            .keywords
            .iter()
            .map(|&(name, v)| (value(name), value(v)))
            .collect();
        let bound = bind::bind_function(heap, function, &positional, &keywords)?;
        Ok(match enter(heap, stack, function, &bound, flags)? {
            Some(coroutine) => {
                note_made_by_native(heap, stack, coroutine);
                Invoked::Done(Local::push(locals, heap, coroutine.value()))
            }
            None => Invoked::Entered,
        })
    }

    /// The items of a list or tuple, and of a dict, as arguments.
    pub(in crate::vm) fn spread(
        &mut self,
        positional: Local,
        keywords: Option<Local>,
    ) -> Result<CallArgs, Raised> {
        let heap = &self.heap;
        let mut args = CallArgs::default();
        let list = self.get_gc::<List>(positional);
        let tuple = self.get_gc::<Tuple>(positional);
        let more = list.map_or_else(|| tuple.map_or(0, Gc::len), |list| list.len(heap));
        heap.room_for(more.saturating_mul(SPREAD_SIZE))?;
        self.exec.locals.reserve(heap, more)?;
        let items = match list {
            Some(list) => list.to_vec(heap),
            None => tuple.map(|t| t.to_vec(heap)).unwrap_or_default(),
        };
        args.positional
            .extend(items.into_iter().map(|v| self.local(v)));
        let Some(dict) = keywords.and_then(|k| self.get_gc::<Dict>(k)) else {
            return Ok(args);
        };
        for (name, value) in dict.table.entries(heap) {
            let name = keyword(heap, name)?;
            args.keywords.push((self.local(name), self.local(value)));
        }
        Ok(args)
    }
}

/// A key of a dict of keywords, as plain text.
fn keyword<'h>(heap: &'h Heap, key: Value<'h>) -> Result<Value<'h>, Raised> {
    let instance = key.as_gc::<Instance>();
    let inner = instance.and_then(|instance| instance.payload(heap));
    let name = inner.unwrap_or(key);
    if !name.is_gc::<Str>() {
        return Err(heap.type_error("keywords must be strings"));
    }
    Ok(name)
}
