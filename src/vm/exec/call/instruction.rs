//! The instructions that call.
//!
//! Each tries the fast path of its usual callee, straight from the registers, and else collects the arguments in locals for
//! `invoke`. The caches that `CallMethod` and `GetMethod` go by are taught in `vm/exec/inline_cache.rs`.

use smallvec::SmallVec;

use super::entry::{enter_bound, enter_window, plain_coroutine, push_frame};
use super::{CallArgs, Caller, Invoked};
use crate::bytecode::{Instr, Op};
use crate::runtime::class::Class;
use crate::runtime::code::CodeObj;
use crate::runtime::coroutine::Coroutine;
use crate::runtime::dict::Dict;
use crate::runtime::function::{BoundMethod, Function};
use crate::runtime::heap::{Kind, flag};
use crate::runtime::instance::Instance;
use crate::runtime::list::List;
use crate::runtime::module::Module;
use crate::runtime::native::NativeFunction;
use crate::runtime::opaque::Opaque;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::vm::Native;
use crate::vm::Vm;
use crate::vm::exec::Exec;
use crate::vm::exec::bind::Keyword;
use crate::vm::exec::forgotten::{drops_result, note_made};
use crate::vm::exec::frame::Stack;
use crate::vm::exec::trap::Trap;
use crate::vm::local::{Local, Mark};

impl Vm {
    /// `Call` of a function that the loop could not enter directly.
    #[inline(never)]
    pub(in crate::vm) fn call_op(&mut self, i: Instr) -> Result<(), Raised> {
        self.call_function_window(i, 1, i.b as usize)
    }

    /// `CallFound` of a function that the loop could not enter directly.
    #[inline(never)]
    pub(in crate::vm) fn call_found_function(&mut self, i: Instr) -> Result<(), Raised> {
        let skip = if self.reg(i.a + 1).is_undef() { 2 } else { 1 };
        self.call_function_window(i, skip, i.b as usize + 2 - skip)
    }

    pub(super) fn call_function_window(
        &mut self,
        i: Instr,
        skip: usize,
        count: usize,
    ) -> Result<(), Raised> {
        let Vm {
            heap,
            exec: Exec { stack, .. },
            ..
        } = self;
        let function = stack.top().window.get(heap, i.a).as_gc();
        let function = function.expect("the caller checked the kind");
        let coroutine = enter_window(heap, stack, function, i.a as usize + skip, count)?;
        if give_coroutine(heap, stack, i, coroutine) {
            self.warn_dropped(i.a);
        }
        Ok(())
    }

