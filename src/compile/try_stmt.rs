//! `try`: handlers, `else`, `finally`, and exception groups.
//!
//! Contract: a body is covered by its handlers, `else` and handlers are not; all of them are covered by the same
//! statement's `finally`. While a handler or a `finally` on the way of an exception runs, a `Handling` row says so. The
//! name of `except E as name` is unbound on every way out of the clause.

use super::assigned::Assigned;
use super::block::BlockKind;
use super::emitter::Emitter;
use super::expr::NOTHING;
use crate::bytecode::{Label, Op, Reg};
use crate::diagnostics::Span;
use crate::syntax::ast::{ExceptHandler, Expr, Ident, Stmt};

/// A `try` statement.
#[derive(Clone, Copy)]
pub(super) struct Try<'a> {
    pub body: &'a [Stmt],
    pub handlers: &'a [ExceptHandler],
    pub is_star: bool,
    pub orelse: &'a [Stmt],
    pub finally: &'a [Stmt],
    pub span: Span,
}

/// The registers of an `except*` statement.
#[derive(Clone, Copy)]
struct Group {
    /// The exception as it arrived.
    whole: Reg,
    /// What no handler has matched yet, or None.
    rest: Reg,
    /// The exceptions that handlers raised, and at the end the rest.
    raised: Reg,
}

