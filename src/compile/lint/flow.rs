//! Which variables have a value at each point of a function: a walk along its paths.
//!
//! For each point: what may be bound (some path binds it) and what must be (every path does). Loops add to the first what their
//! bodies bind; a `try` may end anywhere in its body. After a statement that leaves its block everything counts as bound, for nothing
//! runs there. Functions inside run later and are not entered.

use std::collections::HashSet;

use super::bound_names::{bound_names, pattern_names};
use super::known::Known;
use super::walk::{Guards, Probes};
use crate::compile::scope::{Role, ScopeId, ScopeKind, ScopeTree};
use crate::diagnostics::Span;
use crate::syntax::ast::{
    Block, Constant, ExceptHandler, Expr, ExprKind, ImportNames, MatchCase, Pattern, PatternKind,
    Stmt, StmtKind,
};
use crate::syntax::visit::{children, defaults};

/// A read of a variable.
pub struct Event<'a> {
    /// The variable.
    pub name: &'a str,
    /// Where it is read.
    pub span: Span,
    /// Whether some path has bound it.
    pub may_be_bound: bool,
    /// Where the `except ... as` is that unbound it, if that is the reason.
    pub unbound: Option<Span>,
    /// The only thing that may have left it out, if it is one and this read follows at the same level.
    pub partly: Option<Span>,
}

/// What holds at a point.
#[derive(Clone, Default)]
struct State<'a> {
    /// Nothing runs here.
    is_dead: bool,
    may: HashSet<&'a str>,
    must: HashSet<&'a str>,
    /// What an `if` or `try` of this level has bound on one path only, and where that is.
    partly: Vec<(&'a str, Span, u32)>,
    unbound: Vec<(&'a str, Span)>,
}

/// The walk.
pub struct Flow<'a> {
    scope: ScopeId,
    tree: &'a ScopeTree,
    names: HashSet<&'a str>,
    probes: &'a Probes<'a>,
    state: State<'a>,
    /// How many blocks are around.
    depth: u32,
    /// What holds where a `break` leaves the loop: one entry a loop around.
    breaks: Vec<Vec<State<'a>>>,
}

type Hear<'h, 'a> = &'h mut dyn FnMut(Event<'a>);

