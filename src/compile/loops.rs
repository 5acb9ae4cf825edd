//! Loops: the condition or the iteration step stands at the bottom, one jump leads to it at entry.
//!
//! Contract: `each` is the one shape of iteration, for statements and comprehensions, sync and async. At the start of
//! a body only that is sure which holds before the loop and is not unbound anywhere in it.

use super::block::{Block, BlockKind};
use super::emitter::Emitter;
use super::fold::{fold, truth};
use crate::bytecode::{Label, Op, Reg};
use crate::diagnostics::Span;
use crate::syntax::ast::{BoolOp, Expr, ExprKind, Stmt, UnaryOp};

/// What a loop iterates.
#[derive(Clone, Copy)]
pub(super) struct Iteration<'a> {
    /// The register of the iterator.
    pub iterator: Reg,
    /// The expression that gave it.
    pub span: Span,
    /// Whether it is an async iterator.
    pub is_async: bool,
    /// What each item is assigned to.
    pub target: &'a Expr,
}

/// What decides how a loop statement goes on.
pub(super) struct ForLoop<'a> {
    pub target: &'a Expr,
    pub iter: &'a Expr,
    pub is_async: bool,
    pub body: &'a [Stmt],
    pub orelse: &'a [Stmt],
    pub span: Span,
}

impl<'a> Emitter<'_, 'a> {
    /// `while test: body else: orelse`
    pub fn while_loop(&mut self, test: &'a Expr, body: &'a [Stmt], orelse: &'a [Stmt], span: Span) {
        let (top, next, exit) = (self.label(), self.label(), self.label());
        let constant = fold(test).map(|value| truth(&value));
        if constant != Some(false) {
            let mut state = self.state_without(span);
            if constant.is_none() {
                self.goto(next);
                self.sure_if(test, true, &mut |var| state.set(var));
            }
            self.bind_with(top, state);
            self.in_loop(exit, next, |e| e.block(body));
            self.bind(next);
            if self.is_reachable() {
                self.jump_back_if(test, constant, top);
            }
        }
        if self.is_reachable() {
            self.block(orelse);
        }
        self.bind(exit);
    }

    /// Jumps up to the body; nothing is learnt there, so the label's state is not touched.
    fn jump_back_if(&mut self, test: &'a Expr, constant: Option<bool>, top: Label) {
        match constant {
            Some(_) => {
                self.b.set_span(test.span);
                self.jump(Op::Jmp, 0, 0, 0, top);
            }
            None => self.jump_if(test, true, top),
        }
    }

    /// The variables that surely have a value once the test came out as `sense`.
    fn sure_if(&self, test: &Expr, sense: bool, found: &mut impl FnMut(usize)) {
        match &test.kind {
            ExprKind::Named { target, value } => {
                self.sure_if(value, sense, found);
                self.variable(&target.name)
                    .into_iter()
                    .for_each(|reg| found(reg.into()));
            }
            ExprKind::UnaryOp {
                op: UnaryOp::Not,
                operand,
            } => self.sure_if(operand, !sense, found),
            ExprKind::BoolOp { op, values } if sense == (*op == BoolOp::And) => {
                values
                    .iter()
                    .for_each(|value| self.sure_if(value, sense, found));
            }
            ExprKind::BoolOp { values, .. } => values
                .iter()
                .take(1)
                .for_each(|v| self.sure_always(v, found)),
            _ => self.sure_always(test, found),
        }
    }

    fn sure_always(&self, expr: &Expr, found: &mut impl FnMut(usize)) {
        match &expr.kind {
            ExprKind::Named { .. } => self.sure_if(expr, true, found),
            ExprKind::Compare { left, rest } => {
                self.sure_always(left, found);
                rest.iter()
                    .take(1)
                    .for_each(|(_, right)| self.sure_always(right, found));
            }
            ExprKind::BinOp { left, right, .. } => {
                self.sure_always(left, found);
                self.sure_always(right, found);
            }
            _ => {}
        }
    }

    /// `[async] for target in iter: body else: orelse`
    pub fn for_loop(&mut self, stmt: &ForLoop<'a>) {
        if may_make_generator(stmt.iter) {
            return self.owning_loop(stmt);
        }
        self.scratch(|e| {
            let iteration = e.start_iteration(stmt.iter, stmt.target, stmt.is_async, 0);
            let (next, exit) = (e.label(), e.label());
            e.each(iteration, next, stmt.span, |e| {
                e.in_loop(exit, next, |e| e.block(stmt.body))
            });
            if e.is_reachable() {
                e.block(stmt.orelse);
            }
            e.bind(exit);
        });
    }

    /// A loop over what a call has just made: if that is a generator, leaving the loop early closes it. An exception that leaves
    /// the frame does not, as its traceback would keep the frame; but GeneratorExit is never kept.
    fn owning_loop(&mut self, stmt: &ForLoop<'a>) {
        self.scratch(|e| {
            let iteration = e.start_iteration(stmt.iter, stmt.target, stmt.is_async, OWNED);
            let (iterator, span, exception) = (iteration.iterator, stmt.iter.span, e.temp());
            let [next, exit, left, handler] = [(); 4].map(|()| e.label());
            let state = e.state_without(stmt.span);
            let exits_only = u8::from(!e.is_caught());
            e.push_guard(BlockKind::Owner { iterator, span }, handler, exception);
            e.each(iteration, next, stmt.span, |e| {
                e.in_loop(left, next, |e| e.block(stmt.body))
            });
            e.pop_block();
            if e.is_reachable() {
                e.block(stmt.orelse);
            }
            e.goto(exit);
            e.bind(left);
            if e.is_reachable() {
                e.op_at(span, Op::CloseIter, iterator, iterator, 0, 0);
            }
            e.goto(exit);
            e.bind_with(handler, state);
            e.op_at(span, Op::CloseIter, iterator, exception, exits_only, 0);
            e.op(Op::Reraise, exception, 0, 0, 0);
            e.bind(exit);
        });
    }

    /// Evaluates an iterable and takes its iterator, in a new temporary. `owned`: `OWNED` if the loop closes it, else 0.
    pub fn start_iteration(
        &mut self,
        iter: &'a Expr,
        target: &'a Expr,
        is_async: bool,
        owned: u8,
    ) -> Iteration<'a> {
        let iterator = self.temp();
        self.scratch(|e| {
            let iterable = e.operand_in(iter, super::expr::NOTHING, iterator);
            let op = if is_async { Op::GetAIter } else { Op::GetIter };
            e.op_at(iter.span, op, iterator, iterable, owned, 0);
        });
        Iteration {
            iterator,
            span: iter.span,
            is_async,
            target,
        }
    }

    /// The loop itself; `next` is where the step is, `span` what may unbind names.
    pub fn each(
        &mut self,
        iteration: Iteration<'a>,
        next: Label,
        span: Span,
        body: impl FnOnce(&mut Self),
    ) {
        let top = self.label();
        let state = self.state_without(span);
        self.goto(next);
        self.bind_with(top, state);
        let item = self.scratch(Self::temp);
        let variable = self.plain_target(iteration.target);
        match variable {
            Some(reg) => self.has_value(reg),
            None => self.scratch(|e| {
                let item = e.temp();
                e.assign(iteration.target, item);
            }),
        }
        body(self);
        self.bind(next);
        self.b.set_span(iteration.span);
        if !self.is_reachable() {
            return;
        }
        if iteration.is_async {
            self.async_step(iteration, variable.unwrap_or(item), item, top);
        } else {
            self.b.jump(
                Op::ForIter,
                iteration.iterator,
                variable.unwrap_or(item),
                is_pair(iteration.target).into(),
                top,
            );
        }
    }

    /// Awaits the next item; the end of the iteration arrives as an exception in `item`.
    fn async_step(&mut self, iteration: Iteration<'a>, dest: Reg, item: Reg, top: Label) {
        let (end, start) = (self.label(), self.b.here());
        let state = self.assigned.clone();
        self.op(Op::GetANext, item, iteration.iterator, 0, 0);
        self.op(Op::Await, dest, item, 0, 0);
        self.b.handler(start, self.b.here(), end, item);
        self.b.jump(Op::Jmp, 0, 0, 0, top);
        self.bind_with(end, state);
        self.op(Op::EndAsyncFor, item, 0, 0, 0);
    }

    /// The register of a target that is a plain variable.
    pub fn plain_target(&self, target: &Expr) -> Option<Reg> {
        match &target.kind {
            ExprKind::Name(name) => self.variable(name),
            _ => None,
        }
    }

    fn in_loop(&mut self, exit: Label, next: Label, body: impl FnOnce(&mut Self)) {
        self.blocks.push(Block {
            kind: BlockKind::Loop { exit, next },
            region: None,
        });
        body(self);
        self.blocks.pop();
    }

    /// `break`
    pub fn break_loop(&mut self) {
        if let Some((depth, exit, _)) = self.innermost_loop() {
            self.leave(depth, exit);
        }
    }

    /// `continue`
    pub fn continue_loop(&mut self) {
        if let Some((depth, _, next)) = self.innermost_loop() {
            self.leave(depth, next);
        }
    }

    fn innermost_loop(&self) -> Option<(usize, Label, Label)> {
        let depth = self
            .blocks
            .iter()
            .rposition(|block| matches!(block.kind, BlockKind::Loop { .. }))?;
        match self.blocks[depth].kind {
            BlockKind::Loop { exit, next } => Some((depth + 1, exit, next)),
            _ => None,
        }
    }

    /// Whether no handler of this frame could see a variable that is half written.
    pub fn is_unguarded(&self) -> bool {
        self.blocks
            .iter()
            .all(|block| matches!(block.kind, BlockKind::Loop { .. } | BlockKind::Owner { .. }))
    }

    /// Whether an exception raised here may end in this frame.
    fn is_caught(&self) -> bool {
        !self.is_unguarded()
    }
}

