//! What SQLite calls while it prepares and runs statements: progress, busy, authorizer, trace.
//!
//! They are installed once, when a connection is opened, and look up here what the program wants. The progress handler is also where
//! a long statement hears Ctrl-C and limits, and where other green threads get their time; the busy handler lets them run while it
//! waits; the authorizer asks the host's files whether a database may be attached.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::callbacks::failed;
use super::running::{call_back, leave_raised};
use super::{actions, database, error};
use crate::runtime::heap::traced;
use crate::runtime::{Raised, Slot, Value};
use crate::sched::{block, green};
use crate::stdlib::registry::raise_text;
use crate::vm::{Local, Native, Vm};

/// Instructions of SQLite between two calls of the progress handler, at most.
const PACE: i32 = 1000;
/// Instructions after which other green threads get a turn.
const TURN: i32 = 100 * PACE;
/// What the busy handler waits, in milliseconds: longer and longer, as SQLite's own.
const DELAYS: [u32; 12] = [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100];

/// What the program wants to be called.
#[derive(Default)]
pub struct Hooks {
    authorizer: Slot,
    trace: Slot,
    progress: Slot,
    /// Instructions between two calls of the program's progress handler.
    progress_pace: Cell<i32>,
    /// Instructions since its last call.
    progress_count: Cell<i32>,
    /// Instructions since other threads had a turn.
    turn: Cell<i32>,
    /// Instructions between two calls of ours.
    pace: Arc<AtomicI32>,
}

traced!(Hooks { authorizer, trace, progress } plain { progress_pace, progress_count, turn, pace });

/// Installs the hooks of a new connection.
///
/// # Errors
/// SQLite's.
pub fn install(connection: &mut Connection, timeout: f64) -> rusqlite::Result<()> {
    connection.progress_handler(PACE, Some(|| call_back(false, progress)))?;
    connection.authorizer(Some(|context: AuthContext<'_>| {
        call_back(Authorization::Allow, |vm, database| {
            authorize(vm, database, &context)
        })
    }))?;
    let most = (timeout * 1000.0).clamp(0.0, f64::from(i32::MAX)) as u32;
    connection.busy_handler(Some(move |count| {
        call_back(false, |vm, database| wait(vm, database, count, most))
    }))?;
    connection.trace_v2(
        TraceEventCodes::SQLITE_TRACE_STMT,
        Some(|event: TraceEvent<'_>| call_back((), |vm, database| trace(vm, database, event))),
    )
}

/// Whether SQLite shall stop.
fn progress(vm: &mut Vm, database: Local) -> bool {
    let hooks = &database::of(vm, database).hooks;
    let pace = match hooks.pace.load(Ordering::Relaxed) {
        0 => PACE,
        pace => pace,
    };
    let turn = hooks.turn.get() + pace;
    hooks.turn.set(if turn >= TURN { 0 } else { turn });
    if let Err(raised) = attend(vm, pace, turn >= TURN) {
        leave_raised(vm, database, raised);
        return true;
    }
    let hooks = &database::of(vm, database).hooks;
    let handler = hooks.progress.get(&vm.heap);
    if handler.is_undef() {
        return false;
    }
    let count = hooks.progress_count.get() + pace;
    if count < hooks.progress_pace.get() {
        hooks.progress_count.set(count);
        return false;
    }
    hooks.progress_count.set(0);
    let handler = vm.local(handler);
    let wants = match vm.call(handler, &[]) {
        Ok(wants) => vm.truth(wants),
        Err(raised) => Err(raised),
    };
    wants.unwrap_or_else(|raised| {
        failed(vm, handler, raised, "");
        true
    })
}

/// Hears Ctrl-C and limits, and lets other threads run.
fn attend(vm: &mut Vm, work: i32, turn: bool) -> Result<(), Raised> {
    vm.heap.poll(work as usize)?;
    if turn && green::has_others(vm) {
        block::sleep(vm, 0.0)?;
    }
    Ok(())
}

/// Waits because another connection has a lock; false: long enough.
fn wait(vm: &mut Vm, database: Local, count: i32, most: u32) -> bool {
    if count == 0 {
        // A statement that nobody has any more may hold the lock; in CPython it would be gone.
        vm.collect();
    }
    let count = usize::try_from(count).unwrap_or(0);
    let last = DELAYS[DELAYS.len() - 1];
    let over = count.saturating_sub(DELAYS.len()) as u32;
    let waited = DELAYS.iter().take(count).sum::<u32>() + over * last;
    let delay = DELAYS.get(count).copied().unwrap_or(last);
    if waited >= most {
        return false;
    }
    let delay = f64::from(delay.min(most - waited)) / 1000.0;
    match block::sleep(vm, delay) {
        Ok(()) => true,
        Err(raised) => {
            leave_raised(vm, database, raised);
            false
        }
    }
}

