//! Awaitables that nothing awaits: coroutines that never started, futures of `gather` that a statement drops.
//!
//! A statement that drops one is told at once. Any other coroutine that is not awaited on the spot is noted with the place where it
//! was made (`runtime/heap/unstarted.rs`); a function that only returns it, such as a wrapper or a lambda, is passed. The user is told when the collector finds it, or at the end of the program. Each
//! place is told once. The place is in the user's code: the innermost call of it, not one inside of the library. Where there is none,
//! because the loop or a thread made the call, it is the definition of the coroutine's function. A program that uses the module `warnings` has a say first: its filters and what it records count.

use std::collections::HashSet;
use std::rc::Rc;

use crate::bytecode::{HEADER, Instr, Op};
use crate::runtime::code::CodeObj;
use crate::runtime::coroutine::{Coroutine, CoroutineKind, CoroutineState};
use crate::runtime::function::Function;
use crate::runtime::future::Future;
use crate::runtime::heap::flag;
use crate::runtime::str::Str;
use crate::runtime::{Gc, Heap, Value};
use crate::vm::Vm;
use crate::vm::exec::coroutine::step_name;
use crate::vm::exec::frame::{Frame, Stack, frame_flag};
use crate::vm::local::Local;
use crate::vm::report::{Awaitable, Forgotten, Place, Report};

/// As many functions are passed that only return a coroutine.
const MOST_WRAPPERS: usize = 32;

/// A place by its code object.
type Within<'h> = (Gc<'h, CodeObj>, u32);

/// The places whose coroutines the user was told of.
#[derive(Default)]
pub struct Told(HashSet<(usize, u32)>, Vec<Place>);

impl Told {
    /// Whether a place is new.
    fn is_new(&mut self, place: &Place) -> bool {
        let new = self.0.insert((Rc::as_ptr(&place.0).addr(), place.1));
        if new {
            // The address stays that of this code.
            self.1.push(place.clone());
        }
        new
    }
}

/// Notes a coroutine that the call in the top frame made, unless the next instruction awaits it.
#[inline]
pub(in crate::vm) fn note_made<'h>(
    heap: &'h Heap,
    stack: &Stack,
    i: Instr,
    made: Gc<'h, Coroutine>,
) {
    if heap.origin_depth.get() != 0 {
        note_origin(heap, stack, made);
    }
    let frame = stack.top();
    let next = frame.ip.peek();
    if made.kind != CoroutineKind::Coroutine || awaits(next, i) {
        return;
    }
    if returns(next, i) {
        return note_returned(heap, stack, made);
    }
    let code = frame.code(heap);
    if code.code.is_library() {
        return note_made_in_library(heap, stack, made);
    }
    heap.note_unstarted(made, code, frame.index(heap).saturating_sub(1));
}

/// Whether an instruction awaits the result of a call.
#[inline]
fn awaits(next: Instr, call: Instr) -> bool {
    next.op == Op::Await && next.b == call.a
}

/// Whether an instruction returns the result of a call.
#[inline]
fn returns(next: Instr, call: Instr) -> bool {
    next.op == Op::Ret && next.a == call.a
}

/// Notes a coroutine that the function in the top frame returns, as a wrapper does: its place is the call that keeps or drops it.
#[cold]
fn note_returned<'h>(heap: &'h Heap, stack: &Stack, made: Gc<'h, Coroutine>) {
    let mut frames = stack.frames().iter().rev().take(MOST_WRAPPERS);
    let Some(mut taker) = frames.next() else {
        return;
    };
    for caller in frames {
        let call = caller.ip.previous();
        if !is_plain(taker) || !is_call(call) {
            break;
        }
        let next = caller.ip.peek();
        if awaits(next, call) {
            return;
        }
        taker = caller;
        if drops_result(call) || !returns(next, call) {
            break;
        }
    }
    let code = taker.code(heap);
    if code.code.is_library() {
        return note_made_in_library(heap, stack, made);
    }
    heap.note_unstarted(made, code, taker.index(heap).saturating_sub(1));
}

/// Whether the end of a frame hands its result to the call below it.
fn is_plain(frame: &Frame) -> bool {
    use frame_flag::{ANSWER, BOUNDARY, COROUTINE, FOR_ITER, INIT};
    frame.flags.get() & (BOUNDARY | COROUTINE | INIT | FOR_ITER | ANSWER) == 0
}

/// Whether an instruction leaves what a function returned in its first register.
fn is_call(i: Instr) -> bool {
    use Op::{Call, CallEx, CallFound, CallKw, CallMethod};
    matches!(i.op, Call | CallEx | CallFound | CallKw | CallMethod)
}

/// Whether an instruction awaits what it makes, or stands for the loop that runs others meanwhile.
fn waits(i: Instr) -> bool {
    use Op::{Await, CallSpecial, GetANext, RetCoro, Yield, YieldFrom};
    matches!(
        i.op,
        Await | CallSpecial | GetANext | RetCoro | Yield | YieldFrom
    )
}