    /// `Call` of anything but a function.
    #[inline(never)]
    pub(in crate::vm) fn call_native_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        let w = self.exec.stack.top().window;
        let callee = w.get(&self.heap, i.a);
        if let Some(function) = callee.as_gc::<NativeFunction>() {
            if !function.is_new && function.owner.is_undef() {
                let native = self.registry.natives.get(function.id);
                if native.takes(i.b as usize) {
                    return self.call_native_window(native, i, 1, i.b as usize);
                }
                if native.gathers(i.b as usize) {
                    let mark = self.mark();
                    let result = self.call_gathering(native, i.a as usize + 1, i.b as usize)?;
                    self.finish(mark, i.a, result);
                    return self.after_native(i);
                }
            }
        } else if let Some(class) = callee.as_gc::<Class>() {
            if class.layout == Kind::Exception && self.construct_exception(i) {
                return Ok(None);
            }
            if let Some(new) = self.builtin_constructor(class, i) {
                return self.construct_builtin(new, i);
            }
        } else if let Some((native, receiver)) = self.bound_native(callee) {
            if native.takes(i.b as usize + 1) && !receiver.is_gc::<Opaque>() {
                w.set(i.a, receiver);
                return self.call_native_window(native, i, 0, i.b as usize + 1);
            }
        } else if self.call_bound_op(i)? {
            return Ok(None);
        }
        let mark = self.mark();
        let callee = self.reg_local(i.a);
        let args = self.window_args(i.a as usize + 1, i.b as usize);
        self.finish_invoke(mark, callee, args, i)
    }

    /// `Call` of a class of the program's.
    #[inline(never)]
    pub(in crate::vm) fn construct_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        let layout = self.reg(i.a).as_gc::<Class>().map(|class| class.layout);
        if layout == Some(Kind::Instance) && (self.construct_directly(i) || self.construct_bare(i))
        {
            return Ok(None);
        }
        self.call_native_op(i)
    }

    /// `Call` of a bound method around a function: the receiver takes the place of the callee, in front of the arguments.
    pub(super) fn call_bound_op(&mut self, i: Instr) -> Result<bool, Raised> {
        let Vm {
            heap,
            exec: Exec { stack, .. },
            ..
        } = self;
        let w = stack.top().window;
        let Some(bound) = w.get(heap, i.a).as_gc::<BoundMethod>() else {
            return Ok(false);
        };
        let Some(function) = bound.function.get(heap).as_gc::<Function>() else {
            return Ok(false);
        };
        w.set(i.a, bound.receiver.get(heap));
        let coroutine = enter_window(heap, stack, function, i.a as usize, i.b as usize + 1)?;
        if give_coroutine(heap, stack, i, coroutine) {
            self.warn_dropped(i.a);
        }
        Ok(true)
    }

    /// `CallMethod` through a cache that gave an attribute of the object itself (a module's function, a callable in a slot).
    #[inline(never)]
    pub(in crate::vm) fn call_attribute_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        let w = self.exec.stack.top().window;
        let value = self.own_attribute(i);
        if let Some(function) = value.as_gc::<NativeFunction>() {
            let native = self.registry.natives.get(function.id);
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

    /// What the object in `R[a+1]` has in the slot that the cache names: a module's global, an attribute of an instance's own.
    fn own_attribute(&self, i: Instr) -> Value<'_> {
        let heap = &self.heap;
        let slot = self.cache(i).slot.get() as usize;
        let object = self.reg(i.a + 1);
        match object.as_gc::<Module>() {
            Some(module) => module
                .globals
                .values
                .get(heap, slot)
                .unwrap_or(Value::UNDEF),
            None => object
                .as_gc::<Instance>()
                .map_or(Value::UNDEF, |o| o.slot(heap, slot)),
        }
    }

    /// `CallMethod` of a native that the cache found, on anything but an instance.
    #[inline(never)]
    pub(in crate::vm) fn call_cached_native(
        &mut self,
        native: &'static Native,
        i: Instr,
    ) -> Result<Option<Trap>, Raised> {
        let count = i.b as usize + 1;
        if native.takes(count) {
            return self.call_native_window(native, i, 1, count);
        }
        let mark = self.mark();
        let callee = self.local(self.cache(i).value.get(&self.heap));
        let args = self.window_args(i.a as usize + 1, count);
        self.finish_invoke(mark, callee, args, i)
    }

    /// `CallMethod`, the general path; teaches the cache.
    #[inline(never)]
    pub(in crate::vm) fn call_method_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        if self.learns_method(i) {
            self.exec.stack.top_mut().ip.retry();
            return Ok(None);
        }
        let mark = self.mark();
        let receiver = self.reg_local(i.a + 1);
        let (callee, bound) = self.find_method(receiver, i)?;
        let function = self.get(callee);
        if let Some(function) = function.as_gc::<NativeFunction>() {
            let native = self.registry.natives.get(function.id);
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

    /// `GetSuper`; teaches the cache.
    #[inline(never)]
    pub(in crate::vm) fn get_super_op(&mut self, i: Instr) -> Result<(), Raised> {
        if self.learns_super(i) {
            self.exec.stack.top_mut().ip.retry();
            return Ok(());
        }
        let mark = self.mark();
        let [callee, class, this] = [0, 1, 2].map(|n| self.reg_local(i.a + n));
        let object = self.call(callee, &[class, this])?;
        let name = self.local(self.cache_name(i).value());
        let attribute = self.get_attr(object, name)?;
        self.set_reg(i.a + 1, Value::UNDEF);
        self.finish(mark, i.a, attribute);
        Ok(())
    }

    /// `GetMethod`; teaches the cache.
    #[inline(never)]
    pub(in crate::vm) fn get_method_op(&mut self, i: Instr) -> Result<(), Raised> {
        if self.knows_receiver(i) {
            let value = self.own_attribute(i);
            if !value.is_undef() {
                self.set_reg(i.a, value);
                self.set_reg(i.a + 1, Value::UNDEF);
                return Ok(());
            }
        }
        if self.learns_method(i) {
            self.exec.stack.top_mut().ip.retry();
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
    pub(in crate::vm) fn call_found_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        let skip = if self.reg(i.a + 1).is_undef() { 2 } else { 1 };
        let count = i.b as usize + 2 - skip;
        if let Some(function) = self.reg(i.a).as_gc::<NativeFunction>() {
            let native = self.registry.natives.get(function.id);
            let plain = if skip == 1 {
                !self.reg(i.a + 1).is_gc::<Instance>()
            } else {
                function.owner.is_undef()
            };
            if native.takes(count) && plain && !function.is_new {
                let w = self.exec.stack.top().window;
                return if self.quick_call(native, w, i, skip, count) {
                    Ok(None)
                } else {
                    self.call_native_window(native, i, skip, count)
                };
            }
        }
        let mark = self.mark();
        let callee = self.reg_local(i.a);
        let args = self.window_args(i.a as usize + skip, count);
        self.finish_invoke(mark, callee, args, i)
    }

    /// `R[a] := type(R[a+1]).K[d](R[a+1], ...)`; c: 1 if the method is in R[a].
    #[inline(never)]
    pub(in crate::vm) fn call_special_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        let mark = self.mark();
        let receiver = self.reg_local(i.a + 1);
        let name = self.name_operand(i);
        let heap = &self.heap;
        let method = if i.c == 1 {
            Some(self.reg(i.a))
        } else {
            heap.class_of(self.get(receiver)).lookup(heap, name)
        };
        let Some(method) = method else {
            let message = format!(
                "'{}' object has no attribute '{}'",
                heap.type_name(self.get(receiver)),
                name.as_str()
            );
            return Err(heap.raise(Builtin::AttributeError, message));
        };
        let (first, count) = (i.a as usize + 1, i.b as usize + 1);
        if let Some(function) = method.as_gc::<Function>() {
            let args = self.exec.stack.top().window.slots(first, count);
            if let Some(coroutine) = plain_coroutine(heap, function, args) {
                self.set_reg(i.a, coroutine.value());
                self.release(mark);
                return Ok(None);
            }
        } else if let Some(function) = method.as_gc::<NativeFunction>() {
            let native = self.registry.natives.get(function.id);
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
    pub(in crate::vm) fn call_kw_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        if self.call_function_kw(i)? {
            return Ok(None);
        }
        let mark = self.mark();
        let callee = self.reg_local(i.a);
        let mut args = self.window_args(i.a as usize + 1, i.b as usize);
        let heap = &self.heap;
        let names = keyword_names(heap, self.exec.stack.top().code(heap), i);
        for (n, name) in names.iter(heap).enumerate() {
            args.keywords
                .push((self.local(name), self.reg_local(i.a + 1 + i.b + n as u8)));
        }
        self.finish_invoke(mark, callee, args, i)
    }

    /// `CallKw` of a function.
    pub(super) fn call_function_kw(&mut self, i: Instr) -> Result<bool, Raised> {
        let Vm {
            heap,
            exec: Exec { stack, .. },
            ..
        } = self;
        let heap = &*heap;
        let frame = stack.top();
        let w = frame.window;
        let Some(function) = w.get(heap, i.a).as_gc::<Function>() else {
            return Ok(false);
        };
        let first = i.a as usize + 1;
        let names = keyword_names(heap, frame.code(heap), i);
        let given = w.slots(first + i.b as usize, names.len());
        let keywords: SmallVec<[Keyword<'_>; 4]> = names
            .iter(heap)
            .zip(given.iter().map(|slot| slot.get(heap)))
            .collect();
        let coroutine = enter_bound(heap, stack, function, first, i.b as usize, &keywords)?;
        give_coroutine(heap, stack, i, coroutine);
        Ok(true)
    }

    /// `CallEx`.
    #[inline(never)]
    pub(in crate::vm) fn call_ex_op(&mut self, i: Instr) -> Result<Option<Trap>, Raised> {
        if self.enter_spread(i)? {
            return Ok(None);
        }
        let mark = self.mark();
        let callee = self.reg_local(i.a);
        let positional = self.reg_local(i.a + 1);
        let keywords = self.reg(i.a + 2).defined().map(|v| self.local(v));
        let args = self.spread(positional, keywords)?;
        self.finish_invoke(mark, callee, args, i)
    }

    /// Enters a function whose parameters are just the items of `R[a+1]`, where `R[a+2]` has no keywords; false: it takes `invoke`.
    fn enter_spread(&mut self, i: Instr) -> Result<bool, Raised> {
        let Vm {
            heap,
            exec: Exec { stack, .. },
            ..
        } = self;
        let w = stack.top().window;
        let keywords = w.get(heap, i.a + 2).as_gc::<Dict>();
        let Some(function) = w.get(heap, i.a).as_gc::<Function>() else {
            return Ok(false);
        };
        let items = w.get(heap, i.a + 1);
        let (tuple, list) = (items.as_gc::<Tuple>(), items.as_gc::<List>());
        let count = match (tuple, list) {
            (Some(tuple), _) => tuple.len(),
            (_, Some(list)) => list.len(heap),
            _ => return Ok(false),
        };
        if count != function.code(heap).plain_args as usize
            || keywords.is_some_and(|dict| !dict.get().table.is_empty(heap))
        {
            return Ok(false);
        }
        let item = |n| match tuple {
            Some(tuple) => tuple.at(heap, n),
            None => list?.item(heap, n),
        };
        push_frame(heap, stack, function, 0, (0..count).map_while(item))?;
        Ok(true)
    }

    pub(super) fn finish_invoke(
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

    /// Registers as positional arguments.
    pub(super) fn window_args(&self, first: usize, count: usize) -> CallArgs {
        let w = self.exec.stack.top().window;
        let positional = (0..count)
            .map(|n| self.local(w.slot(first + n).get(&self.heap)))
            .collect();
        CallArgs {
            positional,
            keywords: SmallVec::new(),
        }
    }
}

/// The names of a `CallKw`'s keyword arguments.
fn keyword_names<'h>(heap: &'h Heap, code: Gc<'h, CodeObj>, i: Instr) -> Gc<'h, Tuple> {
    code.constant(heap, i.d)
        .as_gc()
        .expect("the compiler stores the names as a tuple")
}

/// Puts the coroutine that a call made, if it did, into `R[a]`; whether the statement drops it.
fn give_coroutine(
    heap: &Heap,
    stack: &Stack,
    i: Instr,
    coroutine: Option<Gc<'_, Coroutine>>,
) -> bool {
    let Some(coroutine) = coroutine else {
        return false;
    };
    let frame = stack.top();
    frame.window.set(i.a, coroutine.value());
    let next = frame.ip.peek();
    if matches!(next.op, Op::GetIter | Op::GetAIter) && next.c == 1 && next.b == i.a {
        coroutine.set_flag(flag::OWNED, true);
    }
    let drops = drops_result(i);
    if !drops {
        note_made(heap, stack, i, coroutine);
    }
    drops
}
