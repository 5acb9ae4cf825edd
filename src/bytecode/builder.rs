//! Writes the instructions of one Code: labels, pooled constants, spans, exception tables.
//!
//! The compiler emits in order; forward jumps name a `Label` that is bound later. `finish` patches the jumps and gives
//! the parts of a `Draft`, which only `verify` can turn into a `Code`. Operands are taken as they are: whether they
//! make sense is the verifier's business. To give instructions a new side table, add a field here and in `Parts`.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::code::{Const, Handler, Handling};
use super::op::{Instr, Op, Reg};
use crate::diagnostics::Span;

/// The instructions of one Code in the making.
#[derive(Debug, Default)]
pub struct Builder {
    instrs: Vec<Instr>,
    consts: Vec<Const>,
    pool: FxHashMap<Key, u32>,
    caches: Vec<u32>,
    handlers: Vec<OpenHandler>,
    handling: Vec<Handling>,
    spans: Vec<(u32, Span)>,
    span: Span,
    labels: Vec<Option<u32>>,
    jumps: Vec<(u32, Label)>,
}

/// A place in the code that jumps can name before it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Label(u32);

/// How many jumps to jumps are followed; an empty endless loop jumps to itself.
const MAX_HOPS: usize = 8;

/// The parts of a `Draft`.
#[derive(Debug)]
pub struct Parts {
    /// The instructions, jumps patched.
    pub instrs: Box<[Instr]>,
    /// The constants.
    pub consts: Box<[Const]>,
    /// The names behind the inline caches.
    pub caches: Box<[u32]>,
    /// The exception table.
    pub handlers: Box<[Handler]>,
    /// Where handled exceptions are.
    pub handling: Box<[Handling]>,
    /// Which span each instruction has.
    pub spans: Box<[(u32, Span)]>,
}

/// A row of the exception table whose target is still a label.
#[derive(Debug)]
struct OpenHandler {
    start: u32,
    end: u32,
    target: Label,
    reg: Reg,
}

/// What makes two constants the same: floats by bits, so that 0.0 and -0.0 differ and NaN pools.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Int(i64),
    Float(u64),
    Complex(u64, u64),
    Str(Rc<str>),
    Bytes(Rc<[u8]>),
    Strs(Vec<Rc<str>>),
}

impl Key {
    fn of(value: &Const) -> Option<Key> {
        Some(match value {
            Const::Int(value) => Key::Int(*value),
            Const::Float(value) => Key::Float(value.to_bits()),
            Const::Complex(re, im) => Key::Complex(re.to_bits(), im.to_bits()),
            Const::Str(text) => Key::Str(text.clone()),
            Const::Bytes(bytes) => Key::Bytes(bytes.clone()),
            Const::Tuple(items) => Key::Strs(items.iter().map(as_str).collect::<Option<_>>()?),
            _ => return None,
        })
    }
}

fn as_str(value: &Const) -> Option<Rc<str>> {
    match value {
        Const::Str(text) => Some(text.clone()),
        _ => None,
    }
}

impl Builder {
    /// Without any instruction.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// The index of the next instruction.
    pub fn here(&self) -> u32 {
        self.instrs.len() as u32
    }

    /// The span that instructions get from now on; returns the one before.
    pub fn set_span(&mut self, span: Span) -> Span {
        std::mem::replace(&mut self.span, span)
    }

    /// The span that instructions get now.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Appends an instruction.
    pub fn emit(&mut self, op: Op, a: u8, b: u8, c: u8, d: i32) {
        if self.spans.last().is_none_or(|&(_, span)| span != self.span) {
            self.spans.push((self.here(), self.span));
        }
        self.instrs.push(Instr::new(op, a, b, c, d));
    }

    /// Notes a statement that has no instruction of its own: trace functions are told of it at the next one.
    pub fn mark(&mut self, span: Span) {
        self.spans.push((self.here(), span));
    }

    /// Appends a jump.
    pub fn jump(&mut self, op: Op, a: u8, b: u8, c: u8, target: Label) {
        self.jumps.push((self.here(), target));
        self.emit(op, a, b, c, 0);
    }

