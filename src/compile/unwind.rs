//! Ways out of blocks: what `return`, `break` and `continue` run on their way, and exception table ranges with holes.
//!
//! Every statement that guards a body (`try`, `with`, an `except` clause) pushes a `Block` with the region of the
//! exception table that its body is. A jump out of it closes the regions from the inside, emits a copy of each block's
//! exit code, jumps, and opens the regions again after the jump: so the copies are not guarded by what they leave.
//! A new kind of guarded statement needs a `BlockKind` and its arm in `emit_exit`.

use super::assigned::Assigned;
use super::block::{Block, BlockKind, Region, RegionKind};
use super::emitter::Emitter;
use super::expr::NOTHING;
use crate::bytecode::{Label, Op, Reg};
use crate::diagnostics::Span;
use crate::syntax::ast::{Expr, ExprKind};

impl<'a> Emitter<'_, 'a> {
    /// From here on exceptions go to `handler`, until `pop_block`.
    pub fn push_guard(&mut self, kind: BlockKind<'a>, handler: Label, reg: Reg) {
        let region = Region {
            start: self.b.here(),
            kind: RegionKind::Guarded(handler, reg),
        };
        self.blocks.push(Block {
            kind,
            region: Some(region),
        });
    }

    /// From here on the exception in a register is being handled, until `pop_block`.
    pub fn push_handling(&mut self, reg: Reg) {
        let region = Region {
            start: self.b.here(),
            kind: RegionKind::Handling(reg),
        };
        self.blocks.push(Block {
            kind: BlockKind::Plain,
            region: Some(region),
        });
    }

    /// Ends the innermost block.
    pub fn pop_block(&mut self) {
        if let Some(block) = self.blocks.pop() {
            self.close(&block);
        }
    }

    /// Begins a handler: its exception is in a new temporary.
    pub fn start_handler(&mut self, label: Label, state: Assigned) -> Reg {
        self.bind_with(label, state);
        self.temp()
    }

    fn close(&mut self, block: &Block<'a>) {
        let Some(region) = block.region else { return };
        let end = self.b.here();
        match region.kind {
            RegionKind::Guarded(target, reg) => self.b.handler(region.start, end, target, reg),
            RegionKind::Handling(reg) => self.b.handling(region.start, end, reg),
        }
    }

    /// Goes to a label that stands in the first `depth` blocks, out of all inner ones.
    pub fn leave(&mut self, depth: usize, target: Label) {
        let left = self.exit_blocks(depth);
        self.goto(target);
        self.reenter(left);
    }

    /// Leaves all blocks but the first `depth`; returns them, innermost first.
    fn exit_blocks(&mut self, depth: usize) -> Vec<Block<'a>> {
        let mut left = Vec::new();
        while self.blocks.len() > depth
            && let Some(block) = self.blocks.pop()
        {
            self.close(&block);
            if self.is_reachable() {
                self.emit_exit(&block.kind);
            }
            left.push(block);
        }
        left
    }

    fn reenter(&mut self, left: Vec<Block<'a>>) {
        let start = self.b.here();
        for mut block in left.into_iter().rev() {
            if let Some(region) = &mut block.region {
                region.start = start;
            }
            self.blocks.push(block);
        }
    }

    fn emit_exit(&mut self, kind: &BlockKind<'a>) {
        match *kind {
            BlockKind::Loop { .. } | BlockKind::Plain => {}
            BlockKind::Owner { iterator, span } => {
                self.op_at(span, Op::CloseIter, iterator, iterator, 0, 0)
            }
            BlockKind::Finally(body) => self.block(body),
            BlockKind::With {
                manager,
                is_async,
                span,
            } => self.exit_normally(manager, is_async, span),
            BlockKind::Named { name, span } => self.unset_name(name, span),
        }
    }

    /// Whether leaving the frame from here runs anything.
    fn has_exit_code(&self) -> bool {
        self.blocks.iter().any(|block| {
            !matches!(
                block.kind,
                BlockKind::Loop { .. } | BlockKind::Owner { .. } | BlockKind::Plain
            )
        })
    }

    /// Returns what a register holds; nothing may change it on the way out.
    pub fn return_reg(&mut self, value: Reg, span: Span) {
        let left = self.exit_blocks(0);
        if self.is_reachable() {
            self.b.set_span(span);
            self.op(self.return_op(), value, 0, 0, 0);
        }
        self.reenter(left);
    }

    /// `return value`
    pub fn return_stmt(&mut self, value: Option<&'a Expr>, span: Span) {
        match value {
            Some(value) if !self.has_exit_code() => self.return_value(value, span),
            _ => self.scratch(|e| {
                e.b.set_span(span);
                let value = match value {
                    Some(value) => e.expr_temp(value),
                    None => e.none(),
                };
                e.return_reg(value, span);
            }),
        }
    }

    /// Nothing runs on the way out, so each arm of a conditional expression may leave by itself.
    fn return_value(&mut self, value: &'a Expr, span: Span) {
        if let ExprKind::IfExp { test, body, orelse } = &value.kind {
            let other = self.label();
            self.jump_if(test, false, other);
            if self.is_reachable() {
                self.return_value(body, span);
            }
            self.bind(other);
            if self.is_reachable() {
                self.return_value(orelse, span);
            }
            return;
        }
        self.scratch(|e| {
            let value = e.operand(value, NOTHING);
            e.return_reg(value, span);
        });
    }

    /// The instruction that ends this kind of frame.
    pub fn return_op(&self) -> Op {
        if self.kind.suspends() {
            Op::RetCoro
        } else {
            Op::Ret
        }
    }
}
