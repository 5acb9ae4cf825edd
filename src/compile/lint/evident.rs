//! What the value of an expression evidently is: a literal's type, a coroutine, an object of a class that is known, None.
//!
//! Followed are calls of known functions and classes, names with one assignment, attributes of `self` with one assignment, and results
//! that signatures of the library state. Nothing is followed through branches, parameters or containers.

use super::class_facts::How;
use super::known::{Bind, Callee, Kind, Known, returns_value};
use super::members::{Found, find, is_abstract};
use super::native::{self, LOCKS, LOOPS, TASKS};
use super::signature::Bound;
use super::world::{Entity, Member};
use crate::compile::resolve::literal_kind;
use crate::compile::scope::{Role, ScopeId};
use crate::diagnostics::Span;
use crate::syntax::ast::{
    Arg, BinOp, Block, ClassDef, Expr, ExprKind, FunctionDef, StmtKind, UnaryOp,
};

/// What a value is.
#[derive(Clone, Copy)]
pub enum Evident<'a> {
    /// A coroutine: what its function is called, and where it was made.
    Coroutine(&'a str, Span),
    /// An async generator.
    AsyncGenerator(&'a str),
    /// An async context manager of asyncio, such as `timeout`, by what makes it.
    AsyncManager(&'a str),
    /// Something to await that runs by itself: a task, a future.
    Future(&'a str),
    /// An object of a class of this file.
    Instance(&'a ClassDef),
    /// What calling a class or function of a module makes.
    Of(&'a str, &'a str),
    /// None, as what this function returns.
    Nothing(&'a str),
    /// A function of this file.
    Function(&'a FunctionDef),
    /// A class of this file.
    Class(&'a ClassDef),
    /// A function or class of a module.
    Member(&'a str, &'a str),
}

/// How many assignments are followed: `x = x.next()` would lead to itself.
const STEPS: u32 = 6;

const fn builtin(name: &str) -> Evident<'_> {
    Evident::Of("builtins", name)
}

/// What an expression evidently is, seen from a scope.
pub fn evident<'a>(known: &Known<'a>, expr: &'a Expr, scope: ScopeId) -> Option<Evident<'a>> {
    within(STEPS, known, expr, scope)
}

/// What a call of this expression calls, seen from a scope; methods of objects whose class is evident, too.
pub fn callee<'a>(known: &Known<'a>, func: &'a Expr, scope: ScopeId) -> Option<Callee<'a>> {
    callee_within(STEPS, known, func, scope)
}

fn callee_within<'a>(
    steps: u32,
    known: &Known<'a>,
    func: &'a Expr,
    scope: ScopeId,
) -> Option<Callee<'a>> {
    if let Some(callee) = known.callee(func, scope) {
        return Some(callee);
    }
    let ExprKind::Attribute { value, attr } = &func.kind else {
        return None;
    };
    let name = &*attr.name;
    match within(steps, known, value, scope)? {
        Evident::Instance(class) => match find(known, class, name) {
            Found::Method(def, kind, How::Instance | How::Class) => {
                Some(Callee::Def(def, kind, Bound::ToInstance))
            }
            Found::Method(def, kind, How::Static) => Some(Callee::Def(def, kind, Bound::No)),
            Found::Library(module, class) => Some(Callee::Method(module, class, name)),
            _ => None,
        },
        Evident::Class(class) => match find(known, class, name) {
            Found::Method(def, kind, How::Class) => Some(Callee::Def(def, kind, Bound::ToInstance)),
            Found::Method(def, kind, How::Static | How::Instance) => {
                Some(Callee::Def(def, kind, Bound::No))
            }
            _ => None,
        },
        Evident::Of(module, class) => Some(Callee::Method(module, class, name)),
        Evident::Member(module, class) if known.world.entity(module, class) == Entity::Class => {
            Some(Callee::OfClass(module, class, name))
        }
        _ => None,
    }
}

fn within<'a>(
    steps: u32,
    known: &Known<'a>,
    expr: &'a Expr,
    scope: ScopeId,
) -> Option<Evident<'a>> {
    let steps = steps.checked_sub(1)?;
    match &expr.kind {
        ExprKind::Call { func, args } => called(steps, known, (func, args), expr.span, scope),
        ExprKind::Await(value) => awaited(steps, known, value, scope),
        ExprKind::Name(name) => named(steps, known, expr.span, name, scope),
        ExprKind::Attribute { value, attr } => attribute(steps, known, value, &attr.name, scope),
        ExprKind::BinOp { left, op, right } => {
            let left = within(steps, known, left, scope)?;
            if let (Evident::Of("builtins", "str"), BinOp::Mod) = (left, op) {
                return Some(left);
            }
            calculated(left, *op, within(steps, known, right, scope)?)
        }
        ExprKind::UnaryOp { op, operand } => match (op, within(steps, known, operand, scope)) {
            (UnaryOp::Not, _) => Some(builtin("bool")),
            (_, Some(Evident::Of("builtins", of @ ("int" | "float")))) => Some(builtin(of)),
            _ => None,
        },
        kind => literal(kind),
    }
}

/// What a literal or display is.
fn literal<'a>(kind: &ExprKind) -> Option<Evident<'a>> {
    let of = literal_kind(kind)?;
    // These classes have no name among the builtins, or no value of their own.
    let is_known = !matches!(
        of,
        "NoneType" | "ellipsis" | "generator" | "function" | "slice"
    );
    is_known.then(|| builtin(of))
}

/// The result of an operator on values of builtin types.
fn calculated<'a>(left: Evident<'a>, op: BinOp, right: Evident<'a>) -> Option<Evident<'a>> {
    let (Evident::Of("builtins", left), Evident::Of("builtins", right)) = (left, right) else {
        return None;
    };
    let of = match (left, op, right) {
        ("str" | "list" | "tuple", BinOp::Add, _) if left == right => left,
        ("str" | "list", BinOp::Mul, "int") => left,
        ("int", BinOp::Add | BinOp::Sub | BinOp::Mul | BinOp::FloorDiv | BinOp::Mod, "int") => {
            "int"
        }
        ("int" | "float", BinOp::Div, "int" | "float") => "float",
        ("int" | "float", BinOp::Add | BinOp::Sub | BinOp::Mul, "int" | "float") => "float",
        _ => return None,
    };
    Some(builtin(of))
}

fn named<'a>(
    steps: u32,
    known: &Known<'a>,
    span: Span,
    name: &'a str,
    scope: ScopeId,
) -> Option<Evident<'a>> {
    match known.bind(scope, name) {
        Some(Bind::Value(value)) => {
            let home = known.home(scope, name)?;
            // Read before the assignment it is something of a scope around, or nothing.
            let is_later = home.0 == scope && span.start < value.span.start;
            (!is_later && !matches!(value.kind, ExprKind::Name(_)))
                .then(|| within(steps, known, value, home.0))
                .flatten()
        }
        Some(Bind::Def(def, _)) => Some(Evident::Function(def)),
        Some(Bind::Class(class)) => Some(Evident::Class(class)),
        Some(Bind::Member(module, name)) => Some(Evident::Member(module, name)),
        Some(Bind::Module(_)) => None,
        Some(Bind::Entered(context)) => {
            let home = known.home(scope, name)?;
            match within(steps, known, context, home.0)? {
                file @ Evident::Of("io", _) => Some(file),
                Evident::AsyncManager("TaskGroup") => Some(Evident::Of("asyncio", "TaskGroup")),
                _ => None,
            }
        }
        None if known.is_builtin(scope, name) => {
            Some(Evident::Member(super::known::home_of(name), name))
        }
        None => known.class_of_self(name, scope).map(Evident::Instance),
    }
}

