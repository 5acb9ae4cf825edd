//! Code as bytes and back: how the modules of `src/library` travel from the build into the program.
//!
//! An image is the module's global names and its code, nested functions inside. Each text is in it once, in a table at its head;
//! numbers are LEB128 (7 bits a byte, the lowest first). The reader trusts nothing: what it reads goes through `verify` as a
//! compiler's draft does, so a damaged image is an error and never a bad `Code`.
//!
//! To add a field to `Draft`: `Writer::draft` and `Reader::draft` take it apart by name, the compiler asks for both.

use std::collections::HashMap;
use std::rc::Rc;

use num_bigint::BigInt;

use super::code::{Capture, Code, CodeKind, Const, Draft, Handler, Handling, Params};
use super::globals::GlobalNames;
use super::op::{Instr, Op};
use super::verify::verify;
use crate::diagnostics::span::Span;

/// Writes a module.
///
/// `names`: the names of its global slots, as the compiler numbered them.
pub fn write(code: &Code, names: &GlobalNames) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.list(names.names(), |writer, name| writer.text(name));
    writer.draft(code);
    let mut image = Writer::default();
    image.list(&writer.texts, |image, text| image.raw(text.as_bytes()));
    image.out.extend_from_slice(&writer.out);
    image.out
}

/// Reads a module: its code and the names of its global slots. `file`: the number that the source map gave its text.
///
/// # Errors
/// The image is damaged: where it ends too early, or what the verifier says.
pub fn read(image: &[u8], file: u32) -> Result<(Rc<Code>, Vec<Rc<str>>), String> {
    let mut reader = Reader {
        rest: image,
        texts: Vec::new(),
        file,
    };
    reader.texts = reader.list(Reader::raw_text)?;
    let names = reader.list(Reader::text)?;
    let code = reader.code()?;
    Ok((code, names))
}