impl<'a> Flow<'a> {
    /// A walk that follows these names of a scope.
    pub fn new(scope: ScopeId, known: &'a Known<'a>, names: HashSet<&'a str>) -> Flow<'a> {
        Flow {
            scope,
            tree: known.tree,
            names,
            probes: &known.probes,
            state: State::default(),
            depth: 0,
            breaks: Vec::new(),
        }
    }

    /// Walks, and tells of each read of a name that is not bound on every path.
    pub fn run(&mut self, body: &'a [Stmt], hear: Hear<'_, 'a>) {
        body.iter().for_each(|stmt| self.stmt(stmt, hear));
    }

    fn block(&mut self, body: &'a [Stmt], hear: Hear<'_, 'a>) {
        self.depth += 1;
        body.iter().for_each(|stmt| self.stmt(stmt, hear));
        self.depth -= 1;
    }

    fn stmt(&mut self, stmt: &'a Stmt, hear: Hear<'_, 'a>) {
        match &stmt.kind {
            StmtKind::Expr(value) => self.expr(value, hear),
            StmtKind::Assign { targets, value } => {
                self.expr(value, hear);
                targets.iter().for_each(|target| self.target(target, hear));
            }
            StmtKind::AugAssign { target, value, .. } => {
                self.expr(target, hear);
                self.expr(value, hear);
                self.target(target, hear);
            }
            StmtKind::AnnAssign { target, value, .. } => {
                if let Some(value) = value {
                    self.expr(value, hear);
                    self.target(target, hear);
                }
            }
            StmtKind::TypeAlias { name, .. } => self.bind(&name.name),
            StmtKind::Return(value) => {
                value.iter().for_each(|value| self.expr(value, hear));
                self.state.is_dead = true;
            }
            StmtKind::Raise { exc, cause } => {
                exc.iter()
                    .chain(cause)
                    .for_each(|expr| self.expr(expr, hear));
                self.state.is_dead = true;
            }
            StmtKind::Continue => self.state.is_dead = true,
            StmtKind::Break => {
                if let Some(breaks) = self.breaks.last_mut() {
                    breaks.push(self.state.clone());
                }
                self.state.is_dead = true;
            }
            StmtKind::Assert { test, msg } => {
                self.expr(test, hear);
                msg.iter().for_each(|msg| self.expr(msg, hear));
                if matches!(
                    test.kind,
                    ExprKind::Constant(Constant::Bool(false) | Constant::Int(0))
                ) {
                    self.state.is_dead = true;
                }
            }
            StmtKind::Del(targets) => targets.iter().for_each(|target| self.delete(target, hear)),
            StmtKind::Import(names) => {
                for alias in names {
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.bind(bound.name.split('.').next().unwrap_or_default());
                }
            }
            StmtKind::ImportFrom { names, .. } => {
                if let ImportNames::Names(names) = names {
                    names
                        .iter()
                        .for_each(|it| self.bind(&it.asname.as_ref().unwrap_or(&it.name).name));
                }
            }
            StmtKind::FunctionDef(def) => {
                def.decorators.iter().for_each(|it| self.expr(it, hear));
                defaults(&def.params, &mut |default| self.expr(default, hear));
                self.bind(&def.name.name);
            }
            StmtKind::ClassDef(def) => {
                def.decorators.iter().for_each(|it| self.expr(it, hear));
                def.args.iter().for_each(|arg| self.expr(arg.value(), hear));
                self.bind(&def.name.name);
            }
            _ => self.compound(stmt, hear),
        }
    }

    fn compound(&mut self, stmt: &'a Stmt, hear: Hear<'_, 'a>) {
        match &stmt.kind {
            StmtKind::If { branches, orelse } => {
                let known = self.partial();
                // Which of them runs depends on where it runs: each may read what only another version or system has.
                let is_asked = branches.iter().any(|it| self.probes.ask(&it.test));
                let mut silent = |_: Event<'a>| ();
                let mut ends = Vec::new();
                for branch in branches {
                    self.expr(&branch.test, hear);
                    let before = self.state.clone();
                    self.block(&branch.body, if is_asked { &mut silent } else { hear });
                    ends.push(std::mem::replace(&mut self.state, before));
                    if is_true(&branch.test) {
                        self.state.is_dead = true;
                    }
                }
                self.block(orelse, if is_asked { &mut silent } else { hear });
                ends.push(std::mem::take(&mut self.state));
                // Of several branches one may be known to be taken.
                let alone =
                    (branches.len() == 1 && orelse.is_empty()).then(|| branches[0].test.span);
                self.join(ends, alone.map(|span| (span, known)));
            }
            StmtKind::While { test, body, orelse } => {
                self.expect(body);
                self.expr(test, hear);
                let before = self.state.clone();
                self.looped(body, before, is_true(test), orelse, hear);
            }
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
                ..
            } => {
                self.expr(iter, hear);
                self.expect(body);
                let before = self.state.clone();
                self.target(target, hear);
                self.looped(body, before, false, orelse, hear);
            }
            StmtKind::With { items, body, .. } => {
                for item in items {
                    self.expr(&item.context, hear);
                    item.target
                        .iter()
                        .for_each(|target| self.target(target, hear));
                }
                let before = self.state.clone();
                self.block(body, hear);
                // The manager may swallow what the body raises.
                if self.state.is_dead {
                    self.state = before;
                    self.expect(body);
                    self.state.must.extend(self.names.iter().copied());
                }
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finally,
                ..
            } => self.attempt(body, handlers, (orelse, finally), hear),
            StmtKind::Match { subject, cases } => {
                self.expr(subject, hear);
                self.cases(cases, hear);
            }
            _ => {}
        }
    }

    fn looped(
        &mut self,
        body: &'a Block,
        before: State<'a>,
        is_endless: bool,
        orelse: &'a Block,
        hear: Hear<'_, 'a>,
    ) {
        self.breaks.push(Vec::new());
        self.block(body, hear);
        let mut ends = self.breaks.pop().unwrap_or_default();
        let after_body = std::mem::replace(&mut self.state, before);
        self.state.may.extend(after_body.may);
        self.state.is_dead |= is_endless;
        self.block(orelse, hear);
        ends.push(std::mem::take(&mut self.state));
        self.join(ends, None);
    }

