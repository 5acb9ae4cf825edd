//! Ways to hold up or break an event loop: blocking sleeps, locks of threads across an await, cancellation that is swallowed,
//! `wait` of coroutines, queues that are joined and never told.
//!
//! What a lock or queue is must be evident; handlers that raise, return or look at the exception may know what they do.

use super::Lint;
use super::evident::{Evident, callee, evident};
use super::known::{Callee, Known};
use super::rule::Rule;
use super::walk::{At, Guards, Visit};
use crate::compile::scope::ScopeKind;
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{Arg, Block, ExceptHandler, Expr, ExprKind, Stmt, StmtKind, WithItem};
use crate::syntax::visit::children;

/// Functions that hold up whoever calls them.
const BLOCKING: &[(&str, &str)] = &[
    ("requests", "get"),
    ("requests", "post"),
    ("requests", "put"),
    ("requests", "delete"),
    ("requests", "head"),
    ("requests", "request"),
    ("urllib.request", "urlopen"),
    ("urllib.request", "urlretrieve"),
    ("subprocess", "run"),
    ("subprocess", "call"),
    ("subprocess", "check_call"),
    ("subprocess", "check_output"),
    ("os", "system"),
];

/// The rule, for a walk.
pub fn rule<'a, 'k>(lint: &Lint<'a, 'k>) -> Box<dyn Rule<'a> + 'k> {
    Box::new(Tasks {
        known: lint.known,
        says_done: lint.text.contains("task_done"),
        found: Vec::new(),
    })
}

struct Tasks<'a, 'k> {
    known: &'k Known<'a>,
    /// Whether `task_done` occurs anywhere in the file.
    says_done: bool,
    found: Vec<Diagnostic>,
}

impl<'a> Rule<'a> for Tasks<'a, '_> {
    fn found(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.found)
    }
}

impl<'a> Visit<'a> for Tasks<'a, '_> {
    fn stmt(&mut self, stmt: &'a Stmt, at: At) {
        if !self.is_async(at) {
            return;
        }
        match &stmt.kind {
            StmtKind::With {
                is_async: false,
                items,
                body,
            } => self.locked(items, body, at),
            StmtKind::Try { body, handlers, .. } => self.swallows(body, handlers),
            _ => {}
        }
    }

    fn expr(&mut self, expr: &'a Expr, at: At) {
        match &expr.kind {
            ExprKind::Call { func, args } => match callee(self.known, func, at.scope) {
                Some(Callee::Member("time", "sleep")) if self.is_async(at) => {
                    self.found.push(
                        Diagnostic::error(
                            ErrorCode::BlockingSleep,
                            expr.span,
                            "time.sleep in an async function holds the whole event loop",
                        )
                        .label("no other task runs meanwhile")
                        .help("write `await asyncio.sleep(...)`")
                        .as_warning(),
                    );
                }
                Some(Callee::Member(module, name))
                    if BLOCKING.contains(&(module, name)) && self.is_async(at) =>
                {
                    self.blocks(module, name, expr.span);
                }
                Some(Callee::Member("asyncio", "run"))
                    if self.is_async(at) && !at.guards.has(Guards::RUNTIME) =>
                {
                    self.nested(expr.span, "asyncio.run");
                }
                Some(Callee::Method(
                    "asyncio",
                    "get_event_loop" | "get_running_loop",
                    "run_until_complete",
                )) if self.is_async(at) && !at.guards.has(Guards::RUNTIME) => {
                    self.nested(expr.span, "run_until_complete");
                }
                Some(Callee::Member("asyncio", "wait")) if !at.guards.has(Guards::TYPE) => {
                    self.wait(args, at)
                }
                _ => {}
            },
            ExprKind::Await(value) => self.joined(value, at),
            _ => {}
        }
    }
}

