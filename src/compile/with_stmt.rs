//! `with` and `async with`.
//!
//! Contract: the manager stays in a register from its evaluation to its exit, and its method `__exit__`, which is looked up before the
//! body runs, in the next one. The target is assigned inside of what
//! the manager guards, as in CPython. Several items nest.

use super::assigned::Assigned;
use super::block::BlockKind;
use super::emitter::Emitter;
use crate::bytecode::{Imm, Label, Op, Reg};
use crate::diagnostics::Span;
use crate::syntax::ast::{Stmt, WithItem};

impl<'a> Emitter<'_, 'a> {
    /// The whole statement; the first item is the outermost.
    pub fn with_stmt(
        &mut self,
        items: &'a [WithItem],
        body: &'a [Stmt],
        is_async: bool,
        span: Span,
    ) {
        let Some((item, inner)) = items.split_first() else {
            return self.block(body);
        };
        self.scratch(|e| {
            let (manager, exit, handler) = (e.temps(2), e.label(), e.label());
            let at = item.context.span;
            e.expr_to(&item.context, manager);
            e.op_at(at, Op::CheckWith, manager, manager + 1, is_async.into(), 0);
            let state = e.state_without(span);
            e.scratch(|e| {
                let value = e.temps(2);
                e.copy(value + 1, manager);
                let enter = if is_async { "__aenter__" } else { "__enter__" };
                let enter = e.b.name(&enter.into());
                e.op(Op::CallSpecial, value, 0, 0, enter);
                if is_async {
                    e.op(Op::Await, value, value, 0, 0);
                }
                e.push_guard(
                    BlockKind::With {
                        manager,
                        is_async,
                        span: at,
                    },
                    handler,
                    value,
                );
                if let Some(target) = &item.target {
                    e.assign(target, value);
                }
            });
            e.with_stmt(inner, body, is_async, span);
            e.pop_block();
            if e.is_reachable() {
                e.exit_normally(manager, is_async, at);
            }
            e.goto(exit);
            e.b.set_span(at);
            e.exit_on_exception(manager, is_async, (handler, state), exit);
            e.bind(exit);
        });
    }

    /// Calls the exit method of `R[manager]` with the three arguments from `base + 2` on, awaits the result if it is an async one.
    fn call_exit(&mut self, base: Reg, manager: Reg, is_async: bool) {
        let name = if is_async { "__aexit__" } else { "__exit__" };
        let name = self.b.name(&name.into());
        self.copy(base, manager + 1);
        self.copy(base + 1, manager);
        self.op(Op::CallSpecial, base, 3, 1, name);
        if is_async {
            self.op(Op::Await, base, base, 0, 0);
        }
    }

    /// `__exit__(None, None, None)`
    pub fn exit_normally(&mut self, manager: Reg, is_async: bool, span: Span) {
        self.b.set_span(span);
        self.scratch(|e| {
            let base = e.temps(5);
            (base + 2..=base + 4).for_each(|reg| e.imm(reg, Imm::None));
            e.call_exit(base, manager, is_async);
        });
    }

    /// `__exit__(type, exception, traceback)`, whose result says whether the exception ends here.
    fn exit_on_exception(
        &mut self,
        manager: Reg,
        is_async: bool,
        handler: (Label, Assigned),
        exit: Label,
    ) {
        self.scratch(|e| {
            let exception = e.start_handler(handler.0, handler.1);
            e.push_handling(exception);
            let base = e.temps(5);
            e.op(Op::ExcInfo, base + 2, exception, 0, 0);
            e.call_exit(base, manager, is_async);
            e.jump(Op::JmpIf, base, 0, 0, exit);
            e.op(Op::Reraise, exception, 0, 0, 0);
            e.pop_block();
        });
    }
}