    fn attempt(
        &mut self,
        body: &'a Block,
        handlers: &'a [ExceptHandler],
        (orelse, finally): (&'a Block, &'a Block),
        hear: Hear<'_, 'a>,
    ) {
        let known = self.partial();
        let before = self.state.clone();
        if Guards::of_handlers(handlers).has(Guards::NAME) {
            // Whether a name has a value is what this asks.
            self.block(body, &mut |_| ());
        } else {
            self.block(body, hear);
        }
        self.block(orelse, hear);
        let whole = std::mem::replace(&mut self.state, before);
        self.expect(body);
        let interrupted = self.state.clone();
        let mut ends = vec![whole];
        let mut may = HashSet::new();
        for handler in handlers {
            self.state = interrupted.clone();
            handler.ty.iter().for_each(|ty| self.expr(ty, hear));
            handler.name.iter().for_each(|name| self.bind(&name.name));
            self.block(&handler.body, hear);
            if let Some(name) = &handler.name {
                self.unbind(&name.name);
                self.state.unbound.push((&name.name, name.span));
            }
            if !self.state.is_dead && handler.body.last().is_some_and(may_exit) {
                // The names that it binds have values if the call returns.
                may.extend(self.state.may.iter().copied());
                self.state.is_dead = true;
            }
            ends.push(std::mem::take(&mut self.state));
        }
        // A handler that assigns something may say by it that the body failed.
        let is_plain = handlers.len() == 1 && handlers[0].body.iter().all(says_nothing);
        let alone = is_plain.then(|| body.first().map_or(Span::default(), |first| first.span));
        self.join(ends, alone.map(|span| (span, known)));
        self.state.may.extend(may);
        if !finally.is_empty() {
            let after = self.state.clone();
            self.state.may.extend(interrupted.may);
            self.state.must = interrupted.must;
            self.state.is_dead = false;
            let must = self.state.must.clone();
            // Whether the body ran to its end is what a `finally` cannot know: nothing there is told of but what nobody binds.
            self.state.must.extend(self.state.may.iter().copied());
            self.block(finally, hear);
            let bound: Vec<&str> = self.state.must.difference(&must).copied().collect();
            let is_dead = self.state.is_dead || after.is_dead;
            let may = std::mem::take(&mut self.state.may);
            self.state = after;
            self.state.is_dead = is_dead;
            self.state.may.extend(may);
            let again: HashSet<&str> = bound_names(finally, &self.names);
            self.state
                .must
                .extend(bound.into_iter().filter(|name| again.contains(name)));
        }
    }

    fn cases(&mut self, cases: &'a [MatchCase], hear: Hear<'_, 'a>) {
        let mut ends = Vec::new();
        for case in cases {
            let before = self.state.clone();
            self.pattern(&case.pattern);
            case.guard.iter().for_each(|guard| self.expr(guard, hear));
            self.block(&case.body, hear);
            let end = std::mem::replace(&mut self.state, before);
            self.state.may.extend(end.may.iter().copied());
            ends.push(end);
            if case.guard.is_none() && is_catch_all(&case.pattern) {
                self.state.is_dead = true;
            }
        }
        ends.push(std::mem::take(&mut self.state));
        self.join(ends, None);
    }