impl<'a> Tasks<'a, '_> {
    fn is_async(&self, at: At) -> bool {
        let tree = self.known.tree;
        let frame = tree.get(tree.get(at.scope).frame);
        frame.kind == ScopeKind::Function && frame.is_async
    }

    fn blocks(&mut self, module: &str, name: &str, span: Span) {
        let help = match module {
            "subprocess" | "os" => {
                "use asyncio.create_subprocess_exec, or `await asyncio.to_thread(...)`"
            }
            _ => "run it in a thread: `await asyncio.to_thread(...)`",
        };
        self.found.push(
            Diagnostic::error(
                ErrorCode::BlockingSleep,
                span,
                format!("{module}.{name} in an async function holds the whole event loop"),
            )
            .label("no other task runs meanwhile")
            .help(help)
            .as_warning(),
        );
    }

    /// A loop that is started while one runs.
    fn nested(&mut self, span: Span, what: &str) {
        self.found.push(
            Diagnostic::error(
                ErrorCode::NestedLoop,
                span,
                format!("{what} cannot be called while the event loop runs this coroutine"),
            )
            .label("raises RuntimeError")
            .help("`await` the coroutine"),
        );
    }

    /// `asyncio.wait([f(), g()])`: it takes tasks only.
    fn wait(&mut self, args: &'a [Arg], at: At) {
        let Some(Arg::Pos(first)) = args.first() else {
            return;
        };
        let items: &[Expr] = match &first.kind {
            ExprKind::List(items) | ExprKind::Set(items) | ExprKind::Tuple(items) => items,
            ExprKind::ListComp { element, .. }
            | ExprKind::SetComp { element, .. }
            | ExprKind::GeneratorExp { element, .. } => std::slice::from_ref(element),
            _ => return,
        };
        for item in items {
            if let Some(Evident::Coroutine(name, _)) = evident(self.known, item, at.scope) {
                self.found.push(
                    Diagnostic::error(
                        ErrorCode::WaitOfCoroutines,
                        item.span,
                        "asyncio.wait takes tasks, not coroutines",
                    )
                    .label("raises TypeError")
                    .help(format!(
                        "write `asyncio.create_task({name}(...))`, or use asyncio.gather"
                    )),
                );
            }
        }
    }

    /// `with lock:` of a lock of threads, around an await.
    fn locked(&mut self, items: &'a [WithItem], body: &'a Block, at: At) {
        let lock = items.iter().find(|item| {
            evident(self.known, &item.context, at.scope).is_some_and(|it| it.is_thread_lock())
        });
        if let Some(lock) = lock
            && let Some(awaits) = first_await(body)
        {
            self.found.push(
                Diagnostic::error(
                    ErrorCode::LockAcrossAwait,
                    lock.context.span,
                    "this lock of a thread is held while the task waits",
                )
                .label("held from here")
                .also(
                    awaits.span,
                    "other tasks run here; one that wants the lock stops the whole loop",
                )
                .help("use asyncio.Lock with `async with`, or release the lock before the await")
                .as_warning(),
            );
        }
    }

    /// `except:` that goes on after a cancellation.
    fn swallows(&mut self, body: &'a Block, handlers: &'a [ExceptHandler]) {
        let takes_all = |handler: &&ExceptHandler| match &handler.ty {
            None => true,
            Some(ty) => matches!(&ty.kind, ExprKind::Name(name) if &**name == "BaseException"),
        };
        let Some(handler) = handlers.iter().find(takes_all) else {
            return;
        };
        let earlier = handlers.iter().take_while(|it| !std::ptr::eq(*it, handler));
        let is_told_apart = earlier.filter_map(|it| it.ty.as_ref()).any(names_cancelled);
        let uses = handler
            .name
            .as_ref()
            .is_some_and(|name| mentions(&handler.body, &name.name));
        if is_told_apart || uses || leaves(&handler.body) || first_await(body).is_none() {
            return;
        }
        const EXCEPT: u32 = "except".len() as u32;
        let word = Span::new(handler.span.start, handler.span.start + EXCEPT);
        let place = handler.ty.as_ref().map_or(word, |ty| ty.span);
        self.found.push(
            Diagnostic::error(
                ErrorCode::SwallowedCancel,
                place,
                "this catches CancelledError, too, and goes on: the task cannot be cancelled",
            )
            .label("also catches the cancellation of this task")
            .help("write `except Exception:`, or end the block with `raise`")
            .as_warning(),
        );
    }

    /// `await queue.join()` in a file that never says task_done.
    fn joined(&mut self, value: &'a Expr, at: At) {
        if self.says_done {
            return;
        }
        let ExprKind::Call { func, .. } = &value.kind else {
            return;
        };
        let ExprKind::Attribute { value: queue, attr } = &func.kind else {
            return;
        };
        if &*attr.name == "join"
            && evident(self.known, queue, at.scope).is_some_and(|it| it.is_queue())
        {
            self.found.push(
                Diagnostic::error(
                    ErrorCode::MissingTaskDone,
                    value.span,
                    "nothing in this file calls task_done: join may wait for ever",
                )
                .label("waits until each item has been followed by task_done()")
                .help("call `queue.task_done()` when an item from `get()` has been dealt with")
                .as_warning(),
            );
        }
    }
}

/// Whether a class in an `except` is CancelledError, or one of several.
fn names_cancelled(ty: &Expr) -> bool {
    match &ty.kind {
        ExprKind::Name(name) => matches!(&**name, "CancelledError" | "BaseException"),
        ExprKind::Attribute { attr, .. } => &*attr.name == "CancelledError",
        ExprKind::Tuple(items) => items.iter().any(names_cancelled),
        _ => false,
    }
}

/// The first await in a block, or asynchronous statement.
fn first_await(body: &Block) -> Option<&Expr> {
    let mut found = None;
    exprs_of(body, &mut |expr| {
        if found.is_none() && matches!(expr.kind, ExprKind::Await(_)) {
            found = Some(expr);
        }
    });
    found
}

/// Whether a block ends by leaving: it raises somewhere, or returns, or leaves the loop.
fn leaves(body: &Block) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Raise { .. } | StmtKind::Return(_) | StmtKind::Break => true,
        _ => {
            let mut found = false;
            super::blocks_of_frame(stmt, &mut |inner| found |= leaves(inner));
            found
        }
    })
}

fn mentions(body: &Block, name: &str) -> bool {
    let mut found = false;
    exprs_of(body, &mut |expr| {
        found |= matches!(&expr.kind, ExprKind::Name(it) if **it == *name);
    });
    found
}

/// Calls `f` with each expression of a block that runs in the same frame.
fn exprs_of<'a>(body: &'a Block, f: &mut impl FnMut(&'a Expr)) {
    for stmt in body {
        super::exprs(stmt, &mut |expr| deep(expr, f));
        super::blocks_of_frame(stmt, &mut |inner| exprs_of(inner, f));
    }
}

fn deep<'a>(expr: &'a Expr, f: &mut impl FnMut(&'a Expr)) {
    f(expr);
    if !matches!(expr.kind, ExprKind::Lambda(_)) {
        children(&expr.kind, &mut |child| deep(child, f));
    }
}
