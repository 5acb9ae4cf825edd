//! Bytes to code, now or when somebody first looks into it.
//!
//! The reader trusts nothing. What it reads goes through the verifier; code of a stored image that is damaged all the same becomes code
//! that raises. A body that waits keeps the image alive through the table of its texts.

use std::cell::OnceCell;
use std::ops::Range;
use std::rc::Rc;

use num_bigint::BigInt;

use super::super::code::{
    Annotations, Capture, Code, CodeKind, Const, Draft, Handler, Handling, Head, Params, Unread,
};
use super::super::op::{Instr, Op};
use super::super::verify::verify;
use super::{Image, KINDS, Opened};
use crate::diagnostics::span::Span;

/// Reads a module. `file`: the number that the source map gave its text.
///
/// # Errors
/// The image is damaged: where it ends too early, or what the verifier says.
pub fn read(image: Image, file: u32) -> Result<Opened, String> {
    let texts = Rc::new(Texts::new(image)?);
    texts.module(file, Reader::read_now)
}

/// The same, but each code is read when somebody first looks into it.
///
/// # Errors
/// The image ends too early. Code that is damaged otherwise raises AssertionError when it runs.
pub fn open(image: Image, file: u32) -> Result<Opened, String> {
    let texts = Rc::new(Texts::new(image)?);
    texts.module(file, Reader::read_later)
}

/// Code that was not read yet: where its body is.
struct Body {
    head: OwnHead,
    body: Range<usize>,
    texts: Rc<Texts>,
    file: u32,
}

/// The parts that a `Head` refers to.
struct OwnHead {
    name: Rc<str>,
    qualname: Rc<str>,
    captures: Box<[Capture]>,
    /// The docstring: its place in the texts.
    doc: Option<usize>,
    /// The attributes that `Code::stored_in_self` names: places in the texts.
    stored: Box<[usize]>,
}

impl OwnHead {
    fn head(&self) -> Head<'_> {
        Head {
            name: &self.name,
            qualname: &self.qualname,
            captures: &self.captures,
        }
    }

    /// In the place of code that cannot be read: whatever it is called with, it raises an exception that says so.
    fn damaged(&self, file: u32) -> Draft {
        let message = "its stored code is damaged: remove the folder __pycache__ beside its source";
        let [load, raise] = [(Op::LoadConst, 0), (Op::AssertFail, 0)].map(|(op, d)| Instr {
            op,
            a: 2,
            b: 0,
            c: 0,
            d,
        });
        Draft {
            name: Rc::clone(&self.name),
            qualname: Rc::clone(&self.qualname),
            file,
            told: None,
            span: Span::new(0, 0),
            begin: 0,
            kind: CodeKind::Function,
            params: Params {
                names: vec!["args".into(), "kwargs".into()],
                posonly: 0,
                positional: 0,
                kwonly: 0,
                varargs: true,
                varkw: true,
            },
            nregs: 3,
            instrs: Box::new([load, raise]),
            consts: Box::new([Const::Str(message.into())]),
            caches: Box::default(),
            handlers: Box::default(),
            handling: Box::default(),
            captures: self.captures.clone(),
            free_names: self.captures.iter().map(|_| "".into()).collect(),
            locals: Box::default(),
            spans: Box::default(),
            doc: None,
            nglobals: 0,
            shows_locals: false,
            annotations: Annotations::Values,
        }
    }
}

impl Unread for Body {
    fn head(&self) -> Head<'_> {
        self.head.head()
    }

    fn doc(&self) -> Option<Rc<str>> {
        self.texts.get(self.head.doc?).ok()
    }

    fn stored_in_self(&self) -> Vec<Rc<str>> {
        let texts = self.head.stored.iter().map(|&at| self.texts.get(at));
        texts.filter_map(Result::ok).collect()
    }

    fn is_library(&self) -> bool {
        matches!(self.texts.image, Image::Built(_))
    }

    fn read(&self) -> Draft {
        let mut reader = Reader::new(
            &self.texts,
            self.body.clone(),
            self.file,
            Reader::read_later,
        );
        let code = reader.draft(&self.head).and_then(verified);
        code.map_or_else(|_| self.head.damaged(self.file), Code::into_draft)
    }
}

fn verified(draft: Draft) -> Read<Code> {
    verify(draft).map_err(|error| error.to_string())
}

/// An image and the texts of it, each made when it is first needed.
struct Texts {
    image: Image,
    places: Vec<(Range<usize>, OnceCell<Rc<str>>)>,
    /// Where the texts end and the module begins.
    end: usize,
}

impl Texts {
    fn new(image: Image) -> Read<Texts> {
        let texts = Rc::new(Texts {
            image,
            places: Vec::new(),
            end: 0,
        });
        let mut reader = Reader::new(&texts, 0..texts.image.bytes().len(), 0, Reader::read_now);
        let places = reader.list(|r| Ok((r.place()?, OnceCell::new())))?;
        Ok(Texts {
            image: texts.image.clone(),
            places,
            end: reader.at(),
        })
    }

