//! Calls of user-defined special methods without recursion: operators, comparisons, subscripts, iteration, truth, properties.
//!
//! An instruction could call the method from Rust, with a loop inside the loop. Instead it pushes the method's frame with the flag
//! `ANSWER` and ends; when the frame returns, `answer` completes the instruction of the frame below. Contract: only the usual case
//! is taken here (a plain instance, a plain function of its class); for every other the `ask_*` return `Asked::No`, and the
//! instruction takes the general path in its topic's file.
//!
//! To let one more instruction call this way: an `ask` where its slow path begins, an arm in `answer`.

use smallvec::SmallVec;

use crate::bytecode::{Form, Instr, Op};
use crate::runtime::function::Function;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::native::NativeFunction;
use crate::runtime::{Builtin, Heap, Raised, Slot, Value};
use crate::vm::Vm;
use crate::vm::exec::Exec;
use crate::vm::exec::call::enter;
use crate::vm::exec::frame::{Frame, Stack, frame_flag};
use crate::vm::local::Local;
use crate::vm::native::Args;
use crate::vm::protocol::arith::Operator;
use crate::vm::protocol::compare::Comparison;

/// Whether a method's frame was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vm) enum Asked {
    /// Its answer finishes the instruction.
    Yes,
    /// The instruction must take the general path.
    No,
}

/// Which operand of a binary operator was asked; in the frame's `extra`.
const LEFT: Value<'static> = Value::small_int(0);
const RIGHT: Value<'static> = Value::small_int(1);

/// Whether a value is an instance of a program's class and no builtin object is inside.
#[inline]
fn is_plain(value: Value<'_>) -> bool {
    value.as_gc::<Instance>().is_some_and(|i| !i.has_payload())
}

/// Pushes the frame of a method if it can be entered with exactly these arguments.
fn ask<'h>(
    heap: &'h Heap,
    stack: &mut Stack,
    method: Option<Value<'h>>,
    args: &[Value<'h>],
    asked: Value<'h>,
) -> Result<Asked, Raised> {
    let Some(function) = method.and_then(|m| m.as_gc::<Function>()) else {
        return Ok(Asked::No);
    };
    if function.code(heap).plain_args as usize != args.len() {
        return Ok(Asked::No);
    }
    enter(heap, stack, function, args, frame_flag::ANSWER)?;
    stack.top().extra.set(asked);
    Ok(Asked::Yes)
}

/// What the class of a plain instance has under a special name.
#[inline]
fn method<'h>(heap: &'h Heap, object: Value<'h>, sym: Sym) -> Option<Value<'h>> {
    if !is_plain(object) {
        return None;
    }
    heap.class_of(object).lookup(heap, heap.sym(sym))
}

/// Whether the right operand's class derives from the left one's: then it may have to be asked first.
#[inline]
fn right_may_go_first(heap: &Heap, a: Value<'_>, b: Value<'_>) -> bool {
    let (left, right) = (heap.class_of(a), heap.class_of(b));
    left != right && right.is_subclass(heap, left)
}

// Asking.
impl Vm {
    /// Asks a special method of a register's value, with further registers as arguments.
    pub(in crate::vm) fn ask_special(
        &mut self,
        sym: Sym,
        object: u8,
        args: &[u8],
    ) -> Result<Asked, Raised> {
        let Vm {
            heap,
            exec: Exec { stack, .. },
            ..
        } = self;
        let heap = &*heap;
        let w = stack.top().window;
        let object = w.get(heap, object);
        let found = method(heap, object, sym);
        let mut all = [object; 3];
        for (place, &reg) in all[1..].iter_mut().zip(args) {
            *place = w.get(heap, reg);
        }
        ask(heap, stack, found, &all[..=args.len()], LEFT)
    }

    /// Asks for `a op b`, `a` being a register and `b` the other operand of the instruction.
    pub(in crate::vm) fn ask_operator(
        &mut self,
        op: Operator,
        i: Instr,
        augmented: bool,
    ) -> Result<Asked, Raised> {
        let Vm {
            heap,
            exec: Exec { stack, .. },
            ..
        } = self;
        let heap = &*heap;
        let (a, b) = operands(heap, stack, i);
        if !is_plain(a) {
            let found = method(heap, b, op.reflected());
            return if a.is_int() || a.is_float() {
                ask(heap, stack, found, &[b, a], RIGHT)
            } else {
                Ok(Asked::No)
            };
        }
        let in_place = augmented && method(heap, a, op.inplace()).is_some();
        if in_place || right_may_go_first(heap, a, b) {
            return Ok(Asked::No);
        }
        let found = method(heap, a, op.method());
        ask(heap, stack, found, &[a, b], LEFT)
    }

    /// Asks for `a c b`, the operands of a comparing instruction.
    pub(in crate::vm) fn ask_comparison(
        &mut self,
        c: Comparison,
        i: Instr,
    ) -> Result<Asked, Raised> {
        let Vm {
            heap,
            exec: Exec { stack, .. },
            ..
        } = self;
        let heap = &*heap;
        let (a, b) = operands(heap, stack, i);
        if !is_plain(a) || right_may_go_first(heap, a, b) {
            return Ok(Asked::No);
        }
        let found = method(heap, a, c.method());
        ask(heap, stack, found, &[a, b], LEFT)
    }

