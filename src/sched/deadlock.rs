//! Who waits for what: the report of a deadlock, and what a prompt tells of its tasks.
//!
//! What a task waits in is the outermost native awaitable that knows an obstacle (`Payload::obstacle`: the holder of a lock, the tasks
//! of a group), else what it called of the library, else the innermost native awaitable, else the future itself. Tasks that others wait for are the edges of a graph; a cycle in it is
//! the reason of the deadlock and is told first.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::future::{future, part};
use super::green::{self, Thread};
use super::thread_queue::ThreadId;
use super::{report, scheduler, task};
use crate::runtime::future::Future;
use crate::runtime::list::List;
use crate::runtime::opaque::{Obstacle, Opaque};
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::vm::{Local, Mention, Report, Standing, Stuck, StuckKind, Vm};

/// How many of the futures that a task waits for are named.
const NAMED: usize = 3;

/// How deep groups within groups are followed.
const DEPTH: usize = 10;

/// Nothing can run any more: tells the user which task waits for what, and ends the program.
pub fn deadlock(vm: &mut Vm) -> Raised {
    let mut tasks = waiting_tasks(vm, "a future that nobody finishes");
    tasks.extend(waiting_threads(vm));
    let cycle = find_cycle(&tasks);
    let mut stuck: Vec<Option<Stuck>> = tasks.into_iter().map(|task| Some(task.stuck)).collect();
    let mut first: Vec<Stuck> = cycle.iter().filter_map(|&at| stuck[at].take()).collect();
    first.extend(stuck.into_iter().flatten());
    let stuck = first;
    vm.host.report(Report::Deadlock {
        stuck,
        cycle: cycle.len(),
    });
    vm.halt();
    vm.heap
        .raise(Builtin::RuntimeError, "deadlock: nothing can run any more")
}

/// Every task that is not done: what it waits for and where.
pub fn waiting(vm: &mut Vm) -> Vec<Stuck> {
    let tasks = waiting_tasks(vm, "a future");
    tasks.into_iter().map(|task| task.stuck).collect()
}

/// Answers those who ask from outside which tasks and threads there are, and which waits for which.
pub(super) fn answer_inspection(vm: &mut Vm) {
    let current = scheduler(vm).current_task(&vm.heap);
    let current = current.map(|task| part(vm, vm.local(task)).number.get());
    let mut tasks = waiting_tasks(vm, "a future");
    tasks.extend(waiting_threads(vm));
    let places = places(&tasks);
    let known = |on: Vec<u64>| on.iter().filter_map(|n| places.get(n).copied()).collect();
    let standing = tasks.into_iter().map(|one| Standing {
        runs: current == Some(one.number),
        stuck: one.stuck,
        on: known(one.on),
    });
    let standing = standing.collect();
    vm.host.report(Report::Inspection(standing));
}

/// What a task waits for and where.
pub fn waits(vm: &mut Vm, task: Local) -> Stuck {
    look_at(vm, task, "a future").stuck
}

/// A task and the numbers of those that it waits for.
struct Stalled {
    number: u64,
    stuck: Stuck,
    on: Vec<u64>,
}

/// `lone`: what to call a future of which nothing is known.
fn waiting_tasks(vm: &mut Vm, lone: &str) -> Vec<Stalled> {
    let tasks = scheduler(vm).pending_tasks(vm);
    let mut looked_at = Vec::with_capacity(tasks.len());
    for task in tasks {
        let mark = vm.mark();
        looked_at.push(look_at(vm, task, lone));
        vm.release(mark);
    }
    looked_at
}

/// Every thread that is blocked.
fn waiting_threads(vm: &Vm) -> Vec<Stalled> {
    let green = &scheduler(vm).green;
    let threads = std::iter::once(Rc::clone(&green.main)).chain(green.alive());
    threads
        .filter_map(|thread| look_at_thread(vm, &thread))
        .collect()
}

/// The number of a thread among those of tasks.
fn node(ThreadId(id): ThreadId) -> u64 {
    u64::MAX - id
}

