//! Tracebacks: what an exception has passed, and the traceback objects that a program sees.
//!
//! Unwinding notes each frame in the exception as plain as it can (`Passed`); nothing is made of it until a program reads `__traceback__`.
//! Then the notes become linked `Traceback` objects, which the exception keeps: later frames are noted beside them and become
//! objects in front of them. Reports read both as plain data (`TraceEntry`).

#![expect(unsafe_code, reason = "declares that places in code have no slots")]

use std::cell::Cell;
use std::rc::Rc;

use super::code::CodeObj;
use super::exception::Exception;
use super::frame_object::FrameObject;
use super::heap::{Gc, Heap, Slot, Trace, Tracer, traced};
use super::value::Value;
use crate::bytecode::Code;

/// One line of a traceback, as plain data.
#[derive(Clone)]
pub enum TraceEntry {
    /// An instruction that the exception left.
    Frame {
        /// The code that ran.
        code: Rc<Code>,
        /// Which of its instructions.
        ip: u32,
    },
    /// The exception crossed from a task to what awaited it.
    Task {
        /// The name of the task that it came from.
        name: Rc<str>,
        /// Where the task was made: code and instruction.
        spawned: Option<(Rc<Code>, u32)>,
    },
}

// SAFETY: `Code` and text hold no slots.
unsafe impl Trace for TraceEntry {
    #[inline(always)]
    fn trace(&self, _: &mut Tracer<'_>) {}
}

/// One thing that an exception passed.
pub enum Passed {
    /// An instruction that it left.
    Frame(PassedFrame),
    /// The end of a task: always a `TraceEntry::Task`.
    Task(TraceEntry),
}

// SAFETY: a task's entry holds no slots, and the other variant reports its own.
unsafe impl Trace for Passed {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        if let Passed::Frame(frame) = self {
            frame.trace(tracer);
        }
    }
}

/// An instruction that an exception left.
pub struct PassedFrame {
    /// The code that ran, a `CodeObj`.
    code: Slot,
    /// Which of its instructions.
    ip: u32,
    /// The frame: see `frame_object`.
    pub frame: Slot,
}

traced!(PassedFrame { code, frame } plain { ip });

/// How far an exception had come when a future got it: a future that raises it again puts it back there.
#[derive(Default)]
pub struct TraceMark {
    /// `Exception::traceback` then.
    traceback: Slot,
    /// How many entries `Exception::passed` had then.
    passed: Cell<u32>,
}

traced!(TraceMark { traceback } plain { passed });

/// A traceback object.
pub struct Traceback {
    /// `tb_next`: the traceback one frame further in; Undef for None.
    pub next: Slot,
    /// The frame: see `frame_object`.
    pub frame: Slot,
    /// The code that ran, a `CodeObj`.
    code: Slot,
    /// Which of its instructions; `u32::MAX` where `lasti` says something else.
    pub ip: u32,
    /// `tb_lineno` that a program gave; 0: the instruction's line.
    pub line: Cell<i64>,
    /// The tasks that the exception left before it came to this frame.
    tasks: Vec<TraceEntry>,
}

traced!(Traceback { next, frame, code, tasks } plain { ip, line });

impl Heap {
    /// A traceback object as a program makes it.
    pub fn traceback<'h>(
        &'h self,
        next: Value<'h>,
        frame: Gc<'h, FrameObject>,
        ip: u32,
        line: i64,
    ) -> Gc<'h, Traceback> {
        let traceback = self.alloc(Traceback {
            next: Slot::undef(),
            frame: Slot::new(frame.value()),
            code: Slot::new(frame.code(self).value()),
            ip,
            line: Cell::new(line),
            tasks: Vec::new(),
        });
        traceback.next.set(next);
        traceback
    }
}

