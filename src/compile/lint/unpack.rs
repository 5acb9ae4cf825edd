//! Unpackings whose counts differ: `a, b = 1, 2, 3`, `for a, b in [(1, 2, 3)]`, `for key, value in {"name": 1}`.
//!
//! The value must be in sight: a display, a string, a call of a function all of whose returns are tuples of one length, or one of the
//! iterables that make pairs.

use super::Lint;
use super::evident::{callee, evident, returns};
use super::known::{Bind, Callee, Kind, Known};
use super::rule::Rule;
use super::walk::{At, Guards, Visit};
use crate::compile::scope::{Role, ScopeId};
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{
    Arg, Comprehension, Constant, DictItem, Expr, ExprKind, FunctionDef, Stmt, StmtKind,
};

/// Functions whose result is a tuple of so many items.
const COUNTS: &[(&str, &str, usize)] = &[
    ("builtins", "divmod", 2),
    ("os.path", "split", 2),
    ("os.path", "splitext", 2),
    ("asyncio", "wait", 2),
    ("asyncio", "open_connection", 2),
];

/// The rule, for a walk.
pub fn rule<'a, 'k>(lint: &Lint<'a, 'k>) -> Box<dyn Rule<'a> + 'k> {
    Box::new(Unpack {
        known: lint.known,
        found: Vec::new(),
    })
}

struct Unpack<'a, 'k> {
    known: &'k Known<'a>,
    found: Vec<Diagnostic>,
}

impl<'a> Rule<'a> for Unpack<'a, '_> {
    fn found(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.found)
    }
}

impl<'a> Visit<'a> for Unpack<'a, '_> {
    fn stmt(&mut self, stmt: &'a Stmt, at: At) {
        if at.guards.has(Guards::VALUE) || at.guards.has(Guards::TYPE) {
            return;
        }
        match &stmt.kind {
            StmtKind::Assign { targets, value } => {
                for target in targets {
                    self.assigned(target, value, at.scope);
                }
            }
            StmtKind::For {
                target,
                iter,
                is_async: false,
                ..
            } => self.iterated(target, iter, at.scope),
            _ => {}
        }
    }

    fn expr(&mut self, expr: &'a Expr, at: At) {
        if at.guards.has(Guards::VALUE) {
            return;
        }
        if let ExprKind::ListComp { clauses, .. }
        | ExprKind::SetComp { clauses, .. }
        | ExprKind::GeneratorExp { clauses, .. }
        | ExprKind::DictComp { clauses, .. } = &expr.kind
            && let Some(Comprehension {
                is_async: false,
                target,
                iter,
                ..
            }) = clauses.first()
        {
            self.iterated(target, iter, at.scope);
        }
    }
}

