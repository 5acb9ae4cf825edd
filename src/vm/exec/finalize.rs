//! Running what the collector found to be over: `__del__`, the rest of suspended generators, callbacks of weak references.
//!
//! PyPy's contract: it happens some time after the last reference is gone, at a safepoint of bytecode, at `gc.collect()`, or at the
//! end of the program. Errors have nowhere to go; they are reported. What is due is found in `runtime/heap/finalize.rs`.

use crate::bytecode::Op;
use crate::runtime::coroutine::{Coroutine, CoroutineKind, CoroutineState};
use crate::runtime::future::Future;
use crate::runtime::heap::{Due, flag, traced};
use crate::runtime::intern::Sym;
use crate::runtime::{Heap, Raised, Slot, Value};
use crate::vm::local::Local;
use crate::vm::report::{Problem, Report};
use crate::vm::{Resumed, Vm};

/// How often finalisers may make new objects with finalisers at the end of a program.
const LAST_ROUNDS: usize = 10;

/// Whether, and by what, async generators are watched and finalisers run.
#[derive(Default)]
pub struct Finalisation {
    /// Whether a finaliser runs now.
    running: bool,
    /// How many things were finalised so far.
    done: usize,
    /// Whether the program wants none to run by themselves (`gc.disable()`).
    pub held_back: bool,
    /// What is called when an async generator is begun (`sys.set_asyncgen_hooks`), or Undef.
    pub first_iteration: Slot,
    /// What is called when the collector finds one that is not over, or Undef.
    pub finaliser: Slot,
}

traced!(Finalisation { first_iteration, finaliser } plain { running, done, held_back });

impl Vm {
    /// How what is over is finalised.
    pub fn finalisation(&self) -> &Finalisation {
        &self.exec.finalisation
    }

    /// The same, to change it.
    pub fn finalisation_mut(&mut self) -> &mut Finalisation {
        &mut self.exec.finalisation
    }

    /// Runs what is due, unless that is going on already.
    #[cold]
    #[inline(never)]
    pub fn finalise_due(&mut self) {
        if self.exec.finalisation.running || self.is_halting() {
            return;
        }
        self.exec.finalisation.running = true;
        let mark = self.mark();
        let result = self.local(self.exec.result.get(&self.heap));
        while let Some(due) = self.heap.next_due() {
            let mark = self.mark();
            match due {
                Due::Finaliser(object) => {
                    let object = self.local(object);
                    self.finalise_object(object);
                }
                Due::Callback(reference) => {
                    let reference = self.local(reference);
                    self.call_back(reference);
                }
            }
            self.release(mark);
            self.exec.finalisation.done += 1;
        }
        self.exec.result.set(self.get(result));
        self.release(mark);
        self.exec.finalisation.running = false;
    }

    /// Collects, and runs what becomes due, until nothing more does.
    /// Returns how many things were due.
    pub fn collect_and_finalise(&mut self) -> usize {
        self.forget_dead_registers();
        let before = self.exec.finalisation.done;
        for _ in 0..LAST_ROUNDS {
            self.collect();
            self.report_lost();
            if !self.heap.has_due() {
                break;
            }
            self.finalise_due();
        }
        self.exec.finalisation.done - before
    }

    /// The instruction that calls the collector overwrites its result register, and nothing after its arguments is alive: what is left
    /// there from earlier instructions shall not keep objects.
    fn forget_dead_registers(&self) {
        if self.exec.stack.depth() == 0 {
            return;
        }
        let frame = self.exec.stack.top();
        let i = frame.ip.previous();
        let last = match i.op {
            Op::CallMethod | Op::CallFound => {
                frame.window.set(i.a, Value::UNDEF);
                i.a as usize + 1 + i.b as usize
            }
            Op::Call => i.a as usize + i.b as usize,
            _ => return,
        };
        let code = frame.code(&self.heap);
        // Variables of comprehensions, which start with a dot, are over.
        let is_variable = |reg: usize| {
            let mut locals = code.code.locals.iter();
            locals.any(|(name, at)| *at as usize == reg && !name.starts_with('.'))
        };
        for reg in (last + 1..code.nregs as usize).filter(|&reg| !is_variable(reg)) {
            frame.window.slot(reg).clear();
        }
    }

