//! The listing of scopes that `apy scopes` prints and the tests compare.
//!
//! One block a scope, children indented; each name with what the scope does to it and where its value is.

use std::fmt::Write;

use super::resolve::resolve;
use super::scope::{Place, Scope, ScopeId, ScopeKind, ScopeTree, Symbol};
use crate::bytecode::{Annotations, TopLevelAwait};
use crate::syntax::ast::Module;

/// Lists the scopes of a module, also of one with mistakes.
#[must_use]
pub fn scopes(module: &Module) -> String {
    let tree = resolve(module, (TopLevelAwait::Allowed, Annotations::Values)).tree;
    let mut out = String::new();
    list(&mut out, &tree, ScopeTree::MODULE, 0);
    out
}

fn list(out: &mut String, tree: &ScopeTree, id: ScopeId, depth: usize) {
    let scope = tree.get(id);
    let pad = "  ".repeat(depth);
    let _ = writeln!(
        out,
        "{pad}{} {}{}",
        kind(scope.kind),
        scope.qualname,
        traits(scope)
    );
    for symbol in scope.symbols.iter().filter(|symbol| is_shown(symbol)) {
        let _ = writeln!(
            out,
            "{pad}  {}: {}",
            symbol.name,
            describe(tree, id, symbol)
        );
    }
    for child in tree
        .ids()
        .filter(|&child| tree.get(child).parent == Some(id))
    {
        list(out, tree, child, depth + 1);
    }
}

fn is_shown(symbol: &Symbol) -> bool {
    &*symbol.name != ".class" || symbol.is_cell
}

fn kind(kind: ScopeKind) -> &'static str {
    match kind {
        ScopeKind::Module => "module",
        ScopeKind::Class => "class",
        ScopeKind::Function => "function",
        ScopeKind::Lambda => "lambda",
        ScopeKind::Generator => "generator expression in",
        ScopeKind::Comprehension => "comprehension in",
        ScopeKind::TypeParams => "type parameters",
        ScopeKind::Bound => "bound",
        ScopeKind::AliasValue => "alias value",
    }
}

fn traits(scope: &Scope) -> String {
    let names = [(scope.is_async, "async"), (scope.is_generator, "generator")];
    let set: Vec<&str> = names
        .into_iter()
        .filter(|(is_set, _)| *is_set)
        .map(|(_, name)| name)
        .collect();
    if set.is_empty() {
        String::new()
    } else {
        format!(" ({})", set.join(", "))
    }
}

fn describe(tree: &ScopeTree, id: ScopeId, symbol: &Symbol) -> String {
    let place = match symbol.place {
        Place::Var(owner, _) if owner != id => "variable of the frame",
        Place::Var(..) if symbol.is_cell => "cell",
        Place::Var(..) => "local",
        Place::Free(_) => "free",
        Place::Global => "global",
        Place::Namespace(None) => "namespace",
        Place::Namespace(Some(_)) => "namespace or free",
        Place::ClassNamespace(..) => "namespace of the class",
    };
    let from = match symbol.place {
        Place::Free(slot) | Place::Namespace(Some(slot)) => {
            let frame = tree.get(tree.get(id).frame);
            frame
                .free
                .get(usize::from(slot))
                .map_or(String::new(), |&(owner, _)| {
                    format!(" of {}", tree.get(owner).qualname)
                })
        }
        _ => String::new(),
    };
    let flags = [
        (symbol.is_param, "parameter"),
        (symbol.is_bound && !symbol.is_param, "bound"),
        (symbol.is_used, "used"),
        (symbol.global.is_some(), "declared global"),
        (symbol.nonlocal.is_some(), "declared nonlocal"),
    ];
    let set = flags
        .into_iter()
        .filter(|(is_set, _)| *is_set)
        .map(|(_, name)| format!(", {name}"));
    format!("{place}{from}{}", set.collect::<String>())
}
