//! Awaits that are missing, and awaits of what cannot be awaited.
//!
//! Dropped: a statement makes a coroutine or a task and nothing gets it. Stored: a variable holds a coroutine and nothing reads it.
//! Used: an operator, a subscript, a loop gets a coroutine where its result was meant.

use super::Lint;
use super::evident::{Evident, callee, evident};
use super::known::{Bind, Callee, Kind, Known};
use super::native;
use super::rule::Rule;
use super::walk::{At, Guards, Visit};
use crate::compile::scope::{Role, ScopeKind};
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{BinOp, CmpOp, Expr, ExprKind, FPart, Stmt, StmtKind, UnaryOp};

/// Functions of asyncio that take a coroutine, and get a function from those who forget to call it.
const TAKES_COROUTINE: &[&str] = &[
    "run",
    "create_task",
    "ensure_future",
    "gather",
    "wait_for",
    "shield",
];
/// Builtins that take what has a length, or a number, or items.
const TAKES_VALUE: &[&str] = &[
    "len", "int", "float", "list", "sum", "sorted", "min", "max", "dict", "set", "tuple", "abs",
    "round",
];
/// What coroutines do have.
const OF_COROUTINES: &[&str] = &["send", "throw", "close"];

/// The rule, for a walk.
pub fn rule<'a, 'k>(lint: &Lint<'a, 'k>) -> Box<dyn Rule<'a> + 'k> {
    Box::new(Awaits {
        known: lint.known,
        found: Vec::new(),
    })
}

struct Awaits<'a, 'k> {
    known: &'k Known<'a>,
    found: Vec<Diagnostic>,
}

impl<'a> Rule<'a> for Awaits<'a, '_> {
    fn found(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.found)
    }
}

impl<'a> Visit<'a> for Awaits<'a, '_> {
    fn stmt(&mut self, stmt: &'a Stmt, at: At) {
        match &stmt.kind {
            StmtKind::Expr(value) => self.dropped(value, at),
            StmtKind::Assign { targets, value } => {
                if let [target] = &targets[..] {
                    self.stored(target, value, at);
                }
            }
            StmtKind::If { branches, .. } => {
                branches
                    .iter()
                    .for_each(|branch| self.meant(&branch.test, at, "tests"));
            }
            StmtKind::While { test, .. } | StmtKind::Assert { test, .. } => {
                self.meant(test, at, "tests");
            }
            StmtKind::For { iter, is_async, .. } => match is_async {
                false => self.iterated(iter, at),
                true => self.iterated_async(iter, at),
            },
            StmtKind::With {
                items,
                is_async: false,
                ..
            } => items
                .iter()
                .for_each(|item| self.entered(&item.context, at)),
            StmtKind::With { items, .. } => items
                .iter()
                .for_each(|item| self.entered_async(&item.context, at)),
            _ => {}
        }
    }

    fn expr(&mut self, expr: &'a Expr, at: At) {
        match &expr.kind {
            ExprKind::Await(value) => self.awaited(value, at),
            ExprKind::Call { func, args } => {
                self.call(func, args.iter().map(|arg| arg.value()), at)
            }
            _ if at.guards.has(Guards::TYPE) => {}
            ExprKind::ListComp { clauses, .. }
            | ExprKind::SetComp { clauses, .. }
            | ExprKind::DictComp { clauses, .. }
            | ExprKind::GeneratorExp { clauses, .. } => {
                if let Some(first) = clauses.first() {
                    match first.is_async {
                        false => self.iterated(&first.iter, at),
                        true => self.iterated_async(&first.iter, at),
                    }
                }
            }
            ExprKind::FString(parts) => {
                for part in parts {
                    if let FPart::Interp { expr, .. } = part
                        && matches!(expr.kind, ExprKind::Call { .. })
                    {
                        self.meant(expr, at, "shows");
                    }
                }
            }
            ExprKind::Subscript { value, .. } => self.meant(value, at, "takes an item of"),
            ExprKind::Attribute { value, attr } => {
                let name = &*attr.name;
                if !OF_COROUTINES.contains(&name)
                    && !name.starts_with("cr_")
                    && !name.starts_with("__")
                {
                    self.meant(value, at, "takes an attribute of");
                }
            }
            ExprKind::BinOp { left, right, op } => {
                self.meant(left, at, "calculates with");
                // `"%s" % coroutine` shows it.
                if *op != BinOp::Mod {
                    self.meant(right, at, "calculates with");
                }
            }
            ExprKind::UnaryOp {
                operand,
                op: UnaryOp::Not,
            } => self.meant(operand, at, "tests"),
            ExprKind::Compare { left, rest } => {
                for (op, right) in rest {
                    if !matches!(op, CmpOp::Is | CmpOp::IsNot | CmpOp::In | CmpOp::NotIn) {
                        self.meant(left, at, "compares");
                        self.meant(right, at, "compares");
                    }
                }
            }
            _ => {}
        }
    }
}