fn look_at_thread(vm: &Vm, thread: &Thread) -> Option<Stalled> {
    let blocked = thread.blocked_on.borrow();
    let blocked = blocked.as_ref()?;
    let object = blocked.object.get(&vm.heap).as_gc::<Opaque>();
    let obstacle = object.and_then(|object| object.obstacle(&vm.heap));
    let holder = obstacle.as_ref().and_then(|o| o.thread).map(ThreadId);
    let holder_name = holder.map(|id| match green::find(vm, id) {
        Some(holder) => format!(" thread '{}'", holder.name.borrow()),
        None => " a thread that is over".to_owned(),
    });
    let waits_for = match obstacle {
        Some(obstacle) => format!(
            "{}: {}{}",
            blocked.what,
            obstacle.words,
            holder_name.unwrap_or_default()
        ),
        None => blocked.what.to_owned(),
    };
    let trail = green::trail(vm, thread.id);
    Some(Stalled {
        number: node(thread.id),
        on: holder.map(node).into_iter().collect(),
        stuck: Stuck {
            task: thread.name.borrow().clone(),
            kind: StuckKind::Thread,
            waits_for,
            place: trail.first().cloned(),
            has_begun: true,
            trail,
            spawned: thread.spawned.clone(),
        },
    })
}

fn look_at(vm: &mut Vm, task: Local, lone: &str) -> Stalled {
    let name = report::text(vm, task);
    let coroutine = vm.local(part(vm, task).coroutine.get(&vm.heap));
    let (waits_for, futures) = waits_for(vm, task, coroutine, lone);
    let on = futures.iter().filter_map(|&f| future(vm, f).task());
    Stalled {
        number: part(vm, task).number.get(),
        on: on.map(|part| part.number.get()).collect(),
        stuck: Stuck {
            task: name,
            waits_for,
            kind: StuckKind::Task,
            place: vm
                .place_of(coroutine)
                .filter(|(code, _)| !code.is_library()),
            has_begun: vm.has_begun(coroutine),
            trail: Vec::new(),
            spawned: task::spawned(vm, task).into_iter().collect(),
        },
    }
}

/// What a task waits for, in words, and the tasks and futures among that.
fn waits_for(vm: &mut Vm, task: Local, coroutine: Local, lone: &str) -> (String, Vec<Local>) {
    let awaited = part(vm, task).waiting_for.get(&vm.heap).defined();
    let awaited = awaited.map(|awaited| vm.local(awaited));
    let chain = vm.waits_in(coroutine);
    let named = |mention| match mention {
        Mention::As(name) => Some(name),
        Mention::Never | Mention::Around(_) => None,
    };
    let known = chain
        .iter()
        .find_map(|&(mention, object)| Some((named(mention)?, obstacle(vm, object)?)));
    let last = chain.iter().rev().find_map(|&(mention, _)| named(mention));
    let called = vm.library_call_in(coroutine);
    let called = called.or_else(|| last.map(str::to_owned));
    let (mut words, futures) = match (known, awaited.and_then(|f| target(vm, f)), called) {
        (Some((name, (words, futures))), _, _) => {
            (told(vm, name, &words, &futures), flat(vm, futures))
        }
        (None, Some((name, futures)), _) => (told(vm, name, "", &futures), flat(vm, futures)),
        (None, None, Some(name)) => (name, Vec::new()),
        (None, None, None) if awaited.is_none() => ("its turn".to_owned(), Vec::new()),
        (None, None, None) => (lone.to_owned(), Vec::new()),
    };
    for (mention, _) in chain {
        if let Mention::Around(name) = mention {
            words.push_str(&format!(", in {name}"));
        }
    }
    (words, futures)
}

/// What is known of a future: what made it, and the futures that it follows.
fn target(vm: &Vm, awaited: Local) -> Option<(&'static str, Vec<Local>)> {
    let this = future(vm, awaited);
    if this.task().is_some() {
        return Some(("", vec![awaited]));
    }
    let extra = this.get().find_extra()?;
    let name = extra.made_by.get();
    if let Some(followed) = extra.follows.get(&vm.heap).defined() {
        return Some((name, vec![vm.local(followed)]));
    }
    let members: Gc<'_, List> = extra.group.get(&vm.heap).as_gc()?;
    Some((name, unfinished(vm, members)))
}

