//! Code to bytes: the parts of a draft one after the other, each text by its number in the table at the image's head.
//!
//! The order is the format: `read.rs` takes the parts in the same one. A nested code is its head and, with its length before it, its
//! body.

use std::collections::HashMap;
use std::rc::Rc;

use super::super::code::{Annotations, Capture, Code, Const, Draft, Params};
use super::super::globals::GlobalNames;
use super::super::op::Instr;
use super::KINDS;
use crate::diagnostics::span::Span;

/// Writes a module.
///
/// `names`: the names of its global slots, as the compiler numbered them.
pub fn write(code: &Code, names: &GlobalNames) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.list(names.names(), |writer, name| writer.text(name));
    writer.code(code);
    let mut image = Writer::default();
    image.list(&writer.texts, |image, text| image.raw(text.as_bytes()));
    image.out.extend_from_slice(&writer.out);
    image.out
}

#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    texts: Vec<Rc<str>>,
    index: HashMap<Rc<str>, usize>,
}

impl Writer {
    fn number(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.out.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.out.push(n as u8);
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &Rc<str>) {
        let next = self.texts.len();
        let at = *self.index.entry(Rc::clone(text)).or_insert(next);
        if at == next {
            self.texts.push(Rc::clone(text));
        }
        self.number(at as u64);
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Writer, &T)) {
        self.number(items.len() as u64);
        for item in items {
            each(self, item);
        }
    }

    fn span(&mut self, span: Span) {
        self.number(u64::from(span.start));
        self.number(u64::from(span.end - span.start));
    }

    fn code(&mut self, code: &Draft) {
        self.text(&code.name);
        self.text(&code.qualname);
        self.list(&code.captures, |w, capture| {
            w.number(match capture {
                Capture::Local(reg) => u64::from(*reg) * 3,
                Capture::Free(index) => u64::from(*index) * 3 + 1,
                Capture::Spilled { area, slot } => {
                    (u64::from(*slot) << 8 | u64::from(*area)) * 3 + 2
                }
            });
        });
        self.list(code.doc.as_slice(), Writer::text);
        self.list(&code.find_stored_in_self(), Writer::text);
        let before = std::mem::take(&mut self.out);
        self.draft(code);
        let body = std::mem::replace(&mut self.out, before);
        self.raw(&body);
    }

    fn draft(&mut self, draft: &Draft) {
        let Draft {
            name: _,
            qualname: _,
            file: _,
            told: _,
            span,
            begin,
            kind,
            params,
            nregs,
            instrs,
            consts,
            caches,
            handlers,
            handling,
            captures: _,
            free_names,
            locals,
            spans,
            doc: _,
            nglobals,
            shows_locals,
            annotations,
        } = draft;
        self.span(*span);
        self.number(u64::from(*begin));
        let kind = KINDS.iter().position(|known| known == kind);
        self.number(kind.expect("`KINDS` has all") as u64);
        self.params(params);
        self.number(u64::from(*nregs));
        self.list(instrs, |w, instr| w.instr(*instr));
        self.list(consts, Writer::constant);
        self.list(caches, |w, cache| w.number(u64::from(*cache)));
        self.list(handlers, |w, h| {
            for n in [h.start, h.end, h.target, u32::from(h.reg)] {
                w.number(u64::from(n));
            }
        });
        self.list(handling, |w, h| {
            for n in [h.start, h.end, u32::from(h.reg)] {
                w.number(u64::from(n));
            }
        });
        self.list(free_names, Writer::text);
        self.list(locals, |w, (name, reg)| {
            w.text(name);
            w.number(u64::from(*reg));
        });
        self.list(spans, |w, (at, span)| {
            w.number(u64::from(*at));
            w.span(*span);
        });
        self.number(u64::from(*nglobals));
        self.number(u64::from(*shows_locals));
        self.number(u64::from(*annotations == Annotations::Texts));
    }

    fn params(&mut self, params: &Params) {
        let Params {
            names,
            posonly,
            positional,
            kwonly,
            varargs,
            varkw,
        } = params;
        self.list(names, Writer::text);
        for n in [*posonly, *positional, *kwonly] {
            self.number(u64::from(n));
        }
        self.number(u64::from(*varargs) + 2 * u64::from(*varkw));
    }

    fn instr(&mut self, instr: Instr) {
        let Instr { op, a, b, c, d } = instr;
        self.out.extend_from_slice(&[op as u8, a, b, c]);
        self.out.extend_from_slice(&d.to_le_bytes());
    }

    fn constant(&mut self, constant: &Const) {
        match constant {
            Const::None => self.out.push(0),
            Const::Bool(value) => self.out.push(1 + u8::from(*value)),
            Const::Ellipsis => self.out.push(3),
            Const::Int(n) => {
                self.out.push(4);
                self.out.extend_from_slice(&n.to_le_bytes());
            }
            Const::BigInt(n) => {
                self.out.push(5);
                self.raw(&n.to_signed_bytes_le());
            }
            Const::Float(x) => {
                self.out.push(6);
                self.out.extend_from_slice(&x.to_bits().to_le_bytes());
            }
            Const::Complex(re, im) => {
                self.out.push(7);
                self.out.extend_from_slice(&re.to_bits().to_le_bytes());
                self.out.extend_from_slice(&im.to_bits().to_le_bytes());
            }
            Const::Str(text) => {
                self.out.push(8);
                self.text(text);
            }
            Const::Bytes(bytes) => {
                self.out.push(9);
                self.raw(bytes);
            }
            Const::Tuple(items) => {
                self.out.push(10);
                self.list(items, Writer::constant);
            }
            Const::FrozenSet(items) => {
                self.out.push(11);
                self.list(items, Writer::constant);
            }
            Const::Code(code) => {
                self.out.push(12);
                self.code(code);
            }
        }
    }
}
