//! Functions that are to be called later: called too early, coroutine functions where nothing awaits, made in a loop and run after it;
//! and `asyncio.gather` of a list.
//!
//! A call in the place of a callback is told only if it surely returns nothing that can be called: None or a coroutine. A function made
//! in a loop is told only where it is kept or handed on, not where it is called at once.

use super::Lint;
use super::evident::{Evident, callee, evident};
use super::known::{Callee, Kind, Known};
use super::rule::Rule;
use super::walk::{At, Guards, Visit};
use crate::diagnostics::{Diagnostic, ErrorCode};
use crate::syntax::ast::{Arg, Block, Comprehension, Expr, ExprKind, Stmt, StmtKind};
use crate::syntax::visit::children;

/// Functions that take a callback: the module, the name, its place, the keyword.
const TAKERS: &[(&str, &str, usize, &str)] = &[
    ("threading", "Thread", 1, "target"),
    ("threading", "Timer", 1, "function"),
    ("multiprocessing", "Process", 1, "target"),
    ("atexit", "register", 0, "func"),
    ("signal", "signal", 1, "handler"),
    ("asyncio", "to_thread", 0, "func"),
    ("functools", "partial", 0, "func"),
    ("builtins", "map", 0, ""),
    ("builtins", "filter", 0, ""),
    ("builtins", "sorted", 9, "key"),
];
/// Methods that take a callback, of whatever object: the name and its place.
const METHODS: &[(&str, usize)] = &[
    ("call_soon", 0),
    ("call_soon_threadsafe", 0),
    ("call_later", 1),
    ("call_at", 1),
    ("add_done_callback", 0),
    ("run_in_executor", 1),
];
/// Those among them, and others, that keep a function for later.
const KEEPERS: &[&str] = &[
    "append",
    "add",
    "call_soon",
    "call_later",
    "call_at",
    "add_done_callback",
    "register",
];

/// The rule, for a walk.
pub fn rule<'a, 'k>(lint: &Lint<'a, 'k>) -> Box<dyn Rule<'a> + 'k> {
    Box::new(Callbacks {
        known: lint.known,
        found: Vec::new(),
    })
}

struct Callbacks<'a, 'k> {
    known: &'k Known<'a>,
    found: Vec<Diagnostic>,
}

impl<'a> Rule<'a> for Callbacks<'a, '_> {
    fn found(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.found)
    }
}

impl<'a> Visit<'a> for Callbacks<'a, '_> {
    fn stmt(&mut self, stmt: &'a Stmt, _: At) {
        if let StmtKind::For { target, body, .. } = &stmt.kind {
            let mut names = Vec::new();
            target_names(target, &mut names);
            let made: Vec<&str> = made_in(body);
            self.kept(body, &names, &made);
        }
    }

    fn expr(&mut self, expr: &'a Expr, at: At) {
        match &expr.kind {
            ExprKind::Call { func, args } if !at.guards.has(Guards::TYPE) => {
                self.call(func, args, at);
            }
            ExprKind::ListComp { element, clauses } => {
                let mut names = Vec::new();
                clauses
                    .iter()
                    .for_each(|Comprehension { target, .. }| target_names(target, &mut names));
                self.captured(element, &names);
            }
            _ => {}
        }
    }
}