impl<'a> Awaits<'a, '_> {
    /// A call whose result nothing gets.
    fn dropped(&mut self, value: &'a Expr, at: At) {
        let ExprKind::Call { func, .. } = &value.kind else {
            return;
        };
        let written = dotted(func);
        let called = |name: &str| written.clone().unwrap_or_else(|| name.to_owned());
        match evident(self.known, value, at.scope) {
            Some(Evident::Coroutine(name, _)) => {
                let callee = called(name);
                self.found.push(
                    Diagnostic::error(
                        ErrorCode::NeverAwaited,
                        value.span,
                        format!("coroutine '{name}' is never awaited"),
                    )
                    .label("makes a coroutine and drops it")
                    .help(format!(
                        "`await {callee}(...)` runs it here; asyncio.create_task({callee}(...)) runs it beside what follows"
                    ))
                    .as_warning(),
                );
            }
            Some(Evident::AsyncGenerator(name)) => self.found.push(
                Diagnostic::error(
                    ErrorCode::NeverAwaited,
                    value.span,
                    format!("nothing iterates the async generator '{name}'"),
                )
                .label("makes a generator and drops it: nothing of it runs")
                .help(format!("write `async for item in {}(...)`", called(name)))
                .as_warning(),
            ),
            Some(task) if task.is_task() => {
                self.found.push(dropped_task(value.span, "create_task"))
            }
            Some(Evident::Future(name)) => self.found.push(
                Diagnostic::error(
                    ErrorCode::NeverAwaited,
                    value.span,
                    format!("nothing awaits what '{name}' returns"),
                )
                .label("the program goes on at once")
                .help(format!("write `await {}(...)`", called(name)))
                .as_warning(),
            ),
            _ => {}
        }
    }

    /// A coroutine that a variable gets and nothing reads.
    fn stored(&mut self, target: &'a Expr, value: &'a Expr, at: At) {
        let ExprKind::Name(variable) = &target.kind else {
            return;
        };
        let Some(Evident::Coroutine(name, _)) = evident(self.known, value, at.scope) else {
            return;
        };
        let ExprKind::Call { func, .. } = &value.kind else {
            return;
        };
        let callee = dotted(func).unwrap_or_else(|| name.to_owned());
        let Some(home) = self.known.home(at.scope, variable) else {
            return;
        };
        let scope = self.known.tree.get(home.0);
        let symbol = self.known.tree.symbol(home.0, home.1);
        if scope.kind != ScopeKind::Function
            || symbol.bindings != 1
            || self.known.is_used(home)
            || self.known.is_rebound(home)
        {
            return;
        }
        self.found.push(
            Diagnostic::error(
                ErrorCode::NeverAwaited,
                value.span,
                format!("coroutine '{name}' is never awaited"),
            )
            .label(format!(
                "'{variable}' gets a coroutine, and nothing reads it"
            ))
            .help(format!("write `{variable} = await {callee}(...)`"))
            .as_warning(),
        );
    }

    /// Something that gets a value where this is a coroutine.
    fn meant(&mut self, value: &'a Expr, at: At, does: &str) {
        let Some(Evident::Coroutine(name, made)) = evident(self.known, value, at.scope) else {
            return;
        };
        if at.guards.has(Guards::TYPE) || at.guards.has(Guards::ATTRIBUTE) {
            return;
        }
        let finding = Diagnostic::error(
            ErrorCode::CoroutineAsValue,
            value.span,
            format!("this {does} the coroutine '{name}', not its result"),
        )
        .help(format!(
            "`await {}(...)` runs it and returns its result",
            called(value).unwrap_or_else(|| name.to_owned())
        ));
        let finding = if made == value.span {
            finding.label("nothing awaits it")
        } else {
            finding
                .label("a coroutine")
                .also(made, "made here, without `await`")
        };
        self.found.push(finding);
    }

    fn iterated(&mut self, iter: &'a Expr, at: At) {
        if at.guards.has(Guards::TYPE) {
            return;
        }
        match evident(self.known, iter, at.scope) {
            Some(Evident::AsyncGenerator(name)) => self.found.push(
                Diagnostic::error(
                    ErrorCode::CoroutineAsValue,
                    iter.span,
                    format!("'{name}' is an async generator: a plain `for` cannot iterate it"),
                )
                .help("write `async for`"),
            ),
            _ => self.meant(iter, at, "iterates"),
        }
    }

    fn entered(&mut self, context: &'a Expr, at: At) {
        if at.guards.has(Guards::TYPE) || at.guards.has(Guards::ATTRIBUTE) {
            return;
        }
        if let Some(manager) = evident(self.known, context, at.scope)
            && manager.is_async_manager()
        {
            self.found.push(
                Diagnostic::error(
                    ErrorCode::CoroutineAsValue,
                    context.span,
                    "this is an async context manager: a plain `with` cannot enter it",
                )
                .help("write `async with`"),
            );
        }
    }

    /// `async for` over something plain.
    fn iterated_async(&mut self, iter: &'a Expr, at: At) {
        if at.guards.has(Guards::TYPE) {
            return;
        }
        let what = match evident(self.known, iter, at.scope) {
            Some(Evident::Of("builtins", of)) if is_plain_type(of) => format!("'{of}' object"),
            Some(Evident::Coroutine(name, _)) => {
                let finding = Diagnostic::error(
                    ErrorCode::SyncAsAsync,
                    iter.span,
                    format!("'{name}' makes a coroutine: `async for` cannot iterate it"),
                )
                .label("raises TypeError")
                .help("an async generator has a `yield`; what a coroutine returns is iterated by `for x in await ...`");
                return self.found.push(finding);
            }
            _ => match self.generator(iter, at) {
                Some(name) => format!("what the generator '{name}' makes"),
                None => return,
            },
        };
        self.plain(
            iter.span,
            format!("{what} is iterated by `for`, not by `async for`"),
        );
    }

    /// The generator function of this file that an expression calls.
    fn generator(&self, call: &'a Expr, at: At) -> Option<&'a str> {
        let ExprKind::Call { func, .. } = &call.kind else {
            return None;
        };
        let Some(Callee::Def(def, Kind::Value | Kind::Nothing, _)) =
            callee(self.known, func, at.scope)
        else {
            return None;
        };
        let scope = self.known.tree.get(self.known.tree.of(def, Role::Body));
        scope.is_generator.then_some(&*def.name.name)
    }

    /// `async with` of something plain.
    fn entered_async(&mut self, context: &'a Expr, at: At) {
        if at.guards.has(Guards::TYPE) || at.guards.has(Guards::ATTRIBUTE) {
            return;
        }
        match evident(self.known, context, at.scope) {
            Some(Evident::Coroutine("acquire", _)) => self.found.push(
                Diagnostic::error(
                    ErrorCode::CoroutineAsValue,
                    context.span,
                    "`acquire()` makes a coroutine, which `async with` cannot enter",
                )
                .help("write `async with lock:`, without `acquire()`"),
            ),
            Some(Evident::Coroutine(name, _)) => self.found.push(
                Diagnostic::error(
                    ErrorCode::CoroutineAsValue,
                    context.span,
                    format!("'{name}' makes a coroutine, which `async with` cannot enter"),
                )
                .help("write `async with await ...`, if its result is a context manager"),
            ),
            Some(Evident::Of("builtins", "open") | Evident::Of("io", _)) => {
                self.plain(
                    context.span,
                    "a file is entered by `with`, not by `async with`".to_owned(),
                );
            }
            Some(Evident::Of("threading", of @ ("Lock" | "RLock" | "Condition" | "Semaphore"))) => {
                let what = format!("'threading.{of}' is entered by `with`, not by `async with`");
                self.plain(context.span, what);
            }
            Some(Evident::Of("contextlib", of @ ("suppress" | "redirect_stdout" | "closing"))) => {
                let what = format!("'{of}' is entered by `with`, not by `async with`");
                self.plain(context.span, what);
            }
            _ => {}
        }
    }

    fn plain(&mut self, span: Span, message: String) {
        self.found.push(
            Diagnostic::error(ErrorCode::SyncAsAsync, span, message)
                .label("raises TypeError")
                .help("leave out the `async`"),
        );
    }

    fn call(&mut self, func: &'a Expr, mut args: impl Iterator<Item = &'a Expr>, at: At) {
        if at.guards.has(Guards::TYPE) {
            return;
        }
        let Some(first) = args.next() else {
            return;
        };
        let (module, name) = match callee(self.known, func, at.scope) {
            Some(Callee::Member(module, name)) => (module, name),
            Some(Callee::Method("asyncio", _, "create_task")) => {
                return self.uncalled(first, at);
            }
            _ => return,
        };
        if module == "builtins" && TAKES_VALUE.contains(&name) {
            self.meant(first, at, "passes on");
        }
        if module == "asyncio" && TAKES_COROUTINE.contains(&name) {
            self.uncalled(first, at);
        }
    }

    /// A coroutine function where a coroutine is wanted.
    fn uncalled(&mut self, value: &'a Expr, at: At) {
        let ExprKind::Name(name) = &value.kind else {
            return;
        };
        let is_function = matches!(
            self.known.bind(at.scope, name),
            Some(Bind::Def(_, Kind::Coroutine | Kind::Value | Kind::Nothing))
        );
        if is_function {
            self.found.push(
                Diagnostic::error(
                    ErrorCode::CoroutineAsValue,
                    value.span,
                    format!("'{name}' is a function, not a coroutine"),
                )
                .help(format!("call it: `{name}()`")),
            );
        }
    }

    fn awaited(&mut self, value: &'a Expr, at: At) {
        if at.guards.has(Guards::TYPE) {
            return;
        }
        let what = match &value.kind {
            ExprKind::Constant(_)
            | ExprKind::FString(_)
            | ExprKind::Tuple(_)
            | ExprKind::List(_)
            | ExprKind::Dict(_)
            | ExprKind::Set(_)
            | ExprKind::ListComp { .. }
            | ExprKind::DictComp { .. }
            | ExprKind::SetComp { .. } => "this cannot be awaited".to_owned(),
            ExprKind::Name(_) => return self.uncalled(value, at),
            ExprKind::Call { func, .. } => match callee(self.known, func, at.scope) {
                Some(Callee::Def(def, Kind::Nothing, _)) => {
                    format!(
                        "'{}' is no coroutine function, and returns nothing to await",
                        def.name.name
                    )
                }
                Some(Callee::Def(def, Kind::AsyncGenerator, _)) => {
                    format!(
                        "'{}' is an async generator: iterate it with `async for`",
                        def.name.name
                    )
                }
                Some(Callee::Member(module, name)) if native::is_plain(module, name) => {
                    format!("what '{name}' returns cannot be awaited")
                }
                Some(Callee::Method("asyncio", class, name))
                    if native::is_plain_method(class, name) =>
                {
                    format!("'{name}' is no coroutine function: it returns at once")
                }
                Some(Callee::Method("asyncio", "create_task", name @ ("cancel" | "done"))) => {
                    format!("'{name}' is no coroutine function: it returns a bool at once")
                }
                _ => match evident(self.known, value, at.scope) {
                    Some(Evident::Of("builtins", of)) if is_plain_type(of) => {
                        format!("this is of type '{of}', which cannot be awaited")
                    }
                    _ => return,
                },
            },
            _ => return,
        };
        self.found.push(
            Diagnostic::error(ErrorCode::NeedlessAwait, value.span, what)
                .label("`await` raises TypeError here")
                .help("leave the `await` out; for several coroutines in a list write `await asyncio.gather(*coroutines)`")
                .as_warning(),
        );
    }
}

fn dropped_task(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(ErrorCode::DroppedTask, span, "nothing keeps this task")
        .label("its result and its exception are lost")
        .help(format!(
            "keep it (`task = {name}(...)`) and await it later, or use asyncio.TaskGroup; CPython may collect a task that nothing keeps"
        ))
        .as_warning()
}

/// What a call calls, as it is written, if it is a name with dots.
fn called(call: &Expr) -> Option<String> {
    match &call.kind {
        ExprKind::Call { func, .. } => dotted(func),
        _ => None,
    }
}

fn dotted(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Attribute { value, attr } => Some(format!("{}.{}", dotted(value)?, attr.name)),
        _ => None,
    }
}

/// Whether objects of a builtin type are surely no async iterables.
fn is_plain_type(of: &str) -> bool {
    matches!(
        of,
        "str"
            | "int"
            | "float"
            | "bytes"
            | "list"
            | "tuple"
            | "dict"
            | "set"
            | "range"
            | "enumerate"
            | "zip"
    )
}