/// Operand c of a `GetIter` or `GetAIter` whose iterable the loop has made for itself.
const OWNED: u8 = 1;

/// Functions and methods that loops call all the time and that make no generator.
const NO_GENERATORS: [&str; 16] = [
    "dict",
    "enumerate",
    "filter",
    "items",
    "keys",
    "list",
    "map",
    "range",
    "reversed",
    "set",
    "sorted",
    "split",
    "splitlines",
    "tuple",
    "values",
    "zip",
];

/// Whether an iterable may be a generator that nothing else refers to.
pub(super) fn may_make_generator(iter: &Expr) -> bool {
    match &iter.kind {
        ExprKind::GeneratorExp { .. } => true,
        ExprKind::Call { func, .. } => match &func.kind {
            ExprKind::Name(name) => !NO_GENERATORS.contains(&&**name),
            ExprKind::Attribute { attr, .. } => !NO_GENERATORS.contains(&&*attr.name),
            _ => true,
        },
        _ => false,
    }
}

/// Whether a target takes two items from a tuple or the like.
fn is_pair(target: &Expr) -> bool {
    let (ExprKind::Tuple(items) | ExprKind::List(items)) = &target.kind else {
        return false;
    };
    items.len() == 2
        && items
            .iter()
            .all(|item| !matches!(item.kind, ExprKind::Starred(_)))
}
