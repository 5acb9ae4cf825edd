//! What the VM tells the program around it: exceptions and other findings as plain data, to be rendered at the edge.
//!
//! Nothing here is a Value: what is reported outlives the heap and can be drawn, counted or ignored. A new finding is a
//! variant of `Report`, made here or in `sched/report.rs`, drawn in `cli/report.rs`.

use std::collections::HashSet;
use std::rc::Rc;

use crate::bytecode::Code;
use crate::runtime::coroutine::{Coroutine, CoroutineKind, CoroutineState};
use crate::runtime::dict::Dict;
use crate::runtime::exception::Exception;
use crate::runtime::future::Future;
use crate::runtime::heap::{LimitKind, Limits};
use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::runtime::traceback::TraceEntry;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::vm::Vm;
use crate::vm::exec::coroutine::Mention;
use crate::vm::exec::frame::{Frame, Stack};
use crate::vm::local::Local;

/// A place in a program: code and the index of one of its instructions.
pub type Place = (Rc<Code>, u32);

/// Something the user should know.
#[derive(Clone)]
pub enum Report {
    /// Nothing ever awaited it, or will.
    NeverAwaited {
        /// What should have been awaited.
        what: Awaitable,
        /// The call that made it.
        place: Place,
        /// How that is known.
        how: Forgotten,
    },
    /// An exception that does not reach the program.
    Failed {
        /// Where it got lost.
        problem: Problem,
        /// The exception.
        failure: Failure,
    },
    /// A task is pending and its loop is gone: nobody will finish it.
    Destroyed {
        /// The task.
        task: Stuck,
    },
    /// One step of the loop took long while others could have run.
    Held {
        /// The task whose step it was; none: a callback.
        task: Option<String>,
        /// For how many milliseconds.
        milliseconds: u64,
        /// Where the program was then.
        place: Option<Place>,
        /// When it was there.
        at: HeldAt,
    },
    /// A limit ends the program.
    Limit {
        /// Which.
        kind: LimitKind,
        /// The limits of the run.
        limits: Limits,
        /// The task that ran then.
        task: Option<String>,
        /// Where the program was then.
        place: Option<Place>,
    },
    /// Nothing can run any more.
    Deadlock {
        /// Who waits for what.
        stuck: Vec<Stuck>,
        /// How many of them, from the first, wait for each other in a circle.
        cycle: usize,
    },
}

/// What only does something, or only tells something, when it is awaited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaitable {
    /// A coroutine, by the qualified name of its function.
    Coroutine(String),
    /// What a method of an async generator returned, and the qualified name of the generator's function.
    Step(&'static str, String),
    /// The future that a function returned, by the function's name.
    Future(&'static str),
}

impl Awaitable {
    /// The awaitable, as the subject of a sentence.
    pub fn subject(&self) -> String {
        match self {
            Awaitable::Coroutine(name) => format!("coroutine '{name}'"),
            Awaitable::Step(method, generator) => {
                format!("coroutine method '{method}' of '{generator}'")
            }
            Awaitable::Future(maker) => format!("what '{maker}' returned"),
        }
    }

    /// The name of the function or method that was called.
    pub fn name(&self) -> &str {
        match self {
            Awaitable::Coroutine(name) => name,
            Awaitable::Step(name, _) | Awaitable::Future(name) => name,
        }
    }
}

/// How it is known that nothing awaits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgotten {
    /// The statement that made it drops it.
    Dropped,
    /// Nothing refers to it any more, or the program is over.
    Lost,
}

/// When it was seen that a step held the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldAt {
    /// While it ran.
    Middle,
    /// Behind its end.
    End,
}

/// Where an exception got lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// In a callback (its repr) that the loop called.
    Callback(String),
    /// In a task (its name) that `asyncio.run` cancelled at its end.
    Shutdown(String),
    /// In the task that a server started for a client.
    Client,
    /// In accepting a server's client.
    Accept,
    /// In a task or future (its name) that nobody asked for its result.
    NeverRetrieved(String),
    /// In a thread (its name), which it ended.
    Thread(String),
    /// In something that cannot raise.
    Unraisable(String),
}

