//! What the user hears beside the program's output: coroutines never awaited, exceptions nobody took, deadlocks.
//!
//! Each kind of `vm::Report` is one function here, written as advice: what happened, where, what to do. A new kind is a variant of
//! `Report`, an arm and a function.

use std::fmt::Write;
use std::rc::Rc;

use super::failure::{self, draw, location};
use super::style::Style;
use super::task_tree::{self, in_user_code};
use crate::bytecode::HEADER;
use crate::diagnostics::{ErrorCode, Severity, SourceMap};
use crate::runtime::heap::{LimitKind, Limits};
use crate::runtime::traceback::TraceEntry;
use crate::vm::{Awaitable, Failure, Forgotten, HeldAt, Place, Problem, Report, Stuck, StuckKind};

/// A report as text.
#[must_use]
pub fn render(report: &Report, sources: &SourceMap, style: Style) -> String {
    match report {
        Report::NeverAwaited { what, place, how } => {
            never_awaited(what, place, *how, sources, style)
        }
        Report::Failed { problem, failure } => failed(problem, failure, sources, style),
        Report::Destroyed { task } => destroyed(task, sources, style),
        Report::Held {
            task,
            milliseconds,
            place,
            at,
        } => {
            let place = place.as_ref().map(|place| (place, *at));
            held(task.as_deref(), *milliseconds, place, sources, style)
        }
        Report::Limit {
            kind,
            limits,
            task,
            place,
        } => limit(
            *kind,
            limits,
            task.as_deref(),
            place.as_ref(),
            sources,
            style,
        ),
        Report::Deadlock { stuck, cycle } => deadlock(stuck, *cycle, sources, style),
        Report::Inspection(standing) => task_tree::tree(standing, sources),
    }
}

fn limit(
    kind: LimitKind,
    limits: &Limits,
    task: Option<&str>,
    place: Option<&Place>,
    sources: &SourceMap,
    style: Style,
) -> String {
    let seconds = |time: Option<f64>| format!("{} s", time.unwrap_or_default());
    let amount = match kind {
        LimitKind::Steps => format!("after {} steps", grouped(limits.steps.unwrap_or_default())),
        LimitKind::Time => {
            let time = limits.time.map(|time| time.as_secs_f64());
            format!("after {} of computing", seconds(time))
        }
        LimitKind::Memory => {
            let bytes = limits.memory.unwrap_or_default() as u64;
            format!("at {} bytes of memory", grouped(bytes))
        }
        LimitKind::SystemMemory => "for want of memory: the system has no more".to_owned(),
        LimitKind::Output => {
            format!(
                "after {} bytes of output",
                grouped(limits.output.unwrap_or_default())
            )
        }
        LimitKind::Tasks => {
            let tasks = limits.tasks.unwrap_or_default() as u64;
            format!("at {} tasks", grouped(tasks))
        }
        LimitKind::VirtualTime => format!("after {} of virtual time", seconds(limits.virtual_time)),
    };
    let option = kind
        .option()
        .map_or(String::new(), |option| format!(" ({option})"));
    let at = place.map_or(String::new(), |place| {
        format!(" at {}", location(place, sources))
    });
    let task = task.map_or(String::new(), |task| format!(", in task '{task}'"));
    let mut out = format!("apy: stopped {amount}{option}{at}{task}\n");
    if let Some(place) = place {
        out.push_str(&draw(
            place,
            "was running here",
            Severity::Error,
            sources,
            style,
        ));
    }
    out
}

/// A number with commas between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = (digits.len() + 2) % 3 + 1;
    let (head, tail) = digits.split_at(first);
    let groups = tail
        .as_bytes()
        .chunks(3)
        .map(|group| format!(",{}", String::from_utf8_lossy(group)));
    head.to_owned() + &groups.collect::<String>()
}

/// The number and the kind of a warning, as those about source text have them.
fn numbered(code: ErrorCode, style: Style) -> String {
    style.warning(&format!("[{}] {}", code.id(), code.exception()))
}

fn never_awaited(
    what: &Awaitable,
    place: &Place,
    how: Forgotten,
    sources: &SourceMap,
    style: Style,
) -> String {
    let subject = what.subject();
    let made = match what {
        Awaitable::Coroutine(_) | Awaitable::Step(..) => "a coroutine",
        Awaitable::Future(_) => "a future",
    };
    let label = match how {
        _ if place.1 == HEADER => "is called where nothing awaits its coroutine".to_owned(),
        Forgotten::Dropped => format!("makes {made} and drops it"),
        Forgotten::Lost => format!("makes {made}, which nothing awaited"),
    };
    let mut out = format!(
        "{}: {subject} was never awaited\n",
        numbered(ErrorCode::NeverAwaited, style)
    );
    out.push_str(&draw(place, &label, Severity::Warning, sources, style));
    let callee = failure::callee(what.name(), place, sources);
    if place.1 == HEADER {
        return out
            + &format!(
                "  Help: callbacks and threads call plain functions; in one, asyncio.create_task({callee}(...)) or asyncio.run({callee}(...)) runs it\n"
            );
    }
    out + &match what {
        Awaitable::Coroutine(_) => format!(
            "  Help: `await {callee}(...)` runs it here; asyncio.create_task({callee}(...)) runs it beside what follows\n"
        ),
        Awaitable::Step(..) => match failure::callee_text(place, sources) {
            Some(callee) => format!("  Help: write `await {callee}(...)`\n"),
            None => "  Help: `await` it\n".to_owned(),
        },
        Awaitable::Future(_) => {
            format!("  Help: `await {callee}(...)` waits for it; the program goes on without it\n")
        }
    }
}

