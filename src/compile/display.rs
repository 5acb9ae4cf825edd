//! Displays and f-strings: values built from parts.
//!
//! Contract: parts are evaluated from left to right into a run of temporaries and joined by one instruction; beyond
//! `CHUNK` parts, or with stars, the rest is added one by one to a value that no one else sees yet.

use super::emitter::Emitter;
use super::expr::NOTHING;
use super::fold::fold_all;
use crate::bytecode::{Const, Op, Reg};
use crate::diagnostics::Span;
use crate::syntax::ast::{DictItem, Expr, ExprKind, FPart};

/// Most parts that one instruction joins.
const CHUNK: usize = 32;

/// From how many on constants are loaded all at once.
const BULK: usize = 3;

/// How the rest of a display is added.
#[derive(Clone, Copy)]
struct Adding {
    build: Op,
    one: Op,
    all: Op,
}

const LIST: Adding = Adding {
    build: Op::BuildList,
    one: Op::ListAppend,
    all: Op::ListExtend,
};
const SET: Adding = Adding {
    build: Op::BuildSet,
    one: Op::SetAdd,
    all: Op::SetUpdate,
};

impl<'a> Emitter<'_, 'a> {
    /// `[a, b, *c]`
    pub fn list(&mut self, items: &'a [Expr], span: Span, dest: Reg) {
        self.display(LIST, items, span, dest);
    }

    /// `{a, b, *c}`
    pub fn set(&mut self, items: &'a [Expr], span: Span, dest: Reg) {
        self.display(SET, items, span, dest);
    }

    /// `a, b, *c`
    pub fn tuple(&mut self, items: &'a [Expr], span: Span, dest: Reg) {
        if self.fits_one_chunk(items) {
            let first = self.run(items, dest);
            return self.op_at(span, Op::BuildTuple, dest, first, 0, items.len() as i32);
        }
        let list = self.temp();
        self.display(LIST, items, span, list);
        self.op_at(span, Op::ListToTuple, dest, list, 0, 0);
    }

    fn display(&mut self, adding: Adding, items: &'a [Expr], span: Span, dest: Reg) {
        if items.len() >= BULK
            && let Some(constants) = fold_all(items)
        {
            let all = self.temp();
            self.load_const(all, Const::Tuple(constants));
            self.op_at(span, adding.build, dest, all, 0, 0);
            return self.op_at(span, adding.all, dest, all, 0, 0);
        }
        if self.fits_one_chunk(items) {
            let first = self.run(items, dest);
            return self.op_at(span, adding.build, dest, first, 0, items.len() as i32);
        }
        let value = if self.regs.is_temporary(dest) {
            dest
        } else {
            self.temp()
        };
        self.op_at(span, adding.build, value, value, 0, 0);
        for item in items {
            self.scratch(|e| {
                if let ExprKind::Starred(inner) = &item.kind {
                    let values = e.operand(inner, NOTHING);
                    e.op_at(inner.span, adding.all, value, values, 0, 0);
                } else {
                    let one = e.operand(item, NOTHING);
                    e.op_at(item.span, adding.one, value, one, 0, 0);
                }
            });
        }
        self.copy(dest, value);
    }

    fn fits_one_chunk(&self, items: &[Expr]) -> bool {
        items.len() <= CHUNK
            && self.regs.has_room(items.len())
            && !items
                .iter()
                .any(|item| matches!(item.kind, ExprKind::Starred(_)))
    }

    /// Evaluates into registers in a row; returns the first.
    fn run(&mut self, items: &'a [Expr], dest: Reg) -> Reg {
        let Some((head, tail)) = items.split_first() else {
            return dest;
        };
        let first = self.run_start(dest);
        self.expr_to(head, first);
        for item in tail {
            self.expr_temp(item);
        }
        first
    }

    /// `{k: v, **d}`
    pub fn dict(&mut self, items: &'a [DictItem], span: Span, dest: Reg) {
        let is_plain = items.iter().all(|item| matches!(item, DictItem::Pair(..)));
        if is_plain && items.len() <= CHUNK / 2 && self.regs.has_room(2 * items.len()) {
            let first = if items.is_empty() {
                dest
            } else {
                self.regs.next()
            };
            for item in items {
                if let DictItem::Pair(key, value) = item {
                    self.expr_temp(key);
                    self.expr_temp(value);
                }
            }
            return self.op_at(span, Op::BuildDict, dest, first, 0, items.len() as i32);
        }
        let dict = if self.regs.is_temporary(dest) {
            dest
        } else {
            self.temp()
        };
        self.op_at(span, Op::BuildDict, dict, dict, 0, 0);
        for item in items {
            self.scratch(|e| match item {
                DictItem::Pair(key, value) => {
                    let key_reg = e.operand(key, value.span);
                    let value = e.operand(value, NOTHING);
                    e.op_at(key.span, Op::DictSet, dict, key_reg, value, 0);
                }
                DictItem::DoubleStar(mapping) => {
                    let other = e.operand(mapping, NOTHING);
                    e.op_at(mapping.span, Op::DictUpdate, dict, other, 0, 0);
                }
            });
        }
        self.copy(dest, dict);
    }

    /// `f"..."`
    pub fn fstring(&mut self, parts: &'a [FPart], span: Span, dest: Reg) {
        let pieces = pieces(parts);
        match &pieces[..] {
            [] => self.load_str(dest, &"".into()),
            [piece] => self.piece(piece, dest),
            pieces => {
                let first = self.run_start(dest);
                let (mark, mut count) = (self.regs.mark(), 0);
                for piece in pieces {
                    let reg = if count == 0 { first } else { self.temp() };
                    self.piece(piece, reg);
                    count += 1;
                    if count == CHUNK || !self.regs.has_room(1) {
                        self.op_at(span, Op::BuildString, first, first, 0, count as i32);
                        self.regs.release(mark);
                        count = 1;
                    }
                }
                self.op_at(span, Op::BuildString, dest, first, 0, count as i32);
            }
        }
    }

    fn piece(&mut self, piece: &Piece<'a>, dest: Reg) {
        match piece {
            Piece::Text(text) => self.load_str(dest, &text.as_str().into()),
            Piece::Value {
                expr,
                conversion,
                spec,
                span,
            } => self.scratch(|e| {
                let spec_span = if spec.is_empty() { NOTHING } else { *span };
                let value = e.operand_in(expr, spec_span, dest);
                let format = if spec.is_empty() {
                    -1
                } else {
                    let format = e.temp();
                    e.fstring(spec, *span, format);
                    i32::from(format)
                };
                e.op_at(*span, Op::FormatValue, dest, value, *conversion, format);
            }),
        }
    }
}

/// A part of an f-string as it is evaluated: `{x=}` gives two.
enum Piece<'a> {
    Text(String),
    Value {
        expr: &'a Expr,
        conversion: u8,
        spec: &'a [FPart],
        span: Span,
    },
}

fn pieces(parts: &[FPart]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    for part in parts {
        match part {
            FPart::Literal(literal) => push_text(&mut pieces, &literal.text),
            FPart::Interp {
                expr,
                debug_text,
                conversion,
                spec,
                span,
            } => {
                if let Some(literal) = debug_text {
                    push_text(&mut pieces, &literal.text);
                }
                let by_repr = debug_text.is_some() && spec.is_none();
                let conversion =
                    conversion.map_or(if by_repr { b'r' } else { 0 }, |letter| letter as u8);
                pieces.push(Piece::Value {
                    expr,
                    conversion,
                    spec: spec.as_ref().map_or(&[], |spec| &spec.parts),
                    span: *span,
                });
            }
        }
    }
    pieces
}

fn push_text(pieces: &mut Vec<Piece<'_>>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Text(before)) => before.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}