/// A task or thread that waits.
#[derive(Clone)]
pub struct Stuck {
    /// The task's or thread's name.
    pub task: String,
    /// Which of them it is.
    pub kind: StuckKind,
    /// What it waits for, in words.
    pub waits_for: String,
    /// Where it waits.
    pub place: Option<Place>,
    /// Of a thread: where its calls are, innermost first.
    pub trail: Vec<Place>,
    /// Where it was made: of a thread, the calls there, innermost first.
    pub spawned: Vec<Place>,
}

/// What waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StuckKind {
    /// A task.
    Task,
    /// A thread.
    Thread,
}

/// An exception as plain data.
#[derive(Clone)]
pub struct Failure {
    /// The class's name, with its module unless that is `builtins` or `__main__`... as tracebacks print it.
    pub class: String,
    /// `str()` of the exception.
    pub message: String,
    /// What the program most likely wanted: "Did you mean: 'x'?"
    pub hint: Option<String>,
    /// If it is about a coroutine: those that were not started, oldest first, and where they were made.
    pub unstarted: Vec<(String, Place)>,
    /// Of a SyntaxError: where the mistake is written.
    pub written: Option<Written>,
    /// `__notes__`.
    pub notes: Vec<String>,
    /// What a failed `assert` was about, by `repr()`: both sides, the value that was tested, or those of the parts, None where
    /// one was not evaluated.
    pub compared: Vec<Option<String>>,
    /// Where it was raised and what it passed through, innermost first.
    pub trace: Vec<TraceEntry>,
    /// `__cause__`.
    pub cause: Option<Box<Failure>>,
    /// `__context__`, unless suppressed.
    pub context: Option<Box<Failure>>,
    /// Of a group: its exceptions.
    pub members: Vec<Failure>,
}

/// The place of a mistake in a source text, as the attributes of a SyntaxError have it: lines and columns from 1.
#[derive(Clone, Debug)]
pub struct Written {
    /// The file's name.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The column where it begins.
    pub column: u32,
    /// The column after its end.
    pub end_column: u32,
    /// The line's text.
    pub text: Option<String>,
    /// The message without the place.
    pub message: String,
}

/// Where the calls on a stack are, innermost first.
pub(in crate::vm) fn trail(stack: &Stack, heap: &Heap, most: usize) -> Vec<Place> {
    let frames = stack.frames().iter().rev();
    let place = |frame: &Frame| {
        let code = Rc::clone(&frame.code(heap).code);
        (code, frame.index(heap).saturating_sub(1))
    };
    frames.take(most.min(TRAIL)).map(place).collect()
}

/// How many calls of a thread are told.
const TRAIL: usize = 50;

/// How many exceptions of a chain are described.
const CHAIN_LIMIT: usize = 50;

// Exceptions between `Raised` and locals.
impl Vm {
    /// The exception of a `Raised`, in a local; the caller now answers for it.
    pub fn take_local(&self, raised: Raised) -> Local {
        let exception = self.heap.take_raised(raised).value();
        self.local(exception)
    }

    /// Raises the exception instance in a local.
    pub fn raise_local(&self, exception: Local) -> Raised {
        self.heap.raise_exception(
            self.get_gc(exception)
                .expect("the caller knows that it is an exception"),
        )
    }

    /// Ends the program: from now on exceptions find no handlers.
    pub fn halt(&mut self) {
        self.exec.halting = true;
    }

    /// Whether the program is being ended.
    pub fn is_halting(&self) -> bool {
        self.exec.halting || self.heap.guard.ended().is_some()
    }

    /// The program may run again (the next input of a REPL).
    pub fn resume_after_halt(&mut self) {
        self.exec.halting = false;
        self.heap.guard.resume();
        // What is left of the slice does not count for the new run twice.
        let rest = self.heap.start_slice(0);
        self.heap.guard.resume();
        self.heap.start_slice(rest.max(1));
    }

    /// Where the program is now.
    pub fn place(&self) -> Option<Place> {
        let frame = self.exec.stack.frames().last()?;
        Some((
            Rc::clone(&frame.code(&self.heap).code),
            frame.index(&self.heap).saturating_sub(1),
        ))
    }

    /// Where the calls of the thread are that runs now, innermost first, at most so many.
    pub fn trail(&self, most: usize) -> Vec<Place> {
        trail(&self.exec.stack, &self.heap, most)
    }