fn failed(problem: &Problem, failure: &Failure, sources: &SourceMap, style: Style) -> String {
    let what = match problem {
        Problem::Callback(callback) => format!("Exception in callback {callback}"),
        Problem::Shutdown(task) => {
            format!("Task '{task}' failed while it was being cancelled at the end of the program")
        }
        Problem::Client => "Unhandled exception in client_connected_cb".to_owned(),
        Problem::Accept => "A server cannot accept a client; it tries again in a second".to_owned(),
        Problem::NeverRetrieved(task) => {
            format!("Task '{task}' failed, and its exception was never retrieved")
        }
        Problem::Thread(thread) => format!("Exception in thread {thread}:"),
        Problem::Unraisable(object) => format!("Exception ignored in: {object}"),
    };
    let mut failure = failure.clone();
    if let Problem::Thread(_) = problem {
        // The calls of the library with which each thread begins say nothing.
        let begins = |entry: &TraceEntry| match entry {
            TraceEntry::Frame { code, ip } => failure::is_library(&(Rc::clone(code), *ip), sources),
            TraceEntry::Task { .. } => false,
        };
        while failure.trace.len() > 1 && failure.trace.last().is_some_and(begins) {
            failure.trace.pop();
        }
    }
    format!(
        "{}\n{}",
        style.warning(&what),
        failure::render(&failure, sources, style)
    )
}

fn destroyed(task: &Stuck, sources: &SourceMap, style: Style) -> String {
    let mut out = format!(
        "{}: task '{}' was destroyed while it was pending\n",
        numbered(ErrorCode::TaskDestroyed, style),
        task.task
    );
    if let Some(place) = task.spawned.first() {
        out.push_str(&draw(
            place,
            "makes the task",
            Severity::Warning,
            sources,
            style,
        ));
    }
    let waits = task.place.as_ref().map(|place| {
        let at = location(place, sources);
        format!("it waits for {} at {at}, and ", task.waits_for)
    });
    let waits = waits.unwrap_or_default();
    out + &format!(
        "  Help: {waits}its loop has ended; await the task before that, or cancel it and await it\n"
    )
}

fn held(
    task: Option<&str>,
    milliseconds: u64,
    place: Option<(&Place, HeldAt)>,
    sources: &SourceMap,
    style: Style,
) -> String {
    let task = task.map_or_else(|| "a callback".to_owned(), |task| format!("task '{task}'"));
    let mut out = format!(
        "{}: {task} held the loop for {milliseconds} ms while others were ready\n",
        numbered(ErrorCode::LoopHeld, style)
    );
    if let Some((place, at)) = place {
        let label = match at {
            HeldAt::Middle => "was running here",
            HeldAt::End => "what held it ended here",
        };
        out.push_str(&draw(place, label, Severity::Warning, sources, style));
    }
    out + "  Help: `await asyncio.to_thread(f)` runs a blocking call beside the loop; `await asyncio.sleep(0)` lets others run\n"
}

/// How many tasks are told of.
const TOLD: usize = 20;

fn deadlock(stuck: &[Stuck], cycle: usize, sources: &SourceMap, style: Style) -> String {
    let (all, more) = match stuck.iter().any(|one| one.kind == StuckKind::Thread) {
        true => ("every task and every thread", "more"),
        false => ("every task", "more tasks"),
    };
    let mut out = format!(
        "{}: {all} waits for something that will never happen\n",
        style.bad(&format!("[{}] deadlock", ErrorCode::Deadlock.id()))
    );
    if let Some(first) = stuck[..cycle].first() {
        let named = |task: &Stuck| format!("'{}'", task.task);
        let mut names: Vec<String> = stuck[..cycle].iter().take(TOLD).map(named).collect();
        if cycle > TOLD {
            names.push(format!("{} more", cycle - TOLD));
        }
        names.push(named(first));
        let _ = writeln!(
            out,
            "  a cycle, each waits for the next: {}",
            names.join(" → ")
        );
    }
    for task in stuck.iter().take(TOLD) {
        let spawned = spawned(task, sources).map_or(String::new(), |place| {
            format!(", spawned at {},", location(place, sources))
        });
        let kind = match task.kind {
            StuckKind::Task => "task",
            StuckKind::Thread => "thread",
        };
        let (waits_for, place) = in_user_code(task, sources);
        let _ = writeln!(
            out,
            "  {kind} '{}'{spawned} waits for {waits_for}",
            task.task
        );
        if let Some(place) = place {
            out.push_str(&draw(place, "waits here", Severity::Error, sources, style));
        }
    }
    if stuck.len() > TOLD {
        let _ = writeln!(out, "  and {} {more}", stuck.len() - TOLD);
    }
    out
}

/// Where the program made a task or a thread.
fn spawned<'s>(stuck: &'s Stuck, sources: &SourceMap) -> Option<&'s Place> {
    let user = |place: &&Place| !failure::is_library(place, sources);
    stuck.spawned.iter().find(user)
}
