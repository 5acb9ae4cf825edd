//! The facts in the text of a class: its methods, its annotated names, and the values that its methods assign to attributes of `self`.
//!
//! Only the class itself is read, not its bases; `members` follows those. One assignment tells what an attribute is, several leave it
//! open.

use std::collections::{HashMap, HashSet};

use crate::compile::scope::{Role, ScopeId, ScopeTree};
use crate::syntax::ast::{Arg, Block, ClassDef, Expr, ExprKind, FunctionDef, StmtKind};
use crate::syntax::visit::children;

/// The attributes of one class: the value that is assigned, and the scope that its names are looked up in. None: there are several.
pub type Attributes<'a> = HashMap<&'a str, Option<(&'a Expr, ScopeId)>>;

/// One class.
pub struct ClassFacts<'a> {
    /// Its definition.
    pub def: &'a ClassDef,
    /// The scope around it, in which its bases are named.
    pub outer: ScopeId,
    /// The attributes that its methods assign.
    pub attributes: Attributes<'a>,
    /// Its methods; None where several definitions have the name.
    pub methods: HashMap<&'a str, Option<Method<'a>>>,
    /// The bodies of the methods whose first parameter is the object.
    pub takers: HashSet<ScopeId>,
    /// How often its own `__init__` assigns to an attribute of the object.
    pub initial: HashMap<&'a str, u32>,
    /// Whether something in it may call the `__init__` of a base.
    pub chains: bool,
}

/// One method.
#[derive(Clone, Copy)]
pub struct Method<'a> {
    /// Its definition.
    pub def: &'a FunctionDef,
    /// The object that it is bound to.
    pub how: How,
}

/// How a method that is read through an object is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is bound to the object.
    Instance,
    /// It is bound to the class.
    Class,
    /// It is the function.
    Static,
    /// Something else: a property, what a decorator makes.
    Other,
}

impl<'a> ClassFacts<'a> {
    /// Reads a class.
    pub fn of(def: &'a ClassDef, outer: ScopeId, tree: &ScopeTree) -> ClassFacts<'a> {
        let mut facts = ClassFacts {
            def,
            outer,
            attributes: Attributes::new(),
            methods: HashMap::new(),
            takers: HashSet::new(),
            initial: HashMap::new(),
            chains: false,
        };
        facts.block(&def.body, tree);
        facts.chains = may_chain(&def.body);
        facts
    }

    fn block(&mut self, body: &'a Block, tree: &ScopeTree) {
        for stmt in body {
            if let StmtKind::FunctionDef(def) = &stmt.kind {
                self.method(def, tree);
            }
            super::blocks_of_frame(stmt, &mut |inner| self.block(inner, tree));
        }
    }

    fn method(&mut self, def: &'a FunctionDef, tree: &ScopeTree) {
        let how = how(def);
        self.methods
            .entry(&def.name.name)
            .and_modify(|known| *known = None)
            .or_insert(Some(Method { def, how }));
        let mut params = def.params.posonly.iter().chain(&def.params.regular);
        if let Some(this) = params.next().filter(|_| how != How::Static) {
            if how == How::Instance {
                self.takers.insert(tree.of(def, Role::Body));
            }
            let mut stores = Stores {
                this: &this.name.name,
                scope: tree.of(def, Role::Body),
                found: &mut self.attributes,
                counts: HashMap::new(),
            };
            stores.block(&def.body);
            if &*def.name.name == "__init__" {
                self.initial = stores.counts;
            }
        }
    }
}

/// What a method is bound to, as its decorators say.
fn how(def: &FunctionDef) -> How {
    match &*def.name.name {
        "__new__" => return How::Other,
        "__init_subclass__" | "__class_getitem__" => return How::Class,
        _ => {}
    }
    def.decorators
        .iter()
        .fold(How::Instance, |how, it| match (last_name(it), how) {
            (Some("staticmethod"), How::Instance) => How::Static,
            (Some("classmethod"), How::Instance) => How::Class,
            (Some("abstractmethod" | "override" | "final"), how) => how,
            _ => How::Other,
        })
}

/// Whether a decorator hands the class back as it is, or as `dataclass` does.
pub fn keeps_class(decorator: &Expr) -> bool {
    let name = last_name(decorator);
    matches!(
        name,
        Some("dataclass" | "total_ordering" | "final" | "runtime_checkable" | "unique")
    )
}

/// The last part of a name with dots, called or not: `dataclass` of `@dataclasses.dataclass(frozen=True)`.
pub fn last_name(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Attribute { attr, .. } => Some(&attr.name),
        ExprKind::Call { func, .. } => last_name(func),
        _ => None,
    }
}

/// Whether a block names `super` or an `__init__`, or hands an object on that may be the one being made.
fn may_chain(body: &Block) -> bool {
    body.iter().any(|stmt| {
        let mut found = false;
        super::exprs(stmt, &mut |expr| found |= hands_on(expr));
        super::blocks(stmt, &mut |inner| found |= may_chain(inner));
        found
    })
}

fn hands_on(expr: &Expr) -> bool {
    let mut found = match &expr.kind {
        ExprKind::Name(name) => &**name == "super",
        ExprKind::Attribute { attr, .. } => &*attr.name == "__init__",
        ExprKind::Call { args, .. } => args.iter().any(|arg| {
            let (Arg::Pos(value) | Arg::Star(value)) = arg else {
                return false;
            };
            matches!(&value.kind, ExprKind::Name(name) if &**name == "self")
        }),
        _ => false,
    };
    children(&expr.kind, &mut |inner| found |= hands_on(inner));
    found
}

struct Stores<'a, 'f> {
    this: &'a str,
    scope: ScopeId,
    found: &'f mut Attributes<'a>,
    /// How often each attribute is assigned to.
    counts: HashMap<&'a str, u32>,
}

impl<'a> Stores<'a, '_> {
    fn block(&mut self, body: &'a Block) {
        for stmt in body {
            match &stmt.kind {
                StmtKind::Assign { targets, value } => {
                    targets.iter().for_each(|it| self.target(it, Some(value)));
                }
                StmtKind::AnnAssign { target, value, .. } => self.target(target, value.as_ref()),
                StmtKind::AugAssign { target, .. } | StmtKind::For { target, .. } => {
                    self.target(target, None);
                }
                StmtKind::With { items, .. } => items
                    .iter()
                    .filter_map(|item| item.target.as_ref())
                    .for_each(|it| self.target(it, None)),
                _ => {}
            }
            super::blocks_of_frame(stmt, &mut |inner| self.block(inner));
        }
    }

    fn target(&mut self, target: &'a Expr, value: Option<&'a Expr>) {
        match &target.kind {
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|item| self.target(item, None));
            }
            ExprKind::Attribute {
                value: object,
                attr,
            } if matches!(&object.kind, ExprKind::Name(name) if **name == *self.this) => {
                *self.counts.entry(&attr.name).or_default() += 1;
                let scope = self.scope;
                let new = value.map(|value| (value, scope));
                self.found
                    .entry(&attr.name)
                    .and_modify(|known| *known = None)
                    .or_insert(new);
            }
            _ => {}
        }
    }
}