/// Whether a call's statement drops its result; in `CallKw` the operand counts the keywords.
pub(in crate::vm) fn drops_result(i: Instr) -> bool {
    i.c != 0 && !matches!(i.op, Op::CallKw | Op::CallSpecial)
}

/// The same for a call inside of the library.
#[cold]
fn note_made_in_library<'h>(heap: &'h Heap, stack: &Stack, made: Gc<'h, Coroutine>) {
    if let Some((code, at)) = user_place(heap, stack).or_else(|| definition(heap, made)) {
        heap.note_unstarted(made, code, at);
    }
}

/// Keeps the calls that make a coroutine, for its `cr_origin`.
#[cold]
fn note_origin<'h>(heap: &'h Heap, stack: &Stack, made: Gc<'h, Coroutine>) {
    let depth = heap.origin_depth.get() as usize;
    let calls = stack.frames().iter().rev().take(depth).map(|frame| {
        let at = heap.int(i64::from(frame.index(heap).saturating_sub(1)));
        heap.tuple(&[frame.code(heap).value(), at]).value()
    });
    let calls: Vec<Value<'_>> = calls.collect();
    if made.kind == CoroutineKind::Coroutine
        && let Some(frame) = heap.coroutine_frame(made)
    {
        frame.origin.set(heap.tuple(&calls).value());
    }
}

/// The same for one that Rust code makes while the top frame may be anywhere.
pub(in crate::vm) fn note_made_by_native<'h>(
    heap: &'h Heap,
    stack: &Stack,
    made: Gc<'h, Coroutine>,
) {
    if !is_awaited(made.kind) {
        return;
    }
    let Some(frame) = stack.frames().last() else {
        let origin = stack.origin.get(heap).as_gc::<CodeObj>();
        let origin = origin.map(|code| (code, stack.origin_at));
        if let Some((code, at)) = origin.or_else(|| definition(heap, made)) {
            heap.note_unstarted(made, code, at);
        }
        return;
    };
    if heap.origin_depth.get() != 0 {
        note_origin(heap, stack, made);
    }
    let code = frame.code(heap);
    let at = frame.index(heap).saturating_sub(1);
    let instrs = &code.code.instrs;
    let here = instrs.get(at as usize).copied();
    let Some(i) = here.filter(|&i| !waits(i)) else {
        return;
    };
    if is_call(i) || i.op == Op::GetAttr {
        let next = instrs.get(at as usize + 1).copied();
        if next.is_some_and(|next| awaits(next, i)) {
            return;
        }
        if next.is_some_and(|next| returns(next, i)) {
            return note_returned(heap, stack, made);
        }
    }
    if code.code.is_library() {
        return note_made_in_library(heap, stack, made);
    }
    heap.note_unstarted(made, code, at);
}

/// Where the innermost call is that the user's code makes.
pub(in crate::vm) fn user_place<'h>(heap: &'h Heap, stack: &Stack) -> Option<Within<'h>> {
    let mut frames = stack.frames().iter().rev();
    let frame = frames.find(|frame| !frame.code(heap).code.is_library())?;
    Some((frame.code(heap), frame.index(heap).saturating_sub(1)))
}

/// Where the function of a coroutine is defined.
fn definition<'h>(heap: &'h Heap, made: Gc<'h, Coroutine>) -> Option<Within<'h>> {
    let code = made.code(heap)?;
    (!code.code.is_library()).then_some((code, HEADER))
}

impl Vm {
    /// The statement that runs now drops the result of its call, which perhaps is there to be awaited.
    #[cold]
    pub(in crate::vm) fn warn_dropped(&mut self, reg: u8) {
        let value = self.reg(reg);
        let what = if let Some(coroutine) = value.as_gc::<Coroutine>() {
            if coroutine.state.get() != CoroutineState::Created
                || coroutine.has_flag(flag::ANSWERED)
            {
                return;
            }
            let Some(what) = self.described(coroutine) else {
                return;
            };
            coroutine.set_flag(flag::ANSWERED, true);
            what
        } else if let Some(future) = value.as_gc::<Future>()
            && let Some(maker) = maker(&self.heap, future)
        {
            Awaitable::Future(maker)
        } else {
            return;
        };
        let source = self.reg_local(reg);
        let made_at = user_place(&self.heap, &self.exec.stack).or_else(|| {
            let made = self.get_gc::<Coroutine>(source)?;
            definition(&self.heap, made)
        });
        let place = made_at.map(|(code, at)| (Rc::clone(&code.code), at));
        if let Some(place) = place {
            self.tell_forgotten(what, place, Forgotten::Dropped, source);
        }
    }

    /// The loop called a function and got this: if that is a coroutine which the call made, its place is the function's definition.
    pub fn note_called_back(&self, result: Local) {
        let Some(made) = self.get_gc::<Coroutine>(result) else {
            return;
        };
        let here = self.place_object();
        if let Some(definition) = definition(&self.heap, made) {
            self.heap.move_unstarted(made, here, definition);
        }
    }