fn attribute<'a>(
    steps: u32,
    known: &Known<'a>,
    object: &'a Expr,
    name: &'a str,
    scope: ScopeId,
) -> Option<Evident<'a>> {
    if let Some(module) = known.module(object, scope) {
        return Some(Evident::Member(module, name));
    }
    match within(steps, known, object, scope)? {
        Evident::Instance(class) => match find(known, class, name) {
            Found::Value(Some((value, home))) => {
                let is_only = known.stores(name) == 1;
                let is_made = matches!(value.kind, ExprKind::Call { .. });
                let is_name = matches!(value.kind, ExprKind::Name(_));
                ((is_only || is_made) && !is_name)
                    .then(|| within(steps, known, value, home))
                    .flatten()
            }
            _ => None,
        },
        _ => None,
    }
}

fn called<'a>(
    steps: u32,
    known: &Known<'a>,
    (func, args): (&'a Expr, &'a [Arg]),
    span: Span,
    scope: ScopeId,
) -> Option<Evident<'a>> {
    match callee_within(steps, known, func, scope)? {
        Callee::Def(def, Kind::Coroutine, _) => Some(Evident::Coroutine(&def.name.name, span)),
        Callee::Def(def, Kind::AsyncGenerator, _) => Some(Evident::AsyncGenerator(&def.name.name)),
        // A subclass elsewhere may return something.
        Callee::Def(def, Kind::Nothing, Bound::No) if !is_abstract(def) => {
            Some(Evident::Nothing(&def.name.name))
        }
        Callee::Def(def, Kind::Value, Bound::No) => returned(steps, known, def),
        Callee::Def(..) => None,
        Callee::Class(class) => Some(Evident::Instance(class)),
        Callee::Member("builtins", "open") => {
            let class = native::file(args);
            Some(class.map_or(Evident::Of("builtins", "open"), |it| Evident::Of("io", it)))
        }
        Callee::Member("asyncio", name) => Some(native::of_asyncio(name, span)),
        Callee::Member(module, name) => Some(result(known, module, name, span)),
        Callee::Method(module, class, name) => of_method(known, (module, class), name, span),
        Callee::OfClass(..) => None,
    }
}

