//! What the VM tells the program around it: exceptions and other findings as plain data, to be rendered at the edge.
//!
//! Nothing here is a Value: what is reported outlives the heap and can be drawn, counted or ignored. A new finding is a
//! variant of `Report`, made in `exec/describe.rs` or `sched/report.rs`, drawn in `embed/present/report.rs`.

use std::rc::Rc;

use crate::bytecode::Code;
use crate::runtime::heap::{LimitKind, Limits};
use crate::runtime::traceback::TraceEntry;

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
    /// Somebody outside asked for the tasks and threads that are not done (`Host::is_inspected`).
    Inspection(Vec<Standing>),
}

/// A task or thread that is not done.
#[derive(Clone)]
pub struct Standing {
    /// What it waits for and where.
    pub stuck: Stuck,
    /// Which of the others it waits for, by their places in the list.
    pub on: Vec<usize>,
    /// Whether it runs at this moment.
    pub runs: bool,
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
    /// Whether it has run at all.
    pub has_begun: bool,
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