/// Whether the host's files allow a database at this path, which may be a URI.
pub fn may_open(vm: &Vm, path: &str) -> bool {
    let plain = path.strip_prefix("file:").unwrap_or(path);
    let (plain, query) = plain.split_once('?').unwrap_or((plain, ""));
    let is_uri = plain.len() < path.len();
    let in_memory = plain.is_empty()
        || plain == ":memory:"
        || is_uri && query.split('&').any(|part| part == "mode=memory");
    if in_memory && !query.contains('%') {
        return true;
    }
    let plain = plain.strip_prefix("//").filter(|_| is_uri).unwrap_or(plain);
    let files = vm.host.files();
    // A path with escapes names something else than it says.
    let path = if is_uri && plain.contains('%') {
        Path::new("/")
    } else {
        Path::new(plain)
    };
    files.check_database(path).is_ok()
}

/// Whether the host's files are not all open to the program.
pub fn is_guarded(vm: &Vm) -> bool {
    !may_open(vm, "/")
}

/// Whether a pragma says where SQLite keeps what it has no room for.
fn moves_files(pragma: &str) -> bool {
    let pragma = pragma.to_ascii_lowercase();
    pragma.starts_with("temp_store") || pragma.starts_with("data_store")
}

fn authorize(vm: &mut Vm, database: Local, context: &AuthContext<'_>) -> Authorization {
    if let AuthAction::Attach { filename } = context.action
        && !may_open(vm, filename)
    {
        return Authorization::Deny;
    }
    if let AuthAction::Pragma { pragma_name, .. } = context.action
        && moves_files(pragma_name)
        && is_guarded(vm)
    {
        return Authorization::Deny;
    }
    let hook = database::of(vm, database).hooks.authorizer.get(&vm.heap);
    if hook.is_undef() {
        // The name of a database that an expression makes is known too late.
        let unnamed =
            matches!(context.action, AuthAction::Unknown { code, .. } if code == actions::ATTACH);
        return match unnamed && is_guarded(vm) {
            true => Authorization::Deny,
            false => Authorization::Allow,
        };
    }
    let hook = vm.local(hook);
    let args = actions::arguments(vm, context);
    let answer = match vm.call(hook, &args) {
        Ok(answer) => answer,
        Err(raised) => {
            failed(vm, hook, raised, "");
            return Authorization::Deny;
        }
    };
    match vm.get(answer).as_int_or_bool() {
        Some(0) => Authorization::Allow,
        Some(2) => Authorization::Ignore,
        _ => Authorization::Deny,
    }
}

fn trace(vm: &mut Vm, database: Local, event: TraceEvent<'_>) {
    let hook = database::of(vm, database).hooks.trace.get(&vm.heap);
    let TraceEvent::Stmt(statement, text) = event else {
        return;
    };
    if hook.is_undef() {
        return;
    }
    let hook = vm.local(hook);
    let text = match statement.expanded_sql() {
        Some(expanded) => expanded,
        None => {
            let message = "Expanded SQL string exceeds the maximum string length";
            let raised = raise_text(vm, &error::DATA, message);
            failed(vm, hook, raised, "");
            text.to_owned()
        }
    };
    let text = vm.local(vm.heap.str_value(&text));
    if let Err(raised) = vm.call(hook, &[text]) {
        failed(vm, hook, raised, "");
    }
}

/// `set_hook(which, callable, pace)`.
pub const SET_HOOK: Native = Native::vm(
    "set_hook(self, which, callable, pace=0, /)",
    "What is called for which: 'authorizer', 'trace' or 'progress'; None for nothing.",
    |vm, args| {
        database::open(vm, args.at(0))?;
        let which = vm.text_of(args.at(1))?;
        let pace = match vm.get(args.at(3)).is_undef() {
            true => 0,
            false => vm.index(args.at(3))?.clamp(0, i64::from(i32::MAX)) as i32,
        };
        let this = database::of(vm, args.at(0));
        let callable = vm.get(args.at(2));
        let callable = match callable.is_none() {
            true => Value::UNDEF,
            false => callable,
        };
        match which.as_str() {
            "authorizer" => {
                this.hooks.authorizer.set(callable);
                // Statements that were prepared are authorized anew.
                this.forget_idle();
            }
            "trace" => this.hooks.trace.set(callable),
            _ => {
                this.hooks.progress.set(callable);
                this.hooks.progress_pace.set(pace);
                this.hooks.progress_count.set(0);
                let own = if pace > 0 { pace.min(PACE) } else { PACE };
                let handler = Some(|| call_back(false, progress));
                if let Some(Ok(())) = this.alone(|c| c.progress_handler(own, handler)) {
                    this.hooks.pace.store(own, Ordering::Relaxed);
                }
            }
        }
        Ok(vm.none())
    },
);
