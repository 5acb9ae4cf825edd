//! A walk over a whole program that knows at each node its scope and what is caught around it.
//!
//! Lints that look at single expressions or statements are visitors; the walk is the one place that knows in which scope decorators,
//! defaults, annotations and the first iterable of a comprehension are evaluated. Guards say which exceptions a `try` around catches,
//! and whether an `if` around asks what the platform has: there a finding would be what the program itself looks out for.

use std::collections::HashSet;

use crate::bytecode::Annotations;
use crate::compile::resolve::params_in_source;
use crate::compile::scope::{NodeKey, Role, ScopeId, ScopeTree};
use crate::syntax::ast::{
    Arg, ClassDef, Comprehension, Constant, ExceptHandler, Expr, ExprKind, FunctionDef, Module,
    Pattern, PatternKind, Stmt, StmtKind, TypeParam, TypeParamKind,
};

/// Where a node is.
#[derive(Clone, Copy)]
pub struct At {
    /// The scope that its names are looked up in.
    pub scope: ScopeId,
    /// What is looked out for around it.
    pub guards: Guards,
}

/// Exceptions that something around catches, and questions that it asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guards(u16);

impl Guards {
    /// NameError is caught.
    pub const NAME: Guards = Guards(1);
    /// AttributeError is caught.
    pub const ATTRIBUTE: Guards = Guards(2);
    /// TypeError is caught.
    pub const TYPE: Guards = Guards(4);
    /// ImportError is caught.
    pub const IMPORT: Guards = Guards(8);
    /// An `if` around asks what there is: `hasattr`, the platform, the version.
    pub const PROBED: Guards = Guards(16);
    /// ValueError is caught.
    pub const VALUE: Guards = Guards(64);
    /// RuntimeError is caught.
    pub const RUNTIME: Guards = Guards(128);
    /// LookupError, KeyError or IndexError is caught.
    pub const LOOKUP: Guards = Guards(256);
    /// Anything is caught.
    pub const ANY: Guards = Guards(512);
    const ALL: Guards = Guards(15 | 64 | 128 | 256 | 512);
    /// An import around may fail, and then this is not reached.
    const FALLBACK: Guards = Guards(32);

    /// Whether one of these is there.
    pub fn has(self, other: Guards) -> bool {
        self.0 & other.0 != 0
    }

    fn with(self, other: Guards) -> Guards {
        Guards(self.0 | other.0)
    }

    /// What a function that is defined here, and runs elsewhere, may count on.
    fn inside_function(self) -> Guards {
        let kept = Guards(self.0 & (Self::PROBED.0 | Self::FALLBACK.0));
        match kept.has(Self::FALLBACK) {
            true => kept.with(Self::PROBED),
            false => kept,
        }
    }

    /// What these handlers catch.
    pub fn of_handlers(handlers: &[ExceptHandler]) -> Guards {
        let mut guards = Guards::default();
        for handler in handlers {
            guards = guards.with(Guards::ANY);
            match &handler.ty {
                None => guards = guards.with(Guards::ALL),
                Some(ty) => guards = guards.with(Guards::of_class(ty)),
            }
        }
        guards
    }

    fn of_class(class: &Expr) -> Guards {
        match &class.kind {
            ExprKind::Tuple(items) => items.iter().fold(Guards::default(), |all, item| {
                all.with(Guards::of_class(item))
            }),
            ExprKind::Name(name) => match &**name {
                "NameError" | "UnboundLocalError" => Guards::NAME,
                "AttributeError" => Guards::ATTRIBUTE,
                "TypeError" => Guards::TYPE,
                "ImportError" | "ModuleNotFoundError" => Guards::IMPORT
                    .with(Guards::ATTRIBUTE)
                    .with(Guards::FALLBACK),
                "ValueError" => Guards::VALUE,
                "RuntimeError" | "RecursionError" | "NotImplementedError" => Guards::RUNTIME,
                "LookupError" | "KeyError" | "IndexError" => Guards::LOOKUP,
                "OSError" | "StopIteration" | "ArithmeticError" | "ZeroDivisionError"
                | "TimeoutError" | "FileNotFoundError" | "UnicodeDecodeError" | "EOFError"
                | "KeyboardInterrupt" | "SystemExit" => Guards::default(),
                // A class that a variable holds, or that this list does not know, may be any.
                _ => Guards::ALL,
            },
            ExprKind::Attribute { .. } => Guards::default(),
            _ => Guards::ALL,
        }
    }
}

