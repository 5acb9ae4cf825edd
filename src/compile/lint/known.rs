//! Which names surely mean which function: those that one `def` binds and nothing else, and asyncio's own.
//!
//! A name that is bound twice, declared `global` somewhere and bound there, or decorated, is not known: better silent than wrong.

use std::collections::{HashMap, HashSet};

use super::blocks;
use crate::compile::scope::{Place, Role, ScopeId, ScopeKind, ScopeTree};
use crate::syntax::ast::{
    Block, Constant, Expr, ExprKind, FunctionDef, ImportNames, Module, Name, Stmt, StmtKind,
};

/// What is known of a function that a call names.
#[derive(Clone, Copy)]
pub enum Callee<'a> {
    /// A `def` of this file.
    Def(&'a FunctionDef, Kind),
    /// A function of asyncio.
    Asyncio(&'a str),
}

/// What calling a function of this file gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A coroutine.
    Coroutine,
    /// None, always.
    Nothing,
    /// Something.
    Value,
}

type Symbol = (ScopeId, u32);

/// What is known of the names of a module.
pub struct Known<'a> {
    tree: &'a ScopeTree,
    callees: HashMap<Symbol, Callee<'a>>,
    /// Bound through a `global` or `nonlocal` declaration somewhere.
    rebound: HashSet<Symbol>,
}

impl<'a> Known<'a> {
    /// Looks through a module.
    pub fn of(module: &'a Module, tree: &'a ScopeTree) -> Known<'a> {
        let mut known = Known {
            tree,
            callees: HashMap::new(),
            rebound: HashSet::new(),
        };
        known.collect(&module.body, ScopeTree::MODULE);
        for id in tree.ids() {
            for symbol in &tree.get(id).symbols {
                let is_declared = symbol.global.is_some() || symbol.nonlocal.is_some();
                if is_declared && symbol.is_bound && id != ScopeTree::MODULE {
                    known.rebound.extend(known.home(id, &symbol.name));
                }
            }
        }
        known
    }

    fn collect(&mut self, body: &'a [Stmt], scope: ScopeId) {
        for stmt in body {
            match &stmt.kind {
                StmtKind::FunctionDef(def) => {
                    if def.decorators.is_empty() {
                        let callee = Callee::Def(def, self.kind(def));
                        self.note(scope, &def.name.name, callee);
                    }
                    self.collect(&def.body, self.tree.of(&**def, Role::Body));
                }
                StmtKind::ClassDef(def) => {
                    self.collect(&def.body, self.tree.of(&**def, Role::Body));
                }
                StmtKind::ImportFrom {
                    module: Some(module),
                    level: 0,
                    names: ImportNames::Names(names),
                } if &*module.name == "asyncio" => {
                    for alias in names {
                        let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                        self.note(scope, &bound.name, Callee::Asyncio(&alias.name.name));
                    }
                }
                _ => blocks(stmt, &mut |body| self.collect(body, scope)),
            }
        }
    }

    fn note(&mut self, scope: ScopeId, name: &Name, callee: Callee<'a>) {
        let scope_of = self.tree.get(scope);
        if let Some(index) = scope_of.find(&scope_of.mangle(name))
            && self.tree.symbol(scope, index).bindings == 1
        {
            self.callees.insert((scope, index), callee);
        }
    }

    fn kind(&self, def: &FunctionDef) -> Kind {
        let scope = self.tree.get(self.tree.of(def, Role::Body));
        match (scope.is_async, scope.is_generator) {
            (true, false) => Kind::Coroutine,
            (false, false) if !returns_value(&def.body) => Kind::Nothing,
            _ => Kind::Value,
        }
    }

    /// The scope that binds a name, seen from another, and its symbol there.
    fn home(&self, scope: ScopeId, name: &str) -> Option<Symbol> {
        let mut at = scope;
        loop {
            let here = self.tree.get(at);
            if let Some(symbol) = here.symbol(name) {
                return match symbol.place {
                    Place::Var(home, index) => Some((home, index)),
                    Place::Free(index) => here.free.get(usize::from(index)).copied(),
                    Place::Global => self.global(name),
                    Place::Namespace(_) => None,
                };
            }
            at = here.parent?;
        }
    }

    fn global(&self, name: &str) -> Option<Symbol> {
        let index = self.tree.get(ScopeTree::MODULE).find(name)?;
        Some((ScopeTree::MODULE, index))
    }

    /// What a call of this expression calls, seen from a scope.
    pub fn callee(&self, func: &'a Expr, scope: ScopeId) -> Option<Callee<'a>> {
        match &func.kind {
            ExprKind::Name(name) => match self.home(scope, name) {
                Some(home) if self.is_bound(home) => {
                    let callee = self.callees.get(&home);
                    callee.copied().filter(|_| !self.rebound.contains(&home))
                }
                _ => Some(Callee::Asyncio(name)),
            },
            ExprKind::Attribute { value, attr } => {
                let ExprKind::Name(object) = &value.kind else {
                    return None;
                };
                if &**object == "asyncio" && self.is_asyncio(scope) {
                    return Some(Callee::Asyncio(&attr.name));
                }
                self.method(object, &attr.name, scope)
            }
            _ => None,
        }
    }

    fn is_bound(&self, (scope, index): Symbol) -> bool {
        self.tree.symbol(scope, index).is_bound
    }

    /// Whether `asyncio` is the module: it is there without a definition, and imported at most.
    fn is_asyncio(&self, scope: ScopeId) -> bool {
        self.home(scope, "asyncio").is_none_or(|home| {
            self.tree.symbol(home.0, home.1).bindings <= 1 && !self.rebound.contains(&home)
        })
    }

    /// `self.name` in a method of the class that defines it.
    fn method(&self, object: &str, name: &Name, scope: ScopeId) -> Option<Callee<'a>> {
        let function = self.tree.get(scope);
        let first = function.symbols.first()?;
        let class = function.parent?;
        let is_self = first.is_param && first.bindings == 1 && *first.name == *object;
        if !is_self || self.tree.get(class).kind != ScopeKind::Class {
            return None;
        }
        let index = self.tree.get(class).find(&function.mangle(name))?;
        self.callees.get(&(class, index)).copied()
    }
}

/// Whether a function returns something else than None somewhere.
fn returns_value(body: &Block) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Return(Some(value)) => !matches!(value.kind, ExprKind::Constant(Constant::None)),
        _ => {
            let mut found = false;
            super::blocks_of_frame(stmt, &mut |body| found |= returns_value(body));
            found
        }
    })
}
