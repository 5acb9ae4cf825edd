//! What the value of an expression evidently is: a coroutine, an async generator, an object of a class that is known.
//!
//! A call of a known function or class, or a name or attribute of `self` that one assignment binds to such a call. Nothing is followed
//! through branches, arguments or containers.

use super::known::{Bind, Callee, Kind, Known};
use crate::compile::scope::ScopeId;
use crate::diagnostics::Span;
use crate::syntax::ast::{ClassDef, Expr, ExprKind};

/// What a value is.
#[derive(Clone, Copy)]
pub enum Evident<'a> {
    /// A coroutine: what its function is called, and where it was made.
    Coroutine(&'a str, Span),
    /// An async generator.
    AsyncGenerator(&'a str),
    /// An async context manager of asyncio, such as `timeout`.
    AsyncManager,
    /// Something to await that runs by itself: a task, a future.
    Future(&'a str),
    /// An object of a class of this file.
    Instance(&'a ClassDef),
    /// An object of a class of a module.
    Of(&'a str, &'a str),
}

/// Coroutine functions of asyncio.
const COROUTINES: &[&str] = &[
    "sleep",
    "wait",
    "wait_for",
    "to_thread",
    "open_connection",
    "start_server",
    "open_unix_connection",
    "start_unix_server",
    "create_subprocess_exec",
    "create_subprocess_shell",
];
/// Functions of asyncio whose result is there to be awaited.
const FUTURES: &[&str] = &["gather", "shield", "wrap_future"];
/// Functions of asyncio that make a task.
const TASKS: &[&str] = &["create_task", "ensure_future"];
/// Functions of asyncio that return an event loop.
const LOOPS: &[&str] = &["get_running_loop", "get_event_loop", "new_event_loop"];
/// Functions and classes of asyncio for `async with`.
const MANAGERS: &[&str] = &["timeout", "timeout_at", "TaskGroup"];
/// Coroutine methods of asyncio's classes.
const METHODS: &[(&str, &[&str])] = &[
    ("Queue", &["put", "get", "join"]),
    ("PriorityQueue", &["put", "get", "join"]),
    ("LifoQueue", &["put", "get", "join"]),
    ("Lock", &["acquire"]),
    ("Semaphore", &["acquire"]),
    ("BoundedSemaphore", &["acquire"]),
    ("Condition", &["acquire", "wait", "wait_for"]),
    ("Event", &["wait"]),
    ("Barrier", &["wait", "reset", "abort"]),
];
/// The classes of asyncio that only `async with` takes.
const LOCKS: &[&str] = &[
    "Lock",
    "Semaphore",
    "BoundedSemaphore",
    "Condition",
    "Barrier",
];

/// How many assignments are followed: `x = x.next()` would lead to itself.
const STEPS: u32 = 6;

/// What an expression evidently is, seen from a scope.
pub fn evident<'a>(known: &Known<'a>, expr: &'a Expr, scope: ScopeId) -> Option<Evident<'a>> {
    within(STEPS, known, expr, scope)
}

fn within<'a>(
    steps: u32,
    known: &Known<'a>,
    expr: &'a Expr,
    scope: ScopeId,
) -> Option<Evident<'a>> {
    let steps = steps.checked_sub(1)?;
    match &expr.kind {
        ExprKind::Call { func, .. } => called(steps, known, func, expr.span, scope),
        ExprKind::Name(name) => {
            let home = known.home(scope, name)?;
            match known.bind(scope, name)? {
                Bind::Value(value) if !matches!(value.kind, ExprKind::Name(_)) => {
                    within(steps, known, value, home.0)
                }
                _ => None,
            }
        }
        ExprKind::Attribute { value, attr } => {
            let ExprKind::Name(object) = &value.kind else {
                return None;
            };
            let class = known.class_of_self(object, scope)?;
            known
                .attribute(class, &attr.name)
                .and_then(|(value, scope)| match &value.kind {
                    ExprKind::Call { func, .. } => called(steps, known, func, value.span, scope),
                    _ => None,
                })
        }
        _ => None,
    }
}

fn called<'a>(
    steps: u32,
    known: &Known<'a>,
    func: &'a Expr,
    span: Span,
    scope: ScopeId,
) -> Option<Evident<'a>> {
    match known.callee(func, scope) {
        Some(Callee::Def(def, Kind::Coroutine, _)) => {
            Some(Evident::Coroutine(&def.name.name, span))
        }
        Some(Callee::Def(def, Kind::AsyncGenerator, _)) => {
            Some(Evident::AsyncGenerator(&def.name.name))
        }
        Some(Callee::Def(..)) => None,
        Some(Callee::Class(class)) => Some(Evident::Instance(class)),
        Some(Callee::Member("asyncio", name)) => Some(of_asyncio(name, span)),
        Some(Callee::Member(module, name)) => Some(Evident::Of(module, name)),
        None => method(steps, known, func, span, scope),
    }
}

fn of_asyncio(name: &str, span: Span) -> Evident<'_> {
    if COROUTINES.contains(&name) {
        Evident::Coroutine(name, span)
    } else if FUTURES.contains(&name) || TASKS.contains(&name) {
        Evident::Future(name)
    } else if MANAGERS.contains(&name) {
        Evident::AsyncManager
    } else {
        Evident::Of("asyncio", name)
    }
}

/// A method of an object whose class is known.
fn method<'a>(
    steps: u32,
    known: &Known<'a>,
    func: &'a Expr,
    span: Span,
    scope: ScopeId,
) -> Option<Evident<'a>> {
    let ExprKind::Attribute { value, attr } = &func.kind else {
        return None;
    };
    match within(steps, known, value, scope)? {
        Evident::Of("asyncio", maker) if LOOPS.contains(&maker) => {
            let makes = TASKS.iter().find(|name| ***name == *attr.name)?;
            Some(Evident::Future(makes))
        }
        Evident::Of("asyncio", class) => {
            let methods = METHODS.iter().find(|row| row.0 == class)?.1;
            let is_coroutine = methods.contains(&&*attr.name);
            is_coroutine.then_some(Evident::Coroutine(&attr.name, span))
        }
        Evident::Instance(class) => {
            let (def, kind) = known.method_of(class, &attr.name)?;
            match kind {
                Kind::Coroutine => Some(Evident::Coroutine(&def.name.name, span)),
                Kind::AsyncGenerator => Some(Evident::AsyncGenerator(&def.name.name)),
                _ => None,
            }
        }
        _ => None,
    }
}

impl Evident<'_> {
    /// Whether it makes a task that goes on by itself.
    pub fn is_task(&self) -> bool {
        matches!(self, Evident::Future(name) if TASKS.contains(name))
    }

    /// Whether only `async with` takes it.
    pub fn is_async_manager(&self) -> bool {
        match self {
            Evident::AsyncManager => true,
            Evident::Of("asyncio", class) => LOCKS.contains(class),
            _ => false,
        }
    }

    /// Whether it is a lock of threads.
    pub fn is_thread_lock(&self) -> bool {
        matches!(
            self,
            Evident::Of(
                "threading",
                "Lock" | "RLock" | "Condition" | "Semaphore" | "BoundedSemaphore"
            )
        )
    }

    /// Whether it is one of asyncio's queues.
    pub fn is_queue(&self) -> bool {
        matches!(
            self,
            Evident::Of("asyncio", "Queue" | "PriorityQueue" | "LifoQueue")
        )
    }
}