fn is_probe(test: &Expr) -> bool {
    let mut found = match &test.kind {
        ExprKind::Attribute { value, attr } => {
            let of = |name: &str| matches!(&value.kind, ExprKind::Name(it) if &**it == name);
            matches!(
                (&*attr.name, of("sys"), of("os")),
                (
                    "platform"
                        | "version_info"
                        | "hexversion"
                        | "implementation"
                        | "version"
                        | "flags",
                    true,
                    _
                ) | ("name", _, true)
            ) || &*attr.name == "TYPE_CHECKING"
        }
        ExprKind::Name(name) => {
            let name = &**name;
            matches!(
                name,
                "hasattr"
                    | "TYPE_CHECKING"
                    | "__debug__"
                    | "globals"
                    | "locals"
                    | "platform"
                    | "hexversion"
            ) || name.to_ascii_uppercase() == name && name.len() > 3
        }
        _ => false,
    };
    crate::syntax::visit::children(&test.kind, &mut |child| found |= is_probe(child));
    found
}

/// The names of a module that ask what there is: `PY3 = sys.version_info >= (3,)`, or `_false = 0` around what never runs.
#[derive(Default)]
pub struct Probes<'a>(HashSet<&'a str>);

impl<'a> Probes<'a> {
    /// Those that a module assigns once.
    pub fn of(module: &'a Module, tree: &ScopeTree) -> Probes<'a> {
        let is_bound_once = |name: &str| {
            let own = tree.get(ScopeTree::MODULE).symbol(name);
            let is_declared = tree.ids().any(|id| {
                let symbol = tree.get(id).symbol(name);
                symbol.is_some_and(|symbol| symbol.global.is_some())
            });
            own.is_some_and(|symbol| symbol.bindings == 1) && !is_declared
        };
        let names = module.body.iter().filter_map(|stmt| {
            let StmtKind::Assign { targets, value } = &stmt.kind else {
                return None;
            };
            let [
                Expr {
                    kind: ExprKind::Name(name),
                    ..
                },
            ] = &targets[..]
            else {
                return None;
            };
            let is_asked = is_probe(value) || is_false(value);
            (is_asked && is_bound_once(name)).then_some(&**name)
        });
        Probes(names.collect())
    }

    /// Whether a condition asks what there is rather than how things are.
    pub fn ask(&self, test: &Expr) -> bool {
        is_probe(test) || !self.0.is_empty() && self.mention(test)
    }

    fn mention(&self, test: &Expr) -> bool {
        let mut found = matches!(&test.kind, ExprKind::Name(name) if self.0.contains(&**name));
        crate::syntax::visit::children(&test.kind, &mut |child| found |= self.mention(child));
        found
    }
}

fn is_false(value: &Expr) -> bool {
    matches!(
        value.kind,
        ExprKind::Constant(Constant::Bool(false) | Constant::Int(0) | Constant::None)
    )
}

/// Hears of the nodes of a program.
pub trait Visit<'a> {
    /// A statement, before what is in it.
    fn stmt(&mut self, _stmt: &'a Stmt, _at: At) {}
    /// An expression whose value is used, before what is in it.
    fn expr(&mut self, _expr: &'a Expr, _at: At) {}
    /// A name that is bound or unbound: the expression is a Name.
    fn target(&mut self, _target: &'a Expr, _at: At) {}
}

/// Walks over a module.
pub fn walk<'a>(module: &'a Module, tree: &'a ScopeTree, visit: &mut impl Visit<'a>) {
    let at = At {
        scope: ScopeTree::MODULE,
        guards: Guards::default(),
    };
    let probes = Probes::of(module, tree);
    Walk {
        tree,
        probes,
        visit,
    }
    .block(&module.body, at);
}

struct Walk<'a, 'v, V> {
    tree: &'a ScopeTree,
    probes: Probes<'a>,
    visit: &'v mut V,
}

impl<'a, V: Visit<'a>> Walk<'a, '_, V> {
    fn block(&mut self, body: &'a [Stmt], at: At) {
        let mut at = at;
        for stmt in body {
            self.stmt(stmt, at);
            // `if not hasattr(..): return`: what follows counts on the answer.
            if let StmtKind::If { branches, .. } = &stmt.kind
                && branches.iter().any(|branch| self.probes.ask(&branch.test))
            {
                at.guards = at.guards.with(Guards::PROBED);
            }
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt, at: At) {
        self.visit.stmt(stmt, at);
        match &stmt.kind {
            StmtKind::Expr(value) => self.expr(value, at),
            StmtKind::Assign { targets, value } => {
                self.expr(value, at);
                targets.iter().for_each(|target| self.target(target, at));
            }
            StmtKind::AugAssign { target, value, .. } => {
                if matches!(target.kind, ExprKind::Name(_)) {
                    self.expr(target, at);
                }
                self.target(target, at);
                self.expr(value, at);
            }
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                ..
            } => {
                value.iter().for_each(|value| self.expr(value, at));
                self.target(target, at);
                self.annotation(annotation, at);
            }
            StmtKind::TypeAlias {
                name,
                type_params,
                value,
            } => {
                let at = self.type_params(type_params, NodeKey::of(name, Role::TypeParams), at);
                self.lazy(value, at);
            }
            StmtKind::Return(value) => value.iter().for_each(|value| self.expr(value, at)),
            StmtKind::Del(targets) => targets.iter().for_each(|target| self.target(target, at)),
            StmtKind::Raise { exc, cause } => {
                exc.iter().chain(cause).for_each(|expr| self.expr(expr, at));
            }
            StmtKind::Assert { test, msg } => {
                self.expr(test, at);
                msg.iter().for_each(|msg| self.expr(msg, at));
            }
            StmtKind::FunctionDef(def) => self.function(def, at),
            StmtKind::ClassDef(def) => self.class(def, at),
            _ => self.compound(stmt, at),
        }
    }

    fn compound(&mut self, stmt: &'a Stmt, at: At) {
        match &stmt.kind {
            StmtKind::If { branches, orelse } => {
                let mut at = at;
                for branch in branches {
                    if self.probes.ask(&branch.test) {
                        at.guards = at.guards.with(Guards::PROBED);
                    }
                    self.expr(&branch.test, at);
                    self.block(&branch.body, at);
                }
                self.block(orelse, at);
            }
            StmtKind::While { test, body, orelse } => {
                self.expr(test, at);
                self.block(body, at);
                self.block(orelse, at);
            }
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
                ..
            } => {
                self.expr(iter, at);
                self.target(target, at);
                self.block(body, at);
                self.block(orelse, at);
            }
            StmtKind::With { items, body, .. } => {
                let mut inside = at;
                for item in items {
                    self.expr(&item.context, at);
                    item.target
                        .iter()
                        .for_each(|target| self.target(target, at));
                    inside.guards = inside.guards.with(expecting(&item.context));
                }
                self.block(body, inside);
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finally,
                ..
            } => {
                let guarded = At {
                    guards: at.guards.with(Guards::of_handlers(handlers)),
                    ..at
                };
                self.block(body, guarded);
                for handler in handlers {
                    handler.ty.iter().for_each(|ty| self.expr(ty, at));
                    // Where an import failed, what other versions have is tried.
                    let inside = match guarded.guards.has(Guards::FALLBACK) {
                        true => At {
                            guards: at.guards.with(Guards::IMPORT).with(Guards::ATTRIBUTE),
                            ..at
                        },
                        false => at,
                    };
                    self.block(&handler.body, inside);
                }
                self.block(orelse, at);
                self.block(finally, at);
            }
            StmtKind::Match { subject, cases } => {
                self.expr(subject, at);
                for case in cases {
                    self.pattern(&case.pattern, at);
                    case.guard.iter().for_each(|guard| self.expr(guard, at));
                    self.block(&case.body, at);
                }
            }
            _ => {}
        }
    }

    fn function(&mut self, def: &'a FunctionDef, at: At) {
        def.decorators.iter().for_each(|it| self.expr(it, at));
        let params = params_in_source(&def.params);
        params
            .filter_map(|param| param.default.as_ref())
            .for_each(|default| self.expr(default, at));
        let outer = self.type_params(&def.type_params, NodeKey::of(def, Role::TypeParams), at);
        params_in_source(&def.params)
            .filter_map(|param| param.annotation.as_ref())
            .chain(&def.returns)
            .for_each(|annotation| self.annotation(annotation, outer));
        let inside = At {
            scope: self.tree.of(def, Role::Body),
            guards: at.guards.inside_function(),
        };
        self.block(&def.body, inside);
    }

    fn class(&mut self, def: &'a ClassDef, at: At) {
        def.decorators.iter().for_each(|it| self.expr(it, at));
        let outer = self.type_params(&def.type_params, NodeKey::of(def, Role::TypeParams), at);
        for arg in &def.args {
            self.expr(arg.value(), outer);
        }
        let inside = At {
            scope: self.tree.of(def, Role::Body),
            ..at
        };
        self.block(&def.body, inside);
    }

    fn type_params(&mut self, params: &'a [TypeParam], key: NodeKey, at: At) -> At {
        let Some(scope) = self.tree.of_key(key).filter(|_| !params.is_empty()) else {
            return at;
        };
        let inside = At { scope, ..at };
        for param in params {
            if let TypeParamKind::TypeVar { bound: Some(bound) } = &param.kind {
                self.lazy(bound, inside);
            }
            param
                .default
                .iter()
                .for_each(|default| self.lazy(default, inside));
        }
        inside
    }

    fn lazy(&mut self, value: &'a Expr, at: At) {
        let scope = self.tree.of_key(NodeKey::of(value, Role::Lazy));
        let inside = At {
            scope: scope.unwrap_or(at.scope),
            ..at
        };
        self.expr(value, inside);
    }

    /// Annotations that are text, or that nothing evaluates, are walked all the same: names in them are used.
    fn annotation(&mut self, annotation: &'a Expr, at: At) {
        let guards = if self.tree.annotations == Annotations::Texts {
            at.guards.with(Guards::ALL)
        } else {
            at.guards
        };
        self.expr(annotation, At { guards, ..at });
    }

    fn pattern(&mut self, pattern: &'a Pattern, at: At) {
        match &pattern.kind {
            PatternKind::Value(value) => self.expr(value, at),
            PatternKind::Sequence(items) | PatternKind::Or(items) => {
                items.iter().for_each(|item| self.pattern(item, at));
            }
            PatternKind::Mapping { items, .. } => {
                for (key, value) in items {
                    self.expr(key, at);
                    self.pattern(value, at);
                }
            }
            PatternKind::Class {
                class,
                positional,
                keywords,
            } => {
                self.expr(class, at);
                positional.iter().for_each(|item| self.pattern(item, at));
                keywords.iter().for_each(|(_, item)| self.pattern(item, at));
            }
            PatternKind::As { pattern, .. } => self.pattern(pattern, at),
            PatternKind::Wildcard
            | PatternKind::Capture(_)
            | PatternKind::Singleton(_)
            | PatternKind::Star(_) => {}
        }
    }

    fn target(&mut self, target: &'a Expr, at: At) {
        match &target.kind {
            ExprKind::Name(_) => self.visit.target(target, at),
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|item| self.target(item, at));
            }
            ExprKind::Starred(inner) => self.target(inner, at),
            ExprKind::Attribute { value, .. } => self.expr(value, at),
            ExprKind::Subscript { value, index } => {
                self.expr(value, at);
                self.expr(index, at);
            }
            _ => self.expr(target, at),
        }
    }

    fn expr(&mut self, expr: &'a Expr, at: At) {
        self.visit.expr(expr, at);
        match &expr.kind {
            ExprKind::Lambda(lambda) => {
                crate::syntax::visit::defaults(&lambda.params, &mut |default| {
                    self.expr(default, at);
                });
                let body = self.inside(&**lambda, at);
                let inside = At {
                    guards: body.guards.inside_function(),
                    ..body
                };
                self.expr(&lambda.body, inside);
            }
            ExprKind::ListComp { element, clauses }
            | ExprKind::SetComp { element, clauses }
            | ExprKind::GeneratorExp { element, clauses } => {
                let inside = self.clauses(clauses, at);
                self.expr(element, inside);
            }
            ExprKind::DictComp {
                key,
                value,
                clauses,
            } => {
                let inside = self.clauses(clauses, at);
                self.expr(key, inside);
                self.expr(value, inside);
            }
            ExprKind::BoolOp { values, .. } => {
                let mut at = at;
                for value in values {
                    self.expr(value, at);
                    if self.probes.ask(value) {
                        at.guards = at.guards.with(Guards::PROBED);
                    }
                }
            }
            ExprKind::IfExp { test, body, orelse } => {
                self.expr(test, at);
                let mut at = at;
                if self.probes.ask(test) {
                    at.guards = at.guards.with(Guards::PROBED);
                }
                self.expr(body, at);
                self.expr(orelse, at);
            }
            kind => crate::syntax::visit::children(kind, &mut |child| self.expr(child, at)),
        }
    }

    /// Inside of a lambda or a comprehension. One in an annotation that nothing evaluates has no scope of its own: of the names in it
    /// nothing is known.
    fn inside<T>(&self, node: &T, at: At) -> At {
        match self.tree.of_key(NodeKey::of(node, Role::Body)) {
            Some(scope) => At { scope, ..at },
            None => At {
                guards: at.guards.with(Guards::ALL),
                ..at
            },
        }
    }

    fn clauses(&mut self, clauses: &'a Vec<Comprehension>, at: At) -> At {
        let inside = self.inside(clauses, at);
        for (index, clause) in clauses.iter().enumerate() {
            let around = if index == 0 { at } else { inside };
            self.expr(&clause.iter, around);
            self.target(&clause.target, inside);
            clause.ifs.iter().for_each(|test| self.expr(test, inside));
        }
        inside
    }
}

/// `with suppress(NameError)`, `with raises(TypeError)`, `with self.assertRaises(..)`: the body is there to raise.
fn expecting(context: &Expr) -> Guards {
    let ExprKind::Call { func, args } = &context.kind else {
        return Guards::default();
    };
    let name = match &func.kind {
        ExprKind::Name(name) => name,
        ExprKind::Attribute { attr, .. } => &attr.name,
        _ => return Guards::default(),
    };
    let lower = name.to_ascii_lowercase();
    let is_expecting = ["suppress", "raises", "warn", "deprecated"]
        .iter()
        .any(|word| lower.contains(word));
    let classes = args.iter().filter(|_| is_expecting).map(Arg::value);
    let start = if is_expecting {
        Guards::ANY
    } else {
        Guards::default()
    };
    classes.fold(start, |all, class| all.with(Guards::of_class(class)))
}