    /// A list of the objects for which `holds`.
    pub fn list_of_objects(&mut self, holds: impl Fn(&Heap, Value<'_>) -> bool) -> Local {
        let list = self.local(self.heap.list([]).value());
        let found = self.heap.visible_objects();
        let found: Vec<Slot> = found.into_iter().map(Slot::new).collect();
        let heap = &self.heap;
        let chosen = found
            .iter()
            .map(|slot| slot.get(heap))
            .filter(|&object| holds(heap, object) && !object.is(self.get(list)));
        let chosen: Vec<Value<'_>> = chosen.collect();
        self.local(heap.list(chosen).value())
    }

    /// The program is over: whatever has a finaliser is finalised, in the order in which it was made.
    pub fn finalise_all(&mut self) {
        for _ in 0..LAST_ROUNDS {
            self.heap.finalise_all();
            if !self.heap.has_due() {
                return;
            }
            self.finalise_due();
        }
    }

    fn finalise_object(&mut self, object: Local) {
        let kind = self.get_gc::<Coroutine>(object).map(|c| c.kind);
        let result = match kind {
            None if self.get(object).is_gc::<Future>() => self.finalise_future(object),
            None => self.call_special(object, Sym::Del, &[]).map(drop),
            Some(CoroutineKind::AsyncGenerator) => self.abandon_async_generator(object),
            Some(_) => {
                let root = self.root_of(object);
                self.close_generator(root).map(drop)
            }
        };
        if let Err(raised) = result {
            let source = match kind {
                None => self.finaliser_of(object),
                Some(_) => object,
            };
            self.report_unraisable(source, raised);
        }
    }

    /// A future is finalised if it failed, so that its exception is not lost, or if its class has `__del__`.
    fn finalise_future(&mut self, future: Local) -> Result<(), Raised> {
        if let Some(hear) = self.hooks.lost_failure.clone() {
            hear(self, future)?;
        }
        match self.special(self.get(future), Sym::Del) {
            Some(_) => self.call_special(future, Sym::Del, &[]).map(drop),
            None => Ok(()),
        }
    }

    /// The coroutine that drives the chain of this one.
    fn root_of(&self, coroutine: Local) -> Local {
        let mut this = self.get(coroutine);
        while let Some(parent) = this
            .as_gc::<Coroutine>()
            .and_then(|c| c.get().parent.get(&self.heap).defined())
        {
            this = parent;
        }
        self.local(this)
    }

    fn abandon_async_generator(&mut self, generator: Local) -> Result<(), Raised> {
        if self.coroutine_state(generator) != Some(CoroutineState::Suspended) {
            return Ok(());
        }
        let finaliser = self.exec.finalisation.finaliser.get(&self.heap);
        let hooked = self
            .get(generator)
            .as_object()
            .is_some_and(|object| object.has_flag(flag::HOOKED));
        if hooked && !finaliser.is_undef() && !finaliser.is_none() {
            let finaliser = self.local(finaliser);
            return self.call(finaliser, &[generator]).map(drop);
        }
        match self.hooks.abandon.clone() {
            Some(abandon) => abandon(self, generator),
            None => Ok(()),
        }
    }

    /// Calls `sys`'s first-iteration hook, once for each async generator.
    pub fn note_first_iteration(&mut self, generator: Local) -> Result<(), Raised> {
        let heap = &self.heap;
        let hook = self.exec.finalisation.first_iteration.get(heap);
        let hooked = !self.exec.finalisation.finaliser.is_undef() || !hook.is_undef();
        let Some(object) = self.get(generator).as_object() else {
            return Ok(());
        };
        if !hooked || object.has_flag(flag::HOOKED) {
            return Ok(());
        }
        object.set_flag(flag::HOOKED, true);
        if hook.is_undef() || hook.is_none() {
            return Ok(());
        }
        let hook = self.local(hook);
        self.call(hook, &[generator]).map(drop)
    }

    /// Calls the callback of a weak reference, which is an attribute of the object.
    fn call_back(&mut self, reference: Local) {
        let callback = match self.find_attr(reference, "__callback__") {
            Ok(Some(callback)) if !self.get(callback).is_none() => callback,
            Ok(_) => return,
            Err(raised) => {
                self.heap.take_raised(raised);
                return;
            }
        };
        if let Err(raised) = self.call(callback, &[reference]) {
            self.report_unraisable(callback, raised);
        }
    }

    /// Tells the program or the user of an exception that has nowhere to go. `source`: what it came from.
    pub fn report_unraisable(&mut self, source: Local, raised: Raised) {
        let exception = self.local(self.heap.take_raised(raised).value());
        if self.tell_unraisable(exception, Some(source)) {
            return;
        }
        let what = self.shown(source);
        let failure = self.describe(exception);
        self.host.report(Report::Failed {
            problem: Problem::Unraisable(what),
            failure,
        });
    }

    fn shown(&mut self, object: Local) -> String {
        match self.repr_text(object) {
            Ok(text) => text,
            Err(raised) => {
                self.heap.take_raised(raised);
                "an object without a text".to_owned()
            }
        }
    }

    fn finaliser_of(&self, object: Local) -> Local {
        match self.special(self.get(object), Sym::Del) {
            Some(function) => self.local(function),
            None => object,
        }
    }

    fn coroutine_state(&self, coroutine: Local) -> Option<CoroutineState> {
        self.get_gc::<Coroutine>(coroutine).map(|c| c.state.get())
    }

    /// Drives a coroutine to its end where no loop can: what it awaits must be ready.
    pub fn drive_to_end(&mut self, coroutine: Local) -> Result<(), Raised> {
        match self.go_on(coroutine)? {
            Resumed::Returned(_) => Ok(()),
            Resumed::Yielded(_) => Err(self.heap.raise(
                crate::runtime::Builtin::RuntimeError,
                "coroutine ignored GeneratorExit",
            )),
        }
    }
}