impl<'a> Unpack<'a, '_> {
    fn assigned(&mut self, target: &'a Expr, value: &'a Expr, scope: ScopeId) {
        let Some(wanted) = Wanted::of(target) else {
            return;
        };
        if let Some(given) = self.count(value, scope)
            && !wanted.fits(given)
        {
            self.tell(target.span, &wanted, value.span, given, None);
        }
    }

    fn iterated(&mut self, target: &'a Expr, iter: &'a Expr, scope: ScopeId) {
        let Some(wanted) = Wanted::of(target) else {
            return;
        };
        if let Some((place, given)) = self.item(iter, scope, &wanted) {
            let is_dict =
                evident(self.known, iter, scope).and_then(|it| it.builtin()) == Some("dict");
            let help = is_dict.then_some(
                "iterating a dict yields its keys; write `.items()` for keys and values",
            );
            self.tell(target.span, &wanted, place, given, help);
        }
    }

    /// How many items a value has.
    fn count(&self, value: &'a Expr, scope: ScopeId) -> Option<usize> {
        match &value.kind {
            ExprKind::Tuple(items) | ExprKind::List(items) => displayed(items),
            ExprKind::Constant(Constant::Str(text)) => Some(text.chars().count()),
            ExprKind::Name(name) => match self.known.bind(scope, name)? {
                Bind::Value(Expr {
                    kind: ExprKind::Tuple(items),
                    ..
                }) => displayed(items),
                _ => None,
            },
            ExprKind::Await(value) => match &value.kind {
                ExprKind::Call { func, .. } => self.returned(func, scope, Kind::Coroutine),
                _ => None,
            },
            ExprKind::Call { func, .. } => self.returned(func, scope, Kind::Value),
            _ => None,
        }
    }

    fn returned(&self, func: &'a Expr, scope: ScopeId, kind: Kind) -> Option<usize> {
        match callee(self.known, func, scope)? {
            Callee::Def(def, of, _) if of == kind => self.of_def(def),
            Callee::Member(module, name) => {
                let row = COUNTS.iter().find(|row| (row.0, row.1) == (module, name))?;
                ((module == "asyncio") == (kind == Kind::Coroutine)).then_some(row.2)
            }
            Callee::Method("builtins", "str", "partition" | "rpartition") => Some(3),
            _ => None,
        }
    }

    /// The length of the tuples that a function returns, if all its returns are displays of one length.
    fn of_def(&self, def: &'a FunctionDef) -> Option<usize> {
        let scope = self.known.tree.get(self.known.tree.of(def, Role::Body));
        if scope.is_generator || super::members::is_abstract(def) {
            return None;
        }
        let mut values = Vec::new();
        returns(&def.body, &mut values);
        let counts: Vec<Option<usize>> = values
            .into_iter()
            .map(|value| match &value?.kind {
                ExprKind::Tuple(items) => displayed(items),
                _ => None,
            })
            .collect();
        let first = counts.first().copied()??;
        counts.iter().all(|it| *it == Some(first)).then_some(first)
    }

    /// An item that does not fit, and how many items it has.
    fn item(&self, iter: &'a Expr, scope: ScopeId, wanted: &Wanted) -> Option<(Span, usize)> {
        match &iter.kind {
            ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items) => {
                items.iter().find_map(|item| {
                    let given = self.count(item, scope)?;
                    (!wanted.fits(given)).then_some((item.span, given))
                })
            }
            ExprKind::Dict(items) => keys(items, wanted),
            ExprKind::Name(name) => match self.known.bind(scope, name)? {
                // A dict with one assignment may have got other keys since, but its first key stays.
                Bind::Value(Expr {
                    kind: ExprKind::Dict(items),
                    ..
                }) => keys(items, wanted).map(|(_, given)| (iter.span, given)),
                _ => None,
            },
            ExprKind::Call { func, args } => {
                let given = match callee(self.known, func, scope)? {
                    Callee::Member("builtins", "enumerate") => 2,
                    Callee::Member("builtins", "zip") => args
                        .iter()
                        .map(|arg| matches!(arg, Arg::Pos(_)).then_some(1))
                        .sum::<Option<usize>>()?,
                    Callee::Method("builtins", "dict", "items") => 2,
                    _ => return None,
                };
                (!wanted.fits(given)).then_some((iter.span, given))
            }
            _ => None,
        }
    }

    fn tell(
        &mut self,
        target: Span,
        wanted: &Wanted,
        value: Span,
        given: usize,
        help: Option<&str>,
    ) {
        let names = wanted.words();
        let values = if given == 1 { "value" } else { "values" };
        let finding = Diagnostic::error(
            ErrorCode::UnpackCount,
            target,
            format!("{names} cannot take {given} {values}"),
        )
        .label("raises ValueError")
        .also(value, format!("{given} {values}"));
        self.found.push(match help {
            Some(help) => finding.help(help),
            None => finding,
        });
    }
}

/// How many values a target takes.
struct Wanted {
    count: usize,
    has_star: bool,
}

impl Wanted {
    fn of(target: &Expr) -> Option<Wanted> {
        let (ExprKind::Tuple(items) | ExprKind::List(items)) = &target.kind else {
            return None;
        };
        let stars = items
            .iter()
            .filter(|it| matches!(it.kind, ExprKind::Starred(_)))
            .count();
        Some(Wanted {
            count: items.len() - stars,
            has_star: stars > 0,
        })
    }

    fn fits(&self, given: usize) -> bool {
        given == self.count || (self.has_star && given > self.count)
    }

    fn words(&self) -> String {
        let least = if self.has_star { "at least " } else { "" };
        let names = if self.count == 1 { "target" } else { "targets" };
        format!("{least}{} {names}", self.count)
    }
}

fn displayed(items: &[Expr]) -> Option<usize> {
    let has_star = items
        .iter()
        .any(|it| matches!(it.kind, ExprKind::Starred(_)));
    (!has_star).then_some(items.len())
}

/// The first key of a dict, if it is a text that does not fit.
fn keys(items: &[DictItem], wanted: &Wanted) -> Option<(Span, usize)> {
    let DictItem::Pair(key, _) = items.first()? else {
        return None;
    };
    let ExprKind::Constant(Constant::Str(text)) = &key.kind else {
        return None;
    };
    let given = text.chars().count();
    (!wanted.fits(given)).then_some((key.span, given))
}
