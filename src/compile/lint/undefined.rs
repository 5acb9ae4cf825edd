//! Names that nothing defines: no assignment, import or definition in the file, and no builtin.
//!
//! Silent in a file that makes names in ways that its text does not show: `exec`, `globals()`, `from unknown import *`.

use std::collections::HashSet;

use super::Lint;
use super::known::Known;
use super::walk::{At, Guards, Visit, walk};
use super::world::Origin;
use crate::compile::scope::{Role, ScopeId, ScopeKind};
use crate::diagnostics::similar::nearest;
use crate::diagnostics::{Diagnostic, ErrorCode};
use crate::syntax::ast::{Arg, Expr, ExprKind, Module, Stmt, StmtKind};

/// What every module has of its own.
const OF_MODULES: &[&str] = &[
    "__name__",
    "__file__",
    "__doc__",
    "__package__",
    "__spec__",
    "__loader__",
    "__builtins__",
    "__path__",
    "__annotations__",
    "__dict__",
    "__cached__",
    "__debug__",
];
/// What class bodies have, too.
const OF_CLASSES: &[&str] = &[
    "__module__",
    "__qualname__",
    "__firstlineno__",
    "__type_params__",
];

/// What makes names while a program runs.
const MAKERS: &[&str] = &[
    "exec",
    "globals",
    "builtins",
    "modules",
    "__builtins__",
    "global_enum",
    "_convert_",
];

/// Adds what it finds.
pub fn lint(module: &Module, lint: &mut Lint<'_, '_>) {
    let known = lint.known;
    let mut defined: HashSet<String> = lint.world.builtins().into_iter().collect();
    for star in known.stars() {
        let Some(names) = star.and_then(|module| lint.world.names(module)) else {
            return;
        };
        defined.extend(names);
    }
    let mut undefined = Undefined {
        known,
        defined,
        told: HashSet::new(),
        open: HashSet::new(),
        found: Vec::new(),
        is_dynamic: false,
    };
    walk(module, known.tree, &mut undefined);
    if undefined.is_dynamic {
        return;
    }
    for (name, expr, scope) in std::mem::take(&mut undefined.found) {
        let is_imported = |star: &Option<&str>| {
            star.is_some_and(|module| lint.world.has_attribute(module, name) == Some(true))
        };
        if known.stars().iter().any(is_imported) {
            continue;
        }
        let help = undefined.help(name, scope, lint);
        let finding = Diagnostic::error(
            ErrorCode::UndefinedName,
            expr.span,
            format!("name '{name}' is not defined"),
        )
        .label("nothing in this file binds it, and it is no builtin");
        lint.found.push(match help {
            Some(help) => finding.help(help),
            None => finding,
        });
    }
}

struct Undefined<'a, 'k> {
    known: &'k Known<'a>,
    defined: HashSet<String>,
    told: HashSet<(ScopeId, &'a str)>,
    /// The bodies of classes whose metaclass may bring names.
    open: HashSet<ScopeId>,
    found: Vec<(&'a str, &'a Expr, ScopeId)>,
    /// Whether the file makes names while it runs.
    is_dynamic: bool,
}

impl<'a> Visit<'a> for Undefined<'a, '_> {
    fn stmt(&mut self, stmt: &'a Stmt, _: At) {
        if let StmtKind::ClassDef(def) = &stmt.kind
            && def
                .args
                .iter()
                .any(|arg| matches!(arg, Arg::Keyword { .. }))
        {
            self.open.insert(self.known.tree.of(&**def, Role::Body));
        }
    }

    fn expr(&mut self, expr: &'a Expr, at: At) {
        let name = match &expr.kind {
            ExprKind::Name(name) => name,
            ExprKind::Attribute { attr, .. } => {
                self.is_dynamic |= MAKERS.contains(&&*attr.name);
                return;
            }
            _ => return,
        };
        self.is_dynamic |= MAKERS.contains(&&**name);
        if at.guards.has(Guards::NAME)
            || at.guards.has(Guards::PROBED)
            || self.is_there(name, at.scope)
        {
            return;
        }
        if self.told.insert((at.scope, name)) {
            self.found.push((name, expr, at.scope));
        }
    }
}

impl Undefined<'_, '_> {
    fn is_there(&self, name: &str, scope: ScopeId) -> bool {
        let tree = self.known.tree;
        let mangled = tree.get(scope).mangle(&name.into());
        let home = self.known.home(scope, &mangled);
        let is_bound = home.is_some_and(|home| {
            tree.symbol(home.0, home.1).is_bound || self.known.is_rebound(home)
        });
        let in_class = || {
            let is_class = tree.get(scope).kind == ScopeKind::Class;
            is_class && OF_CLASSES.contains(&name)
        };
        let in_method = || {
            let mut around = std::iter::successors(Some(scope), |it| tree.get(*it).parent);
            name == "__class__" && around.any(|it| tree.get(it).kind == ScopeKind::Class)
        };
        is_bound
            || self.defined.contains(name)
            || OF_MODULES.contains(&name)
            || in_class()
            || in_method()
            || self.open.contains(&scope)
            || self.is_global_elsewhere(&mangled)
    }

    /// Whether a function declares the name global and binds it.
    fn is_global_elsewhere(&self, name: &str) -> bool {
        let tree = self.known.tree;
        tree.ids().any(|id| {
            let symbol = tree.get(id).symbol(name);
            symbol.is_some_and(|symbol| symbol.global.is_some() && symbol.is_bound)
        })
    }

    fn help(&self, name: &str, scope: ScopeId, lint: &Lint<'_, '_>) -> Option<String> {
        let tree = self.known.tree;
        let mut visible: Vec<String> = self
            .defined
            .iter()
            .filter(|it| !it.starts_with('_'))
            .cloned()
            .collect();
        visible.sort();
        let mut at = Some(scope);
        while let Some(id) = at {
            let here = tree.get(id);
            let is_seen = id == scope || here.kind != ScopeKind::Class;
            let bound = here.symbols.iter().filter(|it| it.is_bound && is_seen);
            let own: Vec<String> = bound
                .map(|it| it.name.to_string())
                .filter(|it| !it.starts_with('.'))
                .collect();
            visible.splice(0..0, own);
            at = here.parent;
        }
        if lint.world.module(name) == Origin::Library && could_be_module(name) {
            return Some(format!("write `import {name}` at the top of the file"));
        }
        let near = nearest(name, visible.iter().map(String::as_str));
        near.map(|near| format!("did you mean '{near}'?"))
    }
}

/// Whether a module of this name would be meant by it.
fn could_be_module(name: &str) -> bool {
    !name.starts_with('_') && name.len() > 1
}