impl<'h> Gc<'h, Traceback> {
    /// The code that ran.
    pub fn code(self, heap: &'h Heap) -> Gc<'h, CodeObj> {
        self.get().code.expect(heap)
    }

    /// `tb_next`, if any.
    pub fn next(self, heap: &'h Heap) -> Option<Gc<'h, Traceback>> {
        self.get().next.get(heap).as_gc()
    }
}

// What an exception has passed.
impl<'h> Gc<'h, Exception> {
    /// Whether it was raised, and passed a frame since.
    pub fn was_raised(self) -> bool {
        !self.traceback.is_undef() || !self.passed.borrow().is_empty()
    }

    /// Notes a frame that it passes. `frame`: see `frame_object`.
    pub fn note_frame(self, heap: &'h Heap, code: Gc<'h, CodeObj>, ip: u32, frame: Value<'h>) {
        let mut passed = self.passed.borrow_mut();
        if let Some(Passed::Frame(inner)) = passed.last()
            && let Some(inner) = inner.frame.get(heap).as_gc::<FrameObject>()
            && inner.back.is_undef()
        {
            inner.back.set(frame);
        }
        let len = passed.len();
        if len == passed.capacity() {
            let ahead = len.max(4);
            let fits = heap.fits(ahead.saturating_mul(size_of::<Passed>()));
            if !fits || passed.try_reserve_exact(ahead).is_err() {
                // Where memory is short the traceback has a gap: another exception would be one more object for each frame.
                passed.drain(len / 4..len - len / 4);
            }
            if passed.len() == passed.capacity() {
                return;
            }
        }
        passed.push(Passed::Frame(PassedFrame {
            code: Slot::new(code.value()),
            ip,
            frame: Slot::new(frame),
        }));
    }

    /// Notes that it came from a task.
    pub fn note_task(self, name: Rc<str>, spawned: Option<(Rc<Code>, u32)>) {
        let entry = TraceEntry::Task { name, spawned };
        self.passed.borrow_mut().push(Passed::Task(entry));
    }

    /// Notes the frame that another exception has passed last.
    pub fn note_last_of(self, heap: &'h Heap, other: Gc<'h, Exception>) {
        if let Some(last) = other.traceback(heap).as_gc::<Traceback>() {
            self.note_frame(heap, last.code(heap), last.ip, last.get().frame.get(heap));
        }
    }

    /// The frame with this number (see `frame_object`), which it has passed last, is left.
    pub fn replace_frame(self, heap: &'h Heap, stamp: Value<'h>, frame: Gc<'h, FrameObject>) {
        let same = |slot: &Slot| {
            if slot.get(heap).is(stamp) {
                slot.set(frame.value());
            }
        };
        for passed in self.passed.borrow().iter().rev().take(REPLACED) {
            if let Passed::Frame(passed) = passed {
                same(&passed.frame);
            }
        }
        if let Some(traceback) = self.get().traceback.get(heap).as_gc::<Traceback>() {
            same(&traceback.get().frame);
        }
    }

    /// `__traceback__`: what it has passed, as objects; None if it passed nothing.
    pub fn traceback(self, heap: &'h Heap) -> Value<'h> {
        let mut tasks = Vec::new();
        for passed in self.passed.take() {
            match passed {
                Passed::Task(entry) => tasks.push(entry),
                Passed::Frame(passed) => {
                    let made = heap.alloc(Traceback {
                        next: Slot::copy(&self.get().traceback),
                        frame: passed.frame,
                        code: passed.code,
                        ip: passed.ip,
                        line: Cell::new(0),
                        tasks: std::mem::take(&mut tasks),
                    });
                    self.get().traceback.set(made.value());
                }
            }
        }
        self.passed
            .replace(tasks.into_iter().map(Passed::Task).collect());
        self.get().traceback.get(heap).or(Value::NONE)
    }

    /// Sets `__traceback__`; None: it has passed nothing.
    pub fn set_traceback(self, traceback: Value<'h>) {
        self.passed.borrow_mut().clear();
        let traceback = if traceback.is_none() {
            Value::UNDEF
        } else {
            traceback
        };
        self.get().traceback.set(traceback);
    }

    /// Notes how far it has come.
    pub fn note_mark(self, heap: &'h Heap, mark: &TraceMark) {
        mark.traceback.set(self.get().traceback.get(heap));
        let passed = self.passed.borrow().len();
        mark.passed.set(u32::try_from(passed).unwrap_or(u32::MAX));
    }

    /// Forgets what it has passed since a mark was noted. As in CPython the mark counts once; the next time everything is forgotten.
    pub fn return_to_mark(self, heap: &'h Heap, mark: &TraceMark) {
        let then = mark.traceback.get(heap);
        let mut keeps = mark.passed.replace(0) as usize;
        mark.traceback.clear();
        if self.get().traceback.get(heap).is(then) {
            self.passed.borrow_mut().truncate(keeps);
            return;
        }
        // A program has read the traceback: entries of `passed` are objects now, the last one first.
        self.passed.borrow_mut().clear();
        let mut made = Vec::new();
        let mut next = self.get().traceback.get(heap).as_gc::<Traceback>();
        while let Some(traceback) = next.filter(|one| !one.value().is(then) && made.len() < LONGEST)
        {
            made.push(traceback);
            next = traceback.next(heap);
        }
        let mut kept = then;
        for traceback in made.into_iter().rev() {
            let entries = 1 + traceback.get().tasks.len();
            if entries > keeps {
                break;
            }
            keeps -= entries;
            kept = traceback.value();
        }
        self.get().traceback.set(kept);
    }

    /// What it has passed as plain data, innermost first.
    pub fn trace(self, heap: &'h Heap) -> Vec<TraceEntry> {
        let mut entries = Vec::new();
        let mut next = self.get().traceback.get(heap).as_gc::<Traceback>();
        while let Some(traceback) = next.filter(|_| entries.len() < LONGEST) {
            entries.push(TraceEntry::Frame {
                code: Rc::clone(&traceback.code(heap).code),
                ip: traceback.ip,
            });
            entries.extend(traceback.get().tasks.iter().rev().cloned());
            next = traceback.next(heap);
        }
        entries.reverse();
        entries.extend(self.passed.borrow().iter().map(|passed| match passed {
            Passed::Task(entry) => entry.clone(),
            Passed::Frame(passed) => TraceEntry::Frame {
                code: Rc::clone(&passed.code.expect::<CodeObj>(heap).code),
                ip: passed.ip,
            },
        }));
        entries
    }

    /// Whether two exceptions have passed the same.
    pub fn has_trace_of(self, heap: &'h Heap, other: Gc<'h, Exception>) -> bool {
        let same = |pair| match pair {
            (
                TraceEntry::Frame { code, ip },
                TraceEntry::Frame {
                    code: other,
                    ip: at,
                },
            ) => Rc::ptr_eq(&code, &other) && ip == at,
            (TraceEntry::Task { name, .. }, TraceEntry::Task { name: other, .. }) => name == other,
            _ => false,
        };
        let (mine, others) = (self.trace(heap), other.trace(heap));
        mine.len() == others.len() && mine.into_iter().zip(others).all(same)
    }
}

/// How many of the last entries may be of one frame: it is the frame's own handlers that raise again.
const REPLACED: usize = 8;
/// More lines than a traceback has: `tb_next` may be set to anything that makes no circle.
const LONGEST: usize = 1 << 20;
