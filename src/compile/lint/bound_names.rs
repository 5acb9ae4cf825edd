//! The names that statements and patterns bind in the frame that runs them.
//!
//! Functions and classes inside bind only their own name there; comprehensions bind what `:=` names. A kind of statement that binds
//! gets an arm in `collect_block`.

use std::collections::HashSet;

use crate::syntax::ast::{Block, Expr, ExprKind, ImportNames, Pattern, PatternKind, StmtKind};
use crate::syntax::visit::children;

/// Adds the names that a pattern binds.
pub fn pattern_names<'a>(pattern: &'a Pattern, names: &mut Vec<&'a str>) {
    match &pattern.kind {
        PatternKind::Capture(name) | PatternKind::Star(Some(name)) => names.push(&name.name),
        PatternKind::Sequence(items) | PatternKind::Or(items) => {
            items.iter().for_each(|item| pattern_names(item, names));
        }
        PatternKind::Mapping { items, rest } => {
            items
                .iter()
                .for_each(|(_, item)| pattern_names(item, names));
            names.extend(rest.iter().map(|rest| &*rest.name));
        }
        PatternKind::Class {
            positional,
            keywords,
            ..
        } => {
            positional
                .iter()
                .for_each(|item| pattern_names(item, names));
            keywords
                .iter()
                .for_each(|(_, item)| pattern_names(item, names));
        }
        PatternKind::As { pattern, name } => {
            pattern_names(pattern, names);
            names.push(&name.name);
        }
        _ => {}
    }
}

/// The names among `names` that something in a block binds, in this frame.
pub fn bound_names<'a>(body: &Block, names: &HashSet<&'a str>) -> HashSet<&'a str> {
    let mut found = HashSet::new();
    collect_block(body, &mut |name| {
        if let Some(&name) = names.get(name) {
            found.insert(name);
        }
    });
    found
}

fn collect_block(body: &Block, f: &mut dyn FnMut(&str)) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::Assign { targets, value } => {
                targets.iter().for_each(|target| collect_target(target, f));
                collect_walrus(value, f);
            }
            StmtKind::AugAssign { target, .. } | StmtKind::AnnAssign { target, .. } => {
                collect_target(target, f);
            }
            StmtKind::For { target, iter, .. } => {
                collect_target(target, f);
                collect_walrus(iter, f);
            }
            StmtKind::With { items, .. } => {
                for item in items {
                    collect_walrus(&item.context, f);
                    item.target
                        .iter()
                        .for_each(|target| collect_target(target, f));
                }
            }
            StmtKind::Expr(value) | StmtKind::Return(Some(value)) => collect_walrus(value, f),
            StmtKind::If { branches, .. } => {
                branches
                    .iter()
                    .for_each(|branch| collect_walrus(&branch.test, f));
            }
            StmtKind::While { test, .. } | StmtKind::Assert { test, .. } => collect_walrus(test, f),
            StmtKind::Import(names) => names.iter().for_each(|alias| {
                let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                f(bound.name.split('.').next().unwrap_or_default());
            }),
            StmtKind::ImportFrom {
                names: ImportNames::Names(names),
                ..
            } => names
                .iter()
                .for_each(|alias| f(&alias.asname.as_ref().unwrap_or(&alias.name).name)),
            StmtKind::FunctionDef(def) => f(&def.name.name),
            StmtKind::ClassDef(def) => f(&def.name.name),
            StmtKind::TypeAlias { name, .. } => f(&name.name),
            StmtKind::Try { handlers, .. } => {
                handlers
                    .iter()
                    .filter_map(|it| it.name.as_ref())
                    .for_each(|it| f(&it.name));
            }
            StmtKind::Match { cases, .. } => {
                for case in cases {
                    let mut names = Vec::new();
                    pattern_names(&case.pattern, &mut names);
                    names.into_iter().for_each(&mut *f);
                }
            }
            _ => {}
        }
        super::blocks_of_frame(stmt, &mut |inner| collect_block(inner, f));
    }
}

fn collect_target(target: &Expr, f: &mut dyn FnMut(&str)) {
    match &target.kind {
        ExprKind::Name(name) => f(name),
        ExprKind::Tuple(items) | ExprKind::List(items) => {
            items.iter().for_each(|item| collect_target(item, f));
        }
        ExprKind::Starred(inner) => collect_target(inner, f),
        _ => {}
    }
}

fn collect_walrus(expr: &Expr, f: &mut dyn FnMut(&str)) {
    if let ExprKind::Named { target, .. } = &expr.kind {
        f(&target.name);
    }
    children(&expr.kind, &mut |child| collect_walrus(child, f));
}