    /// Where the program is now: the code object, Undef if none runs, and the index of the instruction.
    pub fn place_object(&self) -> (Value<'_>, u32) {
        match self.exec.stack.frames().last() {
            Some(frame) => (
                frame.code(&self.heap).value(),
                frame.index(&self.heap).saturating_sub(1),
            ),
            None => (Value::UNDEF, 0),
        }
    }

    /// Where a coroutine waits: in the innermost of the chain.
    pub fn place_of(&self, coroutine: Local) -> Option<Place> {
        let heap = &self.heap;
        let mut at: Gc<'_, Coroutine> = self.get_gc(coroutine)?;
        let mut place = None;
        loop {
            if let Some(code) = at.code(heap)
                && at.state.get() != CoroutineState::Created
            {
                place = Some((Rc::clone(&code.code), at.ip.get().saturating_sub(1)));
            }
            match at.delegate.get(heap).as_gc::<Coroutine>() {
                Some(next) => at = next,
                None => return place,
            }
        }
    }

    /// The native awaitables that a coroutine waits in (`sleep`, `Queue.get`), outermost first, how reports mention each and
    /// the object that it waits for, or Undef.
    pub fn waits_in(&self, coroutine: Local) -> Vec<(Mention, Local)> {
        let heap = &self.heap;
        let mut chain = Vec::new();
        let mut next = self.get_gc::<Coroutine>(coroutine);
        while let Some(at) = next {
            if at.kind == CoroutineKind::Native && at.state.get() != CoroutineState::Created {
                let object = at
                    .tail()
                    .first()
                    .map_or(Value::UNDEF, |slot| slot.get(heap));
                chain.push((self.mention(at.native), self.local(object)));
            }
            let delegate = at.delegate.get(heap);
            if let Some(future) = delegate.as_gc::<Future>() {
                if let Some(waiting) = self.waiting(future) {
                    let owner = self.local(future.get().attrs.get(heap));
                    chain.push((Mention::As(waiting.name), owner));
                } else if future.timed.get() {
                    let mention = Mention::As(self.hooks.timer_mention);
                    chain.push((mention, self.local(Value::UNDEF)));
                }
            }
            next = delegate.as_gc();
        }
        chain
    }
}

// Describing exceptions.
impl Vm {
    /// An exception as plain data.
    pub fn describe(&mut self, exception: Local) -> Failure {
        self.describe_within(exception, &mut HashSet::new())
    }

    fn describe_within(&mut self, exception: Local, seen: &mut HashSet<usize>) -> Failure {
        let mark = self.mark();
        let heap = &self.heap;
        let this: Gc<'_, Exception> = self
            .get_gc(exception)
            .expect("the caller knows that it is an exception");
        seen.insert(this.address());
        let class = heap.class_of(this.value());
        let class = match class
            .attrs
            .get(heap, heap.intern("__module__"))
            .and_then(|v| v.as_gc::<Str>())
        {
            Some(module) if module.as_str() != "__main__" && module.as_str() != "builtins" => {
                format!("{}.{}", module.as_str(), class.qualname(heap).as_str())
            }
            _ => class.qualname(heap).as_str().to_owned(),
        };
        let compared = this.compared.get(heap).as_gc::<Tuple>();
        let compared = compared.map_or(Vec::new(), |t| t.to_vec(heap));
        let trace = this.trace(heap);
        let notes = this.attrs.get(heap).as_gc::<Dict>();
        let notes = notes
            .and_then(|d| d.get_str(heap, heap.intern("__notes__")))
            .and_then(|v| v.as_gc::<List>());
        let notes: Vec<Local> = notes.map_or(Vec::new(), |l| {
            l.to_vec(heap).into_iter().map(|v| self.local(v)).collect()
        });
        let links = [
            this.cause.get(heap),
            if this.suppress_context.get() {
                Value::UNDEF
            } else {
                this.context.get(heap)
            },
        ];
        let links = links.map(|v| v.defined().map(|v| self.local(v)));
        let members: Vec<Local> = self
            .group_members(this)
            .into_iter()
            .map(|v| self.local(v))
            .collect();
        let compared: Vec<Option<Local>> = compared
            .into_iter()
            .map(|v| v.defined().map(|v| self.local(v)))
            .collect();
        let message = self.text_or(exception, "<exception str() failed>");
        let hint = self.hint(exception);
        let notes = notes
            .into_iter()
            .map(|n| self.text_or(n, "<note str() failed>"))
            .collect();
        let compared = compared
            .into_iter()
            .map(|c| c.map(|c| self.repr_or(c)))
            .collect();
        let written = self.written(exception);
        let about_coroutine = message.contains("coroutine");
        let unstarted = match about_coroutine && (class == "TypeError" || class == "AttributeError")
        {
            true => self.unstarted(),
            false => Vec::new(),
        };
        let mut follow = |vm: &mut Vm, link: Option<Local>| {
            let link = link?;
            let address = vm.get_gc::<Exception>(link)?.address();
            (!seen.contains(&address) && seen.len() < CHAIN_LIMIT)
                .then(|| Box::new(vm.describe_within(link, seen)))
        };
        let cause = follow(self, links[0]);
        let context = if cause.is_some() {
            None
        } else {
            follow(self, links[1])
        };
        // A member that is also a cause or context is shown in both places.
        let members = members
            .into_iter()
            .filter(|_| seen.len() < CHAIN_LIMIT)
            .map(|member| {
                let mut seen = seen.clone();
                self.describe_within(member, &mut seen)
            })
            .collect();
        self.release(mark);
        Failure {
            class,
            message,
            hint,
            unstarted,
            written,
            notes,
            compared,
            trace,
            cause,
            context,
            members,
        }
    }

