//! Tasks and threads as text: what each waits for, in the program's words, and the tree of those that wait for each other.
//!
//! The tree is the answer to `apy ps`. It goes to a terminal: names lose their control characters.

use std::fmt::Write;

use super::failure::{self, location};
use crate::diagnostics::SourceMap;
use crate::vm::{Place, Standing, Stuck, StuckKind};

/// From this depth on lines are not indented further.
const DEEPEST: usize = 30;

/// Tasks and threads as a tree: below each task those that it waits for, each at full length once.
pub fn tree(standing: &[Standing], sources: &SourceMap) -> String {
    let mut out = format!("{}\n", counts(standing));
    let mut awaited = vec![false; standing.len()];
    for &other in standing.iter().flat_map(|one| &one.on) {
        awaited[other] = true;
    }
    let mut shown = vec![false; standing.len()];
    // Those that nothing waits for begin a tree; then come circles.
    let roots = (0..standing.len()).filter(|&at| !awaited[at]);
    for root in roots.chain(0..standing.len()) {
        if !shown[root] {
            branch(standing, root, &mut shown, sources, &mut out);
        }
    }
    out
}

/// How many there are.
fn counts(standing: &[Standing]) -> String {
    let threads = |one: &&Standing| one.stuck.kind == StuckKind::Thread;
    let threads = standing.iter().filter(threads).count();
    let counted = |count: usize, what| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {what}{plural}")
    };
    let tasks = counted(standing.len() - threads, "task");
    match threads {
        0 => tasks,
        _ => format!("{tasks}, {}", counted(threads, "blocked thread")),
    }
}

/// One tree.
fn branch(
    standing: &[Standing],
    root: usize,
    shown: &mut [bool],
    sources: &SourceMap,
    out: &mut String,
) {
    let mut next = vec![(root, 0)];
    while let Some((at, depth)) = next.pop() {
        let one = &standing[at];
        let indent = "  ".repeat(depth.min(DEEPEST));
        if std::mem::replace(&mut shown[at], true) {
            let _ = writeln!(out, "{indent}{} (above)", named(one));
            continue;
        }
        let _ = writeln!(out, "{indent}{}", line(one, sources));
        next.extend(one.on.iter().rev().map(|&other| (other, depth + 1)));
    }
}

fn named(one: &Standing) -> String {
    let kind = match one.stuck.kind {
        StuckKind::Task => "task",
        StuckKind::Thread => "thread",
    };
    let name = one.stuck.task.chars();
    // A name may hold anything, and a terminal shows it.
    let name: String = name.map(|c| if c.is_control() { '?' } else { c }).collect();
    format!("{kind} '{name}'")
}

fn line(one: &Standing, sources: &SourceMap) -> String {
    let (waits_for, place) = in_user_code(&one.stuck, sources);
    let at = place.map_or(String::new(), |place| {
        format!(" at {} in {}", location(place, sources), place.0.qualname)
    });
    if one.runs {
        return format!("{}{at} runs", named(one));
    }
    let waits_for: String = waits_for.chars().filter(|c| !c.is_control()).collect();
    format!("{}{at} waits for {waits_for}", named(one))
}

/// The thing that a task or thread waits for, in the program's words, and where: a thread inside of the library waits in the function
/// that the program called.
pub fn in_user_code<'s>(stuck: &'s Stuck, sources: &SourceMap) -> (String, Option<&'s Place>) {
    let is_library = |place: &&Place| failure::is_library(place, sources);
    let inside = stuck.trail.iter().take_while(|p| is_library(p)).count();
    let called = stuck.trail[..inside]
        .iter()
        .map(|place| &place.0.qualname)
        .rfind(|name| !STARTS.contains(&&***name));
    match called {
        Some(called) => (called.to_string(), stuck.trail.get(inside)),
        None => (stuck.waits_for.clone(), stuck.place.as_ref()),
    }
}

/// The functions of the library that a thread begins in.
const STARTS: [&str; 3] = [
    "Thread._bootstrap",
    "Thread.run",
    "ThreadPoolExecutor._work",
];
