//! Comprehensions, which run in the frame around them, and generator expressions, which are functions.
//!
//! Contract: the first iterable is evaluated in the scope around. The variables of a comprehension have registers of
//! their own for its duration; a captured one gets a new cell each time the comprehension runs.

use super::block::BlockKind;
use super::emitter::{Emitter, Header, Home};
use super::loops::{Iteration, may_make_generator};
use super::scope::{Role, ScopeId};
use crate::bytecode::{Const, Imm, Op, Params, Reg};
use crate::diagnostics::Span;
use crate::syntax::ast::{Comprehension, Expr, ExprKind};

/// What is done with each element.
#[derive(Clone, Copy)]
enum Element<'a> {
    List(Reg, &'a Expr),
    Set(Reg, &'a Expr),
    Dict(Reg, &'a Expr, &'a Expr),
    Yield(&'a Expr),
}

impl<'a> Emitter<'_, 'a> {
    /// `[x for ...]`, `{x for ...}`, `{k: v for ...}`
    pub fn comprehension(&mut self, expr: &'a Expr, dest: Reg) {
        let result = if self.regs.is_temporary(dest) {
            dest
        } else {
            self.temp()
        };
        let (build, element, clauses) = match &expr.kind {
            ExprKind::ListComp { element, clauses } => {
                (Op::BuildList, Element::List(result, element), clauses)
            }
            ExprKind::SetComp { element, clauses } => {
                (Op::BuildSet, Element::Set(result, element), clauses)
            }
            ExprKind::DictComp {
                key,
                value,
                clauses,
            } => (Op::BuildDict, Element::Dict(result, key, value), clauses),
            _ => return,
        };
        let Some((first, rest)) = clauses.split_first() else {
            return;
        };
        let iteration = self.start_iteration(&first.iter, &first.target, first.is_async, 0);
        self.b.set_span(expr.span);
        self.op(build, result, result, 0, 0);
        let scope = self.unit.tree.of(clauses, Role::Body);
        let around = std::mem::replace(&mut self.scope, scope);
        self.place_comprehension_variables(scope, clauses);
        let floor = std::mem::replace(&mut self.floor, self.regs.mark());
        self.clause(iteration, first, rest, element);
        self.floor = floor;
        self.scope = around;
        self.copy(dest, result);
    }

    fn place_comprehension_variables(&mut self, id: ScopeId, clauses: &[Comprehension]) {
        let scope = self.unit.tree.get(id);
        for (index, symbol) in (0..)
            .zip(&scope.symbols)
            .filter(|(_, symbol)| symbol.is_bound)
        {
            let reg = self.temp();
            self.homes.insert((id, index), Home::Reg(reg));
            self.assigned.clear(reg.into());
            // The leading dot hides it from `locals()`: the register is free for others when the comprehension is over.
            self.name_local(&format!(".{}", symbol.name).into(), reg);
            let is_set_first = self.plain_target(&clauses[0].target) == Some(reg);
            let is_sure = only_names(&clauses[0].target) && (clauses.len() == 1 || is_set_first);
            if symbol.is_cell || !is_sure {
                self.imm(reg, Imm::Undef);
            }
            if symbol.is_cell {
                self.op(Op::MakeCell, reg, 0, 0, 0);
            }
        }
    }

    fn clause(
        &mut self,
        iteration: Iteration<'a>,
        clause: &'a Comprehension,
        rest: &'a [Comprehension],
        element: Element<'a>,
    ) {
        let next = self.label();
        self.each(iteration, next, Span::default(), |e| {
            for condition in &clause.ifs {
                if e.is_reachable() {
                    e.jump_if(condition, false, next);
                }
            }
            if !e.is_reachable() {
                return;
            }
            e.scratch(|e| match rest.split_first() {
                Some((inner, rest)) => {
                    let iteration =
                        e.start_iteration(&inner.iter, &inner.target, inner.is_async, 0);
                    e.clause(iteration, inner, rest, element);
                }
                None => e.element(element),
            });
        });
    }

    /// The outermost clause of a generator expression over what may be a generator that nothing else refers to: closing the
    /// expression closes that one.
    fn owned_clause(
        &mut self,
        iteration: Iteration<'a>,
        clause: &'a Comprehension,
        rest: &'a [Comprehension],
        element: Element<'a>,
    ) {
        let (iterator, span, exception) = (iteration.iterator, iteration.span, self.temp());
        let [exit, handler] = [(); 2].map(|()| self.label());
        let state = self.assigned.clone();
        self.push_guard(BlockKind::Owner { iterator, span }, handler, exception);
        self.floor = self.regs.mark();
        self.clause(iteration, clause, rest, element);
        self.pop_block();
        self.goto(exit);
        self.bind_with(handler, state);
        self.op_at(span, Op::CloseIter, iterator, exception, 1, 0);
        self.op(Op::Reraise, exception, 0, 0, 0);
        self.bind(exit);
    }

    fn element(&mut self, element: Element<'a>) {
        match element {
            Element::List(list, value) => {
                let reg = self.operand(value, super::expr::NOTHING);
                self.op_at(value.span, Op::ListAppend, list, reg, 0, 0);
            }
            Element::Set(set, value) => {
                let reg = self.operand(value, super::expr::NOTHING);
                self.op_at(value.span, Op::SetAdd, set, reg, 0, 0);
            }
            Element::Dict(dict, key, value) => {
                let key_reg = self.operand(key, value.span);
                let value = self.operand(value, super::expr::NOTHING);
                self.op_at(key.span, Op::DictSet, dict, key_reg, value, 0);
            }
            Element::Yield(value) => {
                let sent = self.temp();
                let reg = self.operand_in(value, super::expr::NOTHING, sent);
                self.op_at(value.span, Op::Yield, sent, reg, 0, 0);
            }
        }
    }

    /// `(x for ...)`: a call of a generator function with the first iterator.
    pub fn generator_expression(
        &mut self,
        element: &'a Expr,
        clauses: &'a Vec<Comprehension>,
        span: Span,
        dest: Reg,
    ) {
        let Some((first, rest)) = clauses.split_first() else {
            return;
        };
        let base = self.run_start(dest);
        let scope = self.unit.tree.of(clauses, Role::Body);
        let code = self.nested(scope, |inner| {
            let iterator = 0;
            let iteration = Iteration {
                iterator,
                span: first.iter.span,
                is_async: first.is_async,
                target: &first.target,
            };
            if !first.is_async && may_make_generator(&first.iter) {
                inner.owned_clause(iteration, first, rest, Element::Yield(element));
            } else {
                inner.clause(iteration, first, rest, Element::Yield(element));
            }
            inner.return_none(span);
            let params = Params {
                names: vec![".0".into()],
                posonly: 1,
                positional: 1,
                ..Params::default()
            };
            Header {
                span,
                begin: span.start,
                params,
                doc: None,
            }
        });
        self.b.set_span(span);
        self.make_plain_function(base, code);
        let owned = u8::from(!first.is_async && may_make_generator(&first.iter));
        self.start_iteration(&first.iter, &first.target, first.is_async, owned);
        self.op_at(span, Op::Call, base, 1, 0, 0);
        self.copy(dest, base);
    }

    /// A function without defaults and annotations.
    pub fn make_plain_function(&mut self, dest: Reg, code: i32) {
        self.scratch(|e| {
            let extras = e.temps(3);
            (extras..extras + 3).for_each(|reg| e.imm(reg, Imm::Undef));
            e.op(Op::MakeFunction, dest, extras, 0, code);
        });
    }

    /// Ends a frame that has nothing to give.
    pub fn return_none(&mut self, span: Span) {
        if self.is_reachable() {
            self.b.set_span(span);
            self.scratch(|e| {
                let none = e.temp();
                e.load_const(none, Const::None);
                e.return_reg(none, span);
            });
        }
    }
}

/// Whether assigning to a target reads no variable.
fn only_names(target: &Expr) -> bool {
    match &target.kind {
        ExprKind::Name(_) => true,
        ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().all(only_names),
        ExprKind::Starred(inner) => only_names(inner),
        _ => false,
    }
}