    fn module<'a>(self: &'a Rc<Texts>, file: u32, nested: Nested<'a>) -> Read<Opened> {
        let mut reader = Reader::new(self, self.end..self.image.bytes().len(), file, nested);
        let names = reader.list(Reader::text)?;
        Ok((reader.code()?, names))
    }

    fn get(&self, at: usize) -> Read<Rc<str>> {
        let (place, made) = self.places.get(at).ok_or("a text that is not there")?;
        if let Some(text) = made.get() {
            return Ok(Rc::clone(text));
        }
        let text = std::str::from_utf8(&self.image.bytes()[place.clone()]);
        let text = text.map_err(|error| error.to_string())?;
        Ok(Rc::clone(made.get_or_init(|| text.into())))
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    /// Where `rest` ends in the image.
    end: usize,
    texts: &'a Rc<Texts>,
    file: u32,
    nested: Nested<'a>,
}

/// Makes a code from its head and the place of its body.
type Nested<'a> = fn(&Reader<'a>, OwnHead, Range<usize>) -> Read<Code>;

type Read<T> = Result<T, String>;

impl<'a> Reader<'a> {
    /// `part`: of the image, within its bounds.
    fn new(texts: &'a Rc<Texts>, part: Range<usize>, file: u32, nested: Nested<'a>) -> Reader<'a> {
        Reader {
            rest: &texts.image.bytes()[part.clone()],
            end: part.end,
            texts,
            file,
            nested,
        }
    }

    fn read_later(&self, head: OwnHead, body: Range<usize>) -> Read<Code> {
        Ok(Code::unread(Body {
            head,
            body,
            texts: Rc::clone(self.texts),
            file: self.file,
        }))
    }

    fn read_now(&self, head: OwnHead, body: Range<usize>) -> Read<Code> {
        let mut reader = Reader::new(self.texts, body, self.file, self.nested);
        verified(reader.draft(&head)?)
    }

    /// How far it is in the image.
    fn at(&self) -> usize {
        self.end - self.rest.len()
    }

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

    #[inline]
    fn number(&mut self) -> Read<u64> {
        if let Some((&byte, rest)) = self.rest.split_first()
            && byte < 0x80
        {
            self.rest = rest;
            return Ok(u64::from(byte));
        }
        self.long_number()
    }

    #[inline(never)]
    fn long_number(&mut self) -> Read<u64> {
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

    /// The place of what `raw` returns.
    fn place(&mut self) -> Read<Range<usize>> {
        let bytes = self.raw()?;
        Ok(self.at() - bytes.len()..self.at())
    }

    fn text(&mut self) -> Read<Rc<str>> {
        let at: usize = self.small()?;
        self.texts.get(at)
    }

    fn span(&mut self) -> Read<Span> {
        let start: u32 = self.small()?;
        let length: u32 = self.small()?;
        let end = start.checked_add(length).ok_or("a span is too long")?;
        Ok(Span::new(start, end))
    }

    fn code(&mut self) -> Read<Rc<Code>> {
        let head = OwnHead {
            name: self.text()?,
            qualname: self.text()?,
            captures: self.boxed(Self::capture)?,
            doc: self.list(Self::small)?.pop(),
            stored: self.boxed(Self::small)?,
        };
        let body = self.place()?;
        (self.nested)(self, head, body).map(Rc::new)
    }

    /// The body of a code.
    fn draft(&mut self, head: &OwnHead) -> Read<Draft> {
        Ok(Draft {
            name: Rc::clone(&head.name),
            qualname: Rc::clone(&head.qualname),
            captures: head.captures.clone(),
            doc: head.doc.map(|at| self.texts.get(at)).transpose()?,
            file: self.file,
            told: None,
            span: self.span()?,
            begin: self.small()?,
            kind: *KINDS
                .get(self.small::<usize>()?)
                .ok_or("a kind that is not there")?,
            params: self.params()?,
            nregs: self.small()?,
            instrs: self.instrs()?,
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
            free_names: self.boxed(Self::text)?,
            locals: self.boxed(|r| Ok((r.text()?, r.small()?)))?,
            spans: self.boxed(|r| Ok((r.small()?, r.span()?)))?,
            nglobals: self.small()?,
            shows_locals: self.number()? != 0,
            annotations: match self.number()? {
                0 => Annotations::Values,
                _ => Annotations::Texts,
            },
        })
    }

    fn capture(&mut self) -> Read<Capture> {
        let n = self.number()?;
        let wrong = |_| "a capture is too large".to_owned();
        match n % 3 {
            0 => u8::try_from(n / 3).map(Capture::Local).map_err(wrong),
            1 => u16::try_from(n / 3).map(Capture::Free).map_err(wrong),
            _ => Ok(Capture::Spilled {
                area: ((n / 3) & 0xff) as u8,
                slot: u32::try_from((n / 3) >> 8).map_err(wrong)?,
            }),
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

    fn instrs(&mut self) -> Read<Box<[Instr]>> {
        let count: usize = self.small()?;
        let bytes = self.take(count.checked_mul(8).ok_or("too many instructions")?)?;
        let (rows, _) = bytes.as_chunks::<8>();
        let instrs = rows.iter().map(|&[op, a, b, c, d @ ..]| {
            let op = *Op::ALL.get(usize::from(op))?;
            let d = i32::from_le_bytes(d);
            Some(Instr { op, a, b, c, d })
        });
        let instrs: Option<Box<[Instr]>> = instrs.collect();
        instrs.ok_or_else(|| "an operation that is not there".to_owned())
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