    /// Where the mistake of a SyntaxError is written, if its attributes say it.
    fn written(&mut self, exception: Local) -> Option<Written> {
        if !self
            .heap
            .is_instance(self.get(exception), Builtin::SyntaxError)
        {
            return None;
        }
        let number = |vm: &mut Vm, name| {
            let found = vm.attr_or_none(exception, name)?;
            let number = vm.get(found).as_any_int()?.to_i64()?;
            u32::try_from(number).ok()
        };
        let line = number(self, "lineno")?;
        let column = number(self, "offset").unwrap_or(1);
        let end_line = number(self, "end_lineno").unwrap_or(line);
        let end_column = number(self, "end_offset").filter(|_| end_line == line);
        let text = |vm: &mut Vm, name| {
            let found = vm.attr_or_none(exception, name)?;
            vm.get_gc::<Str>(found).map(|text| text.as_str().to_owned())
        };
        Some(Written {
            file: text(self, "filename")?,
            line,
            column,
            end_column: end_column.unwrap_or(column + 1),
            text: text(self, "text"),
            message: text(self, "msg").unwrap_or_default(),
        })
    }

    fn attr_or_none(&mut self, object: Local, name: &str) -> Option<Local> {
        match self.find_attr(object, name) {
            Ok(found) => found,
            Err(raised) => {
                self.heap.take_raised(raised);
                None
            }
        }
    }

    fn group_members<'h>(&'h self, exception: Gc<'h, Exception>) -> Vec<Value<'h>> {
        let heap = &self.heap;
        if !heap.is_instance(exception.value(), Builtin::BaseExceptionGroup) {
            return Vec::new();
        }
        match exception.arg(heap, 1) {
            Some(v) if v.is_gc::<Tuple>() => v
                .as_gc::<Tuple>()
                .map(|t| t.to_vec(heap))
                .unwrap_or_default(),
            Some(v) => v
                .as_gc::<List>()
                .map(|l| l.to_vec(heap))
                .unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// `repr()` of a value, or a stand-in if that raises.
    fn repr_or(&mut self, value: Local) -> String {
        self.repr_text(value).unwrap_or_else(|raised| {
            self.heap.take_raised(raised);
            "<repr() failed>".to_owned()
        })
    }

    /// `str()` of a value, or a stand-in if that raises.
    fn text_or(&mut self, value: Local, otherwise: &str) -> String {
        match self.str(value) {
            Ok(text) => self
                .get_gc::<Str>(text)
                .map_or(String::new(), |s| s.as_str().to_owned()),
            Err(raised) => {
                self.heap.take_raised(raised);
                otherwise.to_owned()
            }
        }
    }
}
