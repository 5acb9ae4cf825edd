//! What is likely not as meant, as far as the text itself shows it: no types, no running.
//!
//! Each lint is a file: `undefined` (names), `unbound` (variables, on the paths of `flow`), `imports`, `arguments` (against a
//! `signature`), `unused` (variables), `methods`, `reach` (statements that no path leads to), `shadow` (hidden builtins); and rules
//! that share one `walk`: `objects` (attributes), `classes` (abstract ones, enums), `operands`, `awaits`, `tasks`, `callbacks`, `functions` (not called), `unpack`,
//! `formats`, `repeats`, `handlers`, `habits`. What a value is, `evident` says: from `known` (what names surely mean), `class_facts`
//! and `members` (what classes of the file have), `native` (tables of the library) and `world` (what surrounds the program). Lints
//! look at a program that resolves, and stay silent where they would have to guess. To add one: a file, a row in
//! `diagnostics/codes.rs`, a line in `lint`.

mod arguments;
mod awaits;
mod bound_names;
mod callbacks;
mod class_facts;
mod classes;
mod evident;
mod fix;
mod flow;
mod formats;
mod functions;
mod habits;
mod handlers;
mod imports;
mod known;
mod members;
mod methods;
mod native;
mod objects;
mod operands;
mod reach;
mod repeats;
mod rule;
mod shadow;
mod signature;
mod tasks;
mod unbound;
mod undefined;
mod unpack;
mod unused;
mod walk;
mod world;

use super::resolve::{Resolved, resolve};
use crate::bytecode::{Annotations, TopLevelAwait};
use crate::diagnostics::Diagnostic;
use crate::syntax::ast::{Block, Expr, Module, Stmt, StmtKind};
use known::Known;
pub use signature::Signature;
pub use world::{Entity, Member, Origin, World};

/// What lints share.
struct Lint<'a, 'w> {
    known: &'w Known<'a>,
    world: &'w dyn World,
    text: &'w str,
    /// Whether the file is a package's `__init__`: its imports are there for others.
    is_package: bool,
    found: Vec<Diagnostic>,
}

/// A text to look at.
pub struct Subject<'s> {
    /// What the text parses to.
    pub module: &'s Module,
    /// The text.
    pub text: &'s str,
    /// Its file, as far as it is known.
    pub name: &'s str,
}

/// The findings about a module.
#[must_use]
pub fn lint(subject: &Subject<'_>, world: &dyn World) -> Vec<Diagnostic> {
    let module = subject.module;
    let Resolved { tree, errors, .. } =
        resolve(module, (TopLevelAwait::Allowed, Annotations::Values));
    if !errors.is_empty() {
        return Vec::new();
    }
    let known = Known::of(module, &tree, (world, subject.text));
    let mut lint = Lint {
        known: &known,
        world,
        text: subject.text,
        is_package: subject
            .name
            .rsplit(['/', '\\'])
            .next()
            .is_some_and(|it| it.starts_with("__init__.")),
        found: Vec::new(),
    };
    undefined::lint(module, &mut lint);
    unbound::lint(module, &mut lint);
    imports::lint(module, &mut lint);
    arguments::lint(module, &mut lint);
    unused::lint(module, &mut lint);
    reach::lint(module, &mut lint.found);
    shadow::lint(module, &mut lint);
    methods::lint(&mut lint);
    let mut rules = vec![
        objects::rule(&lint),
        classes::rule(&lint),
        awaits::rule(&lint),
        tasks::rule(&lint),
        habits::rule(&lint),
        unpack::rule(&lint),
        formats::rule(&lint),
        repeats::rule(module, &lint),
        callbacks::rule(&lint),
        handlers::rule(&lint),
        functions::rule(&lint),
        operands::rule(&lint),
    ];
    walk::walk(module, &tree, &mut rules);
    let found = rules.iter_mut().flat_map(|rule| rule.found());
    lint.found.extend(found);
    lint.found
}

/// Calls `f` for each block directly inside of a statement; the bodies of functions and classes are blocks, too.
fn blocks<'a>(stmt: &'a Stmt, f: &mut impl FnMut(&'a Block)) {
    match &stmt.kind {
        StmtKind::If { branches, orelse } => {
            branches.iter().for_each(|branch| f(&branch.body));
            f(orelse);
        }
        StmtKind::While { body, orelse, .. } | StmtKind::For { body, orelse, .. } => {
            f(body);
            f(orelse);
        }
        StmtKind::With { body, .. } => f(body),
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finally,
            ..
        } => {
            f(body);
            handlers.iter().for_each(|handler| f(&handler.body));
            f(orelse);
            f(finally);
        }
        StmtKind::Match { cases, .. } => cases.iter().for_each(|case| f(&case.body)),
        StmtKind::FunctionDef(def) => f(&def.body),
        StmtKind::ClassDef(def) => f(&def.body),
        _ => {}
    }
}

/// Calls `f` for each block inside of a statement that runs in the same frame.
fn blocks_of_frame<'a>(stmt: &'a Stmt, f: &mut impl FnMut(&'a Block)) {
    if !matches!(stmt.kind, StmtKind::FunctionDef(_) | StmtKind::ClassDef(_)) {
        blocks(stmt, f);
    }
}

/// Calls `f` for each expression that a statement itself has, those of its blocks left out.
fn exprs<'a>(stmt: &'a Stmt, f: &mut impl FnMut(&'a Expr)) {
    match &stmt.kind {
        StmtKind::Expr(value) | StmtKind::Return(Some(value)) => f(value),
        StmtKind::Assign { targets, value } => {
            f(value);
            targets.iter().for_each(f);
        }
        StmtKind::AugAssign { target, value, .. } => {
            f(target);
            f(value);
        }
        StmtKind::AnnAssign { target, value, .. } => {
            f(target);
            value.iter().for_each(f);
        }
        StmtKind::Del(targets) => targets.iter().for_each(f),
        StmtKind::Raise { exc, cause } => exc.iter().chain(cause).for_each(f),
        StmtKind::Assert { test, msg } => {
            f(test);
            msg.iter().for_each(f);
        }
        StmtKind::If { branches, .. } => branches.iter().for_each(|branch| f(&branch.test)),
        StmtKind::While { test, .. } => f(test),
        StmtKind::For { target, iter, .. } => {
            f(target);
            f(iter);
        }
        StmtKind::With { items, .. } => {
            for item in items {
                f(&item.context);
                item.target.iter().for_each(&mut *f);
            }
        }
        StmtKind::Match { subject, .. } => f(subject),
        _ => {}
    }
}