const KINDS: [CodeKind; 7] = [
    CodeKind::Function,
    CodeKind::Coroutine,
    CodeKind::Generator,
    CodeKind::AsyncGenerator,
    CodeKind::Module,
    CodeKind::AsyncModule,
    CodeKind::Class,
];

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

    fn draft(&mut self, draft: &Draft) {
        let Draft {
            name,
            qualname,
            file: _,
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
            captures,
            free_names,
            locals,
            spans,
            doc,
            nglobals,
            shows_locals,
        } = draft;
        self.text(name);
        self.text(qualname);
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
        self.list(captures, |w, capture| {
            w.number(match capture {
                Capture::Local(reg) => u64::from(*reg) * 2,
                Capture::Free(index) => u64::from(*index) * 2 + 1,
            });
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
        self.list(doc.as_slice(), Writer::text);
        self.number(u64::from(*nglobals));
        self.number(u64::from(*shows_locals));
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
                self.draft(code);
            }
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    texts: Vec<Rc<str>>,
    file: u32,
}

type Read<T> = Result<T, String>;

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or("the image ends too early")?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let taken = self.take(N)?;
        Ok(taken.try_into().expect("as many as were taken"))
    }

    fn number(&mut self) -> Read<u64> {
        let mut n = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            n |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(n);
            }
        }
        Err("a number is too long".to_owned())
    }

    fn small<T: TryFrom<u64>>(&mut self) -> Read<T> {
        let n = self.number()?;
        T::try_from(n).map_err(|_| "a number is too large".to_owned())
    }

    fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let count: usize = self.small()?;
        // Each item takes a byte or more: a damaged count cannot ask for more memory than the image is long.
        let mut items = Vec::with_capacity(count.min(self.rest.len()));
        for _ in 0..count {
            items.push(each(self)?);
        }
        Ok(items)
    }

    fn boxed<T>(&mut self, each: impl FnMut(&mut Self) -> Read<T>) -> Read<Box<[T]>> {
        self.list(each).map(Vec::into_boxed_slice)
    }

    fn raw(&mut self) -> Read<&'a [u8]> {
        let count = self.small()?;
        self.take(count)
    }

    fn raw_text(&mut self) -> Read<Rc<str>> {
        let bytes = self.raw()?;
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        Ok(text.into())
    }

    fn text(&mut self) -> Read<Rc<str>> {
        let at: usize = self.small()?;
        let text = self.texts.get(at).ok_or("a text that is not there")?;
        Ok(Rc::clone(text))
    }

    fn span(&mut self) -> Read<Span> {
        let start: u32 = self.small()?;
        let length: u32 = self.small()?;
        let end = start.checked_add(length).ok_or("a span is too long")?;
        Ok(Span::new(start, end))
    }

    fn code(&mut self) -> Read<Rc<Code>> {
        let draft = self.draft()?;
        verify(draft)
            .map(Rc::new)
            .map_err(|error| error.to_string())
    }

    fn draft(&mut self) -> Read<Draft> {
        Ok(Draft {
            name: self.text()?,
            qualname: self.text()?,
            file: self.file,
            span: self.span()?,
            begin: self.small()?,
            kind: *KINDS
                .get(self.small::<usize>()?)
                .ok_or("a kind that is not there")?,
            params: self.params()?,
            nregs: self.small()?,
            instrs: self.boxed(Self::instr)?,
            consts: self.boxed(Self::constant)?,
            caches: self.boxed(Self::small)?,
            handlers: self.boxed(|r| {
                Ok(Handler {
                    start: r.small()?,
                    end: r.small()?,
                    target: r.small()?,
                    reg: r.small()?,
                })
            })?,
            handling: self.boxed(|r| {
                Ok(Handling {
                    start: r.small()?,
                    end: r.small()?,
                    reg: r.small()?,
                })
            })?,
            captures: self.boxed(Self::capture)?,
            free_names: self.boxed(Self::text)?,
            locals: self.boxed(|r| Ok((r.text()?, r.small()?)))?,
            spans: self.boxed(|r| Ok((r.small()?, r.span()?)))?,
            doc: self.list(Self::text)?.pop(),
            nglobals: self.small()?,
            shows_locals: self.number()? != 0,
        })
    }

    fn capture(&mut self) -> Read<Capture> {
        let n: u32 = self.small()?;
        let wrong = |_| "a capture is too large".to_owned();
        if n & 1 == 0 {
            u8::try_from(n / 2).map(Capture::Local).map_err(wrong)
        } else {
            u16::try_from(n / 2).map(Capture::Free).map_err(wrong)
        }
    }

    fn params(&mut self) -> Read<Params> {
        let names = self.list(Self::text)?;
        let (posonly, positional, kwonly) = (self.small()?, self.small()?, self.small()?);
        let stars = self.number()?;
        Ok(Params {
            names,
            posonly,
            positional,
            kwonly,
            varargs: stars & 1 != 0,
            varkw: stars & 2 != 0,
        })
    }

    fn instr(&mut self) -> Read<Instr> {
        let [op, a, b, c, d @ ..]: [u8; 8] = self.array()?;
        let op = *Op::ALL
            .get(usize::from(op))
            .ok_or("an operation that is not there")?;
        let d = i32::from_le_bytes(d);
        Ok(Instr { op, a, b, c, d })
    }

    fn constant(&mut self) -> Read<Const> {
        let [tag] = self.array()?;
        Ok(match tag {
            0 => Const::None,
            1 => Const::Bool(false),
            2 => Const::Bool(true),
            3 => Const::Ellipsis,
            4 => Const::Int(i64::from_le_bytes(self.array()?)),
            5 => Const::BigInt(BigInt::from_signed_bytes_le(self.raw()?)),
            6 => Const::Float(self.float()?),
            7 => Const::Complex(self.float()?, self.float()?),
            8 => Const::Str(self.text()?),
            9 => Const::Bytes(self.raw()?.into()),
            10 => Const::Tuple(self.list(Self::constant)?),
            11 => Const::FrozenSet(self.list(Self::constant)?),
            12 => Const::Code(self.code()?),
            _ => return Err("a constant of no kind".to_owned()),
        })
    }

    fn float(&mut self) -> Read<f64> {
        Ok(f64::from_bits(u64::from_le_bytes(self.array()?)))
    }
}