    /// The names that some path here has bound and another has not.
    fn partial(&self) -> HashSet<&'a str> {
        self.state
            .may
            .difference(&self.state.must)
            .copied()
            .collect()
    }

    /// The state where several paths meet. `alone`: where one path has no statement of its own, the condition, and the names that were
    /// bound on some paths only before it.
    fn join(&mut self, ends: Vec<State<'a>>, alone: Option<(Span, HashSet<&'a str>)>) {
        let mut live = ends.iter().filter(|end| !end.is_dead);
        let Some(first) = live.next() else {
            self.state = ends.into_iter().next().unwrap_or_default();
            self.state.is_dead = true;
            return;
        };
        let mut state = first.clone();
        for end in live {
            state.may.extend(end.may.iter().copied());
            state.must.retain(|name| end.must.contains(name));
            for partly in &end.partly {
                if !state.partly.contains(partly) {
                    state.partly.push(*partly);
                }
            }
            state.unbound.extend(end.unbound.iter().copied());
        }
        state.partly.retain(|(_, _, depth)| *depth <= self.depth);
        if ends.iter().any(|end| end.is_dead) {
            // The path that left may be the very one on which the name has no value.
            state.partly.clear();
        }
        if let Some((span, known)) = alone {
            let new = state.may.difference(&state.must).copied();
            let new: Vec<&str> = new.filter(|name| !known.contains(name)).collect();
            let depth = self.depth;
            state
                .partly
                .extend(new.into_iter().map(|name| (name, span, depth)));
        }
        self.state = state;
    }

    /// What a block binds may be bound from now on: it may have run before, or in part.
    fn expect(&mut self, body: &'a Block) {
        self.state.may.extend(bound_names(body, &self.names));
    }

    fn bind(&mut self, name: &str) {
        if let Some(&name) = self.names.get(name) {
            self.state.may.insert(name);
            self.state.must.insert(name);
        }
    }

    fn unbind(&mut self, name: &str) {
        if let Some(&name) = self.names.get(name) {
            self.state.may.remove(name);
            self.state.must.remove(name);
        }
    }

    fn read(&mut self, name: &'a str, span: Span, hear: Hear<'_, 'a>) {
        let Some(&name) = self.names.get(name) else {
            return;
        };
        if self.state.is_dead || self.state.must.contains(name) {
            return;
        }
        let partly = self
            .state
            .partly
            .iter()
            .find(|it| it.0 == name && it.2 == self.depth);
        hear(Event {
            name,
            span,
            may_be_bound: self.state.may.contains(name),
            unbound: self
                .state
                .unbound
                .iter()
                .find(|it| it.0 == name)
                .map(|it| it.1),
            partly: partly.map(|it| it.1),
        });
        // One word a name is enough.
        self.state.must.insert(name);
        self.state.may.insert(name);
    }

    fn delete(&mut self, target: &'a Expr, hear: Hear<'_, 'a>) {
        match &target.kind {
            ExprKind::Name(name) => {
                self.read(name, target.span, hear);
                self.unbind(name);
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|item| self.delete(item, hear));
            }
            _ => self.target(target, hear),
        }
    }

    fn target(&mut self, target: &'a Expr, hear: Hear<'_, 'a>) {
        match &target.kind {
            ExprKind::Name(name) => self.bind(name),
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                items.iter().for_each(|item| self.target(item, hear));
            }
            ExprKind::Starred(inner) => self.target(inner, hear),
            _ => children(&target.kind, &mut |child| self.expr(child, hear)),
        }
    }

    fn pattern(&mut self, pattern: &'a Pattern) {
        let mut names = Vec::new();
        pattern_names(pattern, &mut names);
        names.into_iter().for_each(|name| self.bind(name));
    }

    fn expr(&mut self, expr: &'a Expr, hear: Hear<'_, 'a>) {
        match &expr.kind {
            ExprKind::Name(name) => self.read(name, expr.span, hear),
            ExprKind::Named { target, value } => {
                self.expr(value, hear);
                self.bind(&target.name);
            }
            ExprKind::Lambda(lambda) => {
                defaults(&lambda.params, &mut |default| self.expr(default, hear));
            }
            ExprKind::IfExp { test, body, orelse } => {
                self.expr(test, hear);
                let before = self.state.must.clone();
                self.depth += 1;
                self.expr(body, hear);
                self.state.must.clone_from(&before);
                self.expr(orelse, hear);
                self.depth -= 1;
                self.state.must = before;
            }
            ExprKind::BoolOp { values, .. } => {
                for (index, value) in values.iter().enumerate() {
                    let inside = u32::from(index > 0);
                    self.depth += inside;
                    self.expr(value, hear);
                    self.depth -= inside;
                }
            }
            ExprKind::ListComp { clauses, .. }
            | ExprKind::SetComp { clauses, .. }
            | ExprKind::DictComp { clauses, .. }
            | ExprKind::GeneratorExp { clauses, .. } => {
                if let Some(first) = clauses.first() {
                    self.expr(&first.iter, hear);
                }
                self.comprehension(expr, self.tree.of(clauses, Role::Body), hear);
            }
            kind => children(kind, &mut |child| self.expr(child, hear)),
        }
    }

    /// What a comprehension reads of the variables around it, and binds there by `:=`.
    fn comprehension(&mut self, expr: &'a Expr, scope: ScopeId, hear: Hear<'_, 'a>) {
        let inner = self.tree.get(scope);
        if inner.kind == ScopeKind::Comprehension && self.scope != ScopeTree::MODULE {
            let own: HashSet<&str> = inner
                .symbols
                .iter()
                .filter(|it| it.is_bound || it.is_walrus_target)
                .map(|it| &*it.name)
                .collect();
            let hidden: Vec<&str> = self.names.intersection(&own).copied().collect();
            self.names.retain(|name| !own.contains(name));
            children(&expr.kind, &mut |child| self.expr(child, hear));
            self.names.extend(hidden);
        }
        let bound = inner.symbols.iter().filter(|it| it.is_walrus_target);
        bound.for_each(|it| self.bind(&it.name));
    }
}

/// Whether a statement leaves no trace that a later one may look at.
fn says_nothing(stmt: &Stmt) -> bool {
    matches!(stmt.kind, StmtKind::Pass | StmtKind::Expr(_))
}

/// Whether a statement may end the program: a call of something else than `print`.
fn may_exit(stmt: &Stmt) -> bool {
    let StmtKind::Expr(Expr {
        kind: ExprKind::Call { func, .. },
        ..
    }) = &stmt.kind
    else {
        return false;
    };
    !matches!(&func.kind, ExprKind::Name(name) if &**name == "print")
}

fn is_true(test: &Expr) -> bool {
    match &test.kind {
        ExprKind::Constant(Constant::Bool(true)) => true,
        ExprKind::Constant(Constant::Int(n)) => *n != 0,
        _ => false,
    }
}

fn is_catch_all(pattern: &Pattern) -> bool {
    match &pattern.kind {
        PatternKind::Wildcard | PatternKind::Capture(_) => true,
        PatternKind::As { pattern, .. } => is_catch_all(pattern),
        PatternKind::Or(items) => items.iter().any(is_catch_all),
        _ => false,
    }
}
