//! Variables that are read where no path has assigned to them yet, or where one may have left them out.
//!
//! A walk along the paths of each function keeps two sets: what may be bound, and what is bound on every path. A read outside of the
//! first surely fails. A read outside of the second is told only where nothing else explains it: the variable has one assignment, in
//! an `if` without `else` or in a `try` whose handler goes on, and the read follows at the same level.

use std::collections::{HashMap, HashSet};

use super::Lint;
use super::flow::{Event, Flow};
use super::known::Known;
use crate::compile::scope::{Place, Role, ScopeId, ScopeKind, ScopeTree, Symbol};
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::{Block, Module, Stmt, StmtKind};

/// Adds what it finds.
pub fn lint<'a>(module: &'a Module, lint: &mut Lint<'a, '_>) {
    let mut found = Vec::new();
    let builtins: HashSet<String> = lint.world.builtins().into_iter().collect();
    bodies(&module.body, lint.known.tree, &mut |body, scope| {
        body_of(body, scope, (lint.known, &builtins, lint.text), &mut found);
    });
    // A dict of the module may bind what no statement does.
    let is_dynamic = ["globals(", "locals(", "vars(", "exec("]
        .iter()
        .any(|word| lint.text.contains(word));
    if lint.known.stars().is_empty() && !is_dynamic {
        body_of(
            &module.body,
            ScopeTree::MODULE,
            (lint.known, &builtins, lint.text),
            &mut found,
        );
    }
    lint.found.extend(found);
}

/// Calls `f` for the body of each function.
fn bodies<'a>(body: &'a Block, tree: &ScopeTree, f: &mut impl FnMut(&'a Block, ScopeId)) {
    for stmt in body {
        if let StmtKind::FunctionDef(def) = &stmt.kind {
            f(&def.body, tree.of(&**def, Role::Body));
        }
        super::blocks(stmt, &mut |inner| bodies(inner, tree, f));
    }
}

fn body_of(
    body: &[Stmt],
    scope: ScopeId,
    (known, builtins, text): (&Known<'_>, &HashSet<String>, &str),
    found: &mut Vec<Diagnostic>,
) {
    let tree = known.tree;
    let own = tree.get(scope);
    let is_tracked = |symbol: &Symbol, index: u32| {
        let is_own = match own.kind {
            ScopeKind::Module => !known.is_rebound((scope, index)),
            _ => symbol.place == Place::Var(scope, index),
        };
        is_own
            && symbol.is_bound
            && !symbol.is_param
            && !symbol.is_walrus_target
            && symbol.global.is_none()
            && symbol.nonlocal.is_none()
            && !known.is_rebound((scope, index))
            && !symbol.name.starts_with('.')
            && !symbol.name.starts_with("__")
    };
    let names: HashMap<&str, u32> = own
        .symbols
        .iter()
        .enumerate()
        .filter(|(index, symbol)| is_tracked(symbol, *index as u32))
        .map(|(index, symbol)| (&*symbol.name, index as u32))
        .collect();
    if names.is_empty() {
        return;
    }
    // A module's name may mean the builtin until it is bound.
    let is_builtin = |name: &str| own.kind == ScopeKind::Module && builtins.contains(name);
    let mut told: Vec<&str> = Vec::new();
    let mut flow = Flow::new(scope, known, names.keys().copied().collect());
    flow.run(body, &mut |mut event: Event<'_>| {
        let Some((&name, &index)) = names.get_key_value(event.name) else {
            return;
        };
        // Importing from a module of the own package binds that module's name, too.
        let is_submodule = || text.contains(&format!("from .{name} import"));
        if told.contains(&name) || is_builtin(name) || is_submodule() {
            return;
        }
        let symbol = &own.symbols[index as usize];
        // What nothing but `name += value` assigns to has no value the first time.
        event.may_be_bound &= known.changes((scope, index)) != symbol.bindings;
        if let Some(finding) = finding(&event, symbol, own.kind) {
            told.push(name);
            found.push(finding);
        }
    });
}

fn finding(event: &Event<'_>, symbol: &Symbol, kind: ScopeKind) -> Option<Diagnostic> {
    let name = event.name;
    let what = if kind == ScopeKind::Module {
        "name"
    } else {
        "variable"
    };
    if !event.may_be_bound {
        return Some(surely(name, what, event.span, event.unbound));
    }
    let place = event.partly?;
    (symbol.bindings == 1 && kind != ScopeKind::Module).then(|| {
        Diagnostic::error(
            ErrorCode::UnboundName,
            event.span,
            format!("variable '{name}' may have no value here"),
        )
        .also(place, "it is assigned to only if this runs to its end")
        .help("assign to it before, or on the other path, too")
        .as_warning()
    })
}

fn surely(name: &str, what: &str, span: Span, unbound: Option<Span>) -> Diagnostic {
    let finding = Diagnostic::error(
        ErrorCode::UnboundName,
        span,
        format!("{what} '{name}' has no value yet"),
    );
    match unbound {
        Some(at) => finding
            .label("and is read here")
            .also(at, "it loses its value with this clause"),
        None => finding
            .label("every path to here comes before its first assignment")
            .help("assign to it first; to use the one outside of the function declare it `global` or `nonlocal`"),
    }
}