impl<'a> Callbacks<'a, '_> {
    fn call(&mut self, func: &'a Expr, args: &'a [Arg], at: At) {
        let called = callee(self.known, func, at.scope);
        if let Some(Callee::Member("asyncio", "gather")) = called {
            return self.gather(args, at);
        }
        let (place, keyword) = match called {
            Some(Callee::Member(module, name)) => {
                match TAKERS.iter().find(|row| (row.0, row.1) == (module, name)) {
                    Some(row) => (row.2, row.3),
                    None => return,
                }
            }
            _ => match &func.kind {
                ExprKind::Attribute { attr, .. } => {
                    match METHODS.iter().find(|row| row.0 == &*attr.name) {
                        Some(row) => (row.1, "callback"),
                        None => return,
                    }
                }
                _ => return,
            },
        };
        let value = args.iter().enumerate().find_map(|(index, arg)| match arg {
            Arg::Pos(value) if index == place => Some(value),
            Arg::Keyword { name, value } if &*name.name == keyword => Some(value),
            _ => None,
        });
        if let Some(value) = value {
            let takes_any = matches!(called, Some(Callee::Member("functools" | "builtins", _)));
            self.callback(value, at, takes_any);
        }
    }

    fn callback(&mut self, value: &'a Expr, at: At, takes_any: bool) {
        let is_call = matches!(value.kind, ExprKind::Call { .. });
        let (what, label, help) = match evident(self.known, value, at.scope) {
            Some(Evident::Nothing(name)) if is_call => (
                format!("'{name}' is called here, and its result is None"),
                "passes None",
                format!("pass the function itself: `{name}`; its arguments go beside it"),
            ),
            Some(Evident::Coroutine(name, _)) if is_call => (
                format!("this is a coroutine of '{name}', not a function"),
                "a coroutine cannot be called",
                "start a coroutine by asyncio.create_task or asyncio.run".to_owned(),
            ),
            Some(Evident::Function(def))
                if !takes_any && self.known.kind_of(def) == Kind::Coroutine =>
            {
                (
                    format!(
                        "calling '{}' only makes a coroutine, which nothing awaits",
                        def.name.name
                    ),
                    "a coroutine function",
                    "start a coroutine by asyncio.create_task, or by asyncio.run in a thread"
                        .to_owned(),
                )
            }
            _ => return,
        };
        self.found.push(
            Diagnostic::error(ErrorCode::CalledTooEarly, value.span, what)
                .label(label)
                .help(help),
        );
    }

    /// `asyncio.gather([a(), b()])`
    fn gather(&mut self, args: &'a [Arg], at: At) {
        let mut positional = args
            .iter()
            .filter(|arg| !matches!(arg, Arg::Keyword { .. }));
        let (Some(Arg::Pos(only)), None) = (positional.next(), positional.next()) else {
            return;
        };
        let is_list = matches!(only.kind, ExprKind::GeneratorExp { .. })
            || matches!(
                evident(self.known, only, at.scope).and_then(|it| it.builtin()),
                Some("list" | "tuple" | "set" | "dict")
            );
        if is_list {
            self.found.push(
                Diagnostic::error(
                    ErrorCode::GatherOfList,
                    only.span,
                    "asyncio.gather takes awaitables one by one, not in a list",
                )
                .label("raises TypeError")
                .help("put a star before it: `asyncio.gather(*...)`"),
            );
        }
    }

    /// Lambdas in a loop that something keeps.
    fn kept(&mut self, body: &'a Block, names: &[&str], made: &[&str]) {
        for stmt in body {
            match &stmt.kind {
                StmtKind::Expr(Expr {
                    kind: ExprKind::Call { func, args },
                    ..
                }) => {
                    let ExprKind::Attribute { value, attr } = &func.kind else {
                        continue;
                    };
                    let is_inner =
                        matches!(&value.kind, ExprKind::Name(name) if made.contains(&&**name));
                    if KEEPERS.contains(&&*attr.name) && !is_inner {
                        for arg in args {
                            self.captured(arg.value(), names);
                        }
                    }
                }
                StmtKind::Assign { targets, value } => {
                    let is_kept = targets.iter().any(|target| match &target.kind {
                        ExprKind::Subscript { value, .. } => {
                            !matches!(&value.kind, ExprKind::Name(name) if made.contains(&&**name))
                        }
                        _ => false,
                    });
                    if is_kept {
                        self.captured(value, names);
                    }
                }
                StmtKind::If { .. } => {
                    super::blocks_of_frame(stmt, &mut |inner| self.kept(inner, names, made));
                }
                _ => {}
            }
        }
    }

    fn captured(&mut self, value: &'a Expr, names: &[&str]) {
        let ExprKind::Lambda(lambda) = &value.kind else {
            return;
        };
        let params = &lambda.params;
        let mut own = params
            .posonly
            .iter()
            .chain(&params.regular)
            .chain(&params.kwonly);
        let Some(name) = names.iter().find(|name| reads(&lambda.body, name)) else {
            return;
        };
        if own.any(|param| &*param.name.name == *name) {
            return;
        }
        self.found.push(
            Diagnostic::error(
                ErrorCode::LateCapture,
                value.span,
                format!("when this function runs, '{name}' has the value of the last round"),
            )
            .label("reads the variable when it is called")
            .help(format!(
                "a default keeps the value: `lambda {name}={name}: ...`"
            ))
            .as_warning(),
        );
    }
}

fn target_names<'a>(target: &'a Expr, names: &mut Vec<&'a str>) {
    match &target.kind {
        ExprKind::Name(name) => names.push(name),
        ExprKind::Tuple(items) | ExprKind::List(items) => {
            items.iter().for_each(|item| target_names(item, names));
        }
        ExprKind::Starred(inner) => target_names(inner, names),
        _ => {}
    }
}

/// The names that a loop's body itself assigns: what they hold belongs to one round. A loop that may be left early is one, too.
fn made_in(body: &Block) -> Vec<&str> {
    let mut names = Vec::new();
    for stmt in body {
        if let StmtKind::Assign { targets, .. } = &stmt.kind {
            targets
                .iter()
                .for_each(|target| target_names(target, &mut names));
        }
        super::blocks_of_frame(stmt, &mut |inner| names.extend(made_in(inner)));
    }
    names
}

fn reads(expr: &Expr, name: &str) -> bool {
    let mut found = matches!(&expr.kind, ExprKind::Name(it) if **it == *name);
    if !matches!(expr.kind, ExprKind::Lambda(_)) {
        children(&expr.kind, &mut |child| found |= reads(child, name));
    }
    found
}