impl<'a> Emitter<'_, 'a> {
    /// The whole statement.
    pub fn try_stmt(&mut self, stmt: Try<'a>) {
        self.b.mark(stmt.span);
        if stmt.finally.is_empty() {
            return self.try_except(stmt);
        }
        let (handler, exit) = (self.label(), self.label());
        let state = self.state_without(stmt.span);
        self.push_guard(BlockKind::Finally(stmt.finally), handler, self.regs.next());
        if stmt.handlers.is_empty() {
            self.block(stmt.body);
        } else {
            self.try_except(stmt);
        }
        self.pop_block();
        if self.is_reachable() {
            self.block(stmt.finally);
        }
        self.goto(exit);
        self.finally_handler(stmt.finally, handler, state);
        self.bind(exit);
    }

    /// `finally` on the way of an exception.
    fn finally_handler(&mut self, finally: &'a [Stmt], handler: Label, state: Assigned) {
        self.scratch(|e| {
            let exception = e.start_handler(handler, state);
            e.push_handling(exception);
            e.block(finally);
            e.pop_block();
            if e.is_reachable() {
                e.op(Op::Reraise, exception, 0, 0, 0);
            }
        });
    }

    fn try_except(&mut self, stmt: Try<'a>) {
        let (handler, exit) = (self.label(), self.label());
        let state = self.state_without(stmt.span);
        self.push_guard(BlockKind::Plain, handler, self.regs.next());
        self.block(stmt.body);
        self.pop_block();
        if self.is_reachable() {
            self.block(stmt.orelse);
        }
        self.goto(exit);
        self.scratch(|e| {
            let exception = e.start_handler(handler, state);
            if stmt.is_star {
                e.star_handlers(stmt.handlers, exception, exit);
            } else {
                e.handlers(stmt.handlers, exception, exit);
            }
        });
        self.bind(exit);
    }

    fn handlers(&mut self, handlers: &'a [ExceptHandler], exception: Reg, exit: Label) {
        self.push_handling(exception);
        for handler in handlers {
            let next = self.label();
            if let Some(ty) = &handler.ty {
                self.note(ty.span);
                self.scratch(|e| {
                    let ty_reg = e.operand(ty, NOTHING);
                    let matches = e.temp();
                    e.op_at(ty.span, Op::ExcMatch, matches, exception, ty_reg, 0);
                    e.jump(Op::JmpIfNot, matches, 0, 0, next);
                });
            }
            self.handler_body(handler, exception);
            self.goto(exit);
            self.bind(next);
        }
        if self.is_reachable() {
            self.op(Op::Reraise, exception, 0, 0, 0);
        }
        self.pop_block();
    }

    fn handler_body(&mut self, handler: &'a ExceptHandler, exception: Reg) {
        match &handler.name {
            Some(name) => self.named_body(name, &handler.body, exception),
            None => self.block(&handler.body),
        }
    }

    /// Binds the exception, runs the body and unbinds the name, also if the body raises.
    fn named_body(&mut self, name: &'a Ident, body: &'a [Stmt], exception: Reg) {
        self.store_name(&name.name, name.span, exception);
        let (cleanup, done) = (self.label(), self.label());
        let state = self.state_without(body_span(body));
        let kind = BlockKind::Named {
            name: &name.name,
            span: name.span,
        };
        self.push_guard(kind, cleanup, self.regs.next());
        self.block(body);
        self.pop_block();
        if self.is_reachable() {
            // At the line of the last statement, as trace functions are told.
            let last = self.b.span();
            self.unset_name(&name.name, last);
        }
        self.goto(done);
        self.scratch(|e| {
            let raised = e.start_handler(cleanup, state);
            e.unset_name(&name.name, name.span);
            e.op(Op::Reraise, raised, 0, 0, 0);
        });
        self.bind(done);
    }

    fn star_handlers(&mut self, handlers: &'a [ExceptHandler], whole: Reg, exit: Label) {
        let group = Group {
            whole,
            rest: self.temp(),
            raised: self.temp(),
        };
        self.push_handling(whole);
        self.copy(group.rest, whole);
        self.op(Op::BuildList, group.raised, group.raised, 0, 0);
        for handler in handlers {
            if let Some(ty) = &handler.ty {
                self.note(ty.span);
                self.star_handler(handler, ty, group);
            }
        }
        self.append_unless_none(group.raised, group.rest);
        self.op(Op::ExcStarFinish, group.whole, group.raised, 0, 0);
        self.goto(exit);
        self.pop_block();
    }

    fn star_handler(&mut self, handler: &'a ExceptHandler, ty: &'a Expr, group: Group) {
        let (next, cleanup) = (self.label(), self.label());
        self.scratch(|e| {
            let part = e.temps(2);
            let ty_reg = e.operand(ty, NOTHING);
            e.op_at(ty.span, Op::ExcStarSplit, part, group.rest, ty_reg, 0);
            e.copy(group.rest, part + 1);
            e.jump(Op::JmpIfNone, part, 0, 1, next);
            let state = e.state_without(handler.span);
            e.push_guard(BlockKind::Plain, cleanup, e.regs.next());
            e.push_handling(part);
            e.handler_body(handler, part);
            e.pop_block();
            e.pop_block();
            e.goto(next);
            let raised = e.start_handler(cleanup, state);
            e.op(Op::ListAppend, group.raised, raised, 0, 0);
        });
        self.bind(next);
    }

    fn append_unless_none(&mut self, list: Reg, value: Reg) {
        let skip = self.label();
        self.jump(Op::JmpIfNone, value, 0, 1, skip);
        self.op(Op::ListAppend, list, value, 0, 0);
        self.bind(skip);
    }

    /// `raise exc from cause`
    pub fn raise(&mut self, exc: Option<&'a Expr>, cause: Option<&'a Expr>, span: Span) {
        self.scratch(|e| match (exc, cause) {
            (None, _) => e.op_at(span, Op::RaiseHandled, 0, 0, 0, 0),
            (Some(exc), None) => {
                let exc = e.operand(exc, NOTHING);
                e.op_at(span, Op::Raise, exc, 0, 0, 0);
            }
            (Some(exc), Some(cause)) => {
                let exc = e.operand(exc, cause.span);
                let cause = e.operand(cause, NOTHING);
                e.op_at(span, Op::RaiseFrom, exc, cause, 0, 0);
            }
        });
    }
}

fn body_span(body: &[Stmt]) -> Span {
    match (body.first(), body.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => Span::default(),
    }
}