    /// Asks the getter that the cache of `GetAttr` remembers: a property's function, a native, or a descriptor with a `__get__`.
    pub(in crate::vm) fn ask_getter(&mut self, i: Instr) -> Result<Asked, Raised> {
        let Vm {
            heap,
            exec: Exec { stack, locals, .. },
            ..
        } = self;
        let heap = &*heap;
        let frame = stack.top();
        let getter = frame.code(heap).get().caches[i.d as usize].value.get(heap);
        let object = frame.window.get(heap, i.b);
        if getter.is_gc::<Function>() {
            return ask(heap, stack, Some(getter), &[object], LEFT);
        }
        let first = locals.len() as u32;
        if let Some(native) = getter.as_gc::<NativeFunction>() {
            let id = native.id;
            locals.push(heap, object);
            return self.ask_native(i, id, first);
        }
        let class = heap.class_of(object).value();
        let get = heap.class_of(getter).lookup(heap, heap.sym(Sym::Get));
        match get.and_then(|get| get.as_gc::<NativeFunction>()) {
            Some(native) => {
                let id = native.id;
                for value in [getter, object, class] {
                    locals.push(heap, value);
                }
                self.ask_native(i, id, first)
            }
            None => ask(heap, stack, get, &[getter, object, class], LEFT),
        }
    }

    /// The same of a native whose arguments are the locals from `first` on: its result is there at once.
    fn ask_native(&mut self, i: Instr, id: u32, first: u32) -> Result<Asked, Raised> {
        let native = self.registry.natives.get(id);
        if let Some(quick) = native.quick {
            let given: SmallVec<[Slot; 3]> = (first..self.local_count())
                .map(|at| Slot::new(self.get(Local::at(at))))
                .collect();
            if let Some(value) = quick(&self.heap, Args::new(&self.heap, &given)) {
                self.set_reg(i.a, value);
                self.exec.locals.truncate(first as usize);
                return Ok(Asked::Yes);
            }
        }
        let given = self.local_count() - first;
        for _ in given..native.params() as u32 {
            self.local(Value::UNDEF);
        }
        let result = self.run_native(native, first)?;
        self.set_reg(i.a, self.get(result));
        self.exec.locals.truncate(first as usize);
        Ok(Asked::Yes)
    }
}

/// The operands of a binary or comparing instruction.
fn operands<'h>(heap: &'h Heap, stack: &Stack, i: Instr) -> (Value<'h>, Value<'h>) {
    let w = stack.top().window;
    match i.op.form() {
        Form::Registers => (w.get(heap, i.b), w.get(heap, i.c)),
        Form::Immediate => (w.get(heap, i.b), Value::small_int(i64::from(i.d))),
        Form::Jump => (w.get(heap, i.a), w.get(heap, i.b)),
        Form::JumpImmediate => (w.get(heap, i.a), Value::small_int(i64::from(i.b as i8))),
    }
}

// Answering.
impl Vm {
    /// A frame that is no plain call returned `self.exec.result`: finishes the instruction of the frame below.
    pub(in crate::vm) fn frame_returned(&mut self, frame: Frame) -> Result<(), Raised> {
        let i = self.exec.stack.top().last_instr(&self.heap);
        if frame.flags.get() & frame_flag::INIT != 0 {
            self.check_init(self.exec.take_result(&self.heap))?;
            self.set_reg(i.a, frame.extra.get(&self.heap));
            return Ok(());
        }
        if frame.flags.get() & frame_flag::ANSWER == 0 {
            debug_assert!(frame.flags.get() & frame_flag::OBSERVED != 0);
            self.set_reg(i.a, self.exec.take_result(&self.heap));
            return Ok(());
        }
        let right = frame.extra.get(&self.heap).is(RIGHT);
        self.scoped(|vm| vm.answer(i, right))
    }

    fn answer(&mut self, i: Instr, right: bool) -> Result<(), Raised> {
        let result = self.local(self.exec.take_result(&self.heap));
        let refused = self.get(result).is(Value::NOT_IMPLEMENTED);
        let facts = &i.op.info().facts;
        if let Some(op) = facts.binary.map(Operator::from) {
            let result = if refused {
                let (a, b) = operands(&self.heap, &self.exec.stack, i);
                let (a, b) = (self.local(a), self.local(b));
                self.binary_refused(op, a, b, right)?
            } else {
                result
            };
            self.set_reg(i.a, self.get(result));
            return Ok(());
        }
        if let Some(c) = facts.compare.map(Comparison::from) {
            let result = if refused {
                let (a, b) = operands(&self.heap, &self.exec.stack, i);
                let (a, b) = (self.local(a), self.local(b));
                self.compare_refused(c, a, b)?
            } else {
                result
            };
            if i.op.form() == Form::Registers {
                self.set_reg(i.a, self.get(result));
                return Ok(());
            }
            let outcome = self.truth(result)?;
            return self.jump_if(outcome == (i.c != 0), i);
        }
        match i.op {
            Op::SetItem | Op::SetSlice => {}
            Op::GetIter => {
                self.check_iterator(result)?;
                self.set_reg(i.a, self.get(result));
            }
            Op::ForIter => {
                self.set_reg(i.b, self.get(result));
                self.jump_if(true, i)?;
            }
            Op::JmpIf | Op::JmpIfNot | Op::Not => {
                let truth = self.bool_result(result)?;
                match i.op {
                    Op::Not => self.set_reg(i.a, Value::bool(!truth)),
                    _ => self.jump_if(truth == (i.op == Op::JmpIf), i)?,
                }
            }
            _ => self.set_reg(i.a, self.get(result)),
        }
        Ok(())
    }

    /// An exception leaves a method that an instruction asked: whether that only means the end of a `for` loop.
    pub(in crate::vm) fn ends_loop(&self, raised: &Raised) -> bool {
        self.exec.stack.top().last_instr(&self.heap).op == Op::ForIter
            && self.is_raised(raised, Builtin::StopIteration)
    }
}
