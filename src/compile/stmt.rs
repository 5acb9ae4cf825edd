//! Statements: one arm each, the work is in the topic's file.
//!
//! Contract: a statement that no path reaches leaves no code. A new form of statement needs its arm here; the match
//! has no default so that the compiler asks for it.

use super::Mode;
use super::emitter::Emitter;
use super::loops::ForLoop;
use super::registers::row;
use super::try_stmt::Try;
use crate::bytecode::{Imm, Op};
use crate::syntax::ast::{Arg, Block, Expr, ExprKind, IfBranch, Stmt, StmtKind};

impl<'a> Emitter<'_, 'a> {
    /// Statements in a row.
    pub fn block(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            if !self.is_reachable() {
                return;
            }
            let floor = std::mem::replace(&mut self.floor, self.regs.mark());
            self.stmt(stmt);
            self.floor = floor;
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        let span = stmt.span;
        self.note(span);
        self.b.set_span(span);
        match &stmt.kind {
            StmtKind::Expr(value) => self.expr_stmt(value),
            StmtKind::Assign { targets, value } => self.assign_stmt(targets, value),
            StmtKind::AugAssign { target, op, value } => self.aug_assign(target, *op, value, span),
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                simple,
            } => {
                self.ann_assign(target, annotation, value.as_ref(), *simple);
            }
            StmtKind::TypeAlias {
                name,
                type_params,
                value,
            } => self.type_alias(name, type_params, value),
            StmtKind::Return(value) => self.return_stmt(value.as_ref(), span),
            StmtKind::Del(targets) => targets.iter().for_each(|target| self.delete(target)),
            StmtKind::Pass | StmtKind::Global(_) | StmtKind::Nonlocal(_) => {}
            StmtKind::Break => self.break_loop(),
            StmtKind::Continue => self.continue_loop(),
            StmtKind::Raise { exc, cause } => self.raise(exc.as_ref(), cause.as_ref(), span),
            StmtKind::Assert { test, msg } => self.assert(test, msg.as_ref()),
            StmtKind::Import(names) => names.iter().for_each(|alias| self.import(alias)),
            StmtKind::ImportFrom {
                module,
                level,
                names,
            } => self.import_from(module.as_ref(), *level, names, span),
            StmtKind::If { branches, orelse } => self.if_stmt(branches, orelse),
            StmtKind::While { test, body, orelse } => self.while_loop(test, body, orelse, span),
            StmtKind::For {
                is_async,
                target,
                iter,
                body,
                orelse,
            } => {
                self.for_loop(&ForLoop {
                    target,
                    iter,
                    is_async: *is_async,
                    body,
                    orelse,
                    span,
                });
            }
            StmtKind::With {
                is_async,
                items,
                body,
            } => self.with_stmt(items, body, *is_async, span),
            StmtKind::Try {
                body,
                handlers,
                is_star,
                orelse,
                finally,
            } => {
                self.try_stmt(Try {
                    body,
                    handlers,
                    is_star: *is_star,
                    orelse,
                    finally,
                    span,
                });
            }
            StmtKind::Match { subject, cases } => self.match_stmt(subject, cases),
            StmtKind::FunctionDef(def) => self.function_def(def),
            StmtKind::ClassDef(def) => self.class_def(def),
        }
    }

    fn expr_stmt(&mut self, value: &'a Expr) {
        let is_top = self.kind.is_module();
        if self.unit.mode != Mode::Interactive || !is_top {
            self.effect(value);
            if is_top && uses_unnamed_file(value) {
                self.clear_temporaries();
            }
            return;
        }
        self.scratch(|e| {
            let reg = e.expr_temp(value);
            e.op_at(value.span, Op::Display, reg, 0, 0, 0);
        });
    }

    /// Overwrites the registers that a call just used: a file that has no name must not stay alive in one, as nobody can close it.
    fn clear_temporaries(&mut self) {
        self.scratch(|e| {
            let first = e.regs.take(UNNAMED_FILE_REGISTERS);
            for reg in row(first).take(UNNAMED_FILE_REGISTERS) {
                e.imm(reg, Imm::Undef);
            }
        });
    }

    fn if_stmt(&mut self, branches: &'a [IfBranch], orelse: &'a Block) {
        let end = self.label();
        for branch in branches {
            if !self.is_reachable() {
                break;
            }
            let other = self.label();
            self.note(branch.test.span);
            self.jump_if(&branch.test, false, other);
            self.block(&branch.body);
            self.goto_unless_next(branch, branches, orelse, end);
            self.bind(other);
        }
        self.block(orelse);
        self.bind(end);
    }

    /// The last branch without `else` falls through to the end.
    fn goto_unless_next(
        &mut self,
        branch: &IfBranch,
        all: &[IfBranch],
        orelse: &Block,
        end: crate::bytecode::Label,
    ) {
        let is_last = all.last().is_some_and(|last| std::ptr::eq(last, branch));
        if !is_last || !orelse.is_empty() {
            self.goto(end);
        }
    }
}

/// As many registers as a call of a few arguments takes.
const UNNAMED_FILE_REGISTERS: usize = 6;

/// Whether a statement calls something on, or with, what a call of `open` returns.
fn uses_unnamed_file(value: &Expr) -> bool {
    let ExprKind::Call { func, args } = &value.kind else {
        return false;
    };
    let receiver = match &func.kind {
        ExprKind::Attribute { value, .. } => is_open_call(value),
        _ => false,
    };
    let given = |arg: &Arg| match arg {
        Arg::Pos(value) | Arg::Keyword { value, .. } => is_open_call(value),
        Arg::Star(_) | Arg::DoubleStar(_) => false,
    };
    receiver || args.iter().any(given)
}

fn is_open_call(value: &Expr) -> bool {
    let ExprKind::Call { func, .. } = &value.kind else {
        return false;
    };
    match &func.kind {
        ExprKind::Name(name) => &**name == "open",
        ExprKind::Attribute { attr, .. } => &*attr.name == "open",
        _ => false,
    }
}