/// What awaiting a call of a coroutine function of this file evidently returns.
fn awaited<'a>(
    steps: u32,
    known: &Known<'a>,
    value: &'a Expr,
    scope: ScopeId,
) -> Option<Evident<'a>> {
    let ExprKind::Call { func, .. } = &value.kind else {
        return None;
    };
    match callee_within(steps, known, func, scope)? {
        Callee::Def(def, Kind::Coroutine, Bound::No) if !is_abstract(def) => {
            match returns_value(&def.body) {
                true => returned(steps, known, def),
                false => Some(Evident::Nothing(&def.name.name)),
            }
        }
        _ => None,
    }
}

/// What all returns of a function evidently have in common: a builtin type.
fn returned<'a>(steps: u32, known: &Known<'a>, def: &'a FunctionDef) -> Option<Evident<'a>> {
    const MOST: usize = 3;
    let scope = known.tree.of(def, Role::Body);
    let ends = def
        .body
        .last()
        .is_some_and(|it| matches!(it.kind, StmtKind::Return(Some(_))));
    let mut values = Vec::new();
    returns(&def.body, &mut values);
    if !ends || known.tree.get(scope).is_generator || values.len() > MOST {
        return None;
    }
    let mut all = values
        .into_iter()
        .map(|it| it.and_then(|it| within(steps, known, it, scope)?.builtin()));
    let first = all.next()??;
    all.all(|it| it == Some(first)).then_some(builtin(first))
}

/// The values that a block returns; None for a `return` without one.
pub fn returns<'a>(body: &'a Block, values: &mut Vec<Option<&'a Expr>>) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::Return(value) => values.push(value.as_ref()),
            _ => super::blocks_of_frame(stmt, &mut |inner| returns(inner, values)),
        }
    }
}

/// What a function or class of a module returns.
fn result<'a>(known: &Known<'a>, module: &'a str, name: &'a str, span: Span) -> Evident<'a> {
    if native::returns_nothing(module, name) {
        return Evident::Nothing(name);
    }
    if let Some(of) = native::returned_type(module, name) {
        return builtin(of);
    }
    if known.world.entity(module, name) == Entity::Function {
        let text = known.world.signature(module, name);
        if let Some(result) = text.and_then(|text| native::of_signature(&text, name, span)) {
            return result;
        }
    }
    Evident::Of(module, name)
}

/// What a method of an object of a library's class returns.
fn of_method<'a>(
    known: &Known<'a>,
    (module, class): (&'a str, &'a str),
    name: &'a str,
    span: Span,
) -> Option<Evident<'a>> {
    if module == "asyncio" {
        if LOOPS.contains(&class) {
            let makes = TASKS.iter().find(|it| **it == name)?;
            return Some(Evident::Future(makes));
        }
        if native::is_coroutine_method(class, name) {
            return Some(Evident::Coroutine(name, span));
        }
    }
    if known.world.entity(module, class) != Entity::Class {
        return None;
    }
    match known.world.member(module, class, name) {
        Member::Method(text) => native::of_signature(&text, name, span),
        _ => None,
    }
}

impl<'a> Evident<'a> {
    /// Whether it makes a task that goes on by itself.
    pub fn is_task(&self) -> bool {
        matches!(self, Evident::Future(name) if TASKS.contains(name))
    }

    /// Whether only `async with` takes it.
    pub fn is_async_manager(&self) -> bool {
        match self {
            Evident::AsyncManager(_) => true,
            Evident::Of("asyncio", class) => LOCKS.contains(class),
            _ => false,
        }
    }

    /// Whether it is a lock of threads.
    pub fn is_thread_lock(&self) -> bool {
        matches!(
            self,
            Evident::Of(
                "threading",
                "Lock" | "RLock" | "Condition" | "Semaphore" | "BoundedSemaphore"
            )
        )
    }

    /// Whether it is one of asyncio's queues.
    pub fn is_queue(&self) -> bool {
        matches!(
            self,
            Evident::Of("asyncio", "Queue" | "PriorityQueue" | "LifoQueue")
        )
    }

    /// The builtin type that it is an object of.
    pub fn builtin(&self) -> Option<&'a str> {
        match self {
            Evident::Of("builtins", name) => Some(name),
            _ => None,
        }
    }
}