    /// A future that nothing awaited, and never will: tells of it where its maker says the place.
    pub fn report_future(&mut self, future: Local) {
        let Some(made) = self.get_gc::<Future>(future) else {
            return;
        };
        if let Some(extra) = made.get().find_extra()
            && let Some(code) = extra.made_in.get(&self.heap).as_gc::<CodeObj>()
        {
            let place = (Rc::clone(&code.code), extra.made_at.get());
            let what = Awaitable::Future(extra.made_by.get());
            self.tell_forgotten(what, place, Forgotten::Lost, future);
        }
    }

    /// Tells of the coroutines that the collector found never started.
    #[cold]
    pub fn report_lost(&mut self) {
        while let Some((coroutine, code, at)) = self.heap.next_lost() {
            if let Some(what) = self.described(coroutine) {
                let source = self.local(coroutine.value());
                let call = code.instrs.get(at as usize);
                let how = match call.is_some_and(|&i| is_call(i) && drops_result(i)) {
                    true => Forgotten::Dropped,
                    false => Forgotten::Lost,
                };
                self.tell_forgotten(what, (code, at), how, source);
            }
        }
    }

    /// The program is over: tells of all coroutines that never started.
    pub fn report_unstarted(&mut self) {
        self.heap.lose_unstarted();
        self.report_lost();
    }

    /// The coroutines that wait to be started, oldest first: what each is, and where it was made. The last of them counts as told
    /// if it is the only one.
    pub(in crate::vm) fn unstarted(&self) -> Vec<(String, Place)> {
        let all = self.heap.unstarted();
        if let [(coroutine, ..)] = &all[..] {
            coroutine.set_flag(flag::ANSWERED, true);
        }
        let named = all.into_iter().filter_map(|(coroutine, code, at)| {
            let name = self.described(coroutine)?.name().to_owned();
            Some((name, (code, at)))
        });
        named.collect()
    }

    fn tell_forgotten(&mut self, what: Awaitable, place: Place, how: Forgotten, source: Local) {
        let is_heard = matches!(what, Awaitable::Coroutine(_) | Awaitable::Step(..))
            && self.is_heard_by_warnings(&what, &place, source);
        if !is_heard && self.exec.told.is_new(&place) {
            self.host.report(Report::NeverAwaited { what, place, how });
        }
    }

    /// Asks the module `warnings`, if the program uses it, about an awaitable that nothing awaits; whether nothing is left to say.
    fn is_heard_by_warnings(&mut self, what: &Awaitable, place: &Place, source: Local) -> bool {
        let Some(module) = self.loaded_module("warnings") else {
            return false;
        };
        let Some(at) = self.locate(&place.0, place.0.span_at(place.1).start) else {
            return false;
        };
        let mark = self.mark();
        let text = format!("{} was never awaited", what.subject());
        let [text, file] = [&*text, &*at.file].map(|text| self.local(self.heap.str_value(text)));
        let line = self.local(self.heap.usize(at.line));
        let answer = self
            .call_method(module, "_never_awaited", &[text, file, line, source])
            .and_then(|answer| self.truth(answer));
        let is_heard = answer.unwrap_or_else(|raised| {
            self.report_unraisable(source, raised);
            true
        });
        self.release(mark);
        is_heard
    }

    /// What a coroutine is, if it is there to be awaited.
    fn described(&self, coroutine: Gc<'_, Coroutine>) -> Option<Awaitable> {
        let heap = &self.heap;
        let qualname = |coroutine: Gc<'_, Coroutine>| {
            let function = coroutine.function.expect::<Function>(heap);
            let name = function.qualname.expect::<Str>(heap);
            name.as_str().to_owned()
        };
        match coroutine.kind {
            CoroutineKind::Coroutine => Some(Awaitable::Coroutine(qualname(coroutine))),
            CoroutineKind::Native if coroutine.has_flag(flag::BY_HAND) => None,
            CoroutineKind::Native => {
                let name = self.native_coroutine_name(coroutine.native);
                Some(Awaitable::Coroutine(name.to_owned()))
            }
            CoroutineKind::AsyncStep => {
                let (generator, method) = step_name(heap, coroutine)?;
                Some(Awaitable::Step(method, qualname(generator)))
            }
            CoroutineKind::Generator | CoroutineKind::AsyncGenerator | CoroutineKind::Wrapper => {
                None
            }
        }
    }

    /// Notes a coroutine that Rust code made.
    pub(in crate::vm) fn note_local(&self, coroutine: Local) {
        if let Some(made) = self.get_gc::<Coroutine>(coroutine) {
            note_made_by_native(&self.heap, &self.exec.stack, made);
        }
    }
}

/// The function whose pending result nobody waits for, if it says its name.
fn maker(heap: &Heap, future: Gc<'_, Future>) -> Option<&'static str> {
    let name = future.get().find_extra()?.made_by.get();
    (!name.is_empty() && !future.is_done(heap)).then_some(name)
}

/// Whether what is of this kind does nothing until it is awaited.
fn is_awaited(kind: CoroutineKind) -> bool {
    use CoroutineKind::{AsyncStep, Coroutine, Native};
    matches!(kind, Coroutine | Native | AsyncStep)
}
