//! What the methods of a class assign to attributes of `self`: one assignment tells what the attribute is, several leave it open.
//!
//! Only methods of the class itself are read; a subclass that assigns something else is another class.

use std::collections::HashMap;

use crate::compile::scope::{Role, ScopeId, ScopeTree};
use crate::syntax::ast::{Block, ClassDef, Expr, ExprKind, StmtKind};

/// The attributes of one class: the value that is assigned, and the scope that its names are looked up in. None: there are several.
pub type Attributes<'a> = HashMap<&'a str, Option<(&'a Expr, ScopeId)>>;

/// The attributes that methods of a class assign to.
pub fn attributes<'a>(class: &'a ClassDef, tree: &ScopeTree) -> Attributes<'a> {
    let mut found = Attributes::new();
    for stmt in &class.body {
        let StmtKind::FunctionDef(def) = &stmt.kind else {
            continue;
        };
        let mut params = def.params.posonly.iter().chain(&def.params.regular);
        if let Some(this) = params.next() {
            let mut method = Method {
                this: &this.name.name,
                scope: tree.of(&**def, Role::Body),
                found: &mut found,
            };
            method.block(&def.body);
        }
    }
    found
}

struct Method<'a, 'f> {
    this: &'a str,
    scope: ScopeId,
    found: &'f mut Attributes<'a>,
}

impl<'a> Method<'a, '_> {
    fn block(&mut self, body: &'a Block) {
        for stmt in body {
            match &stmt.kind {
                StmtKind::Assign { targets, value } => {
                    targets.iter().for_each(|it| self.target(it, Some(value)));
                }
                StmtKind::AnnAssign {
                    target,
                    value: Some(value),
                    ..
                } => self.target(target, Some(value)),
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