/// Why nobody gets past an object.
fn obstacle(vm: &Vm, object: Local) -> Option<(String, Vec<Local>)> {
    if let Some(list) = vm.get_gc::<List>(object) {
        return Some((String::new(), unfinished(vm, list)));
    }
    let Obstacle { words, futures, .. } = vm.get_gc::<Opaque>(object)?.obstacle(&vm.heap)?;
    Some((words, futures.into_iter().map(|f| vm.local(f)).collect()))
}

/// The futures in a list that are not done.
fn unfinished(vm: &Vm, list: Gc<'_, List>) -> Vec<Local> {
    let items = list.to_vec(&vm.heap).into_iter();
    let pending = |v: &Value<'_>| v.as_gc::<Future>().is_some_and(|f| !f.is_done(&vm.heap));
    items.filter(pending).map(|v| vm.local(v)).collect()
}

/// Futures, with the members of groups in the place of the groups.
fn flat(vm: &Vm, mut futures: Vec<Local>) -> Vec<Local> {
    for _ in 0..DEPTH {
        let mut deeper = Vec::with_capacity(futures.len());
        let mut changed = false;
        for &one in &futures {
            match target(vm, one) {
                Some((name, members)) if !name.is_empty() => {
                    deeper.extend(members);
                    changed = true;
                }
                _ => deeper.push(one),
            }
        }
        futures = deeper;
        if !changed {
            break;
        }
    }
    futures
}

/// "Lock.acquire: held by task 'a'".
fn told(vm: &mut Vm, name: &str, words: &str, futures: &[Local]) -> String {
    let mut parts = Vec::new();
    for &one in futures.iter().take(NAMED) {
        parts.push(called(vm, one));
    }
    let others = futures.len() - parts.len();
    let mut names = parts.join(", ");
    if others > 0 {
        names.push_str(&format!(" and {others} more"));
    }
    let what = match (words.is_empty(), names.is_empty()) {
        (true, _) => names,
        (false, true) => words.to_owned(),
        (false, false) => format!("{words} {names}"),
    };
    match (name.is_empty(), what.is_empty()) {
        (true, _) => what,
        (false, true) => name.to_owned(),
        (false, false) => format!("{name}: {what}"),
    }
}

fn called(vm: &mut Vm, one: Local) -> String {
    let this = future(vm, one);
    if this.task().is_none() {
        return target(vm, one)
            .map_or("a future", |(name, _)| name)
            .to_owned();
    }
    let over = if this.is_done(&vm.heap) {
        ", which is over"
    } else {
        ""
    };
    format!("task '{}'{over}", report::text(vm, one))
}

/// Where each number is in the list.
fn places(tasks: &[Stalled]) -> FxHashMap<u64, usize> {
    let rows = tasks.iter().enumerate();
    rows.map(|(at, task)| (task.number, at)).collect()
}

/// Tasks of which each waits for the next and the last for the first, by their place in `tasks`; none if there are none.
fn find_cycle(tasks: &[Stalled]) -> Vec<usize> {
    let places = places(tasks);
    let mut seen = vec![Seen::No; tasks.len()];
    for start in 0..tasks.len() {
        // The way from `start` to here, and how many edges of each task were tried.
        let mut way = vec![(start, 0)];
        while let Some(&mut (at, ref mut tried)) = way.last_mut() {
            if *tried == 0 {
                if seen[at] == Seen::Before {
                    way.pop();
                    continue;
                }
                seen[at] = Seen::OnTheWay;
            }
            let next = tasks[at].on.get(*tried).copied();
            *tried += 1;
            match next.map(|number| places.get(&number)) {
                None => {
                    seen[at] = Seen::Before;
                    way.pop();
                }
                Some(Some(&next)) if seen[next] == Seen::OnTheWay => {
                    let way = way.iter().map(|&(at, _)| at);
                    return way.skip_while(|&at| at != next).collect();
                }
                Some(Some(&next)) if seen[next] == Seen::No => way.push((next, 0)),
                Some(_) => {}
            }
        }
    }
    Vec::new()
}

#[derive(Clone, Copy, PartialEq)]
enum Seen {
    No,
    OnTheWay,
    Before,
}