    /// A new label, not yet bound.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() as u32 - 1)
    }

    /// Binds a label to the next instruction.
    pub fn bind(&mut self, label: Label) {
        let here = self.here();
        self.labels[label.0 as usize] = Some(here);
    }

    /// The index of a constant; equal constants share one.
    pub fn constant(&mut self, value: Const) -> i32 {
        let Some(key) = Key::of(&value) else {
            return self.push_constant(value) as i32;
        };
        if let Some(&index) = self.pool.get(&key) {
            return index as i32;
        }
        let index = self.push_constant(value);
        self.pool.insert(key, index);
        index as i32
    }

    /// The index of a string constant.
    pub fn name(&mut self, name: &Rc<str>) -> i32 {
        self.constant(Const::Str(name.clone()))
    }

    /// The index of a new inline cache for an attribute; each instruction has its own.
    pub fn cache(&mut self, name: &Rc<str>) -> i32 {
        let name = self.name(name) as u32;
        self.caches.push(name);
        self.caches.len() as i32 - 1
    }

    /// Adds a row to the exception table, unless it covers nothing. Rows of inner handlers come first.
    pub fn handler(&mut self, start: u32, end: u32, target: Label, reg: Reg) {
        if start < end {
            self.handlers.push(OpenHandler {
                start,
                end,
                target,
                reg,
            });
        }
    }

    /// Notes where the exception is that is handled by a range, unless that is empty. Inner ranges come first.
    pub fn handling(&mut self, start: u32, end: u32, reg: Reg) {
        if start < end {
            self.handling.push(Handling { start, end, reg });
        }
    }

    /// Patches the jumps. A label that was never bound leads to a place that `verify` refuses.
    pub fn finish(mut self) -> Parts {
        let places: FxHashMap<u32, Label> = self.jumps.iter().copied().collect();
        for &(at, label) in &self.jumps {
            self.instrs[at as usize].d =
                self.end_of_chain(label, &places).wrapping_sub(at + 1) as i32;
        }
        let handlers = self.handlers.iter().map(|row| Handler {
            start: row.start,
            end: row.end,
            target: self.target(row.target),
            reg: row.reg,
        });
        Parts {
            handlers: handlers.collect(),
            instrs: self.instrs.into(),
            consts: self.consts.into(),
            caches: self.caches.into(),
            handling: self.handling.into(),
            spans: self.spans.into(),
        }
    }

    /// Where a jump ends up that may lead to an unconditional jump.
    fn end_of_chain(&self, label: Label, places: &FxHashMap<u32, Label>) -> u32 {
        let mut target = self.target(label);
        for _ in 0..MAX_HOPS {
            let is_jump = self
                .instrs
                .get(target as usize)
                .is_some_and(|instr| instr.op == Op::Jmp);
            match places.get(&target) {
                Some(&next) if is_jump => target = self.target(next),
                _ => break,
            }
        }
        target
    }

    fn target(&self, label: Label) -> u32 {
        self.labels[label.0 as usize].unwrap_or(u32::MAX)
    }

    fn push_constant(&mut self, value: Const) -> u32 {
        self.consts.push(value);
        self.consts.len() as u32 - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_are_relative_to_the_next_instruction() {
        let mut b = Builder::new();
        let (top, end) = (b.label(), b.label());
        b.bind(top);
        b.jump(Op::JmpIf, 0, 0, 0, end);
        b.jump(Op::Jmp, 0, 0, 0, top);
        b.bind(end);
        b.emit(Op::Ret, 0, 0, 0, 0);
        let parts = b.finish();
        assert_eq!((parts.instrs[0].d, parts.instrs[1].d), (1, -2));
    }

    #[test]
    fn a_jump_to_a_jump_leads_to_its_end() {
        let mut b = Builder::new();
        let (middle, end) = (b.label(), b.label());
        b.jump(Op::JmpIf, 0, 0, 0, middle);
        b.emit(Op::Nop, 0, 0, 0, 0);
        b.bind(middle);
        b.jump(Op::Jmp, 0, 0, 0, end);
        b.emit(Op::Nop, 0, 0, 0, 0);
        b.bind(end);
        b.jump(Op::Jmp, 0, 0, 0, end);
        let parts = b.finish();
        assert_eq!(
            (parts.instrs[0].d, parts.instrs[2].d, parts.instrs[4].d),
            (3, 1, -1)
        );
    }

    #[test]
    fn constants_pool_by_identity_of_meaning() {
        let mut b = Builder::new();
        let zero = b.constant(Const::Float(0.0));
        assert_ne!(zero, b.constant(Const::Float(-0.0)));
        assert_eq!(zero, b.constant(Const::Float(0.0)));
        assert_ne!(b.constant(Const::Int(1)), b.constant(Const::Float(1.0)));
        assert_eq!(b.name(&"x".into()), b.constant(Const::Str("x".into())));
        assert_eq!((b.cache(&"x".into()), b.cache(&"x".into())), (0, 1));
    }
}
